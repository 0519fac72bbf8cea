#include "nn/pool.h"
#include "nn/onnx.h"

/* The largest value of each window; elements beyond the edge do not take part. */

static const wf_field fields[] = {WF_POOL2D_FIELDS, {0}};

typedef struct max_pool_args {
    wf_buffer src, dst, diff_src, diff_dst, argmax;
    wf_pool2d pool;
} max_pool_args;

static void run_forward(const wf_work *r, const void *args) {
    const max_pool_args *a = args;
    wf_pool2d pool = a->pool;
    pool.n = r->n;
    r->kernels->max_pool(wf_at(r, a->dst), wf_at(r, a->argmax), wf_at(r, a->src), &pool);
}

static void run_backward(const wf_work *r, const void *args) {
    const max_pool_args *a = args;
    wf_pool2d pool = a->pool;
    pool.n = r->n;
    r->kernels->max_pool_backward(wf_at(r, a->diff_src), wf_at(r, a->diff_dst), wf_at(r, a->argmax),
                                  &pool);
}

static wf_status plan(wf_builder *b) {
    wf_context *cx = b->cx;
    max_pool_args a = {.src = b->src[0],
                       .dst = b->dst,
                       .diff_src = b->diff_src[0],
                       .diff_dst = b->diff_dst,
                       .pool = wf_pool2d_of(b)};
    WF_REQUIRE((int64_t)a.pool.kh * a.pool.kw <= 65536, WF_E_LIMIT,
               "layer %s: the window has %lld elements, at most 65536 are possible", b->node->name,
               (long long)a.pool.kh * a.pool.kw);
    WF_TRY(wf_build_buffer(&a.argmax, b, (size_t)wf_shape_size(b->dst_shape) * sizeof(uint16_t)));
    WF_TRY(wf_build_image_step(b, WF_FORWARD, run_forward, &a, sizeof a,
                               WF_USES(a.src, a.dst, a.argmax)));
    if (a.diff_src == WF_NO_BUFFER) return WF_OK;
    return wf_build_image_step(b, WF_BACKWARD, run_backward, &a, sizeof a,
                               WF_USES(a.diff_src, a.diff_dst, a.argmax));
}

static wf_status onnx(wf_onnx *x) { return wf_pool2d_onnx(x, "MaxPool"); }

const wf_layer_class wf_max_pool2d_class = {.name = "max_pool2d",
                                            .summary = "largest value of each window",
                                            .min_inputs = 1,
                                            .max_inputs = 1,
                                            .config_size = sizeof(wf_pool2d_config),
                                            .fields = fields,
                                            .infer = wf_pool2d_infer,
                                            .plan = plan,
                                            .onnx = onnx};
