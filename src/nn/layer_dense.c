#include "nn/infer.h"
#include "nn/steps.h"

/* dst = activation(src * kernel + bias) over the last axis.
 *  src [N,...,F]  kernel [F,units]  bias [units]  dst [N,...,units] */

typedef struct wf_dense_config {
    int32_t units, activation, use_bias, kernel_initializer, bias_initializer;
} wf_dense_config;

#define AT(member) offsetof(wf_dense_config, member)
static const wf_field fields[] = {
    {"units", WF_FIELD_INT, AT(units), 1, 1 << 24, NULL, NULL, "number of outputs"},
    {"activation", WF_FIELD_CHOICE, AT(activation), 0, 0, WF_ACTIVATION_CHOICES, "linear",
     "applied to the result"},
    {"use_bias", WF_FIELD_BOOL, AT(use_bias), 0, 1, NULL, "true", "add a bias per unit"},
    {"kernel_initializer", WF_FIELD_CHOICE, AT(kernel_initializer), 0, 0,
     WF_KERNEL_INITIALIZER_CHOICES, "glorot_uniform", "start of the kernel"},
    {"bias_initializer", WF_FIELD_CHOICE, AT(bias_initializer), 0, 0, WF_BIAS_INITIALIZER_CHOICES,
     "zeros", "start of the bias"},
    {0}};

static wf_status infer(wf_infer *in) {
    const wf_dense_config *c = in->config;
    in->output = *in->inputs[0];
    int64_t *last = &in->output.dim[in->output.rank - 1];
    int64_t rows = wf_shape_size(&in->output) / *last;
    wf_shape kernel = {.rank = 2, .dim = {*last, c->units}};
    WF_TRY(wf_infer_param(in, "kernel", &kernel, (wf_initializer)c->kernel_initializer, *last,
                          c->units, 1));
    if (c->use_bias) WF_TRY(wf_infer_vector(in, "bias", c->units, c->bias_initializer, 1));
    in->madds = rows * wf_shape_size(&kernel);
    *last = c->units;
    return WF_OK;
}

/* ---- plan ---- */

enum {
    K_CHUNK = 1024,        /* rows of B that one pass over C takes: 128 KiB a panel */
    WIDE_FLOATS = 1 << 20, /* a kernel from this size on is read once per batch, not per shard */
    TILE_COLUMNS = 128,    /* of a whole-batch product */
    GRADIENT_ROWS = 112    /* of the kernel's gradient in one tile */
};

typedef struct dense_args {
    wf_buffer src, dst, diff_src, diff_dst;
    int kernel, bias; /* parameter entries; bias -1: none */
    int rows, inputs, units;
    float slope;
    wf_buffer packed, packed_transposed;
} dense_args;

/* C [m][n] = A [m][k] B, k in chunks whose panels stay in L2. */
static void multiply(const wf_work *r, const float *a, int k, const float *packed, float *c, int n,
                     int first_column, int columns, int m, const float *bias, float slope) {
    const int chunk = m == 1 ? k : K_CHUNK; /* one row reads B once, whatever the order */
    /* with several chunks the bias must come first and the slope last */
    for (int k0 = 0; k0 < k; k0 += chunk) {
        const int is_last = k0 + chunk >= k, length = is_last ? k - k0 : chunk;
        wf_gemm g = {.m = m,
                     .m_outer = 1,
                     .k = length,
                     .k_outer = 1,
                     .a = a + k0,
                     .a_row = k,
                     .c_row = n,
                     .bias = k0 == 0 && bias ? bias + first_column : NULL,
                     .slope = is_last ? slope : 1,
                     .accumulate = k0 > 0};
        const int nr = r->kernels->nr;
        if (k <= chunk) {
            g.n = columns;
            g.b = packed + (ptrdiff_t)first_column * k;
            g.c = c + first_column;
            r->kernels->gemm(&g);
            continue;
        }
        for (int j = first_column; j < first_column + columns; j += nr) { /* panel by panel */
            g.n = first_column + columns - j < nr ? first_column + columns - j : nr;
            g.b = packed + (ptrdiff_t)j * k + (ptrdiff_t)k0 * nr;
            g.c = c + j;
            if (g.bias) g.bias = bias + j;
            r->kernels->gemm(&g);
        }
    }
}

/* dst = slope(src * kernel + bias) */
static void forward(const wf_work *r, const dense_args *d, int first, int columns) {
    multiply(r, wf_at(r, d->src), d->inputs, wf_at(r, d->packed), wf_at(r, d->dst), d->units, first,
             columns, r->n * d->rows, d->bias < 0 ? NULL : wf_value(r, d->bias), d->slope);
}

/* diff_src = diff_dst * kernel^T */
static void backward_data(const wf_work *r, const dense_args *d, int first, int columns) {
    multiply(r, wf_at(r, d->diff_dst), d->units, wf_at(r, d->packed_transposed),
             wf_at(r, d->diff_src), d->inputs, first, columns, r->n * d->rows, NULL, 1);
}

static int tile_columns(const wf_work *r, int n, int *first) {
    *first = r->tile * TILE_COLUMNS;
    return n - *first < TILE_COLUMNS ? n - *first : TILE_COLUMNS;
}

static void run_forward(const wf_work *r, const void *args) {
    const dense_args *d = args;
    forward(r, d, 0, d->units);
}

