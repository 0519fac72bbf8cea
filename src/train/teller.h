/* A model that tells sequences of labels, asked about one step after another: what it makes of the
 * images alone runs once, the rest for each step. */
#ifndef WF_TRAIN_TELLER_H
#define WF_TRAIN_TELLER_H

#include "nn/plan.h"

typedef struct wf__teller {
    int32_t length, classes; /* steps, END included; labels */
    wf_plan *images;         /* up to the graph's trunk; NULL where that is the images themselves */
    wf_plan *rest;           /* from there on */
    float *values;           /* [images][size of trunk] */
    wf_batch batch;          /* of the rest */
} wf__teller;

typedef struct wf__teller_options {
    wf_precision precision;
    int images, hypotheses;    /* in a batch, at most; of each image */
    int keeps_state;           /* asks may go on from the one before */
    const wf_kernels *kernels; /* NULL: the best that the CPU has */
} wf__teller_options;

/* `params` and `pool` must outlive it. Release with wf__teller_reset.
 * Errors: WF_E_ARG (no label_input; the output is not [length][classes+1]), WF_E_NOMEM. */
wf_status wf__teller_create(wf__teller *out, wf_context *cx, wf_params *params, wf_pool *pool,
                            const wf__teller_options *options);
void wf__teller_reset(wf__teller *teller);

/* From now on about the images of `batch`, of each `hypotheses`. Its sequences are not looked at.
 * Errors: as wf_plan_run. */
wf_status wf__teller_look(wf__teller *teller, wf_context *cx, const wf_batch *batch,
                          int hypotheses);
/* *out [images * hypotheses][length][classes + 1], until the next call: probabilities of what comes
 * at each of the first `steps` steps behind sequences [images * hypotheses][length] (labels, END,
 * then -1); what stands there for the others means nothing.
 *  from [images * hypotheses]: the sequence of the ask before, which was about one step less, that
 *  each one continues; then of the last of the `steps` only. NULL: none
 * Errors: as wf_plan_run. */
wf_status wf__teller_ask(const float **out, wf__teller *teller, wf_context *cx,
                         const int32_t *sequences, int32_t steps, const int32_t *from);

#endif
