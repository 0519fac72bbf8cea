/* Matrix products. One micro-kernel holds a tile of GEMM_MR x GEMM_NR sums in registers.
 *
 * On x86-64-v4 the tile is 14 x 32: 28 accumulators, two vectors of B and one broadcast of A fill
 * the 32 registers; each k takes 2 + 14 loads for 28 multiply-adds, so the two FMA ports are the
 * limit as long as A sits in L1 and B in L2. Source of the scheme: Goto and van de Geijn 2008,
 * doi:10.1145/1356052.1356053; the two-level k is XNNPACK's indirect product with constant
 * strides. */
#include "kernels/isa.h"

/* ---- A B with B packed ---- */

INLINE void tile_nn(const int mr, const int nv, const wf_gemm *g, const float *a, const float *b,
                    float *c, const float *bias, int columns) {
    vf sum[GEMM_MR][NV];
    UNROLL for (int v = 0; v < nv; v++) {
        vf start = {0};
        if (bias)
            start = columns >= (v + 1) * VL ? load(bias + v * VL)
                    : columns > v * VL      ? load_part(bias + v * VL, columns - v * VL)
                                            : start;
        UNROLL for (int i = 0; i < mr; i++) sum[i][v] = start;
    }
    const ptrdiff_t row = g->a_row;
    for (int ko = 0; ko < g->k_outer; ko++) {
        /* base pointers for every third row keep the addresses in registers */
        const float *base[(GEMM_MR + 2) / 3];
        UNROLL for (int i = 0; i < mr; i += 3) base[i / 3] = a + ko * g->a_outer + i * row;
        for (int k = 0; k < g->k; k++) {
            vf right[NV];
            UNROLL for (int v = 0; v < nv; v++) right[v] = load(b + v * VL);
            UNROLL for (int i = 0; i < mr; i++) {
                vf left = splat(base[i / 3][k + (i % 3) * row]);
                UNROLL for (int v = 0; v < nv; v++) sum[i][v] += left * right[v];
            }
            b += GEMM_NR;
        }
    }
    const int is_sloped = g->slope != 1.0f;
    UNROLL for (int i = 0; i < mr; i++) {
        float *to = c + i * g->c_row;
        UNROLL for (int v = 0; v < nv; v++) {
            vf y = sum[i][v];
            int rest = columns - v * VL;
            if (rest >= VL) {
                if (g->accumulate) y += load(to + v * VL);
                if (is_sloped) y = max_vf(y, y * g->slope);
                store(to + v * VL, y);
            } else if (rest > 0) {
                if (g->accumulate) y += load_part(to + v * VL, rest);
                if (is_sloped) y = max_vf(y, y * g->slope);
                store_part(to + v * VL, y, rest);
            }
        }
    }
}

#define NN_CASE(rows)                                                                              \
    case rows:                                                                                     \
        if (rows <= GEMM_MR) tile_nn(rows <= GEMM_MR ? rows : 1, nv, g, a, b, c, bias, columns);   \
        break;
/* clang-format off */
#define ROW_CASES(CASE)                                                                            \
    CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7)                                        \
    CASE(8) CASE(9) CASE(10) CASE(11) CASE(12) CASE(13) CASE(14)
/* clang-format on */

static __attribute__((noinline)) void rows_nn_wide(int mr, const wf_gemm *g, const float *a,
                                                   const float *b, float *c, const float *bias,
                                                   int columns) {
    enum { nv = NV };
    switch (mr) { ROW_CASES(NN_CASE) }
}

static __attribute__((noinline)) void rows_nn_narrow(int mr, const wf_gemm *g, const float *a,
                                                     const float *b, float *c, const float *bias,
                                                     int columns) {
    enum { nv = 1 };
    switch (mr) { ROW_CASES(NN_CASE) }
}

