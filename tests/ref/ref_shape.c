#include <string.h>

#include "util.h"

void ref_add_forward(long count, long size, const double *const *x, double *y) {
    ref__clear(y, size);
    for (long k = 0; k < count; k++)
        for (long i = 0; i < size; i++) y[i] += x[k][i];
}

void ref_add_backward(long count, long size, const double *dy, double *const *dx) {
    for (long k = 0; k < count; k++)
        if (dx[k] != NULL) memcpy(dx[k], dy, (size_t)size * sizeof *dy);
}

static long total_width(long count, const long *width) {
    long total = 0;
    for (long k = 0; k < count; k++) total += width[k];
    return total;
}

void ref_concatenate_forward(long count, long rows, const long *width, const double *const *x,
                             double *y) {
    long total = total_width(count, width);
    for (long k = 0, at = 0; k < count; at += width[k], k++)
        for (long r = 0; r < rows; r++)
            for (long j = 0; j < width[k]; j++) y[r * total + at + j] = x[k][r * width[k] + j];
}

void ref_concatenate_backward(long count, long rows, const long *width, const double *dy,
                              double *const *dx) {
    long total = total_width(count, width);
    for (long k = 0, at = 0; k < count; at += width[k], k++)
        for (long r = 0; dx[k] != NULL && r < rows; r++)
            for (long j = 0; j < width[k]; j++) dx[k][r * width[k] + j] = dy[r * total + at + j];
}

void ref_reshape(long size, const double *x, double *y) { memcpy(y, x, (size_t)size * sizeof *x); }

void ref_rows_forward(long n, long h, long w, long c, const double *x, double *y) {
    ref_reshape(n * h * w * c, x, y);
}

void ref_rows_backward(long n, long h, long w, long c, const double *dy, double *dx) {
    ref_reshape(n * h * w * c, dy, dx);
}

/* Element (n, w, h, c) of a sequence of columns, [N,W,H*C]. */
static long column_at(long h, long w, long c, long in, long iw, long ih, long ic) {
    return (in * w + iw) * (h * c) + ih * c + ic;
}

void ref_columns_forward(long n, long h, long w, long c, const double *x, double *y) {
    for (long in = 0; in < n; in++)
        for (long ih = 0; ih < h; ih++)
            for (long iw = 0; iw < w; iw++)
                for (long ic = 0; ic < c; ic++)
                    y[column_at(h, w, c, in, iw, ih, ic)] = x[((in * h + ih) * w + iw) * c + ic];
}

void ref_columns_backward(long n, long h, long w, long c, const double *dy, double *dx) {
    for (long in = 0; in < n; in++)
        for (long ih = 0; ih < h; ih++)
            for (long iw = 0; iw < w; iw++)
                for (long ic = 0; ic < c; ic++)
                    dx[((in * h + ih) * w + iw) * c + ic] = dy[column_at(h, w, c, in, iw, ih, ic)];
}

/* Element of the patches that is the image's (n, h, w, c). */
static long patch_at(const ref_patches *p, long in, long ih, long iw, long ic) {
    long row = ih / p->ph, column = iw / p->pw;
    long patch = (in * (p->h / p->ph) + row) * (p->w / p->pw) + column;
    return ((patch * p->ph + ih % p->ph) * p->pw + iw % p->pw) * p->c + ic;
}

void ref_patches_forward(const ref_patches *p, const double *x, double *y) {
    for (long i = 0; i < p->n * p->h * p->w * p->c; i++)
        y[patch_at(p, i / (p->h * p->w * p->c), i / (p->w * p->c) % p->h, i / p->c % p->w,
                   i % p->c)] = x[i];
}

void ref_patches_backward(const ref_patches *p, const double *dy, double *dx) {
    for (long i = 0; i < p->n * p->h * p->w * p->c; i++)
        dx[i] = dy[patch_at(p, i / (p->h * p->w * p->c), i / (p->w * p->c) % p->h, i / p->c % p->w,
                            i % p->c)];
}
