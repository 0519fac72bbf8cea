/* Neighbours, principal components and t-SNE: against scikit-learn
 * (tests/golden/sklearn_tsne.py), against sums over all pairs in double precision, and against
 * themselves with other numbers of threads. */
#include "base/alloc.h"
#include "base/json.h"
#include "base/rng.h"
#include "eval/tsne_parts.h"
#include "test.h"

enum { MAX = 2000, MAX_WIDTH = 40 };

static wf_context cx;
static wf_pool *pool; /* two threads */

static wf_pool *two_threads(void) {
    if (!pool) CHECK_OK(&cx, wf_pool_create(&pool, &cx, 2));
    return pool;
}

/* Groups of rows around some centres; every tenth row is a copy of the one before. */
static const float *clusters(int n, int d, int count) {
    static float x[MAX * MAX_WIDTH];
    float centres[10][MAX_WIDTH];
    wf_rng r;
    CHECK(n <= MAX && d <= MAX_WIDTH && count <= 10);
    wf_rng_init(&r, 8, WF_STREAM_TEST, (uint32_t)d);
    for (int c = 0; c < count; c++)
        for (int j = 0; j < d; j++) centres[c][j] = (float)(4 * wf_rng_normal(&r) + 7);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < d; j++)
            x[i * d + j] =
                i % 10 == 9 ? x[(i - 1) * d + j] : centres[i % count][j] + (float)wf_rng_normal(&r);
    return x;
}

/* ---- scikit-learn's figures ---- */

typedef struct golden {
    json_t *json;
    int n, d;
    float features[MAX], map[200];
} golden;

static double at2(const json_t *rows, int i, int j) {
    const json_t *value = json_array_get(json_array_get(rows, (size_t)i), (size_t)j);
    CHECK(json_is_number(value));
    return json_number_value(value);
}

static golden *load(void) {
    static golden g;
    if (g.json) return &g;
    char path[] = WF_SOURCE_DIR "/tests/golden/sklearn_tsne.json";
    CHECK_OK(&cx, wf_json_read(&g.json, &cx, path));
    const json_t *rows = json_object_get(g.json, "features");
    g.n = (int)json_array_size(rows);
    g.d = (int)json_array_size(json_array_get(rows, 0));
    CHECK_INT(g.n, 60);
    CHECK_INT(g.d, 6);
    for (int i = 0; i < g.n; i++)
        for (int j = 0; j < g.d; j++) g.features[i * g.d + j] = (float)at2(rows, i, j);
    for (int i = 0; i < 2 * g.n; i++)
        g.map[i] = (float)at2(json_object_get(g.json, "map"), i / 2, i % 2);
    return &g;
}

static double golden_perplexity(const golden *g) {
    return json_number_value(json_object_get(g->json, "perplexity"));
}

static wf__affinities golden_affinities(const golden *g) {
    enum { K = 16 };
    wf__affinities p;
    int32_t index[60 * K];
    float squared[60 * K];
    CHECK_OK(&cx, wf_nearest_neighbours(index, squared, &cx, two_threads(), g->features, g->n, g->d,
                                        K, NULL, NULL));
    CHECK_OK(&cx, wf__affinities_create(&p, &cx, two_threads(), index, squared, g->n, K,
                                        golden_perplexity(g)));
    return p;
}

TEST(neighbours_are_those_of_scikit_learn) {
    const golden *g = load();
    const json_t *index = json_object_get(g->json, "neighbours"),
                 *distances = json_object_get(g->json, "distances");
    enum { K = 16 };
    int32_t found[60 * K];
    float squared[60 * K];
    CHECK_OK(&cx, wf_nearest_neighbours(found, squared, &cx, two_threads(), g->features, g->n, g->d,
                                        K, NULL, NULL));
    for (int i = 0; i < g->n * K; i++) {
        CHECK_INT(found[i], at2(index, i / K, i % K));
        CHECK_NEAR(sqrt((double)squared[i]), at2(distances, i / K, i % K), 1e-5);
    }
}

