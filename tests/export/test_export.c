/* What cannot be exported, and what happens when memory or the disk fails. That the files are right
 * is in test_layers.py and test_models.py. */
#include "base/alloc.h"
#include "export/cases.h"
#include "nn/flow.h"
#include "nn/infer.h"
#include "nn/onnx.h"
#include "scratch.h"
#include "test.h"
#include "weft/export.h"

static wf_status pass_plan(wf_builder *b) {
    (void)b;
    return WF_OK;
}

static const wf_field no_fields[] = {{0}};
static const wf_layer_class mystery_class = {.name = "mystery",
                                             .min_inputs = 1,
                                             .max_inputs = 1,
                                             .fields = no_fields,
                                             .infer = wf_infer_same,
                                             .plan = pass_plan};

typedef struct model {
    wf_graph *graph;
    wf_params *params;
} model;

static void start(model *m) {
    wf_context cx = {0};
    int node;
    CHECK_OK(&cx, wf_graph_create(&m->graph, &cx, "test"));
    CHECK_OK(&cx,
             wf_graph_add_text(&node, m->graph, &cx, "input", "shape: [6, 6, 1]", NULL, NULL, 0));
}

static void finish(model *m) {
    wf_context cx = {0};
    CHECK_OK(&cx, wf_graph_finish(m->graph, &cx));
    CHECK_OK(&cx, wf_params_create(&m->params, &cx, m->graph, 1));
}

static void add(model *m, const char *class, const char *keys) {
    wf_context cx = {0};
    int node, last = m->graph->n_nodes - 1;
    CHECK_OK(&cx, wf_graph_add_text(&node, m->graph, &cx, class, keys, NULL, &last, 1));
}

static void reset(model *m) {
    wf_params_destroy(m->params);
    wf_graph_destroy(m->graph);
}

/* Attributes of every kind, layers of every shape. */
static void build(model *m) {
    start(m);
    add(m, "conv2d", "filters: 2, kernel_size: 3, padding: same, activation: gelu");
    add(m, "batch_normalization", "scale: false");
    add(m, "max_pool2d", "");
    add(m, "rows", "");
    add(m, "bidirectional", "layer: {gru: {units: 3, activation: elu, return_sequences: true}}");
    add(m, "lstm", "units: 4, go_backwards: true, activation: linear");
    add(m, "dense", "units: 3, activation: softmax");
    finish(m);
}

static const float unit = 1 / 255.0f;
static const char *const names[] = {"shirt", "\"shoe\"", "bag"};

static wf_onnx_options options_of(const wf_normalization *n) {
    return (wf_onnx_options){
        .normalization = n, .class_names = names, .n_class_names = 3, .description = "a test"};
}

TEST(every_layer_has_a_slot) {
    for (size_t i = 0; i < wf_layer_count(); i++) {
        const wf_layer_class *class = wf_layer_at(i);
        const int is_input = class->max_inputs == 0;
        if (!class->onnx && !is_input) printf("%s cannot be exported\n", class->name);
        CHECK(class->onnx || is_input);
    }
}

TEST(a_layer_without_a_slot_is_named) {
    wf_context cx = {0};
    model m = {0};
    int node, input = 0;
    const wf_layer_spec spec = {&mystery_class, NULL};
    start(&m);
    CHECK_OK(&cx, wf_graph_add(&node, m.graph, &cx, &spec, "riddle", &input, 1));
    finish(&m);
    wf_onnx_result result = {.bytes = -7};
    CHECK_INT(wf_export_onnx(&result, &cx, scratch("mystery.onnx"), m.params, NULL),
              WF_E_UNSUPPORTED);
    CHECK_STR(cx.message, "layer riddle: mystery cannot be exported to ONNX");
    CHECK_INT(result.bytes, -7);
    CHECK(!wf_path_exists(scratch("mystery.onnx")));
    reset(&m);
}

TEST(normalization_has_the_channels_of_the_model) {
    wf_context cx = {0};
    model m = {0};
    const wf_normalization colours = {.channels = 3};
    const wf_onnx_options options = options_of(&colours);
    build(&m);
    CHECK_INT(wf_export_onnx(NULL, &cx, scratch("colours.onnx"), m.params, &options), WF_E_SHAPE);
    CHECK_STR(cx.message,
              "model test: its input is (6, 6, 1), the normalization is of images of 3 channels");
    reset(&m);
}

TEST(a_file_that_cannot_be_made) {
    wf_context cx = {0};
    model m = {0};
    build(&m);
    CHECK_FAILS(&cx, wf_export_onnx(NULL, &cx, scratch("nowhere/x.onnx"), m.params, NULL),
                WF_E_NOTFOUND);
    reset(&m);
}

TEST(the_file_is_as_long_as_it_is_said) {
    wf_context cx = {0};
    model m = {0};
    wf_onnx_result result;
    uint64_t size = 0;
    build(&m);
    CHECK_OK(&cx, wf_export_onnx(&result, &cx, scratch("size.onnx"), m.params, NULL));
    CHECK_OK(&cx, wf_file_size(&size, &cx, scratch("size.onnx")));
    CHECK_INT(size, result.bytes);
    CHECK(result.operators > 10);
    reset(&m);
}

TEST(every_allocation_fails_once) {
    const wf_normalization normalization = {.channels = 1, .scale = {unit}, .shift = {-0.5f}};
    const wf_onnx_options options = options_of(&normalization);
    model m = {0};
    build(&m);
    for (long k = 1;; k++) {
        wf_context cx = {0};
        wf__alloc_fail_at(k);
        wf_status status =
            wf_export_onnx(NULL, &cx, scratch("memory/model.onnx"), m.params, &options);
        wf__alloc_fail_at(0);
        if (status == WF_E_NOTFOUND) { /* it got as far as the folder, which is not there */
            CHECK(k > 100);
            break;
        }
        CHECK_FAILS(&cx, status, WF_E_NOMEM);
    }
    reset(&m);
}

TEST(every_write_fails_once) {
    const char *path = scratch_text("disk/model.onnx", "old");
    model m = {0};
    build(&m);
    for (long k = 1;; k++) {
        wf_context cx = {0};
        wf__io_fail_at(k);
        wf_status status = wf_export_onnx(NULL, &cx, path, m.params, NULL);
        wf__io_fail_at(0);
        CHECK_INT(scratch_entries("disk"), 1);
        if (status == WF_OK) {
            CHECK(k > 3);
            break;
        }
        CHECK_FAILS(&cx, status, WF_E_IO);
    }
    reset(&m);
}

TEST_MAIN()
