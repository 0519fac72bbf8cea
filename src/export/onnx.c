#include "base/alloc.h"
#include "base/json.h"
#include "export/onnx_proto.h"
#include "weft/export.h"

static const wf_onnx_name input_name = {WF_ONNX_IMAGE}, output_name = {WF_ONNX_PROBABILITIES};

/* pixel * scale + shift, with the channels first: runtimes repeat one number over an image quickly,
 * but not a short last axis. */
static wf_status normalize(wf_onnx *x, const wf_normalization *n) {
    const wf_shape channels = {.rank = 3, .dim = {n->channels, 1, 1}};
    wf_onnx_name y, constant;
    int is_shifted = 0;
    WF_TRY(wf_onnx_own(&y, x, WF_ONNX_FIRST));
    WF_TRY(wf_onnx_reals(&constant, x, "scale", &channels, n->scale));
    WF_TRY(wf_onnx_binary(&y, x, "Mul", &y, &constant));
    for (int i = 0; i < n->channels; i++) is_shifted |= n->shift[i] < 0 || n->shift[i] > 0;
    if (is_shifted) {
        WF_TRY(wf_onnx_reals(&constant, x, "shift", &channels, n->shift));
        WF_TRY(wf_onnx_binary(&y, x, "Add", &y, &constant));
    }
    wf_onnx_output(x, &y, WF_ONNX_FIRST);
    return WF_OK;
}

static wf_status add_input(wf_onnx *x, wf_onnx_model *m, const wf_normalization *n) {
    wf_context *cx = x->cx;
    const wf_shape *shape = &x->params->graph->nodes[0].shape;
    char text[96];
    WF_TRY(wf_onnx_model_input(m, cx, input_name.text, shape,
                               n ? "pixels 0 to 255 as they are, channels last"
                                 : "what the first layer sees"));
    wf_onnx_turn(x, 0);
    wf_onnx_output(x, &input_name, WF_ONNX_WEFT);
    if (!n) return WF_OK;
    WF_REQUIRE(shape->rank == 3 && shape->dim[2] == n->channels, WF_E_SHAPE,
               "model %s: its input is %s, the normalization is of images of %d channels",
               x->params->graph->name, wf_shape_text(text, sizeof text, shape), n->channels);
    return normalize(x, n);
}

/* The last layer's tensor gets the graph's output as its name. A graph whose layers all hand on
 * what they get has no operator to be renamed. */
static wf_status add_output(wf_onnx *x, wf_onnx_model *m) {
    const wf_graph *g = x->params->graph;
    wf_onnx_name y;
    int is_found;
    WF_TRY(wf_onnx_own(&y, x, WF_ONNX_WEFT));
    WF_TRY(wf_onnx_model_rename(&is_found, m, x->cx, y.text, output_name.text));
    if (!is_found) {
        WF_TRY(wf_onnx_unary(&y, x, "Identity", &y));
        WF_TRY(wf_onnx_model_rename(&is_found, m, x->cx, y.text, output_name.text));
    }
    return wf_onnx_model_output(m, x->cx, output_name.text, &g->nodes[g->output].shape);
}

static wf_status add_class_names(wf_onnx_model *m, wf_context *cx, const char *const *names,
                                 size_t n) {
    wf_str text = {0};
    json_t *array = json_array();
    wf_status status = array ? WF_OK : WF_FAIL(WF_E_NOMEM, "no memory for the class names");
    for (size_t i = 0; i < n && status == WF_OK; i++)
        if (json_array_append_new(array, json_string(names[i])) != 0)
            status = WF_FAIL(WF_E_NOMEM, "no memory for the class names");
    if (status == WF_OK) status = wf_json_text(&text, cx, array, WF_JSON_COMPACT);
    if (status == WF_OK) status = wf_onnx_model_note(m, cx, "class_names", text.text);
    wf_str_reset(&text);
    json_decref(array);
    return status;
}

wf_status wf_export_onnx(wf_onnx_result *out, wf_context *cx, const char *path,
                         const wf_params *params, const wf_onnx_options *options) {
    static const wf_onnx_options none = {0};
    const wf_graph *g = params->graph;
    const wf_onnx_options *o = options ? options : &none;
    wf_onnx_model *model = NULL;
    wf_onnx x = {.cx = cx, .params = params};
    int64_t bytes = 0;
    wf_status status;
    WF_TRY_OR(wf_onnx_model_create(&model, cx, g->name, o->description));
    WF_TRY_OR(wf_alloc(&x.values, cx, (size_t)g->n_nodes, sizeof *x.values));
    x.sink = wf_onnx_model_sink(model);
    WF_TRY_OR(add_input(&x, model, o->normalization));
    for (int i = 1; i < g->n_nodes; i++) WF_TRY_OR(wf_onnx_add_layer(&x, i));
    WF_TRY_OR(add_output(&x, model));
    if (o->class_names) WF_TRY_OR(add_class_names(model, cx, o->class_names, o->n_class_names));
    WF_TRY_OR(wf_onnx_model_write(&bytes, model, cx, path));
    if (out) *out = (wf_onnx_result){bytes, wf_onnx_model_operators(model)};
done:
    wf_free(x.values);
    wf_onnx_model_destroy(model);
    return status;
}
