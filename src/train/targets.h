/* What models learn from that tell sets of labels as a whole: a sequence of labels and END, or the
 * set's number. Models with a unit for each label learn from the sets themselves. */
#ifndef WF_TRAIN_TARGETS_H
#define WF_TRAIN_TARGETS_H

#include "train/batches.h"
#include "train/sequences.h"

typedef struct wf__targets {
    wf_sequence_options options; /* length 0: no sequences */
    int32_t *rank;               /* [classes] */
    int32_t *sequences;          /* [rows of the images][length], those of other rows 0; or NULL */
    int32_t *numbers;            /* [rows of the images], or NULL: bit k for label k */
} wf__targets;

/* How many labels a model tells by sequences, or by numbers of sets, 0: by neither, when it learns
 * with that loss. NULL: with one that fits. */
int32_t wf__sequence_classes(const wf_graph *g, const wf_loss *loss);
int32_t wf__number_classes(const wf_graph *g, const wf_loss *loss);

/* Makes the targets of the rows, in the order that the model's label_input asks for (frequent
 * first without one), and points rows->sequences or rows->numbers at them. Labels' frequencies are
 * those of `rank`, or where that is NULL of these rows. Nothing is made where the model learns from
 * something else. Release with wf__targets_reset.
 * Errors: WF_E_DATA (an image with too many labels), WF_E_NOMEM. */
wf_status wf__targets_create(wf__targets *out, wf__rows *rows, wf_context *cx, const wf_graph *g,
                             const wf_loss *loss, const int32_t *rank, uint64_t seed);
/* A random order is drawn anew. */
wf_status wf__targets_begin_epoch(wf__targets *t, wf_context *cx, const wf__rows *rows,
                                  uint32_t epoch);
void wf__targets_reset(wf__targets *t);

#endif
