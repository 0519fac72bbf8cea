/* Inference up to a named layer, against the references of tests/ref. */
#include "base/rng.h"
#include "nn/graph.h"
#include "ref/ref.h"
#include "test.h"
#include "weft/train.h"

enum { N = 37, SIDE = 6, FILTERS = 5, UNITS = 7, CLASSES = 3, FLAT = 3 * 3 * FILTERS };

static uint8_t pixels[N * SIDE * SIDE];
static const wf_images images = {
    .count = N, .height = SIDE, .width = SIDE, .channels = 1, .pixels = pixels};
static const wf_normalization unit_scale = {.channels = 1, .scale = {1.0f / 255}};

/* Two branches that are added, a view (flatten), an alias (dropout). */
static wf_model *new_model(void) {
    wf_context cx = {0};
    wf_model *m = NULL;
    static const int32_t input[] = {SIDE, SIDE, 1};
    static const char *const fork[] = {"input"}, *const join[] = {"left", "right"};
    CHECK_OK(&cx, wf_model_create(&m, &cx, "fork", input, 3));
    CHECK_OK(&cx, wf_model_add(m, &cx, "conv2d",
                               "filters: 5, kernel_size: 3, padding: same, activation: relu",
                               "left", fork, 1));
    CHECK_OK(&cx, wf_model_add(m, &cx, "conv2d", "filters: 5, kernel_size: 3, padding: same",
                               "right", fork, 1));
    CHECK_OK(&cx, wf_model_add(m, &cx, "add", "", "sum", join, 2));
    CHECK_OK(&cx, wf_model_add(m, &cx, "max_pool2d", "", "pool", NULL, 0));
    CHECK_OK(&cx, wf_model_add(m, &cx, "flatten", "", "flat", NULL, 0));
    CHECK_OK(&cx, wf_model_add(m, &cx, "dense", "units: 7, activation: tanh", "hidden", NULL, 0));
    CHECK_OK(&cx, wf_model_add(m, &cx, "dropout", "rate: 0.5", "dropped", NULL, 0));
    CHECK_OK(&cx, wf_model_add(m, &cx, "dense", "units: 3", "logits", NULL, 0));
    CHECK_OK(&cx, wf_model_add(m, &cx, "softmax", "", "classes", NULL, 0));
    CHECK_OK(&cx, wf_model_finish(m, &cx));
    return m;
}

/* Parameter number `i` as doubles; two calls may be in use. */
static const double *value(const wf_params *params, int i) {
    static double out[2][400];
    const wf_param_entry *p = &params->graph->params[i];
    CHECK(p->size <= 400);
    for (int64_t k = 0; k < p->size; k++) out[i % 2][k] = (double)params->value[p->offset + k];
    return out[i % 2];
}

typedef struct expected {
    double input[N * SIDE * SIDE], left[N * SIDE * SIDE * FILTERS],
        right[N * SIDE * SIDE * FILTERS], pool[N * FLAT], hidden[N * UNITS], logits[N * CLASSES],
        classes[N * CLASSES];
} expected;

static void compute(expected *e, const wf_params *params) {
    const ref_activation relu = {.kind = REF_RELU}, tanh = {.kind = REF_TANH},
                         softmax = {.kind = REF_SOFTMAX};
    ref_conv2d conv = {.n = N,
                       .h = SIDE,
                       .w = SIDE,
                       .c = 1,
                       .o = FILTERS,
                       .kh = 3,
                       .kw = 3,
                       .sh = 1,
                       .sw = 1,
                       .padding = REF_SAME,
                       .activation = relu};
    const ref_pool2d pool = {.n = N, .h = SIDE, .w = SIDE, .c = FILTERS, .kh = 2, .kw = 2};
    static double sum[N * SIDE * SIDE * FILTERS];
    for (int i = 0; i < N * SIDE * SIDE; i++) e->input[i] = pixels[i] / 255.0;
    ref_conv2d_forward(&conv, e->input, value(params, 0), value(params, 1), e->left);
    conv.activation.kind = REF_LINEAR;
    ref_conv2d_forward(&conv, e->input, value(params, 2), value(params, 3), e->right);
    for (int i = 0; i < N * SIDE * SIDE * FILTERS; i++) sum[i] = e->left[i] + e->right[i];
    ref_max_pool2d_forward(&pool, sum, e->pool);
    ref_dense_forward(&(ref_dense){N, FLAT, UNITS, tanh}, e->pool, value(params, 4),
                      value(params, 5), e->hidden);
    ref_dense_forward(&(ref_dense){.rows = N, .in = UNITS, .units = CLASSES}, e->hidden,
                      value(params, 6), value(params, 7), e->logits);
    ref_activation_forward(softmax, N, CLASSES, e->logits, e->classes);
}

