#include "nn/infer.h"
#include "nn/onnx.h"

/* An image as the sequence of its rows: [N,H,W,C] -> [N,H,W*C]; the bytes stay where they are. */

static const wf_field fields[] = {{0}};

static wf_status infer(wf_infer *in) {
    WF_TRY(wf_infer_image(in));
    const wf_shape *src = in->inputs[0];
    in->output = (wf_shape){.rank = 2, .dim = {src->dim[0], src->dim[1] * src->dim[2]}};
    return WF_OK;
}

const wf_layer_class wf_rows_class = {.name = "rows",
                                      .summary = "an image as the sequence of its rows",
                                      .flags = WF_LAYER_SHARES_BUFFER,
                                      .min_inputs = 1,
                                      .max_inputs = 1,
                                      .fields = fields,
                                      .infer = infer,
                                      .onnx = wf_onnx_reshaped};
