/* Beam search against the enumeration of all sequences, on tables of probabilities. */
#include "eval/beam.h"

#include "base/rng.h"
#include "test.h"

enum { K = 4, T = 4, IMAGES = 3, SETS = 1 << K, SEQUENCES = 41 }; /* 1 + 4 + 12 + 24 */

static wf_context cx;

/* What a model would say behind a prefix: any numbers that sum to 1, a function of the prefix. */
static void table(double p[K + 1], int image, const int32_t *prefix, int n) {
    uint32_t code = (uint32_t)image;
    wf_rng rng;
    double sum = 0;
    for (int t = 0; t < n; t++) code = code * (K + 2) + (uint32_t)prefix[t] + 1;
    wf_rng_init(&rng, 17, WF_STREAM_TEST, code);
    for (int k = 0; k <= K; k++) sum += p[k] = 0.02 + pow(wf_rng_uniform(&rng), 3);
    for (int k = 0; k <= K; k++) p[k] = (double)(float)(p[k] / sum);
}

static int n_calls;

/* Each sequence that is followed is the one of the step before that `from` says, and a label. */
static void check_continued(const int32_t *sequences, int width, int32_t step,
                            const int32_t *from) {
    enum { MOST = 64 };
    static int32_t before[IMAGES * MOST][T];
    const size_t bytes = sizeof(int32_t) * T * (size_t)(IMAGES * width);
    CHECK(width <= MOST && (step == 0) == (from == NULL));
    for (int row = 0; row < IMAGES * width && step > 0; row++) {
        const int32_t *sequence = sequences + row * T;
        if (sequence[step - 1] < 0) continue; /* over */
        CHECK_INT(from[row] / width, row / width);
        for (int t = 0; t < step; t++)
            CHECK_INT(before[from[row]][t], t < step - 1 ? sequence[t] : -1);
    }
    memcpy(before, sequences, bytes);
}

static wf_status from_table(void *user, wf_context *context, float *out, const int32_t *sequences,
                            int32_t step, const int32_t *from) {
    const int width = *(const int *)user;
    double p[K + 1];
    (void)context;
    n_calls++;
    check_continued(sequences, width, step, from);
    for (int row = 0; row < IMAGES * width; row++) {
        table(p, row / width, sequences + row * T, step);
        for (int k = 0; k <= K; k++) out[row * (K + 1) + k] = (float)p[k];
    }
    return WF_OK;
}

/* ---- the oracle: every sequence ---- */

typedef struct oracle {
    double set[SETS];       /* probability of each set, by its bits */
    double likeliest[SETS]; /* of one of its orders, */
    int32_t order[SETS][T]; /* and that one, with END and -1 */
    double total, best;
    int n;
} oracle;

static void enumerate(oracle *o, int image, int32_t *prefix, int n, double p) {
    double next[K + 1], legal = 0;
    int set = 0, n_legal = 0;
    table(next, image, prefix, n);
    for (int t = 0; t < n; t++) set |= 1 << prefix[t];
    for (int k = 0; k <= K; k++)
        if (k == K || (n < T - 1 && !(set >> k & 1))) {
            legal += next[k];
            n_legal++;
        }
    o->n++;
    o->set[set] += p * next[K] / legal;
    o->total += p * next[K] / legal;
    if (p * next[K] / legal > o->likeliest[set]) {
        o->likeliest[set] = p * next[K] / legal;
        for (int t = 0; t < T; t++) o->order[set][t] = t < n ? prefix[t] : t == n ? K : -1;
    }
    o->best = fmax(o->best, p * next[K] / legal);
    for (int k = 0; k < K && n < T - 1; k++)
        if (!(set >> k & 1)) {
            prefix[n] = k;
            enumerate(o, image, prefix, n + 1, p * next[k] / legal);
        }
}

static oracle oracle_of(int image) {
    oracle o = {0};
    int32_t prefix[T];
    enumerate(&o, image, prefix, 0, 1);
    CHECK_INT(o.n, SEQUENCES);
    CHECK_NEAR(o.total, 1, 1e-12);
    return o;
}

typedef struct answer {
    uint8_t sets[IMAGES][SETS][K];
    double log_p[IMAGES][SETS];
    float labels[IMAGES][K];
    int32_t sequences[IMAGES][SETS][T];
} answer;

static void search(answer *a, int width, int sets) {
    const wf_beam_options options = {
        .classes = K, .length = T, .width = width, .images = IMAGES, .sets = sets};
    CHECK_INT(sets, SETS);
    const wf_beam_result result = {a->sets[0][0], a->log_p[0], a->labels[0], a->sequences[0][0]};
    CHECK_OK(&cx, wf_beam_search(&result, &cx, &options, from_table, &width));
}

static int bits_of(const uint8_t set[K]) {
    int bits = 0;
    for (int k = 0; k < K; k++) bits |= set[k] << k;
    return bits;
}

TEST(a_wide_beam_is_the_enumeration) {
    static answer a;
    search(&a, SEQUENCES, SETS);
    for (int i = 0; i < IMAGES; i++) {
        const oracle o = oracle_of(i);
        double labels[K] = {0}, total = 0;
        for (int s = 0; s < SETS; s++) {
            if (s == SETS - 1) { /* four labels and END do not fit into four steps */
                CHECK(a.log_p[i][s] == -INFINITY && bits_of(a.sets[i][s]) == 0);
                CHECK_INT(a.sequences[i][s][0], -1);
                continue;
            }
            const int bits = bits_of(a.sets[i][s]);
            CHECK_NEAR(a.log_p[i][s], log(o.set[bits]), 1e-9);
            CHECK(!memcmp(a.sequences[i][s], o.order[bits], sizeof o.order[bits]));
            CHECK(s == 0 || a.log_p[i][s] <= a.log_p[i][s - 1]);
            total += exp(a.log_p[i][s]);
            for (int k = 0; k < K; k++) labels[k] += bits >> k & 1 ? o.set[bits] : 0;
        }
        CHECK_NEAR(total, 1, 1e-9);
        for (int k = 0; k < K; k++) CHECK_NEAR(a.labels[i][k], labels[k], 1e-6);
    }
}

