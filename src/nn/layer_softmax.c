#include "nn/infer.h"
#include "nn/onnx.h"
#include "nn/steps.h"

/* dst = exp(src) / sum of exp(src) over the last axis */

static const wf_field fields[] = {{0}};

static wf_status plan(wf_builder *b) { return wf_build_activation_layer(b, WF_ACT_SOFTMAX, 0); }

static wf_status onnx(wf_onnx *x) { return wf_onnx_activation_layer(x, WF_ACT_SOFTMAX, 0); }

const wf_layer_class wf_softmax_class = {.name = "softmax",
                                         .summary = "probabilities over the last axis",
                                         .flags = WF_LAYER_LAST_AXIS,
                                         .min_inputs = 1,
                                         .max_inputs = 1,
                                         .fields = fields,
                                         .infer = wf_infer_same,
                                         .plan = plan,
                                         .onnx = onnx};
