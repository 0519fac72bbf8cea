/* weft runs export: one run as a folder that other programs read. It is laid out as a run of
 * MLflow's file store (meta.yaml, params/, metrics/, tags/, artifacts/), so that
 * <store>/<experiment>/<run_id> is a place for it; beside that stand run.json and CSV files.
 * Source: MLflow 2.9, mlflow/store/tracking/file_store.py */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/hash.h"
#include "cmd/runs.h"
#include "report/run_config.h"
#include "report/run_json.h"
#include "spec/yaml.h"

enum { ID_BYTES = 32 };

static const size_t MAX_FILE_BYTES = (size_t)1 << 34;

typedef struct export {
    wf_cli *cli;
    wf_run *run;
    char *folder; /* a temporary one, until everything is there */
    const char *target;
    wf_run_summary summary;
    wf_run_metrics metrics;
    wf_run_figures figures;
    int64_t began_ms, ended_ms; /* since 1970 */
}
export;

/* Of "2026-01-31T12:00:00.000Z"; 0 when it is something else. */
static int64_t epoch_ms(const char *text) {
    struct tm utc = {0};
    int ms = 0;
    int n = sscanf(text, "%d-%d-%dT%d:%d:%d.%dZ", &utc.tm_year, &utc.tm_mon, &utc.tm_mday,
                   &utc.tm_hour, &utc.tm_min, &utc.tm_sec, &ms);
    if (n != 7) return 0;
    utc.tm_year -= 1900;
    utc.tm_mon -= 1;
    return (int64_t)timegm(&utc) * 1000 + ms;
}

static wf_status write_file(export *e, const char *name, const wf_str *text) {
    wf_context *cx = &e->cli->cx;
    char *path = NULL, *folder = NULL;
    wf_status status = text->status;
    if (status == WF_OK) status = wf_path_join(&path, cx, e->folder, name);
    if (status == WF_OK) status = wf_path_folder(&folder, cx, path);
    if (status == WF_OK) status = wf_dir_create(cx, folder);
    if (status == WF_OK)
        status = wf_file_write(cx, path, text->text ? text->text : "", text->length);
    wf_free(folder);
    wf_free(path);
    return status;
}

/* <folder>/<key> with what MLflow allows in names. */
static wf_status write_entry(export *e, const char *folder, const char *key, const wf_str *text) {
    wf_context *cx = &e->cli->cx;
    wf_str name = {0};
    wf_str_addf(&name, cx, "%s/", folder);
    for (const char *at = key; *at; at++) {
        int is_allowed = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
                         (*at >= '0' && *at <= '9') || strchr("_-. :", *at);
        int is_hidden = at == key && *at == '.';
        wf_str_add_bytes(&name, cx, is_allowed && !is_hidden ? at : "_", 1);
    }
    wf_status status = name.status;
    if (status == WF_OK) status = write_file(e, name.text, text);
    wf_str_reset(&name);
    return status;
}

static wf_status write_text(export *e, const char *folder, const char *key, const char *text) {
    wf_str value = {0};
    wf_str_add(&value, &e->cli->cx, text);
    wf_status status = write_entry(e, folder, key, &value);
    wf_str_reset(&value);
    return status;
}

/* ---- meta.yaml ---- */

/* RunStatus of MLflow: running 1, finished 3, failed 4, killed 5. */
static int mlflow_status(int64_t status) {
    switch ((wf_run_status)status) {
    case WF_RUN_RUNNING: return 1;
    case WF_RUN_FINISHED: return 3;
    case WF_RUN_FAILED: return 4;
    default: return 5;
    }
}

