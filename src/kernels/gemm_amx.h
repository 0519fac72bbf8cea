/* Matrix products of pairs of bfloat16 on AMX tiles, for k_gemm_bf16.c only. multiply_nn_tiles and
 * multiply_tn_tiles take what they are good at and return 0 for the rest.
 *
 * A tile has 16 rows of 64 bytes. TDPBF16PS adds to 16 x 16 sums the product of 16 rows of 16 pairs
 * (left) and 16 pairs of 16 columns (right): 16 cycles on Sapphire Rapids, 52 until the sums can be
 * used again, so that four independent ones keep the unit busy. Loading a tile takes 8 cycles, for
 * which reason two left and two right tiles share one set of four sums: 32 x 32, 64 cycles of
 * products for 32 of loads in each step of 16 pairs.
 *
 * Stores to memory cannot be forwarded to a tile load, which waits until they have left the store
 * buffer: what is copied for a tile is copied well before it is loaded.
 *
 * The compilers' intrinsics do not say which memory a tile load reads: KEEP_STORES keeps the stores
 * of this file in front of them. */

enum { SIDE = 16, BLOCK = 2 * SIDE, ROW_BYTES = SIDE * 4, TILE_ELEMENTS = SIDE * SIDE };
_Static_assert((int)GEMM_NR == (int)BLOCK, "a panel of B is two tiles wide");

#define KEEP_STORES() __asm__ volatile("" ::: "memory")

/* What LDTILECFG reads. */
typedef struct tile_shapes {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} tile_shapes;

/* Sums 0 to 3, left 4, left or right 5, right 6 and 7; left tiles and sums have `rows` rows. */
static void configure(int rows, int is_wide) {
    tile_shapes shapes = {.palette = 1};
    for (int t = 0; t < 8; t++) {
        shapes.row_bytes[t] = ROW_BYTES;
        shapes.rows[t] = (uint8_t)(t < 5 || (t == 5 && !is_wide) ? rows : SIDE);
    }
    KEEP_STORES();
    _tile_loadconfig(&shapes);
}

/* The four tiles of sums are two halves of two tiles side by side. Either the halves have the same
 * columns (SQUARE) or, where there are 16 rows or less, the same rows: two panels of B (WIDE) or
 * its last one (NARROW: one half). */
typedef enum block_shape { SQUARE, WIDE, NARROW } block_shape;

/* 16 pairs of k; strides in bytes. */
INLINE void block_step(const block_shape shape, const element *const a[2], ptrdiff_t a_stride,
                       const element *const b[2], ptrdiff_t b_stride) {
    _tile_loadd(6, b[0], b_stride);
    _tile_loadd(4, a[0], a_stride);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(7, b[0] + SIDE, b_stride);
    _tile_dpbf16ps(1, 4, 7);
    if (shape == SQUARE) {
        _tile_loadd(5, a[1], a_stride);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    } else if (shape == WIDE) {
        _tile_loadd(5, b[1], b_stride);
        _tile_dpbf16ps(2, 4, 5);
        _tile_loadd(6, b[1] + SIDE, b_stride);
        _tile_dpbf16ps(3, 4, 6);
    }
}

INLINE void zero_sums(void) {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
}

/* Tiles of sums from and to memory: those of a half are `side` floats apart, the halves `half`. */
INLINE void load_sums(const float *from, ptrdiff_t side, ptrdiff_t half, ptrdiff_t stride) {
    _tile_loadd(0, from, stride);
    _tile_loadd(1, from + side, stride);
    _tile_loadd(2, from + half, stride);
    _tile_loadd(3, from + half + side, stride);
}

INLINE void store_sums(float *to, ptrdiff_t side, ptrdiff_t half, ptrdiff_t stride) {
    _tile_stored(0, to, stride);
    _tile_stored(1, to + side, stride);
    _tile_stored(2, to + half, stride);
    _tile_stored(3, to + half + side, stride);
}

INLINE __mmask16 first_lanes(int n) {
    return (__mmask16)(n >= VL ? 0xFFFF : n > 0 ? (1 << n) - 1 : 0);
}

