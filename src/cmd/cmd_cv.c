#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/files.h"
#include "cmd/crossings.h"
#include "cmd/cv_suite.h"
#include "cmd/jobs.h"
#include "cmd/page.h"

typedef struct cv_options {
    wf_experiment_flags experiment;
    wf_session_flags session;
    const char *suite, *runs, *output, *page, *tensorboard;
    int64_t folds, repeats, seed, jobs;
    double max_time;
    int no_final;
} cv_options;

static const wf_option options_table[] = {
    {"suite", 0, WF_OPTION_CHOICE, offsetof(cv_options, suite), WF_CV_SUITES, NULL, NULL, 0, 0,
     "the models of report 004, and the answers to its questions"},
    {"folds", 'k', WF_OPTION_INT, offsetof(cv_options, folds), "N", "10", NULL, 2, WF_MAX_FOLDS,
     "parts of the training images, each held out once"},
    {"repeats", 0, WF_OPTION_INT, offsetof(cv_options, repeats), "N", "1", NULL, 1, 1000,
     "do it all N times, with other folds each time"},
    {"seed", 0, WF_OPTION_INT, offsetof(cv_options, seed), "N", "0", NULL, 0, 9e15,
     "of the folds; first weights, order and dropout differ from fold to fold"},
    {"no-final", 0, WF_OPTION_FLAG, offsetof(cv_options, no_final), NULL, NULL, NULL, 0, 0,
     "leave the test images alone: without the last training of each model on all training images"},
    {"output", 'o', WF_OPTION_TEXT, offsetof(cv_options, output), "DIR", NULL, NULL, 0, 0,
     "write the folds, cv.md, .csv, .json, .html and folds.csv here (default: cross-validation in "
     "the "
     "folder of runs)"},
    {"page", 0, WF_OPTION_TEXT, offsetof(cv_options, page), "FILE", NULL, NULL, 0, 0,
     "also write the result into this page, as a section that says what made it"},
    {"max-time", 0, WF_OPTION_TIME, offsetof(cv_options, max_time), "TIME", NULL, NULL, 0, 1e9,
     "stop after 90s, 15m or 2h, save, and exit with 75; the same call goes on"},
    WF_JOBS_OPTION(cv_options, jobs),
    WF_EXPERIMENT_OPTIONS(cv_options, experiment),
    WF_RUNS_OPTION(cv_options, runs),
    WF_TENSORBOARD_OPTION(cv_options, tensorboard),
    WF_SESSION_OPTIONS(cv_options, session),
    {0}};

/* One call of cv. */
typedef struct study {
    wf_cli *cli;
    const cv_options *options;
    const wf_cv_suite *suite; /* NULL: the operands alone */
    wf_session session;
    const char **models; /* as they were given */
    char **names;        /* the models' own */
    size_t count;
    wf_jobs jobs;
    char *folder; /* of what is written */
    double deadline_s;
} study;

/* ---- what is to do ---- */

static wf_status list_models(study *s) {
    wf_context *cx = &s->cli->cx;
    size_t from_suite = s->suite ? s->suite->model_count : 0;
    s->count = from_suite + (size_t)s->cli->operand_count;
    WF_TRY(wf_alloc(&s->models, cx, s->count, sizeof *s->models));
    WF_TRY(wf_alloc(&s->names, cx, s->count, sizeof *s->names));
    for (size_t i = 0; i < s->count; i++)
        s->models[i] = i < from_suite ? s->suite->models[i] : s->cli->operands[i - from_suite];
    return WF_OK;
}

/* The model's experiment without fold; its name, which must be no other's. */
static wf_status name_model(wf_experiment *out, study *s, size_t i) {
    wf_context *cx = &s->cli->cx;
    const cv_options *o = s->options;
    WF_TRY(wf_experiment_create(out, s->cli, s->models[i], &o->experiment, o->seed));
    if (s->names[i]) return WF_OK;
    wf_status status = WF_OK;
    for (size_t k = 0; k < i && status == WF_OK; k++)
        if (!strcmp(s->names[k], out->model->name))
            status = WF_FAIL(WF_E_ARG, "%s and %s are both named %s | a model takes part once",
                             s->models[k], s->models[i], out->model->name);
    if (status == WF_OK) status = wf_strdup(&s->names[i], cx, out->model->name);
    if (status != WF_OK) wf_experiment_reset(out);
    return status;
}

