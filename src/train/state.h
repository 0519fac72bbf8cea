/* Where training stands: what a resume needs besides the parameters, and the file for it. */
#ifndef WF_TRAIN_STATE_H
#define WF_TRAIN_STATE_H

#include "nn/graph.h"
#include "train/recipe.h"
#include "weft/train.h"

typedef struct wf__train_state {
    /* position */
    int64_t epochs_done; /* finished epochs */
    int64_t step;        /* steps done in the next one */
    int64_t is_over;     /* all epochs are done, or early stopping has stopped */
    int64_t stopped_early;
    /* sums of the running epoch */
    double loss_sum;
    int64_t correct, seen;
    double epoch_s, steps_s; /* seconds so far: in all, in training steps */
    double learning_rate;    /* of the last step */
    double total_s;          /* of all finished epochs */
    /* early stopping and the best epoch */
    double stop_best, best_value;
    int64_t stop_wait, best_epoch;
    wf_schedule_state schedule;
} wf__train_state;

void wf__train_state_init(wf__train_state *state);

/* What must be the same when training goes on. */
typedef struct wf__train_identity {
    uint64_t seed;
    int64_t batch_size, n_train, n_validation;
    const char *loss, *optimizer, *schedule;
} wf__train_identity;

/* All that a checkpoint holds. */
typedef struct wf__checkpoint {
    wf_params *params, *average; /* average NULL: none is kept */
    wf__train_state *state;
    const wf__train_identity *identity;
    float *best;               /* the best epoch's parameters; NULL: not kept */
    wf_epoch_figures *history; /* [state->epochs_done]; reading: room for `history_capacity` */
    int32_t history_capacity;
} wf__checkpoint;

/* Errors: WF_E_IO, WF_E_NOMEM. */
wf_status wf__checkpoint_write(wf_context *cx, const char *path, const wf__checkpoint *c);
/* Fills parameters, moments, state, best and history. The optimizer's moments must be allocated. On
 * failure nothing is changed.
 * Errors: WF_E_MODEL (another model or recipe), WF_E_DATA, WF_E_NOTFOUND, WF_E_IO, WF_E_NOMEM. */
wf_status wf__checkpoint_read(wf__checkpoint *c, wf_context *cx, const char *path);

#endif
