/* Each layer's reference, asked for a problem's numbers. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parity/problem_parts.h"
#include "ref/ref.h"

static double *value_of(const problem_param *e) { return e ? e->value : NULL; }
static double *grad_of(const problem_param *e) { return e ? e->grad : NULL; }

/* ---- the shape of things ---- */

static long last_of(const wf_shape *s) { return (long)s->dim[s->rank - 1]; }
static long size_of(const problem *p, int i) { return p->n * (long)wf_shape_size(&p->inputs[i]); }
static long rows_of(const problem *p) { return size_of(p, 0) / last_of(&p->inputs[0]); }

static void output_as_input(problem *p) {
    long dims[3] = {0};
    for (int i = 0; i < p->inputs[0].rank; i++) dims[i] = (long)p->inputs[0].dim[i];
    problem_output(p, p->inputs[0].rank, dims);
}

static void terms(problem *p, double y, double dx, double grad) {
    p->y_terms = y;
    p->dx_terms = dx;
    p->grad_terms = grad;
}

static ref_activation activation(const problem *p, const char *key, const char *otherwise) {
    ref_activation a;
    if (!ref_activation_by_name(&a, shapes_text(p->line, key, otherwise))) abort();
    return a;
}

static ref_padding padding(const problem *p) {
    return strcmp(shapes_text(p->line, "padding", "valid"), "same") == 0 ? REF_SAME : REF_VALID;
}

static void look_for_kinks(problem *p, ref_activation a, const double *z, long n) {
    if (a.kind != REF_RELU && a.kind != REF_LEAKY_RELU && a.kind != REF_ELU) return;
    for (long i = 0; i < n; i++) p->is_near_kink = p->is_near_kink || fabs(z[i]) < 3e-6;
}

/* ---- layers ---- */

static void run_conv2d(problem *p) {
    const int64_t *in = p->inputs[0].dim;
    long k[2], stride[2], dilation[2], oh, ow;
    shapes_pair(p->line, "kernel_size", 0, k);
    shapes_pair(p->line, "strides", 1, stride);
    shapes_pair(p->line, "dilation_rate", 1, dilation);
    ref_conv2d c = {.n = p->n,
                    .h = (long)in[0],
                    .w = (long)in[1],
                    .c = (long)in[2],
                    .o = shapes_int(p->line, "filters", 0),
                    .kh = k[0],
                    .kw = k[1],
                    .sh = stride[0],
                    .sw = stride[1],
                    .dh = dilation[0],
                    .dw = dilation[1],
                    .groups = shapes_int(p->line, "groups", 1),
                    .padding = padding(p),
                    .activation = activation(p, "activation", "linear")};
    ref_conv2d_out(&c, &oh, &ow);
    problem_output(p, 3, (long[]){oh, ow, c.o});
    long window = c.kh * c.kw * (c.c / c.groups);
    problem_param *kernel = problem_matrix(p, "kernel", window, c.o), *bias = NULL;
    if (shapes_bool(p->line, "use_bias", true)) bias = problem_vector(p, "bias", c.o);
    ref_conv2d plain = c;
    plain.activation = (ref_activation){.kind = REF_LINEAR};
    ref_conv2d_forward(&plain, p->x[0], kernel->value, value_of(bias), p->y);
    look_for_kinks(p, c.activation, p->y, p->y_size);
    if (p->is_near_kink) return;
    ref_conv2d_forward(&c, p->x[0], kernel->value, value_of(bias), p->y);
    ref_conv2d_backward(&c, p->x[0], kernel->value, value_of(bias), p->dy, p->dx[0], kernel->grad,
                        grad_of(bias));
    terms(p, (double)window, (double)(c.kh * c.kw * c.o / c.groups), (double)(p->n * oh * ow));
}

