/* Area under the ROC curve and average precision. Only the positive scores are sorted; every
 * negative one then finds its place among them, so that room is needed for the positives alone. */
#include <math.h>

#include "base/alloc.h"
#include "base/status.h"
#include "eval/evaluation.h"

/* Scores of the positives, ascending, and how many negatives stand above so many of them. */
typedef struct places {
    double *scores;  /* [capacity] */
    int64_t *counts; /* [capacity + 1] */
    int64_t capacity;
} places;

static void places_reset(places *p) {
    wf_free(p->scores);
    wf_free(p->counts);
    *p = (places){0};
}

static wf_status places_reserve(places *p, wf_context *cx, int64_t positives) {
    if (p->counts && positives <= p->capacity) return WF_OK;
    places_reset(p);
    WF_TRY(wf_alloc(&p->scores, cx, (size_t)positives, sizeof *p->scores));
    WF_TRY(wf_alloc(&p->counts, cx, (size_t)positives + 1, sizeof *p->counts));
    p->capacity = positives;
    return WF_OK;
}

/* How many of the n ascending values are at most x, or, with is_below, below x. */
static int64_t count_up_to(const double *values, int64_t n, double x, int is_below) {
    const double *from = values;
    while (n > 0) {
        int64_t half = n / 2;
        int is_right = is_below ? from[half] < x : from[half] <= x;
        from = is_right ? from + half + 1 : from;
        n = is_right ? n - half - 1 : half;
    }
    return from - values;
}

/* Walks down the thresholds at which recall grows. */
static double average_precision(const places *p, int64_t positives) {
    double sum = 0;
    int64_t false_positives = 0;
    for (int64_t end = positives, start; end > 0; end = start) {
        for (start = end - 1; start > 0 && p->scores[start - 1] == p->scores[end - 1];) start--;
        false_positives += p->counts[end];
        double true_positives = (double)(positives - start);
        sum += (double)(end - start) / (double)positives * true_positives /
               (true_positives + (double)false_positives);
    }
    return sum;
}

/* Of `count` entries that are `stride` apart. */
static wf_status rank(wf_ranking *out, wf_context *cx, places *p, const uint8_t *targets,
                      const float *scores, int64_t stride, int64_t count) {
    int64_t positives = 0, used = 0, twice_won = 0;
    for (int64_t i = 0; i < count; i++) positives += targets[i * stride] != 0;
    WF_TRY(places_reserve(p, cx, positives));
    for (int64_t i = 0; i < count; i++)
        if (targets[i * stride]) p->scores[used++] = scores[i * stride];
    wf__sort(p->scores, positives);
    for (int64_t i = 0; i <= positives; i++) p->counts[i] = 0;
    for (int64_t i = 0; i < count; i++) {
        if (targets[i * stride]) continue;
        double x = scores[i * stride];
        int64_t place = count_up_to(p->scores, positives, x, 0);
        p->counts[place]++;
        twice_won += 2 * (positives - place);
        if (place > 0 && p->scores[place - 1] == x)
            twice_won += place - count_up_to(p->scores, place, x, 1);
    }
    double pairs = (double)positives * (double)(count - positives);
    out->auc = pairs > 0 ? (double)twice_won / (2 * pairs) : (double)NAN;
    out->average_precision = average_precision(p, positives);
    return WF_OK;
}

static wf_status rank_columns(wf_rankings *out, wf_ranking *columns, wf_context *cx, places *p,
                              const uint8_t *targets, const float *scores, int64_t count, int k) {
    wf_ranking macro = {0}, weighted = {0};
    double all = 0;
    for (int j = 0; j < k; j++) {
        wf_ranking one;
        double weight = 0;
        WF_TRY(rank(&one, cx, p, targets + j, scores + j, k, count));
        for (int64_t i = 0; i < count; i++) weight += targets[i * k + j];
        all += weight;
        macro.auc += one.auc / k;
        macro.average_precision += one.average_precision / k;
        weighted.auc += weight * one.auc;
        weighted.average_precision += weight * one.average_precision;
        if (columns) columns[j] = one;
    }
    WF_TRY(rank(&out->micro, cx, p, targets, scores, 1, count * k));
    out->macro = macro;
    /* without any positive there is nothing to weigh with: 0, as scikit-learn has it */
    out->weighted.auc = all > 0 ? weighted.auc / all : 0;
    out->weighted.average_precision = all > 0 ? weighted.average_precision / all : 0;
    return WF_OK;
}

wf_status wf__rankings_of(wf_rankings *out, wf_ranking *columns, wf_context *cx,
                          const uint8_t *targets, const float *scores, int64_t count, int k) {
    places p = {0};
    wf_rankings rankings;
    wf_status status = rank_columns(&rankings, columns, cx, &p, targets, scores, count, k);
    places_reset(&p);
    if (status == WF_OK) *out = rankings;
    return status;
}

wf_status wf__ranking_of_rows(wf_ranking *out, wf_context *cx, const uint8_t *targets,
                              const float *scores, int64_t count, int k) {
    places p = {0};
    wf_ranking one, sum = {0};
    wf_status status = WF_OK;
    for (int64_t i = 0; i < count; i++) {
        status = rank(&one, cx, &p, targets + i * k, scores + i * k, 1, k);
        if (status != WF_OK) break;
        sum.auc += one.auc;
        sum.average_precision += one.average_precision;
    }
    places_reset(&p);
    if (status == WF_OK)
        *out = (wf_ranking){sum.auc / (double)count, sum.average_precision / (double)count};
    return status;
}

static wf_status rank_checked(wf_ranking *out, wf_context *cx, const char *what,
                              const uint8_t *is_positive, const float *scores, int64_t count) {
    places p = {0};
    WF_TRY(wf__check_binary(cx, what, is_positive, scores, count, 0));
    wf_status status = rank(out, cx, &p, is_positive, scores, 1, count);
    places_reset(&p);
    return status;
}

wf_status wf_roc_auc(double *out, wf_context *cx, const uint8_t *is_positive, const float *scores,
                     int64_t count) {
    wf_ranking ranking;
    WF_TRY(rank_checked(&ranking, cx, "ROC AUC", is_positive, scores, count));
    WF_REQUIRE(!isnan(ranking.auc), WF_E_DATA,
               "ROC AUC: all %lld entries are %s, both kinds must be there", (long long)count,
               is_positive[0] ? "positive" : "negative");
    *out = ranking.auc;
    return WF_OK;
}

wf_status wf_average_precision(double *out, wf_context *cx, const uint8_t *is_positive,
                               const float *scores, int64_t count) {
    wf_ranking ranking;
    WF_TRY(rank_checked(&ranking, cx, "average precision", is_positive, scores, count));
    *out = ranking.average_precision;
    return WF_OK;
}
