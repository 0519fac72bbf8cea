/* Central differences on the references themselves. For a random cotangent r, L = sum(r * y); every
 * gradient that backward returns is compared with the five-point difference of L. */
#include <stdbool.h>

#include "ref/ref.h"
#include "test.h"

/* ---- random numbers, of our own so that nothing of src/ is involved ---- */

static unsigned long long random_state;

static double uniform(double low, double high) {
    random_state += 0x9E3779B97F4A7C15ull; /* splitmix64, Steele et al. 2014 */
    unsigned long long z = random_state;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return low + (high - low) * ((double)((z ^ (z >> 31)) >> 11) / 9007199254740992.0);
}

static double *zeros(long n) {
    double *x = calloc((size_t)n + 1, sizeof *x);
    if (x == NULL) abort();
    return x;
}

static void fill(double *x, long n) {
    for (long i = 0; i < n; i++) x[i] = uniform(-1.2, 1.2);
}

/* ---- the harness ---- */

enum { MAX_ARRAYS = 8 };

/* A function of `count` arrays. `value` and `gradient` are filled by the harness; a size of 0 stands
 * for an absent array and reaches the functions as NULL. */
typedef struct problem problem;
struct problem {
    const void *layer;
    long count, size[MAX_ARRAYS], out;
    long without_effect; /* index of an array whose gradient must be 0 throughout, or 0 for none */
    double *value[MAX_ARRAYS], *gradient[MAX_ARRAYS];
    void (*forward)(const problem *p, double *y);
    void (*backward)(const problem *p, const double *dy);
    /* The smallest distance of any argument from a kink of the function, or NULL when smooth. */
    double (*margin)(const problem *p);
};

static double weighted_sum(const problem *p, const double *cotangent, double *y) {
    double sum = 0;
    p->forward(p, y);
    for (long i = 0; i < p->out; i++) sum += cotangent[i] * y[i];
    return sum;
}

/* (8 (L(+h) - L(-h)) - (L(+2h) - L(-2h))) / 12h; the error is of order h^4. */
static double difference(const problem *p, double *at, const double *cotangent, double *y) {
    const double h = 2e-4, x = *at;
    double l[4];
    for (int k = 0; k < 4; k++) {
        static const double place[] = {1, -1, 2, -2};
        *at = x + place[k] * h;
        l[k] = weighted_sum(p, cotangent, y);
    }
    *at = x;
    return (8 * (l[0] - l[1]) - (l[2] - l[3])) / (12 * h);
}

/* Draws inputs until none is near a kink. */
static void draw(problem *p) {
    int tries = 0;
    do {
        CHECK(tries++ < 20000);
        for (long k = 0; k < p->count; k++)
            if (p->size[k] > 0) fill(p->value[k], p->size[k]);
    } while (p->margin != NULL && p->margin(p) < 2e-3);
}

static void check_array(problem *p, long k, const double *cotangent, double *y) {
    double *g = p->gradient[k], square = 0, worst = 0;
    for (long i = 0; i < p->size[k]; i++) square += g[i] * g[i];
    if (p->without_effect > 0 && p->without_effect == k) {
        CHECK_NEAR(square, 0, 0);
        return;
    }
    double typical = sqrt(square / (double)p->size[k]);
    CHECK(typical > 1e-4); /* a gradient of nothing but zeros would agree with everything */
    long stride = 1 + p->size[k] / 150;
    for (long i = 0; i < p->size[k]; i += stride) {
        double d = difference(p, p->value[k] + i, cotangent, y);
        worst = fmax(worst, fabs(d - g[i]) / fmax(fabs(g[i]), typical));
    }
    CHECK_NEAR(worst, 0, 1e-6);
}

