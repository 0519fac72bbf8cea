/* How a model's answer develops while it reads an image, row by row, and what each row adds. */
#include <string.h>

#include "base/alloc.h"
#include "eval/explain.h"

enum { IMAGES = 64 }; /* in one batch */

/* ---- answers ---- */

/* Of the model `g` under the reader's numbers, to inputs [n][size]. */
static wf_status answer(float *out, wf_context *cx, const wf_graph *g, const wf__reader *r,
                        wf_pool *pool, const float *inputs, int n) {
    wf_params own = r->params;
    wf_plan *plan = NULL;
    own.graph = g;
    const wf_plan_options plan_options = {.mode = WF_PLAN_INFER, .batch_size = n};
    WF_TRY(wf_plan_create(&plan, cx, g, &own, pool, &plan_options));
    wf_status status = wf_plan_run(NULL, plan, cx, &(wf_batch){.values = inputs, .n = n});
    if (status == WF_OK)
        memcpy(out, wf_plan_output(plan),
               (size_t)n * (size_t)wf_plan_output_size(plan) * sizeof *out);
    wf_plan_destroy(plan);
    return status;
}

/* The first t lines of what is read, of the form [H][W][C]: to [t][W][C] or [H][t][C]. */
static void cut(float *to, const float *from, const wf_shape *form, int is_by_column, int64_t t) {
    const int64_t row = form->dim[1] * form->dim[2];
    const int64_t part = is_by_column ? t * form->dim[2] : row;
    const int64_t rows = is_by_column ? form->dim[0] : t;
    for (int64_t y = 0; y < rows; y++)
        memcpy(to + y * part, from + y * row, (size_t)part * sizeof *to);
}

static wf_status answer_parts(wf_progression *p, wf_context *cx, const wf__reader *r, wf_pool *pool,
                              const float *read, float *part) {
    const wf_shape *form = &r->params.graph->nodes[0].shape;
    for (int64_t t = 1; t <= p->lines; t++) {
        cut(part, read, form, p->reading == WF_READING_COLUMNS, t);
        WF_TRY(answer(p->outputs + (t - 1) * p->classes, cx, r->parts[t - 1], r, pool, part, 1));
    }
    return WF_OK;
}

/* Images of which the first t rows, t = 1 .. lines, are the image's and the others the baseline's:
 * ends [2][size]; `images` has room for IMAGES of them. */
static wf_status answer_filled(wf_progression *p, wf_context *cx, const wf__reader *r,
                               wf_pool *pool, const float *ends, float *images) {
    const size_t size = (size_t)wf_shape_size(&r->params.graph->nodes[0].shape),
                 row = size / (size_t)p->lines;
    for (int32_t t = 0, n; t < p->lines; t += n) {
        n = p->lines - t < IMAGES ? p->lines - t : IMAGES;
        for (int32_t i = 0; i < n; i++) {
            float *image = images + (size_t)i * size;
            memcpy(image, ends, size * sizeof *image);
            memcpy(image, ends + size, (size_t)(t + i + 1) * row * sizeof *image);
        }
        WF_TRY(answer(p->outputs + (ptrdiff_t)t * p->classes, cx, r->params.graph, r, pool, images,
                      n));
    }
    return WF_OK;
}

/* ---- shares ---- */

static wf_status share_out(wf_progression *p, wf_context *cx, wf__reader *r, wf_pool *pool,
                           const wf_explain_options *options, const float *ends) {
    const wf_shape *form = &r->params.graph->nodes[0].shape;
    wf__integral all;
    WF_TRY(wf_alloc(&p->shares, cx, (size_t)p->lines, sizeof *p->shares));
    WF_TRY(wf__integrate(&all, &r->params, cx, pool, options, ends));
    const int64_t row = all.size / form->dim[0];
    for (int64_t i = 0; i < all.size; i++)
        p->shares[p->reading == WF_READING_COLUMNS ? i % row / form->dim[2] : i / row] +=
            all.values[i];
    p->sum = all.sum;
    p->error = all.error;
    wf_free(all.values);
    return WF_OK;
}

/* ---- both ---- */

wf_status wf_progression_create(wf_progression *out, wf_params *params, wf_context *cx,
                                wf_pool *pool, const wf_explain_options *options) {
    const wf_graph *g = params->graph;
    const wf_images *images = options->images;
    wf_progression p = {.classes = (int32_t)wf_shape_size(&g->nodes[g->output].shape)};
    wf__reader r = {0};
    float *ends = NULL, *inputs = NULL;
    wf_status status;
    WF_TRY(wf__explain_check(cx, g, options));
    WF_TRY_OR(wf__reader_create(&r, params, cx));
    const size_t size = (size_t)wf_shape_size(&g->nodes[r.node].shape);
    p.reading = r.reading;
    p.lines = r.lines;
    p.image_lines = r.reading == WF_READING_COLUMNS ? images->width : images->height;
    if (r.node > 0) WF_TRY_OR(wf_strdup(&p.layer, cx, g->nodes[r.node].name));
    WF_TRY_OR(wf__explain_ends(&ends, params, cx, pool, options, r.node));
    WF_TRY_OR(wf_alloc(&inputs, cx, r.parts ? 1 : IMAGES, size * sizeof *inputs));
    WF_TRY_OR(wf_alloc(&p.outputs, cx, (size_t)p.lines * (size_t)p.classes, sizeof *p.outputs));
    WF_TRY_OR(r.parts ? answer_parts(&p, cx, &r, pool, ends + size, inputs)
                      : answer_filled(&p, cx, &r, pool, ends, inputs));
    WF_TRY_OR(share_out(&p, cx, &r, pool, options, ends));
    *out = p;
    p = (wf_progression){0};
done:
    wf__reader_reset(&r);
    wf_free(inputs);
    wf_free(ends);
    wf_progression_reset(&p);
    return status;
}

void wf_progression_span(int32_t *out_first, int32_t *out_last, const wf_progression *p,
                         int32_t line) {
    const int64_t all = p->image_lines;
    *out_first = (int32_t)(line * all / p->lines);
    *out_last = (int32_t)(((line + 1) * all + p->lines - 1) / p->lines - 1);
}

void wf_progression_reset(wf_progression *progression) {
    wf_free(progression->layer);
    wf_free(progression->outputs);
    wf_free(progression->shares);
    *progression = (wf_progression){0};
}
