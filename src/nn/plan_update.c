/* The last phases of a training step: gradient norms where clipping asks for them, the optimizer,
 * the average of the parameters. */
#include <math.h>

#include "base/alloc.h"
#include "nn/plan_internal.h"

enum { CHUNK = 1 << 14 }; /* floats in one tile of the flat array */

static int chunk_count(const wf_plan *plan) {
    return (int)((plan->graph->trainable_size + CHUNK - 1) / CHUNK);
}

static const wf_optim_common *common_of(const wf_plan *plan) {
    return plan->options.optimizer->config;
}

wf_status wf__plan_prepare_update(wf_plan *plan, wf_context *cx) {
    wf_params *params = plan->params;
    size_t size = (size_t)plan->graph->trainable_size;
    WF_REQUIRE(size > 0, WF_E_ARG, "graph %s has nothing to train", plan->graph->name);
    if (!params->gradient)
        WF_TRY(wf_alloc(&params->gradient, cx, (size_t)plan->graph->total_size, sizeof(float)));
    if (!plan->options.optimizer) return WF_OK;
    int n_slots = plan->options.optimizer->class->n_slots(plan->options.optimizer->config);
    for (int i = 0; i < n_slots; i++)
        if (!params->slots[i]) WF_TRY(wf_alloc(&params->slots[i], cx, size, sizeof(float)));
    return wf_alloc(&plan->norms, cx, (size_t)chunk_count(plan), sizeof *plan->norms);
}

static double squared_norm(const float *x, int64_t n) {
    double sums[8] = {0};
    int64_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (int k = 0; k < 8; k++) sums[k] += (double)x[i + k] * (double)x[i + k];
    for (; i < n; i++) sums[0] += (double)x[i] * (double)x[i];
    return ((sums[0] + sums[1]) + (sums[2] + sums[3])) +
           ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

typedef struct update_run {
    wf_plan *plan;
    void (*run)(const struct update_run *u, int item);
    double learning_rate;
    float scale, average_share; /* of the new values in the average */
} update_run;

static void run_item(void *user, int item, int worker) {
    const update_run *u = user;
    const int64_t began = wf__profile_begin(u->plan);
    u->run(u, item);
    wf__profile_step(u->plan, worker, u->plan->n_steps, began);
}

static void run_items(update_run *u, void (*run)(const update_run *u, int item), int n_items) {
    u->run = run;
    wf__plan_run_items(u->plan, run_item, u, n_items, 0);
}

/* g <- g min(1, clipnorm / |g|) for one parameter entry */
static void clip_entry(const update_run *u, int item) {
    const wf_plan *plan = u->plan;
    const wf_param_entry *entry = &plan->graph->params[item];
    if (!entry->is_trainable) return;
    float *g = plan->params->gradient + entry->offset;
    double norm = sqrt(squared_norm(g, entry->size)), limit = common_of(plan)->clipnorm;
    if (norm <= limit) return;
    float scale = (float)(limit / norm);
    for (int64_t i = 0; i < entry->size; i++) g[i] *= scale;
}

static int64_t chunk_length(const wf_plan *plan, int item) {
    int64_t rest = plan->graph->trainable_size - (int64_t)item * CHUNK;
    return rest < CHUNK ? rest : CHUNK;
}

static void norm_chunk(const update_run *u, int item) {
    u->plan->norms[item] = squared_norm(u->plan->params->gradient + (int64_t)item * CHUNK,
                                        chunk_length(u->plan, item));
}

/* average += (1 - d) (value - average), while the new values are in the cache */
static void average(const update_run *u, int64_t first, int64_t n) {
    const wf_params *params = u->plan->options.average.params;
    if (!params) return;
    float *restrict to = params->value + first;
    const float *restrict from = u->plan->params->value + first;
    for (int64_t i = 0; i < n; i++) to[i] += u->average_share * (from[i] - to[i]);
}

/* Behind the chunks comes what is not trained. */
static void update_chunk(const update_run *u, int item) {
    const wf_params *p = u->plan->params;
    const wf_graph *g = u->plan->graph;
    if (item == chunk_count(u->plan)) {
        average(u, g->trainable_size, g->total_size - g->trainable_size);
        return;
    }
    int64_t first = (int64_t)item * CHUNK;
    wf_optim_args a = {.kernels = u->plan->kernels,
                       .n = chunk_length(u->plan, item),
                       .value = p->value + first,
                       .gradient = p->gradient + first,
                       .learning_rate = u->learning_rate,
                       .step = p->step,
                       .gradient_scale = u->scale};
    for (int i = 0; i < 3; i++) a.slots[i] = p->slots[i] ? p->slots[i] + first : NULL;
    u->plan->options.optimizer->class->update(&a, u->plan->options.optimizer->config);
    average(u, first, a.n);
}

static double average_decay(const wf_weight_average *a, int64_t step) {
    const double t = (double)step, early = (1 + t) / (10 + t);
    return a->has_warmup && early < a->decay ? early : a->decay;
}

void wf__plan_update(wf_plan *plan, const wf_batch *batch) {
    const wf_optim_common *common = common_of(plan);
    update_run u = {.plan = plan, .learning_rate = batch->learning_rate, .scale = 1};
    if (common->clipnorm > 0) run_items(&u, clip_entry, plan->graph->n_params);
    if (common->global_clipnorm > 0) {
        run_items(&u, norm_chunk, chunk_count(plan));
        double sum = 0;
        for (int i = 0; i < chunk_count(plan); i++) sum += plan->norms[i];
        if (sqrt(sum) > common->global_clipnorm)
            u.scale = (float)(common->global_clipnorm / sqrt(sum));
    }
    plan->params->step++;
    u.average_share = (float)(1 - average_decay(&plan->options.average, plan->params->step));
    run_items(&u, update_chunk, chunk_count(plan) + (plan->options.average.params != NULL));
    plan->params->generation++;
    if (plan->options.average.params) plan->options.average.params->generation++;
}
