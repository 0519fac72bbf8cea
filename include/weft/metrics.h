/* Single figures from labels and scores, each as scikit-learn 1.2.1 defines it. Where scikit-learn
 * raises an error these functions fail with WF_E_DATA; where it warns and gives a number, they give
 * that number. */
#ifndef WEFT_METRICS_H
#define WEFT_METRICS_H

#include <stdint.h>

#include "weft/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- one class against the rest ----
 *  is_positive [count], each 0 or 1
 *  scores [count], finite; the higher, the more likely positive. Equal scores are one threshold.
 * Errors of all: WF_E_DATA (no image, an entry out of range), WF_E_NOMEM.  Threads: any. */

/* Area under the ROC curve: the share of pairs of a positive and a negative in which the positive
 * has the higher score; equal scores count half.
 * Errors: also WF_E_DATA when all are positive or all negative.
 * Source: sklearn.metrics.roc_auc_score; Hanley and McNeil 1982,
 * doi:10.1148/radiology.143.1.7063747 */
WF_API wf_status wf_roc_auc(double *out, wf_context *cx, const uint8_t *is_positive,
                            const float *scores, int64_t count);

/* Sum over the thresholds of precision times what recall grows by; 0 without a positive.
 * Source: sklearn.metrics.average_precision_score */
WF_API wf_status wf_average_precision(double *out, wf_context *cx, const uint8_t *is_positive,
                                      const float *scores, int64_t count);

/* Points (x[i], y[i]): what follows when the entries with scores of at least threshold[i] are taken
 * for positive. */
typedef struct wf_threshold_curve {
    int64_t count;
    double *x, *y, *threshold; /* [count] */
} wf_threshold_curve;
/* Frees what is inside. */
WF_API void wf_threshold_curve_reset(wf_threshold_curve *curve);

/* x: false positive rate, y: true positive rate (recall), thresholds descending. Point 0 is (0, 0),
 * at the highest score + 1. A rate whose denominator is zero is NAN: without a negative all x,
 * without a positive all y. With drop_intermediate, points in the middle between their neighbours
 * are left out; the area stays.
 * Free *out with wf_threshold_curve_reset.
 * Source: sklearn.metrics.roc_curve */
WF_API wf_status wf_roc_curve(wf_threshold_curve *out, wf_context *cx, const uint8_t *is_positive,
                              const float *scores, int64_t count, int drop_intermediate);

/* x: recall, y: precision, thresholds ascending; the last point is (0, 1), at INFINITY (of which
 * scikit-learn gives no threshold). Without a positive, recall is 1 up to there.
 * Free *out with wf_threshold_curve_reset.
 * Source: sklearn.metrics.precision_recall_curve */
WF_API wf_status wf_precision_recall_curve(wf_threshold_curve *out, wf_context *cx,
                                           const uint8_t *is_positive, const float *scores,
                                           int64_t count);

/* Mean of (probability - is_positive)^2.
 * Errors: also WF_E_DATA for a probability outside [0, 1].
 * Source: sklearn.metrics.brier_score_loss; Brier 1950 */
WF_API wf_status wf_brier_score(double *out, wf_context *cx, const uint8_t *is_positive,
                                const float *probabilities, int64_t count);

/* Entries with a probability in (low, high]; the first bin takes 0, too. */
typedef struct wf_calibration_bin {
    double low, high;
    int64_t count;
    double probability; /* their mean; NAN for an empty bin */
    double share;       /* of them that are positive; NAN for an empty bin */
} wf_calibration_bin;

typedef enum wf_calibration_bins {
    WF_BINS_UNIFORM, /* of equal width */
    WF_BINS_QUANTILE /* of about equal counts */
} wf_calibration_bins;

/* What share of the entries is positive, where the probability says p?
 *  out [bin_count]; scikit-learn's curve leaves the empty bins out
 * Errors: also WF_E_DATA for a probability outside [0, 1], WF_E_ARG for no bin.
 * Source: sklearn.calibration.calibration_curve */
WF_API wf_status wf_calibration_curve(wf_calibration_bin *out, wf_context *cx,
                                      const uint8_t *is_positive, const float *probabilities,
                                      int64_t count, int bin_count, wf_calibration_bins kind);

