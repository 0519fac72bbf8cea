/* Evaluations of any number of labels per image: against scikit-learn (the data come from
 * tests/golden/sklearn_multilabel.py), as JSON, their intervals, and thresholds. */
#include "base/alloc.h"
#include "base/json.h"
#include "base/rng.h"
#include "base/threads.h"
#include "eval/evaluation.h"
#include "test.h"
#include "weft/eval.h"

static const double TOLERANCE = 1e-12;

enum { MOST = 256, MOST_LABELS = 8 };

static wf_context cx;

typedef struct problem {
    json_t *expected;
    uint8_t targets[MOST];
    float scores[MOST];
    int64_t count;
    int width;
    int has_zero;
} problem;

static problem read_problem(json_t *c) {
    json_t *targets = json_object_get(c, "targets"), *scores = json_object_get(c, "scores");
    problem p = {.expected = c, .count = (int64_t)json_array_size(targets)};
    p.width = (int)json_array_size(json_array_get(targets, 0));
    CHECK(p.count > 0 && p.width > 1 && p.count * p.width <= MOST);
    for (int64_t i = 0; i < p.count * p.width; i++) {
        size_t row = (size_t)(i / p.width), column = (size_t)(i % p.width);
        p.targets[i] =
            (uint8_t)json_integer_value(json_array_get(json_array_get(targets, row), column));
        p.scores[i] = (float)json_number_value(json_array_get(json_array_get(scores, row), column));
        p.has_zero |= p.scores[i] == 0;
    }
    return p;
}

/* Calls `check` for every case whose scores are probabilities. */
static void for_each(void (*check)(const problem *p)) {
    json_t *document = NULL;
    int checked = 0;
    CHECK_OK(&cx,
             wf_json_read(&document, &cx, WF_SOURCE_DIR "/tests/golden/sklearn_multilabel.json"));
    json_t *cases = json_object_get(document, "labels");
    for (size_t i = 0; i < json_array_size(cases); i++) {
        json_t *c = json_array_get(cases, i);
        if (json_is_null(json_object_get(c, "log_loss"))) continue;
        const problem p = read_problem(c);
        check(&p);
        checked++;
    }
    CHECK_INT(checked, 11);
    json_decref(document);
}

/* Labels above one half. */
static wf_judged_sets judged_of(const uint8_t *targets, const float *scores, int64_t count,
                                int width) {
    return (wf_judged_sets){
        .count = count, .class_count = width, .targets = targets, .probabilities = scores};
}

static wf_evaluation *evaluate(const wf_judged_sets *judged) {
    wf_evaluation *e = NULL;
    CHECK_OK(&cx, wf_evaluation_create_sets(&e, &cx, judged));
    return e;
}

static wf_evaluation *judge(const problem *p, const double *thresholds) {
    wf_judged_sets judged = judged_of(p->targets, p->scores, p->count, p->width);
    judged.thresholds = thresholds;
    return evaluate(&judged);
}

static double expected(const problem *p, const char *key) {
    json_t *value = json_object_get(p->expected, key);
    CHECK(json_is_number(value));
    return json_number_value(value);
}

/* An average that scikit-learn refuses is unknown. */
static void check_unknown(double actual, json_t *value) {
    CHECK(value);
    if (json_is_null(value)) CHECK(isnan(actual));
    else CHECK_NEAR(actual, json_number_value(value), TOLERANCE);
}

static void check_figures(const problem *p) {
    wf_evaluation *e = judge(p, NULL);
    json_t *areas = json_object_get(p->expected, "auc");
    json_t *precisions = json_object_get(p->expected, "average_precision");
    CHECK_INT(e->is_multilabel, 1);
    CHECK_NEAR(e->loss, expected(p, "log_loss"), TOLERANCE * 40);
    CHECK_NEAR(e->accuracy, expected(p, "subset_accuracy_above_half"), TOLERANCE);
    CHECK_NEAR(e->accuracy_at_half, e->accuracy, 0);
    CHECK_NEAR(e->macro.f1, expected(p, "macro_f1_above_half"), TOLERANCE);
    check_unknown(e->macro.auc, json_object_get(areas, "macro"));
    check_unknown(e->micro.auc, json_object_get(areas, "micro"));
    check_unknown(e->macro.average_precision, json_object_get(precisions, "macro"));
    check_unknown(e->micro.average_precision, json_object_get(precisions, "micro"));
    check_unknown(e->weighted.average_precision, json_object_get(precisions, "weighted"));
    CHECK(isnan(e->mcc) && isnan(e->kappa) && isnan(e->balanced_accuracy));
    CHECK_INT(e->pair_count, 0);
    wf_evaluation_destroy(e);
}

