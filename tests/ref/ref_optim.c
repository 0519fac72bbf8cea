#include <math.h>

#include "ref.h"

void ref_sgd(long size, double lr, double momentum, bool nesterov, const double *grad, double *m,
             double *param) {
    for (long i = 0; i < size; i++) {
        if (momentum == 0) {
            param[i] -= lr * grad[i];
            continue;
        }
        m[i] = momentum * m[i] - lr * grad[i];
        param[i] += nesterov ? momentum * m[i] - lr * grad[i] : m[i];
    }
}

void ref_rmsprop(long size, double lr, double rho, double momentum, double epsilon,
                 const double *grad, double *v, double *m, double *param) {
    for (long i = 0; i < size; i++) {
        v[i] = rho * v[i] + (1 - rho) * grad[i] * grad[i];
        double increment = lr * grad[i] / sqrt(v[i] + epsilon);
        if (momentum == 0) {
            param[i] -= increment;
            continue;
        }
        m[i] = momentum * m[i] + increment;
        param[i] -= m[i];
    }
}

void ref_adam(long size, long t, double lr, double beta1, double beta2, double epsilon,
              const double *grad, double *m, double *v, double *param) {
    double alpha = lr * sqrt(1 - pow(beta2, (double)t)) / (1 - pow(beta1, (double)t));
    for (long i = 0; i < size; i++) {
        m[i] = beta1 * m[i] + (1 - beta1) * grad[i];
        v[i] = beta2 * v[i] + (1 - beta2) * grad[i] * grad[i];
        param[i] -= alpha * m[i] / (sqrt(v[i]) + epsilon);
    }
}

void ref_adamw(long size, long t, double lr, double beta1, double beta2, double epsilon,
               double weight_decay, const double *grad, double *m, double *v, double *param) {
    for (long i = 0; i < size; i++) param[i] -= lr * weight_decay * param[i];
    ref_adam(size, t, lr, beta1, beta2, epsilon, grad, m, v, param);
}

void ref_clip_by_global_norm(long count, const long *size, double *const *grad, double norm) {
    double square = 0;
    for (long k = 0; k < count; k++)
        for (long i = 0; i < size[k]; i++) square += grad[k][i] * grad[k][i];
    if (sqrt(square) <= norm) return;
    for (long k = 0; k < count; k++)
        for (long i = 0; i < size[k]; i++) grad[k][i] *= norm / sqrt(square);
}
