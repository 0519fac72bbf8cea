#include "nn/infer.h"
#include "nn/onnx.h"
#include "nn/steps.h"

/* dst = tanh(src) */

static const wf_field fields[] = {{0}};

static wf_status plan(wf_builder *b) { return wf_build_activation_layer(b, WF_ACT_TANH, 0); }

static wf_status onnx(wf_onnx *x) { return wf_onnx_activation_layer(x, WF_ACT_TANH, 0); }

const wf_layer_class wf_tanh_class = {.name = "tanh",
                                      .summary = "hyperbolic tangent",
                                      .flags = WF_LAYER_LAST_AXIS,
                                      .min_inputs = 1,
                                      .max_inputs = 1,
                                      .fields = fields,
                                      .infer = wf_infer_same,
                                      .plan = plan,
                                      .onnx = onnx};
