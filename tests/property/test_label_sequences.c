/* What must hold of models that tell sequences of labels, whatever the numbers are. */
#include "nn/fields.h"
#include "parity/product.h"
#include "property/small.h"
#include "test.h"

enum { N = 21, T = SMALL_STEPS, K = SMALL_LABELS, END = K, START = K + 1, WIDTH = K + 1 };

static wf_context cx;
static wf_pool *pool;

typedef struct machine {
    wf_graph *graph;
    wf_params *params;
    wf_loss loss;
} machine;

static machine open_machine(const char *name) {
    const small_model *model = small_label_models;
    const small_training training = {NULL, 1, 20, 0, 3, 42, WF_FLOAT32, NULL};
    machine m = {0};
    while (strcmp(model->name, name) != 0) model++;
    if (!pool) CHECK_OK(&cx, wf_pool_create(&pool, &cx, 2));
    m.graph = small_graph(model);
    m.params = small_train(m.graph, &training, NULL);
    m.loss.class = wf_loss_find("sparse_categorical_crossentropy");
    CHECK_OK(&cx, wf_fields_create(&m.loss.config, &cx, m.loss.class->fields,
                                   m.loss.class->config_size));
    return m;
}

static void close_machine(machine *m) {
    wf_params_destroy(m->params);
    wf_graph_destroy(m->graph);
    wf_fields_destroy(m->loss.class->fields, m->loss.config);
}

static wf_batch batch_of(const int32_t *sequences, int n) {
    return (wf_batch){
        .pixels = small_pixels(), .sequences = sequences, .sequence_length = T, .n = n};
}

/* Runs one batch; copies the plan's output where it is wanted. */
static wf_batch_result run(const machine *m, const wf_plan_options *options, const wf_batch *batch,
                           float *output) {
    wf_plan_options o = *options;
    wf_plan *plan = NULL;
    wf_batch_result result;
    o.batch_size = batch->n;
    o.loss = &m->loss;
    CHECK_OK(&cx, wf_plan_create(&plan, &cx, m->graph, m->params, pool, &o));
    CHECK_OK(&cx, wf_plan_run(&result, plan, &cx, batch));
    if (output)
        memcpy(output, wf_plan_output(plan),
               (size_t)(batch->n * wf_plan_output_size(plan)) * sizeof *output);
    wf_plan_destroy(plan);
    return result;
}

static void tokens_of(const machine *m, wf_plan_options options, const wf_batch *batch,
                      float tokens[][T]) {
    options.layer = "label_input";
    run(m, &options, batch, tokens[0]);
}

/* ---- what a decoder is told ---- */

TEST(tokens_are_the_labels_one_step_late) {
    const int32_t sequences[3][T] = {{2, 0, END, -1}, {END, -1, -1, -1}, {1, 2, 0, END}};
    const float expected[3][T] = {{START, 2, 0, END}, {START, END, END, END}, {START, 1, 2, 0}};
    machine m = open_machine("cnn-rnn");
    const wf_batch batch = batch_of(sequences[0], 3);
    float tokens[3][T];
    tokens_of(&m, (wf_plan_options){0}, &batch, tokens);
    CHECK(memcmp(tokens, expected, sizeof tokens) == 0);
    close_machine(&m);
}

TEST(zeroed_feedback_is_no_token) {
    machine m = open_machine("cnn-rnn-zero");
    const wf_batch batch = batch_of(small_sequences(), N);
    float tokens[N][T];
    tokens_of(&m, (wf_plan_options){0}, &batch, tokens);
    for (int i = 0; i < N; i++)
        for (int t = 0; t < T; t++) CHECK_INT(tokens[i][t], -1);
    close_machine(&m);
}

/* START and END stay, labels get other names: of one image other names for other labels. */
static void check_names(float tokens[][T], const int32_t *sequences, int n) {
    for (int i = 0; i < n; i++, sequences += T) {
        CHECK_INT(tokens[i][0], START);
        for (int t = 1; t < T; t++) {
            const int is_label = sequences[t - 1] >= 0 && sequences[t - 1] < K;
            CHECK(is_label ? tokens[i][t] >= 0 && tokens[i][t] < K : (int)tokens[i][t] == END);
            for (int s = 1; s < t; s++)
                CHECK(((int)tokens[i][s] == (int)tokens[i][t]) ==
                      ((sequences[s - 1] < 0 ? END : sequences[s - 1]) ==
                       (sequences[t - 1] < 0 ? END : sequences[t - 1])));
        }
    }
}

