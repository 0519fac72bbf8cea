/* Vector exp, tanh, sigmoid and the activations built of them; for k_*.c files.
 * exp: x = n ln 2 + r, |r| <= ln 2 / 2, exp(r) by a polynomial of degree 7 (Chebyshev fit, below
 * one unit in the last place before rounding), then times 2^n. */
#ifndef WF_KERNELS_VMATH_H
#define WF_KERNELS_VMATH_H

#include "kernels/activation.h"
#include "kernels/isa.h"

/* The whole number next to x, |x| < 2^22: adding `magic` leaves no bits for a fraction. */
static const float magic = 12582912.0f; /* 1.5 * 2^23 */

/* y 2^n for a whole n */
INLINE vf scale_vf(vf y, vf n) {
#if defined(__AVX512F__)
    return (vf)_mm512_scalef_ps((__m512)y, (__m512)n);
#else
    /* through the exponent bits, in two halves, for n may be 128 */
    vi whole = (vi)(n + magic) - (vi)splat(magic);
    vi half = whole >> 1;
    return y * (vf)((half + 127) << 23) * (vf)((whole - half + 127) << 23);
#endif
}

/* 2^n for a whole n, |n| <= 126 */
INLINE vf power_vf(vf n) {
#if defined(__AVX512F__)
    return scale_vf(splat(1.0f), n);
#else
    return (vf)(((vi)(n + magic) << 23) + (127 << 23)); /* the shift leaves nothing of `magic` */
#endif
}

/* exp(r) - 1 for |r| <= ln 2 / 2 */
INLINE vf expm1_small_vf(vf r) {
    vf p = splat(1.989198132e-04f);
    p = p * r + 1.393454193e-03f;
    p = p * r + 8.333310024e-03f;
    p = p * r + 4.166645681e-02f;
    p = p * r + 1.666666668e-01f;
    p = p * r + 5.000000014e-01f;
    return (p * r) * r + r;
}

/* x = n ln 2 + r; returns r */
INLINE vf reduce_vf(vf *n, vf x) {
    *n = (x * 1.44269504f + magic) - magic;
    vf r = x - *n * 0.693359375f;
    return r + *n * 2.12194440e-4f;
}

INLINE vf exp_vf(vf x) {
    vf n, r = reduce_vf(&n, min_vf(splat(88.72f), max_vf(splat(-87.33f), x))); /* NaN stays NaN */
    return scale_vf(expm1_small_vf(r) + 1.0f, n);
}

INLINE vf sigmoid_vf(vf x) {
    vf n, r = reduce_vf(&n, min_vf(splat(87.0f), max_vf(splat(-87.0f), -x)));
    vf power = power_vf(n);
    return 1.0f / (power * expm1_small_vf(r) + (power + 1.0f));
}

/* tanh(x) = e / (e + 2) with e = exp(2x) - 1 = 2^n (exp(r) - 1) + (2^n - 1), which keeps its
 * precision near 0; from 9.02 on the result is 1. */
INLINE vf tanh_vf(vf x) {
    vf n, r = reduce_vf(&n, 2.0f * min_vf(splat(9.02f), max_vf(splat(-9.02f), x)));
    vf power = power_vf(n);
    vf e = power * expm1_small_vf(r) + (power - 1.0f);
    return e / (e + 2.0f);
}

/* The error function (Abramowitz and Stegun 7.1.26 has 1.5e-7; that is below gelu's rounding). */
INLINE vf erf_vf(vf x) {
    vi sign = (vi)x & (vi)splat(-0.0f);
    vf a = (vf)((vi)x ^ sign);
    vf t = 1.0f / (1.0f + 0.3275911f * a);
    vf p = splat(1.061405429f);
    p = p * t - 1.453152027f;
    p = p * t + 1.421413741f;
    p = p * t - 0.284496736f;
    p = p * t + 0.254829592f;
    vf y = 1.0f - p * t * exp_vf(-(a * a));
    return (vf)((vi)y | sign);
}

/* y = f(x) */
INLINE vf activate_vf(int kind, vf x, float alpha) {
    switch (kind) {
    case WF_ACT_RELU: return max_vf((vf){0}, x);
    case WF_ACT_LEAKY_RELU: return select_vf(x > 0, x, x * alpha);
    case WF_ACT_ELU: return select_vf(x > 0, x, alpha * (exp_vf(x) - 1.0f));
    case WF_ACT_GELU:
        /* x Phi(x), or 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) */
        if (alpha == 0) return 0.5f * x * (1.0f + erf_vf(x * 0.70710678f));
        return 0.5f * x * (1.0f + tanh_vf(0.79788456f * (x + 0.044715f * x * x * x)));
    case WF_ACT_SIGMOID: return sigmoid_vf(x);
    case WF_ACT_TANH: return tanh_vf(x);
    default: return x;
    }
}

/* f'(x) from y = f(x); gelu wants x itself. */
INLINE vf slope_vf(int kind, vf y, float alpha) {
    switch (kind) {
    case WF_ACT_RELU: return select_vf(y > 0, splat(1), (vf){0});
    case WF_ACT_LEAKY_RELU: return select_vf(y > 0, splat(1), splat(alpha));
    case WF_ACT_ELU: return select_vf(y > 0, splat(1), y + alpha);
    case WF_ACT_GELU: {
        vf x = y;
        if (alpha == 0) /* Phi(x) + x phi(x) */
            return 0.5f * (1.0f + erf_vf(x * 0.70710678f)) +
                   x * 0.39894228f * exp_vf(-0.5f * x * x);
        vf t = tanh_vf(0.79788456f * (x + 0.044715f * x * x * x));
        return 0.5f * (1.0f + t) +
               0.5f * x * (1.0f - t * t) * 0.79788456f * (1.0f + 0.134145f * x * x);
    }
    case WF_ACT_SIGMOID: return y * (1.0f - y);
    case WF_ACT_TANH: return 1.0f - y * y;
    default: return splat(1);
    }
}

#endif
