/* Training on images with any number of labels, of models that tell their labels as a sequence or
 * as one set: what they learn from, and that they learn it. */
#include "eval/set_answers.h"
#include "nn/flow.h"
#include "train/targets.h"
#include "train_fixture.h"

enum { COUNT = 160, K = 4, LENGTH = 5 };

static wf_context cx;
static uint8_t sets[COUNT * K];

static const char decoder[] =
    "conv2d|filters: 6, kernel_size: 3, activation: relu|;"
    "flatten||;dense|units: 8|image;repeat_vector|n: 5|;label_input|length: 5, classes: 4, order: "
    "%s|;embedding|input_dim: 6, output_dim: 8|labels;lstm|units: 24, return_sequences: true|;"
    "dense|units: 8|state;add||sum;tanh||;tied_dense|to: labels, units: 5, use_bias: true, "
    "activation: softmax|";
static const char field[] = "conv2d|filters: 6, kernel_size: 3, activation: relu|;flatten||;"
                            "dense|units: 4|;label_sets||;softmax||";

/* Layers "class|keys|name" one after another; `sum` joins state and repeat_vector. */
static wf_graph *new_graph(const char *text) {
    char copy[1024], *rest = copy;
    wf_graph *g = NULL;
    int node;
    snprintf(copy, sizeof copy, "%s", text);
    CHECK_OK(&cx, wf_graph_create(&g, &cx, "sets"));
    CHECK_OK(&cx, wf_graph_add_text(&node, g, &cx, "input", "shape: [8, 8, 1]", NULL, NULL, 0));
    for (char *line; (line = strsep(&rest, ";"));) {
        const char *class = strsep(&line, "|"), *keys = strsep(&line, "|"), *name = line;
        int inputs[2] = {node}, n = wf_layer_find(class)->max_inputs > 0;
        if (!strcmp(class, "add")) {
            inputs[0] = wf_graph_find(g, "state");
            inputs[1] = wf_graph_find(g, "repeat_vector");
            n = 2;
        }
        CHECK_OK(&cx,
                 wf_graph_add_text(&node, g, &cx, class, keys, *name ? name : NULL, inputs, n));
    }
    CHECK_OK(&cx, wf_graph_finish(g, &cx));
    return g;
}

static wf_graph *new_decoder(const char *order) {
    char text[1024];
    snprintf(text, sizeof text, decoder, order);
    return new_graph(text);
}

/* A label is a bright quarter; any of them may be. */
static void fill_sets(wf_images *out) {
    wf_rng r;
    fill_images(out, COUNT);
    wf_rng_init(&r, 5, WF_STREAM_TEST, 0);
    for (int i = 0; i < COUNT * K; i++) sets[i] = wf_rng_uniform(&r) < 0.4;
    for (int i = 0; i < COUNT; i++)
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++) {
                const int quarter = 2 * (y >= SIDE / 2) + (x >= SIDE / 2);
                out->pixels[(i * SIDE + y) * SIDE + x] =
                    (uint8_t)(wf_rng_below(&r, 60) + (sets[i * K + quarter] ? 190 : 0));
            }
    out->labels = NULL;
    out->label_sets = sets;
    out->n_labels = K;
}

static wf_recipe *new_recipe(int epochs) {
    wf_recipe *r = NULL;
    CHECK_OK(&cx, wf_recipe_create(&r, &cx));
    CHECK_OK(&cx, wf_recipe_set_loss(r, &cx, "sparse_categorical_crossentropy"));
    CHECK_OK(&cx, wf_fields_set(&cx, "adam", r->optimizer.class->fields, r->optimizer.config,
                                "learning_rate", "0.01"));
    r->epochs = epochs;
    r->batch_size = 32;
    return r;
}

/* Trains, told its own labels with probability `own` in the end, and what the model then says of
 * the training images. */
