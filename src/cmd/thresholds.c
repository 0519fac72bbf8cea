#include "cmd/thresholds.h"

#include "base/alloc.h"
#include "base/files.h"

wf_status wf_thresholds_write(wf_context *cx, wf_run *run, const double *thresholds,
                              wf_thresholds_goal goal, char *const *class_names, int class_count,
                              int64_t images) {
    const char *rule = goal == WF_THRESHOLDS_SUBSET ? "most images with every label right"
                                                    : "best F1 of each label";
    wf_str text = {0};
    json_t *list = json_array();
    json_t *document =
        json_pack("{s:i, s:s, s:s, s:I, s:o}", "schema_version", 1, "chosen_on", "validation",
                  "rule", rule, "images", (json_int_t)images, "thresholds", list);
    wf_status status = WF_OK;
    WF_REQUIRE_OR(document, WF_E_NOMEM, "out of memory for thresholds");
    for (int i = 0; i < class_count; i++)
        WF_TRY_OR(wf_json_append(
            list, cx, json_pack("{s:s, s:f}", "name", class_names[i], "threshold", thresholds[i])));
    WF_TRY_OR(wf_json_text(&text, cx, document, WF_JSON_PRETTY));
    status = wf_run_write(cx, run, WF_THRESHOLDS_FILE, text.text, text.length);
done:
    wf_str_reset(&text);
    json_decref(document);
    return status;
}

wf_status wf_thresholds_read(double **out, wf_context *cx, const wf_run *run, int class_count) {
    wf_status status;
    char *path = NULL;
    json_t *document = NULL, *list = NULL;
    double *thresholds = NULL;
    WF_TRY(wf_run_file(&path, cx, run, WF_THRESHOLDS_FILE));
    *out = NULL;
    status = WF_OK;
    if (!wf_path_exists(path)) goto done;
    WF_TRY_OR(wf_json_read(&document, cx, path));
    list = json_object_get(document, "thresholds");
    WF_REQUIRE_OR(json_array_size(list) == (size_t)class_count, WF_E_DATA,
                  "%s: found %zu thresholds, expected %d", path, json_array_size(list),
                  class_count);
    WF_TRY_OR(wf_alloc(&thresholds, cx, (size_t)class_count, sizeof *thresholds));
    for (int i = 0; i < class_count; i++) {
        const json_t *value = json_object_get(json_array_get(list, (size_t)i), "threshold");
        thresholds[i] = json_number_value(value);
        WF_REQUIRE_OR(json_is_number(value) && thresholds[i] >= 0 && thresholds[i] <= 1, WF_E_DATA,
                      "%s: threshold %d must be a number from 0 to 1", path, i);
    }
    *out = thresholds;
    thresholds = NULL;
done:
    wf_free(thresholds);
    json_decref(document);
    wf_free(path);
    return status;
}
