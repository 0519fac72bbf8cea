/* One training, from the experiment to the finished run. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "cmd/epochs.h"
#include "cmd/report.h"
#include "cmd/training.h"

static void training_reset(wf_training *t) {
    wf_train_result_reset(&t->result);
    wf_params_destroy(t->params);
    wf_free(t->pretrained);
    wf_split_reset(&t->split);
    wf_free(t->all_validation);
    wf_free(t->checkpoint);
    wf_free(t->best);
    wf_free(t->last);
    wf_run_close(t->run);
    wf_note_store(t->cli, t->store);
    wf_store_close(t->store);
}

/* Whoever is told what happens while the model trains. */
typedef struct listeners {
    wf_epochs epochs;
    wf_training *training;
} listeners;

static wf_train_stop stop_of(wf_stop wish) {
    return wish == WF_STOP_NOT          ? WF_TRAIN_GO_ON
           : wish == WF_STOP_DISCARDING ? WF_TRAIN_DISCARD
                                        : WF_TRAIN_SAVE;
}

static void tell(void *user, const wf_train_event *event) {
    listeners *l = user;
    const wf_run_settings *settings = l->training->settings;
    wf_epochs_sink(&l->epochs, event);
    wf__training_live(l->training, event);
    if (!l->epochs.stop) l->epochs.stop = (sig_atomic_t)stop_of(l->training->live.stop);
    if (event->kind == WF_TRAIN_EPOCH_END && l->epochs.status == WF_OK)
        wf_epochs_note(&l->epochs,
                       wf__training_board_epoch(l->training, event, l->training->live.has_stepped),
                       WF_TRAIN_SAVE);
    if (settings->sink) settings->sink(settings->sink_user, event);
}

static wf_status fit(wf_training *t) {
    wf_context *cx = &t->cli->cx;
    const wf_experiment *e = t->experiment;
    uint64_t seed = wf_experiment_training_seed(e);
    listeners l = {.training = t};
    wf_epochs_init(&l.epochs, t->cli, t->run, t->dataset->is_multilabel);
    wf_train_options options = {.seed = seed,
                                .precision = e->precision,
                                .checkpoint_path = t->checkpoint,
                                .resume_path = t->goes_on ? t->checkpoint : NULL,
                                .best_path = t->best,
                                .last_path = t->last,
                                .max_seconds = t->settings->max_seconds,
                                .stop = &l.epochs.stop,
                                .sink = tell,
                                .sink_user = &l};
    wf_status status =
        wf_fit(&t->result, t->params, cx, t->session->pool, e->model->recipe, &t->data, &options);
    wf_bar_end(&l.epochs.bar, NULL);
    if (l.epochs.status == WF_OK) return status;
    *cx = l.epochs.failure;
    return l.epochs.status;
}

static wf_status write_report(wf_training *t, const wf_comparison *c,
                              const wf_report_choice *choice) {
    wf_context *cx = &t->cli->cx;
    wf_report report = {0};
    wf_str html = {0};
    wf_status status;
    WF_TRY_OR(wf_report_create(&report, t->session, c, choice));
    WF_TRY_OR(wf_report_html_text(&html, &report));
    WF_TRY_OR(wf_run_write(cx, t->run, "report.html", html.text, html.length));
done:
    wf_str_reset(&html);
    wf_report_reset(&report);
    return status;
}

/* After a minute of training a map is no wait; after a second it is. Who does not want to wait for
 * it has a finished run with a page without it. */
static wf_status report(wf_training *t) {
    enum { LONG_S = 60 };
    wf_context *cx = &t->cli->cx;
    const wf_run *runs[] = {t->run};
    const char *maps = t->settings->maps;
    wf_comparison *c = NULL;
    wf_report_choice choice = {.maps = maps, .is_brief = !maps};
    WF_TRY(wf_comparison_create(&c, cx, runs, 1));
    const int is_long = c->row_count && c->rows[0].total_s.mean >= LONG_S;
    if (maps && strcmp(maps, "all")) choice.is_brief = !is_long;
    wf_status status = write_report(t, c, &choice);
    if (status == WF_E_INTERRUPTED && !choice.is_brief) {
        wf_context_reset(cx);
        choice.is_brief = 1;
        status = write_report(t, c, &choice);
    }
    wf_comparison_destroy(c);
    return status;
}

