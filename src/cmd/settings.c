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
                       wf_data_settings *settings) {
    wf_dataset *dataset = NULL;
    wf_status status = wf_dataset_open(&dataset, &cli->cx, name_or_path, &settings->options);
    wf_bar_end(&settings->bar, NULL);
    if (status == WF_E_NOTFOUND || status == WF_E_ARG || status == WF_E_IO ||
        status == WF_E_NETWORK)
        cli->exit_code = WF_EXIT_DATA;
    if (status != WF_OK) return status;
    if (dataset->notes && *dataset->notes) wf_note(cli, "%s", dataset->notes);
    *out = dataset;
    return WF_OK;
}

/* ---- runs ---- */

void wf_note_store(const wf_cli *cli, const wf_store *store) {
    const char *note = store ? wf_store_note(store) : NULL;
    while (note && *note) {
        size_t n = strcspn(note, "\n");
        wf_note(cli, "weft: note: %.*s\n", (int)n, note);
        note += n + (note[n] == '\n');
    }
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

typedef struct folders {
    char *items[WF_MAX_MODEL_FOLDERS];
    int count;
} folders;

static void free_folders(folders *f) {
    while (f->count > 0) wf_free(f->items[--f->count]);
}

wf_status wf_model_locate(char **out, wf_context *cx, const char *name_or_path) {
    folders f = {0};
    WF_TRY(wf_model_folders(f.items, &f.count, cx));
    wf_status status =
        wf_model_find(out, cx, name_or_path, (const char *const *)f.items, (size_t)f.count);
    free_folders(&f);
    return status;
}

wf_status wf_model_list(wf_names *out, wf_context *cx) {
    folders f = {0};
    WF_TRY(wf_model_folders(f.items, &f.count, cx));
    wf_status status = wf_model_names(out, cx, (const char *const *)f.items, (size_t)f.count);
    free_folders(&f);
    return status;
}

wf_status wf_model_load(wf_model_spec **out, wf_cli *cli, const char *name_or_path) {
    char *path = NULL;
    wf_status status = wf_model_locate(&path, &cli->cx, name_or_path);
    if (status == WF_OK) status = wf_model_spec_read(out, &cli->cx, path);
    if (status == WF_E_LIMIT || status == WF_E_IO) cli->exit_code = WF_EXIT_USAGE;
    wf_free(path);
    return status;
}

wf_status wf_model_apply(wf_model_spec *model, wf_context *cx, const wf_texts *settings) {
    if (!settings->count) return WF_OK;
    int says_classes = model->classes != 0;
    model->classes = 0;
    for (size_t i = 0; i < settings->count; i++)
        WF_TRY(wf_model_spec_set(model, cx, settings->items[i]));
    const wf_shape *output = &model->graph->nodes[model->graph->output].shape;
    if (says_classes && output->rank == 1) model->classes = (int32_t)output->dim[0];
    return WF_OK;
}
