#include "small.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "nn/fields.h"
#include "nn/flow.h"

#define SOFTMAX L("dense", "units: 10, activation: softmax")

const small_model small_models[] = {
    {"cnn-1conv",
     0,
     {L("conv2d", "filters: 8, kernel_size: 3, activation: relu"), L("max_pool2d", ""),
      L("flatten", ""), L("dense", "units: 16, activation: relu"), L("dropout", "rate: 0.2"),
      SOFTMAX}},
    {"cnn-2conv-bn",
     0,
     {L("conv2d", "filters: 7, kernel_size: 3, activation: relu"), L("batch_normalization", ""),
      L("dropout", "rate: 0.25"), L("conv2d", "filters: 9, kernel_size: 3, activation: relu"),
      L("batch_normalization", ""), L("dropout", "rate: 0.25"), L("flatten", ""),
      L("dense", "units: 33, activation: relu"), L("batch_normalization", ""),
      L("dropout", "rate: 0.5"), SOFTMAX}},
    {"cnn-3conv-leaky",
     0,
     {L("conv2d", "filters: 4, kernel_size: 3, padding: same"),
      L("leaky_relu", "negative_slope: 0.1"), L("max_pool2d", "padding: same"),
      L("dropout", "rate: 0.25"), L("conv2d", "filters: 8, kernel_size: 3, padding: same"),
      L("leaky_relu", "negative_slope: 0.1"), L("max_pool2d", "padding: same"),
      L("dropout", "rate: 0.25"), L("flatten", ""), L("dense", "units: 17"),
      L("leaky_relu", "negative_slope: 0.1"), L("dropout", "rate: 0.25"), SOFTMAX}},
    {"cnn-winograd",
     0, /* from 16 channels on */
     {L("conv2d", "filters: 16, kernel_size: 3, activation: relu"),
      L("conv2d", "filters: 17, kernel_size: 3, padding: same, activation: relu"),
      L("max_pool2d", ""), L("dropout", "rate: 0.25"),
      L("conv2d", "filters: 20, kernel_size: 3, padding: same"), L("flatten", ""), SOFTMAX}},
    {"gru",
     0,
     {L("rows", ""), L("gru", "units: 19"), L("flatten", ""),
      L("dense", "units: 12, activation: relu"), L("dropout", "rate: 0.25"), SOFTMAX}},
    {"lstm-2",
     0,
     {L("rows", ""),
      L("lstm", "units: 12, activation: relu, return_sequences: true, recurrent_dropout: 0.2"),
      L("dropout", "rate: 0.1"), L("lstm", "units: 18"), SOFTMAX}},
    {"cnn-bilstm",
     0,
     {L("conv2d", "filters: 4, kernel_size: 3, padding: same, activation: relu"),
      L("max_pool2d", ""), L("rows", ""),
      L("bidirectional", "layer: {lstm: {units: 11, recurrent_dropout: 0.3}}"),
      L("dropout", "rate: 0.25"), SOFTMAX}},
    {"bigru-columns",
     1,
     {L("columns", ""),
      L("bidirectional", "layer: {gru: {units: 9, return_sequences: true}}, merge_mode: sum"),
      L("simple_rnn", "units: 8, recurrent_dropout: 0.1"), SOFTMAX}},
    {"branches",
     1,
     {NAMED("conv2d", "filters: 6, kernel_size: 3, padding: same, activation: elu", "stem", NULL),
      NAMED("conv2d", "filters: 6, kernel_size: 3, padding: same, dilation_rate: 2", "left",
            "stem"),
      NAMED("conv2d", "filters: 6, kernel_size: 1, groups: 3, activation: gelu", "right", "stem"),
      NAMED("add", "", "sum", "left", "right", "stem"), L("batch_normalization", "ghost: 7"),
      NAMED("average_pool2d", "pool_size: 3, strides: 2, padding: same", "pooled", NULL),
      NAMED("conv2d", "filters: 5, kernel_size: 2, strides: 2, activation: tanh", "small", NULL),
      NAMED("flatten", "", "flat_small", "small"),
      NAMED("global_average_pool2d", "", "mean", "pooled"),
      NAMED("concatenate", "", NULL, "flat_small", "mean"), L("layer_normalization", ""),
      L("dense", "units: 15, activation: sigmoid"), L("dropout", "rate: 0.3"),
      L("dense", "units: 10"), L("softmax", "")}},
    {"sweeps",
     1,
     {NAMED("conv2d", "filters: 5, kernel_size: 2, strides: 2, activation: tanh", "stem", NULL),
      NAMED("sweep",
            "axis: horizontal, layer: {bidirectional: {layer: {lstm: {units: 6, return_sequences: "
            "true, recurrent_dropout: 0.2}}}}",
            "across", "stem"),
      NAMED("sweep", "axis: vertical, layer: {gru: {units: 12, return_sequences: true}}", "down",
            "stem"),
      NAMED("stochastic_depth", "rate: 0.3", "branch", "down"),
      NAMED("add", "", "sum", "across", "branch"), L("dropout", "rate: 0.2"),
      L("layer_normalization", ""), L("dense", "units: 17, activation: gelu"),
      NAMED("sweep", "axis: vertical, layer: {bidirectional: {layer: {lstm: {units: 16}}}}",
            "columns", NULL),
      L("global_average_pool1d", ""), SOFTMAX}},
    {"wide",
     0, /* the second layer's kernel is read once per batch */
     {L("flatten", ""), L("dense", "units: 1030, activation: relu"),
      L("dense", "units: 1024, activation: tanh"), L("dropout", "rate: 0.5"), SOFTMAX}},
    {0}};