static void run_pool(problem *p) {
    const int64_t *in = p->inputs[0].dim;
    long k[2], stride[2], oh, ow;
    shapes_pair(p->line, "pool_size", 2, k);
    shapes_pair(p->line, "strides", 0, stride);
    ref_pool2d c = {p->n, (long)in[0], (long)in[1], (long)in[2], k[0],
                    k[1], stride[0],   stride[1],   padding(p)};
    ref_pool2d_out(&c, &oh, &ow);
    problem_output(p, 3, (long[]){oh, ow, c.c});
    if (p->line->layer[0] == 'm') {
        /* few different values, so that there are ties */
        for (long i = 0; i < size_of(p, 0); i++) p->x[0][i] = round(p->x[0][i] * 4) / 4;
        ref_max_pool2d_forward(&c, p->x[0], p->y);
        ref_max_pool2d_backward(&c, p->x[0], p->dy, p->dx[0]);
    } else {
        ref_average_pool2d_forward(&c, p->x[0], p->y);
        ref_average_pool2d_backward(&c, p->dy, p->dx[0]);
    }
    terms(p, (double)(k[0] * k[1]), (double)(k[0] * k[1]), 1);
}

/* Of an image, or of a sequence: an image of one column. */
static void run_global_pool(problem *p) {
    const wf_shape *in = &p->inputs[0];
    const long h = (long)in->dim[0], w = in->rank == 3 ? (long)in->dim[1] : 1, c = last_of(in);
    problem_output(p, 1, &c);
    if (strstr(p->line->layer, "max")) {
        for (long i = 0; i < size_of(p, 0); i++) p->x[0][i] = round(p->x[0][i] * 4) / 4; /* ties */
        ref_global_max_pool_forward(p->n, h * w, c, p->x[0], p->y);
        ref_global_max_pool_backward(p->n, h * w, c, p->x[0], p->dy, p->dx[0]);
    } else {
        ref_global_average_pool2d_forward(p->n, h, w, c, p->x[0], p->y);
        ref_global_average_pool2d_backward(p->n, h, w, c, p->dy, p->dx[0]);
    }
    terms(p, (double)(h * w), 1, 1);
}

static void run_patches(problem *p) {
    const int64_t *in = p->inputs[0].dim;
    long size[2];
    shapes_pair(p->line, "patch_size", 0, size);
    const ref_patches d = {p->n, (long)in[0], (long)in[1], (long)in[2], size[0], size[1]};
    problem_output(p, 3, (long[]){d.h / d.ph, d.w / d.pw, d.ph * d.pw * d.c});
    ref_patches_forward(&d, p->x[0], p->y);
    ref_patches_backward(&d, p->dy, p->dx[0]);
}

static void run_image(problem *p) {
    const long h = (long)p->inputs[0].dim[0], w = (long)p->inputs[0].dim[1];
    const long c = (long)p->inputs[0].dim[2];
    if (p->line->layer[0] == 'r') {
        problem_output(p, 2, (long[]){h, w * c});
        ref_rows_forward(p->n, h, w, c, p->x[0], p->y);
        ref_rows_backward(p->n, h, w, c, p->dy, p->dx[0]);
    } else {
        problem_output(p, 2, (long[]){w, h * c});
        ref_columns_forward(p->n, h, w, c, p->x[0], p->y);
        ref_columns_backward(p->n, h, w, c, p->dy, p->dx[0]);
    }
}

static void run_shape(problem *p) {
    long dims[SHAPES_MAX_LIST] = {(long)wf_shape_size(&p->inputs[0])}, known = 1;
    int rank = shapes_list(p->line, "target_shape", dims);
    for (int i = 0; i < rank; i++) known *= dims[i] > 0 ? dims[i] : 1;
    for (int i = 0; i < rank; i++)
        if (dims[i] < 0) dims[i] = (long)wf_shape_size(&p->inputs[0]) / known;
    problem_output(p, rank ? rank : 1, dims);
    ref_reshape(p->y_size, p->x[0], p->y);
    ref_reshape(p->y_size, p->dy, p->dx[0]);
}