/* Sets that are given: a wide beam knows all of their orders, a narrow one no more than these. */
TEST(given_sets) {
    int width = SEQUENCES;
    for (int bits = 0; bits < SETS; bits++) {
        uint8_t only[IMAGES][K];
        double log_p[IMAGES], narrow[IMAGES];
        for (int i = 0; i < IMAGES; i++)
            for (int k = 0; k < K; k++) only[i][k] = (uint8_t)(bits >> k & 1);
        wf_beam_options options = {.classes = K,
                                   .length = T,
                                   .width = width = SEQUENCES,
                                   .images = IMAGES,
                                   .sets = 1,
                                   .only = only[0]};
        CHECK_OK(&cx, wf_beam_search(&(wf_beam_result){.log_probabilities = log_p}, &cx, &options,
                                     from_table, &width));
        options.width = width = 2;
        CHECK_OK(&cx, wf_beam_search(&(wf_beam_result){.log_probabilities = narrow}, &cx, &options,
                                     from_table, &width));
        for (int i = 0; i < IMAGES; i++) {
            const oracle o = oracle_of(i);
            CHECK(narrow[i] <= log_p[i] + 1e-12);
            if (bits == SETS - 1) CHECK(log_p[i] == -INFINITY); /* too many labels */
            else CHECK_NEAR(log_p[i], log(o.set[bits]), 1e-9);
            if (bits == 3) CHECK_NEAR(narrow[i], log_p[i], 1e-12); /* it has two orders */
        }
    }
}

/* What a narrow beam says of a set is no more than all orders together, and grows with it. */
TEST(a_narrow_beam_knows_less) {
    static answer a;
    double before = 0;
    for (int width = 1; width <= 16; width *= 2) {
        double mass = 0;
        search(&a, width, SETS);
        for (int i = 0; i < IMAGES; i++) {
            const oracle o = oracle_of(i);
            for (int s = 0; s < SETS && a.log_p[i][s] > -INFINITY; s++) {
                mass += exp(a.log_p[i][s]);
                CHECK(exp(a.log_p[i][s]) <= o.set[bits_of(a.sets[i][s])] + 1e-9);
            }
        }
        CHECK(mass > before);
        before = mass;
    }
    CHECK(before > 0.5 * IMAGES && before <= IMAGES + 1e-9);
}

TEST(a_beam_of_one_is_greedy) {
    static answer a;
    search(&a, 1, SETS);
    for (int i = 0; i < IMAGES; i++) {
        int32_t prefix[T];
        double log_p = 0;
        int set = 0;
        for (int n = 0;; n++) {
            double p[K + 1], legal = 0;
            int best = K;
            table(p, i, prefix, n);
            for (int k = 0; k <= K; k++) {
                const int is_legal = k == K || (n < T - 1 && !(set >> k & 1));
                if (!is_legal) continue;
                legal += p[k];
                if (p[k] > p[best]) best = k;
            }
            log_p += log(p[best] / legal);
            if (best == K) break;
            prefix[n] = best;
            set |= 1 << best;
        }
        CHECK_INT(bits_of(a.sets[i][0]), set);
        CHECK_NEAR(a.log_p[i][0], log_p, 1e-9);
        CHECK(a.log_p[i][1] == -INFINITY);
    }
}

/* Certain of each step, a search ends with the sequence. */
static wf_status empty_set(void *user, wf_context *context, float *out, const int32_t *sequences,
                           int32_t step, const int32_t *from) {
    (void)context;
    (void)sequences;
    (void)step;
    (void)from;
    ++*(int *)user;
    for (int k = 0; k <= K; k++) out[k] = k == K;
    return WF_OK;
}

TEST(a_search_ends_when_nothing_is_left_to_follow) {
    const wf_beam_options options = {.classes = K, .length = T, .width = 1, .images = 1, .sets = 1};
    uint8_t set[K] = {1, 1, 1, 1};
    double log_p = -1;
    int calls = 0;
    CHECK_OK(&cx, wf_beam_search(&(wf_beam_result){set, &log_p, NULL, NULL}, &cx, &options,
                                 empty_set, &calls));
    CHECK_INT(calls, 1);
    CHECK_NEAR(log_p, 0, 0);
    for (int k = 0; k < K; k++) CHECK_INT(set[k], 0);
}

static wf_status fails(void *user, wf_context *context, float *out, const int32_t *sequences,
                       int32_t step, const int32_t *from) {
    (void)from;
    wf_context *cx_of_fail = context;
    (void)user;
    (void)out;
    (void)sequences;
    (void)step;
    return wf__fail(cx_of_fail, WF_E_NOMEM, __FILE__, __LINE__, "no");
}

TEST(what_is_refused) {
    wf_beam_options options = {.classes = K, .length = T, .images = 1, .sets = 1};
    CHECK_INT(wf_beam_search(&(wf_beam_result){0}, &cx, &options, fails, NULL), WF_E_ARG);
    CHECK_STR(cx.message, "beam search: the width is 0, must be 1 to 1048576");
    options.width = 2;
    CHECK_FAILS(&cx, wf_beam_search(&(wf_beam_result){0}, &cx, &options, fails, NULL), WF_E_NOMEM);
}

TEST_MAIN()
