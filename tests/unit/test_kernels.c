/* Matrix products and plain passes of every level against loops in double, at odd sizes. */
#include "unit/kernels_fixture.h"

/* ---- products ---- */

typedef struct product_case {
    int m, m_outer, n, k, k_outer;
    int extra;   /* floats between the rows of A and of C */
    int overlap; /* rows of A begin every so many floats, as a convolution's windows do; 0: k */
    int has_bias, accumulate;
    float slope;
} product_case;

static void check_gemm(const wf_kernels *k, const product_case *c) {
    const ptrdiff_t a_row = c->overlap ? c->overlap : c->k + c->extra, c_row = c->n + c->extra;
    const ptrdiff_t a_outer = a_row * c->m + c->k, a_rows = c->overlap ? a_outer : a_row * c->m;
    const long a_size = (long)(a_rows * c->m_outer + a_outer * c->k_outer + a_row * c->m + c->k);
    const long c_size = (long)c_row * c->m * c->m_outer;
    const int depth = c->k * c->k_outer, panels = (c->n + k->nr - 1) / k->nr;
    float *a = array(a_size, 1), *b = array((long)depth * c->n, 2), *bias = array(c->n, 3);
    float *to = array(c_size, 4), *packed = array((long)panels * k->nr * depth, 5);
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
                               (double)b[(ko * c->k + ki) * c->n + j];
                if (c->accumulate) sum += *at;
                *at = fmax(sum, sum * (double)c->slope);
            }
    k->pack_b(packed, depth, 0, depth, c->n, b, c->n, 1);
    check_guard(packed, (long)panels * k->nr * depth);
    k->gemm(&(wf_gemm){.m = c->m,
                       .m_outer = c->m_outer,
                       .n = c->n,
                       .k = c->k,
                       .k_outer = c->k_outer,
                       .a = a,
                       .a_row = a_row,
                       .a_rows = a_rows,
                       .a_outer = a_outer,
                       .b = packed,
                       .c = to,
                       .c_row = c_row,
                       .c_rows = c_row * c->m,
                       .bias = c->has_bias ? bias : NULL,
                       .slope = c->slope,
                       .accumulate = c->accumulate});
    check_array(to, expected, c_size, depth);
    free(a), free(b), free(bias), free(to), free(packed), free(expected);
}

TEST(gemm_of_every_size) {
    const wf_kernels *k;
    for (EACH_LEVEL(k))
        for (int m = 1; m <= 30; m += m < 16 ? 1 : 7)
            for (int s = 0; s < SIZES; s++)
                check_gemm(k, &(product_case){m, 1, sizes[s], 1 + (m * 7 + s) % 20, 1, .slope = 1,
                                              .extra = s % 3, .has_bias = s % 2,
                                              .accumulate = (m + s) % 2});
}

TEST(gemm_of_two_levels) {
    const wf_kernels *k;
    for (EACH_LEVEL(k))
        for (int s = 0; s < SIZES; s++) {
            product_case c = {1 + s * 2, 1 + s % 4, sizes[s], 1 + s, 1 + s % 5, .slope = 1};
            check_gemm(k, &c);
            c.overlap = 1 + s % 3; /* rows of A share their floats */
            c.slope = 0;
            c.has_bias = 1;
            check_gemm(k, &c);
            c.slope = 0.25f;
            c.accumulate = 1;
            check_gemm(k, &c);
        }
}

/* a kernel of its own, several panels of B wide */
TEST(gemm_of_one_row) {
    const wf_kernels *k;
    for (EACH_LEVEL(k))
        for (int n = 1; n <= 300; n += n < 140 ? 1 : 23)
            check_gemm(k, &(product_case){1, 1, n, 1 + n % 9, 1 + n % 2, .slope = n % 3 ? 1 : 0.25f,
                                          .has_bias = n % 2, .accumulate = n / 2 % 2});
}

TEST(a_long_product) {
    const wf_kernels *k;
    for (EACH_LEVEL(k)) check_gemm(k, &(product_case){13, 1, 37, 1500, 3, .slope = 1});
}

