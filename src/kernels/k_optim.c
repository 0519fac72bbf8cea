/* Optimizer steps, one pass over memory each: the least traffic that the update allows.
 * Per parameter: sgd 2-5 flop and 12 bytes (20 with momentum), rmsprop 10 flop and 20-36 bytes,
 * adam 14 flop and 28 bytes. Large models are bound by memory. */
#include "kernels/isa.h"

/* `lanes` is VL but for the array's end. */
INLINE vf load_lanes(const float *p, int lanes) {
    return lanes == VL ? load(p) : load_part(p, lanes);
}
INLINE void store_lanes(float *p, vf v, int lanes) {
    if (lanes == VL) store(p, v);
    else store_part(p, v, lanes);
}

/* v = momentum v - rate g;  w += v,  or with Nesterov  w += momentum v - rate g */
INLINE void sgd_lanes(const wf_sgd_step *s, int64_t i, int lanes) {
    vf w = load_lanes(s->value + i, lanes);
    vf move = load_lanes(s->gradient + i, lanes) * s->scale * -s->rate;
    if (s->velocity) {
        vf v = load_lanes(s->velocity + i, lanes) * s->momentum + move;
        store_lanes(s->velocity + i, v, lanes);
        move = s->is_nesterov ? v * s->momentum + move : v;
    }
    store_lanes(s->value + i, w + move, lanes);
}

void WF_ISA_NAME(sgd)(const wf_sgd_step *s) {
    const wf_sgd_step step = *s; /* the arrays may not change it */
    int64_t i = 0;
    for (; i + VL <= step.n; i += VL) sgd_lanes(&step, i, VL);
    if (i < step.n) sgd_lanes(&step, i, (int)(step.n - i));
}

/* q = rho q + (1 - rho) g^2;  a = rho a + (1 - rho) g;
 * d = rate g / sqrt(q - a^2 + epsilon);  v = momentum v + d;  w -= v */
INLINE void rmsprop_lanes(const wf_rmsprop_step *s, int64_t i, int lanes) {
    vf g = load_lanes(s->gradient + i, lanes) * s->scale;
    vf q = load_lanes(s->square + i, lanes) * s->rho + g * g * s->one_minus_rho;
    store_lanes(s->square + i, q, lanes);
    if (s->mean) {
        vf a = load_lanes(s->mean + i, lanes) * s->rho + g * s->one_minus_rho;
        store_lanes(s->mean + i, a, lanes);
        /* not below zero, where rounding may bring it */
        q = max_vf(q - a * a, (vf){0});
    }
    vf d = g * s->rate / sqrt_vf(q + s->epsilon);
    if (s->velocity) {
        d = load_lanes(s->velocity + i, lanes) * s->momentum + d;
        store_lanes(s->velocity + i, d, lanes);
    }
    store_lanes(s->value + i, load_lanes(s->value + i, lanes) - d, lanes);
}

void WF_ISA_NAME(rmsprop)(const wf_rmsprop_step *s) {
    const wf_rmsprop_step step = *s;
    int64_t i = 0;
    for (; i + VL <= step.n; i += VL) rmsprop_lanes(&step, i, VL);
    if (i < step.n) rmsprop_lanes(&step, i, (int)(step.n - i));
}

/* m += (g - m)(1 - beta_1);  q += (g^2 - q)(1 - beta_2);
 * w = keep w - alpha m / (sqrt(q) + epsilon) */
INLINE void adam_lanes(const wf_adam_step *s, int64_t i, int lanes) {
    vf g = load_lanes(s->gradient + i, lanes) * s->scale;
    vf m = load_lanes(s->mean + i, lanes), q = load_lanes(s->square + i, lanes);
    m += (g - m) * s->one_minus_beta_1;
    q += (g * g - q) * s->one_minus_beta_2;
    store_lanes(s->mean + i, m, lanes);
    store_lanes(s->square + i, q, lanes);
    vf w = load_lanes(s->value + i, lanes) * s->keep;
    store_lanes(s->value + i, w - m * s->alpha / (sqrt_vf(q) + s->epsilon), lanes);
}

void WF_ISA_NAME(adam)(const wf_adam_step *s) {
    const wf_adam_step step = *s;
    int64_t i = 0;
    for (; i + VL <= step.n; i += VL) adam_lanes(&step, i, VL);
    if (i < step.n) adam_lanes(&step, i, (int)(step.n - i));
}
