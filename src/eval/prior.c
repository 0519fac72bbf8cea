#include "eval/prior.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"

static const double LEAST = 0x1p-24, TOLERANCE = 1e-6;

/* ---- reading ---- */

static wf_status read_names(wf_prior *p, wf_context *cx, const json_t *document, const char *path) {
    json_t *list = NULL;
    WF_TRY(wf_json_get_array(&list, cx, document, "classes", path));
    const size_t n = json_array_size(list);
    WF_REQUIRE(n >= 2 && n <= WF_PRIOR_MAX_LABELS, WF_E_DATA,
               "%s: classes has %zu entries, must have 2 to %d: all sets of them are looked at",
               path, n, WF_PRIOR_MAX_LABELS);
    WF_TRY(wf_alloc(&p->names, cx, n, sizeof *p->names));
    p->labels = (int32_t)n;
    for (size_t k = 0; k < n; k++) {
        const char *name = json_string_value(json_array_get(list, k));
        WF_REQUIRE(name, WF_E_DATA, "%s: classes, entry %zu must be a text", path, k);
        WF_TRY(wf_strdup(&p->names[k], cx, name));
    }
    return WF_OK;
}

/* Leaves probabilities, not yet their logarithms, in log_p. */
static wf_status read_probabilities(wf_prior *p, wf_context *cx, const json_t *document,
                                    const char *path) {
    json_t *list = NULL;
    double sum = 0;
    const size_t count = (size_t)1 << p->labels;
    WF_TRY(wf_json_get_array(&list, cx, document, "probabilities", path));
    WF_REQUIRE(json_array_size(list) == count, WF_E_DATA,
               "%s: probabilities has %zu entries, must have 2^%d: one of each set of labels", path,
               json_array_size(list), (int)p->labels);
    WF_TRY(wf_alloc(&p->log_p, cx, count, sizeof *p->log_p));
    for (size_t s = 0; s < count; s++) {
        const json_t *value = json_array_get(list, s);
        p->log_p[s] = json_number_value(value);
        WF_REQUIRE(json_is_number(value) && p->log_p[s] >= 0, WF_E_DATA,
                   "%s: probabilities, entry %zu must be a number from 0", path, s);
        sum += p->log_p[s];
    }
    WF_REQUIRE(fabs(sum - 1) < TOLERANCE, WF_E_DATA,
               "%s: the probabilities sum to %.9g, must sum to 1", path, sum);
    return WF_OK;
}

static wf_status find_odds(wf_prior *p, wf_context *cx, const char *path) {
    WF_TRY(wf_alloc(&p->log_odds, cx, (size_t)p->labels, sizeof *p->log_odds));
    for (int32_t k = 0; k < p->labels; k++) {
        double with = 0;
        for (int32_t s = 0; s < 1 << p->labels; s++)
            if (s >> k & 1) with += p->log_p[s];
        WF_REQUIRE(with > 0 && with < 1, WF_E_DATA,
                   "%s: label %s has probability %g, must be neither always nor never there", path,
                   p->names[k], with);
        p->log_odds[k] = log(with / (1 - with));
    }
    for (int32_t s = 0; s < 1 << p->labels; s++) p->log_p[s] = log(p->log_p[s]);
    return WF_OK;
}

wf_status wf_prior_from_json(wf_prior **out, wf_context *cx, const json_t *document,
                             const char *path) {
    wf_prior *p = NULL;
    wf_status status;
    WF_TRY_OR(wf_alloc(&p, cx, 1, sizeof *p));
    const json_t *dependence = json_object_get(document, "dependence");
    p->dependence = json_number_value(dependence);
    WF_REQUIRE_OR(json_is_number(dependence), WF_E_DATA,
                  "%s: dependence is missing | weft compose outfits writes such a file", path);
    WF_TRY_OR(read_names(p, cx, document, path));
    WF_TRY_OR(read_probabilities(p, cx, document, path));
    WF_TRY_OR(find_odds(p, cx, path));
    *out = p;
    p = NULL;
done:
    wf_prior_destroy(p);
    return status;
}

wf_status wf_prior_read(wf_prior **out, wf_context *cx, const char *path) {
    json_t *document = NULL;
    WF_TRY(wf_json_read(&document, cx, path));
    wf_status status = wf_prior_from_json(out, cx, document, path);
    json_decref(document);
    return status;
}

void wf_prior_destroy(wf_prior *p) {
    if (!p) return;
    for (int32_t k = 0; k < p->labels && p->names; k++) wf_free(p->names[k]);
    wf_free(p->names);
    wf_free(p->log_p);
    wf_free(p->log_odds);
    wf_free(p);
}

/* ---- deciding ---- */

/* log P(x) + sum_k x_k (logit q_k - logit pi_k), minus what makes the exponentials sum to 1. */
static void posterior(double *log_p, const wf_prior *p, const float *q) {
    double most = -INFINITY, sum = 0;
    const int32_t count = 1 << p->labels;
    log_p[0] = 0;
    for (int32_t k = 0; k < p->labels; k++) {
        const double kept = fmin(fmax((double)q[k], LEAST), 1 - LEAST);
        const double evidence = log(kept / (1 - kept)) - p->log_odds[k];
        for (int32_t s = 0; s < 1 << k; s++) log_p[(1 << k) + s] = log_p[s] + evidence;
    }
    for (int32_t s = 0; s < count; s++) most = fmax(most, log_p[s] += p->log_p[s]);
    for (int32_t s = 0; s < count; s++) sum += exp(log_p[s] - most);
    for (int32_t s = 0; s < count; s++) log_p[s] -= most + log(sum);
}

static void answer(const wf_set_answers *out, int64_t i, const double *log_p, int32_t labels) {
    int32_t best = 0;
    for (int32_t s = 1; s < 1 << labels; s++)
        if (log_p[s] > log_p[best]) best = s;
    if (out->log_p) out->log_p[i] = log_p[best];
    for (int32_t k = 0; k < labels; k++) {
        double sum = 0;
        if (out->sets) out->sets[i * labels + k] = (uint8_t)(best >> k & 1);
        if (!out->labels) continue;
        for (int32_t s = 0; s < 1 << labels; s++)
            if (s >> k & 1) sum += exp(log_p[s]);
        out->labels[i * labels + k] = (float)fmin(sum, 1);
    }
    if (!out->asked_log_p) return;
    int32_t asked = 0;
    for (int32_t k = 0; k < labels; k++) asked |= out->asked[i * labels + k] << k;
    out->asked_log_p[i] = log_p[asked];
}

wf_status wf_prior_decide(const wf_set_answers *out, wf_context *cx, const wf_prior *p,
                          const float *q, int64_t n) {
    double *log_p = NULL;
    WF_TRY(wf_alloc(&log_p, cx, (size_t)1 << p->labels, sizeof *log_p));
    for (int64_t i = 0; i < n; i++) {
        posterior(log_p, p, q + i * p->labels);
        answer(out, i, log_p, p->labels);
    }
    wf_free(log_p);
    return WF_OK;
}
