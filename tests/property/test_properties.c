/* What must hold between two runs, whatever the numbers are. */
#include "nn/fields.h"
#include "nn/plan_internal.h"
#include "parity/product.h"
#include "property/small.h"
#include "test.h"

static wf_pool *pool;

/* One graph under one plan with the fused loss. */
typedef struct machine {
    wf_graph *graph;
    wf_params *params;
    wf_plan *plan;
    wf_loss loss;
    int width; /* of the output */
} machine;

static machine machine_open(const char *name, wf_plan_mode mode, int batch, int shard_size) {
    wf_context cx = {0};
    machine m = {0};
    const small_model *model = small_models;
    while (strcmp(model->name, name) != 0) model++;
    if (!pool) CHECK_OK(&cx, wf_pool_create(&pool, &cx, 2));
    m.graph = small_graph(model);
    m.loss.class = wf_loss_find("sparse_categorical_crossentropy");
    CHECK_OK(&cx, wf_fields_create(&m.loss.config, &cx, m.loss.class->fields,
                                   m.loss.class->config_size));
    CHECK_OK(&cx, wf_params_create(&m.params, &cx, m.graph, 5));
    const wf_plan_options options = {.mode = mode,
                                     .batch_size = batch,
                                     .seed = 9,
                                     .loss = &m.loss,
                                     .shard_size = shard_size,
                                     .group_size = 2};
    CHECK_OK(&cx, wf_plan_create(&m.plan, &cx, m.graph, m.params, pool, &options));
    m.width = (int)wf_shape_size(&m.graph->nodes[m.graph->output].shape);
    return m;
}

static void machine_close(machine *m) {
    wf_plan_destroy(m->plan);
    wf_params_destroy(m->params);
    wf_fields_destroy(m->loss.class->fields, m->loss.config);
    wf_graph_destroy(m->graph);
}

static wf_batch_result run(const machine *m, const int32_t *index, int n, int64_t position) {
    wf_context cx = {0};
    wf_batch_result result;
    const wf_batch batch = {.pixels = small_pixels(),
                            .index = index,
                            .labels = small_labels(),
                            .n = n,
                            .epoch = 1,
                            .position = position};
    CHECK_OK(&cx, wf_plan_run(&result, m->plan, &cx, &batch));
    return result;
}

static void check_near(const float *a, const float *b, int64_t n, double tolerance) {
    double worst = 0, scale = 0;
    for (int64_t i = 0; i < n; i++) {
        worst = fmax(worst, fabs((double)a[i] - (double)b[i]));
        scale = fmax(scale, fabs((double)b[i]));
    }
    CHECK(isfinite(scale));
    CHECK_NEAR(worst, 0, tolerance * fmax(scale, 1e-3));
}

#define EACH_MODEL(m)                                                                              \
    const small_model *m = small_models;                                                           \
    m->name;                                                                                       \
    m++

/* An image's output depends on the image, not on its place in the batch or on its neighbours. */
TEST(results_follow_a_permutation_of_the_batch) {
    for (EACH_MODEL(model)) {
        machine m = machine_open(model->name, WF_PLAN_EVALUATE, 31, 0);
        int32_t index[31];
        float *first = malloc(sizeof(float) * 31 * (size_t)m.width);
        CHECK(first);
        for (int i = 0; i < 31; i++) index[i] = i;
        const wf_batch_result a = run(&m, index, 31, 0);
        memcpy(first, wf_plan_output(m.plan), sizeof(float) * 31 * (size_t)m.width);
        for (int i = 0; i < 31; i++) index[i] = (i * 12 + 5) % 31;
        const wf_batch_result b = run(&m, index, 31, 0);
        for (int i = 0; i < 31; i++)
            check_near(wf_plan_output(m.plan) + i * m.width, first + index[i] * m.width, m.width,
                       1e-6);
        CHECK_INT(b.correct, a.correct);
        CHECK_NEAR(b.loss, a.loss, 1e-6 * a.loss);
        free(first);
        machine_close(&m);
    }
}

