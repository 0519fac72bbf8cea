/* The moving average of the weights: ten steps against PyTorch (tests/golden/weight_average.py);
 * moving statistics by the formula; which weights training validates, keeps and hands over. */
#include "base/json.h"
#include "nn/flow.h"
#include "nn/plan.h"
#include "train_fixture.h"

enum { INPUTS = 6, STEPS = 10, IMAGES = 8 };

static double number_at(const json_t *list, size_t i) {
    const json_t *value = json_array_get(list, i);
    CHECK(json_is_number(value));
    return json_number_value(value);
}

/* [INPUTS][K] of nested lists, or [K] */
static void read_numbers(float *out, const json_t *list) {
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *row = json_array_get(list, i);
        if (!json_is_array(row)) *out++ = (float)number_at(list, i);
        for (size_t j = 0; j < json_array_size(row); j++) *out++ = (float)number_at(row, j);
    }
}

/* ---- against PyTorch ---- */

static void check_case(const json_t *document, const json_t *c, const wf_graph *g, wf_pool *pool) {
    wf_context cx = {0};
    wf_params *params = NULL, *average = NULL;
    wf_plan *plan = NULL;
    wf_recipe *recipe = NULL;
    float images[IMAGES * INPUTS], expected[(INPUTS + 1) * 3];
    int32_t labels[IMAGES];
    CHECK_OK(&cx, wf_recipe_create(&recipe, &cx));
    CHECK_OK(&cx, wf_recipe_set_optimizer(recipe, &cx, "sgd"));
    CHECK_OK(&cx, wf_params_create(&params, &cx, g, 1));
    read_numbers(images, json_object_get(document, "images"));
    for (size_t i = 0; i < IMAGES; i++)
        labels[i] = (int32_t)number_at(json_object_get(document, "labels"), i);
    const json_t *start = json_object_get(c, "start");
    read_numbers(params->value, json_object_get(start, "kernel"));
    read_numbers(params->value + INPUTS * 3, json_object_get(start, "bias"));
    CHECK_OK(&cx, wf_params_copy(&average, &cx, params));
    const wf_plan_options options = {
        .mode = WF_PLAN_TRAIN,
        .batch_size = IMAGES,
        .loss = &recipe->loss,
        .optimizer = &recipe->optimizer,
        .average = {.params = average,
                    .decay = json_number_value(json_object_get(c, "decay")),
                    .has_warmup = json_is_true(json_object_get(c, "warmup"))}};
    CHECK_OK(&cx, wf_plan_create(&plan, &cx, g, params, pool, &options));
    const wf_batch batch = {.values = images,
                            .labels = labels,
                            .n = IMAGES,
                            .learning_rate = json_number_value(json_object_get(document, "rate"))};
    for (int i = 0; i < STEPS; i++) CHECK_OK(&cx, wf_plan_run(NULL, plan, &cx, &batch));
    read_numbers(expected, json_object_get(c, "kernel"));
    read_numbers(expected + INPUTS * 3, json_object_get(c, "bias"));
    for (int i = 0; i < (INPUTS + 1) * 3; i++) CHECK_NEAR(average->value[i], expected[i], 2e-6);
    read_numbers(expected, json_object_get(c, "last_kernel"));
    for (int i = 0; i < INPUTS * 3; i++) CHECK_NEAR(params->value[i], expected[i], 4e-6);
    wf_plan_destroy(plan);
    wf_params_destroy(average);
    wf_params_destroy(params);
    wf_recipe_destroy(recipe);
}

TEST(ten_steps_as_pytorch_averages_them) {
    wf_context cx = {0};
    json_t *document = NULL;
    wf_graph *g = NULL;
    wf_pool *pool = NULL;
    char path[] = WF_SOURCE_DIR "/tests/golden/weight_average.json";
    CHECK_OK(&cx, wf_json_read(&document, &cx, path));
    CHECK_OK(&cx, wf_pool_create(&pool, &cx, 2));
    CHECK_OK(&cx, wf_graph_create(&g, &cx, "linear"));
    add_layer(g, "input", "shape", "[6]", NULL);
    add_layer(g, "dense", "units", "3", "activation", "softmax", NULL);
    CHECK_OK(&cx, wf_graph_finish(g, &cx));
    const json_t *cases = json_object_get(document, "cases");
    CHECK_INT(json_array_size(cases), 6);
    for (size_t i = 0; i < json_array_size(cases); i++)
        check_case(document, json_array_get(cases, i), g, pool);
    wf_graph_destroy(g);
    wf_pool_destroy(pool);
    json_decref(document);
}

/* ---- everything that changes is averaged, moving statistics included ---- */

