#include <stdlib.h>

#include "util.h"

long ref_window_out(long in, long kernel, long stride, long dilation, ref_padding padding) {
    long span = (kernel - 1) * dilation + 1;
    if (padding == REF_SAME) return (in + stride - 1) / stride;
    return in < span ? 0 : (in - span) / stride + 1;
}

long ref_window_pad(long in, long kernel, long stride, long dilation, ref_padding padding) {
    if (padding == REF_VALID) return 0;
    long span = (kernel - 1) * dilation + 1;
    long total = (ref_window_out(in, kernel, stride, dilation, padding) - 1) * stride + span - in;
    return total > 0 ? total / 2 : 0;
}

/* The problem with its defaults filled in and everything that follows from it. */
typedef struct geometry {
    ref_conv2d p;
    long oh, ow, top, left, ci, oi; /* ci, oi: channels of one group, in and out */
} geometry;

static geometry geometry_of(const ref_conv2d *problem) {
    geometry g = {.p = *problem};
    ref_conv2d *p = &g.p;
    if (p->sh == 0) p->sh = 1;
    if (p->sw == 0) p->sw = 1;
    if (p->dh == 0) p->dh = 1;
    if (p->dw == 0) p->dw = 1;
    if (p->groups == 0) p->groups = 1;
    g.oh = ref_window_out(p->h, p->kh, p->sh, p->dh, p->padding);
    g.ow = ref_window_out(p->w, p->kw, p->sw, p->dw, p->padding);
    g.top = ref_window_pad(p->h, p->kh, p->sh, p->dh, p->padding);
    g.left = ref_window_pad(p->w, p->kw, p->sw, p->dw, p->padding);
    g.ci = p->c / p->groups;
    g.oi = p->o / p->groups;
    return g;
}

void ref_conv2d_out(const ref_conv2d *p, long *oh, long *ow) {
    geometry g = geometry_of(p);
    *oh = g.oh;
    *ow = g.ow;
}

/* What one output element does with each of its products x[ix] * kernel[ik]. */
typedef void (*visit)(void *user, long ix, long ik, long iy);

static void each_product(const geometry *g, visit f, void *user) {
    const ref_conv2d *p = &g->p;
    for (long n = 0; n < p->n; n++)
        for (long oy = 0; oy < g->oh; oy++)
            for (long ox = 0; ox < g->ow; ox++)
                for (long o = 0; o < p->o; o++)
                    for (long ky = 0; ky < p->kh; ky++)
                        for (long kx = 0; kx < p->kw; kx++)
                            for (long c = 0; c < g->ci; c++) {
                                long y = oy * p->sh - g->top + ky * p->dh;
                                long x = ox * p->sw - g->left + kx * p->dw;
                                if (y < 0 || y >= p->h || x < 0 || x >= p->w) continue;
                                long channel = o / g->oi * g->ci + c;
                                f(user, ((n * p->h + y) * p->w + x) * p->c + channel,
                                  ((ky * p->kw + kx) * g->ci + c) * p->o + o,
                                  ((n * g->oh + oy) * g->ow + ox) * p->o + o);
                            }
}

typedef struct arrays {
    const double *x, *kernel, *dz;
    double *z, *dx, *dkernel;
} arrays;

static void multiply_forward(void *user, long ix, long ik, long iy) {
    arrays *a = user;
    a->z[iy] += a->x[ix] * a->kernel[ik];
}

static void multiply_backward(void *user, long ix, long ik, long iy) {
    arrays *a = user;
    if (a->dx != NULL) a->dx[ix] += a->dz[iy] * a->kernel[ik];
    if (a->dkernel != NULL) a->dkernel[ik] += a->dz[iy] * a->x[ix];
}

/* Before the activation. */
static void linear(const geometry *g, const double *x, const double *kernel, const double *bias,
                   double *z) {
    long rows = g->p.n * g->oh * g->ow;
    for (long r = 0; r < rows; r++)
        for (long o = 0; o < g->p.o; o++) z[r * g->p.o + o] = bias != NULL ? bias[o] : 0;
    arrays a = {.x = x, .kernel = kernel, .z = z};
    each_product(g, multiply_forward, &a);
}

void ref_conv2d_forward(const ref_conv2d *p, const double *x, const double *kernel,
                        const double *bias, double *y) {
    geometry g = geometry_of(p);
    linear(&g, x, kernel, bias, y);
    ref_activation_forward(p->activation, p->n * g.oh * g.ow, p->o, y, y);
}

void ref_conv2d_backward(const ref_conv2d *p, const double *x, const double *kernel,
                         const double *bias, const double *dy, double *dx, double *dkernel,
                         double *dbias) {
    geometry g = geometry_of(p);
    long rows = p->n * g.oh * g.ow;
    double *z = ref__zeros(rows * p->o), *dz = ref__zeros(rows * p->o);
    linear(&g, x, kernel, bias, z);
    ref_activation_backward(p->activation, rows, p->o, z, dy, dz);
    ref__clear(dx, p->n * p->h * p->w * p->c);
    ref__clear(dkernel, p->kh * p->kw * g.ci * p->o);
    arrays a = {.x = x, .kernel = kernel, .dz = dz, .dx = dx, .dkernel = dkernel};
    each_product(&g, multiply_backward, &a);
    if (dbias != NULL) {
        ref__clear(dbias, p->o);
        for (long i = 0; i < rows * p->o; i++) dbias[i % p->o] += dz[i];
    }
    free(z);
    free(dz);
}
