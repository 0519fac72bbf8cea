#include "nn/pool.h"

/* The largest value of each feature over all steps: [N,T,F] -> [N,F]. */

static const wf_field fields[] = {{0}};

static wf_status plan(wf_builder *b) { return wf_max_pool_plan(b, wf_global_pool_of(b)); }

static wf_status onnx(wf_onnx *x) { return wf_global_pool1d_onnx(x, "ReduceMax"); }

const wf_layer_class wf_global_max_pool1d_class = {
    .name = "global_max_pool1d",
    .summary = "largest value of each feature over all steps",
    .min_inputs = 1,
    .max_inputs = 1,
    .fields = fields,
    .infer = wf_global_pool1d_infer,
    .plan = plan,
    .onnx = onnx};
