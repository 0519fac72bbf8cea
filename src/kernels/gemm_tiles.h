/* Matrix products, for k_gemm*.c only: the text is the same for float32 and for pairs of bfloat16.
 * Before including it define
 *   element                           what one step of k takes of A and of B
 *   vector                            VL of them
 *   vector load_elements(const element *), broadcast(element)
 *   vf multiply_add(vf sum, vector left, vector right)
 *
 * One micro-kernel holds a tile of GEMM_MR x GEMM_NR sums in registers. On x86-64-v4 the tile is
 * 14 x 32: 28 accumulators, two vectors of B and one broadcast of A fill the 32 registers; each k
 * takes 2 + 14 loads for 28 multiply-adds, so the multiply-add ports are the limit as long as A
 * sits in L1 and B in L2. Source of the scheme: Goto and van de Geijn 2008,
 * doi:10.1145/1356052.1356053; the two-level k is XNNPACK's indirect product with constant
 * strides. */

/* The sums on their way to memory: C's old value, then the slope. */
INLINE void finish_tile(const int mr, const int nv, vf sum[GEMM_MR][NV], float *c, ptrdiff_t c_row,
                        int columns, int accumulate, float slope) {
    if (accumulate && columns >= nv * VL)
        UNROLL for (int i = 0; i < mr; i++) UNROLL for (int v = 0; v < nv; v++) sum[i][v] +=
            load(c + i * c_row + v * VL);
    if (slope != 1.0f && columns >= nv * VL)
        UNROLL for (int i = 0; i < mr; i++) UNROLL for (int v = 0; v < nv; v++) sum[i][v] =
            max_vf(sum[i][v], sum[i][v] * slope);
    if (columns >= nv * VL) {
        UNROLL for (int i = 0; i < mr; i++) UNROLL for (int v = 0; v < nv; v++)
            store(c + i * c_row + v * VL, sum[i][v]);
        return;
    }
    /* The edge is rare and long: one loop over sums in memory keeps it out of the unrolled code. */
    vf edge[GEMM_MR][NV];
    UNROLL for (int i = 0; i < mr; i++) UNROLL for (int v = 0; v < nv; v++) edge[i][v] = sum[i][v];
    for (int i = 0; i < mr; i++, c += c_row)
        for (int v = 0, rest = columns; rest > 0; v++, rest -= VL) {
            const int width = rest < VL ? rest : VL;
            vf y = edge[i][v];
            if (accumulate) y += load_part(c + v * VL, width);
            if (slope != 1.0f) y = max_vf(y, y * slope);
            store_part(c + v * VL, y, width);
        }
}

/* ---- A B with B packed ---- */

INLINE void tile_nn(const int mr, const int nv, const wf_gemm *g, const element *a,
                    const element *b, float *c, const float *bias, int columns) {
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
        const element *base[(GEMM_MR + 2) / 3];
        UNROLL for (int i = 0; i < mr; i += 3) base[i / 3] = a + ko * g->a_outer + i * row;
        for (int k = 0; k < g->k; k++) {
            vector right[NV];
            UNROLL for (int v = 0; v < nv; v++) right[v] = load_elements(b + v * VL);
            UNROLL for (int i = 0; i < mr; i++) {
                vector left = broadcast(base[i / 3][k + (i % 3) * row]);
                UNROLL for (int v = 0; v < nv; v++) sum[i][v] =
                    multiply_add(sum[i][v], left, right[v]);
            }
            b += GEMM_NR;
        }
    }
    finish_tile(mr, nv, sum, c, g->c_row, columns, g->accumulate, g->slope);
}

/* n_tiles tiles of `rows` rows below each other: choosing for each tile anew costs as much as a
 * short run of k. */
#define NN_CASE(rows)                                                                              \
    case rows:                                                                                     \
        for (int t = 0; t < n_tiles && rows <= GEMM_MR; t++)                                       \
            tile_nn(rows <= GEMM_MR ? rows : 1, nv, g, a + t * rows * g->a_row, b,                 \
                    c + t * rows * g->c_row, bias, columns);                                       \
        break;
/* clang-format off */
#define ROW_CASES(CASE)                                                                            \
    CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7)                                        \
    CASE(8) CASE(9) CASE(10) CASE(11) CASE(12) CASE(13) CASE(14)
/* clang-format on */