static void run_forward_tile(const wf_work *r, const void *args) {
    const dense_args *d = args;
    int first, columns = tile_columns(r, d->units, &first);
    forward(r, d, first, columns);
}

static void run_backward_data(const wf_work *r, const void *args) {
    const dense_args *d = args;
    backward_data(r, d, 0, d->inputs);
}

static void run_backward_data_tile(const wf_work *r, const void *args) {
    const dense_args *d = args;
    int first, columns = tile_columns(r, d->inputs, &first);
    backward_data(r, d, first, columns);
}

/* kernel gradient = src^T * diff_dst over the whole batch, GRADIENT_ROWS rows of it */
static void run_gradient(const wf_work *r, const void *args) {
    const dense_args *d = args;
    const int first = r->tile * GRADIENT_ROWS, rows = r->batch->n * d->rows;
    const int m = d->inputs - first < GRADIENT_ROWS ? d->inputs - first : GRADIENT_ROWS;
    const float *diff = wf_at(r, d->diff_dst);
    r->kernels->gemm_tn(&(wf_gemm_tn){.m = m,
                                      .n = d->units,
                                      .r = rows,
                                      .r_outer = 1,
                                      .a = (float *)wf_at(r, d->src) + first,
                                      .a_row = d->inputs,
                                      .b = diff,
                                      .b_row = d->units,
                                      .c = wf_gradient(r, d->kernel) + (ptrdiff_t)first * d->units,
                                      .c_row = d->units});
    if (r->tile == 0 && d->bias >= 0)
        r->kernels->column_sums(wf_gradient(r, d->bias), diff, rows, d->units, d->units, 0);
}

/* Each of the three products of a dense layer reads or writes its kernel once. */
static wf_cost cost_of(const dense_args *d) {
    const double size = (double)d->inputs * d->units;
    return (wf_cost){.flop = 2 * d->rows * size, .bytes = size * sizeof(float)};
}

static int tiles_of(int n, int per_tile) { return (n + per_tile - 1) / per_tile; }

static wf_status plan_backward(wf_builder *b, dense_args *d, int is_wide) {
    if (d->diff_src != WF_NO_BUFFER) {
        wf_pack transposed = {.dst = WF_NO_BUFFER,
                              .param = d->kernel,
                              .taps = 1,
                              .rows = d->units,
                              .n = d->inputs,
                              .rs = 1,
                              .cs = d->units};
        WF_TRY(wf_build_pack(&transposed, b));
        d->packed_transposed = transposed.dst;
        if (is_wide)
            WF_TRY(wf_build_tile_step(b, WF_BACKWARD, tiles_of(d->inputs, TILE_COLUMNS),
                                      run_backward_data_tile, d, sizeof *d,
                                      WF_USES(d->diff_src, d->diff_dst)));
        else
            WF_TRY(wf_build_shard_step(b, WF_BACKWARD, run_backward_data, d, sizeof *d,
                                       WF_USES(d->diff_src, d->diff_dst)));
        wf_build_cost(b, cost_of(d));
    }
    WF_TRY(wf_build_tile_step(b, WF_WGRAD, tiles_of(d->inputs, GRADIENT_ROWS), run_gradient, d,
                              sizeof *d, WF_USES(d->src, d->diff_dst)));
    wf_build_cost(b, cost_of(d));
    return WF_OK;
}

static wf_status plan(wf_builder *b) {
    const wf_dense_config *c = b->config;
    const wf_activation kind = (wf_activation)c->activation;
    dense_args d = {.src = b->src[0],
                    .dst = b->dst,
                    .diff_src = b->diff_src[0],
                    .diff_dst = b->diff_dst,
                    .kernel = b->param,
                    .bias = c->use_bias ? b->param + 1 : -1,
                    .units = c->units,
                    .slope = wf_activation_slope(kind)};
    d.inputs = (int)b->src_shape[0]->dim[b->src_shape[0]->rank - 1];
    d.rows = (int)(wf_shape_size(b->src_shape[0]) / d.inputs);
    if (d.slope < 0) d.slope = 1;
    const int is_wide = (int64_t)d.inputs * d.units >= WIDE_FLOATS;

    wf_pack packed = {.dst = WF_NO_BUFFER,
                      .param = d.kernel,
                      .taps = 1,
                      .rows = d.inputs,
                      .n = d.units,
                      .rs = d.units,
                      .cs = 1};
    WF_TRY(wf_build_pack(&packed, b));
    d.packed = packed.dst;
    if (is_wide)
        WF_TRY(wf_build_tile_step(b, WF_FORWARD, tiles_of(d.units, TILE_COLUMNS), run_forward_tile,
                                  &d, sizeof d, WF_USES(d.src, d.dst)));
    else
        WF_TRY(
            wf_build_shard_step(b, WF_FORWARD, run_forward, &d, sizeof d, WF_USES(d.src, d.dst)));
    wf_build_cost(b, cost_of(&d));
    wf_buffer saved;
    WF_TRY(wf_build_activation(&saved, b, kind));
    if (!b->is_training) return WF_OK;
    WF_TRY(wf_build_activation_backward(b, kind, saved));
    return plan_backward(b, &d, is_wide);
}

const wf_layer_class wf_dense_class = {.name = "dense",
                                       .summary = "matrix product over the last axis",
                                       .min_inputs = 1,
                                       .max_inputs = 1,
                                       .config_size = sizeof(wf_dense_config),
                                       .fields = fields,
                                       .infer = infer,
                                       .plan = plan};
