/* weft runs compare */
#include <math.h>
#include <string.h>

#include "cmd/runs.h"
#include "report/run_config.h"

static wf_status add_cell(wf_table *t, wf_context *cx, const json_t *value) {
    const char *text = json_string_value(value);
    if (json_is_number(value)) return wf_table_addf(t, cx, "%.6g", json_number_value(value));
    return wf_table_add(t, cx, text && *text ? text : "-");
}

static wf_status add_row(wf_table *t, wf_context *cx, const char *name, const json_t *values) {
    json_t *value;
    size_t i;
    WF_TRY(wf_table_add(t, cx, name));
    json_array_foreach(values, i, value) WF_TRY(add_cell(t, cx, value));
    return WF_OK;
}

static wf_status add_rows(wf_table *t, wf_context *cx, json_t *object) {
    const char *key;
    json_t *values;
    json_object_foreach(object, key, values) WF_TRY(add_row(t, cx, key, values));
    return WF_OK;
}

static wf_status print(const wf_cli *cli, wf_context *cx, const json_t *comparison) {
    const json_t *runs = json_object_get(comparison, "runs");
    wf_table table;
    wf_status status;
    wf_table_init(&table, (int)json_array_size(runs) + 1, ~1u);
    WF_TRY_OR(add_row(&table, cx, "", runs));
    WF_TRY_OR(add_row(&table, cx, "judged on", json_object_get(comparison, "judged_on")));
    WF_TRY_OR(add_rows(&table, cx, json_object_get(comparison, "configuration")));
    WF_TRY_OR(add_rows(&table, cx, json_object_get(comparison, "figures")));
    wf_table_print(&table, cli);
done:
    wf_table_reset(&table);
    return status;
}

wf_status wf_runs_compare(const wf_runs_call *c) {
    wf_context *cx = &c->cli->cx;
    wf_run *runs[WF_RUNS_MAX_COMPARED] = {0};
    wf_status status = WF_OK;
    WF_REQUIRE(c->count <= WF_RUNS_MAX_COMPARED, WF_E_ARG, "%d runs, at most %d stand side by side",
               c->count, WF_RUNS_MAX_COMPARED);
    for (int i = 0; i < c->count; i++)
        WF_TRY_OR(wf_run_open(&runs[i], cx, c->store, c->operands[i]));
    WF_TRY_OR(
        wf_runs_comparison(&c->cli->result, cx, (const wf_run *const *)runs, (size_t)c->count));
    status = print(c->cli, cx, c->cli->result);
done:
    for (int i = 0; i < c->count; i++) wf_run_close(runs[i]);
    return status;
}