static __attribute__((noinline)) void tiles_nn_wide(int rows, int n_tiles, const wf_gemm *g,
                                                    const element *a, const element *b, float *c,
                                                    const float *bias, int columns) {
    enum { nv = NV };
    switch (rows) { ROW_CASES(NN_CASE) }
}

static __attribute__((noinline)) void tiles_nn_narrow(int rows, int n_tiles, const wf_gemm *g,
                                                      const element *a, const element *b, float *c,
                                                      const float *bias, int columns) {
    enum { nv = 1 };
    switch (rows) { ROW_CASES(NN_CASE) }
}

/* All tiles below each other, for one panel of B. */
INLINE void panel_nn(const wf_gemm *g, const element *a, const element *b, float *c,
                     const float *bias, int columns) {
    const int tiles = (g->m + GEMM_MR - 1) / GEMM_MR, rows = g->m / tiles, longer = g->m % tiles;
    const element *rest_a = a + longer * (rows + 1) * g->a_row;
    float *rest_c = c + longer * (rows + 1) * g->c_row;
    if (columns > VL) {
        tiles_nn_wide(rows + 1, longer, g, a, b, c, bias, columns);
        tiles_nn_wide(rows, tiles - longer, g, rest_a, b, rest_c, bias, columns);
    } else {
        tiles_nn_narrow(rows + 1, longer, g, a, b, c, bias, columns);
        tiles_nn_narrow(rows, tiles - longer, g, rest_a, b, rest_c, bias, columns);
    }
}

enum { ROW_PANELS = 4 };

/* One row, `panels` panels of B at once: with the two sums of one panel each multiply-add would
 * wait for the one before it. Every sum runs over k in the same order as in tile_nn. */
INLINE void tile_row(const int panels, const wf_gemm *g, const element *b, float *c,
                     const float *bias, int columns) {
    vf sum[ROW_PANELS * NV];
    UNROLL for (int v = 0; v < panels * NV; v++) {
        vf start = {0};
        const int rest = columns - v * VL;
        if (bias)
            start = rest >= VL ? load(bias + v * VL)
                    : rest > 0 ? load_part(bias + v * VL, rest)
                               : start;
        sum[v] = start;
    }
    const ptrdiff_t panel = (ptrdiff_t)g->k * g->k_outer * GEMM_NR;
    for (int ko = 0; ko < g->k_outer; ko++) {
        const element *a = (const element *)g->a + ko * g->a_outer;
        for (int k = 0; k < g->k; k++, b += GEMM_NR) {
            vector left = broadcast(a[k]);
            UNROLL for (int p = 0; p < panels; p++) UNROLL for (int v = 0; v < NV; v++)
                sum[p * NV + v] =
                    multiply_add(sum[p * NV + v], left, load_elements(b + p * panel + v * VL));
        }
    }
    const int is_sloped = g->slope != 1.0f;
    UNROLL for (int v = 0; v < panels * NV; v++) {
        vf y = sum[v];
        const int rest = columns - v * VL;
        if (rest <= 0) break;
        if (g->accumulate) y += rest >= VL ? load(c + v * VL) : load_part(c + v * VL, rest);
        if (is_sloped) y = max_vf(y, y * g->slope);
        if (rest >= VL) store(c + v * VL, y);
        else store_part(c + v * VL, y, rest);
    }
}

static void one_row(const wf_gemm *g) {
    for (int n0 = 0; n0 < g->n; n0 += ROW_PANELS * GEMM_NR) {
        const int columns = g->n - n0;
        const element *b = (const element *)g->b + (ptrdiff_t)n0 * g->k * g->k_outer;
        const float *bias = g->bias ? g->bias + n0 : NULL;
        if (columns > 3 * GEMM_NR) tile_row(4, g, b, g->c + n0, bias, columns);
        else if (columns > 2 * GEMM_NR) tile_row(3, g, b, g->c + n0, bias, columns);
        else if (columns > GEMM_NR) tile_row(2, g, b, g->c + n0, bias, columns);
        else tile_row(1, g, b, g->c + n0, bias, columns);
    }
}

