#include "cmd/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/files.h"

/* ---- data ---- */

static wf_status find_cache_dir(char **out, wf_context *cx) {
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (cache && cache[0] == '/') return wf_path_join(out, cx, cache, "weft");
    if (home && *home) return wf_path_join(out, cx, home, ".cache/weft");
    return WF_OK;
}

wf_status wf_data_settings_init(wf_data_settings *out, wf_cli *cli, const wf_data_flags *flags) {
    *out = (wf_data_settings){0};
    WF_TRY(find_cache_dir(&out->cache_dir, &cli->cx));
    wf_bar_init(&out->bar, cli);
    out->options.cache_dir = out->cache_dir;
    out->options.data_dir = flags->data_dir;
    out->options.allow_download = !flags->is_offline && out->cache_dir;
    out->options.progress = wf_bar_data_progress;
    out->options.progress_user = &out->bar;
    return WF_OK;
}

void wf_data_settings_reset(wf_data_settings *s) {
    wf_free(s->cache_dir);
    *s = (wf_data_settings){0};
}

wf_status wf_data_open(wf_dataset **out, wf_cli *cli, const char *name_or_path,
                       const wf_data_settings *settings) {
    wf_dataset *dataset = NULL;
    wf_status status = wf_dataset_open(&dataset, &cli->cx, name_or_path, &settings->options);
    if (status == WF_E_NOTFOUND || status == WF_E_ARG || status == WF_E_IO ||
        status == WF_E_NETWORK)
        cli->exit_code = WF_EXIT_DATA;
    if (status != WF_OK) return status;
    if (dataset->notes && *dataset->notes) wf_note(cli, "%s", dataset->notes);
    *out = dataset;
    return WF_OK;
}

/* ---- models ---- */

static wf_status add_folder(char *out[], int *count, wf_context *cx, const char *folder) {
    if (!wf_path_is_dir(folder) || *count == WF_MAX_MODEL_FOLDERS) return WF_OK;
    WF_TRY(wf_strdup(&out[*count], cx, folder));
    ++*count;
    return WF_OK;
}

/* <prefix>/share/weft/models of the <prefix>/bin/weft that runs, so that the tree may be moved. */
static wf_status add_installed(char *out[], int *count, wf_context *cx) {
    char self[4096], folder[4200];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0) return WF_OK;
    self[n] = 0;
    char *slash = strrchr(self, '/');
    if (slash) *slash = 0;
    snprintf(folder, sizeof folder, "%s/../share/weft/models", self);
    return add_folder(out, count, cx, folder);
}

wf_status wf_model_folders(char *out[WF_MAX_MODEL_FOLDERS], int *out_count, wf_context *cx) {
    int count = 0;
    wf_status status = add_folder(out, &count, cx, "models");
    if (status == WF_OK) status = add_folder(out, &count, cx, WF_SOURCE_DIR "/models");
    if (status == WF_OK) status = add_installed(out, &count, cx);
    if (status != WF_OK) {
        while (count > 0) wf_free(out[--count]);
        return status;
    }
    *out_count = count;
    return WF_OK;
}

static wf_status add_file(wf_model_file **files, size_t *count, wf_context *cx, const char *folder,
                          const char *entry) {
    if (!wf_path_has_suffix(entry, ".yaml")) return WF_OK;
    size_t length = strlen(entry) - strlen(".yaml");
    for (size_t i = 0; i < *count; i++)
        if (strlen((*files)[i].name) == length && !memcmp((*files)[i].name, entry, length))
            return WF_OK;
    WF_TRY(wf_realloc(files, cx, *count, *count + 1, sizeof **files));
    wf_model_file *file = &(*files)[(*count)++];
    WF_TRY(wf_strdup(&file->name, cx, entry));
    file->name[length] = 0;
    return wf_path_join(&file->path, cx, folder, entry);
}

static int compare_files(const void *a, const void *b) {
    return strcmp(((const wf_model_file *)a)->name, ((const wf_model_file *)b)->name);
}

wf_status wf_model_list(wf_model_file **out, size_t *out_count, wf_context *cx) {
    char *folders[WF_MAX_MODEL_FOLDERS];
    int folder_count = 0;
    wf_model_file *files = NULL;
    size_t count = 0;
    WF_TRY(wf_model_folders(folders, &folder_count, cx));
    wf_status status = WF_OK;
    for (int i = 0; i < folder_count && status == WF_OK; i++) {
        wf_names names = {0};
        status = wf_dir_list(&names, cx, folders[i]);
        for (size_t k = 0; k < names.count && status == WF_OK; k++)
            status = add_file(&files, &count, cx, folders[i], names.items[k]);
        wf_names_reset(&names);
    }
    while (folder_count > 0) wf_free(folders[--folder_count]);
    if (status != WF_OK) {
        wf_model_list_free(files, count);
        return status;
    }
    if (count) qsort(files, count, sizeof *files, compare_files);
    *out = files;
    *out_count = count;
    return WF_OK;
}

void wf_model_list_free(wf_model_file *files, size_t count) {
    for (size_t i = 0; i < count; i++) {
        wf_free(files[i].name);
        wf_free(files[i].path);
    }
    wf_free(files);
}

static wf_status fail_unknown(wf_context *cx, const char *name, const wf_model_file *files,
                              size_t count) {
    const char **names = NULL;
    if (count) WF_TRY(wf_alloc(&names, cx, count, sizeof *names));
    for (size_t i = 0; i < count; i++) names[i] = files[i].name;
    const char *nearest = wf_str_nearest(name, names, count);
    wf_free(names);
    if (nearest)
        return WF_FAIL(WF_E_NOTFOUND,
                       "there is no model \"%s\" | did you mean %s? weft models lists "
                       "all; a path to a file works as well",
                       name, nearest);
    return WF_FAIL(
        WF_E_NOTFOUND,
        "there is no model \"%s\" | weft models lists all; a path to a file works as well", name);
}

wf_status wf_model_locate(char **out, wf_context *cx, const char *name) {
    if (strchr(name, '/') || wf_path_has_suffix(name, ".yaml")) {
        WF_REQUIRE(wf_path_exists(name) && !wf_path_is_dir(name), WF_E_NOTFOUND,
                   "there is no model file %s | weft models lists the models that have a name",
                   name);
        return wf_strdup(out, cx, name);
    }
    wf_model_file *files = NULL;
    size_t count = 0;
    WF_TRY(wf_model_list(&files, &count, cx));
    wf_status status = WF_OK;
    const char *path = NULL;
    for (size_t i = 0; i < count; i++)
        if (!strcmp(files[i].name, name)) path = files[i].path;
    if (path) status = wf_strdup(out, cx, path);
    else status = fail_unknown(cx, name, files, count);
    wf_model_list_free(files, count);
    return status;
}
