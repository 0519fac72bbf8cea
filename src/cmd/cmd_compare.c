#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/files.h"
#include "cmd/compare_output.h"
#include "cmd/jobs.h"
#include "cmd/report.h"
#include "cmd/results.h"
#include "cmd/study.h"
#include "cmd/suite.h"
#include "weft/compose.h"

/* Of the suite outfits: 105 trainings. */
enum {
    STUDY_COUNT = 40000,
    STUDY_TEST_COUNT = 10000,
    STUDY_EPOCHS = 2,
    STUDY_CLASSIFIER_COUNT = 100000,
    STUDY_CLASSIFIER_EPOCHS = 6,
    STUDY_SEEDS = 5
};

typedef struct compare_options {
    wf_experiment_flags experiment;
    wf_session_flags session;
    const char *suite, *runs, *output, *format, *results, *page, *maps, *tensorboard;
    int64_t seeds, seed, jobs, count, test_count, classifier_count, classifier_epochs;
    double max_time;
} compare_options;

static const wf_option options_table[] = {
    {"suite", 0, WF_OPTION_CHOICE, offsetof(compare_options, suite), WF_SUITE_CHOICES "|outfits",
     NULL, NULL, 0, 0,
     "reports: the 18 models of the five reports that weft comes from; strong: four recurrent "
     "networks that read images, trained as well as they can be; outfits: what a CNN-RNN gains "
     "from "
     "labels that depend on each other"},
    {"count", 'n', WF_OPTION_INT, offsetof(compare_options, count), "N", NULL, NULL, 20,
     WF_OUTFIT_MAX_COUNT, "of the suite outfits: training canvases of each set (default: 40000)"},
    {"test-count", 0, WF_OPTION_INT, offsetof(compare_options, test_count), "N", NULL, NULL, 1,
     WF_OUTFIT_MAX_COUNT, "and test canvases (default: 10000)"},
    {"classifier-count", 0, WF_OPTION_INT, offsetof(compare_options, classifier_count), "N", NULL,
     NULL, 20, WF_OUTFIT_MAX_COUNT,
     "of the suite outfits: canvases for the garment classifier of each seed (default: 100000)"},
    {"classifier-epochs", 0, WF_OPTION_INT, offsetof(compare_options, classifier_epochs), "N", NULL,
     NULL, 1, 1e6, "and passes over them (default: 6)"},
    {"seeds", 0, WF_OPTION_INT, offsetof(compare_options, seeds), "N", NULL, NULL, 1, 1000,
     "train each model N times; the table shows mean and standard deviation (default: 1, of the "
     "suite outfits 5)"},
    {"seed", 0, WF_OPTION_INT, offsetof(compare_options, seed), "N", "0", NULL, 0, 9e15,
     "the first seed"},
    {"output", 'o', WF_OPTION_TEXT, offsetof(compare_options, output), "DIR", NULL, NULL, 0, 0,
     "write comparison.md, .csv, .json and .html, the report, here (default: comparison in the "
     "folder of runs)"},
    {"format", 'f', WF_OPTION_CHOICE, offsetof(compare_options, format), "text|markdown|csv",
     "text", NULL, 0, 0, "form of the table that is printed"},
    {"results", 0, WF_OPTION_TEXT, offsetof(compare_options, results), "DIR", NULL, NULL, 0, 0,
     "also keep each run's figures as one JSON file here, as soon as it is finished; what is there "
     "is not trained again"},
    {"page", 0, WF_OPTION_TEXT, offsetof(compare_options, page), "FILE", NULL, NULL, 0, 0,
     "also write the comparison into this page, as a section that says what made it"},
    WF_MAPS_OPTION(compare_options, maps),
    {"max-time", 0, WF_OPTION_TIME, offsetof(compare_options, max_time), "TIME", NULL, NULL, 0, 1e9,
     "stop after 90s, 15m or 2h, save, and exit with 75; the same call goes on"},
    WF_JOBS_OPTION(compare_options, jobs),
    WF_EXPERIMENT_OPTIONS(compare_options, experiment),
    WF_RUNS_OPTION(compare_options, runs),
    WF_TENSORBOARD_OPTION(compare_options, tensorboard),
    WF_SESSION_OPTIONS(compare_options, session),
    {0}};

