/* Bootstrap intervals: against numpy's (tests/golden/bootstrap.py), the same for any number of
 * threads, and that they hold the true figure as often as they say. */
#include <time.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/rng.h"
#include "base/threads.h"
#include "test.h"
#include "weft/eval.h"

static wf_context cx;

static const wf_bootstrap_options usual = {.resamples = 10000, .level = 0.95, .seed = 7};

/* ---- the draws ---- */

static void check_draws(const wf_kernels *kernels, uint32_t n, uint64_t seed, uint32_t sample) {
    enum { MOST = 1000 };
    static uint16_t times[MOST], expected[MOST];
    wf_rng rng;
    CHECK(n <= MOST);
    wf_rng_init(&rng, seed, WF_STREAM_BOOTSTRAP, sample);
    memset(expected, 0, sizeof expected);
    for (uint32_t i = 0; i < n; i++) expected[(uint64_t)wf_rng_u32(&rng) * n >> 32]++;
    kernels->resample(times, n, seed, WF_STREAM_BOOTSTRAP, sample);
    for (uint32_t i = 0; i < n; i++) CHECK_INT(times[i], expected[i]);
}

TEST(draws_of_every_level_are_those_of_the_scalar_generator) {
    static const uint32_t sizes[] = {1, 2, 3, 5, 31, 32, 63, 64, 65, 1000};
    for (int level = 0; wf_kernels_at(level); level++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            check_draws(wf_kernels_at(level), sizes[i], (uint64_t)77 << 31 | 5, 3 + (uint32_t)i);
}

/* ---- against numpy ---- */

static double number_at(const json_t *list, size_t i) {
    return json_number_value(json_array_get(list, i));
}

static wf_evaluation *evaluate(const json_t *c) {
    enum { MOST = 400, MOST_CLASSES = 10 };
    static int32_t labels[MOST];
    static float p[MOST * MOST_CLASSES];
    const json_t *rows = json_object_get(c, "probabilities");
    size_t n = json_array_size(rows), k = json_array_size(json_array_get(rows, 0));
    wf_evaluation *e = NULL;
    CHECK(n > 0 && n <= MOST && k > 0 && k <= MOST_CLASSES);
    for (size_t i = 0; i < n; i++) {
        labels[i] = (int32_t)number_at(json_object_get(c, "labels"), i);
        for (size_t j = 0; j < k; j++) p[i * k + j] = (float)number_at(json_array_get(rows, i), j);
    }
    CHECK_OK(&cx, wf_evaluation_create(&e, &cx, labels, p, (int64_t)n, (int)k, NULL));
    return e;
}

/* numpy's mean over 20 bootstraps of 1,000, and what one of them strays by; weft's are 10,000. Of
 * 28 ends none strays by five times that. Figures of few images take few values: one step more. */
static void check_end(double actual, const json_t *expected, const char *key, const char *error,
                      double step) {
    const json_t *value = json_object_get(expected, key), *stray = json_object_get(expected, error);
    CHECK(json_is_number(value) && json_is_number(stray));
    CHECK_NEAR(actual, json_number_value(value), 5 * json_number_value(stray) / sqrt(10) + step);
}

TEST(intervals_equal_numpys_within_what_chance_does) {
    json_t *cases = NULL;
    CHECK_OK(&cx, wf_json_read(&cases, &cx, WF_SOURCE_DIR "/tests/golden/bootstrap.json"));
    CHECK_INT(json_array_size(cases), 2);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        json_t *c = json_array_get(cases, i), *intervals = json_object_get(c, "intervals");
        wf_evaluation *e = evaluate(c);
        CHECK_OK(&cx, wf_evaluation_bootstrap(e, &cx, NULL, &usual));
        for (int h = 0; h < WF_HEADLINE_SUBSET_ACCURACY; h++) {
            const wf_interval *interval = &e->intervals.of[h];
            double value = wf_evaluation_headline(e, (wf_headline)h);
            json_t *expected = json_object_get(intervals, wf_headline_key((wf_headline)h));
            check_end(interval->low, expected, "low", "low_error", 1.0 / (double)e->count);
            check_end(interval->high, expected, "high", "high_error", 1.0 / (double)e->count);
            CHECK(interval->low < value && value < interval->high);
        }
        wf_evaluation_destroy(e);
    }
    json_decref(cases);
}

/* ---- what must hold for any input ---- */

static const int64_t matrix[9] = {50, 3, 1, 7, 60, 2, 0, 4, 30};

