#include "nn/pool.h"

/* The mean of each channel over the whole image: [N,H,W,C] -> [N,C]. */

static const wf_field fields[] = {{0}};

static wf_status plan(wf_builder *b) { return wf_average_pool_plan(b, wf_global_pool_of(b)); }

static wf_status onnx(wf_onnx *x) { return wf_global_pool2d_onnx(x, "GlobalAveragePool"); }

const wf_layer_class wf_global_average_pool2d_class = {
    .name = "global_average_pool2d",
    .summary = "mean of each channel over the whole image",
    .paper = "Lin et al. 2013, arXiv:1312.4400",
    .min_inputs = 1,
    .max_inputs = 1,
    .fields = fields,
    .infer = wf_global_pool2d_infer,
    .plan = plan,
    .onnx = onnx};
