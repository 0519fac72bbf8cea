/* A^T B on AMX tiles, for k_gemm_bf16.c only, behind gemm_amx.h.
 *
 * Both factors are [pairs of r][columns], which is what a right tile wants. The left factor must be
 * turned: its tiles are transposed by vectors into a buffer that then serves up to 256 columns of
 * the right one. Turned is the factor that is less work; with B on the left the result is C^T, and
 * is transposed on its way to C.
 *
 * Right tiles are loaded in place, so the pairs of the right factor must be equally spaced, those
 * of the left one may come in runs, as the rows of an image do. */

enum {
    TURNED_STEPS = 16,                  /* of 16 pairs, turned at a time: 32 KiB */
    TURNED_PAIRS = TURNED_STEPS * SIDE, /* they are */
    STRIP_BLOCKS = 8                    /* of 32 columns on the right, whose sums take 32 KiB */
};

typedef struct factor {
    const element *at;
    ptrdiff_t row, outer, image;
    int n;
} factor;

typedef struct turned_product {
    const wf_gemm_tn *g;
    factor left, right;
    int is_swapped; /* B is on the left */
} turned_product;

/* The 32 columns on the left and up to 256 on the right that are worked on. */
typedef struct strip {
    _Alignas(64) element turned[2][TURNED_STEPS][TILE_ELEMENTS];
    _Alignas(64) element last[SIDE][BLOCK]; /* pairs on the right that fill no step */
    _Alignas(64) float sums[STRIP_BLOCKS][4][TILE_ELEMENTS];
    int left0, right0, blocks;
} strip;

/* The four lanes of a vector from four places. */
INLINE __m512i gather_lanes(const element *a, const element *b, const element *c,
                            const element *d) {
    __m512i x = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i_u *)(const void *)a));
    x = _mm512_mask_broadcast_i32x4(x, 0x00F0, _mm_loadu_si128((const __m128i_u *)(const void *)b));
    x = _mm512_mask_broadcast_i32x4(x, 0x0F00, _mm_loadu_si128((const __m128i_u *)(const void *)c));
    return _mm512_mask_broadcast_i32x4(x, 0xF000,
                                       _mm_loadu_si128((const __m128i_u *)(const void *)d));
}

/* x[j][i] = rows[i][j]. Half of the shuffles of transpose() are done by the loads: on Sapphire
 * Rapids 32 for port 5 and 48 blends for ports 0 and 5, 40 cycles instead of 64. */
INLINE void transpose_rows(vu x[SIDE], const element *const rows[SIDE]) {
    UNROLL for (int j = 0; j < SIDE; j += 4) {
        __m512i v[4];
        UNROLL for (int i = 0; i < 4; i++) v[i] =
            gather_lanes(rows[i] + j, rows[4 + i] + j, rows[8 + i] + j, rows[12 + i] + j);
        const __m512i low01 = _mm512_unpacklo_epi32(v[0], v[1]);
        const __m512i high01 = _mm512_unpackhi_epi32(v[0], v[1]);
        const __m512i low23 = _mm512_unpacklo_epi32(v[2], v[3]);
        const __m512i high23 = _mm512_unpackhi_epi32(v[2], v[3]);
        x[j] = (vu)_mm512_unpacklo_epi64(low01, low23);
        x[j + 1] = (vu)_mm512_unpackhi_epi64(low01, low23);
        x[j + 2] = (vu)_mm512_unpacklo_epi64(high01, high23);
        x[j + 3] = (vu)_mm512_unpackhi_epi64(high01, high23);
    }
}

/* One tile of the left factor, of which the first `columns` are there. */
static void turn_tile(element *to, const element *const rows[SIDE], int columns) {
    element part[SIDE][SIDE];
    const element *parts[SIDE];
    vu x[SIDE];
    const int is_whole = columns >= SIDE;
    for (int i = 0; i < SIDE && !is_whole; i++) {
        _mm512_storeu_si512(part[i], _mm512_maskz_loadu_epi32(first_lanes(columns), rows[i]));
        parts[i] = part[i];
    }
    transpose_rows(x, is_whole ? rows : parts);
    UNROLL for (int i = 0; i < SIDE; i++)((vu *)(void *)to)[i] = x[i];
}

/* turned[.][step] <- the left factor's pairs from `pair` to `end`, then zeros */
static void turn(strip *s, const turned_product *p, int pair, int end) {
    static const element zeros[BLOCK];
    const factor *f = &p->left;
    const int run = p->g->r, runs = p->g->r_outer, columns = f->n - s->left0;
    int inner = pair % run, outer = pair / run % runs, image = pair / run / runs;
    for (int step = 0; pair < end; step++) {
        const element *rows[2][SIDE];
        for (int i = 0; i < SIDE; i++, pair++) {
            rows[0][i] = zeros;
            if (pair < end) {
                rows[0][i] =
                    f->at + image * f->image + outer * f->outer + inner * f->row + s->left0;
                if (++inner == run) inner = 0, outer++;
                if (outer == runs) outer = 0, image++;
            }
            rows[1][i] = rows[0][i] + SIDE;
        }
        turn_tile(s->turned[0][step], rows[0], columns);
        turn_tile(s->turned[1][step], rows[1], columns - SIDE);
    }
}

/* The first column of a block on the right. Behind B some elements may be read, behind A none: so
 * its last block is moved back. */
static int block_column(const strip *s, const turned_product *p, int block) {
    const int column = s->right0 + block * BLOCK, last = p->right.n - BLOCK;
    return p->is_swapped && column > last ? last : column;
}

