#include "cmd/study.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/threads.h"
#include "cmd/composed.h"
#include "cmd/study_parts.h"

/* Classifiers see canvases of their own: the models' validation images are new to them. Nobody asks
 * how they do on test images of their set. */
enum { COMPOSE_SEED = 0, CLASSIFIER_SEED = 1, CLASSIFIER_TEST_COUNT = 100 };

/* ---- threads, for a while ---- */

static wf_status start_threads(wf_session *s) { return wf_session_start(s, s->threads); }

/* What forks later must have none. */
static void end_threads(wf_session *s) {
    if (s->pool) wf_pool_destroy(s->pool);
    s->pool = NULL;
}

/* ---- the sets ---- */

/* A set's name says all that it was made by, and it appears whole or not at all: one that is there
 * is the right one. */
static wf_status compose(char **out, wf__study *s, const wf_compose_options *options) {
    wf_cli *cli = s->session->cli;
    char name[128], *folder = NULL;
    snprintf(name, sizeof name, "outfits-%g-%lld-%lld-seed%llu", options->dependence,
             (long long)options->n_train, (long long)options->n_test,
             (unsigned long long)options->seed);
    WF_TRY(wf_path_join(&folder, &cli->cx, s->home, "sets"));
    wf_status status = wf_dir_create(&cli->cx, folder);
    if (status == WF_OK) status = wf_path_join(out, &cli->cx, folder, name);
    wf_free(folder);
    if (status != WF_OK || wf_path_is_dir(*out)) return status;
    wf_note(cli, "composing %s\n", *out);
    if (!s->session->pool) WF_TRY(start_threads(s->session));
    return wf_session_compose(s->session, options, *out);
}

static wf_status compose_all(wf__study *s) {
    const wf_study_call *c = s->call;
    const wf_compose_options classifiers = {
        .seed = CLASSIFIER_SEED, .n_train = c->classifier_count, .n_test = CLASSIFIER_TEST_COUNT};
    for (int k = 0; k < WF_STUDY_STRENGTHS; k++) {
        const wf_compose_options options = {.dependence = wf_study_strengths[k],
                                            .seed = COMPOSE_SEED,
                                            .n_train = c->count,
                                            .n_test = c->test_count};
        WF_TRY(compose(&s->sets[k], s, &options));
    }
    return compose(&s->classifier_set, s, &classifiers);
}

/* Of the set that a cell is trained on. */
static wf_status hash_set(char out[WF_HASH_HEX], wf__study *s, int strength, int model) {
    wf_experiment e = {0};
    const wf__cell cell = {.model = model, .strength = strength, .seed = s->call->seed};
    WF_TRY(wf__study_experiment(&e, s, &cell));
    wf_status status = wf_session_open_data(s->session, e.dataset, e.model);
    if (status == WF_OK) memcpy(out, s->session->dataset->sha256, WF_HASH_HEX);
    wf_experiment_reset(&e);
    return status;
}

static wf_status open_all(wf__study *s) {
    wf_context *cx = &s->session->cli->cx;
    const wf_study_call *c = s->call;
    WF_TRY(wf_path_join(&s->home, cx, c->runs, "outfits"));
    if (c->results) WF_TRY(wf_strdup(&s->results, cx, c->results));
    else WF_TRY(wf_path_join(&s->results, cx, s->home, "results"));
    wf_status status = compose_all(s);
    end_threads(s->session);
    for (int k = 0; k < WF_STUDY_STRENGTHS && status == WF_OK; k++)
        status = hash_set(s->data_hash[k], s, k, WF_STUDY_SIGMOID);
    if (status == WF_OK) status = hash_set(s->classifier_hash, s, 0, WF_STUDY_BAYES);
    return status == WF_OK ? wf__study_cells(s) : status;
}

/* ---- trainings ---- */

static wf_status add_job(wf__study *s, const wf__cell *cell) {
    wf_context *cx = &s->session->cli->cx;
    const size_t n = s->jobs.count;
    char label[160], name[96];
    wf_experiment e = {0};
    const char *model = wf_study_model_name(cell->model);
    snprintf(label, sizeof label, "dependence %g, %s, seed %lld",
             wf_study_strengths[cell->strength], model, (long long)cell->seed);
    snprintf(name, sizeof name, "%s-%g", model, wf_study_strengths[cell->strength]);
    if (cell->model == WF_STUDY_BAYES) {
        snprintf(label, sizeof label, "garment classifier, seed %lld", (long long)cell->seed);
        snprintf(name, sizeof name, "outfits-classifier");
    }
    WF_TRY(wf_realloc(&s->cell_of, cx, n, n + 1, sizeof *s->cell_of));
    s->cell_of[n] = (size_t)(cell - s->cells);
    WF_TRY(wf__study_experiment(&e, s, cell));
    return wf_jobs_add(&s->jobs, cx, &e, name, label);
}