static void run_dense(problem *p) {
    ref_dense d = {rows_of(p), last_of(&p->inputs[0]), shapes_int(p->line, "units", 0),
                   activation(p, "activation", "linear")};
    long dims[3] = {0};
    for (int i = 0; i < p->inputs[0].rank; i++) dims[i] = (long)p->inputs[0].dim[i];
    dims[p->inputs[0].rank - 1] = d.units;
    problem_output(p, p->inputs[0].rank, dims);
    problem_param *kernel = problem_matrix(p, "kernel", d.in, d.units), *bias = NULL;
    if (shapes_bool(p->line, "use_bias", true)) bias = problem_vector(p, "bias", d.units);
    ref_dense plain = d;
    plain.activation = (ref_activation){.kind = REF_LINEAR};
    ref_dense_forward(&plain, p->x[0], kernel->value, value_of(bias), p->y);
    look_for_kinks(p, d.activation, p->y, p->y_size);
    if (p->is_near_kink) return;
    ref_dense_forward(&d, p->x[0], kernel->value, value_of(bias), p->y);
    ref_dense_backward(&d, p->x[0], kernel->value, value_of(bias), p->dy, p->dx[0], kernel->grad,
                       grad_of(bias));
    terms(p, (double)d.in, (double)d.units, (double)d.rows);
}

/* Groups of `ghost` images, each with its own statistics; one update with their mean. */
static void batch_normalization(problem *p, const ref_norm *whole, const double *gamma,
                                const double *beta, double *dgamma, double *dbeta,
                                problem_param *mean, problem_param *variance) {
    const long c = whole->c, rows = whole->rows / p->n, ghost = shapes_int(p->line, "ghost", 0);
    const long step = ghost ? ghost : p->n, groups = (p->n + step - 1) / step;
    double *part = problem_doubles(p, 4 * c);
    for (long n0 = 0; n0 < p->n; n0 += step) {
        ref_norm group = *whole;
        const long at = n0 * rows * c;
        group.rows = (n0 + step < p->n ? step : p->n - n0) * rows;
        memcpy(part, mean->value, (size_t)c * sizeof *part);
        memcpy(part + c, variance->value, (size_t)c * sizeof *part);
        ref_batch_normalization_forward(&group, p->x[0] + at, gamma, beta, part, part + c,
                                        p->y + at);
        ref_batch_normalization_backward(&group, p->x[0] + at, gamma, p->dy + at, p->dx[0] + at,
                                         part + 2 * c, part + 3 * c);
        for (long j = 0; j < c; j++) {
            mean->updated[j] += part[j] / (double)groups;
            variance->updated[j] += part[c + j] / (double)groups;
            if (dgamma) dgamma[j] += part[2 * c + j];
            if (dbeta) dbeta[j] += part[3 * c + j];
        }
    }
}

static void run_normalization(problem *p) {
    ref_norm d = {rows_of(p), last_of(&p->inputs[0]), shapes_real(p->line, "momentum", 0.99),
                  shapes_real(p->line, "epsilon", 1e-3)};
    problem_param *gamma = NULL, *beta = NULL;
    output_as_input(p);
    if (shapes_bool(p->line, "scale", true)) gamma = problem_factors(p, "gamma", d.c);
    if (shapes_bool(p->line, "center", true)) beta = problem_vector(p, "beta", d.c);
    if (p->line->layer[0] == 'l') {
        ref_layer_normalization_forward(&d, p->x[0], value_of(gamma), value_of(beta), p->y);
        ref_layer_normalization_backward(&d, p->x[0], value_of(gamma), p->dy, p->dx[0],
                                         grad_of(gamma), grad_of(beta));
        terms(p, (double)d.c, (double)d.c, (double)d.rows);
        return;
    }
    problem_param *mean = problem_vector(p, "moving_mean", d.c);
    problem_param *variance = problem_factors(p, "moving_variance", d.c);
    mean->grad = variance->grad = NULL;
    mean->updated = problem_doubles(p, d.c);
    variance->updated = problem_doubles(p, d.c);
    p->y_infer = problem_doubles(p, p->y_size);
    ref_batch_normalization_infer(&d, p->x[0], value_of(gamma), value_of(beta), mean->value,
                                  variance->value, p->y_infer);
    batch_normalization(p, &d, value_of(gamma), value_of(beta), grad_of(gamma), grad_of(beta), mean,
                        variance);
    terms(p, (double)d.rows, (double)d.rows, (double)d.rows);
}

