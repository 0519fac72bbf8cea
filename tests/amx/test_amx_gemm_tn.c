/* gemm_tn_bf16 of the level v4_amx against loops in double. */
#include <pthread.h>

#include "amx/emulator.h"
#include "amx/fenced.h"
#include "unit/kernels_fixture.h"

typedef struct problem {
    int m, n, r, r_outer, images; /* r: pairs */
    ptrdiff_t a_row, a_outer, a_image, b_row, b_outer, b_image, c_row;
    int accumulate;
} problem;

static problem plain(int m, int n, int r) {
    return (problem){
        .m = m, .n = n, .r = r, .r_outer = 1, .images = 1, .a_row = m, .b_row = n, .c_row = n};
}

/* The gradient of one row of a convolution's kernel over several images: `m` floats of windows that
 * begin every `step`, in lines `line` apart; the other factor without gaps. */
static problem windows(int m, int n, int r, int r_outer, int step, int line) {
    problem p = plain(m, n, r);
    p.r_outer = r_outer;
    p.images = 1 + (m + r) % 3;
    p.a_row = step;
    p.a_outer = line;
    p.a_image = (ptrdiff_t)line * (r_outer + 1);
    p.b_outer = r * p.b_row;
    p.b_image = r_outer * p.b_outer;
    return p;
}

enum { BEHIND_B = 31 }; /* elements that may be read */

typedef struct arrays {
    fenced a, b, c;
} arrays;

static int pairs_of(const problem *p) { return p->images * p->r_outer * p->r; }

static ptrdiff_t at(const problem *p, int pair, ptrdiff_t row, ptrdiff_t outer, ptrdiff_t image) {
    const int run = pair / p->r;
    return run / p->r_outer * image + run % p->r_outer * outer + pair % p->r * row;
}
static ptrdiff_t at_a(const problem *p, int pair) {
    return at(p, pair, p->a_row, p->a_outer, p->a_image);
}
static ptrdiff_t at_b(const problem *p, int pair) {
    return at(p, pair, p->b_row, p->b_outer, p->b_image);
}

static void fill(arrays *to, const problem *p) {
    const int pairs = pairs_of(p);
    to->a = fenced_create((long)at_a(p, pairs - 1) + p->m);
    to->b = fenced_create((long)at_b(p, pairs - 1) + p->n + BEHIND_B);
    to->c = fenced_create((long)(p->m - 1) * p->c_row + p->n);
    uint32_t *a = to->a.at, *b = to->b.at;
    float *c = to->c.at;
    for (int pair = 0; pair < pairs; pair++) {
        for (int i = 0; i < p->m; i++) a[at_a(p, pair) + i] = random_pair(1, at_a(p, pair) + i);
        for (int j = 0; j < p->n; j++) b[at_b(p, pair) + j] = random_pair(2, at_b(p, pair) + j);
    }
    for (int i = 0; i < p->m && p->accumulate; i++)
        for (int j = 0; j < p->n; j++) c[i * p->c_row + j] = product_random(3, i + j);
}

static void destroy(arrays *x) {
    fenced_destroy(&x->a), fenced_destroy(&x->b), fenced_destroy(&x->c);
}

static void run(const wf_kernels *kernels, const problem *p, const arrays *x) {
    kernels->gemm_tn_bf16(&(wf_gemm_tn){.m = p->m,
                                        .n = p->n,
                                        .r = p->r,
                                        .r_outer = p->r_outer,
                                        .images = p->images,
                                        .a = x->a.at,
                                        .a_row = p->a_row,
                                        .a_outer = p->a_outer,
                                        .a_image = p->a_image,
                                        .b = x->b.at,
                                        .b_row = p->b_row,
                                        .b_outer = p->b_outer,
                                        .b_image = p->b_image,
                                        .c = x->c.at,
                                        .c_row = p->c_row,
                                        .accumulate = p->accumulate});
}

/* sums [m][c_row] += A^T B */
static void add_sums(double *sums, const problem *p, const arrays *x) {
    for (int pair = 0; pair < pairs_of(p); pair++) {
        const uint32_t *a = (const uint32_t *)x->a.at + at_a(p, pair);
        const uint32_t *b = (const uint32_t *)x->b.at + at_b(p, pair);
        for (int i = 0; i < p->m; i++)
            for (int j = 0; j < p->n; j++)
                sums[i * p->c_row + j] +=
                    low_of(a[i]) * low_of(b[j]) + high_of(a[i]) * high_of(b[j]);
    }
}

