/* What weft says that networks look at, against float64 PyTorch (explain.py): gradients of scores
 * with respect to the input, Grad-CAM, integrated gradients of pixels and of the lines that are
 * read, answers to parts of the image; at every instruction set level. */
#include "base/alloc.h"
#include "golden/golden.h"
#include "nn/plan.h"
#include "spec/model.h"
#include "test.h"
#include "weft/explain.h"

static wf_context cx;
static wf_pool *pool;
static double worst_share;
static char worst_text[200];

/* `actual` is row i of the array, which has `size` numbers in a row. The tolerance is that of the
 * data, and for small figures no more than 1e-4 of the largest one; of attributions and shares it
 * is the latter, since rounding may put a unit on the other side of its kink at one of the 64
 * points. */
static void compare(const golden_case *c, const char *name, int i, const float *actual, long size) {
    golden_array a;
    CHECK(golden_get(&a, c, name));
    const double *expected = golden_f64(c, name, NULL);
    CHECK_INT(a.size, 4 * size);
    double worst = 0, largest = 0;
    for (long k = 0; k < a.size; k++) largest = fmax(largest, fabs(expected[k]));
    for (long k = 0; k < size; k++) {
        CHECK(isfinite(actual[k]));
        worst = fmax(worst, fabs((double)actual[k] - expected[i * size + k]));
    }
    const int has_kinks = strcmp(name, "attribution") == 0 || strcmp(name, "shares") == 0;
    const double tolerance = fmin(has_kinks ? INFINITY : a.tolerance, 1e-4 * largest);
    if (worst / tolerance > worst_share) {
        worst_share = worst / tolerance;
        snprintf(worst_text, sizeof worst_text, "%s of %s", name, c->name);
    }
    if (worst > tolerance) printf("%s, image %d: %s is off\n", c->name, i, name);
    CHECK_NEAR(worst, 0, tolerance);
}

static void set_parameters(wf_params *params, const golden_case *c) {
    const wf_graph *g = params->graph;
    golden_array a;
    for (int i = 0; i < g->n_params; i++) {
        char name[128];
        snprintf(name, sizeof name, "initial/%.100s", g->params[i].name);
        CHECK(golden_get(&a, c, name));
        CHECK_INT(a.size, g->params[i].size);
        memcpy(params->value + g->params[i].offset, a.data, (size_t)a.size * sizeof(float));
    }
}

static uint8_t pixels[4 * 14 * 14 * 3];

static wf_images images_of(const golden_case *c) {
    golden_array a;
    CHECK(golden_get(&a, c, "pixels"));
    CHECK(a.size <= (long)sizeof pixels);
    for (long i = 0; i < a.size; i++) pixels[i] = (uint8_t)((const int32_t *)a.data)[i];
    return (wf_images){.count = a.shape[0],
                       .height = (int32_t)a.shape[1],
                       .width = (int32_t)a.shape[2],
                       .channels = (int32_t)a.shape[3],
                       .pixels = pixels};
}

static wf_explain_options options_of(const golden_case *c, const wf_images *images, int i) {
    wf_explain_options o = {
        .images = images, .index = i, .class_index = golden_i32(c, "class", NULL)[i]};
    o.normalization.channels = images->channels;
    for (int k = 0; k < images->channels; k++) {
        o.normalization.scale[k] = 1.0f / 256;
        o.normalization.shift[k] = -0.25f;
    }
    return o;
}

/* All four images in one batch, in shards of different sizes. */
static void check_gradients(const golden_case *c, wf_params *params, const wf_images *images,
                            int shard_size) {
    const wf_explain_options o = options_of(c, images, 0);
    const wf_plan_options plan_options = {
        .mode = WF_PLAN_GRADIENT, .batch_size = 4, .shard_size = shard_size};
    const wf_batch batch = {.pixels = images->pixels,
                            .scale = o.normalization.scale,
                            .shift = o.normalization.shift,
                            .labels = golden_i32(c, "class", NULL),
                            .n = 4};
    wf_plan *plan = NULL;
    CHECK_OK(&cx, wf_plan_create(&plan, &cx, params->graph, params, pool, &plan_options));
    CHECK_OK(&cx, wf_plan_run(NULL, plan, &cx, &batch));
    const long K = wf_plan_output_size(plan);
    const long size = wf_shape_size(&params->graph->nodes[0].shape);
    for (int i = 0; i < 4; i++) {
        compare(c, "scores", i, wf_plan_scores(plan) + i * K, K);
        compare(c, "gradient", i, wf_plan_input_gradient(plan) + i * size, size);
    }
    wf_plan_destroy(plan);
}

