/* Every figure against scikit-learn; the data come from tests/golden/sklearn_metrics.py. */
#include "base/alloc.h"
#include "base/json.h"
#include "test.h"
#include "weft/eval.h"

static const double TOLERANCE = 1e-12;

static json_t *load(void) {
    wf_context cx = {0};
    json_t *document = NULL;
    char path[] = WF_SOURCE_DIR "/tests/golden/sklearn_metrics.json";
    CHECK_OK(&cx, wf_json_read(&document, &cx, path));
    return document;
}

static double number_at(json_t *list, size_t i) {
    json_t *value = json_array_get(list, i);
    CHECK(json_is_number(value));
    return json_number_value(value);
}

static double number(json_t *object, const char *key) {
    json_t *value = json_object_get(object, key);
    CHECK(json_is_number(value));
    return json_number_value(value);
}

/* null: unknown */
static void check_figure(double actual, json_t *expected) {
    CHECK(expected);
    if (json_is_null(expected)) CHECK(isnan(actual));
    else CHECK_NEAR(actual, json_number_value(expected), TOLERANCE);
}

static wf_evaluation *evaluate(json_t *c, wf_context *cx) {
    json_t *labels = json_object_get(c, "labels"), *rows = json_object_get(c, "probabilities");
    size_t count = json_array_size(labels), k = json_array_size(json_array_get(rows, 0));
    int32_t *label = NULL;
    float *p = NULL;
    wf_evaluation *e = NULL;
    CHECK_OK(cx, wf_alloc(&label, cx, count, sizeof *label));
    CHECK_OK(cx, wf_alloc(&p, cx, count * k, sizeof *p));
    for (size_t i = 0; i < count; i++) {
        label[i] = (int32_t)number_at(labels, i);
        for (size_t j = 0; j < k; j++) p[i * k + j] = (float)number_at(json_array_get(rows, i), j);
    }
    CHECK_OK(cx, wf_evaluation_create(&e, cx, label, p, (int64_t)count, (int)k, NULL));
    wf_free(label);
    wf_free(p);
    return e;
}

static void check_average(const wf_class_score *score, json_t *expected) {
    CHECK_NEAR(score->precision, number(expected, "precision"), TOLERANCE);
    CHECK_NEAR(score->recall, number(expected, "recall"), TOLERANCE);
    CHECK_NEAR(score->f1, number(expected, "f1"), TOLERANCE);
}

static void check_rankings(json_t *ranking, const wf_evaluation *e) {
    json_t *auc = json_object_get(ranking, "auc");
    json_t *precision = json_object_get(ranking, "average_precision");
    for (int i = 0; i < e->class_count; i++) {
        size_t at = (size_t)i;
        check_figure(e->classes[i].auc, json_array_get(json_object_get(auc, "classes"), at));
        check_figure(e->classes[i].average_precision,
                     json_array_get(json_object_get(precision, "classes"), at));
    }
    check_figure(e->macro.auc, json_object_get(auc, "macro"));
    check_figure(e->micro.auc, json_object_get(auc, "micro"));
    check_figure(e->weighted.auc, json_object_get(auc, "weighted"));
    check_figure(e->macro.average_precision, json_object_get(precision, "macro"));
    check_figure(e->micro.average_precision, json_object_get(precision, "micro"));
    check_figure(e->weighted.average_precision, json_object_get(precision, "weighted"));
}

