#include "spec/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "spec/reader.h"

const char *wf_family_name(int32_t family) {
    static const char *const names[] = {"other", "cnn", "rnn", "hybrid"};
    return family >= 0 && family < 4 ? names[family] : names[0];
}

wf_status wf_model_spec_create(wf_model_spec **out, wf_context *cx, const char *name) {
    wf_model_spec *spec = NULL;
    wf_status status;
    WF_TRY(wf__check_model_name(cx, name));
    WF_TRY(wf_alloc(&spec, cx, 1, sizeof *spec));
    spec->claim.accuracy = spec->claim.macro_f1 = spec->claim.loss = NAN;
    WF_TRY_OR(wf_strdup(&spec->name, cx, name));
    WF_TRY_OR(wf_strdup(&spec->source, cx, ""));
    WF_TRY_OR(wf_strdup(&spec->description, cx, ""));
    WF_TRY_OR(wf_strdup(&spec->claim.text, cx, ""));
    WF_TRY_OR(wf_strdup(&spec->claim.note, cx, ""));
    WF_TRY_OR(wf_graph_create(&spec->graph, cx, name));
    WF_TRY_OR(wf_recipe_create(&spec->recipe, cx));
    *out = spec;
    return WF_OK;
done:
    wf_model_spec_destroy(spec);
    return status;
}

void wf_model_spec_destroy(wf_model_spec *spec) {
    if (!spec) return;
    wf_graph_destroy(spec->graph);
    wf_recipe_destroy(spec->recipe);
    wf_free(spec->name);
    wf_free(spec->source);
    wf_free(spec->description);
    wf_free(spec->claim.text);
    wf_free(spec->claim.note);
    wf_free(spec);
}

wf_status wf_model_spec_read(wf_model_spec **out, wf_context *cx, const char *path) {
    uint8_t *text = NULL;
    size_t size = 0;
    WF_TRY(wf_file_read(&text, &size, cx, path, WF_YAML_MAX_BYTES));
    wf_status status = wf_model_spec_parse(out, cx, (const char *)text, size, path);
    wf_free(text);
    return status;
}

/* ---- finding model files ---- */

static const char suffix[] = ".yaml";

/* Adds the folder's models to names that are not there yet. */
static wf_status add_names(wf_names *names, wf_context *cx, const char *folder) {
    wf_names files = {0};
    WF_TRY(wf_dir_list(&files, cx, folder));
    wf_status status = WF_OK;
    for (size_t i = 0; i < files.count && status == WF_OK; i++) {
        size_t length = strlen(files.items[i]);
        if (length < sizeof suffix || strcmp(files.items[i] + length - 5, suffix) != 0) continue;
        files.items[i][length - 5] = 0;
        size_t k = 0;
        while (k < names->count && strcmp(names->items[k], files.items[i]) != 0) k++;
        if (k < names->count) continue;
        status = wf_realloc(&names->items, cx, names->count, names->count + 1, sizeof(char *));
        if (status != WF_OK) break;
        names->items[names->count++] = files.items[i];
        files.items[i] = NULL; /* moved */
    }
    wf_names_reset(&files);
    return status;
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

wf_status wf_model_names(wf_names *out, wf_context *cx, const char *const *folders,
                         size_t n_folders) {
    wf_names names = {0};
    for (size_t i = 0; i < n_folders; i++) {
        wf_status status = wf_path_is_dir(folders[i]) ? add_names(&names, cx, folders[i]) : WF_OK;
        if (status != WF_OK) {
            wf_names_reset(&names);
            return status;
        }
    }
    if (names.count) qsort(names.items, names.count, sizeof *names.items, compare_names);
    *out = names;
    return WF_OK;
}

static wf_status fail_unknown(wf_context *cx, const char *name, const char *const *folders,
                              size_t n_folders) {
    wf_names names = {0};
    WF_TRY(wf_model_names(&names, cx, folders, n_folders));
    const char *near = wf_str_nearest(name, (const char *const *)names.items, names.count);
    wf_status status =
        near ? WF_FAIL(WF_E_NOTFOUND, "there is no model \"%.80s\" | did you mean %s?", name, near)
             : WF_FAIL(
                   WF_E_NOTFOUND,
                   "there is no model \"%.80s\" | `weft models` lists all; a path to a file works "
                   "as well",
                   name);
    wf_names_reset(&names);
    return status;
}

wf_status wf_model_find(char **out, wf_context *cx, const char *name_or_path,
                        const char *const *folders, size_t n_folders) {
    char file[128];
    if (strchr(name_or_path, '/') || wf_path_has_suffix(name_or_path, suffix)) {
        WF_REQUIRE(wf_path_exists(name_or_path) && !wf_path_is_dir(name_or_path), WF_E_NOTFOUND,
                   "there is no model file %s | `weft models` lists the models that have a name",
                   name_or_path);
        return wf_strdup(out, cx, name_or_path);
    }
    int n = snprintf(file, sizeof file, "%s%s", name_or_path, suffix);
    for (size_t i = 0; i < n_folders && n < (int)sizeof file; i++) {
        char *path = NULL;
        WF_TRY(wf_path_join(&path, cx, folders[i], file));
        if (wf_path_exists(path)) {
            *out = path;
            return WF_OK;
        }
        wf_free(path);
    }
    return fail_unknown(cx, name_or_path, folders, n_folders);
}