/* The lanes of the mask: y, on top of what is there in the lanes of `add`. */
INLINE void put(float *to, __mmask16 mask, __mmask16 add, vf y, float slope) {
    y += (vf)_mm512_maskz_loadu_ps(mask & add, to);
    _mm512_mask_storeu_ps(to, mask, _mm512_max_ps((__m512)y, (__m512)(y * slope)));
}

/* The flop of `rounds` times four products whose operands never leave the tiles. */
static double multiply_peak_tiles(int64_t rounds) {
    configure(SIDE, 0);
    for (int64_t round = 0; round < rounds; round++) {
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(1, 4, 7);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    }
    _tile_release();
    return 4.0 * (4 * SIDE * SIDE * SIDE) * (double)rounds;
}

/* ---- A B with B packed ---- */

/* The sums of a block on their way to C, row by row between the products of the next block. */
typedef struct finished_row {
    const float *sums; /* BLOCK of them */
    float *to;
    __mmask16 mask[2];
} finished_row;

typedef struct finished {
    _Alignas(64) float sums[BLOCK * BLOCK];
    finished_row rows[BLOCK];
    int count, next;
} finished;

INLINE void put_rows(finished *f, const wf_gemm *g, int at_most) {
    const int end = f->count - f->next < at_most ? f->count : f->next + at_most;
    const __mmask16 add = first_lanes(g->accumulate ? VL : 0);
    const float slope = g->slope;
    for (int i = f->next; i < end; i++) {
        const finished_row row = f->rows[i];
        put(row.to, row.mask[0], add, load(row.sums), slope);
        put(row.to + VL, row.mask[1], add, load(row.sums + VL), slope);
    }
    f->next = end;
}

/* How the rows of A fall into tiles. Rows are cut into lines in which they are equally spaced; a
 * line's last tile is moved back so that no row behind the last is read, or is lower when there are
 * less than 16. Lines of images that are one padded line apart can be joined: row v of the joined
 * line is the output row (v / pitch, v % pitch), and those from m on are computed in vain. */
typedef struct row_tiles {
    int lines, line_rows, pitch;
    int height, per_line, count; /* tiles */
} row_tiles;

static row_tiles cut_rows(const wf_gemm *g) {
    row_tiles r = {.lines = g->m_outer, .line_rows = g->m, .pitch = g->m};
    if (g->m_outer > 1 && g->a_rows % g->a_row == 0 && g->a_rows / g->a_row >= g->m) {
        const ptrdiff_t pitch = g->a_rows / g->a_row, rows = (g->m_outer - 1) * pitch + g->m;
        const ptrdiff_t apart = (ptrdiff_t)g->m_outer * ((g->m + SIDE - 1) / SIDE);
        if ((rows + SIDE - 1) / SIDE <= apart)
            r = (row_tiles){.lines = 1, .line_rows = (int)rows, .pitch = (int)pitch};
    }
    r.height = r.line_rows < SIDE ? r.line_rows : SIDE;
    r.per_line = (r.line_rows + SIDE - 1) / SIDE;
    r.count = r.per_line * r.lines;
    return r;
}

/* The row of its line with which tile t begins. */
static int first_row(const row_tiles *r, int t) {
    const int row = t % r->per_line * SIDE, last = r->line_rows - r->height;
    return row < last ? row : last;
}

static const element *tile_rows(const wf_gemm *g, const row_tiles *r, int t) {
    return (const element *)g->a + t / r->per_line * g->a_rows + first_row(r, t) * g->a_row;
}

/* Lists where the sums of tile t go: its rows that no tile before had, as far as C has them. */
static void list_rows(finished *f, const wf_gemm *g, const row_tiles *r, int t, int half, int n0) {
    const int fresh = t % r->per_line * SIDE, begin = first_row(r, t);
    const __mmask16 mask[2] = {first_lanes(g->n - n0), first_lanes(g->n - n0 - VL)};
    const float *sums = f->sums + (half * SIDE + fresh - begin) * BLOCK;
    int outer = t / r->per_line + fresh / r->pitch, inner = fresh % r->pitch;
    for (int v = fresh; v < begin + r->height; v++, sums += BLOCK) {
        if (inner < g->m)
            f->rows[f->count++] = (finished_row){
                sums, g->c + outer * g->c_rows + inner * g->c_row + n0, {mask[0], mask[1]}};
        if (++inner == r->pitch) inner = 0, outer++;
    }
}