/* The decoder's keys: those of label_input. */
#define CNN_RNN(name, keys)                                                                        \
    {                                                                                              \
        name, 1, {                                                                                 \
            L("conv2d", "filters: 5, kernel_size: 3, strides: 2, activation: elu"),                \
                L("flatten", ""), L("dropout", "rate: 0.2"),                                       \
                NAMED("dense", "units: 7", "image", NULL), L("repeat_vector", "n: 4"),             \
                L("label_input", keys),                                                            \
                NAMED("embedding", "input_dim: 5, output_dim: 7", "labels", "label_input"),        \
                L("lstm", "units: 9, return_sequences: true, recurrent_dropout: 0.1"),             \
                NAMED("time_distributed", "layer: {dense: {units: 7, activation: tanh}}", "state", \
                      NULL),                                                                       \
                NAMED("add", "", NULL, "state", "repeat_vector"),                                  \
                L("tied_dense", "to: labels, units: 4, use_bias: true, activation: softmax")       \
        }                                                                                          \
    }

const small_model small_label_models[] = {
    CNN_RNN("cnn-rnn", "length: 4, classes: 3"),
    CNN_RNN("cnn-rnn-zero", "length: 4, classes: 3, feedback: zero"),
    CNN_RNN("cnn-rnn-shuffled", "length: 4, classes: 3, feedback: shuffled"),
    {"cnn-rnn-attention",
     1,
     {NAMED("conv2d", "filters: 6, kernel_size: 3, strides: 2, activation: elu", "map", NULL),
      L("flatten", ""), L("dropout", "rate: 0.2"), NAMED("dense", "units: 7", "image", NULL),
      L("repeat_vector", "n: 4"), NAMED("conv2d", "filters: 5, kernel_size: 1", "places", "map"),
      L("label_input", "length: 4, classes: 3"),
      NAMED("embedding", "input_dim: 5, output_dim: 7", "labels", "label_input"),
      NAMED("gru", "units: 5, return_sequences: true", "query", NULL),
      NAMED("attention", "use_scale: true", NULL, "query", "map", "places"),
      NAMED("time_distributed", "layer: {dense: {units: 7, activation: tanh}}", "seen", NULL),
      NAMED("add", "", NULL, "seen", "repeat_vector"),
      L("tied_dense", "to: labels, units: 4, use_bias: true, activation: softmax")}},
    {"label-sets",
     1,
     {L("conv2d", "filters: 5, kernel_size: 3, strides: 2, activation: elu"), L("flatten", ""),
      L("dense", "units: 5"), L("label_sets", ""), L("softmax", "")}},
    {0}};

static void must(wf_status status, const wf_context *cx) {
    if (status == WF_OK) return;
    fprintf(stderr, "%s: %s (%s:%d)\n", wf_status_name(status), cx->message, cx->file, cx->line);
    abort();
}

