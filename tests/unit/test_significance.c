/* The tests against scipy, numpy and published figures; data: tests/golden/significance.py. */
#include "weft/significance.h"

#include "base/alloc.h"
#include "base/json.h"
#include "test.h"

static wf_context cx;

static json_t *document(void) {
    json_t *d = NULL;
    CHECK_OK(&cx, wf_json_read(&d, &cx, WF_SOURCE_DIR "/tests/golden/significance.json"));
    return d;
}

static double number(const json_t *object, const char *key) {
    CHECK(json_is_number(json_object_get(object, key)));
    return json_number_value(json_object_get(object, key));
}

static size_t numbers(double out[256], const json_t *object, const char *key) {
    const json_t *list = json_object_get(object, key);
    size_t n = json_array_size(list);
    CHECK(n > 0 && n <= 256);
    for (size_t i = 0; i < n; i++) out[i] = json_number_value(json_array_get(list, i));
    return n;
}

static void check_near(double actual, const json_t *object, const char *key, double tolerance) {
    double expected = number(object, key);
    CHECK_NEAR(actual, expected, tolerance * fmax(fabs(expected), 1e-3));
}

TEST(mcnemar_against_scipy) {
    json_t *d = document(), *cases = json_object_get(d, "mcnemar");
    CHECK(json_array_size(cases) >= 15);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *c = json_array_get(cases, i);
        double n[256];
        wf_mcnemar m;
        CHECK_INT(numbers(n, c, "counts"), 4);
        CHECK_OK(&cx, wf_mcnemar_counts(&m, &cx, (int64_t)n[0], (int64_t)n[1], (int64_t)n[2],
                                        (int64_t)n[3]));
        CHECK_INT(m.count, n[0] + n[1] + n[2] + n[3]);
        check_near(m.difference, c, "difference", 1e-14);
        check_near(m.p, c, "p", 1e-12);
        check_near(m.p_exact, c, "p_exact", 1e-12);
        check_near(m.low, c, "low", 1e-7); /* the oracle searches a maximum */
        check_near(m.high, c, "high", 1e-7);
    }
    json_decref(d);
}

/* 21 children, Bentur and others: figures as Fagerland and others print them, 2013 and 2014. */
TEST(mcnemar_as_published) {
    wf_mcnemar m;
    CHECK_OK(&cx, wf_mcnemar_counts(&m, &cx, 1, 1, 7, 12));
    CHECK_NEAR(m.p, .039, 5e-4);
    CHECK_NEAR(m.p_exact, .070, 5e-4);
    CHECK_NEAR(m.low, -.517, 5e-4);
    CHECK_NEAR(m.high, -.026, 5e-4);
}

TEST(mcnemar_counts_the_images) {
    const int32_t labels[] = {0, 1, 2, 0, 1, 2, 0}, a[] = {0, 1, 2, 0, 0, 0, 2},
                  b[] = {0, 0, 1, 1, 1, 1, 1};
    wf_mcnemar m, swapped;
    CHECK_OK(&cx, wf_mcnemar_test(&m, &cx, labels, a, b, 7));
    CHECK_INT(m.both_right, 1);
    CHECK_INT(m.only_a_right, 3);
    CHECK_INT(m.only_b_right, 1);
    CHECK_INT(m.both_wrong, 2);
    CHECK_OK(&cx, wf_mcnemar_test(&swapped, &cx, labels, b, a, 7));
    CHECK_NEAR(swapped.difference, -m.difference, 0);
    CHECK_NEAR(swapped.low, -m.high, 1e-15);
    CHECK_NEAR(swapped.high, -m.low, 1e-15);
    CHECK_NEAR(swapped.p, m.p, 0);
}

