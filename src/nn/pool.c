#include "nn/pool.h"

/* Along axis 0 (height) or 1 (width). */
static int32_t stride_of(const wf_pool2d_config *c, int axis) {
    return c->strides[axis] ? c->strides[axis] : c->pool_size[axis];
}

wf_status wf_pool2d_infer(wf_infer *in) {
    wf_context *cx = in->cx;
    const wf_pool2d_config *c = in->config;
    WF_TRY(wf_infer_image(in));
    in->output = *in->inputs[0];
    for (int axis = 0; axis < 2; axis++) {
        int64_t *extent = &in->output.dim[axis];
        WF_REQUIRE(
            c->padding == WF_PADDING_SAME || *extent >= c->pool_size[axis], WF_E_SHAPE,
            "layer %s: the pool covers %d pixels along %s, the input has %lld | use padding: "
            "same or a smaller pool",
            in->layer, c->pool_size[axis], axis ? "the width" : "the height", (long long)*extent);
        *extent = wf_window_output(*extent, c->pool_size[axis], stride_of(c, axis), 1, c->padding);
    }
    return WF_OK;
}

wf_pool2d wf_pool2d_of(const wf_builder *b) {
    const wf_pool2d_config *c = b->config;
    const int64_t *src = b->src_shape[0]->dim, *dst = b->dst_shape->dim;
    const int32_t sh = stride_of(c, 0), sw = stride_of(c, 1);
    return (wf_pool2d){.h = (int)src[0],
                       .w = (int)src[1],
                       .c = (int)src[2],
                       .oh = (int)dst[0],
                       .ow = (int)dst[1],
                       .kh = c->pool_size[0],
                       .kw = c->pool_size[1],
                       .sh = sh,
                       .sw = sw,
                       .pad_top = (int)wf_window_pad(src[0], c->pool_size[0], sh, 1, c->padding),
                       .pad_left = (int)wf_window_pad(src[1], c->pool_size[1], sw, 1, c->padding)};
}

wf_status wf_pool2d_onnx(wf_onnx *x, const char *type) {
    static const int32_t dense[2] = {1, 1};
    const wf_pool2d_config *c = x->config;
    const int32_t strides[2] = {stride_of(c, 0), stride_of(c, 1)};
    wf_onnx_window window;
    wf_onnx_name y;
    wf_onnx_window_init(&window, x, c->pool_size, strides, dense, c->padding);
    WF_TRY(wf_onnx_input(&y, x, 0, WF_ONNX_FIRST));
    WF_TRY(wf_onnx_apply(&y, x, type, &y, 1, window.attributes, 3)); /* but for the dilations */
    wf_onnx_output(x, &y, WF_ONNX_FIRST);
    return WF_OK;
}

/* ---- the mean ---- */

typedef struct average_pool_args {
    wf_buffer src, dst, diff_src, diff_dst;
    wf_pool2d pool;
} average_pool_args;

static void run_forward(const wf_work *r, const void *args) {
    const average_pool_args *a = args;
    wf_pool2d pool = a->pool;
    pool.n = r->n;
    r->kernels->average_pool(wf_at(r, a->dst), wf_at(r, a->src), &pool);
}

static void run_backward(const wf_work *r, const void *args) {
    const average_pool_args *a = args;
    wf_pool2d pool = a->pool;
    pool.n = r->n;
    r->kernels->average_pool_backward(wf_at(r, a->diff_src), wf_at(r, a->diff_dst), &pool);
}

wf_status wf_average_pool_plan(wf_builder *b, wf_pool2d pool) {
    average_pool_args a = {b->src[0], b->dst, b->diff_src[0], b->diff_dst, pool};
    WF_TRY(wf_build_image_step(b, WF_FORWARD, run_forward, &a, sizeof a, WF_USES(a.src, a.dst)));
    if (a.diff_src == WF_NO_BUFFER) return WF_OK;
    return wf_build_image_step(b, WF_BACKWARD, run_backward, &a, sizeof a,
                               WF_USES(a.diff_src, a.diff_dst));
}

/* ---- the largest ---- */

typedef struct max_pool_args {
    wf_buffer src, dst, diff_src, diff_dst, argmax;
    wf_pool2d pool;
} max_pool_args;

