/* Grad-CAM, integrated gradients and answers to parts of an image: what must hold for any model;
 * errors. golden/test_explain_golden holds the figures against PyTorch. */
#include "eval/explain.h"
#include "spec/model.h"
#include "train_fixture.h"

static wf_context cx;

/* ---- Gauss and Legendre's rule ---- */

TEST(nodes_and_weights) {
    /* numpy.polynomial.legendre.leggauss(5), moved to (0, 1) */
    static const double x[] = {0.046910077030668, 0.230765344947158, 0.5, 0.769234655052842,
                               0.953089922969332};
    static const double w[] = {0.118463442528095, 0.239314335249683, 0.284444444444444,
                               0.239314335249683, 0.118463442528095};
    double nodes[4096], weights[4096];
    wf__gauss_legendre(nodes, weights, 5);
    for (int i = 0; i < 5; i++) {
        CHECK_NEAR(nodes[i], x[i], 1e-14);
        CHECK_NEAR(weights[i], w[i], 1e-14);
    }
    for (int n = 1; n <= 4096; n = n < 9 ? n + 1 : n * 3 + 1) {
        wf__gauss_legendre(nodes, weights, n);
        for (int degree = 0; degree<2 * n; degree += n> 20 ? n / 2 : 1) {
            double sum = 0;
            for (int i = 0; i < n; i++) sum += weights[i] * pow(nodes[i], degree);
            CHECK_NEAR(sum, 1.0 / (degree + 1), 1e-12);
        }
        for (int i = 1; i < n; i++) CHECK(nodes[i] > nodes[i - 1]);
        CHECK(nodes[0] > 0 && nodes[n - 1] < 1);
    }
}

/* ---- models ---- */

static const char *const texts[] = {
    /* convolution, batch normalization, dropout */
    "name: cnn\ninput: [8, 8, 1]\nlayers:\n- conv2d: {filters: 5, kernel_size: 3, activation: relu}"
    "\n- batch_normalization\n- dropout: {rate: 0.4}\n- flatten\n"
    "- dense: {units: 4, activation: softmax}\n",
    "name: rnn\ninput: [8, 8, 1]\nlayers:\n- rows\n- lstm: {units: 6, return_sequences: true}\n"
    "- dropout: {rate: 0.4}\n- gru: {units: 5}\n- dense: {units: 4, activation: softmax}\n",
    "name: both\ninput: [8, 8, 1]\nlayers:\n- conv2d: {filters: 3, kernel_size: 3, padding: same, "
    "activation: tanh}\n- average_pool2d\n- rows\n- bidirectional: {layer: {lstm: {units: 5}}}\n"
    "- dense: {units: 4, activation: softmax}\n",
    "name: states\ninput: [8, 8, 1]\nlayers:\n- rows\n- gru: {units: 3, return_sequences: true}\n"
    "- flatten\n- dense: {units: 4, activation: softmax}\n",
    "name: single\ninput: [8, 8, 1]\nlayers:\n- flatten\n- dense: {units: 7, activation: tanh}\n"
    "- dense: {units: 1, activation: sigmoid}\n"};
enum { CNN, RNN, BOTH, STATES, SINGLE, MODELS };

typedef struct bench {
    wf_model_spec *spec;
    wf_params *params;
    wf_pool *pool;
    wf_images images;
    wf_explain_options options;
} bench;

static void bench_open(bench *b, int model, int threads) {
    *b = (bench){0};
    const char *text = texts[model];
    CHECK_OK(&cx, wf_model_spec_parse(&b->spec, &cx, text, strlen(text), "text"));
    CHECK_OK(&cx, wf_params_create(&b->params, &cx, b->spec->graph, 7));
    CHECK_OK(&cx, wf_pool_create(&b->pool, &cx, threads));
    fill_images(&b->images, 10);
    b->options = (wf_explain_options){
        .images = &b->images, .index = 3, .normalization = unit_scale, .class_index = 1};
}

static void bench_close(bench *b) {
    wf_params_destroy(b->params);
    wf_model_spec_destroy(b->spec);
    wf_pool_destroy(b->pool);
}