TEST(a_batch_is_as_good_as_its_parts) {
    for (EACH_MODEL(model)) {
        machine m = machine_open(model->name, WF_PLAN_EVALUATE, 53, 0);
        int32_t index[53];
        for (int i = 0; i < 53; i++) index[i] = 52 - i;
        const wf_batch_result whole = run(&m, index, 53, 0);
        double loss = 0;
        int64_t correct = 0;
        for (int i = 0; i < 53; i += 7) {
            const int n = 53 - i < 7 ? 53 - i : 7;
            const wf_batch_result part = run(&m, index + i, n, 0);
            loss += part.loss * n;
            correct += part.correct;
        }
        CHECK_NEAR(loss / 53, whole.loss, 1e-6 * whole.loss);
        CHECK_INT(correct, whole.correct);
        machine_close(&m);
    }
}

static void note_gradient(const char *name, int batch, int shard_size, int n, float **out,
                          int64_t *size) {
    machine m = machine_open(name, WF_PLAN_TRAIN, batch, shard_size);
    *size = m.graph->trainable_size;
    *out = malloc((size_t)*size * sizeof(float));
    CHECK(*out);
    run(&m, NULL, n, 100);
    memcpy(*out, m.params->gradient, (size_t)*size * sizeof(float));
    machine_close(&m);
}

/* Not the same bits, for sums run in another order; but random masks and statistics are the
 * same. */
TEST(the_size_of_shards_hardly_matters) {
    for (EACH_MODEL(model)) {
        float *one, *other;
        int64_t size;
        note_gradient(model->name, 23, 0, 23, &one, &size);
        for (int shard = 1; shard <= 64; shard *= 4) {
            note_gradient(model->name, 23, shard, 23, &other, &size);
            check_near(other, one, size, 2e-5);
            free(other);
        }
        free(one);
    }
}

/* The partial last batch gives the bits that a plan of its own size would give. */
TEST(a_small_batch_in_a_large_plan) {
    for (EACH_MODEL(model)) {
        float *small, *large;
        int64_t size;
        note_gradient(model->name, 17, 4, 17, &small, &size);
        note_gradient(model->name, 41, 4, 17, &large, &size);
        CHECK(memcmp(small, large, (size_t)size * sizeof(float)) == 0);
        free(small), free(large);
    }
}

/* A plan that ran before gives what a fresh one gives: nothing is left over from the last batch. */
TEST(a_batch_leaves_nothing_behind) {
    for (EACH_MODEL(model)) {
        machine fresh = machine_open(model->name, WF_PLAN_TRAIN, 23, 0);
        machine used = machine_open(model->name, WF_PLAN_TRAIN, 23, 0);
        int32_t index[23];
        for (int i = 0; i < 23; i++) index[i] = (i * 5 + 30) % SMALL_IMAGES;
        run(&used, NULL, 23, 0);
        const wf_batch_result a = run(&used, index, 19, 7), b = run(&fresh, index, 19, 7);
        CHECK(a.loss == b.loss);
        CHECK(memcmp(used.params->gradient, fresh.params->gradient,
                     (size_t)used.graph->trainable_size * sizeof(float)) == 0);
        machine_close(&fresh);
        machine_close(&used);
    }
}

/* ---- gradients of whole models ---- */

static double loss_at(machine *m, const wf_param_entry *e, const float *start, const float *g,
                      double step) {
    float *value = m->params->value + e->offset;
    for (int64_t i = 0; i < e->size; i++)
        value[i] = (float)((double)start[i] + step * (double)g[i]);
    m->params->generation++;
    return run(m, NULL, 31, 3).loss;
}

/* The loss's slope along each parameter's gradient is the gradient's length: what a layer's own
 * tests cannot see, the wiring, is seen here. Where the gradient is as good as zero, the slope is
 * that of one direction, of which all numbers are the same: a gradient that nobody wrote is seen as
 * well. The masks of dropout are the same in every run. */
