#include <string.h>

#include "base/files.h"
#include "cmd/rasterize.h"
#include "cmd/report.h"
#include "cmd/report_runs.h"

typedef struct report_options {
    wf_session_flags session;
    const char *output, *format, *runs, *title, *suite, *maps, *dataset;
    int is_all;
} report_options;

static const wf_option options_table[] = {
    {"all", 0, WF_OPTION_FLAG, offsetof(report_options, is_all), NULL, NULL, NULL, 0, 0,
     "every finished and tested run, and every cross-validation"},
    {"suite", 0, WF_OPTION_CHOICE, offsetof(report_options, suite), WF_SUITE_CHOICES, NULL, NULL, 0,
     0,
     "the stored runs of a suite: reports: the 18 models of the five reports that weft comes from; "
     "strong: four recurrent networks that read images"},
    {"output", 'o', WF_OPTION_TEXT, offsetof(report_options, output), "FILE", NULL, NULL, 0, 0,
     "write the report here (default: report.html, .md or .json)"},
    {"format", 'f', WF_OPTION_CHOICE, offsetof(report_options, format), "html|md|json", NULL, NULL,
     0, 0, "form of the report (default: what the name of --output ends in, else html)"},
    {"title", 0, WF_OPTION_TEXT, offsetof(report_options, title), "TEXT", NULL, NULL, 0, 0,
     "the report's title (default: made of the models' names)"},
    WF_MAPS_OPTION(report_options, maps),
    {"dataset", 'd', WF_OPTION_TEXT, offsetof(report_options, dataset), "DATASET", NULL, NULL, 0, 0,
     "the runs' data set, where it is now (default: where it was)"},
    WF_RUNS_OPTION(report_options, runs),
    WF_SESSION_OPTIONS(report_options, session),
    {0}};

static wf_status make_result(wf_cli *cli, const wf_report *r, const char *path) {
    wf_context *cx = &cli->cx;
    json_t *runs = json_array();
    cli->result = json_pack("{s:s, s:o}", "report", path, "runs", runs);
    WF_REQUIRE(cli->result, WF_E_NOMEM, "out of memory: the result of weft report");
    for (size_t i = 0; i < r->comparison->row_count; i++)
        for (size_t k = 0; k < r->comparison->rows[i].run_count; k++)
            WF_TRY(
                wf_json_append(runs, cx, json_string(r->comparison->rows[i].runs[k].summary.id)));
    for (size_t i = 0; i < r->choice.cv_count; i++)
        for (size_t k = 0; k < r->choice.cvs[i]->run_count; k++)
            if (r->choice.cvs[i]->runs[k].folds)
                WF_TRY(wf_json_append(runs, cx, json_string(r->choice.cvs[i]->runs[k].id)));
    return WF_OK;
}

static wf_status write_page(wf_report *r, const char *path) {
    wf_context *cx = &r->session->cli->cx;
    wf_str page = {0};
    wf_status status = wf_report_html_text(&page, r);
    if (status == WF_OK) status = wf_file_write(cx, path, page.text, page.length);
    wf_str_reset(&page);
    return status;
}

static const char *format_of(const report_options *o) {
    if (o->format) return o->format;
    if (o->output && wf_path_has_suffix(o->output, ".md")) return "md";
    return o->output && wf_path_has_suffix(o->output, ".json") ? "json" : "html";
}

static wf_status write_report(wf_cli *cli, wf_report *r, const report_options *o) {
    wf_context *cx = &cli->cx;
    const char *path = o->output, *format = format_of(o);
    if (!strcmp(format, "json")) {
        path = path ? path : "report.json";
        WF_TRY(wf_json_write(cx, path, r->document));
    } else if (!strcmp(format, "md")) {
        path = path ? path : "report.md";
        WF_TRY(wf_report_write_markdown(r, path));
    } else {
        path = path ? path : "report.html";
        WF_TRY(write_page(r, path));
    }
    wf_print(cli, "report: %s\n", path);
    return make_result(cli, r, path);
}

static wf_status find_runs(wf_report_runs *out, wf_cli *cli, wf_store *store,
                           const report_options *o) {
    wf_context *cx = &cli->cx;
    if (o->is_all) WF_TRY(wf_report_runs_add_all(out, cx, store));
    if (o->suite) WF_TRY(wf_report_runs_add_suite(out, cx, store, wf_suite_find(o->suite)));
    for (int i = 0; i < cli->operand_count; i++)
        WF_TRY(wf_report_runs_add(out, cx, store, cli->operands[i]));
    return wf_report_runs_read_cvs(out, cx);
}

static wf_status run(wf_cli *cli, const void *given) {
    const report_options *o = given;
    wf_context *cx = &cli->cx;
    wf_session session = {0};
    wf_store *store = NULL;
    wf_comparison *comparison = NULL;
    wf_report_choice choice = {.title = o->title, .maps = o->maps};
    wf_report report = {0};
    wf_report_runs s = {0};
    wf_status status;
    WF_REQUIRE(cli->operand_count || o->is_all || o->suite, WF_E_ARG,
               "weft report needs runs, --suite reports or --all | weft runs list shows them");
    if (!strcmp(format_of(o), "md")) WF_TRY_OR(wf_rasterizer_check(cx)); /* before the work */
    WF_TRY_OR(wf_session_prepare(&session, cli, &o->session));
    session.moved_to = o->dataset;
    WF_TRY_OR(wf_store_open(&store, cx, o->runs));
    WF_TRY_OR(find_runs(&s, cli, store, o));
    WF_TRY_OR(wf_comparison_create(&comparison, cx, (const wf_run *const *)s.items, s.count));
    if (s.note.text) WF_TRY_OR(wf_comparison_add_note(comparison, cx, s.note.text));
    choice.cvs = s.cvs;
    choice.cv_count = s.cv_count;
    WF_REQUIRE_OR(
        comparison->row_count || s.cv_count, WF_E_NOTFOUND,
        "no run in %s to report: %s | weft runs list shows the runs, weft train makes one", o->runs,
        comparison->note_count ? comparison->notes[0] : "there is none");
    WF_TRY_OR(wf_report_create(&report, &session, comparison, &choice));
    WF_TRY_OR(write_report(cli, &report, o));
done:
    wf_report_reset(&report);
    wf_comparison_destroy(comparison);
    wf_report_runs_reset(&s);
    wf_note_store(cli, store);
    wf_store_close(store);
    wf_session_reset(&session);
    return status;
}

const wf_command wf_command_report = {
    .name = "report",
    .summary = "Write a report of stored runs to look at",
    .operands = "[RUN]...",
    .max_operands = 1 << 20,
    .description =
        "RUN is a run's folder, its id (gru-128-2), or a name: then the latest finished run "
        "and the\n"
        "other seeds of its recipe. It may be a cross-validation as well: the folder into which\n"
        "weft cv writes (cross-validation), or one of its folds. The page needs no network and no\n"
        "server.",
    .examples = "weft report cnn-3conv-leaky gru-128 -o report.html\n"
                "weft report cross-validation\n"
                "weft report --suite reports\n"
                "weft report --all --format json",
    .options_size = sizeof(report_options),
    .options = options_table,
    .run = run,
};
