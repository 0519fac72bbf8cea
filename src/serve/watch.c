#include "serve/watch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/utf8.h"
#include "report/run_json.h"
#include "serve/internal.h"

struct wf__watch {
    wf_store *store;
    wf__watched **runs;   /* [count] the first `sorted` of them by id */
    wf__watched **by_age; /* [count] the same, oldest first */
    size_t count, sorted, capacity;
    bool has_looked;
};

wf_status wf__watch_create(wf__watch **out, wf_context *cx, wf_store *store) {
    WF_TRY(wf_alloc(out, cx, 1, sizeof **out));
    (*out)->store = store;
    return WF_OK;
}

static void forget(wf__watched *w) {
    if (!w) return;
    wf_run_metrics_reset(&w->epochs);
    json_decref(w->summary);
    wf_run_close(w->run);
    wf_free(w);
}

void wf__watch_destroy(wf__watch *watch) {
    if (!watch) return;
    for (size_t i = 0; i < watch->count; i++) forget(watch->runs[i]);
    wf_free(watch->runs);
    wf_free(watch->by_age);
    wf_free(watch);
}

wf__watched *const *wf__watch_runs(size_t *out_count, const wf__watch *watch) {
    *out_count = watch->count;
    return watch->by_age;
}

static int compare_id(const void *id, const void *run) {
    return strcmp(id, wf_run_id((*(wf__watched *const *)run)->run));
}

static wf__watched *find(const wf__watch *watch, const char *id) {
    wf__watched **found =
        watch->sorted ? bsearch(id, watch->runs, watch->sorted, sizeof *watch->runs, compare_id)
                      : NULL;
    return found ? *found : NULL;
}

wf_status wf__watch_find(const wf__watched **out, wf_context *cx, const wf__watch *watch,
                         const char *id) {
    const wf__watched *w = find(watch, id);
    WF_REQUIRE(w, WF_E_NOTFOUND, "run %.100s: is not in %s | it may have been deleted", id,
               wf_store_dir(watch->store));
    *out = w;
    return WF_OK;
}

/* ---- what has changed in one run ---- */

