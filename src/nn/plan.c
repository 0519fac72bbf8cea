/* Compiling a graph into a plan; see plan.h. */
#include "nn/plan.h"

#include <string.h>

#include "base/alloc.h"
#include "nn/plan_internal.h"

/* ---- what layers call ---- */

static wf_status grow(void *array, wf_context *cx, int count, int *capacity, size_t size) {
    if (count < *capacity) return WF_OK;
    int larger = *capacity ? 2 * *capacity : 32;
    WF_TRY(wf_realloc(array, cx, (size_t)*capacity, (size_t)larger, size));
    *capacity = larger;
    return WF_OK;
}

static wf_status add_buffer(wf_buffer *out, wf_builder *b, wf_buffer_kind kind, size_t bytes) {
    wf_plan *plan = b->plan;
    WF_TRY(grow(&plan->buffers, b->cx, plan->n_buffers, &plan->buffers_capacity,
                sizeof *plan->buffers));
    plan->buffers[plan->n_buffers] = (wf_plan_buffer){
        .kind = kind, .bytes = bytes, .phase = WF_NO_PHASE, .first = -1, .last = -1};
    *out = plan->n_buffers++;
    return WF_OK;
}

wf_status wf_build_buffer(wf_buffer *out, wf_builder *b, size_t bytes) {
    return add_buffer(out, b, WF_BUFFER_BATCH, bytes);
}

wf_status wf_build_fixed(wf_buffer *out, wf_builder *b, size_t bytes) {
    return add_buffer(out, b, WF_BUFFER_FIXED, bytes);
}

void wf_build_scratch(wf_builder *b, size_t bytes) {
    bytes = wf__padded_bytes(bytes);
    if (bytes > b->plan->scratch_bytes) b->plan->scratch_bytes = bytes;
}

wf_status wf_build_tile_step(wf_builder *b, wf_list list, int n_tiles, wf_step_fn run,
                             const void *args, size_t args_size, const wf_buffer *uses,
                             int n_uses) {
    wf_plan *plan = b->plan;
    wf_context *cx = b->cx;
    WF_TRY(grow(&plan->steps, cx, plan->n_steps, &plan->steps_capacity, sizeof *plan->steps));
    static const wf_pass pass_of[] = {[WF_REFRESH] = WF_PASS_REFRESH,
                                      [WF_FORWARD] = WF_PASS_FORWARD,
                                      [WF_BACKWARD] = WF_PASS_BACKWARD,
                                      [WF_WGRAD] = WF_PASS_GRADIENT,
                                      [WF_WGRAD_SHARED] = WF_PASS_GRADIENT};
    wf_plan_step step = {.run = run,
                         .cost.pass = pass_of[list],
                         .node = b->node_index,
                         .list = list,
                         .n_tiles = n_tiles,
                         .first_use = plan->n_uses};
    for (int i = 0; i < n_uses; i++) {
        if (uses[i] == WF_NO_BUFFER) continue;
        WF_TRY(grow(&plan->uses, cx, plan->n_uses, &plan->uses_capacity, sizeof *plan->uses));
        plan->uses[plan->n_uses++] = uses[i];
        step.n_uses++;
    }
    WF_TRY(wf_alloc(&step.args, cx, 1, args_size));
    memcpy(step.args, args, args_size);
    plan->steps[plan->n_steps++] = step;
    return WF_OK;
}

wf_status wf_build_shard_step(wf_builder *b, wf_list list, wf_step_fn run, const void *args,
                              size_t args_size, const wf_buffer *uses, int n_uses) {
    return wf_build_tile_step(b, list, 0, run, args, args_size, uses, n_uses);
}

wf_status wf_build_image_step(wf_builder *b, wf_list list, wf_step_fn run, const void *args,
                              size_t args_size, const wf_buffer *uses, int n_uses) {
    WF_TRY(wf_build_shard_step(b, list, run, args, args_size, uses, n_uses));
    b->plan->steps[b->plan->n_steps - 1].is_image_step = 1;
    return WF_OK;
}

void wf_build_cost(wf_builder *b, wf_cost cost) {
    wf_plan_step *step = &b->plan->steps[b->plan->n_steps - 1];
    if (cost.pass == WF_PASS_OF_LIST) cost.pass = step->cost.pass;
    step->cost = cost;
}

/* ---- steps that belong to no layer ---- */

typedef struct sum_args {
    wf_buffer dst, parts[WF_MAX_INPUTS];
    int n_parts;
    int64_t size;
} sum_args;

