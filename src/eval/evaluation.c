#include "eval/evaluation.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/utf8.h"

/* Zero where nothing was there to count: scikit-learn's zero_division=0. */
static double ratio(double part, double whole) { return whole > 0 ? part / whole : 0; }

wf_status wf__evaluation_alloc(wf_evaluation **out, wf_context *cx, int class_count,
                               const char *const *class_names) {
    WF_REQUIRE(class_count >= 1 && class_count <= WF_EVAL_MAX_CLASSES, WF_E_ARG,
               "evaluation: %d classes, must be between 1 and %d", class_count,
               WF_EVAL_MAX_CLASSES);
    size_t k = (size_t)class_count;
    wf_status status = WF_OK;
    wf_evaluation *e = NULL;
    WF_TRY(wf_alloc(&e, cx, 1, sizeof *e));
    e->class_count = class_count;
    e->set_log_likelihood = e->small_recall = NAN;
    e->loss = e->brier = e->calibration_error.expected = e->calibration_error.most = NAN;
    for (int h = 0; h < WF_HEADLINE_COUNT; h++) e->intervals.of[h] = (wf_interval){NAN, NAN};
    WF_TRY_OR(wf_alloc(&e->class_names, cx, k, sizeof *e->class_names));
    WF_TRY_OR(wf_alloc(&e->confusion, cx, k * k, sizeof *e->confusion));
    WF_TRY_OR(wf_alloc(&e->classes, cx, k, sizeof *e->classes));
    WF_TRY_OR(wf_alloc(&e->top_k, cx, k, sizeof *e->top_k));
    for (size_t i = 0; i < k; i++) {
        char number[24];
        snprintf(number, sizeof number, "%zu", i);
        const char *name = class_names && class_names[i] ? class_names[i] : number;
        WF_TRY_OR(wf_utf8_clean(&e->class_names[i], cx, name));
        e->top_k[i] = NAN;
    }
    *out = e;
    return WF_OK;
done:
    wf_evaluation_destroy(e);
    return status;
}

void wf_evaluation_destroy(wf_evaluation *e) {
    if (!e) return;
    for (int i = 0; e->class_names && i < e->class_count; i++) wf_free(e->class_names[i]);
    wf_free(e->class_names);
    wf_free(e->confusion);
    wf_free(e->classes);
    wf_free(e->top_k);
    wf_free(e->pairs);
    wf_free(e->losses);
    wf_free(e->thresholds);
    wf_free(e->set_log_p);
    wf_free(e->outcomes);
    wf_free(e->ranking);
    wf_free(e);
}

static int compare_pairs(const void *left, const void *right) {
    const wf_confused_pair *a = left, *b = right;
    if (a->count != b->count) return a->count < b->count ? 1 : -1;
    if (a->truth != b->truth) return a->truth < b->truth ? -1 : 1;
    return (a->predicted > b->predicted) - (a->predicted < b->predicted);
}

static wf_status derive_pairs(wf_evaluation *e, wf_context *cx) {
    int k = e->class_count, count = 0;
    for (int t = 0; t < k; t++)
        for (int p = 0; p < k; p++) count += t != p && e->confusion[t * k + p] > 0;

    wf_confused_pair *pairs = NULL;
    WF_TRY(wf_alloc(&pairs, cx, (size_t)count, sizeof *pairs));
    int used = 0;
    for (int t = 0; t < k; t++)
        for (int p = 0; p < k; p++) {
            int64_t n = e->confusion[t * k + p];
            if (t == p || n == 0) continue;
            pairs[used++] = (wf_confused_pair){
                .truth = t,
                .predicted = p,
                .count = n,
                .share = ratio((double)n, (double)e->classes[t].support),
            };
        }
    qsort(pairs, (size_t)count, sizeof *pairs, compare_pairs);
    e->pairs = pairs;
    e->pair_count = count;
    return WF_OK;
}

