/* What is shown, logged and stored while a model trains: a wf_train_sink. */
#ifndef WF_CMD_EPOCHS_H
#define WF_CMD_EPOCHS_H

#include "cmd/progress.h"
#include "store/store.h"
#include "weft/train.h"

typedef struct wf_epochs {
    wf_cli *cli;
    wf_run *run;
    wf_bar bar;
    int is_multilabel;          /* accuracy is shown as subset_accuracy */
    int32_t shown_epoch;        /* whose "Epoch 3/20" was printed */
    wf_status status;           /* of the store; once it failed, training is asked to stop */
    wf_context failure;         /* what it said then: training says why it stopped, in its place */
    volatile sig_atomic_t stop; /* for wf_train_options: a signal, or the store failed */
} wf_epochs;

/* The figures as they are stored and shown: six decimals, times three. */
wf_epoch_record wf_epoch_record_of(const wf_epoch_figures *figures);

void wf_epochs_init(wf_epochs *epochs, wf_cli *cli, wf_run *run, int is_multilabel);
/* `user` is a wf_epochs. */
void wf_epochs_sink(void *user, const wf_train_event *event);
/* Where `status` is a failure, it is kept and training is asked to stop. */
void wf_epochs_note(wf_epochs *epochs, wf_status status, wf_train_stop stop);

#endif
