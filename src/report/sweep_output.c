/* A sweep as a table, as Markdown, CSV and JSON. */
#include <stdio.h>

#include "base/alloc.h"
#include "report/internal.h"
#include "report/sweep.h"

enum { SCHEMA_VERSION = 1 };

typedef enum sweep_column {
    COLUMN_SEEDS,
    COLUMN_VAL_ACCURACY,
    COLUMN_VAL_LOSS,
    COLUMN_LOSS,
    COLUMN_PARAMETERS,
    COLUMN_MS_PER_STEP,
    COLUMN_EPOCHS,
    COLUMN_TOTAL,
    COLUMN_COUNT
} sweep_column;

void wf_sweep_setting(wf_str *out, wf_context *cx, const wf_sweep *s, const wf_sweep_row *row) {
    for (size_t a = 0; a < s->axis_count; a++)
        wf_str_addf(out, cx, "%s%s=%s", a ? ", " : "", s->paths[a], row->values[a]);
}

/* ---- the table ---- */

size_t wf_sweep_column_count(const wf_sweep *s) { return s->axis_count + COLUMN_COUNT; }

const char *wf_sweep_column_title(const wf_sweep *s, size_t column) {
    static const char *const titles[COLUMN_COUNT] = {"Seeds",      "Val accuracy", "Val loss",
                                                     "Train loss", "Parameters",   "ms/step",
                                                     "Epochs",     "Total time"};
    return column < s->axis_count ? s->paths[column] : titles[column - s->axis_count];
}

void wf_sweep_cell(wf_str *out, wf_context *cx, const wf_sweep *s, const wf_sweep_row *row,
                   size_t column) {
    char text[WF_FIGURE_BYTES] = "";
    if (column < s->axis_count) {
        wf_str_add(out, cx, row->values[column]);
        return;
    }
    sweep_column which = (sweep_column)(column - s->axis_count);
    if (!row->run_count && which != COLUMN_SEEDS) {
        wf_str_add(out, cx, "-");
        return;
    }
    switch (which) {
    case COLUMN_SEEDS:
        snprintf(text, sizeof text, row->failed_count ? "%zu (%zu failed)" : "%zu", row->run_count,
                 row->failed_count);
        break;
    case COLUMN_VAL_ACCURACY: wf__show_spread(text, row->val_accuracy, wf__show_score); break;
    case COLUMN_VAL_LOSS: wf__show_spread(text, row->val_loss, wf__show_score); break;
    case COLUMN_LOSS: wf__show_spread(text, row->loss, wf__show_score); break;
    case COLUMN_PARAMETERS: wf_thousands(text, row->parameters); break;
    case COLUMN_MS_PER_STEP: wf__show_quantity(text, row->ms_per_step.mean); break;
    case COLUMN_EPOCHS: wf__show_epochs(text, row->epochs.mean); break;
    case COLUMN_TOTAL: wf_duration(text, row->total_s.mean); break;
    case COLUMN_COUNT: break;
    }
    wf_str_add(out, cx, text);
}

/* ---- Markdown ---- */

static void add_line(wf_str *text, wf_context *cx, const wf_sweep *s, const wf_sweep_row *row) {
    for (size_t k = 0; k < wf_sweep_column_count(s); k++) {
        wf_str cell = {0};
        if (row) wf_sweep_cell(&cell, cx, s, row, k);
        else wf_str_add(&cell, cx, wf_sweep_column_title(s, k));
        if (cell.status != WF_OK) text->status = cell.status;
        wf_str_add(text, cx, k ? " | " : "| ");
        wf__markdown_text(text, cx, cell.text ? cell.text : "");
        wf_str_reset(&cell);
    }
    wf_str_add(text, cx, " |\n");
}

