/* How a model's answer develops while it reads an image, row by row. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "eval/explain.h"
#include "nn/fields.h"
#include "nn/plan.h"

enum { IMAGES = 64 }; /* in one batch */

/* ---- the model for a part of the image ---- */

/* The same layers behind an input whose axis `axis` has `extent` lines. */
static wf_status rebuild(wf_graph **out, wf_context *cx, const wf_graph *g, int axis,
                         int64_t extent) {
    const wf_node *input = &g->nodes[0];
    const wf_layer_class *class = input->spec.class;
    wf_graph *part = NULL;
    void *config = NULL;
    char text[96] = "[";
    wf_status status;
    for (int i = 0, n = 1; i < input->shape.rank; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "%s%lld", i ? ", " : "",
                      (long long)(i == axis ? extent : input->shape.dim[i]));
    strcat(text, "]");
    WF_TRY_OR(wf_graph_create(&part, cx, g->name));
    WF_TRY_OR(wf_fields_copy(&config, cx, class->fields, class->config_size, input->spec.config));
    WF_TRY_OR(wf_fields_set(cx, input->name, class->fields, config, "shape", text));
    for (int i = 0; i < g->n_nodes; i++) {
        const wf_node *node = &g->nodes[i];
        const wf_layer_spec spec = {node->spec.class, i == 0 ? config : node->spec.config};
        int added;
        WF_TRY_OR(wf_graph_add(&added, part, cx, &spec, node->name, node->inputs, node->n_inputs));
    }
    WF_TRY_OR(wf_graph_finish(part, cx));
    *out = part;
    part = NULL;
done:
    wf_free(config);
    wf_graph_destroy(part);
    return status;
}

static int has_same_params(const wf_graph *a, const wf_graph *b) {
    if (a->n_params != b->n_params) return 0;
    for (int i = 0; i < a->n_params; i++)
        if (!wf_shape_equal(&a->params[i].shape, &b->params[i].shape) ||
            a->params[i].offset != b->params[i].offset)
            return 0;
    return 1;
}

static void destroy_parts(wf_graph **parts, int64_t n) {
    for (int64_t t = 0; t < n; t++) wf_graph_destroy(parts[t]);
    wf_free(parts);
}

/* parts[t - 1] is for t lines, t = 1 .. lines; NULL where some number of lines makes no model, or
 * one with other parameters.  Errors: WF_E_NOMEM. */
static wf_status build_parts(wf_graph ***out, wf_context *cx, const wf_graph *g, int axis) {
    const int64_t lines = g->nodes[0].shape.dim[axis];
    wf_graph **parts = NULL;
    wf_status status = WF_OK;
    WF_TRY(wf_alloc(&parts, cx, (size_t)lines, sizeof *parts));
    for (int64_t t = 1; t <= lines && status == WF_OK; t++) {
        wf_context refused = {0}; /* that there is no such model is an answer */
        status = rebuild(&parts[t - 1], &refused, g, axis, t);
        if (status == WF_OK && !has_same_params(parts[t - 1], g)) status = WF_E_SHAPE;
    }
    if (status == WF_OK) {
        *out = parts;
        return WF_OK;
    }
    destroy_parts(parts, lines);
    WF_REQUIRE(status != WF_E_NOMEM, WF_E_NOMEM, "model %s for parts of an image: out of memory",
               g->name);
    return WF_OK;
}

/* ---- answers ---- */

static wf_status answer(float *out, wf_context *cx, const wf_graph *g, const wf_params *params,
                        wf_pool *pool, const wf_explain_options *options, const uint8_t *pixels,
                        int n) {
    wf_params own = *params; /* the same numbers under another graph */
    wf_plan *plan = NULL;
    own.graph = g;
    const wf_plan_options plan_options = {.mode = WF_PLAN_INFER, .batch_size = n};
    const wf_batch batch = {.pixels = pixels,
                            .scale = options->normalization.scale,
                            .shift = options->normalization.shift,
                            .n = n};
    WF_TRY(wf_plan_create(&plan, cx, g, &own, pool, &plan_options));
    wf_status status = wf_plan_run(NULL, plan, cx, &batch);
    if (status == WF_OK)
        memcpy(out, wf_plan_output(plan),
               (size_t)n * (size_t)wf_plan_output_size(plan) * sizeof *out);
    wf_plan_destroy(plan);
    return status;
}