TEST(figures_equal_scikit_learns) { for_each(check_figures); }

/* ---- the field's own figures, and what the bootstrap makes of them ---- */

static const wf_headline field[] = {WF_HEADLINE_C_P, WF_HEADLINE_C_R, WF_HEADLINE_C_F1,
                                    WF_HEADLINE_O_P, WF_HEADLINE_O_R, WF_HEADLINE_O_F1};

static void check_field(const double figures[WF_HEADLINE_COUNT], json_t *expected) {
    for (size_t i = 0; i < sizeof field / sizeof *field; i++)
        CHECK_NEAR(figures[field[i]],
                   json_number_value(json_object_get(expected, wf_headline_key(field[i]))),
                   TOLERANCE);
}

static void check_field_figures(const problem *p) {
    double figures[WF_HEADLINE_COUNT];
    wf_evaluation *e = judge(p, NULL);
    for (int h = 0; h < WF_HEADLINE_COUNT; h++)
        figures[h] = wf_evaluation_headline(e, (wf_headline)h);
    check_field(figures, json_object_get(p->expected, "above_half"));
    CHECK_NEAR(figures[WF_HEADLINE_SUBSET_ACCURACY], e->accuracy, 0);
    CHECK_NEAR(figures[WF_HEADLINE_MAP], e->macro.average_precision, 0);
    CHECK_NEAR(figures[WF_HEADLINE_SET_LOG_LIKELIHOOD], expected(p, "set_log_likelihood"), 1e-11);
    CHECK(isnan(figures[WF_HEADLINE_SMALL_RECALL]));
    wf_evaluation_destroy(e);
}

TEST(the_fields_figures_equal_scikit_learns) { for_each(check_field_figures); }

/* A resample is weights of the images: scikit-learn's sample_weight. */
static void check_resample(const problem *p) {
    double figures[WF_HEADLINE_COUNT];
    uint16_t times[MOST];
    wf_set_tally *tally = NULL;
    wf_evaluation *e = judge(p, NULL);
    json_t *weighted = json_object_get(p->expected, "weighted");
    json_t *drawn = json_object_get(weighted, "times");
    CHECK_INT(json_array_size(drawn), p->count);
    for (int64_t i = 0; i < p->count; i++)
        times[i] = (uint16_t)json_integer_value(json_array_get(drawn, (size_t)i));
    CHECK_OK(&cx, wf__set_tally_create(&tally, &cx, e));
    wf__set_tally_figures(figures, tally, times);
    check_field(figures, weighted);
    CHECK_NEAR(figures[WF_HEADLINE_SUBSET_ACCURACY],
               json_number_value(json_object_get(weighted, "subset_accuracy")), TOLERANCE);
    CHECK_NEAR(figures[WF_HEADLINE_MAP], json_number_value(json_object_get(weighted, "map")),
               TOLERANCE);
    wf__set_tally_destroy(tally);
    wf_evaluation_destroy(e);
}

TEST(figures_of_a_resample_equal_scikit_learns_with_weights) { for_each(check_resample); }

TEST(sets_told_as_a_whole_and_small_objects) {
    static const uint8_t targets[] = {1, 1, 0, 0, 1, 0, 1, 0, 1},
                         told[] = {1, 1, 0, 0, 0, 1, 1, 0, 1},
                         small[] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    static const float scores[] = {.9f, .2f, .1f, .5f, .5f, .5f, .9f, .9f, .9f};
    static const double log_p[] = {-0.5, -2, -1e9};
    wf_judged_sets judged = judged_of(targets, scores, 3, 3);
    judged.told = told;
    judged.small = small;
    wf_evaluation *e = evaluate(&judged);
    CHECK_NEAR(e->accuracy, 2.0 / 3, TOLERANCE);
    CHECK_NEAR(e->small_recall, 2.0 / 3, TOLERANCE);
    CHECK_INT(e->small_count, 3);
    CHECK(isnan(e->thresholds[0]));
    CHECK(isnan(e->set_log_likelihood)); /* nobody said how likely the sets are */
    wf_evaluation_destroy(e);
    judged.set_log_p = log_p;
    e = evaluate(&judged);
    CHECK_NEAR(e->set_log_p[2], WF_LEAST_SET_LOG_P, 0);
    CHECK_NEAR(WF_LEAST_SET_LOG_P, log(1.17549435082228750797e-38), 1e-13);
    CHECK_NEAR(e->set_log_likelihood, (-2.5 + WF_LEAST_SET_LOG_P) / 3, TOLERANCE);
    wf_evaluation_destroy(e);
}

