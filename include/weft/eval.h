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

/* The figures that are given with an interval: XX(enumerator, key in JSON, name for people). */
#define WF_HEADLINE_MAP(XX)                                                                        \
    XX(ACCURACY, "accuracy", "accuracy")                                                           \
    XX(BALANCED_ACCURACY, "balanced_accuracy", "balanced accuracy")                                \
    XX(MACRO_F1, "macro_f1", "macro F1")                                                           \
    XX(WEIGHTED_F1, "weighted_f1", "weighted F1")                                                  \
    XX(MCC, "mcc", "MCC")                                                                          \
    XX(KAPPA, "kappa", "Cohen's kappa")                                                            \
    XX(LOSS, "loss", "log loss")

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
    double *thresholds;      /* [K] a label is said to be there above it */
    uint8_t *outcomes;       /* [count][K]: 1 has the label, 2 is said to have it; NULL: unknown */
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

/* Judges probabilities of any number of labels per image.
 *  targets [count][class_count], each 0 or 1; at least one image and two classes
 *  probabilities [count][class_count], each in [0, 1], of each label for itself
 *  thresholds [class_count]: a label is said to be there above it; NULL: one half
 * `accuracy` is subset accuracy: every label of the image is right. `loss` is the mean over the
 * labels of log_loss of each. macro, micro, weighted and samples are scikit-learn's averages over
 * labels: macro precision, recall and F1 are known as C-P, C-R and C-F1, micro ones as O-P, O-R and
 * O-F1, macro.average_precision as mAP. What asks which one class an image has is unknown: balanced
 * accuracy, mcc, kappa, brier, calibration (NAN), top_k (NAN), confusion (0) and pairs (none).
 * Errors: WF_E_ARG, WF_E_DATA (an entry out of range, no image), WF_E_NOMEM.  Threads: any.
 * Source: scikit-learn 1.2.1; the names C- and O-: Wang et al. 2016, arXiv:1604.04573 */
WF_API wf_status wf_evaluation_create_sets(wf_evaluation **out, wf_context *cx,
                                           const uint8_t *targets, const float *probabilities,
                                           const double *thresholds, int64_t count, int class_count,
                                           const char *const *class_names);

/* The same of sets that were told as a whole: told [count][class_count], each 0 or 1, is what is
 * said of an image, whatever the probabilities of its labels are.
 * Errors: as above.  Threads: any. */
WF_API wf_status wf_evaluation_create_told(wf_evaluation **out, wf_context *cx,
                                           const uint8_t *targets, const float *probabilities,
                                           const uint8_t *told, int64_t count, int class_count,
                                           const char *const *class_names);

/* For each label the threshold with the best F1 on these images, which should be those of the
 * validation part: halfway between two probabilities, of equals the nearest to one half; one half
 * for a label that no image has.
 *  out [class_count]; the others as above
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
 * it; the loss has an interval when e->losses are known. With any number of labels per image:
 * accuracy, macro and weighted F1 have one, when e->outcomes are known. It says how far another
 * test set of this size would move a figure, not how far another training would.
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

/* The figure itself, its key in JSON and its name. */
WF_API double wf_evaluation_headline(const wf_evaluation *e, wf_headline which);
WF_API const char *wf_headline_key(wf_headline which);
WF_API const char *wf_headline_name(wf_headline which);

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