/* The sums of one block, while the rows of the block before are put into C. */
INLINE void sum_block(const block_shape shape, const wf_gemm *g, const element *const a[2],
                      const element *const b[2], finished *before) {
    const ptrdiff_t a_stride = g->a_row * 4, b_stride = GEMM_NR * 4, b_step = SIDE * GEMM_NR;
    const int steps = g->k_outer * (g->k / SIDE), share = (BLOCK + steps - 1) / steps;
    const element *right[2] = {b[0], b[1]};
    for (int ko = 0; ko < g->k_outer; ko++) {
        const element *left[2] = {a[0] + ko * g->a_outer, a[1] + ko * g->a_outer};
        for (int k = 0; k < g->k; k += SIDE) {
            block_step(shape, left, a_stride, right, b_stride);
            put_rows(before, g, share);
            left[0] += SIDE, left[1] += SIDE;
            right[0] += b_step, right[1] += b_step;
        }
    }
}

/* All rows of one or two panels from column n0 on. */
INLINE void multiply_panels(const block_shape shape, const wf_gemm *g, const row_tiles *r, int n0,
                            finished buffers[2], int *turn) {
    const ptrdiff_t panel = (ptrdiff_t)g->k * g->k_outer * GEMM_NR;
    const element *first = (const element *)g->b + n0 / GEMM_NR * panel;
    const element *const b[2] = {first, shape == WIDE ? first + panel : first};
    _Alignas(64) float bias[2 * BLOCK] = {0};
    if (g->bias) {
        const int columns = g->n - n0 < 2 * BLOCK ? g->n - n0 : 2 * BLOCK;
        for (int v = 0; v < 2 * BLOCK / VL; v++)
            store(bias + v * VL,
                  (vf)_mm512_maskz_loadu_ps(first_lanes(columns - v * VL), g->bias + n0 + v * VL));
    }
    KEEP_STORES();
    for (int t = 0; t < r->count; t += shape == SQUARE ? 2 : 1) {
        finished *now = &buffers[*turn], *before = &buffers[!*turn];
        /* an odd last tile comes with the one before once more */
        const int t0 = shape == SQUARE && t + 1 == r->count ? t - 1 : t;
        const int t1 = shape == SQUARE ? t0 + 1 : t0;
        const element *const a[2] = {tile_rows(g, r, t0), tile_rows(g, r, t1)};
        if (g->bias) load_sums(bias, SIDE, shape == SQUARE ? 0 : BLOCK, 0);
        else zero_sums();
        sum_block(shape, g, a, b, before);
        store_sums(now->sums, SIDE, SIDE * BLOCK, BLOCK * 4);
        now->count = now->next = 0;
        if (t0 == t) list_rows(now, g, r, t0, 0, n0);
        if (shape == SQUARE) list_rows(now, g, r, t1, 1, n0);
        else if (shape == WIDE) list_rows(now, g, r, t0, 1, n0 + BLOCK);
        put_rows(before, g, BLOCK);
        *turn = !*turn;
    }
}

static int multiply_nn_tiles(const wf_gemm *g) {
    enum { FEW_ROWS = 4 }; /* for which vectors do as well */
    if (g->k % SIDE || g->a_row <= 0 || (ptrdiff_t)g->m * g->m_outer <= FEW_ROWS) return 0;
    const row_tiles r = cut_rows(g);
    finished buffers[2];
    int turn = 0;
    buffers[0].count = buffers[0].next = buffers[1].count = buffers[1].next = 0;
    configure(r.height, r.count == 1);
    for (int n0 = 0; n0<g->n; n0 += r.count> 1 ? BLOCK : 2 * BLOCK) {
        if (r.count > 1) multiply_panels(SQUARE, g, &r, n0, buffers, &turn);
        else if (g->n - n0 > BLOCK) multiply_panels(WIDE, g, &r, n0, buffers, &turn);
        else multiply_panels(NARROW, g, &r, n0, buffers, &turn);
    }
    put_rows(&buffers[!turn], g, BLOCK);
    _tile_release();
    return 1;
}