static void learn(wf_graph *g, double own, double *accuracy, double *loss) {
    wf_images images;
    wf_pool *pool = NULL;
    wf_params *params = NULL;
    wf_train_result fit = {0};
    static uint8_t said[COUNT * K];
    static float labels[COUNT * K];
    static double log_p[COUNT];
    fill_sets(&images);
    wf_recipe *r = new_recipe(40);
    r->scheduled_sampling = (wf_scheduled_sampling){own > 0, WF_SAMPLING_LINEAR, own};
    CHECK_OK(&cx, wf_pool_create(&pool, &cx, 2));
    CHECK_OK(&cx, wf_params_create(&params, &cx, g, 1));
    wf_train_data data = {.train = &images, .n_train = COUNT};
    CHECK_OK(&cx, wf_normalization_create(&data.normalization, &cx, WF_NORMALIZATION_UNIT, &images,
                                          NULL, COUNT));
    data.validation = &images;
    data.n_validation = COUNT;
    CHECK_OK(&cx, wf_fit(&fit, params, &cx, pool, r, &data, &(wf_train_options){.seed = 3}));
    const wf_predict_options options = {.images = &images, .normalization = data.normalization};
    const wf_set_answers answers = {.sets = said, .labels = labels, .log_p = log_p};
    CHECK_INT(wf_told_sets(g), K);
    CHECK_OK(&cx, wf_set_answers_fill(&answers, &cx, params, pool, &options, 0));
    int right = 0;
    double sum = 0;
    for (int i = 0; i < COUNT; i++) {
        right += memcmp(said + i * K, sets + i * K, K) == 0;
        sum += log_p[i];
        CHECK(log_p[i] <= 1e-6);
        for (int k = 0; k < K; k++) CHECK(labels[i * K + k] >= 0 && labels[i * K + k] <= 1.00001f);
    }
    printf("%s: %d of %d sets right, val_loss %.3f, mean log p %.3f\n", g->name, right, COUNT,
           fit.history[39].val_loss, sum / COUNT);
    *accuracy = (double)right / COUNT;
    *loss = fit.history[39].val_loss;
    CHECK(fit.history[39].val_accuracy > 0.5);
    wf_train_result_reset(&fit);
    wf_params_destroy(params);
    wf_pool_destroy(pool);
    wf_recipe_destroy(r);
}

static void check_learns(wf_graph *g, double own, double least, double most_loss) {
    double accuracy, loss;
    learn(g, own, &accuracy, &loss);
    CHECK(accuracy > least);
    CHECK(loss < most_loss);
    wf_graph_destroy(g);
}

TEST(a_decoder_learns_sets) { check_learns(new_decoder("frequent_first"), 0, 0.9, 0.6); }
TEST(a_field_of_labels_learns_sets) { check_learns(new_graph(field), 0, 0.9, 0.6); }
TEST(a_free_order_learns_sets) { check_learns(new_decoder("free"), 0, 0.9, 0.6); }
TEST(scheduled_sampling_learns_sets) { check_learns(new_decoder("frequent_first"), 0.5, 0.9, 0.6); }

/* In a random order the next label cannot be known, but the sets can. */
TEST(a_random_order) {
    double accuracy, loss;
    wf_graph *g = new_decoder("random");
    wf_images images;
    fill_sets(&images);
    const wf_loss l = {wf_loss_find("sparse_categorical_crossentropy"), NULL};
    wf__rows rows = {.images = &images, .n = COUNT};
    wf__targets t = {0};
    static int32_t first[COUNT * LENGTH];
    CHECK_OK(&cx, wf__targets_create(&t, &rows, &cx, g, &l, NULL, 7));
    CHECK(rows.sequences == t.sequences && rows.sequence_length == LENGTH && !rows.numbers);
    memcpy(first, t.sequences, sizeof first);
    CHECK_OK(&cx, wf__targets_begin_epoch(&t, &cx, &rows, 1));
    CHECK(memcmp(first, t.sequences, sizeof first) != 0);
    CHECK_OK(&cx, wf__targets_begin_epoch(&t, &cx, &rows, 0));
    CHECK(memcmp(first, t.sequences, sizeof first) == 0);
    wf__targets_reset(&t);
    learn(g, 0, &accuracy, &loss);
    CHECK(accuracy > 0.8);
    wf_graph_destroy(g);
}