static wf_status add_fold(study *s, size_t i, int32_t repeat, int32_t fold) {
    wf_context *cx = &s->cli->cx;
    wf_experiment e = {0};
    char name[160], label[160];
    WF_TRY(name_model(&e, s, i));
    e.folds = (int32_t)s->options->folds;
    e.repeat = repeat;
    e.fold = fold;
    snprintf(name, sizeof name, "%.100s-r%df%d", e.model->name, repeat, fold);
    if (s->options->repeats > 1)
        snprintf(label, sizeof label, "%.100s, repeat %d, fold %d", e.model->name, repeat, fold);
    else snprintf(label, sizeof label, "%.100s, fold %d", e.model->name, fold);
    return wf_jobs_add(&s->jobs, cx, &e, name, label);
}

/* Fold by fold, all models of one before the next. */
static wf_status add_folds(study *s) {
    for (int32_t repeat = 0; repeat < s->options->repeats; repeat++)
        for (int32_t fold = 0; fold < s->options->folds; fold++)
            for (size_t i = 0; i < s->count; i++) WF_TRY(add_fold(s, i, repeat, fold));
    return WF_OK;
}

static wf_status add_finals(study *s) {
    wf_context *cx = &s->cli->cx;
    for (size_t i = 0; i < s->count; i++) {
        wf_experiment e = {0};
        char name[160], label[160];
        WF_TRY(name_model(&e, s, i));
        wf_status status = wf_experiment_make_final(&e, cx);
        if (status != WF_OK) {
            wf_experiment_reset(&e);
            return status;
        }
        snprintf(name, sizeof name, "%.100s-final", e.model->name);
        snprintf(label, sizeof label, "%.100s, all training images", e.model->name);
        WF_TRY(wf_jobs_add(&s->jobs, cx, &e, name, label));
    }
    return WF_OK;
}

/* Of one label per image such folds are an error; of several there are data sets with very rare
 * labels, whose other labels can be judged. */
static void note_rare_labels(const study *s, const wf_folds *folds) {
    const wf_dataset *d = s->session.dataset;
    const int32_t labels = d->train.n_labels;
    for (int32_t k = 0; k < labels; k++) {
        int64_t count = 0;
        for (int64_t i = 0; i < folds->count; i++)
            count += folds->fold[i] >= 0 && d->train.label_sets[i * labels + k];
        if (count < folds->folds)
            wf_note(s->cli,
                    "label %s has %lld images, %d folds cannot all hold one: it counts as 0 in the "
                    "mAP, C-P, C-R and C-F1 of those without\n",
                    d->class_names[k], (long long)count, folds->folds);
    }
}

/* One file per repeat, so that other programs can use the same folds. */
static wf_status write_folds(study *s) {
    wf_context *cx = &s->cli->cx;
    const cv_options *o = s->options;
    const wf_experiment *e = &s->jobs.items[0].experiment;
    WF_TRY(wf_session_open_data(&s->session, e->dataset, e->model));
    WF_TRY(wf_dir_create(cx, s->folder));
    for (int32_t repeat = 0; repeat < o->repeats; repeat++) {
        wf_folds folds = {0};
        char name[WF_FOLDS_FILE_BYTES], *path = NULL;
        WF_TRY(wf_folds_create(&folds, cx, s->session.dataset, (int32_t)o->folds, repeat,
                               (uint64_t)o->seed, e->limit));
        if (repeat == 0) note_rare_labels(s, &folds);
        wf_status status = wf_path_join(&path, cx, s->folder, wf_folds_file(name, e, repeat));
        if (status == WF_OK) status = wf_folds_write(cx, path, &folds);
        wf_free(path);
        wf_folds_reset(&folds);
        if (status != WF_OK) return status;
    }
    return WF_OK;
}

/* ---- training ---- */