TEST(every_layer_can_be_asked) {
    static expected e;
    static float out[N * SIDE * SIDE * FILTERS];
    const struct {
        const char *layer;
        const double *values;
        int size;
    } cases[] = {{"input", e.input, SIDE * SIDE},
                 {"left", e.left, SIDE * SIDE * FILTERS},
                 {"right", e.right, SIDE * SIDE * FILTERS},
                 {"pool", e.pool, FLAT},
                 {"flat", e.pool, FLAT},
                 {"hidden", e.hidden, UNITS},
                 {"dropped", e.hidden, UNITS},
                 {"logits", e.logits, CLASSES},
                 {"classes", e.classes, CLASSES},
                 {NULL, e.classes, CLASSES}};
    wf_context cx = {0};
    wf_params *params = NULL;
    wf_pool *pool = NULL;
    wf_predict_result result;
    wf_rng r;
    wf_rng_init(&r, 1, WF_STREAM_TEST, 0);
    for (int i = 0; i < N * SIDE * SIDE; i++) pixels[i] = (uint8_t)wf_rng_below(&r, 256);
    wf_model *m = new_model();
    CHECK_OK(&cx, wf_model_params(&params, &cx, m, 3));
    CHECK_OK(&cx, wf_pool_create(&pool, &cx, 2));
    compute(&e, params);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
        for (int batch = 8; batch <= 64; batch *= 8) {
            const wf_predict_options o = {.images = &images,
                                          .normalization = unit_scale,
                                          .batch_size = batch,
                                          .layer = cases[c].layer};
            memset(out, 0xFF, sizeof out);
            CHECK_OK(&cx, wf_predict(&result, out, params, &cx, pool, &o));
            CHECK_INT(result.n, N);
            CHECK(isnan(result.loss) && isnan(result.accuracy));
            for (int i = 0; i < N * cases[c].size; i++)
                CHECK_NEAR(out[i], cases[c].values[i], 2e-6);
        }
    wf_pool_destroy(pool);
    wf_params_destroy(params);
    wf_model_destroy(m);
}

TEST(the_features_are_what_the_last_dense_layer_gets) {
    wf_context cx = {0};
    wf_model *m = new_model();
    const char *name = NULL;
    CHECK_OK(&cx, wf_model_features(&name, &cx, m));
    CHECK_STR(name, "dropped");
    wf_model_destroy(m);
    static const int32_t input[] = {4};
    CHECK_OK(&cx, wf_model_create(&m, &cx, "no-product", input, 1));
    CHECK_OK(&cx, wf_model_add(m, &cx, "relu", "", NULL, NULL, 0));
    CHECK_FAILS(&cx, wf_model_features(&name, &cx, m), WF_E_ARG);
    CHECK_OK(&cx, wf_model_finish(m, &cx));
    CHECK_OK(&cx, wf_model_features(&name, &cx, m));
    CHECK_STR(name, "input");
    wf_model_destroy(m);
}

TEST(the_features_of_a_decoder_are_of_the_image_alone) {
    static const int32_t input[] = {8, 8, 1};
    wf_context cx = {0};
    wf_model *m = NULL;
    const char *name = NULL;
    for (int has_dense = 1; has_dense >= 0; has_dense--) {
        CHECK_OK(&cx, wf_model_create(&m, &cx, "decoder", input, 3));
        CHECK_OK(&cx, wf_model_add(m, &cx, "conv2d", "filters: 2, kernel_size: 3", "map", NULL, 0));
        CHECK_OK(&cx, wf_model_add(m, &cx, "global_average_pool2d", "", "pooled", NULL, 0));
        if (has_dense) CHECK_OK(&cx, wf_model_add(m, &cx, "dense", "units: 2", "image", NULL, 0));
        CHECK_OK(&cx, wf_model_add(m, &cx, "repeat_vector", "n: 4", "again", NULL, 0));
        CHECK_OK(&cx, wf_model_add(m, &cx, "label_input", "length: 4, classes: 3", NULL, NULL, 0));
        CHECK_OK(&cx, wf_model_add(m, &cx, "embedding", "input_dim: 5, output_dim: 2", "labels",
                                   NULL, 0));
        CHECK_OK(&cx, wf_model_add(m, &cx, "add", "", NULL,
                                   (const char *const[]){"labels", "again"}, 2));
        CHECK_OK(&cx, wf_model_add(m, &cx, "tied_dense",
                                   "to: labels, units: 4, activation: softmax", NULL, NULL, 0));
        CHECK_OK(&cx, wf_model_finish(m, &cx));
        CHECK_OK(&cx, wf_model_features(&name, &cx, m));
        CHECK_STR(name, "pooled"); /* what the dense layer gets; else where the decoder begins */
        wf_model_destroy(m);
        m = NULL;
    }
}

TEST(a_layer_that_is_not_there_is_answered_with_the_names) {
    wf_context cx = {0};
    wf_params *params = NULL;
    wf_pool *pool = NULL;
    wf_predict_result result;
    wf_model *m = new_model();
    CHECK_OK(&cx, wf_model_params(&params, &cx, m, 3));
    CHECK_OK(&cx, wf_pool_create(&pool, &cx, 1));
    wf_predict_options o = {.images = &images, .normalization = unit_scale, .layer = "dense_9"};
    CHECK_INT(wf_predict(&result, NULL, params, &cx, pool, &o), WF_E_ARG);
    CHECK_STR(cx.message, "model fork has no layer \"dense_9\"");
    CHECK_STR(cx.hint, "its layers are input, left, right, sum, pool, flat, hidden, dropped, "
                       "logits, classes");
    o.layer = "hidden";
    o.recipe = wf_model_recipe(m);
    wf_images labelled = images;
    int32_t labels[N] = {0};
    labelled.labels = labels;
    o.images = &labelled;
    CHECK_FAILS(&cx, wf_predict(&result, NULL, params, &cx, pool, &o), WF_E_ARG);
    wf_pool_destroy(pool);
    wf_params_destroy(params);
    wf_model_destroy(m);
}

TEST_MAIN()