/* An image that nobody asks for may have more labels than the model tells. */
TEST(only_the_rows_in_use_become_sequences) {
    wf_graph *g =
        new_graph("flatten||;dense|units: 8|image;repeat_vector|n: 3|;label_input|length: 3, "
                  "classes: 4|;embedding|input_dim: 6, output_dim: 8|labels;dense|units: "
                  "8|state;add||sum;tied_dense|to: labels, units: 5, activation: softmax|");
    wf_images images;
    fill_sets(&images);
    memset(sets, 0, sizeof sets);
    memset(sets + 2 * K, 1, K);
    sets[K + 3] = sets[4 * K] = 1;
    const wf_loss l = {wf_loss_find("sparse_categorical_crossentropy"), NULL};
    const int32_t index[] = {4, 1};
    wf__rows rows = {.images = &images, .index = index, .n = 2};
    wf__targets t = {0};
    CHECK_OK(&cx, wf__targets_create(&t, &rows, &cx, g, &l, NULL, 7));
    CHECK(t.sequences[4 * 3] == 0 && t.sequences[4 * 3 + 1] == K && t.sequences[4 * 3 + 2] == -1);
    CHECK(t.sequences[3] == 3 && t.sequences[4] == K);
    wf__targets_reset(&t);
    rows.index = NULL;
    rows.n = COUNT;
    CHECK_INT(wf__targets_create(&t, &rows, &cx, g, &l, NULL, 7), WF_E_DATA);
    CHECK(strstr(cx.message, "image 2 has 4 labels"));
    wf_graph_destroy(g);
}

TEST(numbers_of_sets) {
    wf_graph *g = new_graph(field);
    wf_images images;
    fill_sets(&images);
    const wf_loss l = {wf_loss_find("sparse_categorical_crossentropy"), NULL};
    wf__rows rows = {.images = &images, .n = COUNT};
    wf__targets t = {0};
    CHECK_OK(&cx, wf__targets_create(&t, &rows, &cx, g, &l, NULL, 7));
    CHECK(rows.numbers == t.numbers && !rows.sequences);
    for (int i = 0; i < COUNT; i++)
        CHECK_INT(t.numbers[i],
                  sets[i * K] + 2 * sets[i * K + 1] + 4 * sets[i * K + 2] + 8 * sets[i * K + 3]);
    wf__targets_reset(&t);
    wf_graph_destroy(g);
}

static void check_refused(wf_graph *g, const wf_images *images, const char *message) {
    wf_recipe *r = new_recipe(1);
    wf_pool *pool = NULL;
    wf_params *params = NULL;
    wf_train_result fit = {0};
    CHECK_OK(&cx, wf_pool_create(&pool, &cx, 1));
    CHECK_OK(&cx, wf_params_create(&params, &cx, g, 1));
    const wf_train_data data = {.train = images, .n_train = COUNT, .normalization = unit_scale};
    CHECK_INT(wf_fit(&fit, params, &cx, pool, r, &data, &(wf_train_options){0}), WF_E_DATA);
    CHECK_STR(cx.message, message);
    wf_params_destroy(params);
    wf_pool_destroy(pool);
    wf_recipe_destroy(r);
    wf_graph_destroy(g);
}

TEST(what_is_refused) {
    wf_images images;
    fill_sets(&images);
    images.n_labels = 3;
    check_refused(new_decoder("rare_first"), &images,
                  "training images have 3 labels that may be set, model sets tells 4");
    check_refused(new_graph(field), &images,
                  "training images have 3 labels that may be set, model sets tells 4");
    fill_images(&images, COUNT);
    check_refused(new_decoder("rare_first"), &images,
                  "training images have one label each, model sets tells sets of them");
}

TEST_MAIN()
