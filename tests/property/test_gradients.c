/* Gradient plans of every family of models, with dropout: outputs are those of inference, gradients
 * those that differences of scores show, bits the same at any number of threads, parameters left as
 * they are. That the gradients are right to the last digits is for golden/test_explain_golden. */
#include "base/alloc.h"
#include "parity/product.h"
#include "property/small.h"
#include "test.h"

enum { N = 13, PIXELS = SMALL_PIXELS, K = SMALL_CLASSES };

static wf_context cx;

/* What a plan says about images 0 .. N-1, the score of each one's label taken. */
typedef struct answer {
    float outputs[N][K], scores[N][K], gradient[N][PIXELS];
    float *layer; /* [2][N][size]: values, gradient */
    size_t layer_size;
} answer;

typedef struct question {
    const wf_graph *graph;
    wf_params *params;
    const wf_kernels *kernels;
    int threads, shard_size;
    wf_precision precision;
    const char *layer;
    const float *values; /* NULL: the pixels */
} question;

static void ask(answer *out, const question *q) {
    wf_pool *pool;
    wf_plan *plan = NULL;
    const wf_plan_options options = {.mode = WF_PLAN_GRADIENT,
                                     .precision = q->precision,
                                     .batch_size = N + 3,
                                     .kernels = q->kernels,
                                     .shard_size = q->shard_size,
                                     .layer = q->layer};
    const wf_batch batch = {.pixels = q->values ? NULL : small_pixels(),
                            .values = q->values,
                            .labels = small_labels(),
                            .n = N};
    CHECK_OK(&cx, wf_pool_create(&pool, &cx, q->threads));
    CHECK_OK(&cx, wf_plan_create(&plan, &cx, q->graph, q->params, pool, &options));
    CHECK_OK(&cx, wf_plan_run(NULL, plan, &cx, &batch));
    memcpy(out->outputs, wf_plan_output(plan), sizeof out->outputs);
    memcpy(out->scores, wf_plan_scores(plan), sizeof out->scores);
    memcpy(out->gradient, wf_plan_input_gradient(plan), sizeof out->gradient);
    const wf_node *node = &q->graph->nodes[wf_graph_find(q->graph, q->layer)];
    out->layer_size = (size_t)(N * wf_shape_size(&node->shape));
    CHECK_OK(&cx, wf_alloc(&out->layer, &cx, 2 * out->layer_size, sizeof(float)));
    memcpy(out->layer, wf_plan_layer_values(plan), out->layer_size * sizeof(float));
    memcpy(out->layer + out->layer_size, wf_plan_layer_gradient(plan),
           out->layer_size * sizeof(float));
    wf_plan_destroy(plan);
    wf_pool_destroy(pool);
}

static int is_same(const answer *a, const answer *b) {
    return memcmp(a->outputs, b->outputs, sizeof a->outputs) == 0 &&
           memcmp(a->scores, b->scores, sizeof a->scores) == 0 &&
           memcmp(a->gradient, b->gradient, sizeof a->gradient) == 0 &&
           a->layer_size == b->layer_size &&
           memcmp(a->layer, b->layer, 2 * a->layer_size * sizeof(float)) == 0;
}

/* Parameters and moving statistics that some steps of training have moved. */
static wf_params *trained(const wf_graph *g) {
    const small_training t = {NULL, 2, 20, 0, 4, 42, WF_FLOAT32, NULL};
    return small_train(g, &t, NULL);
}

static void check_threads(question q) {
    static const int threads[] = {1, 2, 3, 5};
    static answer first, other;
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        q.threads = threads[i];
        ask(i == 0 ? &first : &other, &q);
        if (i == 0) continue;
        CHECK(is_same(&first, &other));
        wf_free(other.layer);
    }
    wf_free(first.layer);
}

static void check_outputs(const question *q) {
    static answer a;
    wf_pool *pool;
    wf_plan *plan = NULL;
    const wf_plan_options options = {
        .precision = q->precision, .batch_size = N, .kernels = q->kernels};
    const wf_batch batch = {.pixels = small_pixels(), .n = N};
    CHECK_OK(&cx, wf_pool_create(&pool, &cx, 1));
    CHECK_OK(&cx, wf_plan_create(&plan, &cx, q->graph, q->params, pool, &options));
    CHECK_OK(&cx, wf_plan_run(NULL, plan, &cx, &batch));
    ask(&a, q);
    const double tolerance = q->precision == WF_BFLOAT16 ? 0.02 : 1e-5;
    for (int i = 0; i < N; i++)
        for (int k = 0; k < K; k++)
            CHECK_NEAR(a.outputs[i][k], wf_plan_output(plan)[i * K + k], tolerance);
    for (int i = 0; i < N; i++) { /* outputs are the softmax of the scores */
        double sum = 0;
        for (int k = 0; k < K; k++) sum += exp((double)a.scores[i][k]);
        for (int k = 0; k < K; k++)
            CHECK_NEAR(a.outputs[i][k], exp((double)a.scores[i][k]) / sum, 1e-5);
    }
    wf_free(a.layer);
    wf_plan_destroy(plan);
    wf_pool_destroy(pool);
}

