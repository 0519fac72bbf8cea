/* One training, from the experiment to the finished run. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/version.h"
#include "cmd/epochs.h"
#include "cmd/session.h"
#include "report/report.h"

/* What one training holds. */
typedef struct job {
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
    wf_train_result result;
    char *checkpoint, *best, *last;
    int goes_on; /* from the checkpoint */
} job;

static void job_reset(job *j) {
    wf_train_result_reset(&j->result);
    wf_params_destroy(j->params);
    wf_split_reset(&j->split);
    wf_free(j->all_validation);
    wf_free(j->checkpoint);
    wf_free(j->best);
    wf_free(j->last);
    wf_run_close(j->run);
    wf_store_close(j->store);
}

/* ---- data ---- */

static wf_status use_own_validation(job *j) {
    const wf_images *own = &j->dataset->validation;
    WF_TRY(wf_alloc(&j->all_validation, &j->cli->cx, (size_t)own->count, sizeof(int32_t)));
    for (int64_t i = 0; i < own->count; i++) j->all_validation[i] = (int32_t)i;
    j->data.validation = own;
    j->data.validation_index = j->all_validation;
    j->data.n_validation = own->count;
    return WF_OK;
}

/* The data set's own validation part goes before the recipe's fraction. `stored` is the splits.csv
 * of the run that goes on, or NULL. */
static wf_status split_data(job *j, const char *stored) {
    wf_context *cx = &j->cli->cx;
    const wf_experiment *e = j->experiment;
    const wf_recipe *recipe = e->model->recipe;
    int has_own = j->dataset->validation.count > 0, is_drawn = !strcmp(e->splits, "drawn");
    if (stored || !is_drawn)
        WF_TRY(wf_split_read(&j->split, cx, stored ? stored : e->splits, j->dataset));
    else
        WF_TRY(wf_split_create(&j->split, cx, j->dataset, has_own ? 0 : recipe->validation,
                               (uint64_t)e->seed, e->limit));
    j->data.train = &j->dataset->train;
    j->data.train_index = j->split.train;
    j->data.n_train = j->split.n_train;
    if (j->split.n_validation) {
        j->data.validation = &j->dataset->train;
        j->data.validation_index = j->split.validation;
        j->data.n_validation = j->split.n_validation;
    } else if (has_own) {
        WF_TRY(use_own_validation(j));
    }
    WF_TRY(wf_recipe_check(cx, recipe, j->data.n_validation > 0));
    return wf_normalization_create(&j->data.normalization, cx,
                                   (wf_normalization_kind)recipe->normalization, &j->dataset->train,
                                   j->split.train, j->split.n_train);
}

/* ---- the folder ---- */

static wf_status describe(job *j) {
    const wf_model_spec *m = j->experiment->model;
    const wf_graph *g = m->graph;
    int64_t madds = 0;
    char isa[16];
    for (int i = 0; i < g->n_nodes; i++) madds += g->nodes[i].madds;
    wf_run_description d = {.model = m->name,
                            .family = wf_family_name(m->family),
                            .dataset = j->dataset->name,
                            .data_hash = j->dataset->sha256,
                            .train_count = j->data.n_train,
                            .validation_count = j->data.n_validation,
                            .test_count = j->dataset->test.count,
                            .class_names = (const char *const *)j->dataset->class_names,
                            .class_count = j->dataset->n_classes,
                            .seed = (uint64_t)j->experiment->seed,
                            .epochs_planned = m->recipe->epochs,
                            .batch_size = m->recipe->batch_size,
                            .threads = wf_pool_size(j->session->pool),
                            .precision = wf_precision_name(j->experiment->precision),
                            .cpu = wf_cpu_name(),
                            .isa = wf_isa_text(isa, j->session->kernels),
                            .command = j->cli->line.text,
                            .version = *WF_COMMIT ? WF_VERSION " " WF_COMMIT : WF_VERSION,
                            .library_versions = wf_library_line(),
                            .parameters = g->total_size,
                            .trainable_parameters = g->trainable_size,
                            .madds = madds,
                            .claim = {*m->claim.text ? m->claim.text : NULL, m->claim.accuracy,
                                      m->claim.macro_f1, m->claim.loss}};
    return wf_run_describe(&j->cli->cx, j->run, &d);
}

static wf_status write_config(job *j) {
    wf_context *cx = &j->cli->cx;
    wf_str text = {0};
    wf_status status = wf_experiment_write(&text, cx, j->experiment);
    if (status == WF_OK) status = wf_run_write(cx, j->run, "config.yaml", text.text, text.length);
    wf_str_reset(&text);
    return status;
}

