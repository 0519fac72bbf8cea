/* What layers have in common: one input given twice, another layer's matrix. */
#include "nn/fields.h"
#include "nn/loss.h"
#include "property/small.h"
#include "test.h"

static wf_context cx;

/* ---- attention ---- */

#define ATTENTION(...)                                                                             \
    {                                                                                              \
        "attention", 1, {                                                                          \
            NAMED("conv2d", "filters: 6, kernel_size: 3, strides: 2, activation: elu", "map",      \
                  NULL),                                                                           \
                L("flatten", ""), L("dense", "units: 6"),                                          \
                NAMED("repeat_vector", "n: 3", "query", NULL),                                     \
                NAMED("attention", "use_scale: true", NULL, "query", __VA_ARGS__),                 \
                L("flatten", ""), L("dense", "units: 10, activation: softmax")                     \
        }                                                                                          \
    }

/* Values that are their own keys need not be named twice; if they are, it is the same. */
TEST(values_given_as_keys_too) {
    enum { STEPS = 4 };
    const small_model models[] = {ATTENTION("map"), ATTENTION("map", "map")};
    const small_training t = {NULL, 2, 20, 4, STEPS, 1, WF_FLOAT32, NULL};
    double losses[2][STEPS];
    wf_graph *g[2];
    wf_params *params[2];
    for (int i = 0; i < 2; i++) {
        g[i] = small_graph(&models[i]);
        params[i] = small_train(g[i], &t, losses[i]);
    }
    for (int step = 0; step < STEPS; step++) CHECK_NEAR(losses[0][step], losses[1][step], 1e-5);
    for (int i = 0; i < 2; i++) {
        wf_params_destroy(params[i]);
        wf_graph_destroy(g[i]);
    }
}

/* ---- a tied matrix ---- */

#define TIED(keys)                                                                                 \
    {                                                                                              \
        "tied", 1, {                                                                               \
            NAMED("average_pool2d", "pool_size: 2", NULL, NULL), NAMED("flatten", "", "x", NULL),  \
                NAMED("dense", "units: 49, use_bias: false", "owner", "x"),                        \
                NAMED("tied_dense", "to: owner, units: 49" keys, "tied", "x"),                     \
                NAMED("add", "", NULL, "owner", "tied"),                                           \
                L("dense", "units: 10, activation: softmax")                                       \
        }                                                                                          \
    }

/* params of `g` with the values that other params have under the same names. */
static wf_params *copy_values(const wf_graph *g, const wf_params *from) {
    wf_params *params = NULL;
    CHECK_OK(&cx, wf_params_create(&params, &cx, g, 3));
    for (int i = 0; i < g->n_params; i++)
        for (int k = 0; from && k < from->graph->n_params; k++) {
            const wf_param_entry *to = &g->params[i], *source = &from->graph->params[k];
            if (strcmp(to->name, source->name) == 0)
                memcpy(params->value + to->offset, from->value + source->offset,
                       (size_t)to->size * sizeof(float));
        }
    return params;
}

static void find_gradient(wf_params *params) {
    const wf_loss_class *class = wf_loss_find("sparse_categorical_crossentropy");
    wf_loss loss = {class, NULL};
    const wf_plan_options options = {.mode = WF_PLAN_TRAIN, .batch_size = 20, .loss = &loss};
    const wf_batch batch = {.pixels = small_pixels(), .labels = small_labels(), .n = 20};
    wf_pool *pool = NULL;
    wf_plan *plan = NULL;
    CHECK_OK(&cx, wf_fields_create(&loss.config, &cx, class->fields, class->config_size));
    CHECK_OK(&cx, wf_pool_create(&pool, &cx, 2));
    CHECK_OK(&cx, wf_plan_create(&plan, &cx, params->graph, params, pool, &options));
    CHECK_OK(&cx, wf_plan_run(NULL, plan, &cx, &batch));
    wf_plan_destroy(plan);
    wf_pool_destroy(pool);
    wf_fields_destroy(class->fields, loss.config);
}

/* Nothing before the tied layer is trained, and it has nothing of its own: its part of the owner's
 * gradient is there all the same, as it is when it has a bias. */
TEST(tied_to_a_matrix_behind_nothing_that_is_trained) {
    const small_model models[] = {TIED(", use_bias: true"), TIED("")};
    wf_graph *g[2];
    wf_params *params[2];
    for (int i = 0; i < 2; i++) {
        g[i] = small_graph(&models[i]);
        params[i] = copy_values(g[i], i ? params[0] : NULL);
        find_gradient(params[i]);
    }
    for (int i = 0; i < g[1]->n_params; i++) {
        const wf_param_entry *one = &g[1]->params[i];
        for (int k = 0; k < g[0]->n_params; k++)
            for (int64_t j = 0; !strcmp(one->name, g[0]->params[k].name) && j < one->size; j++)
                CHECK_NEAR(params[1]->gradient[one->offset + j],
                           params[0]->gradient[g[0]->params[k].offset + j], 1e-6);
    }
    for (int i = 0; i < 2; i++) {
        wf_params_destroy(params[i]);
        wf_graph_destroy(g[i]);
    }
}

TEST_MAIN()
