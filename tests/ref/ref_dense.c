#include <stdlib.h>

#include "util.h"

void ref_dense_forward(const ref_dense *p, const double *x, const double *kernel,
                       const double *bias, double *y) {
    ref__affine(p->rows, p->in, p->units, x, kernel, bias, y);
    ref_activation_forward(p->activation, p->rows, p->units, y, y);
}

void ref_dense_backward(const ref_dense *p, const double *x, const double *kernel,
                        const double *bias, const double *dy, double *dx, double *dkernel,
                        double *dbias) {
    double *z = ref__zeros(p->rows * p->units), *dz = ref__zeros(p->rows * p->units);
    ref__affine(p->rows, p->in, p->units, x, kernel, bias, z);
    ref_activation_backward(p->activation, p->rows, p->units, z, dy, dz);
    ref__clear(dx, p->rows * p->in);
    ref__clear(dkernel, p->in * p->units);
    ref__clear(dbias, p->units);
    ref__affine_backward(p->rows, p->in, p->units, x, kernel, dz, dx, dkernel, dbias);
    free(z);
    free(dz);
}
