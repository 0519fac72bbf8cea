/* What models say of images that tell a set of labels as a whole: by beam search of those that
 * tell it as a sequence, exactly of those that have a place for every set. */
#ifndef WF_EVAL_SET_ANSWERS_H
#define WF_EVAL_SET_ANSWERS_H

#include "nn/graph.h"
#include "weft/train.h"

/* How many labels such a model tells; 0: it is of another kind. */
int32_t wf_told_sets(const wf_graph *g);

/* Arrays of the caller, each may be NULL. */
typedef struct wf_set_answers {
    uint8_t *sets; /* [n][labels] the likeliest set, 1: in it */
    float *labels; /* [n][labels] probability of each label: the sum over the sets with it (by beam
                        search: over those found) */
    double *log_p; /* [n] log of the likeliest set's probability */
} wf_set_answers;

/* Of the options recipe and layer must be 0. `width` of the beam; 0: 5.
 * Errors: as wf_predict. */
wf_status wf_set_answers_fill(const wf_set_answers *out, wf_context *cx, wf_params *params,
                              wf_pool *pool, const wf_predict_options *options, int32_t width);

#endif
