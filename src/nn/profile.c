#include "nn/profile.h"

#include "base/alloc.h"
#include "nn/plan_internal.h"

enum { LINE_COUNTERS = 64 / sizeof(int64_t) };

const char *wf_pass_name(wf_pass pass) {
    static const char *const names[WF_PASSES] = {"",         "refresh",  "forward", "loss",
                                                 "backward", "gradient", "update"};
    return names[pass];
}

/* ---- what steps must do ---- */

/* A whole-batch buffer comes from afar for the first step of a phase that uses it; the next ones of
 * the same shard find it near. Whole-batch steps find everything afar. */
static void count_buffers(wf_profile_step *out, const wf_plan *plan, const wf_phase *phase, int k) {
    const wf_plan_step *step = &plan->order[k];
    for (int u = 0; u < step->n_uses; u++) {
        const wf_buffer buffer = plan->uses[step->first_use + u];
        const wf_plan_buffer *b = &plan->buffers[buffer];
        const double bytes = (double)b->bytes * plan->options.batch_size;
        int is_near = b->kind == WF_BUFFER_LOCAL;
        for (int before = phase->first; before < k && phase->n_tiles == 0; before++)
            for (int i = 0; i < plan->order[before].n_uses; i++)
                is_near |= plan->uses[plan->order[before].first_use + i] == buffer;
        *(is_near ? &out->near_bytes : &out->far_bytes) += bytes;
    }
}

/* An algorithm that makes more than the definition asks for is no excuse. */
static double least_flop(const wf_cost *cost) {
    return cost->made_flop > 0 && cost->made_flop < cost->flop ? cost->made_flop : cost->flop;
}

static wf_profile_step describe(const wf_plan *plan, const wf_phase *phase, int k) {
    const wf_plan_step *step = &plan->order[k];
    const double n = plan->options.batch_size;
    wf_profile_step out = {.node = step->node,
                           .pass = step->cost.pass,
                           .is_bf16 = step->cost.is_bf16,
                           .flop = n * step->cost.flop,
                           .made_flop = n * least_flop(&step->cost),
                           .exps = n * step->cost.exps,
                           .tanhs = n * step->cost.tanhs,
                           .far_bytes = step->cost.bytes};
    count_buffers(&out, plan, phase, k);
    return out;
}

static int slot_count(const wf_plan *plan) {
    int n_slots = 0;
    while (n_slots < 3 && plan->params->slots[n_slots]) n_slots++;
    return n_slots;
}

/* Reads value, gradient, moments and average; writes all but the gradient. */
static wf_profile_step describe_update(const wf_plan *plan) {
    const double size = (double)plan->graph->trainable_size * sizeof(float);
    const int n_kept = slot_count(plan) + (plan->options.average.params != NULL);
    return (wf_profile_step){
        .node = -1, .pass = WF_PASS_UPDATE, .far_bytes = (3 + 2 * n_kept) * size};
}

size_t wf_plan_near_bytes(const wf_plan *plan) { return plan->local_bytes; }

size_t wf_plan_far_bytes(const wf_plan *plan) {
    size_t arrays = 1;
    if (plan->options.mode == WF_PLAN_TRAIN)
        arrays = 2 + (size_t)slot_count(plan) + (plan->options.average.params != NULL);
    return plan->batch_bytes + plan->fixed_bytes +
           arrays * (size_t)plan->graph->total_size * sizeof(float);
}

/* ---- the profile ---- */

wf_status wf_profile_create(wf_profile **out, wf_context *cx, wf_plan *plan) {
    wf_profile *p = NULL;
    const int has_update = plan->options.mode == WF_PLAN_TRAIN && plan->options.optimizer;
    wf_status status;
    WF_TRY(wf_alloc(&p, cx, 1, sizeof *p));
    p->plan = plan;
    p->n_workers = wf_pool_size(plan->pool);
    p->n_steps = plan->n_steps + has_update;
    p->stride = (p->n_steps / LINE_COUNTERS + 2) * LINE_COUNTERS;
    WF_TRY_OR(wf_alloc(&p->steps, cx, (size_t)p->n_steps, sizeof *p->steps));
    WF_TRY_OR(
        wf_alloc(&p->busy_ns, cx, (size_t)p->n_workers * (size_t)p->stride, sizeof *p->busy_ns));
    for (int i = 0; i < plan->n_phases; i++)
        for (int k = 0; k < plan->phases[i].n; k++) {
            const int step = plan->phases[i].first + k;
            p->steps[step] = describe(plan, &plan->phases[i], step);
        }
    if (has_update) p->steps[plan->n_steps] = describe_update(plan);
    plan->profile = p;
    *out = p;
    p = NULL;
done:
    wf_profile_destroy(p);
    return status;
}

void wf_profile_destroy(wf_profile *p) {
    if (!p) return;
    p->plan->profile = NULL;
    wf_free(p->steps);
    wf_free(p->busy_ns);
    wf_free(p);
}

int wf_profile_steps(const wf_profile *p, const wf_profile_step **out) {
    *out = p->steps;
    return p->n_steps;
}

wf_profile_times wf_profile_read(double *out_step_ns, const wf_profile *p) {
    wf_profile_times times = {.phases = (double)p->phases_ns * p->n_workers};
    times.waiting = times.phases;
    for (int k = 0; k < p->n_steps; k++) {
        out_step_ns[k] = 0;
        for (int w = 0; w < p->n_workers; w++)
            out_step_ns[k] += (double)p->busy_ns[w * p->stride + k];
        times.waiting -= out_step_ns[k];
    }
    return times;
}

void wf_profile_reset(wf_profile *p) {
    for (int i = 0; i < p->n_workers * p->stride; i++) p->busy_ns[i] = 0;
    p->phases_ns = 0;
}
