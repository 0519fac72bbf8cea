/* Images with any number of labels: figures from the sets that they have and what is said of each
 * label, and the thresholds from which a label is said to be there. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "eval/evaluation.h"

static const char WHAT[] = "multi-label evaluation";

/* ---- figures ---- */

/* Mean over the labels of the cross-entropy of yes or no, clipped as in log_loss. */
static double cross_entropy(const uint8_t *targets, const float *row, int k) {
    double sum = 0;
    for (int j = 0; j < k; j++) {
        double p = targets[j] ? (double)row[j] : 1 - (double)row[j];
        sum -= log(p < DBL_EPSILON ? DBL_EPSILON : p > 1 - DBL_EPSILON ? 1 - DBL_EPSILON : p);
    }
    return sum / k;
}

wf_status wf__check_probabilities(wf_context *cx, const float *probabilities, int64_t count,
                                  int k) {
    for (int64_t i = 0; i < count * k; i++)
        WF_REQUIRE(probabilities[i] >= 0 && probabilities[i] <= 1, WF_E_DATA,
                   "%s: probability of label %d for image %lld is %g, must be between 0 and 1 | "
                   "the weights may have diverged",
                   WHAT, (int)(i % k), (long long)(i / k), (double)probabilities[i]);
    return WF_OK;
}

static void take_labels(uint8_t *taken, const float *probabilities, const double *thresholds,
                        int64_t count, int k) {
    for (int64_t i = 0; i < count * k; i++)
        taken[i] = (double)probabilities[i] > (thresholds ? thresholds[i % k] : 0.5);
}

static wf_class_score score_of(const wf_label_score *s, wf_ranking ranking) {
    return (wf_class_score){.precision = s->precision,
                            .recall = s->recall,
                            .f1 = s->f1,
                            .support = s->support,
                            .auc = ranking.auc,
                            .average_precision = ranking.average_precision};
}

static wf_status derive(wf_evaluation *e, wf_context *cx, const uint8_t *targets,
                        const uint8_t *taken, const float *probabilities) {
    wf_status status;
    int k = e->class_count;
    wf_label_score *labels = NULL;
    wf_ranking *columns = NULL;
    wf_label_scores all;
    wf_rankings rankings;
    const wf_ranking unknown = {.auc = NAN, .average_precision = NAN};
    WF_TRY_OR(wf_alloc(&labels, cx, (size_t)k, sizeof *labels));
    WF_TRY_OR(wf_alloc(&columns, cx, (size_t)k, sizeof *columns));
    WF_TRY_OR(wf_multilabel_scores(&all, labels, cx, targets, taken, e->count, k));
    WF_TRY_OR(wf__rankings_of(&rankings, columns, cx, targets, probabilities, e->count, k));
    for (int j = 0; j < k; j++) e->classes[j] = score_of(&labels[j], columns[j]);
    e->accuracy = all.subset_accuracy;
    e->hamming_loss = all.hamming_loss;
    e->macro = score_of(&all.macro, rankings.macro);
    e->micro = score_of(&all.micro, rankings.micro);
    e->weighted = score_of(&all.weighted, rankings.weighted);
    e->samples = score_of(&all.samples, unknown);
    wf__evaluation_extremes(e);
done:
    wf_free(labels);
    wf_free(columns);
    return status;
}

/* Images of which every label is right when each is taken from one half on. */
static double accuracy_at_half(const uint8_t *targets, const float *probabilities, int64_t count,
                               int k) {
    int64_t right = 0;
    for (int64_t i = 0; i < count; i++) {
        int wrong = 0;
        for (int j = 0; j < k; j++)
            wrong += (probabilities[i * k + j] > 0.5f) != targets[i * k + j];
        right += wrong == 0;
    }
    return (double)right / (double)count;
}

void wf__evaluation_of_sets(wf_evaluation *e) {
    e->is_multilabel = 1;
    e->balanced_accuracy = e->mcc = e->kappa = NAN;
    e->hamming_loss = e->accuracy_at_half = NAN;
    e->samples = (wf_class_score){.auc = NAN, .average_precision = NAN};
}

/* ---- the images by a label's probability ---- */

typedef struct scored {
    float score;
    uint8_t is_positive;
    int64_t image;
} scored;

