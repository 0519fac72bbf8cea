/* What a model is told and what is right while it is trained on its own words. */
#include "train/free_run.h"

#include <math.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "property/small.h"
#include "test.h"

enum { N = SMALL_IMAGES, T = SMALL_STEPS, K = SMALL_LABELS, END = K };

static wf_context cx;
static int32_t rank[K] = {0, 1, 2};
static const wf_sequence_options by_rank = {
    .order = WF_ORDER_FREQUENT_FIRST, .classes = K, .length = T, .rank = rank, .seed = 9};

/* ---- assignments ---- */

static double cheapest(const double *cost, int n, int task, unsigned used) {
    double best = INFINITY;
    if (task == n) return 0;
    for (int j = 0; j < n; j++)
        if (!(used >> j & 1))
            best = fmin(best, cost[task * n + j] + cheapest(cost, n, task + 1, used | 1u << j));
    return best;
}

TEST(an_assignment_is_the_cheapest_of_all) {
    wf__assignment a = {0};
    double cost[36];
    int32_t worker[6];
    wf_rng rng;
    wf_rng_init(&rng, 3, WF_STREAM_TEST, 0);
    CHECK_OK(&cx, wf__assignment_create(&a, &cx, 6));
    for (int round = 0; round < 300; round++) {
        const int n = round % 7;
        double sum = 0;
        unsigned used = 0;
        /* few values, so that many ways are equally cheap, or any */
        for (int i = 0; i < n * n; i++)
            cost[i] = round % 2 ? (double)wf_rng_below(&rng, 3) : -log(1 - wf_rng_uniform(&rng));
        wf__assignment_solve(worker, &a, cost, n);
        for (int i = 0; i < n; i++) {
            CHECK(worker[i] >= 0 && worker[i] < n && !(used >> worker[i] & 1));
            used |= 1u << worker[i];
            sum += cost[i * n + worker[i]];
        }
        CHECK_NEAR(sum, cheapest(cost, n, 0, 0), 1e-9);
    }
    wf__assignment_reset(&a);
}

/* ---- a batch ---- */

typedef struct machine {
    wf_graph *graph;
    wf_params *params;
    wf_pool *pool;
    wf_recipe *recipe;
    wf_sequence_options sequences;
    wf__free_run run;
} machine;

static machine open_machine(const char *name, int threads, wf_label_order order) {
    const small_training training = {NULL, 1, 20, 0, 12, 42, WF_FLOAT32, NULL};
    const small_model *model = small_label_models;
    machine m = {.sequences = by_rank};
    while (strcmp(model->name, name) != 0) model++;
    m.sequences.order = order;
    m.graph = small_graph(model);
    m.params = small_train(m.graph, &training, NULL);
    CHECK_OK(&cx, wf_pool_create(&m.pool, &cx, threads));
    CHECK_OK(&cx, wf_recipe_create(&m.recipe, &cx));
    return m;
}

static void begin(machine *m) {
    const wf__free_run_options options = {&m->sequences, m->recipe, WF_FLOAT32, N};
    CHECK_OK(&cx, wf__free_run_create(&m->run, &cx, m->params, m->pool, &options));
}

static void close_machine(machine *m) {
    wf__free_run_reset(&m->run);
    wf_recipe_destroy(m->recipe);
    wf_pool_destroy(m->pool);
    wf_params_destroy(m->params);
    wf_graph_destroy(m->graph);
}

static wf_batch batch_of(const int32_t *index, int n) {
    return (wf_batch){.pixels = small_pixels(),
                      .index = index,
                      .sequences = small_sequences(),
                      .sequence_length = T,
                      .n = n};
}

static int count(const int32_t *sequence) {
    int n = 0;
    while (sequence[n] != END) n++;
    return n;
}

static int is_among(const int32_t *labels, int n, int32_t label) {
    for (int t = 0; t < n; t++)
        if (labels[t] == label) return 1;
    return 0;
}

/* What the whole model says behind what was told. */
static void ask(float p[N][T][K + 1], machine *m, const wf_batch *batch, const int32_t *told) {
    const wf_plan_options options = {.batch_size = N};
    wf_batch again = *batch;
    wf_plan *plan = NULL;
    again.told = told;
    CHECK_OK(&cx, wf_plan_create(&plan, &cx, m->graph, m->params, m->pool, &options));
    CHECK_OK(&cx, wf_plan_run(NULL, plan, &cx, &again));
    memcpy(p, wf_plan_output(plan), (size_t)batch->n * sizeof *p);
    wf_plan_destroy(plan);
}

