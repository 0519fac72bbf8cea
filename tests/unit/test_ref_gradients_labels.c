/* Central differences on the references: layers of labels and their sequences. */
#include "ref/gradients.h"

static const ref_activation linear = {REF_LINEAR, 0, false}, tanh_ = {REF_TANH, 0, false},
                            softmax = {REF_SOFTMAX, 0, false};

/* ---- embedding ---- */

enum { TOKENS = 9, ROWS = 5, WIDTH = 3 };
static const double tokens[TOKENS] = {0, 3, 3, -1, 4, 1, 0, 3, 2};

static void embedding_forward(const problem *p, double *y) {
    ref_embedding_forward(TOKENS, WIDTH, tokens, p->value[0], y);
}

static void embedding_backward(const problem *p, const double *dy) {
    ref_embedding_backward(TOKENS, ROWS, WIDTH, tokens, dy, p->gradient[0]);
}

TEST(embedding) {
    check_gradients((problem){.count = 1,
                              .size = {ROWS * WIDTH},
                              .out = TOKENS * WIDTH,
                              .forward = embedding_forward,
                              .backward = embedding_backward});
}

TEST(a_token_without_a_row_gives_zeros) {
    double table[ROWS * WIDTH], y[TOKENS * WIDTH];
    for (int i = 0; i < ROWS * WIDTH; i++) table[i] = i + 1;
    ref_embedding_forward(TOKENS, WIDTH, tokens, table, y);
    for (int j = 0; j < WIDTH; j++) {
        CHECK_NEAR(y[3 * WIDTH + j], 0, 0);
        CHECK_NEAR(y[1 * WIDTH + j], 3 * WIDTH + j + 1, 0);
    }
}

/* ---- repeat_vector ---- */

typedef struct repeat {
    long n, t, f;
} repeat;

static void repeat_forward(const problem *p, double *y) {
    const repeat *l = p->layer;
    ref_repeat_vector_forward(l->n, l->t, l->f, p->value[0], y);
}

static void repeat_backward(const problem *p, const double *dy) {
    const repeat *l = p->layer;
    ref_repeat_vector_backward(l->n, l->t, l->f, dy, p->gradient[0]);
}

TEST(repeat_vector) {
    const repeat all[] = {{1, 1, 1}, {3, 4, 2}, {2, 7, 5}};
    for (int k = 0; k < 3; k++) {
        const repeat *l = &all[k];
        check_gradients((problem){.layer = l,
                                  .count = 1,
                                  .size = {l->n * l->f},
                                  .out = l->n * l->t * l->f,
                                  .forward = repeat_forward,
                                  .backward = repeat_backward});
    }
}

/* ---- tied_dense ---- */

static void tied_forward(const problem *p, double *y) {
    ref_tied_dense_forward(p->layer, p->value[0], p->value[1], p->value[2], y);
}

static void tied_backward(const problem *p, const double *dy) {
    ref_tied_dense_backward(p->layer, p->value[0], p->value[1], p->value[2], dy, p->gradient[0],
                            p->gradient[1], p->gradient[2]);
}

TEST(tied_dense) {
    const ref_tied_dense all[] = {{1, 1, 1, linear}, {4, 3, 5, tanh_}, {3, 6, 4, softmax}};
    for (int k = 0; k < 3; k++) {
        const ref_tied_dense *l = &all[k];
        for (long bias = 0; bias < 2; bias++)
            check_gradients((problem){.layer = l,
                                      .count = 3,
                                      .size = {l->n * l->f, l->units * l->f, bias * l->units},
                                      .out = l->n * l->units,
                                      .forward = tied_forward,
                                      .backward = tied_backward});
    }
}

/* ---- attention ---- */

static ref_attention scaled(const problem *p) {
    ref_attention a = *(const ref_attention *)p->layer;
    a.scale = p->value[3][0];
    return a;
}

static void attention_forward(const problem *p, double *y) {
    const ref_attention a = scaled(p);
    ref_attention_forward(&a, p->value[0], p->value[1], p->value[2], y);
}

static void attention_backward(const problem *p, const double *dy) {
    const ref_attention a = scaled(p);
    ref_attention_backward(&a, p->value[0], p->value[1], p->value[2], dy, p->gradient[0],
                           p->gradient[1], p->gradient[2], p->gradient[3]);
}

TEST(attention) {
    const ref_attention all[] = {{1, 1, 2, 1, 1, 0}, {2, 3, 4, 2, 3, 0}, {1, 4, 7, 5, 2, 0}};
    for (int k = 0; k < 3; k++) {
        const ref_attention *l = &all[k];
        check_gradients(
            (problem){.layer = l,
                      .count = 4,
                      .size = {l->n * l->t * l->d, l->n * l->s * l->f, l->n * l->s * l->d, 1},
                      .out = l->n * l->t * l->f,
                      .forward = attention_forward,
                      .backward = attention_backward});
    }
}

/* ---- label_sets ---- */

typedef struct sets {
    long n, k;
} sets;

static void sets_forward(const problem *p, double *y) {
    const sets *l = p->layer;
    ref_label_sets_forward(l->n, l->k, p->value[0], p->value[1], y);
}

static void sets_backward(const problem *p, const double *dy) {
    const sets *l = p->layer;
    ref_label_sets_backward(l->n, l->k, dy, p->gradient[0], p->gradient[1]);
}

TEST(label_sets) {
    const sets all[] = {{1, 2}, {3, 4}, {2, 6}};
    for (int k = 0; k < 3; k++) {
        const sets *l = &all[k];
        check_gradients((problem){.layer = l,
                                  .count = 2,
                                  .size = {l->n * l->k, l->k * (l->k - 1) / 2},
                                  .out = l->n << l->k,
                                  .forward = sets_forward,
                                  .backward = sets_backward});
    }
}

TEST_MAIN()
