/* Fresh parameters: Keras' distributions, own sequences. */
#include "test.h"

#include "nn/flow.h"
#include "nn/orthogonal.h"

static wf_context cx;

/* A dense layer [n, m] under the named initialiser. */
static wf_params *make_dense(wf_graph **out, const char *initializer, int n, int m, uint64_t seed) {
    wf_graph *g = NULL;
    wf_params *p = NULL;
    int node = 0;
    char keys[96];
    CHECK_OK(&cx, wf_graph_create(&g, &cx, "test"));
    snprintf(keys, sizeof keys, "shape: [%d]", n);
    CHECK_OK(&cx, wf_graph_add_text(&node, g, &cx, "input", keys, NULL, NULL, 0));
    snprintf(keys, sizeof keys, "units: %d, kernel_initializer: %s", m, initializer);
    CHECK_OK(&cx, wf_graph_add_text(&node, g, &cx, "dense", keys, NULL, &node, 1));
    CHECK_OK(&cx, wf_graph_finish(g, &cx));
    CHECK_OK(&cx, wf_params_create(&p, &cx, g, seed));
    *out = g;
    return p;
}

typedef struct moments {
    double mean, stddev, largest;
} moments;

static moments measure(const float *x, int64_t n) {
    moments m = {0};
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < n; i++) {
        sum += x[i];
        squares += (double)x[i] * x[i];
        if (fabs((double)x[i]) > m.largest) m.largest = fabs((double)x[i]);
    }
    m.mean = sum / (double)n;
    m.stddev = sqrt(squares / (double)n - m.mean * m.mean);
    return m;
}

/* `bound`: no number may be further from 0, and with this many some come near. */
static void check_distribution(const char *initializer, double stddev, double bound) {
    enum { IN = 300, OUT = 200 };
    wf_graph *g = NULL;
    wf_params *p = make_dense(&g, initializer, IN, OUT, 7);
    moments m = measure(p->value, IN * OUT);
    double error = stddev / sqrt((double)IN * OUT);
    CHECK_NEAR(m.mean, 0, 5 * error);
    CHECK_NEAR(m.stddev, stddev, 5 * error);
    CHECK(m.largest <= bound * (1 + 1e-6) && m.largest > bound * 0.99);
    CHECK_NEAR(measure(p->value + IN * OUT, OUT).largest, 0, 0); /* the bias */
    wf_params_destroy(p);
    wf_graph_destroy(g);
}

TEST(uniform_distributions) {
    check_distribution("glorot_uniform", sqrt(6.0 / 500) / sqrt(3), sqrt(6.0 / 500));
    check_distribution("he_uniform", sqrt(6.0 / 300) / sqrt(3), sqrt(6.0 / 300));
}

TEST(truncated_normal_distributions) {
    const double cut = 2 / 0.87962566103423978; /* in standard deviations of the result */
    check_distribution("glorot_normal", sqrt(2.0 / 500), cut * sqrt(2.0 / 500));
    check_distribution("he_normal", sqrt(2.0 / 300), cut * sqrt(2.0 / 300));
    check_distribution("lecun_normal", sqrt(1.0 / 300), cut * sqrt(1.0 / 300));
}

TEST(constants) {
    wf_graph *g = NULL;
    wf_params *p = make_dense(&g, "ones", 3, 2, 1);
    for (int i = 0; i < 6; i++) CHECK_NEAR(p->value[i], 1, 0);
    wf_params_destroy(p);
    wf_graph_destroy(g);
}

/* Largest deviation of A A^T (rows >= 0: of the given matrix [n, m]) from the identity. */
static double deviation(const float *a, int n, int m, int step_row, int step_column) {
    double worst = 0;
    for (int i = 0; i < n; i++)
        for (int j = 0; j <= i; j++) {
            double sum = i == j ? -1 : 0;
            for (int k = 0; k < m; k++)
                sum +=
                    (double)a[i * step_row + k * step_column] * a[j * step_row + k * step_column];
            if (fabs(sum) > worst) worst = fabs(sum);
        }
    return worst;
}

TEST(orthogonal_matrices) {
    static const int sizes[][2] = {{1, 1}, {1, 5}, {5, 1}, {7, 28}, {28, 7}, {33, 33}, {64, 19}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        int n = sizes[i][0], m = sizes[i][1];
        wf_graph *g = NULL;
        wf_params *p = make_dense(&g, "orthogonal", n, m, 3);
        if (n <= m) CHECK_NEAR(deviation(p->value, n, m, m, 1), 0, 2e-6); /* rows */
        else CHECK_NEAR(deviation(p->value, m, n, 1, m), 0, 2e-6);        /* columns */
        wf_params_destroy(p);
        wf_graph_destroy(g);
    }
}

