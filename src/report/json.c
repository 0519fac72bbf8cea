/* The comparison as one JSON document. */
#include "base/json.h"
#include "eval/evaluation.h"
#include "report/internal.h"

enum { SCHEMA_VERSION = 1 };

/* Every value passes here, so that one check sees a lack of memory. */
static wf_status put(json_t *object, wf_context *cx, const char *key, json_t *value) {
    WF_REQUIRE(json_object_set_new(object, key, value) == 0, WF_E_NOMEM,
               "out of memory: %s of a comparison", key);
    return WF_OK;
}

static wf_status append(json_t *list, wf_context *cx, json_t *value) {
    WF_REQUIRE(json_array_append_new(list, value) == 0, WF_E_NOMEM,
               "out of memory: a list of a comparison");
    return WF_OK;
}

static json_t *spread(wf_spread s) {
    return json_pack("{s:o, s:o, s:I}", "mean", wf_json_real(s.mean), "sd", wf_json_real(s.sd),
                     "count", (json_int_t)s.count);
}

static json_t *class_of(const wf_report_row *row, int index) {
    if (index < 0) return json_null();
    return json_pack("{s:s, s:o}", "name", row->pooled->class_names[index], "f1",
                     wf_json_real(row->class_f1[index].mean));
}

static wf_status put_runs(json_t *object, wf_context *cx, const wf_report_row *row) {
    json_t *list = json_array();
    WF_TRY(put(object, cx, "runs", list));
    for (size_t i = 0; i < row->run_count; i++) {
        const wf_run_summary *r = &row->runs[i].summary;
        WF_TRY(append(list, cx,
                      json_pack("{s:s, s:I, s:s, s:I, s:o, s:o, s:o, s:o}", "id", r->id, "seed",
                                (json_int_t)r->seed, "started", r->started, "epochs",
                                (json_int_t)r->epochs, "accuracy", wf_json_real(r->accuracy),
                                "loss", wf_json_real(r->loss), "macro_f1",
                                wf_json_real(r->macro_f1), "total_s", wf_json_real(r->total_s))));
    }
    return WF_OK;
}

static wf_status put_claim(json_t *object, wf_context *cx, const wf_report_row *row) {
    const wf_run_summary *r = wf__row_summary(row);
    WF_TRY(put(object, cx, "claim",
               json_pack("{s:s, s:o, s:o, s:o}", "text", r->claim_text, "accuracy",
                         wf_json_real(r->claim_accuracy), "macro_f1",
                         wf_json_real(r->claim_macro_f1), "loss", wf_json_real(r->claim_loss))));
    return put(object, cx, "minus_claim",
               json_pack("{s:o, s:o, s:o}", "accuracy", wf_json_real(row->delta_accuracy),
                         "macro_f1", wf_json_real(row->delta_macro_f1), "loss",
                         wf_json_real(row->delta_loss)));
}

static wf_status put_row(json_t *list, wf_context *cx, const wf_report_row *row) {
    const wf_run_summary *r = wf__row_summary(row);
    json_t *o = json_object(), *evaluation = NULL;
    WF_TRY(append(list, cx, o)); /* now owned by the list */
    const struct {
        const char *key;
        json_t *value;
    } parts[] = {
        {"label", json_string(row->label)},
        {"model", json_string(r->model)},
        {"family", json_string(r->family)},
        {"dataset", json_string(r->dataset)},
        {"precision", json_string(r->precision)},
        {"train_images", json_integer(r->train_count)},
        {"test_images", json_integer(row->runs[0].evaluation->count)},
        {"parameters", json_integer(r->parameters)},
        {"madds", json_integer(r->madds)},
        {"accuracy", spread(row->accuracy)},
        {"loss", spread(row->loss)},
        {"macro_f1", spread(row->macro_f1)},
        {"ms_per_step", spread(row->ms_per_step)},
        {"s_per_epoch", spread(row->s_per_epoch)},
        {"epochs", spread(row->epochs)},
        {"total_s", spread(row->total_s)},
        {"worst_class", class_of(row, row->worst_class)},
        {"best_class", class_of(row, row->best_class)},
    };
    wf_status status = WF_OK;
    for (size_t i = 0; i < sizeof parts / sizeof *parts;
         i++) { /* to the end: it takes the values */
        wf_status one = put(o, cx, parts[i].key, parts[i].value);
        if (status == WF_OK) status = one;
    }
    WF_TRY(status);
    WF_TRY(put_claim(o, cx, row));
    WF_TRY(put_runs(o, cx, row));
    WF_TRY(wf_evaluation_json(&evaluation, cx, row->pooled));
    return put(o, cx, "all_seeds_together", evaluation);
}

static wf_status fill(json_t *document, wf_context *cx, const wf_comparison *c) {
    json_t *models = NULL, *notes = NULL;
    WF_TRY(put(document, cx, "schema_version", json_integer(SCHEMA_VERSION)));
    WF_TRY(put(document, cx, "generated", json_string(c->generated)));
    WF_TRY(put(document, cx, "comparable", json_boolean(c->comparable)));
    WF_TRY(put(document, cx, "answer", json_string(c->answer)));
    WF_TRY(put(document, cx, "notes", notes = json_array()));
    for (size_t i = 0; i < c->note_count; i++) WF_TRY(append(notes, cx, json_string(c->notes[i])));
    WF_TRY(put(document, cx, "models", models = json_array()));
    for (size_t i = 0; i < c->row_count; i++) WF_TRY(put_row(models, cx, &c->rows[i]));
    return WF_OK;
}

wf_status wf_report_json(char **out, wf_context *cx, const wf_comparison *c) {
    wf_status status = WF_OK;
    wf_str text = {0};
    json_t *document = json_object();
    WF_TRY_OR(fill(document, cx, c));
    WF_TRY_OR(wf_json_text(&text, cx, document, WF_JSON_PRETTY));
    *out = text.text;
    text = (wf_str){0};
done:
    wf_str_reset(&text);
    json_decref(document);
    return status;
}
