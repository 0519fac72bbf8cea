#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "cmd/report.h"

typedef struct report_options {
    wf_session_flags session;
    const char *output, *format, *runs, *title;
    int is_all;
} report_options;

static const wf_option options_table[] = {
    {"all", 0, WF_OPTION_FLAG, offsetof(report_options, is_all), NULL, NULL, NULL, 0, 0,
     "every finished run"},
    {"output", 'o', WF_OPTION_TEXT, offsetof(report_options, output), "FILE", NULL, NULL, 0, 0,
     "write the report here (default: report.html, .md or .json)"},
    {"format", 'f', WF_OPTION_CHOICE, offsetof(report_options, format), "html|json", "html", NULL,
     0, 0, "form of the report"},
    {"title", 0, WF_OPTION_TEXT, offsetof(report_options, title), "TEXT", NULL, NULL, 0, 0,
     "the report's title (default: made of the models' names)"},
    WF_RUNS_OPTION(report_options, runs),
    WF_SESSION_OPTIONS(report_options, session),
    {0}};

/* The runs of one report. */
typedef struct selection {
    wf_run **runs;
    size_t count;
} selection;

static wf_status add(selection *s, wf_context *cx, wf_store *store, const char *reference) {
    wf_run *run = NULL;
    WF_TRY(wf_run_open(&run, cx, store, reference));
    wf_status status = wf_realloc(&s->runs, cx, s->count, s->count + 1, sizeof(wf_run *));
    if (status == WF_OK) s->runs[s->count++] = run;
    else wf_run_close(run);
    return status;
}

static wf_status add_all(selection *s, wf_context *cx, wf_store *store) {
    wf_run_list list = {0};
    wf_status status = wf_store_list(&list, cx, store, NULL);
    for (size_t i = 0; i < list.count && status == WF_OK; i++)
        if (list.runs[i].status == WF_RUN_FINISHED && !list.runs[i].folds)
            status = add(s, cx, store, list.runs[i].id);
    wf_run_list_reset(&list);
    return status;
}

static wf_status write_report(wf_cli *cli, wf_report *r, const report_options *o) {
    wf_context *cx = &cli->cx;
    const char *path = o->output;
    if (!strcmp(o->format, "json")) {
        path = path ? path : "report.json";
        WF_TRY(wf_json_write(cx, path, r->document));
    } else {
        wf_str page = {0};
        path = path ? path : "report.html";
        wf_status status = wf_report_html_text(&page, r);
        if (status == WF_OK) status = wf_file_write(cx, path, page.text, page.length);
        wf_str_reset(&page);
        WF_TRY(status);
    }
    wf_print(cli, "report: %s\n", path);
    cli->result = json_pack("{s:s}", "report", path);
    return WF_OK;
}

static wf_status run(wf_cli *cli, const void *given) {
    const report_options *o = given;
    wf_context *cx = &cli->cx;
    wf_session session = {0};
    wf_store *store = NULL;
    wf_comparison *comparison = NULL;
    wf_report report = {0};
    selection s = {0};
    wf_status status;
    WF_REQUIRE(cli->operand_count || o->is_all, WF_E_ARG,
               "weft report needs runs or --all | weft runs list shows them");
    WF_TRY_OR(wf_session_prepare(&session, cli, &o->session));
    WF_TRY_OR(wf_store_open(&store, cx, o->runs));
    if (o->is_all) WF_TRY_OR(add_all(&s, cx, store));
    for (int i = 0; i < cli->operand_count; i++) WF_TRY_OR(add(&s, cx, store, cli->operands[i]));
    WF_TRY_OR(wf_comparison_create(&comparison, cx, (const wf_run *const *)s.runs, s.count));
    WF_TRY_OR(wf_report_create(&report, &session, comparison, o->title, 0));
    WF_TRY_OR(write_report(cli, &report, o));
done:
    wf_report_reset(&report);
    wf_comparison_destroy(comparison);
    for (size_t i = 0; i < s.count; i++) wf_run_close(s.runs[i]);
    wf_free(s.runs);
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
    .description = "RUN is as in weft help evaluate. The page needs no network and no server.",
    .examples = "weft report cnn-3conv-leaky gru-128 -o report.html\n"
                "weft report --all",
    .options_size = sizeof(report_options),
    .options = options_table,
    .run = run,
};
