/* Affinities: how probable it is that two rows of features are neighbours. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "eval/tsne_parts.h"

enum { BISECTIONS = 100, ROWS = 128 };

/* One step of the bisection: p [k] for this beta. Returns the entropy in nats. Distances count from
 * the nearest, so that one exponential at least is 1. */
static double entropy_of(double *p, const float *squared, int32_t k, double beta, double nearest) {
    double sum = 0, weighted = 0;
    for (int32_t i = 0; i < k; i++) {
        const double off = (double)squared[i] - nearest;
        p[i] = exp(-beta * off);
        sum += p[i];
        weighted += off * p[i];
    }
    for (int32_t i = 0; i < k; i++) p[i] /= sum;
    return log(sum) + beta * weighted / sum;
}

void wf__calibrate(double *p, const float *squared, int32_t k, double perplexity) {
    const double wanted = log(perplexity);
    double nearest = (double)squared[0], mean = 0, low = 0, high = INFINITY;
    for (int32_t i = 0; i < k; i++) {
        nearest = fmin(nearest, (double)squared[i]);
        mean += (double)squared[i] / k;
    }
    double beta = mean > nearest ? 1 / (mean - nearest) : 1;
    for (int step = 0; step < BISECTIONS; step++) {
        const double above = entropy_of(p, squared, k, beta, nearest) - wanted;
        if (fabs(above) <= 1e-5) return;
        *(above > 0 ? &low : &high) = beta;
        beta = high < INFINITY ? .5 * (low + high) : 2 * beta;
        if (beta > DBL_MAX / 4) return; /* more rows than wanted are equally near */
    }
}

/* ---- rows, in parallel ---- */

typedef struct rows {
    int32_t *index; /* [n][k] */
    const float *squared;
    float *value; /* [n][k] */
    double *p;    /* [workers][k] */
    int64_t n;
    int32_t k;
    double perplexity;
} rows;

/* By insertion: rows are short. */
static void sort_row(int32_t *index, float *value, int32_t k) {
    for (int32_t i = 1; i < k; i++) {
        const int32_t x = index[i];
        const float v = value[i];
        int32_t j = i;
        for (; j > 0 && index[j - 1] > x; j--) {
            index[j] = index[j - 1];
            value[j] = value[j - 1];
        }
        index[j] = x;
        value[j] = v;
    }
}

static void calibrate_rows(void *user, int item, int worker) {
    const rows *r = user;
    double *p = r->p + (ptrdiff_t)worker * r->k;
    for (int64_t i = (int64_t)item * ROWS; i < r->n && i < (int64_t)(item + 1) * ROWS; i++) {
        float *value = r->value + i * r->k;
        wf__calibrate(p, r->squared + i * r->k, r->k, r->perplexity);
        for (int32_t j = 0; j < r->k; j++) value[j] = (float)p[j];
        sort_row(r->index + i * r->k, value, r->k);
    }
}

/* ---- symmetry ---- */

/* The transposed matrix of rows of k: row i lists who has i among its neighbours, ascending. */
typedef struct transposed {
    int64_t *first; /* [n + 1] */
    int32_t *index;
    float *value;
} transposed;

static void transpose(transposed *t, const rows *r) {
    for (int64_t e = 0; e < r->n * r->k; e++) t->first[r->index[e] + 1]++;
    for (int64_t i = 0; i < r->n; i++) t->first[i + 1] += t->first[i];
    for (int64_t i = 0; i < r->n; i++)
        for (int32_t j = 0; j < r->k; j++) {
            const int64_t to = t->first[r->index[i * r->k + j]]++;
            t->index[to] = (int32_t)i;
            t->value[to] = r->value[i * r->k + j];
        }
    memmove(t->first + 1, t->first, (size_t)r->n * sizeof *t->first); /* ends became beginnings */
    t->first[0] = 0;
}

/* Row i of out = (row i of r + row i of t) * scale, merged by column. */
static void merge_row(wf__affinities *out, const rows *r, const transposed *t, int64_t i,
                      float scale) {
    const int32_t *a = r->index + i * r->k, *b = t->index + t->first[i];
    const float *va = r->value + i * r->k, *vb = t->value + t->first[i];
    const int64_t na = r->k, nb = t->first[i + 1] - t->first[i];
    int64_t at = out->first[i];
    for (int64_t ia = 0, ib = 0; ia < na || ib < nb; at++) {
        const int32_t ca = ia < na ? a[ia] : INT32_MAX, cb = ib < nb ? b[ib] : INT32_MAX;
        float value = 0;
        if (ca <= cb) value += va[ia++];
        if (cb <= ca) value += vb[ib++];
        out->index[at] = ca < cb ? ca : cb;
        out->value[at] = value * scale;
    }
    out->first[i + 1] = at;
}

static wf_status symmetrize(wf__affinities *out, wf_context *cx, const rows *r) {
    const size_t edges = (size_t)r->n * (size_t)r->k;
    transposed t = {0};
    wf_status status;
    WF_TRY_OR(wf_alloc(&t.first, cx, (size_t)r->n + 1, sizeof *t.first));
    WF_TRY_OR(wf_alloc(&t.index, cx, edges, sizeof *t.index));
    WF_TRY_OR(wf_alloc(&t.value, cx, edges, sizeof *t.value));
    WF_TRY_OR(wf_alloc(&out->first, cx, (size_t)r->n + 1, sizeof *out->first));
    WF_TRY_OR(wf_alloc(&out->index, cx, edges, 2 * sizeof *out->index));
    WF_TRY_OR(wf_alloc(&out->value, cx, edges, 2 * sizeof *out->value));
    out->n = r->n;
    transpose(&t, r);
    const float scale = (float)(.5 / (double)r->n);
    for (int64_t i = 0; i < r->n; i++) merge_row(out, r, &t, i, scale);
done:
    wf_free(t.first);
    wf_free(t.index);
    wf_free(t.value);
    return status;
}

wf_status wf__affinities_create(wf__affinities *out, wf_context *cx, wf_pool *pool,
                                const int32_t *index, const float *squared, int64_t n, int32_t k,
                                double perplexity) {
    const size_t edges = (size_t)n * (size_t)k;
    wf__affinities made = {0};
    rows r = {.squared = squared, .n = n, .k = k, .perplexity = perplexity};
    wf_status status;
    WF_TRY_OR(wf_alloc(&r.index, cx, edges, sizeof *r.index));
    WF_TRY_OR(wf_alloc(&r.value, cx, edges, sizeof *r.value));
    WF_TRY_OR(wf_alloc(&r.p, cx, (size_t)wf_pool_size(pool), (size_t)k * sizeof *r.p));
    memcpy(r.index, index, edges * sizeof *r.index);
    wf_pool_run(pool, calibrate_rows, &r, (int)((n + ROWS - 1) / ROWS));
    WF_TRY_OR(symmetrize(&made, cx, &r));
    *out = made;
    made = (wf__affinities){0};
done:
    wf__affinities_reset(&made);
    wf_free(r.index);
    wf_free(r.value);
    wf_free(r.p);
    return status;
}

void wf__affinities_reset(wf__affinities *p) {
    wf_free(p->first);
    wf_free(p->index);
    wf_free(p->value);
    *p = (wf__affinities){0};
}
