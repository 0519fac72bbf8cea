/* What models say of images that tell a set of labels as a whole: by beam search of those that
 * tell it as a sequence, exactly of those that have a place for every set. */
#ifndef WF_EVAL_SET_ANSWERS_H
#define WF_EVAL_SET_ANSWERS_H

#include "eval/beam.h"
#include "nn/graph.h"
#include "weft/train.h"

/* How many labels such a model tells; 0: it is of another kind. */
int32_t wf_told_sets(const wf_graph *g);
/* Whether it is one that tells them one after another: its sets are found by beam search. */
int wf_tells_sequences(const wf_graph *g);

/* Arrays of the caller, each may be NULL. */
typedef struct wf_set_answers {
    int32_t n_sets; /* S, told of each image; 0: 1 */
    uint8_t *sets;  /* [n][S][labels] the likeliest sets, 1: in it; where fewer are found: 0 */
    double *log_p;  /* [n][S] log of their probabilities; where fewer are found: -INFINITY */
    float *labels;  /* [n][labels] probability of each label: the sum over the sets with it (by beam
                         search: over those found) */
    int32_t *sequences; /* [n][S][steps] of models that tell sequences: the likeliest order found of
                           each of these sets: its labels, END, then -1 */
    /* What is asked of given sets, such as the true ones: [n][labels], 1: in it. */
    const uint8_t *asked;
    double *asked_log_p; /* [n]; by beam search as wf_decoder_set_log_probabilities */
} wf_set_answers;

/* Of the options recipe and layer must be 0. `width` of the beam; 0: WF_BEAM_WIDTH.
 * Errors: as wf_predict. */
wf_status wf_set_answers_fill(const wf_set_answers *out, wf_context *cx, wf_params *params,
                              wf_pool *pool, const wf_predict_options *options, int32_t width);

#endif
