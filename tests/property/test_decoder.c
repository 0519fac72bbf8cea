/* Decoding a model: trunk once, beam over its rest, against the whole model asked about every
 * sequence that there is. */
#include "eval/decoder.h"

#include "parity/product.h"
#include "property/small.h"
#include "test.h"

enum { N = 7, T = SMALL_STEPS, K = SMALL_LABELS, END = K, SETS = 1 << K, SEQUENCES = 16 };

static wf_context cx;

static wf_params *trained(wf_graph **graph, const char *name) {
    const small_training training = {NULL, 1, 20, 0, 12, 42, WF_FLOAT32, NULL};
    const small_model *model = small_label_models;
    while (strcmp(model->name, name) != 0) model++;
    *graph = small_graph(model);
    return small_train(*graph, &training, NULL);
}

/* Every ordered choice of at most three of three labels. */
static int all_sequences(int32_t out[SEQUENCES][T]) {
    int n = 0;
    for (int code = 0; code < 4 * 4 * 4; code++) { /* digit 3: none */
        const int digit[3] = {code / 16, code / 4 % 4, code % 4};
        int length = 0, is_new = 1;
        while (length < 3 && digit[length] < 3) length++;
        for (int i = length; i < 3; i++) is_new &= digit[i] == 3;
        for (int i = 0; i < length; i++)
            for (int j = 0; j < i; j++) is_new &= digit[i] != digit[j];
        if (!is_new) continue;
        for (int t = 0; t < T; t++) out[n][t] = t < length ? digit[t] : t == length ? END : -1;
        n++;
    }
    return n;
}

/* Of each image and sequence, by a plan of the whole model. */
static void ask_whole_model(double log_p[N][SEQUENCES], const wf_graph *g, wf_params *params,
                            wf_pool *pool, int32_t sequences[SEQUENCES][T]) {
    const wf_plan_options options = {.batch_size = 1};
    wf_plan *plan = NULL;
    CHECK_OK(&cx, wf_plan_create(&plan, &cx, g, params, pool, &options));
    for (int32_t i = 0; i < N; i++)
        for (int c = 0; c < SEQUENCES; c++) {
            const wf_batch batch = {.pixels = small_pixels() + i * SMALL_PIXELS,
                                    .sequences = sequences[c],
                                    .sequence_length = T,
                                    .n = 1};
            CHECK_OK(&cx, wf_plan_run(NULL, plan, &cx, &batch));
            const float *p = wf_plan_output(plan);
            log_p[i][c] = 0;
            for (int t = 0; t < T && sequences[c][t] >= 0; t++, p += K + 1) {
                double legal = (double)p[END];
                for (int k = 0; k < K && t < T - 1; k++) {
                    int is_told = 0;
                    for (int s = 0; s < t; s++) is_told |= sequences[c][s] == k;
                    if (!is_told) legal += (double)p[k];
                }
                log_p[i][c] += log((double)p[sequences[c][t]] / legal);
            }
        }
    wf_plan_destroy(plan);
}

typedef struct answer {
    uint8_t sets[N][SETS][K];
    double log_p[N][SETS];
    float labels[N][K];
} answer;

static wf_decoder *decoder_of(wf_params *params, wf_pool *pool, int width) {
    const wf_decoder_options options = {.images = N, .width = width, .sets = SETS};
    wf_decoder *decoder = NULL;
    CHECK_OK(&cx, wf_decoder_create(&decoder, &cx, params, pool, &options));
    CHECK_INT(wf_decoder_classes(decoder), K);
    CHECK_INT(wf_decoder_length(decoder), T);
    return decoder;
}

static void decode(answer *a, wf_params *params, wf_pool *pool, int width, const int32_t *index) {
    const wf_batch batch = {.pixels = small_pixels(), .index = index, .n = N};
    const wf_beam_result result = {a->sets[0][0], a->log_p[0], a->labels[0], NULL};
    wf_decoder *decoder = decoder_of(params, pool, width);
    CHECK_OK(&cx, wf_decoder_look(decoder, &cx, &batch));
    CHECK_OK(&cx, wf_decoder_run(&result, decoder, &cx));
    wf_decoder_destroy(decoder);
}

