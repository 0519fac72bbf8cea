/* Confident learning against the formulas of the paper in numpy, and against flipped labels; the
 * data come from tests/golden/confident_learning.py. */
#include "base/alloc.h"
#include "base/json.h"
#include "base/rng.h"
#include "test.h"
#include "weft/audit.h"
#include "weft/eval.h"

static wf_context cx;

static double number_at(json_t *list, int64_t i) {
    json_t *value = json_array_get(list, (size_t)i);
    CHECK(json_is_number(value));
    return json_number_value(value);
}

/* ---- golden ---- */

/* The errors of a case: of labels, or of sets of them. */
static wf_label_errors *find(json_t *c) {
    json_t *labels = json_object_get(c, "labels"), *sets = json_object_get(c, "sets"),
           *rows = json_object_get(c, "probabilities");
    int64_t n = (int64_t)json_array_size(rows),
            k = (int64_t)json_array_size(json_array_get(rows, 0));
    int32_t *label = NULL;
    uint8_t *set = NULL;
    float *p = NULL;
    wf_label_errors *e = NULL;
    CHECK_OK(&cx, wf_alloc(&label, &cx, (size_t)n, sizeof *label));
    CHECK_OK(&cx, wf_alloc(&set, &cx, (size_t)(n * k), sizeof *set));
    CHECK_OK(&cx, wf_alloc(&p, &cx, (size_t)(n * k), sizeof *p));
    for (int64_t i = 0; i < n; i++) {
        if (labels) label[i] = (int32_t)number_at(labels, i);
        for (int64_t j = 0; j < k; j++) {
            p[i * k + j] = (float)number_at(json_array_get(rows, (size_t)i), j);
            if (sets) set[i * k + j] = (uint8_t)number_at(json_array_get(sets, (size_t)i), j);
        }
    }
    if (sets) CHECK_OK(&cx, wf_label_set_errors_find(&e, &cx, set, p, n, (int)k));
    else CHECK_OK(&cx, wf_label_errors_find(&e, &cx, label, p, n, (int)k));
    wf_free(label);
    wf_free(set);
    wf_free(p);
    return e;
}

/* A list, or lists of lists, of numbers one behind the other; null is NAN. Returns how many. */
static int64_t check_numbers(const double *got, json_t *wanted) {
    int64_t n = 0;
    size_t i;
    json_t *one;
    if (json_is_null(wanted)) CHECK(isnan(*got));
    else if (!json_is_array(wanted)) CHECK_NEAR(*got, json_number_value(wanted), 1e-12);
    if (!json_is_array(wanted)) return 1;
    json_array_foreach(wanted, i, one) n += check_numbers(got + n, one);
    return n;
}

/* With so many thresholds, and so many numbers in the joint. */
static void check_case(json_t *c, const wf_label_errors *e, int64_t thresholds, int64_t joint) {
    double *confident = NULL;
    CHECK_OK(&cx, wf_alloc(&confident, &cx, (size_t)joint, sizeof *confident));
    for (int64_t i = 0; i < joint; i++) confident[i] = (double)e->confident[i];
    CHECK_INT(check_numbers(e->thresholds, json_object_get(c, "thresholds")), thresholds);
    CHECK_INT(check_numbers(confident, json_object_get(c, "confident")), joint);
    CHECK_INT(check_numbers(e->joint, json_object_get(c, "joint")), joint);
    wf_free(confident);
    CHECK_INT(e->error_count, json_array_size(json_object_get(c, "image")));
    for (int64_t i = 0; i < e->error_count; i++) {
        CHECK_INT(e->errors[i].image, number_at(json_object_get(c, "image"), i));
        CHECK_INT(e->errors[i].label, number_at(json_object_get(c, "label"), i));
        CHECK_INT(e->errors[i].suggested, number_at(json_object_get(c, "suggested"), i));
        CHECK_NEAR(e->errors[i].margin, number_at(json_object_get(c, "margin"), i), 1e-12);
        CHECK_NEAR(e->errors[i].self_confidence,
                   number_at(json_object_get(c, "self_confidence"), i), 1e-12);
    }
    json_t *pairs = json_object_get(c, "pairs");
    CHECK_INT(e->pair_count, json_array_size(pairs));
    for (int64_t i = 0; i < e->pair_count; i++) {
        json_t *pair = json_array_get(pairs, (size_t)i);
        CHECK_INT(e->pairs[i].label, number_at(pair, 0));
        CHECK_INT(e->pairs[i].other, number_at(pair, 1));
        CHECK_INT(e->pairs[i].flagged, number_at(pair, 2));
        CHECK_NEAR(e->pairs[i].estimated, number_at(pair, 3), 1e-12);
        CHECK_NEAR(e->pairs[i].share, number_at(pair, 4), 1e-12);
    }
}

