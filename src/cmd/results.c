#include "cmd/results.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/hash.h"
#include "report/run_json.h"
#include "weft/eval.h"

enum { MAX_BYTES = 64 << 20, MAX_CONFIG_BYTES = 1 << 20 };

static wf_status read_file(json_t **out, wf_context *cx, const char *path) {
    uint8_t *text = NULL;
    size_t size = 0;
    WF_TRY(wf_file_read(&text, &size, cx, path, MAX_BYTES));
    wf_status status = wf_json_parse(out, cx, (const char *)text, size, path, MAX_BYTES);
    wf_free(text);
    return status;
}

static wf_status read_json(json_t **out, wf_context *cx, const wf_run *run, const char *name) {
    char *path = NULL;
    WF_TRY(wf_run_file(&path, cx, run, name));
    wf_status status = read_file(out, cx, path);
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
    json_t *document = json_object(), *part = NULL;
    wf_status status;
    WF_TRY_OR(wf_json_put(document, cx, "schema_version", json_integer(WF_SCHEMA_VERSION)));
    WF_TRY_OR(read_json(&part, cx, run, "description.json"));
    WF_TRY_OR(wf_json_put(document, cx, "description", part));
    WF_TRY_OR(add_epochs(document, cx, run));
    WF_TRY_OR(read_json(&part, cx, run, "test.json"));
    WF_TRY_OR(wf_json_put(document, cx, "test", part));
done:
    return wf_json_hand_over(out, document, status);
}

/* ---- whose a result is ---- */

static wf_status read_config(char **out, wf_context *cx, const wf_run *run) {
    char *path = NULL;
    uint8_t *text = NULL;
    size_t size = 0;
    WF_TRY(wf_run_file(&path, cx, run, "config.yaml"));
    wf_status status = wf_file_read(&text, &size, cx, path, MAX_CONFIG_BYTES);
    wf_free(path);
    if (status == WF_OK) *out = (char *)text; /* files are read with a 0 behind them */
    return status;
}

/* What decides whether the result of one configuration is that of another; empty where it cannot be
 * read: then it is nobody's. */
static wf_status key_of(wf_str *out, wf_context *cx, const char *config) {
    wf_context unreadable = {0};
    wf_experiment e = {0};
    wf_status status = wf_experiment_parse(&e, &unreadable, config, "config.yaml");
    if (status == WF_OK) status = wf_experiment_key_of_data(out, cx, &e);
    else status = unreadable.code == WF_E_NOMEM ? WF_E_NOMEM : WF_OK;
    wf_experiment_reset(&e);
    return status;
}

static int is_of(const json_t *document, const wf_str *stored_key, const char *key,
                 const char *data_hash) {
    const char *hash =
        json_string_value(json_object_get(json_object_get(document, "description"), "data_hash"));
    return stored_key->text && hash && !strcmp(hash, data_hash) && !strcmp(stored_key->text, key);
}

/* Where the result of this configuration is or goes: <model>-seed<n>.json, or, where that is
 * another one's, <model>-<hash>-seed<n>.json. *out_document: what is there; NULL where nothing of
 * its own is. */
static wf_status find_result(char **out_path, json_t **out_document, wf_context *cx,
                             const char *folder, const char *model, int64_t seed, const char *key,
                             const char *data_hash) {
    char digest[WF_HASH_HEX], name[256], *path = NULL;
    json_t *document = NULL;
    wf_status status = WF_OK;
    wf_hash hash;
    wf_hash_init(&hash, WF_HASH_SHA256);
    wf_hash_add(&hash, key, strlen(key));
    wf_hash_add(&hash, data_hash, strlen(data_hash));
    wf_hash_hex(&hash, digest);
    for (int is_second = 0; is_second < 2; is_second++) {
        wf_str stored = {0};
        snprintf(name, sizeof name, "%s%s%.*s-seed%lld.json", model, is_second ? "-" : "",
                 is_second ? 8 : 0, digest, (long long)seed);
        WF_TRY(wf_path_join(&path, cx, folder, name));
        if (!wf_path_exists(path)) break;
        WF_TRY_OR(read_file(&document, cx, path));
        const char *config = json_string_value(json_object_get(document, "config"));
        if (!config) break; /* an older one, which nobody asks for */
        WF_TRY_OR(key_of(&stored, cx, config));
        const int is_its = is_of(document, &stored, key, data_hash);
        wf_str_reset(&stored);
        if (is_its) {
            *out_document = document;
            document = NULL;
        }
        if (is_its || is_second) break;
        json_decref(document);
        document = NULL;
        wf_free(path);
        path = NULL;
    }
    *out_path = path;
    path = NULL;
done:
    json_decref(document);
    wf_free(path);
    return status;
}