TEST(the_loss_changes_as_the_gradients_say) {
    for (EACH_MODEL(model)) {
        machine m = machine_open(model->name, WF_PLAN_TRAIN, 31, 0);
        run(&m, NULL, 31, 3);
        const size_t bytes = (size_t)m.graph->trainable_size * sizeof(float);
        float *all = malloc(bytes), *start = malloc(bytes), *along = malloc(bytes);
        CHECK(all && start && along);
        memcpy(all, m.params->gradient, bytes);
        memcpy(start, m.params->value, bytes);
        for (int k = 0; k < m.graph->n_params; k++) {
            const wf_param_entry *e = &m.graph->params[k];
            const float *g = all + e->offset;
            double length = 0, expected = 0;
            if (!e->is_trainable) continue;
            for (int64_t i = 0; i < e->size; i++) length += (double)g[i] * (double)g[i];
            length = sqrt(length);
            for (int64_t i = 0; i < e->size; i++) {
                along[i] = length < 1e-3 ? (float)(1 / sqrt((double)e->size))
                                         : (float)((double)g[i] / length);
                expected += (double)g[i] * (double)along[i];
            }
            const double step = 2e-3;
            const double up = loss_at(&m, e, start + e->offset, along, step);
            const double down = loss_at(&m, e, start + e->offset, along, -step);
            const double slope = (up - down) / (2 * step);
            loss_at(&m, e, start + e->offset, along, 0);
            const double off = model->is_smooth ? 1e-3 * length + 5e-5 : 0.05 * length + 5e-4;
            if (fabs(slope - expected) > off) printf("%s: %s\n", model->name, e->name);
            CHECK_NEAR(slope, expected, off);
        }
        free(all), free(start), free(along);
        machine_close(&m);
    }
}

/* ---- memory ---- */

/* Bytes of NaN: what a step reads without anybody having written it spreads to the results. */
static void poison(wf_plan *plan) {
    const size_t workers = (size_t)wf_pool_size(plan->pool);
    memset(plan->batch_memory, 0xFF, plan->batch_bytes);
    memset(plan->fixed_memory, 0xFF, plan->fixed_bytes);
    memset(plan->local_memory, 0xFF, workers * plan->local_bytes);
    memset(plan->scratch_memory, 0xFF, workers * plan->scratch_bytes);
}

static size_t end_of(const wf_plan *plan, const wf_plan_buffer *b) {
    const size_t images = b->kind == WF_BUFFER_BATCH   ? (size_t)plan->options.batch_size
                          : b->kind == WF_BUFFER_LOCAL ? (size_t)b->images
                                                       : 1;
    return b->offset + b->bytes * images;
}

/* The bytes behind each buffer that belong to no other are still as poison() left them. */
static void check_gaps(const wf_plan *plan, wf_buffer_kind kind, const unsigned char *memory,
                       size_t bytes) {
    unsigned char *is_used = calloc(bytes + 1, 1);
    long gaps = 0;
    CHECK(is_used);
    for (int i = 0; i < plan->n_buffers; i++) {
        const wf_plan_buffer *b = &plan->buffers[i];
        const int is_placed = kind == WF_BUFFER_FIXED || b->first >= 0 || b->is_kept;
        if (b->kind != kind || !is_placed) continue;
        CHECK(end_of(plan, b) <= bytes);
        memset(is_used + b->offset, 1, end_of(plan, b) - b->offset);
    }
    for (size_t i = 0; i < bytes; i++) {
        if (is_used[i]) continue;
        CHECK_INT(memory[i], 0xFF);
        gaps++;
    }
    CHECK(gaps > 0 || bytes == 0);
    free(is_used);
}