/* How far the share of positives is from the probability: on average over the entries, and in the
 * worst bin. NAN when there is no entry. Of a classifier: with the probability of the predicted
 * class, and positive where it is the true one.  Threads: any.
 * Source: ECE and MCE of Guo et al. 2017, arXiv:1706.04599 */
typedef struct wf_calibration_error {
    double expected, most;
} wf_calibration_error;
WF_API wf_calibration_error wf_calibration_error_of(const wf_calibration_bin *bins, int bin_count);

/* ---- averages over classes or labels ---- */

typedef enum wf_average {
    WF_AVERAGE_MACRO,    /* the mean over the columns */
    WF_AVERAGE_MICRO,    /* of all entries as one list */
    WF_AVERAGE_WEIGHTED, /* over the columns, weighted by their positives */
    WF_AVERAGE_SAMPLES   /* the mean over the images */
} wf_average;

/* AUC of each class against the rest, averaged; wf_evaluation has it for each class.
 *  labels [count], each in [0, class_count); probabilities [count][class_count], rows add up to 1
 * Errors: WF_E_ARG (fewer than two classes; average over samples), WF_E_DATA (no image, an entry
 * out of range, a class without images), WF_E_NOMEM.  Threads: any.
 * Source: sklearn.metrics.roc_auc_score, multi_class="ovr" */
WF_API wf_status wf_multiclass_roc_auc(double *out, wf_context *cx, const int32_t *labels,
                                       const float *probabilities, int64_t count, int class_count,
                                       wf_average average);

/* ---- any number of labels per image ----
 *  targets, predicted [count][label_count], each 0 or 1
 *  scores [count][label_count], finite
 * Errors of all: WF_E_ARG (fewer than two labels), WF_E_DATA (no image, an entry out of range),
 * WF_E_NOMEM.  Threads: any. */

/* One label, or one average over them (support is then the number of labels that images have). A
 * figure whose denominator is zero is 0 (scikit-learn's zero_division=0). */
typedef struct wf_label_score {
    double precision, recall, f1, jaccard;
    int64_t support;
} wf_label_score;

typedef struct wf_label_scores {
    double subset_accuracy; /* images with every label right: sklearn.metrics.accuracy_score */
    double hamming_loss;    /* share of wrong labels */
    wf_label_score macro, micro, weighted, samples;
} wf_label_scores;

/*  labels [label_count], or NULL: each label by itself
 * Source: sklearn.metrics.precision_recall_fscore_support, jaccard_score, hamming_loss */
WF_API wf_status wf_multilabel_scores(wf_label_scores *out, wf_label_score *labels, wf_context *cx,
                                      const uint8_t *targets, const uint8_t *predicted,
                                      int64_t count, int label_count);

/* Errors: also WF_E_DATA when a label (for the average over samples: an image; for micro: all) has
 * no positive or no negative entry.
 * Source: sklearn.metrics.roc_auc_score */
WF_API wf_status wf_multilabel_roc_auc(double *out, wf_context *cx, const uint8_t *targets,
                                       const float *scores, int64_t count, int label_count,
                                       wf_average average);

/* A label that no image has counts as 0.  Source: sklearn.metrics.average_precision_score */
WF_API wf_status wf_multilabel_average_precision(double *out, wf_context *cx,
                                                 const uint8_t *targets, const float *scores,
                                                 int64_t count, int label_count,
                                                 wf_average average);

/* Mean over the images, and in each over its labels, of the share of its labels among those that
 * rank no lower; 1 for an image with no label or all.  Source: sklearn.metrics, the same name */
WF_API wf_status wf_label_ranking_average_precision(double *out, wf_context *cx,
                                                    const uint8_t *targets, const float *scores,
                                                    int64_t count, int label_count);

/* How many labels must be taken, best first, to have all of an image's: the mean over the images.
 * Source: sklearn.metrics.coverage_error */
WF_API wf_status wf_coverage_error(double *out, wf_context *cx, const uint8_t *targets,
                                   const float *scores, int64_t count, int label_count);

/* Share of pairs of a label that the image has and one that it lacks in which the latter does not
 * rank lower: the mean over the images; 0 for an image with no label or all.
 * Source: sklearn.metrics.label_ranking_loss */
WF_API wf_status wf_label_ranking_loss(double *out, wf_context *cx, const uint8_t *targets,
                                       const float *scores, int64_t count, int label_count);

#ifdef __cplusplus
}
#endif
#endif
