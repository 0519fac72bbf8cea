#include "nn/infer.h"

/* An image as the sequence of its columns: [N,H,W,C] -> [N,W,H*C]. Step t holds column t, its
 * elements in the order h, c. */

static const wf_field fields[] = {{0}};

static wf_status infer(wf_infer *in) {
    WF_TRY(wf_infer_image(in));
    const wf_shape *src = in->inputs[0];
    in->output = (wf_shape){.rank = 2, .dim = {src->dim[1], src->dim[0] * src->dim[2]}};
    return WF_OK;
}

const wf_layer_class wf_columns_class = {.name = "columns",
                                         .summary = "an image as the sequence of its columns",
                                         .min_inputs = 1,
                                         .max_inputs = 1,
                                         .fields = fields,
                                         .infer = infer};