static bool is_before(const struct timespec *a, const struct timespec *b) {
    return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

/* Files are replaced as a whole, by rename, which changes the folder's time; but clocks of file
 * systems tick slowly, so what changed just before it was read is read once more. A process that
 * dies changes no file. */
static bool is_stale(const wf__watched *w, const struct stat *now) {
    const struct timespec *t = &now->st_mtim;
    struct timespec sure = {t->tv_sec + 1, t->tv_nsec};
    if (t->tv_sec != w->changed.tv_sec || t->tv_nsec != w->changed.tv_nsec) return true;
    if (is_before(&w->looked, &sure)) return true;
    return w->is_running && !wf_run_is_written(w->run);
}

/* Epochs that were told are told again when they have changed: a run that goes on may have lost its
 * last ones. */
static wf_status tell_epochs(wf_context *cx, wf__watched *w, wf__events *log) {
    wf_run_metrics now = {0};
    WF_TRY(wf_run_read_metrics(&now, cx, w->run));
    for (size_t i = 0; i < now.count && log; i++) {
        json_t *record = NULL;
        if (i < w->epochs.count &&
            !memcmp(&now.epochs[i], &w->epochs.epochs[i], sizeof *now.epochs))
            continue;
        if (wf_run_epoch_json(&record, cx, &now.epochs[i]) == WF_OK)
            wf__events_add(log, "epoch",
                           json_pack("{s:s, s:o}", "id", wf_run_id(w->run), "record", record));
    }
    wf_run_metrics_reset(&w->epochs);
    w->epochs = now;
    return WF_OK;
}

/* Lines that are new, and all of them where the file began again. */
static wf_status tell_series(wf_context *cx, wf__watched *w, wf_series_kind kind, wf__events *log) {
    const char *name = kind == WF_SERIES_LIVE ? "live" : "norms";
    wf_series s = {0};
    json_t *value = NULL;
    bool is_anew = false;
    wf_status status = WF_OK;
    WF_TRY(wf_run_read_series(&s, &is_anew, cx, w->run, kind,
                              kind == WF_SERIES_LIVE ? &w->live : &w->norms));
    if (!s.row_count && !is_anew) goto done;
    if (kind == WF_SERIES_LIVE && s.row_count && w->is_running) {
        WF_TRY_OR(wf_series_line_json(&value, cx, &s, s.row_count - 1));
        WF_TRY_OR(wf_json_put(w->summary, cx, "live", value));
    }
    if (!log) goto done;
    WF_TRY_OR(kind == WF_SERIES_LIVE ? wf_series_json(&value, cx, &s)
                                     : wf_norms_json(&value, cx, &s));
    wf__events_add(
        log, name,
        json_pack("{s:s, s:b, s:o}", "id", wf_run_id(w->run), "reset", is_anew, name, value));
done:
    wf_series_reset(&s);
    return status;
}

static wf_status read_summary(wf_context *cx, wf__watched *w) {
    wf_run_summary s = {0};
    json_t *summary = NULL;
    WF_TRY(wf_run_read_summary(&s, cx, w->run));
    w->is_running = s.status == WF_RUN_RUNNING;
    strncpy(w->started, s.started, sizeof w->started - 1);
    wf_status status = wf_run_summary_json(&summary, cx, &s);
    json_t *live = w->is_running && w->summary ? json_object_get(w->summary, "live") : json_null();
    if (status == WF_OK) status = wf_json_put(summary, cx, "live", json_incref(live));
    wf_run_summary_reset(&s);
    if (status != WF_OK) {
        json_decref(summary);
        return status;
    }
    w->is_changed = !w->summary || !json_equal(w->summary, summary);
    json_decref(w->summary);
    w->summary = summary;
    return WF_OK;
}

static wf_status look_at(wf_context *cx, wf__watched *w, const struct stat *now) {
    w->was_running = w->is_running;
    w->is_changed = w->is_read = false;
    if (!is_stale(w, now)) return WF_OK;
    w->is_read = true;
    w->changed = now->st_mtim;
    clock_gettime(CLOCK_REALTIME, &w->looked);
    return read_summary(cx, w);
}

/* ---- all of them ---- */

/* *out stays NULL when the folder is no run. */
static wf_status take_in(wf__watched **out, wf_context *cx, wf__watch *watch, const char *path) {
    wf_context quiet = {0};
    wf_run *run = NULL;
    wf__watched *w = NULL;
    wf_status status = wf_run_open(&run, &quiet, NULL, path);
    if (status == WF_E_NOTFOUND) return WF_OK;
    WF_TRY(status);
    if (watch->count == watch->capacity) {
        size_t wider = 2 * watch->capacity + 64;
        WF_TRY_OR(wf_realloc(&watch->runs, cx, watch->capacity, wider, sizeof *watch->runs));
        WF_TRY_OR(wf_realloc(&watch->by_age, cx, watch->capacity, wider, sizeof *watch->runs));
        watch->capacity = wider;
    }
    WF_TRY_OR(wf_alloc(&w, cx, 1, sizeof *w));
    w->run = run;
    watch->runs[watch->count++] = *out = w;
    return WF_OK;
done:
    wf_run_close(run);
    return status;
}

/* What cannot be read now is read at the next look. */
static wf_status look_into(wf_context *cx, wf__watch *watch, const char *name) {
    wf_status status = WF_OK;
    char *path = NULL;
    struct stat now;
    wf__watched *w = find(watch, name);
    if (name[0] == '.' || !wf_utf8_is_clean(name)) return WF_OK;
    WF_TRY(wf_path_join(&path, cx, wf_store_dir(watch->store), name));
    if (stat(path, &now) == 0 && S_ISDIR(now.st_mode)) {
        if (!w) WF_TRY_OR(take_in(&w, cx, watch, path));
        if (w) w->is_seen = true;
        if (w && look_at(cx, w, &now) != WF_OK) w->changed = (struct timespec){0};
    }
done:
    wf_free(path);
    return status;
}

/* Those that were not seen any more. */
static json_t *remove_unseen(wf__watch *watch) {
    json_t *ids = json_array();
    size_t kept = 0;
    for (size_t i = 0; i < watch->count; i++) {
        wf__watched *w = watch->runs[i];
        if (w->is_seen && w->summary) {
            watch->runs[kept++] = w;
            continue;
        }
        if (w->summary) json_array_append_new(ids, json_string(wf_run_id(w->run)));
        forget(w);
    }
    if (kept < watch->count) watch->sorted = 0;
    watch->count = kept;
    return ids;
}

static int compare_ids(const void *left, const void *right) {
    return compare_id(wf_run_id((*(wf__watched *const *)left)->run), right);
}

static int compare_ages(const void *left, const void *right) {
    const wf__watched *a = *(wf__watched *const *)left, *b = *(wf__watched *const *)right;
    int order = strcmp(a->started, b->started);
    return order ? order : strcmp(wf_run_id(a->run), wf_run_id(b->run));
}

/* As long as nothing changes, both orders stay. */
static void sort(wf__watch *watch) {
    bool is_sorted = watch->sorted == watch->count;
    for (size_t i = 0; i < watch->count && is_sorted; i++) is_sorted = !watch->runs[i]->is_changed;
    if (is_sorted || !watch->count) return;
    qsort(watch->runs, watch->count, sizeof *watch->runs, compare_ids);
    memcpy(watch->by_age, watch->runs, watch->count * sizeof *watch->runs);
    qsort(watch->by_age, watch->count, sizeof *watch->runs, compare_ages);
    watch->sorted = watch->count;
}

static void tell(const wf__watch *watch, wf__events *log, json_t *removed) {
    json_t *changed = json_array();
    for (size_t i = 0; i < watch->count; i++)
        if (watch->runs[i]->is_changed) json_array_append(changed, watch->runs[i]->summary);
    if (json_array_size(changed) || json_array_size(removed))
        wf__events_add(log, "runs",
                       json_pack("{s:O, s:O}", "changed", changed, "removed", removed));
    json_decref(changed);
}

/* What is new of those that train, and the end of those that did. */
static wf_status tell_progress(wf_context *cx, wf__watched *w, wf__events *log) {
    if (!w->is_running && !w->was_running) return WF_OK;
    if (w->is_read) WF_TRY(tell_epochs(cx, w, log));
    WF_TRY(tell_series(cx, w, WF_SERIES_LIVE, log));
    return tell_series(cx, w, WF_SERIES_NORMS, log);
}

wf_status wf__watch_look(wf_context *cx, wf__watch *watch, wf__events *log) {
    wf_names names = {0};
    wf_status status = WF_OK;
    if (!watch->has_looked) log = NULL;
    for (size_t i = 0; i < watch->count; i++) watch->runs[i]->is_seen = false;
    if (wf_path_is_dir(wf_store_dir(watch->store)))
        WF_TRY(wf_dir_list(&names, cx, wf_store_dir(watch->store)));
    for (size_t i = 0; i < names.count && status == WF_OK; i++)
        status = look_into(cx, watch, names.items[i]);
    wf_names_reset(&names);
    if (status != WF_OK) { /* some changes were read, and not told */
        sort(watch);
        if (log) wf__events_clear(log);
        return status;
    }
    json_t *removed = remove_unseen(watch);
    sort(watch);
    if (log) tell(watch, log, removed);
    json_decref(removed);
    for (size_t i = 0; i < watch->count && status == WF_OK; i++) {
        wf_context quiet = {0}; /* a file that is damaged now may be whole at the next look */
        status = tell_progress(&quiet, watch->runs[i], log);
        if (status != WF_E_NOMEM) status = WF_OK;
    }
    watch->has_looked = true;
    return status;
}
