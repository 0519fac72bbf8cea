/* The comparison as one JSON document. */
#include "base/json.h"
#include "eval/evaluation.h"
#include "report/internal.h"

enum { SCHEMA_VERSION = 1 };

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
    WF_TRY(wf_json_put(object, cx, "runs", list));
    for (size_t i = 0; i < row->run_count; i++) {
        const wf_run_summary *r = &row->runs[i].summary;
        WF_TRY(wf_json_append(
            list, cx,
            json_pack("{s:s, s:I, s:s, s:I, s:o, s:o, s:o, s:o}", "id", r->id, "seed",
                      (json_int_t)r->seed, "started", r->started, "epochs", (json_int_t)r->epochs,
                      "accuracy", wf_json_real(r->accuracy), "loss", wf_json_real(r->loss),
                      "macro_f1", wf_json_real(r->macro_f1), "total_s", wf_json_real(r->total_s))));
    }
    return WF_OK;
}

static wf_status put_claim(json_t *object, wf_context *cx, const wf_report_row *row) {
    const wf_run_summary *r = wf__row_summary(row);
    WF_TRY(wf_json_put(object, cx, "claim",
                       json_pack("{s:s, s:o, s:o, s:o}", "text", r->claim_text, "accuracy",
                                 wf_json_real(r->claim_accuracy), "macro_f1",
                                 wf_json_real(r->claim_macro_f1), "loss",
                                 wf_json_real(r->claim_loss))));
    return wf_json_put(object, cx, "minus_claim",
                       json_pack("{s:o, s:o, s:o}", "accuracy", wf_json_real(row->delta_accuracy),
                                 "macro_f1", wf_json_real(row->delta_macro_f1), "loss",
                                 wf_json_real(row->delta_loss)));
}

static wf_status put_row(json_t *list, wf_context *cx, const wf_report_row *row) {
    const wf_run_summary *r = wf__row_summary(row);
    json_t *o = json_object(), *evaluation = NULL;
    WF_TRY(wf_json_append(list, cx, o)); /* now owned by the list */
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
        wf_status one = wf_json_put(o, cx, parts[i].key, parts[i].value);
        if (status == WF_OK) status = one;
    }
    WF_TRY(status);
    for (int h = WF_HEADLINE_SUBSET_ACCURACY; h < WF_HEADLINE_COUNT; h++)
        if (row->headlines[h].count > 0)
            WF_TRY(wf_json_put(o, cx, wf_headline_key((wf_headline)h), spread(row->headlines[h])));
    WF_TRY(put_claim(o, cx, row));
    WF_TRY(put_runs(o, cx, row));
    WF_TRY(wf_evaluation_json(&evaluation, cx, row->pooled));
    return wf_json_put(o, cx, "all_seeds_together", evaluation);
}

/* The figures that both tests have. */
static json_t *pair_test(const wf_pair_test *t) {
    return json_pack("{s:b, s:b, s:o, s:o, s:o, s:o, s:o, s:s}", "tested", t->is_tested, "shown",
                     t->is_shown, "difference", wf_json_real(t->difference), "low",
                     wf_json_real(t->low), "high", wf_json_real(t->high), "p", wf_json_real(t->p),
                     "p_holm", wf_json_real(t->p_holm), "in_words", t->sentence);
}

static wf_status put_mcnemar(json_t *object, wf_context *cx, const wf_comparison *c,
                             const wf_report_pair *pair) {
    const wf_mcnemar *m = &pair->mcnemar;
    json_t *o = pair_test(&pair->images);
    WF_TRY(wf_json_put(object, cx, "same_images", o)); /* now owned by the object */
    const wf_report_run *a = &c->rows[pair->a].runs[pair->run_a];
    const wf_report_run *b = &c->rows[pair->b].runs[pair->run_b];
    WF_TRY(wf_json_put(o, cx, "run_a", json_string(a->summary.id)));
    WF_TRY(wf_json_put(o, cx, "run_b", json_string(b->summary.id)));
    if (!pair->images.is_tested) return WF_OK;
    WF_TRY(wf_json_put(o, cx, "p_exact", json_real(m->p_exact)));
    WF_TRY(wf_json_put(o, cx, "both_right", json_integer(m->both_right)));
    WF_TRY(wf_json_put(o, cx, "only_a_right", json_integer(m->only_a_right)));
    WF_TRY(wf_json_put(o, cx, "only_b_right", json_integer(m->only_b_right)));
    return wf_json_put(o, cx, "both_wrong", json_integer(m->both_wrong));
}