/* The gradient times a direction against the difference of the scores along it. */
static void check_slopes(question q) {
    static answer at, ahead, behind;
    static float values[3][N][PIXELS], direction[N][PIXELS];
    const float step = 0.02f;
    for (int i = 0; i < N; i++)
        for (int k = 0; k < PIXELS; k++) {
            const float x = (float)small_pixels()[i * PIXELS + k] / 255;
            direction[i][k] = product_random(5, i * PIXELS + k);
            values[0][i][k] = x;
            values[1][i][k] = x + step * direction[i][k];
            values[2][i][k] = x - step * direction[i][k];
        }
    answer *const answers[] = {&at, &ahead, &behind};
    for (int i = 0; i < 3; i++) {
        q.values = values[i][0];
        ask(answers[i], &q);
        wf_free(answers[i]->layer);
    }
    for (int i = 0; i < N; i++) {
        const int label = small_labels()[i];
        const double difference =
            ((double)ahead.scores[i][label] - (double)behind.scores[i][label]) / (2 * (double)step);
        double slope = 0, size = 0;
        for (int k = 0; k < PIXELS; k++) {
            const double part = (double)at.gradient[i][k] * (double)direction[i][k];
            slope += part;
            size += part * part;
        }
        CHECK(size > 0);
        CHECK_NEAR(slope, difference, 0.02 * sqrt(size));
    }
}

static void check_model(const small_model *model) {
    wf_graph *g = small_graph(model);
    wf_params *params = trained(g);
    const size_t bytes = (size_t)g->total_size * sizeof(float);
    float *before = NULL;
    CHECK_OK(&cx, wf_alloc(&before, &cx, bytes, 1));
    memcpy(before, params->value, bytes);
    const wf_kernels *level;
    for (int i = 0; (level = wf_kernels_at(i)); i++)
        for (int precision = WF_FLOAT32; precision <= WF_BFLOAT16; precision++) {
            const question q = {.graph = g,
                                .params = params,
                                .kernels = level,
                                .threads = 1,
                                .shard_size = i,
                                .precision = (wf_precision)precision,
                                .layer = g->nodes[(g->n_nodes + i) / 2].name};
            check_threads(q);
            check_outputs(&q);
            if (model->is_smooth && precision == WF_FLOAT32) check_slopes(q);
        }
    CHECK(memcmp(before, params->value, bytes) == 0);
    wf_free(before);
    wf_params_destroy(params);
    wf_graph_destroy(g);
}

TEST(every_model) {
    int smooth = 0;
    for (const small_model *m = small_models; m->name; m++) {
        check_model(m);
        smooth += m->is_smooth;
    }
    CHECK(smooth >= 2);
}

/* Of layers that are the model's input or output, too. */
TEST(gradients_of_the_first_and_the_last_layer) {
    static answer a;
    wf_graph *g = small_graph(&small_models[0]);
    wf_params *params = trained(g);
    question q = {.graph = g, .params = params, .threads = 2, .layer = g->nodes[0].name};
    ask(&a, &q);
    CHECK_INT(a.layer_size, N * PIXELS);
    CHECK(memcmp(a.layer + a.layer_size, a.gradient, sizeof a.gradient) == 0);
    for (int i = 0; i < N * PIXELS; i++)
        CHECK_NEAR(a.layer[i], (double)small_pixels()[i] / 255, 1e-6);
    wf_free(a.layer);
    q.layer = g->nodes[g->output].name;
    ask(&a, &q);
    for (int i = 0; i < N; i++)
        for (int k = 0; k < K; k++)
            CHECK_INT(a.layer[(size_t)(N + i) * K + (size_t)k], k == small_labels()[i]);
    wf_free(a.layer);
    wf_params_destroy(params);
    wf_graph_destroy(g);
}

/* Dropout hands on what it gets: so do the values and the gradient that are kept of it. */
TEST(of_dropout_what_lies_before_it_is_shown) {
    static answer a, before;
    int found = 0;
    for (const small_model *m = small_models; m->name; m++) {
        wf_graph *g = small_graph(m);
        wf_params *params = trained(g);
        question q = {.graph = g, .params = params, .threads = 2, .shard_size = 4};
        for (int i = 1; i < g->n_nodes; i++) {
            if (strcmp(g->nodes[i].spec.class->name, "dropout") != 0) continue;
            q.layer = g->nodes[i].name;
            ask(&a, &q);
            q.layer = g->nodes[g->nodes[i].inputs[0]].name;
            ask(&before, &q);
            CHECK_INT(a.layer_size, before.layer_size);
            CHECK(!memcmp(a.layer, before.layer, 2 * a.layer_size * sizeof(float)));
            wf_free(a.layer);
            wf_free(before.layer);
            found++;
        }
        wf_params_destroy(params);
        wf_graph_destroy(g);
    }
    CHECK(found > 5);
}

TEST_MAIN()