/* The gradient of a value with several consumers is the sum of theirs. */
static void run_sum(const wf_work *r, const void *args) {
    const sum_args *s = args;
    size_t n = (size_t)(r->n * s->size);
    float *dst = wf_at(r, s->dst);
    r->kernels->add(dst, wf_at(r, s->parts[0]), wf_at(r, s->parts[1]), n);
    for (int i = 2; i < s->n_parts; i++) r->kernels->add(dst, dst, wf_at(r, s->parts[i]), n);
}

/* ---- gradients' buffers ---- */

typedef struct edges {
    wf_buffer *node;      /* [nodes] gradient of the node's output */
    wf_buffer *input;     /* [nodes][WF_MAX_INPUTS] gradient that the node gives to its input */
    unsigned char *wants; /* [nodes] something before or in the node is trainable */
    unsigned char *leads; /* [nodes] to the plan's output */
} edges;

static void edges_reset(edges *e) {
    wf_free(e->node);
    wf_free(e->input);
    wf_free(e->wants);
    wf_free(e->leads);
}

static int is_view(const wf_node *node) {
    return (node->spec.class->flags & WF_LAYER_SHARES_BUFFER) != 0;
}

/* How many consumers of node i there are; the first of them as (consumer, input slot), in order. */
static int consumers_of(const wf_graph *g, int i, int slots[WF_MAX_INPUTS]) {
    int n = 0;
    for (int k = i + 1; k < g->n_nodes; k++)
        for (int j = 0; j < g->nodes[k].n_inputs; j++)
            if (g->nodes[k].inputs[j] == i && n++ < WF_MAX_INPUTS)
                slots[n - 1] = k * WF_MAX_INPUTS + j;
    return n;
}

static size_t node_bytes(const wf_node *node) {
    return (size_t)wf_shape_size(&node->shape) * sizeof(float);
}

static wf_status edges_create(edges *e, wf_builder *b) {
    const wf_graph *g = b->graph;
    size_t n = (size_t)g->n_nodes;
    WF_TRY(wf_alloc(&e->node, b->cx, n, sizeof *e->node));
    WF_TRY(wf_alloc(&e->input, b->cx, n * WF_MAX_INPUTS, sizeof *e->input));
    WF_TRY(wf_alloc(&e->wants, b->cx, n, 1));
    WF_TRY(wf_alloc(&e->leads, b->cx, n, 1));
    e->leads[b->plan->output] = 1;
    for (int i = b->plan->output; i > 0; i--)
        for (int k = 0; k < g->nodes[i].n_inputs && e->leads[i] && i != b->plan->from; k++)
            e->leads[g->nodes[i].inputs[k]] = 1;
    for (size_t i = 0; i < n; i++) e->node[i] = WF_NO_BUFFER;
    for (size_t i = 0; i < n * WF_MAX_INPUTS; i++) e->input[i] = WF_NO_BUFFER;
    const int is_gradient = b->plan->options.mode == WF_PLAN_GRADIENT;
    if (!b->is_training && !is_gradient) return WF_OK;

    for (int i = 0; i < g->n_nodes; i++) {
        e->wants[i] = is_gradient || g->nodes[i].trains_another;
        for (int k = 0; k < g->nodes[i].n_inputs; k++)
            e->wants[i] |= e->wants[g->nodes[i].inputs[k]];
        for (int k = 0; k < g->nodes[i].n_params; k++)
            e->wants[i] |= g->params[g->nodes[i].first_param + k].is_trainable != 0;
    }
    for (int i = g->n_nodes - 1; i >= 0; i--) {
        if (!e->wants[i]) continue;
        int slots[WF_MAX_INPUTS], n_slots = consumers_of(g, i, slots);
        wf_context *cx = b->cx;
        WF_REQUIRE(n_slots <= WF_MAX_INPUTS, WF_E_LIMIT,
                   "layer %s is read %d times, at most %d gradients can be added | let some read a "
                   "copy, as dropout: {rate: 0} is one",
                   g->nodes[i].name, n_slots, WF_MAX_INPUTS);
        if (n_slots == 1) e->node[i] = e->input[slots[0]];
        else WF_TRY(wf_build_buffer(&e->node[i], b, node_bytes(&g->nodes[i])));
        for (int k = 0; k < g->nodes[i].n_inputs; k++) {
            int from = g->nodes[i].inputs[k];
            wf_buffer *edge = &e->input[i * WF_MAX_INPUTS + k];
            if (!e->wants[from]) continue;
            if (is_view(&g->nodes[i])) *edge = e->node[i];
            else WF_TRY(wf_build_buffer(edge, b, node_bytes(&g->nodes[from])));
        }
    }
    return WF_OK;
}

