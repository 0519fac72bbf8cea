#include "nn/layer.h"
#include "nn/onnx.h"

/* All elements of an image in one row; the bytes stay where they are. */

static const wf_field fields[] = {{0}};

static wf_status infer(wf_infer *in) {
    in->output = (wf_shape){.rank = 1, .dim = {wf_shape_size(in->inputs[0])}};
    return WF_OK;
}

const wf_layer_class wf_flatten_class = {.name = "flatten",
                                         .summary = "all elements in one row",
                                         .flags = WF_LAYER_SHARES_BUFFER,
                                         .min_inputs = 1,
                                         .max_inputs = 1,
                                         .fields = fields,
                                         .infer = infer,
                                         .onnx = wf_onnx_reshaped};