TEST(a_plan_reads_and_writes_nothing_but_its_buffers) {
    for (EACH_MODEL(model))
        for (int mode = WF_PLAN_INFER; mode <= WF_PLAN_TRAIN; mode++) {
            machine clean = machine_open(model->name, (wf_plan_mode)mode, 23, 3);
            machine dirty = machine_open(model->name, (wf_plan_mode)mode, 23, 3);
            wf_plan *plan = dirty.plan;
            poison(plan);
            const wf_batch_result a = run(&clean, NULL, 23, 0), b = run(&dirty, NULL, 23, 0);
            CHECK(a.loss == b.loss);
            CHECK(memcmp(wf_plan_output(clean.plan), wf_plan_output(dirty.plan),
                         sizeof(float) * 23 * (size_t)clean.width) == 0);
            if (mode == WF_PLAN_TRAIN)
                CHECK(memcmp(clean.params->gradient, dirty.params->gradient,
                             (size_t)clean.graph->trainable_size * sizeof(float)) == 0);
            check_gaps(plan, WF_BUFFER_BATCH, plan->batch_memory, plan->batch_bytes);
            check_gaps(plan, WF_BUFFER_FIXED, plan->fixed_memory, plan->fixed_bytes);
            for (int w = 0; w < wf_pool_size(plan->pool); w++)
                check_gaps(plan, WF_BUFFER_LOCAL,
                           plan->local_memory + (size_t)w * plan->local_bytes, plan->local_bytes);
            machine_close(&clean);
            machine_close(&dirty);
        }
}

/* ---- one layer as another ---- */

static product *layer_open(const char *class_name, const char *keys, wf_shape input, int n) {
    wf_context cx = {0};
    product *p = NULL;
    const product_layer layer = {class_name, keys, 1, {input}, n, 1};
    if (!pool) CHECK_OK(&cx, wf_pool_create(&pool, &cx, 2));
    CHECK_OK(&cx, product_create(&p, &cx, &layer));
    return p;
}

static void layer_run(product *p, const float *cotangent) {
    wf_context cx = {0};
    const product_run r = {.mode = WF_PLAN_TRAIN, .pool = pool, .cotangent = cotangent};
    CHECK_OK(&cx, product_run_once(p, &cx, &r));
}

static void fill(float *x, long n, uint64_t seed) {
    for (long i = 0; i < n; i++) x[i] = product_random(seed, i);
}

TEST(a_1x1_convolution_is_a_dense_layer_per_pixel) {
    enum { N = 3, SIZE = 5 * 4 * 7, OUT = 5 * 4 * 9 };
    static const char *const keys[] = {"filters: 9, kernel_size: 1, activation: tanh",
                                       "units: 9, activation: tanh"};
    const wf_shape image = {.rank = 3, .dim = {5, 4, 7}};
    static float x[N * SIZE], dy[N * OUT], kernel[7 * 9], bias[9];
    fill(x, N * SIZE, 1), fill(dy, N * OUT, 2), fill(kernel, 63, 3), fill(bias, 9, 4);
    product *p[2];
    for (int i = 0; i < 2; i++) {
        p[i] = layer_open(i ? "dense" : "conv2d", keys[i], image, N);
        memcpy(product_input(p[i], 0), x, sizeof x);
        memcpy(product_value(p[i], "kernel"), kernel, sizeof kernel);
        memcpy(product_value(p[i], "bias"), bias, sizeof bias);
        layer_run(p[i], dy);
    }
    check_near(p[0]->output, p[1]->output, N * OUT, 1e-6);
    check_near(product_input_gradient(p[0], 0), product_input_gradient(p[1], 0), N * SIZE, 1e-6);
    check_near(product_gradient(p[0], "kernel"), product_gradient(p[1], "kernel"), 63, 1e-6);
    check_near(product_gradient(p[0], "bias"), product_gradient(p[1], "bias"), 9, 1e-6);
    for (int i = 0; i < 2; i++) product_destroy(p[i]);
}

