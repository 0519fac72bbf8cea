/* How good a classifier is: figures from true labels and predicted probabilities. */
#ifndef WEFT_EVAL_H
#define WEFT_EVAL_H

#include <stddef.h>
#include <stdint.h>

#include "weft/metrics.h"
#include "weft/status.h"
#include "weft/threads.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { WF_EVAL_MAX_CLASSES = 4096, WF_EVAL_CALIBRATION_BINS = 15 };

/* One class, or one average over classes (support is then the number of images). A figure whose
 * denominator is zero is 0 (scikit-learn's zero_division=0). AUC and average precision are those of
 * the class against the rest, micro those of all entries as one list; NAN: unknown. */
typedef struct wf_class_score {
    double precision, recall, f1;
    int64_t support;
    double auc; /* unknown without an image of the class or of the rest; then the averages, too */
    double average_precision;
} wf_class_score;

/* `count` images of class `truth` were taken for `predicted`; `share` is count / support. */
typedef struct wf_confused_pair {
    int truth, predicted;
    int64_t count;
    double share;
} wf_confused_pair;

/* The figures that are given with an interval: XX(enumerator, key in JSON, name for people). Those
 * from WF_HEADLINE_SUBSET_ACCURACY on are of images with any number of labels, under the names that
 * the field uses; `accuracy` and `macro_f1` are there the same as two of them. */
#define WF_HEADLINE_MAP(XX)                                                                        \
    XX(ACCURACY, "accuracy", "accuracy")                                                           \
    XX(BALANCED_ACCURACY, "balanced_accuracy", "balanced accuracy")                                \
    XX(MACRO_F1, "macro_f1", "macro F1")                                                           \
    XX(WEIGHTED_F1, "weighted_f1", "weighted F1")                                                  \
    XX(MCC, "mcc", "MCC")                                                                          \
    XX(KAPPA, "kappa", "Cohen's kappa")                                                            \
    XX(LOSS, "loss", "log loss")                                                                   \
    XX(SUBSET_ACCURACY, "subset_accuracy", "subset accuracy")                                      \
    XX(SET_LOG_LIKELIHOOD, "set_log_likelihood", "set log-likelihood")                             \
    XX(MAP, "map", "mAP")                                                                          \
    XX(C_P, "c_p", "C-P")                                                                          \
    XX(C_R, "c_r", "C-R")                                                                          \
    XX(C_F1, "c_f1", "C-F1")                                                                       \
    XX(O_P, "o_p", "O-P")                                                                          \
    XX(O_R, "o_r", "O-R")                                                                          \
    XX(O_F1, "o_f1", "O-F1")                                                                       \
    XX(SMALL_RECALL, "small_object_recall", "small-object recall")

typedef enum wf_headline {
#define XX(code, key, name) WF_HEADLINE_##code,
    WF_HEADLINE_MAP(XX)
#undef XX
        WF_HEADLINE_COUNT
} wf_headline;

typedef struct wf_interval {
    double low, high; /* NAN: unknown */
} wf_interval;

/* Intervals by the bootstrap (wf_evaluation_bootstrap). */
typedef struct wf_intervals {
    int64_t resamples; /* 0: none was made, every interval is unknown */
    double level;      /* 0.95: in 95 of 100 test sets such an interval holds the true figure */
    uint64_t seed;
    wf_interval of[WF_HEADLINE_COUNT];
} wf_intervals;

/* One image and one label: bits of wf_evaluation.outcomes. */
enum { WF_OUTCOME_TRUE = 1, WF_OUTCOME_TOLD = 2, WF_OUTCOME_SMALL = 4 };

/* Bits of an entry of wf_evaluation.ranking beside the image's number: it has the label; the next
 * one is less probable. */
#define WF_RANKING_TRUE (UINT32_C(1) << 31)
#define WF_RANKING_LAST (UINT32_C(1) << 30)

/* A set whose probability float32 cannot hold counts as the least that it can: log(FLT_MIN). */
#define WF_LEAST_SET_LOG_P (-87.33654475055310)

