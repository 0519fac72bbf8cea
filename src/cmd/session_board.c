/* What TensorBoard is told while a run trains. */
#include "base/alloc.h"
#include "base/files.h"
#include "cmd/epochs.h"
#include "cmd/training.h"

/* *out stays NULL when nobody wants event files. A run that has some goes on with them. */
static wf_status find_folder(char **out, const wf_training *t) {
    wf_context *cx = &t->cli->cx;
    const char *wanted = t->settings->tensorboard;
    char *own = NULL;
    if (wanted && *wanted) return wf_path_join(out, cx, wanted, wf_run_id(t->run));
    WF_TRY(wf_run_file(&own, cx, t->run, "events"));
    if (wanted || wf_path_is_dir(own)) *out = own;
    else wf_free(own);
    return WF_OK;
}

wf_status wf__training_board_open(wf_training *t) {
    wf_context *cx = &t->cli->cx;
    const wf_images *train = &t->dataset->train;
    char *folder = NULL;
    WF_TRY(find_folder(&folder, t));
    if (!folder) return WF_OK;
    wf_note(t->cli, "events for TensorBoard: %s\n", folder);
    wf_status status = wf_board_open(&t->board, cx, folder, t->epochs_kept + 1);
    wf_free(folder);
    if (status == WF_OK) status = wf_board_experiment(&t->board, cx, t->experiment, 0);
    if (status == WF_OK)
        status = wf_board_samples(&t->board, cx, train, t->data.train_index, t->data.n_train,
                                  t->dataset->class_names, t->dataset->n_classes, 0);
    return status == WF_OK ? wf_board_flush(&t->board, cx) : status;
}

wf_status wf__training_board_epoch(wf_training *t, const wf_train_event *event, int has_gradient) {
    wf_context *cx = &t->cli->cx;
    const wf_epoch_record record = wf_epoch_record_of(&event->figures);
    const wf_event_point at = {record.epoch, 0};
    if (!t->board.run) return WF_OK;
    WF_TRY(wf_board_epoch(&t->board, cx, &record, 0));
    WF_TRY(wf_board_params(&t->board, cx, t->params, has_gradient, at));
    return wf_board_flush(&t->board, cx);
}

wf_status wf__training_board_finish(wf_training *t) {
    wf_context *cx = &t->cli->cx;
    const wf_event_point at = {t->result.epochs, 0};
    if (!t->board.run) return WF_OK;
    WF_TRY(wf_board_judged(&t->board, cx, t->run, t->experiment->folds > 0, at));
    WF_TRY(wf_events_end_session(t->board.run, cx, 0, 1));
    return wf_board_close(&t->board, cx);
}

void wf__training_board_stop(wf_training *t, wf_status why) {
    wf_context ignored = {0};
    if (t->board.run && why == WF_E_DIVERGED) wf_events_end_session(t->board.run, &ignored, 0, 0);
    wf_board_close(&t->board, &ignored);
}