static void check_gradients(problem p) {
    random_state++;
    for (long k = 0; k < p.count; k++) {
        p.value[k] = p.size[k] > 0 ? zeros(p.size[k]) : NULL;
        p.gradient[k] = p.size[k] > 0 ? zeros(p.size[k]) : NULL;
        for (long i = 0; i < p.size[k]; i++) p.gradient[k][i] = 1e9; /* must be overwritten */
    }
    double *y = zeros(p.out), *cotangent = zeros(p.out);
    draw(&p);
    fill(cotangent, p.out);
    p.backward(&p, cotangent);
    for (long k = 0; k < p.count; k++)
        if (p.size[k] > 0) check_array(&p, k, cotangent, y);
    for (long k = 0; k < p.count; k++) {
        free(p.value[k]);
        free(p.gradient[k]);
    }
    free(y);
    free(cotangent);
}

static double smallest(const double *x, long n) {
    double least = INFINITY;
    for (long i = 0; i < n; i++) least = fmin(least, fabs(x[i]));
    return least;
}

static bool has_kink(ref_activation a) {
    return a.kind == REF_RELU || a.kind == REF_LEAKY_RELU || a.kind == REF_ELU;
}

static const ref_activation linear = {REF_LINEAR, 0, false}, relu = {REF_RELU, 0, false},
                            leaky = {REF_LEAKY_RELU, 0.3, false}, elu = {REF_ELU, 1, false},
                            gelu = {REF_GELU, 0, false}, gelu_tanh = {REF_GELU, 0, true},
                            sigmoid = {REF_SIGMOID, 0, false}, tanh_ = {REF_TANH, 0, false},
                            softmax = {REF_SOFTMAX, 0, false};

/* ---- activations ---- */

typedef struct activation_layer {
    ref_activation a;
    long rows, c;
} activation_layer;

static void activation_forward(const problem *p, double *y) {
    const activation_layer *l = p->layer;
    ref_activation_forward(l->a, l->rows, l->c, p->value[0], y);
}

static void activation_backward(const problem *p, const double *dy) {
    const activation_layer *l = p->layer;
    ref_activation_backward(l->a, l->rows, l->c, p->value[0], dy, p->gradient[0]);
}

static double value_margin(const problem *p) { return smallest(p->value[0], p->size[0]); }

TEST(activations) {
    const ref_activation all[] = {linear,    relu,    leaky, elu,    gelu,
                                  gelu_tanh, sigmoid, tanh_, softmax};
    const long shapes[][2] = {{1, 7}, {5, 3}, {3, 11}};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
        for (int s = 0; s < 3; s++) {
            activation_layer l = {all[k], shapes[s][0], shapes[s][1]};
            long n = l.rows * l.c;
            check_gradients((problem){.layer = &l,
                                      .count = 1,
                                      .size = {n},
                                      .out = n,
                                      .forward = activation_forward,
                                      .backward = activation_backward,
                                      .margin = value_margin});
        }
}

/* ---- conv2d ---- */

static void conv_forward(const problem *p, double *y) {
    ref_conv2d_forward(p->layer, p->value[0], p->value[1], p->value[2], y);
}

static void conv_backward(const problem *p, const double *dy) {
    ref_conv2d_backward(p->layer, p->value[0], p->value[1], p->value[2], dy, p->gradient[0],
                        p->gradient[1], p->gradient[2]);
}

static double conv_margin(const problem *p) {
    ref_conv2d l = *(const ref_conv2d *)p->layer;
    if (!has_kink(l.activation)) return INFINITY;
    l.activation = linear;
    double *z = zeros(p->out);
    ref_conv2d_forward(&l, p->value[0], p->value[1], p->value[2], z);
    double margin = smallest(z, p->out);
    free(z);
    return margin;
}