static void run_max_forward(const wf_work *r, const void *args) {
    const max_pool_args *a = args;
    wf_pool2d pool = a->pool;
    pool.n = r->n;
    r->kernels->max_pool(wf_at(r, a->dst), wf_at(r, a->argmax), wf_at(r, a->src), &pool);
}

static void run_max_backward(const wf_work *r, const void *args) {
    const max_pool_args *a = args;
    wf_pool2d pool = a->pool;
    pool.n = r->n;
    r->kernels->max_pool_backward(wf_at(r, a->diff_src), wf_at(r, a->diff_dst), wf_at(r, a->argmax),
                                  &pool);
}

wf_status wf_max_pool_plan(wf_builder *b, wf_pool2d pool) {
    wf_context *cx = b->cx;
    max_pool_args a = {.src = b->src[0],
                       .dst = b->dst,
                       .diff_src = b->diff_src[0],
                       .diff_dst = b->diff_dst,
                       .pool = pool};
    WF_REQUIRE((int64_t)a.pool.kh * a.pool.kw <= 65536, WF_E_LIMIT,
               "layer %s: the window has %lld elements, at most 65536 are possible", b->node->name,
               (long long)a.pool.kh * a.pool.kw);
    WF_TRY(wf_build_buffer(&a.argmax, b, (size_t)wf_shape_size(b->dst_shape) * sizeof(uint16_t)));
    WF_TRY(wf_build_image_step(b, WF_FORWARD, run_max_forward, &a, sizeof a,
                               WF_USES(a.src, a.dst, a.argmax)));
    if (a.diff_src == WF_NO_BUFFER) return WF_OK;
    return wf_build_image_step(b, WF_BACKWARD, run_max_backward, &a, sizeof a,
                               WF_USES(a.diff_src, a.diff_dst, a.argmax));
}

/* ---- over everything ---- */

static void set_global_output(wf_infer *in) {
    in->output = (wf_shape){.rank = 1, .dim = {in->inputs[0]->dim[in->inputs[0]->rank - 1]}};
}

wf_status wf_global_pool2d_infer(wf_infer *in) {
    WF_TRY(wf_infer_image(in));
    set_global_output(in);
    return WF_OK;
}

wf_status wf_global_pool1d_infer(wf_infer *in) {
    WF_TRY(wf_infer_sequence(in));
    set_global_output(in);
    return WF_OK;
}

wf_pool2d wf_global_pool_of(const wf_builder *b) {
    const wf_shape *src = b->src_shape[0];
    const int h = (int)src->dim[0], w = src->rank == 3 ? (int)src->dim[1] : 1;
    return (wf_pool2d){.h = h,
                       .w = w,
                       .c = (int)src->dim[src->rank - 1],
                       .oh = 1,
                       .ow = 1,
                       .kh = h,
                       .kw = w,
                       .sh = h,
                       .sw = w};
}

wf_status wf_global_pool2d_onnx(wf_onnx *x, const char *type) {
    const wf_onnx_attribute axis = {.name = "axis", .kind = WF_ONNX_INT, .i = 1};
    wf_onnx_name y;
    WF_TRY(wf_onnx_input(&y, x, 0, WF_ONNX_FIRST));
    WF_TRY(wf_onnx_unary(&y, x, type, &y)); /* [N,C,1,1] */
    WF_TRY(wf_onnx_apply(&y, x, "Flatten", &y, 1, &axis, 1));
    wf_onnx_output(x, &y, WF_ONNX_WEFT);
    return WF_OK;
}

wf_status wf_global_pool1d_onnx(wf_onnx *x, const char *type) {
    const wf_onnx_layout layout = wf_onnx_layout_of(x, 0);
    const int64_t time = layout == WF_ONNX_FIRST ? 0 : 1;
    const wf_onnx_attribute attributes[] = {
        {.name = "axes", .kind = WF_ONNX_INTS, .ints = &time, .n = 1},
        {.name = "keepdims", .kind = WF_ONNX_INT}};
    wf_onnx_name y;
    WF_TRY(wf_onnx_input(&y, x, 0, layout));
    WF_TRY(wf_onnx_apply(&y, x, type, &y, 1, attributes, 2));
    wf_onnx_output(x, &y, WF_ONNX_WEFT);
    return WF_OK;
}