/* No threshold of scikit-learn's curve does better, and the chosen one does what was promised. */
static void check_thresholds(const problem *p) {
    double thresholds[MOST_LABELS];
    json_t *best = json_object_get(p->expected, "best_f1");
    CHECK_OK(&cx, wf_thresholds_tune(thresholds, &cx, p->targets, p->scores, p->count, p->width));
    wf_evaluation *e = judge(p, thresholds);
    for (int j = 0; j < p->width; j++) {
        double most = json_number_value(json_array_get(best, (size_t)j));
        CHECK(thresholds[j] > 0 && thresholds[j] < 1);
        CHECK_NEAR(e->thresholds[j], thresholds[j], 0);
        CHECK(e->classes[j].f1 <= most + TOLERANCE);
        /* a probability of 0 is above no threshold, while scikit-learn takes it at 0 */
        if (!p->has_zero) CHECK_NEAR(e->classes[j].f1, most, TOLERANCE);
        if (e->classes[j].support == 0) CHECK_NEAR(thresholds[j], 0.5, 0);
    }
    wf_evaluation_destroy(e);
}

TEST(no_threshold_has_a_better_f1) { for_each(check_thresholds); }

TEST(of_equal_thresholds_the_nearest_to_one_half) {
    static const uint8_t targets[] = {1, 1, 0, 0, 1, 0};
    static const float scores[] = {.9f, .9f, .3f,
                                   .2f, .7f, .1f}; /* label 0: .9 | .7; label 1: .9 */
    double t[2];
    CHECK_OK(&cx, wf_thresholds_tune(t, &cx, targets, scores, 3, 2));
    CHECK_NEAR(t[0], (0.7 + 0.3) / 2, 1e-7);
    CHECK_NEAR(t[1], (0.9 + 0.2) / 2, 1e-7);
}

static void check_json(const problem *p) {
    char *text = NULL, *again = NULL;
    wf_evaluation *e = judge(p, NULL), *read = NULL;
    const wf_bootstrap_options options = {.resamples = 50, .level = 0.9, .seed = 3};
    CHECK_OK(&cx, wf_evaluation_bootstrap(e, &cx, NULL, &options));
    CHECK_OK(&cx, wf_evaluation_to_json(&text, &cx, e));
    CHECK_OK(&cx, wf_evaluation_from_json(&read, &cx, text, strlen(text)));
    CHECK_OK(&cx, wf_evaluation_to_json(&again, &cx, read));
    CHECK_STR(again, text);
    CHECK(strstr(text, "\"multilabel\": true"));
    CHECK_FAILS(&cx, wf_evaluation_bootstrap(read, &cx, NULL, &options), WF_E_ARG);
    wf_text_free(text);
    wf_text_free(again);
    wf_evaluation_destroy(e);
    wf_evaluation_destroy(read);
}

TEST(json_comes_back) { for_each(check_json); }

/* ---- intervals ---- */

enum { IMAGES = 400, LABELS = 3 };

static void fill(uint8_t *targets, float *scores) {
    wf_rng r;
    wf_rng_init(&r, 7, WF_STREAM_TEST, 0);
    for (int i = 0; i < IMAGES * LABELS; i++) {
        targets[i] = wf_rng_uniform(&r) < 0.4;
        scores[i] = (float)(0.3 * targets[i] + 0.7 * wf_rng_uniform(&r));
    }
}

static void fill_small(uint8_t *small, const uint8_t *targets) {
    for (int i = 0; i < IMAGES * LABELS; i++) small[i] = targets[i] && i % 4 == 0;
}

/* Subset accuracy is a share of independent images: a binomial's 95 % interval is about 1.96
 * standard errors to each side. */
