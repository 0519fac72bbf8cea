/* Running a compiled plan; see plan.h. */
#include <math.h>
#include <stdio.h>

#include "nn/plan_internal.h"

/* ---- what steps call ---- */

void *wf_at(const wf_work *r, wf_buffer buffer) {
    const wf_plan *plan = r->plan;
    const wf_plan_buffer *b = &plan->buffers[buffer];
    switch (b->kind) {
    case WF_BUFFER_FIXED: return plan->fixed_memory + b->offset;
    case WF_BUFFER_LOCAL: {
        const size_t before = b->images < plan->shard_size ? 0 : (size_t)(r->n0 - r->shard_n0);
        return plan->local_memory + (size_t)r->worker * plan->local_bytes + b->offset +
               before * b->bytes;
    }
    default: return plan->batch_memory + b->offset + (size_t)r->n0 * b->bytes;
    }
}

float *wf_at_image(const wf_work *r, wf_buffer buffer, int64_t n0) {
    const wf_plan_buffer *b = &r->plan->buffers[buffer];
    return (float *)(void *)(r->plan->batch_memory + b->offset + (size_t)n0 * b->bytes);
}

int wf_work_shards(const wf_work *r) {
    return (r->batch->n + r->plan->shard_size - 1) / r->plan->shard_size;
}

void wf_work_shard_range(const wf_work *r, int shard, int *n0, int *n) {
    int size = r->plan->shard_size;
    *n0 = shard * size;
    *n = r->batch->n - *n0 < size ? r->batch->n - *n0 : size;
}

int64_t wf_work_row(const wf_work *r, int image) {
    const wf_batch *batch = r->batch;
    const int at = batch->hypotheses > 0 ? image / batch->hypotheses : image;
    return batch->index ? batch->index[at] : at;
}

static const int32_t *sequence_of(const wf_work *r, const int32_t *sequences, int image) {
    const int64_t row = r->batch->hypotheses > 0 ? image : wf_work_row(r, image);
    return sequences + row * r->batch->sequence_length;
}

const int32_t *wf_work_sequence(const wf_work *r, int image) {
    return sequence_of(r, r->batch->sequences, image);
}

const int32_t *wf_work_told(const wf_work *r, int image) {
    return sequence_of(r, r->batch->told ? r->batch->told : r->batch->sequences, image);
}

int wf_work_steps(const wf_work *r, int steps) {
    return r->plan->counted_steps < steps ? r->plan->counted_steps : steps;
}

float *wf_value(const wf_work *r, int index) {
    return r->plan->params->value + r->plan->graph->params[index].offset;
}

float *wf_gradient(const wf_work *r, int index) {
    return r->plan->params->gradient + r->plan->graph->params[index].offset;
}

wf_mask_key wf_work_mask_key(const wf_work *r, int node) {
    return (wf_mask_key){.seed = r->plan->options.seed,
                         .stream = WF_STREAM_LAYER + (uint32_t)node,
                         .epoch = r->batch->epoch,
                         .position = r->batch->position + r->n0};
}

static const void *kept(const wf_plan *plan, wf_buffer buffer) {
    return plan->batch_memory + plan->buffers[buffer].offset;
}

const float *wf_plan_output(const wf_plan *plan) { return kept(plan, plan->dst[plan->output]); }
const float *wf_plan_scores(const wf_plan *plan) { return kept(plan, plan->scores); }
const float *wf_plan_input_gradient(const wf_plan *p) { return kept(p, p->input_gradient); }
const float *wf_plan_layer_values(const wf_plan *plan) {
    return kept(plan, plan->dst[plan->layer]);
}
const float *wf_plan_layer_gradient(const wf_plan *p) { return kept(p, p->layer_gradient); }

const float *wf_plan_shown(const wf_plan *plan) { return kept(plan, plan->shown); }
int64_t wf_plan_shown_size(const wf_plan *plan) { return plan->shown_size; }

int64_t wf_plan_output_size(const wf_plan *plan) {
    return wf_shape_size(&plan->graph->nodes[plan->output].shape);
}

int64_t wf_plan_memory_bytes(const wf_plan *plan) {
    size_t workers = (size_t)wf_pool_size(plan->pool);
    return (int64_t)(plan->batch_bytes + plan->fixed_bytes +
                     workers * (plan->local_bytes + plan->scratch_bytes));
}

/* ---- phases ---- */

static wf_work work_of(const wf_plan *plan, int worker) {
    return (wf_work){.plan = plan,
                     .kernels = plan->kernels,
                     .batch = plan->batch,
                     .worker = worker,
                     .n = plan->batch->n,
                     .scratch = plan->scratch_memory + (size_t)worker * plan->scratch_bytes};
}