TEST(shuffled_feedback_gives_the_labels_other_names) {
    enum { MANY = SMALL_IMAGES };
    static float first[MANY][T], again[MANY][T], other[MANY][T];
    machine m = open_machine("cnn-rnn-shuffled");
    wf_batch batch = batch_of(small_sequences(), MANY);
    const wf_plan_options options = {.seed = 7};
    int counts[K] = {0}, total = 0, same = 0;
    tokens_of(&m, options, &batch, first);
    check_names(first, batch.sequences, MANY);
    tokens_of(&m, options, &batch, again);
    CHECK(memcmp(first, again, sizeof first) == 0);
    tokens_of(&m, (wf_plan_options){.seed = 8}, &batch, other);
    CHECK(memcmp(first, other, sizeof first) != 0);
    /* every name for every label about as often, so that nothing is told of it */
    for (int seed = 0; seed < 60; seed++) {
        tokens_of(&m, (wf_plan_options){.seed = (uint64_t)seed}, &batch, other);
        for (int i = 0; i < MANY; i++, total++) {
            counts[(int)other[i][1]]++;
            same += (int)other[i][1] == batch.sequences[i * T];
        }
    }
    const double third = total / 3.0, deviation = sqrt(total * 2 / 9.0);
    for (int k = 0; k < K; k++) CHECK_NEAR(counts[k], third, 4 * deviation);
    CHECK_NEAR(same, third, 4 * deviation);
    /* an image's names are those of its place: in any batch, of all of its hypotheses */
    const int32_t rows[3] = {30, 31, 32};
    batch.index = rows;
    batch.position = 30;
    batch.n = 3;
    tokens_of(&m, options, &batch, again);
    for (int i = 0; i < 3; i++) CHECK(memcmp(again[i], first[rows[i]], sizeof again[i]) == 0);
    int32_t hypotheses[6][T];
    for (int i = 0; i < 6; i++)
        memcpy(hypotheses[i], small_sequences() + rows[i / 2] * T, sizeof hypotheses[i]);
    batch.sequences = hypotheses[0];
    batch.hypotheses = 2;
    batch.n = 6;
    tokens_of(&m, options, &batch, again);
    for (int i = 0; i < 6; i++) CHECK(memcmp(again[i], first[rows[i / 2]], sizeof again[i]) == 0);
    close_machine(&m);
}

/* ---- losses and gradients ---- */

/* -log of the product of the steps' probabilities up to END; a hit is a sequence whose every label
 * is the likeliest. */
TEST(the_loss_is_the_sequences_surprise) {
    machine m = open_machine("cnn-rnn");
    const wf_batch batch = batch_of(small_sequences(), N);
    float p[N][T][WIDTH];
    const wf_batch_result result =
        run(&m, &(wf_plan_options){.mode = WF_PLAN_EVALUATE}, &batch, p[0][0]);
    double loss = 0;
    int hits = 0;
    for (int i = 0; i < N; i++) {
        int is_hit = 1;
        for (int t = 0; t < T && batch.sequences[i * T + t] >= 0; t++) {
            const int label = batch.sequences[i * T + t];
            double sum = 0;
            for (int k = 0; k < WIDTH; k++) {
                sum += (double)p[i][t][k];
                is_hit &= p[i][t][k] <= p[i][t][label];
            }
            CHECK_NEAR(sum, 1, 1e-5);
            loss -= log((double)p[i][t][label]);
        }
        hits += is_hit;
    }
    CHECK_NEAR(result.loss, loss / N, 1e-5);
    CHECK_INT(result.correct, hits);
    CHECK(result.correct < N);
    close_machine(&m);
}

