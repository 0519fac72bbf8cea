#include "product.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "nn/flow.h"
#include "nn/infer.h"

/* ---- source ---- */

typedef struct source_config {
    wf_shape shape;
    int32_t batch;
} source_config;

static const wf_field no_fields[] = {{0}};

static wf_status source_infer(wf_infer *in) {
    const source_config *c = in->config;
    wf_shape rows = {.rank = 2, .dim = {c->batch, wf_shape_size(&c->shape)}};
    in->output = c->shape;
    return wf_infer_param(in, "rows", &rows, WF_INIT_ZEROS, 1, 1, 1);
}

typedef struct source_args {
    wf_buffer dst, diff_dst;
    int param;
    int64_t size;
} source_args;

static void source_forward(const wf_work *r, const void *args) {
    const source_args *a = args;
    memcpy(wf_at(r, a->dst), wf_value(r, a->param) + r->n0 * a->size,
           (size_t)(r->n * a->size) * sizeof(float));
}

static void source_backward(const wf_work *r, const void *args) {
    const source_args *a = args;
    memcpy(wf_gradient(r, a->param) + r->n0 * a->size, wf_at(r, a->diff_dst),
           (size_t)(r->n * a->size) * sizeof(float));
}

static wf_status source_plan(wf_builder *b) {
    source_args a = {b->dst, b->diff_dst, b->param, wf_shape_size(b->dst_shape)};
    WF_TRY(wf_build_shard_step(b, WF_FORWARD, source_forward, &a, sizeof a,
                               WF_USES(b->src[0], a.dst)));
    if (!b->is_training) return WF_OK;
    return wf_build_shard_step(b, WF_BACKWARD, source_backward, &a, sizeof a, WF_USES(a.diff_dst));
}

static const wf_layer_class source_class = {.name = "source",
                                            .min_inputs = 1,
                                            .max_inputs = 1,
                                            .flags = WF_LAYER_LAST_AXIS, /* may be tied to */
                                            .config_size = sizeof(source_config),
                                            .fields = no_fields,
                                            .infer = source_infer,
                                            .plan = source_plan};

/* ---- pass ---- */

typedef struct pass_args {
    wf_buffer src, dst, diff_src, diff_dst;
    int64_t size;
} pass_args;

static void pass_forward(const wf_work *r, const void *args) {
    const pass_args *a = args;
    memcpy(wf_at(r, a->dst), wf_at(r, a->src), (size_t)(r->n * a->size) * sizeof(float));
}

static void pass_backward(const wf_work *r, const void *args) {
    const pass_args *a = args;
    memcpy(wf_at(r, a->diff_src), wf_at(r, a->diff_dst), (size_t)(r->n * a->size) * sizeof(float));
}

static wf_status pass_plan(wf_builder *b) {
    pass_args a = {b->src[0], b->dst, b->diff_src[0], b->diff_dst, wf_shape_size(b->dst_shape)};
    WF_TRY(wf_build_shard_step(b, WF_FORWARD, pass_forward, &a, sizeof a, WF_USES(a.src, a.dst)));
    if (!b->is_training) return WF_OK;
    return wf_build_shard_step(b, WF_BACKWARD, pass_backward, &a, sizeof a,
                               WF_USES(a.diff_src, a.diff_dst));
}

static const wf_layer_class pass_class = {.name = "pass",
                                          .min_inputs = 1,
                                          .max_inputs = 1,
                                          .fields = no_fields,
                                          .infer = wf_infer_same,
                                          .plan = pass_plan};

/* ---- loss ---- */

static void dot_run(const wf_loss_args *a, const void *config, int is_fused) {
    (void)config;
    (void)is_fused;
    const size_t width = (size_t)a->classes;
    for (int row = 0; row < a->rows; row++) {
        const float *y = a->output + (size_t)row * width, *t = a->targets + (size_t)row * width;
        double sum = 0;
        for (size_t j = 0; j < width; j++) sum += (double)y[j] * (double)t[j];
        a->losses[row] = (float)sum;
        if (a->diff) memcpy(a->diff + (size_t)row * width, t, width * sizeof *t);
    }
}

static const wf_loss_class dot_class = {
    .name = "dot", .fused = WF_ACT_LINEAR, .fields = no_fields, .run = dot_run};

/* ---- the graph ---- */