TEST(any_number_of_threads_gives_the_same_bits) {
    wf_evaluation *one = NULL, *other = NULL;
    CHECK_OK(&cx, wf_evaluation_from_confusion(&one, &cx, matrix, 3, NULL));
    CHECK_OK(&cx, wf_evaluation_from_confusion(&other, &cx, matrix, 3, NULL));
    CHECK_OK(&cx, wf_evaluation_bootstrap(one, &cx, NULL, &usual));
    for (int threads = 1; threads <= 5; threads++) {
        wf_pool *pool = NULL;
        CHECK_OK(&cx, wf_pool_create(&pool, &cx, threads));
        CHECK_OK(&cx, wf_evaluation_bootstrap(other, &cx, pool, &usual));
        wf_pool_destroy(pool);
        CHECK(!memcmp(one->intervals.of, other->intervals.of,
                      sizeof(wf_interval) * WF_HEADLINE_LOSS));
    }
    CHECK(isnan(one->intervals.of[WF_HEADLINE_LOSS].low));
    CHECK_INT(one->intervals.resamples, 10000);
    const wf_bootstrap_options other_seed = {.resamples = 10000, .level = 0.95, .seed = 8};
    CHECK_OK(&cx, wf_evaluation_bootstrap(other, &cx, NULL, &other_seed));
    CHECK(other->intervals.of[WF_HEADLINE_MCC].low != one->intervals.of[WF_HEADLINE_MCC].low);
    wf_evaluation_destroy(one);
    wf_evaluation_destroy(other);
}

/* Samples of a source whose accuracy is known: 95 of 100 intervals should hold it. */
TEST(intervals_hold_the_true_accuracy_as_often_as_they_say) {
    enum { SAMPLES = 1000, IMAGES = 200, TRUE_PERCENT = 80 };
    const wf_bootstrap_options quick = {.resamples = 400, .level = 0.95, .seed = 1};
    int holds = 0;
    wf_rng rng;
    wf_rng_init(&rng, 5, WF_STREAM_TEST, 0);
    for (int s = 0; s < SAMPLES; s++) {
        int64_t counts[4] = {0};
        wf_evaluation *e = NULL;
        for (int i = 0; i < IMAGES; i++) {
            int truth = (int)wf_rng_below(&rng, 2);
            int is_right = wf_rng_below(&rng, 100) < TRUE_PERCENT;
            counts[truth * 2 + (is_right ? truth : 1 - truth)]++;
        }
        CHECK_OK(&cx, wf_evaluation_from_confusion(&e, &cx, counts, 2, NULL));
        CHECK_OK(&cx, wf_evaluation_bootstrap(e, &cx, NULL, &quick));
        const wf_interval *accuracy = &e->intervals.of[WF_HEADLINE_ACCURACY];
        holds += accuracy->low <= 0.01 * TRUE_PERCENT && 0.01 * TRUE_PERCENT <= accuracy->high;
        wf_evaluation_destroy(e);
    }
    /* 950, give or take three times its standard deviation of 7 */
    CHECK_NEAR(holds, 950, 21);
}

TEST(ten_thousand_resamples_of_ten_thousand_images_take_less_than_a_second_of_one_core) {
    enum { IMAGES = 10000, CLASSES = 10 };
    static int32_t labels[IMAGES];
    static float p[IMAGES * CLASSES];
    wf_evaluation *e = NULL;
    wf_pool *pool = NULL;
    wf_rng rng;
    double best = INFINITY;
    wf_rng_init(&rng, 3, WF_STREAM_TEST, 0);
    for (int i = 0; i < IMAGES; i++) {
        labels[i] = i % CLASSES;
        for (int j = 0; j < CLASSES; j++)
            p[i * CLASSES + j] = (float)(0.1 * wf_rng_uniform(&rng) + (j == labels[i]) * 0.05);
    }
    CHECK_OK(&cx, wf_evaluation_create(&e, &cx, labels, p, IMAGES, CLASSES, NULL));
    CHECK_OK(&cx, wf_pool_create(&pool, &cx, 2));
    for (int repeat = 0; repeat < 3; repeat++) {
        clock_t from = clock();
        CHECK_OK(&cx, wf_evaluation_bootstrap(e, &cx, pool, &usual));
        best = fmin(best, (double)(clock() - from) / CLOCKS_PER_SEC);
    }
    printf("%.3f s, accuracy %.4f to %.4f\n", best, e->intervals.of[0].low,
           e->intervals.of[0].high);
    /* of all threads together, so what else the machine does is left out; sanitizers take longer */
    CHECK(getenv("WEFT_TEST_QUICK") || best < 1);
    wf_pool_destroy(pool);
    wf_evaluation_destroy(e);
}