TEST(ways) {
    static const struct {
        const char *cam_layer;
        int is_recurrent;
    } expected[MODELS] = {{"conv2d", 0}, {NULL, 1}, {"conv2d", 1}, {NULL, 1}, {NULL, 0}};
    for (int i = 0; i < MODELS; i++) {
        bench b;
        wf_explain_ways ways;
        bench_open(&b, i, 1);
        wf_explain_ways_of(&ways, b.params);
        CHECK_STR(ways.cam_layer, expected[i].cam_layer);
        CHECK_INT(ways.is_recurrent, expected[i].is_recurrent);
        bench_close(&b);
    }
}

/* Of the activation that belongs to the last convolution, wherever it stands. */
TEST(layer_of_grad_cam) {
    static const char *const layers[][2] = {
        {"- conv2d: {filters: 2, kernel_size: 3}\n- leaky_relu\n- max_pool2d\n", "leaky_relu"},
        {"- conv2d: {filters: 2, kernel_size: 3}\n- batch_normalization\n- relu\n"
         "- dropout: {rate: 0.1}\n",
         "relu"},
        {"- conv2d: {filters: 2, kernel_size: 3, activation: relu}\n- batch_normalization\n"
         "- dropout: {rate: 0.1}\n",
         "conv2d"},
        {"- conv2d: {filters: 1, kernel_size: 3, padding: same, name: a}\n- relu\n"
         "- add: {inputs: [a, relu]}\n",
         "a"}};
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
        wf_model_spec *spec = NULL;
        wf_params *params = NULL;
        wf_explain_ways ways;
        char text[512];
        snprintf(text, sizeof text,
                 "name: m\ninput: [8, 8, 1]\nlayers:\n%s- flatten\n"
                 "- dense: {units: 4}\n",
                 layers[i][0]);
        CHECK_OK(&cx, wf_model_spec_parse(&spec, &cx, text, strlen(text), "text"));
        CHECK_OK(&cx, wf_params_create(&params, &cx, spec->graph, 1));
        wf_explain_ways_of(&ways, params);
        CHECK_STR(ways.cam_layer, layers[i][1]);
        wf_params_destroy(params);
        wf_model_spec_destroy(spec);
    }
}

/* ---- integrated gradients ---- */

TEST(attributions_add_up) {
    for (int i = 0; i < MODELS; i++) {
        bench b;
        wf_attribution few, many;
        bench_open(&b, i, 2);
        b.options.steps = 300;
        CHECK_OK(&cx, wf_attribution_create(&many, b.params, &cx, b.pool, &b.options));
        b.options.steps = 3;
        CHECK_OK(&cx, wf_attribution_create(&few, b.params, &cx, b.pool, &b.options));
        CHECK(many.score == few.score && many.baseline_score == few.baseline_score);
        CHECK(fabs(many.score - many.baseline_score) > 0.01);
        CHECK_NEAR(many.error, 0, i == CNN ? 2e-3 : 2e-6); /* the convolution's relu has kinks */
        double values = 0, rows = 0;
        for (int k = 0; k < 64; k++) values += (double)many.values[k];
        for (int y = 0; y < 8; y++) rows += many.rows[y];
        CHECK_NEAR(values, many.sum, 1e-6);
        CHECK_NEAR(rows, many.sum, 1e-12);
        CHECK_NEAR(many.error, many.sum - (many.score - many.baseline_score), 1e-12);
        wf_attribution_reset(&few);
        wf_attribution_reset(&many);
        bench_close(&b);
    }
}

