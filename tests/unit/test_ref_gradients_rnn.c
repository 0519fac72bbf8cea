/* Central differences on the references: recurrent layers and losses; clipping. */
#include "ref/gradients.h"

static const ref_activation linear = {REF_LINEAR, 0, false}, gelu = {REF_GELU, 0, false},
                            sigmoid = {REF_SIGMOID, 0, false}, tanh_ = {REF_TANH, 0, false},
                            softmax = {REF_SOFTMAX, 0, false};

/* ---- recurrent layers ---- */

typedef struct rnn_layer {
    ref_rnn rnn;
    ref_merge merge;
    const double *mask[2];
} rnn_layer;

/* arrays: x, then kernel, recurrent kernel, bias per direction */
static ref_rnn_params params_at(const problem *p, long first) {
    const rnn_layer *l = p->layer;
    return (ref_rnn_params){p->value[first], p->value[first + 1], p->value[first + 2],
                            l->mask[first > 3]};
}

static ref_rnn_grads grads_at(const problem *p, long first) {
    return (ref_rnn_grads){p->gradient[first], p->gradient[first + 1], p->gradient[first + 2]};
}

static void rnn_forward(const problem *p, double *y) {
    const rnn_layer *l = p->layer;
    ref_rnn_forward(&l->rnn, p->value[0], params_at(p, 1), y);
}

static void rnn_backward(const problem *p, const double *dy) {
    const rnn_layer *l = p->layer;
    ref_rnn_backward(&l->rnn, p->value[0], params_at(p, 1), dy, p->gradient[0], grads_at(p, 1));
}

static void both_forward(const problem *p, double *y) {
    const rnn_layer *l = p->layer;
    const ref_rnn_params w[] = {params_at(p, 1), params_at(p, 4)};
    ref_bidirectional_forward(&l->rnn, l->merge, p->value[0], w, y);
}

static void both_backward(const problem *p, const double *dy) {
    const rnn_layer *l = p->layer;
    const ref_rnn_params w[] = {params_at(p, 1), params_at(p, 4)};
    const ref_rnn_grads g[] = {grads_at(p, 1), grads_at(p, 4)};
    ref_bidirectional_backward(&l->rnn, l->merge, p->value[0], w, dy, p->gradient[0], g);
}

static problem rnn_problem(const rnn_layer *l, bool bias) {
    const ref_rnn *r = &l->rnn;
    long width = ref_rnn_gates(r->cell) * r->units;
    return (problem){.layer = l,
                     .count = 4,
                     .forward = rnn_forward,
                     .backward = rnn_backward,
                     .size = {r->n * r->t * r->f, r->f * width, r->units * width,
                              bias ? ref_rnn_bias_size(r) : 0},
                     .without_effect = r->t == 1 ? 2 : 0, /* the first state is 0 */
                     .out = r->n * (r->return_sequences ? r->t : 1) * r->units};
}

static const double drop_a[] = {2, 0, 2, 2, 0, 2, 0, 2, 2, 2, 0, 2};
static const double drop_b[] = {0, 2, 2, 0, 2, 2, 2, 2, 0, 2, 2, 0};

static void check_cell(ref_cell cell) {
    const rnn_layer all[] = {
        {{cell, 2, 3, 4, 3, tanh_, sigmoid, false, false}, REF_CONCAT, {NULL, NULL}},
        {{cell, 3, 4, 1, 2, tanh_, sigmoid, true, true}, REF_CONCAT, {drop_a, NULL}},
        {{cell, 1, 1, 5, 4, gelu, softmax, true, false}, REF_CONCAT, {NULL, NULL}},
        {{cell, 2, 5, 3, 5, softmax, tanh_, false, true}, REF_CONCAT, {drop_a, NULL}},
        {{cell, 2, 3, 2, 1, linear, sigmoid, true, false}, REF_CONCAT, {drop_b, NULL}},
    };
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
        for (int bias = 0; bias < 2; bias++) check_gradients(rnn_problem(&all[k], bias));
}

TEST(lstm) { check_cell(REF_LSTM); }
TEST(gru) { check_cell(REF_GRU); }
TEST(simple_rnn) { check_cell(REF_SIMPLE_RNN); }

TEST(bidirectional) {
    const ref_cell cells[] = {REF_LSTM, REF_GRU, REF_SIMPLE_RNN};
    for (int c = 0; c < 3; c++)
        for (int merge = 0; merge < 2; merge++)
            for (int sequences = 0; sequences < 2; sequences++) {
                rnn_layer l = {{cells[c], 2, 4, 3, 3, tanh_, sigmoid, sequences == 1, false},
                               merge ? REF_SUM : REF_CONCAT,
                               {drop_a, drop_b}};
                problem p = rnn_problem(&l, true);
                p.count = 7;
                for (int k = 1; k < 4; k++) p.size[k + 3] = p.size[k];
                if (l.merge == REF_CONCAT) p.out *= 2;
                p.forward = both_forward;
                p.backward = both_backward;
                check_gradients(p);
            }
}

/* ---- along the lines of images ---- */