static int64_t or_else(int64_t given, int64_t otherwise) {
    return given == WF_UNSET ? otherwise : given;
}

/* One call of compare: what is trained, and the runs found and made so far. */
typedef struct collection {
    wf_cli *cli;
    const compare_options *options;
    wf_session session;
    wf_store *store;
    wf_jobs jobs;
    wf_run **runs;
    size_t count, count_given; /* given: not trained by this call */
} collection;

static wf_status add_run(collection *c, const char *reference) {
    wf_context *cx = &c->cli->cx;
    wf_run *run = NULL;
    WF_TRY(wf_run_open(&run, cx, c->store, reference));
    wf_status status = wf_realloc(&c->runs, cx, c->count, c->count + 1, sizeof(wf_run *));
    if (status == WF_OK) c->runs[c->count++] = run;
    else wf_run_close(run);
    return status;
}

/* A model that is named twice is trained once. */
static wf_status is_asked_for(int *out, collection *c, const wf_experiment *e) {
    wf_context *cx = &c->cli->cx;
    wf_str key = {0};
    *out = 0;
    WF_TRY(wf_experiment_key(&key, cx, e));
    wf_status status = WF_OK;
    for (size_t i = 0; i < c->jobs.count && status == WF_OK && !*out; i++) {
        wf_str other = {0};
        status = wf_experiment_key(&other, cx, &c->jobs.items[i].experiment);
        *out = status == WF_OK && !strcmp(key.text, other.text);
        wf_str_reset(&other);
    }
    wf_str_reset(&key);
    return status;
}

