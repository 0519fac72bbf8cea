/* Matrix products of float32, packing, sums over columns. */
#include "kernels/isa.h"

typedef float element;
typedef vf vector;

INLINE vector load_elements(const element *p) { return load(p); }
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

void WF_ISA_NAME(pack_b)(float *dst, int k, int k0, int rows, int n, const float *src, ptrdiff_t rs,
                         ptrdiff_t cs) {
    for (int n0 = 0; n0 < n; n0 += GEMM_NR) {
        const int columns = n - n0 < GEMM_NR ? n - n0 : GEMM_NR;
        float *to = dst + (ptrdiff_t)n0 * k + (ptrdiff_t)k0 * GEMM_NR;
        const float *from = src + n0 * cs;
        if (cs == 1 && columns == GEMM_NR) {
            for (int i = 0; i < rows; i++)
                UNROLL for (int v = 0; v < NV; v++)
                    store(to + i * GEMM_NR + v * VL, load(from + i * rs + v * VL));
        } else {
            /* transposing: walk src along its contiguous axis for a block that fits L1 */
            for (int i0 = 0; i0 < rows; i0 += VL) {
                const int block = rows - i0 < VL ? rows - i0 : VL;
                for (int j = 0; j < columns; j++)
                    for (int i = 0; i < block; i++)
                        to[(i0 + i) * GEMM_NR + j] = from[(i0 + i) * rs + j * cs];
                for (int i = 0; i < block; i++)
                    for (int j = columns; j < GEMM_NR; j++) to[(i0 + i) * GEMM_NR + j] = 0;
            }
        }
    }
}

void WF_ISA_NAME(column_sums)(float *out, const float *x, int rows, int n, ptrdiff_t row,
                              int accumulate) {
    int j = 0;
    for (; j + VL <= n; j += VL) {
        vf even = {0}, odd = {0};
        int i = 0;
        for (; i + 2 <= rows; i += 2) {
            even += load(x + i * row + j);
            odd += load(x + (i + 1) * row + j);
        }
        if (i < rows) even += load(x + i * row + j);
        even += odd;
        store(out + j, accumulate ? load(out + j) + even : even);
    }
    for (; j < n; j++) {
        float sum = 0;
        for (int i = 0; i < rows; i++) sum += x[i * row + j];
        out[j] = accumulate ? out[j] + sum : sum;
    }
}
