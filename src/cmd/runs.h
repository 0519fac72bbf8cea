/* What the verbs of `weft runs` share. A verb is one line of the table in cmd_runs.c and a function
 * in one of the files runs_*.c. */
#ifndef WF_CMD_RUNS_H
#define WF_CMD_RUNS_H

#include "cmd/settings.h"
#include "store/store.h"

typedef struct wf_runs_options {
    const char *runs, *model, *dataset, *tag, *status, *sort, *format, *output;
    int64_t limit;
    double max_time;
    int only_names, is_removal, is_sure, is_dry;
} wf_runs_options;

/* One call of a verb; the operands are those behind the verb. */
typedef struct wf_runs_call {
    wf_cli *cli;
    const wf_runs_options *options;
    wf_store *store;
    char **operands;
    int count;
} wf_runs_call;

wf_status wf_runs_list(const wf_runs_call *c);
wf_status wf_runs_show(const wf_runs_call *c);
wf_status wf_runs_compare(const wf_runs_call *c);
wf_status wf_runs_query(const wf_runs_call *c);
wf_status wf_runs_tag(const wf_runs_call *c);
wf_status wf_runs_delete(const wf_runs_call *c);
wf_status wf_runs_gc(const wf_runs_call *c);
wf_status wf_runs_export(const wf_runs_call *c);
wf_status wf_runs_rebuild(const wf_runs_call *c);

/* ---- runs_query.c ---- */

/* Appends a cell of a CSV file (RFC 4180); null is empty. */
void wf_csv_cell(wf_str *s, wf_context *cx, const json_t *value);

#endif
