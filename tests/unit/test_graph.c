/* Graphs: shapes, names, parameters and multiply-adds of every layer; what is refused. */
#include "test.h"

#include "base/alloc.h"
#include "nn/fields.h"
#include "nn/flow.h"
#include "nn/window.h"

static wf_context cx;

static wf_graph *start(const char *shape) {
    wf_graph *g = NULL;
    char keys[64];
    int node = 0;
    snprintf(keys, sizeof keys, "shape: %s", shape);
    CHECK_OK(&cx, wf_graph_create(&g, &cx, "test"));
    CHECK_OK(&cx, wf_graph_add_text(&node, g, &cx, "input", keys, NULL, NULL, 0));
    return g;
}

/* Appends a layer behind the last one. */
static wf_status add(wf_graph *g, const char *name, const char *keys) {
    int node = 0, last = g->n_nodes - 1;
    return wf_graph_add_text(&node, g, &cx, name, keys, NULL, &last, 1);
}

static const wf_node *last_node(const wf_graph *g) { return &g->nodes[g->n_nodes - 1]; }

static int64_t params_of(const wf_graph *g, const wf_node *node) {
    int64_t n = 0;
    for (int i = 0; i < node->n_params; i++) n += g->params[node->first_param + i].size;
    return n;
}

/* One layer over one input: output shape, parameters, multiply-adds. */
static void check_layer(const char *input, const char *layer, const char *keys, const char *shape,
                        int64_t params, int64_t madds) {
    char text[96];
    wf_graph *g = start(input);
    CHECK_OK(&cx, add(g, layer, keys));
    CHECK_STR(wf_shape_text(text, sizeof text, &last_node(g)->shape), shape);
    CHECK_INT(params_of(g, last_node(g)), params);
    CHECK_INT(last_node(g)->madds, madds);
    wf_graph_destroy(g);
}

static void check_refused(const char *input, const char *layer, const char *keys, wf_status code,
                          const char *message) {
    wf_graph *g = start(input);
    CHECK_INT(add(g, layer, keys), code);
    CHECK_STR(cx.message, message);
    CHECK_INT(g->n_nodes, 1); /* the graph is as before */
    CHECK_INT(g->n_params, 0);
    CHECK_INT(g->total_size, 0);
    wf_graph_destroy(g);
}

TEST(conv2d_shapes) {
    check_layer("[28, 28, 1]", "conv2d", "filters: 32, kernel_size: 3", "(26, 26, 32)", 320,
                26 * 26 * 9 * 32);
    check_layer("[28, 28, 3]", "conv2d", "filters: 8, kernel_size: [3, 5], padding: same",
                "(28, 28, 8)", 15 * 3 * 8 + 8, 28 * 28 * 15 * 3 * 8);
    check_layer(
        "[11, 7, 4]", "conv2d",
        "filters: 6, kernel_size: 3, strides: [2, 3], padding: same, groups: 2, use_bias: false",
        "(6, 3, 6)", 9 * 2 * 6, 6 * 3 * 9 * 2 * 6);
    check_layer("[11, 9, 1]", "conv2d", "filters: 1, kernel_size: 3, dilation_rate: [2, 1]",
                "(7, 7, 1)", 10, 7 * 7 * 9);
    check_layer("[5, 5, 1]", "conv2d", "filters: 1, kernel_size: 2, strides: 4", "(1, 1, 1)", 5, 4);
}

TEST(pool_shapes) {
    check_layer("[7, 6, 3]", "max_pool2d", "", "(3, 3, 3)", 0, 0);
    check_layer("[7, 6, 3]", "max_pool2d", "padding: same", "(4, 3, 3)", 0, 0);
    check_layer("[7, 7, 3]", "average_pool2d", "pool_size: 3, strides: 1", "(5, 5, 3)", 0, 0);
    check_layer("[7, 7, 3]", "average_pool2d", "pool_size: [3, 2], strides: [0, 1], padding: same",
                "(3, 7, 3)", 0, 0);
    check_layer("[7, 5, 9]", "global_average_pool2d", "", "(9,)", 0, 0);
    check_layer("[7, 5, 9]", "global_max_pool2d", "", "(9,)", 0, 0);
    check_layer("[7, 9]", "global_average_pool1d", "", "(9,)", 0, 0);
    check_layer("[7, 9]", "global_max_pool1d", "", "(9,)", 0, 0);
    check_layer("[8, 6, 3]", "patches", "patch_size: 2", "(4, 3, 12)", 0, 0);
    check_layer("[8, 6, 3]", "patches", "patch_size: [4, 1]", "(2, 6, 12)", 0, 0);
}