static void check_case(json_t *c, const wf_evaluation *e) {
    int k = e->class_count;
    CHECK_INT(json_array_size(json_object_get(c, "confusion")), k);
    CHECK_NEAR(e->accuracy, number(c, "accuracy"), TOLERANCE);
    CHECK_NEAR(e->loss, number(c, "loss"), TOLERANCE);
    check_figure(e->balanced_accuracy, json_object_get(c, "balanced_accuracy"));
    check_figure(e->mcc, json_object_get(c, "mcc"));
    check_figure(e->kappa, json_object_get(c, "kappa"));
    check_figure(e->brier, json_object_get(c, "brier"));
    check_figure(e->calibration_error.expected, json_object_get(c, "ece"));
    check_figure(e->calibration_error.most, json_object_get(c, "mce"));
    check_rankings(json_object_get(c, "ranking"), e);
    check_average(&e->macro, json_object_get(c, "macro"));
    check_average(&e->micro, json_object_get(c, "micro"));
    check_average(&e->weighted, json_object_get(c, "weighted"));
    for (int i = 0; i < k; i++) {
        size_t at = (size_t)i;
        json_t *row = json_array_get(json_object_get(c, "confusion"), at);
        for (int j = 0; j < k; j++) CHECK_INT(e->confusion[i * k + j], number_at(row, (size_t)j));
        CHECK_NEAR(e->classes[i].precision, number_at(json_object_get(c, "precision"), at),
                   TOLERANCE);
        CHECK_NEAR(e->classes[i].recall, number_at(json_object_get(c, "recall"), at), TOLERANCE);
        CHECK_NEAR(e->classes[i].f1, number_at(json_object_get(c, "f1"), at), TOLERANCE);
        CHECK_INT(e->classes[i].support, number_at(json_object_get(c, "support"), at));
        CHECK_NEAR(e->top_k[i], number_at(json_object_get(c, "top_k"), at), TOLERANCE);
    }
}

TEST(every_figure_equals_scikit_learn) {
    wf_context cx = {0};
    json_t *document = load(), *cases = json_object_get(document, "cases");
    CHECK_INT(json_array_size(cases), 16);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        json_t *c = json_array_get(cases, i);
        wf_evaluation *e = evaluate(c, &cx);
        check_case(c, e);
        wf_evaluation_destroy(e);
    }
    json_decref(document);
}

TEST(json_gives_back_every_figure) {
    wf_context cx = {0};
    json_t *document = load(), *cases = json_object_get(document, "cases");
    for (size_t i = 0; i < json_array_size(cases); i++) {
        json_t *c = json_array_get(cases, i);
        wf_evaluation *e = evaluate(c, &cx), *again = NULL;
        char *text = NULL, *text_again = NULL;
        CHECK_OK(&cx, wf_evaluation_to_json(&text, &cx, e));
        CHECK_OK(&cx, wf_evaluation_from_json(&again, &cx, text, strlen(text)));
        check_case(c, again);
        CHECK_OK(&cx, wf_evaluation_to_json(&text_again, &cx, again));
        CHECK_STR(text_again, text);
        wf_text_free(text);
        wf_text_free(text_again);
        wf_evaluation_destroy(e);
        wf_evaluation_destroy(again);
    }
    json_decref(document);
}

TEST(mean_and_standard_deviation_equal_numpy) {
    json_t *document = load(), *spreads = json_object_get(document, "spreads");
    CHECK_INT(json_array_size(spreads), 3);
    for (size_t i = 0; i < json_array_size(spreads); i++) {
        json_t *s = json_array_get(spreads, i), *values = json_object_get(s, "values");
        double v[8];
        size_t n = json_array_size(values);
        CHECK(n <= 8);
        for (size_t j = 0; j < n; j++) v[j] = number_at(values, j);
        wf_spread spread = wf_spread_of(v, n);
        CHECK_INT(spread.count, n);
        CHECK_NEAR(spread.mean, number(s, "mean"), TOLERANCE);
        if (n > 1) CHECK_NEAR(spread.sd, number(s, "sd"), TOLERANCE);
        else CHECK(isnan(spread.sd));
    }
    json_decref(document);
}

TEST(unknown_values_do_not_enter_a_mean) {
    double v[] = {(double)NAN, 1, 3, (double)NAN};
    wf_spread s = wf_spread_of(v, 4);
    CHECK_INT(s.count, 2);
    CHECK_NEAR(s.mean, 2, 0);
    CHECK_NEAR(s.sd, sqrt(2), TOLERANCE);
    s = wf_spread_of(v, 1);
    CHECK_INT(s.count, 0);
    CHECK(isnan(s.mean) && isnan(s.sd));
}

TEST(standard_error_of_an_accuracy) {
    CHECK_NEAR(wf_accuracy_standard_error(0.9, 10000), 0.003, 1e-15);
    CHECK(isnan(wf_accuracy_standard_error(0.9, 0)));
}

TEST_MAIN()
