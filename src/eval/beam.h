/* Beam search over sequences of labels, and what it says of sets of labels.
 *
 * A sequence is labels 0 .. classes-1, none twice, at most length-1 of them, then END (number
 * classes). A model gives probabilities of what comes next; those of labels that were told before,
 * and in the last step of all labels, are taken out and the rest is made 1 again. So the
 * probabilities of all legal sequences sum to 1, and those of all sets as well, each the sum over
 * the orders of its labels.
 * Source: Wang et al. 2016, arXiv:1604.04573, section 3.3 */
#ifndef WF_EVAL_BEAM_H
#define WF_EVAL_BEAM_H

#include <stdint.h>

#include "base/status.h"

enum { WF_BEAM_WIDTH = 5 }; /* where no other is given */

typedef struct wf_beam_options {
    int32_t classes, length; /* length: steps of a sequence, END included */
    int32_t width;           /* sequences that are followed at a time; 1: greedy */
    int32_t images;
    int32_t sets; /* that are wanted of each image, the likeliest first */
    /* [images][classes], 1: in the set; NULL: any. Of each image only the orders of this one set
     * are followed, at the probabilities that they have among all. */
    const uint8_t *only;
} wf_beam_options;

/* Sets out[image][hypothesis][classes+1] to the probabilities of what comes at `step` behind each
 * of sequences[image][hypothesis][length] (labels, then -1). Those of hypotheses that are over may
 * be anything.
 *  from [image][hypothesis]: the hypothesis, counted through all images, that each one continued at
 *  the step before; NULL at the first step */
typedef wf_status (*wf_beam_fn)(void *user, wf_context *cx, float *out, const int32_t *sequences,
                                int32_t step, const int32_t *from);

/* What the search has found, in arrays of the caller; each may be NULL. Where there are fewer sets
 * than wanted, the rest has -INFINITY and no labels. */
typedef struct wf_beam_result {
    uint8_t *sets;             /* [images][sets][classes], 1: in the set */
    double *log_probabilities; /* [images][sets]: of the sum over the orders that were found */
    float *labels;             /* [images][classes]: sum over all found sets with that label */
    int32_t *sequences;        /* [images][sets][length]: the likeliest order that was found of each
                                  set: its labels, END, then -1 */
} wf_beam_result;

/* Follows `width` sequences of each image: at each step the likeliest of all that continue those of
 * the step before, END among what may come; one that ends is found and makes room. Of equally
 * likely ones the earlier and the lower label comes first, so that the result is a function of the
 * probabilities. With a width no smaller than the number of sequences all are found.
 * Errors: WF_E_ARG, WF_E_NOMEM, those of `next`. */
wf_status wf_beam_search(const wf_beam_result *out, wf_context *cx, const wf_beam_options *options,
                         wf_beam_fn next, void *user);

#endif