static wf_status run_jobs(study *s, int64_t workers) {
    double left_s = s->deadline_s > 0 ? fmax(s->deadline_s - wf_clock_s(), 1e-3) : 0;
    const wf_jobs_options options = {.runs = s->options->runs,
                                     .tensorboard = s->options->tensorboard,
                                     .workers = workers,
                                     .max_seconds = left_s};
    return wf_jobs_run(&s->jobs, &s->session, &options);
}

/* All folds of all models, and only then, if none failed, the trainings that touch the test images:
 * whatever they say, nothing is chosen any more. */
static wf_status train(study *s) {
    const cv_options *o = s->options;
    WF_TRY(run_jobs(s, o->jobs));
    wf_context failed = {0};
    if (o->no_final || wf_jobs_check(&failed, &s->jobs) != WF_OK) return WF_OK;
    if (!s->session.dataset->test.count) {
        wf_note(s->cli, "%s has no test images\n", s->session.dataset->name);
        return WF_OK;
    }
    WF_TRY(add_finals(s));
    return run_jobs(s, o->jobs == WF_UNSET ? s->jobs.workers : o->jobs);
}

/* ---- what comes of it ---- */

static wf_status collect(wf_cross_validation **out, study *s) {
    wf_context *cx = &s->cli->cx;
    const cv_options *o = s->options;
    wf_run **runs = NULL;
    size_t n = 0;
    wf_status status;
    WF_TRY(wf_alloc(&runs, cx, s->jobs.count, sizeof(wf_run *)));
    for (size_t i = 0; i < s->jobs.count; i++) {
        const wf_job *job = &s->jobs.items[i];
        if (job->state != WF_JOB_TRAINED && job->state != WF_JOB_REUSED) continue;
        WF_TRY_OR(wf_run_open(&runs[n], cx, NULL, job->path));
        n++;
    }
    wf_cv_source source = {.models = (const char *const *)s->names,
                           .model_count = s->count,
                           .runs = (const wf_run *const *)runs,
                           .run_count = n,
                           .folds = o->folds,
                           .repeats = o->repeats,
                           .seed = o->seed};
    wf_cv_suite_ask(&source, s->suite);
    status = wf_cross_validation_create(out, cx, &source);
done:
    for (size_t i = 0; i < n; i++) wf_run_close(runs[i]);
    wf_free(runs);
    return status;
}

static wf_status print_table(study *s, const wf_cross_validation *cv, wf_cv_cell_fn cell,
                             size_t rows) {
    wf_context *cx = &s->cli->cx;
    wf_str text = {0};
    wf_table table;
    wf_status status = WF_OK;
    int columns = 0;
    while (cell(&text, cx, cv, -1, columns)) columns++;
    wf_table_init(&table, columns, ~1u);
    for (int row = -1; row < (int)rows; row++)
        for (int column = 0; column < columns; column++) {
            wf_str_reset(&text);
            cell(&text, cx, cv, row, column);
            WF_TRY_OR(text.status);
            WF_TRY_OR(wf_table_add(&table, cx, text.text));
        }
    wf_table_print(&table, s->cli);
done:
    wf_str_reset(&text);
    wf_table_reset(&table);
    return status;
}

static wf_status print_all(study *s, const wf_cross_validation *cv) {
    wf_status status = print_table(s, cv, wf_cv_model_cell, cv->model_count);
    if (status == WF_OK && cv->is_multilabel) {
        wf_print(s->cli, "\n");
        status = print_table(s, cv, wf_cv_figure_cell, cv->figure_count);
    }
    if (status == WF_OK && cv->pair_count) {
        wf_print(s->cli, "\n");
        status = print_table(s, cv, wf_cv_pair_cell, cv->pair_count);
    }
    for (size_t i = 0; status == WF_OK && i < cv->question_count; i++) {
        wf_str answer = {0};
        wf_cv_answer(&answer, &s->cli->cx, cv, i);
        status = answer.status;
        if (status == WF_OK) wf_print(s->cli, "%s%s\n", i ? "" : "\n", answer.text);
        wf_str_reset(&answer);
    }
    if (status == WF_OK)
        wf_print(s->cli,
                 "\nwritten to %s: cv.md, cv.csv, cv.json, cv.html, folds.csv and the folds\n",
                 s->folder);
    return status;
}

