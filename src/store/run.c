#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "store/internal.h"

enum { MAX_NAME_BYTES = 100 };

const char *wf_run_status_name(wf_run_status status) {
    static const char *const names[] = {"running", "finished", "interrupted", "failed",
                                        "abandoned"};
    size_t i = (size_t)status;
    return i < sizeof names / sizeof *names ? names[i] : "unknown";
}

wf_run_status wf__run_status_find(const char *name) {
    for (int i = WF_RUN_RUNNING; name && i < WF_RUN_ABANDONED; i++)
        if (strcmp(name, wf_run_status_name((wf_run_status)i)) == 0) return (wf_run_status)i;
    return WF_RUN_ABANDONED;
}

void wf__time_text(char buffer[32]) {
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    char seconds[24];
    strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(buffer, 32, "%s.%03dZ", seconds, (int)(now.tv_nsec / 1000000));
}

wf_status wf__run_alloc(wf_run **out, wf_context *cx, const char *path) {
    wf_run *run = NULL;
    wf_status status = WF_OK;
    WF_TRY(wf_alloc(&run, cx, 1, sizeof *run));
    run->lock = -1;
    WF_TRY_OR(wf_strdup(&run->path, cx, path));
    size_t n = strlen(run->path);
    while (n > 1 && run->path[n - 1] == '/') run->path[--n] = 0;
    WF_TRY_OR(wf_strdup(&run->id, cx, wf_path_base(run->path)));
    *out = run;
    return WF_OK;
done:
    wf_run_close(run);
    return status;
}

void wf_run_close(wf_run *run) {
    if (!run) return;
    wf_append_close(run->log, NULL);
    for (int i = 0; i < WF__SERIES_COUNT; i++) wf__series_close(&run->series[i]);
    wf__lock_free(run->lock);
    json_decref(run->description);
    wf_str_reset(&run->metrics);
    wf_free(run->path);
    wf_free(run->id);
    wf_free(run);
}

bool wf_run_is_written(const wf_run *run) { return run->lock >= 0 || wf__lock_is_held(run->path); }

const char *wf_run_path(const wf_run *run) { return run->path; }
const char *wf_run_id(const wf_run *run) { return run->id; }

wf_status wf_run_file(char **out, wf_context *cx, const wf_run *run, const char *name) {
    return wf_path_join(out, cx, run->path, name);
}

/* Without allocation: a lack of memory must not look like a lack of the folder. */
bool wf__run_is_folder(const char *path) {
    char file[PATH_MAX];
    int n = snprintf(file, sizeof file, "%s/%s", path, WF_RUN_DESCRIPTION_FILE);
    return n > 0 && n < (int)sizeof file && wf_path_exists(file);
}

static wf_status set(wf_context *cx, json_t *object, const char *key, json_t *value) {
    WF_REQUIRE(json_object_set_new(object, key, value) == 0, WF_E_NOMEM,
               "out of memory: %s of a run's description", key);
    return WF_OK;
}

/* Unknown is left out. */
static wf_status set_text(wf_context *cx, json_t *object, const char *key, const char *text) {
    if (!text) return WF_OK;
    char *clean = NULL;
    WF_TRY(wf_utf8_clean(&clean, cx, text));
    wf_status status = set(cx, object, key, json_string(clean));
    wf_free(clean);
    return status;
}

static wf_status set_count(wf_context *cx, json_t *object, const char *key, int64_t value) {
    return value ? set(cx, object, key, json_integer(value)) : WF_OK;
}

static wf_status set_figure(wf_context *cx, json_t *object, const char *key, double value) {
    return isfinite(value) ? set(cx, object, key, json_real(value)) : WF_OK;
}

static wf_status write_description(wf_context *cx, const wf_run *run) {
    char *path = NULL;
    WF_TRY(wf_run_file(&path, cx, run, WF_RUN_DESCRIPTION_FILE));
    wf_status status = wf_json_write(cx, path, run->description);
    wf_free(path);
    if (status == WF_OK) wf__store_follow(run->store, run->id);
    return status;
}

static wf_status write_metrics(wf_context *cx, wf_run *run) {
    return wf_run_write(cx, run, WF_RUN_METRICS_FILE, run->metrics.text, run->metrics.length);
}