INLINE void multiply_nn(const wf_gemm *g) {
    if (g->m == 0) return; /* an empty block of Winograd's tiles */
    if (g->m == 1 && g->m_outer == 1) {
        one_row(g);
        return;
    }
    for (int n0 = 0; n0 < g->n; n0 += GEMM_NR) {
        const int columns = g->n - n0 < GEMM_NR ? g->n - n0 : GEMM_NR;
        const element *b = (const element *)g->b + (ptrdiff_t)n0 * g->k * g->k_outer;
        const float *bias = g->bias ? g->bias + n0 : NULL;
        for (int io = 0; io < g->m_outer; io++)
            panel_nn(g, (const element *)g->a + io * g->a_rows, b, g->c + io * g->c_rows + n0, bias,
                     columns);
    }
}

/* ---- A^T B, nothing packed ---- */

INLINE void tile_tn(const int mr, const int nv, const wf_gemm_tn *g, const element *a,
                    const element *b, float *c, int columns) {
    vf sum[GEMM_MR][NV];
    UNROLL for (int i = 0; i < mr; i++) UNROLL for (int v = 0; v < nv; v++) sum[i][v] = (vf){0};
    for (int image = 0, ro = 0; image < g->images; ro++) {
        const element *left = a + image * g->a_image + ro * g->a_outer;
        const element *right = b + image * g->b_image + ro * g->b_outer;
        if (ro + 1 == g->r_outer) {
            image++;
            ro = -1;
        }
        for (int r = 0; r < g->r; r++) {
            vector y[NV];
            UNROLL for (int v = 0; v < nv; v++) y[v] = load_elements(right + v * VL);
            UNROLL for (int i = 0; i < mr; i++) {
                vector x = broadcast(left[i]);
                UNROLL for (int v = 0; v < nv; v++) sum[i][v] = multiply_add(sum[i][v], x, y[v]);
            }
            left += g->a_row;
            right += g->b_row;
        }
    }
    finish_tile(mr, nv, sum, c, g->c_row, columns, g->accumulate, 1);
}

#define TN_CASE(rows)                                                                              \
    case rows:                                                                                     \
        for (int t = 0; t < n_tiles && rows <= GEMM_MR; t++)                                       \
            tile_tn(rows <= GEMM_MR ? rows : 1, nv, g, a + t * rows, b, c + t * rows * g->c_row,   \
                    columns);                                                                      \
        break;

static __attribute__((noinline)) void tiles_tn_wide(int rows, int n_tiles, const wf_gemm_tn *g,
                                                    const element *a, const element *b, float *c,
                                                    int columns) {
    enum { nv = NV };
    switch (rows) { ROW_CASES(TN_CASE) }
}

static __attribute__((noinline)) void tiles_tn_narrow(int rows, int n_tiles, const wf_gemm_tn *g,
                                                      const element *a, const element *b, float *c,
                                                      int columns) {
    enum { nv = 1 };
    switch (rows) { ROW_CASES(TN_CASE) }
}

enum {
    TN_ROWS = 192,   /* of both factors in one block */
    TN_COLUMNS = 96, /* of A in one block */
    TN_STEP = 112,   /* between the rows of a copied block of A: an odd number of lines */
    TN_WIDTH = 128,  /* of B in one block: panels of GEMM_NR, one behind the other */
    TN_FAR = 1024,   /* rows of A so far apart are copied: no two share a page */
    TN_LEAST = 48    /* columns of A from which on copying B pays */
};

/* Part i of `parts` even parts, when `rest` is left behind the ones before it. */
INLINE int even_part(int rest, int parts, int i) { return (rest + parts - i - 1) / (parts - i); }

/* Rows of `columns` elements; each `width` of them begin a panel, `panel` elements further on. */
INLINE void copy_rows(element *to, ptrdiff_t to_row, int width, ptrdiff_t panel,
                      const element *from, ptrdiff_t from_row, int rows, int columns) {
    for (int r = 0; r < rows; r++, to += to_row, from += from_row)
        for (int p = 0, j = 0; j < columns; p++, j += width) {
            const int end = columns - j < width ? columns - j : width;
            const element *x = from + j;
            element *y = to + p * panel;
            int i = 0;
            for (; i + VL <= end; i += VL) store_elements(y + i, load_elements(x + i));
            if (i < end) memcpy(y + i, x + i, (size_t)(end - i) * sizeof *y);
        }
}