TEST(moving_statistics_are_averaged_too) {
    static double expected[4096];
    setup s;
    wf_params *average = NULL;
    wf_plan *plan = NULL;
    setup_open(&s, 3);
    const int64_t size = s.graph->total_size;
    CHECK(size > s.graph->trainable_size && size < 4096);
    CHECK_OK(&s.cx, wf_params_copy(&average, &s.cx, s.params));
    for (int64_t i = 0; i < size; i++) expected[i] = average->value[i];
    const wf_plan_options options = {.mode = WF_PLAN_TRAIN,
                                     .batch_size = 32,
                                     .loss = &s.recipe->loss,
                                     .optimizer = &s.recipe->optimizer,
                                     .average = {average, 0.5, 1}};
    CHECK_OK(&s.cx, wf_plan_create(&plan, &s.cx, s.graph, s.params, s.pool, &options));
    for (int t = 1; t <= STEPS; t++) {
        const double decay = fmin(0.5, (1.0 + t) / (10.0 + t));
        const wf_batch batch = {.pixels = s.images.pixels,
                                .index = s.train_index + 16 * t,
                                .labels = s.images.labels,
                                .n = 32,
                                .epoch = (uint32_t)t,
                                .learning_rate = 0.01};
        const uint64_t generation = average->generation;
        CHECK_OK(&s.cx, wf_plan_run(NULL, plan, &s.cx, &batch));
        CHECK(average->generation != generation);
        for (int64_t i = 0; i < size; i++)
            expected[i] = decay * expected[i] + (1 - decay) * (double)s.params->value[i];
    }
    for (int64_t i = 0; i < size; i++)
        CHECK_NEAR(average->value[i], expected[i], 1e-6 * (1 + fabs(expected[i])));
    wf_plan_destroy(plan);
    wf_params_destroy(average);
    setup_close(&s);
}

/* ---- training ---- */

static void use_average(setup *s, double decay) {
    s->recipe->ema = (wf_ema){.is_on = 1, .decay = decay, .warmup = 0};
}

static double validation_accuracy(setup *s, double *loss) {
    wf_predict_result r = {0};
    const wf_predict_options o = {.images = &s->images,
                                  .index = s->validation_index,
                                  .n = s->data.n_validation,
                                  .normalization = unit_scale,
                                  .recipe = s->recipe};
    CHECK_OK(&s->cx, wf_predict(&r, NULL, s->params, &s->cx, s->pool, &o));
    *loss = r.loss;
    return r.accuracy;
}

/* The weights at the end are those that the last epoch's validation judged; so are the files. */
TEST(averaged_weights_are_validated_written_and_handed_over) {
    setup s, plain;
    double loss;
    setup_open(&s, 2);
    setup_open(&plain, 2);
    use_average(&s, 0.9);
    s.options.last_path = temporary("last");
    s.options.best_path = temporary("best");
    CHECK_OK(&s.cx, setup_fit(&s));
    CHECK_OK(&plain.cx, setup_fit(&plain));
    const wf_epoch_figures *last = &s.result.history[s.result.epochs - 1];
    CHECK_NEAR(validation_accuracy(&s, &loss), last->val_accuracy, 0);
    CHECK_NEAR(loss, last->val_loss, 0);
    /* training itself is not changed by what is kept beside it */
    for (int i = 0; i < s.result.epochs; i++) {
        CHECK(s.result.history[i].loss == plain.result.history[i].loss);
        CHECK(s.result.history[i].val_loss != plain.result.history[i].val_loss);
    }
    const size_t bytes = (size_t)s.graph->total_size * sizeof(float);
    CHECK(memcmp(s.params->value, plain.params->value, bytes) != 0);
    CHECK_OK(&s.cx, wf_weights_load(plain.params, &s.cx, s.options.last_path));
    CHECK(memcmp(s.params->value, plain.params->value, bytes) == 0);
    CHECK_OK(&s.cx, wf_weights_load(s.params, &s.cx, s.options.best_path));
    validation_accuracy(&s, &loss);
    CHECK_NEAR(loss, s.result.history[s.result.best_epoch - 1].val_loss, 0);
    setup_close(&s);
    setup_close(&plain);
}

TEST(without_decay_the_average_is_the_weights) {
    setup s, plain;
    setup_open(&s, 2);
    setup_open(&plain, 1);
    use_average(&s, 0);
    CHECK_OK(&s.cx, setup_fit(&s));
    CHECK_OK(&plain.cx, setup_fit(&plain));
    for (int64_t i = 0; i < s.graph->total_size; i++)
        CHECK_NEAR(s.params->value[i], plain.params->value[i],
                   1e-6 * (1 + fabs((double)plain.params->value[i])));
    setup_close(&s);
    setup_close(&plain);
}

/* A checkpoint with an average and a recipe without one do not go together, nor the other way. */
TEST(checkpoints_of_another_kind_are_refused) {
    for (int with = 0; with < 2; with++) {
        setup s;
        setup_open(&s, 1);
        s.recipe->epochs = 1;
        if (with) use_average(&s, 0.9);
        s.options.checkpoint_path = temporary("checkpoint");
        CHECK_OK(&s.cx, setup_fit(&s));
        s.recipe->epochs = 2;
        s.recipe->ema = (wf_ema){.is_on = !with, .decay = 0.9};
        s.options.resume_path = s.options.checkpoint_path;
        const wf_status status = setup_fit(&s);
        CHECK(strstr(s.cx.message, "average of the weights (ema)") != NULL);
        CHECK_FAILS(&s.cx, status, WF_E_MODEL);
        setup_close(&s);
    }
}

TEST_MAIN()
