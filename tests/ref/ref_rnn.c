#include <stdlib.h>
#include <string.h>

#include "util.h"

long ref_rnn_gates(ref_cell cell) { return cell == REF_LSTM ? 4 : cell == REF_GRU ? 3 : 1; }

long ref_rnn_bias_size(const ref_rnn *p) {
    return ref_rnn_gates(p->cell) * p->units * (p->cell == REF_GRU ? 2 : 1);
}

/* One step of all sequences. Blocks of [N,H]: `pre` and `post` hold one per gate, before and after
 * its activation, in Keras' order (lstm i,f,c,o; gru z,r,h). */
typedef struct step {
    double *x;                   /* [N,F] */
    double *h_before, *c_before; /* [N,H] */
    double *h_masked;            /* [N,H]: h_before times the recurrent dropout */
    double *pre, *post;          /* [G,N,H] */
    double *inner;               /* gru: h_masked * U_h + b_recurrent_h, [N,H] */
    double *h, *c;               /* [N,H] */
} step;

static void step_init(const ref_rnn *p, step *s) {
    long nh = p->n * p->units, gates = ref_rnn_gates(p->cell);
    s->x = ref__zeros(p->n * p->f);
    s->h_before = ref__zeros(nh);
    s->c_before = ref__zeros(nh);
    s->h_masked = ref__zeros(nh);
    s->pre = ref__zeros(gates * nh);
    s->post = ref__zeros(gates * nh);
    s->inner = ref__zeros(nh);
    s->h = ref__zeros(nh);
    s->c = ref__zeros(nh);
}

