/* What an evaluation says about the probabilities, not only about which one is the largest. */
#include <float.h>
#include <math.h>

#include "base/alloc.h"
#include "base/status.h"
#include "eval/evaluation.h"

/* One value or so for each image. */
typedef struct judged {
    int64_t *hits_at_rank; /* [K] */
    uint8_t *targets;      /* [count][K]: 1 for the true class */
    float *confidence;     /* [count]: the largest probability, at most 1 */
    uint8_t *is_right;     /* [count] */
} judged;

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
static wf_status add_image(wf_evaluation *e, wf_context *cx, judged *judged, int64_t image,
                           int32_t label, const float *row) {
    int k = e->class_count, best = 0, rank = 0;
    double squares = 0;
    WF_REQUIRE(label >= 0 && label < k, WF_E_DATA,
               "evaluation: label of image %lld is %d, must be between 0 and %d", (long long)image,
               label, k - 1);
    for (int j = 0; j < k; j++) {
        WF_REQUIRE(isfinite(row[j]) && row[j] >= 0, WF_E_DATA,
                   "evaluation: probability of class %d for image %lld is %g, must be finite and "
                   "not negative | the weights may have diverged",
                   j, (long long)image, (double)row[j]);
        double error = (double)row[j] - (j == label);
        squares += error * error;
        if (row[j] > row[best]) best = j;
        rank += row[j] > row[label] || (row[j] == row[label] && j > label);
    }
    e->confusion[label * k + best]++;
    e->losses[image] = cross_entropy(row, k, label);
    e->brier += squares;
    judged->hits_at_rank[rank]++;
    judged->targets[image * k + label] = 1;
    judged->confidence[image] = fminf(row[best], 1);
    judged->is_right[image] = best == label;
    return WF_OK;
}

/* Means over the images, in their order. */
static void derive_means(wf_evaluation *e, const judged *judged) {
    double images = (double)e->count, loss = 0;
    int64_t hits = 0;
    for (int64_t i = 0; i < e->count; i++) loss += e->losses[i];
    e->loss = e->count ? loss / images : 0;
    e->brier = e->count ? e->brier / images : (double)NAN;
    for (int i = 0; i < e->class_count; i++) {
        hits += judged->hits_at_rank[i];
        e->top_k[i] = e->count ? (double)hits / images : 0;
    }
}

static wf_status derive_calibration(wf_evaluation *e, wf_context *cx, const judged *judged) {
    wf_calibration_bin bins[WF_EVAL_CALIBRATION_BINS];
    WF_TRY(wf_calibration_curve(bins, cx, judged->is_right, judged->confidence, e->count,
                                WF_EVAL_CALIBRATION_BINS, WF_BINS_UNIFORM));
    e->calibration_error = wf_calibration_error_of(bins, WF_EVAL_CALIBRATION_BINS);
    return WF_OK;
}

static void set_ranking(wf_class_score *score, wf_ranking ranking) {
    score->auc = ranking.auc;
    score->average_precision = ranking.average_precision;
}

static wf_status derive_rankings(wf_evaluation *e, wf_context *cx, const judged *judged,
                                 const float *probabilities) {
    wf_ranking *columns = NULL;
    wf_rankings all;
    WF_TRY(wf_alloc(&columns, cx, (size_t)e->class_count, sizeof *columns));
    wf_status status = wf__rankings_of(&all, columns, cx, judged->targets, probabilities, e->count,
                                       e->class_count);
    for (int i = 0; i < e->class_count && status == WF_OK; i++)
        set_ranking(&e->classes[i], columns[i]);
    if (status == WF_OK) {
        set_ranking(&e->macro, all.macro);
        set_ranking(&e->micro, all.micro);
        set_ranking(&e->weighted, all.weighted);
    }
    wf_free(columns);
    return status;
}

wf_status wf__evaluation_judge(wf_evaluation *e, wf_context *cx, const int32_t *labels,
                               const float *probabilities, int64_t count) {
    wf_status status = WF_OK;
    judged judged = {0};
    size_t n = (size_t)count, k = (size_t)e->class_count;
    WF_TRY_OR(wf_alloc(&judged.hits_at_rank, cx, k, sizeof(int64_t)));
    WF_TRY_OR(wf_alloc(&judged.targets, cx, n, k));
    WF_TRY_OR(wf_alloc(&judged.confidence, cx, n, sizeof(float)));
    WF_TRY_OR(wf_alloc(&judged.is_right, cx, n, 1));
    WF_TRY_OR(wf_alloc(&e->losses, cx, n, sizeof *e->losses));
    e->brier = 0;
    for (int64_t i = 0; i < count; i++)
        WF_TRY_OR(add_image(e, cx, &judged, i, labels[i], probabilities + i * e->class_count));
    WF_TRY_OR(wf__evaluation_derive(e, cx));
    derive_means(e, &judged);
    if (count > 0) WF_TRY_OR(derive_calibration(e, cx, &judged));
    if (count > 0) WF_TRY_OR(derive_rankings(e, cx, &judged, probabilities));
done:
    wf_free(judged.hits_at_rank);
    wf_free(judged.targets);
    wf_free(judged.confidence);
    wf_free(judged.is_right);
    return status;
}