static void run_activation(problem *p) {
    ref_activation a = activation(p, "", p->line->layer);
    if (a.kind == REF_LEAKY_RELU) a.slope = shapes_real(p->line, "negative_slope", 0.3);
    if (a.kind == REF_ELU) a.slope = shapes_real(p->line, "alpha", 1);
    a.approximate = shapes_bool(p->line, "approximate", false);
    const long c = last_of(&p->inputs[0]);
    output_as_input(p);
    ref_activation_forward(a, rows_of(p), c, p->x[0], p->y);
    ref_activation_backward(a, rows_of(p), c, p->x[0], p->dy, p->dx[0]);
    if (a.kind == REF_SOFTMAX) terms(p, (double)c, (double)c, 1);
}

/* stochastic_depth has one factor for each image. */
static void run_dropout(problem *p) {
    output_as_input(p);
    const long size = p->y_size / p->n;
    const double rate = shapes_real(p->line, "rate", 0);
    double *mask = problem_mask(p, size, rate, 0);
    if (p->line->layer[0] == 's') {
        const double *images = problem_mask(p, 1, rate, 0);
        for (long i = 0; i < p->y_size; i++) mask[i] = images[i / size];
    }
    ref_dropout(p->y_size, p->x[0], mask, p->y);
    ref_dropout(p->y_size, p->dy, mask, p->dx[0]);
    p->y_infer = p->x[0];
}

static ref_rnn rnn_of(const problem *p, const char *type) {
    const ref_cell cell = type[0] == 'l' ? REF_LSTM : type[0] == 'g' ? REF_GRU : REF_SIMPLE_RNN;
    return (ref_rnn){cell,
                     p->n,
                     (long)p->inputs[0].dim[0],
                     last_of(&p->inputs[0]),
                     shapes_int(p->line, "units", 0),
                     activation(p, "activation", "tanh"),
                     activation(p, "recurrent_activation", "sigmoid"),
                     shapes_bool(p->line, "return_sequences", false),
                     shapes_bool(p->line, "go_backwards", false)};
}

static ref_rnn_params rnn_params(problem *p, const ref_rnn *d, const char *prefix,
                                 ref_rnn_grads *grads, uint32_t stream) {
    char name[48];
    const long width = ref_rnn_gates(d->cell) * d->units;
    snprintf(name, sizeof name, "%skernel", prefix);
    problem_param *w = problem_matrix(p, name, d->f, width), *bias = NULL;
    snprintf(name, sizeof name, "%srecurrent_kernel", prefix);
    problem_param *u = problem_matrix(p, name, d->units, width);
    snprintf(name, sizeof name, "%sbias", prefix);
    if (shapes_bool(p->line, "use_bias", true))
        bias = problem_vector(p, name, ref_rnn_bias_size(d));
    double rate = shapes_real(p->line, "recurrent_dropout", 0);
    *grads = (ref_rnn_grads){w->grad, u->grad, grad_of(bias)};
    return (ref_rnn_params){w->value, u->value, value_of(bias),
                            rate > 0 ? problem_mask(p, d->n / p->n * d->units, rate, stream)
                                     : NULL};
}

/* Each step passes the errors of those before it on, and recurrent dropout enlarges them. */
static void rnn_terms(problem *p, const ref_rnn *d) {
    const double width = (double)(ref_rnn_gates(d->cell) * d->units), rows = (double)d->n;
    const double keep = 1 - shapes_real(p->line, "recurrent_dropout", 0);
    const double steps = (double)d->t / (keep * keep);
    terms(p, steps * (double)(d->f + d->units), steps * width, steps * (rows + width));
}

static void rnn_output(problem *p, const ref_rnn *d, long width) {
    if (d->return_sequences) problem_output(p, 2, (long[]){d->t, width});
    else problem_output(p, 1, &width);
}

static void run_rnn(problem *p) {
    ref_rnn d = rnn_of(p, p->line->layer);
    ref_rnn_grads g;
    rnn_output(p, &d, d.units);
    ref_rnn_params w = rnn_params(p, &d, "", &g, 0);
    ref_rnn_forward(&d, p->x[0], w, p->y);
    ref_rnn_backward(&d, p->x[0], w, p->dy, p->dx[0], g);
    rnn_terms(p, &d);
    if (!w.mask) return;
    w.mask = NULL;
    p->y_infer = problem_doubles(p, p->y_size);
    ref_rnn_forward(&d, p->x[0], w, p->y_infer);
}

