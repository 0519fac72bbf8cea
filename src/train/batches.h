/* What training, prediction and timing share: checks, a pass without learning. */
#ifndef WF_TRAIN_BATCHES_H
#define WF_TRAIN_BATCHES_H

#include "nn/plan.h"
#include "weft/train.h"

enum { WF_EVALUATE_BATCH = 500 };

/* Rows of one image array: `index` NULL means 0 .. n-1. */
typedef struct wf__rows {
    const wf_images *images;
    const int32_t *index;
    int64_t n;
    const wf_normalization *normalization;
    int32_t views;            /* wf_test_views, for evaluation */
    const int32_t *sequences; /* [rows of the images][sequence_length], or NULL: see targets.h */
    int32_t sequence_length;
    const int32_t *numbers; /* [rows of the images] of sets, or NULL */
} wf__rows;

/* The images have the graph's input size, the rows exist, and what `loss` (NULL: nothing) learns
 * from is there: labels that are classes of the output, or sets of as many labels as it tells;
 * `what` names them in messages ("training").
 * Errors: WF_E_SHAPE, WF_E_DATA, WF_E_ARG. */
wf_status wf__rows_check(wf_context *cx, const wf_graph *g, const wf__rows *rows,
                         const wf_loss *loss, const char *what);

/* The batch of rows [first, first + n) in the order of rows->index. */
wf_batch wf__rows_batch(const wf__rows *rows, int64_t first, int64_t n);

/* Runs an EVALUATE or INFER plan over all rows. `out_outputs` [n][output size of the plan] or NULL
 * receives the outputs, or their means over the rows' views; loss and accuracy are the last view's.
 * Errors: as wf_plan_run, WF_E_INTERRUPTED (`stop` was raised). */
wf_status wf__rows_evaluate(wf_predict_result *out, float *out_outputs, wf_context *cx,
                            wf_plan *plan, const wf__rows *rows, int batch_size, int has_loss,
                            const volatile sig_atomic_t *stop);

#endif