static wf_status add_gradient_sum(wf_builder *b, const edges *e, int i) {
    int slots[WF_MAX_INPUTS], n = consumers_of(b->graph, i, slots);
    if (n < 2 || !e->wants[i]) return WF_OK;
    sum_args s = {.dst = e->node[i], .size = wf_shape_size(&b->graph->nodes[i].shape)};
    wf_buffer uses[WF_MAX_INPUTS + 1] = {s.dst};
    for (int k = 0; k < n; k++) uses[1 + k] = s.parts[s.n_parts++] = e->input[slots[k]];
    return wf_build_image_step(b, WF_BACKWARD, run_sum, &s, sizeof s, uses, 1 + n);
}

/* ---- the order of the steps, their phases ---- */

static void append_list(wf_plan *plan, int *n, wf_list list, int node) {
    for (int i = 0; i < plan->n_steps; i++)
        if (plan->steps[i].list == list && (node < 0 || plan->steps[i].node == node))
            plan->order[(*n)++] = plan->steps[i];
}

/* Some group's buffers: most of the smallest L2 there is. */
enum { GROUP_BYTES = 256 << 10 };

/* What one image takes in the buffers of steps [first, end). */
static size_t image_bytes(const wf_plan *plan, int first, int end) {
    size_t bytes = 1;
    for (int k = first; k < end; k++)
        for (int u = 0; u < plan->order[k].n_uses; u++) {
            const wf_buffer buffer = plan->uses[plan->order[k].first_use + u];
            int is_new = 1;
            for (int before = first; before < k; before++)
                for (int v = 0; v < plan->order[before].n_uses; v++)
                    is_new &= plan->uses[plan->order[before].first_use + v] != buffer;
            if (is_new) bytes += plan->buffers[buffer].bytes;
        }
    return bytes;
}

static void group_steps(wf_plan *plan, const wf_phase *phase) {
    for (int first = phase->first, end; first < phase->first + phase->n; first = end) {
        for (end = first + 1; end < phase->first + phase->n && plan->order[first].is_image_step &&
                              plan->order[end].is_image_step;)
            end++;
        wf_group group = {first, end, plan->shard_size};
        size_t images = GROUP_BYTES / image_bytes(plan, first, end);
        if (images < 1) images = 1;
        if (plan->options.group_size) images = (size_t)plan->options.group_size;
        if (end > first + 1 && images < (size_t)plan->shard_size) group.images = (int)images;
        for (int i = first; i < end; i++) plan->order[i].group = group;
    }
}

/* What one core does in some dozen microseconds, roughly. */
enum { SHORT_FLOP = 10000000, SHORT_BYTES = 4000000 };

static void close_phase(wf_plan *plan, int first, int n) {
    if (n == 0) return;
    wf_phase phase = {.first = first, .n = n};
    double flop = 0, bytes = 0;
    for (int i = first; i < first + n; i++) {
        phase.n_tiles += plan->order[i].n_tiles;
        flop += plan->order[i].cost.flop * plan->options.batch_size;
        bytes += plan->order[i].cost.bytes;
    }
    phase.is_short = plan->n_shards == 1 && flop < SHORT_FLOP && bytes < SHORT_BYTES;
    if (phase.n_tiles == 0) group_steps(plan, &phase);
    plan->phases[plan->n_phases++] = phase;
}

static wf_status order_steps(wf_plan *plan, wf_context *cx) {
    int n = 0, first;
    WF_TRY(wf_alloc(&plan->order, cx, (size_t)plan->n_steps, sizeof *plan->order));
    WF_TRY(wf_alloc(&plan->phases, cx, (size_t)plan->n_steps, sizeof *plan->phases));

    append_list(plan, &n, WF_REFRESH, -1);
    close_phase(plan, 0, n);
    plan->n_refresh_phases = plan->n_phases;

    first = n;
    append_list(plan, &n, WF_FORWARD, -1);
    for (int i = plan->graph->n_nodes - 1; i >= 0; i--) append_list(plan, &n, WF_BACKWARD, i);
    for (int i = first; i < n; i++) { /* a tile step is a phase of its own */
        if (plan->order[i].n_tiles == 0) continue;
        close_phase(plan, first, i - first);
        close_phase(plan, i, 1);
        first = i + 1;
    }
    close_phase(plan, first, n - first);

    first = n;
    append_list(plan, &n, WF_WGRAD, -1);
    close_phase(plan, first, n - first);

    first = n;
    append_list(plan, &n, WF_WGRAD_SHARED, -1);
    for (; first < n; first++) close_phase(plan, first, 1);
    return WF_OK;
}

