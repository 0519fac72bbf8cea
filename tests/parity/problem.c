#include "problem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "parity/product.h"
#include "ref/ref.h"

static double *doubles(problem *p, long n) {
    double *x = calloc((size_t)n + 1, sizeof *x);
    if (x == NULL || p->n_own == PROBLEM_MAX_OWN) abort();
    p->own[p->n_own++] = x;
    return x;
}

static double *draw(problem *p, long n, uint64_t seed, double scale) {
    double *x = doubles(p, n);
    for (long i = 0; i < n; i++)
        x[i] = round((double)product_random(seed, i) * scale * 4096) / 4096;
    return x;
}

static problem_param *param(problem *p, const char *name, long size) {
    problem_param *e = &p->params[p->n_params++];
    if (p->n_params > PROBLEM_MAX_PARAMS) abort();
    snprintf(e->name, sizeof e->name, "%s", name);
    e->size = size;
    return e;
}

/* A matrix [rows][columns] whose products with normal numbers are normal. */
static problem_param *matrix(problem *p, const char *name, long rows, long columns) {
    problem_param *e = param(p, name, rows * columns);
    e->value = draw(p, e->size, p->seed + 100 + (uint64_t)p->n_params, 1 / sqrt((double)rows));
    e->grad = doubles(p, e->size);
    return e;
}

static problem_param *vector(problem *p, const char *name, long size) {
    problem_param *e = param(p, name, size);
    e->value = draw(p, size, p->seed + 100 + (uint64_t)p->n_params, 0.3);
    e->grad = doubles(p, size);
    return e;
}

/* Positive and away from 0. */
static problem_param *factors(problem *p, const char *name, long size) {
    problem_param *e = vector(p, name, size);
    for (long i = 0; i < size; i++) e->value[i] = 0.5 + fmin(fabs(e->value[i]), 1);
    return e;
}

static double *value_of(const problem_param *e) { return e ? e->value : NULL; }
static double *grad_of(const problem_param *e) { return e ? e->grad : NULL; }

/* ---- the shape of things ---- */

static long last_of(const wf_shape *s) { return (long)s->dim[s->rank - 1]; }
static long size_of(const problem *p, int i) { return p->n * (long)wf_shape_size(&p->inputs[i]); }
static long rows_of(const problem *p) { return size_of(p, 0) / last_of(&p->inputs[0]); }

/* Sets the output's shape and draws its cotangent. */
static void output(problem *p, int rank, const long *dims) {
    p->output.rank = rank;
    for (int i = 0; i < rank; i++) p->output.dim[i] = dims[i];
    p->y_size = p->n * (long)wf_shape_size(&p->output);
    p->y = doubles(p, p->y_size);
    p->dy = draw(p, p->y_size, p->seed + 99, 1);
}

