/* The files of a run's folder. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "store/internal.h"

enum { MAX_FILES = 10000, MAX_DEPTH = 8 };

void wf_artefacts_reset(wf_artefacts *a) {
    for (size_t i = 0; i < a->count; i++) wf_free(a->items[i].path);
    wf_free(a->items);
    *a = (wf_artefacts){0};
}

/* By name, or by folder. */
static const char *kind_of(const char *path) {
    static const struct {
        const char *begin, *kind;
    } kinds[] = {
        {"config.yaml", "configuration"},
        {WF_RUN_DESCRIPTION_FILE, "description"},
        {"splits.csv", "splits"},
        {WF_RUN_METRICS_FILE, "epochs"},
        {WF_RUN_LIVE_FILE, "live"},
        {WF_RUN_NORMS_FILE, "live"},
        {WF_RUN_LOG_FILE, "log"},
        {"weights/", "weights"},
        {"pretrained.json", "weights"},
        {"checkpoint/", "checkpoint"},
        {WF_RUN_TEST_FILE, "figures"},
        {WF_RUN_FOLD_FILE, "figures"},
        {WF_RUN_PREDICTIONS_FILE, "predictions"},
        {WF_RUN_TAGS_FILE, "tags"},
        {"report.html", "report"},
        {"report/", "report"},
        {"events", "events"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strncmp(path, kinds[i].begin, strlen(kinds[i].begin)) == 0) return kinds[i].kind;
    return "other";
}

static wf_status add(wf_artefacts *a, wf_context *cx, const char *path, int64_t bytes) {
    if (a->count == a->capacity) {
        size_t wider = 2 * a->capacity + 16;
        WF_TRY(wf_realloc(&a->items, cx, a->capacity, wider, sizeof *a->items));
        a->capacity = wider;
    }
    WF_TRY(wf_strdup(&a->items[a->count].path, cx, path));
    a->items[a->count].kind = kind_of(path);
    a->items[a->count++].bytes = bytes;
    return WF_OK;
}

static wf_status walk(wf_artefacts *a, wf_context *cx, const char *folder, const char *below,
                      int depth);

/* A file that another process has taken away meanwhile is none. Half-written ones are left out. */
static wf_status take(wf_artefacts *a, wf_context *cx, const char *path, const char *below,
                      int depth) {
    struct stat file;
    if (lstat(path, &file) != 0 || wf_path_has_suffix(path, ".tmp")) return WF_OK;
    if (S_ISREG(file.st_mode) && a->count < MAX_FILES) return add(a, cx, below, file.st_size);
    if (S_ISDIR(file.st_mode) && depth < MAX_DEPTH) return walk(a, cx, path, below, depth + 1);
    return WF_OK;
}

static wf_status walk(wf_artefacts *a, wf_context *cx, const char *folder, const char *below,
                      int depth) {
    wf_names names = {0};
    wf_context quiet = {0};
    wf_status status = wf_dir_list(&names, &quiet, folder);
    /* a folder of the run that cannot be read holds nothing that could be listed */
    if (status == WF_E_NOTFOUND || (status != WF_OK && status != WF_E_NOMEM && depth > 1))
        return WF_OK;
    if (status != WF_OK && cx) *cx = quiet;
    for (size_t i = 0; i < names.count && status == WF_OK; i++) {
        char *path = NULL, *name = NULL;
        status = wf_path_join(&path, cx, folder, names.items[i]);
        if (status == WF_OK) status = wf_path_join(&name, cx, below, names.items[i]);
        if (status == WF_OK) status = take(a, cx, path, name, depth);
        wf_free(name);
        wf_free(path);
    }
    wf_names_reset(&names);
    return status;
}

static int compare(const void *left, const void *right) {
    return strcmp(((const wf_artefact *)left)->path, ((const wf_artefact *)right)->path);
}

wf_status wf_run_read_artefacts(wf_artefacts *out, wf_context *cx, const wf_run *run) {
    wf_artefacts a = {0};
    wf_status status = walk(&a, cx, run->path, "", 1);
    if (a.count > 1) qsort(a.items, a.count, sizeof *a.items, compare);
    if (status == WF_OK) *out = a;
    else wf_artefacts_reset(&a);
    return status;
}
