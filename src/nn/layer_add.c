#include <string.h>

#include "nn/layer.h"
#include "nn/onnx.h"
#include "nn/plan.h"

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

typedef struct add_args {
    wf_buffer dst, src[WF_MAX_INPUTS], diff_dst, diff_src[WF_MAX_INPUTS];
    int n_inputs;
    int64_t size;
} add_args;

static void run_forward(const wf_work *r, const void *args) {
    const add_args *a = args;
    const size_t n = (size_t)(r->n * a->size);
    float *dst = wf_at(r, a->dst);
    r->kernels->add(dst, wf_at(r, a->src[0]), wf_at(r, a->src[1]), n);
    for (int i = 2; i < a->n_inputs; i++) r->kernels->add(dst, dst, wf_at(r, a->src[i]), n);
}

static void run_backward(const wf_work *r, const void *args) {
    const add_args *a = args;
    const size_t n = (size_t)(r->n * a->size);
    for (int i = 0; i < a->n_inputs; i++)
        if (a->diff_src[i] != WF_NO_BUFFER)
            memcpy(wf_at(r, a->diff_src[i]), wf_at(r, a->diff_dst), n * sizeof(float));
}

static wf_status plan(wf_builder *b) {
    add_args a = {.dst = b->dst,
                  .diff_dst = b->diff_dst,
                  .n_inputs = b->n_inputs,
                  .size = wf_shape_size(b->dst_shape)};
    wf_buffer uses[2][WF_MAX_INPUTS + 1] = {{a.dst}, {a.diff_dst}};
    for (int i = 0; i < a.n_inputs; i++) {
        uses[0][i + 1] = a.src[i] = b->src[i];
        uses[1][i + 1] = a.diff_src[i] = b->diff_src[i];
    }
    WF_TRY(wf_build_image_step(b, WF_FORWARD, run_forward, &a, sizeof a, uses[0], a.n_inputs + 1));
    if (a.diff_dst == WF_NO_BUFFER) return WF_OK;
    return wf_build_image_step(b, WF_BACKWARD, run_backward, &a, sizeof a, uses[1], a.n_inputs + 1);
}

static wf_status onnx(wf_onnx *x) {
    const wf_onnx_layout layout = wf_onnx_layout_of(x, 0);
    wf_onnx_name sum, next;
    WF_TRY(wf_onnx_input(&sum, x, 0, layout));
    for (int i = 1; i < x->node->n_inputs; i++) {
        WF_TRY(wf_onnx_input(&next, x, i, layout));
        WF_TRY(wf_onnx_binary(&sum, x, "Add", &sum, &next));
    }
    wf_onnx_output(x, &sum, layout);
    return WF_OK;
}

const wf_layer_class wf_add_class = {.name = "add",
                                     .summary = "sum of inputs of one shape",
                                     .flags = WF_LAYER_EACH_STEP,
                                     .min_inputs = 2,
                                     .max_inputs = WF_MAX_INPUTS,
                                     .fields = fields,
                                     .infer = infer,
                                     .plan = plan,
                                     .onnx = onnx};
