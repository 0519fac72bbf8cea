#include "store/store.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "store/internal.h"

struct wf_store {
    char *dir;
    wf__index *index; /* opened when first needed */
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
    wf__index_close(store->index);
    wf_free(store->dir);
    wf_free(store);
}

const char *wf_store_dir(const wf_store *store) { return store->dir; }

static wf_status list_once(wf_run_list *out, wf_context *cx, wf_store *store, const char *filter) {
    if (!store->index) WF_TRY(wf__index_open(&store->index, cx, store->dir));
    WF_TRY(wf__index_refresh(cx, store->index, store->dir));
    return wf__index_select(out, cx, store->index, store->dir, filter);
}

wf_status wf_store_list(wf_run_list *out, wf_context *cx, wf_store *store, const char *filter) {
    if (!wf_path_is_dir(store->dir)) {
        *out = (wf_run_list){0};
        return WF_OK;
    }
    wf_status status = list_once(out, cx, store, filter);
    if (status != WF_OK && store->index && wf__index_is_damaged(store->index)) {
        wf__index_close(store->index); /* opening it again makes it anew */
        store->index = NULL;
        status = list_once(out, cx, store, filter);
    }
    return status;
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
