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
INLINE void transpose(vu x[VL]) {
    uint32_t old[VL][VL];
    memcpy(old, x, sizeof old);
    for (int i = 0; i < VL; i++)
        for (int j = 0; j < VL; j++) ((uint32_t *)&x[i])[j] = old[j][i];
}
#endif

/* dst[i][j] = src[j][i] for i < rows <= VL, j < columns <= VL */
INLINE void transpose_block(uint32_t *dst, ptrdiff_t dst_row, const vu *src, int rows,
                            int columns) {
    vu x[VL];
    for (int j = 0; j < VL; j++) x[j] = j < columns ? src[j] : (vu){0};
    transpose(x);
    for (int i = 0; i < rows; i++) memcpy(dst + i * dst_row, &x[i], (size_t)columns * sizeof *dst);
}

#endif
