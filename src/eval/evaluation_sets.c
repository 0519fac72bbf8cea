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

static wf_status create(wf_evaluation **out, wf_context *cx, const uint8_t *targets,
                        const float *probabilities, const double *thresholds, const uint8_t *told,
                        int64_t count, int class_count, const char *const *class_names) {
    wf_status status = WF_OK;
    wf_evaluation *e = NULL;
    uint8_t *taken = NULL;
    double loss = 0;
    size_t n = (size_t)count, k = (size_t)class_count;
    WF_TRY(wf__check_labels(cx, WHAT, "truth", targets, count, class_count));
    WF_TRY(wf__check_probabilities(cx, probabilities, count, class_count));
    WF_TRY(wf__evaluation_alloc(&e, cx, class_count, class_names));
    wf__evaluation_of_sets(e);
    e->count = count;
    WF_TRY_OR(wf_alloc(&e->thresholds, cx, k, sizeof *e->thresholds));
    for (size_t j = 0; j < k; j++) e->thresholds[j] = thresholds ? thresholds[j] : 0.5;
    WF_TRY_OR(wf_alloc(&e->losses, cx, n, sizeof *e->losses));
    WF_TRY_OR(wf_alloc(&taken, cx, n, k));
    WF_TRY_OR(wf_alloc(&e->outcomes, cx, n, k));
    if (told) memcpy(taken, told, n * k);
    else take_labels(taken, probabilities, e->thresholds, count, class_count);
    for (size_t i = 0; i < n * k; i++) e->outcomes[i] = (uint8_t)(targets[i] | taken[i] << 1);
    for (size_t i = 0; i < n; i++)
        loss += e->losses[i] = cross_entropy(targets + i * k, probabilities + i * k, class_count);
    e->loss = loss / (double)count;
    WF_TRY_OR(derive(e, cx, targets, taken, probabilities));
    e->accuracy_at_half = accuracy_at_half(targets, probabilities, count, class_count);
    *out = e;
    e = NULL;
done:
    wf_free(taken);
    wf_evaluation_destroy(e);
    return status;
}

wf_status wf_evaluation_create_sets(wf_evaluation **out, wf_context *cx, const uint8_t *targets,
                                    const float *probabilities, const double *thresholds,
                                    int64_t count, int class_count,
                                    const char *const *class_names) {
    return create(out, cx, targets, probabilities, thresholds, NULL, count, class_count,
                  class_names);
}

wf_status wf_evaluation_create_told(wf_evaluation **out, wf_context *cx, const uint8_t *targets,
                                    const float *probabilities, const uint8_t *told, int64_t count,
                                    int class_count, const char *const *class_names) {
    WF_TRY(wf__check_labels(cx, WHAT, "what is told", told, count, class_count));
    return create(out, cx, targets, probabilities, NULL, told, count, class_count, class_names);
}

/* ---- thresholds ---- */

typedef struct scored {
    float score;
    uint8_t is_positive;
} scored;

static int compare_scored(const void *left, const void *right) {
    float a = ((const scored *)left)->score, b = ((const scored *)right)->score;
    return (a < b) - (a > b); /* highest first */
}

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
        for (int64_t i = 0; i < count; i++)
            column[i] = (scored){probabilities[i * class_count + j], targets[i * class_count + j]};
        qsort(column, (size_t)count, sizeof *column, compare_scored);
        out[j] = best_threshold(column, count);
    }
    wf_free(column);
    return WF_OK;
}
