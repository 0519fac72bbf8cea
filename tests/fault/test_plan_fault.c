/* Every allocation of wf_plan_create fails once: a clean error, nothing leaked (which the address
 * sanitizer sees), the out-parameter as it was. And: a training step allocates nothing. */
#include "base/alloc.h"
#include "nn/fields.h"
#include "nn/flow.h"
#include "nn/plan.h"
#include "property/small.h"
#include "test.h"

/* Every layer at least once. */
static const small_model everything = {
    "everything",
    0,
    {{"conv2d", "filters: 4, kernel_size: 3, padding: same, activation: gelu", "stem", {NULL}},
     {"conv2d", "filters: 4, kernel_size: 1, groups: 2, activation: relu", "left", {"stem"}},
     {"batch_normalization", "", "normal", {"left"}},
     {"add", "", "sum", {"normal", "stem"}},
     {"leaky_relu", "", "leaky", {"sum"}},
     {"max_pool2d", "", "top", {"leaky"}},
     {"average_pool2d", "", "mean", {"leaky"}},
     {"concatenate", "", "both", {"top", "mean"}},
     {"batch_normalization", "ghost: 3", "ghost", {"both"}},
     {"global_average_pool2d", "", "global", {"ghost"}},
     {"rows", "", "rows", {"ghost"}},
     {"layer_normalization", "", "layer_normal", {"rows"}},
     {"bidirectional",
      "layer: {lstm: {units: 3, recurrent_dropout: 0.2}}",
      "bilstm",
      {"layer_normal"}},
     {"columns", "", "columns", {"ghost"}},
     {"gru", "units: 5, return_sequences: true", "gru", {"columns"}},
     {"simple_rnn", "units: 6, recurrent_dropout: 0.1", "simple", {"gru"}}}};

static const small_layer rest[] = {
    {"lstm", "units: 4", "lstm", {"gru"}},
    {"reshape", "target_shape: [2, 2]", "square", {"lstm"}},
    {"flatten", "", "flat", {"square"}},
    {"sweep",
     "axis: vertical, layer: {bidirectional: {layer: {gru: {units: 2, recurrent_dropout: 0.1}}}}",
     "sweep",
     {"ghost"}},
    {"global_max_pool1d", "", "most", {"sweep"}},
    {"global_average_pool1d", "", "mid", {"sweep"}},
    {"patches", "patch_size: 1", "patches", {"ghost"}},
    {"stochastic_depth", "rate: 0.2", "depth", {"patches"}},
    {"global_max_pool2d", "", "best", {"depth"}},
    {"concatenate", "", "ends", {"most", "mid", "best"}},
    {"concatenate", "", "halves", {"bilstm", "simple", "flat"}},
    {"concatenate", "", "all", {"halves", "global", "ends"}},
    {"elu", "", "elu", {"all"}},
    {"gelu", "", "gelu", {"elu"}},
    {"sigmoid", "", "sigmoid", {"gelu"}},
    {"tanh", "", "tanh", {"sigmoid"}},
    {"relu", "", "relu", {"tanh"}},
    {"dropout", "rate: 0.2", "drop", {"relu"}},
    {"dense", "units: 10", "dense", {"drop"}},
    {"repeat_vector", "n: 4", "repeat", {"dense"}},
    {"label_input", "length: 4, classes: 3", "said", {NULL}},
    {"embedding", "input_dim: 5, output_dim: 10", "labels", {"said"}},
    {"add", "", "joint", {"labels", "repeat"}},
    {"time_distributed", "layer: {dense: {units: 10}}", "state", {"joint"}},
    {"tied_dense", "to: labels, units: 2", "tied", {"state"}},
    {"attention", "use_scale: true", "seen", {"tied", "tied"}},
    {"flatten", "", "flat_tied", {"seen"}},
    {"label_sets", "", "sets", {"flat_tied"}},
    {"softmax", "", "softmax", {"sets"}}};

static void add(wf_graph *g, wf_context *cx, const small_layer *l) {
    int inputs[3] = {0}, n = 0, node;
    for (; n < 3 && l->inputs[n]; n++) inputs[n] = wf_graph_find(g, l->inputs[n]);
    if (n == 0) n = wf_layer_find(l->class_name)->max_inputs > 0;
    CHECK_OK(cx, wf_graph_add_text(&node, g, cx, l->class_name, l->keys, l->name, inputs, n));
}

static wf_graph *graph_of_all(void) {
    wf_context cx = {0};
    wf_graph *g = NULL;
    int node;
    CHECK_OK(&cx, wf_graph_create(&g, &cx, "all"));
    CHECK_OK(&cx, wf_graph_add_text(&node, g, &cx, "input", "shape: [14, 14, 1]", NULL, NULL, 0));
    for (size_t i = 0; i < sizeof everything.layers / sizeof *everything.layers; i++)
        add(g, &cx, &everything.layers[i]);
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++) add(g, &cx, &rest[i]);
    CHECK_OK(&cx, wf_graph_finish(g, &cx));
    return g;
}

