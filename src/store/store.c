#include "store/store.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "store/database.h"
#include "store/internal.h"

struct wf_store {
    char *dir;
    wf__database *db; /* opened when first needed */
    wf_str note;
    bool is_refused; /* the database is of a newer weft: written runs are followed no more */
};

wf_status wf_store_open(wf_store **out, wf_context *cx, const char *runs_dir) {
    wf_store *store = NULL;
    WF_REQUIRE(runs_dir && *runs_dir, WF_E_ARG, "the runs folder has no name");
    WF_TRY(wf_alloc(&store, cx, 1, sizeof *store));
    wf_status status = wf_strdup(&store->dir, cx, runs_dir);
    if (status != WF_OK) {
        wf_free(store);
        return status;
    }
    *out = store;
    return WF_OK;
}

void wf_store_close(wf_store *store) {
    if (!store) return;
    wf__database_close(store->db);
    wf_str_reset(&store->note);
    wf_free(store->dir);
    wf_free(store);
}

const char *wf_store_dir(const wf_store *store) { return store->dir; }
const char *wf_store_note(const wf_store *store) {
    return store->note.length ? store->note.text : NULL;
}

/* ---- the database ---- */

/* What is done with the open database. */
typedef wf_status action(wf_context *cx, wf_store *store, void *user);

/* Does it; when the file turns out to be damaged, once more with a new one. */
static wf_status with_database(wf_context *cx, wf_store *store, action *act, void *user) {
    ino_t suspect = 0;
    for (int attempt = 0;; attempt++) {
        if (!store->db)
            WF_TRY(wf__database_open(&store->db, cx, store->dir, suspect, &store->note));
        wf_status status = act(cx, store, user);
        if (status == WF_OK || !store->db->is_damaged || attempt > 0) return status;
        suspect = store->db->inode;
        wf__database_close(store->db);
        store->db = NULL;
    }
}

typedef struct selection {
    wf_run_list *out;
    const wf_run_filter *filter;
} selection;

static wf_status refresh(wf_context *cx, wf_store *store, void *user) {
    (void)user;
    return wf__refresh(cx, store->db, store->dir, &store->note);
}

static wf_status select_runs(wf_context *cx, wf_store *store, void *user) {
    const selection *s = user;
    WF_TRY(refresh(cx, store, NULL));
    return wf__select(s->out, cx, store->db, store->dir, s->filter);
}

wf_status wf_store_select(wf_run_list *out, wf_context *cx, wf_store *store,
                          const wf_run_filter *filter) {
    selection s = {out, filter};
    if (wf_path_is_dir(store->dir)) return with_database(cx, store, select_runs, &s);
    *out = (wf_run_list){0};
    return WF_OK;
}

wf_status wf_store_list(wf_run_list *out, wf_context *cx, wf_store *store, const char *name) {
    return wf_store_select(out, cx, store, &(wf_run_filter){.name = name});
}

typedef struct question {
    json_t **out;
    const char *sql;
    double max_seconds;
} question;

static wf_status answer(wf_context *cx, wf_store *store, void *user) {
    const question *q = user;
    WF_TRY(refresh(cx, store, NULL));
    return wf__query(q->out, cx, store->db, q->sql, q->max_seconds);
}

wf_status wf_store_query(json_t **out, wf_context *cx, wf_store *store, const char *sql,
                         double max_seconds) {
    question q = {out, sql, max_seconds};
    WF_REQUIRE(wf_path_is_dir(store->dir), WF_E_NOTFOUND, "%s: there is no such folder of runs",
               store->dir);
    return with_database(cx, store, answer, &q);
}