static void check_gemm_tn(const wf_kernels *k, int m, int n, int r, int r_outer, int extra,
                          int accumulate) {
    const ptrdiff_t a_row = m + extra, b_row = n + extra, c_row = n + extra;
    const ptrdiff_t a_outer = a_row * r + extra, b_outer = b_row * r + extra;
    const long c_size = (long)c_row * m;
    float *a = array((long)a_outer * r_outer, 1), *b = array((long)b_outer * r_outer, 2);
    float *to = array(c_size, 3);
    double *expected = doubles(c_size);
    for (long i = 0; i < c_size; i++) expected[i] = (double)to[i];
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) {
            double sum = accumulate ? expected[i * c_row + j] : 0;
            for (int ro = 0; ro < r_outer; ro++)
                for (int ri = 0; ri < r; ri++)
                    sum += (double)a[ro * a_outer + ri * a_row + i] *
                           (double)b[ro * b_outer + ri * b_row + j];
            expected[i * c_row + j] = sum;
        }
    k->gemm_tn(&(wf_gemm_tn){.m = m,
                             .n = n,
                             .r = r,
                             .r_outer = r_outer,
                             .images = 1,
                             .a = a,
                             .a_row = a_row,
                             .a_outer = a_outer,
                             .b = b,
                             .b_row = b_row,
                             .b_outer = b_outer,
                             .c = to,
                             .c_row = c_row,
                             .accumulate = accumulate});
    check_array(to, expected, c_size, (double)r * r_outer);
    free(a), free(b), free(to), free(expected);
}

TEST(gemm_tn_of_every_size) {
    const wf_kernels *k;
    for (EACH_LEVEL(k))
        for (int m = 1; m <= 30; m += m < 16 ? 1 : 7)
            for (int s = 0; s < SIZES; s++)
                check_gemm_tn(k, m, sizes[s], 1 + (m + s * 5) % 40, 1 + s % 3, s % 2, (m + s) % 2);
    for (EACH_LEVEL(k)) {
        check_gemm_tn(k, 29, 35, 700, 3, 1, 0);
        check_gemm_tn(k, 112, 161, 400, 1, 1, 0);
    }
}

TEST(packing) {
    const wf_kernels *k;
    for (EACH_LEVEL(k))
        for (int s = 0; s < SIZES; s++)
            for (int transposed = 0; transposed < 2; transposed++) {
                const int n = sizes[s], rows = 5 + s, k0 = 3, depth = rows + 7;
                const ptrdiff_t rs = transposed ? 1 : n + 2, cs = transposed ? rows + 1 : 1;
                const long size = (long)((n + k->nr - 1) / k->nr * k->nr) * depth;
                float *from = array((long)(rows + 1) * (n + 2), 1), *to = array(size, 2);
                float *before = array(size, 2);
                k->pack_b(to, depth, k0, rows, n, from, rs, cs);
                for (long at = 0; at < size; at++) {
                    const long panel = at / (k->nr * depth), inside = at % (k->nr * depth);
                    const long row = inside / k->nr - k0, j = panel * k->nr + inside % k->nr;
                    if (row < 0 || row >= rows) CHECK(to[at] == before[at]);
                    else CHECK(to[at] == (j < n ? from[row * rs + j * cs] : 0));
                }
                check_guard(to, size);
                free(from), free(to), free(before);
            }
}

/* ---- passes ---- */

TEST(sums_of_columns) {
    const wf_kernels *k;
    for (EACH_LEVEL(k))
        for (int s = 0; s < SIZES; s++)
            for (int rows = 1; rows < 200; rows = rows * 3 + 1) {
                const int n = sizes[s];
                const ptrdiff_t row = n + s % 3;
                float *x = array((long)row * rows, 1), *out = array(n, 2);
                double *expected = doubles(n);
                for (int accumulate = 0; accumulate < 2; accumulate++) {
                    for (int j = 0; j < n; j++) {
                        expected[j] = accumulate ? (double)out[j] : 0;
                        for (int i = 0; i < rows; i++) expected[j] += (double)x[i * row + j];
                    }
                    k->column_sums(out, x, rows, n, row, accumulate);
                    check_array(out, expected, n, rows);
                }
                free(x), free(out), free(expected);
            }
}