static void step_reset(step *s) {
    double *all[] = {s->x,    s->h_before, s->c_before, s->h_masked, s->pre,
                     s->post, s->inner,    s->h,        s->c};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

/* Which time the i-th processed step reads. */
static long time_of(const ref_rnn *p, long i) { return p->go_backwards ? p->t - 1 - i : i; }

/* [N,G*H] -> [G,N,H], and back */
static void split_gates(const ref_rnn *p, const double *joint, double *blocks) {
    long gates = ref_rnn_gates(p->cell), h = p->units;
    for (long g = 0; g < gates; g++)
        for (long n = 0; n < p->n; n++)
            for (long j = 0; j < h; j++)
                blocks[(g * p->n + n) * h + j] = joint[n * gates * h + g * h + j];
}

static void join_gates(const ref_rnn *p, const double *blocks, double *joint) {
    long gates = ref_rnn_gates(p->cell), h = p->units;
    for (long g = 0; g < gates; g++)
        for (long n = 0; n < p->n; n++)
            for (long j = 0; j < h; j++)
                joint[n * gates * h + g * h + j] = blocks[(g * p->n + n) * h + j];
}

static void lstm_forward(const ref_rnn *p, step *s) {
    long nh = p->n * p->units;
    double *i = s->post, *f = s->post + nh, *g = s->post + 2 * nh, *o = s->post + 3 * nh;
    ref_activation act = p->activation, gate = p->recurrent_activation;
    ref_activation_forward(gate, p->n, p->units, s->pre, i);
    ref_activation_forward(gate, p->n, p->units, s->pre + nh, f);
    ref_activation_forward(act, p->n, p->units, s->pre + 2 * nh, g);
    ref_activation_forward(gate, p->n, p->units, s->pre + 3 * nh, o);
    /* c_t = f * c_{t-1} + i * g */
    for (long k = 0; k < nh; k++) s->c[k] = f[k] * s->c_before[k] + i[k] * g[k];
    /* h_t = o * act(c_t) */
    ref_activation_forward(act, p->n, p->units, s->c, s->h);
    for (long k = 0; k < nh; k++) s->h[k] *= o[k];
}

/* dh [N,H] in; dpre [G,N,H] out; dc [N,H] in: of c_t, out: of c_{t-1} */
static void lstm_backward(const ref_rnn *p, const step *s, const double *dh, double *dc,
                          double *dpre) {
    long nh = p->n * p->units;
    const double *i = s->post, *f = s->post + nh, *g = s->post + 2 * nh, *o = s->post + 3 * nh;
    ref_activation act = p->activation, gate = p->recurrent_activation;
    double *act_c = ref__zeros(nh), *d = ref__zeros(nh);
    ref_activation_forward(act, p->n, p->units, s->c, act_c);
    /* do = dh * act(c_t) */
    for (long k = 0; k < nh; k++) d[k] = dh[k] * act_c[k];
    ref_activation_backward(gate, p->n, p->units, s->pre + 3 * nh, d, dpre + 3 * nh);
    /* dc_t += dh * o * act'(c_t) */
    for (long k = 0; k < nh; k++) d[k] = dh[k] * o[k];
    ref_activation_backward(act, p->n, p->units, s->c, d, d);
    for (long k = 0; k < nh; k++) dc[k] += d[k];
    /* di = dc * g, df = dc * c_{t-1}, dg = dc * i */
    for (long k = 0; k < nh; k++) d[k] = dc[k] * g[k];
    ref_activation_backward(gate, p->n, p->units, s->pre, d, dpre);
    for (long k = 0; k < nh; k++) d[k] = dc[k] * s->c_before[k];
    ref_activation_backward(gate, p->n, p->units, s->pre + nh, d, dpre + nh);
    for (long k = 0; k < nh; k++) d[k] = dc[k] * i[k];
    ref_activation_backward(act, p->n, p->units, s->pre + 2 * nh, d, dpre + 2 * nh);
    /* dc_{t-1} = dc * f */
    for (long k = 0; k < nh; k++) dc[k] *= f[k];
    free(act_c);
    free(d);
}

/* `recurrent` [G,N,H] holds h_masked * U + b_recurrent, `pre` x * W + b_input so far. */
static void gru_forward(const ref_rnn *p, step *s, const double *recurrent) {
    long nh = p->n * p->units;
    double *z = s->post, *r = s->post + nh, *g = s->post + 2 * nh;
    /* z = gate(x W_z + b_z + h U_z + b'_z), r likewise */
    for (long k = 0; k < 2 * nh; k++) s->pre[k] += recurrent[k];
    ref_activation_forward(p->recurrent_activation, p->n, p->units, s->pre, z);
    ref_activation_forward(p->recurrent_activation, p->n, p->units, s->pre + nh, r);
    /* g = act(x W_h + b_h + r * (h U_h + b'_h)): the reset comes after the product */
    for (long k = 0; k < nh; k++) {
        s->inner[k] = recurrent[2 * nh + k];
        s->pre[2 * nh + k] += r[k] * s->inner[k];
    }
    ref_activation_forward(p->activation, p->n, p->units, s->pre + 2 * nh, g);
    /* h_t = z * h_{t-1} + (1 - z) * g */
    for (long k = 0; k < nh; k++) s->h[k] = z[k] * s->h_before[k] + (1 - z[k]) * g[k];
}

/* dpre: of the input part, drecurrent: of the recurrent part, both [G,N,H];
 * dh_before gets the direct path through z * h_{t-1} */
static void gru_backward(const ref_rnn *p, const step *s, const double *dh, double *dpre,
                         double *drecurrent, double *dh_before) {
    long nh = p->n * p->units;
    const double *z = s->post, *r = s->post + nh, *g = s->post + 2 * nh;
    double *d = ref__zeros(nh);
    /* dz = dh * (h_{t-1} - g) */
    for (long k = 0; k < nh; k++) d[k] = dh[k] * (s->h_before[k] - g[k]);
    ref_activation_backward(p->recurrent_activation, p->n, p->units, s->pre, d, dpre);
    /* dg = dh * (1 - z) */
    for (long k = 0; k < nh; k++) d[k] = dh[k] * (1 - z[k]);
    ref_activation_backward(p->activation, p->n, p->units, s->pre + 2 * nh, d, dpre + 2 * nh);
    /* dr = dg_pre * inner */
    for (long k = 0; k < nh; k++) d[k] = dpre[2 * nh + k] * s->inner[k];
    ref_activation_backward(p->recurrent_activation, p->n, p->units, s->pre + nh, d, dpre + nh);
    memcpy(drecurrent, dpre, (size_t)(2 * nh) * sizeof *dpre);
    for (long k = 0; k < nh; k++) {
        drecurrent[2 * nh + k] = dpre[2 * nh + k] * r[k];
        dh_before[k] = dh[k] * z[k];
    }
    free(d);
}

/* Everything of one step but x, h_before and c_before, which are there. */
static void step_forward(const ref_rnn *p, ref_rnn_params w, step *s) {
    long nh = p->n * p->units, width = ref_rnn_gates(p->cell) * p->units;
    double *from_x = ref__zeros(p->n * width), *from_h = ref__zeros(p->n * width);
    double *recurrent = ref__zeros(p->n * width);
    const double *bias_h = p->cell == REF_GRU && w.bias != NULL ? w.bias + width : NULL;
    for (long k = 0; k < nh; k++)
        s->h_masked[k] = s->h_before[k] * (w.mask != NULL ? w.mask[k] : 1);
    ref__affine(p->n, p->f, width, s->x, w.kernel, w.bias, from_x);
    ref__affine(p->n, p->units, width, s->h_masked, w.recurrent_kernel, bias_h, from_h);
    split_gates(p, from_x, s->pre);
    split_gates(p, from_h, recurrent);
    if (p->cell == REF_GRU) {
        gru_forward(p, s, recurrent);
    } else {
        for (long k = 0; k < p->n * width; k++) s->pre[k] += recurrent[k];
        if (p->cell == REF_LSTM) lstm_forward(p, s);
        else ref_activation_forward(p->activation, p->n, p->units, s->pre, s->h);
    }
    free(from_x);
    free(from_h);
    free(recurrent);
}

/* All steps in processing order; free with free_steps. */
static step *run_steps(const ref_rnn *p, const double *x, ref_rnn_params w) {
    step *steps = calloc((size_t)p->t, sizeof *steps);
    if (steps == NULL) abort();
    size_t state = (size_t)(p->n * p->units) * sizeof(double);
    for (long i = 0; i < p->t; i++) {
        step *s = &steps[i];
        step_init(p, s);
        for (long n = 0; n < p->n; n++)
            for (long f = 0; f < p->f; f++)
                s->x[n * p->f + f] = x[(n * p->t + time_of(p, i)) * p->f + f];
        if (i > 0) {
            memcpy(s->h_before, steps[i - 1].h, state);
            memcpy(s->c_before, steps[i - 1].c, state);
        }
        step_forward(p, w, s);
    }
    return steps;
}

static void free_steps(const ref_rnn *p, step *steps) {
    for (long i = 0; i < p->t; i++) step_reset(&steps[i]);
    free(steps);
}

void ref_rnn_forward(const ref_rnn *p, const double *x, ref_rnn_params w, double *y) {
    step *steps = run_steps(p, x, w);
    for (long i = 0; i < p->t; i++) {
        if (!p->return_sequences && i != p->t - 1) continue;
        for (long n = 0; n < p->n; n++)
            for (long j = 0; j < p->units; j++)
                y[(p->return_sequences ? n * p->t + i : n) * p->units + j] =
                    steps[i].h[n * p->units + j];
    }
    free_steps(p, steps);
}

/* Temporary gradients of the backward pass. */
typedef struct scratch {
    double *dh, *dc;           /* [N,H] flowing backwards in time */
    double *dpre, *drecurrent; /* [G,N,H] */
    double *joint;             /* [N,G*H] */
    double *dx, *dh_masked;    /* [N,F], [N,H] */
} scratch;

/* In: q->dh, q->dc of this step's h and c. Out: those of the step before; q->dx. Adds to g. */
static void step_backward(const ref_rnn *p, ref_rnn_params w, const step *s, scratch *q,
                          ref_rnn_grads g) {
    long nh = p->n * p->units, width = ref_rnn_gates(p->cell) * p->units;
    double *dh_before = ref__zeros(nh), *dbias_h = NULL;
    if (p->cell == REF_GRU) {
        gru_backward(p, s, q->dh, q->dpre, q->drecurrent, dh_before);
        if (g.bias != NULL) dbias_h = g.bias + width;
    } else {
        if (p->cell == REF_LSTM) lstm_backward(p, s, q->dh, q->dc, q->dpre);
        else ref_activation_backward(p->activation, p->n, p->units, s->pre, q->dh, q->dpre);
        memcpy(q->drecurrent, q->dpre, (size_t)(p->n * width) * sizeof(double));
    }
    ref__clear(q->dx, p->n * p->f);
    ref__clear(q->dh_masked, nh);
    join_gates(p, q->dpre, q->joint);
    ref__affine_backward(p->n, p->f, width, s->x, w.kernel, q->joint, q->dx, g.kernel, g.bias);
    join_gates(p, q->drecurrent, q->joint);
    ref__affine_backward(p->n, p->units, width, s->h_masked, w.recurrent_kernel, q->joint,
                         q->dh_masked, g.recurrent_kernel, dbias_h);
    for (long k = 0; k < nh; k++)
        q->dh[k] = dh_before[k] + q->dh_masked[k] * (w.mask != NULL ? w.mask[k] : 1);
    free(dh_before);
}

void ref_rnn_backward(const ref_rnn *p, const double *x, ref_rnn_params w, const double *dy,
                      double *dx, ref_rnn_grads g) {
    long h = p->units, nh = p->n * h, width = ref_rnn_gates(p->cell) * h;
    scratch q = {ref__zeros(nh),
                 ref__zeros(nh),
                 ref__zeros(p->n * width),
                 ref__zeros(p->n * width),
                 ref__zeros(p->n * width),
                 ref__zeros(p->n * p->f),
                 ref__zeros(nh)};
    ref__clear(dx, p->n * p->t * p->f);
    ref__clear(g.kernel, p->f * width);
    ref__clear(g.recurrent_kernel, h * width);
    ref__clear(g.bias, ref_rnn_bias_size(p));
    step *steps = run_steps(p, x, w);
    for (long i = p->t - 1; i >= 0; i--) {
        if (p->return_sequences || i == p->t - 1)
            for (long n = 0; n < p->n; n++)
                for (long j = 0; j < h; j++)
                    q.dh[n * h + j] += dy[(p->return_sequences ? n * p->t + i : n) * h + j];
        step_backward(p, w, &steps[i], &q, g);
        if (dx == NULL) continue;
        for (long n = 0; n < p->n; n++)
            for (long f = 0; f < p->f; f++)
                dx[(n * p->t + time_of(p, i)) * p->f + f] = q.dx[n * p->f + f];
    }
    free_steps(p, steps);
    double *all[] = {q.dh, q.dc, q.dpre, q.drecurrent, q.joint, q.dx, q.dh_masked};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

/* Where element j of step t of half `side` lies in the merged output. */
static long merged(const ref_rnn *p, ref_merge merge, long side, long n, long t, long j) {
    long width = merge == REF_CONCAT ? 2 * p->units : p->units;
    long row = p->return_sequences ? n * p->t + t : n;
    return row * width + (merge == REF_CONCAT ? side * p->units : 0) + j;
}

/* Where it lies in the half's own output, which for side 1 runs backwards. */
static long own(const ref_rnn *p, long side, long n, long t, long j) {
    long row = p->return_sequences ? n * p->t + (side ? p->t - 1 - t : t) : n;
    return row * p->units + j;
}

void ref_bidirectional_forward(const ref_rnn *p, ref_merge merge, const double *x,
                               const ref_rnn_params w[2], double *y) {
    long steps = p->return_sequences ? p->t : 1, size = p->n * steps * p->units;
    double *half = ref__zeros(size);
    ref__clear(y, merge == REF_CONCAT ? 2 * size : size);
    for (long side = 0; side < 2; side++) {
        ref_rnn one = *p;
        one.go_backwards = side == 1;
        ref_rnn_forward(&one, x, w[side], half);
        for (long n = 0; n < p->n; n++)
            for (long t = 0; t < steps; t++)
                for (long j = 0; j < p->units; j++)
                    y[merged(p, merge, side, n, t, j)] += half[own(p, side, n, t, j)];
    }
    free(half);
}

void ref_bidirectional_backward(const ref_rnn *p, ref_merge merge, const double *x,
                                const ref_rnn_params w[2], const double *dy, double *dx,
                                const ref_rnn_grads g[2]) {
    long steps = p->return_sequences ? p->t : 1, in = p->n * p->t * p->f;
    double *half = ref__zeros(p->n * steps * p->units), *dx_half = ref__zeros(in);
    ref__clear(dx, in);
    for (long side = 0; side < 2; side++) {
        ref_rnn one = *p;
        one.go_backwards = side == 1;
        for (long n = 0; n < p->n; n++)
            for (long t = 0; t < steps; t++)
                for (long j = 0; j < p->units; j++)
                    half[own(p, side, n, t, j)] = dy[merged(p, merge, side, n, t, j)];
        ref_rnn_backward(&one, x, w[side], half, dx_half, g[side]);
        for (long i = 0; dx != NULL && i < in; i++) dx[i] += dx_half[i];
    }
    free(half);
    free(dx_half);
}
