/* What must hold of attention, whatever the numbers are. */
#include <math.h>

#include "nn/flow.h"
#include "parity/product.h"
#include "property/small.h"
#include "test.h"

enum { N = 3, T = 4, S = 6, D = 5, F = 7 };

static wf_context cx;
static wf_pool *pool;

/* Queries, values and keys of given numbers; copies what comes out. */
static void attend(float *y, const float *query, const float *value, const float *key, int places) {
    const product_layer layer = {.class_name = "attention",
                                 .keys = "",
                                 .batch = N,
                                 .n_inputs = 3,
                                 .inputs = {{.rank = 2, .dim = {T, D}},
                                            {.rank = 2, .dim = {places, F}},
                                            {.rank = 2, .dim = {places, D}}}};
    product *p = NULL;
    if (!pool) CHECK_OK(&cx, wf_pool_create(&pool, &cx, 2));
    CHECK_OK(&cx, product_create(&p, &cx, &layer));
    memcpy(product_input(p, 0), query, N * T * D * sizeof *query);
    memcpy(product_input(p, 1), value, (size_t)(N * places * F) * sizeof *value);
    memcpy(product_input(p, 2), key, (size_t)(N * places * D) * sizeof *key);
    CHECK_OK(&cx, product_run_once(p, &cx, &(product_run){.mode = WF_PLAN_INFER, .pool = pool}));
    memcpy(y, p->output, N * T * F * sizeof *y);
    product_destroy(p);
}

static void draw(float *x, int n, uint64_t seed) {
    for (int i = 0; i < n; i++) x[i] = product_random(seed, i);
}

TEST(of_one_place_it_is_what_is_there) {
    float query[N * T * D], key[N * D], value[N * F], y[N][T][F];
    draw(query, N * T * D, 1);
    draw(key, N * D, 2);
    draw(value, N * F, 3);
    attend(y[0][0], query, value, key, 1);
    for (int i = 0; i < N; i++)
        for (int t = 0; t < T; t++)
            for (int j = 0; j < F; j++) CHECK_NEAR(y[i][t][j], value[i * F + j], 1e-6);
}

TEST(a_query_of_zeros_takes_the_plain_mean) {
    static float query[N * T * D];
    float key[N * S * D], value[N][S][F], y[N][T][F];
    draw(key, N * S * D, 2);
    draw(value[0][0], N * S * F, 3);
    attend(y[0][0], query, value[0][0], key, S);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < F; j++) {
            double mean = 0;
            for (int s = 0; s < S; s++) mean += (double)value[i][s][j] / S;
            for (int t = 0; t < T; t++) CHECK_NEAR(y[i][t][j], mean, 1e-6);
        }
}

TEST(the_order_of_the_places_does_not_matter) {
    float query[N * T * D], key[2][N][S][D], value[2][N][S][F], y[2][N * T * F];
    draw(query, N * T * D, 1);
    draw(key[0][0][0], N * S * D, 2);
    draw(value[0][0][0], N * S * F, 3);
    for (int i = 0; i < N; i++)
        for (int s = 0; s < S; s++) {
            const int to = (s * 5 + i) % S;
            memcpy(key[1][i][to], key[0][i][s], sizeof key[0][i][s]);
            memcpy(value[1][i][to], value[0][i][s], sizeof value[0][i][s]);
        }
    for (int k = 0; k < 2; k++) attend(y[k], query, value[k][0][0], key[k][0][0], S);
    for (int k = 0; k < N * T * F; k++) CHECK_NEAR(y[0][k], y[1][k], 2e-6);
}

/* What a plan shows is what the means are made with. */
TEST(the_weights_shown_make_the_output) {
    enum { IMAGES = 9, STEPS = SMALL_STEPS, PLACES = 36, FEATURES = 6 };
    const small_model *model = small_label_models;
    const small_training training = {NULL, 1, 20, 0, 3, 42, WF_FLOAT32, NULL};
    static float map[IMAGES][PLACES][FEATURES];
    while (strcmp(model->name, "cnn-rnn-attention") != 0) model++;
    if (!pool) CHECK_OK(&cx, wf_pool_create(&pool, &cx, 2));
    wf_graph *g = small_graph(model);
    wf_params *params = small_train(g, &training, NULL);
    const wf_batch batch = {.pixels = small_pixels(),
                            .sequences = small_sequences(),
                            .sequence_length = STEPS,
                            .n = IMAGES};
    const char *layers[] = {"map", "attention"};
    for (int k = 0; k < 2; k++) {
        wf_plan_options options = {
            .mode = WF_PLAN_INFER, .batch_size = IMAGES, .layer = layers[k], .shard_size = 4};
        wf_plan *plan = NULL;
        CHECK_OK(&cx, wf_plan_create(&plan, &cx, g, params, pool, &options));
        CHECK_OK(&cx, wf_plan_run(NULL, plan, &cx, &batch));
        const float *output = wf_plan_output(plan);
        CHECK_INT(wf_plan_shown_size(plan), k ? STEPS * PLACES : 0);
        if (k == 0) {
            CHECK_INT(wf_plan_output_size(plan), PLACES * FEATURES);
            memcpy(map, output, sizeof map);
        }
        for (int i = 0; i < IMAGES && k; i++)
            for (int t = 0; t < STEPS; t++, output += FEATURES) {
                const float *weights = wf_plan_shown(plan) + (i * STEPS + t) * PLACES;
                double sum = 0, seen[FEATURES] = {0};
                for (int s = 0; s < PLACES; s++) {
                    CHECK(weights[s] >= 0);
                    sum += (double)weights[s];
                    for (int j = 0; j < FEATURES; j++)
                        seen[j] += (double)weights[s] * (double)map[i][s][j];
                }
                CHECK_NEAR(sum, 1, 1e-5);
                for (int j = 0; j < FEATURES; j++) CHECK_NEAR(output[j], seen[j], 1e-5);
            }
        wf_plan_destroy(plan);
    }
    wf_params_destroy(params);
    wf_graph_destroy(g);
}

static void refuse(const char *query, const char *value, const char *key, const char *text) {
    wf_graph *g = NULL;
    int node[4], last;
    const char *shapes[] = {query, value, key};
    CHECK_OK(&cx, wf_graph_create(&g, &cx, "refused"));
    CHECK_OK(&cx, wf_graph_add_text(&node[0], g, &cx, "input", "shape: [840]", NULL, NULL, 0));
    for (int i = 0; i < 3; i++)
        CHECK_OK(&cx, wf_graph_add_text(&node[i + 1], g, &cx, "reshape", shapes[i], NULL, node, 1));
    CHECK_INT(wf_graph_add_text(&last, g, &cx, "attention", "", NULL, node + 1, 3), WF_E_SHAPE);
    CHECK(strstr(cx.message, text) != NULL);
    wf_graph_destroy(g);
}

TEST(shapes_that_do_not_fit) {
    refuse("target_shape: [840]", "target_shape: [84, 10]", "target_shape: [84, 10]",
           "the query has rank 1");
    refuse("target_shape: [84, 10]", "target_shape: [840]", "target_shape: [84, 10]",
           "the value has rank 1");
    refuse("target_shape: [84, 10]", "target_shape: [7, 12, 10]", "target_shape: [12, 7, 10]",
           "must be at the same places");
    refuse("target_shape: [84, 10]", "target_shape: [7, 12, 10]", "target_shape: [84, 10]",
           "must be at the same places");
    refuse("target_shape: [84, 10]", "target_shape: [120, 7]", "target_shape: [120, 7]",
           "the query has 10 features, the key 7");
}

TEST_MAIN()