wf_status wf_result_write(wf_context *cx, const wf_run *run, const char *folder) {
    json_t *document = NULL, *there = NULL;
    wf_run_summary summary = {0};
    wf_str key = {0};
    char *path = NULL, *config = NULL;
    wf_status status;
    WF_TRY_OR(wf_run_read_summary(&summary, cx, run));
    WF_TRY_OR(wf_result_create(&document, cx, run));
    WF_TRY_OR(read_config(&config, cx, run));
    WF_TRY_OR(wf_json_put(document, cx, "config", json_string(config)));
    WF_TRY_OR(key_of(&key, cx, config));
    WF_TRY_OR(wf_dir_create(cx, folder));
    WF_TRY_OR(find_result(&path, &there, cx, folder, summary.model, summary.seed,
                          key.text ? key.text : "", summary.data_hash));
    WF_TRY_OR(wf_json_write(cx, path, document));
done:
    wf_free(path);
    wf_free(config);
    wf_str_reset(&key);
    wf_run_summary_reset(&summary);
    json_decref(there);
    json_decref(document);
    return status;
}

/* ---- a run again ---- */

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

/* Before a run is made of it: epochs one after another, and figures that are figures. */
static wf_status check_document(wf_context *cx, const json_t *document, const char *path) {
    const json_t *epochs = json_object_get(document, "epochs"),
                 *test = json_object_get(document, "test"), *row;
    wf_context why = {0};
    wf_evaluation *evaluation = NULL;
    wf_str text = {0};
    size_t i;
    WF_REQUIRE(json_is_array(epochs) && json_is_object(test), WF_E_DATA,
               "%s: a result must have \"epochs\" and \"test\" | remove the file", path);
    json_array_foreach(epochs, i, row) WF_REQUIRE(
        json_integer_value(json_object_get(row, "epoch")) == (json_int_t)i + 1, WF_E_DATA,
        "%s: epochs[%zu] has not the epoch %zu | remove the file", path, i, i + 1);
    wf_status status = wf_json_text(&text, cx, test, WF_JSON_COMPACT);
    if (status == WF_OK)
        status = wf_evaluation_from_json(&evaluation, &why, text.text, text.length);
    wf_evaluation_destroy(evaluation);
    wf_str_reset(&text);
    WF_REQUIRE(status == WF_OK || status == WF_E_NOMEM, WF_E_DATA,
               "%s: \"test\": %s | remove the file", path, why.message);
    return status;
}

wf_status wf_result_restore(char **out_path, wf_context *cx, wf_store *store, const char *folder,
                            const wf_experiment *e, const char *data_hash) {
    json_t *document = NULL;
    wf_run *run = NULL;
    wf_str key = {0};
    char *path = NULL, *made = NULL;
    wf_status status;
    *out_path = NULL;
    WF_TRY_OR(wf_experiment_key_of_data(&key, cx, e));
    WF_TRY_OR(
        find_result(&path, &document, cx, folder, e->model->name, e->seed, key.text, data_hash));
    if (!document) goto done;
    WF_TRY_OR(check_document(cx, document, path));
    WF_TRY_OR(wf_run_create(&run, cx, store, e->model->name));
    WF_TRY_OR(wf_strdup(&made, cx, wf_run_path(run)));
    WF_TRY_OR(put_all(cx, run, document));
    *out_path = made;
    made = NULL;
done:
    wf_run_close(run);
    if (made) { /* half of a run is none */
        wf_context ignored = {0};
        wf_dir_remove(&ignored, made);
    }
    wf_free(made);
    wf_str_reset(&key);
    json_decref(document);
    wf_free(path);
    return status;
}
