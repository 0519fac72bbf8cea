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

#ifdef __cplusplus
}
#endif
#endif
