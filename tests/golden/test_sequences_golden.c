/* Small models that tell sets of labels, read from their files, against float64 PyTorch
 * (sequences.py): ten training losses, the first step's gradients, the parameters afterwards and
 * what they say then; at every instruction set level. */
#include "golden/golden.h"
#include "nn/plan.h"
#include "spec/model.h"
#include "test.h"

enum { STEPS = 10, IMAGES = 12, BATCH = 6, LENGTH = 6 };

static wf_context cx;

static void compare(const golden_case *c, const char *isa, const char *name, const float *actual,
                    long size) {
    golden_array a;
    double worst = 0;
    CHECK(golden_get(&a, c, name));
    CHECK_INT(a.size, size);
    const double *expected = golden_f64(c, name, NULL);
    for (long i = 0; i < a.size; i++) {
        CHECK(isfinite(actual[i]));
        worst = fmax(worst, fabs((double)actual[i] - expected[i]));
    }
    if (worst > a.tolerance) printf("%s (%s): %s is off\n", c->name, isa, name);
    CHECK_NEAR(worst, 0, a.tolerance);
}

static void compare_parameters(const golden_case *c, const char *isa, const wf_graph *g,
                               const char *folder, const float *values) {
    char name[128];
    CHECK(g->n_params > 4);
    for (int i = 0; i < g->n_params; i++) {
        snprintf(name, sizeof name, "%s/%.100s", folder, g->params[i].name);
        compare(c, isa, name, values + g->params[i].offset, (long)g->params[i].size);
    }
}

/* Images, and the sequences or labels that the case has. */
static wf_batch batch_of(const golden_case *c) {
    golden_array a;
    wf_batch batch = {.values = golden_f32(c, "images", NULL), .learning_rate = 0.001};
    if (golden_get(&a, c, "labels")) {
        batch.labels = a.data;
        return batch;
    }
    batch.sequences = golden_i32(c, "sequences", NULL);
    batch.sequence_length = LENGTH;
    return batch;
}

static void train(const golden_case *c, const wf_model_spec *spec, wf_params *params, wf_pool *pool,
                  const wf_kernels *level, int shard_size) {
    const wf_plan_options options = {.mode = WF_PLAN_TRAIN,
                                     .batch_size = BATCH,
                                     .loss = &spec->recipe->loss,
                                     .optimizer = &spec->recipe->optimizer,
                                     .kernels = level,
                                     .shard_size = shard_size,
                                     .group_size = shard_size == 1 ? 0 : 1};
    wf_plan *plan = NULL;
    float losses[STEPS];
    CHECK_OK(&cx, wf_plan_create(&plan, &cx, spec->graph, params, pool, &options));
    for (int step = 0; step < STEPS; step++) {
        int32_t index[BATCH];
        wf_batch batch = batch_of(c);
        wf_batch_result result;
        for (int i = 0; i < BATCH; i++) index[i] = step % 2 * BATCH + i;
        batch.index = index;
        batch.n = BATCH;
        CHECK_OK(&cx, wf_plan_run(&result, plan, &cx, &batch));
        losses[step] = (float)result.loss;
        if (step == 0) compare_parameters(c, level->isa, spec->graph, "gradient", params->gradient);
    }
    compare(c, level->isa, "losses", losses, STEPS);
    compare_parameters(c, level->isa, spec->graph, "final", params->value);
    wf_plan_destroy(plan);
}

static void infer(const golden_case *c, const wf_graph *g, wf_params *params, wf_pool *pool,
                  const wf_kernels *level) {
    const wf_plan_options options = {.mode = WF_PLAN_INFER, .batch_size = IMAGES, .kernels = level};
    wf_batch batch = batch_of(c);
    wf_plan *plan = NULL;
    batch.n = IMAGES;
    CHECK_OK(&cx, wf_plan_create(&plan, &cx, g, params, pool, &options));
    CHECK_OK(&cx, wf_plan_run(NULL, plan, &cx, &batch));
    compare(c, level->isa, "outputs", wf_plan_output(plan), IMAGES * wf_plan_output_size(plan));
    wf_plan_destroy(plan);
}

static void run_model(const char *name) {
    char path[4096], initial[128];
    wf_model_spec *spec = NULL;
    wf_pool *pool = NULL;
    const wf_kernels *level;
    golden *g = golden_open(WF_SOURCE_DIR "/tests/golden/sequences");
    const golden_case c = golden_find(g, name);
    snprintf(path, sizeof path, "%s/tests/golden/sequences/models/%s.yaml", WF_SOURCE_DIR, name);
    CHECK_OK(&cx, wf_model_spec_read(&spec, &cx, path));
    CHECK_OK(&cx, wf_pool_create(&pool, &cx, 2));
    for (int k = 0; (level = wf_kernels_at(k)); k++) {
        wf_params *params = NULL;
        CHECK_OK(&cx, wf_params_create(&params, &cx, spec->graph, 1));
        for (int i = 0; i < spec->graph->n_params; i++) {
            const wf_param_entry *entry = &spec->graph->params[i];
            long size;
            snprintf(initial, sizeof initial, "initial/%.100s", entry->name);
            const float *values = golden_f32(&c, initial, &size);
            CHECK_INT(size, entry->size);
            memcpy(params->value + entry->offset, values, (size_t)size * sizeof *values);
        }
        train(&c, spec, params, pool, level, k % 3);
        infer(&c, spec->graph, params, pool, level);
        wf_params_destroy(params);
    }
    wf_pool_destroy(pool);
    wf_model_spec_destroy(spec);
    golden_close(g);
}

TEST(cnn_rnn) { run_model("tiny-cnn-rnn"); }
TEST(attention) { run_model("tiny-attention"); }
TEST(label_sets) { run_model("tiny-label-sets"); }

TEST_MAIN()