TEST(dense_works_on_the_last_axis) {
    check_layer("[7]", "dense", "units: 5", "(5,)", 40, 35);
    check_layer("[3, 4, 7]", "dense", "units: 5, use_bias: false", "(3, 4, 5)", 35, 12 * 35);
}

TEST(shapes_that_only_change_their_name) {
    check_layer("[7, 6, 3]", "flatten", "", "(126,)", 0, 0);
    check_layer("[7, 6, 3]", "rows", "", "(7, 18)", 0, 0);
    check_layer("[7, 6, 3]", "columns", "", "(6, 21)", 0, 0);
    check_layer("[7, 6, 3]", "reshape", "target_shape: [7, 18]", "(7, 18)", 0, 0);
    check_layer("[7, 6, 3]", "reshape", "target_shape: [2, -1, 3]", "(2, 21, 3)", 0, 0);
    check_layer("[7, 6, 3]", "reshape", "target_shape: [-1]", "(126,)", 0, 0);
}

TEST(an_embedding_has_a_row_for_all_that_is_told) {
    wf_graph *g = NULL;
    int node;
    CHECK_OK(&cx, wf_graph_create(&g, &cx, "told"));
    CHECK_OK(&cx, wf_graph_add_text(&node, g, &cx, "input", "shape: [4, 4, 1]", NULL, NULL, 0));
    CHECK_OK(&cx, wf_graph_add_text(&node, g, &cx, "label_input", "length: 3, classes: 10", NULL,
                                    NULL, 0));
    CHECK_INT(wf_graph_add_text(&node, g, &cx, "embedding", "input_dim: 11, output_dim: 2", NULL,
                                &node, 1),
              WF_E_ARG);
    CHECK(strstr(cx.message, "input_dim is 11, must be at least 12"));
    wf_context_reset(&cx);
    CHECK_OK(&cx, wf_graph_add_text(&node, g, &cx, "embedding", "input_dim: 12, output_dim: 2",
                                    NULL, &node, 1));
    wf_graph_destroy(g);
}

TEST(normalizations) {
    check_layer("[7, 6, 3]", "batch_normalization", "", "(7, 6, 3)", 12, 0);
    check_layer("[9]", "batch_normalization", "center: false, scale: false", "(9,)", 18, 0);
    check_layer("[7, 6, 3]", "layer_normalization", "", "(7, 6, 3)", 6, 0);
    check_layer("[4, 9]", "layer_normalization", "center: false", "(4, 9)", 9, 0);
}

TEST(recurrent_layers) {
    check_layer("[28, 28]", "lstm", "units: 186", "(186,)", 4 * 186 * (28 + 186 + 1),
                28 * 4 * 186 * (28 + 186));
    check_layer("[28, 28]", "gru", "units: 128, return_sequences: true", "(28, 128)", 60672,
                28 * 3 * 128 * (28 + 128));
    check_layer("[5, 3]", "simple_rnn", "units: 4, use_bias: false", "(4,)", 28, 5 * 28);
    check_layer("[5, 3]", "bidirectional", "layer: {lstm: {units: 4}}", "(8,)", 2 * 4 * 4 * 8,
                2 * 5 * 16 * 7);
    check_layer("[5, 3]", "bidirectional",
                "layer: {gru: {units: 4, return_sequences: true}}, merge_mode: sum", "(5, 4)",
                2 * (3 * 4 * (3 + 4) + 2 * 12), 2 * 5 * 12 * 7);
}

TEST(a_sweep_has_one_layer_for_all_lines) {
    const char *const lstm = "axis: horizontal, layer: {lstm: {units: 4, return_sequences: true}}";
    const char *const gru = "axis: vertical, layer: {gru: {units: 4}}";
    const char *const both = "axis: vertical, layer: {bidirectional: {layer: {lstm: {units: 4, "
                             "return_sequences: true}}}}";
    check_layer("[5, 7, 3]", "sweep", lstm, "(5, 7, 4)", 4 * 4 * 8, 5 * 7 * 16 * 7);
    check_layer("[5, 7, 3]", "sweep", gru, "(7, 4)", 3 * 4 * 7 + 2 * 12, 5 * 7 * 12 * 7);
    check_layer("[5, 7, 3]", "sweep", both, "(5, 7, 8)", 2 * 4 * 4 * 8, 2 * 5 * 7 * 16 * 7);
    check_layer("[5, 7, 3]", "sweep", "axis: horizontal, layer: {simple_rnn: {units: 2}}", "(5, 2)",
                12, 35 * 10);
}