void wf__evaluation_extremes(wf_evaluation *e) {
    e->worst_by_f1 = e->best_by_f1 = e->worst_by_recall = e->best_by_recall = -1;
    for (int i = 0; i < e->class_count; i++) {
        const wf_class_score *all = e->classes, *c = &all[i];
        if (c->support == 0) continue;
        if (e->worst_by_f1 < 0 || c->f1 < all[e->worst_by_f1].f1) e->worst_by_f1 = i;
        if (e->best_by_f1 < 0 || c->f1 > all[e->best_by_f1].f1) e->best_by_f1 = i;
        if (e->worst_by_recall < 0 || c->recall < all[e->worst_by_recall].recall)
            e->worst_by_recall = i;
        if (e->best_by_recall < 0 || c->recall > all[e->best_by_recall].recall)
            e->best_by_recall = i;
    }
}

/* An image has one true and one predicted class: all micro averages equal the accuracy. */
static void derive_averages(wf_evaluation *e) {
    const wf_class_score unknown = {.support = e->count, .auc = NAN, .average_precision = NAN};
    e->macro = e->micro = e->weighted = unknown;
    e->micro.precision = e->micro.recall = e->micro.f1 = e->accuracy;
    for (int i = 0; i < e->class_count; i++) {
        const wf_class_score *c = &e->classes[i];
        double weight = ratio((double)c->support, (double)e->count);
        e->macro.precision += c->precision / e->class_count;
        e->macro.recall += c->recall / e->class_count;
        e->macro.f1 += c->f1 / e->class_count;
        e->weighted.precision += c->precision * weight;
        e->weighted.recall += c->recall * weight;
        e->weighted.f1 += c->f1 * weight;
    }
}

wf_status wf__evaluation_derive(wf_evaluation *e, wf_context *cx) {
    int k = e->class_count;
    wf_class_count *counts = NULL;
    WF_TRY(wf_alloc(&counts, cx, (size_t)k, sizeof *counts));
    wf__class_counts_of(counts, e->confusion, k);
    e->count = 0;
    for (int i = 0; i < k; i++) {
        e->classes[i] = wf__class_score_of(&counts[i]);
        e->count += counts[i].support;
    }
    wf_agreement agreement = wf__agreement_of(counts, k);
    wf_free(counts);
    e->accuracy = agreement.accuracy;
    e->balanced_accuracy = agreement.balanced_accuracy;
    e->mcc = agreement.mcc;
    e->kappa = agreement.kappa;
    derive_averages(e);
    wf__evaluation_extremes(e);
    return derive_pairs(e, cx);
}

wf_status wf_evaluation_create(wf_evaluation **out, wf_context *cx, const int32_t *labels,
                               const float *probabilities, int64_t count, int class_count,
                               const char *const *class_names) {
    wf_status status = WF_OK;
    wf_evaluation *e = NULL;
    WF_REQUIRE(count >= 0, WF_E_ARG, "evaluation: %lld images, must not be negative",
               (long long)count);
    WF_TRY(wf__evaluation_alloc(&e, cx, class_count, class_names));
    WF_TRY_OR(wf__evaluation_judge(e, cx, labels, probabilities, count));
    *out = e;
    e = NULL;
done:
    wf_evaluation_destroy(e);
    return status;
}

wf_status wf_evaluation_from_confusion(wf_evaluation **out, wf_context *cx,
                                       const int64_t *confusion, int class_count,
                                       const char *const *class_names) {
    wf_status status = WF_OK;
    wf_evaluation *e = NULL;
    int64_t total = 0;
    WF_TRY(wf__evaluation_alloc(&e, cx, class_count, class_names));
    for (int i = 0; i < class_count * class_count; i++) {
        WF_REQUIRE_OR(confusion[i] >= 0 && !__builtin_add_overflow(total, confusion[i], &total),
                      WF_E_DATA,
                      "confusion matrix: entry [%d][%d] is %lld, a count is not negative",
                      i / class_count, i % class_count, (long long)confusion[i]);
        e->confusion[i] = confusion[i];
    }
    WF_TRY_OR(wf__evaluation_derive(e, cx));
    e->top_k[0] = e->accuracy;
    *out = e;
    e = NULL;
done:
    wf_evaluation_destroy(e);
    return status;
}