static void check_free(const char *name) {
    static float p[N][T][K + 1];
    static int32_t index[N];
    machine m = open_machine(name, 2, WF_ORDER_FREE);
    int moved = 0;
    begin(&m);
    for (int i = 0; i < N; i++) index[i] = (i * 7 + 3) % N;
    wf_batch batch = batch_of(index, N);
    CHECK_OK(&cx, wf__free_run_prepare(&m.run, &cx, &batch));
    CHECK(batch.hypotheses == 1 && batch.told && batch.sequences != small_sequences());
    ask(p, &m, &batch, batch.told);
    for (int i = 0; i < N; i++) {
        const int32_t *truth = small_sequences() + index[i] * T;
        const int32_t *told = batch.told + i * T, *right = batch.sequences + i * T;
        const int n = count(truth);
        for (int t = 0; t < T; t++) {
            if (t >= n) CHECK(told[t] == truth[t] && right[t] == truth[t]);
            if (t >= n) continue;
            /* told: the likeliest of those not told before; near-ties may fall either way */
            for (int k = 0; k < K; k++)
                CHECK(is_among(told, t, k) || p[i][t][k] <= p[i][t][told[t]] + 1e-6f);
            CHECK(!is_among(told, t, told[t]) && told[t] < K);
            /* right: a label of the image, none twice, and what was told where that is one */
            CHECK(is_among(truth, n, right[t]) && !is_among(right, t, right[t]));
            if (is_among(truth, n, told[t])) CHECK_INT(right[t], told[t]);
            moved += right[t] != truth[t];
        }
    }
    CHECK(moved > 5);
    const long before = wf__alloc_count();
    batch = batch_of(index, N - 3);
    CHECK_OK(&cx, wf__free_run_prepare(&m.run, &cx, &batch));
    CHECK_INT(wf__alloc_count(), before);
    close_machine(&m);
}

TEST(a_free_order_is_told_its_own_labels_and_learns_the_images) { check_free("cnn-rnn"); }
TEST(with_attention) { check_free("cnn-rnn-attention"); }

/* Its own order of the right labels is the likeliest step by step. */
TEST(validation_is_told_in_the_order_that_the_model_likes) {
    static float p[N][T][K + 1];
    static int32_t sequences[N * T];
    machine m = open_machine("cnn-rnn", 2, WF_ORDER_FREE);
    const wf_normalization normalization = {.channels = 1, .scale = {1 / 255.0f}};
    wf_images images = {.count = N,
                        .height = 14,
                        .width = 14,
                        .channels = 1,
                        .pixels = (uint8_t *)(uintptr_t)small_pixels()};
    const wf__rows rows = {.images = &images,
                           .n = N,
                           .normalization = &normalization,
                           .sequences = sequences,
                           .sequence_length = T};
    memcpy(sequences, small_sequences(), sizeof sequences);
    begin(&m);
    m.run.batch = 20;
    CHECK_OK(&cx, wf__free_run_arrange(&m.run, &cx, &rows, sequences));
    const wf_batch batch = batch_of(NULL, N);
    ask(p, &m, &batch, sequences);
    for (int i = 0; i < N; i++) {
        const int32_t *truth = small_sequences() + i * T, *own = sequences + i * T;
        const int n = count(truth);
        CHECK_INT(count(own), n);
        for (int t = 0; t < n; t++)
            for (int s = t; s < n; s++) {
                CHECK(is_among(own, n, truth[s]));
                CHECK(p[i][t][own[s]] <= p[i][t][own[t]] + 1e-6f);
            }
    }
    close_machine(&m);
}

/* ---- scheduled sampling ---- */

static double share_of_own(machine *m, uint32_t epoch) {
    int own = 0, labels = 0;
    for (uint32_t round = 0; round < 8; round++) {
        wf_batch batch = batch_of(NULL, N);
        batch.epoch = epoch;
        batch.position = round * N;
        CHECK_OK(&cx, wf__free_run_prepare(&m->run, &cx, &batch));
        for (int i = 0; i < N; i++) {
            const int32_t *truth = small_sequences() + i * T, *told = batch.told + i * T;
            const int n = count(truth);
            CHECK(!memcmp(batch.sequences + i * T, truth, T * sizeof *truth));
            CHECK(!memcmp(told + n, truth + n, (size_t)(T - n) * sizeof *truth));
            for (int t = 0; t < n; t++) {
                CHECK(told[t] >= 0 && told[t] < K);
                own += told[t] != truth[t];
                labels++;
            }
        }
    }
    return (double)own / labels;
}

TEST(scheduled_sampling_rises_with_the_epochs) {
    machine m = open_machine("cnn-rnn", 2, WF_ORDER_FREQUENT_FIRST);
    wf_scheduled_sampling *s = &m.recipe->scheduled_sampling;
    m.recipe->epochs = 11;
    *s = (wf_scheduled_sampling){1, WF_SAMPLING_CONSTANT, 1};
    begin(&m);
    const double all = share_of_own(&m, 0);
    CHECK(all > 0.3 && all < 1); /* an own label may be the right one */
    s->schedule = WF_SAMPLING_LINEAR;
    CHECK_NEAR(share_of_own(&m, 0), 0, 0);
    CHECK_NEAR(share_of_own(&m, 5), all / 2, 0.06);
    CHECK_NEAR(share_of_own(&m, 10), all, 0.06);
    s->schedule = WF_SAMPLING_INVERSE_SIGMOID;
    CHECK_NEAR(share_of_own(&m, 0), 0, 0.02);
    CHECK_NEAR(share_of_own(&m, 5), all / 2, 0.06);
    s->schedule = WF_SAMPLING_CONSTANT;
    s->probability = 0.25;
    CHECK_NEAR(share_of_own(&m, 3), all / 4, 0.06);
    close_machine(&m);
}