/* All figures of one model on one test set. Read it freely; only wf_evaluation_* writes it. */
typedef struct wf_evaluation {
    int64_t count;   /* images */
    int class_count; /* K */
    char **class_names;
    int64_t *confusion; /* [K][K], row = true class, column = predicted class */
    double accuracy;
    double balanced_accuracy; /* mean recall of the classes with images */
    double mcc;               /* Matthews' correlation coefficient; 0 where it is 0/0 */
    double kappa;             /* Cohen's; NAN where it is 0/0: one class, always predicted */
    double loss;              /* mean cross-entropy in nats */
    double brier; /* mean over the images of the sum over the classes of squared errors, 0 ... 2 */
    wf_calibration_error calibration_error; /* of the predicted class, 15 bins of equal width */
    double *losses;          /* [count] cross-entropy of each image; NULL when unknown */
    wf_class_score *classes; /* [K] */
    wf_class_score macro, micro, weighted;
    wf_intervals intervals;
    double *top_k;           /* [K]; top_k[k-1]: the true class is among the k most probable */
    wf_confused_pair *pairs; /* all pairs with count > 0, most confused first */
    int pair_count;
    /* Of images with any number of labels (wf_evaluation_create_sets); else 0 and NULL. */
    int is_multilabel;
    double hamming_loss;     /* share of wrong labels */
    double accuracy_at_half; /* `accuracy`, if every label were taken from one half on */
    wf_class_score samples;  /* means over the images, each with its labels */
    double
        *thresholds; /* [K] a label is said to be there above it; NAN: sets are told as a whole */
    double set_log_likelihood; /* mean log-probability of the true set, nats */
    double small_recall;       /* share of the small objects whose label is told */
    int64_t small_count;       /* small objects; 0: none, or not known */
    double *set_log_p;         /* [count] of each image's true set; NULL: unknown */
    uint8_t *outcomes;         /* [count][K] of WF_OUTCOME_*; NULL: unknown */
    uint32_t *ranking; /* [K][count] images, the highest probability of the label first, and the
                          bits WF_RANKING_*; NULL: unknown */
    /* Among classes with at least one image; the first of equals; -1 when there is no image. */
    int worst_by_f1, best_by_f1, worst_by_recall, best_by_recall;
} wf_evaluation;

/* Judges predictions with scikit-learn's conventions.
 *  labels [count], each in [0, class_count)
 *  probabilities [count][class_count], finite and >= 0, rows sum to about 1
 *  class_names [class_count] or NULL, then "0", "1", ...
 * Predicted class: the most probable, the first of equals. Averages run over all class_count
 * classes. top_k: of equal probabilities the higher class index ranks first, as in
 * top_k_accuracy_score. loss: probabilities clipped to [2^-52, 1 - 2^-52] and rows normalised, as
 * in log_loss. count may be 0: every figure is then 0, or unknown where 0 would say something.
 * Errors: WF_E_ARG (class_count outside 1 ... 4096, count below 0), WF_E_DATA (label or probability
 * out of range), WF_E_NOMEM.  Threads: any.
 * Source: scikit-learn 1.2.1, sklearn.metrics; MCC for many classes: Gorodkin 2004,
 * doi:10.1016/j.compbiolchem.2004.09.006; Brier 1950 in its form for many classes */
WF_API wf_status wf_evaluation_create(wf_evaluation **out, wf_context *cx, const int32_t *labels,
                                      const float *probabilities, int64_t count, int class_count,
                                      const char *const *class_names);

/* The same from counts alone: what needs probabilities is unknown (NAN), as top_k beyond 1.
 *  confusion [class_count][class_count], each >= 0
 * Errors: as wf_evaluation_create.  Threads: any. */
WF_API wf_status wf_evaluation_from_confusion(wf_evaluation **out, wf_context *cx,
                                              const int64_t *confusion, int class_count,
                                              const char *const *class_names);

/* What is said of images with any number of labels. Zero-initialise; what is marked may stay 0. */
typedef struct wf_judged_sets {
    int64_t count;                  /* images, 1 ... 2^30 - 1 */
    int class_count;                /* K, at least 2 */
    const char *const *class_names; /* [K]; NULL: "0", "1", ... */
    const uint8_t *targets;         /* [count][K], each 0 or 1 */
    const float *probabilities;     /* [count][K], each in [0, 1], of each label for itself */
    const double *thresholds;       /* [K]: a label is said to be there above it; NULL: one half */
    /* [count][K], 0 or 1: what is said by a model that tells sets as a whole, whatever the
     * probabilities of its labels are; NULL: what is above the thresholds */
    const uint8_t *told;
    /* [count] log-probability of the true set, at most 0; NULL: labels are independent of each
     * other, so it is the sum over the labels, each clipped as in log_loss */
    const double *set_log_p;
    const uint8_t *small; /* [count][K], 0 or 1: its object is small; NULL: not known */
} wf_judged_sets;

/* Judges them.
 * `accuracy` is subset accuracy: every label of the image is right. `loss` is the mean over the
 * labels of log_loss of each. macro, micro, weighted and samples are scikit-learn's averages over
 * labels: macro precision, recall and F1 are known as C-P, C-R and C-F1, micro ones as O-P, O-R and
 * O-F1, macro.average_precision as mAP. set_log_likelihood is the mean of the sets'
 * log-probabilities, each at least WF_LEAST_SET_LOG_P; small_recall the share of the true labels
 * with a small object that are told. What asks which one class an image has is unknown: balanced
 * accuracy, mcc, kappa, brier, calibration (NAN), top_k (NAN), confusion (0) and pairs (none).
 * Errors: WF_E_ARG, WF_E_DATA (an entry out of range, no image), WF_E_NOMEM.  Threads: any.
 * Source: scikit-learn 1.2.1; the names C- and O-: Wang et al. 2016, arXiv:1604.04573 */
WF_API wf_status wf_evaluation_create_sets(wf_evaluation **out, wf_context *cx,
                                           const wf_judged_sets *judged);

