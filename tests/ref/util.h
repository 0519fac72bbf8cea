/* Helpers of the reference; not for its users. */
#ifndef WEFT_TESTS_REF_UTIL_H
#define WEFT_TESTS_REF_UTIL_H

#include "ref.h"

/* `n` zeroed doubles; aborts when there is no memory. Free with free(). */
double *ref__zeros(long n);
/* Sets `n` doubles to 0; NULL is legal. */
void ref__clear(double *x, long n);
/* y [rows,cols] = bias (or 0) + a [rows,inner] * b [inner,cols] */
void ref__affine(long rows, long inner, long cols, const double *a, const double *b,
                 const double *bias, double *y);
/* Gradients of ref__affine for dy, ADDED to da, db, dbias; each may be NULL. */
void ref__affine_backward(long rows, long inner, long cols, const double *a, const double *b,
                          const double *dy, double *da, double *db, double *dbias);

#endif
