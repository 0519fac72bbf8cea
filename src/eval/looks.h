/* Where a model with attention looks while it tells a sequence of labels. */
#ifndef WF_EVAL_LOOKS_H
#define WF_EVAL_LOOKS_H

#include "nn/graph.h"
#include "weft/train.h"

/* The last layer that looks, of a model that tells sequences of labels; -1: there is none. */
int wf_looks_layer(const wf_graph *g);

/* The steps of a sequence, and the places that each of them looks at: rows and columns of a map, or
 * one row of a sequence's steps. */
typedef struct wf_look_places {
    int32_t steps, height, width;
    int is_map;
} wf_look_places;

/* All 0 where the model has no such layer. */
wf_look_places wf_look_places_of(const wf_graph *g);

/* out [n][steps][places]: how much each step of a sequence looks at each place, a sum of 1 for each
 * step. `sequences` [n][steps] are of the images in the order of options->index; of the options
 * recipe, layer and views must be 0, and the model must have such a layer.
 * Errors: as wf_predict. */
wf_status wf_looks_fill(float *out, wf_context *cx, wf_params *params, wf_pool *pool,
                        const wf_predict_options *options, const int32_t *sequences);

#endif