TEST(element_by_element) {
    static const char *const names[] = {"relu",    "leaky_relu", "elu",    "gelu",
                                        "sigmoid", "tanh",       "softmax"};
    for (size_t i = 0; i < 7; i++) check_layer("[4, 5]", names[i], "", "(4, 5)", 0, 0);
    check_layer("[4, 5]", "dropout", "rate: 0.25", "(4, 5)", 0, 0);
    check_layer("[4, 5]", "stochastic_depth", "rate: 0.25", "(4, 5)", 0, 0);
}

TEST(wrong_shapes_are_named) {
    check_refused("[9]", "conv2d", "filters: 2, kernel_size: 3", WF_E_SHAPE,
                  "layer conv2d: input has rank 1, must be (height, width, channels)");
    CHECK_STR(cx.hint, "put it before flatten");
    check_refused("[2, 9, 1]", "conv2d", "filters: 2, kernel_size: 3", WF_E_SHAPE,
                  "layer conv2d: the kernel covers 3 pixels along the height, the input has 2");
    check_refused("[9, 9, 3]", "conv2d", "filters: 2, kernel_size: 3, groups: 2", WF_E_SHAPE,
                  "layer conv2d: groups is 2, must divide the input's 3 channels");
    check_refused("[9, 9, 4]", "conv2d", "filters: 3, kernel_size: 3, groups: 2", WF_E_ARG,
                  "layer conv2d: groups is 2, must divide filters, which is 3");
    check_refused("[9, 9, 4]", "conv2d", "filters: 3, kernel_size: 3, strides: 2, dilation_rate: 2",
                  WF_E_ARG,
                  "layer conv2d: strides and dilation_rate are both above 1, one must be 1");
    check_refused("[9, 1, 4]", "max_pool2d", "", WF_E_SHAPE,
                  "layer max_pool2d: the pool covers 2 pixels along the width, the input has 1");
    check_refused("[9, 9, 4]", "lstm", "units: 3", WF_E_SHAPE,
                  "layer lstm: input has rank 3, must be (steps, features)");
    check_refused("[9]", "gru", "units: 3", WF_E_SHAPE,
                  "layer gru: input has rank 1, must be (steps, features)");
    check_refused("[9, 8, 4]", "patches", "patch_size: 2", WF_E_SHAPE,
                  "layer patches: patch_size is 2 along the height, must divide the input's 9 "
                  "pixels");
    check_refused("[9, 9, 4]", "global_max_pool1d", "", WF_E_SHAPE,
                  "layer global_max_pool1d: input has rank 3, must be (steps, features)");
    check_refused("[9, 9]", "bidirectional", "layer: {dense: {units: 3}}", WF_E_ARG,
                  "layer bidirectional: layer is dense, must be recurrent");
    check_refused("[9, 9]", "sweep", "axis: vertical, layer: {lstm: {units: 3}}", WF_E_SHAPE,
                  "layer sweep: input has rank 2, must be (height, width, channels)");
    check_refused("[9, 9, 2]", "sweep", "axis: vertical, layer: {dense: {units: 3}}", WF_E_ARG,
                  "layer sweep: layer is dense, must be recurrent");
    CHECK_STR(cx.hint, "use lstm, gru, simple_rnn or bidirectional");
    check_refused("[9, 9, 2]", "sweep",
                  "axis: vertical, layer: {sweep: {axis: vertical, layer: {lstm: {units: 3}}}}",
                  WF_E_ARG, "layer sweep: layer is sweep, must be recurrent");
    check_refused("[7, 6]", "reshape", "target_shape: [5, -1]", WF_E_SHAPE,
                  "layer reshape: target_shape does not hold the 42 elements of the input (7, 6)");
    check_refused("[7, 6]", "reshape", "target_shape: [-1, -1]", WF_E_ARG,
                  "layer reshape: target_shape has more than one -1, at most one can be inferred");
    check_refused("[7, 6]", "reshape", "target_shape: [0, 6]", WF_E_ARG,
                  "layer reshape: target_shape holds 0, must be -1 or at least 1");
    check_refused("[7, 6]", "reshape",
                  "target_shape: [16777216, 16777216, 16777216, 16777216, 16777216, 16777216]",
                  WF_E_SHAPE,
                  "layer reshape: target_shape does not hold the 42 elements of the input (7, 6)");
}

