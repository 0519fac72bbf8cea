#include <math.h>
#include <stdlib.h>

#include "util.h"

/* Both normalisations are one function over `m` values that lie `stride` apart:
 * xhat_i = (x_i - mean) / sqrt(variance + epsilon), with the biased variance. */
typedef struct series {
    long m, stride;
    double mean, variance, epsilon;
} series;

static series series_of(const double *x, long m, long stride, double epsilon) {
    series s = {m, stride, 0, 0, epsilon};
    for (long i = 0; i < m; i++) s.mean += x[i * stride] / (double)m;
    for (long i = 0; i < m; i++) {
        double d = x[i * stride] - s.mean;
        s.variance += d * d / (double)m;
    }
    return s;
}

static double hat(const series *s, const double *x, long i) {
    return (x[i * s->stride] - s->mean) / sqrt(s->variance + s->epsilon);
}

/* With u = dL/dxhat and r = 1 / sqrt(variance + epsilon):
 * dx_i = r * (u_i - mean(u) - xhat_i * mean(u * xhat)) */
static void series_backward(const series *s, const double *x, const double *u, double *dx) {
    double mean_u = 0, mean_ux = 0;
    for (long i = 0; i < s->m; i++) {
        mean_u += u[i * s->stride] / (double)s->m;
        mean_ux += u[i * s->stride] * hat(s, x, i) / (double)s->m;
    }
    for (long i = 0; i < s->m; i++)
        dx[i * s->stride] =
            (u[i * s->stride] - mean_u - hat(s, x, i) * mean_ux) / sqrt(s->variance + s->epsilon);
}

static double factor(const double *gamma, long c) { return gamma != NULL ? gamma[c] : 1; }

static double offset(const double *beta, long c) { return beta != NULL ? beta[c] : 0; }

void ref_batch_normalization_forward(const ref_norm *p, const double *x, const double *gamma,
                                     const double *beta, double *moving_mean,
                                     double *moving_variance, double *y) {
    for (long c = 0; c < p->c; c++) {
        series s = series_of(x + c, p->rows, p->c, p->epsilon);
        for (long r = 0; r < p->rows; r++)
            y[r * p->c + c] = factor(gamma, c) * hat(&s, x + c, r) + offset(beta, c);
        if (moving_mean != NULL)
            moving_mean[c] = p->momentum * moving_mean[c] + (1 - p->momentum) * s.mean;
        if (moving_variance != NULL)
            moving_variance[c] = p->momentum * moving_variance[c] + (1 - p->momentum) * s.variance;
    }
}

void ref_batch_normalization_backward(const ref_norm *p, const double *x, const double *gamma,
                                      const double *dy, double *dx, double *dgamma, double *dbeta) {
    ref__clear(dgamma, p->c);
    ref__clear(dbeta, p->c);
    double *u = ref__zeros(p->rows * p->c);
    for (long c = 0; c < p->c; c++) {
        series s = series_of(x + c, p->rows, p->c, p->epsilon);
        for (long r = 0; r < p->rows; r++) {
            double g = dy[r * p->c + c];
            u[r * p->c + c] = g * factor(gamma, c);
            if (dgamma != NULL) dgamma[c] += g * hat(&s, x + c, r);
            if (dbeta != NULL) dbeta[c] += g;
        }
        if (dx != NULL) series_backward(&s, x + c, u + c, dx + c);
    }
    free(u);
}

void ref_batch_normalization_infer(const ref_norm *p, const double *x, const double *gamma,
                                   const double *beta, const double *moving_mean,
                                   const double *moving_variance, double *y) {
    for (long i = 0; i < p->rows * p->c; i++) {
        long c = i % p->c;
        double xhat = (x[i] - moving_mean[c]) / sqrt(moving_variance[c] + p->epsilon);
        y[i] = factor(gamma, c) * xhat + offset(beta, c);
    }
}

void ref_batch_normalization_infer_backward(const ref_norm *p, const double *x, const double *gamma,
                                            const double *moving_mean,
                                            const double *moving_variance, const double *dy,
                                            double *dx, double *dgamma, double *dbeta) {
    ref__clear(dgamma, p->c);
    ref__clear(dbeta, p->c);
    for (long i = 0; i < p->rows * p->c; i++) {
        long c = i % p->c;
        double deviation = sqrt(moving_variance[c] + p->epsilon);
        if (dx != NULL) dx[i] = dy[i] * factor(gamma, c) / deviation;
        if (dgamma != NULL) dgamma[c] += dy[i] * (x[i] - moving_mean[c]) / deviation;
        if (dbeta != NULL) dbeta[c] += dy[i];
    }
}

void ref_layer_normalization_forward(const ref_norm *p, const double *x, const double *gamma,
                                     const double *beta, double *y) {
    for (long r = 0; r < p->rows; r++) {
        series s = series_of(x + r * p->c, p->c, 1, p->epsilon);
        for (long c = 0; c < p->c; c++)
            y[r * p->c + c] = factor(gamma, c) * hat(&s, x + r * p->c, c) + offset(beta, c);
    }
}

void ref_layer_normalization_backward(const ref_norm *p, const double *x, const double *gamma,
                                      const double *dy, double *dx, double *dgamma, double *dbeta) {
    ref__clear(dgamma, p->c);
    ref__clear(dbeta, p->c);
    double *u = ref__zeros(p->rows * p->c);
    for (long r = 0; r < p->rows; r++) {
        series s = series_of(x + r * p->c, p->c, 1, p->epsilon);
        for (long c = 0; c < p->c; c++) {
            double g = dy[r * p->c + c];
            u[r * p->c + c] = g * factor(gamma, c);
            if (dgamma != NULL) dgamma[c] += g * hat(&s, x + r * p->c, c);
            if (dbeta != NULL) dbeta[c] += g;
        }
        if (dx != NULL) series_backward(&s, x + r * p->c, u + r * p->c, dx + r * p->c);
    }
    free(u);
}

void ref_dropout(long size, const double *x, const double *mask, double *y) {
    for (long i = 0; i < size; i++) y[i] = x[i] * mask[i];
}
