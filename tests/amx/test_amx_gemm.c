/* gemm_bf16 of the level v4_amx against loops in double: sizes, strides, windows that overlap, and
 * that nothing else is read or written. */
#include <pthread.h>

#include "amx/emulator.h"
#include "amx/fenced.h"
#include "unit/kernels_fixture.h"

typedef struct problem {
    int m, m_outer, n, k, k_outer; /* k: pairs */
    ptrdiff_t a_row, a_rows, a_outer, c_row, c_rows;
    int has_bias, accumulate;
    float slope;
} problem;

/* Rows and runs of k that follow each other without gaps. */
static problem plain(int m, int n, int k, int k_outer) {
    const ptrdiff_t row = (ptrdiff_t)k * k_outer;
    return (problem){.m = m,
                     .m_outer = 1,
                     .n = n,
                     .k = k,
                     .k_outer = k_outer,
                     .a_row = row,
                     .a_outer = k,
                     .c_row = n,
                     .slope = 1};
}

/* Windows of kh x kw pixels of c pairs over an image, padded to w + extra pixels in a row. */
static problem windows(int h, int w, int c, int kh, int kw, int stride, int extra, int n) {
    const int oh = (h - kh) / stride + 1, ow = (w - kw) / stride + 1;
    const ptrdiff_t line = (ptrdiff_t)(w + extra) * c;
    return (problem){.m = ow,
                     .m_outer = oh,
                     .n = n,
                     .k = kw * c,
                     .k_outer = kh,
                     .a_row = (ptrdiff_t)stride * c,
                     .a_rows = stride * line,
                     .a_outer = line,
                     .c_row = n,
                     .c_rows = (ptrdiff_t)ow * n,
                     .slope = 1};
}

typedef struct arrays {
    fenced a, b, bias, c;
    long c_size;
} arrays;

static ptrdiff_t at_a(const problem *p, int io, int ii, int ko, int ki) {
    return io * p->a_rows + ii * p->a_row + ko * p->a_outer + ki;
}

/* Random numbers where the product looks, else not-a-number. */
static void fill(arrays *to, const problem *p, const wf_kernels *kernels) {
    const int depth = p->k * p->k_outer, panels = (p->n + kernels->nr - 1) / kernels->nr;
    to->a = fenced_create((long)at_a(p, p->m_outer - 1, p->m - 1, p->k_outer - 1, p->k));
    to->b = fenced_create((long)panels * kernels->nr * depth);
    to->bias = fenced_create(p->n);
    to->c_size = (long)((p->m_outer - 1) * p->c_rows + (p->m - 1) * p->c_row + p->n);
    to->c = fenced_create(to->c_size);
    uint32_t *a = to->a.at;
    float *c = to->c.at, *bias = to->bias.at;
    for (int io = 0; io < p->m_outer; io++)
        for (int ii = 0; ii < p->m; ii++) {
            for (int ko = 0; ko < p->k_outer; ko++)
                for (int ki = 0; ki < p->k; ki++)
                    a[at_a(p, io, ii, ko, ki)] = random_pair(1, at_a(p, io, ii, ko, ki));
            if (p->accumulate)
                for (int j = 0; j < p->n; j++)
                    c[io * p->c_rows + ii * p->c_row + j] = product_random(2, ii + j);
        }
    for (int j = 0; j < p->n; j++) bias[j] = product_random(3, j);
    float *plain_b = array((long)2 * depth * p->n, 4);
    kernels->pack_b_bf16(to->b.at, depth, 0, 2 * depth, p->n, plain_b, p->n, 1);
    free(plain_b);
}

static void destroy(arrays *x) {
    fenced_destroy(&x->a), fenced_destroy(&x->b), fenced_destroy(&x->bias), fenced_destroy(&x->c);
}