TEST(components_are_those_of_scikit_learn) {
    const golden *g = load();
    float out[120];
    CHECK_OK(&cx, wf_pca(out, &cx, two_threads(), g->features, g->n, g->d, 2, 3));
    for (int i = 0; i < 2 * g->n; i++)
        CHECK_NEAR(out[i], at2(json_object_get(g->json, "pca"), i / 2, i % 2), 1e-4);
}

TEST(affinities_are_those_of_scikit_learn) {
    const golden *g = load();
    const json_t *expected = json_object_get(g->json, "affinities");
    wf__affinities p = golden_affinities(g);
    double sum = 0;
    CHECK_INT(p.first[g->n], json_array_size(expected));
    for (int i = 0; i < g->n; i++)
        for (int64_t e = p.first[i]; e < p.first[i + 1]; e++) {
            CHECK_INT(i, at2(expected, (int)e, 0));
            CHECK_INT(p.index[e], at2(expected, (int)e, 1));
            CHECK_NEAR(p.value[e], at2(expected, (int)e, 2),
                       2e-4 * at2(expected, (int)e, 2) + 1e-9);
            sum += (double)p.value[e];
        }
    CHECK_NEAR(sum, 1, 1e-6);
    wf__affinities_reset(&p);
}

TEST(divergence_and_gradient_are_those_of_scikit_learn) {
    const golden *g = load();
    const json_t *gradient = json_object_get(g->json, "gradient");
    wf__affinities p = golden_affinities(g);
    wf__forces f;
    CHECK_OK(&cx, wf__forces_create(&f, &cx, two_threads(), &p));
    wf__forces_compute(&f, g->map, 0.01);
    CHECK_NEAR(wf__forces_kl(&f, g->map), json_number_value(json_object_get(g->json, "kl")), 1e-4);
    for (int i = 0; i < 2 * g->n; i++)
        CHECK_NEAR(4 * ((double)f.attraction[i] - (double)f.repulsion[i] / f.z),
                   at2(gradient, i / 2, i % 2), 1e-6);
    wf__forces_reset(&f);
    wf__affinities_reset(&p);
}

/* Both stop in some minimum near by; weft's must be no worse than the worst of theirs. */
TEST(the_divergence_that_is_reached_is_that_of_scikit_learn) {
    golden *g = load();
    const json_t *ends = json_object_get(g->json, "ends");
    double worst = 0;
    float map[120];
    wf_tsne_result r;
    for (size_t i = 0; i < json_array_size(ends); i++)
        worst = fmax(worst, json_number_value(json_array_get(ends, i)));
    CHECK_OK(&cx, wf_tsne(map, &r, &cx, two_threads(), g->features, g->n, g->d,
                          &(wf_tsne_options){.perplexity = golden_perplexity(g)}));
    CHECK(r.kl > 0 && r.kl <= 1.01 * worst);
    CHECK_NEAR(r.learning_rate, 50, 0);
}

/* ---- sums over all pairs ---- */

static double squared_distance(const float *x, int d, int i, int j) {
    double sum = 0;
    for (int k = 0; k < d; k++) {
        const double off = (double)x[i * d + k] - (double)x[j * d + k];
        sum += off * off;
    }
    return sum;
}

static void check_neighbours(int n, int d, int k) {
    static int32_t index[MAX * 50];
    static float squared[MAX * 50];
    const float *x = clusters(n, d, 3);
    CHECK(k <= 50);
    CHECK_OK(&cx,
             wf_nearest_neighbours(index, squared, &cx, two_threads(), x, n, d, k, NULL, NULL));
    for (int i = 0; i < n; i++) {
        const int32_t *found = index + i * k;
        const double farthest = squared_distance(x, d, i, found[k - 1]);
        int nearer = 0;
        for (int j = 0; j < k; j++) {
            const double here = squared_distance(x, d, i, found[j]);
            CHECK(found[j] != i && found[j] >= 0 && found[j] < n);
            CHECK_NEAR(squared[i * k + j], here, 1e-4 * (here + 1e-2));
            if (j > 0) CHECK(squared[i * k + j] >= squared[i * k + j - 1]);
            for (int l = 0; l < j; l++) CHECK(found[l] != found[j]);
        }
        for (int j = 0; j < n; j++)
            nearer += j != i && squared_distance(x, d, i, j) < farthest * (1 - 1e-5) - 1e-9;
        CHECK(nearer < k);
    }
}

