/* Taking runs away, and what nobody needs any more. A folder that is to go first gets a name with a
 * dot in front, by one rename: it is a run, or it is none. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/alloc.h"
#include "store/database.h"
#include "store/internal.h"

#define DELETED ".deleted-"

/* ---- deleting ---- */

wf_status wf_store_find(char **out_id, wf_context *cx, wf_store *store, const char *reference) {
    wf_run *run = NULL;
    char *path = NULL, *id = NULL;
    struct stat given, own;
    WF_TRY(wf_run_open(&run, cx, store, reference));
    wf_status status = wf_path_join(&path, cx, wf_store_dir(store), run->id);
    if (status != WF_OK) goto done;
    bool is_own = stat(run->path, &given) == 0 && stat(path, &own) == 0 &&
                  given.st_ino == own.st_ino && given.st_dev == own.st_dev;
    WF_REQUIRE_OR(is_own, WF_E_ARG, "run %s: is not in the folder %s | --runs says which folder",
                  reference, wf_store_dir(store));
    WF_REQUIRE_OR(strchr(reference, '/') || strcmp(reference, run->id) == 0, WF_E_ARG,
                  "%s is the name of runs, the run itself must be named | did you mean %s?",
                  reference, run->id);
    WF_TRY_OR(wf_strdup(&id, cx, run->id));
    *out_id = id;
done:
    wf_free(path);
    wf_run_close(run);
    return status;
}

/* The folder under its new name is still locked by the one who deletes it. */
static wf_status hide(wf_context *cx, const char *folder, const char *hidden, const char *id) {
    int lock = -1;
    WF_TRY(wf__lock_take(&lock, cx, folder, false));
    WF_REQUIRE(lock >= 0, WF_E_ARG, "run %s: another process is writing it | stop that one first",
               id);
    wf_status status = wf_path_is_dir(hidden) ? wf_dir_remove(cx, hidden) : WF_OK;
    if (status == WF_OK) status = wf_file_rename(cx, folder, hidden);
    wf__lock_free(lock);
    return status;
}

wf_status wf_store_delete(wf_context *cx, wf_store *store, const char *id) {
    wf_str name = {0};
    char *folder = NULL, *hidden = NULL;
    wf_status status = WF_OK;
    wf_str_addf(&name, cx, DELETED "%s", id);
    WF_TRY_OR(name.status);
    WF_TRY_OR(wf_path_join(&folder, cx, wf_store_dir(store), id));
    WF_TRY_OR(wf_path_join(&hidden, cx, wf_store_dir(store), name.text));
    WF_REQUIRE_OR(wf__run_is_folder(folder), WF_E_NOTFOUND, "run %s: is not in %s", id,
                  wf_store_dir(store));
    WF_TRY_OR(hide(cx, folder, hidden, id));
    wf__store_follow(store, id);
    WF_TRY_OR(wf_dir_remove(cx, hidden));
done:
    wf_free(hidden);
    wf_free(folder);
    wf_str_reset(&name);
    return status;
}

/* ---- what nobody needs ---- */

void wf_garbage_reset(wf_garbage *g) {
    for (size_t i = 0; i < g->count; i++) {
        wf_free(g->items[i].path);
        wf_free(g->items[i].run);
    }
    wf_free(g->items);
    *g = (wf_garbage){0};
}

static wf_status add(wf_garbage *g, wf_context *cx, const char *path, const char *run,
                     const char *reason) {
    wf_garbage_item item = {.reason = reason};
    wf_status status = WF_OK;
    uint64_t bytes = 0;
    if (wf_path_is_dir(path)) WF_TRY(wf_dir_size(&bytes, cx, path));
    else WF_TRY(wf_file_size(&bytes, cx, path));
    item.bytes = (int64_t)bytes;
    if (g->count == g->capacity) {
        size_t wider = 2 * g->capacity + 16;
        WF_TRY(wf_realloc(&g->items, cx, g->capacity, wider, sizeof *g->items));
        g->capacity = wider;
    }
    WF_TRY_OR(wf_strdup(&item.path, cx, path));
    if (run) WF_TRY_OR(wf_strdup(&item.run, cx, run));
    g->items[g->count++] = item;
    return WF_OK;
done:
    wf_free(item.path);
    return status;
}

