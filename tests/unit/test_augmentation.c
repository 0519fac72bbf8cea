/* What training sees of an augmented batch, images and targets, against numpy
 * (tests/golden/augmentation.py); what draws are like; what is refused. */
#include "base/alloc.h"
#include "base/json.h"
#include "nn/plan.h"
#include "spec/model.h"
#include "test.h"

enum { MAX_N = 8, MAX_SIZE = 8 * 9 * 2 };

static json_t *load(void) {
    wf_context cx = {0};
    json_t *document = NULL;
    char path[] = WF_SOURCE_DIR "/tests/golden/augmentation.json";
    CHECK_OK(&cx, wf_json_read(&document, &cx, path));
    return document;
}

static double number_at(const json_t *list, size_t i) {
    const json_t *value = json_array_get(list, i);
    CHECK(json_is_number(value));
    return json_number_value(value);
}

static int64_t integer(const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    CHECK(json_is_integer(value));
    return json_integer_value(value);
}

/* ---- one case ---- */

typedef struct problem {
    int n, height, width, channels, size;
    float scale[4], shift[4];
    uint8_t pixels[MAX_N * MAX_SIZE];
    int32_t index[MAX_N], labels[MAX_N]; /* rows are in another order than the batch */
    double images[MAX_N][MAX_SIZE], targets[MAX_N][MAX_N];
    wf_model_spec *spec;
    wf_params *params;
    wf_plan_options options;
    wf_batch batch;
} problem;

static void open_spec(problem *p, const json_t *c) {
    wf_context cx = {0};
    char text[800];
    const int length = snprintf(text, sizeof text,
                                "name: a\ninput: [%d, %d, %d]\nlayers:\n  - flatten\n  - dense: "
                                "{units: %d}\ntraining: {loss: mean_squared_error, augmentation: "
                                "%s}\n",
                                p->height, p->width, p->channels, p->n,
                                json_string_value(json_object_get(c, "augmentation")));
    CHECK_OK(&cx, wf_model_spec_parse(&p->spec, &cx, text, (size_t)length, "case"));
    CHECK_OK(&cx, wf_params_create(&p->params, &cx, p->spec->graph, 1));
    memset(p->params->value, 0, (size_t)p->spec->graph->total_size * sizeof(float));
}

static void open_problem(problem *p, const json_t *c) {
    const json_t *images = json_object_get(c, "images"), *targets = json_object_get(c, "targets");
    const json_t *shape = json_object_get(c, "shape");
    *p = (problem){.n = (int)json_array_size(images),
                   .height = (int)number_at(shape, 0),
                   .width = (int)number_at(shape, 1),
                   .channels = (int)number_at(shape, 2)};
    p->size = p->height * p->width * p->channels;
    CHECK(p->n > 2 && p->n <= MAX_N && p->size <= MAX_SIZE);
    for (int k = 0; k < p->channels; k++) {
        p->scale[k] = (float)number_at(json_object_get(c, "scale"), (size_t)k);
        p->shift[k] = (float)number_at(json_object_get(c, "shift"), (size_t)k);
    }
    for (int i = 0; i < p->n; i++) {
        const int row = p->n - 1 - i;
        p->index[i] = row;
        p->labels[row] = i;
        for (int j = 0; j < p->size; j++) {
            const int at = i * p->size + j;
            p->pixels[row * p->size + j] = (uint8_t)((at * 37 + at / 11) % 256);
            p->images[i][j] = number_at(json_array_get(images, (size_t)i), (size_t)j);
        }
        for (int j = 0; j < p->n; j++)
            p->targets[i][j] = number_at(json_array_get(targets, (size_t)i), (size_t)j);
    }
    open_spec(p, c);
    p->options = (wf_plan_options){.mode = WF_PLAN_TRAIN,
                                   .batch_size = MAX_N,
                                   .seed = (uint64_t)integer(c, "seed"),
                                   .loss = &p->spec->recipe->loss,
                                   .augmentation = &p->spec->recipe->augmentation,
                                   .shard_size = 2};
    p->batch = (wf_batch){.pixels = p->pixels,
                          .scale = p->scale,
                          .shift = p->shift,
                          .index = p->index,
                          .labels = p->labels,
                          .n = p->n,
                          .epoch = (uint32_t)integer(c, "epoch"),
                          .position = integer(c, "position")};
}