TEST(sizes_are_limited) {
    wf_graph *g = start("[1000, 1000, 1000]");
    CHECK_FAILS(&cx, add(g, "dense", "units: 16777216"), WF_E_LIMIT);
    CHECK_FAILS(&cx, add(g, "conv2d", "filters: 16777216, kernel_size: 1000"), WF_E_LIMIT);
    CHECK_FAILS(&cx, add(g, "conv2d", "filters: 3000, kernel_size: 1"), WF_E_LIMIT);
    CHECK_OK(&cx, add(g, "flatten", NULL));
    CHECK_OK(&cx, add(g, "dense", "units: 2"));                /* 2 billion parameters, */
    CHECK_OK(&cx, add(g, "dense", "units: 16777216"));         /* 50 million more, */
    CHECK_FAILS(&cx, add(g, "dense", "units: 8"), WF_E_LIMIT); /* and these are too many */
    wf_graph_destroy(g);
}

TEST(names_are_made_as_keras_makes_them) {
    wf_graph *g = start("[4]");
    int node = 0, last = 0;
    for (int i = 0; i < 3; i++) CHECK_OK(&cx, add(g, "dense", "units: 3"));
    CHECK_STR(g->nodes[1].name, "dense");
    CHECK_STR(g->nodes[2].name, "dense_1");
    CHECK_STR(g->nodes[3].name, "dense_2");
    CHECK_OK(&cx, wf_graph_add_text(&node, g, &cx, "relu", NULL, "relu_1", &last, 1));
    CHECK_OK(&cx, wf_graph_add_text(&node, g, &cx, "relu", NULL, NULL, &last, 1));
    CHECK_STR(g->nodes[5].name, "relu_2"); /* the second relu would be relu_1, which is taken */
    CHECK_FAILS(&cx, wf_graph_add_text(&node, g, &cx, "relu", NULL, "dense_1", &last, 1), WF_E_ARG);
    CHECK_FAILS(&cx, wf_graph_add_text(&node, g, &cx, "relu", NULL, "a/b", &last, 1), WF_E_ARG);
    CHECK_FAILS(&cx, wf_graph_add_text(&node, g, &cx, "relu", NULL, "a.b", &last, 1), WF_E_ARG);
    CHECK_FAILS(&cx, wf_graph_add_text(&node, g, &cx, "relu", NULL, "", &last, 1), WF_E_ARG);
    wf_graph_destroy(g);
}

TEST(a_graph_branches_and_joins) {
    char text[96];
    wf_graph *g = start("[8, 8, 2]");
    int left = 0, right = 0, both = 0, input = 0;
    CHECK_OK(&cx, wf_graph_add_text(&left, g, &cx, "conv2d", "filters: 4, kernel_size: 1", "left",
                                    &input, 1));
    CHECK_OK(&cx, wf_graph_add_text(&right, g, &cx, "conv2d", "filters: 4, kernel_size: 1", "right",
                                    &input, 1));
    CHECK_FAILS(&cx, wf_graph_finish(g, &cx), WF_E_ARG); /* two ends */
    CHECK_OK(&cx, wf_graph_add_text(&both, g, &cx, "add", NULL, NULL, (int[]){left, right}, 2));
    CHECK_OK(&cx, wf_graph_add_text(&both, g, &cx, "concatenate", NULL, NULL,
                                    (int[]){both, input, both}, 3));
    CHECK_STR(wf_shape_text(text, sizeof text, &g->nodes[both].shape), "(8, 8, 10)");
    CHECK_INT(g->nodes[input].n_consumers, 3);
    CHECK_OK(&cx, wf_graph_finish(g, &cx));
    CHECK_INT(g->output, both);
    CHECK_FAILS(&cx, add(g, "flatten", NULL), WF_E_ARG); /* finished */
    wf_graph_destroy(g);
}

