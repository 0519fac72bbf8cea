#include "cmd/report_runs.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "report/report.h"
#include "report/run_config.h"

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

/* The note, ready for one more sentence. */
static wf_str *begun_note(wf_report_runs *s, wf_context *cx) {
    if (s->note.text) wf_str_add(&s->note, cx, " ");
    return &s->note;
}

/* ---- one recipe ---- */

static wf_status add_if_seed(wf_report_runs *s, wf_context *cx, wf_store *store, const char *id,
                             const wf_run_config *first) {
    wf_run_config config = {0};
    WF_TRY(open_run(s, cx, store, id));
    WF_TRY(wf_run_config_find(&config, cx, s->items[s->count - 1]));
    if (!wf_run_configs_share_recipe(first, &config)) wf_run_close(s->items[--s->count]);
    wf_run_config_reset(&config);
    return WF_OK;
}

/* The runs of `list` that differ from `run` by their seed at most, itself included. */
static wf_status add_seeds(wf_report_runs *s, wf_context *cx, wf_store *store,
                           const wf_run_list *list, const wf_run *run) {
    wf_run_summary first = {0};
    wf_run_config config = {0};
    wf_status status;
    WF_TRY_OR(wf_run_read_summary(&first, cx, run));
    WF_TRY_OR(wf_run_config_find(&config, cx, run));
    for (size_t i = 0; i < list->count; i++)
        if (is_tested(&list->runs[i]) && wf_runs_may_share_recipe(&list->runs[i], &first))
            WF_TRY_OR(add_if_seed(s, cx, store, list->runs[i].id, &config));
done:
    wf_run_config_reset(&config);
    wf_run_summary_reset(&first);
    return status;
}

/* The other runs of the recipe whose latest run was asked for by name. */
static wf_status add_recipe(wf_report_runs *s, wf_context *cx, wf_store *store, const wf_run *run) {
    wf_run_summary summary = {0};
    wf_run_list list = {0};
    WF_TRY(wf_run_read_summary(&summary, cx, run));
    wf_status status = wf_store_list(&list, cx, store, summary.model);
    if (status == WF_OK) status = add_seeds(s, cx, store, &list, run);
    wf_run_list_reset(&list);
    wf_run_summary_reset(&summary);
    return status;
}

/* ---- cross-validations ---- */

/* Looks once at all that is stored. */
static wf_status find_crossings(wf_report_runs *s, wf_context *cx, wf_store *store) {
    if (s->is_chosen) return WF_OK;
    WF_TRY(wf_store_list(&s->list, cx, store, NULL));
    WF_TRY(wf_crossings_find(&s->crossings, cx, &s->list));
    return wf_alloc(&s->is_chosen, cx, s->crossings.count + 1, sizeof *s->is_chosen);
}

/* Those whose folds weft cv wrote into the folder. */
static wf_status choose_folder(int *out_found, wf_report_runs *s, wf_context *cx, wf_store *store,
                               const char *folder) {
    if (!wf_path_is_dir(folder)) return WF_OK;
    WF_TRY(find_crossings(s, cx, store));
    for (size_t i = 0; i < s->crossings.count; i++) {
        int is_in = 0;
        WF_TRY(wf_crossings_is_in(&is_in, cx, &s->crossings, i, folder));
        s->is_chosen[i] |= is_in != 0;
        *out_found |= is_in;
    }
    return WF_OK;
}

/* `name` is a folder's path, or its name among the runs. */
static wf_status choose_named(int *out_found, wf_report_runs *s, wf_context *cx, wf_store *store,
                              const char *name) {
    char *path = NULL;
    WF_TRY(choose_folder(out_found, s, cx, store, name));
    if (*out_found || strchr(name, '/')) return WF_OK;
    WF_TRY(wf_path_join(&path, cx, wf_store_dir(store), name));
    wf_status status = choose_folder(out_found, s, cx, store, path);
    wf_free(path);
    return status;
}

static wf_status choose_of_model(int *out_found, wf_report_runs *s, wf_context *cx, wf_store *store,
                                 const char *model) {
    WF_TRY(find_crossings(s, cx, store));
    for (size_t i = 0; i < s->crossings.count; i++)
        if (wf_crossings_has(&s->crossings, i, model)) {
            s->is_chosen[i] = 1;
            *out_found = 1;
        }
    return WF_OK;
}