static wf_status put_welch(json_t *object, wf_context *cx, const wf_report_pair *pair) {
    const wf_t_test *w = &pair->welch;
    json_t *o = pair_test(&pair->seeds);
    WF_TRY(wf_json_put(object, cx, "over_seeds", o)); /* now owned by the object */
    if (!pair->seeds.is_tested) return WF_OK;
    WF_TRY(wf_json_put(o, cx, "t", wf_json_real(w->t)));
    WF_TRY(wf_json_put(o, cx, "df", wf_json_real(w->df)));
    WF_TRY(wf_json_put(o, cx, "cohen_d", wf_json_real(w->cohen_d)));
    return wf_json_put(o, cx, "hedges_g", wf_json_real(w->hedges_g));
}

/* Differences of images with any number of labels. */
static wf_status put_sets(json_t *object, wf_context *cx, const wf_report_pair *pair) {
    json_t *o = json_object();
    if (!pair->has_sets) {
        json_decref(o);
        return WF_OK;
    }
    WF_TRY(wf_json_put(object, cx, "paired_bootstrap", o)); /* now owned by the object */
    for (int h = WF_HEADLINE_SUBSET_ACCURACY; h < WF_HEADLINE_COUNT; h++) {
        const wf_set_difference *d = &pair->sets[h];
        WF_TRY(wf_json_put(o, cx, wf_headline_key((wf_headline)h),
                           json_pack("{s:o, s:o, s:o}", "difference", wf_json_real(d->difference),
                                     "low", wf_json_real(d->low), "high", wf_json_real(d->high))));
    }
    return WF_OK;
}

static wf_status put_pairs(json_t *document, wf_context *cx, const wf_comparison *c) {
    json_t *list = json_array();
    WF_TRY(wf_json_put(document, cx, "pairs", list));
    for (size_t i = 0; i < c->pair_count; i++) {
        const wf_report_pair *pair = &c->pairs[i];
        json_t *o =
            json_pack("{s:s, s:s}", "a", c->rows[pair->a].label, "b", c->rows[pair->b].label);
        WF_TRY(wf_json_append(list, cx, o)); /* now owned by the list */
        WF_TRY(put_mcnemar(o, cx, c, pair));
        WF_TRY(put_welch(o, cx, pair));
        WF_TRY(put_sets(o, cx, pair));
    }
    return wf_json_put(document, cx, "holm_counts",
                       json_pack("{s:I, s:I}", "same_images", (json_int_t)c->images_tested,
                                 "over_seeds", (json_int_t)c->seeds_tested));
}

static wf_status fill(json_t *document, wf_context *cx, const wf_comparison *c) {
    json_t *models = NULL, *notes = NULL;
    WF_TRY(wf_json_put(document, cx, "schema_version", json_integer(SCHEMA_VERSION)));
    WF_TRY(wf_json_put(document, cx, "generated", json_string(c->generated)));
    WF_TRY(wf_json_put(document, cx, "comparable", json_boolean(c->comparable)));
    WF_TRY(wf_json_put(document, cx, "answer", json_string(c->answer)));
    WF_TRY(wf_json_put(document, cx, "notes", notes = json_array()));
    for (size_t i = 0; i < c->note_count; i++)
        WF_TRY(wf_json_append(notes, cx, json_string(c->notes[i])));
    WF_TRY(wf_json_put(document, cx, "models", models = json_array()));
    for (size_t i = 0; i < c->row_count; i++) WF_TRY(put_row(models, cx, &c->rows[i]));
    return put_pairs(document, cx, c);
}

wf_status wf_comparison_json(json_t **out, wf_context *cx, const wf_comparison *c) {
    json_t *document = json_object();
    return wf_json_hand_over(out, document, fill(document, cx, c));
}

wf_status wf_report_json(char **out, wf_context *cx, const wf_comparison *c) {
    wf_status status = WF_OK;
    wf_str text = {0};
    json_t *document = NULL;
    WF_TRY_OR(wf_comparison_json(&document, cx, c));
    WF_TRY_OR(wf_json_text(&text, cx, document, WF_JSON_PRETTY));
    *out = text.text;
    text = (wf_str){0};
done:
    wf_str_reset(&text);
    json_decref(document);
    return status;
}
