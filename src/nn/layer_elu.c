#include "nn/infer.h"
#include "nn/onnx.h"
#include "nn/steps.h"

/* dst = src where src > 0, else alpha * (exp(src) - 1) */

typedef struct wf_elu_config {
    double alpha;
} wf_elu_config;

static const wf_field fields[] = {{"alpha", WF_FIELD_REAL, offsetof(wf_elu_config, alpha), 0, 1e3,
                                   NULL, "1", "the limit far below zero is -alpha"},
                                  {0}};

static wf_status plan(wf_builder *b) {
    return wf_build_activation_layer(b, WF_ACT_ELU,
                                     (float)((const wf_elu_config *)b->config)->alpha);
}

static wf_status onnx(wf_onnx *x) {
    return wf_onnx_activation_layer(x, WF_ACT_ELU, ((const wf_elu_config *)x->config)->alpha);
}

const wf_layer_class wf_elu_class = {.name = "elu",
                                     .summary = "x above zero, alpha * (exp(x) - 1) below",
                                     .paper = "Clevert et al. 2015, arXiv:1511.07289",
                                     .flags = WF_LAYER_LAST_AXIS,
                                     .min_inputs = 1,
                                     .max_inputs = 1,
                                     .config_size = sizeof(wf_elu_config),
                                     .fields = fields,
                                     .infer = wf_infer_same,
                                     .plan = plan,
                                     .onnx = onnx};