TEST(neighbours_are_the_nearest) {
    check_neighbours(333, 17, 5);
    check_neighbours(700, 1, 20);
    check_neighbours(70, 40, 50);
    check_neighbours(2, 3, 1);
    check_neighbours(50, 4, 49);
}

TEST(agreement_counts_neighbours_of_the_same_class) {
    const float x[] = {0, 1, 3, 10, 12, 13};
    const int32_t labels[] = {0, 0, 1, 1, 1, 0};
    double share;
    CHECK_OK(&cx, wf_neighbour_agreement(&share, &cx, two_threads(), x, 6, 1, labels, 2));
    /* of 0: 1 3; 1: 0 3; 3: 1 0; 10: 12 13; 12: 13 10; 13: 12 10 */
    CHECK_NEAR(share, (1 + 1 + 0 + 1 + 1 + 0) / 12., 1e-12);
}

TEST(overlap_is_the_mean_of_jaccard_indices) {
    const float x[] = {0, 1, 3, 10, 12, 13};
    const uint8_t sets[][3] = {{1, 1, 0}, {1, 0, 0}, {0, 0, 0}, {0, 0, 0}, {0, 1, 1}, {1, 1, 1}};
    double share;
    CHECK_OK(&cx, wf_neighbour_overlap(&share, &cx, two_threads(), x, 6, 1, sets[0], 3, 2));
    /* of 0: 1 3; 1: 0 3; 3: 1 0; 10: 12 13; 12: 13 10; 13: 12 10 */
    CHECK_NEAR(share, (.5 + 0 + .5 + 0 + 0 + 0 + 0 + 0 + 2 / 3. + 0 + 2 / 3. + 0) / 12., 1e-12);
    const uint8_t none[6][3] = {{0}};
    CHECK_OK(&cx, wf_neighbour_overlap(&share, &cx, two_threads(), x, 6, 1, none[0], 3, 5));
    CHECK_NEAR(share, 1, 0);
    CHECK_FAILS(&cx, wf_neighbour_overlap(&share, &cx, two_threads(), x, 6, 1, none[0], 3, 6),
                WF_E_ARG);
}

TEST(rows_get_the_perplexity_that_is_wanted) {
    enum { K = 91 };
    float squared[K];
    double p[K];
    wf_rng r;
    wf_rng_init(&r, 1, WF_STREAM_TEST, 9);
    for (int scale = -12; scale <= 12; scale += 4) {
        double sum = 0, entropy = 0;
        for (int i = 0; i < K; i++)
            squared[i] = (float)(pow(10, scale) * (20 + 10 * wf_rng_uniform(&r)));
        wf__calibrate(p, squared, K, 30);
        for (int i = 0; i < K; i++) {
            sum += p[i];
            if (p[i] > 0) entropy -= p[i] * log(p[i]);
        }
        CHECK_NEAR(sum, 1, 1e-12);
        CHECK_NEAR(exp(entropy), 30, 1e-3);
    }
    for (int i = 0; i < K; i++) squared[i] = 2; /* any width gives 91 */
    wf__calibrate(p, squared, K, 30);
    for (int i = 0; i < K; i++) CHECK_NEAR(p[i], 1. / K, 1e-12);
}

