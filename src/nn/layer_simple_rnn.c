#include "nn/rnn.h"
#include "nn/onnx.h"
#include "nn/steps.h"

/* h' = activation(x*W + h*U + b) */

static const wf_field fields[] = {WF_RNN_FIELDS_HEAD, WF_RNN_FIELDS_TAIL, {0}};

static wf_status infer(wf_infer *in) { return wf_rnn_infer(in, 1, 1, WF_INIT_ZEROS); }

/* ---- plan ---- */

/* h = a(x W + h_prev U + b) */
static void forward(const wf_rnn_step *s) {
    s->kernels->activate(s->h, s->gates, (size_t)s->rows * (size_t)s->units, s->activation,
                         wf_activation_alpha((wf_activation)s->activation));
}

/* dz = dh a'(z) */
static void backward(const wf_rnn_step *s) {
    s->kernels->activate_backward(s->gates, s->dh, s->h, (size_t)s->rows * (size_t)s->units,
                                  s->activation, wf_activation_alpha((wf_activation)s->activation));
}

static wf_status plan(wf_builder *b) {
    static const wf_rnn_cell cell = {.gates = 1, .forward = forward, .backward = backward};
    return wf_rnn_plan(b, &cell);
}

static wf_status onnx(wf_onnx *x) {
    return wf_onnx_recurrent(x, &(wf_onnx_cell){.type = "RNN", .gates = &wf_simple_rnn_gates});
}

const wf_layer_class wf_simple_rnn_class = {.name = "simple_rnn",
                                            .summary = "fully connected recurrent layer",
                                            .paper = "Elman 1990, doi:10.1207/s15516709cog1402_1",
                                            .flags = WF_LAYER_RECURRENT | WF_LAYER_STEPWISE |
                                                     WF_LAYER_WIDE_SHARDS | WF_LAYER_RANDOM,
                                            .min_inputs = 1,
                                            .max_inputs = 1,
                                            .config_size = sizeof(wf_rnn_config),
                                            .fields = fields,
                                            .infer = infer,
                                            .plan = plan,
                                            .onnx = onnx};
