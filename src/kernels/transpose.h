/* Transposes blocks of VL x VL 32-bit elements; for k_*.c files. */
#ifndef WF_KERNELS_TRANSPOSE_H
#define WF_KERNELS_TRANSPOSE_H

#include "kernels/isa.h"

typedef uint32_t vu_loose __attribute__((vector_size(VL * 4), aligned(4), may_alias));

#if defined(__AVX512F__)
/* x[i][j] <-> x[j][i]: bit by bit, elements whose row and column differ in it change places */
INLINE void transpose(vu x[VL]) {
    vu lane;
    for (int i = 0; i < VL; i++) ((uint32_t *)&lane)[i] = (uint32_t)i;
    UNROLL for (uint32_t bit = 1; bit < VL; bit *= 2) {
        const vu is_high = (vu)((lane & bit) != 0);
        const vu low = (lane & ~is_high) | ((lane + VL - bit) & is_high);
        const vu high = (lane + bit) & ~is_high;
        const vu upper = high | ((lane + VL) & is_high);
        UNROLL for (uint32_t i = 0; i < VL; i++) {
            if (i & bit) continue;
            __m512i a = (__m512i)x[i], b = (__m512i)x[i + bit];
            x[i] = (vu)_mm512_permutex2var_epi32(a, (__m512i)low, b);
            x[i + bit] = (vu)_mm512_permutex2var_epi32(a, (__m512i)upper, b);
        }
    }
}
#else
/* In each quarter of 4 x 4 elements: x[i][j] <-> x[j][i] */
#if defined(__AVX2__)
typedef __m256 vector_ps;
typedef __m256d vector_pd;
#define WF_PS(f) _mm256_##f
#else
typedef __m128 vector_ps;
typedef __m128d vector_pd;
#define WF_PS(f) _mm_##f
#endif
INLINE void transpose_quarters(vu x[4]) {
    const vector_pd low01 = (vector_pd)WF_PS(unpacklo_ps)((vector_ps)x[0], (vector_ps)x[1]);
    const vector_pd high01 = (vector_pd)WF_PS(unpackhi_ps)((vector_ps)x[0], (vector_ps)x[1]);
    const vector_pd low23 = (vector_pd)WF_PS(unpacklo_ps)((vector_ps)x[2], (vector_ps)x[3]);
    const vector_pd high23 = (vector_pd)WF_PS(unpackhi_ps)((vector_ps)x[2], (vector_ps)x[3]);
    x[0] = (vu)WF_PS(unpacklo_pd)(low01, low23);
    x[1] = (vu)WF_PS(unpackhi_pd)(low01, low23);
    x[2] = (vu)WF_PS(unpacklo_pd)(high01, high23);
    x[3] = (vu)WF_PS(unpackhi_pd)(high01, high23);
}
#undef WF_PS

/* x[i][j] <-> x[j][i] */
INLINE void transpose(vu x[VL]) {
    UNROLL for (int i = 0; i < VL; i += 4) transpose_quarters(x + i);
#if defined(__AVX2__)
    UNROLL for (int i = 0; i < 4; i++) {
        const vector_ps upper = (vector_ps)x[i], lower = (vector_ps)x[i + 4];
        x[i] = (vu)_mm256_permute2f128_ps(upper, lower, 0x20);
        x[i + 4] = (vu)_mm256_permute2f128_ps(upper, lower, 0x31);
    }
#endif
}
#endif

/* dst[i][j] = src[j][i] for i < rows <= VL, j < columns <= VL */
INLINE void transpose_block(uint32_t *dst, ptrdiff_t dst_row, const vu *src, int rows,
                            int columns) {
    vu x[VL];
    for (int j = 0; j < VL; j++) x[j] = j < columns ? src[j] : (vu){0};
    transpose(x);
    if (rows == VL && columns == VL)
        UNROLL for (int i = 0; i < VL; i++) * (vu_loose *)(dst + i * dst_row) = x[i];
    else
        for (int i = 0; i < rows; i++)
            memcpy(dst + i * dst_row, &x[i], (size_t)columns * sizeof *dst);
}

#endif