static void run_bidirectional(problem *p) {
    ref_rnn d = rnn_of(p, shapes_text(p->line, "layer", ""));
    const bool is_sum = strcmp(shapes_text(p->line, "merge_mode", "concat"), "sum") == 0;
    const ref_merge merge = is_sum ? REF_SUM : REF_CONCAT;
    ref_rnn_grads g[2];
    ref_rnn_params w[2];
    rnn_output(p, &d, d.units * (is_sum ? 1 : 2));
    w[0] = rnn_params(p, &d, "forward_", &g[0], 0);
    w[1] = rnn_params(p, &d, "backward_", &g[1], 1u << 20);
    ref_bidirectional_forward(&d, merge, p->x[0], w, p->y);
    ref_bidirectional_backward(&d, merge, p->x[0], w, p->dy, p->dx[0], g);
    rnn_terms(p, &d);
    if (!w[0].mask) return;
    w[0].mask = w[1].mask = NULL;
    p->y_infer = problem_doubles(p, p->y_size);
    ref_bidirectional_forward(&d, merge, p->x[0], w, p->y_infer);
}

static void run_sweep(problem *p) {
    const char *merge = shapes_text(p->line, "merge_mode", NULL);
    const long h = (long)p->inputs[0].dim[0], w = (long)p->inputs[0].dim[1];
    ref_sweep s = {.h = h,
                   .w = w,
                   .is_vertical = shapes_text(p->line, "axis", "")[0] == 'v',
                   .is_bidirectional = merge != NULL,
                   .merge = merge && strcmp(merge, "sum") == 0 ? REF_SUM : REF_CONCAT,
                   .rnn = rnn_of(p, shapes_text(p->line, "layer", ""))};
    const long lines = s.is_vertical ? w : h;
    const long width = s.rnn.units * (merge && s.merge == REF_CONCAT ? 2 : 1);
    ref_rnn_grads g[2] = {{NULL, NULL, NULL}};
    ref_rnn_params params[2] = {{NULL, NULL, NULL, NULL}};
    s.rnn.n = p->n * lines;
    s.rnn.t = s.is_vertical ? h : w;
    if (s.rnn.return_sequences) problem_output(p, 3, (long[]){h, w, width});
    else problem_output(p, 2, (long[]){lines, width});
    params[0] = rnn_params(p, &s.rnn, merge ? "forward_" : "", &g[0], 0);
    if (merge) params[1] = rnn_params(p, &s.rnn, "backward_", &g[1], 1u << 20);
    ref_sweep_forward(&s, p->x[0], params, p->y);
    ref_sweep_backward(&s, p->x[0], params, p->dy, p->dx[0], g);
    rnn_terms(p, &s.rnn);
    if (!params[0].mask) return;
    params[0].mask = params[1].mask = NULL;
    p->y_infer = problem_doubles(p, p->y_size);
    ref_sweep_forward(&s, p->x[0], params, p->y_infer);
}

static void run_add(problem *p) {
    output_as_input(p);
    ref_add_forward(p->n_inputs, p->y_size, (const double *const *)p->x, p->y);
    ref_add_backward(p->n_inputs, p->y_size, p->dy, p->dx);
}

static void run_concatenate(problem *p) {
    const int rank = p->inputs[0].rank;
    const long axis = shapes_int(p->line, "axis", -1);
    const int at = axis < 0 ? rank + (int)axis : (int)axis - 1;
    long dims[3] = {0}, width[SHAPES_MAX_LIST], rows = p->n;
    for (int i = 0; i < rank; i++) dims[i] = (long)p->inputs[0].dim[i];
    for (int i = 0; i < at; i++) rows *= dims[i];
    dims[at] = 0;
    for (int i = 0; i < p->n_inputs; i++) {
        dims[at] += (long)p->inputs[i].dim[at];
        width[i] = size_of(p, i) / rows;
    }
    problem_output(p, rank, dims);
    ref_concatenate_forward(p->n_inputs, rows, width, (const double *const *)p->x, p->y);
    ref_concatenate_backward(p->n_inputs, rows, width, p->dy, p->dx);
}