TEST(intervals_are_those_of_the_images) {
    static uint8_t targets[IMAGES * LABELS], small[IMAGES * LABELS];
    static float scores[IMAGES * LABELS];
    wf_judged_sets judged = judged_of(targets, scores, IMAGES, LABELS);
    wf_pool *pool = NULL;
    wf_evaluation *e = NULL, *threaded = NULL;
    const wf_bootstrap_options options = {.resamples = 4000, .level = 0.95, .seed = 1};
    fill(targets, scores);
    fill_small(small, targets);
    judged.small = small;
    e = evaluate(&judged);
    threaded = evaluate(&judged);
    CHECK_OK(&cx, wf_pool_create(&pool, &cx, 3));
    CHECK_OK(&cx, wf_evaluation_bootstrap(e, &cx, NULL, &options));
    CHECK_OK(&cx, wf_evaluation_bootstrap(threaded, &cx, pool, &options));
    double error = 1.96 * wf_accuracy_standard_error(e->accuracy, IMAGES);
    const wf_interval *of = e->intervals.of;
    CHECK(e->accuracy > 0.2 && e->accuracy < 0.9);
    CHECK_NEAR(of[WF_HEADLINE_ACCURACY].low, e->accuracy - error, 0.15 * error);
    CHECK_NEAR(of[WF_HEADLINE_ACCURACY].high, e->accuracy + error, 0.15 * error);
    for (int h = 0; h < WF_HEADLINE_COUNT; h++) {
        double figure = wf_evaluation_headline(e, (wf_headline)h);
        CHECK(isnan(figure) == isnan(of[h].low) && isnan(figure) == isnan(of[h].high));
        if (isnan(figure)) continue;
        CHECK(of[h].low < figure && figure < of[h].high);
        CHECK(of[h].low == threaded->intervals.of[h].low);
        CHECK(of[h].high == threaded->intervals.of[h].high);
    }
    CHECK(isnan(of[WF_HEADLINE_MCC].low));
    wf_pool_destroy(pool);
    wf_evaluation_destroy(e);
    wf_evaluation_destroy(threaded);
}

/* ---- two models on the same images ---- */

static wf_resampled *resample(const wf_evaluation *e, uint64_t seed) {
    const wf_bootstrap_options options = {.resamples = 2000, .level = 0.95, .seed = seed};
    wf_resampled *r = NULL;
    CHECK_OK(&cx, wf_resampled_create(&r, &cx, NULL, e, &options));
    return r;
}

/* The difference of two shares of the same images has the variance of the images' differences: less
 * than that of two independent shares. */
static void check_difference(const wf_evaluation *a, const wf_evaluation *b,
                             const wf_interval *difference) {
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < a->count; i++) {
        int of_a = 1, of_b = 1;
        for (int j = 0; j < LABELS; j++) {
            const uint8_t x = a->outcomes[i * LABELS + j], y = b->outcomes[i * LABELS + j];
            of_a &= (x & WF_OUTCOME_TRUE) == (x & WF_OUTCOME_TOLD) >> 1;
            of_b &= (y & WF_OUTCOME_TRUE) == (y & WF_OUTCOME_TOLD) >> 1;
        }
        sum += of_a - of_b;
        squares += (of_a - of_b) * (of_a - of_b);
    }
    const double n = (double)a->count, mean = sum / n;
    const double reach = 1.96 * sqrt((squares / n - mean * mean) / n);
    CHECK_NEAR(a->accuracy - b->accuracy, mean, 1e-12);
    CHECK_NEAR(difference[WF_HEADLINE_SUBSET_ACCURACY].low, mean - reach, 0.15 * reach);
    CHECK_NEAR(difference[WF_HEADLINE_SUBSET_ACCURACY].high, mean + reach, 0.15 * reach);
}

TEST(differences_are_those_of_the_same_images) {
    static uint8_t targets[IMAGES * LABELS];
    static float scores[IMAGES * LABELS], better[IMAGES * LABELS];
    wf_interval difference[WF_HEADLINE_COUNT], none[WF_HEADLINE_COUNT], mean[WF_HEADLINE_COUNT];
    fill(targets, scores);
    for (int i = 0; i < IMAGES * LABELS; i++)
        better[i] = i % 5 ? scores[i] : 0.1f + 0.8f * targets[i];
    const wf_judged_sets first = judged_of(targets, better, IMAGES, LABELS),
                         second = judged_of(targets, scores, IMAGES, LABELS);
    wf_evaluation *a = evaluate(&first), *b = evaluate(&second);
    wf_resampled *of_a = resample(a, 3), *of_b = resample(b, 3), *other = resample(b, 4);
    const wf_resampled *const left[] = {of_a, of_b}, *const right[] = {of_b};
    CHECK_OK(&cx, wf_resampled_difference(difference, &cx, left, 1, right, 1));
    CHECK_OK(&cx, wf_resampled_difference(none, &cx, right, 1, right, 1));
    CHECK_OK(&cx, wf_resampled_difference(mean, &cx, left, 2, right, 1));
    check_difference(a, b, difference);
    for (int h = WF_HEADLINE_SUBSET_ACCURACY; h < WF_HEADLINE_SMALL_RECALL; h++) {
        const double d =
            wf_evaluation_headline(a, (wf_headline)h) - wf_evaluation_headline(b, (wf_headline)h);
        CHECK(difference[h].low < d && d < difference[h].high);
        CHECK(none[h].low == 0 && none[h].high == 0);
        /* (a + b) / 2 - b is half of a - b */
        CHECK_NEAR(2 * mean[h].low, difference[h].low, 1e-12);
    }
    CHECK(isnan(difference[WF_HEADLINE_SMALL_RECALL].low));
    CHECK_FAILS(&cx,
                wf_resampled_difference(none, &cx, left, 1, (const wf_resampled *[]){other}, 1),
                WF_E_ARG);
    wf_resampled_destroy(of_a);
    wf_resampled_destroy(of_b);
    wf_resampled_destroy(other);
    wf_evaluation_destroy(a);
    wf_evaluation_destroy(b);
}