/* The divergence of `map` moved by `step` along one coordinate, over all pairs. */
static double exact_kl(const wf__affinities *p, const float *map, int moved, double step) {
    static double y[2 * MAX];
    const int n = (int)p->n;
    double z = 0, kl = 0;
    for (int i = 0; i < 2 * n; i++) y[i] = (double)map[i] + (i == moved ? step : 0);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            if (i != j)
                z += 1 / (1 + pow(y[2 * i] - y[2 * j], 2) + pow(y[2 * i + 1] - y[2 * j + 1], 2));
    for (int i = 0; i < n; i++)
        for (int64_t e = p->first[i]; e < p->first[i + 1]; e++) {
            const int j = p->index[e];
            const double d = pow(y[2 * i] - y[2 * j], 2) + pow(y[2 * i + 1] - y[2 * j + 1], 2);
            const double value = (double)p->value[e];
            kl += value * log(value / (1 / (1 + d) / z));
        }
    return kl;
}

static wf__affinities affinities_of(const float *x, int n, int d, int k, double perplexity) {
    static int32_t index[MAX * 50];
    static float squared[MAX * 50];
    wf__affinities p;
    CHECK(k <= 50);
    CHECK_OK(&cx,
             wf_nearest_neighbours(index, squared, &cx, two_threads(), x, n, d, k, NULL, NULL));
    CHECK_OK(&cx, wf__affinities_create(&p, &cx, two_threads(), index, squared, n, k, perplexity));
    return p;
}

TEST(the_gradient_is_that_of_the_divergence) {
    enum { N = 150 };
    wf__affinities p = affinities_of(clusters(N, 5, 4), N, 5, 31, 10);
    wf__forces f;
    float map[2 * N];
    wf_rng r;
    wf_rng_init(&r, 2, WF_STREAM_TEST, 3);
    for (int i = 0; i < 2 * N; i++) map[i] = (float)(3 * wf_rng_normal(&r));
    CHECK_OK(&cx, wf__forces_create(&f, &cx, two_threads(), &p));
    wf__forces_compute(&f, map, 0.01);
    CHECK_NEAR(wf__forces_kl(&f, map), exact_kl(&p, map, -1, 0), 1e-5);
    for (int i = 0; i < 2 * N; i += 7) {
        const double slope = (exact_kl(&p, map, i, 1e-4) - exact_kl(&p, map, i, -1e-4)) / 2e-4;
        CHECK_NEAR(4 * ((double)f.attraction[i] - (double)f.repulsion[i] / f.z), slope, 2e-7);
    }
    wf__forces_exact_z(&f, map);
    CHECK_NEAR(wf__forces_kl(&f, map), exact_kl(&p, map, -1, 0), 1e-6);
    wf__forces_reset(&f);
    wf__affinities_reset(&p);
}

/* Barnes and Hut's error at the angle that is the default, on a map with dense and empty places,
 * with a point far away, and with points that are one. */
TEST(the_tree_is_near_to_all_pairs) {
    enum { N = 1900 };
    static float map[2 * N];
    wf__affinities p = affinities_of(clusters(N, 5, 4), N, 5, 10, 3);
    wf__forces f;
    double off = 0, size = 0, z = 0;
    wf_rng r;
    wf_rng_init(&r, 4, WF_STREAM_TEST, 3);
    for (int i = 0; i < 2 * N; i++)
        map[i] = (float)(wf_rng_normal(&r) * (i % 3 ? 20 : 2) + (i / 2 % 5) * 30);
    map[0] = 4000;
    for (int i = 100; i < 140; i++) map[i] = map[i % 2];
    CHECK_OK(&cx, wf__forces_create(&f, &cx, two_threads(), &p));
    wf__forces_compute(&f, map, 0.5);
    for (int i = 0; i < N; i++) {
        double force[2] = {0};
        for (int j = 0; j < N; j++) {
            const double dx = (double)map[2 * i] - (double)map[2 * j],
                         dy = (double)map[2 * i + 1] - (double)map[2 * j + 1];
            const double q = 1 / (1 + dx * dx + dy * dy);
            if (i == j) continue;
            z += q;
            force[0] += q * q * dx;
            force[1] += q * q * dy;
        }
        for (int axis = 0; axis < 2; axis++) {
            off += pow((double)f.repulsion[2 * i + axis] - force[axis], 2);
            size += pow(force[axis], 2);
        }
    }
    CHECK_NEAR(f.z, z, 0.005 * z);
    CHECK(sqrt(off / size) < 0.02);
    wf__forces_reset(&f);
    wf__affinities_reset(&p);
}

