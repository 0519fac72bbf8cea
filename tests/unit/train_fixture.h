/* A small model and a small data set for the tests of training. */
#ifndef WF_TESTS_TRAIN_FIXTURE_H
#define WF_TESTS_TRAIN_FIXTURE_H

#include <dirent.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "base/threads.h"
#include "nn/fields.h"
#include "nn/graph.h"
#include "test.h"
#include "train/recipe.h"
#include "weft/train.h"

enum { SIDE = 8, CLASSES = 4, MAX_IMAGES = 300 };

/* ---- models ---- */

/* Appends a layer behind the last one: class, then key, text, ..., NULL. */
__attribute__((unused)) static void add_layer(wf_graph *g, const char *class, ...) {
    wf_context cx = {0};
    int previous = g->n_nodes - 1, node = -1;
    wf_layer_spec spec = {.class = wf_layer_find(class)};
    CHECK(spec.class != NULL);
    CHECK_OK(&cx, wf_fields_create(&spec.config, &cx, spec.class->fields, spec.class->config_size));
    va_list args;
    va_start(args, class);
    for (const char *key; (key = va_arg(args, const char *));)
        CHECK_OK(&cx, wf_fields_set(&cx, class, spec.class->fields, spec.config, key,
                                    va_arg(args, const char *)));
    va_end(args);
    CHECK_OK(&cx, wf_graph_add(&node, g, &cx, &spec, NULL, &previous, previous >= 0));
    wf_fields_destroy(spec.class->fields, spec.config);
}

/* Convolution, batch normalisation, dropout, dense: moving statistics and random numbers. */
__attribute__((unused)) static wf_graph *new_model(const char *filters) {
    wf_context cx = {0};
    wf_graph *g = NULL;
    CHECK_OK(&cx, wf_graph_create(&g, &cx, "small"));
    add_layer(g, "input", "shape", "[8, 8, 1]", NULL);
    add_layer(g, "conv2d", "filters", filters, "kernel_size", "3", "activation", "relu", NULL);
    add_layer(g, "batch_normalization", NULL);
    add_layer(g, "max_pool2d", NULL);
    add_layer(g, "dropout", "rate", "0.1", NULL);
    add_layer(g, "flatten", NULL);
    add_layer(g, "dense", "units", "4", "activation", "softmax", NULL);
    CHECK_OK(&cx, wf_graph_finish(g, &cx));
    return g;
}

/* ---- data ---- */

/* Each class has a bright quarter; the rest is noise. */
__attribute__((unused)) static void fill_images(wf_images *out, int64_t count) {
    static uint8_t pixels[MAX_IMAGES * SIDE * SIDE];
    static int32_t labels[MAX_IMAGES];
    wf_rng r;
    wf_rng_init(&r, 3, WF_STREAM_TEST, 0);
    for (int64_t i = 0; i < MAX_IMAGES; i++) {
        labels[i] = (int32_t)wf_rng_below(&r, CLASSES);
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++) {
                int quarter = 2 * (y >= SIDE / 2) + (x >= SIDE / 2);
                pixels[(i * SIDE + y) * SIDE + x] =
                    (uint8_t)(wf_rng_below(&r, 150) + (quarter == labels[i] ? 60 : 0));
            }
    }
    *out = (wf_images){.count = count,
                       .height = SIDE,
                       .width = SIDE,
                       .channels = 1,
                       .pixels = pixels,
                       .labels = labels};
}

__attribute__((unused)) static const wf_normalization unit_scale = {
    .channels = 1, .scale = {1.0f / 255}, .shift = {0}};

/* ---- everything together ---- */

typedef struct setup {
    wf_context cx;
    wf_graph *graph;
    wf_params *params;
    wf_pool *pool;
    wf_recipe *recipe;
    wf_images images;
    int32_t train_index[MAX_IMAGES], validation_index[MAX_IMAGES];
    wf_train_data data;
    wf_train_options options;
    wf_train_result result;
} setup;

/* 203 training images in 7 steps of 32, the last of them partial; 60 for validation. */
__attribute__((unused)) static void setup_open(setup *s, int threads) {
    *s = (setup){.options = {.seed = 11}};
    s->graph = new_model("5");
    CHECK_OK(&s->cx, wf_params_create(&s->params, &s->cx, s->graph, 11));
    CHECK_OK(&s->cx, wf_pool_create(&s->pool, &s->cx, threads));
    CHECK_OK(&s->cx, wf_recipe_create(&s->recipe, &s->cx));
    s->recipe->epochs = 4;
    fill_images(&s->images, MAX_IMAGES);
    for (int i = 0; i < 203; i++) s->train_index[i] = i;
    for (int i = 0; i < 60; i++) s->validation_index[i] = 230 + i;
    s->data = (wf_train_data){.train = &s->images,
                              .train_index = s->train_index,
                              .n_train = 203,
                              .validation = &s->images,
                              .validation_index = s->validation_index,
                              .n_validation = 60,
                              .normalization = unit_scale};
}

__attribute__((unused)) static wf_status setup_fit(setup *s) {
    wf_train_result_reset(&s->result);
    return wf_fit(&s->result, s->params, &s->cx, s->pool, s->recipe, &s->data, &s->options);
}

__attribute__((unused)) static void setup_close(setup *s) {
    wf_train_result_reset(&s->result);
    wf_recipe_destroy(s->recipe);
    wf_pool_destroy(s->pool);
    wf_params_destroy(s->params);
    wf_graph_destroy(s->graph);
}

__attribute__((unused)) static void set_optimizer(setup *s, const char *key, const char *text) {
    CHECK_OK(&s->cx, wf_fields_set(&s->cx, "optimizer", s->recipe->optimizer.class->fields,
                                   s->recipe->optimizer.config, key, text));
}

/* Whether two models hold the same bits, moments and moving statistics included. */
__attribute__((unused)) static int same_params(const wf_params *a, const wf_params *b) {
    size_t bytes = (size_t)a->graph->total_size * sizeof *a->value;
    size_t slot_bytes = (size_t)a->graph->trainable_size * sizeof *a->value;
    int same = a->step == b->step && memcmp(a->value, b->value, bytes) == 0;
    for (int i = 0; i < 3; i++)
        if (a->slots[i] && b->slots[i])
            same = same && memcmp(a->slots[i], b->slots[i], slot_bytes) == 0;
    return same;
}

static char temporary_folder[64];

static void remove_temporary(void) {
    char path[400];
    DIR *folder = opendir(temporary_folder);
    for (struct dirent *e; folder && (e = readdir(folder));) {
        snprintf(path, sizeof path, "%s/%s", temporary_folder, e->d_name);
        if (e->d_name[0] != '.') remove(path);
    }
    if (folder) closedir(folder);
    rmdir(temporary_folder);
}

/* A file name in a folder of this process's own; good for the next seven calls. */
__attribute__((unused)) static const char *temporary(const char *name) {
    static char path[8][160];
    static int next;
    if (!temporary_folder[0]) {
        snprintf(temporary_folder, sizeof temporary_folder, "/tmp/weft-test-XXXXXX");
        CHECK(mkdtemp(temporary_folder) != NULL);
        atexit(remove_temporary);
    }
    next = (next + 1) % 8;
    snprintf(path[next], sizeof path[next], "%s/%s", temporary_folder, name);
    return path[next];
}

#endif
