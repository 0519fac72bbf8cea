#include "eval/evaluation.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/utf8.h"

/* Zero where nothing was there to count: scikit-learn's zero_division=0. */
static double ratio(double part, double whole) { return whole > 0 ? part / whole : 0; }

static double f1_of(double precision, double recall) {
    return ratio(2 * precision * recall, precision + recall);
}

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
    e->loss = NAN;
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

static void derive_extremes(wf_evaluation *e) {
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

wf_status wf__evaluation_derive(wf_evaluation *e, wf_context *cx) {
    int k = e->class_count;
    int64_t total = 0, right = 0;
    for (int t = 0; t < k; t++) {
        int64_t support = 0, taken = 0, hits = e->confusion[t * k + t];
        for (int j = 0; j < k; j++) {
            support += e->confusion[t * k + j];
            taken += e->confusion[j * k + t];
        }
        wf_class_score *c = &e->classes[t];
        c->support = support;
        c->precision = ratio((double)hits, (double)taken);
        c->recall = ratio((double)hits, (double)support);
        c->f1 = f1_of(c->precision, c->recall);
        total += support;
        right += hits;
    }
    e->count = total;
    e->accuracy = ratio((double)right, (double)total);

    /* An image has one true and one predicted class: all micro averages equal the accuracy. */
    e->micro = (wf_class_score){e->accuracy, e->accuracy, e->accuracy, total};
    e->macro = e->weighted = (wf_class_score){.support = total};
    for (int i = 0; i < k; i++) {
        const wf_class_score *c = &e->classes[i];
        double weight = ratio((double)c->support, (double)total);
        e->macro.precision += c->precision / k;
        e->macro.recall += c->recall / k;
        e->macro.f1 += c->f1 / k;
        e->weighted.precision += c->precision * weight;
        e->weighted.recall += c->recall * weight;
        e->weighted.f1 += c->f1 * weight;
    }
    derive_extremes(e);
    return derive_pairs(e, cx);
}

/* Cross-entropy of one image: scikit-learn's log_loss clips, then normalises the row. */
static double cross_entropy(const float *row, int k, int label) {
    double sum = 0, own = 0;
    for (int j = 0; j < k; j++) {
        double p = row[j];
        p = p < DBL_EPSILON ? DBL_EPSILON : p > 1 - DBL_EPSILON ? 1 - DBL_EPSILON : p;
        sum += p;
        if (j == label) own = p;
    }
    return log(sum) - log(own);
}

/* Checks one image and counts it. */
static wf_status add_image(wf_evaluation *e, wf_context *cx, int64_t image, int32_t label,
                           const float *row, int64_t *hits_at_rank, double *loss) {
    int k = e->class_count, best = 0, rank = 0;
    WF_REQUIRE(label >= 0 && label < k, WF_E_DATA,
               "evaluation: label of image %lld is %d, must be between 0 and %d", (long long)image,
               label, k - 1);
    for (int j = 0; j < k; j++) {
        WF_REQUIRE(isfinite(row[j]) && row[j] >= 0, WF_E_DATA,
                   "evaluation: probability of class %d for image %lld is %g, must be finite and "
                   "not negative | the weights may have diverged",
                   j, (long long)image, (double)row[j]);
        if (row[j] > row[best]) best = j;
        rank += row[j] > row[label] || (row[j] == row[label] && j > label);
    }
    e->confusion[label * k + best]++;
    hits_at_rank[rank]++;
    *loss += cross_entropy(row, k, label);
    return WF_OK;
}

wf_status wf_evaluation_create(wf_evaluation **out, wf_context *cx, const int32_t *labels,
                               const float *probabilities, int64_t count, int class_count,
                               const char *const *class_names) {
    wf_status status = WF_OK;
    wf_evaluation *e = NULL;
    int64_t *hits_at_rank = NULL;
    double loss = 0;
    WF_REQUIRE(count >= 0, WF_E_ARG, "evaluation: %lld images, must not be negative",
               (long long)count);
    WF_TRY(wf__evaluation_alloc(&e, cx, class_count, class_names));
    WF_TRY_OR(wf_alloc(&hits_at_rank, cx, (size_t)class_count, sizeof *hits_at_rank));
    for (int64_t i = 0; i < count; i++)
        WF_TRY_OR(
            add_image(e, cx, i, labels[i], probabilities + i * class_count, hits_at_rank, &loss));
    WF_TRY_OR(wf__evaluation_derive(e, cx));
    e->loss = ratio(loss, (double)count);
    int64_t hits = 0;
    for (int i = 0; i < class_count; i++) {
        hits += hits_at_rank[i];
        e->top_k[i] = ratio((double)hits, (double)count);
    }
    *out = e;
    e = NULL;
done:
    wf_free(hits_at_rank);
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