static void output_as_input(problem *p) {
    long dims[3] = {0};
    for (int i = 0; i < p->inputs[0].rank; i++) dims[i] = (long)p->inputs[0].dim[i];
    output(p, p->inputs[0].rank, dims);
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
    output(p, 3, (long[]){oh, ow, c.o});
    long window = c.kh * c.kw * (c.c / c.groups);
    problem_param *kernel = matrix(p, "kernel", window, c.o), *bias = NULL;
    if (shapes_bool(p->line, "use_bias", true)) bias = vector(p, "bias", c.o);
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
    output(p, 3, (long[]){oh, ow, c.c});
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

static void run_image(problem *p) {
    const long h = (long)p->inputs[0].dim[0], w = (long)p->inputs[0].dim[1];
    const long c = (long)p->inputs[0].dim[2];
    if (p->line->layer[0] == 'g') {
        output(p, 1, &c);
        ref_global_average_pool2d_forward(p->n, h, w, c, p->x[0], p->y);
        ref_global_average_pool2d_backward(p->n, h, w, c, p->dy, p->dx[0]);
        terms(p, (double)(h * w), 1, 1);
    } else if (p->line->layer[0] == 'r') {
        output(p, 2, (long[]){h, w * c});
        ref_rows_forward(p->n, h, w, c, p->x[0], p->y);
        ref_rows_backward(p->n, h, w, c, p->dy, p->dx[0]);
    } else {
        output(p, 2, (long[]){w, h * c});
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
    output(p, rank ? rank : 1, dims);
    ref_reshape(p->y_size, p->x[0], p->y);
    ref_reshape(p->y_size, p->dy, p->dx[0]);
}

static void run_dense(problem *p) {
    ref_dense d = {rows_of(p), last_of(&p->inputs[0]), shapes_int(p->line, "units", 0),
                   activation(p, "activation", "linear")};
    long dims[3] = {0};
    for (int i = 0; i < p->inputs[0].rank; i++) dims[i] = (long)p->inputs[0].dim[i];
    dims[p->inputs[0].rank - 1] = d.units;
    output(p, p->inputs[0].rank, dims);
    problem_param *kernel = matrix(p, "kernel", d.in, d.units), *bias = NULL;
    if (shapes_bool(p->line, "use_bias", true)) bias = vector(p, "bias", d.units);
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
    double *part = doubles(p, 4 * c);
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
    if (shapes_bool(p->line, "scale", true)) gamma = factors(p, "gamma", d.c);
    if (shapes_bool(p->line, "center", true)) beta = vector(p, "beta", d.c);
    if (p->line->layer[0] == 'l') {
        ref_layer_normalization_forward(&d, p->x[0], value_of(gamma), value_of(beta), p->y);
        ref_layer_normalization_backward(&d, p->x[0], value_of(gamma), p->dy, p->dx[0],
                                         grad_of(gamma), grad_of(beta));
        terms(p, (double)d.c, (double)d.c, (double)d.rows);
        return;
    }
    problem_param *mean = vector(p, "moving_mean", d.c);
    problem_param *variance = factors(p, "moving_variance", d.c);
    mean->grad = variance->grad = NULL;
    mean->updated = doubles(p, d.c);
    variance->updated = doubles(p, d.c);
    p->y_infer = doubles(p, p->y_size);
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

static void run_dropout(problem *p) {
    output_as_input(p);
    const double *mask = problem_mask(p, p->y_size / p->n, shapes_real(p->line, "rate", 0), 0);
    ref_dropout(p->y_size, p->x[0], mask, p->y);
    ref_dropout(p->y_size, p->dy, mask, p->dx[0]);
    p->y_infer = p->x[0];
}

static ref_rnn rnn_of(const problem *p, const char *type) {
    const ref_cell cell = type[0] == 'l' ? REF_LSTM : type[0] == 'g' ? REF_GRU : REF_SIMPLE_RNN;
    return (ref_rnn){cell,
                     p->n,
                     (long)p->inputs[0].dim[0],
                     (long)p->inputs[0].dim[1],
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
    problem_param *w = matrix(p, name, d->f, width), *bias = NULL;
    snprintf(name, sizeof name, "%srecurrent_kernel", prefix);
    problem_param *u = matrix(p, name, d->units, width);
    snprintf(name, sizeof name, "%sbias", prefix);
    if (shapes_bool(p->line, "use_bias", true)) bias = vector(p, name, ref_rnn_bias_size(d));
    double rate = shapes_real(p->line, "recurrent_dropout", 0);
    *grads = (ref_rnn_grads){w->grad, u->grad, grad_of(bias)};
    return (ref_rnn_params){w->value, u->value, value_of(bias),
                            rate > 0 ? problem_mask(p, d->units, rate, stream) : NULL};
}

/* Each step passes the errors of those before it on, and recurrent dropout enlarges them. */
static void rnn_terms(problem *p, const ref_rnn *d) {
    const double width = (double)(ref_rnn_gates(d->cell) * d->units), images = (double)p->n;
    const double keep = 1 - shapes_real(p->line, "recurrent_dropout", 0);
    const double steps = (double)d->t / (keep * keep);
    terms(p, steps * (double)(d->f + d->units), steps * width, steps * (images + width));
}

static void rnn_output(problem *p, const ref_rnn *d, long width) {
    if (d->return_sequences) output(p, 2, (long[]){d->t, width});
    else output(p, 1, &width);
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
    p->y_infer = doubles(p, p->y_size);
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
    p->y_infer = doubles(p, p->y_size);
    ref_bidirectional_forward(&d, merge, p->x[0], w, p->y_infer);
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
    output(p, rank, dims);
    ref_concatenate_forward(p->n_inputs, rows, width, (const double *const *)p->x, p->y);
    ref_concatenate_backward(p->n_inputs, rows, width, p->dy, p->dx);
}

static const struct {
    const char *layer;
    void (*run)(problem *p);
} runs[] = {{"conv2d", run_conv2d},
            {"max_pool2d", run_pool},
            {"average_pool2d", run_pool},
            {"global_average_pool2d", run_image},
            {"rows", run_image},
            {"columns", run_image},
            {"flatten", run_shape},
            {"reshape", run_shape},
            {"dense", run_dense},
            {"batch_normalization", run_normalization},
            {"layer_normalization", run_normalization},
            {"dropout", run_dropout},
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
            {"add", run_add},
            {"concatenate", run_concatenate}};

/* ---- what the header offers ---- */

double *problem_mask(problem *p, long size, double rate, uint32_t stream) {
    const uint32_t keep = 65536 - (uint32_t)(rate * 65536 + 0.5);
    const uint32_t key[2] = {(uint32_t)p->seed, (uint32_t)(p->seed >> 32)};
    double *factor = doubles(p, p->n * size);
    for (long j = 0; j < p->n; j++)
        for (long i = 0; i < size; i++) {
            const uint32_t counter[4] = {(uint32_t)(i / 8), (uint32_t)(p->position + j), p->epoch,
                                         WF_STREAM_LAYER + (uint32_t)p->node + stream};
            uint32_t words[4];
            wf_philox(words, counter, key);
            uint32_t number = words[i % 8 / 2] >> (i % 2 * 16) & 0xFFFF;
            factor[j * size + i] = number < keep ? 65536.0 / keep : 0;
        }
    return factor;
}

static void add_key(char *out, size_t size, const char *key, const char *value) {
    const bool is_list = strchr(value, ',') != NULL || strcmp(key, "target_shape") == 0;
    size_t used = strlen(out);
    snprintf(out + used, size - used, "%s%s: %s%s%s", used ? ", " : "", key, is_list ? "[" : "",
             value, is_list ? "]" : "");
}

void problem_keys(char *out, size_t size, const shapes_problem *line) {
    const char *inner = shapes_text(line, "layer", NULL), *merge;
    char keys[400] = "";
    for (int i = 0; i < line->count; i++)
        if (shapes_is_config(line->items[i].key) &&
            !(inner && strcmp(line->items[i].key, "merge_mode") == 0))
            add_key(keys, sizeof keys, line->items[i].key, line->items[i].value);
    snprintf(out, size, "%s", keys);
    if (!inner) return;
    snprintf(out, size, "layer: {%s: {%s}}", inner, keys);
    merge = shapes_text(line, "merge_mode", NULL);
    if (merge) add_key(out, size, "merge_mode", merge);
}

static void create(problem *p, const shapes_problem *line, uint64_t attempt) {
    *p = (problem){.line = line,
                   .n = shapes_int(line, "n", 1),
                   .n_inputs = shapes_input_count(line),
                   .y_terms = 1,
                   .dx_terms = 1,
                   .grad_terms = 1,
                   .seed = 0x123456789abcdef0u + 1000 * (uint64_t)line->line + 17 * attempt,
                   .epoch = (uint32_t)line->line * 3,
                   .position = line->line % 3 ? 100 * line->line : INT64_C(0xFFFFFFFA)};
    p->node = p->n_inputs + 1;
    for (int i = 0; i < p->n_inputs; i++) {
        long dims[3];
        p->inputs[i].rank = shapes_input(line, i, dims);
        for (int k = 0; k < p->inputs[i].rank; k++) p->inputs[i].dim[k] = dims[k];
        p->x[i] = draw(p, size_of(p, i), p->seed + (uint64_t)i, 1);
        p->dx[i] = doubles(p, size_of(p, i));
    }
}

bool problem_create(problem *p, const shapes_problem *line) {
    size_t which = 0, count = sizeof runs / sizeof *runs;
    while (which < count && strcmp(runs[which].layer, line->layer) != 0) which++;
    if (which == count) return false;
    for (uint64_t attempt = 0;; attempt++) {
        create(p, line, attempt);
        runs[which].run(p);
        if (!p->is_near_kink) return true;
        problem_reset(p);
    }
}

void problem_reset(problem *p) {
    while (p->n_own > 0) free(p->own[--p->n_own]);
}
