/* Activations over arrays, softmax over rows. Bytes: read n, write n; 1 to 40 flop each. */
#include <math.h>

#include "kernels/vmath.h"

INLINE void activate_all(float *y, const float *x, size_t n, const int kind, float alpha) {
    size_t i = 0;
    for (; i + VL <= n; i += VL) store(y + i, activate_vf(kind, load(x + i), alpha));
    if (i < n) {
        int rest = (int)(n - i);
        store_part(y + i, activate_vf(kind, load_part(x + i, rest), alpha), rest);
    }
}

INLINE void backward_all(float *dx, const float *dy, const float *y, size_t n, const int kind,
                         float alpha) {
    size_t i = 0;
    for (; i + VL <= n; i += VL) store(dx + i, load(dy + i) * slope_vf(kind, load(y + i), alpha));
    if (i < n) {
        int rest = (int)(n - i);
        vf slope = slope_vf(kind, load_part(y + i, rest), alpha);
        store_part(dx + i, load_part(dy + i, rest) * slope, rest);
    }
}

/* one loop per kind, so that the choice stands outside of it */
#define EACH_KIND(CALL)                                                                            \
    switch (kind) {                                                                                \
    case WF_ACT_RELU: CALL(WF_ACT_RELU); break;                                                    \
    case WF_ACT_LEAKY_RELU: CALL(WF_ACT_LEAKY_RELU); break;                                        \
    case WF_ACT_ELU: CALL(WF_ACT_ELU); break;                                                      \
    case WF_ACT_GELU: CALL(WF_ACT_GELU); break;                                                    \
    case WF_ACT_SIGMOID: CALL(WF_ACT_SIGMOID); break;                                              \
    case WF_ACT_TANH: CALL(WF_ACT_TANH); break;                                                    \
    default: CALL(WF_ACT_LINEAR); break;                                                           \
    }

void WF_ISA_NAME(activate)(float *y, const float *x, size_t n, int kind, float alpha) {
#define CALL(k) activate_all(y, x, n, k, alpha)
    EACH_KIND(CALL)
#undef CALL
}

void WF_ISA_NAME(activate_backward)(float *dx, const float *dy, const float *y, size_t n, int kind,
                                    float alpha) {
#define CALL(k) backward_all(dx, dy, y, n, k, alpha)
    EACH_KIND(CALL)
#undef CALL
}

void WF_ISA_NAME(exponentials)(float *y, const float *x, size_t n) {
    size_t i = 0;
    for (; i + VL <= n; i += VL) store(y + i, exp_vf(load(x + i)));
    if (i < n) store_part(y + i, exp_vf(load_part(x + i, (int)(n - i))), (int)(n - i));
}

/* y_j = exp(x_j - max x) / sum_k exp(x_k - max x) */
void WF_ISA_NAME(softmax)(float *y, const float *x, size_t rows, int n) {
    for (size_t i = 0; i < rows; i++, x += n, y += n) {
        float top = x[0], sum = 0;
        for (int j = 1; j < n; j++) top = x[j] > top ? x[j] : top;
        for (int j = 0; j < n; j++) y[j] = x[j] - top;
        WF_ISA_NAME(exponentials)(y, y, (size_t)n);
        for (int j = 0; j < n; j++) sum += y[j];
        for (int j = 0; j < n; j++) y[j] /= sum;
    }
}

/* dx_j = y_j (dy_j - sum_k dy_k y_k) */
void WF_ISA_NAME(softmax_backward)(float *dx, const float *dy, const float *y, size_t rows, int n) {
    for (size_t i = 0; i < rows; i++, dx += n, dy += n, y += n) {
        float dot = 0;
        for (int j = 0; j < n; j++) dot += dy[j] * y[j];
        for (int j = 0; j < n; j++) dx[j] = y[j] * (dy[j] - dot);
    }
}
