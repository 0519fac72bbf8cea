/* Matrix products of float32, packing, sums over columns. */
#include "kernels/transpose.h"

typedef float element;
typedef vf vector;

INLINE vector load_elements(const element *p) { return load(p); }
INLINE void store_elements(element *p, vector x) { store(p, x); }
INLINE vector broadcast(element x) { return splat(x); }
INLINE vf multiply_add(vf sum, vector left, vector right) { return sum + left * right; }

#include "kernels/gemm_tiles.h"

void WF_ISA_NAME(gemm)(const wf_gemm *g) { multiply_nn(g); }
void WF_ISA_NAME(gemm_tn)(const wf_gemm_tn *g) { multiply_tn(g); }
void WF_ISA_NAME(gemm_peak)(double *flop, int64_t rounds) {
    multiply_peak(rounds);
    *flop = 2.0 * GEMM_MR * GEMM_NR * (double)rounds;
}

/* ---- packing, sums ---- */

/* Up to VL columns of B, each a row of memory. */
INLINE void pack_transposed(float *to, const float *from, ptrdiff_t cs, int rows, int columns) {
    vu x[VL];
    for (int i = 0; i < rows; i += VL) {
        const int block = rows - i < VL ? rows - i : VL;
        for (int j = 0; j < columns; j++) {
            const float *row = from + j * cs + i;
            x[j] = (vu)(block == VL ? load(row) : load_part(row, block));
        }
        transpose_block((uint32_t *)(void *)(to + (ptrdiff_t)i * GEMM_NR), GEMM_NR, x, block,
                        columns);
    }
}

/* B is a matrix or its transpose: rs or cs is 1. */
void WF_ISA_NAME(pack_b)(float *dst, int k, int k0, int rows, int n, const float *src, ptrdiff_t rs,
                         ptrdiff_t cs) {
    for (int n0 = 0; n0 < n; n0 += GEMM_NR) {
        const int columns = n - n0 < GEMM_NR ? n - n0 : GEMM_NR;
        float *to = dst + (ptrdiff_t)n0 * k + (ptrdiff_t)k0 * GEMM_NR;
        const float *from = src + n0 * cs;
        for (ptrdiff_t i = 0; i < rows && cs == 1; i++) {
            if (columns < GEMM_NR)
                memcpy(to + i * GEMM_NR, from + i * rs, (size_t)columns * sizeof *to);
            else
                UNROLL for (int v = 0; v < NV; v++)
                    store(to + i * GEMM_NR + v * VL, load(from + i * rs + v * VL));
        }
        for (int j = 0; j < columns && cs != 1; j += VL)
            pack_transposed(to + j, from + j * cs, cs, rows, columns - j < VL ? columns - j : VL);
        for (ptrdiff_t i = 0; i < rows; i++)
            for (int j = columns; j < GEMM_NR; j++) to[i * GEMM_NR + j] = 0;
    }
}

/* Columns [j, j + width), width <= 4 * VL, in one pass over the rows: pieces of memory as long as
 * four vectors are what the prefetcher follows. */
INLINE void sum_columns(float *out, const float *x, int rows, int width, ptrdiff_t row,
                        int accumulate) {
    vf even[4] = {{0}}, odd[4] = {{0}};
    const int whole = width / VL;
    int i = 0;
    for (; i + 2 <= rows; i += 2, x += 2 * row) UNROLL for (int v = 0; v < 4; v++) {
            if (v >= whole) break;
            even[v] += load(x + v * VL);
            odd[v] += load(x + row + v * VL);
        }
    for (int v = 0; v < whole; v++) {
        if (i < rows) even[v] += load(x + v * VL);
        even[v] += odd[v];
        store(out + v * VL, accumulate ? load(out + v * VL) + even[v] : even[v]);
    }
}

void WF_ISA_NAME(column_sums)(float *out, const float *x, int rows, int n, ptrdiff_t row,
                              int accumulate) {
    int j = 0;
    for (; j + 4 * VL <= n; j += 4 * VL) sum_columns(out + j, x + j, rows, 4 * VL, row, accumulate);
    for (; j + VL <= n; j += VL) sum_columns(out + j, x + j, rows, VL, row, accumulate);
    for (; j < n; j++) {
        float sum = 0;
        for (int i = 0; i < rows; i++) sum += x[i * row + j];
        out[j] = accumulate ? out[j] + sum : sum;
    }
}