static void close_problem(problem *p) {
    wf_params_destroy(p->params);
    wf_model_spec_destroy(p->spec);
}

/* The model's outputs are 0 and image i's label is i: the kernel's gradient is
 * -2 / n^2 images^T targets, which tells all images and targets. */
static void check_gradient(const problem *p, const char *name) {
    const float *kernel = p->params->gradient, *bias = kernel + p->size * p->n;
    const double factor = -2.0 / (p->n * p->n);
    double worst = 0;
    for (int k = 0; k < p->n; k++) {
        double sum = 0;
        for (int i = 0; i < p->n; i++) sum += p->targets[i][k];
        worst = fmax(worst, fabs((double)bias[k] - factor * sum));
        for (int j = 0; j < p->size; j++) {
            double expected = 0;
            for (int i = 0; i < p->n; i++) expected += p->images[i][j] * p->targets[i][k];
            worst = fmax(worst, fabs((double)kernel[j * p->n + k] - factor * expected));
        }
    }
    if (worst > 1e-6) printf("%s: off by %g\n", name, worst);
    CHECK_NEAR(worst, 0, 1e-6);
}

/* The outputs name class `answer`: right are the images of which it has the largest share. */
static void check_hits(problem *p, wf_plan *plan, int answer) {
    wf_context cx = {0};
    wf_batch_result result = {0};
    int expected = 0;
    p->params->value[p->size * p->n + answer] = 0.5f;
    p->params->generation++;
    CHECK_OK(&cx, wf_plan_run(&result, plan, &cx, &p->batch));
    for (int i = 0; i < p->n; i++) {
        int best = 0;
        for (int k = 1; k < p->n; k++)
            if (p->targets[i][k] > p->targets[i][best]) best = k;
        expected += best == answer;
    }
    CHECK_INT(result.correct, expected);
    p->params->value[p->size * p->n + answer] = 0;
}

TEST(training_sees_what_numpy_made) {
    json_t *document = load();
    const json_t *cases = json_object_get(document, "cases");
    wf_context cx = {0};
    wf_pool *pool = NULL;
    CHECK_OK(&cx, wf_pool_create(&pool, &cx, 3));
    CHECK(json_array_size(cases) >= 30);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        static problem p;
        wf_plan *plan = NULL;
        const json_t *c = json_array_get(cases, i);
        open_problem(&p, c);
        CHECK_OK(&cx, wf_plan_create(&plan, &cx, p.spec->graph, p.params, pool, &p.options));
        for (int answer = 0; answer < 2; answer++) check_hits(&p, plan, answer);
        p.params->generation++;
        CHECK_OK(&cx, wf_plan_run(NULL, plan, &cx, &p.batch));
        check_gradient(&p, json_string_value(json_object_get(c, "name")));
        /* targets instead of labels are mixed alike */
        float targets[MAX_N * MAX_N] = {0};
        for (int row = 0; row < p.n; row++) targets[row * p.n + p.labels[row]] = 1;
        p.batch.labels = NULL;
        p.batch.targets = targets;
        CHECK_OK(&cx, wf_plan_run(NULL, plan, &cx, &p.batch));
        check_gradient(&p, json_string_value(json_object_get(c, "name")));
        wf_plan_destroy(plan);
        close_problem(&p);
    }
    wf_pool_destroy(pool);
    json_decref(document);
}

