#include <string.h>

#include "base/alloc.h"
#include "cmd/export.h"
#include "nn/onnx.h"
#include "train/recipe.h"
#include "weft/export.h"

typedef struct export_options {
    wf_session_flags session;
    const char *runs, *format, *output;
} export_options;

static const wf_option options_table[] = {
    {"format", 'f', WF_OPTION_CHOICE, offsetof(export_options, format), "onnx|tensorboard", "onnx",
     NULL, 0, 0, "a model for other programs, or a run for TensorBoard"},
    {"output", 'o', WF_OPTION_TEXT, offsetof(export_options, output), "PATH", NULL, NULL, 0, 0,
     "the file to write, as model.onnx (default: the run's id and .onnx), or the folder of the "
     "runs for TensorBoard (default: tensorboard)"},
    WF_RUNS_OPTION(export_options, runs),
    WF_SESSION_OPTIONS(export_options, session),
    {0}};

/* Points into `names`, which may be NULL. */
static wf_status list_names(const char ***out, wf_context *cx, const json_t *names) {
    const size_t n = json_array_size(names);
    if (!n) return WF_OK;
    WF_TRY(wf_alloc(out, cx, n, sizeof **out));
    for (size_t i = 0; i < n; i++) {
        const char *name = json_string_value(json_array_get(names, i));
        (*out)[i] = name ? name : "";
    }
    return WF_OK;
}

/* What an axis of the output holds where that is not one number for each class. */
static const char *output_text(const wf_shape *shape, int classes) {
    if (shape->rank > 1) return ", at every step: each label, and END";
    if (shape->dim[0] != classes)
        return ", of every set of labels: number k has the labels of k's bits";
    return "";
}

/* As `input   image          float32 [batch, 8, 8, 1], pixels 0 to 255`. */
static void print_tensor(wf_cli *cli, const char *kind, const char *name, const wf_shape *shape,
                         const char *what) {
    wf_print(cli, "%-7s %-14s float32 [batch", kind, name);
    for (int i = 0; i < shape->rank; i++) wf_print(cli, ", %lld", (long long)shape->dim[i]);
    wf_print(cli, "]%s\n", what);
}

static json_t *tensor_json(const char *name, const wf_shape *shape) {
    json_t *dims = json_array();
    for (int i = 0; i < shape->rank; i++)
        json_array_append_new(dims, json_integer((json_int_t)shape->dim[i]));
    return json_pack("{s:s, s:o}", "name", name, "shape", dims);
}

/* What goes in and comes out; a decoder also reads what it has said. */
static wf_status show_tensors(wf_cli *cli, const wf_graph *g, int classes) {
    const wf_shape *in = &g->nodes[0].shape, *out = &g->nodes[g->output].shape;
    wf_context *cx = &cli->cx;
    json_t *said = json_array();
    WF_TRY(wf_json_put(cli->result, cx, "input", tensor_json(WF_ONNX_IMAGE, in)));
    WF_TRY(wf_json_put(cli->result, cx, "label_inputs", said));
    WF_TRY(wf_json_put(cli->result, cx, "output", tensor_json(WF_ONNX_PROBABILITIES, out)));
    print_tensor(cli, "input", WF_ONNX_IMAGE, in, ", pixels 0 to 255");
    for (int i = 1; i < g->n_nodes; i++) {
        const wf_node *node = &g->nodes[i];
        if (node->n_inputs) continue;
        print_tensor(cli, "input", node->name, &node->shape, ", what was said before each step");
        json_array_append_new(said, tensor_json(node->name, &node->shape));
    }
    print_tensor(cli, "output", WF_ONNX_PROBABILITIES, out, output_text(out, classes));
    return WF_OK;
}

static wf_status write_model(wf_cli *cli, const wf_trained *t, const char *path,
                             const json_t *names) {
    const wf_graph *g = t->params->graph;
    char description[256], bytes[32], params[32];
    const char **list = NULL;
    wf_onnx_result result;
    snprintf(description, sizeof description, "Run %.200s of weft", t->summary.id);
    WF_TRY(list_names(&list, &cli->cx, names));
    const wf_onnx_options options = {.normalization = &t->normalization,
                                     .class_names = list,
                                     .n_class_names = json_array_size(names),
                                     .description = description};
    wf_status status = wf_export_onnx(&result, &cli->cx, path, t->params, &options);
    wf_free(list);
    if (status != WF_OK) return status;
    wf_print(cli, "%s: %s, %s parameters, %d operators of ONNX opset %d\n", path,
             wf_bytes_text(bytes, (double)result.bytes), wf_thousands(params, g->total_size),
             result.operators, WF_ONNX_OPSET);
    if (t->experiment.model->recipe->test_views)
        wf_note(cli,
                "%s: one view of each image, as with --tta none; the run was tested with means "
                "over several\n",
                t->summary.id);
    cli->result = json_pack("{s:s, s:s, s:I, s:I, s:i, s:i, s:i}", "run", t->summary.id, "file",
                            path, "bytes", (json_int_t)result.bytes, "params",
                            (json_int_t)g->total_size, "operators", result.operators, "opset",
                            WF_ONNX_OPSET, "ir_version", WF_ONNX_IR_VERSION);
    return show_tensors(cli, g, wf_model_classes(t->experiment.model));
}

static wf_status write_onnx(wf_cli *cli, const wf_trained *t, const char *output) {
    wf_str path = {0};
    json_t *names = NULL;
    wf_status status;
    WF_TRY_OR(wf_trained_class_names(&names, &cli->cx, t));
    if (output) wf_str_add(&path, &cli->cx, output);
    else wf_str_addf(&path, &cli->cx, "%s.onnx", t->summary.id);
    WF_TRY_OR(path.status);
    WF_TRY_OR(write_model(cli, t, path.text, names));
done:
    wf_str_reset(&path);
    json_decref(names);
    return status;
}

static wf_status run(wf_cli *cli, const void *given) {
    const export_options *o = given;
    wf_session session = {0};
    wf_trained trained = {0};
    wf_status status;
    WF_TRY_OR(wf_session_init(&session, cli, &o->session));
    WF_TRY_OR(wf_trained_open(&trained, &session, o->runs, cli->operands[0]));
    if (!strcmp(o->format, "onnx")) WF_TRY_OR(write_onnx(cli, &trained, o->output));
    else
        WF_TRY_OR(wf_export_tensorboard(&session, &trained, o->output ? o->output : "tensorboard"));
done:
    wf_trained_reset(&trained);
    wf_session_reset(&session);
    return status;
}

const wf_command wf_command_export = {
    .name = "export",
    .summary = "Write a trained model as an ONNX file, or a run for TensorBoard",
    .operands = "RUN",
    .min_operands = 1,
    .max_operands = 1,
    .description =
        "RUN is as in weft help evaluate, and so are the weights. An ONNX file runs in ONNX "
        "Runtime\n"
        "and other programs: pixels 0 to 255 as float32 [batch, height, width, channels] go in,\n"
        "the normalization is part of it; probabilities come out. Its metadata hold the classes'\n"
        "names. An existing file is replaced.\n"
        "For TensorBoard the run gets a folder of event files: the figures of every epoch, the\n"
        "last weights, hyperparameters and figures for the HPARAMS tab, the confusion matrix.",
    .examples = "weft export gru-128 -o gru.onnx\n"
                "weft export gru-128 --format tensorboard -o logs",
    .options_size = sizeof(export_options),
    .options = options_table,
    .run = run,
};
