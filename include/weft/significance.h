/* Which differences between classifiers are real: paired tests, intervals, correction for many. All
 * intervals are of 95%, all p two-sided. */
#ifndef WEFT_SIGNIFICANCE_H
#define WEFT_SIGNIFICANCE_H

#include <stddef.h>
#include <stdint.h>

#include "weft/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Two classifiers, a and b, on the same images. */
typedef struct wf_mcnemar {
    int64_t count; /* images */
    int64_t both_right, only_a_right, only_b_right, both_wrong;
    double difference; /* accuracy of a minus accuracy of b */
    double low, high;  /* of the difference: Tango's score interval */
    double p;          /* mid-p */
    double p_exact;    /* conditional exact, for comparison with other programs: too cautious */
} wf_mcnemar;

/* McNemar's test in its mid-p form for any number of images on which only one is right: Fagerland
 * and others recommend it, since the exact conditional test and the continuity correction are too
 * cautious at any size, and the plain chi-square is not cautious enough when there are few. Without
 * such an image p is 1. Speaks for other images, not for other seeds.
 *  only_a_right, only_b_right, both_right, both_wrong: images, each >= 0, their sum >= 1
 * Errors: WF_E_ARG.  Threads: any.
 * Source: McNemar 1947, doi:10.1007/BF02295996; Fagerland, Lydersen, Laake 2013,
 * doi:10.1186/1471-2288-13-91; Tango 1998,
 * doi:10.1002/(SICI)1097-0258(19980430)17:8<891::AID-SIM780>3.0.CO;2-B */
WF_API wf_status wf_mcnemar_counts(wf_mcnemar *out, wf_context *cx, int64_t both_right,
                                   int64_t only_a_right, int64_t only_b_right, int64_t both_wrong);

/* The same from labels and predicted classes, each [count].
 * Errors: WF_E_ARG (count below 1).  Threads: any. */
WF_API wf_status wf_mcnemar_test(wf_mcnemar *out, wf_context *cx, const int32_t *labels,
                                 const int32_t *predicted_a, const int32_t *predicted_b,
                                 int64_t count);

/* Difference of two means, a minus b. */
typedef struct wf_t_test {
    double difference, low, high;
    double t, df, p;
    double cohen_d;  /* the difference in standard deviations */
    double hedges_g; /* the same without its bias in small samples */
} wf_t_test;

/* Welch's t over seeds. Speaks for the noise of the seeds only: every run was judged on the same
 * images, whose choice it does not see.
 *  a [count_a], b [count_b]: a figure of each run; both counts >= 2
 * cohen_d divides by the pooled standard deviation.
 * Errors: WF_E_ARG (fewer than two values), WF_E_DATA (a value that is not finite; neither a nor b
 * varies, so that there is nothing to measure the difference by).  Threads: any.
 * Source: Welch 1947, doi:10.1093/biomet/34.1-2.28; Hedges 1981, doi:10.3102/10769986006002107 */
WF_API wf_status wf_welch_test(wf_t_test *out, wf_context *cx, const double *a, size_t count_a,
                               const double *b, size_t count_b);

/* Nadeau and Bengio's corrected resampled t over k folds times r repeats: the variance of the
 * differences counts 1/(k r) + test_count/train_count times, since training sets overlap.
 *  a, b [count]: a figure of each fold, both models on the same fold; count = k r >= 2
 *  test_count, train_count: images of a fold that are held out and that are trained on, > 0
 * cohen_d divides by the standard deviation of the differences.
 * Errors: WF_E_ARG (fewer than two folds, no images), WF_E_DATA (a value that is not finite; the
 * difference is the same in every fold).  Threads: any.
 * Source: Nadeau and Bengio 2003, doi:10.1023/A:1024068626366; for repeats Bouckaert and Frank
 * 2004, doi:10.1007/978-3-540-24775-3_3 */
WF_API wf_status wf_corrected_t_test(wf_t_test *out, wf_context *cx, const double *a,
                                     const double *b, size_t count, double test_count,
                                     double train_count);

/* Holm's step-down correction: with it, the chance of even one false discovery among all stays
 * below the level. `adjusted` may be `p`; entries that are NAN (not tested) stay so and do not
 * count.
 *  p, adjusted [count]
 * Errors: WF_E_ARG (a p outside [0, 1]), WF_E_NOMEM.  Threads: any.
 * Source: Holm 1979, https://www.jstor.org/stable/4615733 */
WF_API wf_status wf_holm_adjust(double *adjusted, wf_context *cx, const double *p, size_t count);

#ifdef __cplusplus
}
#endif
#endif