static wf_status finish(wf_training *t) {
    wf_context *cx = &t->cli->cx;
    char reason[128] = "";
    if (t->result.stopped_early)
        snprintf(reason, sizeof reason, "early stopping after epoch %d; the best was epoch %d",
                 (int)t->result.epochs, (int)t->result.best_epoch);
    if (*reason) wf_note(t->cli, "%s\n", reason);
    WF_TRY(wf_run_log(cx, t->run, *reason ? reason : "training is over"));
    WF_TRY(wf__training_judge(t));
    WF_TRY(wf__training_board_finish(t));
    return wf_run_finish(cx, t->run, WF_RUN_FINISHED, *reason ? reason : NULL);
}

/* "stopped by weft ui in epoch 3 of 10 ..." */
static void say_who_stopped(wf_training *t, wf_status status) {
    static const char stopped[] = "stopped";
    wf_context *cx = &t->cli->cx;
    const char *who = t->live.stopped_by;
    char text[sizeof cx->message];
    if (status != WF_E_INTERRUPTED || !*who || wf_signals_seen()) return;
    if (strncmp(cx->message, stopped, sizeof stopped - 1) != 0) return;
    snprintf(text, sizeof text, "%s", cx->message + sizeof stopped - 1);
    snprintf(cx->message, sizeof cx->message, "stopped by %s%.600s", who, text);
}

/* Marks the run and says how it goes on; the recorded failure stays the one that stopped it. */
static wf_status stop_run(wf_training *t, wf_status status) {
    wf_context *cx = &t->cli->cx;
    wf_context ignored = {0};
    int can_go_on = status == WF_E_INTERRUPTED || status == WF_E_TIME;
    wf__training_board_stop(t, status);
    say_who_stopped(t, status);
    wf_run_log(&ignored, t->run, cx->message);
    if (can_go_on) wf_run_finish(&ignored, t->run, WF_RUN_INTERRUPTED, cx->message);
    else wf_run_fail(&ignored, t->run, status, cx->message);
    if (can_go_on)
        snprintf(cx->hint, sizeof cx->hint, "weft train --resume %s goes on", wf_run_path(t->run));
    return status;
}

static wf_status train(wf_training *t) {
    wf_context *cx = &t->cli->cx;
    const wf_experiment *e = t->experiment;
    WF_REQUIRE(!e->model->recipe->test_views || !wf_tells_sequences(e->model->graph), WF_E_ARG,
               "model %s tells sequences of labels, of which test_time_augmentation makes no means "
               "| leave it out",
               e->model->name);
    WF_TRY(wf_session_open_data(t->session, e->dataset, e->model));
    t->dataset = t->session->dataset;
    WF_TRY(wf_store_open(&t->store, cx, t->settings->runs));
    const int is_new = !t->settings->resume;
    if (is_new) WF_TRY(wf__training_first_weights(t)); /* or there is no run */
    WF_TRY(is_new ? wf__training_begin(t) : wf__training_continue(t));
    char fold[64] = "";
    if (e->folds)
        snprintf(fold, sizeof fold, ", repeat %d, fold %d of %d", e->repeat, e->fold, e->folds);
    wf_note(t->cli, "%s: %s on %s, %lld training and %lld validation images, seed %lld%s\n",
            wf_run_id(t->run), e->model->name, t->dataset->name, (long long)t->data.n_train,
            (long long)t->data.n_validation, (long long)e->seed, fold);
    if (t->settings->begun) t->settings->begun(t->settings->begun_user, wf_run_id(t->run));
    wf_status status = wf_run_log(cx, t->run, t->cli->line.text);
    if (status == WF_OK && !is_new) status = wf__training_first_weights(t);
    if (status == WF_OK) status = wf__training_record_first_weights(t);
    if (status == WF_OK) status = wf__training_paths(t);
    if (status == WF_OK) status = wf__training_board_open(t);
    if (status == WF_OK) status = fit(t);
    if (status == WF_OK) status = finish(t);
    if (status != WF_OK) return stop_run(t, status);
    /* the run is finished, whatever becomes of its page */
    const int is_tested = !e->folds && !e->is_trial && t->dataset->test.count > 0;
    return is_tested ? report(t) : WF_OK;
}

wf_status wf_session_train(char **out_path, wf_session *s, const wf_experiment *e,
                           const wf_run_settings *settings) {
    wf_training t = {.session = s, .cli = s->cli, .experiment = e, .settings = settings};
    wf_status status = train(&t);
    if (t.run && !*out_path) {
        wf_context ignored = {0};
        wf_status copied = wf_strdup(out_path, &ignored, wf_run_path(t.run));
        if (status == WF_OK) status = copied;
    }
    training_reset(&t);
    return status;
}