TEST(orthogonal_keeps_the_triangle_positive) {
    /* Q^T A = R: the i-th result with the i-th vector given is R's diagonal. */
    enum { N = 9, M = 13 };
    float a[N * M], q[N * M];
    for (int i = 0; i < N * M; i++) a[i] = q[i] = (float)sin(1.7 * i * i + 0.3);
    CHECK_OK(&cx, wf_orthogonal_rows(q, &cx, N, M));
    for (int i = 0; i < N; i++)
        for (int j = 0; j <= i; j++) {
            double sum = 0;
            for (int k = 0; k < M; k++) sum += (double)q[i * M + k] * a[j * M + k];
            if (i == j) CHECK(sum > 0);
            else CHECK_NEAR(sum, 0, 1e-5); /* below the diagonal */
        }
}

TEST(recurrent_kernels_are_orthogonal_as_a_whole) {
    wf_graph *g = NULL;
    wf_params *p = NULL;
    int node = 0;
    CHECK_OK(&cx, wf_graph_create(&g, &cx, "test"));
    CHECK_OK(&cx, wf_graph_add_text(&node, g, &cx, "input", "shape: [4, 3]", NULL, NULL, 0));
    CHECK_OK(&cx, wf_graph_add_text(&node, g, &cx, "lstm", "units: 6", NULL, &node, 1));
    CHECK_OK(&cx, wf_graph_finish(g, &cx));
    CHECK_OK(&cx, wf_params_create(&p, &cx, g, 5));
    CHECK_NEAR(deviation(p->value + g->params[1].offset, 6, 24, 24, 1), 0, 2e-6);
    for (int i = 0; i < 24; i++) /* gates i, f, c, o */
        CHECK_NEAR(p->value[g->params[2].offset + i], i / 6 == 1 ? 1 : 0, 0);
    wf_params_destroy(p);
    wf_graph_destroy(g);
}

TEST(moving_statistics_start_at_zero_and_one) {
    wf_graph *g = NULL;
    wf_params *p = NULL;
    int node = 0;
    CHECK_OK(&cx, wf_graph_create(&g, &cx, "test"));
    CHECK_OK(&cx, wf_graph_add_text(&node, g, &cx, "input", "shape: [3]", NULL, NULL, 0));
    CHECK_OK(&cx, wf_graph_add_text(&node, g, &cx, "batch_normalization", NULL, NULL, &node, 1));
    CHECK_FAILS(&cx, wf_params_create(&p, &cx, g, 5), WF_E_ARG); /* not finished */
    CHECK_OK(&cx, wf_graph_finish(g, &cx));
    CHECK_OK(&cx, wf_params_create(&p, &cx, g, 5));
    static const float expected[4] = {1, 0, 0, 1}; /* gamma, beta, mean, variance */
    for (int i = 0; i < 12; i++) CHECK_NEAR(p->value[i], expected[i / 3], 0);
    CHECK(!p->gradient);
    wf_params_destroy(p);
    wf_graph_destroy(g);
}

TEST(seeds_and_entries_have_their_own_sequences) {
    wf_graph *g[4] = {NULL};
    wf_params *p[3], *longer = NULL;
    int node = 0;
    for (int i = 0; i < 3; i++) p[i] = make_dense(&g[i], "glorot_uniform", 20, 10, i == 2 ? 8 : 7);
    CHECK(memcmp(p[0]->value, p[1]->value, 210 * sizeof(float)) == 0);
    CHECK(memcmp(p[0]->value, p[2]->value, 200 * sizeof(float)) != 0);
    /* one more layer behind changes nothing ahead of it */
    CHECK_OK(&cx, wf_graph_create(&g[3], &cx, "longer"));
    CHECK_OK(&cx, wf_graph_add_text(&node, g[3], &cx, "input", "shape: [20]", NULL, NULL, 0));
    CHECK_OK(&cx, wf_graph_add_text(&node, g[3], &cx, "dense", "units: 10", NULL, &node, 1));
    CHECK_OK(&cx, wf_graph_add_text(&node, g[3], &cx, "dense", "units: 20", NULL, &node, 1));
    CHECK_OK(&cx, wf_graph_finish(g[3], &cx));
    CHECK_OK(&cx, wf_params_create(&longer, &cx, g[3], 7));
    CHECK(memcmp(p[0]->value, longer->value, 210 * sizeof(float)) == 0);
    CHECK(memcmp(longer->value, longer->value + 210, 200 * sizeof(float)) != 0);
    for (int i = 0; i < 3; i++) wf_params_destroy(p[i]);
    wf_params_destroy(longer);
    for (int i = 0; i < 4; i++) wf_graph_destroy(g[i]);
}

TEST_MAIN()
