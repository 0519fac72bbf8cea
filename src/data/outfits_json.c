#include "data/compose.h"

static wf_status add_numbers(json_t *object, wf_context *cx, const char *key, const double *values,
                             int n) {
    json_t *list = json_array();
    wf_status status = WF_OK;
    for (int i = 0; i < n && status == WF_OK; i++)
        status = wf_json_append(list, cx, json_real(values[i]));
    if (status == WF_OK) return wf_json_put(object, cx, key, list);
    json_decref(list);
    return status;
}

static wf_status add_square(json_t *object, wf_context *cx, const char *key,
                            const double (*values)[WF_OUTFIT_CLASSES]) {
    json_t *rows = json_array();
    wf_status status = WF_OK;
    for (int i = 0; i < WF_OUTFIT_CLASSES && status == WF_OK; i++) {
        json_t *row = json_array();
        for (int j = 0; j < WF_OUTFIT_CLASSES && status == WF_OK; j++)
            status = wf_json_append(row, cx, json_real(values[i][j]));
        if (status == WF_OK) status = wf_json_append(rows, cx, row);
        else json_decref(row);
    }
    if (status == WF_OK) return wf_json_put(object, cx, key, rows);
    json_decref(rows);
    return status;
}

static wf_status add_names(json_t *object, wf_context *cx, char *const *names) {
    json_t *list = json_array();
    wf_status status = WF_OK;
    for (int i = 0; i < WF_OUTFIT_CLASSES && status == WF_OK; i++)
        status = wf_json_append(list, cx, json_string(names[i]));
    if (status == WF_OK) return wf_json_put(object, cx, "classes", list);
    json_decref(list);
    return status;
}

static wf_status fill(json_t *j, wf_context *cx, const wf_outfits *o, const wf_dataset *garments) {
    double reached[WF_OUTFIT_CLASSES];
    for (int i = 0; i < WF_OUTFIT_CLASSES; i++) reached[i] = o->pairs[i][i];
    WF_TRY(add_names(j, cx, garments->class_names));
    WF_TRY(wf_json_put(j, cx, "entropy", json_real(o->entropy)));
    WF_TRY(wf_json_put(j, cx, "total_correlation", json_real(o->total_correlation)));
    WF_TRY(add_numbers(j, cx, "marginals_wanted", o->marginals, WF_OUTFIT_CLASSES));
    WF_TRY(add_numbers(j, cx, "marginals", reached, WF_OUTFIT_CLASSES));
    WF_TRY(add_square(j, cx, "pairs", o->pairs));
    WF_TRY(wf_json_put(j, cx, "labels_least", json_integer(WF_OUTFIT_LEAST)));
    WF_TRY(wf_json_put(j, cx, "labels_most", json_integer(WF_OUTFIT_MOST)));
    WF_TRY(wf_json_put(j, cx, "outside", json_real(o->outside)));
    WF_TRY(add_numbers(j, cx, "fields", o->fields, WF_OUTFIT_CLASSES));
    WF_TRY(add_square(j, cx, "interactions", o->interactions));
    return add_numbers(j, cx, "probabilities", o->probabilities, WF_OUTFIT_SETS);
}

wf_status wf__outfits_json(json_t **out, wf_context *cx, const wf_outfits *outfits,
                           const wf_dataset *garments, const wf_compose_options *o) {
    json_t *j = json_pack("{s:s, s:f, s:I, s:I, s:I, s:{s:s, s:s}}", "kind", "outfits",
                          "dependence", outfits->dependence, "seed", (json_int_t)o->seed, "train",
                          (json_int_t)o->n_train, "test", (json_int_t)o->n_test, "garments",
                          "dataset", garments->name, "sha256", garments->sha256);
    WF_REQUIRE(j, WF_E_NOMEM, "out of memory for a label distribution");
    return wf_json_hand_over(out, j, fill(j, cx, outfits, garments));
}
