/* A run for TensorBoard: a folder of event files, written while the model trains or afterwards.
 *
 *   <folder>/             hyperparameters, config.yaml, training samples, what the judging says
 *   <folder>/train/       epoch_loss, epoch_accuracy, ...; weights/<name>, gradients/<name>
 *   <folder>/validation/  epoch_loss, epoch_accuracy: in one chart with those of train
 *
 * The step of whatever belongs to an epoch is the epoch, from 1. */
#ifndef WF_CMD_BOARD_H
#define WF_CMD_BOARD_H

#include "cmd/experiment.h"
#include "store/store.h"
#include "weft/data.h"
#include "weft/eval.h"
#include "weft/events.h"

typedef struct wf_board {
    wf_events *run, *train;
    wf_events *validation; /* NULL before there is something to write */
    char *folder;
    int64_t first_epoch;
} wf_board;

/* `first_epoch`: what older files hold from this epoch on is void, and what is not of an epoch
 * altogether. Whatever happens, `out` wants wf_board_close.  Errors: WF_E_IO, WF_E_NOMEM. */
wf_status wf_board_open(wf_board *out, wf_context *cx, const char *folder, int64_t first_epoch);
/* NULL-safe as long as the struct is zeroed or opened. */
wf_status wf_board_close(wf_board *b, wf_context *cx);

/* In each of these time_s is in seconds since 1970, 0: now.  Errors: WF_E_IO, WF_E_NOMEM. */

/* Hyperparameters and configuration. */
wf_status wf_board_experiment(wf_board *b, wf_context *cx, const wf_experiment *e, double time_s);
/* One row of images for each class, as they are before normalization: those of the rows in
 * index [n]. */
wf_status wf_board_samples(wf_board *b, wf_context *cx, const wf_images *images,
                           const int32_t *index, int64_t n, char *const *class_names,
                           int class_count, double time_s);
wf_status wf_board_epoch(wf_board *b, wf_context *cx, const wf_epoch_record *record, double time_s);
/* Histograms of every trainable parameter, and with `has_gradient` of its gradient. */
wf_status wf_board_params(wf_board *b, wf_context *cx, const wf_params *params, int has_gradient,
                          wf_event_point at);
/* What the run's test.json says, or its fold.json; nothing when there is none. */
wf_status wf_board_judged(wf_board *b, wf_context *cx, const wf_run *run, int is_fold,
                          wf_event_point at);
/* Everything so far is on disk. */
wf_status wf_board_flush(wf_board *b, wf_context *cx);

/* ---- board_hparams.c: what an experiment can be told by ---- */

typedef struct wf_hparam_list {
    wf_hparam *items; /* names and texts are owned */
    size_t count;
} wf_hparam_list;

/* Model, data, seed, keys of layers that are not at their defaults, and every key of the recipe, as
 * --set names it without "training.".
 * Errors: WF_E_NOMEM. */
wf_status wf_hparam_list_create(wf_hparam_list *out, wf_context *cx, const wf_experiment *e);
void wf_hparam_list_reset(wf_hparam_list *list);

/* ---- board_confusion.c ---- */

/* The confusion matrix as a picture: row = true class, column = predicted one, the darker the
 * larger the share of the row. */
wf_status wf_board_confusion(wf_board *b, wf_context *cx, const wf_evaluation *e, const char *tag,
                             wf_event_point at);

#endif