TEST(joins_refuse_what_does_not_fit) {
    wf_graph *g = start("[8, 8, 2]");
    int node = 0, pool = 0, input = 0;
    CHECK_OK(&cx, wf_graph_add_text(&pool, g, &cx, "max_pool2d", NULL, NULL, &input, 1));
    CHECK_INT(wf_graph_add_text(&node, g, &cx, "add", NULL, NULL, (int[]){0, pool}, 2), WF_E_SHAPE);
    CHECK_STR(cx.message,
              "layer add: input 1 has shape (8, 8, 2), input 2 has (4, 4, 2), must be the same");
    CHECK_FAILS(&cx,
                wf_graph_add_text(&node, g, &cx, "concatenate", NULL, NULL, (int[]){0, pool}, 2),
                WF_E_SHAPE);
    CHECK_FAILS(
        &cx,
        wf_graph_add_text(&node, g, &cx, "concatenate", "axis: 0", NULL, (int[]){pool, pool}, 2),
        WF_E_SHAPE);
    CHECK_OK(&cx, wf_graph_add_text(&node, g, &cx, "concatenate", "axis: 1", NULL,
                                    (int[]){pool, pool}, 2));
    CHECK_INT(g->nodes[node].shape.dim[0], 8);
    CHECK_OK(&cx, wf_graph_add_text(&node, g, &cx, "concatenate", "axis: -2", NULL,
                                    (int[]){pool, pool}, 2));
    CHECK_INT(g->nodes[node].shape.dim[1], 8);
    CHECK_FAILS(&cx, wf_graph_add_text(&node, g, &cx, "add", NULL, NULL, (int[]){0}, 1), WF_E_ARG);
    CHECK_FAILS(&cx, wf_graph_add_text(&node, g, &cx, "add", NULL, NULL, (int[]){0, 77}, 2),
                WF_E_ARG);
    CHECK_FAILS(&cx, wf_graph_add_text(&node, g, &cx, "relu", NULL, NULL, (int[]){0, 0}, 2),
                WF_E_ARG);
    wf_graph_destroy(g);
}

TEST(the_input_comes_first_and_once) {
    wf_graph *g = NULL;
    int node = 0;
    CHECK_OK(&cx, wf_graph_create(&g, &cx, "test"));
    CHECK_FAILS(&cx, wf_graph_finish(g, &cx), WF_E_ARG);
    CHECK_FAILS(&cx, wf_graph_add_text(&node, g, &cx, "flatten", NULL, NULL, &node, 1), WF_E_ARG);
    CHECK_OK(&cx, wf_graph_add_text(&node, g, &cx, "input", "shape: [4]", NULL, NULL, 0));
    CHECK_FAILS(&cx, wf_graph_add_text(&node, g, &cx, "input", "shape: [4]", NULL, NULL, 0),
                WF_E_ARG);
    CHECK_FAILS(&cx, wf_graph_finish(g, &cx), WF_E_ARG); /* nothing behind the input */
    wf_graph_destroy(g);
}

TEST(trainable_numbers_come_first_without_gaps) {
    wf_graph *g = start("[6, 6, 2]");
    int64_t next = 0;
    CHECK_OK(&cx, add(g, "conv2d", "filters: 3, kernel_size: 3"));
    CHECK_OK(&cx, add(g, "batch_normalization", NULL));
    CHECK_OK(&cx, add(g, "rows", NULL));
    CHECK_OK(&cx, add(g, "lstm", "units: 5"));
    CHECK_OK(&cx, add(g, "dense", "units: 2"));
    CHECK_OK(&cx, wf_graph_finish(g, &cx));
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < g->n_params; i++) {
            if (g->params[i].is_trainable == pass) continue;
            CHECK_INT(g->params[i].offset, next);
            next += g->params[i].size;
        }
        if (pass == 0) CHECK_INT(next, g->trainable_size);
    }
    CHECK_INT(next, g->total_size);
    CHECK_INT(g->total_size - g->trainable_size, 6);
    CHECK_STR(g->params[0].name, "conv2d/kernel");
    CHECK_STR(g->params[4].name, "batch_normalization/moving_mean");
    CHECK_STR(g->params[7].name, "lstm/recurrent_kernel");
    /* [F,4H] and [H,4H] are one matrix [F+H,4H] */
    CHECK_INT(g->params[7].offset, g->params[6].offset + g->params[6].size);
    wf_graph_destroy(g);
}

