/* Matrix products of bfloat16 numbers and the conversions, of every level, against loops in double.
 * The numbers are small integers and their quarters, so that bfloat16 holds them. */
#include "unit/kernels_fixture.h"

static float *numbers(long n, uint64_t seed) {
    float *x = array(n, seed);
    for (long i = 0; i < n; i++) x[i] = rintf(x[i] * 16) / 4;
    return x;
}

static float value(uint32_t pair, int half) {
    uint32_t bits = half ? pair & 0xFFFF0000u : pair << 16;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static uint32_t *words(long n) {
    uint32_t *x = malloc((size_t)(n + GUARD) * sizeof *x);
    CHECK(x);
    for (long i = 0; i < n + GUARD; i++) x[i] = 0xABCD1234u;
    return x;
}

static void check_words(const uint32_t *x, long n) {
    for (long i = n; i < n + GUARD; i++) CHECK(x[i] == 0xABCD1234u);
}

/* ---- conversions ---- */

TEST(rounding_is_to_nearest_even) {
    const wf_kernels *k;
    const struct {
        uint32_t from, to;
    } cases[] = {{0x3F800000, 0x3F80}, {0x3F808000, 0x3F80}, {0x3F818000, 0x3F82},
                 {0x3F808001, 0x3F81}, {0x3F817FFF, 0x3F81}, {0xBF818000, 0xBF82},
                 {0x7F7FFFFF, 0x7F80}, {0x7F800000, 0x7F80}, {0xFF800000, 0xFF80},
                 {0x80000000, 0x8000}, {0x00000000, 0x0000}};
    for (EACH_LEVEL(k))
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            float x;
            uint16_t y = 0;
            memcpy(&x, &cases[i].from, sizeof x);
            k->to_bf16(&y, 1, &x, 1, 1, 1, 1);
            CHECK_INT(y, cases[i].to);
        }
}

TEST(a_nan_stays_one) {
    const wf_kernels *k;
    const uint32_t nans[] = {0x7FC00000, 0x7F800001, 0x7FFFFFFF, 0xFFFFFFFF, 0xFF800001};
    for (EACH_LEVEL(k))
        for (size_t i = 0; i < sizeof nans / sizeof *nans; i++) {
            float x[2];
            uint16_t y;
            uint32_t pair;
            memcpy(&x[0], &nans[i], sizeof nans[i]);
            x[1] = x[0];
            k->to_bf16(&y, 1, x, 1, 1, 1, 1);
            k->pair_rows(&pair, 1, x, 1, 2, 1);
            CHECK(isnan(value(y, 0)) && isnan(value(pair, 0)) && isnan(value(pair, 1)));
        }
}

TEST(rows_are_filled_with_zeros) {
    const wf_kernels *k;
    for (EACH_LEVEL(k))
        for (int s = 0; s < SIZES; s++) {
            const int n = sizes[s], width = n + s % 5, row = width + s % 3, rows = 3;
            float *x = numbers((long)n * rows, 1);
            uint16_t *y = malloc((size_t)(row * rows) * sizeof *y);
            memset(y, 0xAB, (size_t)(row * rows) * sizeof *y);
            k->to_bf16(y, row, x, n, rows, n, width);
            for (int i = 0; i < rows; i++)
                for (int j = 0; j < row; j++) {
                    if (j < width) CHECK(value(y[i * row + j], 0) == (j < n ? x[i * n + j] : 0));
                    else CHECK_INT(y[i * row + j], 0xABAB);
                }
            free(x), free(y);
        }
}

TEST(pairs_of_rows_and_of_pixels) {
    const wf_kernels *k;
    for (EACH_LEVEL(k))
        for (int s = 0; s < SIZES; s++)
            for (int rows = 1; rows <= 4; rows++) {
                const int n = sizes[s], row = n + s % 3, half = (rows + 1) / 2;
                float *x = numbers((long)row * rows, 2);
                uint32_t *pairs = words((long)half * row), *pixels = words((long)row * rows);
                uint16_t *rounded = malloc((size_t)(row * rows) * sizeof *rounded);
                k->pair_rows(pairs, row, x, row, rows, n);
                for (int i = 0; i < rows + rows % 2; i++)
                    for (int j = 0; j < n; j++)
                        CHECK(value(pairs[i / 2 * row + j], i % 2) ==
                              (i < rows ? x[i * row + j] : 0));
                check_words(pairs, (long)half * row);
                k->to_bf16(rounded, row, x, row, rows, row, row);
                k->pair_pixels(pixels, rounded, (ptrdiff_t)row * rows, row);
                for (int i = 0; i < row * rows; i++)
                    CHECK(value(pixels[i], 0) == x[i] &&
                          value(pixels[i], 1) == (i + row < row * rows ? x[i + row] : 0));
                check_words(pixels, (long)row * rows);
                free(x), free(pairs), free(pixels), free(rounded);
            }
}

/* ---- products ---- */

typedef struct product_case {
    int m, m_outer, n, k, k_outer; /* k: numbers of a run, even */
    int overlap;                   /* rows of A begin every so many numbers; 0: k */
    int is_transposed, has_bias, accumulate;
    float slope;
} product_case;

