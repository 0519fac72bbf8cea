#include <string.h>

#include "nn/layer.h"
#include "nn/onnx.h"
#include "nn/plan.h"

/* The same vector at every step of a sequence.
 *  src [N,F]  dst [N,n,F] */

typedef struct wf_repeat_vector_config {
    int32_t n;
} wf_repeat_vector_config;

static const wf_field fields[] = {{"n", WF_FIELD_INT, offsetof(wf_repeat_vector_config, n), 1,
                                   1 << 24, NULL, NULL, "number of steps"},
                                  {0}};

static wf_status infer(wf_infer *in) {
    wf_context *cx = in->cx;
    const wf_repeat_vector_config *c = in->config;
    WF_REQUIRE(in->inputs[0]->rank == 1, WF_E_SHAPE,
               "layer %s: input has rank %d, must be a vector (features) | put flatten or a "
               "global pool before it",
               in->layer, in->inputs[0]->rank);
    in->output = (wf_shape){.rank = 2, .dim = {c->n, in->inputs[0]->dim[0]}};
    return WF_OK;
}

typedef struct repeat_args {
    wf_buffer src, dst, diff_src, diff_dst;
    int steps, width;
} repeat_args;

static void run_forward(const wf_work *r, const void *args) {
    const repeat_args *a = args;
    const float *src = wf_at(r, a->src);
    float *dst = wf_at(r, a->dst);
    for (int i = 0; i < r->n; i++, src += a->width)
        for (int t = 0; t < a->steps; t++, dst += a->width)
            memcpy(dst, src, (size_t)a->width * sizeof *dst);
}

static void run_backward(const wf_work *r, const void *args) {
    const repeat_args *a = args;
    const float *diff_dst = wf_at(r, a->diff_dst);
    float *diff_src = wf_at(r, a->diff_src);
    for (int i = 0; i < r->n; i++)
        r->kernels->column_sums(diff_src + (ptrdiff_t)i * a->width,
                                diff_dst + (ptrdiff_t)i * a->steps * a->width, a->steps, a->width,
                                a->width, 0);
}

static wf_status plan(wf_builder *b) {
    const repeat_args a = {.src = b->src[0],
                           .dst = b->dst,
                           .diff_src = b->diff_src[0],
                           .diff_dst = b->diff_dst,
                           .steps = (int)b->dst_shape->dim[0],
                           .width = (int)b->dst_shape->dim[1]};
    WF_TRY(wf_build_image_step(b, WF_FORWARD, run_forward, &a, sizeof a, WF_USES(a.src, a.dst)));
    if (a.diff_src == WF_NO_BUFFER) return WF_OK;
    return wf_build_image_step(b, WF_BACKWARD, run_backward, &a, sizeof a,
                               WF_USES(a.diff_src, a.diff_dst));
}

static wf_status onnx(wf_onnx *x) {
    const int64_t width = x->node->shape.dim[1], one[] = {0, 1, width};
    const int64_t all[] = {1, x->node->shape.dim[0], width};
    wf_onnx_name y, shape;
    WF_TRY(wf_onnx_input(&y, x, 0, WF_ONNX_WEFT));
    WF_TRY(wf_onnx_reshape(&y, x, &y, one, 3));
    WF_TRY(wf_onnx_ints(&shape, x, "steps", all, 3));
    WF_TRY(wf_onnx_binary(&y, x, "Expand", &y, &shape));
    wf_onnx_output(x, &y, WF_ONNX_WEFT);
    return WF_OK;
}

const wf_layer_class wf_repeat_vector_class = {.name = "repeat_vector",
                                               .summary = "the same vector at every step",
                                               .min_inputs = 1,
                                               .max_inputs = 1,
                                               .config_size = sizeof(wf_repeat_vector_config),
                                               .fields = fields,
                                               .infer = infer,
                                               .plan = plan,
                                               .onnx = onnx};