/* Of a linear model: weight times pixel, whatever the number of steps. */
TEST(attributions_of_a_linear_model) {
    static const char text[] = "name: linear\ninput: [8, 8, 1]\nlayers:\n- flatten\n"
                               "- dense: {units: 4, activation: softmax}\n";
    bench b;
    wf_attribution a;
    bench_open(&b, CNN, 1);
    wf_params_destroy(b.params);
    wf_model_spec_destroy(b.spec);
    CHECK_OK(&cx, wf_model_spec_parse(&b.spec, &cx, text, strlen(text), "text"));
    CHECK_OK(&cx, wf_params_create(&b.params, &cx, b.spec->graph, 7));
    b.options.steps = 1;
    b.options.baseline = 200;
    CHECK_OK(&cx, wf_attribution_create(&a, b.params, &cx, b.pool, &b.options));
    for (int k = 0; k < 64; k++) {
        const double x = ((double)b.images.pixels[3 * 64 + k] - 200) / 255;
        CHECK_NEAR(a.values[k], x * (double)b.params->value[k * 4 + 1], 1e-6);
    }
    CHECK_NEAR(a.error, 0, 1e-6);
    wf_attribution_reset(&a);
    bench_close(&b);
}

TEST(a_single_output_has_two_classes) {
    bench b;
    wf_attribution a[2];
    bench_open(&b, SINGLE, 1);
    for (int i = 0; i < 2; i++) {
        b.options.class_index = i;
        CHECK_OK(&cx, wf_attribution_create(&a[i], b.params, &cx, b.pool, &b.options));
    }
    CHECK_NEAR(a[0].score, -a[1].score, 0);
    for (int k = 0; k < 64; k++) CHECK_NEAR(a[0].values[k], -a[1].values[k], 0);
    CHECK(a[1].values[5] != 0);
    wf_attribution_reset(&a[0]);
    wf_attribution_reset(&a[1]);
    bench_close(&b);
}

/* ---- parts of an image ---- */

/* The model of a smaller input under the same parameters, built and asked in another way. */
static void check_part(bench *b, const wf_progression *p, int t) {
    wf_model_spec *part = NULL;
    wf_params *params = NULL;
    wf_predict_result result;
    float outputs[4];
    char setting[40];
    const char *text = texts[RNN];
    snprintf(setting, sizeof setting, "input=[%d, 8, 1]", t);
    CHECK_OK(&cx, wf_model_spec_parse(&part, &cx, text, strlen(text), "text"));
    CHECK_OK(&cx, wf_model_spec_set(part, &cx, setting));
    CHECK_OK(&cx, wf_params_create(&params, &cx, part->graph, 1));
    CHECK_INT(part->graph->total_size, b->spec->graph->total_size);
    memcpy(params->value, b->params->value, (size_t)part->graph->total_size * sizeof(float));
    const wf_images images = {
        .count = 1, .height = t, .width = 8, .channels = 1, .pixels = b->images.pixels + 3 * 64};
    const wf_predict_options options = {.images = &images, .normalization = unit_scale};
    CHECK_OK(&cx, wf_predict(&result, outputs, params, &cx, b->pool, &options));
    for (int k = 0; k < 4; k++) CHECK_NEAR(p->outputs[(t - 1) * 4 + k], outputs[k], 1e-6);
    wf_params_destroy(params);
    wf_model_spec_destroy(part);
}

TEST(a_recurrent_model_reads_the_rows_there_are) {
    bench b;
    wf_progression p;
    bench_open(&b, RNN, 2);
    CHECK_OK(&cx, wf_progression_create(&p, b.params, &cx, b.pool, &b.options));
    CHECK_INT(p.reading, WF_READING_ROWS);
    CHECK_INT(p.lines, 8);
    CHECK_INT(p.classes, 4);
    for (int t = 1; t <= 8; t++) check_part(&b, &p, t);
    wf_progression_reset(&p);
    bench_close(&b);
}

/* Not the image's rows but those of the map, which its last rows have made as well. */
TEST(what_convolutions_leave_is_read) {
    bench b;
    wf_progression p;
    wf_attribution a;
    wf_predict_result result;
    float outputs[4];
    const int32_t index = 3;
    bench_open(&b, BOTH, 2);
    CHECK_OK(&cx, wf_progression_create(&p, b.params, &cx, b.pool, &b.options));
    CHECK_OK(&cx, wf_attribution_create(&a, b.params, &cx, b.pool, &b.options));
    CHECK_INT(p.reading, WF_READING_ROWS);
    CHECK_STR(p.layer, "average_pool2d");
    CHECK_INT(p.lines, 4);
    CHECK_INT(p.image_lines, 8);
    const wf_predict_options options = {
        .images = &b.images, .index = &index, .n = 1, .normalization = unit_scale};
    CHECK_OK(&cx, wf_predict(&result, outputs, b.params, &cx, b.pool, &options));
    for (int k = 0; k < 4; k++) CHECK_NEAR(p.outputs[3 * 4 + k], outputs[k], 1e-6);
    CHECK_NEAR(p.sum, a.score - a.baseline_score, 1e-6);
    CHECK_NEAR(p.sum, a.sum, 1e-5);
    wf_attribution_reset(&a);
    wf_progression_reset(&p);
    bench_close(&b);
}

