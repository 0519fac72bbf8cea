/* What is decided from probabilities of labels: thresholds for whole sets, and Bayes' rule with a
 * known distribution of sets; against numpy (the data come from tests/golden/decisions.py). */
#include <math.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/rng.h"
#include "eval/prior.h"
#include "scratch.h"
#include "test.h"
#include "weft/compose.h"
#include "weft/eval.h"

enum { MOST = 1024 };

static wf_context cx;

static json_t *document(void) {
    static json_t *d;
    if (!d) CHECK_OK(&cx, wf_json_read(&d, &cx, WF_SOURCE_DIR "/tests/golden/decisions.json"));
    return d;
}

/* The numbers of an array of arrays, or of one array. */
static int64_t numbers(double *out, const json_t *list) {
    int64_t n = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *entry = json_array_get(list, i);
        if (json_is_array(entry)) n += numbers(out + n, entry);
        else out[n++] = json_number_value(entry);
        CHECK(n <= MOST);
    }
    return n;
}

static int64_t floats(float *out, const json_t *list) {
    double values[MOST];
    const int64_t n = numbers(values, list);
    for (int64_t i = 0; i < n; i++) out[i] = (float)values[i];
    return n;
}

/* ---- thresholds ---- */

static int64_t all_right(const uint8_t *targets, const float *p, const double *limits, int64_t n,
                         int k) {
    int64_t right = 0;
    for (int64_t i = 0; i < n; i++) {
        int wrong = 0;
        for (int j = 0; j < k; j++)
            wrong += ((double)p[i * k + j] > limits[j]) != targets[i * k + j];
        right += !wrong;
    }
    return right;
}

TEST(thresholds_for_whole_sets) {
    const json_t *cases = json_object_get(document(), "thresholds");
    CHECK_INT(json_array_size(cases), 5);
    for (size_t c = 0; c < json_array_size(cases); c++) {
        const json_t *one = json_array_get(cases, c);
        double values[MOST], expected[16], limits[16];
        uint8_t targets[MOST];
        float p[MOST];
        const int64_t size = numbers(values, json_object_get(one, "targets"));
        for (int64_t i = 0; i < size; i++) targets[i] = values[i] != 0;
        CHECK_INT(floats(p, json_object_get(one, "probabilities")), size);
        const int k = (int)numbers(expected, json_object_get(one, "thresholds"));
        CHECK_OK(&cx, wf_thresholds_tune_subset(limits, &cx, targets, p, size / k, k));
        for (int j = 0; j < k; j++) CHECK_NEAR(limits[j], expected[j], 1e-12);
        CHECK_INT(all_right(targets, p, limits, size / k, k),
                  json_integer_value(json_object_get(one, "right")));
    }
}

TEST(thresholds_want_probabilities) {
    double limits[2] = {-7, -7};
    const uint8_t targets[] = {1, 0};
    const float p[] = {0.5f, 1.5f};
    CHECK_FAILS(&cx, wf_thresholds_tune_subset(limits, &cx, targets, p, 1, 2), WF_E_DATA);
    CHECK_FAILS(&cx, wf_thresholds_tune_subset(limits, &cx, targets, p, 1, 1), WF_E_ARG);
    CHECK_NEAR(limits[0], -7, 0);
}

/* ---- Bayes' rule ---- */

static wf_prior *make(const json_t *probabilities, int labels) {
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    json_t *classes = json_array();
    wf_prior *prior = NULL;
    for (int k = 0; k < labels; k++) json_array_append_new(classes, json_string(names[k]));
    json_t *j = json_pack("{s:f, s:o, s:O}", "dependence", 1.0, "classes", classes, "probabilities",
                          probabilities);
    CHECK_OK(&cx, wf_json_write(&cx, scratch("distribution.json"), j));
    CHECK_OK(&cx, wf_prior_read(&prior, &cx, scratch("distribution.json")));
    json_decref(j);
    return prior;
}

TEST(the_likeliest_set) {
    const json_t *cases = json_object_get(document(), "sets");
    CHECK_INT(json_array_size(cases), 5);
    for (size_t c = 0; c < json_array_size(cases); c++) {
        const json_t *one = json_array_get(cases, c), *prior_list = json_object_get(one, "prior");
        const int labels = __builtin_ctzll(json_array_size(prior_list));
        double set[MOST], best[MOST], marginal[MOST], log_p[MOST];
        float q[MOST], told[MOST];
        uint8_t sets[MOST];
        const int64_t n = floats(q, json_object_get(one, "q")) / labels;
        numbers(set, json_object_get(one, "sets"));
        CHECK_INT(numbers(best, json_object_get(one, "p")), n);
        numbers(marginal, json_object_get(one, "labels"));
        wf_prior *prior = make(prior_list, labels);
        CHECK_INT(prior->labels, labels);
        const wf_set_answers out = {.sets = sets, .labels = told, .log_p = log_p};
        CHECK_OK(&cx, wf_prior_decide(&out, &cx, prior, q, n));
        for (int64_t i = 0; i < n; i++) CHECK_NEAR(log_p[i], log(best[i]), 1e-9);
        for (int64_t i = 0; i < n * labels; i++) {
            CHECK_INT(sets[i], (int)set[i]);
            CHECK_NEAR(told[i], marginal[i], 1e-6);
        }
        wf_prior_destroy(prior);
    }
}

