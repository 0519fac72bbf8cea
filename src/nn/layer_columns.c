#include <string.h>

#include "nn/infer.h"
#include "nn/onnx.h"
#include "nn/plan.h"

/* An image as the sequence of its columns: [N,H,W,C] -> [N,W,H*C]. Step t holds column t, its
 * elements in the order h, c. */

static const wf_field fields[] = {{0}};

static wf_status infer(wf_infer *in) {
    WF_TRY(wf_infer_image(in));
    const wf_shape *src = in->inputs[0];
    in->output = (wf_shape){.rank = 2, .dim = {src->dim[1], src->dim[0] * src->dim[2]}};
    return WF_OK;
}

typedef struct columns_args {
    wf_buffer src, dst, diff_src, diff_dst;
    int64_t h, w, c;
} columns_args;

/* to[x][y][c] = from[y][x][c], or back */
static void transpose(float *columns, float *image, const columns_args *a, int is_backward) {
    const size_t bytes = (size_t)a->c * sizeof(float);
    for (int64_t y = 0; y < a->h; y++)
        for (int64_t x = 0; x < a->w; x++) {
            float *there = columns + (x * a->h + y) * a->c, *here = image + (y * a->w + x) * a->c;
            memcpy(is_backward ? here : there, is_backward ? there : here, bytes);
        }
}

static void run_forward(const wf_work *r, const void *args) {
    const columns_args *a = args;
    const int64_t size = a->h * a->w * a->c;
    float *src = wf_at(r, a->src), *dst = wf_at(r, a->dst);
    for (int64_t i = 0; i < r->n; i++) transpose(dst + i * size, src + i * size, a, 0);
}

static void run_backward(const wf_work *r, const void *args) {
    const columns_args *a = args;
    const int64_t size = a->h * a->w * a->c;
    float *diff_src = wf_at(r, a->diff_src), *diff_dst = wf_at(r, a->diff_dst);
    for (int64_t i = 0; i < r->n; i++) transpose(diff_dst + i * size, diff_src + i * size, a, 1);
}

static wf_status plan(wf_builder *b) {
    const int64_t *src = b->src_shape[0]->dim;
    columns_args a = {.src = b->src[0],
                      .dst = b->dst,
                      .diff_src = b->diff_src[0],
                      .diff_dst = b->diff_dst,
                      .h = src[0],
                      .w = src[1],
                      .c = src[2]};
    WF_TRY(wf_build_image_step(b, WF_FORWARD, run_forward, &a, sizeof a, WF_USES(a.src, a.dst)));
    if (a.diff_src == WF_NO_BUFFER) return WF_OK;
    return wf_build_image_step(b, WF_BACKWARD, run_backward, &a, sizeof a,
                               WF_USES(a.diff_src, a.diff_dst));
}

/* [N,H,W,C] -> [W,N,H,C] -> [W,N,H*C]: pixels are moved as wholes. */
static wf_status onnx(wf_onnx *x) {
    static const int64_t order[] = {2, 0, 1, 3};
    const int64_t dims[] = {0, 0, x->node->shape.dim[1]};
    wf_onnx_name y;
    WF_TRY(wf_onnx_input(&y, x, 0, WF_ONNX_WEFT));
    WF_TRY(wf_onnx_transpose(&y, x, &y, order, 4));
    WF_TRY(wf_onnx_reshape(&y, x, &y, dims, 3));
    wf_onnx_output(x, &y, WF_ONNX_FIRST);
    return WF_OK;
}

const wf_layer_class wf_columns_class = {.name = "columns",
                                         .summary = "an image as the sequence of its columns",
                                         .min_inputs = 1,
                                         .max_inputs = 1,
                                         .fields = fields,
                                         .infer = infer,
                                         .plan = plan,
                                         .onnx = onnx};