static int compare_scored(const void *left, const void *right) {
    float a = ((const scored *)left)->score, b = ((const scored *)right)->score;
    return (a < b) - (a > b); /* highest first */
}

/* column [count]: one label of all images, the highest probability first. */
static void sort_column(scored *column, const uint8_t *targets, const float *probabilities,
                        int64_t count, int k, int label) {
    for (int64_t i = 0; i < count; i++)
        column[i] = (scored){probabilities[i * k + label], targets[i * k + label], i};
    qsort(column, (size_t)count, sizeof *column, compare_scored);
}

static wf_status rank(wf_evaluation *e, wf_context *cx, const wf_judged_sets *j) {
    scored *column = NULL;
    uint32_t *at = NULL;
    WF_TRY(wf_alloc(&e->ranking, cx, (size_t)j->count, (size_t)j->class_count * sizeof *at));
    WF_TRY(wf_alloc(&column, cx, (size_t)j->count, sizeof *column));
    at = e->ranking;
    for (int label = 0; label < j->class_count; label++) {
        sort_column(column, j->targets, j->probabilities, j->count, j->class_count, label);
        for (int64_t i = 0; i < j->count; i++) {
            const int is_last = i + 1 == j->count || column[i + 1].score < column[i].score;
            *at++ = (uint32_t)column[i].image | (column[i].is_positive ? WF_RANKING_TRUE : 0) |
                    (is_last ? WF_RANKING_LAST : 0);
        }
    }
    wf_free(column);
    return WF_OK;
}

/* ---- the true sets ---- */

/* Labels are independent of each other: the sum of what each has. */
static double log_p_of_each(double loss, int k) { return -loss * k; }

static wf_status fill_log_p(wf_evaluation *e, wf_context *cx, const wf_judged_sets *j) {
    double sum = 0;
    if (j->told && !j->set_log_p) return WF_OK;
    WF_TRY(wf_alloc(&e->set_log_p, cx, (size_t)j->count, sizeof *e->set_log_p));
    for (int64_t i = 0; i < j->count; i++) {
        const double log_p =
            j->set_log_p ? j->set_log_p[i] : log_p_of_each(e->losses[i], j->class_count);
        WF_REQUIRE(log_p <= 1e-3, WF_E_DATA,
                   "%s: log-probability of the set of image %lld is %g, must be at most 0", WHAT,
                   (long long)i, log_p);
        /* a sum of rounded probabilities may be a little above 1 */
        sum += e->set_log_p[i] = fmax(fmin(log_p, 0), WF_LEAST_SET_LOG_P);
    }
    e->set_log_likelihood = sum / (double)j->count;
    return WF_OK;
}

static wf_status fill_small(wf_evaluation *e, wf_context *cx, const uint8_t *small) {
    int64_t found = 0;
    if (!small) return WF_OK;
    WF_TRY(wf__check_labels(cx, WHAT, "small objects", small, e->count, e->class_count));
    for (int64_t i = 0; i < e->count * e->class_count; i++) {
        if (!small[i]) continue;
        WF_REQUIRE(e->outcomes[i] & WF_OUTCOME_TRUE, WF_E_DATA,
                   "%s: image %lld has a small object of label %d, which is none of its labels",
                   WHAT, (long long)(i / e->class_count), (int)(i % e->class_count));
        e->outcomes[i] |= WF_OUTCOME_SMALL;
        e->small_count++;
        found += (e->outcomes[i] & WF_OUTCOME_TOLD) != 0;
    }
    if (e->small_count) e->small_recall = (double)found / (double)e->small_count;
    return WF_OK;
}

/* ---- what is told ---- */

static wf_status fill_outcomes(wf_evaluation *e, wf_context *cx, const wf_judged_sets *j,
                               uint8_t *taken) {
    const size_t n = (size_t)(j->count * j->class_count);
    WF_TRY(wf_alloc(&e->thresholds, cx, (size_t)j->class_count, sizeof *e->thresholds));
    WF_TRY(wf_alloc(&e->outcomes, cx, n, 1));
    for (int i = 0; i < j->class_count; i++)
        e->thresholds[i] = j->told ? (double)NAN : j->thresholds ? j->thresholds[i] : 0.5;
    if (j->told) memcpy(taken, j->told, n);
    else take_labels(taken, j->probabilities, e->thresholds, j->count, j->class_count);
    for (size_t i = 0; i < n; i++)
        e->outcomes[i] = (uint8_t)(j->targets[i] | (taken[i] ? WF_OUTCOME_TOLD : 0));
    return WF_OK;
}

