/* The audit as a JSON document. */
#include "cmd/audit.h"

static json_t *counts_json(const wf_duplicate_counts *c) {
    return json_pack("{s:I, s:I, s:I}", "pairs", (json_int_t)c->pairs, "other_label",
                     (json_int_t)c->other_label, "images", (json_int_t)c->images);
}

static wf_status put_duplicates(json_t *document, wf_context *cx, const wf_audit *a) {
    const wf_duplicates *d = a->duplicates;
    json_t *object = json_object(), *parts = json_array(), *nearest = json_array();
    WF_TRY(wf_json_put(document, cx, "duplicates", object));
    WF_TRY(wf_json_put(object, cx, "near", wf_json_real(d->near)));
    WF_TRY(wf_json_put(object, cx, "parts", parts));
    wf_part p, q;
    for (int i = 0; wf_audit_parts(a, i, &p, &q); i++)
        WF_TRY(
            wf_json_append(parts, cx,
                           json_pack("{s:s, s:s, s:o, s:o}", "a", wf_part_name(p), "b",
                                     wf_part_name(q), "exact", counts_json(&d->exact_counts[p][q]),
                                     "near", counts_json(&d->close_counts[p][q]))));
    WF_TRY(wf_json_put(object, cx, "nearest_training_image", nearest));
    for (int i = 0; i < WF_NEAREST_BINS; i++)
        WF_TRY(wf_json_append(nearest, cx,
                              json_pack("{s:f, s:I}", "up_to", d->near / 6 * (i + 1), "images",
                                        (json_int_t)d->nearest[i])));
    return WF_OK;
}

static json_t *class_json(const wf_audit *a, int32_t label) {
    return label == WF_NO_LABEL ? json_null() : json_string(a->dataset->class_names[label]);
}

static wf_status add_labels(json_t *list, wf_context *cx, const wf_audit *a, int part) {
    wf_audited l = wf_audit_labels(a, part);
    json_t *object = json_object(), *pairs = json_array();
    if (!l.errors) {
        json_decref(object);
        json_decref(pairs);
        return WF_OK;
    }
    WF_TRY(wf_json_append(list, cx, object));
    WF_TRY(wf_json_put(object, cx, "pairs", pairs));
    WF_TRY(wf_json_put(object, cx, "part", json_string(wf_part_name(l.opinions->part))));
    WF_TRY(wf_json_put(object, cx, "flags_from", json_incref(l.opinions->names)));
    WF_TRY(wf_json_put(object, cx, "images", json_integer(l.errors->count)));
    WF_TRY(wf_json_put(object, cx, "flagged", json_integer(l.errors->error_count)));
    for (int64_t i = 0; i < l.errors->pair_count; i++) {
        const wf_label_pair *p = &l.errors->pairs[i];
        WF_TRY(wf_json_append(pairs, cx,
                              json_pack("{s:o, s:o, s:I, s:f, s:f}", "label",
                                        class_json(a, p->label), "suggested",
                                        class_json(a, p->other), "flagged", (json_int_t)p->flagged,
                                        "estimated", p->estimated, "share_of_label", p->share)));
    }
    return WF_OK;
}

static wf_status put_sensitivity(json_t *document, wf_context *cx, const wf_audit *a) {
    const wf_sensitivity *s = &a->sensitivity;
    json_t *object = json_object(), *rows = json_array();
    if (!s->run) {
        json_decref(object);
        json_decref(rows);
        return WF_OK;
    }
    WF_TRY(wf_json_put(document, cx, "sensitivity_only", object));
    WF_TRY(wf_json_put(object, cx, "rows", rows));
    WF_TRY(wf_json_put(object, cx, "run", json_string(s->run)));
    WF_TRY(wf_json_put(object, cx, "note", json_string(wf_sensitivity_note)));
    WF_TRY(wf_json_put(object, cx, "flags_from", json_incref(a->test.names)));
    for (int w = 0; w < WF_LEFT_OUT_COUNT; w++) {
        double accuracy = (double)s->right[w] / (double)s->images[w];
        WF_TRY(wf_json_append(rows, cx,
                              json_pack("{s:s, s:I, s:I, s:o}", "what",
                                        wf_left_out_name((wf_left_out)w), "images",
                                        (json_int_t)s->images[w], "right", (json_int_t)s->right[w],
                                        "accuracy", wf_json_real(accuracy))));
    }
    return WF_OK;
}

static wf_status fill(json_t *document, wf_context *cx, const wf_audit *a) {
    const wf_dataset *d = a->dataset;
    json_t *labels = json_array();
    WF_TRY(wf_json_put(document, cx, "label_errors", labels));
    WF_TRY(wf_json_put(document, cx, "dataset", json_string(d->name)));
    WF_TRY(wf_json_put(document, cx, "data_hash", json_string(d->sha256)));
    WF_TRY(put_duplicates(document, cx, a));
    for (int i = 0; i < WF_AUDITED_PARTS; i++) WF_TRY(add_labels(labels, cx, a, i));
    return put_sensitivity(document, cx, a);
}

wf_status wf_audit_json(json_t **out, wf_context *cx, const wf_audit *a) {
    json_t *document = json_object();
    return wf_json_hand_over(out, document, fill(document, cx, a));
}
