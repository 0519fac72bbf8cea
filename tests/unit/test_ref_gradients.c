/* Central differences on the references: layers without a state, and merging. */
#include "ref/gradients.h"

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

static void global_max_forward(const problem *p, double *y) {
    const long *s = p->layer;
    ref_global_max_pool_forward(s[0], s[1], s[2], p->value[0], y);
}

static void global_max_backward(const problem *p, const double *dy) {
    const long *s = p->layer;
    ref_global_max_pool_backward(s[0], s[1], s[2], p->value[0], dy, p->gradient[0]);
}

TEST(global_max_pool) {
    const long shapes[][3] = {{3, 5, 4}, {1, 1, 7}, {2, 12, 1}};
    for (int k = 0; k < 3; k++) {
        const long *s = shapes[k];
        check_gradients((problem){.layer = s,
                                  .count = 1,
                                  .size = {s[0] * s[1] * s[2]},
                                  .out = s[0] * s[2],
                                  .forward = global_max_forward,
                                  .backward = global_max_backward,
                                  .margin = spread_margin});
    }
}

static void patches_forward(const problem *p, double *y) {
    ref_patches_forward(p->layer, p->value[0], y);
}

static void patches_backward(const problem *p, const double *dy) {
    ref_patches_backward(p->layer, dy, p->gradient[0]);
}

TEST(patches) {
    const ref_patches all[] = {{2, 6, 4, 3, 2, 2}, {1, 6, 9, 1, 3, 1}, {3, 2, 5, 2, 1, 5}};
    for (int k = 0; k < 3; k++) {
        const long n = all[k].n * all[k].h * all[k].w * all[k].c;
        check_gradients((problem){.layer = &all[k],
                                  .count = 1,
                                  .size = {n},
                                  .out = n,
                                  .forward = patches_forward,
                                  .backward = patches_backward});
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

TEST_MAIN()
