#include "util.h"

enum { MAX_WINDOW = 4096 }; /* elements of one pooling window */

typedef struct geometry {
    ref_pool2d p;
    long oh, ow, top, left;
} geometry;

static geometry geometry_of(const ref_pool2d *problem) {
    geometry g = {.p = *problem};
    ref_pool2d *p = &g.p;
    if (p->sh == 0) p->sh = p->kh;
    if (p->sw == 0) p->sw = p->kw;
    g.oh = ref_window_out(p->h, p->kh, p->sh, 1, p->padding);
    g.ow = ref_window_out(p->w, p->kw, p->sw, 1, p->padding);
    g.top = ref_window_pad(p->h, p->kh, p->sh, 1, p->padding);
    g.left = ref_window_pad(p->w, p->kw, p->sw, 1, p->padding);
    return g;
}

void ref_pool2d_out(const ref_pool2d *p, long *oh, long *ow) {
    geometry g = geometry_of(p);
    *oh = g.oh;
    *ow = g.ow;
}

/* Fills `index` with the positions in x that output element `i` sees, in row-major order; returns
 * how many there are. */
static long window(const geometry *g, long i, long index[MAX_WINDOW]) {
    const ref_pool2d *p = &g->p;
    long c = i % p->c, ox = i / p->c % g->ow, oy = i / p->c / g->ow % g->oh;
    long n = i / p->c / g->ow / g->oh, count = 0;
    for (long ky = 0; ky < p->kh; ky++)
        for (long kx = 0; kx < p->kw; kx++) {
            long y = oy * p->sh - g->top + ky, x = ox * p->sw - g->left + kx;
            if (y < 0 || y >= p->h || x < 0 || x >= p->w) continue;
            index[count++] = ((n * p->h + y) * p->w + x) * p->c + c;
        }
    return count;
}

static long argmax(const geometry *g, const double *x, long i) {
    long index[MAX_WINDOW], count = window(g, i, index), best = index[0];
    for (long k = 1; k < count; k++)
        if (x[index[k]] > x[best]) best = index[k];
    return best;
}

void ref_max_pool2d_forward(const ref_pool2d *p, const double *x, double *y) {
    geometry g = geometry_of(p);
    for (long i = 0; i < p->n * g.oh * g.ow * p->c; i++) y[i] = x[argmax(&g, x, i)];
}

void ref_max_pool2d_backward(const ref_pool2d *p, const double *x, const double *dy, double *dx) {
    geometry g = geometry_of(p);
    ref__clear(dx, p->n * p->h * p->w * p->c);
    for (long i = 0; i < p->n * g.oh * g.ow * p->c; i++) dx[argmax(&g, x, i)] += dy[i];
}

void ref_average_pool2d_forward(const ref_pool2d *p, const double *x, double *y) {
    geometry g = geometry_of(p);
    for (long i = 0; i < p->n * g.oh * g.ow * p->c; i++) {
        long index[MAX_WINDOW], count = window(&g, i, index);
        double sum = 0;
        for (long k = 0; k < count; k++) sum += x[index[k]];
        y[i] = sum / (double)count;
    }
}

void ref_average_pool2d_backward(const ref_pool2d *p, const double *dy, double *dx) {
    geometry g = geometry_of(p);
    ref__clear(dx, p->n * p->h * p->w * p->c);
    for (long i = 0; i < p->n * g.oh * g.ow * p->c; i++) {
        long index[MAX_WINDOW], count = window(&g, i, index);
        for (long k = 0; k < count; k++) dx[index[k]] += dy[i] / (double)count;
    }
}

void ref_global_average_pool2d_forward(long n, long h, long w, long c, const double *x, double *y) {
    ref__clear(y, n * c);
    for (long i = 0; i < n; i++)
        for (long q = 0; q < h * w; q++)
            for (long k = 0; k < c; k++)
                y[i * c + k] += x[(i * h * w + q) * c + k] / (double)(h * w);
}

void ref_global_average_pool2d_backward(long n, long h, long w, long c, const double *dy,
                                        double *dx) {
    for (long i = 0; i < n; i++)
        for (long q = 0; q < h * w; q++)
            for (long k = 0; k < c; k++)
                dx[(i * h * w + q) * c + k] = dy[i * c + k] / (double)(h * w);
}

/* Which step has the largest value of feature k of sequence i. */
static long largest(long t, long c, const double *x, long i, long k) {
    long best = 0;
    for (long s = 1; s < t; s++)
        if (x[(i * t + s) * c + k] > x[(i * t + best) * c + k]) best = s;
    return (i * t + best) * c + k;
}

void ref_global_max_pool_forward(long n, long t, long c, const double *x, double *y) {
    for (long i = 0; i < n; i++)
        for (long k = 0; k < c; k++) y[i * c + k] = x[largest(t, c, x, i, k)];
}

void ref_global_max_pool_backward(long n, long t, long c, const double *x, const double *dy,
                                  double *dx) {
    ref__clear(dx, n * t * c);
    for (long i = 0; i < n; i++)
        for (long k = 0; k < c; k++) dx[largest(t, c, x, i, k)] = dy[i * c + k];
}