static void run(const wf_kernels *kernels, const problem *p, const arrays *x) {
    kernels->gemm_bf16(&(wf_gemm){.m = p->m,
                                  .m_outer = p->m_outer,
                                  .n = p->n,
                                  .k = p->k,
                                  .k_outer = p->k_outer,
                                  .a = x->a.at,
                                  .a_row = p->a_row,
                                  .a_rows = p->a_rows,
                                  .a_outer = p->a_outer,
                                  .b = x->b.at,
                                  .c = x->c.at,
                                  .c_row = p->c_row,
                                  .c_rows = p->c_rows,
                                  .bias = p->has_bias ? x->bias.at : NULL,
                                  .slope = p->slope,
                                  .accumulate = p->accumulate});
}

/* One sum; b is packed. */
static double sum_of(const problem *p, const arrays *x, int nr, int io, int ii, int j) {
    const int depth = p->k * p->k_outer;
    const uint32_t *a = x->a.at, *b = (const uint32_t *)x->b.at + (ptrdiff_t)(j / nr) * nr * depth;
    double sum = p->has_bias ? (double)((const float *)x->bias.at)[j] : 0;
    for (int ko = 0; ko < p->k_outer; ko++)
        for (int ki = 0; ki < p->k; ki++) {
            const uint32_t l = a[at_a(p, io, ii, ko, ki)];
            const uint32_t r = b[(ptrdiff_t)(ko * p->k + ki) * nr + j % nr];
            sum += low_of(l) * low_of(r) + high_of(l) * high_of(r);
        }
    return sum;
}

static void check_problem(const wf_kernels *kernels, const problem *p) {
    arrays x;
    fill(&x, p, kernels);
    const int nr = kernels->nr;
    double *expected = doubles(x.c_size), worst = 0, scale = 1;
    float *c = x.c.at;
    for (long i = 0; i < x.c_size; i++) expected[i] = NAN;
    for (int io = 0; io < p->m_outer; io++)
        for (int ii = 0; ii < p->m; ii++)
            for (int j = 0; j < p->n; j++) {
                const ptrdiff_t at = io * p->c_rows + ii * p->c_row + j;
                double sum = sum_of(p, &x, nr, io, ii, j);
                if (p->accumulate) sum += (double)c[at];
                expected[at] = fmax(sum, sum * (double)p->slope);
            }
    run(kernels, p, &x);
    for (long i = 0; i < x.c_size; i++) {
        CHECK(isnan(expected[i]) == isnan(c[i])); /* nothing between the rows was written */
        if (isnan(expected[i])) continue;
        worst = fmax(worst, fabs((double)c[i] - expected[i]));
        scale = fmax(scale, fabs(expected[i]));
    }
    CHECK_NEAR(worst, 0, scale * 0x1p-24 * (8 + 2 * sqrt(2.0 * p->k * p->k_outer)));
    free(expected);
    destroy(&x);
}

/* Tiles are used, or they are not; which only the emulator knows. */
static void check_is_on_tiles(int expected) {
    if (amx_is_emulated()) CHECK_INT(amx_emulator_counts().products > 0, expected);
}

TEST(every_number_of_rows_and_columns) {
    AMX_KERNELS_OR_RETURN(kernels);
    for (int m = 5; m <= 70; m += m < 36 ? 1 : 17)
        for (int s = 0; s < SIZES; s++) {
            problem p = plain(m, sizes[s], 16 * (1 + s % 3), 1 + m % 2);
            p.has_bias = s % 2;
            p.accumulate = (m + s) % 2;
            p.slope = m % 3 ? 0.25f * (float)(m % 3 - 1) : 1;
            p.c_row += s % 3;
            p.a_row += m % 5;
            check_problem(kernels, &p);
            check_is_on_tiles(1);
        }
}

TEST(windows_of_images) {
    AMX_KERNELS_OR_RETURN(kernels);
    static const int widths[] = {3, 7, 9, 16, 18, 19, 26, 30, 35};
    for (int i = 0; i < 9; i++)
        for (int stride = 1; stride <= 3; stride++)
            for (int extra = 0; extra < 3; extra++) {
                problem p = windows(5 + i, widths[i], 16, 3, 3, stride, extra, 20 + 7 * i);
                p.has_bias = extra == 1;
                p.slope = stride == 2 ? 0 : 1;
                p.accumulate = i % 2;
                check_problem(kernels, &p);
                check_is_on_tiles(p.m * p.m_outer > 4);
            }
}