static void check_gemm(const wf_kernels *k, const product_case *c) {
    const ptrdiff_t a_row = c->overlap ? c->overlap : c->k, c_row = c->n + 3;
    const ptrdiff_t a_outer = a_row * c->m + c->k, a_rows = c->overlap ? a_outer : a_row * c->m;
    const long a_size = (long)(a_rows * c->m_outer + a_outer * c->k_outer + a_row * c->m + c->k);
    const long c_size = (long)c_row * c->m * c->m_outer;
    const int depth = c->k * c->k_outer, panels = (c->n + k->nr - 1) / k->nr;
    const int rs = c->is_transposed ? 1 : c->n, cs = c->is_transposed ? depth : 1;
    float *a = numbers(a_size, 1), *b = numbers((long)depth * c->n, 2), *bias = array(c->n, 3);
    float *to = array(c_size, 4);
    uint32_t *packed = words((long)panels * k->nr * depth / 2);
    uint16_t *left = malloc((size_t)a_size * sizeof *left);
    double *expected = doubles(c_size);
    for (long i = 0; i < c_size; i++) expected[i] = (double)to[i];
    for (int io = 0; io < c->m_outer; io++)
        for (int ii = 0; ii < c->m; ii++)
            for (int j = 0; j < c->n; j++) {
                double sum = c->has_bias ? (double)bias[j] : 0;
                double *at = &expected[(io * c->m + ii) * c_row + j];
                for (int ko = 0; ko < c->k_outer; ko++)
                    for (int ki = 0; ki < c->k; ki++)
                        sum += (double)a[io * a_rows + ii * a_row + ko * a_outer + ki] *
                               (double)b[(ko * c->k + ki) * rs + j * cs];
                if (c->accumulate) sum += *at;
                *at = fmax(sum, sum * (double)c->slope);
            }
    k->to_bf16(left, a_size, a, a_size, 1, (int)a_size, (int)a_size);
    k->pack_b_bf16(packed, depth / 2, 0, depth, c->n, b, rs, cs);
    check_words(packed, (long)panels * k->nr * depth / 2);
    k->gemm_bf16(&(wf_gemm){.m = c->m,
                            .m_outer = c->m_outer,
                            .n = c->n,
                            .k = c->k / 2,
                            .k_outer = c->k_outer,
                            .a = left,
                            .a_row = a_row / 2,
                            .a_rows = a_rows / 2,
                            .a_outer = a_outer / 2,
                            .b = packed,
                            .c = to,
                            .c_row = c_row,
                            .c_rows = c_row * c->m,
                            .bias = c->has_bias ? bias : NULL,
                            .slope = c->slope,
                            .accumulate = c->accumulate});
    check_array(to, expected, c_size, 16.0 * depth);
    check_guard(to, c_size);
    free(a), free(b), free(bias), free(to), free(packed), free(left), free(expected);
}

TEST(gemm_of_every_size) {
    const wf_kernels *k;
    for (EACH_LEVEL(k))
        for (int m = 1; m <= 37; m += m < 16 ? 1 : 7)
            for (int s = 0; s < SIZES; s++)
                check_gemm(k, &(product_case){m, 1, sizes[s], 2 + 2 * ((m * 7 + s) % 40), 1,
                                              .is_transposed = (m + s) % 3 == 0, .slope = 1,
                                              .has_bias = s % 2, .accumulate = (m + s) % 2});
}

TEST(gemm_of_two_levels) {
    const wf_kernels *k;
    for (EACH_LEVEL(k))
        for (int s = 0; s < SIZES; s++) {
            product_case c = {1 + s * 2, 1 + s % 4, sizes[s], 2 + 2 * s, 1 + s % 5, .slope = 1};
            check_gemm(k, &c);
            c.overlap = 2 + 2 * (s % 3); /* rows of A share their numbers */
            c.slope = 0.25f;
            c.has_bias = 1;
            check_gemm(k, &c);
            c.accumulate = 1;
            c.k = 96;
            check_gemm(k, &c);
        }
}

static void check_gemm_tn(const wf_kernels *k, int m, int n, int r, int r_outer, int images) {
    const int rows = r * r_outer * images, c_row = n + 2;
    const long a_size = (long)m * rows, b_size = (long)n * rows, c_size = (long)c_row * m;
    float *a = numbers(2 * a_size, 1), *b = numbers(2 * b_size, 2), *to = array(c_size, 3);
    uint32_t *left = words(a_size), *right = words(b_size);
    double *expected = doubles(c_size);
    for (long i = 0; i < c_size; i++) expected[i] = (double)to[i];
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) {
            double sum = r % 2 ? expected[i * c_row + j] : 0;
            for (int row = 0; row < 2 * rows; row++)
                sum += (double)a[(long)row * m + i] * (double)b[(long)row * n + j];
            expected[i * c_row + j] = sum;
        }
    k->pair_rows(left, m, a, m, 2 * rows, m);
    k->pair_rows(right, n, b, n, 2 * rows, n);
    k->gemm_tn_bf16(&(wf_gemm_tn){.m = m,
                                  .n = n,
                                  .r = r,
                                  .r_outer = r_outer,
                                  .images = images,
                                  .a = left,
                                  .a_row = m,
                                  .a_outer = (ptrdiff_t)m * r,
                                  .a_image = (ptrdiff_t)m * r * r_outer,
                                  .b = right,
                                  .b_row = n,
                                  .b_outer = (ptrdiff_t)n * r,
                                  .b_image = (ptrdiff_t)n * r * r_outer,
                                  .c = to,
                                  .c_row = c_row,
                                  .accumulate = r % 2});
    check_array(to, expected, c_size, 32.0 * rows);
    check_guard(to, c_size);
    free(a), free(b), free(to), free(left), free(right), free(expected);
}

TEST(gemm_tn_of_every_size) {
    const wf_kernels *k;
    for (EACH_LEVEL(k))
        for (int m = 1; m <= 30; m += m < 16 ? 1 : 7)
            for (int s = 0; s < SIZES; s++)
                check_gemm_tn(k, m, sizes[s], 1 + (m + s) % 19, 1 + s % 3, 1 + m % 3);
}

TEST_MAIN()