TEST(conv2d) {
    const ref_conv2d all[] = {
        {2, 5, 4, 3, 2, 3, 3, 1, 1, 1, 1, 1, REF_VALID, linear},
        {1, 5, 6, 2, 3, 3, 2, 1, 1, 1, 1, 1, REF_SAME, relu},
        {2, 7, 5, 1, 2, 3, 3, 2, 3, 1, 1, 1, REF_SAME, tanh_},
        {1, 7, 7, 4, 6, 2, 2, 3, 3, 1, 1, 2, REF_VALID, leaky},
        {1, 8, 7, 3, 3, 3, 3, 1, 1, 2, 1, 3, REF_SAME, gelu},
        {1, 9, 6, 2, 2, 3, 2, 1, 1, 3, 2, 1, REF_VALID, softmax},
        {3, 3, 2, 5, 4, 1, 1, 1, 1, 1, 1, 1, REF_SAME, elu},
        {2, 6, 6, 2, 4, 4, 4, 2, 2, 0, 0, 0, REF_SAME, sigmoid},
    };
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
        for (int bias = 0; bias < 2; bias++) {
            const ref_conv2d *l = &all[k];
            long oh, ow, groups = l->groups > 0 ? l->groups : 1;
            ref_conv2d_out(l, &oh, &ow);
            check_gradients(
                (problem){.layer = l,
                          .count = 3,
                          .out = l->n * oh * ow * l->o,
                          .forward = conv_forward,
                          .size = {l->n * l->h * l->w * l->c, l->kh * l->kw * l->c / groups * l->o,
                                   bias ? l->o : 0},
                          .backward = conv_backward,
                          .margin = conv_margin});
        }
}

/* ---- pooling ---- */

static void max_pool_forward(const problem *p, double *y) {
    ref_max_pool2d_forward(p->layer, p->value[0], y);
}

static void max_pool_backward(const problem *p, const double *dy) {
    ref_max_pool2d_backward(p->layer, p->value[0], dy, p->gradient[0]);
}

/* A shuffled grid: all values differ by 0.01 or more. */
static double spread_margin(const problem *p) {
    for (long i = 0; i < p->size[0]; i++) p->value[0][i] = 0.01 * (double)(i - p->size[0] / 2);
    for (long i = p->size[0] - 1; i > 0; i--) {
        long j = (long)uniform(0, (double)(i + 1));
        double t = p->value[0][i];
        p->value[0][i] = p->value[0][j];
        p->value[0][j] = t;
    }
    return INFINITY;
}

static void average_pool_forward(const problem *p, double *y) {
    ref_average_pool2d_forward(p->layer, p->value[0], y);
}

static void average_pool_backward(const problem *p, const double *dy) {
    ref_average_pool2d_backward(p->layer, dy, p->gradient[0]);
}

TEST(max_and_average_pool2d) {
    const ref_pool2d all[] = {
        {2, 6, 5, 3, 2, 2, 0, 0, REF_VALID}, {1, 7, 7, 2, 2, 2, 0, 0, REF_SAME},
        {2, 5, 6, 1, 3, 2, 1, 2, REF_SAME},  {1, 8, 7, 2, 2, 3, 3, 4, REF_VALID},
        {1, 9, 5, 1, 3, 3, 4, 4, REF_SAME},
    };
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        const ref_pool2d *l = &all[k];
        long oh, ow, in = l->n * l->h * l->w * l->c;
        ref_pool2d_out(l, &oh, &ow);
        check_gradients((problem){.layer = l,
                                  .count = 1,
                                  .size = {in},
                                  .out = l->n * oh * ow * l->c,
                                  .forward = max_pool_forward,
                                  .backward = max_pool_backward,
                                  .margin = spread_margin});
        check_gradients((problem){.layer = l,
                                  .count = 1,
                                  .size = {in},
                                  .out = l->n * oh * ow * l->c,
                                  .forward = average_pool_forward,
                                  .backward = average_pool_backward});
    }
}

TEST(max_pool2d_gives_a_tie_to_the_first) {
    const ref_pool2d l = {1, 2, 2, 1, 2, 2, 0, 0, REF_VALID};
    const double x[] = {1, 5, 5, 5}, dy[] = {3};
    double dx[4];
    ref_max_pool2d_backward(&l, x, dy, dx);
    CHECK_NEAR(dx[1], 3, 0);
    CHECK_NEAR(fabs(dx[0]) + fabs(dx[2]) + fabs(dx[3]), 0, 0);
}

static void global_pool_forward(const problem *p, double *y) {
    const long *s = p->layer;
    ref_global_average_pool2d_forward(s[0], s[1], s[2], s[3], p->value[0], y);
}

static void global_pool_backward(const problem *p, const double *dy) {
    const long *s = p->layer;
    ref_global_average_pool2d_backward(s[0], s[1], s[2], s[3], dy, p->gradient[0]);
}