static void check_cam(const golden_case *c, wf_params *params, const wf_images *images, int i) {
    const wf_explain_options o = options_of(c, images, i);
    wf_explain_ways ways;
    wf_cam cam = {0};
    golden_array a;
    wf_explain_ways_of(&ways, params);
    if (!golden_get(&a, c, "cam")) {
        CHECK(!ways.cam_layer);
        CHECK_FAILS(&cx, wf_cam_create(&cam, params, &cx, pool, &o), WF_E_ARG);
        return;
    }
    CHECK_OK(&cx, wf_cam_create(&cam, params, &cx, pool, &o));
    CHECK_STR(cam.layer, ways.cam_layer);
    CHECK_INT(cam.height, a.shape[1]);
    CHECK_INT(cam.width, a.shape[2]);
    compare(c, "cam", i, cam.map, (long)cam.height * cam.width);
    compare(c, "heat", i, cam.heat, (long)images->height * images->width);
    wf_cam_reset(&cam);
}

static void check_attribution(const golden_case *c, wf_params *params, const wf_images *images,
                              int i) {
    const wf_explain_options o = options_of(c, images, i);
    const long size = (long)images->height * images->width * images->channels;
    const long K = wf_shape_size(&params->graph->nodes[params->graph->output].shape);
    wf_attribution a;
    CHECK_OK(&cx, wf_attribution_create(&a, params, &cx, pool, &o));
    CHECK_INT(a.steps, 64);
    compare(c, "attribution", i, a.values, size);
    const float score = (float)a.baseline_score;
    compare(c, "baseline_score", i, &score, 1);
    CHECK_NEAR(a.score, golden_f64(c, "scores", NULL)[i * K + o.class_index], 1e-4);
    const double *expected = golden_f64(c, "attribution", NULL) + i * size;
    for (int y = 0; y < images->height; y++) {
        double row = 0;
        for (long k = 0; k < size / images->height; k++)
            row += expected[y * (size / images->height) + k];
        CHECK_NEAR(a.rows[y], row, 1e-4);
    }
    wf_attribution_reset(&a);
}

static void check_progress(const golden_case *c, wf_params *params, const wf_images *images,
                           int i) {
    static const char *const names[] = {"rows", "columns", "filled"};
    const wf_explain_options o = options_of(c, images, i);
    wf_progression p;
    float shares[16];
    double sum = 0;
    CHECK_OK(&cx, wf_progression_create(&p, params, &cx, pool, &o));
    CHECK_STR(names[p.reading], golden_text(c->config, "reading", ""));
    CHECK_STR(p.layer, golden_text(c->config, "layer", ""));
    CHECK_INT(p.image_lines, p.reading == WF_READING_COLUMNS ? images->width : images->height);
    CHECK(p.lines <= 16 && (p.layer || p.lines == p.image_lines));
    for (int t = 0; t < p.lines; t++) {
        shares[t] = (float)p.shares[t];
        sum += p.shares[t];
    }
    CHECK_NEAR(sum, p.sum, 1e-9);
    compare(c, "shares", i, shares, p.lines);
    compare(c, "progress", i, p.outputs, (long)p.lines * p.classes);
    wf_progression_reset(&p);
}

static void run_case(const golden_case *c) {
    wf_model_spec *spec = NULL;
    wf_params *params = NULL;
    char path[4096];
    snprintf(path, sizeof path, "%s/tests/golden/%s", WF_SOURCE_DIR, c->type);
    CHECK_OK(&cx, wf_model_spec_read(&spec, &cx, path));
    CHECK_OK(&cx, wf_params_create(&params, &cx, spec->graph, 1));
    set_parameters(params, c);
    const wf_images images = images_of(c);
    const wf_kernels *level, *chosen = wf_kernels_best();
    for (int k = 0; (level = wf_kernels_at(k)); k++) {
        wf_kernels_use(level);
        check_gradients(c, params, &images, k);
        for (int i = 0; i < 4; i++) {
            check_cam(c, params, &images, i);
            check_attribution(c, params, &images, i);
            check_progress(c, params, &images, i);
        }
    }
    wf_kernels_use(chosen);
    wf_params_destroy(params);
    wf_model_spec_destroy(spec);
}

TEST(what_pytorch_says) {
    CHECK_OK(&cx, wf_pool_create(&pool, &cx, 2));
    golden *g = golden_open(WF_SOURCE_DIR "/tests/golden/explain");
    for (size_t i = 0; i < golden_count(g); i++) {
        const golden_case c = golden_at(g, i);
        worst_share = 0;
        run_case(&c);
        printf("%s: worst error is %.0f%% of the tolerance: %s\n", c.name, 100 * worst_share,
               worst_text);
    }
    CHECK_INT(golden_count(g), 13);
    golden_close(g);
    wf_pool_destroy(pool);
}

TEST_MAIN()
