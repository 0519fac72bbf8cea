#include <stdlib.h>
#include <string.h>

#include "util.h"

/* Where the image has step t of sequence i. */
static long pixel_of(const ref_sweep *p, long i, long t) {
    long lines = p->is_vertical ? p->w : p->h, n = i / lines, line = i % lines;
    long row = p->is_vertical ? t : line, column = p->is_vertical ? line : t;
    return (n * p->h + row) * p->w + column;
}

/* Images [N,H,W,c] into sequences [N*lines,T,c], or back. */
static void move(const ref_sweep *p, long c, double *sequences, double *images, bool is_back) {
    for (long i = 0; i < p->rnn.n; i++)
        for (long t = 0; t < p->rnn.t; t++)
            for (long k = 0; k < c; k++) {
                double *there = &sequences[(i * p->rnn.t + t) * c + k];
                double *here = &images[pixel_of(p, i, t) * c + k];
                if (is_back) *here = *there;
                else *there = *here;
            }
}

static double *sequences_of(const ref_sweep *p, long c, const double *images) {
    long size = p->rnn.n * p->rnn.t * c;
    double *sequences = ref__zeros(size), *copy = ref__zeros(size);
    memcpy(copy, images, (size_t)size * sizeof *copy);
    move(p, c, sequences, copy, false);
    free(copy);
    return sequences;
}

static long width_of(const ref_sweep *p) {
    return p->rnn.units * (p->is_bidirectional && p->merge == REF_CONCAT ? 2 : 1);
}

void ref_sweep_forward(const ref_sweep *p, const double *x, const ref_rnn_params w[2], double *y) {
    long steps = p->rnn.return_sequences ? p->rnn.t : 1, width = width_of(p);
    double *from = sequences_of(p, p->rnn.f, x), *to = ref__zeros(p->rnn.n * steps * width);
    if (p->is_bidirectional) ref_bidirectional_forward(&p->rnn, p->merge, from, w, to);
    else ref_rnn_forward(&p->rnn, from, w[0], to);
    if (p->rnn.return_sequences) move(p, width, to, y, true);
    else memcpy(y, to, (size_t)(p->rnn.n * width) * sizeof *y);
    free(from);
    free(to);
}

void ref_sweep_backward(const ref_sweep *p, const double *x, const ref_rnn_params w[2],
                        const double *dy, double *dx, const ref_rnn_grads g[2]) {
    long width = width_of(p);
    double *from = sequences_of(p, p->rnn.f, x),
           *dfrom = ref__zeros(p->rnn.n * p->rnn.t * p->rnn.f);
    double *dto = p->rnn.return_sequences ? sequences_of(p, width, dy) : NULL;
    const double *d = dto != NULL ? dto : dy;
    if (p->is_bidirectional) ref_bidirectional_backward(&p->rnn, p->merge, from, w, d, dfrom, g);
    else ref_rnn_backward(&p->rnn, from, w[0], d, dfrom, g[0]);
    move(p, p->rnn.f, dfrom, dx, true);
    free(from);
    free(dfrom);
    free(dto);
}
