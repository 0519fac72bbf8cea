#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "nn/graph.h"
#include "nn/orthogonal.h"

/* Standard deviation of a standard normal variable that is cut off at 2. */
static const double truncated_stddev = 0.87962566103423978;

static void fill(float *value, int64_t n, float x) {
    for (int64_t i = 0; i < n; i++) value[i] = x;
}

static void fill_uniform(float *value, int64_t n, wf_rng *rng, double limit) {
    for (int64_t i = 0; i < n; i++) value[i] = (float)((2 * wf_rng_uniform(rng) - 1) * limit);
}

/* Normal numbers further than 2 deviations away are drawn again; `stddev` is the result's. */
static void fill_truncated(float *value, int64_t n, wf_rng *rng, double stddev) {
    for (int64_t i = 0; i < n; i++) {
        double x;
        do x = wf_rng_normal(rng);
        while (fabs(x) > 2);
        value[i] = (float)(x * stddev / truncated_stddev);
    }
}

/* As Keras: all axes but the last make the rows; a matrix that is wider than high is drawn as its
 * transpose. */
static wf_status fill_orthogonal(float *value, wf_context *cx, const wf_shape *shape, wf_rng *rng) {
    int64_t columns = shape->dim[shape->rank - 1], rows = wf_shape_size(shape) / columns;
    int64_t n = rows < columns ? rows : columns, m = rows < columns ? columns : rows;
    float *frame = NULL;
    if (rows <= columns) { /* the frame's vectors are the rows already */
        for (int64_t i = 0; i < n * m; i++) value[i] = (float)wf_rng_normal(rng);
        return wf_orthogonal_rows(value, cx, n, m);
    }
    WF_TRY(wf_alloc(&frame, cx, (size_t)(n * m), sizeof *frame));
    for (int64_t i = 0; i < n * m; i++) frame[i] = (float)wf_rng_normal(rng);
    wf_status status = wf_orthogonal_rows(frame, cx, n, m);
    for (int64_t i = 0; i < rows && status == WF_OK; i++)
        for (int64_t j = 0; j < columns; j++) value[i * columns + j] = frame[j * m + i];
    wf_free(frame);
    return status;
}

static wf_status initialise(float *value, wf_context *cx, const wf_param_entry *entry,
                            wf_rng *rng) {
    double in = (double)entry->fan_in, out = (double)entry->fan_out;
    int64_t n = entry->size;
    switch (entry->initializer) {
    case WF_INIT_ZEROS: fill(value, n, 0); break;
    case WF_INIT_ONES: fill(value, n, 1); break;
    case WF_INIT_GLOROT_UNIFORM: fill_uniform(value, n, rng, sqrt(6 / (in + out))); break;
    case WF_INIT_GLOROT_NORMAL: fill_truncated(value, n, rng, sqrt(2 / (in + out))); break;
    case WF_INIT_HE_UNIFORM: fill_uniform(value, n, rng, sqrt(6 / in)); break;
    case WF_INIT_HE_NORMAL: fill_truncated(value, n, rng, sqrt(2 / in)); break;
    case WF_INIT_LECUN_NORMAL: fill_truncated(value, n, rng, sqrt(1 / in)); break;
    case WF_INIT_UNIFORM: fill_uniform(value, n, rng, 0.05); break;
    case WF_INIT_ORTHOGONAL: return fill_orthogonal(value, cx, &entry->shape, rng);
    case WF_INIT_UNIT_FORGET_BIAS: /* gates i, f, c, o */
        fill(value, n, 0);
        fill(value + n / 4, n / 4, 1);
        break;
    }
    return WF_OK;
}

wf_status wf_params_create(wf_params **out, wf_context *cx, const wf_graph *g, uint64_t seed) {
    wf_params *p = NULL;
    wf_status status;
    WF_REQUIRE(g->is_finished, WF_E_ARG, "model %s is not finished, it has no parameters yet",
               g->name);
    WF_TRY(wf_alloc(&p, cx, 1, sizeof *p));
    p->graph = g;
    WF_TRY_OR(wf_alloc(&p->value, cx, (size_t)g->total_size, sizeof *p->value));
    for (int i = 0; i < g->n_params; i++) {
        wf_rng rng;
        wf_rng_init(&rng, seed, WF_STREAM_INIT, (uint32_t)i);
        WF_TRY_OR(initialise(p->value + g->params[i].offset, cx, &g->params[i], &rng));
    }
    p->generation = 1;
    *out = p;
    return WF_OK;
done:
    wf_params_destroy(p);
    return status;
}

wf_status wf_params_copy(wf_params **out, wf_context *cx, const wf_params *from) {
    const size_t size = (size_t)from->graph->total_size;
    wf_params *p = NULL;
    WF_TRY(wf_alloc(&p, cx, 1, sizeof *p));
    *p = (wf_params){.graph = from->graph, .generation = 1};
    wf_status status = wf_alloc(&p->value, cx, size, sizeof *p->value);
    if (status != WF_OK) {
        wf_params_destroy(p);
        return status;
    }
    memcpy(p->value, from->value, size * sizeof *p->value);
    *out = p;
    return WF_OK;
}

void wf_params_destroy(wf_params *p) {
    if (!p) return;
    wf_free(p->value);
    wf_free(p->gradient);
    for (int i = 0; i < 3; i++) wf_free(p->slots[i]);
    wf_free(p);
}
