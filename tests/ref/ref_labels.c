#include <math.h>
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

/* What step t of image i gives each place. */
static void attention_weights(const ref_attention *p, long i, long t, const double *q,
                              const double *k, double *w) {
    double sum = 0;
    for (long s = 0; s < p->s; s++) {
        double score = 0;
        for (long j = 0; j < p->d; j++)
            score += q[(i * p->t + t) * p->d + j] * k[(i * p->s + s) * p->d + j];
        w[s] = exp(p->scale * score);
        sum += w[s];
    }
    for (long s = 0; s < p->s; s++) w[s] /= sum;
}

void ref_attention_forward(const ref_attention *p, const double *q, const double *v,
                           const double *k, double *y) {
    double *w = ref__zeros(p->s);
    for (long i = 0; i < p->n; i++)
        for (long t = 0; t < p->t; t++) {
            attention_weights(p, i, t, q, k, w);
            for (long j = 0; j < p->f; j++) {
                double sum = 0;
                for (long s = 0; s < p->s; s++) sum += w[s] * v[(i * p->s + s) * p->f + j];
                y[(i * p->t + t) * p->f + j] = sum;
            }
        }
    free(w);
}

/* With a_s = dy . v_s: d score_s = w_s (a_s - sum_r w_r a_r). */
void ref_attention_backward(const ref_attention *p, const double *q, const double *v,
                            const double *k, const double *dy, double *dq, double *dv, double *dk,
                            double *dscale) {
    double *w = ref__zeros(p->s), *a = ref__zeros(p->s);
    ref__clear(dq, p->n * p->t * p->d);
    ref__clear(dv, p->n * p->s * p->f);
    ref__clear(dk, p->n * p->s * p->d);
    ref__clear(dscale, 1);
    for (long i = 0; i < p->n; i++)
        for (long t = 0; t < p->t; t++) {
            const double *dyt = dy + (i * p->t + t) * p->f, *qt = q + (i * p->t + t) * p->d;
            double mean = 0;
            attention_weights(p, i, t, q, k, w);
            for (long s = 0; s < p->s; s++) {
                a[s] = 0;
                for (long j = 0; j < p->f; j++) {
                    a[s] += dyt[j] * v[(i * p->s + s) * p->f + j];
                    if (dv) dv[(i * p->s + s) * p->f + j] += w[s] * dyt[j];
                }
                mean += w[s] * a[s];
            }
            for (long s = 0; s < p->s; s++) {
                const double d = w[s] * (a[s] - mean), *ks = k + (i * p->s + s) * p->d;
                for (long j = 0; j < p->d; j++) {
                    if (dq) dq[(i * p->t + t) * p->d + j] += p->scale * d * ks[j];
                    if (dk) dk[(i * p->s + s) * p->d + j] += p->scale * d * qt[j];
                    if (dscale) *dscale += d * qt[j] * ks[j];
                }
            }
        }
    free(w);
    free(a);
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