/* The first t lines of the image along the axis: to [t][W][C] or [H][t][C]. */
static void cut(uint8_t *to, const uint8_t *pixels, const wf_images *images, int axis, int64_t t) {
    const size_t row = (size_t)images->width * (size_t)images->channels;
    const size_t part = axis == 0 ? row : (size_t)t * (size_t)images->channels;
    const int64_t rows = axis == 0 ? t : images->height;
    for (int64_t y = 0; y < rows; y++)
        memcpy(to + (size_t)y * part, pixels + (size_t)y * row, part);
}

static wf_status answer_parts(wf_progression *p, wf_context *cx, wf_graph *const *parts,
                              const wf_params *params, wf_pool *pool,
                              const wf_explain_options *options, uint8_t *pixels) {
    const int axis = p->reading == WF_READING_COLUMNS;
    for (int64_t t = 1; t <= p->lines; t++) {
        cut(pixels, wf__explain_pixels(options), options->images, axis, t);
        WF_TRY(answer(p->outputs + (t - 1) * p->classes, cx, parts[t - 1], params, pool, options,
                      pixels, 1));
    }
    return WF_OK;
}

/* Images of which the first t rows, t = 1 .. lines, are the image's and the others the baseline's;
 * `pixels` has room for IMAGES of them. */
static wf_status answer_filled(wf_progression *p, wf_context *cx, const wf_params *params,
                               wf_pool *pool, const wf_explain_options *options, uint8_t *pixels) {
    const size_t row = (size_t)options->images->width * (size_t)options->images->channels;
    const size_t image = row * (size_t)p->lines;
    for (int32_t t = 0, n; t < p->lines; t += n) {
        n = p->lines - t < IMAGES ? p->lines - t : IMAGES;
        memset(pixels, options->baseline, (size_t)n * image);
        for (int32_t i = 0; i < n; i++)
            memcpy(pixels + (size_t)i * image, wf__explain_pixels(options),
                   (size_t)(t + i + 1) * row);
        WF_TRY(answer(p->outputs + (ptrdiff_t)t * p->classes, cx, params->graph, params, pool,
                      options, pixels, n));
    }
    return WF_OK;
}

/* Sets the reading, and the models that it takes.  Errors: WF_E_NOMEM. */
static wf_status choose_reading(wf_progression *p, wf_graph ***parts, wf_context *cx,
                                const wf_graph *g) {
    if (g->nodes[0].shape.rank == 3) {
        p->reading = WF_READING_ROWS;
        WF_TRY(build_parts(parts, cx, g, 0));
        if (*parts) return WF_OK;
        p->reading = WF_READING_COLUMNS;
        WF_TRY(build_parts(parts, cx, g, 1));
        if (*parts) return WF_OK;
    }
    p->reading = WF_READING_FILLED;
    return WF_OK;
}

wf_status wf_progression_create(wf_progression *out, wf_params *params, wf_context *cx,
                                wf_pool *pool, const wf_explain_options *options) {
    const wf_graph *g = params->graph;
    const wf_images *images = options->images;
    wf_progression p = {.classes = (int32_t)wf_shape_size(&g->nodes[g->output].shape)};
    wf_graph **parts = NULL;
    uint8_t *pixels = NULL;
    wf_status status;
    WF_TRY(wf__explain_check(cx, g, options));
    WF_TRY(choose_reading(&p, &parts, cx, g));
    p.lines = p.reading == WF_READING_COLUMNS ? images->width : images->height;
    const size_t image = (size_t)images->height * (size_t)images->width * (size_t)images->channels;
    WF_TRY_OR(wf_alloc(&pixels, cx, parts ? 1 : IMAGES, image));
    WF_TRY_OR(wf_alloc(&p.outputs, cx, (size_t)p.lines * (size_t)p.classes, sizeof *p.outputs));
    WF_TRY_OR(parts ? answer_parts(&p, cx, parts, params, pool, options, pixels)
                    : answer_filled(&p, cx, params, pool, options, pixels));
    *out = p;
    p.outputs = NULL;
done:
    if (parts) destroy_parts(parts, p.lines);
    wf_free(pixels);
    wf_free(p.outputs);
    return status;
}

void wf_progression_reset(wf_progression *progression) {
    wf_free(progression->outputs);
    *progression = (wf_progression){0};
}