void WF_ISA_NAME(gemm)(const wf_gemm *g) {
    const int tiles = (g->m + GEMM_MR - 1) / GEMM_MR;
    for (int n0 = 0; n0 < g->n; n0 += GEMM_NR) {
        const int columns = g->n - n0 < GEMM_NR ? g->n - n0 : GEMM_NR;
        const float *b = g->b + (ptrdiff_t)n0 * g->k * g->k_outer;
        const float *bias = g->bias ? g->bias + n0 : NULL;
        for (int io = 0; io < g->m_outer; io++) {
            const float *a = g->a + io * g->a_rows;
            float *c = g->c + io * g->c_rows + n0;
            for (int t = 0, i = 0; t < tiles; t++) {
                const int rows = (g->m - i + tiles - t - 1) / (tiles - t); /* even tiles */
                if (columns > VL)
                    rows_nn_wide(rows, g, a + i * g->a_row, b, c + i * g->c_row, bias, columns);
                else rows_nn_narrow(rows, g, a + i * g->a_row, b, c + i * g->c_row, bias, columns);
                i += rows;
            }
        }
    }
}

/* ---- A^T B, nothing packed ---- */

INLINE void tile_tn(const int mr, const int nv, const wf_gemm_tn *g, const float *a, const float *b,
                    float *c, int columns) {
    vf sum[GEMM_MR][NV];
    UNROLL for (int i = 0; i < mr; i++) UNROLL for (int v = 0; v < nv; v++) sum[i][v] = (vf){0};
    for (int ro = 0; ro < g->r_outer; ro++) {
        const float *left = a + ro * g->a_outer, *right = b + ro * g->b_outer;
        for (int r = 0; r < g->r; r++) {
            vf y[NV];
            UNROLL for (int v = 0; v < nv; v++) y[v] = load(right + v * VL);
            UNROLL for (int i = 0; i < mr; i++) {
                vf x = splat(left[i]);
                UNROLL for (int v = 0; v < nv; v++) sum[i][v] += x * y[v];
            }
            left += g->a_row;
            right += g->b_row;
        }
    }
    UNROLL for (int i = 0; i < mr; i++) {
        float *to = c + i * g->c_row;
        UNROLL for (int v = 0; v < nv; v++) {
            int rest = columns - v * VL;
            if (rest >= VL) {
                store(to + v * VL, g->accumulate ? sum[i][v] + load(to + v * VL) : sum[i][v]);
            } else if (rest > 0) {
                vf y = sum[i][v];
                if (g->accumulate) y += load_part(to + v * VL, rest);
                store_part(to + v * VL, y, rest);
            }
        }
    }
}

#define TN_CASE(rows)                                                                              \
    case rows:                                                                                     \
        if (rows <= GEMM_MR) tile_tn(rows <= GEMM_MR ? rows : 1, nv, g, a, b, c, columns);         \
        break;

static __attribute__((noinline)) void rows_tn_wide(int mr, const wf_gemm_tn *g, const float *a,
                                                   const float *b, float *c, int columns) {
    enum { nv = NV };
    switch (mr) { ROW_CASES(TN_CASE) }
}

static __attribute__((noinline)) void rows_tn_narrow(int mr, const wf_gemm_tn *g, const float *a,
                                                     const float *b, float *c, int columns) {
    enum { nv = 1 };
    switch (mr) { ROW_CASES(TN_CASE) }
}

void WF_ISA_NAME(gemm_tn)(const wf_gemm_tn *g) {
    const int tiles = (g->m + GEMM_MR - 1) / GEMM_MR;
    for (int n0 = 0; n0 < g->n; n0 += GEMM_NR) {
        const int columns = g->n - n0 < GEMM_NR ? g->n - n0 : GEMM_NR;
        for (int t = 0, i = 0; t < tiles; t++) {
            const int rows = (g->m - i + tiles - t - 1) / (tiles - t);
            if (columns > VL)
                rows_tn_wide(rows, g, g->a + i, g->b + n0, g->c + i * g->c_row + n0, columns);
            else rows_tn_narrow(rows, g, g->a + i, g->b + n0, g->c + i * g->c_row + n0, columns);
            i += rows;
        }
    }
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
