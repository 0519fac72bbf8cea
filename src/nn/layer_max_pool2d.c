#include "nn/pool.h"

/* The largest value of each window; elements beyond the edge do not take part. */

static const wf_field fields[] = {WF_POOL2D_FIELDS, {0}};

static wf_status plan(wf_builder *b) { return wf_max_pool_plan(b, wf_pool2d_of(b)); }

static wf_status onnx(wf_onnx *x) { return wf_pool2d_onnx(x, "MaxPool"); }

const wf_layer_class wf_max_pool2d_class = {.name = "max_pool2d",
                                            .summary = "largest value of each window",
                                            .min_inputs = 1,
                                            .max_inputs = 1,
                                            .config_size = sizeof(wf_pool2d_config),
                                            .fields = fields,
                                            .infer = wf_pool2d_infer,
                                            .plan = plan,
                                            .onnx = onnx};