/* Of a fold, which was opened last, its cross-validation. */
static wf_status choose_of_fold(wf_report_runs *s, wf_context *cx, wf_store *store) {
    wf_run_summary summary = {0};
    wf_status status;
    WF_TRY(wf_run_read_summary(&summary, cx, s->items[s->count - 1]));
    if (!summary.folds) goto is_ok;
    WF_TRY_OR(find_crossings(s, cx, store));
    size_t crossing = wf_crossings_of(&s->crossings, &summary);
    if (crossing == s->crossings.count) goto is_ok; /* the comparison says why it is left out */
    s->is_chosen[crossing] = 1;
    wf_run_close(s->items[--s->count]);
is_ok:
    status = WF_OK;
done:
    wf_run_summary_reset(&summary);
    return status;
}

wf_status wf_report_runs_read_cvs(wf_report_runs *s, wf_context *cx) {
    size_t count = s->is_chosen ? s->crossings.count : 0;
    WF_TRY(wf_alloc(&s->cvs, cx, count + 1, sizeof(wf_cross_validation *)));
    for (size_t i = 0; i < count; i++) {
        wf_context quiet = {0};
        if (!s->is_chosen[i]) continue;
        wf_status status = wf_crossings_read(&s->cvs[s->cv_count], &quiet, &s->crossings, i);
        if (status == WF_OK) {
            s->cv_count++;
            continue;
        }
        *cx = quiet;
        if (status == WF_E_NOMEM) return status;
        wf_str_addf(begun_note(s, cx), cx, "A cross-validation is left out: %s.", quiet.message);
        wf_context_reset(cx);
    }
    return s->note.status;
}

wf_status wf_report_runs_add(wf_report_runs *s, wf_context *cx, wf_store *store,
                             const char *operand) {
    wf_context unknown = {0};
    int is_found = 0;
    wf_status status = open_run(s, &unknown, store, operand);
    if (status == WF_E_NOTFOUND) {
        WF_TRY(choose_named(&is_found, s, cx, store, operand));
        if (!is_found) WF_TRY(choose_of_model(&is_found, s, cx, store, operand));
        if (is_found) return WF_OK;
    }
    if (status != WF_OK) {
        *cx = unknown;
        return status;
    }
    const wf_run *run = s->items[s->count - 1];
    int is_name = !strchr(operand, '/') && strcmp(operand, wf_run_id(run)) != 0;
    return is_name ? add_recipe(s, cx, store, run) : choose_of_fold(s, cx, store);
}

/* ---- many ---- */

wf_status wf_report_runs_add_all(wf_report_runs *s, wf_context *cx, wf_store *store) {
    size_t others = 0;
    WF_TRY(find_crossings(s, cx, store));
    memset(s->is_chosen, 1, s->crossings.count);
    for (size_t i = 0; i < s->list.count; i++) {
        const wf_run_summary *r = &s->list.runs[i];
        if (is_tested(r)) WF_TRY(open_run(s, cx, store, r->id));
        else if (wf_crossings_of(&s->crossings, r) == s->crossings.count) others++;
    }
    if (others)
        wf_str_addf(begun_note(s, cx), cx,
                    "%zu run%s that %s not finished or not tested %s left out.", others,
                    others > 1 ? "s" : "", others > 1 ? "are" : "is", others > 1 ? "are" : "is");
    return s->note.status;
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
            wf_run *run = NULL;
            status = wf_run_open(&run, cx, NULL, latest->path);
            if (status == WF_OK) status = add_seeds(s, cx, store, &list, run);
            wf_run_close(run);
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
    for (size_t i = 0; i < s->cv_count; i++) wf_cross_validation_destroy(s->cvs[i]);
    wf_free(s->cvs);
    wf_free(s->is_chosen);
    wf_crossings_reset(&s->crossings);
    wf_run_list_reset(&s->list);
    wf_str_reset(&s->note);
    *s = (wf_report_runs){0};
}
