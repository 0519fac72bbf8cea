/* Vector functions of every level over the whole range of their arguments, extremes included. */
#include <float.h>

#include "nn/layer.h"
#include "unit/kernels_fixture.h"

enum { COUNT = 4096 };

static double exact(int kind, double x, double alpha) {
    switch (kind) {
    case WF_ACT_RELU: return x > 0 ? x : 0;
    case WF_ACT_LEAKY_RELU: return x > 0 ? x : alpha * x;
    case WF_ACT_ELU: return x > 0 ? x : alpha * expm1(x);
    case WF_ACT_GELU:
        if (alpha == 0) return 0.5 * x * erfc(-x / sqrt(2));
        return 0.5 * x * (1 + tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    case WF_ACT_SIGMOID: return 1 / (1 + exp(-x));
    case WF_ACT_TANH: return tanh(x);
    default: return x;
    }
}

static double exact_slope(int kind, double x, double alpha) {
    switch (kind) {
    case WF_ACT_RELU: return x > 0;
    case WF_ACT_LEAKY_RELU: return x > 0 ? 1 : alpha;
    case WF_ACT_ELU: return x > 0 ? 1 : alpha * exp(x);
    case WF_ACT_GELU: {
        if (alpha == 0) return 0.5 * erfc(-x / sqrt(2)) + x * exp(-0.5 * x * x) / sqrt(2 * M_PI);
        double t = tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x));
        return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * sqrt(2 / M_PI) * (1 + 3 * 0.044715 * x * x);
    }
    case WF_ACT_SIGMOID: return exact(kind, x, 0) * (1 - exact(kind, x, 0));
    case WF_ACT_TANH: return 1 - tanh(x) * tanh(x);
    default: return 1;
    }
}

/* Arguments from -limit to limit in equal steps, the last one random fractions apart. */
static void fill(float x[COUNT], double limit) {
    for (int i = 0; i < COUNT; i++)
        x[i] =
            (float)(limit * ((2.0 * i + 0.37) / COUNT - 1) + 1e-3 * (double)product_random(1, i));
}

TEST(exponential) {
    const wf_kernels *k;
    static float x[COUNT], y[COUNT];
    for (EACH_LEVEL(k)) {
        double worst = 0;
        static const double limits[] = {87.3, 10, 1, 1e-3};
        for (int l = 0; l < 4; l++) {
            fill(x, limits[l]);
            k->exponentials(y, x, COUNT);
            for (int i = 0; i < COUNT; i++) {
                if (fabs((double)x[i]) > 87.3) continue;
                worst = fmax(worst, fabs((double)y[i] / exp((double)x[i]) - 1));
            }
        }
        printf("exp at %s: relative error %.2g\n", k->isa, worst);
        CHECK_NEAR(worst, 0, 2e-7);
    }
}

/* Relative to the result where that is small, absolute where it is not. */
TEST(sigmoid_and_tanh) {
    const wf_kernels *k;
    static float x[COUNT], y[COUNT];
    for (EACH_LEVEL(k))
        for (int kind = WF_ACT_SIGMOID; kind <= WF_ACT_TANH; kind++) {
            double worst = 0;
            static const double limits[] = {80, 10, 1, 1e-3, 1e-20};
            for (int l = 0; l < 5; l++) {
                fill(x, limits[l]);
                if (limits[l] < 1e-10)
                    for (int i = 0; i < COUNT; i++) x[i] = (float)(limits[l] * (i - 2000));
                k->activate(y, x, COUNT, kind, 0);
                for (int i = 0; i < COUNT; i++) {
                    const double e = exact(kind, (double)x[i], 0);
                    if (e != 0) worst = fmax(worst, fabs((double)y[i] / e - 1));
                    else CHECK(y[i] == 0);
                    CHECK(fabs((double)y[i]) <= 1);
                }
            }
            printf("%s at %s: relative error %.2g\n", kind == WF_ACT_TANH ? "tanh" : "sigmoid",
                   k->isa, worst);
            CHECK_NEAR(worst, 0, 4e-7);
        }
}

static const struct {
    int kind;
    float alpha;
} kinds[] = {{WF_ACT_LINEAR, 0}, {WF_ACT_RELU, 0},   {WF_ACT_LEAKY_RELU, 0.3f},
             {WF_ACT_ELU, 1},    {WF_ACT_ELU, 0.5f}, {WF_ACT_GELU, 0},
             {WF_ACT_GELU, 1},   {WF_ACT_TANH, 0},   {WF_ACT_SIGMOID, 0}};
enum { KINDS = sizeof kinds / sizeof *kinds };

TEST(activations_and_slopes) {
    const wf_kernels *k;
    static float x[COUNT];
    fill(x, 12);
    for (EACH_LEVEL(k))
        for (int f = 0; f < KINDS; f++)
            for (int s = 0; s < SIZES + 1; s++) {
                const int n = s < SIZES ? sizes[s] : COUNT, kind = kinds[f].kind;
                const double alpha = (double)kinds[f].alpha;
                const float *from = s < SIZES ? x + COUNT / 2 - n / 2 : x;
                float *y = array(n, 1), *dy = array(n, 2), *dx = array(n, 3);
                double *expected = doubles(n);
                for (int i = 0; i < n; i++) expected[i] = exact(kind, (double)from[i], alpha);
                k->activate(y, from, (size_t)n, kind, kinds[f].alpha);
                check_array(y, expected, n, 1);
                for (int i = 0; i < n; i++)
                    expected[i] = (double)dy[i] * exact_slope(kind, (double)from[i], alpha);
                k->activate_backward(dx, dy, kind == WF_ACT_GELU ? from : y, (size_t)n, kind,
                                     kinds[f].alpha);
                check_array(dx, expected, n, 100);
                k->activate_backward(dy, dy, kind == WF_ACT_GELU ? from : y, (size_t)n, kind,
                                     kinds[f].alpha); /* in place */
                CHECK(memcmp(dx, dy, (size_t)n * sizeof *dx) == 0);
                free(y), free(dy), free(dx), free(expected);
            }
}