static void check_enumeration(const char *name) {
    static answer a;
    static int32_t sequences[SEQUENCES][T];
    static double log_p[N][SEQUENCES];
    wf_pool *pool;
    wf_graph *g;
    wf_params *params = trained(&g, name);
    CHECK_OK(&cx, wf_pool_create(&pool, &cx, 2));
    CHECK_INT(all_sequences(sequences), SEQUENCES);
    ask_whole_model(log_p, g, params, pool, sequences);
    decode(&a, params, pool, SEQUENCES, NULL);
    for (int i = 0; i < N; i++) {
        double p[SETS] = {0}, total = 0;
        for (int c = 0; c < SEQUENCES; c++) {
            int bits = 0;
            for (int t = 0; t < T && sequences[c][t] >= 0; t++)
                bits |= sequences[c][t] < K ? 1 << sequences[c][t] : 0;
            p[bits] += exp(log_p[i][c]);
            total += exp(log_p[i][c]);
        }
        CHECK_NEAR(total, 1, 1e-5);
        for (int s = 0; s < SETS; s++) {
            int bits = 0;
            for (int k = 0; k < K; k++) bits |= a.sets[i][s][k] << k;
            CHECK_NEAR(exp(a.log_p[i][s]), p[bits], 1e-5);
            CHECK(s == 0 || a.log_p[i][s] <= a.log_p[i][s - 1]);
        }
    }
    wf_params_destroy(params);
    wf_graph_destroy(g);
    wf_pool_destroy(pool);
}

TEST(a_wide_beam_is_the_enumeration) { check_enumeration("cnn-rnn"); }
TEST(without_feedback) { check_enumeration("cnn-rnn-zero"); }
TEST(with_attention) { check_enumeration("cnn-rnn-attention"); }

TEST(the_same_bits_at_any_number_of_threads) {
    static const int threads[] = {1, 2, 3, 5};
    static answer first, other;
    wf_graph *g;
    wf_params *params = trained(&g, "cnn-rnn-shuffled");
    for (int i = 0; i < 4; i++) {
        wf_pool *pool;
        CHECK_OK(&cx, wf_pool_create(&pool, &cx, threads[i]));
        decode(i ? &other : &first, params, pool, 3, NULL);
        if (i) CHECK(memcmp(&first, &other, sizeof first) == 0);
        wf_pool_destroy(pool);
    }
    wf_params_destroy(params);
    wf_graph_destroy(g);
}

TEST(rows_of_a_data_set) {
    static answer of_rows, all;
    const int32_t index[N] = {6, 3, 3, 1, 5, 0, 2};
    wf_pool *pool;
    wf_graph *g;
    wf_params *params = trained(&g, "cnn-rnn");
    CHECK_OK(&cx, wf_pool_create(&pool, &cx, 2));
    decode(&all, params, pool, 4, NULL);
    decode(&of_rows, params, pool, 4, index);
    for (int i = 0; i < N; i++)
        CHECK(memcmp(of_rows.sets[i], all.sets[index[i]], sizeof of_rows.sets[i]) == 0);
    wf_params_destroy(params);
    wf_graph_destroy(g);
    wf_pool_destroy(pool);
}

/* One look serves several questions, and none is asked before it. */
TEST(sets_that_were_told_have_their_probability) {
    static answer a;
    uint8_t sets[N][K];
    double log_p[N];
    const wf_batch batch = {.pixels = small_pixels(), .n = N};
    const wf_beam_result result = {a.sets[0][0], a.log_p[0], a.labels[0], NULL};
    wf_pool *pool;
    wf_graph *g;
    wf_params *params = trained(&g, "cnn-rnn");
    CHECK_OK(&cx, wf_pool_create(&pool, &cx, 2));
    wf_decoder *decoder = decoder_of(params, pool, SEQUENCES);
    CHECK_FAILS(&cx, wf_decoder_run(&result, decoder, &cx), WF_E_ARG);
    CHECK_OK(&cx, wf_decoder_look(decoder, &cx, &batch));
    CHECK_OK(&cx, wf_decoder_run(&result, decoder, &cx));
    for (int s = 0; s < SETS; s++) {
        for (int i = 0; i < N; i++) memcpy(sets[i], a.sets[i][s], sizeof sets[i]);
        CHECK_OK(&cx, wf_decoder_set_log_probabilities(log_p, decoder, &cx, sets[0]));
        for (int i = 0; i < N; i++) CHECK_NEAR(log_p[i], a.log_p[i][s], 1e-5);
    }
    wf_decoder_destroy(decoder);
    wf_params_destroy(params);
    wf_graph_destroy(g);
    wf_pool_destroy(pool);
}

TEST(models_that_tell_no_sequences) {
    static char nothing;
    const wf_decoder_options options = {.images = 1};
    wf_decoder *decoder = (wf_decoder *)(void *)&nothing;
    wf_pool *pool;
    wf_graph *g;
    wf_params *params = trained(&g, "label-sets");
    CHECK_OK(&cx, wf_pool_create(&pool, &cx, 1));
    CHECK_INT(wf_decoder_create(&decoder, &cx, params, pool, &options), WF_E_ARG);
    CHECK_STR(cx.message, "model label-sets has the output (32,) and no label_input, it tells no "
                          "sequences of labels");
    CHECK((void *)decoder == &nothing);
    wf_params_destroy(params);
    wf_graph_destroy(g);
    wf_pool_destroy(pool);
}

TEST_MAIN()