static void columns_forward(const problem *p, double *y) {
    const long *s = p->layer;
    ref_columns_forward(s[0], s[1], s[2], s[3], p->value[0], y);
}

static void columns_backward(const problem *p, const double *dy) {
    const long *s = p->layer;
    ref_columns_backward(s[0], s[1], s[2], s[3], dy, p->gradient[0]);
}

static void rows_forward(const problem *p, double *y) {
    const long *s = p->layer;
    ref_rows_forward(s[0], s[1], s[2], s[3], p->value[0], y);
}

static void rows_backward(const problem *p, const double *dy) {
    const long *s = p->layer;
    ref_rows_backward(s[0], s[1], s[2], s[3], dy, p->gradient[0]);
}

TEST(global_average_pool2d_rows_columns) {
    const long shapes[][4] = {{3, 4, 5, 2}, {1, 1, 3, 7}, {2, 6, 1, 1}};
    for (int k = 0; k < 3; k++) {
        const long *s = shapes[k];
        long in = s[0] * s[1] * s[2] * s[3];
        check_gradients((problem){.layer = s,
                                  .count = 1,
                                  .size = {in},
                                  .out = s[0] * s[3],
                                  .forward = global_pool_forward,
                                  .backward = global_pool_backward});
        check_gradients((problem){.layer = s,
                                  .count = 1,
                                  .size = {in},
                                  .out = in,
                                  .forward = columns_forward,
                                  .backward = columns_backward});
        check_gradients((problem){.layer = s,
                                  .count = 1,
                                  .size = {in},
                                  .out = in,
                                  .forward = rows_forward,
                                  .backward = rows_backward});
    }
}

/* ---- dense ---- */

static void dense_forward(const problem *p, double *y) {
    ref_dense_forward(p->layer, p->value[0], p->value[1], p->value[2], y);
}

static void dense_backward(const problem *p, const double *dy) {
    ref_dense_backward(p->layer, p->value[0], p->value[1], p->value[2], dy, p->gradient[0],
                       p->gradient[1], p->gradient[2]);
}

static double dense_margin(const problem *p) {
    ref_dense l = *(const ref_dense *)p->layer;
    if (!has_kink(l.activation)) return INFINITY;
    l.activation = linear;
    double *z = zeros(p->out);
    ref_dense_forward(&l, p->value[0], p->value[1], p->value[2], z);
    double margin = smallest(z, p->out);
    free(z);
    return margin;
}

TEST(dense) {
    const ref_dense all[] = {{3, 5, 7, linear},  {1, 9, 1, leaky}, {7, 1, 4, tanh_},
                             {4, 6, 5, softmax}, {6, 3, 3, gelu},  {2, 4, 9, relu}};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
        for (int bias = 0; bias < 2; bias++) {
            const ref_dense *l = &all[k];
            check_gradients(
                (problem){.layer = l,
                          .count = 3,
                          .out = l->rows * l->units,
                          .forward = dense_forward,
                          .size = {l->rows * l->in, l->in * l->units, bias ? l->units : 0},
                          .backward = dense_backward,
                          .margin = dense_margin});
        }
}

/* ---- normalisation ---- */

static void batch_norm_forward(const problem *p, double *y) {
    ref_batch_normalization_forward(p->layer, p->value[0], p->value[1], p->value[2], NULL, NULL, y);
}

static void batch_norm_backward(const problem *p, const double *dy) {
    ref_batch_normalization_backward(p->layer, p->value[0], p->value[1], dy, p->gradient[0],
                                     p->gradient[1], p->gradient[2]);
}

static const double moving_mean[] = {0.3, -0.2, 0, 1.1, 0.4, -0.7, 0.25};
static const double moving_variance[] = {1.3, 0.2, 1, 2.5, 0.04, 0.6, 0.9};

static void batch_infer_forward(const problem *p, double *y) {
    ref_batch_normalization_infer(p->layer, p->value[0], p->value[1], p->value[2], moving_mean,
                                  moving_variance, y);
}

