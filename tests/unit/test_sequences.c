/* Orders of labels: ranks by frequency, sequences of sets, random orders. */
#include "train/sequences.h"

#include <string.h>

#include "test.h"

enum { K = 5, T = 4 };

static wf_context cx;

/* images: label 0 in 2, label 1 in 4, label 2 in 2, label 3 in none, label 4 in 3 */
static const uint8_t sets[6][K] = {{1, 1, 0, 0, 1}, {0, 1, 1, 0, 1}, {0, 1, 0, 0, 0},
                                   {1, 0, 0, 0, 1}, {0, 1, 1, 0, 0}, {0, 0, 0, 0, 0}};

static wf_sequence_options options_of(wf_label_order order, const int32_t *rank) {
    return (wf_sequence_options){.order = order, .classes = K, .length = T, .rank = rank};
}

TEST(ranks_count_images) {
    const int32_t expected[K] = {2, 0, 3, 4, 1}, some[3] = {3, 0, 0}, of_some[K] = {0, 2, 3, 4, 1};
    int32_t rank[K];
    CHECK_OK(&cx, wf_label_ranks(rank, &cx, sets[0], K, NULL, 6));
    CHECK(memcmp(rank, expected, sizeof rank) == 0);
    CHECK_OK(&cx, wf_label_ranks(rank, &cx, sets[0], K, some, 3));
    CHECK(memcmp(rank, of_some, sizeof rank) == 0);
}

TEST(frequent_and_rare_labels_first) {
    const int32_t frequent[6][T] = {{1, 4, 0, K},  {1, 4, 2, K},  {1, K, -1, -1},
                                    {4, 0, K, -1}, {1, 2, K, -1}, {K, -1, -1, -1}};
    const int32_t rare[6][T] = {{0, 4, 1, K},  {2, 4, 1, K},  {1, K, -1, -1},
                                {0, 4, K, -1}, {2, 1, K, -1}, {K, -1, -1, -1}};
    int32_t rank[K], out[6][T];
    CHECK_OK(&cx, wf_label_ranks(rank, &cx, sets[0], K, NULL, 6));
    wf_sequence_options o = options_of(WF_ORDER_FREQUENT_FIRST, rank);
    CHECK_OK(&cx, wf_label_sequences(out[0], &cx, &o, sets[0], 0, 6));
    CHECK(memcmp(out, frequent, sizeof out) == 0);
    o.order = WF_ORDER_RARE_FIRST;
    CHECK_OK(&cx, wf_label_sequences(out[0], &cx, &o, sets[0], 0, 6));
    CHECK(memcmp(out, rare, sizeof out) == 0);
}

/* All orders of three labels, about equally often; the same whenever the same is asked. */
TEST(random_orders) {
    enum { MANY = 6000, ORDERS = 6 };
    static uint8_t same[MANY][K];
    static int32_t out[MANY][T], again[MANY][T], other[MANY][T];
    wf_sequence_options o = options_of(WF_ORDER_RANDOM, NULL);
    int counts[K * K] = {0}, orders = 0, moved = 0;
    o.seed = 3;
    for (int i = 0; i < MANY; i++) memcpy(same[i], sets[0], K);
    CHECK_OK(&cx, wf_label_sequences(out[0], &cx, &o, same[0], 0, MANY));
    for (int i = 0; i < MANY; i++) {
        CHECK_INT(1 << out[i][0] | 1 << out[i][1] | 1 << out[i][2], 1 | 2 | 16);
        CHECK_INT(out[i][3], K);
        counts[out[i][0] * K + out[i][1]]++;
    }
    for (int k = 0; k < K * K; k++) {
        orders += counts[k] > 0;
        if (counts[k]) CHECK_NEAR(counts[k], MANY / ORDERS, 4 * 29); /* 4 standard deviations */
    }
    CHECK_INT(orders, ORDERS);
    CHECK_OK(&cx, wf_label_sequences(again[0], &cx, &o, same[0], 100, MANY - 100));
    CHECK(memcmp(again[0], out[100], (MANY - 100) * sizeof *out) == 0);
    o.epoch = 1;
    CHECK_OK(&cx, wf_label_sequences(other[0], &cx, &o, same[0], 0, MANY));
    for (int i = 0; i < MANY; i++) moved += memcmp(out[i], other[i], sizeof *out) != 0;
    CHECK_NEAR(moved, MANY * 5.0 / 6, 4 * 29);
    o.epoch = 0;
    o.seed = 4;
    CHECK_OK(&cx, wf_label_sequences(other[0], &cx, &o, same[0], 0, MANY));
    CHECK(memcmp(out, other, sizeof out) != 0);
}

TEST(a_set_that_is_too_large) {
    const int32_t rank[K] = {0, 1, 2, 3, 4};
    int32_t out[6][T];
    wf_sequence_options o = options_of(WF_ORDER_FREQUENT_FIRST, rank);
    o.length = 3;
    CHECK_INT(wf_label_sequences(out[0], &cx, &o, sets[0], 40, 6), WF_E_DATA);
    CHECK_STR(cx.message, "image 40 has 3 labels, the model tells at most 2");
    CHECK_STR(cx.hint,
              "give label_input and the output a length of the most labels and one for END");
}

TEST_MAIN()
