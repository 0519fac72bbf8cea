#include "cmd/results.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "report/run_json.h"

static wf_status read_json(json_t **out, wf_context *cx, const wf_run *run, const char *name,
                           size_t limit) {
    char *path = NULL;
    uint8_t *text = NULL;
    size_t size = 0;
    WF_TRY(wf_run_file(&path, cx, run, name));
    wf_status status = wf_file_read(&text, &size, cx, path, limit);
    if (status == WF_OK) status = wf_json_parse(out, cx, (const char *)text, size, path, limit);
    wf_free(text);
    wf_free(path);
    return status;
}

static wf_status add_epochs(json_t *document, wf_context *cx, const wf_run *run) {
    wf_run_metrics metrics = {0};
    json_t *epochs = NULL;
    WF_TRY(wf_run_read_metrics(&metrics, cx, run));
    wf_status status = wf_run_epochs_json(&epochs, cx, &metrics);
    wf_run_metrics_reset(&metrics);
    return status == WF_OK ? wf_json_put(document, cx, "epochs", epochs) : status;
}

wf_status wf_result_create(json_t **out, wf_context *cx, const wf_run *run) {
    enum { MAX_BYTES = 64 << 20 };
    json_t *document = json_object(), *part = NULL;
    wf_status status;
    WF_TRY_OR(wf_json_put(document, cx, "schema_version", json_integer(WF_SCHEMA_VERSION)));
    WF_TRY_OR(read_json(&part, cx, run, "description.json", MAX_BYTES));
    WF_TRY_OR(wf_json_put(document, cx, "description", part));
    WF_TRY_OR(add_epochs(document, cx, run));
    WF_TRY_OR(read_json(&part, cx, run, "test.json", MAX_BYTES));
    WF_TRY_OR(wf_json_put(document, cx, "test", part));
done:
    return wf_json_hand_over(out, document, status);
}

/* config.yaml decides whether the result is that of an experiment. */
static wf_status add_config(json_t *document, wf_context *cx, const wf_run *run) {
    enum { MAX_BYTES = 1 << 20 };
    char *path = NULL;
    uint8_t *text = NULL;
    size_t size = 0;
    WF_TRY(wf_run_file(&path, cx, run, "config.yaml"));
    wf_status status = wf_file_read(&text, &size, cx, path, MAX_BYTES);
    if (status == WF_OK)
        status = wf_json_put(document, cx, "config", json_stringn((const char *)text, size));
    wf_free(text);
    wf_free(path);
    return status;
}

static wf_status result_path(char **out, wf_context *cx, const char *folder, const char *model,
                             int64_t seed) {
    char name[256];
    snprintf(name, sizeof name, "%s-seed%lld.json", model, (long long)seed);
    return wf_path_join(out, cx, folder, name);
}

wf_status wf_result_write(wf_context *cx, const wf_run *run, const char *folder) {
    json_t *document = NULL;
    wf_run_summary summary = {0};
    char *path = NULL;
    wf_status status;
    WF_TRY_OR(wf_run_read_summary(&summary, cx, run));
    WF_TRY_OR(wf_result_create(&document, cx, run));
    WF_TRY_OR(add_config(document, cx, run));
    WF_TRY_OR(wf_dir_create(cx, folder));
    WF_TRY_OR(result_path(&path, cx, folder, summary.model, summary.seed));
    WF_TRY_OR(wf_json_write(cx, path, document));
done:
    wf_free(path);
    wf_run_summary_reset(&summary);
    json_decref(document);
    return status;
}

/* ---- a run again ---- */

/* A configuration that cannot be read is another one's. */
static wf_status is_of(int *out, wf_context *cx, const json_t *document, const char *path,
                       const wf_experiment *e, const char *data_hash) {
    const char *config = json_string_value(json_object_get(document, "config"));
    const char *hash =
        json_string_value(json_object_get(json_object_get(document, "description"), "data_hash"));
    wf_context unreadable = {0};
    wf_experiment stored = {0};
    wf_str key = {0}, stored_key = {0};
    wf_status status = WF_OK;
    *out = 0;
    if (!config || !hash || strcmp(hash, data_hash) != 0) return WF_OK;
    WF_TRY(wf_experiment_key(&key, cx, e));
    if (wf_experiment_parse(&stored, &unreadable, config, path) == WF_OK) {
        status = wf_experiment_key(&stored_key, cx, &stored);
        *out = status == WF_OK && !strcmp(key.text, stored_key.text);
    }
    wf_experiment_reset(&stored);
    wf_str_reset(&key);
    wf_str_reset(&stored_key);
    return status;
}

static double real(const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static wf_status put_epochs(wf_context *cx, wf_run *run, const json_t *epochs) {
    size_t i;
    json_t *row;
    json_array_foreach(epochs, i, row) {
        const wf_epoch_record record = {.epoch =
                                            (int)json_integer_value(json_object_get(row, "epoch")),
                                        .loss = real(row, "loss"),
                                        .accuracy = real(row, "accuracy"),
                                        .val_loss = real(row, "val_loss"),
                                        .val_accuracy = real(row, "val_accuracy"),
                                        .learning_rate = real(row, "learning_rate"),
                                        .seconds = real(row, "seconds"),
                                        .ms_per_step = real(row, "ms_per_step")};
        WF_TRY(wf_run_record_epoch(cx, run, &record));
    }
    return WF_OK;
}

static wf_status put_json(wf_context *cx, const wf_run *run, const char *name,
                          const json_t *object) {
    char *path = NULL;
    WF_TRY(wf_run_file(&path, cx, run, name));
    wf_status status = wf_json_write(cx, path, object);
    wf_free(path);
    return status;
}

/* The description, which says that the run is finished, comes last. */
static wf_status put_all(wf_context *cx, wf_run *run, const json_t *document) {
    const json_t *config = json_object_get(document, "config");
    WF_TRY(wf_run_write(cx, run, "config.yaml", json_string_value(config),
                        json_string_length(config)));
    WF_TRY(put_epochs(cx, run, json_object_get(document, "epochs")));
    WF_TRY(put_json(cx, run, "test.json", json_object_get(document, "test")));
    return put_json(cx, run, "description.json", json_object_get(document, "description"));
}

wf_status wf_result_restore(char **out_path, wf_context *cx, wf_store *store, const char *folder,
                            const wf_experiment *e, const char *data_hash) {
    json_t *document = NULL;
    wf_run *run = NULL;
    char *path = NULL;
    int is_its = 0;
    wf_status status;
    *out_path = NULL;
    WF_TRY_OR(result_path(&path, cx, folder, e->model->name, e->seed));
    if (!wf_path_exists(path)) goto done;
    WF_TRY_OR(wf_json_read(&document, cx, path));
    WF_TRY_OR(is_of(&is_its, cx, document, path, e, data_hash));
    if (!is_its) goto done;
    WF_REQUIRE_OR(json_is_array(json_object_get(document, "epochs")) &&
                      json_is_object(json_object_get(document, "test")),
                  WF_E_DATA, "%s: a result must have \"epochs\" and \"test\" | remove the file",
                  path);
    WF_TRY_OR(wf_run_create(&run, cx, store, e->model->name));
    WF_TRY_OR(put_all(cx, run, document));
    WF_TRY_OR(wf_strdup(out_path, cx, wf_run_path(run)));
done:
    wf_run_close(run);
    json_decref(document);
    wf_free(path);
    return status;
}
