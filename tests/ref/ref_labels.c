#include <stdlib.h>

#include "util.h"

void ref_embedding_forward(long n, long width, const double *x, const double *table, double *y) {
    for (long i = 0; i < n; i++)
        for (long j = 0; j < width; j++)
            y[i * width + j] = x[i] < 0 ? 0 : table[(long)x[i] * width + j];
}

void ref_embedding_backward(long n, long rows, long width, const double *x, const double *dy,
                            double *dtable) {
    ref__clear(dtable, rows * width);
    for (long i = 0; i < n; i++)
        for (long j = 0; j < width && x[i] >= 0; j++)
            dtable[(long)x[i] * width + j] += dy[i * width + j];
}

void ref_repeat_vector_forward(long n, long t, long f, const double *x, double *y) {
    for (long i = 0; i < n; i++)
        for (long s = 0; s < t; s++)
            for (long j = 0; j < f; j++) y[(i * t + s) * f + j] = x[i * f + j];
}

void ref_repeat_vector_backward(long n, long t, long f, const double *dy, double *dx) {
    ref__clear(dx, n * f);
    for (long i = 0; i < n; i++)
        for (long s = 0; s < t; s++)
            for (long j = 0; j < f; j++) dx[i * f + j] += dy[(i * t + s) * f + j];
}

static void scores(const ref_tied_dense *p, const double *x, const double *e, const double *bias,
                   double *z) {
    for (long i = 0; i < p->n; i++)
        for (long u = 0; u < p->units; u++) {
            z[i * p->units + u] = bias ? bias[u] : 0;
            for (long j = 0; j < p->f; j++)
                z[i * p->units + u] += x[i * p->f + j] * e[u * p->f + j];
        }
}

void ref_tied_dense_forward(const ref_tied_dense *p, const double *x, const double *e,
                            const double *bias, double *y) {
    scores(p, x, e, bias, y);
    ref_activation_forward(p->activation, p->n, p->units, y, y);
}

void ref_tied_dense_backward(const ref_tied_dense *p, const double *x, const double *e,
                             const double *bias, const double *dy, double *dx, double *de,
                             double *dbias) {
    double *z = ref__zeros(p->n * p->units), *dz = ref__zeros(p->n * p->units);
    scores(p, x, e, bias, z);
    ref_activation_backward(p->activation, p->n, p->units, z, dy, dz);
    ref__clear(dx, p->n * p->f);
    ref__clear(de, p->units * p->f);
    ref__clear(dbias, p->units);
    for (long i = 0; i < p->n; i++)
        for (long u = 0; u < p->units; u++) {
            const double d = dz[i * p->units + u];
            if (dbias) dbias[u] += d;
            for (long j = 0; j < p->f; j++) {
                if (dx) dx[i * p->f + j] += d * e[u * p->f + j];
                if (de) de[u * p->f + j] += d * x[i * p->f + j];
            }
        }
    free(z);
    free(dz);
}

void ref_label_sets_forward(long n, long k, const double *x, const double *w, double *y) {
    for (long i = 0; i < n; i++)
        for (long s = 0; s < 1L << k; s++) {
            double score = 0;
            for (long a = 0, pair = 0; a < k; a++) {
                if (s >> a & 1) score += x[i * k + a];
                for (long b = a + 1; b < k; b++, pair++)
                    if ((s >> a & 1) && (s >> b & 1)) score += w[pair];
            }
            y[(i << k) + s] = score;
        }
}

void ref_label_sets_backward(long n, long k, const double *dy, double *dx, double *dw) {
    ref__clear(dx, n * k);
    ref__clear(dw, k * (k - 1) / 2);
    for (long i = 0; i < n; i++)
        for (long s = 0; s < 1L << k; s++)
            for (long a = 0, pair = 0; a < k; a++) {
                if (dx && (s >> a & 1)) dx[i * k + a] += dy[(i << k) + s];
                for (long b = a + 1; b < k; b++, pair++)
                    if (dw && (s >> a & 1) && (s >> b & 1)) dw[pair] += dy[(i << k) + s];
            }
}
