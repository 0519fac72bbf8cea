#include "nn/layer.h"

/* The sum of inputs of one shape. */

static const wf_field fields[] = {{0}};

static wf_status infer(wf_infer *in) {
    wf_context *cx = in->cx;
    char first[96], other[96];
    for (int i = 1; i < in->n_inputs; i++)
        WF_REQUIRE(wf_shape_equal(in->inputs[0], in->inputs[i]), WF_E_SHAPE,
                   "layer %s: input 1 has shape %s, input %d has %s, must be the same", in->layer,
                   wf_shape_text(first, sizeof first, in->inputs[0]), i + 1,
                   wf_shape_text(other, sizeof other, in->inputs[i]));
    in->output = *in->inputs[0];
    return WF_OK;
}

const wf_layer_class wf_add_class = {.name = "add",
                                     .summary = "sum of inputs of one shape",
                                     .min_inputs = 2,
                                     .max_inputs = WF_MAX_INPUTS,
                                     .fields = fields,
                                     .infer = infer};
