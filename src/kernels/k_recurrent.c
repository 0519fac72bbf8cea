/* The point-wise part of one LSTM or GRU time step, in one pass over the gates.
 * LSTM (Hochreiter and Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735; gate order i f c o):
 *   i = s(z_i)  f = s(z_f)  g = a(z_c)  o = s(z_o)
 *   c_t = f c_{t-1} + i g      h_t = o a(c_t)
 * GRU (Cho et al. 2014, arXiv 1406.1078, in the reset_after form; gate order z r h):
 *   z = s(x_z + h_z)  r = s(x_r + h_r)  g = a(x_h + r h_h)
 *   h_t = z h_{t-1} + (1 - z) g
 * with s the recurrent activation and a the activation. */
#include "kernels/vmath.h"

/* Keras' defaults for activations that are named without a parameter */
INLINE float default_alpha(int kind) {
    return kind == WF_ACT_LEAKY_RELU ? 0.2f : kind == WF_ACT_ELU ? 1.0f : 0.0f;
}

INLINE vf get(const float *p, int n) { return n == VL ? load(p) : load_part(p, n); }
INLINE void put(float *p, vf v, int n) {
    if (n == VL) store(p, v);
    else store_part(p, v, n);
}

INLINE void lstm_forward_step(const wf_lstm_step *s, const int act, const int rec) {
    const float alpha = default_alpha(act), beta = default_alpha(rec);
    const int H = s->units;
    for (int row = 0; row < s->rows; row++) {
        float *z = s->gates + (ptrdiff_t)row * 4 * H;
        const float *c_prev = s->c_prev + (ptrdiff_t)row * H;
        float *c = s->c + (ptrdiff_t)row * H, *h = s->h + row * s->h_row;
        for (int j = 0; j < H; j += VL) {
            const int n = H - j < VL ? H - j : VL;
            vf i = activate_vf(rec, get(z + j, n), beta);          /* i = s(z_i) */
            vf f = activate_vf(rec, get(z + H + j, n), beta);      /* f = s(z_f) */
            vf g = activate_vf(act, get(z + 2 * H + j, n), alpha); /* g = a(z_c) */
            vf o = activate_vf(rec, get(z + 3 * H + j, n), beta);  /* o = s(z_o) */
            vf cell = f * get(c_prev + j, n) + i * g;              /* c_t = f c_{t-1} + i g */
            put(z + j, i, n);
            put(z + H + j, f, n);
            put(z + 2 * H + j, g, n);
            put(z + 3 * H + j, o, n);
            put(c + j, cell, n);
            put(h + j, o * activate_vf(act, cell, alpha), n); /* h_t = o a(c_t) */
        }
    }
}

INLINE void lstm_backward_step(const wf_lstm_step *s, const int act, const int rec) {
    const float alpha = default_alpha(act), beta = default_alpha(rec);
    const int H = s->units;
    for (int row = 0; row < s->rows; row++) {
        float *z = s->gates + (ptrdiff_t)row * 4 * H;
        const ptrdiff_t at = (ptrdiff_t)row * H;
        for (int j = 0; j < H; j += VL) {
            const int n = H - j < VL ? H - j : VL;
            vf i = get(z + j, n), f = get(z + H + j, n);
            vf g = get(z + 2 * H + j, n), o = get(z + 3 * H + j, n);
            vf dh = get(s->dh + at + j, n), dc = get(s->dc + at + j, n);
            vf a = activate_vf(act, get(s->c + at + j, n), alpha); /* a(c_t) */
            dc += dh * o * slope_vf(act, a, alpha);                /* dc += dh o a'(c_t) */
            put(z + j, dc * g * slope_vf(rec, i, beta), n);        /* dz_i = dc g s'(z_i) */
            put(z + H + j, dc * get(s->c_prev + at + j, n) * slope_vf(rec, f, beta),
                n);                                                  /* dz_f = dc c_{t-1} s'(z_f) */
            put(z + 2 * H + j, dc * i * slope_vf(act, g, alpha), n); /* dz_c = dc i a'(z_c) */
            put(z + 3 * H + j, dh * a * slope_vf(rec, o, beta), n);  /* dz_o = dh a(c_t) s'(z_o) */
            put(s->dc + at + j, dc * f, n);                          /* dc_{t-1} = dc f */
        }
    }
}