/* The two halves change places, and their parameters' gradients with them. */
static void check_reversed_time(const char *layer, int T, int H, int returns_sequences) {
    enum { N = 4, F = 6, MAX = 64 * 64 };
    char keys[160];
    snprintf(keys, sizeof keys, "layer: {%s: {units: %d, return_sequences: %s}}", layer, H,
             returns_sequences ? "true" : "false");
    const wf_shape sequence = {.rank = 2, .dim = {T, F}};
    static const char *const names[] = {"kernel", "recurrent_kernel", "bias"};
    const int steps = returns_sequences ? T : 1;
    float dy[MAX];
    product *p[2];
    fill(dy, N * steps * 2 * H, 2);
    for (int i = 0; i < 2; i++) {
        p[i] = layer_open("bidirectional", keys, sequence, N);
        float *x = product_input(p[i], 0);
        for (int n = 0; n < N; n++)
            for (int t = 0; t < T; t++)
                fill(x + (n * T + (i ? T - 1 - t : t)) * F, F, (uint64_t)(100 + n * T + t));
        for (int k = 0; k < 3; k++)
            for (int half = 0; half < 2; half++) {
                char name[64], swapped[64];
                snprintf(name, sizeof name, "%s_%s", half ? "backward" : "forward", names[k]);
                snprintf(swapped, sizeof swapped, "layer/%s_%s", half != i ? "backward" : "forward",
                         names[k]);
                for (int e = 0; e < p[i]->graph->n_params; e++)
                    if (!strcmp(p[i]->graph->params[e].name, swapped))
                        fill(product_value(p[i], name), (long)p[i]->graph->params[e].size,
                             (uint64_t)(1000 + 10 * e));
            }
    }
    layer_run(p[0], dy);
    float swapped_dy[MAX], expected[MAX];
    for (int n = 0; n < N; n++)
        for (int t = 0; t < steps; t++)
            for (int j = 0; j < 2 * H; j++) {
                const int to = (n * steps + (steps - 1 - t)) * 2 * H + (j + H) % (2 * H);
                swapped_dy[to] = dy[(n * steps + t) * 2 * H + j];
                expected[to] = p[0]->output[(n * steps + t) * 2 * H + j];
            }
    layer_run(p[1], swapped_dy);
    check_near(p[1]->output, expected, N * steps * 2 * H, 1e-6);
    for (int n = 0; n < N; n++)
        for (int t = 0; t < T; t++)
            check_near(product_input_gradient(p[1], 0) + (n * T + t) * F,
                       product_input_gradient(p[0], 0) + (n * T + T - 1 - t) * F, F, 1e-5);
    check_near(product_gradient(p[1], "backward_recurrent_kernel"),
               product_gradient(p[0], "forward_recurrent_kernel"), H * H, 1e-5);
    check_near(product_gradient(p[1], "forward_kernel"), product_gradient(p[0], "backward_kernel"),
               F * H, 1e-5);
    for (int i = 0; i < 2; i++) product_destroy(p[i]);
}

TEST(reversed_time_swaps_the_halves_of_a_bidirectional_layer) {
    static const char *const layers[] = {"lstm", "gru", "simple_rnn"};
    for (int i = 0; i < 3; i++)
        for (int sequences = 0; sequences < 2; sequences++)
            check_reversed_time(layers[i], 5, 9, sequences);
}

/* go_backwards is the same layer on the reversed sequence. */
TEST(going_backwards_is_reversing_time) {
    enum { N = 3, T = 6, F = 5, H = 7 };
    const wf_shape sequence = {.rank = 2, .dim = {T, F}};
    static float dy[N * T * H];
    fill(dy, N * T * H, 1);
    product *p[2];
    for (int i = 0; i < 2; i++) {
        p[i] = layer_open("gru",
                          i ? "units: 7, return_sequences: true, go_backwards: true"
                            : "units: 7, return_sequences: true",
                          sequence, N);
        for (int n = 0; n < N; n++)
            for (int t = 0; t < T; t++)
                fill(product_input(p[i], 0) + (n * T + (i ? T - 1 - t : t)) * F, F,
                     (uint64_t)(50 + n * T + t));
        fill(product_value(p[i], "kernel"), F * 3 * H, 2);
        fill(product_value(p[i], "recurrent_kernel"), H * 3 * H, 3);
        fill(product_value(p[i], "bias"), 2 * 3 * H, 4);
        layer_run(p[i], dy);
    }
    check_near(p[1]->output, p[0]->output, N * T * H, 0);
    check_near(product_gradient(p[1], "kernel"), product_gradient(p[0], "kernel"), F * 3 * H, 0);
    for (int n = 0; n < N; n++)
        for (int t = 0; t < T; t++)
            check_near(product_input_gradient(p[1], 0) + (n * T + t) * F,
                       product_input_gradient(p[0], 0) + (n * T + T - 1 - t) * F, F, 0);
    for (int i = 0; i < 2; i++) product_destroy(p[i]);
}