static wf_status write_meta(export *e, const char *id, const char *place) {
    wf_context *cx = &e->cli->cx;
    wf_str s = {0};
    wf_str_add(&s, cx, "artifact_uri: ");
    wf_yaml_add_text(&s, cx, place);
    if (e->ended_ms) wf_str_addf(&s, cx, "\nend_time: %lld", (long long)e->ended_ms);
    else wf_str_add(&s, cx, "\nend_time: null");
    wf_str_addf(&s, cx,
                "\nentry_point_name: ''\nexperiment_id: '0'\nlifecycle_stage: active\n"
                "run_id: '%s'\nrun_name: ",
                id);
    wf_yaml_add_text(&s, cx, e->summary.id);
    wf_str_addf(&s, cx,
                "\nrun_uuid: '%s'\nsource_name: ''\nsource_type: 4\nsource_version: ''\n"
                "start_time: %lld\nstatus: %d\ntags: []\nuser_id: ''\n",
                id, (long long)e->began_ms, mlflow_status(e->summary.status));
    wf_status status = write_file(e, "meta.yaml", &s);
    wf_str_reset(&s);
    return status;
}

/* ---- params, metrics, tags ---- */

static wf_status write_params(export *e) {
    wf_run_config config = {0};
    WF_TRY(wf_run_config_read(&config, &e->cli->cx, e->run));
    wf_status status = WF_OK;
    for (size_t i = 0; i < config.count && status == WF_OK; i++) {
        for (char *at = config.items[i].text; *at; at++)
            if (*at == '\n' || *at == '\r') *at = ' '; /* MLflow: a param is one line */
        status = write_text(e, "params", config.items[i].key, config.items[i].text);
    }
    wf_run_config_reset(&config);
    return status;
}

static void add_point(wf_str *s, wf_context *cx, int64_t ms, double value, int64_t step) {
    char number[32];
    if (!isfinite(value)) return;
    wf_str_addf(s, cx, "%lld %s %lld\n", (long long)ms, wf_double_text(number, value),
                (long long)step);
}

/* One file per column of the epochs. The time of an epoch's end is the run's begin and the seconds
 * of the epochs so far: a run that was interrupted does not say when it went on. */
static wf_status write_curves(export *e) {
    static const struct {
        const char *name;
        size_t offset;
    } curves[] = {{"loss", offsetof(wf_epoch_record, loss)},
                  {"accuracy", offsetof(wf_epoch_record, accuracy)},
                  {"val_loss", offsetof(wf_epoch_record, val_loss)},
                  {"val_accuracy", offsetof(wf_epoch_record, val_accuracy)},
                  {"learning_rate", offsetof(wf_epoch_record, learning_rate)},
                  {"seconds", offsetof(wf_epoch_record, seconds)},
                  {"ms_per_step", offsetof(wf_epoch_record, ms_per_step)}};
    wf_context *cx = &e->cli->cx;
    wf_status status = WF_OK;
    for (size_t k = 0; k < sizeof curves / sizeof *curves && status == WF_OK; k++) {
        wf_str s = {0};
        double passed_s = 0;
        for (size_t i = 0; i < e->metrics.count; i++) {
            const wf_epoch_record *r = &e->metrics.epochs[i];
            const char *at = (const char *)r + curves[k].offset;
            passed_s += isfinite(r->seconds) ? r->seconds : 0;
            add_point(&s, cx, e->began_ms + (int64_t)(1000 * passed_s),
                      *(const double *)(const void *)at, r->epoch);
        }
        if (s.length || s.status != WF_OK) status = write_entry(e, "metrics", curves[k].name, &s);
        wf_str_reset(&s);
    }
    return status;
}

/* "test_accuracy", "held-out_accuracy" ...: one point, at the last epoch. */
static wf_status write_figures(export *e) {
    wf_context *cx = &e->cli->cx;
    wf_status status = WF_OK;
    for (size_t i = 0; i < e->figures.count && status == WF_OK; i++) {
        wf_str name = {0}, s = {0};
        wf_str_addf(&name, cx, "%s_%s", e->summary.part, e->figures.items[i].name);
        add_point(&s, cx, e->ended_ms ? e->ended_ms : e->began_ms, e->figures.items[i].value,
                  e->summary.epochs);
        status = name.status;
        if (status == WF_OK) status = write_entry(e, "metrics", name.text, &s);
        wf_str_reset(&name);
        wf_str_reset(&s);
    }
    return status;
}