/* ---- outfits ---- */

static wf_prior *prior_of(double dependence) {
    wf_outfits o;
    wf_prior *prior = NULL;
    json_t *list = json_array(), *names = json_array();
    CHECK_OK(&cx, wf_outfits_create(&o, &cx, dependence));
    for (int s = 0; s < WF_OUTFIT_SETS; s++)
        json_array_append_new(list, json_real(o.probabilities[s]));
    for (int k = 0; k < WF_OUTFIT_CLASSES; k++)
        json_array_append_new(names, json_sprintf("label %d", k));
    json_t *j = json_pack("{s:f, s:o, s:o}", "dependence", dependence, "classes", names,
                          "probabilities", list);
    CHECK_OK(&cx, wf_json_write(&cx, scratch("outfits.json"), j));
    CHECK_OK(&cx, wf_prior_read(&prior, &cx, scratch("outfits.json")));
    json_decref(j);
    return prior;
}

/* Where labels are independent, Bayes' rule changes nothing: each is there from one half on. */
TEST(independent_labels_stay_as_they_are) {
    wf_prior *prior = prior_of(0);
    float q[20 * WF_OUTFIT_CLASSES], told[20 * WF_OUTFIT_CLASSES];
    uint8_t sets[20 * WF_OUTFIT_CLASSES];
    const int n = 20 * WF_OUTFIT_CLASSES;
    for (int i = 0; i < n; i++) q[i] = ((float)(i * 37 % 101) + 0.25f) / 101.5f;
    const wf_set_answers out = {.sets = sets, .labels = told};
    CHECK_OK(&cx, wf_prior_decide(&out, &cx, prior, q, 20));
    for (int i = 0; i < n; i++) {
        CHECK_INT(sets[i], q[i] > 0.5f);
        CHECK_NEAR(told[i], q[i], 1e-6);
    }
    wf_prior_destroy(prior);
}

/* A classifier that has seen nothing says pi_k: what is left is the distribution of the sets. */
TEST(nothing_seen_is_the_prior) {
    wf_prior *prior = prior_of(1);
    float q[WF_OUTFIT_CLASSES], told[WF_OUTFIT_CLASSES];
    uint8_t set[WF_OUTFIT_CLASSES];
    double log_p, most = -INFINITY;
    for (int k = 0; k < WF_OUTFIT_CLASSES; k++) q[k] = (float)(1 / (1 + exp(-prior->log_odds[k])));
    const wf_set_answers out = {.sets = set, .labels = told, .log_p = &log_p};
    CHECK_OK(&cx, wf_prior_decide(&out, &cx, prior, q, 1));
    for (int s = 0; s < WF_OUTFIT_SETS; s++) most = fmax(most, prior->log_p[s]);
    CHECK_NEAR(log_p, most, 1e-6);
    for (int k = 0; k < WF_OUTFIT_CLASSES; k++) CHECK_NEAR(told[k], q[k], 1e-6);
    wf_prior_destroy(prior);
}

/* Sets drawn from the distribution, and of each label what a perfect classifier would say that saw
 * it through noise: sigma(logit pi + 1.5 z - 1.125), z ~ N(1.5 x, 1). */
enum { DRAWN = 4000 };

static void draw(uint8_t *sets, float *q, const wf_prior *prior) {
    wf_rng rng;
    wf_rng_init(&rng, 5, WF_STREAM_TEST, 0);
    for (int i = 0; i < DRAWN; i++, sets += WF_OUTFIT_CLASSES, q += WF_OUTFIT_CLASSES) {
        double left = wf_rng_uniform(&rng);
        int s = 0;
        while (s < WF_OUTFIT_SETS - 1 && (left -= exp(prior->log_p[s])) >= 0) s++;
        for (int k = 0; k < WF_OUTFIT_CLASSES; k++) {
            sets[k] = (uint8_t)(s >> k & 1);
            const double z = 1.5 * sets[k] + wf_rng_normal(&rng);
            q[k] = (float)(1 / (1 + exp(-(prior->log_odds[k] + 1.5 * z - 1.125))));
        }
    }
}

/* How often the likeliest set is the right one: as often as it says, and at dependence 2 more often
 * than each label from one half on. */
