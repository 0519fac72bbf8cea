#include "cmd/report_runs.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "report/report.h"

static wf_status open_run(wf_report_runs *s, wf_context *cx, wf_store *store,
                          const char *reference) {
    wf_run *run = NULL;
    WF_TRY(wf_run_open(&run, cx, store, reference));
    wf_status status = wf_realloc(&s->items, cx, s->count, s->count + 1, sizeof(wf_run *));
    if (status == WF_OK) s->items[s->count++] = run;
    else wf_run_close(run);
    return status;
}

static int is_tested(const wf_run_summary *r) {
    return r->status == WF_RUN_FINISHED && !r->folds && isfinite(r->accuracy);
}

/* ---- one recipe ---- */

/* The runs of `list` that differ from `first` by their seed at most, itself included. */
static wf_status add_seeds(wf_report_runs *s, wf_context *cx, wf_store *store,
                           const wf_run_list *list, const wf_run_summary *first) {
    for (size_t i = 0; i < list->count; i++)
        if (is_tested(&list->runs[i]) && wf_runs_share_recipe(&list->runs[i], first))
            WF_TRY(open_run(s, cx, store, list->runs[i].id));
    return WF_OK;
}

/* The other runs of the recipe whose latest run was asked for by name. */
static wf_status add_recipe(wf_report_runs *s, wf_context *cx, wf_store *store, const wf_run *run) {
    wf_run_summary summary = {0};
    wf_run_list list = {0};
    WF_TRY(wf_run_read_summary(&summary, cx, run));
    wf_status status = wf_store_list(&list, cx, store, summary.model);
    if (status == WF_OK) status = add_seeds(s, cx, store, &list, &summary);
    wf_run_list_reset(&list);
    wf_run_summary_reset(&summary);
    return status;
}

wf_status wf_report_runs_add(wf_report_runs *s, wf_context *cx, wf_store *store,
                             const char *operand) {
    WF_TRY(open_run(s, cx, store, operand));
    const wf_run *run = s->items[s->count - 1];
    int is_name = !strchr(operand, '/') && strcmp(operand, wf_run_id(run)) != 0;
    return is_name ? add_recipe(s, cx, store, run) : WF_OK;
}

/* ---- many ---- */

/* The note, ready for one more sentence. */
static wf_str *begun_note(wf_report_runs *s, wf_context *cx) {
    if (s->note.text) wf_str_add(&s->note, cx, " ");
    return &s->note;
}

wf_status wf_report_runs_add_all(wf_report_runs *s, wf_context *cx, wf_store *store) {
    wf_run_list list = {0};
    size_t folds = 0, others = 0;
    WF_TRY(wf_store_list(&list, cx, store, NULL));
    wf_status status = WF_OK;
    for (size_t i = 0; i < list.count && status == WF_OK; i++) {
        const wf_run_summary *r = &list.runs[i];
        if (is_tested(r)) status = open_run(s, cx, store, r->id);
        else if (r->folds) folds++;
        else others++;
    }
    wf_run_list_reset(&list);
    if (folds)
        wf_str_addf(begun_note(s, cx), cx,
                    "%zu fold%s of cross-validations, which never saw the test images, %s left "
                    "out; weft cv compares them.",
                    folds, folds > 1 ? "s" : "", folds > 1 ? "are" : "is");
    if (others)
        wf_str_addf(begun_note(s, cx), cx,
                    "%zu run%s that %s not finished or not tested %s left out.", others,
                    others > 1 ? "s" : "", others > 1 ? "are" : "is", others > 1 ? "are" : "is");
    return status == WF_OK ? s->note.status : status;
}

/* The latest of a model, which stands last; NULL when there is none. */
static const wf_run_summary *latest_of(const wf_run_list *list, const char *model) {
    for (size_t i = list->count; i-- > 0;)
        if (!strcmp(list->runs[i].model, model) && is_tested(&list->runs[i])) return &list->runs[i];
    return NULL;
}

wf_status wf_report_runs_add_suite(wf_report_runs *s, wf_context *cx, wf_store *store,
                                   const wf_suite *suite) {
    wf_run_list list = {0};
    size_t missing = 0;
    WF_TRY(wf_store_list(&list, cx, store, NULL));
    wf_status status = WF_OK;
    for (size_t i = 0; i < suite->count && status == WF_OK; i++) {
        const wf_run_summary *latest = latest_of(&list, suite->models[i]);
        if (latest) {
            status = add_seeds(s, cx, store, &list, latest);
            continue;
        }
        if (missing++) wf_str_add(&s->note, cx, ", ");
        else
            wf_str_add(begun_note(s, cx), cx,
                       "No finished run is stored of these models of the suite: ");
        wf_str_add(&s->note, cx, suite->models[i]);
    }
    if (missing) wf_str_addf(&s->note, cx, ". weft compare --suite %s trains them.", suite->name);
    wf_run_list_reset(&list);
    return status == WF_OK ? s->note.status : status;
}

void wf_report_runs_reset(wf_report_runs *s) {
    for (size_t i = 0; i < s->count; i++) wf_run_close(s->items[i]);
    wf_free(s->items);
    wf_str_reset(&s->note);
    *s = (wf_report_runs){0};
}