TEST(both_directions_have_parameters_of_their_own) {
    static const char *const names[] = {
        "forward_kernel",  "forward_recurrent_kernel",  "forward_bias",
        "backward_kernel", "backward_recurrent_kernel", "backward_bias"};
    wf_graph *g = start("[5, 3]");
    char full[80];
    CHECK_OK(&cx, add(g, "bidirectional", "layer: {gru: {units: 2}}"));
    CHECK_INT(g->n_params, 6);
    for (int i = 0; i < 6; i++) {
        snprintf(full, sizeof full, "bidirectional/%s", names[i]);
        CHECK_STR(g->params[i].name, full);
    }
    CHECK_INT(g->params[2].shape.rank, 2); /* [2,3H] */
    wf_graph_destroy(g);
}

/* Windows against counting positions one by one. */
TEST(windows_are_counted) {
    for (int in = 1; in < 12; in++)
        for (int kernel = 1; kernel < 5; kernel++)
            for (int stride = 1; stride < 5; stride++)
                for (int dilation = 1; dilation < 3; dilation++) {
                    int extent = (kernel - 1) * dilation + 1, valid = 0, same = 0;
                    for (int at = 0; at + extent <= in; at += stride) valid++;
                    for (int at = 0; at < in; at += stride) same++;
                    CHECK_INT(wf_window_output(in, kernel, stride, dilation, WF_PADDING_VALID),
                              valid);
                    CHECK_INT(wf_window_output(in, kernel, stride, dilation, WF_PADDING_SAME),
                              same);
                    CHECK_INT(wf_window_pad(in, kernel, stride, dilation, WF_PADDING_VALID), 0);
                    /* the padded axis just holds the windows, the larger half is behind */
                    int needed = (same - 1) * stride + extent - in;
                    CHECK_INT(wf_window_pad(in, kernel, stride, dilation, WF_PADDING_SAME),
                              needed > 0 ? needed / 2 : 0);
                }
}

/* ---- the registry ---- */

TEST(every_layer_describes_itself) {
    CHECK_INT(wf_layer_count(), 39);
    CHECK(!wf_layer_at(wf_layer_count()));
    for (size_t i = 0; i < wf_layer_count(); i++) {
        const wf_layer_class *class = wf_layer_at(i);
        CHECK(class->name && class->summary && class->infer && class->fields);
        CHECK(wf_layer_find(class->name) == class);
        CHECK(class->min_inputs <= class->max_inputs && class->max_inputs <= WF_MAX_INPUTS);
        for (const wf_field *f = class->fields; f->key; f++) {
            CHECK(f->help && *f->help);
            CHECK(f->offset < class->config_size);
            CHECK((f->kind == WF_FIELD_CHOICE) == (f->choices != NULL));
            /* these belong to the model file */
            CHECK(strcmp(f->key, "name") != 0 && strcmp(f->key, "inputs") != 0);
        }
    }
}

TEST(every_default_is_in_its_range) {
    for (size_t i = 0; i < wf_layer_count(); i++) {
        const wf_layer_class *class = wf_layer_at(i);
        void *config = NULL;
        CHECK_OK(&cx, wf_fields_create(&config, &cx, class->fields, class->config_size));
        wf_fields_destroy(class->fields, config);
    }
}

TEST(every_failed_allocation_is_survived) {
    int failures = 0;
    for (long k = 1; k < 1000; k++) {
        wf_graph *g = NULL;
        wf_params *p = NULL;
        int node = 0;
        wf__alloc_fail_at(k);
        wf_status status = wf_graph_create(&g, &cx, "test");
        if (status == WF_OK)
            status = wf_graph_add_text(&node, g, &cx, "input", "shape: [5, 3]", NULL, NULL, 0);
        if (status == WF_OK) status = add(g, "bidirectional", "layer: {lstm: {units: 2}}");
        if (status == WF_OK) status = add(g, "dense", "units: 2");
        if (status == WF_OK) status = wf_graph_finish(g, &cx);
        if (status == WF_OK) status = wf_params_create(&p, &cx, g, 1);
        wf__alloc_fail_at(0);
        wf_params_destroy(p);
        wf_graph_destroy(g);
        if (status == WF_OK) break;
        CHECK_INT(status, WF_E_NOMEM);
        failures++;
    }
    CHECK(failures > 20);
}

TEST_MAIN()
