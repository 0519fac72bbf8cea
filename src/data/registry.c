#include "data/registry.h"

#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "data/formats.h"

static const char system_default[] = "/usr/share/datasets";

static const wf__registered registry[] = {
#define WF_DATASET(...) {__VA_ARGS__},
#include "data/datasets.def"
#undef WF_DATASET
};

enum { COUNT = sizeof registry / sizeof *registry };

const wf_dataset_info *wf_dataset_info_at(size_t i) { return i < COUNT ? &registry[i].info : NULL; }

const wf__registered *wf__registry_find(const char *name) {
    for (size_t i = 0; i < COUNT; i++)
        if (strcmp(registry[i].info.name, name) == 0) return &registry[i];
    return NULL;
}

const wf__registered *wf__registry_guess(const char *text) {
    const wf__registered *best = NULL;
    for (size_t i = 0; i < COUNT; i++) {
        if (!strstr(text, registry[i].info.name)) continue;
        /* "mnist" is part of the other names too. */
        if (!best || strlen(registry[i].info.name) > strlen(best->info.name)) best = &registry[i];
    }
    return best;
}

const char *wf__registry_nearest(const char *text) {
    const char *names[COUNT];
    for (size_t i = 0; i < COUNT; i++) names[i] = registry[i].info.name;
    return wf_str_nearest(text, names, COUNT);
}

/* True when `folder` holds the training part as IDX or CSV. */
static wf_status holds_data(bool *out, wf_context *cx, const char *folder,
                            const wf__registered *r) {
    wf__idx_files idx = {0};
    wf__csv_files csv = {0};
    *out = false;
    if (!wf_path_is_dir(folder)) return WF_OK;
    WF_TRY(wf__idx_find(&idx, cx, folder, r->prefix));
    *out = idx.train_images != NULL;
    wf__idx_files_reset(&idx);
    if (*out) return WF_OK;
    WF_TRY(wf__csv_find(&csv, cx, folder));
    *out = csv.train != NULL;
    wf__csv_files_reset(&csv);
    return WF_OK;
}

/* Some of the files that are downloaded are there, and some are not: a download was stopped. */
static wf_status is_begun(bool *out, wf_context *cx, const char *folder, const wf__registered *r) {
    int there = 0;
    for (int i = 0; i < WF_DATASET_FILES; i++) {
        char *path = NULL;
        WF_TRY(wf_path_join(&path, cx, folder, r->files[i].name));
        there += wf_path_exists(path);
        wf_free(path);
    }
    *out = r->info.url && there > 0 && there < WF_DATASET_FILES;
    return WF_OK;
}

/* parent/<name>, or `parent` itself if that is its name. */
static wf_status try_parent(char **out, wf_context *cx, const char *parent,
                            const wf__registered *r) {
    char *folder = NULL, *name = NULL;
    bool found = false;
    wf_status status = WF_OK;
    if (!parent || !parent[0]) return WF_OK;
    WF_TRY(wf_path_join(&folder, cx, parent, r->info.name));
    WF_TRY_OR(holds_data(&found, cx, folder, r));
    WF_TRY_OR(wf_path_name(&name, cx, parent));
    if (!found && strcmp(name, r->info.name) == 0) {
        wf_free(folder);
        folder = NULL;
        WF_TRY_OR(wf_strdup(&folder, cx, parent));
        WF_TRY_OR(holds_data(&found, cx, folder, r));
    }
    if (found) {
        *out = folder;
        folder = NULL;
    }
done:
    wf_free(name);
    wf_free(folder);
    return status;
}

/* What was begun to download is not found: the download goes on. */
static wf_status try_cache(char **out, wf_context *cx, const char *cache, const wf__registered *r) {
    char *folder = NULL;
    bool begun = false;
    if (!cache || !cache[0]) return WF_OK;
    WF_TRY(wf_path_join(&folder, cx, cache, r->info.name));
    wf_status status = is_begun(&begun, cx, folder, r);
    wf_free(folder);
    WF_TRY(status);
    return begun ? WF_OK : try_parent(out, cx, cache, r);
}

wf_status wf__registry_locate(char **out, wf_context *cx, const wf__registered *r,
                              const wf_dataset_options *o) {
    char *found = NULL;
    WF_TRY(try_parent(&found, cx, o->data_dir, r));
    if (!found) WF_TRY(try_parent(&found, cx, o->system_dir ? o->system_dir : system_default, r));
    if (!found) WF_TRY(try_cache(&found, cx, o->cache_dir, r));
    *out = found;
    return WF_OK;
}

wf_status wf_dataset_locate(char **out, wf_context *cx, const char *name,
                            const wf_dataset_options *options) {
    static const wf_dataset_options none;
    const wf__registered *r = wf__registry_find(name);
    const char *nearest = r ? NULL : wf__registry_nearest(name);
    WF_REQUIRE(r, WF_E_NOTFOUND, "no data set is called %s%s%s%s", name,
               nearest ? WF_HINT "did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
    return wf__registry_locate(out, cx, r, options ? options : &none);
}

wf_status wf__registry_fail(wf_context *cx, const wf__registered *r, const wf_dataset_options *o,
                            wf_status code, const char *reason) {
    const char *name = r->info.name;
    wf_str s = {0};
    wf_str_addf(&s, cx, "data set %s: not found in ", name);
    if (o->data_dir) wf_str_addf(&s, cx, "%s/%s, ", o->data_dir, name);
    wf_str_addf(&s, cx, "%s/%s", o->system_dir ? o->system_dir : system_default, name);
    if (o->cache_dir) wf_str_addf(&s, cx, ", %s/%s", o->cache_dir, name);
    if (reason) wf_str_addf(&s, cx, "; %s", reason);
    wf_str_add(&s, cx, WF_HINT);
    if (r->info.debian_package) wf_str_addf(&s, cx, "apt install %s; or ", r->info.debian_package);
    const char *folder = o->data_dir ? o->data_dir : o->cache_dir;
    wf_str_addf(&s, cx, "put %s, %s, %s and %s into %s%s%s", r->files[0].name, r->files[1].name,
                r->files[2].name, r->files[3].name, folder ? folder : "the data folder's",
                folder ? "/" : " ", name);
    wf_str_addf(&s, cx, " (from %s)", r->info.homepage);
    wf_status status = s.status == WF_OK ? WF_FAIL(code, "%s", s.text) : s.status;
    wf_str_reset(&s);
    return status;
}