TEST(mcnemar_without_a_discordant_image) {
    wf_mcnemar m;
    CHECK_OK(&cx, wf_mcnemar_counts(&m, &cx, 90, 0, 0, 10));
    CHECK_NEAR(m.difference, 0, 0);
    CHECK_NEAR(m.p, 1, 0);
    CHECK_NEAR(m.high, 3.841458820694124 / (100 + 3.841458820694124), 1e-14); /* z^2 / (n + z^2) */
    CHECK_NEAR(m.low, -m.high, 1e-15);
    CHECK_OK(&cx, wf_mcnemar_counts(&m, &cx, 0, 1, 0, 0));
    CHECK_NEAR(m.p, .5, 1e-15);
    CHECK_NEAR(m.high, 1, 0);
}

/* Tango's interval leaves out 0 exactly when the score test of no difference is significant. */
TEST(tango_agrees_with_the_score_test) {
    int shown = 0;
    for (int64_t a = 0; a <= 60; a++) {
        for (int64_t b = 0; b <= 60; b += 3) {
            wf_mcnemar m;
            if (a + b == 0) continue;
            CHECK_OK(&cx, wf_mcnemar_counts(&m, &cx, 500, a, b, 17));
            double score = (double)(a - b) / sqrt((double)(a + b));
            CHECK_INT(m.low > 0 || m.high<0, fabs(score)> 1.959963984540054);
            CHECK(m.low <= m.difference && m.difference <= m.high);
            shown += m.low > 0 || m.high < 0;
        }
    }
    CHECK(shown > 500);
}

static void check_t(const wf_t_test *t, const json_t *c) {
    check_near(t->difference, c, "difference", 1e-12);
    check_near(t->low, c, "low", 1e-11);
    check_near(t->high, c, "high", 1e-11);
    check_near(t->t, c, "t", 1e-11);
    check_near(t->df, c, "df", 1e-11);
    CHECK_NEAR(t->p / number(c, "p"), 1,
               1e-9); /* p follows t and df with their errors many times over */
    check_near(t->cohen_d, c, "cohen_d", 1e-11);
    if (json_is_null(json_object_get(c, "hedges_g"))) CHECK(isnan(t->hedges_g));
    else check_near(t->hedges_g, c, "hedges_g", 1e-10);
}

TEST(welch_against_scipy) {
    json_t *d = document(), *cases = json_object_get(d, "welch");
    CHECK(json_array_size(cases) >= 6);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *c = json_array_get(cases, i);
        double a[256], b[256];
        size_t n = numbers(a, c, "a"), m = numbers(b, c, "b");
        wf_t_test t;
        CHECK_OK(&cx, wf_welch_test(&t, &cx, a, n, b, m));
        check_t(&t, c);
    }
    json_decref(d);
}

TEST(nadeau_and_bengio_against_numpy) {
    json_t *d = document(), *cases = json_object_get(d, "corrected");
    CHECK(json_array_size(cases) >= 5);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *c = json_array_get(cases, i);
        double a[256], b[256];
        size_t n = numbers(a, c, "a");
        wf_t_test t;
        CHECK_INT(numbers(b, c, "b"), n);
        CHECK_OK(&cx, wf_corrected_t_test(&t, &cx, a, b, n, number(c, "test"), number(c, "train")));
        check_t(&t, c);
    }
    json_decref(d);
}

TEST(holm_against_its_definition) {
    json_t *d = document(), *cases = json_object_get(d, "holm");
    CHECK(json_array_size(cases) >= 5);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *c = json_array_get(cases, i);
        double p[256], expected[256], adjusted[256];
        size_t n = numbers(p, c, "p");
        CHECK_INT(numbers(expected, c, "adjusted"), n);
        CHECK_OK(&cx, wf_holm_adjust(adjusted, &cx, p, n));
        for (size_t j = 0; j < n; j++) CHECK_NEAR(adjusted[j], expected[j], 1e-15);
        CHECK_OK(&cx, wf_holm_adjust(p, &cx, p, n)); /* in place */
        for (size_t j = 0; j < n; j++) CHECK_NEAR(p[j], expected[j], 1e-15);
    }
    json_decref(d);
}

