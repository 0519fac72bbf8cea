#include "nn/infer.h"
#include "nn/onnx.h"
#include "nn/steps.h"

/* dst = src * Phi(src), Phi the normal distribution function; approximate: by tanh. */

typedef struct wf_gelu_config {
    int32_t approximate;
} wf_gelu_config;

static const wf_field fields[] = {{"approximate", WF_FIELD_BOOL,
                                   offsetof(wf_gelu_config, approximate), 0, 1, NULL, "false",
                                   "the tanh formula instead of the error function"},
                                  {0}};

static wf_status plan(wf_builder *b) {
    return wf_build_activation_layer(b, WF_ACT_GELU,
                                     (float)((const wf_gelu_config *)b->config)->approximate);
}

static wf_status onnx(wf_onnx *x) {
    return wf_onnx_activation_layer(x, WF_ACT_GELU,
                                    ((const wf_gelu_config *)x->config)->approximate);
}

const wf_layer_class wf_gelu_class = {.name = "gelu",
                                      .summary = "x times the normal distribution function of x",
                                      .paper = "Hendrycks and Gimpel 2016, arXiv:1606.08415",
                                      .flags = WF_LAYER_LAST_AXIS,
                                      .min_inputs = 1,
                                      .max_inputs = 1,
                                      .config_size = sizeof(wf_gelu_config),
                                      .fields = fields,
                                      .infer = wf_infer_same,
                                      .plan = plan,
                                      .onnx = onnx};