TEST(moments_and_dots_of_columns) {
    const wf_kernels *k;
    for (EACH_LEVEL(k))
        for (int s = 0; s < SIZES; s++)
            for (int rows = 1; rows < 400; rows = rows * 5 + 1) {
                const int n = sizes[s];
                const long size = (long)rows * n;
                float *x = array(size, 1), *dy = array(size, 2), *out[4];
                double *expected[4];
                for (int i = 0; i < 4; i++) {
                    out[i] = array(n, 3);
                    expected[i] = doubles(n);
                }
                for (long i = 0; i < size; i++) x[i] += 20; /* far from 0 against the spread */
                for (int j = 0; j < n; j++) {
                    for (int i = 0; i < rows; i++) expected[0][j] += (double)x[i * n + j] / rows;
                    for (int i = 0; i < rows; i++) {
                        const double d = (double)x[i * n + j] - expected[0][j];
                        expected[1][j] += d * d;
                    }
                }
                k->column_moments(out[0], out[1], x, rows, n);
                check_array(out[0], expected[0], n, rows);
                check_array(out[1], expected[1], n, 100.0 * rows);
                for (int j = 0; j < n; j++)
                    for (int i = 0; i < rows; i++) {
                        const double d = (double)dy[i * n + j];
                        expected[2][j] += d;
                        expected[3][j] += d * ((double)x[i * n + j] - (double)out[0][j]);
                    }
                k->column_dots(out[2], out[3], dy, x, out[0], rows, n);
                check_array(out[2], expected[2], n, rows);
                check_array(out[3], expected[3], n, 4.0 * rows);
                for (int i = 0; i < 4; i++) free(out[i]), free(expected[i]);
                free(x), free(dy);
            }
}

TEST(row_wise_passes) {
    const wf_kernels *k;
    for (EACH_LEVEL(k))
        for (int s = 0; s < SIZES; s++) {
            const int n = sizes[s], rows = 1 + s;
            const long size = (long)rows * n;
            float *x = array(size, 1), *y = array(size, 2), *to = array(size, 3), *v[4];
            double *expected = doubles(size);
            for (int i = 0; i < 4; i++) v[i] = array(n, 4 + (uint64_t)i);
            k->add(to, x, y, (size_t)size);
            for (long i = 0; i < size; i++) expected[i] = (double)x[i] + (double)y[i];
            check_array(to, expected, size, 1);
            k->scale_rows(to, x, (size_t)rows, n, v[0], v[1]);
            for (long i = 0; i < size; i++)
                expected[i] = (double)x[i] * (double)v[0][i % n] + (double)v[1][i % n];
            check_array(to, expected, size, 1);
            k->normalize_backward(to, y, x, v[0], v[1], v[2], v[3], rows, n);
            for (long i = 0; i < size; i++)
                expected[i] = (double)y[i] * (double)v[1][i % n] +
                              ((double)x[i] - (double)v[0][i % n]) * (double)v[2][i % n] +
                              (double)v[3][i % n];
            check_array(to, expected, size, 3);
            k->add(x, x, y, (size_t)size); /* in place */
            check_guard(x, size);
            for (int i = 0; i < 4; i++) free(v[i]);
            free(x), free(y), free(to), free(expected);
        }
}

TEST(pixels) {
    const wf_kernels *k;
    uint8_t src[257 * 3];
    for (size_t i = 0; i < sizeof src; i++) src[i] = (uint8_t)(i * 7);
    const float scale[3] = {1.0f / 255, 0.02f, -3}, shift[3] = {0, -1.5f, 7};
    for (EACH_LEVEL(k))
        for (int c = 1; c <= 3; c++)
            for (int n = c; n <= 257 * c; n = n < 64 ? n + c : n + 193 * c) {
                float *to = array(n, 1);
                double *expected = doubles(n);
                for (int i = 0; i < n; i++)
                    expected[i] = (double)src[i] * (double)scale[i % c] + (double)shift[i % c];
                k->pixels(to, src, (size_t)n, scale, shift, c);
                check_array(to, expected, n, 1);
                free(to), free(expected);
            }
}

TEST_MAIN()