wf_status wf_sweep_markdown(char **out, wf_context *cx, const wf_sweep *s) {
    wf_str text = {0};
    wf_str_add(&text, cx, "# Sweep of ");
    wf__markdown_text(&text, cx, s->model);
    wf_str_add(&text, cx, "\n\n");
    wf__markdown_text(&text, cx, s->answer);
    wf_str_add(&text, cx, "\n\n");
    add_line(&text, cx, s, NULL);
    for (size_t k = 0; k < wf_sweep_column_count(s); k++) wf_str_add(&text, cx, "|---:");
    wf_str_add(&text, cx, "|\n");
    for (size_t i = 0; i < s->row_count; i++) add_line(&text, cx, s, &s->rows[i]);
    for (size_t i = 0, said = 0; i < s->row_count; i++) {
        if (!s->rows[i].verdict) continue;
        wf_str_add(&text, cx, said++ ? "- " : "\n- ");
        wf__markdown_text(&text, cx, s->rows[i].verdict);
        wf_str_add(&text, cx, "\n");
    }
    const wf_status status = text.status;
    if (status == WF_OK) *out = text.text;
    else wf_str_reset(&text);
    return status;
}

/* ---- CSV: one line per run ---- */

wf_status wf_sweep_csv(char **out, wf_context *cx, const wf_sweep *s) {
    wf_str text = {0};
    for (size_t a = 0; a < s->axis_count; a++) wf__csv_text(&text, cx, s->paths[a]);
    wf_str_add(&text, cx,
               "val_accuracy,val_loss,accuracy,loss,epochs,ms_per_step,total_s,parameters\n");
    for (size_t i = 0; i < s->row_count; i++)
        for (size_t k = 0; k < s->rows[i].run_count; k++) {
            const wf_sweep_run *r = &s->rows[i].runs[k];
            const double figures[] = {r->val_accuracy, r->val_loss,    r->accuracy, r->loss,
                                      r->epochs,       r->ms_per_step, r->total_s};
            for (size_t a = 0; a < s->axis_count; a++)
                wf__csv_text(&text, cx, s->rows[i].values[a]);
            for (size_t f = 0; f < sizeof figures / sizeof *figures; f++)
                wf__csv_figure(&text, cx, figures[f], ",");
            wf_str_addf(&text, cx, "%lld\n", (long long)s->rows[i].parameters);
        }
    const wf_status status = text.status;
    if (status == WF_OK) *out = text.text;
    else wf_str_reset(&text);
    return status;
}

/* ---- JSON ---- */

static json_t *spread_json(wf_spread s) {
    return json_pack("{s:o, s:o, s:I}", "mean", wf_json_real(s.mean), "sd", wf_json_real(s.sd),
                     "count", (json_int_t)s.count);
}

static json_t *row_json(const wf_sweep *s, const wf_sweep_row *row) {
    json_t *settings = json_object(), *runs = json_array();
    for (size_t a = 0; a < s->axis_count; a++)
        json_object_set_new(settings, s->paths[a], json_string(row->values[a]));
    for (size_t i = 0; i < row->run_count; i++)
        json_array_append_new(runs, json_pack("{s:o, s:o, s:o, s:o}", "val_accuracy",
                                              wf_json_real(row->runs[i].val_accuracy), "val_loss",
                                              wf_json_real(row->runs[i].val_loss), "loss",
                                              wf_json_real(row->runs[i].loss), "epochs",
                                              wf_json_real(row->runs[i].epochs)));
    return json_pack("{s:o, s:o, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:s}", "settings", settings,
                     "runs", runs, "failed", (json_int_t)row->failed_count, "parameters",
                     (json_int_t)row->parameters, "val_accuracy", spread_json(row->val_accuracy),
                     "val_loss", spread_json(row->val_loss), "loss", spread_json(row->loss),
                     "ms_per_step", spread_json(row->ms_per_step), "total_s",
                     spread_json(row->total_s), "verdict", row->verdict ? row->verdict : "");
}

wf_status wf_sweep_json(json_t **out, wf_context *cx, const wf_sweep *s) {
    json_t *rows = json_array(), *document;
    int failed = 0;
    for (size_t i = 0; i < s->row_count; i++)
        failed |= json_array_append_new(rows, row_json(s, &s->rows[i]));
    document =
        json_pack("{s:i, s:s, s:s, s:s, s:s, s:o}", "schema_version", SCHEMA_VERSION, "model",
                  s->model, "dataset", s->dataset ? s->dataset : "", "monitor",
                  s->by_loss ? "val_loss" : "val_accuracy", "answer", s->answer, "rows", rows);
    if (!document || failed) {
        json_decref(document);
        return WF_FAIL(WF_E_NOMEM, "out of memory: the sweep of %s as JSON", s->model);
    }
    *out = document;
    return WF_OK;
}