/* is_on_tiles: whether the kernel is expected to use them, which only the emulator knows */
static void check_problem(const wf_kernels *kernels, const problem *p, int is_on_tiles) {
    arrays x;
    fill(&x, p);
    double *expected = doubles(x.c.n), worst = 0, scale = 1;
    float *c = x.c.at;
    for (long i = 0; i < x.c.n; i++) expected[i] = i % p->c_row < p->n ? 0 : NAN;
    for (int i = 0; i < p->m && p->accumulate; i++)
        for (int j = 0; j < p->n; j++) expected[i * p->c_row + j] = (double)c[i * p->c_row + j];
    add_sums(expected, p, &x);
    run(kernels, p, &x);
    for (long i = 0; i < x.c.n; i++) {
        CHECK(isnan(expected[i]) == isnan(c[i]));
        if (isnan(expected[i])) continue;
        worst = fmax(worst, fabs((double)c[i] - expected[i]));
        scale = fmax(scale, fabs(expected[i]));
    }
    CHECK_NEAR(worst, 0, scale * 0x1p-24 * (8 + 2 * sqrt(2.0 * pairs_of(p))));
    if (amx_is_emulated()) CHECK_INT(amx_emulator_counts().products > 0, is_on_tiles);
    free(expected);
    destroy(&x);
}

TEST(every_size) {
    AMX_KERNELS_OR_RETURN(kernels);
    for (int m = 1; m <= 70; m += m < 34 ? 3 : 11)
        for (int s = 0; s < SIZES; s++) {
            problem p = plain(m, sizes[s], 1 + (m * 5 + s * 7) % 70);
            p.a_row += m % 3;
            p.b_row += s % 2;
            p.c_row += (m + s) % 3;
            p.accumulate = (m + s) % 2;
            check_problem(kernels, &p, m > 4 && p.r >= 16);
        }
}

/* More than are turned at once, and more than have sums at once, on either side. */
TEST(large_sizes) {
    AMX_KERNELS_OR_RETURN(kernels);
    static const int sizes_of[][3] = {
        {20, 300, 530}, {290, 40, 300}, {186, 64, 512}, {28, 128, 700}, {112, 512, 128}};
    for (int i = 0; i < 5; i++) {
        problem p = plain(sizes_of[i][0], sizes_of[i][1], sizes_of[i][2]);
        p.b_row += i % 2;
        p.c_row += i % 3;
        p.accumulate = i % 2;
        check_problem(kernels, &p, 1);
    }
}

/* In A, which is turned; in B too, or in B alone; and in both, for which tiles are not meant. */
TEST(runs_of_pairs) {
    AMX_KERNELS_OR_RETURN(kernels);
    for (int r = 1; r <= 20; r += 3)
        for (int r_outer = 1; r_outer <= 14; r_outer += 4)
            for (int m = 9; m <= 96; m += 29) {
                problem p = windows(m, 50, r, r_outer, 6, 6 * r + 7);
                const int is_long = pairs_of(&p) >= 16, is_one = r_outer * p.images == 1;
                check_problem(kernels, &p, is_long);
                p.b_row += 2;
                p.b_outer = r * p.b_row + 5;
                p.b_image = r_outer * p.b_outer;
                check_problem(kernels, &p, is_long && is_one);
                p.a_row = m;
                p.a_outer = r * m;
                p.a_image = r_outer * r * m;
                p.accumulate = 1;
                check_problem(kernels, &p, is_long && (m >= 32 || is_one));
            }
}

TEST(special_numbers) {
    AMX_KERNELS_OR_RETURN(kernels);
    for (int n = 20; n <= 100; n += 80) {
        problem p = plain(120 - n, n, 40); /* either factor is turned */
        arrays x;
        fill(&x, &p);
        uint32_t *a = x.a.at, *b = x.b.at;
        float *c = x.c.at;
        a[3 * p.a_row + 6] = 0xFFFF0000;
        b[39 * p.b_row + 11] = 0x00007FC0;
        run(kernels, &p, &x);
        for (int i = 0; i < p.m; i++)
            for (int j = 0; j < p.n; j++) CHECK_INT(isnan(c[i * p.n + j]), i == 6 || j == 11);
        for (long i = 0; i < x.a.n; i++) a[i] = 0x807F0001;
        for (long i = 0; i < x.b.n; i++) b[i] = 0x7E007E00;
        run(kernels, &p, &x);
        for (int i = 0; i < p.m * p.n; i++) CHECK(c[i] == 0);
        destroy(&x);
    }
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
        workers[i].p = windows(20 + 30 * i, 80 - 20 * i, 7, 5 + i, 9, 90);
        fill(&workers[i].x, &workers[i].p);
    }
    for (int i = 0; i < 3; i++)
        CHECK(!pthread_create(&workers[i].thread, NULL, run_often, &workers[i]));
    for (int i = 0; i < 3; i++) pthread_join(workers[i].thread, NULL);
    for (int i = 0; i < 3; i++) {
        arrays alone;
        fill(&alone, &workers[i].p);
        run(kernels, &workers[i].p, &alone);
        CHECK(!memcmp(alone.c.at, workers[i].x.c.at, (size_t)alone.c.n * sizeof(float)));
        destroy(&alone), destroy(&workers[i].x);
    }
}

TEST_MAIN()