static wf_status add_nodes(product *p, wf_context *cx, const product_layer *layer) {
    int input, last, sources[WF_MAX_INPUTS];
    WF_TRY(wf_graph_add_text(&input, p->graph, cx, "input", "shape: [1]", NULL, NULL, 0));
    for (int i = 0; i < layer->n_inputs; i++) {
        source_config config = {layer->inputs[i], layer->batch};
        wf_layer_spec spec = {&source_class, &config};
        char name[32];
        snprintf(name, sizeof name, "source_%d", i);
        WF_TRY(wf_graph_add(&sources[i], p->graph, cx, &spec, name, &input, 1));
    }
    WF_TRY(wf_graph_add_text(&p->layer, p->graph, cx, layer->class_name, layer->keys, "layer",
                             sources, layer->n_inputs));
    if (layer->is_inner) {
        wf_layer_spec spec = {&pass_class, NULL};
        WF_TRY(wf_graph_add(&last, p->graph, cx, &spec, "pass", &p->layer, 1));
    }
    return wf_graph_finish(p->graph, cx);
}

wf_status product_create(product **out, wf_context *cx, const product_layer *layer) {
    product *p;
    wf_status status;
    WF_TRY(wf_alloc(&p, cx, 1, sizeof *p));
    p->batch = layer->batch;
    p->n_inputs = layer->n_inputs;
    WF_TRY_OR(wf_graph_create(&p->graph, cx, "parity"));
    WF_TRY_OR(add_nodes(p, cx, layer));
    WF_TRY_OR(wf_params_create(&p->params, cx, p->graph, 1));
    WF_TRY_OR(wf_alloc(&p->output, cx, (size_t)(p->batch * product_output_size(p)), sizeof(float)));
    *out = p;
    return WF_OK;
done:
    product_destroy(p);
    return status;
}

void product_destroy(product *p) {
    if (!p) return;
    wf_params_destroy(p->params);
    wf_graph_destroy(p->graph);
    wf_free(p->output);
    wf_free(p);
}

long product_output_size(const product *p) {
    return (long)wf_shape_size(&p->graph->nodes[p->layer].shape);
}

static const wf_param_entry *find(const product *p, const char *node, const char *name) {
    char full[160];
    snprintf(full, sizeof full, "%s/%s", node, name);
    for (int i = 0; i < p->graph->n_params; i++)
        if (!strcmp(p->graph->params[i].name, full)) return &p->graph->params[i];
    return NULL;
}

float *product_value(const product *p, const char *name) {
    const wf_param_entry *entry = find(p, "layer", name);
    return entry ? p->params->value + entry->offset : NULL;
}

const float *product_gradient(const product *p, const char *name) {
    const wf_param_entry *entry = find(p, "layer", name);
    return entry ? p->params->gradient + entry->offset : NULL;
}

static const wf_param_entry *source(const product *p, int i) {
    char name[32];
    snprintf(name, sizeof name, "source_%d", i);
    return find(p, name, "rows");
}

float *product_input(const product *p, int i) { return p->params->value + source(p, i)->offset; }

const float *product_input_gradient(const product *p, int i) {
    return p->params->gradient + source(p, i)->offset;
}

wf_status product_run_once(product *p, wf_context *cx, const product_run *run) {
    const wf_loss loss = {&dot_class, NULL};
    const wf_plan_options options = {.mode = run->mode,
                                     .precision = run->precision,
                                     .batch_size = p->batch,
                                     .seed = run->seed,
                                     .loss = &loss,
                                     .kernels = run->kernels,
                                     .shard_size = run->shard_size};
    const int n = run->n ? run->n : p->batch;
    wf_plan *plan = NULL;
    wf_status status;
    float *ones = NULL;
    p->params->generation++;
    WF_TRY_OR(wf_alloc(&ones, cx, (size_t)p->batch, sizeof *ones));
    WF_TRY_OR(wf_plan_create(&plan, cx, p->graph, p->params, run->pool, &options));
    if (run->mode == WF_PLAN_TRAIN)
        for (int64_t i = 0; i < p->graph->total_size; i++) p->params->gradient[i] = NAN;
    const wf_batch batch = {.values = ones,
                            .targets = run->cotangent,
                            .n = n,
                            .epoch = run->epoch,
                            .position = run->position};
    WF_TRY_OR(wf_plan_run(&p->result, plan, cx, &batch));
    memcpy(p->output, wf_plan_output(plan),
           (size_t)(n * product_output_size(p)) * sizeof *p->output);
done:
    wf_plan_destroy(plan);
    wf_free(ones);
    return status;
}

float product_random(uint64_t seed, long i) {
    wf_rng rng;
    wf_rng_init(&rng, seed, WF_STREAM_TEST, (uint32_t)i);
    return (float)(round(wf_rng_normal(&rng) * 4096) / 4096);
}
