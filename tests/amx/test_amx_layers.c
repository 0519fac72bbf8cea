/* Layers and small models in bfloat16: the level v4_amx gives what v4_bf16 gives, up to the order
 * in which float32 numbers are summed. */
#include "amx/emulator.h"
#include "parity/product.h"
#include "property/small.h"
#include "test.h"

enum { IMAGES = 35, SHARD = 17 };

typedef struct layer_case {
    const char *class_name, *keys;
    wf_shape input;
    int terms;        /* of the longest sum */
    int is_recurrent; /* states are rounded again at every step */
} layer_case;

static const layer_case layers[] = {
    {"conv2d", "filters: 64, kernel_size: 3, padding: same", {3, {14, 14, 32}}, 6860, 0},
    {"conv2d", "filters: 34, kernel_size: 3", {3, {10, 9, 64}}, 2016, 0},
    {"conv2d", "filters: 32, kernel_size: 5, strides: 2, padding: same", {3, {9, 8, 32}}, 800, 0},
    {"conv2d", "filters: 32, kernel_size: 1", {3, {6, 5, 32}}, 1050, 0},
    {"conv2d", "filters: 20, kernel_size: [3, 1], strides: [2, 3]", {3, {9, 7, 32}}, 420, 0},
    {"conv2d", "filters: 32, kernel_size: 3, padding: same", {3, {7, 7, 16}}, 1715, 0},
    /* several panels whose depth no tile divides: 144, 432; backward 40 */
    {"conv2d", "filters: 64, kernel_size: 3", {3, {7, 7, 16}}, 875, 0},
    {"conv2d", "filters: 96, kernel_size: 3, padding: same", {3, {6, 6, 48}}, 1260, 0},
    {"conv2d", "filters: 40, kernel_size: 1", {3, {5, 5, 64}}, 875, 0},
    {"dense", "units: 70", {1, {100}}, 100, 0},
    {"dense", "units: 1024", {1, {1040}}, 1040, 0},
    {"lstm", "units: 50", {2, {5, 28}}, 175, 1},
    {"lstm", "units: 33, return_sequences: true", {2, {4, 40}}, 140, 1},
    {"gru", "units: 40", {2, {5, 30}}, 175, 1},
    {"simple_rnn", "units: 64", {2, {5, 64}}, 175, 1},
    {"bidirectional", "layer: {gru: {units: 34, return_sequences: true}}", {2, {3, 33}}, 105, 1}};

/* The level v4_bf16, made to choose algorithms as v4_amx does. */
static const wf_kernels *level_to_compare(const wf_kernels *amx) {
    static wf_kernels level;
    level = *wf_kernels_find("v4_bf16");
    level.bf16_speedup = amx->bf16_speedup;
    return &level;
}

static void check_same(const layer_case *l, const char *what, const float *a, const float *b,
                       long n) {
    double error = 0, scale = 1;
    for (long i = 0; i < n; i++) {
        CHECK(isfinite(a[i]));
        error = fmax(error, fabs((double)a[i] - (double)b[i]));
        scale = fmax(scale, fabs((double)b[i]));
    }
    const double unit = l->is_recurrent ? 0x1p-9 * 4 : 0x1p-24 * (16 + 2 * sqrt(l->terms));
    if (error > scale * unit) printf("%s {%s}: %s\n", l->class_name, l->keys, what);
    CHECK_NEAR(error, 0, scale * unit);
}

static void check_layer(const layer_case *l, const wf_kernels *kernels, wf_pool *pool) {
    wf_context cx = {0};
    product *p[2] = {NULL, NULL};
    const wf_kernels *levels[2] = {kernels, level_to_compare(kernels)};
    const product_layer layer = {.class_name = l->class_name,
                                 .keys = l->keys,
                                 .n_inputs = 1,
                                 .inputs = {l->input},
                                 .batch = IMAGES};
    float *cotangent = NULL;
    for (int i = 0; i < 2; i++) {
        CHECK_OK(&cx, product_create(&p[i], &cx, &layer));
        const long outputs = IMAGES * product_output_size(p[i]);
        const long inputs = IMAGES * (long)wf_shape_size(&l->input);
        if (!cotangent) cotangent = malloc((size_t)outputs * sizeof *cotangent);
        CHECK(cotangent);
        for (long j = 0; j < outputs; j++) cotangent[j] = product_random(1, j) / 8;
        for (long j = 0; j < inputs; j++) product_input(p[i], 0)[j] = product_random(2, j);
        const product_run run = {.mode = WF_PLAN_TRAIN,
                                 .precision = WF_BFLOAT16,
                                 .kernels = levels[i],
                                 .pool = pool,
                                 .shard_size = SHARD,
                                 .cotangent = cotangent};
        amx_emulator_counts();
        CHECK_OK(&cx, product_run_once(p[i], &cx, &run));
        if (amx_is_emulated()) CHECK_INT(amx_emulator_counts().products > 0, i == 0);
    }
    check_same(l, "output", p[0]->output, p[1]->output, IMAGES * product_output_size(p[0]));
    check_same(l, "gradients", p[0]->params->gradient, p[1]->params->gradient,
               (long)p[0]->graph->total_size);
    check_same(l, "input gradient", product_input_gradient(p[0], 0),
               product_input_gradient(p[1], 0), IMAGES * (long)wf_shape_size(&l->input));
    free(cotangent);
    for (int i = 0; i < 2; i++) product_destroy(p[i]);
}

TEST(every_kind_of_layer) {
    wf_context cx = {0};
    wf_pool *pool = NULL;
    AMX_KERNELS_OR_RETURN(kernels);
    CHECK_OK(&cx, wf_pool_create(&pool, &cx, 1));
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
        check_layer(&layers[i], kernels, pool);
    wf_pool_destroy(pool);
}

/* ---- models ---- */

static const small_model models[] = {
    {"convolutions",
     0,
     {L("conv2d", "filters: 32, kernel_size: 3, padding: same, activation: relu"),
      L("max_pool2d", ""),
      L("conv2d", "filters: 64, kernel_size: 3, padding: same, activation: relu"),
      L("max_pool2d", ""), L("flatten", ""), L("dense", "units: 64, activation: relu"),
      L("dense", "units: 10, activation: softmax")}},
    {"lstm",
     0,
     {L("rows", ""), L("lstm", "units: 48, return_sequences: true"), L("lstm", "units: 32"),
      L("dense", "units: 10, activation: softmax")}}};

TEST(training) {
    enum { STEPS = 4 };
    AMX_KERNELS_OR_RETURN(kernels);
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        wf_graph *g = small_graph(&models[i]);
        double losses[3][STEPS];
        small_training t = {kernels, 1, 32, SHARD, STEPS, 1, WF_BFLOAT16, NULL};
        wf_params *params[3];
        params[0] = small_train(g, &t, losses[0]);
        t.threads = 3;
        params[1] = small_train(g, &t, losses[1]);
        t.kernels = level_to_compare(kernels);
        params[2] = small_train(g, &t, losses[2]);
        const size_t bytes = (size_t)g->total_size * sizeof(float);
        CHECK(!memcmp(params[0]->value, params[1]->value, bytes)); /* whatever the threads */
        for (int step = 0; step < STEPS; step++)
            CHECK_NEAR(losses[0][step], losses[2][step], 1e-3 * losses[2][0]);
        for (int k = 0; k < 3; k++) wf_params_destroy(params[k]);
        wf_graph_destroy(g);
    }
}

TEST_MAIN()