/* For each label the threshold with the best F1 on these images, which should be those of the
 * validation part: halfway between two probabilities, of equals the nearest to one half; one half
 * for a label that no image has.
 *  out [class_count]; the others as in wf_judged_sets
 * Errors: as wf_evaluation_create_sets.  Threads: any. */
WF_API wf_status wf_thresholds_tune(double *out, wf_context *cx, const uint8_t *targets,
                                    const float *probabilities, int64_t count, int class_count);

/* The same for the most images of which every label is right: beginning with one half, one
 * threshold at a time, each moved only where that makes more images right (of equals the nearest to
 * one half), until none is moved. Where the probabilities are right and labels independent given
 * the image, one half is best already; this mends probabilities that are not.
 * Errors: as wf_evaluation_create_sets.  Threads: any. */
WF_API wf_status wf_thresholds_tune_subset(double *out, wf_context *cx, const uint8_t *targets,
                                           const float *probabilities, int64_t count,
                                           int class_count);

/* Fills e->intervals: the test images are drawn again, as many as there are, with replacement,
 * `resamples` times, and an interval goes from quantile (1 - level) / 2 of a figure over these
 * resamples to quantile (1 + level) / 2. A resample in which a figure does not exist is left out of
 * it; the loss has an interval when e->losses are known. With any number of labels per image the
 * evaluation must be one of wf_evaluation_create_sets. It says how far another test set of this
 * size would move a figure, not how far another training would.
 *  pool may be NULL: the calling thread alone. Any number of threads gives the same intervals.
 * Cost: resamples * images random numbers: 10,000 of 10,000 take a fraction of a second.
 * Errors: WF_E_ARG (resamples outside 1 ... 1,000,000, level outside (0, 1)), WF_E_DATA (no image,
 * or more than 2^31 - 1), WF_E_NOMEM.  Threads: one at a time per evaluation and pool.
 * Source: percentile intervals of Efron 1981, doi:10.2307/3314608 */
typedef struct wf_bootstrap_options {
    int64_t resamples;
    double level;
    uint64_t seed;
} wf_bootstrap_options;
WF_API wf_status wf_evaluation_bootstrap(wf_evaluation *e, wf_context *cx, wf_pool *pool,
                                         const wf_bootstrap_options *options);

/* The differences between two models on the same images with any number of labels: a figure's
 * interval is that of a's minus b's over the same resamples, so that what makes images hard for
 * both is taken out.  Errors and threads: as wf_evaluation_bootstrap; WF_E_ARG (another number of
 * images or classes, one label per image). */
typedef struct wf_resampled wf_resampled;

/* Every figure of `e` on each resample; the same options give the same resamples for any other
 * evaluation of as many images. Destroying NULL is legal. */
WF_API wf_status wf_resampled_create(wf_resampled **out, wf_context *cx, wf_pool *pool,
                                     const wf_evaluation *e, const wf_bootstrap_options *options);
WF_API void wf_resampled_destroy(wf_resampled *r);

/* out [WF_HEADLINE_COUNT]: intervals of the mean of `a` minus the mean of `b`, each of one or more
 * (over seeds). */
WF_API wf_status wf_resampled_difference(wf_interval *out, wf_context *cx,
                                         const wf_resampled *const *a, size_t count_a,
                                         const wf_resampled *const *b, size_t count_b);

/* The figure itself (NAN: unknown), its key in JSON and its name. */
WF_API double wf_evaluation_headline(const wf_evaluation *e, wf_headline which);
WF_API const char *wf_headline_key(wf_headline which);
WF_API const char *wf_headline_name(wf_headline which);
/* The figure with that key; NAN also for a key that none has. */
WF_API double wf_evaluation_figure(const wf_evaluation *e, const char *key);

/* NULL is legal. */
WF_API void wf_evaluation_destroy(wf_evaluation *e);

/* One JSON object as text, ending in a newline; free it with wf_text_free. Unknown: null.
 * Errors: WF_E_NOMEM.  Threads: any. */
WF_API wf_status wf_evaluation_to_json(char **out_text, wf_context *cx, const wf_evaluation *e);

/* Reads what wf_evaluation_to_json wrote; keys it does not know are ignored. What follows from the
 * confusion matrix is computed again, so a file cannot contradict itself.
 * Errors: WF_E_DATA (no such document), WF_E_LIMIT, WF_E_NOMEM.  Threads: any. */
WF_API wf_status wf_evaluation_from_json(wf_evaluation **out, wf_context *cx, const char *text,
                                         size_t length);

/* Mean and sample standard deviation (divisor n - 1) of one figure over seeds. */
typedef struct wf_spread {
    int64_t count;
    double mean; /* NAN when count is 0 */
    double sd;   /* NAN when count is below 2 */
} wf_spread;

/* Values that are NAN (unknown) are left out.  Threads: any. */
WF_API wf_spread wf_spread_of(const double *values, size_t count);

/* Standard error of an accuracy a on `count` images: sqrt(a (1 - a) / count).  Threads: any. */
WF_API double wf_accuracy_standard_error(double accuracy, int64_t count);

#ifdef __cplusplus
}
#endif
#endif
