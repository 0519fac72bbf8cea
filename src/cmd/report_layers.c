/* The layers of a report's models, from the models as their runs keep them. */
#include "cmd/report.h"
#include "spec/summary.h"

/* What weft summary knows, under the document's keys. */
static wf_status add_layer(json_t *list, wf_context *cx, const json_t *layer) {
    static const char *const keys[][2] = {{"name", "name"},         {"type", "type"},
                                          {"inputs", "inputs"},     {"output", "output_shape"},
                                          {"parameters", "params"}, {"madds", "multiply_adds"},
                                          {"settings", "settings"}};
    json_t *one = json_object();
    WF_TRY(wf_json_append(list, cx, one)); /* now owned by the list */
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        WF_TRY(wf_json_put(one, cx, keys[i][0], json_incref(json_object_get(layer, keys[i][1]))));
    return WF_OK;
}

static wf_status add_layers(json_t *model, wf_context *cx, const wf_model_spec *spec) {
    json_t *summary = NULL, *list = json_array();
    WF_TRY(wf_json_put(model, cx, "layers", list));
    WF_TRY(wf_summary_json(&summary, cx, spec));
    const json_t *layers = json_object_get(summary, "layers");
    wf_status status = WF_OK;
    for (size_t i = 0; i < json_array_size(layers) && status == WF_OK; i++)
        status = add_layer(list, cx, json_array_get(layers, i));
    json_decref(summary);
    return status;
}

wf_status wf__report_layers(wf_report *r) {
    const json_t *models = json_object_get(r->document, "models");
    for (size_t i = 0; i < r->comparison->row_count; i++)
        if (r->experiments[i].model)
            WF_TRY(add_layers(json_array_get(models, i), &r->session->cli->cx,
                              r->experiments[i].model));
    return WF_OK;
}
