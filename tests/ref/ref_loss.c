#include <math.h>
#include <stdlib.h>

#include "util.h"

/* log(sum_j exp(x_j)) */
static double log_sum_exp(long k, const double *x) {
    double max = x[0], sum = 0;
    for (long j = 1; j < k; j++) max = x[j] > max ? x[j] : max;
    for (long j = 0; j < k; j++) sum += exp(x[j] - max);
    return max + log(sum);
}

double ref_categorical_crossentropy(long n, long k, const double *logits, const double *target,
                                    double smoothing, double *dlogits) {
    double loss = 0;
    for (long i = 0; i < n; i++) {
        const double *x = logits + i * k;
        double lse = log_sum_exp(k, x), weight = 0;
        for (long j = 0; j < k; j++) {
            double t = target[i * k + j] * (1 - smoothing) + smoothing / (double)k;
            loss -= t * (x[j] - lse) / (double)n;
            weight += t;
        }
        for (long j = 0; dlogits != NULL && j < k; j++) {
            double t = target[i * k + j] * (1 - smoothing) + smoothing / (double)k;
            dlogits[i * k + j] = (weight * exp(x[j] - lse) - t) / (double)n;
        }
    }
    return loss;
}

double ref_sparse_categorical_crossentropy(long n, long k, const double *logits, const int *label,
                                           double *dlogits) {
    double *target = ref__zeros(n * k);
    for (long i = 0; i < n; i++) target[i * k + label[i]] = 1;
    double loss = ref_categorical_crossentropy(n, k, logits, target, 0, dlogits);
    free(target);
    return loss;
}

double ref_binary_crossentropy(long n, long k, const double *logits, const double *target,
                               double smoothing, double *dlogits) {
    double loss = 0;
    for (long i = 0; i < n * k; i++) {
        double x = logits[i], t = target[i] * (1 - smoothing) + smoothing / 2;
        /* -t log(s(x)) - (1 - t) log(1 - s(x)), without overflow */
        loss += ((x > 0 ? x : 0) - x * t + log1p(exp(-fabs(x)))) / (double)(n * k);
        if (dlogits != NULL) dlogits[i] = (1 / (1 + exp(-x)) - t) / (double)(n * k);
    }
    return loss;
}

double ref_mean_squared_error(long n, long k, const double *x, const double *target, double *dx) {
    double loss = 0;
    for (long i = 0; i < n * k; i++) {
        double d = x[i] - target[i];
        loss += d * d / (double)(n * k);
        if (dx != NULL) dx[i] = 2 * d / (double)(n * k);
    }
    return loss;
}
