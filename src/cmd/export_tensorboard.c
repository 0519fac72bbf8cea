#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/files.h"
#include "cmd/board.h"
#include "cmd/export.h"

/* Of "2026-01-31T12:00:00.000Z", since 1970; 0 when it is no time. */
static double seconds_of(const char *text) {
    struct tm utc = {0};
    double seconds = 0;
    int n = sscanf(text, "%d-%d-%dT%d:%d:%lfZ", &utc.tm_year, &utc.tm_mon, &utc.tm_mday,
                   &utc.tm_hour, &utc.tm_min, &seconds);
    utc.tm_year -= 1900;
    utc.tm_mon -= 1;
    return n == 6 ? (double)timegm(&utc) + seconds : 0;
}

/* The epochs as they followed each other, and when the last one ended. */
static wf_status add_epochs(wf_board *b, wf_context *cx, const wf_trained *t,
                            wf_event_point *inout) {
    wf_run_metrics metrics = {0};
    WF_TRY(wf_run_read_metrics(&metrics, cx, t->run));
    wf_status status = WF_OK;
    for (size_t i = 0; i < metrics.count && status == WF_OK; i++) {
        const wf_epoch_record *r = &metrics.epochs[i];
        inout->step = r->epoch;
        inout->time_s += inout->time_s > 0 ? r->seconds : 0;
        status = wf_board_epoch(b, cx, r, inout->time_s);
    }
    wf_run_metrics_reset(&metrics);
    return status;
}

static wf_status add_last_weights(wf_board *b, wf_context *cx, wf_trained *t, wf_event_point at) {
    char *path = NULL;
    WF_TRY(wf_run_file(&path, cx, t->run, "weights/last.safetensors"));
    wf_status status = wf_weights_load(t->params, cx, path);
    wf_free(path);
    return status == WF_OK ? wf_board_params(b, cx, t->params, 0, at) : status;
}

static wf_status add_samples(wf_board *b, wf_session *s, const wf_trained *t, double time_s) {
    wf_context *cx = &s->cli->cx;
    wf_split split = {0};
    char *path = NULL;
    WF_TRY(wf_session_open_data(s, t->experiment.dataset, t->experiment.model));
    const wf_dataset *data = s->dataset;
    WF_REQUIRE(!*t->summary.data_hash || !strcmp(t->summary.data_hash, data->sha256), WF_E_DATA,
               "%s holds other data now", data->source);
    WF_TRY(wf_run_file(&path, cx, t->run, "splits.csv"));
    wf_status status = wf_split_read(&split, cx, path, data);
    if (status == WF_OK)
        status = wf_board_samples(b, cx, &data->train, split.train, split.n_train,
                                  data->class_names, data->n_classes, time_s);
    wf_split_reset(&split);
    wf_free(path);
    return status;
}

/* A run can be looked at without its data. */
static wf_status try_samples(wf_board *b, wf_session *s, const wf_trained *t, double time_s) {
    wf_status status = add_samples(b, s, t, time_s);
    if (status == WF_OK || status == WF_E_NOMEM || status == WF_E_IO) return status;
    wf_note(s->cli, "no training samples: %s\n", s->cli->cx.message);
    wf_context_reset(&s->cli->cx);
    s->cli->exit_code = 0;
    return WF_OK;
}

static wf_status write_run(wf_board *b, wf_session *s, wf_trained *t) {
    wf_context *cx = &s->cli->cx;
    const double started = seconds_of(t->summary.started), ended = seconds_of(t->summary.ended);
    wf_event_point at = {0, started};
    WF_TRY(wf_board_experiment(b, cx, &t->experiment, started));
    WF_TRY(try_samples(b, s, t, started));
    WF_TRY(add_epochs(b, cx, t, &at));
    WF_TRY(add_last_weights(b, cx, t, at));
    at.time_s = ended;
    WF_TRY(wf_board_judged(b, cx, t->run, t->experiment.folds > 0, at));
    if (t->summary.status == WF_RUN_FINISHED) WF_TRY(wf_events_end_session(b->run, cx, ended, 1));
    return WF_OK;
}

wf_status wf_export_tensorboard(wf_session *s, wf_trained *t, const char *folder) {
    wf_cli *cli = s->cli;
    wf_context *cx = &cli->cx, ignored = {0};
    wf_board board = {0};
    char *path = NULL;
    wf_status status;
    WF_TRY(wf_path_join(&path, cx, folder, t->summary.id));
    WF_REQUIRE_OR(!wf_path_exists(path), WF_E_ARG,
                  "%s is there already | remove it, or give another folder with --output", path);
    WF_TRY_OR(wf_board_open(&board, cx, path, 1));
    WF_TRY_OR(write_run(&board, s, t));
    WF_TRY_OR(wf_board_close(&board, cx));
    wf_print(cli, "%s: event files of %lld epoch%s\nlook at them with: tensorboard --logdir %s\n",
             path, (long long)t->summary.epochs, t->summary.epochs == 1 ? "" : "s", folder);
    cli->result = json_pack("{s:s, s:s, s:I}", "run", t->summary.id, "folder", path, "epochs",
                            (json_int_t)t->summary.epochs);
done:
    wf_board_close(&board, &ignored);
    wf_free(path);
    return status;
}