/* An image alone in its batch has no partner and stays itself. */
TEST(one_image_is_not_mixed) {
    json_t *document = load();
    const json_t *cases = json_object_get(document, "cases");
    wf_context cx = {0};
    wf_pool *pool = NULL;
    int seen = 0;
    CHECK_OK(&cx, wf_pool_create(&pool, &cx, 1));
    for (size_t i = 0; i < json_array_size(cases); i++) {
        static problem p;
        wf_plan *plan = NULL;
        const json_t *c = json_array_get(cases, i);
        const char *name = json_string_value(json_object_get(c, "name"));
        if (strcmp(name, "mixup_0") != 0 && strcmp(name, "cutmix_0") != 0) continue;
        open_problem(&p, c);
        p.batch.n = 1;
        CHECK_OK(&cx, wf_plan_create(&plan, &cx, p.spec->graph, p.params, pool, &p.options));
        CHECK_OK(&cx, wf_plan_run(NULL, plan, &cx, &p.batch));
        for (int j = 0; j < p.size; j++)
            CHECK_NEAR(p.params->gradient[j * p.n],
                       -2.0 / p.n * p.pixels[p.index[0] * p.size + j] / 255, 1e-6);
        wf_plan_destroy(plan);
        close_problem(&p);
        seen++;
    }
    CHECK_INT(seen, 2);
    wf_pool_destroy(pool);
    json_decref(document);
}

/* ---- draws ---- */

/* Of 20,000 draws, the share below scipy's quantiles; 4 deviations. */
TEST(shares_are_from_the_beta_distribution) {
    enum { DRAWS = 20000 };
    json_t *document = load();
    const json_t *list = json_object_get(document, "beta");
    CHECK_INT(json_array_size(list), 3);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i), *at = json_object_get(one, "at");
        const double alpha = json_number_value(json_object_get(one, "alpha"));
        int below[5] = {0};
        wf_rng rng;
        wf_rng_init_at(&rng, 4, WF_STREAM_TEST, 0, 1);
        for (int d = 0; d < DRAWS; d++) {
            const double share = wf__augment_beta(&rng, alpha);
            for (size_t k = 0; k < 5; k++)
                below[k] += share < number_at(json_object_get(one, "quantiles"), k);
        }
        for (size_t k = 0; k < 5; k++) {
            const double q = number_at(at, k);
            CHECK_NEAR(below[k] / (double)DRAWS, q, 4 * sqrt(q * (1 - q) / DRAWS));
        }
    }
    json_decref(document);
}

/* Numbers that are too small for a double are no reason to fail. */
TEST(shares_of_a_tiny_alpha_are_numbers) {
    wf_rng rng;
    int ends = 0;
    wf_rng_init_at(&rng, 4, WF_STREAM_TEST, 0, 2);
    for (int i = 0; i < 1000; i++) {
        const double share = wf__augment_beta(&rng, 0.001);
        CHECK(share >= 0 && share <= 1);
        ends += share < 0.01 || share > 0.99;
    }
    CHECK(ends > 950);
}

/* ---- what is refused ---- */

static void check_refused(const char *pipeline, wf_status code, const char *message) {
    static wf_context cx; /* the checks below may leave by longjmp */
    char text[400];
    wf_model_spec *spec = NULL;
    cx = (wf_context){0};
    const int length = snprintf(text, sizeof text,
                                "name: a\ninput: [5, 4, 1]\nlayers:\n  - flatten\n  - dense: "
                                "{units: 3}\ntraining: {augmentation: %s}\n",
                                pipeline);
    CHECK_INT(wf_model_spec_parse(&spec, &cx, text, (size_t)length, "f"), code);
    CHECK(spec == NULL);
    if (!strstr(cx.message, message)) printf("%s: %s\n", pipeline, cx.message);
    CHECK(strstr(cx.message, message) != NULL);
}

TEST(nonsense_is_refused) {
    check_refused("[{random_shift: {height: 5}}]", WF_E_ARG,
                  "augmentation random_shift: height is 5, must be less than the images' 5 rows");
    check_refused("[{random_shift: {width: 4}}]", WF_E_ARG, "the images' 4 columns");
    check_refused("[{cutout: {size: 6}}]", WF_E_ARG, "at most the images' 5 pixels");
    check_refused("[cutout]", WF_E_ARG, "augmentation cutout: size is missing");
    check_refused("[{random_erase: {min_area: 0.5}}]", WF_E_ARG, "must be at most max_area");
    check_refused("[{random_flip: {rate: 1.5}}]", WF_E_ARG, "rate is 1.5");
    check_refused("[{random_flip: {axes: vertical}}]", WF_E_ARG, "unknown key \"axes\"");
    check_refused("[mixup, cutmix, mixup]", WF_E_LIMIT, "3 steps mix images, must be at most 2");
    check_refused("[random_flop]", WF_E_ARG, "there is no augmentation \"random_flop\"");
    check_refused("random_flip", WF_E_ARG, "must be false or a list of steps");
    check_refused("true", WF_E_ARG, "must be false or a list of steps");
    check_refused("[[random_flip]]", WF_E_ARG, "must be a list of names");
    check_refused("[a, a, a, a, a, a, a, a]", WF_E_ARG, "f:6:");
    char many[200] = "[random_flip";
    for (int i = 0; i < WF_MAX_AUGMENT_STEPS; i++) strcat(many, ",cutmix");
    check_refused(strcat(many, "]"), WF_E_LIMIT, "more than 16 steps");
}