TEST(everything_equals_the_formulas_in_numpy) {
    json_t *document = NULL, *c;
    size_t i;
    CHECK_OK(&cx,
             wf_json_read(&document, &cx, WF_SOURCE_DIR "/tests/golden/confident_learning.json"));
    CHECK_INT(json_array_size(json_object_get(document, "cases")), 10);
    json_array_foreach(json_object_get(document, "cases"), i, c) {
        wf_label_errors *e = find(c);
        check_case(c, e, e->class_count, e->class_count * e->class_count);
        wf_label_errors_destroy(e);
    }
    CHECK_INT(json_array_size(json_object_get(document, "sets")), 4);
    json_array_foreach(json_object_get(document, "sets"), i, c) {
        wf_label_errors *e = find(c);
        check_case(c, e, 2 * e->class_count, 4 * e->class_count);
        CHECK(e->error_count > 0);
        wf_label_errors_destroy(e);
    }
    json_decref(document);
}

/* ---- flipped on purpose ---- */

enum { CLASSES = 4, IMAGES = 40000 };

/* [true][given]: what share of a class is given which label. */
static const double noise[CLASSES][CLASSES] = {
    {0.88, 0.12, 0, 0}, {0, 1, 0, 0}, {0.02, 0, 0.90, 0.08}, {0, 0, 0.05, 0.95}};

static int draw(wf_rng *rng, const double *shares) {
    double at = wf_rng_uniform(rng);
    for (int j = 0; j < CLASSES - 1; j++) {
        if (at < shares[j]) return j;
        at -= shares[j];
    }
    return CLASSES - 1;
}

/* What the best model of the noisy labels says about an image at x, when class k is a normal
 * distribution around `spread` on axis k. */
static void posterior(float *p, const double *x, double spread) {
    double is_class[CLASSES], sum = 0;
    for (int k = 0; k < CLASSES; k++) sum += is_class[k] = exp(spread * x[k]);
    for (int j = 0; j < CLASSES; j++) {
        double given = 0;
        for (int k = 0; k < CLASSES; k++) given += is_class[k] / sum * noise[k][j];
        p[j] = (float)given;
    }
}

TEST(rates_of_flipped_labels_are_found) {
    static int32_t truth[IMAGES], labels[IMAGES];
    static float p[IMAGES][CLASSES];
    double joint[CLASSES][CLASSES] = {{0}};
    int64_t flipped = 0, found = 0;
    wf_label_errors *e = NULL;
    wf_rng rng;
    wf_rng_init(&rng, 11, WF_STREAM_TEST, 0);
    for (int i = 0; i < IMAGES; i++) {
        double x[CLASSES];
        truth[i] = (int32_t)wf_rng_below(&rng, CLASSES);
        labels[i] = draw(&rng, noise[truth[i]]);
        for (int k = 0; k < CLASSES; k++) x[k] = wf_rng_normal(&rng) + (truth[i] == k ? 5 : 0);
        posterior(p[i], x, 5);
        joint[labels[i]][truth[i]] += 1.0 / IMAGES;
        flipped += labels[i] != truth[i];
    }
    CHECK_OK(&cx, wf_label_errors_find(&e, &cx, labels, p[0], IMAGES, CLASSES));
    for (int i = 0; i < CLASSES; i++)
        for (int j = 0; j < CLASSES; j++) CHECK_NEAR(e->joint[i * CLASSES + j], joint[i][j], 0.002);
    for (int64_t i = 0; i < e->error_count; i++) {
        const wf_label_error *error = &e->errors[i];
        found += truth[error->image] != error->label && truth[error->image] == error->suggested;
    }
    CHECK(flipped > 2000);
    CHECK((double)found > 0.97 * (double)flipped);        /* most are found */
    CHECK((double)found > 0.97 * (double)e->error_count); /* and little else is flagged */
    wf_label_errors_destroy(e);
}

