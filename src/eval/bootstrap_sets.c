/* Figures of images with any number of labels when image i is there times[i] times. Each label has
 * a row of its own, so that a sum over the images is one loop over two arrays. */
#include <math.h>

#include "base/alloc.h"
#include "base/status.h"
#include "eval/evaluation.h"

struct wf_set_tally {
    const wf_evaluation *e;
    uint8_t *truth, *told, *hit; /* [K][n], 0 or 1 */
    uint8_t *right;              /* [n]: every label is right */
    uint16_t *small, *found;     /* [n]: small objects, and those of them that are told */
};

void wf__set_tally_destroy(wf_set_tally *t) {
    if (!t) return;
    wf_free(t->truth);
    wf_free(t->told);
    wf_free(t->hit);
    wf_free(t->right);
    wf_free(t->small);
    wf_free(t->found);
    wf_free(t);
}

static void fill(wf_set_tally *t) {
    const size_t n = (size_t)t->e->count, k = (size_t)t->e->class_count;
    const uint8_t *outcome = t->e->outcomes;
    for (size_t i = 0; i < n; i++) {
        t->right[i] = 1;
        for (size_t j = 0; j < k; j++, outcome++) {
            const int has = (*outcome & WF_OUTCOME_TRUE) != 0;
            const int is_told = (*outcome & WF_OUTCOME_TOLD) != 0;
            t->truth[j * n + i] = (uint8_t)has;
            t->told[j * n + i] = (uint8_t)is_told;
            t->hit[j * n + i] = (uint8_t)(has & is_told);
            if (has != is_told) t->right[i] = 0;
            if (!(*outcome & WF_OUTCOME_SMALL)) continue;
            t->small[i]++;
            t->found[i] = (uint16_t)(t->found[i] + is_told);
        }
    }
}

wf_status wf__set_tally_create(wf_set_tally **out, wf_context *cx, const wf_evaluation *e) {
    const size_t n = (size_t)e->count, k = (size_t)e->class_count;
    wf_set_tally *t = NULL;
    wf_status status;
    WF_REQUIRE(e->outcomes && e->ranking, WF_E_ARG,
               "bootstrap: the images' labels are not known | judge the run again");
    WF_TRY(wf_alloc(&t, cx, 1, sizeof *t));
    t->e = e;
    WF_TRY_OR(wf_alloc(&t->truth, cx, n, k));
    WF_TRY_OR(wf_alloc(&t->told, cx, n, k));
    WF_TRY_OR(wf_alloc(&t->hit, cx, n, k));
    WF_TRY_OR(wf_alloc(&t->right, cx, n, 1));
    WF_TRY_OR(wf_alloc(&t->small, cx, n, sizeof *t->small));
    WF_TRY_OR(wf_alloc(&t->found, cx, n, sizeof *t->found));
    fill(t);
    *out = t;
    return WF_OK;
done:
    wf__set_tally_destroy(t);
    return status;
}

/* The images are drawn as often as there are of them, which is below 2^30. */
static int64_t sum_of(const uint8_t *row, const uint16_t *times, int64_t n) {
    uint32_t sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (uint32_t)times[i] * row[i];
    return sum;
}

static double small_recall(const wf_set_tally *t, const uint16_t *times) {
    uint64_t small = 0, found = 0;
    for (int64_t i = 0; i < t->e->count; i++) {
        small += (uint32_t)times[i] * t->small[i];
        found += (uint32_t)times[i] * t->found[i];
    }
    return small ? (double)found / (double)small : NAN;
}

/* Average precision: the sum, over the places at which the probability changes, of (R_n - R_n-1)
 * P_n. Behind the last hit nothing is added. */
static double average_precision(const uint32_t *ranking, const uint16_t *times, int64_t n,
                                int64_t support) {
    double sum = 0;
    uint32_t taken = 0, hits = 0, before = 0;
    for (int64_t i = 0; i < n && before < support; i++) {
        const uint32_t at = ranking[i], drawn = times[at & (WF_RANKING_LAST - 1)];
        taken += drawn;
        hits += at & WF_RANKING_TRUE ? drawn : 0;
        if (!(at & WF_RANKING_LAST) || hits == before) continue;
        sum += (double)(hits - before) * hits / taken;
        before = hits;
    }
    return support ? sum / (double)support : 0;
}

void wf__set_tally_figures(double out[WF_HEADLINE_COUNT], const wf_set_tally *t,
                           const uint16_t *times) {
    const int64_t n = t->e->count;
    const int k = t->e->class_count;
    wf_class_count all = {0};
    double precision = 0, recall = 0, f1 = 0, weighted = 0, map = 0;
    for (int j = 0; j < k; j++) {
        const wf_class_count c = {sum_of(t->truth + j * n, times, n),
                                  sum_of(t->told + j * n, times, n),
                                  sum_of(t->hit + j * n, times, n)};
        const wf_class_score s = wf__class_score_of(&c);
        all.support += c.support;
        all.taken += c.taken;
        all.hits += c.hits;
        precision += s.precision / k;
        recall += s.recall / k;
        f1 += s.f1 / k;
        weighted += s.f1 * (double)c.support;
        map += average_precision(t->e->ranking + j * n, times, n, c.support) / k;
    }
    const wf_class_score micro = wf__class_score_of(&all);
    out[WF_HEADLINE_ACCURACY] = out[WF_HEADLINE_SUBSET_ACCURACY] =
        (double)sum_of(t->right, times, n) / (double)n;
    out[WF_HEADLINE_MACRO_F1] = out[WF_HEADLINE_C_F1] = f1;
    out[WF_HEADLINE_WEIGHTED_F1] = all.support ? weighted / (double)all.support : 0;
    out[WF_HEADLINE_C_P] = precision;
    out[WF_HEADLINE_C_R] = recall;
    out[WF_HEADLINE_O_P] = micro.precision;
    out[WF_HEADLINE_O_R] = micro.recall;
    out[WF_HEADLINE_O_F1] = micro.f1;
    out[WF_HEADLINE_MAP] = map;
    out[WF_HEADLINE_SMALL_RECALL] = small_recall(t, times);
}
