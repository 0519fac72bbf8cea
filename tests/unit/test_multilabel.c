/* Several labels per image, and averages over classes, against scikit-learn; the data come from
 * tests/golden/sklearn_multilabel.py. */
#include "base/alloc.h"
#include "base/json.h"
#include "test.h"
#include "weft/metrics.h"

static const double TOLERANCE = 1e-12;
static const char *const averages[] = {"macro", "micro", "weighted", "samples"};

enum { MOST = 256, MOST_LABELS = 8 };

static wf_context cx;

/* A matrix [count][width] of the document. */
typedef struct matrix {
    double values[MOST];
    int64_t count;
    int width;
} matrix;

static matrix read_matrix(json_t *c, const char *key) {
    json_t *rows = json_object_get(c, key);
    matrix m = {.count = (int64_t)json_array_size(rows)};
    m.width = (int)json_array_size(json_array_get(rows, 0));
    CHECK(m.count > 0 && m.width > 1 && m.count * m.width <= MOST);
    for (int64_t i = 0; i < m.count * m.width; i++) {
        json_t *row = json_array_get(rows, (size_t)(i / m.width));
        m.values[i] = json_number_value(json_array_get(row, (size_t)(i % m.width)));
    }
    return m;
}

typedef struct problem {
    uint8_t targets[MOST], predicted[MOST];
    float scores[MOST];
    int64_t count;
    int width;
} problem;

static problem read_problem(json_t *c) {
    matrix targets = read_matrix(c, "targets"), scores = read_matrix(c, "scores");
    problem p = {.count = scores.count, .width = scores.width};
    CHECK(targets.count == scores.count && targets.width == scores.width);
    for (int64_t i = 0; i < p.count * p.width; i++) {
        p.targets[i] = (uint8_t)targets.values[i];
        p.scores[i] = (float)scores.values[i];
        p.predicted[i] = scores.values[i] >= 0.5;
    }
    return p;
}

static json_t *load(void) {
    json_t *document = NULL;
    CHECK_OK(&cx,
             wf_json_read(&document, &cx, WF_SOURCE_DIR "/tests/golden/sklearn_multilabel.json"));
    CHECK_INT(json_array_size(json_object_get(document, "labels")), 12);
    CHECK_INT(json_array_size(json_object_get(document, "classes")), 5);
    return document;
}

/* null: scikit-learn raises, weft fails and says why. */
static void check_outcome(wf_status status, double value, json_t *expected) {
    CHECK(expected);
    if (json_is_null(expected)) {
        CHECK(status == WF_E_DATA || status == WF_E_ARG);
        CHECK(*cx.message && value == -7);
        wf_context_reset(&cx);
        return;
    }
    CHECK_OK(&cx, status);
    CHECK_NEAR(value, json_number_value(expected), TOLERANCE);
}

static void check_score(const wf_label_score *s, json_t *expected) {
    const double actual[] = {s->precision, s->recall, s->f1, s->jaccard};
    CHECK_INT(json_array_size(expected), 4);
    for (size_t i = 0; i < 4; i++)
        CHECK_NEAR(actual[i], json_number_value(json_array_get(expected, i)), TOLERANCE);
}

TEST(scores_of_labels_equal_scikit_learns) {
    json_t *document = load(), *cases = json_object_get(document, "labels");
    for (size_t i = 0; i < json_array_size(cases); i++) {
        json_t *c = json_array_get(cases, i);
        const problem p = read_problem(c);
        wf_label_scores all;
        wf_label_score labels[MOST_LABELS];
        CHECK_OK(&cx,
                 wf_multilabel_scores(&all, labels, &cx, p.targets, p.predicted, p.count, p.width));
        for (size_t j = 0; j < (size_t)p.width; j++) {
            check_score(&labels[j], json_array_get(json_object_get(c, "labels"), j));
            json_t *support = json_array_get(json_object_get(c, "support"), j);
            CHECK_INT(labels[j].support, json_integer_value(support));
        }
        const wf_label_score *scores[] = {&all.macro, &all.micro, &all.weighted, &all.samples};
        for (size_t a = 0; a < 4; a++)
            check_score(scores[a], json_object_get(json_object_get(c, "averages"), averages[a]));
        check_outcome(WF_OK, all.subset_accuracy, json_object_get(c, "subset_accuracy"));
        check_outcome(WF_OK, all.hamming_loss, json_object_get(c, "hamming_loss"));
    }
    json_decref(document);
}

TEST(averaged_rankings_equal_scikit_learns) {
    json_t *document = load(), *cases = json_object_get(document, "labels");
    for (size_t i = 0; i < json_array_size(cases); i++) {
        json_t *c = json_array_get(cases, i);
        const problem p = read_problem(c);
        for (size_t a = 0; a < 4; a++) {
            double auc = -7, precision = -7;
            wf_status status = wf_multilabel_roc_auc(&auc, &cx, p.targets, p.scores, p.count,
                                                     p.width, (wf_average)a);
            check_outcome(status, auc, json_object_get(json_object_get(c, "auc"), averages[a]));
            status = wf_multilabel_average_precision(&precision, &cx, p.targets, p.scores, p.count,
                                                     p.width, (wf_average)a);
            check_outcome(status, precision,
                          json_object_get(json_object_get(c, "average_precision"), averages[a]));
        }
    }
    json_decref(document);
}