/* ---- compiling ---- */

/* Small enough that a shard's activations stay near the core; wide enough, where a product has one
 * row per image, that it reuses the weights; and several of them so that workers share the
 * batch. */
static int choose_shard_size(const wf_graph *g, int batch_size) {
    enum { TARGET_BYTES = 3 << 20, NARROW = 8, WIDE = 32 };
    size_t bytes = 1;
    int wants_wide = 0;
    for (int i = 0; i < g->n_nodes; i++) {
        bytes += node_bytes(&g->nodes[i]);
        wants_wide |= (g->nodes[i].spec.class->flags & WF_LAYER_WIDE_SHARDS) != 0;
    }
    const int least_shards = wants_wide ? 2 : 4;
    int size = wants_wide ? WIDE : NARROW;
    while (size < WIDE && (size_t)size * 2 * bytes <= TARGET_BYTES) size *= 2;
    while (size > 1 && size * least_shards > batch_size) size /= 2;
    return size;
}

/* What the step behind the output takes over: see wf_builder. A softmax of several rows is left
 * only to a loss that looks at them one by one. */
static unsigned final_activations(const wf_plan_options *o, const wf_shape *output) {
    const unsigned softmax = 1u << WF_ACT_SOFTMAX, sigmoid = 1u << WF_ACT_SIGMOID;
    const unsigned legal = output->rank == 1 ? softmax | sigmoid : sigmoid;
    if (o->mode == WF_PLAN_GRADIENT) return legal;
    if (o->mode == WF_PLAN_INFER || o->loss->class->fused == WF_ACT_LINEAR) return 0;
    return 1u << o->loss->class->fused & (wf__loss_steps(o->loss, output) ? softmax : legal);
}

static wf_status plan_node(wf_builder *b, const edges *e, int i) {
    const wf_graph *g = b->graph;
    const wf_node *node = &g->nodes[i];
    wf_context *cx = b->cx;
    b->node = node;
    b->node_index = i;
    b->config = node->spec.config;
    b->param = node->first_param;
    b->n_inputs = node->n_inputs;
    for (int k = 0; k < node->n_inputs; k++) {
        b->src_shape[k] = &g->nodes[node->inputs[k]].shape;
        b->src[k] = b->plan->dst[node->inputs[k]];
        b->diff_src[k] = e->input[i * WF_MAX_INPUTS + k];
    }
    b->dst_shape = &node->shape;
    b->diff_dst = e->node[i];
    b->final_activations = i == g->output ? final_activations(&b->plan->options, b->dst_shape) : 0;
    if (is_view(node) && i != b->plan->from) b->plan->dst[i] = b->src[0];
    else WF_TRY(wf_build_buffer(&b->plan->dst[i], b, node_bytes(node)));
    b->dst = b->plan->dst[i];
    WF_TRY(add_gradient_sum(b, e, i));
    if (b->plan->options.mode == WF_PLAN_GRADIENT) {
        if (i == 0) WF_TRY(wf__plan_keep(&b->plan->input_gradient, b));
        if (i == b->plan->layer) WF_TRY(wf__plan_keep(&b->plan->layer_gradient, b));
    }
    if (i == b->plan->from) return wf__plan_add_gather(b);
    if (is_view(node)) return WF_OK;
    WF_REQUIRE(node->spec.class->plan, WF_E_INTERNAL, "layer %s: class %s has no plan function",
               node->name, node->spec.class->name);
    return node->spec.class->plan(b);
}

/* A plan that begins in the middle must not need what lies before it. */
static wf_status check_start(const wf_plan *plan, wf_context *cx, const edges *e) {
    const wf_node *nodes = plan->graph->nodes;
    WF_REQUIRE(plan->from == 0 || e->leads[plan->from], WF_E_ARG,
               "layer %s does not lead to layer %s", nodes[plan->from].name,
               nodes[plan->output].name);
    WF_REQUIRE(plan->from == 0 || !e->leads[0], WF_E_ARG,
               "a plan from layer %s needs the images all the same | begin where all that is made "
               "of the images goes through",
               nodes[plan->from].name);
    return WF_OK;
}