typedef struct phase_run {
    const wf_plan *plan;
    const wf_phase *phase;
} phase_run;

/* Images n0 .. of the shard, as many as step k's group takes. */
static void take_images(const wf_plan *plan, wf_work *r, int k, int n0) {
    const int rest = r->shard_n0 + r->shard_n - n0, most = plan->order[k].group.images;
    r->n0 = n0;
    r->n = rest < most ? rest : most;
}

/* The first step of a phase for a shard. */
static int begin_shard(const wf_plan *plan, const wf_phase *phase, wf_work *r, int shard) {
    r->shard = shard;
    wf_work_shard_range(r, shard, &r->shard_n0, &r->shard_n);
    take_images(plan, r, phase->first, r->shard_n0);
    return phase->first;
}

/* The step behind step k, until the phase ends: of the same group, of the group for the next
 * images, or of the next group. */
static int next_step(const wf_plan *plan, const wf_phase *phase, wf_work *r, int k) {
    const wf_group *group = &plan->order[k].group;
    if (++k < group->end) return k;
    const int n0 = r->n0 + r->n;
    if (n0 < r->shard_n0 + r->shard_n) {
        take_images(plan, r, group->first, n0);
        return group->first;
    }
    if (k < phase->first + phase->n) take_images(plan, r, k, r->shard_n0);
    return k;
}

static void run_shard(void *user, int item, int worker) {
    const phase_run *p = user;
    wf_work r = work_of(p->plan, worker);
    int64_t began = wf__profile_begin(p->plan);
    for (int k = begin_shard(p->plan, p->phase, &r, item); k < p->phase->first + p->phase->n;
         k = next_step(p->plan, p->phase, &r, k)) {
        const wf_plan_step *step = &p->plan->order[k];
        step->run(&r, step->args);
        began = wf__profile_step(p->plan, worker, k, began);
    }
}

static void run_tile(void *user, int item, int worker) {
    const phase_run *p = user;
    wf_work r = work_of(p->plan, worker);
    const wf_plan_step *step = &p->plan->order[p->phase->first];
    const int64_t began = wf__profile_begin(p->plan);
    r.tile = item;
    while (r.tile >= step->n_tiles) r.tile -= step++->n_tiles;
    step->run(&r, step->args);
    wf__profile_step(p->plan, worker, (int)(step - p->plan->order), began);
}

void wf__plan_run_items(const wf_plan *plan, wf_pool_fn fn, void *user, int n_items, int is_short) {
    const int64_t began = wf__profile_begin(plan);
    (is_short ? wf_pool_run_short : wf_pool_run)(plan->pool, fn, user, n_items);
    if (plan->profile) plan->profile->phases_ns += wf_clock_ns() - began;
}

static void run_phases(wf_plan *plan, int first, int last) {
    for (int i = first; i < last; i++) {
        phase_run p = {plan, &plan->phases[i]};
        if (p.phase->n_tiles)
            wf__plan_run_items(plan, run_tile, &p, p.phase->n_tiles, p.phase->is_short);
        else
            wf__plan_run_items(plan, run_shard, &p,
                               (plan->batch->n + plan->shard_size - 1) / plan->shard_size,
                               p.phase->is_short);
    }
}

/* ---- when the loss is not finite ---- */

static int is_finite(const float *x, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i])) return 0;
    return 1;
}

const char *wf_plan_infinite_parameter(const wf_plan *plan) {
    for (int i = 0; i < plan->graph->n_params; i++) {
        const wf_param_entry *p = &plan->graph->params[i];
        if (!is_finite(plan->params->value + p->offset, (size_t)p->size)) return p->name;
    }
    return NULL;
}

/* Before its node's last forward step a layer's output is not there yet. */
static int is_last_of_node(const wf_plan *plan, int k) {
    for (int i = k + 1; i < plan->n_steps; i++)
        if (plan->order[i].list == WF_FORWARD && plan->order[i].node == plan->order[k].node)
            return 0;
    return 1;
}

