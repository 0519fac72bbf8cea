/* What may be wrong with the data themselves: images that occur twice, labels that are unlikely. */
#ifndef WEFT_AUDIT_H
#define WEFT_AUDIT_H

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
    int32_t label; /* -1: none */
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
    int64_t other_label; /* pairs whose labels differ */
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
 * Errors: WF_E_ARG (near; over 2^31 - 1 images), WF_E_LIMIT (more than 2^22 near pairs),
 * WF_E_NOMEM.  Threads: one caller per pool. */
WF_API wf_status wf_duplicates_find(wf_duplicates **out, wf_context *cx, wf_pool *pool,
                                    const wf_dataset *dataset, double near);
/* NULL is legal. */
WF_API void wf_duplicates_destroy(wf_duplicates *duplicates);

#ifdef __cplusplus
}
#endif
#endif