/* Neither an epoch nor weights: nothing that could be gone on with. */
static bool never_began(const wf_run_summary *s) {
    return s->status == WF_RUN_ABANDONED && s->epochs == 0 && !*s->part;
}

static wf_status look_at_run(wf_garbage *g, wf_context *cx, const wf_run_summary *s) {
    char *checkpoint = NULL, *weights = NULL;
    wf_status status = WF_OK;
    WF_TRY_OR(wf_path_join(&checkpoint, cx, s->path, "checkpoint/last.ckpt"));
    WF_TRY_OR(wf_path_join(&weights, cx, s->path, "weights/last.safetensors"));
    bool has_checkpoint = wf_path_exists(checkpoint);
    if (s->status == WF_RUN_FINISHED && has_checkpoint)
        WF_TRY_OR(add(g, cx, checkpoint, NULL, "checkpoint of a finished run"));
    if (never_began(s) && !has_checkpoint && !wf_path_exists(weights))
        WF_TRY_OR(add(g, cx, s->path, s->id, "abandoned before its first epoch"));
done:
    wf_free(weights);
    wf_free(checkpoint);
    return status;
}

/* A folder that was made a moment ago may be about to become a run. */
static bool is_old_and_empty(const char *path) {
    enum { OLD_S = 600 };
    wf_names names = {0};
    wf_context quiet = {0};
    struct stat s;
    if (stat(path, &s) != 0 || !S_ISDIR(s.st_mode) || time(NULL) - s.st_mtime < OLD_S) return false;
    bool is_empty = wf_dir_list(&names, &quiet, path) == WF_OK && names.count == 0;
    wf_names_reset(&names);
    return is_empty;
}

static wf_status look_at_entry(wf_garbage *g, wf_context *cx, const char *dir, const char *name) {
    static const char damaged[] = WF_STORE_FILE ".damaged-";
    char *path = NULL;
    wf_status status = WF_OK;
    WF_TRY(wf_path_join(&path, cx, dir, name));
    if (strncmp(name, DELETED, sizeof DELETED - 1) == 0)
        status = add(g, cx, path, NULL, "left of a deletion");
    else if (strncmp(name, damaged, sizeof damaged - 1) == 0)
        status = add(g, cx, path, NULL, "damaged database, made again since");
    else if (is_old_and_empty(path)) status = add(g, cx, path, NULL, "empty folder");
    wf_free(path);
    return status;
}

wf_status wf_store_find_garbage(wf_garbage *out, wf_context *cx, wf_store *store) {
    wf_garbage garbage = {0};
    wf_run_list list = {0};
    wf_names names = {0};
    wf_status status = wf_store_list(&list, cx, store, NULL);
    for (size_t i = 0; i < list.count && status == WF_OK; i++)
        status = look_at_run(&garbage, cx, &list.runs[i]);
    bool is_there = wf_path_is_dir(wf_store_dir(store));
    if (status == WF_OK && is_there) status = wf_dir_list(&names, cx, wf_store_dir(store));
    for (size_t i = 0; i < names.count && status == WF_OK; i++)
        status = look_at_entry(&garbage, cx, wf_store_dir(store), names.items[i]);
    wf_names_reset(&names);
    wf_run_list_reset(&list);
    if (status == WF_OK) *out = garbage;
    else wf_garbage_reset(&garbage);
    return status;
}

wf_status wf_store_remove_garbage(wf_context *cx, wf_store *store, const wf_garbage_item *item) {
    if (item->run) return wf_store_delete(cx, store, item->run);
    return wf_path_is_dir(item->path) ? wf_dir_remove(cx, item->path)
                                      : wf_file_remove(cx, item->path);
}