/* Rows without a stamp are read again, each in its turn: readers see no half-empty store. */
static wf_status rebuild(wf_context *cx, wf_store *store, void *user) {
    wf__database *db = store->db;
    WF_TRY(wf__database_begin(cx, db));
    wf_status status = wf__database_do(cx, db, "UPDATE runs SET stamp = ''");
    if (status == WF_OK) status = wf__database_do(cx, db, "REINDEX");
    if (status == WF_OK) status = wf__database_commit(cx, db);
    if (status != WF_OK) wf__database_rollback(db);
    return status == WF_OK ? refresh(cx, store, user) : status;
}

wf_status wf_store_rebuild(wf_context *cx, wf_store *store) {
    if (!wf_path_is_dir(store->dir)) return WF_OK;
    return with_database(cx, store, rebuild, NULL);
}

static wf_status follow(wf_context *cx, wf_store *store, void *user) {
    return wf__refresh_run(cx, store->db, store->dir, user);
}

void wf__store_follow(wf_store *store, const char *id) {
    wf_context quiet = {0};
    if (!store || store->is_refused) return;
    wf_status status = with_database(&quiet, store, follow, (void *)(uintptr_t)id);
    if (status != WF_E_UNSUPPORTED) return;
    store->is_refused = true;
    wf_str_addf(&store->note, NULL, "%s; it is left as it is\n", quiet.message);
}

/* The latest finished run of a model or name, a tested one before one that is not; *out stays NULL
 * when there is none. */
static wf_status find_latest(char **out, wf_context *cx, wf_store *store, const char *name) {
    wf_run_list list = {0};
    wf_status status = WF_OK;
    const wf_run_summary *latest = NULL;
    WF_TRY(wf_store_list(&list, cx, store, name));
    for (size_t i = 0; i < list.count; i++) { /* oldest first */
        const wf_run_summary *s = &list.runs[i];
        if (s->status != WF_RUN_FINISHED || s->folds) continue;
        if (!latest || isnan(latest->accuracy) || !isnan(s->accuracy)) latest = s;
    }
    if (latest) status = wf_strdup(out, cx, latest->path);
    wf_run_list_reset(&list);
    return status;
}

/* The name of a run or model that `name` may have meant, or NULL; points into `list`. */
static const char *nearest(const wf_run_list *list, const char *name) {
    const char *best = NULL;
    for (size_t i = 0; i < list->count; i++) {
        const char *choice[] = {list->runs[i].id, list->runs[i].model, list->runs[i].name, best};
        best = wf_str_nearest(name, choice, best ? 4 : 3);
    }
    return best;
}

static wf_status not_found(wf_context *cx, wf_store *store, const char *reference) {
    wf_run_list list = {0};
    if (store) WF_TRY(wf_store_list(&list, cx, store, NULL));
    const char *meant = nearest(&list, reference);
    const char *dir = store ? store->dir : ".";
    wf_status status = meant ? WF_FAIL(WF_E_NOTFOUND,
                                       "run %s: no such folder, run or finished model in %s | did "
                                       "you mean %s?",
                                       reference, dir, meant)
                             : WF_FAIL(WF_E_NOTFOUND,
                                       "run %s: no such folder, run or finished model in %s | weft "
                                       "runs lists what is there",
                                       reference, dir);
    wf_run_list_reset(&list);
    return status;
}

wf_status wf_run_open(wf_run **out, wf_context *cx, wf_store *store, const char *reference) {
    wf_status status = WF_OK;
    char *path = NULL;
    if (store && !strchr(reference, '/')) {
        WF_TRY_OR(wf_path_join(&path, cx, store->dir, reference));
        if (*reference && wf__run_is_folder(path)) {
            status = wf__run_alloc(out, cx, path);
            goto done;
        }
        wf_free(path);
        path = NULL;
        WF_TRY_OR(find_latest(&path, cx, store, reference));
        if (path) {
            status = wf__run_alloc(out, cx, path);
            goto done;
        }
    }
    if (wf__run_is_folder(reference)) status = wf__run_alloc(out, cx, reference);
    else status = not_found(cx, store, reference);
done:
    wf_free(path);
    return status;
}