INLINE void gru_forward_step(const wf_gru_step *s, const int act, const int rec) {
    const float alpha = default_alpha(act), beta = default_alpha(rec);
    const int H = s->units;
    for (int row = 0; row < s->rows; row++) {
        float *x = s->x_gates + (ptrdiff_t)row * 3 * H;
        const float *u = s->h_gates + (ptrdiff_t)row * 3 * H;
        const float *h_prev = s->h_prev + row * s->h_prev_row;
        float *h = s->h + row * s->h_row;
        for (int j = 0; j < H; j += VL) {
            const int n = H - j < VL ? H - j : VL;
            vf z = activate_vf(rec, get(x + j, n) + get(u + j, n), beta); /* z = s(x_z + h_z) */
            vf r = activate_vf(rec, get(x + H + j, n) + get(u + H + j, n),
                               beta); /* r = s(x_r + h_r) */
            vf g = activate_vf(act, get(x + 2 * H + j, n) + r * get(u + 2 * H + j, n),
                               alpha); /* g = a(x_h + r h_h) */
            put(x + j, z, n);
            put(x + H + j, r, n);
            put(x + 2 * H + j, g, n);
            put(h + j, z * get(h_prev + j, n) + (1.0f - z) * g, n); /* z h_{t-1} + (1 - z) g */
        }
    }
}

INLINE void gru_backward_step(const wf_gru_step *s, const int act, const int rec) {
    const float alpha = default_alpha(act), beta = default_alpha(rec);
    const int H = s->units;
    for (int row = 0; row < s->rows; row++) {
        float *x = s->x_gates + (ptrdiff_t)row * 3 * H, *u = s->h_gates + (ptrdiff_t)row * 3 * H;
        const float *h_prev = s->h_prev + row * s->h_prev_row;
        float *dh_row = s->dh + (ptrdiff_t)row * H;
        for (int j = 0; j < H; j += VL) {
            const int n = H - j < VL ? H - j : VL;
            vf z = get(x + j, n), r = get(x + H + j, n), g = get(x + 2 * H + j, n);
            vf dh = get(dh_row + j, n);
            vf dz =
                dh * (get(h_prev + j, n) - g) * slope_vf(rec, z, beta);  /* dh (h_{t-1} - g) s' */
            vf dg = dh * (1.0f - z) * slope_vf(act, g, alpha);           /* dh (1 - z) a' */
            vf dr = dg * get(u + 2 * H + j, n) * slope_vf(rec, r, beta); /* dg h_h s' */
            put(x + j, dz, n);
            put(x + H + j, dr, n);
            put(x + 2 * H + j, dg, n);
            put(u + j, dz, n);
            put(u + H + j, dr, n);
            put(u + 2 * H + j, dg * r, n);
            put(dh_row + j, dh * z, n); /* what reaches h_{t-1} directly */
        }
    }
}

/* the usual pair gets a loop of its own; every other pair shares one with the choice inside */
#define STEP(name, type)                                                                           \
    void WF_ISA_NAME(name)(const type *s) {                                                        \
        if (s->activation == WF_ACT_TANH && s->recurrent_activation == WF_ACT_SIGMOID)             \
            name##_step(s, WF_ACT_TANH, WF_ACT_SIGMOID);                                           \
        else if (s->activation == WF_ACT_RELU && s->recurrent_activation == WF_ACT_SIGMOID)        \
            name##_step(s, WF_ACT_RELU, WF_ACT_SIGMOID);                                           \
        else name##_step(s, s->activation, s->recurrent_activation);                               \
    }
STEP(lstm_forward, wf_lstm_step)
STEP(lstm_backward, wf_lstm_step)
STEP(gru_forward, wf_gru_step)
STEP(gru_backward, wf_gru_step)
