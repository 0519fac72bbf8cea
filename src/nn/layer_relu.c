#include "nn/infer.h"
#include "nn/onnx.h"
#include "nn/steps.h"

/* dst = src where src > 0, else negative_slope * src */

typedef struct wf_relu_config {
    double negative_slope;
} wf_relu_config;

static const wf_field fields[] = {{"negative_slope", WF_FIELD_REAL,
                                   offsetof(wf_relu_config, negative_slope), 0, 1e3, NULL, "0",
                                   "slope below zero"},
                                  {0}};

static wf_status plan(wf_builder *b) {
    return wf_build_activation_layer(b, WF_ACT_LEAKY_RELU,
                                     (float)((const wf_relu_config *)b->config)->negative_slope);
}

static wf_status onnx(wf_onnx *x) {
    return wf_onnx_activation_layer(x, WF_ACT_LEAKY_RELU,
                                    ((const wf_relu_config *)x->config)->negative_slope);
}

const wf_layer_class wf_relu_class = {.name = "relu",
                                      .summary = "max(x, 0)",
                                      .flags = WF_LAYER_LAST_AXIS,
                                      .min_inputs = 1,
                                      .max_inputs = 1,
                                      .config_size = sizeof(wf_relu_config),
                                      .fields = fields,
                                      .infer = wf_infer_same,
                                      .plan = plan,
                                      .onnx = onnx};