/* Runs the forward steps again, one after another, and looks at each layer's output. */
static const wf_node *infinite_layer(const wf_plan *plan) {
    for (int i = plan->n_refresh_phases; i < plan->n_phases; i++) {
        const wf_phase *phase = &plan->phases[i];
        wf_work r = work_of(plan, 0);
        int items = phase->n_tiles ? phase->n_tiles : wf_work_shards(&r);
        for (int item = 0; item < items; item++) {
            int k = phase->first;
            r.tile = item;
            if (phase->n_tiles == 0) k = begin_shard(plan, phase, &r, item);
            for (; k < phase->first + phase->n; k = next_step(plan, phase, &r, k)) {
                const wf_plan_step *step = &plan->order[k];
                if (step->list != WF_FORWARD) break;
                step->run(&r, step->args);
                const wf_node *node = &plan->graph->nodes[step->node];
                int is_whole = phase->n_tiles == 0 || item == items - 1;
                if (is_whole && is_last_of_node(plan, k) &&
                    !is_finite(wf_at(&r, plan->dst[step->node]),
                               (size_t)(r.n * wf_shape_size(&node->shape))))
                    return node;
            }
        }
    }
    return NULL;
}

static wf_status fail_diverged(const wf_plan *plan, wf_context *cx, double loss) {
    const char *parameter = wf_plan_infinite_parameter(plan);
    const wf_node *node = infinite_layer(plan);
    char where[64] = "";
    if (plan->options.mode == WF_PLAN_TRAIN)
        snprintf(where, sizeof where, " at optimizer step %lld", (long long)plan->params->step + 1);
    WF_REQUIRE(node || parameter, WF_E_DIVERGED,
               "loss is %g%s: the outputs of all layers are finite, it alone is not finite | lower "
               "the learning rate, or end the model in what its loss expects, as softmax",
               loss, where);
    return WF_FAIL(WF_E_DIVERGED,
                   "loss is %g%s: the output of layer %s is not finite%s%s | lower the learning "
                   "rate or clip gradients (global_clipnorm)",
                   loss, where, node ? node->name : plan->graph->nodes[plan->graph->output].name,
                   parameter ? ", nor is parameter " : "", parameter ? parameter : "");
}

/* ---- one batch ---- */

/* The loss looks at each sequence up to its END. */
static int count_steps(const wf_plan *plan) {
    const wf_work r = {.plan = plan, .batch = plan->batch};
    const int length = plan->sequence_length;
    int steps = 1;
    if (!length) return 0;
    if (plan->losses == WF_NO_BUFFER) return plan->batch->steps ? plan->batch->steps : length;
    for (int i = 0; i < plan->batch->n; i++)
        while (steps < length && wf_work_sequence(&r, i)[steps] >= 0) steps++;
    return steps;
}

static double sum_losses(const wf_plan *plan, int64_t *correct) {
    const float *loss = kept(plan, plan->losses);
    const int32_t *hit = kept(plan, plan->hits);
    double sum = 0;
    *correct = 0;
    for (int i = 0; i < plan->batch->n; i++) {
        sum += (double)loss[i];
        *correct += hit[i];
    }
    return sum;
}

wf_status wf_plan_run(wf_batch_result *out_result, wf_plan *plan, wf_context *cx,
                      const wf_batch *batch) {
    WF_REQUIRE(batch->n >= 1 && batch->n <= plan->options.batch_size, WF_E_ARG,
               "batch has %d rows, the plan takes 1 to %d", batch->n, plan->options.batch_size);
    WF_REQUIRE(!batch->pixels != !batch->values, WF_E_ARG, "a batch needs either pixels or values");
    WF_REQUIRE(batch->pixels || !plan->options.augmentation || !plan->options.augmentation->n,
               WF_E_ARG, "augmentation works on pixels, the batch holds values");
    WF_REQUIRE(!plan->from || batch->values, WF_E_ARG,
               "the plan begins with layer %s, the batch must give its values",
               plan->graph->nodes[plan->from].name);
    const int wanted = plan->sequence_length, given = batch->sequences ? batch->sequence_length : 0;
    WF_REQUIRE(!wanted || wanted == given, WF_E_ARG,
               "model %s reads %d labels of each image, the batch has %d | give it sequences of "
               "labels",
               plan->graph->name, wanted, given);
    plan->batch = batch;
    plan->counted_steps = count_steps(plan);
    const int is_training = plan->options.mode == WF_PLAN_TRAIN;
    const int is_stale = plan->generation != plan->params->generation;
    run_phases(plan, is_stale ? 0 : plan->n_refresh_phases, plan->n_phases);
    plan->generation = plan->params->generation;

    wf_batch_result result = {0};
    wf_status status = WF_OK;
    if (plan->losses != WF_NO_BUFFER) {
        double loss = sum_losses(plan, &result.correct);
        result.loss = loss / batch->n;
        if (!isfinite(loss)) status = fail_diverged(plan, cx, result.loss);
    }
    if (status == WF_OK && is_training && plan->options.optimizer) wf__plan_update(plan, batch);
    plan->batch = NULL;
    if (status == WF_OK && out_result) *out_result = result;
    return status;
}