/* Whole numbers, some of which have no row. */
static void run_embedding(problem *p) {
    const long rows = shapes_int(p->line, "input_dim", 0), n = size_of(p, 0);
    const long width = shapes_int(p->line, "output_dim", 0);
    long dims[4] = {0};
    const int rank = p->inputs[0].rank;
    for (int i = 0; i < rank; i++) dims[i] = (long)p->inputs[0].dim[i];
    dims[rank] = width;
    for (long i = 0; i < n; i++)
        p->x[0][i] = fmod(floor(fabs(p->x[0][i]) * 4096), (double)rows + 1) - 1;
    problem_output(p, rank + 1, dims);
    problem_param *table = problem_matrix(p, "embeddings", rows, width);
    ref_embedding_forward(n, width, p->x[0], table->value, p->y);
    ref_embedding_backward(n, rows, width, p->x[0], p->dy, table->grad);
    terms(p, 1, 1, (double)n);
}

static void run_repeat_vector(problem *p) {
    const long t = shapes_int(p->line, "n_steps", 0), f = last_of(&p->inputs[0]);
    problem_output(p, 2, (long[]){t, f});
    ref_repeat_vector_forward(p->n, t, f, p->x[0], p->y);
    ref_repeat_vector_backward(p->n, t, f, p->dy, p->dx[0]);
    terms(p, 1, (double)t, 1);
}

/* The matrix is the input itself, of the layer before: its gradient is that of both uses. */
static void run_tied_dense(problem *p) {
    const ref_tied_dense d = {rows_of(p), last_of(&p->inputs[0]), shapes_int(p->line, "units", 0),
                              activation(p, "activation", "linear")};
    problem_param *bias = NULL;
    problem_output(p, 1, &d.units);
    if (shapes_bool(p->line, "use_bias", false)) bias = problem_vector(p, "bias", d.units);
    double *de = problem_doubles(p, d.units * d.f);
    const double scale = 1 / sqrt((double)d.f);
    for (long i = 0; i < size_of(p, 0); i++) p->x[0][i] = exp2(rint(log2(scale))) * p->x[0][i];
    ref_tied_dense_forward(&d, p->x[0], p->x[0], value_of(bias), p->y);
    ref_tied_dense_backward(&d, p->x[0], p->x[0], value_of(bias), p->dy, p->dx[0], de,
                            grad_of(bias));
    for (long i = 0; i < d.units * d.f; i++) p->dx[0][i] += de[i];
    terms(p, (double)d.f, (double)(d.units + d.n), (double)d.n);
}

static void run_attention(problem *p) {
    const int key = p->n_inputs - 1;
    ref_attention a = {.n = p->n,
                       .t = (long)p->inputs[0].dim[0],
                       .d = last_of(&p->inputs[0]),
                       .f = last_of(&p->inputs[1]),
                       .scale = 1};
    problem_param *scale = NULL;
    a.s = size_of(p, 1) / a.f / a.n;
    problem_output(p, 2, (long[]){a.t, a.f});
    /* scores of the order of 1 */
    const double narrow = exp2(rint(log2(1 / sqrt((double)a.d))));
    for (long i = 0; i < size_of(p, 0); i++) p->x[0][i] *= narrow;
    if (shapes_bool(p->line, "use_scale", false)) {
        scale = problem_factors(p, "scale", 1);
        a.scale = scale->value[0];
    }
    double *dk = key > 1 ? p->dx[2] : problem_doubles(p, size_of(p, 1));
    ref_attention_forward(&a, p->x[0], p->x[1], p->x[key], p->y);
    ref_attention_backward(&a, p->x[0], p->x[1], p->x[key], p->dy, p->dx[0], p->dx[1], dk,
                           grad_of(scale));
    for (long i = 0; i < size_of(p, 1) && key == 1; i++) p->dx[1][i] += dk[i];
    terms(p, (double)(a.d + a.s), (double)(a.t + a.s + a.d + a.f), (double)(a.n * a.t * a.s * a.d));
}