static wf_status check_name(wf_context *cx, const char *name) {
    size_t n = strlen(name);
    WF_REQUIRE(n >= 1 && n <= MAX_NAME_BYTES, WF_E_ARG,
               "run name '%.100s': %zu bytes, must be between 1 and %d", name, n, MAX_NAME_BYTES);
    WF_REQUIRE(name[0] != '.' && name[0] != '-', WF_E_ARG,
               "run name '%s': must not begin with '%c' | it becomes a folder's name", name,
               name[0]);
    WF_REQUIRE(wf_utf8_is_valid(name), WF_E_ARG, "run name '%s': is not UTF-8", name);
    for (size_t i = 0; i < n; i++)
        WF_REQUIRE((unsigned char)name[i] >= 0x20 && name[i] != 0x7F && name[i] != '/', WF_E_ARG,
                   "run name '%s': byte 0x%02x at offset %zu is not allowed in a folder's name | "
                   "use letters, digits, '-', '_' and '.'",
                   name, (unsigned char)name[i], i);
    WF_REQUIRE(wf_utf8_is_clean(name), WF_E_ARG,
               "run name '%s': has a control character | use letters, digits, '-', '_' and '.'",
               name);
    return WF_OK;
}

/* The first description: enough to see that this is a run and in which state. */
static wf_status begin(wf_context *cx, wf_run *run, const char *name) {
    char now[32];
    wf__time_text(now);
    run->description = json_object();
    WF_TRY(set(cx, run->description, "schema_version", json_integer(1)));
    WF_TRY(set_text(cx, run->description, "name", name));
    WF_TRY(set_text(cx, run->description, "status", wf_run_status_name(WF_RUN_RUNNING)));
    WF_TRY(set_text(cx, run->description, "started", now));
    wf_str_add(&run->metrics, cx, WF_RUN_METRICS_HEADER);
    WF_TRY(run->metrics.status);
    return write_description(cx, run);
}

wf_status wf_run_create(wf_run **out, wf_context *cx, wf_store *store, const char *name) {
    wf_status status = WF_OK;
    char *path = NULL;
    wf_run *run = NULL;
    WF_TRY(check_name(cx, name));
    WF_TRY(wf_dir_create_numbered(&path, cx, wf_store_dir(store), name));
    WF_TRY_OR(wf__run_alloc(&run, cx, path));
    run->store = store;
    WF_TRY_OR(wf__lock_take(&run->lock, cx, path, true));
    WF_TRY_OR(begin(cx, run, name));
    *out = run;
    run = NULL;
done:
    wf_run_close(run);
    wf_free(path);
    return status;
}

static wf_status read_description(wf_context *cx, wf_run *run) {
    char *path = NULL;
    WF_TRY(wf_run_file(&path, cx, run, WF_RUN_DESCRIPTION_FILE));
    wf_status status = wf_json_read(&run->description, cx, path);
    wf_free(path);
    return status;
}

static void add_cell(wf_str *line, wf_context *cx, double value, char after) {
    char text[32];
    if (!isnan(value)) wf_str_add(line, cx, wf_double_text(text, value));
    wf_str_add_bytes(line, cx, &after, 1);
}

static void add_epoch(wf_str *text, wf_context *cx, const wf_epoch_record *r) {
    wf_str_addf(text, cx, "%d,", r->epoch);
    add_cell(text, cx, r->loss, ',');
    add_cell(text, cx, r->accuracy, ',');
    add_cell(text, cx, r->val_loss, ',');
    add_cell(text, cx, r->val_accuracy, ',');
    add_cell(text, cx, r->learning_rate, ',');
    add_cell(text, cx, r->seconds, ',');
    add_cell(text, cx, r->ms_per_step, '\n');
}

static wf_status keep_epochs(wf_context *cx, wf_run *run, int epochs) {
    wf_run_metrics old = {0};
    WF_TRY(wf_run_read_metrics(&old, cx, run));
    wf_status status = WF_OK;
    WF_REQUIRE_OR(epochs >= 0 && (size_t)epochs <= old.count, WF_E_ARG,
                  "run %s: cannot continue after epoch %d, metrics.csv holds %zu", run->id, epochs,
                  old.count);
    wf_str_add(&run->metrics, cx, WF_RUN_METRICS_HEADER);
    for (int i = 0; i < epochs; i++) add_epoch(&run->metrics, cx, &old.epochs[i]);
    run->epochs = epochs;
    WF_TRY_OR(run->metrics.status);
    WF_TRY_OR(write_metrics(cx, run));
done:
    wf_run_metrics_reset(&old);
    return status;
}

/* Whoever asked for a stop has it now, or comes too late. */
static wf_status forget_stop(wf_context *cx, const wf_run *run) {
    char *path = NULL;
    WF_TRY(wf_run_file(&path, cx, run, WF_RUN_STOP_FILE));
    wf_status status = wf_file_remove(cx, path);
    wf_free(path);
    return status;
}