typedef struct sweep_layer {
    ref_sweep sweep;
    const double *mask[2];
} sweep_layer;

static void sweep_forward(const problem *p, double *y) {
    const sweep_layer *l = p->layer;
    ref_rnn_params w[] = {{p->value[1], p->value[2], p->value[3], l->mask[0]},
                          {p->value[4], p->value[5], p->value[6], l->mask[1]}};
    ref_sweep_forward(&l->sweep, p->value[0], w, y);
}

static void sweep_backward(const problem *p, const double *dy) {
    const sweep_layer *l = p->layer;
    ref_rnn_params w[] = {{p->value[1], p->value[2], p->value[3], l->mask[0]},
                          {p->value[4], p->value[5], p->value[6], l->mask[1]}};
    const ref_rnn_grads g[] = {grads_at(p, 1), grads_at(p, 4)};
    ref_sweep_backward(&l->sweep, p->value[0], w, dy, p->gradient[0], g);
}

TEST(sweep) {
    const ref_cell cells[] = {REF_LSTM, REF_GRU, REF_SIMPLE_RNN};
    for (int c = 0; c < 3; c++)
        for (int k = 0; k < 8; k++) { /* images of 2 x 3 pixels */
            const bool vertical = k & 1, both = k & 2, sequences = k & 4;
            const long lines = vertical ? 3 : 2, steps = 5 - lines, n = 2 * lines, units = 2;
            const sweep_layer l = {
                {2,
                 3,
                 vertical,
                 both,
                 REF_CONCAT,
                 {cells[c], n, steps, 3, units, tanh_, sigmoid, sequences, false}},
                {drop_a, drop_b}};
            const long width = ref_rnn_gates(cells[c]) * units;
            problem p = {
                .layer = &l,
                .count = both ? 7 : 4,
                .forward = sweep_forward,
                .backward = sweep_backward,
                .size = {n * steps * 3, 3 * width, units * width, ref_rnn_bias_size(&l.sweep.rnn)},
                .out = n * (sequences ? steps : 1) * units * (both ? 2 : 1)};
            for (int i = 1; i < 4 && both; i++) p.size[i + 3] = p.size[i];
            check_gradients(p);
        }
}

/* ---- losses: the loss is the only output, so that the cotangent is a factor ---- */

typedef enum loss_kind { CATEGORICAL, SMOOTHED, SPARSE, BINARY, BINARY_SMOOTHED, MSE } loss_kind;

typedef struct loss_layer {
    loss_kind kind;
    long n, k;
    double *target;
    int *label;
} loss_layer;

static double loss_of(const loss_layer *l, const double *x, double *dx) {
    switch (l->kind) {
    case CATEGORICAL: return ref_categorical_crossentropy(l->n, l->k, x, l->target, 0, dx);
    case SMOOTHED: return ref_categorical_crossentropy(l->n, l->k, x, l->target, 0.1, dx);
    case SPARSE: return ref_sparse_categorical_crossentropy(l->n, l->k, x, l->label, dx);
    case BINARY: return ref_binary_crossentropy(l->n, l->k, x, l->target, 0, dx);
    case BINARY_SMOOTHED: return ref_binary_crossentropy(l->n, l->k, x, l->target, 0.2, dx);
    case MSE: break;
    }
    return ref_mean_squared_error(l->n, l->k, x, l->target, dx);
}

static void loss_forward(const problem *p, double *y) {
    y[0] = loss_of(p->layer, p->value[0], NULL);
}

static void loss_backward(const problem *p, const double *dy) {
    loss_of(p->layer, p->value[0], p->gradient[0]);
    for (long i = 0; i < p->size[0]; i++) p->gradient[0][i] *= dy[0];
}

TEST(losses) {
    const long shapes[][2] = {{1, 10}, {5, 3}, {7, 2}};
    for (int kind = CATEGORICAL; kind <= MSE; kind++)
        for (int s = 0; s < 3; s++) {
            double target[16] = {0};
            int label[8];
            loss_layer l = {(loss_kind)kind, shapes[s][0], shapes[s][1], target, label};
            for (long i = 0; i < l.n; i++) {
                label[i] = (int)uniform(0, (double)l.k);
                if (kind <= SPARSE) target[i * l.k + label[i]] = 1;
                for (long j = 0; kind > SPARSE && j < l.k; j++) target[i * l.k + j] = uniform(0, 1);
            }
            check_gradients((problem){.layer = &l,
                                      .count = 1,
                                      .size = {l.n * l.k},
                                      .out = 1,
                                      .forward = loss_forward,
                                      .backward = loss_backward});
        }
}

TEST(clipping_by_norm) {
    double a[] = {3, 0}, b[] = {4};
    double *const grad[] = {a, b};
    const long size[] = {2, 1};
    ref_clip_by_global_norm(2, size, grad, 10);
    CHECK_NEAR(a[0], 3, 0);
    ref_clip_by_global_norm(2, size, grad, 1);
    CHECK_NEAR(a[0], 0.6, 1e-15);
    CHECK_NEAR(b[0], 0.8, 1e-15);
}

TEST_MAIN()