TEST(the_image_s_part_of_a_step) {
    static const struct {
        int32_t all, lines, line, first, last;
    } cases[] = {{28, 28, 5, 5, 5}, {28, 7, 2, 8, 11},    {28, 7, 6, 24, 27}, {28, 13, 0, 0, 2},
                 {28, 13, 1, 2, 4}, {28, 13, 12, 25, 27}, {3, 5, 1, 0, 1},    {3, 5, 4, 2, 2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const wf_progression p = {.lines = cases[i].lines, .image_lines = cases[i].all};
        int32_t first, last;
        wf_progression_span(&first, &last, &p, cases[i].line);
        CHECK_INT(first, cases[i].first);
        CHECK_INT(last, cases[i].last);
    }
}

/* A path around the map makes a model for parts of it impossible. */
TEST(what_is_gone_around_is_not_read) {
    static const char text[] =
        "name: around\ninput: [8, 8, 1]\nlayers:\n"
        "- conv2d: {filters: 2, kernel_size: 3, padding: same, name: a}\n"
        "- conv2d: {filters: 2, kernel_size: 3, padding: same, name: b}\n"
        "- rows: {name: r}\n- gru: {units: 3, name: g}\n- flatten: {inputs: a, name: f}\n"
        "- concatenate: {inputs: [g, f]}\n- dense: {units: 4, activation: softmax}\n";
    bench b;
    wf_progression p;
    bench_open(&b, CNN, 1);
    wf_params_destroy(b.params);
    wf_model_spec_destroy(b.spec);
    CHECK_OK(&cx, wf_model_spec_parse(&b.spec, &cx, text, strlen(text), "text"));
    CHECK_OK(&cx, wf_params_create(&b.params, &cx, b.spec->graph, 7));
    CHECK_OK(&cx, wf_progression_create(&p, b.params, &cx, b.pool, &b.options));
    CHECK_INT(p.reading, WF_READING_FILLED);
    CHECK_STR(p.layer, NULL);
    wf_progression_reset(&p);
    bench_close(&b);
}

TEST(other_models_see_the_baseline_below) {
    bench b;
    wf_progression p;
    wf_predict_result result;
    float outputs[4];
    uint8_t image[64];
    bench_open(&b, STATES, 2);
    b.options.baseline = 9;
    CHECK_OK(&cx, wf_progression_create(&p, b.params, &cx, b.pool, &b.options));
    CHECK_INT(p.reading, WF_READING_FILLED);
    CHECK_STR(p.layer, NULL);
    CHECK_INT(p.lines, 8);
    for (int t = 1; t <= 8; t++) {
        memset(image, 9, sizeof image);
        memcpy(image, b.images.pixels + 3 * 64, (size_t)t * 8);
        const wf_images images = {
            .count = 1, .height = 8, .width = 8, .channels = 1, .pixels = image};
        const wf_predict_options options = {.images = &images, .normalization = unit_scale};
        CHECK_OK(&cx, wf_predict(&result, outputs, b.params, &cx, b.pool, &options));
        for (int k = 0; k < 4; k++) CHECK_NEAR(p.outputs[(t - 1) * 4 + k], outputs[k], 1e-6);
    }
    wf_progression_reset(&p);
    bench_close(&b);
}

/* ---- all three ---- */

/* Everything that is said about one image, as numbers. Models that cannot be asked give none. */
static wf_status explain(float out[600], bench *b) {
    wf_explain_ways ways;
    wf_cam cam = {0};
    wf_attribution a = {0};
    wf_progression p = {0};
    float *to = out;
    memset(out, 0, 600 * sizeof *out);
    wf_explain_ways_of(&ways, b->params);
    wf_status status = wf_attribution_create(&a, b->params, &cx, b->pool, &b->options);
    if (status == WF_OK) status = wf_progression_create(&p, b->params, &cx, b->pool, &b->options);
    if (status == WF_OK && ways.cam_layer)
        status = wf_cam_create(&cam, b->params, &cx, b->pool, &b->options);
    if (status == WF_OK) {
        memcpy(to, a.values, 64 * sizeof *to);
        memcpy(to + 64, p.outputs, (size_t)(p.lines * p.classes) * sizeof *to);
        for (int t = 0; t < p.lines; t++) to[100 + t] = (float)p.shares[t];
        if (cam.heat) memcpy(to + 200, cam.heat, 64 * sizeof *to);
    }
    wf_cam_reset(&cam);
    wf_attribution_reset(&a);
    wf_progression_reset(&p);
    return status;
}

TEST(the_same_bits_with_any_number_of_threads) {
    for (int i = 0; i < MODELS; i++) {
        float first[600], other[600];
        for (int threads = 1; threads <= 3; threads++) {
            bench b;
            bench_open(&b, i, threads);
            CHECK_OK(&cx, explain(threads == 1 ? first : other, &b));
            if (threads > 1) CHECK(memcmp(first, other, sizeof first) == 0);
            bench_close(&b);
        }
    }
}

TEST(every_allocation_may_fail) {
    for (int i = 0; i < MODELS; i++) {
        wf_status status = WF_E_NOMEM;
        long k = 1;
        for (; status != WF_OK; k++) {
            bench b;
            float numbers[600];
            bench_open(&b, i, 1);
            wf__alloc_fail_at(k);
            status = explain(numbers, &b);
            wf__alloc_fail_at(0);
            if (status != WF_OK) CHECK_FAILS(&cx, status, WF_E_NOMEM);
            bench_close(&b);
            CHECK(k < 5000);
        }
        CHECK(k > 50);
    }
}

TEST(refused) {
    bench b;
    wf_cam cam = {0};
    wf_attribution a = {0};
    wf_progression p = {0};
    bench_open(&b, BOTH, 1);
    const wf_explain_options good = b.options;
    b.options.class_index = 4;
    CHECK_INT(wf_cam_create(&cam, b.params, &cx, b.pool, &b.options), WF_E_ARG);
    CHECK_STR(cx.message, "class 4, model both tells 4 classes apart");
    CHECK_FAILS(&cx, wf_attribution_create(&a, b.params, &cx, b.pool, &b.options), WF_E_ARG);
    b.options = good;
    b.options.index = 10;
    CHECK_FAILS(&cx, wf_cam_create(&cam, b.params, &cx, b.pool, &b.options), WF_E_ARG);
    CHECK_FAILS(&cx, wf_progression_create(&p, b.params, &cx, b.pool, &b.options), WF_E_ARG);
    b.options = good;
    b.options.steps = 4097;
    CHECK_FAILS(&cx, wf_attribution_create(&a, b.params, &cx, b.pool, &b.options), WF_E_ARG);
    b.options = good;
    b.options.layer = "dense";
    CHECK_INT(wf_cam_create(&cam, b.params, &cx, b.pool, &b.options), WF_E_SHAPE);
    CHECK_STR(cx.message,
              "layer dense: the output is (4,), Grad-CAM needs height, width and channels");
    b.options.layer = "conv";
    CHECK_FAILS(&cx, wf_cam_create(&cam, b.params, &cx, b.pool, &b.options), WF_E_ARG);
    b.options = good;
    b.images.height = 7;
    CHECK_FAILS(&cx, wf_progression_create(&p, b.params, &cx, b.pool, &b.options), WF_E_SHAPE);
    CHECK(!cam.map && !a.values && !p.outputs && !p.shares);
    bench_close(&b);
}

TEST_MAIN()
