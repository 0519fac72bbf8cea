/* The step between forward and backward: each image's loss, its gradient, whether it is a hit. */
#include <string.h>

#include "nn/plan_internal.h"
#include "nn/steps.h"

typedef struct loss_step {
    wf_loss loss;
    wf_buffer output, diff, losses, hits;
    int steps, classes, is_fused; /* steps: of a sequence; 0: the output is the image's */
} loss_step;

static int largest(const float *x, int n) {
    int best = 0;
    for (int i = 1; i < n; i++)
        if (x[i] > x[best]) best = i;
    return best;
}

/* Adds a share of what an image's outputs should be. */
static void add_target(float *target, const wf_work *r, int image, int K, float share) {
    const wf_batch *batch = r->batch;
    const int64_t row = wf_work_row(r, image);
    if (batch->targets)
        for (int k = 0; k < K; k++) target[k] += share * batch->targets[row * K + k];
    else if (batch->sets)
        for (int k = 0; k < K; k++) target[k] += share * batch->sets[row * K + k];
    else if (K == 1) target[0] += share * (float)batch->labels[row];
    else target[batch->labels[row]] += share;
}

/* As the image's pixels are mixed, so is its target. */
static void mix_target(float *target, const wf_work *r, int image, int K) {
    wf__mixture m;
    wf__plan_mixture(&m, r, image);
    memset(target, 0, (size_t)K * sizeof *target);
    for (int i = 0; i < m.n; i++)
        add_target(target, r, m.parts[i].image, K, (float)m.parts[i].share);
}

int wf__loss_steps(const wf_loss *loss, const wf_shape *output) {
    return loss->class->wants_labels && output->rank == 2 ? (int)output->dim[0] : 0;
}

/* An image's loss is the sum of its steps': -log of the probability of the whole sequence. Steps
 * behind its END count nothing. It is a hit when every step is right, given the right labels before
 * it: when choosing the likeliest label at every step finds just this sequence. */
static void end_sequence(const loss_step *s, const int32_t *labels, const float *step_losses,
                         const float *output, float *diff, float *loss, int32_t *hit) {
    double sum = 0;
    *hit = 1;
    for (int t = 0; t < s->steps; t++, output += s->classes) {
        if (labels[t] >= 0) {
            sum += (double)step_losses[t];
            *hit &= largest(output, s->classes) == labels[t];
        } else if (diff) {
            memset(diff + (ptrdiff_t)t * s->classes, 0, (size_t)s->classes * sizeof *diff);
        }
    }
    *loss = (float)sum;
}

static void run_sequence_loss(const wf_work *r, const void *args) {
    const loss_step *s = args;
    const ptrdiff_t T = s->steps, size = T * s->classes;
    float *step_losses = r->scratch, *losses = wf_at(r, s->losses);
    int32_t *labels = (int32_t *)(void *)(step_losses + r->n * T), *hits = wf_at(r, s->hits);
    for (int i = 0; i < r->n; i++)
        memcpy(labels + i * T, wf_work_sequence(r, r->n0 + i), (size_t)T * sizeof *labels);
    const wf_loss_args a = {.kernels = r->kernels,
                            .rows = (int)(r->n * T),
                            .classes = s->classes,
                            .output = wf_at(r, s->output),
                            .labels = labels,
                            .losses = step_losses,
                            .diff = s->diff == WF_NO_BUFFER ? NULL : wf_at(r, s->diff),
                            .weight = 1.0f / (float)r->batch->n};
    s->loss.class->run(&a, s->loss.config, s->is_fused);
    for (int i = 0; i < r->n; i++)
        end_sequence(s, labels + i * T, step_losses + i * T, a.output + i * size,
                     a.diff ? a.diff + i * size : NULL, &losses[i], &hits[i]);
}

/* Of any number of labels, each is right. */
static int is_set_right(const float *y, const float *target, int K) {
    int wrong = 0;
    for (int k = 0; k < K; k++) wrong += (y[k] > 0.5f) != (target[k] > 0.5f);
    return wrong == 0;
}

