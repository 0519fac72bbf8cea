#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/files.h"
#include "cmd/compare_output.h"
#include "cmd/session.h"

typedef struct compare_options {
    wf_experiment_flags experiment;
    wf_session_flags session;
    const char *suite, *runs, *output, *format, *results, *page, *tensorboard;
    int64_t seeds, seed;
    double max_time;
} compare_options;

static const wf_option options_table[] = {
    {"suite", 0, WF_OPTION_CHOICE, offsetof(compare_options, suite), "reports", NULL, NULL, 0, 0,
     "the 18 models of the five reports that weft comes from"},
    {"seeds", 0, WF_OPTION_INT, offsetof(compare_options, seeds), "N", "1", NULL, 1, 1000,
     "train each model N times; the table shows mean and standard deviation"},
    {"seed", 0, WF_OPTION_INT, offsetof(compare_options, seed), "N", "0", NULL, 0, 9e15,
     "the first seed"},
    {"output", 'o', WF_OPTION_TEXT, offsetof(compare_options, output), "DIR", NULL, NULL, 0, 0,
     "write comparison.md, .csv, .json and .html here (default: comparison in the folder of runs)"},
    {"format", 'f', WF_OPTION_CHOICE, offsetof(compare_options, format), "text|markdown|csv",
     "text", NULL, 0, 0, "form of the table that is printed"},
    {"results", 0, WF_OPTION_TEXT, offsetof(compare_options, results), "DIR", NULL, NULL, 0, 0,
     "also keep each run's figures as one JSON file here, as soon as it is finished"},
    {"page", 0, WF_OPTION_TEXT, offsetof(compare_options, page), "FILE", NULL, NULL, 0, 0,
     "also write the comparison as a page that says what made it"},
    {"max-time", 0, WF_OPTION_TIME, offsetof(compare_options, max_time), "TIME", NULL, NULL, 0, 1e9,
     "stop after 90s, 15m or 2h, save, and exit with 75; the same call goes on"},
    WF_EXPERIMENT_OPTIONS(compare_options, experiment),
    WF_RUNS_OPTION(compare_options, runs),
    WF_TENSORBOARD_OPTION(compare_options, tensorboard),
    WF_SESSION_OPTIONS(compare_options, session),
    {0}};

/* In the order of the reports. */
static const char *const reports_suite[] = {
    "cnn-1conv",       "lstm-2x128-relu", "cnn-2conv-bn", "cnn-4conv-bn", "lstm-128",
    "cnn-3conv-leaky", "gru-128",         "lstm-186",     "lstm-186-784", "cnn-2conv",
    "cnn-16",          "cnn-32",          "cnn-16-lstm",  "cnn-32-lstm",  "cnn-16-bilstm",
    "cnn-32-bilstm",   "lenet-5",         "bilstm-128"};

/* One call of compare: the runs found and made so far. */
typedef struct collection {
    wf_cli *cli;
    const compare_options *options;
    wf_session session;
    wf_store *store;
    wf_run **runs;
    size_t count;
    double deadline_s; /* 0: none */
} collection;

static wf_status add_run(collection *c, const char *reference) {
    wf_context *cx = &c->cli->cx;
    wf_run *run = NULL;
    wf_run_summary summary = {0};
    WF_TRY(wf_run_open(&run, cx, c->store, reference));
    wf_status status = wf_realloc(&c->runs, cx, c->count, c->count + 1, sizeof(wf_run *));
    if (status != WF_OK) {
        wf_run_close(run);
        return status;
    }
    c->runs[c->count++] = run;
    if (!c->options->results) return WF_OK;
    WF_TRY(wf_run_read_summary(&summary, cx, run));
    if (summary.status == WF_RUN_FINISHED && !summary.folds && isfinite(summary.accuracy))
        status = wf_result_write(cx, run, c->options->results);
    wf_run_summary_reset(&summary);
    return status;
}

/* ---- is it there already? ---- */

