/* Small versions of the models, read from their files, against float64 PyTorch: ten training losses
 * with each optimizer; with adam also the first step's gradients and the final parameters. */
#include "golden/golden.h"
#include "nn/plan.h"
#include "parity/product.h"
#include "spec/model.h"
#include "test.h"

enum { STEPS = 10 };

static double worst_share;
static char worst_text[200];

static void compare(const golden_case *c, const char *isa, const char *name, const float *actual) {
    golden_array a;
    double worst = 0;
    CHECK(golden_get(&a, c, name));
    const double *expected = golden_f64(c, name, NULL);
    for (long i = 0; i < a.size; i++) {
        CHECK(isfinite(actual[i]));
        worst = fmax(worst, fabs((double)actual[i] - expected[i]));
    }
    if (worst / a.tolerance > worst_share) {
        worst_share = worst / a.tolerance;
        snprintf(worst_text, sizeof worst_text, "%s of %s (%s)", name, c->name, isa);
    }
    if (worst > a.tolerance) printf("%s (%s): %s is off\n", c->name, isa, name);
    CHECK_NEAR(worst, 0, a.tolerance);
}

/* {"adam": {"learning_rate": 0.001}} becomes the recipe's optimizer. */
static void set_optimizer(wf_recipe *recipe, const golden_case *c) {
    wf_context cx = {0};
    json_t *config = (json_t *)(uintptr_t)c->config; /* jansson's iterators know no const */
    void *one = json_object_iter(config);
    CHECK_OK(&cx, wf_recipe_set_optimizer(recipe, &cx, json_object_iter_key(one)));
    json_t *settings = json_object_iter_value(one);
    for (void *at = json_object_iter(settings); at; at = json_object_iter_next(settings, at)) {
        json_t *v = json_object_iter_value(at);
        char text[40];
        if (json_is_boolean(v)) snprintf(text, sizeof text, json_is_true(v) ? "true" : "false");
        else snprintf(text, sizeof text, "%.17g", json_number_value(v));
        CHECK_OK(&cx, wf_fields_set(&cx, "optimizer", recipe->optimizer.class->fields,
                                    recipe->optimizer.config, json_object_iter_key(at), text));
    }
}

static void compare_parameters(const golden_case *c, const char *isa, const wf_graph *g,
                               const char *folder, const float *values) {
    char name[128];
    golden_array a;
    int found = 0;
    for (int i = 0; i < g->n_params; i++) {
        snprintf(name, sizeof name, "%s/%.100s", folder, g->params[i].name);
        if (!g->params[i].is_trainable && strcmp(folder, "gradient") == 0) continue;
        CHECK(golden_get(&a, c, name));
        CHECK_INT(a.size, g->params[i].size);
        compare(c, isa, name, values + g->params[i].offset);
        found++;
    }
    CHECK(found > 0);
}

static void run_level(const golden_case *c, const wf_model_spec *spec, const wf_kernels *level,
                      wf_pool *pool, int shard_size) {
    wf_context cx = {0};
    wf_params *params = NULL;
    wf_plan *plan = NULL;
    const wf_graph *g = spec->graph;
    const wf_plan_options options = {.mode = WF_PLAN_TRAIN,
                                     .batch_size = spec->recipe->batch_size,
                                     .loss = &spec->recipe->loss,
                                     .optimizer = &spec->recipe->optimizer,
                                     .kernels = level,
                                     .shard_size = shard_size,
                                     .group_size = shard_size == 1 ? 0 : 1};
    const wf_optim_common *common = spec->recipe->optimizer.config;
    float losses[STEPS];
    golden_array a;
    CHECK_OK(&cx, wf_params_create(&params, &cx, g, 1));
    for (int i = 0; i < g->n_params; i++) {
        char name[128];
        snprintf(name, sizeof name, "initial/%.100s", g->params[i].name);
        CHECK(golden_get(&a, c, name));
        CHECK_INT(a.size, g->params[i].size);
        memcpy(params->value + g->params[i].offset, a.data, (size_t)a.size * sizeof(float));
    }
    CHECK_OK(&cx, wf_plan_create(&plan, &cx, g, params, pool, &options));
    CHECK(golden_get(&a, c, "images"));
    const int images = (int)a.shape[0], n = options.batch_size;
    for (int step = 0; step < STEPS; step++) {
        int32_t index[32];
        wf_batch_result result;
        for (int i = 0; i < n; i++) index[i] = step % (images / n) * n + i;
        const wf_batch batch = {.values = a.data,
                                .index = index,
                                .labels = golden_i32(c, "labels", NULL),
                                .n = n,
                                .learning_rate = common->learning_rate};
        CHECK_OK(&cx, wf_plan_run(&result, plan, &cx, &batch));
        losses[step] = (float)result.loss;
        golden_array first;
        char name[128];
        snprintf(name, sizeof name, "gradient/%.100s", g->params[0].name);
        if (step == 0 && golden_get(&first, c, name))
            compare_parameters(c, level->isa, g, "gradient", params->gradient);
    }
    compare(c, level->isa, "losses", losses);
    char name[128];
    snprintf(name, sizeof name, "final/%.100s", g->params[0].name);
    if (golden_get(&a, c, name)) compare_parameters(c, level->isa, g, "final", params->value);
    wf_plan_destroy(plan);
    wf_params_destroy(params);
}

static void run_model(const char *model) {
    wf_context cx = {0};
    wf_pool *pool;
    char path[4096];
    int seen = 0;
    CHECK_OK(&cx, wf_pool_create(&pool, &cx, 2));
    golden *g = golden_open(WF_SOURCE_DIR "/tests/golden");
    worst_share = 0;
    snprintf(path, sizeof path, "%s/tests/golden/models/%s.yaml", WF_SOURCE_DIR, model);
    for (size_t i = 0; i < golden_count(g); i++) {
        golden_case c = golden_at(g, i);
        if (strcmp(c.kind, "network") != 0 || strcmp(c.type, model) != 0) continue;
        wf_model_spec *spec = NULL;
        CHECK_OK(&cx, wf_model_spec_read(&spec, &cx, path));
        set_optimizer(spec->recipe, &c);
        const wf_kernels *level;
        for (int k = 0; (level = wf_kernels_at(k)); k++) run_level(&c, spec, level, pool, k % 3);
        wf_model_spec_destroy(spec);
        seen++;
    }
    CHECK_INT(seen, 4);
    printf("%s: worst error is %.0f%% of the tolerance: %s\n", model, 100 * worst_share,
           worst_text);
    golden_close(g);
    wf_pool_destroy(pool);
}

TEST(cnn_1conv) { run_model("tiny-cnn-1conv"); }
TEST(cnn_2conv_bn) { run_model("tiny-cnn-2conv-bn"); }
TEST(cnn_3conv_leaky) { run_model("tiny-cnn-3conv-leaky"); }
TEST(cnn_lstm) { run_model("tiny-cnn-lstm"); }
TEST(gru) { run_model("tiny-gru"); }
TEST(lstm) { run_model("tiny-lstm"); }
TEST(lstm_2x_relu) { run_model("tiny-lstm-2x-relu"); }
TEST(bilstm) { run_model("tiny-bilstm"); }

TEST_MAIN()
