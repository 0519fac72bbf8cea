/* A sweep: one model under several settings, judged on validation images only. Made from stored
 * runs, which were not tested. */
#ifndef WF_REPORT_SWEEP_H
#define WF_REPORT_SWEEP_H

#include <stddef.h>

#include "base/json.h"
#include "store/store.h"
#include "weft/eval.h"

/* One seed; figures of the epoch whose weights would be tested. */
typedef struct wf_sweep_run {
    double val_accuracy, val_loss, accuracy, loss, epochs, ms_per_step, total_s;
} wf_sweep_run;

/* One setting over its seeds. */
typedef struct wf_sweep_row {
    char **values; /* [axis_count] */
    wf_sweep_run *runs;
    size_t run_count, failed_count; /* seeds trained; seeds whose training diverged */
    int64_t parameters;
    wf_spread val_accuracy, val_loss, accuracy, loss, epochs, ms_per_step, total_s;
    int is_first;  /* of those added */
    char *verdict; /* the row against the best or first one, in words; NULL for that one itself */
} wf_sweep_row;

typedef struct wf_sweep {
    char *model, *dataset;
    char **paths; /* [axis_count] what is set */
    size_t axis_count;
    int by_loss;          /* judged by val_loss, the lower the better; else by val_accuracy */
    int against_first;    /* the rows are compared with the first one added; else with the best */
    int takes_best_epoch; /* the recipe tests the best epoch's weights; else the last one's */
    /* by what the recipe calls an epoch the best: 0 val_loss, 1 val_accuracy, 2 loss, 3 accuracy */
    int watched;
    wf_sweep_row *rows; /* in the order in which they were added; after finish: the best first */
    size_t row_count;
    char *answer; /* set by finish */
} wf_sweep;

/* Errors: WF_E_NOMEM. */
wf_status wf_sweep_create(wf_sweep **out, wf_context *cx, const char *model,
                          const char *const *paths, size_t axis_count);
void wf_sweep_destroy(wf_sweep *s); /* NULL is legal */

/* values [axis_count].  Errors: WF_E_NOMEM. */
wf_status wf_sweep_add_row(wf_sweep *s, wf_context *cx, const char *const *values);

/* Adds a run of the latest row; one that did not finish counts as failed.
 * Errors: WF_E_DATA (no epochs, no validation figures), WF_E_IO, WF_E_NOMEM. */
wf_status wf_sweep_add_run(wf_sweep *s, wf_context *cx, const wf_run *run);

/* Sorts the rows, compares each with the best (or first) and puts the result into words.
 * Errors: WF_E_DATA (no run finished), WF_E_NOMEM. */
wf_status wf_sweep_finish(wf_sweep *s, wf_context *cx);

/* "layers.lstm.units=56, training.batch_size=32", appended. */
void wf_sweep_setting(wf_str *out, wf_context *cx, const wf_sweep *s, const wf_sweep_row *row);

/* The columns of the table: the settings, then figures. Cells are appended as plain text. */
size_t wf_sweep_column_count(const wf_sweep *s);
const char *wf_sweep_column_title(const wf_sweep *s, size_t column);
void wf_sweep_cell(wf_str *out, wf_context *cx, const wf_sweep *s, const wf_sweep_row *row,
                   size_t column);

/* All texts: free them with wf_free.  Errors: WF_E_NOMEM. */
wf_status wf_sweep_markdown(char **out, wf_context *cx, const wf_sweep *s);
wf_status wf_sweep_csv(char **out, wf_context *cx, const wf_sweep *s);
/* Release with json_decref. */
wf_status wf_sweep_json(json_t **out, wf_context *cx, const wf_sweep *s);

#endif