/* A run whose configuration cannot be read is another one. */
static int has_key(wf_cli *cli, const wf_run_summary *s, const wf_str *key) {
    wf_cli quiet = {.is_json = cli->is_json, .is_quiet = 1};
    wf_experiment e = {0};
    wf_str text = {0};
    char *path = NULL;
    wf_status status = wf_path_join(&path, &quiet.cx, s->path, "config.yaml");
    if (status == WF_OK) status = wf_experiment_read(&e, &quiet, path);
    if (status == WF_OK) status = wf_experiment_key(&text, &quiet.cx, &e);
    int is_same = status == WF_OK && !strcmp(text.text, key->text);
    wf_free(path);
    path = NULL;
    /* the last file before training: without it a run was never begun */
    if (is_same) is_same = wf_path_join(&path, &quiet.cx, s->path, "splits.csv") == WF_OK;
    if (is_same) is_same = wf_path_exists(path);
    wf_str_reset(&text);
    wf_experiment_reset(&e);
    wf_free(path);
    return is_same;
}

/* The latest run of the same configuration on the same data: finished, or one that can go on. */
static wf_status find_run(char **out_path, int *out_is_finished, collection *c,
                          const wf_experiment *e) {
    wf_context *cx = &c->cli->cx;
    wf_run_list list = {0};
    wf_str key = {0};
    const wf_run_summary *found = NULL;
    wf_status status = wf_experiment_key(&key, cx, e);
    if (status == WF_OK) status = wf_store_list(&list, cx, c->store, e->model->name);
    for (size_t i = 0; status == WF_OK && i < list.count; i++) {
        const wf_run_summary *s = &list.runs[i];
        int is_finished = s->status == WF_RUN_FINISHED;
        int goes_on = s->status == WF_RUN_INTERRUPTED || s->status == WF_RUN_ABANDONED;
        if ((!is_finished && !goes_on) || strcmp(s->data_hash, c->session.dataset->sha256) != 0)
            continue;
        if (found && found->status == WF_RUN_FINISHED && !is_finished) continue;
        if (has_key(c->cli, s, &key)) found = s;
    }
    if (found) status = wf_strdup(out_path, cx, found->path);
    *out_is_finished = found && found->status == WF_RUN_FINISHED;
    wf_run_list_reset(&list);
    wf_str_reset(&key);
    return status;
}

static wf_status train_experiment(collection *c, const wf_experiment *e) {
    wf_cli *cli = c->cli;
    wf_context *cx = &cli->cx;
    char *found = NULL, *path = NULL;
    int is_finished = 0;
    wf_status status;
    WF_TRY_OR(wf_session_open_data(&c->session, e->dataset, e->model));
    WF_TRY_OR(find_run(&found, &is_finished, c, e));
    if (is_finished) {
        wf_note(cli, "%s: trained already\n", wf_path_base(found));
        WF_TRY_OR(add_run(c, found));
        goto done;
    }
    double left_s = c->deadline_s > 0 ? c->deadline_s - wf_clock_s() : 0;
    WF_REQUIRE_OR(c->deadline_s <= 0 || left_s > 0, WF_E_TIME,
                  "the time is over before %s could be trained", e->model->name);
    wf_run_settings settings = {.runs = c->options->runs,
                                .resume = found,
                                .tensorboard = c->options->tensorboard,
                                .max_seconds = left_s};
    status = wf_session_train(&path, &c->session, e, &settings);
    if (status == WF_E_DIVERGED) { /* the others are still worth comparing */
        wf_note(cli, "weft: %s\n", cx->message);
        wf_context_reset(cx);
        status = WF_OK;
    }
    if (status == WF_OK) status = add_run(c, path);
done:
    wf_free(found);
    wf_free(path);
    return status;
}

static wf_status add_model(collection *c, const char *model) {
    const compare_options *o = c->options;
    for (int64_t k = 0; k < o->seeds; k++) {
        wf_experiment e = {0};
        WF_TRY(wf_experiment_create(&e, c->cli, model, &o->experiment, o->seed + k));
        wf_status status = train_experiment(c, &e);
        wf_experiment_reset(&e);
        if (status != WF_OK) return status;
    }
    return WF_OK;
}

/* A folder is a run; a name is a model's, or else a run's. */
static wf_status add_operand(collection *c, const char *operand) {
    wf_context *cx = &c->cli->cx, unknown = {0};
    char *path = NULL;
    wf_run *run = NULL;
    if (wf_path_is_dir(operand)) return add_run(c, operand);
    wf_status status = wf_model_locate(&path, cx, operand);
    wf_free(path);
    if (status == WF_OK) return add_model(c, operand);
    if (status != WF_E_NOTFOUND || wf_run_open(&run, &unknown, c->store, operand) != WF_OK)
        return status;
    wf_run_close(run);
    wf_context_reset(cx);
    return add_run(c, operand);
}

/* ---- what comes of it ---- */