static wf_status write_file(study *s, const char *name, const char *text) {
    char *path = NULL;
    WF_TRY(wf_path_join(&path, &s->cli->cx, s->folder, name));
    wf_status status = wf_file_write(&s->cli->cx, path, text, strlen(text));
    wf_free(path);
    return status;
}

static wf_status write_all(study *s, const wf_cross_validation *cv) {
    static const struct {
        const char *name;
        wf_status (*make)(char **out, wf_context *cx, const wf_cross_validation *cv);
    } files[] = {{"cv.md", wf_cv_markdown},
                 {"cv.csv", wf_cv_csv},
                 {"folds.csv", wf_cv_folds_csv},
                 {"cv.html", wf_cv_html}};
    wf_cli *cli = s->cli;
    char isa[16];
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *text = NULL;
        WF_TRY(files[i].make(&text, &cli->cx, cv));
        wf_status status = write_file(s, files[i].name, text);
        if (status == WF_OK && i == 0 && s->options->page)
            status = wf_page_write(cli, s->options->page, "Cross-validation", text,
                                   s->session.threads, wf_isa_text(isa, s->session.kernels));
        wf_free(text);
        if (status != WF_OK) return status;
    }
    WF_TRY(wf_cv_json(&cli->result, &cli->cx, cv));
    WF_TRY(wf_json_put(cli->result, &cli->cx, "folder", json_string(s->folder)));
    wf_str json = {0};
    wf_status status = wf_json_text(&json, &cli->cx, cli->result, WF_JSON_PRETTY);
    if (status == WF_OK) status = write_file(s, "cv.json", json.text);
    wf_str_reset(&json);
    return status;
}

static wf_status show(study *s) {
    wf_cross_validation *cv = NULL;
    WF_TRY(collect(&cv, s));
    wf_status status = write_all(s, cv);
    if (status == WF_OK) status = print_all(s, cv);
    wf_cross_validation_destroy(cv);
    return status;
}

static wf_status run(wf_cli *cli, const void *given) {
    const cv_options *o = given;
    wf_context *cx = &cli->cx;
    study s = {.cli = cli, .options = o};
    wf_status status;
    WF_REQUIRE(cli->operand_count || o->suite, WF_E_ARG,
               "weft cv needs models or --suite " WF_CV_SUITES " | weft models lists the models");
    if (o->suite) s.suite = wf_cv_suite_find(o->suite);
    if (!isnan(o->max_time)) s.deadline_s = wf_clock_s() + o->max_time;
    WF_TRY_OR(wf_session_prepare(&s.session, cli, &o->session));
    WF_TRY_OR(list_models(&s));
    WF_TRY_OR(add_folds(&s));
    if (o->output) WF_TRY_OR(wf_strdup(&s.folder, cx, o->output));
    else WF_TRY_OR(wf_path_join(&s.folder, cx, o->runs, "cross-validation"));
    WF_TRY_OR(write_folds(&s));
    WF_TRY_OR(train(&s));
    status = wf_jobs_check(cx, &s.jobs);
    wf_context failed = *cx;
    wf_status shown = show(&s); /* also what there is when some folds failed */
    if (status != WF_OK) *cx = failed;
    else status = shown;
done:
    for (size_t i = 0; s.names && i < s.count; i++) wf_free(s.names[i]);
    wf_free(s.names);
    wf_free(s.models);
    wf_free(s.folder);
    wf_jobs_reset(&s.jobs);
    wf_session_reset(&s.session);
    return status;
}

const wf_command wf_command_cv = {
    .name = "cv",
    .summary = "Cross-validate models: every training image is held out once",
    .operands = "[MODEL]...",
    .max_operands = 1 << 20,
    .description =
        "Each model is trained once per fold without that fold and judged on it; the same folds\n"
        "for all models. Every fold is a run, so that the same call goes on where it was stopped.\n"
        "Validation images are cut from the other folds, and only where the recipe, or a "
        "threshold\n"
        "of a label, is chosen by them. Last, each model is trained on all training images and "
        "tested once.",
    .examples = "weft cv cnn-16 gru-128 --folds 5 --epochs 3\n"
                "weft cv --suite cnn-lstm --page cross-validation.md",
    .options_size = sizeof(cv_options),
    .options = options_table,
    .run = run,
};