/* Adds the products of the turned pairs, which begin at `pair`, to the sums of one block. */
static void add_products(strip *s, const turned_product *p, int block, int pair, int end) {
    const ptrdiff_t row = p->right.row, step = SIDE * row;
    const int whole = (end - pair) / SIDE, rest = (end - pair) % SIDE;
    const element *at = p->right.at + pair * row + block_column(s, p, block);
    const element *const tail[2] = {s->last[0], s->last[0]};
    for (int i = 0; i < rest; i++)
        memcpy(s->last[i], at + whole * step + i * row, sizeof s->last[i]);
    if (rest) memset(s->last[rest], 0, (size_t)(SIDE - rest) * sizeof s->last[0]);
    KEEP_STORES();
    float *sums = s->sums[block][0];
    if (pair == 0) zero_sums();
    else load_sums(sums, TILE_ELEMENTS, 2 * TILE_ELEMENTS, ROW_BYTES);
    for (int i = 0; i < whole; i++, at += step) {
        const element *const left[2] = {s->turned[0][i], s->turned[1][i]};
        const element *const right[2] = {at, at};
        block_step(SQUARE, left, ROW_BYTES, right, row * 4);
    }
    if (rest) {
        const element *const left[2] = {s->turned[0][whole], s->turned[1][whole]};
        block_step(SQUARE, left, ROW_BYTES, tail, sizeof s->last[0]);
    }
    store_sums(sums, TILE_ELEMENTS, 2 * TILE_ELEMENTS, ROW_BYTES);
}

/* One tile of sums into C, its rows being rows of C. */
static void put_tile(const wf_gemm_tn *g, const float *sums, int row, int column) {
    const __mmask16 mask = first_lanes(g->n - column), add = first_lanes(g->accumulate ? VL : 0);
    float *to = g->c + row * g->c_row + column;
    for (int i = 0; i < SIDE && row + i < g->m; i++, to += g->c_row)
        put(to, mask, add, load(sums + i * SIDE), 1);
}

/* Its columns being rows of C, of which those from `fresh` on are not there yet. */
static void put_tile_transposed(const wf_gemm_tn *g, const float *sums, int row, int column,
                                int fresh) {
    const __mmask16 mask = first_lanes(g->n - column), add = first_lanes(g->accumulate ? VL : 0);
    float *to = g->c + row * g->c_row + column;
    const element *rows[SIDE];
    vu x[SIDE];
    for (int i = 0; i < SIDE; i++) rows[i] = (const element *)(const void *)(sums + i * SIDE);
    transpose_rows(x, rows);
    for (int i = 0; i < SIDE; i++, to += g->c_row)
        if (row + i >= fresh) put(to, mask, add, (vf)x[i], 1);
}

static void put_strip(const strip *s, const turned_product *p) {
    for (int block = 0; block < s->blocks; block++) {
        const int right = block_column(s, p, block);
        for (int tile = 0; tile < 4; tile++) {
            const int i = s->left0 + tile / 2 * SIDE, j = right + tile % 2 * SIDE;
            const float *sums = s->sums[block][tile];
            if (i >= p->left.n) continue;
            if (p->is_swapped) put_tile_transposed(p->g, sums, j, i, s->right0 + block * BLOCK);
            else if (j < p->right.n) put_tile(p->g, sums, i, j);
        }
    }
}

/* Whether all its pairs are `row` apart. */
static int is_even(const factor *f, const wf_gemm_tn *g) {
    return (g->r_outer == 1 || f->outer == g->r * f->row) &&
           (g->images == 1 || f->image == g->r_outer * g->r * f->row);
}

/* Which factor is turned, if any can be. */
static int choose_left(turned_product *p, const wf_gemm_tn *g, int pairs) {
    const factor a = {g->a, g->a_row, g->a_outer, g->a_image, g->m};
    const factor b = {g->b, g->b_row, g->b_outer, g->b_image, g->n};
    const ptrdiff_t steps = (pairs + SIDE - 1) / SIDE;
    const ptrdiff_t a_tiles = (g->m + SIDE - 1) / SIDE, b_tiles = (g->n + SIDE - 1) / SIDE;
    const int is_b_cheaper = b_tiles * steps + a_tiles * b_tiles < a_tiles * steps;
    const int can_turn_a = is_even(&b, g), can_turn_b = is_even(&a, g) && g->m >= BLOCK;
    const int is_swapped = can_turn_b && (is_b_cheaper || !can_turn_a);
    *p = (turned_product){g, is_swapped ? b : a, is_swapped ? a : b, is_swapped};
    return can_turn_a || can_turn_b;
}

static int multiply_tn_tiles(const wf_gemm_tn *g) {
    enum { FEW_COLUMNS = 4 }; /* of A, for which vectors do as well; also for less than one step */
    const int pairs = g->r * g->r_outer * g->images;
    turned_product p;
    strip s;
    if (g->m <= FEW_COLUMNS || pairs < SIDE || !choose_left(&p, g, pairs)) return 0;
    configure(SIDE, 0);
    for (s.right0 = 0; s.right0 < p.right.n; s.right0 += STRIP_BLOCKS * BLOCK) {
        s.blocks = (p.right.n - s.right0 + BLOCK - 1) / BLOCK;
        if (s.blocks > STRIP_BLOCKS) s.blocks = STRIP_BLOCKS;
        for (s.left0 = 0; s.left0 < p.left.n; s.left0 += BLOCK) {
            for (int pair = 0; pair < pairs; pair += TURNED_PAIRS) {
                const int end = pairs - pair < TURNED_PAIRS ? pairs : pair + TURNED_PAIRS;
                turn(&s, &p, pair, end);
                for (int block = 0; block < s.blocks; block++)
                    add_products(&s, &p, block, pair, end);
            }
            put_strip(&s, &p);
        }
    }
    _tile_release();
    return 1;
}