static wf_status compile(wf_plan *plan, wf_context *cx) {
    wf_builder b = {.cx = cx,
                    .plan = plan,
                    .graph = plan->graph,
                    .kernels = plan->kernels,
                    .is_training = plan->options.mode == WF_PLAN_TRAIN,
                    .is_bf16 = plan->options.precision == WF_BFLOAT16,
                    .keeps_state = plan->options.keeps_state,
                    .batch_size = plan->options.batch_size,
                    .shard_size = plan->shard_size,
                    .n_shards = plan->n_shards};
    edges e = {0};
    wf_status status;
    WF_TRY_OR(edges_create(&e, &b));
    WF_TRY_OR(check_start(plan, cx, &e));
    WF_TRY_OR(wf_alloc(&plan->dst, cx, (size_t)plan->graph->n_nodes, sizeof *plan->dst));
    for (int i = 0; i < plan->graph->n_nodes; i++)
        if (e.leads[i]) WF_TRY_OR(plan_node(&b, &e, i));
    wf_buffer output = plan->dst[plan->output];
    plan->buffers[output].is_kept = 1;
    if (plan->options.mode == WF_PLAN_GRADIENT)
        WF_TRY_OR(wf__plan_add_scores(&b, output, e.node[plan->output]));
    else if (plan->options.mode != WF_PLAN_INFER)
        WF_TRY_OR(wf__plan_add_loss(&b, output, e.node[plan->output]));
    plan->sequence_length = b.sequence_length;
    WF_TRY_OR(order_steps(plan, cx));
    WF_TRY_OR(wf__plan_place_buffers(plan, cx));
done:
    edges_reset(&e);
    return status;
}

wf_status wf_plan_create(wf_plan **out, wf_context *cx, const wf_graph *g, wf_params *params,
                         wf_pool *pool, const wf_plan_options *options) {
    WF_REQUIRE(g->is_finished, WF_E_ARG, "graph %s is not finished | call wf_graph_finish",
               g->name);
    WF_REQUIRE(options->batch_size >= 1 && options->batch_size <= 1 << 20, WF_E_ARG,
               "batch size is %d, must be 1 to %d", options->batch_size, 1 << 20);
    const int has_loss = options->mode == WF_PLAN_EVALUATE || options->mode == WF_PLAN_TRAIN;
    WF_REQUIRE(!has_loss || options->loss, WF_E_ARG,
               "a plan for training or evaluation needs a loss");
    WF_REQUIRE(!options->augmentation || options->mode == WF_PLAN_TRAIN, WF_E_ARG,
               "a plan that does not train augments nothing");
    wf_plan *plan = NULL;
    int layer = g->output, from = 0;
    wf_status status;
    WF_REQUIRE(!options->layer || !has_loss, WF_E_ARG,
               "the outputs of layer %.60s are wanted of a plan that needs a loss", options->layer);
    WF_REQUIRE(!options->from || options->mode == WF_PLAN_INFER, WF_E_ARG,
               "a plan from layer %.60s must be one for inference", options->from);
    if (options->layer) WF_TRY(wf_graph_require(&layer, g, cx, options->layer));
    if (options->from) WF_TRY(wf_graph_require(&from, g, cx, options->from));
    WF_TRY(wf_alloc(&plan, cx, 1, sizeof *plan));
    plan->graph = g;
    plan->output = options->mode == WF_PLAN_INFER ? layer : g->output;
    plan->layer = layer;
    plan->from = from;
    plan->params = params;
    plan->pool = pool;
    plan->options = *options;
    plan->kernels = options->kernels ? options->kernels : wf_kernels_best();
    plan->losses = plan->hits = WF_NO_BUFFER;
    plan->shard_size =
        options->shard_size ? options->shard_size : choose_shard_size(g, options->batch_size);
    plan->n_shards = (options->batch_size + plan->shard_size - 1) / plan->shard_size;
    WF_TRY_OR(compile(plan, cx));
    if (options->mode == WF_PLAN_TRAIN) WF_TRY_OR(wf__plan_prepare_update(plan, cx));
    *out = plan;
    plan = NULL;
done:
    wf_plan_destroy(plan);
    return status;
}

void wf_plan_destroy(wf_plan *plan) {
    if (!plan) return;
    for (int i = 0; i < plan->n_steps; i++) wf_free(plan->steps[i].args);
    wf_free(plan->buffers);
    wf_free(plan->steps);
    wf_free(plan->uses);
    wf_free(plan->order);
    wf_free(plan->phases);
    wf_free(plan->batch_memory);
    wf_free(plan->local_memory);
    wf_free(plan->fixed_memory);
    wf_free(plan->scratch_memory);
    wf_free(plan->dst);
    wf_free(plan->norms);
    wf_free(plan);
}