TEST(the_decision_is_as_good_as_it_says) {
    static uint8_t sets[DRAWN * WF_OUTFIT_CLASSES], told[DRAWN * WF_OUTFIT_CLASSES];
    static float q[DRAWN * WF_OUTFIT_CLASSES];
    static double log_p[DRAWN], asked_log_p[DRAWN];
    for (int dependence = 0; dependence <= 2; dependence += 2) {
        wf_prior *prior = prior_of(dependence);
        double said = 0, right = 0, right_at_half = 0, log_likelihood = 0;
        draw(sets, q, prior);
        const wf_set_answers out = {
            .sets = told, .log_p = log_p, .asked = sets, .asked_log_p = asked_log_p};
        CHECK_OK(&cx, wf_prior_decide(&out, &cx, prior, q, DRAWN));
        for (int i = 0; i < DRAWN; i++) {
            const uint8_t *set = sets + i * WF_OUTFIT_CLASSES;
            int is_half = 1;
            for (int k = 0; k < WF_OUTFIT_CLASSES; k++)
                is_half &= (q[i * WF_OUTFIT_CLASSES + k] > 0.5f) == set[k];
            const int is_right = !memcmp(set, told + i * WF_OUTFIT_CLASSES, WF_OUTFIT_CLASSES);
            CHECK(asked_log_p[i] <= log_p[i] && (asked_log_p[i] == log_p[i] || !is_right));
            said += exp(log_p[i]) / DRAWN;
            right += is_right / (double)DRAWN;
            right_at_half += is_half / (double)DRAWN;
            log_likelihood += asked_log_p[i] / DRAWN;
        }
        CHECK_NEAR(right, said, 4 * sqrt(said * (1 - said) / DRAWN));
        CHECK(log_likelihood < 0);
        if (dependence) CHECK(right > right_at_half + 0.05);
        else CHECK_NEAR(right, right_at_half, 0);
        wf_prior_destroy(prior);
    }
}

/* ---- bad input ---- */

static void refuse(const char *text, const char *says) {
    wf_prior *prior = NULL;
    scratch_text("bad.json", text);
    CHECK_INT(wf_prior_read(&prior, &cx, scratch("bad.json")), WF_E_DATA);
    CHECK(strstr(cx.message, says));
    CHECK(prior == NULL);
}

TEST(what_is_no_distribution_is_refused) {
    wf_prior *prior = NULL;
    CHECK_FAILS(&cx, wf_prior_read(&prior, &cx, scratch("none.json")), WF_E_NOTFOUND);
    refuse("{", "bad.json");
    refuse("{}", "dependence is missing");
    refuse("{\"dependence\": 1}", "classes");
    refuse("{\"dependence\": 1, \"classes\": [\"a\"]}", "classes has 1 entries, must have 2 to 12");
    refuse("{\"dependence\": 1, \"classes\": [\"a\", 3]}", "classes, entry 1 must be a text");
    refuse("{\"dependence\": 1, \"classes\": [\"a\", \"b\"]}", "probabilities");
    refuse("{\"dependence\": 1, \"classes\": [\"a\", \"b\"], \"probabilities\": [1]}",
           "probabilities has 1 entries, must have 2^2");
    refuse("{\"dependence\": 1, \"classes\": [\"a\", \"b\"], \"probabilities\": [1, -1, 0.5, 0.5]}",
           "entry 1 must be a number from 0");
    refuse("{\"dependence\": 1, \"classes\": [\"a\", \"b\"], \"probabilities\": [1, 0, 0.5, 0]}",
           "sum to 1.5, must sum to 1");
    refuse("{\"dependence\": 1, \"classes\": [\"a\", \"b\"], \"probabilities\": [0.5, 0, 0.5, 0]}",
           "label a has probability 0");
}

/* ---- no memory ---- */

static wf_status decide_something(void) {
    static const float q[] = {0.9f, 0.2f, 0.4f, 0.6f};
    static const uint8_t targets[] = {1, 0, 0, 1};
    double limits[2];
    uint8_t sets[4];
    wf_prior *prior = NULL;
    WF_TRY(wf_thresholds_tune_subset(limits, &cx, targets, q, 2, 2));
    WF_TRY(wf_prior_read(&prior, &cx, scratch("distribution.json")));
    const wf_set_answers out = {.sets = sets};
    wf_status status = wf_prior_decide(&out, &cx, prior, q, 2);
    wf_prior_destroy(prior);
    return status;
}

TEST(every_allocation_can_fail) {
    json_t *list = json_pack("[ffff]", 0.25, 0.25, 0.25, 0.25);
    wf_prior_destroy(make(list, 2));
    json_decref(list);
    int failures = 0;
    for (long k = 1; k < 1000; k++) {
        wf__alloc_fail_at(k);
        const wf_status status = decide_something();
        wf__alloc_fail_at(0);
        if (status == WF_OK) break;
        CHECK_INT(status, WF_E_NOMEM);
        wf_context_reset(&cx);
        failures++;
    }
    CHECK(failures > 8);
}

TEST_MAIN()
