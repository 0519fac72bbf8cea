#include "nn/infer.h"
#include "nn/onnx.h"
#include "nn/pool.h"

/* The mean of each channel over the whole image: [N,H,W,C] -> [N,C]. */

static const wf_field fields[] = {{0}};

static wf_status infer(wf_infer *in) {
    WF_TRY(wf_infer_image(in));
    in->output = (wf_shape){.rank = 1, .dim = {in->inputs[0]->dim[2]}};
    return WF_OK;
}

static wf_status plan(wf_builder *b) {
    const int64_t *src = b->src_shape[0]->dim;
    return wf_average_pool_plan(b, (wf_pool2d){.h = (int)src[0],
                                               .w = (int)src[1],
                                               .c = (int)src[2],
                                               .oh = 1,
                                               .ow = 1,
                                               .kh = (int)src[0],
                                               .kw = (int)src[1],
                                               .sh = 1,
                                               .sw = 1});
}

static wf_status onnx(wf_onnx *x) {
    const wf_onnx_attribute axis = {.name = "axis", .kind = WF_ONNX_INT, .i = 1};
    wf_onnx_name y;
    WF_TRY(wf_onnx_input(&y, x, 0, WF_ONNX_FIRST));
    WF_TRY(wf_onnx_unary(&y, x, "GlobalAveragePool", &y)); /* [N,C,1,1] */
    WF_TRY(wf_onnx_apply(&y, x, "Flatten", &y, 1, &axis, 1));
    wf_onnx_output(x, &y, WF_ONNX_WEFT);
    return WF_OK;
}

const wf_layer_class wf_global_average_pool2d_class = {
    .name = "global_average_pool2d",
    .summary = "mean of each channel over the whole image",
    .paper = "Lin et al. 2013, arXiv:1312.4400",
    .min_inputs = 1,
    .max_inputs = 1,
    .fields = fields,
    .infer = infer,
    .plan = plan,
    .onnx = onnx};