TEST(holm_leaves_out_what_was_not_tested) {
    const double p[] = {.01, (double)NAN, .04, .03, (double)NAN};
    double adjusted[5];
    CHECK_OK(&cx, wf_holm_adjust(adjusted, &cx, p, 5));
    CHECK_NEAR(adjusted[0], .03, 1e-16);
    CHECK(isnan(adjusted[1]) && isnan(adjusted[4]));
    CHECK_NEAR(adjusted[2], .06, 1e-16);
    CHECK_NEAR(adjusted[3], .06, 1e-16);
    CHECK_OK(&cx, wf_holm_adjust(NULL, &cx, NULL, 0));
}

TEST(what_cannot_be_tested_is_named) {
    const double a[] = {.93, .93, .93}, b[] = {.91, .91, .91}, odd[] = {.91, INFINITY, .92};
    const double drift_a[] = {.93, .95, .97}, drift_b[] = {.92, .94, .96}, good[] = {1, 2, 2};
    wf_t_test t = {.df = -7};
    wf_mcnemar m = {.count = -7};
    CHECK_INT(wf_welch_test(&t, &cx, a, 1, b, 3), WF_E_ARG);
    CHECK_STR(cx.message, "Welch's t-test: 1 and 3 values, needs two of each");
    CHECK_INT(wf_welch_test(&t, &cx, a, 3, b, 3), WF_E_DATA);
    CHECK_STR(cx.message, "Welch's t-test: all values of a are 0.93 and all of b 0.91, needs "
                          "values that vary");
    CHECK_INT(wf_welch_test(&t, &cx, a, 3, odd, 3), WF_E_DATA);
    CHECK_STR(cx.message, "Welch's t-test: value 2 is inf, must be finite");
    CHECK_INT(wf_corrected_t_test(&t, &cx, a, b, 1, 1, 9), WF_E_ARG);
    CHECK_STR(cx.message, "Nadeau and Bengio's t-test: 1 folds, needs at least 2");
    CHECK_INT(wf_corrected_t_test(&t, &cx, drift_a, drift_b, 3, 1, 9), WF_E_DATA);
    CHECK_STR(cx.message, "Nadeau and Bengio's t-test: the difference is 0.01 in every fold, needs "
                          "one that varies");
    CHECK_INT(wf_corrected_t_test(&t, &cx, a, a, 3, 1, 9), WF_E_DATA);
    CHECK_INT(wf_corrected_t_test(&t, &cx, a, good, 3, 0, 9), WF_E_ARG);
    CHECK_INT(wf_corrected_t_test(&t, &cx, a, good, 3, 1, 0), WF_E_ARG);
    CHECK_NEAR(t.df, -7, 0);
    CHECK_INT(wf_mcnemar_counts(&m, &cx, 0, 0, 0, 0), WF_E_ARG);
    CHECK_STR(cx.message, "McNemar's test: 0 images, needs at least 1");
    CHECK_INT(wf_mcnemar_counts(&m, &cx, 1, -1, 0, 0), WF_E_ARG);
    CHECK_INT(m.count, -7);
    double p = 1.5;
    CHECK_INT(wf_holm_adjust(&p, &cx, &p, 1), WF_E_ARG);
    CHECK_STR(cx.message, "Holm's correction: p 1 is 1.5, must be between 0 and 1");
}

TEST(failing_memory_is_reported) {
    const double a[] = {.93, .94}, b[] = {.92, .91};
    double adjusted[2];
    wf_t_test t;
    wf__alloc_fail_at(1);
    CHECK_INT(wf_corrected_t_test(&t, &cx, a, b, 2, 1, 9), WF_E_NOMEM);
    wf__alloc_fail_at(1);
    CHECK_INT(wf_holm_adjust(adjusted, &cx, a, 2), WF_E_NOMEM);
    wf__alloc_fail_at(0);
}

TEST_MAIN()