/* Steps behind END give no gradient: what a model would say there may be anything. */
TEST(padding_has_no_gradient) {
    machine m = open_machine("cnn-rnn-zero"); /* tokens are the same whatever follows */
    int32_t sequences[2][T] = {{END, -1, -1, -1}, {END, -1, -1, -1}};
    const wf_param_entry *vectors = NULL, *bias = NULL;
    for (int i = 0; i < m.graph->n_params; i++) {
        if (!strcmp(m.graph->params[i].name, "labels/embeddings")) vectors = &m.graph->params[i];
        if (!strcmp(m.graph->params[i].name, "tied_dense/bias")) bias = &m.graph->params[i];
    }
    CHECK(vectors && bias);
    wf_batch batch = batch_of(sequences[0], 1);
    float p[T][WIDTH];
    run(&m, &(wf_plan_options){.mode = WF_PLAN_TRAIN}, &batch, p[0]);
    for (int k = 0; k < WIDTH; k++) /* softmax minus target, of the first step alone */
        CHECK_NEAR(m.params->gradient[bias->offset + k], (double)p[0][k] - (k == END), 1e-6);
    /* rows that no token names and no score uses: START's */
    for (int64_t j = 0; j < 7; j++)
        CHECK_NEAR(m.params->gradient[vectors->offset + START * 7 + j], 0, 0);
    close_machine(&m);
}

/* ---- a plan that begins in the middle ---- */

TEST(the_rest_of_a_model_is_the_model) {
    enum { BEAM = 3 };
    machine m = open_machine("cnn-rnn");
    const wf_batch all = batch_of(small_sequences(), N);
    static float whole[N][T * WIDTH], rest[N][T * WIDTH], image[N][7], many[N * BEAM][T * WIDTH];
    static int32_t hypotheses[N * BEAM][T];
    run(&m, &(wf_plan_options){0}, &all, whole[0]);
    run(&m, &(wf_plan_options){.layer = "image"}, &all, image[0]);
    wf_batch batch = {.values = image[0], .sequences = all.sequences, .sequence_length = T, .n = N};
    run(&m, &(wf_plan_options){.from = "image"}, &batch, rest[0]);
    for (int i = 0; i < N; i++)
        for (int k = 0; k < T * WIDTH; k++) CHECK_NEAR(rest[i][k], whole[i][k], 1e-6);
    /* several hypotheses for each image */
    for (int i = 0; i < N * BEAM; i++)
        memcpy(hypotheses[i], small_sequences() + i / BEAM * T, sizeof hypotheses[i]);
    batch.sequences = hypotheses[0];
    batch.hypotheses = BEAM;
    batch.n = N * BEAM;
    run(&m, &(wf_plan_options){.from = "image"}, &batch, many[0]);
    for (int i = 0; i < N * BEAM; i++)
        for (int k = 0; k < T * WIDTH; k++) CHECK_NEAR(many[i][k], whole[i / BEAM][k], 1e-6);
    close_machine(&m);
}

/* ---- what is refused ---- */

static void refuse(const machine *m, const wf_plan_options *options, const char *message) {
    wf_plan *plan = NULL;
    CHECK_INT(wf_plan_create(&plan, &cx, m->graph, m->params, pool, options), WF_E_ARG);
    CHECK_STR(cx.message, message);
    CHECK(!plan);
}

TEST(plans_that_cannot_begin_there) {
    machine m = open_machine("cnn-rnn");
    refuse(&m, &(wf_plan_options){.batch_size = 1, .from = "lstm"},
           "a plan from layer lstm needs the images all the same");
    refuse(&m, &(wf_plan_options){.batch_size = 1, .from = "lstm", .layer = "image"},
           "layer lstm does not lead to layer image");
    refuse(&m,
           &(wf_plan_options){
               .batch_size = 1, .mode = WF_PLAN_EVALUATE, .loss = &m.loss, .from = "image"},
           "a plan from layer image must be one for inference");
    close_machine(&m);
}

TEST(batches_without_labels) {
    machine m = open_machine("cnn-rnn");
    const wf_plan_options options = {.batch_size = 2};
    wf_plan *plan = NULL;
    CHECK_OK(&cx, wf_plan_create(&plan, &cx, m.graph, m.params, pool, &options));
    wf_batch batch = batch_of(NULL, 2);
    CHECK_INT(wf_plan_run(NULL, plan, &cx, &batch), WF_E_ARG);
    CHECK_STR(cx.message, "model cnn-rnn reads 4 labels of each image, the batch has 0");
    batch = batch_of(small_sequences(), 2);
    batch.sequence_length = T + 1;
    CHECK_INT(wf_plan_run(NULL, plan, &cx, &batch), WF_E_ARG);
    wf_plan_destroy(plan);
    close_machine(&m);
}

TEST_MAIN()