/* Labels are drawn by their probabilities: of the first step, over many epochs. */
TEST(own_labels_are_drawn_by_their_probabilities) {
    enum { EPOCHS = 1500, IMAGE = 2 };
    static float p[N][T][K + 1];
    machine m = open_machine("cnn-rnn", 1, WF_ORDER_FREQUENT_FIRST);
    int seen[K] = {0};
    m.recipe->scheduled_sampling = (wf_scheduled_sampling){1, WF_SAMPLING_CONSTANT, 1};
    begin(&m);
    const int32_t index[1] = {IMAGE};
    for (uint32_t epoch = 0; epoch < EPOCHS; epoch++) {
        wf_batch batch = batch_of(index, 1);
        batch.epoch = epoch;
        CHECK_OK(&cx, wf__free_run_prepare(&m.run, &cx, &batch));
        seen[batch.told[0]]++;
    }
    const wf_batch batch = batch_of(NULL, N);
    ask(p, &m, &batch, NULL);
    const double labels = 1 - (double)p[IMAGE][0][END];
    for (int k = 0; k < K; k++) {
        const double share = (double)p[IMAGE][0][k] / labels;
        CHECK_NEAR(seen[k] / (double)EPOCHS, share, 4 * sqrt(share * (1 - share) / EPOCHS));
    }
    close_machine(&m);
}

TEST(the_same_words_at_any_number_of_threads_and_in_any_batch) {
    static int32_t first[2][N * T];
    for (int is_free = 0; is_free < 2; is_free++)
        for (int threads = 1; threads <= 3; threads += 2) {
            machine m =
                open_machine("cnn-rnn", threads, is_free ? WF_ORDER_FREE : WF_ORDER_FREQUENT_FIRST);
            if (!is_free)
                m.recipe->scheduled_sampling =
                    (wf_scheduled_sampling){1, WF_SAMPLING_CONSTANT, 0.5};
            begin(&m);
            wf_batch batch = batch_of(NULL, N);
            CHECK_OK(&cx, wf__free_run_prepare(&m.run, &cx, &batch));
            if (threads == 1) {
                memcpy(first[0], batch.told, sizeof first[0]);
                memcpy(first[1], batch.sequences, sizeof first[1]);
            }
            CHECK(!memcmp(first[0], batch.told, sizeof first[0]));
            CHECK(!memcmp(first[1], batch.sequences, sizeof first[1]));
            close_machine(&m);
        }
}

TEST(what_is_refused) {
    machine m = open_machine("cnn-rnn", 1, WF_ORDER_FREE);
    const wf__free_run_options options = {&m.sequences, m.recipe, WF_FLOAT32, N};
    m.recipe->scheduled_sampling = (wf_scheduled_sampling){1, WF_SAMPLING_LINEAR, 0.5};
    CHECK_INT(wf__free_run_create(&m.run, &cx, m.params, m.pool, &options), WF_E_ARG);
    CHECK(strstr(cx.message, "scheduled_sampling with order: free of model cnn-rnn") != NULL);
    m.sequences = (wf_sequence_options){0};
    CHECK_INT(wf__free_run_create(&m.run, &cx, m.params, m.pool, &options), WF_E_ARG);
    CHECK(strstr(cx.message, "models that tell sequences of labels") != NULL);
    m.recipe->scheduled_sampling.is_on = 0;
    CHECK_OK(&cx, wf__free_run_create(&m.run, &cx, m.params, m.pool, &options));
    wf_batch batch = batch_of(NULL, N);
    CHECK_OK(&cx, wf__free_run_prepare(&m.run, &cx, &batch));
    CHECK(batch.sequences == small_sequences() && !batch.told);
    close_machine(&m);
}

/* Whatever cannot be had, nothing is lost. */
TEST(every_failed_allocation_is_survived) {
    machine m = open_machine("cnn-rnn", 1, WF_ORDER_FREE);
    const wf__free_run_options options = {&m.sequences, m.recipe, WF_FLOAT32, 4};
    long k = 0;
    for (wf_status status = WF_E_NOMEM; status == WF_E_NOMEM;) {
        wf__alloc_fail_at(++k);
        status = wf__free_run_create(&m.run, &cx, m.params, m.pool, &options);
        wf__alloc_fail_at(0);
    }
    CHECK(k > 20 && m.run.teller.rest);
    wf_context_reset(&cx);
    close_machine(&m);
}

TEST_MAIN()
