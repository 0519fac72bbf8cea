/* What is kept for the caller; a GRADIENT plan's own steps: scores out of the output. */
#include <string.h>

#include "nn/plan_internal.h"

/* ---- gradients that are copied ---- */

typedef struct copy_args {
    wf_buffer dst, src;
    int64_t size;
} copy_args;

static void run_copy(const wf_work *r, const void *args) {
    const copy_args *c = args;
    memcpy(wf_at(r, c->dst), wf_at(r, c->src), (size_t)(r->n * c->size) * sizeof(float));
}

static wf_status build_copy(wf_builder *b, wf_buffer dst, wf_buffer src) {
    const copy_args c = {dst, src, wf_shape_size(b->dst_shape)};
    return wf_build_image_step(b, WF_BACKWARD, run_copy, &c, sizeof c, WF_USES(dst, src));
}

wf_status wf_build_alias(wf_builder *b) {
    b->plan->buffers[b->src[0]].is_kept |= b->plan->buffers[b->dst].is_kept;
    b->plan->dst[b->node_index] = b->src[0];
    if (b->diff_src[0] == WF_NO_BUFFER) return WF_OK;
    return build_copy(b, b->diff_src[0], b->diff_dst);
}

/* A copy, since the node's own backward steps may work in place. */
wf_status wf__plan_keep(wf_buffer *out_gradient, wf_builder *b) {
    wf_plan *plan = b->plan;
    wf_buffer kept;
    WF_TRY(wf_build_buffer(&kept, b, (size_t)wf_shape_size(b->dst_shape) * sizeof(float)));
    plan->buffers[kept].is_kept = plan->buffers[b->dst].is_kept = 1;
    *out_gradient = kept;
    return build_copy(b, kept, b->diff_dst);
}

void wf_build_shown(wf_builder *b, wf_buffer buffer, int64_t size) {
    wf_plan *plan = b->plan;
    if (plan->options.mode != WF_PLAN_INFER || b->node_index != plan->output) return;
    plan->buffers[buffer].is_kept = 1;
    plan->shown = buffer;
    plan->shown_size = size;
}

/* ---- scores ---- */

typedef struct score_args {
    wf_buffer output, diff, scores;
    int classes, left; /* a wf_activation */
} score_args;

/* The scores' factors are the gradient of the output before its activation. */
static void run_scores(const wf_work *r, const void *args) {
    const score_args *s = args;
    const wf_batch *batch = r->batch;
    const size_t K = (size_t)s->classes, n = (size_t)r->n * K;
    float *output = wf_at(r, s->output), *diff = wf_at(r, s->diff);
    memcpy(wf_at(r, s->scores), output, n * sizeof *output);
    if (s->left == WF_ACT_SOFTMAX) r->kernels->softmax(output, output, (size_t)r->n, s->classes);
    else if (s->left != WF_ACT_LINEAR) r->kernels->activate(output, output, n, s->left, 0);
    memset(diff, 0, n * sizeof *diff);
    for (int i = 0; i < r->n; i++, diff += K) {
        const int64_t row = batch->index ? batch->index[r->n0 + i] : r->n0 + i;
        if (batch->targets) memcpy(diff, batch->targets + row * (int64_t)K, K * sizeof *diff);
        else diff[batch->labels[row]] = 1;
    }
}

wf_status wf__plan_add_scores(wf_builder *b, wf_buffer output, wf_buffer diff) {
    wf_plan *plan = b->plan;
    score_args s = {.output = output,
                    .diff = diff,
                    .classes = (int)wf_shape_size(&plan->graph->nodes[plan->output].shape),
                    .left = (int)b->left};
    WF_TRY(wf_build_buffer(&s.scores, b, (size_t)s.classes * sizeof(float)));
    plan->scores = s.scores;
    plan->buffers[s.scores].is_kept = 1;
    return wf_build_image_step(b, WF_FORWARD, run_scores, &s, sizeof s,
                               WF_USES(output, diff, s.scores));
}