typedef struct bench {
    wf_graph *graph;
    wf_params *params;
    wf_pool *pool;
    wf_loss loss;
    wf_optimizer optimizer;
    wf_augmentation augmentation;
    wf_params *average;
    wf_plan_options options;
} bench;

static void bench_open(bench *b, const char *optimizer, wf_plan_mode mode) {
    wf_context cx = {0};
    *b = (bench){.graph = graph_of_all(),
                 .loss.class = wf_loss_find("sparse_categorical_crossentropy"),
                 .optimizer.class = wf_optimizer_find(optimizer)};
    CHECK_OK(&cx, wf_pool_create(&b->pool, &cx, 2));
    CHECK_OK(&cx, wf_fields_create(&b->loss.config, &cx, b->loss.class->fields,
                                   b->loss.class->config_size));
    CHECK_OK(&cx, wf_fields_create(&b->optimizer.config, &cx, b->optimizer.class->fields,
                                   b->optimizer.class->config_size));
    CHECK_OK(&cx, wf_fields_set(&cx, "optimizer", b->optimizer.class->fields, b->optimizer.config,
                                "global_clipnorm", "1"));
    CHECK_OK(&cx, wf_fields_set(&cx, "optimizer", b->optimizer.class->fields, b->optimizer.config,
                                "clipnorm", "0.5"));
    CHECK_OK(&cx, wf_params_create(&b->params, &cx, b->graph, 1));
    b->options = (wf_plan_options){.mode = mode,
                                   .batch_size = 20,
                                   .loss = &b->loss,
                                   .optimizer = mode == WF_PLAN_TRAIN ? &b->optimizer : NULL};
    if (mode != WF_PLAN_TRAIN) return;
    const char *const steps[] = {"random_shift", "mixup", "random_erase", "cutmix"};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        CHECK_OK(&cx, wf_augmentation_add(&b->augmentation, &cx, steps[i]));
    b->options.augmentation = &b->augmentation;
    CHECK_OK(&cx, wf_params_copy(&b->average, &cx, b->params));
    b->options.average = (wf_weight_average){b->average, 0.9, 1};
}

static void bench_close(bench *b) {
    wf_params_destroy(b->params);
    wf_graph_destroy(b->graph);
    wf_pool_destroy(b->pool);
    wf_augmentation_reset(&b->augmentation);
    wf_params_destroy(b->average);
    wf_fields_destroy(b->loss.class->fields, b->loss.config);
    wf_fields_destroy(b->optimizer.class->fields, b->optimizer.config);
}

static wf_status step(wf_plan *plan, wf_context *cx, int i) {
    static int32_t index[SMALL_IMAGES];
    for (int k = 0; k < SMALL_IMAGES; k++) index[k] = k;
    const wf_batch batch = {.pixels = small_pixels(),
                            .index = index,
                            .labels = small_labels(),
                            .sequences = small_sequences(),
                            .sequence_length = SMALL_STEPS,
                            .n = i % 3 ? 20 : 13,
                            .epoch = (uint32_t)i,
                            .learning_rate = 0.001};
    wf_batch_result result;
    return wf_plan_run(&result, plan, cx, &batch);
}

TEST(the_graph_has_every_layer) {
    wf_graph *g = graph_of_all();
    for (size_t i = 0; i < wf_layer_count(); i++) {
        int seen = 0;
        for (int k = 0; k < g->n_nodes; k++) seen |= g->nodes[k].spec.class == wf_layer_at(i);
        for (int k = 0; k < g->n_nodes; k++)
            seen |= !strcmp(g->nodes[k].spec.class->name, "bidirectional") &&
                    !strcmp(wf_layer_at(i)->name, "lstm");
        if (!seen) printf("%s is missing\n", wf_layer_at(i)->name);
        CHECK(seen);
    }
    wf_graph_destroy(g);
}

static void fail_each(const char *optimizer, wf_plan_mode mode) {
    static char nothing;
    wf_plan *const untouched = (wf_plan *)(void *)&nothing;
    bench b;
    bench_open(&b, optimizer, mode);
    for (long k = 1;; k++) {
        wf_context cx = {0};
        wf_plan *plan = untouched;
        wf_params_destroy(b.params);
        CHECK_OK(&cx, wf_params_create(&b.params, &cx, b.graph, 1));
        wf__alloc_fail_at(k);
        wf_status status = wf_plan_create(&plan, &cx, b.graph, b.params, b.pool, &b.options);
        wf__alloc_fail_at(0);
        if (status == WF_OK) {
            printf("%ld allocations\n", k - 1);
            CHECK(k > 50);
            CHECK_OK(&cx, step(plan, &cx, 0));
            wf_plan_destroy(plan);
            break;
        }
        CHECK_FAILS(&cx, status, WF_E_NOMEM);
        CHECK(plan == untouched);
        /* the parameters are as good as new: a second attempt succeeds */
        if (k % 16) continue;
        CHECK_OK(&cx, wf_plan_create(&plan, &cx, b.graph, b.params, b.pool, &b.options));
        CHECK_OK(&cx, step(plan, &cx, 0));
        wf_plan_destroy(plan);
    }
    bench_close(&b);
}