TEST(a_map_keeps_classes_together) {
    enum { N = 400, D = 12 };
    const float *x = clusters(N, D, 5);
    float map[2 * N];
    int32_t labels[N];
    double share;
    wf_tsne_result r;
    for (int i = 0; i < N; i++) labels[i] = (i % 10 == 9 ? i - 1 : i) % 5;
    for (int random = 0; random < 2; random++) {
        const wf_tsne_options o = {.init = random ? WF_TSNE_RANDOM : WF_TSNE_PCA, .seed = 5};
        CHECK_OK(&cx, wf_tsne(map, &r, &cx, two_threads(), x, N, D, &o));
        CHECK(r.kl > 0);
        CHECK_OK(&cx, wf_neighbour_agreement(&share, &cx, two_threads(), map, N, 2, labels, 10));
        CHECK(share > 0.98);
    }
}

/* ---- threads, stopping, failures ---- */

TEST(any_number_of_threads_gives_the_same_bits) {
    enum { N = 600, D = 9 };
    static float first[2 * N], map[2 * N], pca[3 * N], first_pca[3 * N];
    const int threads[] = {1, 2, 3, 5};
    const float *x = clusters(N, D, 6);
    const wf_tsne_options o = {.iterations = 120, .init = WF_TSNE_RANDOM, .seed = 4};
    wf_tsne_result r, first_r;
    for (int t = 0; t < 4; t++) {
        wf_pool *p = NULL;
        CHECK_OK(&cx, wf_pool_create(&p, &cx, threads[t]));
        CHECK_OK(&cx, wf_pca(t ? pca : first_pca, &cx, p, x, N, D, 3, 1));
        CHECK_OK(&cx, wf_tsne(t ? map : first, t ? &r : &first_r, &cx, p, x, N, D, &o));
        wf_pool_destroy(p);
        if (t == 0) continue;
        CHECK(memcmp(pca, first_pca, sizeof pca) == 0);
        CHECK(memcmp(map, first, sizeof map) == 0);
        CHECK(r.kl == first_r.kl);
    }
    wf_tsne_options other = o;
    other.seed = 5;
    CHECK_OK(&cx, wf_tsne(map, &r, &cx, two_threads(), x, N, D, &other));
    CHECK(memcmp(map, first, sizeof map) != 0);
}

static int calls, stop_at;
static int64_t last_done;
static int count_calls(void *user, const char *what, int64_t done, int64_t total) {
    CHECK(user == &calls && what[0] && done <= total);
    last_done = done;
    return ++calls == stop_at;
}

TEST(progress_is_told_and_can_stop_it) {
    enum { N = 120, D = 3 };
    float map[2 * N] = {7};
    wf_tsne_result r;
    wf_tsne_options o = {.iterations = 80, .progress = count_calls, .progress_user = &calls};
    calls = stop_at = 0;
    CHECK_OK(&cx, wf_tsne(map, &r, &cx, two_threads(), clusters(N, D, 2), N, D, &o));
    CHECK_INT(last_done, 80);
    CHECK(calls > 80);
    map[0] = 7;
    for (stop_at = 1; stop_at < 80; stop_at += 26) {
        calls = 0;
        CHECK_FAILS(&cx, wf_tsne(map, &r, &cx, two_threads(), clusters(N, D, 2), N, D, &o),
                    WF_E_INTERRUPTED);
        CHECK_INT(calls, stop_at);
        CHECK(map[0] == 7);
    }
}