static void batch_infer_backward(const problem *p, const double *dy) {
    ref_batch_normalization_infer_backward(p->layer, p->value[0], p->value[1], moving_mean,
                                           moving_variance, dy, p->gradient[0], p->gradient[1],
                                           p->gradient[2]);
}

static void layer_norm_forward(const problem *p, double *y) {
    ref_layer_normalization_forward(p->layer, p->value[0], p->value[1], p->value[2], y);
}

static void layer_norm_backward(const problem *p, const double *dy) {
    ref_layer_normalization_backward(p->layer, p->value[0], p->value[1], dy, p->gradient[0],
                                     p->gradient[1], p->gradient[2]);
}

TEST(normalisation) {
    const ref_norm all[] = {{5, 3, 0.99, 1e-3}, {4, 7, 0.9, 1e-3}, {13, 2, 0.99, 1e-5}};
    for (int k = 0; k < 3; k++)
        for (int affine = 0; affine < 2; affine++) {
            const ref_norm *l = &all[k];
            problem p = {.layer = l,
                         .count = 3,
                         .out = l->rows * l->c,
                         .size = {l->rows * l->c, affine ? l->c : 0, affine ? l->c : 0}};
            p.forward = batch_norm_forward;
            p.backward = batch_norm_backward;
            check_gradients(p);
            p.forward = batch_infer_forward;
            p.backward = batch_infer_backward;
            check_gradients(p);
            p.forward = layer_norm_forward;
            p.backward = layer_norm_backward;
            check_gradients(p);
        }
}

TEST(batch_normalization_moves_by_keras_formula) {
    const ref_norm l = {4, 1, 0.9, 1e-3};
    const double x[] = {1, 2, 3, 6};
    double mean = 10, variance = 20, y[4];
    ref_batch_normalization_forward(&l, x, NULL, NULL, &mean, &variance, y);
    CHECK_NEAR(mean, 0.9 * 10 + 0.1 * 3, 1e-14);
    CHECK_NEAR(variance, 0.9 * 20 + 0.1 * 3.5, 1e-14); /* 14 / 4: biased */
    CHECK_NEAR(y[3], 3 / sqrt(3.5 + 1e-3), 1e-14);
}

TEST(dropout_multiplies_by_its_mask) {
    const double x[] = {1, 2, -3}, mask[] = {0, 1.25, 1.25};
    double y[3];
    ref_dropout(3, x, mask, y);
    CHECK_NEAR(y[0], 0, 0);
    CHECK_NEAR(y[1], 2.5, 0);
    CHECK_NEAR(y[2], -3.75, 0);
}

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

/* ---- merging ---- */

typedef struct merge_layer {
    long rows, width[3];
} merge_layer;

static void add_forward(const problem *p, double *y) {
    ref_add_forward(p->count, p->size[0], (const double *const *)p->value, y);
}

static void add_backward(const problem *p, const double *dy) {
    ref_add_backward(p->count, p->size[0], dy, p->gradient);
}

static void concatenate_forward(const problem *p, double *y) {
    const merge_layer *l = p->layer;
    ref_concatenate_forward(p->count, l->rows, l->width, (const double *const *)p->value, y);
}

static void concatenate_backward(const problem *p, const double *dy) {
    const merge_layer *l = p->layer;
    ref_concatenate_backward(p->count, l->rows, l->width, dy, p->gradient);
}

TEST(add_and_concatenate) {
    const merge_layer all[] = {{3, {2, 5, 1}}, {1, {7, 3, 4}}, {6, {1, 1, 3}}};
    for (int k = 0; k < 3; k++) {
        const merge_layer *l = &all[k];
        long n = l->rows;
        check_gradients((problem){.layer = l,
                                  .count = 3,
                                  .size = {n * 5, n * 5, n * 5},
                                  .out = n * 5,
                                  .forward = add_forward,
                                  .backward = add_backward});
        check_gradients((problem){.layer = l,
                                  .count = 3,
                                  .size = {n * l->width[0], n * l->width[1], n * l->width[2]},
                                  .out = n * (l->width[0] + l->width[1] + l->width[2]),
                                  .forward = concatenate_forward,
                                  .backward = concatenate_backward});
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
