/* Exports small models, with an input and what weft makes of it, for test_layers.py to run in ONNX
 * Runtime:
 *
 *     write_cases FOLDER
 *
 * One model per line of the shape files, whose numbers it takes over, and the models of cases.c,
 * where layers stand together whose tensors have different layouts. For each: <case>.onnx, the raw
 * floats <case>.in and <case>.out, and a JSON object on a line of its own in cases.jsonl. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "export/cases.h"
#include "nn/flow.h"
#include "nn/onnx.h"
#include "nn/plan.h"
#include "parity/problem.h"
#include "parity/product.h"
#include "weft/export.h"

static const char *folder;
static wf_pool *pool;
static wf_writer *list;

#define MUST(call)                                                                                 \
    do {                                                                                           \
        if ((call) != WF_OK) {                                                                     \
            fprintf(stderr, "%s: %s\n", #call, cx.message);                                        \
            exit(EXIT_FAILURE);                                                                    \
        }                                                                                          \
    } while (0)

/* "8, 7, 1" */
static const char *extents(char buffer[96], const wf_shape *shape) {
    size_t used = 0;
    for (int i = 0; i < shape->rank; i++)
        used += (size_t)snprintf(buffer + used, 96 - used, "%s%lld", i ? ", " : "",
                                 (long long)shape->dim[i]);
    return buffer;
}

static void write_floats(const char *name, const char *suffix, const float *values, int64_t n) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s%s", folder, name, suffix);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(values, sizeof *values, (size_t)n, file) != (size_t)n || fclose(file)) {
        perror(path);
        exit(EXIT_FAILURE);
    }
}

/* What the model's label_input makes of the batch, which is the exported graph's second input; the
 * number of steps, 0 without one. */
static int write_tokens(const char *name, const wf_graph *g, wf_params *params,
                        const wf_batch *batch) {
    wf_context cx = {0};
    wf_plan *plan = NULL;
    int node = g->n_nodes - 1;
    while (node > 0 && g->nodes[node].n_inputs > 0) node--;
    if (node == 0) return 0;
    const wf_plan_options options = {
        .mode = WF_PLAN_INFER, .batch_size = batch->n, .layer = g->nodes[node].name};
    wf_batch sequences = *batch;
    sequences.sequence_length = (int)g->nodes[node].shape.dim[0];
    MUST(wf_plan_create(&plan, &cx, g, params, pool, &options));
    MUST(wf_plan_run(NULL, plan, &cx, &sequences));
    write_floats(name, ".tokens", wf_plan_output(plan), batch->n * wf_plan_output_size(plan));
    wf_plan_destroy(plan);
    return sequences.sequence_length;
}

/* `values` is [n][input size]: what goes into the graph. With a normalization, whole numbers. */
static void write_case(const char *name, const char *layer, const wf_graph *g, wf_params *params,
                       const float *values, int n, const wf_normalization *normalization) {
    wf_context cx = {0};
    char path[512], shape[96];
    const wf_shape *input = &g->nodes[0].shape;
    const int64_t size = n * wf_shape_size(input);
    const wf_plan_options plan_options = {.mode = WF_PLAN_INFER, .batch_size = n};
    const wf_onnx_options options = {.normalization = normalization};
    wf_batch batch = {.values = values, .sequences = small_sequences(), .n = n};
    wf_plan *plan = NULL;
    float *normal = NULL;
    if (normalization) {
        MUST(wf_alloc(&normal, &cx, (size_t)size, sizeof *normal));
        for (int64_t i = 0; i < size; i++) {
            int c = (int)(i % normalization->channels);
            normal[i] = values[i] * normalization->scale[c] + normalization->shift[c];
        }
        batch.values = normal;
    }
    params->generation++;
    batch.sequence_length = write_tokens(name, g, params, &batch);
    MUST(wf_plan_create(&plan, &cx, g, params, pool, &plan_options));
    MUST(wf_plan_run(NULL, plan, &cx, &batch));
    snprintf(path, sizeof path, "%s/%s.onnx", folder, name);
    MUST(wf_export_onnx(NULL, &cx, path, params, &options));
    write_floats(name, ".in", values, size);
    write_floats(name, ".out", wf_plan_output(plan), n * wf_shape_size(&g->nodes[g->output].shape));
    MUST(wf_writer_addf(
        list, &cx, "{\"name\": \"%s\", \"layer\": \"%s\", \"steps\": %d, \"shape\": [%d, %s]}\n",
        name, layer, batch.sequence_length, n, extents(shape, input)));
    wf_plan_destroy(plan);
    wf_free(normal);
}

/* ---- a line of a shape file ---- */

/* Of a layer with several inputs: each is a part of the graph's only one. */
typedef struct part_config {
    wf_shape shape;
    int64_t from;
} part_config;