TEST(what_cannot_be_mapped_is_refused) {
    enum { N = 100, D = 2 };
    static float x[N * D], map[2 * N];
    int32_t index[N * 3], labels[N] = {0};
    double share;
    wf_tsne_result r;
    memcpy(x, clusters(N, D, 2), sizeof x);
#define FAILS(status, ...)                                                                         \
    CHECK_FAILS(&cx,                                                                               \
                wf_tsne(map, &r, &cx, two_threads(), x, N, D, &(wf_tsne_options){__VA_ARGS__}),    \
                status)
    CHECK_INT(wf_tsne(map, &r, &cx, two_threads(), x, 90, D, &(wf_tsne_options){0}), WF_E_ARG);
    CHECK_STR(cx.message, "perplexity 30 needs 91 rows of features, there are 90");
    CHECK_STR(cx.hint, "a perplexity of 29 is possible");
    FAILS(WF_E_ARG, .perplexity = 0.5);
    FAILS(WF_E_ARG, .perplexity = (double)NAN);
    FAILS(WF_E_ARG, .iterations = -1);
    FAILS(WF_E_ARG, .early_exaggeration = 0.5);
    FAILS(WF_E_ARG, .angle = 0.8);
    FAILS(WF_E_ARG, .learning_rate = -1);
    x[31] = (float)NAN;
    CHECK_INT(wf_tsne(map, &r, &cx, two_threads(), x, N, D, &(wf_tsne_options){0}), WF_E_DATA);
    CHECK_STR(cx.message, "feature 1 of row 15 is nan, must be finite and at most 1e15 in size");
    x[31] = 1e30f;
    FAILS(WF_E_DATA, 0);
    FAILS(WF_E_DATA, .init = WF_TSNE_RANDOM);
    for (int i = 0; i < N * D; i++) x[i] = 3;
    FAILS(WF_E_DATA, 0);
    CHECK_FAILS(&cx, wf_nearest_neighbours(index, NULL, &cx, two_threads(), x, N, D, 0, NULL, NULL),
                WF_E_ARG);
    CHECK_FAILS(&cx, wf_nearest_neighbours(index, NULL, &cx, two_threads(), x, 3, D, 3, NULL, NULL),
                WF_E_ARG);
    CHECK_FAILS(&cx, wf_neighbour_agreement(&share, &cx, two_threads(), x, 3, D, labels, -1),
                WF_E_ARG);
    CHECK_FAILS(&cx, wf_pca(map, &cx, two_threads(), x, N, D, 3, 0), WF_E_ARG);
}

TEST(one_feature_gives_a_line) {
    enum { N = 200 };
    float map[2 * N];
    wf_tsne_result r;
    CHECK_OK(&cx, wf_tsne(map, &r, &cx, two_threads(), clusters(N, 1, 3), N, 1,
                          &(wf_tsne_options){.iterations = 50}));
    for (int i = 0; i < N; i++) CHECK(isfinite(map[2 * i]) && map[2 * i + 1] == 0);
}

TEST(every_failed_allocation_is_survived) {
    enum { N = 100, D = 4 };
    float map[2 * N];
    wf_tsne_result r;
    const float *x = clusters(N, D, 3);
    const wf_tsne_options o = {.iterations = 2};
    const long before = wf__alloc_count();
    CHECK_OK(&cx, wf_tsne(map, &r, &cx, two_threads(), x, N, D, &o));
    const long needed = wf__alloc_count() - before;
    CHECK(needed > 20);
    for (long k = 1; k <= needed; k++) {
        wf__alloc_fail_at(k);
        wf_status status = wf_tsne(map, &r, &cx, two_threads(), x, N, D, &o);
        wf__alloc_fail_at(0);
        CHECK_FAILS(&cx, status, WF_E_NOMEM);
    }
}

TEST_MAIN()
