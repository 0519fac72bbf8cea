/* Training on images with any number of labels: the same as on the targets 0 and 1, and what is
 * refused. */
#include "nn/plan.h"
#include "train_fixture.h"

enum { COUNT = 120 };

static wf_context cx;
static uint8_t sets[MAX_IMAGES * CLASSES];
static float dense[MAX_IMAGES * CLASSES];

static wf_graph *new_sigmoid_model(const char *units) {
    wf_graph *g = NULL;
    CHECK_OK(&cx, wf_graph_create(&g, &cx, "sets"));
    add_layer(g, "input", "shape", "[8, 8, 1]", NULL);
    add_layer(g, "conv2d", "filters", "6", "kernel_size", "3", "activation", "relu", NULL);
    add_layer(g, "flatten", NULL);
    add_layer(g, "dense", "units", units, "activation", "sigmoid", NULL);
    CHECK_OK(&cx, wf_graph_finish(g, &cx));
    return g;
}

/* A label is a bright quarter; any of them may be. */
static void fill_sets(wf_images *out) {
    wf_rng r;
    fill_images(out, COUNT);
    wf_rng_init(&r, 5, WF_STREAM_TEST, 0);
    for (int i = 0; i < COUNT * CLASSES; i++) {
        sets[i] = wf_rng_uniform(&r) < 0.4;
        dense[i] = sets[i];
    }
    for (int i = 0; i < COUNT; i++)
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++) {
                int quarter = 2 * (y >= SIDE / 2) + (x >= SIDE / 2);
                out->pixels[(i * SIDE + y) * SIDE + x] =
                    (uint8_t)(wf_rng_below(&r, 120) + (sets[i * CLASSES + quarter] ? 130 : 0));
            }
    out->labels = NULL;
    out->label_sets = sets;
    out->n_labels = CLASSES;
}

static wf_recipe *new_recipe(const char *loss) {
    wf_recipe *r = NULL;
    CHECK_OK(&cx, wf_recipe_create(&r, &cx));
    CHECK_OK(&cx, wf_recipe_set_loss(r, &cx, loss));
    r->epochs = 30;
    r->batch_size = 32;
    return r;
}

static wf_batch_result run_plan(const float **out_gradient, wf_params *params, wf_pool *pool,
                                const wf_recipe *recipe, const wf_batch *batch) {
    wf_plan *plan = NULL;
    wf_batch_result result;
    const wf_plan_options options = {
        .mode = WF_PLAN_TRAIN, .batch_size = batch->n, .loss = &recipe->loss};
    CHECK_OK(&cx, wf_plan_create(&plan, &cx, params->graph, params, pool, &options));
    CHECK_OK(&cx, wf_plan_run(&result, plan, &cx, batch));
    wf_plan_destroy(plan);
    *out_gradient = params->gradient;
    return result;
}

TEST(sets_are_targets_of_0_and_1) {
    wf_images images;
    wf_pool *pool = NULL;
    wf_params *a = NULL, *b = NULL;
    const float *of_a, *of_b;
    static int32_t index[COUNT];
    fill_sets(&images);
    for (int i = 0; i < COUNT; i++) index[i] = (i * 7) % COUNT;
    wf_graph *g = new_sigmoid_model("4");
    wf_recipe *r = new_recipe("binary_crossentropy");
    CHECK_OK(&cx, wf_pool_create(&pool, &cx, 2));
    CHECK_OK(&cx, wf_params_create(&a, &cx, g, 1));
    CHECK_OK(&cx, wf_params_create(&b, &cx, g, 1));
    wf_batch batch = {.pixels = images.pixels, .index = index, .sets = sets, .n = 33};
    wf_batch_result first = run_plan(&of_a, a, pool, r, &batch);
    batch.sets = NULL;
    batch.targets = dense;
    wf_batch_result second = run_plan(&of_b, b, pool, r, &batch);
    CHECK(first.loss == second.loss);
    CHECK(memcmp(of_a, of_b, (size_t)g->trainable_size * sizeof *of_a) == 0);
    wf_params_destroy(a);
    wf_params_destroy(b);
    wf_pool_destroy(pool);
    wf_recipe_destroy(r);
    wf_graph_destroy(g);
}

