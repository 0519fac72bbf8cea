/* What the files session_*.c share: one training, from the experiment to the finished run. */
#ifndef WF_CMD_TRAINING_H
#define WF_CMD_TRAINING_H

#include "cmd/board.h"
#include "cmd/session.h"
#include "store/live.h"

/* What is told while it trains: see session_live.c. */
typedef struct wf_training_live {
    double told_s, counted_s; /* on the clock: the last look, the last line */
    double normed_s, norms_cost_s;
    double batch_loss; /* the largest since the last line */
    int64_t images;    /* since then */
    int has_stepped, is_silent;
    wf_stop stop;
    char stopped_by[64];
    wf_context cx; /* of what could not be written */
} wf_training_live;

typedef struct wf_training {
    wf_session *session;
    wf_cli *cli;
    const wf_experiment *experiment;
    const wf_run_settings *settings;
    const wf_dataset *dataset; /* borrowed */
    wf_store *store;
    wf_run *run;
    wf_split split;
    wf_train_data data;
    int32_t *all_validation; /* the index of a data set's own validation part */
    wf_params *params;
    wf_pretrained *pretrained; /* [parameters] what became of each; NULL: begins without */
    wf_train_result result;
    char *checkpoint, *best, *last;
    int goes_on;         /* from the checkpoint */
    int64_t epochs_kept; /* of the checkpoint */
    wf_board board;      /* zero: not wanted */
    wf_training_live live;
} wf_training;

/* session_data.c: which image is for what. `stored` is the splits.csv of the run that goes on, or
 * NULL.  Errors: as wf_split_create, wf_folds_create, wf_split_read; WF_E_ARG (the recipe watches
 * validation and has none). */
wf_status wf__training_split(wf_training *t, const char *stored);

/* session_folder.c: makes the run's folder, or takes up the one that is to go on; without a
 * checkpoint that begins again at epoch 1. Then the paths of what training writes.
 * Errors: as wf_run_create, wf_run_continue; WF_E_MODEL (begun on other data). */
wf_status wf__training_begin(wf_training *t);
wf_status wf__training_continue(wf_training *t);
wf_status wf__training_paths(wf_training *t);

/* session_pretrained.c: fresh weights and on top of them those of the experiment's pretrained file
 * (a checkpoint brings all of its own); then, with the run's folder there, says what was taken.
 * Errors: as wf_weights_load_pretrained; WF_E_MODEL (the file is not the one any more). */
wf_status wf__training_first_weights(wf_training *t);
wf_status wf__training_record_first_weights(wf_training *t);

/* session_judge.c: what the trained model does on the test images, or on those that its fold holds
 * out; once. */
wf_status wf__training_judge(wf_training *t);

/* session_board.c: event files, where they are wanted. `has_gradient`: a step was made since the
 * process began. When training stops for another reason than its end, `stop` closes them.
 * Errors: WF_E_IO, WF_E_NOMEM. */
wf_status wf__training_board_open(wf_training *t);
wf_status wf__training_board_epoch(wf_training *t, const wf_train_event *event, int has_gradient);
wf_status wf__training_board_finish(wf_training *t);
void wf__training_board_stop(wf_training *t, wf_status why);

/* session_live.c: lines for those who watch, and t->live.stop when one of them wants it to stop. */
void wf__training_live(wf_training *t, const wf_train_event *event);

#endif
