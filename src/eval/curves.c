/* Curves over all thresholds, with scikit-learn's points. */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/status.h"
#include "eval/evaluation.h"

/* Entries with a score of at least `score`. */
typedef struct step {
    double score;
    int64_t true_positives, false_positives;
} step;

void wf_threshold_curve_reset(wf_threshold_curve *curve) {
    wf_free(curve->x);
    wf_free(curve->y);
    wf_free(curve->threshold);
    *curve = (wf_threshold_curve){0};
}

static wf_status curve_alloc(wf_threshold_curve *out, wf_context *cx, int64_t count) {
    wf_status status = WF_OK;
    wf_threshold_curve curve = {.count = count};
    WF_TRY_OR(wf_alloc(&curve.x, cx, (size_t)count, sizeof(double)));
    WF_TRY_OR(wf_alloc(&curve.y, cx, (size_t)count, sizeof(double)));
    WF_TRY_OR(wf_alloc(&curve.threshold, cx, (size_t)count, sizeof(double)));
    *out = curve;
    return WF_OK;
done:
    wf_threshold_curve_reset(&curve);
    return status;
}

static int compare_steps(const void *left, const void *right) {
    const step *a = left, *b = right;
    return (a->score < b->score) - (a->score > b->score);
}

/* One step per distinct score, highest first; free *out with wf_free. */
static wf_status count_steps(step **out, int64_t *out_count, wf_context *cx, const char *what,
                             const uint8_t *is_positive, const float *scores, int64_t count) {
    step *steps = NULL;
    int64_t used = 0;
    WF_TRY(wf__check_binary(cx, what, is_positive, scores, count, 0));
    WF_TRY(wf_alloc(&steps, cx, (size_t)count, sizeof *steps));
    for (int64_t i = 0; i < count; i++)
        steps[i] = (step){scores[i], is_positive[i], !is_positive[i]};
    qsort(steps, (size_t)count, sizeof *steps, compare_steps);
    for (int64_t i = 1; i < count; i++) {
        step next = steps[i];
        next.true_positives += steps[used].true_positives;
        next.false_positives += steps[used].false_positives;
        if (next.score != steps[used].score) used++;
        else next.score = steps[used].score;
        steps[used] = next;
    }
    *out = steps;
    *out_count = used + 1;
    return WF_OK;
}

/* Keeps the first and the last step, and those at which the counts' second difference is not 0. */
static int64_t drop_collinear(step *steps, int64_t count) {
    int64_t used = 1;
    step before = steps[0];
    if (count <= 2) return count;
    for (int64_t i = 1; i < count; i++) {
        step s = steps[i];
        int is_kept = i + 1 == count ||
                      steps[i + 1].true_positives - s.true_positives !=
                          s.true_positives - before.true_positives ||
                      steps[i + 1].false_positives - s.false_positives !=
                          s.false_positives - before.false_positives;
        before = s;
        if (is_kept) steps[used++] = s;
    }
    return used;
}

static double rate(int64_t part, int64_t whole) {
    return whole > 0 ? (double)part / (double)whole : (double)NAN;
}

wf_status wf_roc_curve(wf_threshold_curve *out, wf_context *cx, const uint8_t *is_positive,
                       const float *scores, int64_t count, int drop_intermediate) {
    step *steps = NULL;
    wf_threshold_curve curve;
    int64_t n = 0;
    WF_TRY(count_steps(&steps, &n, cx, "ROC curve", is_positive, scores, count));
    if (drop_intermediate) n = drop_collinear(steps, n);
    wf_status status = curve_alloc(&curve, cx, n + 1);
    if (status == WF_OK) {
        const step last = steps[n - 1];
        for (int64_t i = 0; i <= n; i++) {
            const step s = i > 0 ? steps[i - 1] : (step){.score = steps[0].score + 1};
            curve.x[i] = rate(s.false_positives, last.false_positives);
            curve.y[i] = rate(s.true_positives, last.true_positives);
            curve.threshold[i] = s.score;
        }
        *out = curve;
    }
    wf_free(steps);
    return status;
}

wf_status wf_precision_recall_curve(wf_threshold_curve *out, wf_context *cx,
                                    const uint8_t *is_positive, const float *scores,
                                    int64_t count) {
    step *steps = NULL;
    wf_threshold_curve curve;
    int64_t n = 0;
    WF_TRY(count_steps(&steps, &n, cx, "precision-recall curve", is_positive, scores, count));
    wf_status status = curve_alloc(&curve, cx, n + 1);
    if (status == WF_OK) {
        const int64_t positives = steps[n - 1].true_positives;
        for (int64_t i = 0; i < n; i++) {
            const step s = steps[n - 1 - i];
            curve.x[i] = positives > 0 ? rate(s.true_positives, positives) : 1;
            curve.y[i] = rate(s.true_positives, s.true_positives + s.false_positives);
            curve.threshold[i] = s.score;
        }
        curve.y[n] = 1; /* recall 0: nothing is taken */
        curve.threshold[n] = INFINITY;
        *out = curve;
    }
    wf_free(steps);
    return status;
}