wf_graph *small_graph(const small_model *model) {
    wf_context cx = {0};
    wf_graph *g = NULL;
    int node;
    must(wf_graph_create(&g, &cx, model->name), &cx);
    must(wf_graph_add_text(&node, g, &cx, "input", "shape: [14, 14, 1]", NULL, NULL, 0), &cx);
    for (const small_layer *l = model->layers; l->class_name; l++) {
        int inputs[3] = {node}, n = 0;
        for (; n < 3 && l->inputs[n]; n++) inputs[n] = wf_graph_find(g, l->inputs[n]);
        if (n == 0) n = wf_layer_find(l->class_name)->max_inputs > 0;
        must(wf_graph_add_text(&node, g, &cx, l->class_name, l->keys, l->name, inputs, n), &cx);
    }
    must(wf_graph_finish(g, &cx), &cx);
    return g;
}

const uint8_t *small_pixels(void) {
    static uint8_t pixels[SMALL_IMAGES * SMALL_PIXELS];
    if (pixels[0] == 0) {
        wf_rng rng;
        wf_rng_init(&rng, 7, WF_STREAM_TEST, 0);
        for (size_t i = 0; i < sizeof pixels; i++)
            pixels[i] = (uint8_t)(1 + wf_rng_below(&rng, 255));
    }
    return pixels;
}

const int32_t *small_labels(void) {
    static int32_t labels[SMALL_IMAGES];
    for (int i = 0; i < SMALL_IMAGES; i++) labels[i] = i * 7 % SMALL_CLASSES;
    return labels;
}

const int32_t *small_sequences(void) {
    static int32_t sequences[SMALL_IMAGES][SMALL_STEPS];
    for (int i = 0; i < SMALL_IMAGES; i++)
        for (int t = 0; t < SMALL_STEPS; t++)
            sequences[i][t] = t < 1 + i % 3    ? (i + t) % SMALL_LABELS
                              : t == 1 + i % 3 ? SMALL_LABELS
                                               : -1;
    return sequences[0];
}

wf_params *small_train(const wf_graph *g, const small_training *t, double *losses) {
    wf_context cx = {0};
    wf_params *params = NULL;
    wf_plan *plan = NULL;
    wf_pool *pool = NULL;
    void *loss_config = NULL, *optimizer_config = NULL;
    const wf_loss_class *loss = wf_loss_find("sparse_categorical_crossentropy");
    const wf_optimizer_class *adam = wf_optimizer_find("adam");
    must(wf_fields_create(&loss_config, &cx, loss->fields, loss->config_size), &cx);
    must(wf_fields_create(&optimizer_config, &cx, adam->fields, adam->config_size), &cx);
    wf_augmentation augmentation = {0};
    char name[32];
    for (const char *at = t->augmentation; at && sscanf(at, "%31s", name) == 1;) {
        must(wf_augmentation_add(&augmentation, &cx, name), &cx);
        at = strstr(at, name) + strlen(name);
    }
    const wf_plan_options options = {.mode = WF_PLAN_TRAIN,
                                     .precision = t->precision,
                                     .batch_size = t->batch,
                                     .seed = t->seed,
                                     .loss = &(wf_loss){loss, loss_config},
                                     .optimizer = &(wf_optimizer){adam, optimizer_config},
                                     .augmentation = &augmentation,
                                     .kernels = t->kernels,
                                     .shard_size = t->shard_size};
    must(wf_params_create(&params, &cx, g, 3), &cx);
    must(wf_pool_create(&pool, &cx, t->threads), &cx);
    must(wf_plan_create(&plan, &cx, g, params, pool, &options), &cx);
    const int per_epoch = (SMALL_IMAGES + t->batch - 1) / t->batch;
    for (int step = 0; step < t->steps; step++) {
        int32_t index[SMALL_IMAGES];
        const int first = step % per_epoch * t->batch, rest = SMALL_IMAGES - first;
        for (int i = 0; i < SMALL_IMAGES; i++) index[i] = (first + i) * 11 % SMALL_IMAGES;
        const wf_batch batch = {.pixels = small_pixels(),
                                .index = index,
                                .labels = small_labels(),
                                .sequences = small_sequences(),
                                .sequence_length = SMALL_STEPS,
                                .n = rest < t->batch ? rest : t->batch,
                                .epoch = (uint32_t)(step / per_epoch),
                                .position = first,
                                .learning_rate = 0.01};
        wf_batch_result result;
        must(wf_plan_run(&result, plan, &cx, &batch), &cx);
        if (losses) losses[step] = result.loss;
    }
    wf_plan_destroy(plan);
    wf_pool_destroy(pool);
    wf_fields_destroy(loss->fields, loss_config);
    wf_fields_destroy(adam->fields, optimizer_config);
    wf_augmentation_reset(&augmentation);
    return params;
}