/* ---- what is refused ---- */

static wf_status refused(const uint8_t *targets, const float *scores, int64_t count, int width) {
    wf_evaluation *e = NULL;
    const wf_judged_sets judged = judged_of(targets, scores, count, width);
    wf_status status = wf_evaluation_create_sets(&e, &cx, &judged);
    CHECK(!e);
    return status;
}

TEST(bad_input_is_refused_by_name) {
    static const uint8_t targets[] = {1, 0, 0, 1}, odd[] = {1, 0, 2, 1}, all[] = {1, 1, 1, 1};
    static const double log_p[] = {0, 0.5};
    static const float scores[] = {.9f, .1f, .2f, .8f}, above[] = {.9f, .1f, 1.2f, .8f};
    wf_evaluation *e = NULL;
    double t[2];
    CHECK_INT(refused(targets, above, 2, 2), WF_E_DATA);
    CHECK_STR(cx.message, "multi-label evaluation: probability of label 0 for image 1 is 1.2, must "
                          "be between 0 and 1");
    CHECK_INT(refused(odd, scores, 2, 2), WF_E_DATA);
    CHECK_INT(refused(targets, scores, 0, 2), WF_E_DATA);
    CHECK_INT(refused(targets, scores, 4, 1), WF_E_ARG);
    wf_judged_sets judged = judged_of(targets, scores, 2, 2);
    judged.small = all;
    CHECK_INT(wf_evaluation_create_sets(&e, &cx, &judged), WF_E_DATA);
    CHECK_STR(cx.message, "multi-label evaluation: image 0 has a small object of label 1, which is "
                          "none of its labels");
    judged.small = NULL;
    judged.set_log_p = log_p;
    CHECK_INT(wf_evaluation_create_sets(&e, &cx, &judged), WF_E_DATA);
    CHECK_STR(cx.message, "multi-label evaluation: log-probability of the set of image 1 is 0.5, "
                          "must be at most 0");
    judged.told = odd;
    CHECK_INT(wf_evaluation_create_sets(&e, &cx, &judged), WF_E_DATA);
    CHECK_INT(wf_thresholds_tune(t, &cx, odd, scores, 2, 2), WF_E_DATA);
    CHECK_STR(cx.message, "thresholds: truth of label 0 for image 1 is 2, must be 0 or 1");
    static const char *const broken[] = {
        "{\"multilabel\": true, \"classes\": [{\"name\": \"a\"}]}",
        "{\"multilabel\": true, \"count\": 1, \"classes\": [{\"name\": \"a\", \"f1\": \"x\"}]}"};
    for (int i = 0; i < 2; i++)
        CHECK_FAILS(&cx, wf_evaluation_from_json(&e, &cx, broken[i], strlen(broken[i])), WF_E_DATA);
    CHECK(e == NULL);
}

TEST(no_allocation_may_fail_unseen) {
    static uint8_t targets[IMAGES * LABELS];
    static float scores[IMAGES * LABELS];
    const wf_bootstrap_options few = {.resamples = 10, .level = 0.9};
    const wf_judged_sets judged = judged_of(targets, scores, IMAGES, LABELS);
    int failures = 0;
    fill(targets, scores);
    for (long k = 1;; k++) {
        wf_evaluation *e = NULL;
        double t[LABELS];
        wf__alloc_fail_at(k);
        wf_resampled *r = NULL;
        wf_status status = wf_evaluation_create_sets(&e, &cx, &judged);
        if (status == WF_OK) status = wf_resampled_create(&r, &cx, NULL, e, &few);
        wf_resampled_destroy(r);
        if (status == WF_OK) status = wf_thresholds_tune(t, &cx, targets, scores, IMAGES, LABELS);
        wf__alloc_fail_at(0);
        wf_evaluation_destroy(e);
        if (status == WF_OK) break;
        CHECK_INT(status, WF_E_NOMEM);
        failures++;
    }
    CHECK(failures >= 20);
}

TEST_MAIN()
