#include "nn/layer.h"

/* The inputs one behind the other along one axis; all other extents are equal. */

typedef struct wf_concatenate_config {
    int32_t axis; /* Keras': 0 is the batch, 1 the first extent of a shape, -1 the last */
} wf_concatenate_config;

static const wf_field fields[] = {{"axis", WF_FIELD_INT, offsetof(wf_concatenate_config, axis),
                                   -WF_MAX_RANK, WF_MAX_RANK, NULL, "-1",
                                   "1 is the first axis behind the batch, -1 the last"},
                                  {0}};

/* The axis as an index into a shape of the given rank, or -1. */
static int axis_index(const wf_concatenate_config *c, int rank) {
    int i = c->axis < 0 ? rank + c->axis : c->axis - 1;
    return i >= 0 && i < rank ? i : -1;
}

static wf_status infer(wf_infer *in) {
    wf_context *cx = in->cx;
    const wf_concatenate_config *c = in->config;
    char first[96], other[96];
    int axis = axis_index(c, in->inputs[0]->rank);
    WF_REQUIRE(axis >= 0, WF_E_SHAPE,
               "layer %s: axis is %d, must be 1 to %d or -%d to -1 (0 is the batch)", in->layer,
               c->axis, in->inputs[0]->rank, in->inputs[0]->rank);
    in->output = *in->inputs[0];
    for (int i = 1; i < in->n_inputs; i++) {
        wf_shape expected = *in->inputs[0];
        if (in->inputs[i]->rank == expected.rank) expected.dim[axis] = in->inputs[i]->dim[axis];
        WF_REQUIRE(
            wf_shape_equal(&expected, in->inputs[i]), WF_E_SHAPE,
            "layer %s: input 1 has shape %s, input %d has %s, must differ along axis %d only",
            in->layer, wf_shape_text(first, sizeof first, in->inputs[0]), i + 1,
            wf_shape_text(other, sizeof other, in->inputs[i]), c->axis);
        in->output.dim[axis] += in->inputs[i]->dim[axis];
    }
    return WF_OK;
}

const wf_layer_class wf_concatenate_class = {.name = "concatenate",
                                             .summary = "inputs one behind the other",
                                             .min_inputs = 2,
                                             .max_inputs = WF_MAX_INPUTS,
                                             .config_size = sizeof(wf_concatenate_config),
                                             .fields = fields,
                                             .infer = infer};