/* ---- limits ---- */

TEST(what_is_no_probability_is_refused) {
    const float good[] = {0.5f, 0.5f}, bad[] = {0.5f, NAN}, negative[] = {1.5f, -0.5f};
    const int32_t label = 1, high = 2;
    wf_label_errors *e = (wf_label_errors *)&cx;
    CHECK_FAILS(&cx, wf_label_errors_find(&e, &cx, &label, bad, 1, 2), WF_E_DATA);
    CHECK_FAILS(&cx, wf_label_errors_find(&e, &cx, &label, negative, 1, 2), WF_E_DATA);
    CHECK_FAILS(&cx, wf_label_errors_find(&e, &cx, &high, good, 1, 2), WF_E_DATA);
    CHECK_FAILS(&cx, wf_label_errors_find(&e, &cx, &label, good, 1, 0), WF_E_ARG);
    CHECK_FAILS(&cx, wf_label_errors_find(&e, &cx, &label, good, 1, 5000), WF_E_ARG);
    CHECK_FAILS(&cx, wf_label_errors_find(&e, &cx, &label, good, -1, 2), WF_E_ARG);
    CHECK(e == (wf_label_errors *)&cx);
    CHECK_OK(&cx, wf_label_errors_find(&e, &cx, NULL, NULL, 0, 2));
    CHECK_INT(e->error_count, 0);
    CHECK(isnan(e->thresholds[0]) && e->joint[3] == 0);
    wf_label_errors_destroy(e);
}

TEST(probabilities_of_sets_are_between_0_and_1) {
    const float bad[] = {0.5f, 1.5f}, none[] = {NAN, 0};
    const uint8_t set[] = {1, 0};
    wf_label_errors *e = NULL;
    CHECK_FAILS(&cx, wf_label_set_errors_find(&e, &cx, set, bad, 1, 2), WF_E_DATA);
    CHECK_FAILS(&cx, wf_label_set_errors_find(&e, &cx, set, none, 1, 2), WF_E_DATA);
    CHECK_FAILS(&cx, wf_label_set_errors_find(&e, &cx, set, bad, 1, 0), WF_E_ARG);
    CHECK(!e);
    CHECK_OK(&cx, wf_label_set_errors_find(&e, &cx, NULL, NULL, 0, 2));
    CHECK_INT(e->error_count + e->pair_count, 0);
    wf_label_errors_destroy(e);
}

TEST(every_allocation_may_fail) {
    const float p[] = {0.9f, 0.1f, 0.2f, 0.8f, 0.1f, 0.9f, 0.7f, 0.3f};
    const int32_t labels[] = {0, 1, 0, 1};
    const uint8_t sets[] = {1, 0, 0, 1, 1, 0, 0, 1};
    for (int of_sets = 0; of_sets < 2; of_sets++)
        for (long k = 1;; k++) {
            wf_label_errors *e = NULL;
            wf__alloc_fail_at(k);
            wf_status status = of_sets ? wf_label_set_errors_find(&e, &cx, sets, p, 4, 2)
                                       : wf_label_errors_find(&e, &cx, labels, p, 4, 2);
            wf__alloc_fail_at(0);
            if (status == WF_OK) {
                CHECK(k > 8);
                CHECK_INT(e->error_count, of_sets ? 4 : 2);
                wf_label_errors_destroy(e);
                break;
            }
            CHECK_INT(status, WF_E_NOMEM);
            CHECK(!e && cx.code == WF_E_NOMEM);
            wf_context_reset(&cx);
        }
}

TEST_MAIN()