static const wf_field no_fields[] = {{0}};

static wf_status part_infer(wf_infer *in) {
    in->output = ((const part_config *)in->config)->shape;
    return WF_OK;
}

typedef struct part_args {
    wf_buffer src, dst;
    int64_t whole, from, size;
} part_args;

static void part_run(const wf_work *r, const void *args) {
    const part_args *a = args;
    const float *src = wf_at(r, a->src);
    float *dst = wf_at(r, a->dst);
    for (int i = 0; i < r->n; i++)
        memcpy(dst + i * a->size, src + i * a->whole + a->from, (size_t)a->size * sizeof *dst);
}

static wf_status part_plan(wf_builder *b) {
    const part_config *c = b->config;
    const part_args a = {b->src[0], b->dst, wf_shape_size(b->src_shape[0]), c->from,
                         wf_shape_size(&c->shape)};
    return wf_build_shard_step(b, WF_FORWARD, part_run, &a, sizeof a, WF_USES(a.src, a.dst));
}

static wf_status part_onnx(wf_onnx *x) {
    const part_config *c = x->config;
    const int64_t from = c->from, to = from + wf_shape_size(&c->shape), axis = 1;
    int64_t dims[WF_MAX_RANK + 1] = {0};
    wf_onnx_name inputs[4], y;
    WF_TRY(wf_onnx_input(&inputs[0], x, 0, WF_ONNX_WEFT));
    WF_TRY(wf_onnx_ints(&inputs[1], x, "from", &from, 1));
    WF_TRY(wf_onnx_ints(&inputs[2], x, "to", &to, 1));
    WF_TRY(wf_onnx_ints(&inputs[3], x, "axis", &axis, 1));
    WF_TRY(wf_onnx_apply(&y, x, "Slice", inputs, 4, NULL, 0));
    for (int i = 0; i < c->shape.rank; i++) dims[i + 1] = c->shape.dim[i];
    WF_TRY(wf_onnx_reshape(&y, x, &y, dims, c->shape.rank + 1));
    wf_onnx_output(x, &y, WF_ONNX_WEFT);
    return WF_OK;
}

static const wf_layer_class part_class = {.name = "part",
                                          .min_inputs = 1,
                                          .max_inputs = 1,
                                          .config_size = sizeof(part_config),
                                          .fields = no_fields,
                                          .infer = part_infer,
                                          .plan = part_plan,
                                          .onnx = part_onnx};

static void add_input(wf_graph *g, const wf_shape *shape) {
    wf_context cx = {0};
    char text[96], keys[128];
    int node;
    snprintf(keys, sizeof keys, "shape: [%s]", extents(text, shape));
    MUST(wf_graph_add_text(&node, g, &cx, "input", keys, NULL, NULL, 0));
}

static wf_status graph_of_line(wf_graph **out, wf_context *errors, const problem *p,
                               const char *keys) {
    wf_context cx = {0};
    wf_graph *g = NULL;
    int node, inputs[WF_MAX_INPUTS] = {0};
    wf_shape whole = p->inputs[0];
    MUST(wf_graph_create(&g, &cx, p->line->layer));
    if (p->n_inputs > 1) {
        whole = (wf_shape){.rank = 1};
        for (int i = 0; i < p->n_inputs; i++) whole.dim[0] += wf_shape_size(&p->inputs[i]);
    }
    add_input(g, &whole);
    int64_t from = 0;
    for (int i = 0; i < p->n_inputs && p->n_inputs > 1; i++) {
        part_config config = {p->inputs[i], from};
        const wf_layer_spec spec = {&part_class, &config};
        MUST(wf_graph_add(&inputs[i], g, &cx, &spec, NULL, (const int[]){0}, 1));
        from += wf_shape_size(&p->inputs[i]);
    }
    wf_status status =
        wf_graph_add_text(&node, g, errors, p->line->layer, keys, "layer", inputs, p->n_inputs);
    if (status != WF_OK) {
        wf_graph_destroy(g);
        return status;
    }
    MUST(wf_graph_finish(g, &cx));
    *out = g;
    return WF_OK;
}

static void set_parameters(wf_params *params, const problem *p) {
    char full[96];
    for (int i = 0; i < p->n_params; i++) {
        snprintf(full, sizeof full, "layer/%s", p->params[i].name);
        for (int k = 0; k < params->graph->n_params; k++) {
            const wf_param_entry *entry = &params->graph->params[k];
            if (strcmp(entry->name, full) != 0) continue;
            for (int64_t j = 0; j < entry->size; j++)
                params->value[entry->offset + j] = (float)p->params[i].value[j];
        }
    }
}