TEST(a_figure_that_a_resample_lacks_is_left_out_of_it) {
    /* a lone image of a second class: a third of the resamples have none of it, and no kappa */
    static const int64_t lone[4] = {3, 0, 0, 1}, single[4] = {5, 0, 0, 0};
    wf_evaluation *e = NULL;
    CHECK_OK(&cx, wf_evaluation_from_confusion(&e, &cx, lone, 2, NULL));
    CHECK_OK(&cx, wf_evaluation_bootstrap(e, &cx, NULL, &usual));
    CHECK_NEAR(e->intervals.of[WF_HEADLINE_KAPPA].low, 1, 0);
    CHECK_NEAR(e->intervals.of[WF_HEADLINE_MCC].low, 0, 0);
    CHECK_NEAR(e->intervals.of[WF_HEADLINE_MCC].high, 1, 0);
    wf_evaluation_destroy(e);
    CHECK_OK(&cx, wf_evaluation_from_confusion(&e, &cx, single, 2, NULL));
    CHECK_OK(&cx, wf_evaluation_bootstrap(e, &cx, NULL, &usual));
    CHECK(isnan(e->intervals.of[WF_HEADLINE_KAPPA].high));
    CHECK_NEAR(e->intervals.of[WF_HEADLINE_ACCURACY].low, 1, 0);
    wf_evaluation_destroy(e);
}

TEST(json_gives_back_intervals) {
    wf_evaluation *e = NULL, *again = NULL;
    char *text = NULL;
    CHECK_OK(&cx, wf_evaluation_from_confusion(&e, &cx, matrix, 3, NULL));
    CHECK_OK(&cx, wf_evaluation_bootstrap(e, &cx, NULL, &usual));
    CHECK_OK(&cx, wf_evaluation_to_json(&text, &cx, e));
    CHECK_OK(&cx, wf_evaluation_from_json(&again, &cx, text, strlen(text)));
    CHECK_INT(again->intervals.resamples, 10000);
    CHECK_INT(again->intervals.seed, 7);
    CHECK_NEAR(again->intervals.level, 0.95, 0);
    CHECK(!memcmp(e->intervals.of, again->intervals.of, sizeof(wf_interval) * WF_HEADLINE_LOSS));
    wf_text_free(text);
    wf_evaluation_destroy(e);
    wf_evaluation_destroy(again);
}

TEST(bad_options_are_refused_by_name) {
    static const int64_t none[1] = {0};
    const wf_bootstrap_options no_resample = {.resamples = 0, .level = 0.95},
                               no_level = {.resamples = 10, .level = 1},
                               nan_level = {.resamples = 10, .level = (double)NAN};
    wf_evaluation *e = NULL, *empty = NULL;
    CHECK_OK(&cx, wf_evaluation_from_confusion(&e, &cx, matrix, 3, NULL));
    CHECK_OK(&cx, wf_evaluation_from_confusion(&empty, &cx, none, 1, NULL));
    CHECK_FAILS(&cx, wf_evaluation_bootstrap(e, &cx, NULL, &no_resample), WF_E_ARG);
    CHECK_FAILS(&cx, wf_evaluation_bootstrap(e, &cx, NULL, &no_level), WF_E_ARG);
    CHECK_FAILS(&cx, wf_evaluation_bootstrap(e, &cx, NULL, &nan_level), WF_E_ARG);
    CHECK_FAILS(&cx, wf_evaluation_bootstrap(empty, &cx, NULL, &usual), WF_E_DATA);
    CHECK_INT(e->intervals.resamples, 0);
    wf_evaluation_destroy(e);
    wf_evaluation_destroy(empty);
}

TEST(no_allocation_may_fail_unseen) {
    const wf_bootstrap_options few = {.resamples = 10, .level = 0.9};
    wf_evaluation *e = NULL;
    int failures = 0;
    CHECK_OK(&cx, wf_evaluation_from_confusion(&e, &cx, matrix, 3, NULL));
    for (long k = 1;; k++) {
        wf__alloc_fail_at(k);
        wf_status status = wf_evaluation_bootstrap(e, &cx, NULL, &few);
        wf__alloc_fail_at(0);
        if (status == WF_OK) break;
        CHECK_INT(status, WF_E_NOMEM);
        CHECK_INT(e->intervals.resamples, 0);
        failures++;
    }
    CHECK_INT(failures, 4);
    wf_evaluation_destroy(e);
}

TEST_MAIN()