static void run_loss(const wf_work *r, const void *args) {
    const loss_step *s = args;
    const wf_batch *batch = r->batch;
    const int K = s->classes;
    const int mixes = wf__plan_mixes(r->plan), is_dense = mixes || batch->targets || batch->sets;
    float *targets = r->scratch;
    int32_t *labels = (int32_t *)(void *)(targets + (size_t)r->n * (size_t)K);
    for (int i = 0; i < r->n; i++) {
        const int64_t row = wf_work_row(r, r->n0 + i);
        float *target = targets + (ptrdiff_t)i * K;
        if (mixes) mix_target(target, r, r->n0 + i, K);
        else if (is_dense) {
            memset(target, 0, (size_t)K * sizeof *target);
            add_target(target, r, r->n0 + i, K, 1);
        }
        if (is_dense) labels[i] = K == 1 ? *target > 0.5f : largest(target, K);
        else labels[i] = batch->labels[row];
    }
    float *output = wf_at(r, s->output);
    wf_loss_args a = {.kernels = r->kernels,
                      .rows = r->n,
                      .classes = K,
                      .output = output,
                      .labels = labels,
                      .targets = is_dense ? targets : NULL,
                      .losses = wf_at(r, s->losses),
                      .diff = s->diff == WF_NO_BUFFER ? NULL : wf_at(r, s->diff),
                      .weight = 1.0f / (float)batch->n};
    s->loss.class->run(&a, s->loss.config, s->is_fused);
    int32_t *hits = wf_at(r, s->hits);
    for (int i = 0; i < r->n; i++) {
        const float *y = output + (ptrdiff_t)i * K;
        hits[i] = batch->sets ? is_set_right(y, targets + (ptrdiff_t)i * K, K)
                              : (K == 1 ? *y > 0.5f : largest(y, K)) == labels[i];
    }
}

wf_status wf__plan_add_loss(wf_builder *b, wf_buffer output, wf_buffer diff) {
    wf_plan *plan = b->plan;
    wf_context *cx = b->cx;
    const wf_node *node = &plan->graph->nodes[plan->graph->output];
    loss_step s = {.loss = *plan->options.loss,
                   .output = output,
                   .diff = diff,
                   .steps = wf__loss_steps(plan->options.loss, &node->shape),
                   .classes = (int)wf_shape_size(&node->shape),
                   .is_fused = b->left != WF_ACT_LINEAR};
    if (s.steps) {
        WF_REQUIRE(!b->sequence_length || b->sequence_length == s.steps, WF_E_SHAPE,
                   "model %s reads %d labels and tells %d | give label_input and the output one "
                   "length",
                   plan->graph->name, b->sequence_length, s.steps);
        WF_REQUIRE(
            !b->sequence_labels || b->sequence_labels + 1 == node->shape.dim[1], WF_E_SHAPE,
            "model %s: label_input has classes: %d, the output tells %d labels and END | give "
            "both the same number of labels",
            plan->graph->name, b->sequence_labels, (int)node->shape.dim[1] - 1);
        WF_REQUIRE(!wf__plan_mixes(plan), WF_E_ARG,
                   "model %s tells sequences of labels, which augmentation cannot mix | leave out "
                   "mixup and cutmix",
                   plan->graph->name);
        b->sequence_length = s.steps;
        s.classes /= s.steps;
    }
    WF_TRY(wf_build_buffer(&plan->losses, b, sizeof(float)));
    WF_TRY(wf_build_buffer(&plan->hits, b, sizeof(int32_t)));
    plan->buffers[plan->losses].is_kept = plan->buffers[plan->hits].is_kept = 1;
    s.losses = plan->losses;
    s.hits = plan->hits;
    const size_t scratch = s.steps ? 2 * (size_t)s.steps : (size_t)s.classes + 1;
    wf_build_scratch(b, (size_t)plan->shard_size * scratch * sizeof(float));
    WF_TRY(wf_build_shard_step(b, WF_FORWARD, s.steps ? run_sequence_loss : run_loss, &s, sizeof s,
                               WF_USES(output, diff, s.losses, s.hits)));
    wf_cost cost = wf_activation_cost(s.is_fused ? s.loss.class->fused : WF_ACT_LINEAR,
                                      (double)wf_shape_size(&node->shape));
    cost.pass = WF_PASS_LOSS;
    wf_build_cost(b, cost);
    return WF_OK;
}