TEST(rankings_of_an_images_labels_equal_scikit_learns) {
    static const struct {
        const char *key;
        wf_status (*figure)(double *, wf_context *, const uint8_t *, const float *, int64_t, int);
    } figures[] = {{"label_ranking_average_precision", wf_label_ranking_average_precision},
                   {"coverage_error", wf_coverage_error},
                   {"label_ranking_loss", wf_label_ranking_loss}};
    json_t *document = load(), *cases = json_object_get(document, "labels");
    for (size_t i = 0; i < json_array_size(cases); i++) {
        json_t *c = json_array_get(cases, i);
        const problem p = read_problem(c);
        for (size_t f = 0; f < 3; f++) {
            double value = -7;
            wf_status status =
                figures[f].figure(&value, &cx, p.targets, p.scores, p.count, p.width);
            check_outcome(status, value, json_object_get(c, figures[f].key));
        }
    }
    json_decref(document);
}

TEST(auc_of_classes_equals_scikit_learns) {
    json_t *document = load(), *cases = json_object_get(document, "classes");
    for (size_t i = 0; i < json_array_size(cases); i++) {
        json_t *c = json_array_get(cases, i);
        matrix m = read_matrix(c, "probabilities");
        int32_t labels[MOST];
        float p[MOST];
        for (int64_t j = 0; j < m.count; j++)
            labels[j] = (int32_t)json_integer_value(
                json_array_get(json_object_get(c, "labels"), (size_t)j));
        for (int64_t j = 0; j < m.count * m.width; j++) p[j] = (float)m.values[j];
        for (size_t a = 0; a < 4; a++) {
            double auc = -7;
            wf_status status =
                wf_multiclass_roc_auc(&auc, &cx, labels, p, m.count, m.width, (wf_average)a);
            check_outcome(status, auc, json_object_get(json_object_get(c, "auc"), averages[a]));
        }
    }
    json_decref(document);
}

TEST(bad_input_is_refused_by_name) {
    static const uint8_t targets[] = {1, 0, 1, 1}, odd[] = {1, 0, 1, 3};
    static const float scores[] = {.1f, .7f, .4f, .2f}, nan[] = {.1f, .7f, .4f, (float)NAN};
    static const int32_t labels[] = {1, 0}, wrong[] = {1, 2};
    static const float p[] = {.5f, .5f, .2f, .8f}, twice[] = {.5f, .5f, .4f, 1.6f};
    wf_label_scores all;
    double value = 9;
    CHECK_INT(wf_multilabel_scores(&all, NULL, &cx, targets, odd, 2, 2), WF_E_DATA);
    CHECK_STR(cx.message,
              "multi-label scores: prediction of label 1 for image 1 is 3, must be 0 or 1");
    CHECK_INT(wf_multilabel_scores(&all, NULL, &cx, targets, targets, 4, 1), WF_E_ARG);
    CHECK_STR(cx.message, "multi-label scores: 1 labels, at least two are needed");
    CHECK_INT(wf_coverage_error(&value, &cx, targets, nan, 2, 2), WF_E_DATA);
    CHECK_STR(cx.message, "coverage error: score of image 1 in column 1 is nan, must be finite");
    CHECK_INT(wf_label_ranking_loss(&value, &cx, targets, scores, 0, 2), WF_E_DATA);
    CHECK_STR(cx.message, "label ranking loss: 0 images, at least one is needed");
    CHECK_INT(wf_multilabel_roc_auc(&value, &cx, targets, scores, 2, 2, WF_AVERAGE_MACRO),
              WF_E_DATA);
    CHECK_STR(cx.message,
              "ROC AUC: 2 of 2 entries of label 0 are positive, both kinds must be there");
    CHECK_INT(wf_multilabel_roc_auc(&value, &cx, targets, scores, 2, 2, WF_AVERAGE_SAMPLES),
              WF_E_DATA);
    CHECK_STR(cx.message,
              "ROC AUC: 2 of 2 entries of image 1 are positive, both kinds must be there");
    CHECK_INT(wf_multiclass_roc_auc(&value, &cx, wrong, p, 2, 2, WF_AVERAGE_MACRO), WF_E_DATA);
    CHECK_STR(cx.message, "ROC AUC: label of image 1 is 2, must be between 0 and 1");
    CHECK_INT(wf_multiclass_roc_auc(&value, &cx, labels, twice, 2, 2, WF_AVERAGE_MACRO), WF_E_DATA);
    CHECK_STR(cx.message, "ROC AUC: the probabilities of image 1 add up to 2, must be 1");
    CHECK_FAILS(&cx, wf_multiclass_roc_auc(&value, &cx, labels, p, 2, 1, WF_AVERAGE_MACRO),
                WF_E_ARG);
    CHECK_NEAR(value, 9, 0);
}

static wf_status make_everything(void) {
    static const uint8_t targets[] = {1, 0, 0, 1};
    static const float scores[] = {.1f, .7f, .4f, .2f}, p[] = {.5f, .5f, .2f, .8f};
    static const int32_t labels[] = {1, 0};
    wf_label_scores all;
    double value;
    WF_TRY(wf_multilabel_scores(&all, NULL, &cx, targets, targets, 2, 2));
    WF_TRY(wf_multilabel_roc_auc(&value, &cx, targets, scores, 2, 2, WF_AVERAGE_MACRO));
    WF_TRY(wf_multilabel_average_precision(&value, &cx, targets, scores, 2, 2, WF_AVERAGE_SAMPLES));
    return wf_multiclass_roc_auc(&value, &cx, labels, p, 2, 2, WF_AVERAGE_WEIGHTED);
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
    CHECK(failures >= 8);
}

TEST_MAIN()