wf_status wf_run_continue(wf_run **out, wf_context *cx, wf_store *store, const char *reference,
                          int epochs) {
    wf_status status = WF_OK;
    wf_run *run = NULL;
    const char *state = NULL;
    WF_TRY(wf_run_open(&run, cx, store, reference));
    WF_TRY_OR(wf__lock_take(&run->lock, cx, run->path, false));
    WF_REQUIRE_OR(run->lock >= 0, WF_E_ARG, "run %s: another process is writing it", run->id);
    run->store = store;
    WF_TRY_OR(read_description(cx, run));
    WF_TRY_OR(wf_json_get_text(&state, cx, run->description, "status", run->path));
    WF_REQUIRE_OR(strcmp(state, wf_run_status_name(WF_RUN_FINISHED)) != 0, WF_E_ARG,
                  "run %s: is finished, only an unfinished run can be continued | start a new run",
                  run->id);
    run->is_described = json_object_get(run->description, "model") != NULL;
    WF_TRY_OR(forget_stop(cx, run));
    WF_TRY_OR(keep_epochs(cx, run, epochs));
    json_object_del(run->description, "ended");
    json_object_del(run->description, "reason");
    json_object_del(run->description, "error");
    WF_TRY_OR(set_text(cx, run->description, "status", wf_run_status_name(WF_RUN_RUNNING)));
    WF_TRY_OR(write_description(cx, run));
    *out = run;
    run = NULL;
done:
    wf_run_close(run);
    return status;
}

static wf_status check_writable(wf_context *cx, const wf_run *run) {
    WF_REQUIRE(run->lock >= 0, WF_E_ARG, "run %s: was opened for reading", run->id);
    return WF_OK;
}

static wf_status describe_claim(wf_context *cx, json_t *d, const wf_run_claim *claim) {
    json_t *object = json_object();
    WF_TRY(set(cx, d, "claim", object)); /* now owned by d */
    WF_TRY(set_text(cx, object, "text", claim->text));
    WF_TRY(set_figure(cx, object, "accuracy", claim->accuracy));
    WF_TRY(set_figure(cx, object, "macro_f1", claim->macro_f1));
    WF_TRY(set_figure(cx, object, "loss", claim->loss));
    if (json_object_size(object) == 0) json_object_del(d, "claim");
    return WF_OK;
}

static wf_status describe_classes(wf_context *cx, json_t *d, const wf_run_description *source) {
    if (!source->class_names || source->class_count <= 0) return WF_OK;
    json_t *list = json_array();
    WF_TRY(set(cx, d, "class_names", list)); /* now owned by d */
    for (int i = 0; i < source->class_count; i++) {
        char *clean = NULL;
        WF_TRY(wf_utf8_clean(&clean, cx, source->class_names[i]));
        int bad = json_array_append_new(list, json_string(clean));
        wf_free(clean);
        WF_REQUIRE(!bad, WF_E_NOMEM, "out of memory: class names of a run's description");
    }
    return WF_OK;
}

static wf_status describe_normalization(wf_context *cx, json_t *d, const wf_run_description *s) {
    if (!s->channels) return WF_OK;
    json_t *scale = json_array(), *shift = json_array();
    WF_TRY(set(cx, d, "normalization", json_pack("{s:o, s:o}", "scale", scale, "shift", shift)));
    for (int c = 0; c < s->channels; c++) {
        WF_TRY(wf_json_append(scale, cx, json_real((double)s->scale[c])));
        WF_TRY(wf_json_append(shift, cx, json_real((double)s->shift[c])));
    }
    return WF_OK;
}

