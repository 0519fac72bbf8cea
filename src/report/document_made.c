/* How the runs of a report were made: all that is needed to make them again. */
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "report/document_parts.h"

/* Adds the text unless it is empty or already there. */
static wf_status add_once(json_t *list, wf_context *cx, const char *text) {
    if (!text || !*text) return WF_OK;
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!strcmp(json_string_value(json_array_get(list, i)), text)) return WF_OK;
    return wf_json_append(list, cx, json_string(text));
}

/* Visits the runs in the order of the table, then those of cross-validations. */
static wf_status each_run(json_t *list, wf_context *cx, const wf__document *d,
                          wf_status (*visit)(json_t *list, wf_context *cx,
                                             const wf_run_summary *run)) {
    for (size_t i = 0; i < d->c->row_count; i++)
        for (size_t k = 0; k < d->c->rows[i].run_count; k++)
            WF_TRY(visit(list, cx, &d->c->rows[i].runs[k].summary));
    for (size_t i = 0; i < d->options->cv_count; i++)
        for (size_t k = 0; k < d->options->cvs[i]->run_count; k++)
            WF_TRY(visit(list, cx, &d->options->cvs[i]->runs[k]));
    return WF_OK;
}

static wf_status add_command(json_t *list, wf_context *cx, const wf_run_summary *s) {
    return add_once(list, cx, s->command);
}

/* Every command once; last the one that makes the report. */
static wf_status put_commands(json_t *made, wf_context *cx, const wf__document *d) {
    json_t *list = json_array();
    WF_TRY(wf_json_put(made, cx, "commands", list));
    WF_TRY(each_run(list, cx, d, add_command));
    return add_once(list, cx, d->options->command);
}

static wf_status add_machine(json_t *list, wf_context *cx, const wf_run_summary *s) {
    json_t *one = json_pack("{s:s, s:s, s:I}", "cpu", s->cpu, "isa", s->isa, "threads",
                            (json_int_t)s->threads);
    int is_known = 0;
    for (size_t j = 0; j < json_array_size(list); j++)
        is_known |= one && json_equal(json_array_get(list, j), one);
    if (!is_known) return wf_json_append(list, cx, one);
    json_decref(one);
    return WF_OK;
}

static wf_status put_machines(json_t *made, wf_context *cx, const wf__document *d) {
    json_t *list = json_array();
    WF_TRY(wf_json_put(made, cx, "machines", list));
    return each_run(list, cx, d, add_machine);
}

static wf_status put_runs(json_t *made, wf_context *cx, const wf__document *d) {
    json_t *list = json_array();
    WF_TRY(wf_json_put(made, cx, "runs", list));
    for (size_t i = 0; i < d->c->row_count; i++)
        for (size_t k = 0; k < d->c->rows[i].run_count; k++) {
            const wf_run_summary *s = &d->c->rows[i].runs[k].summary;
            json_t *one = json_pack(
                "{s:s, s:s, s:s, s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:o, s:s}",
                "id", s->id, "label", d->c->rows[i].label, "model", s->model, "seed",
                (json_int_t)s->seed, "epochs", (json_int_t)s->epochs, "command", s->command,
                "version", s->version, "libraries", s->libraries, "cpu", s->cpu, "isa", s->isa,
                "precision", s->precision, "threads", (json_int_t)s->threads, "started", s->started,
                "ended", s->ended, "total_s", wf_json_real(s->total_s), "data_hash", s->data_hash);
            WF_TRY(wf_json_append(list, cx, one));
        }
    return WF_OK;
}

/* config.yaml of the run: data, seed and the whole model file, with every value. A run that has
 * none is left out. */
static wf_status add_configuration(json_t *list, wf_context *cx, const char *label,
                                   const wf_run_summary *run) {
    enum { MAX_BYTES = 1 << 20 };
    wf_context quiet = {0};
    char *path = NULL;
    uint8_t *text = NULL;
    size_t size = 0;
    WF_TRY(wf_path_join(&path, cx, run->path, "config.yaml"));
    wf_status status = wf_file_read(&text, &size, &quiet, path, MAX_BYTES);
    json_t *one = status == WF_OK ? json_pack("{s:s, s:s, s:s#}", "label", label, "run", run->id,
                                              "text", text, (int)size)
                                  : NULL;
    wf_free(path);
    wf_free(text);
    if (status == WF_E_NOMEM) return WF_FAIL(status, "%s", quiet.message);
    return one ? wf_json_append(list, cx, one) : WF_OK; /* no UTF-8: left out as well */
}

/* A fold of each model: the others differ by its number. */
static wf_status add_folds(json_t *list, wf_context *cx, const wf_cross_validation *cv) {
    for (size_t i = 0; i < cv->model_count; i++)
        for (size_t k = 0; k < cv->run_count; k++) {
            const wf_run_summary *s = &cv->runs[k];
            wf_str label = {0};
            if (!s->folds || strcmp(s->model, cv->models[i].name)) continue;
            wf_str_addf(&label, cx, "%s, fold %lld of %lld", s->model, (long long)s->fold + 1,
                        (long long)s->folds);
            wf_status status = label.status;
            if (status == WF_OK) status = add_configuration(list, cx, label.text, s);
            wf_str_reset(&label);
            WF_TRY(status);
            break;
        }
    return WF_OK;
}

static wf_status put_configurations(json_t *made, wf_context *cx, const wf__document *d) {
    json_t *list = json_array();
    WF_TRY(wf_json_put(made, cx, "configurations", list));
    for (size_t i = 0; i < d->c->row_count; i++)
        WF_TRY(add_configuration(list, cx, d->c->rows[i].label, &d->c->rows[i].runs[0].summary));
    for (size_t i = 0; i < d->options->cv_count; i++)
        WF_TRY(add_folds(list, cx, d->options->cvs[i]));
    return WF_OK;
}

wf_status wf__document_made(wf__document *d, wf_context *cx) {
    json_t *made = json_object();
    WF_TRY(wf_json_put(d->json, cx, "made", made));
    WF_TRY(put_commands(made, cx, d));
    WF_TRY(wf_json_put(made, cx, "weft", wf_json_text_or_null(d->options->version)));
    WF_TRY(wf_json_put(made, cx, "libraries", wf_json_text_or_null(d->options->libraries)));
    WF_TRY(put_machines(made, cx, d));
    WF_TRY(put_configurations(made, cx, d));
    return put_runs(made, cx, d);
}