/* A hit is an image whose labels are all on their side of one half, counted here again. */
TEST(accuracy_is_subset_accuracy) {
    wf_images images;
    wf_pool *pool = NULL;
    wf_params *params = NULL;
    wf_train_result fit = {0};
    wf_predict_result result;
    static float p[COUNT * CLASSES];
    fill_sets(&images);
    wf_graph *g = new_sigmoid_model("4");
    wf_recipe *r = new_recipe("binary_crossentropy");
    const wf_optim_common *optimizer = r->optimizer.config;
    CHECK(optimizer->learning_rate > 0);
    CHECK_OK(&cx, wf_pool_create(&pool, &cx, 2));
    CHECK_OK(&cx, wf_params_create(&params, &cx, g, 1));
    wf_train_data data = {.train = &images, .n_train = COUNT};
    CHECK_OK(&cx, wf_normalization_create(&data.normalization, &cx, WF_NORMALIZATION_UNIT, &images,
                                          NULL, COUNT));
    data.validation = &images;
    data.n_validation = COUNT;
    CHECK_OK(&cx, wf_fit(&fit, params, &cx, pool, r, &data, &(wf_train_options){.seed = 3}));
    const wf_predict_options options = {
        .images = &images, .normalization = data.normalization, .recipe = r};
    CHECK_OK(&cx, wf_predict(&result, p, params, &cx, pool, &options));
    int right = 0;
    for (int i = 0; i < COUNT; i++) {
        int wrong = 0;
        for (int c = 0; c < CLASSES; c++)
            wrong += (p[i * CLASSES + c] > 0.5f) != sets[i * CLASSES + c];
        right += !wrong;
    }
    printf("%d of %d sets right, loss %.4f\n", right, COUNT, result.loss);
    CHECK_NEAR(result.accuracy, (double)right / COUNT, 1e-12);
    CHECK_NEAR(fit.history[29].val_accuracy, result.accuracy, 1e-12);
    CHECK(fit.history[29].val_loss < 0.6 * fit.history[0].loss);
    CHECK(right > COUNT / 2);
    wf_train_result_reset(&fit);
    wf_params_destroy(params);
    wf_pool_destroy(pool);
    wf_recipe_destroy(r);
    wf_graph_destroy(g);
}

static void check_refused(const char *loss, const char *units, wf_status status,
                          const char *message) {
    wf_images images;
    wf_pool *pool = NULL;
    wf_params *params = NULL;
    wf_train_result fit = {0};
    fill_sets(&images);
    wf_graph *g = new_sigmoid_model(units);
    wf_recipe *r = new_recipe(loss);
    CHECK_OK(&cx, wf_pool_create(&pool, &cx, 1));
    CHECK_OK(&cx, wf_params_create(&params, &cx, g, 1));
    wf_train_data data = {.train = &images, .n_train = COUNT};
    CHECK_OK(&cx, wf_normalization_create(&data.normalization, &cx, WF_NORMALIZATION_UNIT, &images,
                                          NULL, COUNT));
    CHECK_INT(wf_fit(&fit, params, &cx, pool, r, &data, &(wf_train_options){0}), status);
    CHECK_STR(cx.message, message);
    wf_params_destroy(params);
    wf_pool_destroy(pool);
    wf_recipe_destroy(r);
    wf_graph_destroy(g);
}

TEST(losses_and_outputs_of_another_kind_are_refused) {
    check_refused("sparse_categorical_crossentropy", "4", WF_E_ARG,
                  "loss sparse_categorical_crossentropy is of classes that exclude each other, "
                  "training images have any number of labels");
    CHECK(strstr(cx.hint, "loss: binary_crossentropy"));
    check_refused("categorical_crossentropy", "4", WF_E_ARG,
                  "loss categorical_crossentropy is of classes that exclude each other, training "
                  "images have any number of labels");
    check_refused("binary_crossentropy", "5", WF_E_DATA,
                  "training images have 4 labels that may be set, model sets has 5 outputs");
}

TEST_MAIN()
