#include "nn/rnn.h"
#include "nn/onnx.h"

/* Gated recurrent unit, reset after the matrix product, gates in Keras' order z, r, h:
 *  z = sigma(x*Wz + h*Uz + b0z + b1z)   r = sigma(x*Wr + h*Ur + b0r + b1r)
 *  n = tanh(x*Wh + b0h + r . (h*Uh + b1h))   h' = z . h + (1 - z) . n */

static const wf_field fields[] = {WF_RNN_FIELDS_HEAD, WF_RNN_FIELD_GATES, WF_RNN_FIELDS_TAIL, {0}};

static wf_status infer(wf_infer *in) { return wf_rnn_infer(in, 3, 2, WF_INIT_ZEROS); }

/* ---- plan ---- */

static wf_gru_step step_of(const wf_rnn_step *s) {
    return (wf_gru_step){.rows = s->rows,
                         .units = s->units,
                         .activation = s->activation,
                         .recurrent_activation = s->recurrent_activation,
                         .x_gates = s->gates,
                         .h_gates = s->h_gates,
                         .h_prev = s->h_prev,
                         .h_prev_row = s->units,
                         .h = s->h,
                         .h_row = s->units,
                         .dh = s->dh};
}

static void forward(const wf_rnn_step *s) {
    wf_gru_step step = step_of(s);
    s->kernels->gru_forward(&step);
}

static void backward(const wf_rnn_step *s) {
    wf_gru_step step = step_of(s);
    s->kernels->gru_backward(&step);
}

static wf_status plan(wf_builder *b) {
    static const wf_rnn_cell cell = {
        .gates = 3, .has_own_state_product = 1, .forward = forward, .backward = backward};
    return wf_rnn_plan(b, &cell);
}

static wf_status onnx(wf_onnx *x) {
    return wf_onnx_recurrent(x, &(wf_onnx_cell){.type = "GRU",
                                                .gates = &wf_gru_gates,
                                                .has_gate_activation = 1,
                                                .is_reset_after = 1});
}

const wf_layer_class wf_gru_class = {.name = "gru",
                                     .summary = "gated recurrent unit (reset after)",
                                     .paper = "Cho et al. 2014, arXiv:1406.1078",
                                     .flags = WF_LAYER_RECURRENT | WF_LAYER_STEPWISE |
                                              WF_LAYER_WIDE_SHARDS | WF_LAYER_RANDOM,
                                     .min_inputs = 1,
                                     .max_inputs = 1,
                                     .config_size = sizeof(wf_rnn_config),
                                     .fields = fields,
                                     .infer = infer,
                                     .plan = plan,
                                     .onnx = onnx};