TEST(extremes) {
    static const float extremes[] = {0,      -0.0f,   FLT_MIN, -FLT_MIN, 1e-45f,   -1e-45f,
                                     1e-30f, -1e-30f, 87.3f,   -87.3f,   88.7f,    -88.7f,
                                     89,     -89,     104,     -104,     1000,     -1000,
                                     1e9f,   -1e9f,   1e18f,   -1e18f,   16777216, -16777216};
    enum { N = sizeof extremes / sizeof *extremes };
    const wf_kernels *k;
    for (EACH_LEVEL(k)) {
        float y[N], one[N], dx[N];
        for (int i = 0; i < N; i++) one[i] = 1;
        k->exponentials(y, extremes, N);
        for (int i = 0; i < N; i++) {
            const double e = exp((double)extremes[i]);
            CHECK(isfinite(y[i]) && y[i] >= 0);
            if (e > (double)FLT_MIN && e < (double)FLT_MAX) CHECK_NEAR(y[i] / e, 1, 1e-5);
            else CHECK(e < 1 ? y[i] < 1.2e-38f : y[i] > 3e38f);
        }
        for (int f = 0; f < KINDS; f++) {
            const int kind = kinds[f].kind;
            const double alpha = (double)kinds[f].alpha;
            k->activate(y, extremes, N, kind, kinds[f].alpha);
            k->activate_backward(dx, one, kind == WF_ACT_GELU ? extremes : y, N, kind,
                                 kinds[f].alpha);
            for (int i = 0; i < N; i++) {
                const double x = (double)extremes[i], e = exact(kind, x, alpha);
                CHECK_NEAR(y[i], e, 1e-6 * fmax(1, fabs(e)));
                CHECK_NEAR(dx[i], exact_slope(kind, x, alpha), 1e-5);
            }
        }
    }
}

TEST(infinities_saturate) {
    const wf_kernels *k;
    const float ends[2] = {INFINITY, -INFINITY};
    for (EACH_LEVEL(k)) {
        float y[2];
        k->activate(y, ends, 2, WF_ACT_SIGMOID, 0);
        CHECK_NEAR(y[0], 1, 0);
        CHECK_NEAR(y[1], 0, 1e-37);
        k->activate(y, ends, 2, WF_ACT_TANH, 0);
        CHECK_NEAR(y[0], 1, 0);
        CHECK_NEAR(y[1], -1, 0);
    }
}

/* What is not a number stays so; else a network that has diverged looks healthy. */
TEST(not_a_number_passes_through) {
    const wf_kernels *k;
    for (EACH_LEVEL(k))
        for (int n = 1; n <= 40; n += 13) {
            float x[40], y[40];
            for (int i = 0; i < n; i++) x[i] = NAN;
            k->exponentials(y, x, (size_t)n);
            for (int i = 0; i < n; i++) CHECK(isnan(y[i]));
            for (int f = 0; f < KINDS; f++) {
                k->activate(y, x, (size_t)n, kinds[f].kind, kinds[f].alpha);
                for (int i = 0; i < n; i++) {
                    if (!isnan(y[i])) printf("%s: kind %d\n", k->isa, kinds[f].kind);
                    CHECK(isnan(y[i]));
                }
            }
            k->softmax(y, x, 1, n);
            for (int i = 0; i < n; i++) CHECK(isnan(y[i]));
        }
}

TEST(softmax) {
    const wf_kernels *k;
    for (EACH_LEVEL(k))
        for (int s = 0; s < SIZES; s++)
            for (int shift = 0; shift < 3; shift++) {
                const int n = sizes[s], rows = 1 + s % 4;
                const long size = (long)rows * n;
                float *x = array(size, 1), *y = array(size, 2), *dy = array(size, 3);
                double *p = doubles(size), *d = doubles(size);
                for (long i = 0; i < size; i++) /* near 0, large, and spread far apart */
                    x[i] = shift == 0 ? x[i] : shift == 1 ? x[i] + 1e4f : x[i] * 100;
                for (int i = 0; i < rows; i++) {
                    double top = -1e300, sum = 0, dot = 0;
                    for (int j = 0; j < n; j++) top = fmax(top, (double)x[i * n + j]);
                    for (int j = 0; j < n; j++) sum += exp((double)x[i * n + j] - top);
                    for (int j = 0; j < n; j++) {
                        p[i * n + j] = exp((double)x[i * n + j] - top) / sum;
                        dot += p[i * n + j] * (double)dy[i * n + j];
                    }
                    for (int j = 0; j < n; j++)
                        d[i * n + j] = p[i * n + j] * ((double)dy[i * n + j] - dot);
                }
                k->softmax(y, x, (size_t)rows, n);
                check_array(y, p, size, n);
                k->softmax_backward(dy, dy, y, (size_t)rows, n);
                check_array(dy, d, size, n);
                k->softmax(x, x, (size_t)rows, n);
                CHECK(memcmp(x, y, (size_t)size * sizeof *x) == 0);
                free(x), free(y), free(dy), free(p), free(d);
            }
}

TEST_MAIN()
