/* Which run of the store is the result of an experiment, or will be. */
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "cmd/jobs_parts.h"

/* A run whose configuration cannot be read is another one. */
static int has_key(const wf_cli *cli, const wf_run_summary *s, const wf_str *key) {
    wf_cli quiet = {.is_json = cli->is_json, .is_quiet = 1};
    wf_experiment e = {0};
    wf_str text = {0};
    char *path = NULL;
    wf_status status = wf_path_join(&path, &quiet.cx, s->path, "config.yaml");
    if (status == WF_OK) status = wf_experiment_read(&e, &quiet, path);
    if (status == WF_OK) status = wf_experiment_key_of_data(&text, &quiet.cx, &e);
    int is_same = status == WF_OK && !strcmp(text.text, key->text);
    wf_free(path);
    path = NULL;
    /* the last file before training: without it a run was never begun, or it is finished and made
     * again of its result */
    if (is_same && s->status != WF_RUN_FINISHED)
        is_same =
            wf_path_join(&path, &quiet.cx, s->path, "splits.csv") == WF_OK && wf_path_exists(path);
    wf_str_reset(&text);
    wf_experiment_reset(&e);
    wf_free(path);
    return is_same;
}

/* What the store knows without reading the configuration. */
static int may_be(const wf_run_summary *s, const wf_experiment *e, const char *data_hash) {
    return !strcmp(s->model, e->model->name) && !strcmp(s->data_hash, data_hash) &&
           s->seed == e->seed && s->folds == e->folds && s->repeat == e->repeat &&
           s->fold == e->fold;
}

/* One that diverged would do so again: the same seed gives the same bits. */
static int has_diverged(const wf_run_summary *s) {
    wf_context ignored = {0};
    json_t *description = NULL;
    char *path = NULL;
    wf_status status = wf_path_join(&path, &ignored, s->path, "description.json");
    if (status == WF_OK) status = wf_json_read(&description, &ignored, path);
    const char *error = json_string_value(json_object_get(description, "error"));
    const int has = error && !strcmp(error, wf_status_name(WF_E_DIVERGED));
    json_decref(description);
    wf_free(path);
    return has;
}

wf_status wf__jobs_find(const wf_run_summary **out, wf_cli *cli, const wf_run_list *list,
                        const wf_experiment *e, const char *data_hash) {
    const wf_run_summary *found = NULL;
    wf_str key = {0};
    WF_TRY(wf_experiment_key_of_data(&key, &cli->cx, e));
    for (size_t i = 0; i < list->count; i++) { /* oldest first */
        const wf_run_summary *s = &list->runs[i];
        int is_finished = s->status == WF_RUN_FINISHED;
        int goes_on = s->status == WF_RUN_INTERRUPTED || s->status == WF_RUN_ABANDONED;
        if ((!is_finished && !goes_on && s->status != WF_RUN_FAILED) || !may_be(s, e, data_hash))
            continue;
        if (found && found->status == WF_RUN_FINISHED && !is_finished) continue;
        if (s->status == WF_RUN_FAILED && !has_diverged(s)) continue;
        if (has_key(cli, s, &key)) found = s;
    }
    wf_str_reset(&key);
    *out = found;
    return WF_OK;
}
