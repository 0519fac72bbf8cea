#include <string.h>

#include "nn/layer.h"
#include "nn/onnx.h"
#include "nn/plan.h"

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

typedef struct concatenate_args {
    wf_buffer dst, src[WF_MAX_INPUTS], diff_dst, diff_src[WF_MAX_INPUTS];
    int n_inputs;
    int64_t outer;               /* extents before the axis, of one image */
    int64_t part[WF_MAX_INPUTS]; /* floats of input i in one piece */
    int64_t whole;               /* of dst */
} concatenate_args;

/* Copies input i to its place in dst, or the place's gradient to the input's. */
static void copy_parts(const concatenate_args *a, int64_t images, float *whole, float *part, int i,
                       int is_backward) {
    int64_t column = 0;
    for (int k = 0; k < i; k++) column += a->part[k];
    const size_t bytes = (size_t)a->part[i] * sizeof(float);
    for (int64_t row = 0; row < images * a->outer; row++) {
        float *at = whole + row * a->whole + column, *piece = part + row * a->part[i];
        memcpy(is_backward ? piece : at, is_backward ? at : piece, bytes);
    }
}

static void run_forward(const wf_work *r, const void *args) {
    const concatenate_args *a = args;
    for (int i = 0; i < a->n_inputs; i++)
        copy_parts(a, r->n, wf_at(r, a->dst), wf_at(r, a->src[i]), i, 0);
}

static void run_backward(const wf_work *r, const void *args) {
    const concatenate_args *a = args;
    for (int i = 0; i < a->n_inputs; i++)
        if (a->diff_src[i] != WF_NO_BUFFER)
            copy_parts(a, r->n, wf_at(r, a->diff_dst), wf_at(r, a->diff_src[i]), i, 1);
}

static wf_status plan(wf_builder *b) {
    const wf_concatenate_config *c = b->config;
    const int axis = axis_index(c, b->dst_shape->rank);
    concatenate_args a = {
        .dst = b->dst, .diff_dst = b->diff_dst, .n_inputs = b->n_inputs, .outer = 1};
    wf_buffer uses[2][WF_MAX_INPUTS + 1] = {{a.dst}, {a.diff_dst}};
    for (int i = 0; i < axis; i++) a.outer *= b->dst_shape->dim[i];
    for (int i = 0; i < a.n_inputs; i++) {
        a.part[i] = wf_shape_size(b->src_shape[i]) / a.outer;
        a.whole += a.part[i];
        uses[0][i + 1] = a.src[i] = b->src[i];
        uses[1][i + 1] = a.diff_src[i] = b->diff_src[i];
    }
    WF_TRY(wf_build_image_step(b, WF_FORWARD, run_forward, &a, sizeof a, uses[0], a.n_inputs + 1));
    if (a.diff_dst == WF_NO_BUFFER) return WF_OK;
    return wf_build_image_step(b, WF_BACKWARD, run_backward, &a, sizeof a, uses[1], a.n_inputs + 1);
}

static wf_status onnx(wf_onnx *x) {
    /* where ONNX's layout has the axes of sequences and images, the batch not counted */
    static const int first[2][3] = {{0, 2}, {2, 3, 1}};
    const wf_onnx_layout layout = wf_onnx_layout_of(x, 0);
    const int rank = x->node->shape.rank, index = axis_index(x->config, rank);
    const int is_first = layout == WF_ONNX_FIRST && rank >= 2;
    const wf_onnx_attribute axis = {
        .name = "axis", .kind = WF_ONNX_INT, .i = is_first ? first[rank - 2][index] : index + 1};
    wf_onnx_name inputs[WF_MAX_INPUTS], y;
    for (int i = 0; i < x->node->n_inputs; i++) WF_TRY(wf_onnx_input(&inputs[i], x, i, layout));
    WF_TRY(wf_onnx_apply(&y, x, "Concat", inputs, x->node->n_inputs, &axis, 1));
    wf_onnx_output(x, &y, layout);
    return WF_OK;
}

const wf_layer_class wf_concatenate_class = {.name = "concatenate",
                                             .summary = "inputs one behind the other",
                                             .min_inputs = 2,
                                             .max_inputs = WF_MAX_INPUTS,
                                             .config_size = sizeof(wf_concatenate_config),
                                             .fields = fields,
                                             .infer = infer,
                                             .plan = plan,
                                             .onnx = onnx};
