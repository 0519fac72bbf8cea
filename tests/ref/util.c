#include "util.h"

#include <stdio.h>
#include <stdlib.h>

double *ref__zeros(long n) {
    double *x = calloc(n > 0 ? (size_t)n : 1, sizeof *x);
    if (x == NULL) {
        fprintf(stderr, "reference: out of memory for %ld doubles\n", n);
        abort();
    }
    return x;
}

void ref__clear(double *x, long n) {
    if (x == NULL) return;
    for (long i = 0; i < n; i++) x[i] = 0;
}

void ref__affine(long rows, long inner, long cols, const double *a, const double *b,
                 const double *bias, double *y) {
    for (long r = 0; r < rows; r++) {
        for (long j = 0; j < cols; j++) {
            double sum = bias != NULL ? bias[j] : 0;
            for (long k = 0; k < inner; k++) sum += a[r * inner + k] * b[k * cols + j];
            y[r * cols + j] = sum;
        }
    }
}

void ref__affine_backward(long rows, long inner, long cols, const double *a, const double *b,
                          const double *dy, double *da, double *db, double *dbias) {
    for (long r = 0; r < rows; r++) {
        for (long j = 0; j < cols; j++) {
            double g = dy[r * cols + j];
            if (dbias != NULL) dbias[j] += g;
            for (long k = 0; k < inner; k++) {
                if (da != NULL) da[r * inner + k] += g * b[k * cols + j];
                if (db != NULL) db[k * cols + j] += g * a[r * inner + k];
            }
        }
    }
}