TEST(training_plan) { fail_each("adam", WF_PLAN_TRAIN); }
TEST(training_plan_with_other_moments) { fail_each("rmsprop", WF_PLAN_TRAIN); }
TEST(evaluation_plan) { fail_each("adam", WF_PLAN_EVALUATE); }
TEST(inference_plan) { fail_each("adam", WF_PLAN_INFER); }
TEST(gradient_plan) { fail_each("adam", WF_PLAN_GRADIENT); }

TEST(steps_allocate_nothing) {
    for (int mode = WF_PLAN_INFER; mode <= WF_PLAN_GRADIENT; mode++) {
        bench b;
        wf_context cx = {0};
        wf_plan *plan;
        bench_open(&b, "adam", (wf_plan_mode)mode);
        CHECK_OK(&cx, wf_plan_create(&plan, &cx, b.graph, b.params, b.pool, &b.options));
        const long before = wf__alloc_count();
        for (int i = 0; i < 20; i++) CHECK_OK(&cx, step(plan, &cx, i));
        CHECK_INT(wf__alloc_count(), before);
        wf_plan_destroy(plan);
        bench_close(&b);
    }
}

/* A loss that is not finite: the error names the layer, the parameters stay. */
TEST(divergence_is_reported) {
    bench b;
    wf_context cx = {0};
    wf_plan *plan;
    bench_open(&b, "adam", WF_PLAN_TRAIN);
    CHECK_OK(&cx, wf_plan_create(&plan, &cx, b.graph, b.params, b.pool, &b.options));
    CHECK_OK(&cx, step(plan, &cx, 1));
    const char *const names[] = {"stem/kernel",
                                 "gru/recurrent_kernel",
                                 "lstm/kernel",
                                 "simple/bias",
                                 "bilstm/backward_kernel",
                                 "normal/gamma",
                                 "layer_normal/beta",
                                 "dense/bias",
                                 "labels/embeddings",
                                 "sets/interactions"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        for (int i = 0; i < b.graph->n_params; i++) {
            const wf_param_entry *entry = &b.graph->params[i];
            if (strcmp(entry->name, names[k]) != 0) continue;
            float *value = b.params->value + entry->offset, old = value[0], other = value[1];
            char layer[64];
            snprintf(layer, sizeof layer, "layer %.*s ", (int)strcspn(entry->name, "/"),
                     entry->name);
            value[0] = NAN;
            b.params->generation++;
            CHECK_INT(step(plan, &cx, 1), WF_E_DIVERGED);
            if (!strstr(cx.message, layer)) printf("%s: %s\n", entry->name, cx.message);
            CHECK(strstr(cx.message, layer) && strstr(cx.message, entry->name));
            CHECK(value[1] == other);
            value[0] = old;
            b.params->generation++;
            for (int m = 0; m < b.graph->n_params; m++) /* moving statistics have seen it */
                if (!b.graph->params[m].is_trainable)
                    for (int64_t j = 0; j < b.graph->params[m].size; j++)
                        b.params->value[b.graph->params[m].offset + j] = 1;
            CHECK_OK(&cx, step(plan, &cx, 1));
        }
    wf_plan_destroy(plan);
    bench_close(&b);
}

/* Forward and backward steps are one phase here: all shards are looked at, not the first alone. */
TEST(divergence_in_the_last_shard_is_found) {
    enum { N = 6, SIZE = 4 };
    bench b;
    wf_context cx = {0};
    wf_plan *plan;
    float values[N * SIZE] = {0};
    const int32_t labels[N] = {0};
    int node;
    bench_open(&b, "adam", WF_PLAN_TRAIN);
    wf_params_destroy(b.params);
    wf_graph_destroy(b.graph);
    CHECK_OK(&cx, wf_graph_create(&b.graph, &cx, "small"));
    CHECK_OK(&cx, wf_graph_add_text(&node, b.graph, &cx, "input", "shape: [4]", NULL, NULL, 0));
    for (int i = 0; i < 2; i++)
        CHECK_OK(&cx, wf_graph_add_text(&node, b.graph, &cx, "dense", "units: 3", NULL, &node, 1));
    CHECK_OK(&cx, wf_graph_finish(b.graph, &cx));
    CHECK_OK(&cx, wf_params_create(&b.params, &cx, b.graph, 1));
    b.options.augmentation = NULL;
    b.options.average.params = NULL;
    b.options.batch_size = N;
    b.options.shard_size = 2;
    CHECK_OK(&cx, wf_plan_create(&plan, &cx, b.graph, b.params, b.pool, &b.options));
    values[N * SIZE - 1] = NAN;
    const wf_batch batch = {.values = values, .labels = labels, .n = N, .learning_rate = 0.001};
    CHECK_INT(wf_plan_run(NULL, plan, &cx, &batch), WF_E_DIVERGED);
    if (!strstr(cx.message, "layer input ")) printf("%s\n", cx.message);
    CHECK(strstr(cx.message, "layer input "));
    wf_plan_destroy(plan);
    bench_close(&b);
}

TEST_MAIN()
