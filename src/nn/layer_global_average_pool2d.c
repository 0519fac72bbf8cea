#include "nn/infer.h"

/* The mean of each channel over the whole image: [N,H,W,C] -> [N,C]. */

static const wf_field fields[] = {{0}};

static wf_status infer(wf_infer *in) {
    WF_TRY(wf_infer_image(in));
    in->output = (wf_shape){.rank = 1, .dim = {in->inputs[0]->dim[2]}};
    return WF_OK;
}

const wf_layer_class wf_global_average_pool2d_class = {
    .name = "global_average_pool2d",
    .summary = "mean of each channel over the whole image",
    .paper = "Lin et al. 2013, arXiv:1312.4400",
    .min_inputs = 1,
    .max_inputs = 1,
    .fields = fields,
    .infer = infer};
