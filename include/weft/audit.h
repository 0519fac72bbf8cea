/* What may be wrong with the data themselves: images that occur twice, labels that are unlikely. */
#ifndef WEFT_AUDIT_H
#define WEFT_AUDIT_H

#include <signal.h>
#include <stdint.h>

#include "weft/data.h"
#include "weft/status.h"
#include "weft/threads.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- duplicates ----------------------------------------------------------------------------- */

typedef enum wf_part { WF_PART_TRAIN, WF_PART_VALIDATION, WF_PART_TEST, WF_PARTS } wf_part;

/* "train", "validation", "test".  Threads: any. */
WF_API const char *wf_part_name(wf_part part);

/* Where an image is. */
typedef struct wf_image_place {
    wf_part part;
    int32_t label; /* -1: none, or any number of them */
    int64_t index; /* row of the part */
} wf_image_place;

/* `a` stands before `b`: in an earlier part, or earlier in the same one. */
typedef struct wf_duplicate {
    wf_image_place a, b;
    double distance; /* 0: the same pixels */
} wf_duplicate;

/* Between one part and another, or within one. */
typedef struct wf_duplicate_counts {
    int64_t pairs;
    int64_t other_label; /* pairs whose labels, or sets of labels, differ */
    int64_t images;      /* images of the later part that have a duplicate in the other one */
} wf_duplicate_counts;

enum { WF_NEAREST_BINS = 12, WF_DUPLICATES_MAX_PAIRS = 1 << 22 };

/* Distance: root mean square of the difference of two images' pixels, as a share of the full range
 * 255. It is 0 for equal images and 1 between black and white. */
typedef struct wf_duplicates {
    double near; /* near duplicates: 0 < distance <= near */
    /* Of n equal images, each with the first of them: n - 1 lines. Ordered by places. */
    wf_duplicate *exact;
    int64_t exact_count;
    /* Every pair. Nearest first, equal distances by places. */
    wf_duplicate *close;
    int64_t close_count;
    /* [a][b] for a <= b; every pair counts, also those of n equal images */
    wf_duplicate_counts exact_counts[WF_PARTS][WF_PARTS], close_counts[WF_PARTS][WF_PARTS];
    /* How many training images have their nearest other training image in each twelfth of the
     * distances up to 2 near: where a thin start ends is where the threshold belongs. Bin i holds
     * distances in (i, i + 1] * near / 6, the first one 0 as well. */
    int64_t nearest[WF_NEAREST_BINS];
} wf_duplicates;

/* Compares every image with every other one, within and across the parts. Nothing is sampled: pairs
 * are only left out when means over parts of the images prove that they are farther apart (by
 * Cauchy and Schwarz). The differences are sums of integers, so any number of threads gives the
 * same bits.
 *  near: in [0, 1]
 *  stop: looked at all the time; not 0: stop. NULL: none
 * Errors: WF_E_ARG (near; over 2^31 - 1 images), WF_E_LIMIT (more than 2^22 near pairs),
 * WF_E_INTERRUPTED, WF_E_NOMEM.  Threads: one caller per pool. */
WF_API wf_status wf_duplicates_find(wf_duplicates **out, wf_context *cx, wf_pool *pool,
                                    const wf_dataset *dataset, double near,
                                    const volatile sig_atomic_t *stop);
/* NULL is legal. */
WF_API void wf_duplicates_destroy(wf_duplicates *duplicates);

/* --- unlikely labels ------------------------------------------------------------------------- */

/* Of images with any number of labels an error is of one label: of one that is there and should
 * not be, then the suggested class is WF_NO_LABEL; or of the suggested class, which is not there
 * and should be, then the label is WF_NO_LABEL. */
enum { WF_NO_LABEL = -1 };
typedef struct wf_label_error {
    int64_t image; /* row of labels and probabilities */
    int32_t label, suggested;
    double self_confidence; /* probability of the label, or that the suggested one is not there */
    double margin;          /* that less the probability of what is suggested; below 0 */
} wf_label_error;

/* All images of one label that are of another class. */
typedef struct wf_label_pair {
    int32_t label, other; /* as in wf_label_error */
    int64_t flagged;      /* errors with that label and that suggestion */
    double estimated;     /* images, from the joint: joint * count */
    double share;         /* of the images with that label, or without that other one */
} wf_label_pair;

/* Confident learning: which labels are probably wrong, and how many of each kind there are. */
typedef struct wf_label_errors {
    int64_t count;   /* images */
    int class_count; /* K */
    /* [K] mean probability of the class over the images that have its label: whoever has more is
     * counted as one of the class. NAN for a class without an image. */
    double *thresholds;
    /* [K][K] confident joint: images of that label that count as that class; with several such
     * classes, as the most probable. Images that count as none are left out. */
    int64_t *confident;
    /* [K][K] the same, each row scaled to how often its label is there, and all of it to 1: an
     * estimate of how often label and true class occur together. */
    double *joint;
    wf_label_error *errors; /* lowest margin first, of equals the first image, label, suggestion */
    int64_t error_count;
    /* Pairs with an error, or with half an image by estimate; most errors first, then the largest
     * estimate, then by label and class. */
    wf_label_pair *pairs;
    int64_t pair_count;
} wf_label_errors;

/* Prunes by noise rate: of every pair of a label and another class, the estimated number of images,
 * joint * count to the nearest whole number, are those in which the class is more probable than the
 * label by most. (An image whose label is at least as probable as the class is never one.) Several
 * pairs may take the same image; its suggested class is the most probable one, the first of equals.
 *  labels [count], each in [0, class_count)
 *  probabilities [count][class_count], finite and >= 0, rows sum to about 1, from models that were
 *  not trained on that image: held out folds, or a test set
 * A label whose images count as no class at all is taken to be right.
 * Errors: WF_E_ARG (class_count outside 1 ... 4096, count below 0), WF_E_DATA (label or probability
 * out of range), WF_E_NOMEM.  Threads: any.
 * Source: Northcutt, Jiang, Chuang 2021, doi:10.1613/jair.1.12125, section 3 */
WF_API wf_status wf_label_errors_find(wf_label_errors **out, wf_context *cx, const int32_t *labels,
                                      const float *probabilities, int64_t count, int class_count);
/* The same of images with any number of labels: whether a label is there is a question of its own,
 * with two classes, absent and present, of probability 1 - p and p. thresholds are then [K][2],
 * confident and joint [K][2][2].
 *  sets [count][class_count], 0 or 1
 *  probabilities [count][class_count], in [0, 1]
 * Errors: as above.  Threads: any.
 * Source: as above, section 3, for each label; Thyagarajan et al. 2022, arXiv:2211.13895, section 2
 */
WF_API wf_status wf_label_set_errors_find(wf_label_errors **out, wf_context *cx,
                                          const uint8_t *sets, const float *probabilities,
                                          int64_t count, int class_count);
/* NULL is legal. */
WF_API void wf_label_errors_destroy(wf_label_errors *errors);

#ifdef __cplusplus
}
#endif
#endif
