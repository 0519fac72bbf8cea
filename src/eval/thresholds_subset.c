/* Thresholds of several labels, chosen for the share of images of which every label is right. */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "eval/evaluation.h"

typedef struct scored {
    float p;
    uint8_t is_positive;
} scored;

static int compare_scored(const void *left, const void *right) {
    float a = ((const scored *)left)->p, b = ((const scored *)right)->p;
    return (a < b) - (a > b); /* highest first */
}

typedef struct tuning {
    const uint8_t *targets;
    const float *probabilities;
    int64_t count;
    int k;
    double *thresholds; /* [k] */
    int32_t *wrong;     /* [count] labels of the image that are not right */
    scored *relevant;   /* [count] images whose other labels are right: this one decides */
} tuning;

static int is_wrong(const tuning *t, int64_t i, int j) {
    const int is_taken = (double)t->probabilities[i * t->k + j] > t->thresholds[j];
    return is_taken != t->targets[i * t->k + j];
}

/* Of the relevant images, how many are right when the n highest are taken, for every n where
 * probabilities differ: more than are right now, of equals the nearest to one half. */
static double best_threshold(const scored *s, int64_t n, int64_t right_now, double now) {
    int64_t right = 0, most = right_now;
    double best = now;
    for (int64_t i = 0; i < n; i++) right += !s[i].is_positive; /* none is taken */
    for (int64_t i = 0; i <= n; i++) {
        if (i) right += s[i - 1].is_positive ? 1 : -1;
        if (i && i < n && s[i].p == s[i - 1].p) continue;
        const double above = i ? (double)s[i - 1].p : 1, below = i < n ? (double)s[i].p : 0;
        const double middle = (above + below) / 2;
        const int is_nearer = fabs(middle - 0.5) < fabs(best - 0.5);
        if (above == 0) continue; /* no threshold is below it */
        if (right < most || right == right_now || (right == most && !is_nearer)) continue;
        most = right;
        best = middle;
    }
    return best;
}

/* Returns whether the threshold of label j was moved. */
static int improve(tuning *t, int j) {
    int64_t n = 0, right = 0;
    for (int64_t i = 0; i < t->count; i++) {
        const int wrong = is_wrong(t, i, j);
        if (t->wrong[i] > wrong) continue;
        t->relevant[n++] = (scored){t->probabilities[i * t->k + j], t->targets[i * t->k + j]};
        right += !wrong;
    }
    qsort(t->relevant, (size_t)n, sizeof *t->relevant, compare_scored);
    const double best = best_threshold(t->relevant, n, right, t->thresholds[j]);
    if (best == t->thresholds[j]) return 0;
    for (int64_t i = 0; i < t->count; i++) t->wrong[i] -= is_wrong(t, i, j);
    t->thresholds[j] = best;
    for (int64_t i = 0; i < t->count; i++) t->wrong[i] += is_wrong(t, i, j);
    return 1;
}

wf_status wf_thresholds_tune_subset(double *out, wf_context *cx, const uint8_t *targets,
                                    const float *probabilities, int64_t count, int class_count) {
    tuning t = {targets, probabilities, count, class_count, NULL, NULL, NULL};
    wf_status status;
    WF_TRY(wf__check_labels(cx, "thresholds", "truth", targets, count, class_count));
    WF_TRY(wf__check_probabilities(cx, probabilities, count, class_count));
    WF_TRY_OR(wf_alloc(&t.thresholds, cx, (size_t)class_count, sizeof *t.thresholds));
    WF_TRY_OR(wf_alloc(&t.wrong, cx, (size_t)count, sizeof *t.wrong));
    WF_TRY_OR(wf_alloc(&t.relevant, cx, (size_t)count, sizeof *t.relevant));
    for (int j = 0; j < class_count; j++) t.thresholds[j] = 0.5;
    for (int64_t i = 0; i < count; i++)
        for (int j = 0; j < class_count; j++) t.wrong[i] += is_wrong(&t, i, j);
    /* each move makes at least one image more right: at most `count` of them */
    for (int moved = 1; moved;) {
        moved = 0;
        for (int j = 0; j < class_count; j++) moved |= improve(&t, j);
    }
    for (int j = 0; j < class_count; j++) out[j] = t.thresholds[j];
done:
    wf_free(t.thresholds);
    wf_free(t.wrong);
    wf_free(t.relevant);
    return status;
}