static wf_status describe(wf_context *cx, json_t *d, const wf_run_description *s) {
    const struct {
        const char *key, *text;
    } texts[] = {
        {"model", s->model},
        {"family", s->family},
        {"dataset", s->dataset},
        {"data_hash", s->data_hash},
        {"precision", s->precision},
        {"cpu", s->cpu},
        {"isa", s->isa},
        {"command", s->command},
        {"version", s->version},
        {"libraries", s->library_versions},
    };
    const struct {
        const char *key;
        int64_t value;
    } counts[] = {
        {"train_count", s->train_count},
        {"validation_count", s->validation_count},
        {"test_count", s->test_count},
        {"epochs_planned", s->epochs_planned},
        {"batch_size", s->batch_size},
        {"threads", s->threads},
        {"parameters", s->parameters},
        {"trainable_parameters", s->trainable_parameters},
        {"madds", s->madds},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        WF_TRY(set_text(cx, d, texts[i].key, texts[i].text));
    WF_TRY(set(cx, d, "seed", json_integer((json_int_t)s->seed)));
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        WF_TRY(set_count(cx, d, counts[i].key, counts[i].value));
    if (s->folds)
        WF_TRY(set(
            cx, d, "fold",
            json_pack("{s:i, s:i, s:i}", "folds", s->folds, "repeat", s->repeat, "fold", s->fold)));
    WF_TRY(describe_classes(cx, d, s));
    WF_TRY(describe_normalization(cx, d, s));
    return describe_claim(cx, d, &s->claim);
}

wf_status wf_run_describe(wf_context *cx, wf_run *run, const wf_run_description *description) {
    WF_TRY(check_writable(cx, run));
    WF_REQUIRE(!run->is_described, WF_E_ARG, "run %s: is described already", run->id);
    WF_REQUIRE(description->model, WF_E_ARG, "run %s: the description names no model", run->id);
    WF_REQUIRE(description->seed <= INT64_MAX, WF_E_ARG,
               "run %s: seed %llu is above 2^63 - 1 | choose a smaller seed", run->id,
               (unsigned long long)description->seed);
    WF_TRY(describe(cx, run->description, description));
    WF_TRY(write_description(cx, run));
    run->is_described = true;
    return WF_OK;
}

wf_status wf_run_write(wf_context *cx, wf_run *run, const char *name, const char *text,
                       size_t length) {
    char *path = NULL;
    WF_TRY(wf_run_file(&path, cx, run, name));
    wf_status status = wf_file_write(cx, path, text, length);
    wf_free(path);
    return status;
}

wf_status wf_run_record_epoch(wf_context *cx, wf_run *run, const wf_epoch_record *record) {
    WF_TRY(check_writable(cx, run));
    WF_REQUIRE(record->epoch == run->epochs + 1, WF_E_ARG,
               "run %s: epoch %d follows epoch %d, must be %d", run->id, record->epoch, run->epochs,
               run->epochs + 1);
    size_t before = run->metrics.length;
    add_epoch(&run->metrics, cx, record);
    wf_status status = run->metrics.status;
    if (status == WF_OK) status = write_metrics(cx, run);
    if (status != WF_OK) { /* so that the same epoch may be recorded again */
        run->metrics.length = before;
        run->metrics.status = WF_OK;
        if (run->metrics.text) run->metrics.text[before] = 0;
        return status;
    }
    run->epochs++;
    wf__store_follow(run->store, run->id);
    return WF_OK;
}

wf_status wf_run_log(wf_context *cx, wf_run *run, const char *line) {
    wf_str text = {0};
    char now[32], *path = NULL;
    wf_status status = WF_OK;
    if (!run->log) {
        WF_TRY_OR(wf_run_file(&path, cx, run, WF_RUN_LOG_FILE));
        WF_TRY_OR(wf_append_open(&run->log, cx, path));
    }
    wf__time_text(now);
    wf_str_addf(&text, cx, "%s %s\n", now, line);
    WF_TRY_OR(text.status);
    WF_TRY_OR(wf_append_add(run->log, cx, text.text, text.length));
done:
    wf_free(path);
    wf_str_reset(&text);
    return status;
}

wf_status wf_run_finish(wf_context *cx, wf_run *run, wf_run_status status, const char *reason) {
    char now[32];
    WF_TRY(check_writable(cx, run));
    WF_REQUIRE(status == WF_RUN_FINISHED || status == WF_RUN_INTERRUPTED || status == WF_RUN_FAILED,
               WF_E_ARG, "run %s: cannot be finished as '%s'", run->id, wf_run_status_name(status));
    WF_REQUIRE(status != WF_RUN_FINISHED || run->is_described, WF_E_ARG,
               "run %s: is finished without a description", run->id);
    wf__time_text(now);
    WF_TRY(set_text(cx, run->description, "status", wf_run_status_name(status)));
    WF_TRY(set_text(cx, run->description, "ended", now));
    WF_TRY(set_text(cx, run->description, "reason", reason));
    WF_TRY(forget_stop(cx, run));
    return write_description(cx, run);
}

wf_status wf_run_fail(wf_context *cx, wf_run *run, wf_status error, const char *reason) {
    WF_TRY(check_writable(cx, run));
    WF_TRY(set_text(cx, run->description, "error", wf_status_name(error)));
    return wf_run_finish(cx, run, WF_RUN_FAILED, reason);
}