static wf_status begin_run(job *j) {
    wf_context *cx = &j->cli->cx;
    const char *name = j->settings->name ? j->settings->name : j->experiment->model->name;
    char *splits = NULL;
    WF_TRY(split_data(j, NULL));
    WF_TRY(wf_run_create(&j->run, cx, j->store, name));
    WF_TRY(write_config(j));
    WF_TRY(describe(j));
    WF_TRY(wf_run_file(&splits, cx, j->run, "splits.csv"));
    wf_status status = wf_split_write(cx, splits, &j->split);
    wf_free(splits);
    return status;
}

static wf_status check_same_data(const job *j, const wf_run *run) {
    wf_context *cx = &j->cli->cx;
    wf_run_summary summary = {0};
    WF_TRY(wf_run_read_summary(&summary, cx, run));
    wf_status status = WF_OK;
    if (*summary.data_hash && strcmp(summary.data_hash, j->dataset->sha256) != 0)
        status = WF_FAIL(WF_E_MODEL,
                         "run %s was begun on other data than %s holds now | begin a new run",
                         summary.id, j->dataset->source);
    wf_run_summary_reset(&summary);
    return status;
}

/* Takes a run up again; without a checkpoint it begins again at epoch 1. */
static wf_status continue_run(job *j) {
    wf_context *cx = &j->cli->cx;
    wf_run *seen = NULL;
    char *checkpoint = NULL, *splits = NULL;
    wf_checkpoint_info info = {0};
    wf_status status;
    WF_TRY_OR(wf_run_open(&seen, cx, j->store, j->settings->resume));
    WF_TRY_OR(check_same_data(j, seen));
    WF_TRY_OR(wf_run_file(&splits, cx, seen, "splits.csv"));
    WF_TRY_OR(split_data(j, splits));
    WF_TRY_OR(wf_run_file(&checkpoint, cx, seen, "checkpoint/last.ckpt"));
    j->goes_on = wf_path_exists(checkpoint);
    if (j->goes_on) WF_TRY_OR(wf_checkpoint_read_info(&info, cx, checkpoint));
    WF_TRY_OR(wf_run_continue(&j->run, cx, j->store, wf_run_path(seen), info.epochs));
done:
    wf_free(splits);
    wf_free(checkpoint);
    wf_run_close(seen);
    return status;
}

static wf_status make_paths(job *j) {
    wf_context *cx = &j->cli->cx;
    char *folder = NULL;
    static const char *const folders[] = {"weights", "checkpoint"};
    for (size_t i = 0; i < 2; i++) {
        WF_TRY(wf_run_file(&folder, cx, j->run, folders[i]));
        wf_status status = wf_dir_create(cx, folder);
        wf_free(folder);
        if (status != WF_OK) return status;
    }
    WF_TRY(wf_run_file(&j->checkpoint, cx, j->run, "checkpoint/last.ckpt"));
    WF_TRY(wf_run_file(&j->best, cx, j->run, "weights/best.safetensors"));
    return wf_run_file(&j->last, cx, j->run, "weights/last.safetensors");
}

/* ---- training and the test ---- */

static wf_status fit(job *j) {
    wf_context *cx = &j->cli->cx;
    const wf_experiment *e = j->experiment;
    wf_epochs epochs;
    wf_epochs_init(&epochs, j->cli, j->run);
    wf_train_options options = {.seed = (uint64_t)e->seed,
                                .precision = e->precision,
                                .checkpoint_path = j->checkpoint,
                                .resume_path = j->goes_on ? j->checkpoint : NULL,
                                .best_path = j->best,
                                .last_path = j->last,
                                .max_seconds = j->settings->max_seconds,
                                .stop = &epochs.stop,
                                .sink = wf_epochs_sink,
                                .sink_user = &epochs};
    WF_TRY(wf_params_create(&j->params, cx, e->model->graph, (uint64_t)e->seed));
    wf_status status =
        wf_fit(&j->result, j->params, cx, j->session->pool, e->model->recipe, &j->data, &options);
    wf_bar_end(&epochs.bar, NULL);
    return epochs.status != WF_OK ? epochs.status : status;
}

static wf_status write_test(job *j, const wf_evaluation *evaluation, const float *probabilities) {
    wf_context *cx = &j->cli->cx;
    const wf_images *test = &j->dataset->test;
    int classes = j->dataset->n_classes;
    int32_t *predicted = NULL;
    char *text = NULL;
    WF_TRY(wf_alloc(&predicted, cx, (size_t)test->count, sizeof *predicted));
    for (int64_t i = 0; i < test->count; i++) {
        const float *row = probabilities + i * classes;
        for (int k = 1; k < classes; k++)
            if (row[k] > row[predicted[i]]) predicted[i] = k;
    }
    int is_last = j->result.weights_epoch == j->result.epochs;
    wf_status status = wf_run_record_predictions(cx, j->run, test->labels, predicted, probabilities,
                                                 test->count, classes);
    if (status == WF_OK) status = wf_evaluation_to_json(&text, cx, evaluation);
    if (status == WF_OK) status = wf_run_record_test(cx, j->run, text, is_last ? "last" : "best");
    wf_text_free(text);
    wf_free(predicted);
    return status;
}