static void write_line(const shapes_problem *line) {
    wf_context cx = {0};
    wf_graph *g = NULL;
    wf_params *params = NULL;
    problem p;
    char keys[512], name[64];
    float *values = NULL;
    problem_keys(keys, sizeof keys, line);
    if (!problem_create(&p, line, 24)) exit(EXIT_FAILURE);
    /* The references know activations of recurrent layers that weft refuses. */
    if (graph_of_line(&g, &cx, &p, keys) == WF_OK) {
        const int64_t size = wf_shape_size(&g->nodes[0].shape);
        int64_t from = 0;
        MUST(wf_params_create(&params, &cx, g, 1));
        set_parameters(params, &p);
        MUST(wf_alloc(&values, &cx, (size_t)(p.n * size), sizeof *values));
        for (int i = 0; i < p.n_inputs; i++) {
            const int64_t part = wf_shape_size(&p.inputs[i]);
            for (long row = 0; row < p.n; row++)
                for (int64_t j = 0; j < part; j++)
                    values[row * size + from + j] = (float)p.x[i][row * part + j];
            from += part;
        }
        snprintf(name, sizeof name, "%s-%d", line->layer, line->line);
        write_case(name, line->layer, g, params, values, (int)p.n, NULL);
    }
    wf_free(values);
    wf_params_destroy(params);
    wf_graph_destroy(g);
    problem_reset(&p);
}

/* ---- a model of cases.c ---- */

/* What starts as zeros or ones gets values that show when they are forgotten. */
static void disturb(wf_params *params) {
    for (int i = 0; i < params->graph->n_params; i++) {
        const wf_param_entry *entry = &params->graph->params[i];
        const int is_factor = strstr(entry->name, "variance") || strstr(entry->name, "gamma");
        for (int64_t j = 0; j < entry->size; j++) {
            float *value = &params->value[entry->offset + j],
                  by = product_random(77u + (uint64_t)i, (long)j);
            if (entry->shape.rank > 1 && entry->initializer != WF_INIT_ZEROS) continue;
            *value = is_factor ? 0.5f + fabsf(by) : *value + 0.3f * by;
        }
    }
}

static void write_model(const export_case *c) {
    static const wf_normalization normalization = {
        3, {1 / 60.0f, 1 / 70.0f, 1 / 80.0f}, {-1.5f, 0, 0.25f}};
    enum { IMAGES = 5 };
    wf_context cx = {0};
    wf_graph *g = NULL;
    wf_params *params = NULL;
    float *values = NULL;
    int node;
    MUST(wf_graph_create(&g, &cx, c->name));
    add_input(g, &c->input);
    for (const small_layer *l = c->layers; l->class_name; l++) {
        int inputs[3] = {g->n_nodes - 1}, n = 0;
        for (; n < 3 && l->inputs[n]; n++) inputs[n] = wf_graph_find(g, l->inputs[n]);
        if (n == 0) n = wf_layer_find(l->class_name)->max_inputs > 0;
        MUST(wf_graph_add_text(&node, g, &cx, l->class_name, l->keys, l->name, inputs, n));
    }
    MUST(wf_graph_finish(g, &cx));
    MUST(wf_params_create(&params, &cx, g, 3));
    disturb(params);
    const int is_image = c->input.rank == 3 && c->input.dim[2] == normalization.channels;
    const int64_t size = IMAGES * wf_shape_size(&c->input);
    MUST(wf_alloc(&values, &cx, (size_t)size, sizeof *values));
    for (int64_t i = 0; i < size; i++) {
        const float x = product_random(5, (long)i);
        values[i] = is_image ? floorf(fminf(fabsf(x), 2.5f) * 100) : x;
    }
    write_case(c->name, c->name, g, params, values, IMAGES, is_image ? &normalization : NULL);
    wf_free(values);
    wf_params_destroy(params);
    wf_graph_destroy(g);
}

int main(int argc, char **argv) {
    wf_context cx = {0};
    char path[512];
    if (argc != 2) return EXIT_FAILURE;
    folder = argv[1];
    snprintf(path, sizeof path, "%s/cases.jsonl", folder);
    MUST(wf_writer_open(&list, &cx, path));
    MUST(wf_pool_create(&pool, &cx, 1));
    for (size_t i = 0; i < wf_layer_count(); i++) {
        const wf_layer_class *class = wf_layer_at(i);
        int count;
        if (class->flags & WF_LAYER_NO_GRADIENT_CHECK) continue;
        shapes_problem *lines =
            shapes_load(WF_SOURCE_DIR "/tests/parity/shapes", class->name, &count);
        for (int k = 0; k < count; k++) write_line(&lines[k]);
        free(lines);
    }
    for (const export_case *c = export_cases; c->name; c++) write_model(c);
    MUST(wf_writer_commit(list, &cx));
    wf_pool_destroy(pool);
    return EXIT_SUCCESS;
}
