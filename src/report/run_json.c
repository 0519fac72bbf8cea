#include "report/run_json.h"

/* The store's own text of the tags, an object. */
static json_t *tags_of(const wf_run_summary *s) {
    json_t *tags = json_loads(s->tags, 0, NULL);
    return tags ? tags : json_object();
}

static json_t *fold_of(const wf_run_summary *s) {
    if (!s->folds) return json_null();
    return json_pack("{s:I, s:I, s:I}", "folds", (json_int_t)s->folds, "repeat",
                     (json_int_t)s->repeat, "fold", (json_int_t)s->fold);
}

static wf_status put_texts(json_t *run, wf_context *cx, const wf_run_summary *s) {
    const struct {
        const char *key, *text;
    } texts[] = {{"id", s->id},
                 {"path", s->path},
                 {"name", s->name},
                 {"model", s->model},
                 {"family", s->family},
                 {"dataset", s->dataset},
                 {"status", wf_run_status_name((wf_run_status)s->status)},
                 {"reason", s->reason},
                 {"started", s->started},
                 {"ended", s->ended},
                 {"data_hash", s->data_hash},
                 {"precision", s->precision},
                 {"cpu", s->cpu},
                 {"isa", s->isa},
                 {"version", s->version},
                 {"command", s->command},
                 {"judged_on", s->part},
                 {"weights", s->weights},
                 {"worst_class", s->worst_class},
                 {"best_class", s->best_class}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        WF_TRY(wf_json_put(run, cx, texts[i].key, json_string(texts[i].text)));
    return WF_OK;
}

static wf_status put_numbers(json_t *run, wf_context *cx, const wf_run_summary *s) {
    const struct {
        const char *key;
        int64_t value;
    } counts[] = {{"seed", s->seed},
                  {"epochs", s->epochs},
                  {"epochs_planned", s->epochs_planned},
                  {"batch_size", s->batch_size},
                  {"threads", s->threads},
                  {"train_images", s->train_count},
                  {"validation_images", s->validation_count},
                  {"test_images", s->test_count},
                  {"parameters", s->parameters}};
    const struct {
        const char *key;
        double value;
    } figures[] = {{"ms_per_step", s->ms_per_step},
                   {"s_per_epoch", s->s_per_epoch},
                   {"total_s", s->total_s},
                   {"val_loss", s->val_loss},
                   {"val_accuracy", s->val_accuracy},
                   {"accuracy", s->accuracy},
                   {"loss", s->loss},
                   {"macro_f1", s->macro_f1},
                   {"worst_f1", s->worst_f1},
                   {"best_f1", s->best_f1}};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        WF_TRY(wf_json_put(run, cx, counts[i].key, json_integer(counts[i].value)));
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        WF_TRY(wf_json_put(run, cx, figures[i].key, wf_json_real(figures[i].value)));
    return WF_OK;
}

wf_status wf_run_summary_json(json_t **out, wf_context *cx, const wf_run_summary *s) {
    json_t *run = json_object();
    wf_status status = put_texts(run, cx, s);
    if (status == WF_OK) status = put_numbers(run, cx, s);
    if (status == WF_OK) status = wf_json_put(run, cx, "fold", fold_of(s));
    if (status == WF_OK) status = wf_json_put(run, cx, "tags", tags_of(s));
    return wf_json_hand_over(out, run, status);
}

wf_status wf_run_epoch_json(json_t **out, wf_context *cx, const wf_epoch_record *e) {
    json_t *record =
        json_pack("{s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "epoch", e->epoch, "loss",
                  wf_json_real(e->loss), "accuracy", wf_json_real(e->accuracy), "val_loss",
                  wf_json_real(e->val_loss), "val_accuracy", wf_json_real(e->val_accuracy),
                  "learning_rate", wf_json_real(e->learning_rate), "seconds",
                  wf_json_real(e->seconds), "ms_per_step", wf_json_real(e->ms_per_step));
    WF_REQUIRE(record, WF_E_NOMEM, "out of memory: epoch %d as JSON", e->epoch);
    *out = record;
    return WF_OK;
}

wf_status wf_run_epochs_json(json_t **out, wf_context *cx, const wf_run_metrics *metrics) {
    json_t *list = json_array(), *record = NULL;
    wf_status status = WF_OK;
    for (size_t i = 0; i < metrics->count && status == WF_OK; i++) {
        status = wf_run_epoch_json(&record, cx, &metrics->epochs[i]);
        if (status == WF_OK) status = wf_json_append(list, cx, record);
    }
    return wf_json_hand_over(out, list, status);
}

wf_status wf_run_figures_json(json_t **out, wf_context *cx, const wf_run_figures *f) {
    json_t *object = json_object();
    wf_status status = WF_OK;
    for (size_t i = 0; i < f->count && status == WF_OK; i++)
        status = wf_json_put(object, cx, f->items[i].name,
                             json_pack("{s:o, s:o, s:o}", "value", wf_json_real(f->items[i].value),
                                       "low", wf_json_real(f->items[i].low), "high",
                                       wf_json_real(f->items[i].high)));
    return wf_json_hand_over(out, object, status);
}

wf_status wf_run_classes_json(json_t **out, wf_context *cx, const wf_run_figures *f) {
    json_t *list = json_array(), *object = NULL;
    wf_status status = WF_OK;
    for (size_t i = 0; i < f->class_count && status == WF_OK; i++) {
        const wf_class_figure *c = &f->classes[i];
        if (i == 0 || c->class_index != f->classes[i - 1].class_index) {
            object = json_pack("{s:i, s:s}", "class", c->class_index, "name", c->class_name);
            status = wf_json_append(list, cx, object);
        }
        if (status == WF_OK) status = wf_json_put(object, cx, c->metric, wf_json_real(c->value));
    }
    return wf_json_hand_over(out, list, status);
}

wf_status wf_run_artefacts_json(json_t **out, wf_context *cx, const wf_artefacts *a) {
    json_t *list = json_array();
    wf_status status = WF_OK;
    for (size_t i = 0; i < a->count && status == WF_OK; i++) {
        const wf_artefact *file = &a->items[i];
        json_t *path = json_string(file->path);
        if (!path) continue; /* no UTF-8: a name that weft gives to no file */
        status = wf_json_append(list, cx,
                                json_pack("{s:o, s:s, s:I}", "path", path, "kind", file->kind,
                                          "bytes", (json_int_t)file->bytes));
    }
    return wf_json_hand_over(out, list, status);
}

/* ---- the whole ---- */

static wf_status put_figures(json_t *document, wf_context *cx, const wf_run *run) {
    wf_run_figures figures = {0};
    json_t *value = NULL;
    wf_status status;
    WF_TRY(wf_run_read_figures(&figures, cx, run));
    WF_TRY_OR(wf_run_figures_json(&value, cx, &figures));
    WF_TRY_OR(wf_json_put(document, cx, "figures", value));
    WF_TRY_OR(wf_run_classes_json(&value, cx, &figures));
    WF_TRY_OR(wf_json_put(document, cx, "classes", value));
done:
    wf_run_figures_reset(&figures);
    return status;
}

static wf_status put_stored(json_t *document, wf_context *cx, const wf_run *run) {
    wf_run_summary summary = {0};
    wf_run_metrics metrics = {0};
    wf_artefacts artefacts = {0};
    json_t *value = NULL;
    wf_status status;
    WF_TRY_OR(wf_run_read_summary(&summary, cx, run));
    WF_TRY_OR(wf_run_summary_json(&value, cx, &summary));
    WF_TRY_OR(wf_json_put(document, cx, "run", value));
    WF_TRY_OR(wf_run_read_metrics(&metrics, cx, run));
    WF_TRY_OR(wf_run_epochs_json(&value, cx, &metrics));
    WF_TRY_OR(wf_json_put(document, cx, "epochs", value));
    WF_TRY_OR(put_figures(document, cx, run));
    WF_TRY_OR(wf_run_read_artefacts(&artefacts, cx, run));
    WF_TRY_OR(wf_run_artefacts_json(&value, cx, &artefacts));
    WF_TRY_OR(wf_json_put(document, cx, "artefacts", value));
done:
    wf_artefacts_reset(&artefacts);
    wf_run_metrics_reset(&metrics);
    wf_run_summary_reset(&summary);
    return status;
}

wf_status wf_run_document(json_t **out, wf_context *cx, const wf_run *run) {
    json_t *document = json_object();
    return wf_json_hand_over(out, document, put_stored(document, cx, run));
}
