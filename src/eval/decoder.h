/* Sets of labels out of a trained model that tells them one after another: beam search over its
 * plans, and how likely it takes given sets to be. */
#ifndef WF_EVAL_DECODER_H
#define WF_EVAL_DECODER_H

#include "eval/beam.h"
#include "nn/plan.h"

typedef struct wf_decoder wf_decoder;

/* Zero-initialise; what is marked may stay 0. */
typedef struct wf_decoder_options {
    wf_precision precision;
    int32_t images;            /* in a batch, at most */
    int32_t width;             /* 0: WF_BEAM_WIDTH */
    int32_t sets;              /* of each image; 0: as many as `width` */
    const wf_kernels *kernels; /* 0: the best that the CPU has */
} wf_decoder_options;

/* Compiles the model: what it makes of the images alone runs once for a batch, the rest for each
 * step and hypothesis. `params` and `pool` must outlive it.
 * Errors: WF_E_ARG (no label_input; the output is not [length][classes+1]), WF_E_NOMEM. */
wf_status wf_decoder_create(wf_decoder **out, wf_context *cx, wf_params *params, wf_pool *pool,
                            const wf_decoder_options *options);
void wf_decoder_destroy(wf_decoder *decoder); /* NULL is legal */

int32_t wf_decoder_classes(const wf_decoder *decoder);
int32_t wf_decoder_length(const wf_decoder *decoder);

/* From now on about the images of `batch`, which must stay where they are. Its sequences are not
 * looked at.
 * Errors: as wf_plan_run.  Threads: one caller at a time. */
wf_status wf_decoder_look(wf_decoder *decoder, wf_context *cx, const wf_batch *batch);

/* The likeliest sets of these images; see wf_beam_result for what is filled.
 * Errors: WF_E_ARG, WF_E_NOMEM.  Threads: as above. */
wf_status wf_decoder_run(const wf_beam_result *out, wf_decoder *decoder, wf_context *cx);

/* out[images]: log of the probability of each image's set, sets [images][classes] (1: in it):
 * the sum over those of its orders that a beam of the decoder's width follows, all of them where
 * there are no more. -INFINITY: it holds more labels than the model tells.
 * Errors and threads: as above. */
wf_status wf_decoder_set_log_probabilities(double *out, wf_decoder *decoder, wf_context *cx,
                                           const uint8_t *sets);

#endif