static wf_status fill_losses(wf_evaluation *e, wf_context *cx, const wf_judged_sets *j) {
    const int k = j->class_count;
    double loss = 0;
    WF_TRY(wf_alloc(&e->losses, cx, (size_t)j->count, sizeof *e->losses));
    for (int64_t i = 0; i < j->count; i++)
        loss += e->losses[i] = cross_entropy(j->targets + i * k, j->probabilities + i * k, k);
    e->loss = loss / (double)j->count;
    return WF_OK;
}

static wf_status judge(wf_evaluation *e, wf_context *cx, const wf_judged_sets *j) {
    const int k = j->class_count;
    uint8_t *taken = NULL;
    wf_status status;
    e->count = j->count;
    WF_TRY_OR(wf_alloc(&taken, cx, (size_t)j->count, (size_t)k));
    WF_TRY_OR(fill_outcomes(e, cx, j, taken));
    WF_TRY_OR(fill_losses(e, cx, j));
    WF_TRY_OR(derive(e, cx, j->targets, taken, j->probabilities));
    e->accuracy_at_half = accuracy_at_half(j->targets, j->probabilities, j->count, k);
    WF_TRY_OR(fill_log_p(e, cx, j));
    WF_TRY_OR(fill_small(e, cx, j->small));
    WF_TRY_OR(rank(e, cx, j));
done:
    wf_free(taken);
    return status;
}

wf_status wf_evaluation_create_sets(wf_evaluation **out, wf_context *cx, const wf_judged_sets *j) {
    wf_evaluation *e = NULL;
    WF_REQUIRE(j->count < WF_RANKING_LAST, WF_E_DATA, "%s: %lld images, must be fewer than 2^30",
               WHAT, (long long)j->count);
    WF_TRY(wf__check_labels(cx, WHAT, "truth", j->targets, j->count, j->class_count));
    if (j->told)
        WF_TRY(wf__check_labels(cx, WHAT, "what is told", j->told, j->count, j->class_count));
    WF_TRY(wf__check_probabilities(cx, j->probabilities, j->count, j->class_count));
    WF_TRY(wf__evaluation_alloc(&e, cx, j->class_count, j->class_names));
    wf__evaluation_of_sets(e);
    wf_status status = judge(e, cx, j);
    if (status == WF_OK) *out = e;
    else wf_evaluation_destroy(e);
    return status;
}

/* ---- thresholds ---- */

/* Taking the n highest, for every n where scores differ: the best F1. Of equals the threshold that
 * is nearest to one half; a label that no image has keeps one half. */
static double best_threshold(const scored *s, int64_t count) {
    int64_t support = 0, hits = 0;
    double best_f1 = 0, best = 0.5;
    for (int64_t i = 0; i < count; i++) support += s[i].is_positive;
    for (int64_t i = 0; i < count; i++) {
        hits += s[i].is_positive;
        if (i + 1 < count && s[i + 1].score == s[i].score) continue;
        double below = i + 1 < count ? (double)s[i + 1].score : 0;
        double middle = ((double)s[i].score + below) / 2;
        double f1 = 2 * (double)hits / (double)(support + i + 1);
        int is_nearer = fabs(middle - 0.5) < fabs(best - 0.5);
        if (hits == 0 || f1 < best_f1 || (f1 == best_f1 && !is_nearer)) continue;
        if (s[i].score == 0) continue; /* nothing is above a threshold of 0 but what was taken */
        best_f1 = f1;
        best = middle;
    }
    return best;
}

wf_status wf_thresholds_tune(double *out, wf_context *cx, const uint8_t *targets,
                             const float *probabilities, int64_t count, int class_count) {
    scored *column = NULL;
    WF_TRY(wf__check_labels(cx, "thresholds", "truth", targets, count, class_count));
    WF_TRY(wf__check_probabilities(cx, probabilities, count, class_count));
    WF_TRY(wf_alloc(&column, cx, (size_t)count, sizeof *column));
    for (int j = 0; j < class_count; j++) {
        sort_column(column, targets, probabilities, count, class_count, j);
        out[j] = best_threshold(column, count);
    }
    wf_free(column);
    return WF_OK;
}