static wf_status add_model(collection *c, const char *model) {
    const compare_options *o = c->options;
    for (int64_t k = 0; k < or_else(o->seeds, 1); k++) {
        char label[160];
        int is_double = 0;
        wf_experiment e = {0};
        WF_TRY(wf_experiment_create(&e, c->cli, model, &o->experiment, o->seed + k));
        wf_status status = is_asked_for(&is_double, c, &e);
        if (status != WF_OK || is_double) wf_experiment_reset(&e);
        WF_TRY(status);
        if (is_double) continue;
        snprintf(label, sizeof label, "%.100s, seed %lld", e.model->name, (long long)e.seed);
        WF_TRY(wf_jobs_add(&c->jobs, &c->cli->cx, &e, NULL, label));
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

/* ---- training ---- */

static wf_status keep_result(collection *c, const wf_run *run) {
    wf_context *cx = &c->cli->cx;
    wf_run_summary summary = {0};
    WF_TRY(wf_run_read_summary(&summary, cx, run));
    int is_tested =
        summary.status == WF_RUN_FINISHED && !summary.folds && isfinite(summary.accuracy);
    wf_run_summary_reset(&summary);
    return is_tested ? wf_result_write(cx, run, c->options->results) : WF_OK;
}

/* Called as soon as a job has ended. */
static wf_status on_ended(void *user, const wf_job *job) {
    collection *c = user;
    wf_run *run = NULL;
    if (!c->options->results || !job->path) return WF_OK;
    WF_TRY(wf_run_open(&run, &c->cli->cx, NULL, job->path));
    wf_status status = keep_result(c, run);
    wf_run_close(run);
    return status;
}

static wf_status train(collection *c) {
    const compare_options *o = c->options;
    const wf_jobs_options options = {.runs = o->runs,
                                     .results = o->results,
                                     .tensorboard = o->tensorboard,
                                     .workers = o->jobs,
                                     .max_seconds = isnan(o->max_time) ? 0 : o->max_time,
                                     .shows_epochs = 1,
                                     .ended = on_ended,
                                     .user = c};
    if (o->results)
        for (size_t i = 0; i < c->count; i++) WF_TRY(keep_result(c, c->runs[i]));
    wf_note_store(c->cli, c->store);
    wf_store_close(c->store); /* a database that is open must not be forked */
    c->store = NULL;
    WF_TRY(wf_jobs_run(&c->jobs, &c->session, &options));
    c->count_given = c->count;
    for (size_t i = 0; i < c->jobs.count; i++)
        if (c->jobs.items[i].path) WF_TRY(add_run(c, c->jobs.items[i].path));
    return WF_OK;
}

/* A training that diverged is a result, as long as others are worth comparing; *out_why then stays
 * empty. */
static wf_status check(wf_context *out_why, collection *c) {
    wf_context *cx = &c->cli->cx;
    wf_status status = wf_jobs_check(cx, &c->jobs);
    size_t trained = c->count_given;
    for (size_t i = 0; i < c->jobs.count; i++)
        trained +=
            c->jobs.items[i].state == WF_JOB_TRAINED || c->jobs.items[i].state == WF_JOB_REUSED;
    if (status == WF_E_DIVERGED && trained > 0) status = WF_OK;
    if (status != WF_OK) *out_why = *cx;
    wf_context_reset(cx);
    return status;
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

static wf_status write_report(collection *c, const wf_comparison *comparison, const char *path) {
    wf_context *cx = &c->cli->cx;
    const wf_report_choice choice = {.maps = c->options->maps};
    wf_report report = {0};
    wf_str page = {0};
    wf_status status;
    WF_TRY_OR(wf_report_create(&report, &c->session, comparison, &choice));
    WF_TRY_OR(wf_report_html_text(&page, &report));
    WF_TRY_OR(wf_file_write(cx, path, page.text, page.length));
done:
    wf_str_reset(&page);
    wf_report_reset(&report);
    return status;
}

/* A page keeps what it says of all when some could not be trained. */
static wf_status show(collection *c, int is_whole) {
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
    if (o->page && is_whole)
        WF_TRY_OR(wf_results_page_write(cli, comparison, o->page,
                                        o->suite ? wf_suite_find(o->suite)->title : "Results",
                                        c->session.threads, wf_isa_text(isa, c->session.kernels)));
    WF_TRY_OR(print_table(cli, comparison, o->format));
    const int has_words = !strcmp(o->format, "text");
    if (has_words)
        wf_print(cli, "\nwritten to %s: comparison.md, .csv and .json, comparison-pairs.csv\n",
                 folder);
    fflush(stdout); /* the report may take a while */
    WF_TRY_OR(write_report(c, comparison, html));
    if (has_words) wf_print(cli, "report: %s\n", html);
    WF_TRY_OR(make_result(cli, comparison, html));
done:
    wf_free(folder);
    wf_free(html);
    wf_comparison_destroy(comparison);
    return status;
}

/* ---- the suites ---- */

static wf_status study(wf_cli *cli, const compare_options *o) {
    wf_context *cx = &cli->cx;
    wf_session session = {0};
    wf_experiment_flags experiment = o->experiment;
    experiment.epochs = or_else(experiment.epochs, STUDY_EPOCHS);
    const wf_study_call call = {
        .experiment = &experiment,
        .runs = o->runs,
        .output = o->output,
        .results = o->results,
        .page = o->page,
        .format = o->format,
        .tensorboard = o->tensorboard,
        .count = or_else(o->count, STUDY_COUNT),
        .test_count = or_else(o->test_count, STUDY_TEST_COUNT),
        .classifier_count = or_else(o->classifier_count, STUDY_CLASSIFIER_COUNT),
        .classifier_epochs = or_else(o->classifier_epochs, STUDY_CLASSIFIER_EPOCHS),
        .seeds = or_else(o->seeds, STUDY_SEEDS),
        .seed = o->seed,
        .jobs = o->jobs,
        .max_seconds = isnan(o->max_time) ? 0 : o->max_time};
    WF_REQUIRE(!cli->operand_count, WF_E_ARG,
               "--suite outfits has its own models, %s is one more | leave it out",
               cli->operands[0]);
    WF_REQUIRE(
        !strcmp(o->experiment.dataset, "fashion-mnist") && (!o->maps || !strcmp(o->maps, "auto")),
        WF_E_ARG,
        "--suite outfits composes its own sets and makes no maps | leave --dataset and --maps "
        "out");
    WF_TRY(wf_session_prepare(&session, cli, &o->session));
    wf_status status = wf_study_make(&session, &call);
    wf_session_reset(&session);
    return status;
}

static wf_status compare(wf_cli *cli, const compare_options *o) {
    wf_context *cx = &cli->cx;
    collection c = {.cli = cli, .options = o};
    wf_context why = {0};
    wf_status status, failed;
    WF_REQUIRE(o->count == WF_UNSET && o->test_count == WF_UNSET &&
                   o->classifier_count == WF_UNSET && o->classifier_epochs == WF_UNSET,
               WF_E_ARG,
               "--count, --test-count, --classifier-count and --classifier-epochs are of --suite "
               "outfits | --limit trains on some of the images");
    WF_REQUIRE(
        cli->operand_count || o->suite, WF_E_ARG,
        "weft compare needs models, runs or a --suite | weft models and weft runs list them");
    WF_TRY_OR(wf_session_prepare(&c.session, cli, &o->session));
    WF_TRY_OR(wf_store_open(&c.store, cx, o->runs));
    const wf_suite *suite = o->suite ? wf_suite_find(o->suite) : NULL;
    for (size_t i = 0; suite && i < suite->count; i++) WF_TRY_OR(add_model(&c, suite->models[i]));
    for (int i = 0; i < cli->operand_count; i++) WF_TRY_OR(add_operand(&c, cli->operands[i]));
    WF_TRY_OR(train(&c));
    failed = check(&why, &c);
    if (c.count > 0) WF_TRY_OR(show(&c, failed == WF_OK));
    if (failed != WF_OK) *cx = why;
    status = failed;
done:
    wf_jobs_reset(&c.jobs);
    for (size_t i = 0; i < c.count; i++) wf_run_close(c.runs[i]);
    wf_free(c.runs);
    wf_note_store(cli, c.store);
    wf_store_close(c.store);
    wf_session_reset(&c.session);
    return status;
}

static wf_status run(wf_cli *cli, const void *given) {
    const compare_options *o = given;
    return o->suite && !strcmp(o->suite, "outfits") ? study(cli, o) : compare(cli, o);
}

const wf_command wf_command_compare = {
    .name = "compare",
    .summary = "Compare models and runs; train what is not yet trained",
    .operands = "[MODEL|RUN]...",
    .max_operands = 1 << 20,
    .description =
        "A model that was trained already with the same configuration, seed and data is "
        "not trained\n"
        "again, nor is one that diverged; one that was interrupted goes on: the same call\n"
        "resumes a comparison, with --results DIR also where only that folder is left. RUN is as\n"
        "in weft help evaluate.\n\n"
        "--suite outfits composes sets of canvases whose labels depend on each other not "
        "at all (0)\n"
        "to strongly (2), trains five models with five seeds each on every one, and says "
        "whether a\n"
        "CNN-RNN gains from the dependence. All models of a seed begin with the weights of a "
        "sigmoid CNN\n"
        "that has seen more canvases of independent labels. It takes some hours on two cores; "
        "with\n"
        "--max-time it stops before, with status 75; the same call goes on. --set, --epochs and "
        "so on\n"
        "hold for all its models.",
    .examples = "weft compare cnn-3conv-leaky gru-128 cnn-32-lstm --epochs 3\n"
                "weft compare --suite reports --seeds 3 --output comparison\n"
                "weft compare --suite outfits --results docs/results/outfits --max-time 2h\n"
                "weft compare --suite outfits --seeds 1 --count 2000 --classifier-count 4000",
    .options_size = sizeof(compare_options),
    .options = options_table,
    .run = run,
};