/* MLflow's own, what weft knows, and above all what the user noted. */
static wf_status write_tags(export *e) {
    const wf_run_summary *r = &e->summary;
    const char *const tags[][2] = {{"mlflow.runName", r->id},
                                   {"mlflow.source.name", r->command},
                                   {"mlflow.source.type", "LOCAL"},
                                   {"weft.model", r->model},
                                   {"weft.family", r->family},
                                   {"weft.dataset", r->dataset},
                                   {"weft.data_hash", r->data_hash},
                                   {"weft.version", r->version},
                                   {"weft.cpu", r->cpu},
                                   {"weft.isa", r->isa}};
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        WF_TRY(write_text(e, "tags", tags[i][0], tags[i][1]));
    json_t *own = json_loads(r->tags, 0, NULL), *value;
    const char *name;
    wf_status status = WF_OK;
    json_object_foreach(own, name, value) {
        if (status == WF_OK) status = write_text(e, "tags", name, json_string_value(value));
    }
    json_decref(own);
    return status;
}

/* ---- CSV, JSON, files ---- */

static wf_status write_classes_csv(export *e) {
    wf_context *cx = &e->cli->cx;
    wf_str s = {0};
    wf_str_add(&s, cx, "class,name,metric,value\r\n");
    for (size_t i = 0; i < e->figures.class_count; i++) {
        const wf_class_figure *f = &e->figures.classes[i];
        char number[32];
        json_t *name = json_string(f->class_name), *metric = json_string(f->metric);
        wf_str_addf(&s, cx, "%d,", f->class_index);
        wf_csv_cell(&s, cx, name);
        wf_str_add(&s, cx, ",");
        wf_csv_cell(&s, cx, metric);
        wf_str_addf(&s, cx, ",%s\r\n", wf_double_text(number, f->value));
        json_decref(metric);
        json_decref(name);
    }
    wf_status status = write_file(e, "classes.csv", &s);
    wf_str_reset(&s);
    return status;
}

static wf_status write_document(export *e) {
    wf_context *cx = &e->cli->cx;
    json_t *document = NULL;
    wf_str text = {0};
    WF_TRY(wf_run_document(&document, cx, e->run));
    wf_status status = wf_json_text(&text, cx, document, WF_JSON_PRETTY);
    if (status == WF_OK) status = write_file(e, "run.json", &text);
    wf_str_reset(&text);
    json_decref(document);
    return status;
}

static wf_status copy_file(export *e, const char *from, const char *to) {
    wf_context *cx = &e->cli->cx;
    char *source = NULL;
    uint8_t *data = NULL;
    size_t size = 0;
    wf_status status = wf_run_file(&source, cx, e->run, from);
    if (status == WF_OK) status = wf_file_read(&data, &size, cx, source, MAX_FILE_BYTES);
    if (status == WF_OK)
        status = write_file(e, to, &(wf_str){.text = (char *)data, .length = size});
    wf_free(data);
    wf_free(source);
    return status;
}

/* All but the checkpoint, with which only weft itself can do something. */
static wf_status copy_artefacts(export *e) {
    wf_context *cx = &e->cli->cx;
    wf_artefacts artefacts = {0};
    WF_TRY(wf_run_read_artefacts(&artefacts, cx, e->run));
    wf_status status = WF_OK;
    for (size_t i = 0; i < artefacts.count && status == WF_OK; i++) {
        const wf_artefact *a = &artefacts.items[i];
        char *to = NULL;
        if (!strcmp(a->kind, "checkpoint")) continue;
        status = wf_path_join(&to, cx, "artifacts", a->path);
        if (status == WF_OK) status = copy_file(e, a->path, to);
        wf_free(to);
    }
    wf_artefacts_reset(&artefacts);
    return status;
}

/* A run that was stopped in its first epoch has none. */
static wf_status write_epochs(export *e) {
    wf_context *cx = &e->cli->cx;
    char *metrics = NULL;
    WF_TRY(wf_run_file(&metrics, cx, e->run, "metrics.csv"));
    const int has_epochs = wf_path_exists(metrics);
    wf_free(metrics);
    return has_epochs ? copy_file(e, "metrics.csv", "epochs.csv") : WF_OK;
}

/* ---- the whole ---- */

