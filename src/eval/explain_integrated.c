/* Integrated gradients: shares of a score, along the straight path between two inputs. */
#include <math.h>

#include "base/alloc.h"
#include "eval/explain.h"

enum { STEPS = 64, MAX_STEPS = 4096, STEPS_PER_BATCH = 64 };

/* Newton's iteration from Tricomi's approximation of the roots of P_n, with
 *  j P_j = (2 j - 1) x P_(j-1) - (j - 1) P_(j-2),  P_n' = n (x P_n - P_(n-1)) / (x^2 - 1),
 *  weight = 2 / ((1 - x^2) P_n'^2) on (-1, 1). */
void wf__gauss_legendre(double *nodes, double *weights, int n) {
    for (int i = 0; i < n; i++) {
        double x = -cos(M_PI * (i + 0.75) / (n + 0.5)), slope = 1;
        for (int round = 0; round < 10; round++) {
            double p = 1, before = 0;
            for (int j = 1; j <= n; j++) {
                const double next = ((2 * j - 1) * x * p - (j - 1) * before) / j;
                before = p;
                p = next;
            }
            slope = n * (x * p - before) / (x * x - 1);
            x -= p / slope;
        }
        nodes[i] = (x + 1) / 2;
        weights[i] = 1 / ((1 - x * x) * slope * slope);
    }
}

/* The path, and the sum of gradients along it. */
typedef struct path {
    int64_t size;
    const float *from, *to; /* [size] */
    float *points;          /* [STEPS_PER_BATCH][size] */
    double *sums;           /* [size]: weighted gradients */
    double *nodes, *weights;
} path;

static void path_reset(path *p) {
    wf_free(p->points);
    wf_free(p->sums);
    wf_free(p->nodes);
}

static wf_status path_init(path *p, wf_context *cx, const float *ends, int64_t size, int steps) {
    p->size = size;
    p->from = ends;
    p->to = ends + size;
    WF_TRY(wf_alloc(&p->points, cx, STEPS_PER_BATCH * (size_t)size, sizeof *p->points));
    WF_TRY(wf_alloc(&p->sums, cx, (size_t)size, sizeof *p->sums));
    WF_TRY(wf_alloc(&p->nodes, cx, 2 * (size_t)steps, sizeof *p->nodes));
    p->weights = p->nodes + steps;
    wf__gauss_legendre(p->nodes, p->weights, steps);
    return WF_OK;
}

/* Adds steps first .. first + n - 1. */
static wf_status walk(path *p, wf__asker *a, wf_context *cx, int first, int n) {
    for (int k = 0; k < n; k++) {
        const double t = p->nodes[first + k];
        for (int64_t i = 0; i < p->size; i++)
            p->points[k * p->size + i] =
                (float)((1 - t) * (double)p->from[i] + t * (double)p->to[i]);
    }
    WF_TRY(wf__ask(a, cx, (wf_batch){.values = p->points, .n = n}));
    const float *gradient = wf_plan_input_gradient(a->plan);
    for (int k = 0; k < n; k++)
        for (int64_t i = 0; i < p->size; i++)
            p->sums[i] += p->weights[first + k] * (double)gradient[k * p->size + i];
    return WF_OK;
}

wf_status wf__integrate(wf__integral *out, wf_params *params, wf_context *cx, wf_pool *pool,
                        const wf_explain_options *options, const float *ends) {
    const int64_t size = wf_shape_size(&params->graph->nodes[0].shape);
    const int steps = options->steps ? options->steps : STEPS;
    const int batch = steps < STEPS_PER_BATCH ? steps : STEPS_PER_BATCH;
    wf__integral result = {.size = size, .steps = steps};
    wf__asker a = {0};
    path p = {0};
    wf_status status;
    WF_REQUIRE(steps >= 1 && steps <= MAX_STEPS, WF_E_ARG,
               "integrated gradients of %d steps, must be 1 to %d", steps, MAX_STEPS);
    WF_TRY(
        wf__asker_create(&a, params, cx, pool, options->class_index, NULL, batch < 2 ? 2 : batch));
    WF_TRY_OR(path_init(&p, cx, ends, size, steps));
    WF_TRY_OR(wf__ask(&a, cx, (wf_batch){.values = ends, .n = 2}));
    result.baseline_score = wf__asker_score(&a, 0);
    result.score = wf__asker_score(&a, 1);
    for (int first = 0; first < steps; first += batch)
        WF_TRY_OR(walk(&p, &a, cx, first, steps - first < batch ? steps - first : batch));
    for (int64_t i = 0; i < size; i++) {
        p.sums[i] *= (double)p.to[i] - (double)p.from[i];
        result.sum += p.sums[i];
    }
    result.error = result.sum - (result.score - result.baseline_score);
    result.values = p.sums;
    p.sums = NULL;
    *out = result;
done:
    path_reset(&p);
    wf__asker_reset(&a);
    return status;
}

/* ---- of pixels ---- */

wf_status wf_attribution_create(wf_attribution *out, wf_params *params, wf_context *cx,
                                wf_pool *pool, const wf_explain_options *options) {
    const wf_images *images = options->images;
    wf_attribution result = {0};
    wf__integral all = {0};
    float *ends = NULL;
    wf_status status;
    WF_TRY(wf__explain_check(cx, params->graph, options));
    result.height = images->height;
    result.width = images->width;
    result.channels = images->channels;
    const int64_t row = (int64_t)images->width * images->channels, size = row * images->height;
    WF_TRY_OR(wf__explain_ends(&ends, params, cx, pool, options, 0));
    WF_TRY_OR(wf__integrate(&all, params, cx, pool, options, ends));
    WF_TRY_OR(wf_alloc(&result.values, cx, (size_t)size, sizeof *result.values));
    WF_TRY_OR(wf_alloc(&result.rows, cx, (size_t)images->height, sizeof *result.rows));
    for (int64_t i = 0; i < size; i++) {
        result.values[i] = (float)all.values[i];
        result.rows[i / row] += all.values[i];
    }
    result.steps = all.steps;
    result.score = all.score;
    result.baseline_score = all.baseline_score;
    result.sum = all.sum;
    result.error = all.error;
    *out = result;
    result = (wf_attribution){0};
done:
    wf_free(all.values);
    wf_free(ends);
    wf_attribution_reset(&result);
    return status;
}

void wf_attribution_reset(wf_attribution *attribution) {
    wf_free(attribution->values);
    wf_free(attribution->rows);
    *attribution = (wf_attribution){0};
}