/* All tiles of C below each other, for one panel of B. */
static void panel_tn(const wf_gemm_tn *g, const element *left, const element *right, float *c,
                     int columns) {
    const int tiles = (g->m + GEMM_MR - 1) / GEMM_MR, rows = g->m / tiles, longer = g->m % tiles;
    const element *rest = left + longer * (rows + 1);
    float *rest_c = c + longer * (rows + 1) * g->c_row;
    if (columns > VL) {
        tiles_tn_wide(rows + 1, longer, g, left, right, c, columns);
        tiles_tn_wide(rows, tiles - longer, g, rest, right, rest_c, columns);
    } else {
        tiles_tn_narrow(rows + 1, longer, g, left, right, c, columns);
        tiles_tn_narrow(rows, tiles - longer, g, rest, right, rest_c, columns);
    }
}

/* C's rows for a block of A and a block of B; `right`: its panels. */
INLINE void block_tn(const wf_gemm_tn *g, const element *left, const element *right, int n0) {
    const int end = g->n - n0 < TN_WIDTH ? g->n : n0 + TN_WIDTH;
    for (int j = n0; j < end; j += GEMM_NR, right += TN_ROWS * GEMM_NR)
        panel_tn(g, left, right, g->c + j, end - j < GEMM_NR ? end - j : GEMM_NR);
}

/* Plain matrices, block by block, from copies: what is read for one tile after another shall be in
 * L1 (a panel of B) and L2, and the columns of a wide matrix lie in few of their sets. */
INLINE void multiply_tn_blocks(const wf_gemm_tn *g) {
    element right[TN_ROWS * TN_WIDTH], left[TN_ROWS * TN_STEP];
    const int r_blocks = (g->r + TN_ROWS - 1) / TN_ROWS;
    const int i_blocks = (g->m + TN_COLUMNS - 1) / TN_COLUMNS;
    wf_gemm_tn part = *g;
    part.b_row = GEMM_NR;
    for (int rb = 0, r = 0; rb < r_blocks; rb++, r += part.r) {
        part.r = even_part(g->r - r, r_blocks, rb);
        for (int n0 = 0; n0 < g->n; n0 += TN_WIDTH) {
            copy_rows(right, GEMM_NR, GEMM_NR, TN_ROWS * GEMM_NR,
                      (const element *)g->b + r * g->b_row + n0, g->b_row, part.r,
                      g->n - n0 < TN_WIDTH ? g->n - n0 : TN_WIDTH);
            for (int ib = 0, i = 0; ib < i_blocks; ib++, i += part.m) {
                const element *a = (const element *)g->a + r * g->a_row + i;
                part.m = even_part(g->m - i, i_blocks, ib);
                part.c = g->c + i * g->c_row;
                if (g->a_row >= TN_FAR) {
                    copy_rows(left, TN_STEP, TN_COLUMNS, 0, a, g->a_row, part.r, part.m);
                    part.a_row = TN_STEP;
                    a = left;
                }
                block_tn(&part, a, right, n0);
            }
        }
        part.accumulate = 1;
    }
}

INLINE void multiply_tn(const wf_gemm_tn *g) {
    if (g->r_outer == 1 && g->images == 1 && g->m >= TN_LEAST && g->r > 0) {
        multiply_tn_blocks(g);
        return;
    }
    for (int n0 = 0; n0 < g->n; n0 += GEMM_NR)
        panel_tn(g, g->a, (const element *)g->b + n0, g->c + n0,
                 g->n - n0 < GEMM_NR ? g->n - n0 : GEMM_NR);
}

/* ---- the most that can be had ---- */

/* rounds * GEMM_MR * GEMM_NR multiply_adds whose operands never leave the registers. */
INLINE void multiply_peak(int64_t rounds) {
    vf sum[GEMM_MR][NV];
    vector left = {0}, right = {0};
    TOUCH(right);
    UNROLL for (int i = 0; i < GEMM_MR; i++) UNROLL for (int v = 0; v < NV; v++) {
        sum[i][v] = (vf){0};
        TOUCH(sum[i][v]); /* else all were one */
    }
    for (int64_t round = 0; round < rounds; round++)
        UNROLL for (int i = 0; i < GEMM_MR; i++) UNROLL for (int v = 0; v < NV; v++) {
            TOUCH(left); /* else one product would serve all sums */
            sum[i][v] = multiply_add(sum[i][v], left, right);
        }
    UNROLL for (int i = 0; i < GEMM_MR; i++) UNROLL for (int v = 0; v < NV; v++) TOUCH(sum[i][v]);
}