/* What a horizontal sweep makes of an image, a vertical one makes of its transpose, transposed. */
static void check_transposed(const char *layer, int returns_sequences) {
    enum { N = 3, H = 4, W = 6, F = 5, MAX = N * H * W * 16 };
    char keys[2][200];
    product *p[2];
    static float x[2][N * H * W * F], dy[2][MAX], expected[MAX];
    const wf_shape image[2] = {{.rank = 3, .dim = {H, W, F}}, {.rank = 3, .dim = {W, H, F}}};
    for (int i = 0; i < 2; i++) {
        snprintf(keys[i], sizeof keys[i], "axis: %s, layer: {%s: {%sunits: 7%s}%s",
                 i ? "vertical" : "horizontal", layer, strchr(layer, 'b') ? "layer: {lstm: {" : "",
                 returns_sequences ? ", return_sequences: true" : "",
                 strchr(layer, 'b') ? "}}}" : "}");
        p[i] = layer_open("sweep", keys[i], image[i], N);
        memcpy(p[i]->params->value, p[0]->params->value,
               (size_t)p[0]->graph->total_size * sizeof(float));
    }
    const int U = (int)p[0]->graph->nodes[p[0]->layer].shape.dim[returns_sequences ? 2 : 1];
    fill(x[0], N * H * W * F, 1);
    fill(dy[0], MAX, 2);
    memcpy(dy[1], dy[0], sizeof dy[1]);
    for (int n = 0; n < N; n++)
        for (int h = 0; h < H; h++)
            for (int w = 0; w < W; w++) {
                const int here = (n * H + h) * W + w, there = (n * W + w) * H + h;
                memcpy(x[1] + there * F, x[0] + here * F, F * sizeof(float));
                if (returns_sequences)
                    memcpy(dy[1] + there * U, dy[0] + here * U, (size_t)U * sizeof(float));
            }
    for (int i = 0; i < 2; i++) {
        memcpy(product_input(p[i], 0), x[i], sizeof x[i]);
        layer_run(p[i], dy[i]);
    }
    const long pixels = returns_sequences ? N * H * W : N * H;
    for (long at = 0; at < pixels; at++) {
        const long n = at / (H * W), h = at / W % H, w = at % W;
        const long there = returns_sequences ? (n * W + w) * H + h : at;
        memcpy(expected + there * U, p[0]->output + at * U, (size_t)U * sizeof(float));
    }
    CHECK(memcmp(p[1]->output, expected, (size_t)(pixels * U) * sizeof(float)) == 0);
    for (int n = 0; n < N; n++)
        for (int h = 0; h < H; h++)
            for (int w = 0; w < W; w++)
                CHECK(memcmp(product_input_gradient(p[0], 0) + ((n * H + h) * W + w) * F,
                             product_input_gradient(p[1], 0) + ((n * W + w) * H + h) * F,
                             F * sizeof(float)) == 0);
    for (int k = 0; k < p[0]->graph->nodes[p[0]->layer].n_params; k++) {
        const wf_param_entry *e =
            &p[0]->graph->params[p[0]->graph->nodes[p[0]->layer].first_param + k];
        CHECK(memcmp(p[0]->params->gradient + e->offset, p[1]->params->gradient + e->offset,
                     (size_t)e->size * sizeof(float)) == 0);
    }
    for (int i = 0; i < 2; i++) product_destroy(p[i]);
}

TEST(a_sweep_of_the_transposed_image_is_the_other_one_transposed) {
    static const char *const layers[] = {"lstm", "gru", "simple_rnn", "bidirectional"};
    for (int i = 0; i < 4; i++)
        for (int sequences = 0; sequences < 2; sequences++) check_transposed(layers[i], sequences);
}

TEST_MAIN()