/* Lines of rows whose distances no single step fits, that overlap, or that leave gaps in C. */
TEST(two_levels_of_rows) {
    AMX_KERNELS_OR_RETURN(kernels);
    for (int m = 1; m <= 40; m += 1 + m / 8)
        for (int m_outer = 1; m_outer <= 4; m_outer++) {
            problem p = plain(m, 37, 16, 1);
            p.m_outer = m_outer;
            p.a_row = 5;
            p.a_rows = m_outer == 2 ? 5 * (m + 1) : m_outer == 3 ? 5 : 5 * m + 3;
            p.c_rows = m * p.c_row + m_outer;
            check_problem(kernels, &p);
            check_is_on_tiles(m * m_outer > 4);
        }
}

/* What tiles are not meant for comes out right as well. */
TEST(other_depths_and_few_rows) {
    AMX_KERNELS_OR_RETURN(kernels);
    for (int k = 1; k <= 40; k += 3) {
        problem p = plain(20, 40, k, 2);
        check_problem(kernels, &p);
        check_is_on_tiles(k % 16 == 0);
        p = plain(1 + k % 4, 200, 32, 1);
        check_problem(kernels, &p);
        check_is_on_tiles(0);
    }
}

/* A number that is none stays in its row and its column; sums of denormals are zero. */
TEST(special_numbers) {
    AMX_KERNELS_OR_RETURN(kernels);
    problem p = windows(6, 9, 16, 3, 2, 1, 0, 40);
    arrays x;
    fill(&x, &p, kernels);
    uint32_t *a = x.a.at, *b = x.b.at;
    float *c = x.c.at;
    a[0] = 0x7FC00000;                   /* of the first row alone */
    b[7 * kernels->nr + 3] = 0xFFC00000; /* of column 3 */
    run(kernels, &p, &x);
    for (int i = 0; i < p.m * p.m_outer; i++)
        for (int j = 0; j < p.n; j++) CHECK_INT(isnan(c[i * p.n + j]), i == 0 || j == 3);
    for (long i = 0; i < x.a.n; i++) a[i] = 0x00018001;
    for (long i = 0; i < x.b.n; i++) b[i] = 0x7E007E00;
    run(kernels, &p, &x);
    for (int i = 0; i < p.m * p.m_outer * p.n; i++) CHECK(c[i] == 0);
    destroy(&x);
}

/* ---- threads ---- */

typedef struct worker {
    pthread_t thread;
    const wf_kernels *kernels;
    problem p;
    arrays x;
} worker;

static void *run_often(void *pointer) {
    worker *w = pointer;
    for (int i = 0; i < 20; i++) run(w->kernels, &w->p, &w->x);
    return NULL;
}

TEST(three_threads) {
    worker workers[3];
    AMX_KERNELS_OR_RETURN(kernels);
    for (int i = 0; i < 3; i++) {
        workers[i].kernels = kernels;
        workers[i].p = plain(9 + 20 * i, 70 - 10 * i, 32, 1 + i);
        fill(&workers[i].x, &workers[i].p, kernels);
    }
    for (int i = 0; i < 3; i++)
        CHECK(!pthread_create(&workers[i].thread, NULL, run_often, &workers[i]));
    for (int i = 0; i < 3; i++) pthread_join(workers[i].thread, NULL);
    for (int i = 0; i < 3; i++) {
        arrays alone;
        fill(&alone, &workers[i].p, kernels);
        run(kernels, &workers[i].p, &alone);
        CHECK(!memcmp(alone.c.at, workers[i].x.c.at, (size_t)alone.c_size * sizeof(float)));
        destroy(&alone), destroy(&workers[i].x);
    }
}

TEST_MAIN()