TEST(a_batch_of_values_is_refused) {
    static problem p;
    json_t *document = load();
    wf_context cx = {0};
    wf_plan *plan = NULL;
    wf_pool *pool = NULL;
    float values[MAX_N * MAX_SIZE] = {0};
    open_problem(&p, json_array_get(json_object_get(document, "cases"), 0));
    CHECK_OK(&cx, wf_pool_create(&pool, &cx, 1));
    CHECK_OK(&cx, wf_plan_create(&plan, &cx, p.spec->graph, p.params, pool, &p.options));
    p.batch.pixels = NULL;
    p.batch.values = values;
    CHECK_FAILS(&cx, wf_plan_run(NULL, plan, &cx, &p.batch), WF_E_ARG);
    wf_plan_destroy(plan);
    p.options.mode = WF_PLAN_EVALUATE; /* validation and test images are never changed */
    CHECK_FAILS(&cx, wf_plan_create(&plan, &cx, p.spec->graph, p.params, pool, &p.options),
                WF_E_ARG);
    wf_pool_destroy(pool);
    close_problem(&p);
    json_decref(document);
}

/* ---- settings ---- */

TEST(settings_switch_it_on_and_off) {
    static const char text[] = "name: a\ninput: [5, 4, 1]\nlayers:\n  - flatten\n  - dense: "
                               "{units: 3}\ntraining:\n  augmentation:\n    - random_flip\n    - "
                               "mixup: {alpha: 0.5}\n";
    wf_context cx = {0};
    wf_model_spec *s = NULL;
    CHECK_OK(&cx, wf_model_spec_parse(&s, &cx, text, sizeof text - 1, "f"));
    CHECK_INT(s->recipe->augmentation.n, 2);
    CHECK_OK(&cx, wf_model_spec_set(s, &cx, "training.augmentation.random_flip.rate=0.25"));
    const wf_augment_common *common = s->recipe->augmentation.steps[0].config;
    CHECK_NEAR(common->rate, 0.25, 0);
    CHECK_FAILS(&cx, wf_model_spec_set(s, &cx, "training.augmentation.cutmix.rate=0"), WF_E_ARG);
    CHECK_FAILS(&cx, wf_model_spec_set(s, &cx, "training.augmentation.mixup=0"), WF_E_ARG);
    CHECK_FAILS(&cx, wf_model_spec_set(s, &cx, "training.augmentation=[{cutout: {size: 6}}]"),
                WF_E_ARG);
    CHECK_INT(s->recipe->augmentation.n, 2);
    CHECK_OK(&cx, wf_model_spec_set(s, &cx, "training.augmentation=[cutmix, random_erase, mixup]"));
    CHECK_INT(s->recipe->augmentation.n, 3);
    wf_str written = {0}, again = {0};
    wf_model_spec *copy = NULL;
    CHECK_OK(&cx, wf_model_spec_write(&written, &cx, s));
    CHECK_OK(&cx, wf_model_spec_parse(&copy, &cx, written.text, written.length, "written"));
    CHECK_OK(&cx, wf_model_spec_write(&again, &cx, copy));
    CHECK_STR(again.text, written.text);
    CHECK_OK(&cx, wf_model_spec_set(s, &cx, "training.augmentation=false"));
    CHECK_INT(s->recipe->augmentation.n, 0);
    wf_str_reset(&written);
    wf_str_reset(&again);
    wf_model_spec_destroy(copy);
    wf_model_spec_destroy(s);
}

TEST_MAIN()
