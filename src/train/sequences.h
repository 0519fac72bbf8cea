/* The order in which the labels of a set are told. */
#ifndef WF_TRAIN_SEQUENCES_H
#define WF_TRAIN_SEQUENCES_H

#include <stdint.h>

#include "base/status.h"

typedef enum wf_label_order {
    WF_ORDER_FREQUENT_FIRST, /* the label of most training images before all others */
    WF_ORDER_RARE_FIRST,
    WF_ORDER_RANDOM, /* another one for each image and epoch */
    WF_ORDER_FREE    /* aligned to what the model says; until then as frequent_first */
} wf_label_order;

/* How labels become sequences. */
typedef struct wf_sequence_options {
    wf_label_order order;
    int32_t classes, length; /* length: steps, END included */
    const int32_t *rank;     /* [classes] of wf_label_ranks: place in frequent_first */
    uint64_t seed;           /* of random */
    uint32_t epoch;          /* of random */
} wf_sequence_options;

/* rank[k]: how many labels stand before label k when those of more images come first; of labels of
 * equally many images the lower one. `sets` [count][classes], 0 or 1; `index` [n] are the rows that
 * are counted, NULL: 0 .. n-1. */
wf_status wf_label_ranks(int32_t *rank, wf_context *cx, const uint8_t *sets, int32_t classes,
                         const int32_t *index, int64_t n);

/* out[rows][length]: of each row of `sets` [rows][classes] its labels in order, END (number
 * classes), then -1. A random order is a function of (seed, epoch, first_row + row), by wf_rng.
 * Errors: WF_E_DATA (a set with more labels than length - 1: names row and number). */
wf_status wf_label_sequences(int32_t *out, wf_context *cx, const wf_sequence_options *options,
                             const uint8_t *sets, int64_t first_row, int64_t rows);

#endif
