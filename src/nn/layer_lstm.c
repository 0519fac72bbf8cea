#include "nn/rnn.h"
#include "nn/onnx.h"

/* Long short-term memory, gates in Keras' order i, f, c, o:
 *  i = sigma(x*Wi + h*Ui + bi)   f = sigma(x*Wf + h*Uf + bf)   o = sigma(x*Wo + h*Uo + bo)
 *  c' = f . c + i . tanh(x*Wc + h*Uc + bc)   h' = o . tanh(c') */

static const wf_field fields[] = {WF_RNN_FIELDS_HEAD,
                                  WF_RNN_FIELD_GATES,
                                  WF_RNN_FIELDS_TAIL,
                                  {"unit_forget_bias", WF_FIELD_BOOL,
                                   offsetof(wf_rnn_config, unit_forget_bias), 0, 1, NULL, "true",
                                   "the forget gate's bias starts at 1"},
                                  {0}};

static wf_status infer(wf_infer *in) {
    const wf_rnn_config *c = in->config;
    return wf_rnn_infer(in, 4, 1, c->unit_forget_bias ? WF_INIT_UNIT_FORGET_BIAS : WF_INIT_ZEROS);
}

/* ---- plan ---- */

static wf_lstm_step step_of(const wf_rnn_step *s) {
    return (wf_lstm_step){.rows = s->rows,
                          .units = s->units,
                          .activation = s->activation,
                          .recurrent_activation = s->recurrent_activation,
                          .gates = s->gates,
                          .c_prev = s->c_prev,
                          .c = s->c,
                          .h = s->h,
                          .h_row = s->units,
                          .dh = s->dh,
                          .dc = s->dc};
}

static void forward(const wf_rnn_step *s) {
    wf_lstm_step step = step_of(s);
    s->kernels->lstm_forward(&step);
}

static void backward(const wf_rnn_step *s) {
    wf_lstm_step step = step_of(s);
    s->kernels->lstm_backward(&step);
}

static wf_status plan(wf_builder *b) {
    static const wf_rnn_cell cell = {
        .gates = 4, .has_cell_state = 1, .forward = forward, .backward = backward};
    return wf_rnn_plan(b, &cell);
}

static wf_status onnx(wf_onnx *x) {
    return wf_onnx_recurrent(x, &(wf_onnx_cell){.type = "LSTM",
                                                .gates = &wf_lstm_gates,
                                                .has_gate_activation = 1,
                                                .has_output_activation = 1});
}

const wf_layer_class wf_lstm_class = {
    .name = "lstm",
    .summary = "long short-term memory",
    .paper = "Hochreiter and Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735",
    .flags = WF_LAYER_RECURRENT | WF_LAYER_STEPWISE | WF_LAYER_WIDE_SHARDS | WF_LAYER_RANDOM,
    .min_inputs = 1,
    .max_inputs = 1,
    .config_size = sizeof(wf_rnn_config),
    .fields = fields,
    .infer = infer,
    .plan = plan,
    .onnx = onnx};
