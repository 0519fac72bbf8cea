/* Curves, and single figures of one class against the rest, against scikit-learn; the data come
 * from tests/golden/sklearn_curves.py. */
#include "base/alloc.h"
#include "base/json.h"
#include "test.h"
#include "weft/metrics.h"

static const double TOLERANCE = 1e-12;

enum { MOST = 100 };

/* What the functions are asked about, and what scikit-learn says. */
typedef struct problem {
    json_t *c;
    uint8_t truth[MOST];
    float scores[MOST];
    int64_t count;
} problem;

static wf_context cx;

static json_t *load(void) {
    json_t *cases = NULL;
    CHECK_OK(&cx, wf_json_read(&cases, &cx, WF_SOURCE_DIR "/tests/golden/sklearn_curves.json"));
    CHECK_INT(json_array_size(cases), 14);
    return cases;
}

static problem problem_at(json_t *cases, size_t i) {
    problem p = {.c = json_array_get(cases, i)};
    json_t *truth = json_object_get(p.c, "truth"), *scores = json_object_get(p.c, "scores");
    p.count = (int64_t)json_array_size(truth);
    CHECK(p.count <= MOST);
    for (size_t j = 0; j < (size_t)p.count; j++) {
        p.truth[j] = (uint8_t)json_integer_value(json_array_get(truth, j));
        p.scores[j] = (float)json_number_value(json_array_get(scores, j));
    }
    return p;
}

/* scikit-learn's lists; NULL when it raised an error, which `status` must then be, too. */
static json_t *expect(const problem *p, const char *key, wf_status status) {
    json_t *outcome = json_object_get(p->c, key);
    CHECK(outcome);
    if (json_object_get(outcome, "error")) {
        CHECK_INT(status, WF_E_DATA);
        CHECK(*cx.message);
        wf_context_reset(&cx);
        return NULL;
    }
    if (status != WF_OK) printf("%s: %s\n", key, cx.message);
    CHECK_INT(status, WF_OK);
    return json_object_get(outcome, "values");
}

static void check_number(double actual, json_t *list, size_t i) {
    json_t *expected = json_array_get(list, i);
    CHECK(expected);
    if (json_is_null(expected)) CHECK(isnan(actual));
    else CHECK_NEAR(actual, json_number_value(expected), TOLERANCE);
}

static void check_list(const double *actual, int64_t count, json_t *expected) {
    CHECK_INT(count, json_array_size(expected));
    for (int64_t i = 0; i < count; i++) check_number(actual[i], expected, (size_t)i);
}

static void check_roc(const problem *p, const char *key, int drop_intermediate) {
    wf_threshold_curve curve = {0};
    wf_status status = wf_roc_curve(&curve, &cx, p->truth, p->scores, p->count, drop_intermediate);
    json_t *expected = expect(p, key, status);
    if (!expected) return;
    check_list(curve.x, curve.count, json_array_get(expected, 0));
    check_list(curve.y, curve.count, json_array_get(expected, 1));
    check_list(curve.threshold, curve.count, json_array_get(expected, 2));
    wf_threshold_curve_reset(&curve);
}

TEST(roc_curves_equal_scikit_learns) {
    json_t *cases = load();
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const problem p = problem_at(cases, i);
        check_roc(&p, "roc", 1);
        check_roc(&p, "roc_all", 0);
    }
    json_decref(cases);
}

TEST(precision_recall_curves_equal_scikit_learns) {
    json_t *cases = load();
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const problem p = problem_at(cases, i);
        wf_threshold_curve curve = {0};
        wf_status status = wf_precision_recall_curve(&curve, &cx, p.truth, p.scores, p.count);
        json_t *expected = expect(&p, "precision_recall", status);
        if (!expected) continue;
        check_list(curve.y, curve.count, json_array_get(expected, 0));
        check_list(curve.x, curve.count, json_array_get(expected, 1));
        check_list(curve.threshold, curve.count - 1, json_array_get(expected, 2));
        CHECK(isinf(curve.threshold[curve.count - 1]));
        wf_threshold_curve_reset(&curve);
    }
    json_decref(cases);
}

TEST(auc_average_precision_and_brier_score_equal_scikit_learns) {
    static const struct {
        const char *key;
        wf_status (*figure)(double *, wf_context *, const uint8_t *, const float *, int64_t);
    } figures[] = {{"auc", wf_roc_auc},
                   {"average_precision", wf_average_precision},
                   {"brier", wf_brier_score}};
    json_t *cases = load();
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const problem p = problem_at(cases, i);
        for (size_t f = 0; f < sizeof figures / sizeof *figures; f++) {
            double value = -7;
            wf_status status = figures[f].figure(&value, &cx, p.truth, p.scores, p.count);
            json_t *expected = expect(&p, figures[f].key, status);
            if (expected) check_number(value, json_array_get(expected, 0), 0);
            else CHECK_NEAR(value, -7, 0);
        }
    }
    json_decref(cases);
}