static wf_status test_once(job *j) {
    wf_context *cx = &j->cli->cx;
    wf_evaluation *evaluation = NULL;
    float *probabilities = NULL;
    char *path = NULL;
    if (j->dataset->test.count == 0) {
        wf_note(j->cli, "%s has no test images: the run is not tested\n", j->dataset->name);
        return WF_OK;
    }
    WF_TRY(wf_run_file(&path, cx, j->run, "test.json"));
    int is_done = wf_path_exists(path);
    wf_free(path);
    if (is_done) return WF_OK;
    wf_status status = wf_session_judge(&evaluation, &probabilities, j->session, j->params,
                                        j->experiment->precision, &j->data.normalization,
                                        &j->dataset->test, j->dataset->class_names);
    if (status == WF_OK) status = write_test(j, evaluation, probabilities);
    wf_evaluation_destroy(evaluation);
    wf_free(probabilities);
    return status;
}

static wf_status write_report(job *j) {
    wf_context *cx = &j->cli->cx;
    const wf_run *runs[] = {j->run};
    wf_comparison *comparison = NULL;
    char *html = NULL;
    WF_TRY(wf_comparison_create(&comparison, cx, runs, 1));
    wf_status status = wf_report_html(&html, cx, comparison);
    if (status == WF_OK) status = wf_run_write(cx, j->run, "report.html", html, strlen(html));
    wf_free(html);
    wf_comparison_destroy(comparison);
    return status;
}

static wf_status finish(job *j) {
    wf_context *cx = &j->cli->cx;
    char reason[128] = "";
    if (j->result.stopped_early)
        snprintf(reason, sizeof reason, "early stopping after epoch %d; the best was epoch %d",
                 (int)j->result.epochs, (int)j->result.best_epoch);
    if (*reason) wf_note(j->cli, "%s\n", reason);
    WF_TRY(wf_run_log(cx, j->run, *reason ? reason : "training is over"));
    WF_TRY(test_once(j));
    WF_TRY(wf_run_finish(cx, j->run, WF_RUN_FINISHED, *reason ? reason : NULL));
    return j->dataset->test.count ? write_report(j) : WF_OK;
}

/* Marks the run and says how it goes on; the recorded failure stays the one that stopped it. */
static wf_status stop_run(job *j, wf_status status) {
    wf_context *cx = &j->cli->cx;
    wf_context ignored = {0};
    int can_go_on = status == WF_E_INTERRUPTED || status == WF_E_TIME;
    wf_run_log(&ignored, j->run, cx->message);
    wf_run_finish(&ignored, j->run, can_go_on ? WF_RUN_INTERRUPTED : WF_RUN_FAILED, cx->message);
    if (can_go_on)
        snprintf(cx->hint, sizeof cx->hint, "weft train --resume %s goes on", wf_run_path(j->run));
    return status;
}

static wf_status train(job *j) {
    wf_context *cx = &j->cli->cx;
    const wf_experiment *e = j->experiment;
    WF_TRY(wf_session_open_data(j->session, e->dataset, e->model));
    j->dataset = j->session->dataset;
    WF_TRY(wf_store_open(&j->store, cx, j->settings->runs));
    WF_TRY(j->settings->resume ? continue_run(j) : begin_run(j));
    wf_note(j->cli, "%s: %s on %s, %lld training and %lld validation images, seed %lld\n",
            wf_run_id(j->run), e->model->name, j->dataset->name, (long long)j->data.n_train,
            (long long)j->data.n_validation, (long long)e->seed);
    wf_status status = wf_run_log(cx, j->run, j->cli->line.text);
    if (status == WF_OK) status = make_paths(j);
    if (status == WF_OK) status = fit(j);
    if (status == WF_OK) status = finish(j);
    return status == WF_OK ? WF_OK : stop_run(j, status);
}

wf_status wf_session_train(char **out_path, wf_session *s, const wf_experiment *e,
                           const wf_run_settings *settings) {
    job j = {.session = s, .cli = s->cli, .experiment = e, .settings = settings};
    wf_status status = train(&j);
    if (j.run && !*out_path) {
        wf_context ignored = {0};
        wf_status copied = wf_strdup(out_path, &ignored, wf_run_path(j.run));
        if (status == WF_OK) status = copied;
    }
    job_reset(&j);
    return status;
}