static wf_status on_ended(void *user, const wf_job *job) {
    wf__study *s = user;
    wf__cell *cell = &s->cells[s->cell_of[job - s->jobs.items]];
    if (job->state == WF_JOB_FAILED || !job->path || cell->model == WF_STUDY_BAYES) return WF_OK;
    return wf__study_keep_run(s, cell, job->path);
}

static wf_status run_jobs(wf__study *s) {
    const wf_study_call *c = s->call;
    wf_jobs_options options = {.runs = c->runs,
                               .tensorboard = c->tensorboard,
                               .workers = c->jobs,
                               .shows_epochs = 1,
                               .ended = on_ended,
                               .user = s};
    if (c->max_seconds > 0) /* what is left of it, if only to say that it is over */
        options.max_seconds = fmax(c->max_seconds - (wf_clock_s() - s->began_s), 1e-3);
    return wf_jobs_run(&s->jobs, s->session, &options);
}

static wf_status decide_by_bayes(wf__study *s, int64_t seed) {
    WF_TRY(start_threads(s->session));
    wf_status status = wf__study_bayes(s, seed, s->classifier);
    end_threads(s->session);
    return status;
}

/* Seed by seed, so that of a study that is spread over days no classifier is needed again whose
 * seed is done. */
static wf_status train_seed(wf__study *s, int64_t seed) {
    wf__cell *cells = wf__study_cell(s, seed, 0, 0);
    enum { CELLS = WF_STUDY_STRENGTHS * WF_STUDY_MODELS };
    int is_done = 1;
    for (int i = 0; i < CELLS; i++) is_done &= cells[i].is_known;
    if (is_done) return WF_OK;
    WF_TRY(add_job(s, wf__study_cell(s, seed, 0, WF_STUDY_BAYES)));
    WF_TRY(run_jobs(s));
    const wf_job *job = &s->jobs.items[s->jobs.count - 1];
    if (job->state == WF_JOB_FAILED) return WF_OK; /* wf_jobs_check says so */
    wf_free(s->classifier);
    s->classifier = NULL;
    WF_TRY(wf_strdup(&s->classifier, &s->session->cli->cx, job->path));
    WF_TRY(decide_by_bayes(s, seed));
    for (int i = 0; i < CELLS; i++)
        if (!cells[i].is_known) WF_TRY(add_job(s, &cells[i]));
    return run_jobs(s);
}

static wf_status train(wf__study *s) {
    for (int64_t k = 0; k < s->call->seeds; k++) WF_TRY(train_seed(s, s->call->seed + k));
    return WF_OK;
}

/* ---- what comes of it ---- */

static wf_status judge(wf__study *s) {
    wf_context *cx = &s->session->cli->cx;
    wf_study_run *runs = NULL; /* lent by the cells */
    size_t n = 0;
    wf_study study = {0};
    WF_TRY(wf_alloc(&runs, cx, s->count, sizeof *runs));
    for (size_t i = 0; i < s->count; i++)
        if (s->cells[i].is_known) runs[n++] = s->cells[i].run;
    wf_status status = wf_study_create(&study, cx, runs, n);
    if (status == WF_OK) status = wf__study_show(s, &study);
    wf_study_reset(&study);
    wf_free(runs);
    return status;
}

wf_status wf_study_make(wf_session *session, const wf_study_call *call) {
    wf__study s = {.session = session, .call = call, .began_s = wf_clock_s()};
    wf_status status;
    WF_TRY_OR(open_all(&s));
    WF_TRY_OR(train(&s));
    WF_TRY_OR(judge(&s));
    status = wf_jobs_check(&session->cli->cx, &s.jobs);
    if (status == WF_E_DIVERGED) { /* a result; the table has a seed less */
        wf_context_reset(&session->cli->cx);
        status = WF_OK;
    }
done:
    wf_jobs_reset(&s.jobs);
    for (size_t i = 0; i < s.count && s.cells; i++) {
        wf_free(s.cells[i].experiment);
        wf_study_run_reset(&s.cells[i].run);
    }
    for (int k = 0; k < WF_STUDY_STRENGTHS; k++) wf_free(s.sets[k]);
    wf_free(s.classifier_set);
    wf_free(s.classifier);
    wf_free(s.cells);
    wf_free(s.cell_of);
    wf_free(s.home);
    wf_free(s.results);
    return status;
}