static wf_status print_table(wf_cli *cli, const wf_comparison *comparison, const char *format) {
    wf_context *cx = &cli->cx;
    char *text = NULL;
    int width = wf_terminal_width(STDOUT_FILENO, 120);
    if (!strcmp(format, "markdown")) WF_TRY(wf_report_markdown(&text, cx, comparison));
    else if (!strcmp(format, "csv")) WF_TRY(wf_report_csv(&text, cx, comparison));
    else WF_TRY(wf_report_text(&text, cx, comparison, width));
    wf_print(cli, "%s", text);
    wf_free(text);
    return WF_OK;
}

static wf_status make_result(wf_cli *cli, const wf_comparison *comparison, const char *html) {
    wf_context *cx = &cli->cx;
    char *text = NULL;
    WF_TRY(wf_report_json(&text, cx, comparison));
    wf_status status =
        wf_json_parse(&cli->result, cx, text, strlen(text), "comparison", strlen(text) + 1);
    wf_free(text);
    return status == WF_OK ? wf_json_put(cli->result, cx, "html", json_string(html)) : status;
}

static wf_status show(collection *c) {
    wf_cli *cli = c->cli;
    wf_context *cx = &cli->cx;
    const compare_options *o = c->options;
    wf_comparison *comparison = NULL;
    char *folder = NULL, *html = NULL, isa[16];
    wf_status status;
    WF_TRY_OR(wf_comparison_create(&comparison, cx, (const wf_run *const *)c->runs, c->count));
    if (o->output) WF_TRY_OR(wf_strdup(&folder, cx, o->output));
    else WF_TRY_OR(wf_path_join(&folder, cx, o->runs, "comparison"));
    WF_TRY_OR(wf_path_join(&html, cx, folder, "comparison.html"));
    WF_TRY_OR(wf_comparison_write(cx, comparison, folder));
    if (o->page)
        WF_TRY_OR(wf_results_page_write(cli, comparison, o->page, wf_pool_size(c->session.pool),
                                        wf_isa_text(isa, c->session.kernels)));
    WF_TRY_OR(print_table(cli, comparison, o->format));
    if (!strcmp(o->format, "text"))
        wf_print(cli,
                 "\nwritten to %s: comparison.md, comparison.csv, comparison.json\n"
                 "HTML report: %s\n",
                 folder, html);
    WF_TRY_OR(make_result(cli, comparison, html));
done:
    wf_free(folder);
    wf_free(html);
    wf_comparison_destroy(comparison);
    return status;
}

static wf_status run(wf_cli *cli, const void *given) {
    const compare_options *o = given;
    wf_context *cx = &cli->cx;
    collection c = {.cli = cli, .options = o};
    wf_status status;
    WF_REQUIRE(
        cli->operand_count || o->suite, WF_E_ARG,
        "weft compare needs models, runs or --suite reports | weft models and weft runs list "
        "them");
    WF_TRY_OR(wf_session_init(&c.session, cli, &o->session));
    WF_TRY_OR(wf_store_open(&c.store, cx, o->runs));
    if (!isnan(o->max_time)) c.deadline_s = wf_clock_s() + o->max_time;
    for (size_t i = 0; o->suite && i < sizeof reports_suite / sizeof *reports_suite; i++)
        WF_TRY_OR(add_model(&c, reports_suite[i]));
    for (int i = 0; i < cli->operand_count; i++) WF_TRY_OR(add_operand(&c, cli->operands[i]));
    WF_TRY_OR(show(&c));
done:
    for (size_t i = 0; i < c.count; i++) wf_run_close(c.runs[i]);
    wf_free(c.runs);
    wf_store_close(c.store);
    wf_session_reset(&c.session);
    return status;
}

const wf_command wf_command_compare = {
    .name = "compare",
    .summary = "Compare models and runs; train what is not yet trained",
    .operands = "[MODEL|RUN]...",
    .max_operands = 1 << 20,
    .description = "A model that was trained already with the same configuration, seed and data is "
                   "not trained\n"
                   "again, and one that was interrupted goes on: the same call resumes a "
                   "comparison. RUN is as\n"
                   "in weft help evaluate.",
    .examples = "weft compare cnn-3conv-leaky gru-128 cnn-32-lstm --epochs 3\n"
                "weft compare --suite reports --seeds 3 --output comparison",
    .options_size = sizeof(compare_options),
    .options = options_table,
    .run = run,
};
