/* The answer to a single image, for which layers share their work in another way: it is the answer
 * that the image has among others, and has the same bits with any number of threads. */
#include "property/small.h"
#include "test.h"

enum { IMAGES = 9, MOST_THREADS = 5 };

/* Large enough to be shared. */
static const small_model large[] = {
    {"dense",
     0,
     {{"flatten", "", NULL, {NULL}},
      {"dense", "units: 700, activation: relu", NULL, {NULL}},
      {"dense", "units: 190, activation: leaky_relu", NULL, {NULL}},
      {"dense", "units: 10, activation: softmax", NULL, {NULL}}}},
    {"lstm",
     0,
     {{"rows", "", NULL, {NULL}},
      {"lstm", "units: 101, return_sequences: true", NULL, {NULL}},
      {"lstm", "units: 96, go_backwards: true, use_bias: false", NULL, {NULL}},
      {"dense", "units: 10, activation: softmax", NULL, {NULL}}}},
    {"gru",
     0,
     {{"rows", "", NULL, {NULL}},
      {"gru", "units: 113", NULL, {NULL}},
      {"dense", "units: 10, activation: softmax", NULL, {NULL}}}},
    {"simple_rnn",
     0,
     {{"columns", "", NULL, {NULL}},
      {"simple_rnn", "units: 190", NULL, {NULL}},
      {"dense", "units: 10, activation: softmax", NULL, {NULL}}}},
    {"bidirectional",
     0,
     {{"rows", "", NULL, {NULL}},
      {"bidirectional",
       "layer: {gru: {units: 112, return_sequences: true}}, merge_mode: sum",
       NULL,
       {NULL}},
      {"bidirectional", "layer: {lstm: {units: 97}}", NULL, {NULL}},
      {"dense", "units: 10, activation: softmax", NULL, {NULL}}}},
    {NULL, 0, {{NULL, NULL, NULL, {NULL}}}}};

typedef struct answers {
    float values[IMAGES][SMALL_CLASSES];
} answers;

/* The answers of a plan for batches of `batch` images. */
static answers ask(const wf_graph *g, const wf_kernels *kernels, wf_precision precision,
                   int threads, int batch) {
    wf_context cx = {0};
    wf_params *params = NULL;
    wf_pool *pool = NULL;
    wf_plan *plan = NULL;
    answers out;
    const wf_plan_options options = {
        .mode = WF_PLAN_INFER, .precision = precision, .batch_size = batch, .kernels = kernels};
    CHECK_OK(&cx, wf_pool_create(&pool, &cx, threads));
    CHECK_OK(&cx, wf_params_create(&params, &cx, g, 3));
    CHECK_OK(&cx, wf_plan_create(&plan, &cx, g, params, pool, &options));
    for (int i = 0; i < IMAGES; i += batch) {
        const wf_batch images = {.pixels = small_pixels() + i * SMALL_PIXELS, .n = batch};
        CHECK_OK(&cx, wf_plan_run(NULL, plan, &cx, &images));
        memcpy(out.values[i], wf_plan_output(plan), (size_t)batch * SMALL_CLASSES * sizeof(float));
    }
    wf_plan_destroy(plan);
    wf_params_destroy(params);
    wf_pool_destroy(pool);
    return out;
}

static void check_model(const small_model *model, const wf_kernels *kernels,
                        wf_precision precision) {
    wf_graph *g = small_graph(model);
    const answers together = ask(g, kernels, precision, 2, IMAGES);
    const answers alone = ask(g, kernels, precision, 1, 1);
    for (int i = 0; i < IMAGES; i++)
        for (int j = 0; j < SMALL_CLASSES; j++)
            CHECK_NEAR(alone.values[i][j], together.values[i][j],
                       precision == WF_BFLOAT16 ? 1e-3 : 1e-6);
    for (int threads = 2; threads <= MOST_THREADS; threads++) {
        const answers shared = ask(g, kernels, precision, threads, 1);
        CHECK(memcmp(&alone, &shared, sizeof alone) == 0);
    }
    wf_graph_destroy(g);
}

static void check_models(const small_model *models, wf_precision precision) {
    const wf_kernels *kernels;
    for (int i = 0; (kernels = wf_kernels_at(i)); i++)
        for (const small_model *m = models; m->name; m++) check_model(m, kernels, precision);
}

TEST(large_layers) { check_models(large, WF_FLOAT32); }
TEST(large_layers_in_bfloat16) { check_models(large, WF_BFLOAT16); }
TEST(small_layers) { check_models(small_models, WF_FLOAT32); }

TEST_MAIN()