static wf_status write_all(export *e, const char *id) {
    wf_context *cx = &e->cli->cx;
    char *place = NULL, *absolute = NULL;
    WF_TRY(write_params(e));
    WF_TRY(write_curves(e));
    WF_TRY(write_figures(e));
    WF_TRY(write_tags(e));
    WF_TRY(copy_artefacts(e));
    WF_TRY(write_epochs(e));
    WF_TRY(write_classes_csv(e));
    WF_TRY(write_document(e));
    absolute = realpath(e->folder, NULL); /* of the temporary folder, beside the target */
    wf_status status = wf_path_folder(&place, cx, absolute ? absolute : e->folder);
    wf_str uri = {0};
    wf_str_addf(&uri, cx, "%s/%s/artifacts", status == WF_OK ? place : "", wf_path_base(e->target));
    if (status == WF_OK) status = uri.status;
    if (status == WF_OK) status = write_meta(e, id, uri.text);
    wf_str_reset(&uri);
    wf_free(place);
    free(absolute);
    return status;
}

/* The same run has the same id whenever it is exported. */
static void make_id(char id[WF_HASH_HEX], const wf_run_summary *s) {
    wf_hash hash;
    wf_hash_init(&hash, WF_HASH_SHA256);
    wf_hash_add(&hash, s->id, strlen(s->id) + 1);
    wf_hash_add(&hash, s->started, strlen(s->started));
    wf_hash_hex(&hash, id);
    id[ID_BYTES] = 0;
}

static wf_status open_run(export *e, wf_store *store, const char *reference) {
    wf_context *cx = &e->cli->cx;
    WF_TRY(wf_run_open(&e->run, cx, store, reference));
    WF_TRY(wf_run_read_summary(&e->summary, cx, e->run));
    WF_TRY(wf_run_read_metrics(&e->metrics, cx, e->run));
    WF_TRY(wf_run_read_figures(&e->figures, cx, e->run));
    e->began_ms = epoch_ms(e->summary.started);
    e->ended_ms = epoch_ms(e->summary.ended);
    return WF_OK;
}

/* <target>.<process>.tmp, which gets its name when it is whole. */
static wf_status write_folder(export *e, const char *id) {
    wf_context *cx = &e->cli->cx;
    wf_str name = {0};
    wf_str_addf(&name, cx, "%s.%ld.tmp", e->target, (long)getpid());
    e->folder = name.text;
    WF_TRY(name.status);
    WF_TRY(wf_dir_create(cx, e->folder));
    wf_status status = write_all(e, id);
    if (status == WF_OK) status = wf_file_rename(cx, e->folder, e->target);
    if (status == WF_OK) return WF_OK;
    wf_context ignored = {0};
    wf_dir_remove(&ignored, e->folder);
    return status;
}

wf_status wf_runs_export(const wf_runs_call *c) {
    wf_cli *cli = c->cli;
    wf_context *cx = &cli->cx;
    export e = {.cli = cli};
    char id[WF_HASH_HEX], *target = NULL;
    wf_status status = WF_OK;
    WF_REQUIRE(c->options->output, WF_E_ARG, "weft runs export needs a folder | -o DIR");
    WF_TRY(wf_strdup(&target, cx, c->options->output));
    for (size_t n = strlen(target); n > 1 && target[n - 1] == '/'; n--) target[n - 1] = 0;
    e.target = target;
    WF_REQUIRE_OR(!wf_path_exists(target), WF_E_ARG, "%s: is there already | name a new folder",
                  target);
    WF_TRY_OR(open_run(&e, c->store, c->operands[0]));
    make_id(id, &e.summary);
    WF_TRY_OR(write_folder(&e, id));
    wf_print(cli, "%s is in %s (as a run of MLflow: %s)\n", e.summary.id, target, id);
    cli->result = json_pack("{s:s, s:s, s:s}", "run", e.summary.id, "folder", target, "run_id", id);
done:
    wf_free(e.folder);
    wf_run_figures_reset(&e.figures);
    wf_run_metrics_reset(&e.metrics);
    wf_run_summary_reset(&e.summary);
    wf_run_close(e.run);
    wf_free(target);
    return status;
}
