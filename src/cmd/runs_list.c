/* weft runs list */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cmd/runs.h"
#include "report/run_json.h"

static wf_status add_figure(wf_table *t, wf_context *cx, const char *format, double value) {
    char text[32] = "-";
    if (isfinite(value)) snprintf(text, sizeof text, format, value);
    return wf_table_add(t, cx, text);
}

enum { UNTAGGED = 9 }; /* columns of a list of runs without tags */

/* "best, note=good" */
static wf_status add_tags(wf_table *t, wf_context *cx, const char *tags) {
    json_t *object = json_loads(tags, 0, NULL), *value;
    const char *name;
    wf_str text = {0};
    json_object_foreach(object, name, value) {
        const char *set = json_string_value(value);
        wf_str_addf(&text, cx, "%s%s%s%s", text.length ? ", " : "", name, set && *set ? "=" : "",
                    set ? set : "");
    }
    wf_status status = text.status;
    if (status == WF_OK) status = wf_table_add(t, cx, text.text);
    wf_str_reset(&text);
    json_decref(object);
    return status;
}

static wf_status add_row(wf_table *t, wf_context *cx, const wf_run_summary *s) {
    WF_TRY(wf_table_add(t, cx, s->id));
    WF_TRY(wf_table_add(t, cx, wf_run_status_name((wf_run_status)s->status)));
    WF_TRY(wf_table_addf(t, cx, "%lld/%lld", (long long)s->epochs, (long long)s->epochs_planned));
    WF_TRY(wf_table_addf(t, cx, "%lld", (long long)s->seed));
    WF_TRY(add_figure(t, cx, "%.4f", s->val_accuracy));
    WF_TRY(add_figure(t, cx, "%.4f", s->accuracy));
    WF_TRY(add_figure(t, cx, "%.4f", s->loss));
    WF_TRY(add_figure(t, cx, "%.1f s", s->total_s));
    WF_TRY(wf_table_add(t, cx, s->started));
    return t->columns > UNTAGGED ? add_tags(t, cx, s->tags) : WF_OK;
}

static wf_status print_list(wf_cli *cli, const wf_run_list *list) {
    static const char *const head[] = {"run",      "status",    "epochs", "seed",    "val acc",
                                       "test acc", "test loss", "time",   "started", "tags"};
    wf_context *cx = &cli->cx;
    wf_table table;
    wf_status status = WF_OK;
    int columns = UNTAGGED;
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->runs[i].tags, "{}") != 0) columns = UNTAGGED + 1;
    wf_table_init(&table, columns, 1u << 2 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 6 | 1u << 7);
    for (int i = 0; i < columns && status == WF_OK; i++) status = wf_table_add(&table, cx, head[i]);
    for (size_t i = 0; i < list->count && status == WF_OK; i++)
        status = add_row(&table, cx, &list->runs[i]);
    if (status == WF_OK) wf_table_print(&table, cli);
    wf_table_reset(&table);
    return status;
}

static wf_status list_json(json_t **out, wf_context *cx, const wf_run_list *list) {
    json_t *runs = json_array(), *run = NULL;
    wf_status status = WF_OK;
    for (size_t i = 0; i < list->count && status == WF_OK; i++) {
        status = wf_run_summary_json(&run, cx, &list->runs[i]);
        if (status == WF_OK) status = wf_json_append(runs, cx, run);
    }
    if (status == WF_OK) *out = json_pack("{s:O}", "runs", runs);
    json_decref(runs);
    return status;
}

wf_status wf_runs_list(const wf_runs_call *c) {
    wf_cli *cli = c->cli;
    wf_context *cx = &cli->cx;
    const wf_runs_options *o = c->options;
    const char *name = c->count ? c->operands[0] : NULL;
    wf_run_list list = {0};
    const wf_run_filter filter = {.name = name,
                                  .model = o->model,
                                  .dataset = o->dataset,
                                  .status = o->status,
                                  .tag = o->tag,
                                  .sort = o->sort,
                                  .limit = o->limit == WF_UNSET ? 0 : o->limit};
    WF_TRY(wf_store_select(&list, cx, c->store, &filter));
    wf_status status = list_json(&cli->result, cx, &list);
    for (size_t i = 0; o->only_names && i < list.count; i++) wf_print(cli, "%s\n", list.runs[i].id);
    if (status == WF_OK && !o->only_names && list.count) status = print_list(cli, &list);
    else if (!o->only_names)
        wf_print(cli, "No runs%s%s%s in %s.\n", name ? " of " : "", name ? name : "",
                 o->model || o->dataset || o->status || o->tag ? " like that" : "", o->runs);
    wf_run_list_reset(&list);
    return status;
}