static void check_calibration(const problem *p, int bin_count, wf_calibration_bins kind) {
    wf_calibration_bin bins[15];
    char key[32];
    size_t filled = 0;
    snprintf(key, sizeof key, "%s_%d", kind == WF_BINS_UNIFORM ? "uniform" : "quantile", bin_count);
    wf_status status =
        wf_calibration_curve(bins, &cx, p->truth, p->scores, p->count, bin_count, kind);
    json_t *expected = expect(p, key, status);
    if (!expected) return;
    int64_t total = 0;
    for (int i = 0; i < bin_count; i++) {
        total += bins[i].count;
        CHECK(i == 0 || bins[i].low == bins[i - 1].high);
        if (bins[i].count == 0) CHECK(isnan(bins[i].share) && isnan(bins[i].probability));
        if (bins[i].count == 0) continue;
        check_number(bins[i].share, json_array_get(expected, 0), filled);
        check_number(bins[i].probability, json_array_get(expected, 1), filled++);
    }
    CHECK_INT(total, p->count);
    CHECK_INT(filled, json_array_size(json_array_get(expected, 0)));
}

TEST(calibration_curves_equal_scikit_learns) {
    static const int bin_counts[] = {1, 5, 15};
    json_t *cases = load();
    for (size_t i = 0; i < json_array_size(cases); i++)
        for (size_t b = 0; b < 3; b++) {
            const problem p = problem_at(cases, i);
            check_calibration(&p, bin_counts[b], WF_BINS_UNIFORM);
            check_calibration(&p, bin_counts[b], WF_BINS_QUANTILE);
        }
    json_decref(cases);
}

TEST(bad_input_is_refused_by_name) {
    static const uint8_t truth[] = {0, 1, 1}, odd[] = {0, 1, 2}, same[] = {1, 1, 1};
    static const float scores[] = {.1f, .7f, .4f}, nan[] = {.1f, (float)NAN, .4f};
    static const float above[] = {.1f, 1.5f, .4f};
    wf_threshold_curve curve = {0};
    wf_calibration_bin bin = {.count = 5};
    double value = 9;
    CHECK_INT(wf_roc_auc(&value, &cx, same, scores, 3), WF_E_DATA);
    CHECK_STR(cx.message, "ROC AUC: all 3 entries are positive, both kinds must be there");
    CHECK_INT(wf_roc_auc(&value, &cx, truth, nan, 3), WF_E_DATA);
    CHECK_STR(cx.message, "ROC AUC: score of entry 1 is nan, must be finite");
    CHECK_INT(wf_average_precision(&value, &cx, odd, scores, 3), WF_E_DATA);
    CHECK_STR(cx.message, "average precision: truth of entry 2 is 2, must be 0 or 1");
    CHECK_INT(wf_brier_score(&value, &cx, truth, above, 3), WF_E_DATA);
    CHECK_STR(cx.message, "Brier score: probability of entry 1 is 1.5, must be between 0 and 1");
    CHECK_FAILS(&cx, wf_roc_curve(&curve, &cx, truth, nan, 3, 1), WF_E_DATA);
    CHECK_FAILS(&cx, wf_precision_recall_curve(&curve, &cx, truth, scores, 0), WF_E_DATA);
    CHECK_FAILS(&cx, wf_calibration_curve(&bin, &cx, truth, scores, 3, 0, WF_BINS_UNIFORM),
                WF_E_ARG);
    CHECK(value == 9 && bin.count == 5 && !curve.x);
}

static wf_status make_everything(void) {
    static const uint8_t truth[] = {0, 1, 1, 0};
    static const float scores[] = {.1f, .7f, .4f, .4f};
    wf_threshold_curve roc = {0}, precision_recall = {0};
    wf_calibration_bin bins[2];
    double value;
    wf_status status = wf_roc_curve(&roc, &cx, truth, scores, 4, 1);
    if (status == WF_OK)
        status = wf_precision_recall_curve(&precision_recall, &cx, truth, scores, 4);
    if (status == WF_OK)
        status = wf_calibration_curve(bins, &cx, truth, scores, 4, 2, WF_BINS_QUANTILE);
    if (status == WF_OK) status = wf_roc_auc(&value, &cx, truth, scores, 4);
    if (status == WF_OK) status = wf_average_precision(&value, &cx, truth, scores, 4);
    wf_threshold_curve_reset(&roc);
    wf_threshold_curve_reset(&precision_recall);
    return status;
}

TEST(no_allocation_may_fail_unseen) {
    int failures = 0;
    for (long k = 1;; k++) {
        wf__alloc_fail_at(k);
        wf_status status = make_everything();
        wf__alloc_fail_at(0);
        if (status == WF_OK) break;
        CHECK_INT(status, WF_E_NOMEM);
        failures++;
    }
    CHECK_INT(failures, 4 + 4 + 1 + 2 + 2);
}

TEST_MAIN()