static void run_label_sets(problem *p) {
    const long k = last_of(&p->inputs[0]), sets = 1L << k;
    problem_output(p, 1, &sets);
    problem_param *w = problem_vector(p, "interactions", k * (k - 1) / 2);
    ref_label_sets_forward(p->n, k, p->x[0], w->value, p->y);
    ref_label_sets_backward(p->n, k, p->dy, p->dx[0], w->grad);
    terms(p, (double)(k * k), (double)sets, (double)(sets * p->n));
}

/* The inner layer's reference on the sequence of each step's own vectors. */
static void run_time_distributed(problem *p) {
    const long t = (long)p->inputs[0].dim[0], f = (long)p->inputs[0].dim[1];
    const ref_dense d = {p->n, f, shapes_int(p->line, "units", 0),
                         activation(p, "activation", "linear")};
    problem_output(p, 2, (long[]){t, d.units});
    problem_param *kernel = problem_matrix(p, "kernel", f, d.units);
    problem_param *bias = problem_vector(p, "bias", d.units);
    double *x = problem_doubles(p, p->n * f), *dx = problem_doubles(p, p->n * f);
    double *y = problem_doubles(p, p->n * d.units), *dy = problem_doubles(p, p->n * d.units);
    double *dkernel = problem_doubles(p, f * d.units), *dbias = problem_doubles(p, d.units);
    for (long s = 0; s < t; s++) {
        for (long i = 0; i < p->n; i++) {
            for (long j = 0; j < f; j++) x[i * f + j] = p->x[0][(i * t + s) * f + j];
            for (long j = 0; j < d.units; j++)
                dy[i * d.units + j] = p->dy[(i * t + s) * d.units + j];
        }
        ref_dense_forward(&d, x, kernel->value, bias->value, y);
        ref_dense_backward(&d, x, kernel->value, bias->value, dy, dx, dkernel, dbias);
        for (long i = 0; i < p->n; i++) {
            for (long j = 0; j < f; j++) p->dx[0][(i * t + s) * f + j] = dx[i * f + j];
            for (long j = 0; j < d.units; j++) p->y[(i * t + s) * d.units + j] = y[i * d.units + j];
        }
        for (long j = 0; j < f * d.units; j++) kernel->grad[j] += dkernel[j];
        for (long j = 0; j < d.units; j++) bias->grad[j] += dbias[j];
    }
    terms(p, (double)f, (double)d.units, (double)(p->n * t));
}

static const struct {
    const char *layer;
    void (*run)(problem *p);
} runs[] = {{"conv2d", run_conv2d},
            {"max_pool2d", run_pool},
            {"average_pool2d", run_pool},
            {"global_average_pool2d", run_global_pool},
            {"global_max_pool2d", run_global_pool},
            {"global_average_pool1d", run_global_pool},
            {"global_max_pool1d", run_global_pool},
            {"rows", run_image},
            {"columns", run_image},
            {"patches", run_patches},
            {"flatten", run_shape},
            {"reshape", run_shape},
            {"dense", run_dense},
            {"batch_normalization", run_normalization},
            {"layer_normalization", run_normalization},
            {"dropout", run_dropout},
            {"stochastic_depth", run_dropout},
            {"relu", run_activation},
            {"leaky_relu", run_activation},
            {"elu", run_activation},
            {"gelu", run_activation},
            {"sigmoid", run_activation},
            {"tanh", run_activation},
            {"softmax", run_activation},
            {"lstm", run_rnn},
            {"gru", run_rnn},
            {"simple_rnn", run_rnn},
            {"bidirectional", run_bidirectional},
            {"sweep", run_sweep},
            {"add", run_add},
            {"concatenate", run_concatenate},
            {"embedding", run_embedding},
            {"repeat_vector", run_repeat_vector},
            {"tied_dense", run_tied_dense},
            {"time_distributed", run_time_distributed},
            {"attention", run_attention},
            {"label_sets", run_label_sets}};

problem_fn problem_layer(const char *name) {
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++)
        if (strcmp(runs[i].layer, name) == 0) return runs[i].run;
    return NULL;
}
