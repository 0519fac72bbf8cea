/* Matrix products of bfloat16 numbers with float32 sums, and what brings float32 arrays into their
 * layouts. Two numbers that are neighbours along k make one 32-bit element, the earlier in the low
 * half: so the layouts are those of the float32 products with half as many steps of k.
 * Rounding is to nearest even; a NaN stays a NaN. */
#include "kernels/transpose.h"

typedef uint32_t element;
typedef vu vector;
typedef uint16_t vh __attribute__((vector_size(VL * 2)));
typedef uint16_t vh_loose __attribute__((vector_size(VL * 2), aligned(2), may_alias));

INLINE vector load_elements(const element *p) { return *(const vu_loose *)p; }
INLINE void store_elements(element *p, vector x) { *(vu_loose *)p = x; }
INLINE vector broadcast(element x) { return (vu){0} + x; }

/* sum + l1 r1 + l0 r0 */
INLINE vf multiply_add(vf sum, vector left, vector right) {
#if defined(__AVX512BF16__)
    return (vf)_mm512_dpbf16_ps((__m512)sum, (__m512bh)left, (__m512bh)right);
#else
    const vu high = (vu){0} + 0xFFFF0000u;
    sum += (vf)(left & high) * (vf)(right & high);
    return sum + (vf)(left << 16) * (vf)(right << 16);
#endif
}

#include "kernels/gemm_tiles.h"

#if defined(WF_HAS_AMX)
#include "kernels/gemm_amx.h"
#include "kernels/gemm_tn_amx.h"
#else
static int multiply_nn_tiles(const wf_gemm *g) { return (void)g, 0; }
static int multiply_tn_tiles(const wf_gemm_tn *g) { return (void)g, 0; }
#endif

void WF_ISA_NAME(gemm_bf16)(const wf_gemm *g) {
    if (!multiply_nn_tiles(g)) multiply_nn(g);
}

void WF_ISA_NAME(gemm_tn_bf16)(const wf_gemm_tn *g) {
    if (!multiply_tn_tiles(g)) multiply_tn(g);
}

void WF_ISA_NAME(gemm_peak_bf16)(double *flop, int64_t rounds) {
#if defined(WF_HAS_AMX)
    *flop = multiply_peak_tiles(rounds);
#else
    multiply_peak(rounds);
    *flop = 4.0 * GEMM_MR * GEMM_NR * (double)rounds;
#endif
}

/* ---- conversions ---- */

INLINE vh round_vf(vf x) {
#if defined(__AVX512BF16__)
    return (vh)_mm512_cvtneps_pbh((__m512)x);
#else
    const vu bits = (vu)x;
    vu rounded = (bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16;
    vu quiet = bits >> 16 | 0x40u;
    return __builtin_convertvector((vu)select_vf(x == x, (vf)rounded, (vf)quiet), vh);
#endif
}

INLINE vu widen(vh x) { return __builtin_convertvector(x, vu); }

void WF_ISA_NAME(to_bf16)(uint16_t *dst, ptrdiff_t dst_row, const float *src, ptrdiff_t src_row,
                          int rows, int n, int width) {
    for (int i = 0; i < rows; i++, dst += dst_row, src += src_row) {
        int j = 0;
        for (; j + VL <= n; j += VL) *(vh_loose *)(dst + j) = (vh_loose)round_vf(load(src + j));
        if (j < n) {
            vh last = round_vf(load_part(src + j, n - j));
            memcpy(dst + j, &last, (size_t)(n - j) * sizeof *dst);
        }
        for (j = n; j < width; j++) dst[j] = 0;
    }
}

void WF_ISA_NAME(pair_rows)(uint32_t *dst, ptrdiff_t dst_row, const float *src, ptrdiff_t src_row,
                            int rows, int n) {
    for (int i = 0; i < rows; i += 2, dst += dst_row, src += 2 * src_row) {
        const int has_second = i + 1 < rows;
        const float *second = src + src_row;
        for (int j = 0; j < n; j += VL) {
            const int rest = n - j < VL ? n - j : VL;
            const int is_whole = rest == VL;
            vu low = widen(round_vf(is_whole ? load(src + j) : load_part(src + j, rest)));
            vu high = {0};
            if (has_second)
                high = widen(round_vf(is_whole ? load(second + j) : load_part(second + j, rest)));
            vu pair = low | high << 16;
            if (is_whole) *(vu_loose *)(dst + j) = pair;
            else memcpy(dst + j, &pair, (size_t)rest * sizeof *dst);
        }
    }
}

void WF_ISA_NAME(pair_pixels)(uint32_t *dst, const uint16_t *src, ptrdiff_t n, ptrdiff_t distance) {
    ptrdiff_t i = 0;
    for (; i < n - distance; i++) dst[i] = src[i] | (uint32_t)src[i + distance] << 16;
    for (; i < n; i++) dst[i] = src[i];
}

/* The pairs of up to VL columns of B, each 2 * VL or fewer numbers in a row of memory. */
INLINE void pack_transposed(uint32_t *to, const float *from, ptrdiff_t cs, int rows, int columns) {
    vu pairs[VL];
    for (int i = 0; i < rows; i += 2 * VL) {
        const int block = rows - i < 2 * VL ? rows - i : 2 * VL;
        for (int j = 0; j < columns; j++) WF_ISA_NAME(to_bf16)
        ((uint16_t *)(void *)&pairs[j], 0, from + j * cs + i, 0, 1, block, 2 * VL);
        transpose_block(to + (ptrdiff_t)i / 2 * GEMM_NR, GEMM_NR, pairs, (block + 1) / 2, columns);
    }
}

/* B is a matrix or its transpose: rs or cs is 1. */
void WF_ISA_NAME(pack_b_bf16)(uint32_t *dst, int k, int k0, int rows, int n, const float *src,
                              ptrdiff_t rs, ptrdiff_t cs) {
    for (int n0 = 0; n0 < n; n0 += GEMM_NR) {
        const int columns = n - n0 < GEMM_NR ? n - n0 : GEMM_NR;
        uint32_t *to = dst + (ptrdiff_t)n0 * k + (ptrdiff_t)k0 * GEMM_NR;
        const float *from = src + n0 * cs;
        if (cs == 1) WF_ISA_NAME(pair_rows)(to, GEMM_NR, from, rs, rows, columns);
        for (int j = 0; j < columns && cs != 1; j += VL)
            pack_transposed(to + j, from + j * cs, cs, rows, columns - j < VL ? columns - j : VL);
        for (int i = 0; i < (rows + 1) / 2; i++)
            for (int j = columns; j < GEMM_NR; j++) to[(ptrdiff_t)i * GEMM_NR + j] = 0;
    }
}
