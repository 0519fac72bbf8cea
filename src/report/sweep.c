#include "report/sweep.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "report/internal.h"

static void reset_row(wf_sweep_row *row, size_t axis_count) {
    for (size_t a = 0; row->values && a < axis_count; a++) wf_free(row->values[a]);
    wf_free(row->values);
    wf_free(row->runs);
    wf_free(row->verdict);
    *row = (wf_sweep_row){0};
}

void wf_sweep_destroy(wf_sweep *s) {
    if (!s) return;
    for (size_t i = 0; i < s->row_count; i++) reset_row(&s->rows[i], s->axis_count);
    wf_free(s->rows);
    for (size_t a = 0; s->paths && a < s->axis_count; a++) wf_free(s->paths[a]);
    wf_free(s->paths);
    wf_free(s->model);
    wf_free(s->dataset);
    wf_free(s->answer);
    wf_free(s);
}

static wf_status copy_texts(char ***out, wf_context *cx, const char *const *texts, size_t count) {
    WF_TRY(wf_alloc(out, cx, count, sizeof **out));
    for (size_t i = 0; i < count; i++) WF_TRY(wf_strdup(&(*out)[i], cx, texts[i]));
    return WF_OK;
}

wf_status wf_sweep_create(wf_sweep **out, wf_context *cx, const char *model,
                          const char *const *paths, size_t axis_count) {
    wf_sweep *s = NULL;
    WF_TRY(wf_alloc(&s, cx, 1, sizeof *s));
    s->axis_count = axis_count;
    wf_status status = wf_strdup(&s->model, cx, model);
    if (status == WF_OK) status = copy_texts(&s->paths, cx, paths, axis_count);
    if (status == WF_OK) *out = s;
    else wf_sweep_destroy(s);
    return status;
}

wf_status wf_sweep_add_row(wf_sweep *s, wf_context *cx, const char *const *values) {
    WF_TRY(wf_realloc(&s->rows, cx, s->row_count, s->row_count + 1, sizeof *s->rows));
    s->rows[s->row_count].is_first = s->row_count == 0;
    return copy_texts(&s->rows[s->row_count++].values, cx, values, s->axis_count);
}

/* ---- one run ---- */

static double figure_of(const wf_epoch_record *e, int watched) {
    const double figures[] = {e->val_loss, e->val_accuracy, e->loss, e->accuracy};
    return figures[watched];
}

/* As training chooses: the first of the best ones. */
static const wf_epoch_record *judged_epoch(const wf_sweep *s, const wf_run_metrics *metrics) {
    const int is_loss = s->watched % 2 == 0;
    const wf_epoch_record *chosen = NULL;
    if (!s->takes_best_epoch) return &metrics->epochs[metrics->count - 1];
    for (size_t i = 0; i < metrics->count; i++) {
        const double value = figure_of(&metrics->epochs[i], s->watched);
        const double best = chosen ? figure_of(chosen, s->watched) : (double)NAN;
        if (isfinite(value) && (!chosen || (is_loss ? value < best : value > best)))
            chosen = &metrics->epochs[i];
    }
    return chosen ? chosen : &metrics->epochs[metrics->count - 1];
}

static wf_status take_run(wf_sweep *s, wf_sweep_row *row, wf_context *cx,
                          const wf_run_summary *summary, const wf_run_metrics *metrics) {
    WF_REQUIRE(metrics->count > 0, WF_E_DATA, "run %s: metrics.csv holds no epoch", summary->id);
    const wf_epoch_record *e = judged_epoch(s, metrics);
    WF_REQUIRE(isfinite(e->val_loss) && isfinite(e->val_accuracy), WF_E_DATA,
               "run %s: it has no validation figures, by which a sweep is judged", summary->id);
    WF_TRY(wf_realloc(&row->runs, cx, row->run_count, row->run_count + 1, sizeof *row->runs));
    row->runs[row->run_count++] = (wf_sweep_run){.val_accuracy = e->val_accuracy,
                                                 .val_loss = e->val_loss,
                                                 .accuracy = e->accuracy,
                                                 .loss = e->loss,
                                                 .epochs = (double)metrics->count,
                                                 .ms_per_step = summary->ms_per_step,
                                                 .total_s = summary->total_s};
    row->parameters = summary->parameters;
    return s->dataset ? WF_OK : wf_strdup(&s->dataset, cx, summary->dataset);
}

wf_status wf_sweep_add_run(wf_sweep *s, wf_context *cx, const wf_run *run) {
    wf_sweep_row *row = &s->rows[s->row_count - 1];
    wf_run_summary summary = {0};
    wf_run_metrics metrics = {0};
    wf_status status = WF_OK;
    WF_TRY_OR(wf_run_read_summary(&summary, cx, run));
    if (summary.status != WF_RUN_FINISHED) {
        row->failed_count++;
        goto done;
    }
    WF_TRY_OR(wf_run_read_metrics(&metrics, cx, run));
    status = take_run(s, row, cx, &summary, &metrics);
done:
    wf_run_metrics_reset(&metrics);
    wf_run_summary_reset(&summary);
    return status;
}
