/* Arrays with a guard behind them, random numbers, and the levels: for tests of kernels. */
#ifndef WEFT_TESTS_KERNELS_FIXTURE_H
#define WEFT_TESTS_KERNELS_FIXTURE_H

#include "kernels/kernels.h"
#include "parity/product.h"
#include "test.h"

#define EACH_LEVEL(k)                                                                              \
    int level_##k = 0;                                                                             \
    (k = wf_kernels_at(level_##k)) != NULL;                                                        \
    level_##k++

enum { GUARD = 64, SIZES = 13 };
static const int sizes[SIZES] = {1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 33, 63, 65};
static const float guard_value = -123.25f;

/* n random floats, and behind them a guard that guard_holds looks at. */
__attribute__((unused)) static float *array(long n, uint64_t seed) {
    float *x = malloc((size_t)(n + GUARD) * sizeof *x);
    CHECK(x);
    for (long i = 0; i < n; i++) x[i] = product_random(seed, i);
    for (long i = n; i < n + GUARD; i++) x[i] = guard_value;
    return x;
}

__attribute__((unused)) static void check_guard(const float *x, long n) {
    for (long i = n; i < n + GUARD; i++) CHECK(x[i] == guard_value);
}

/* All n as expected, up to `terms` roundings of numbers of about 1. */
__attribute__((unused)) static void check_array(const float *actual, const double *expected, long n,
                                                double terms) {
    double worst = 0, scale = 1;
    for (long i = 0; i < n; i++) {
        CHECK(isfinite(actual[i]));
        worst = fmax(worst, fabs((double)actual[i] - expected[i]));
        scale = fmax(scale, fabs(expected[i]));
    }
    CHECK_NEAR(worst, 0, scale * 0x1p-24 * (8 + 2 * sqrt(terms)));
    check_guard(actual, n);
}

__attribute__((unused)) static double *doubles(long n) {
    double *x = calloc((size_t)n + 1, sizeof *x);
    CHECK(x);
    return x;
}

#endif
