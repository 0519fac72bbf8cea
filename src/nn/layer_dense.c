#include "nn/infer.h"
#include "nn/onnx.h"
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
    K_CHUNK = 1024,        /* elements of k that one pass over C takes: 128 KiB a panel */
    WIDE_FLOATS = 1 << 20, /* a kernel from this size on is read once per batch, not per shard */
    TILE_COLUMNS = 128,    /* of a whole-batch product */
    /* the same where a batch has one shard only, so that others than its worker help */
    WIDE_FLOATS_OF_ONE = 1 << 17,
    TILE_COLUMNS_OF_ONE = 64,
    GRADIENT_ROWS = 112, /* of the kernel's gradient in one tile, of wide layers twice as many */
    PAIRED_ROWS = 512,   /* of the batch that one tile pairs at a time */
    BF16_INPUTS = 32,    /* products with less stay float32, those with few units too: they */
    BF16_UNITS = 16      /* are not worth the conversion, and class scores keep their precision */
};

typedef struct dense_args {
    wf_buffer src, dst, diff_src, diff_dst;
    wf_buffer src_bf16, diff_bf16; /* of wide layers, [rows][pairs] for each image */
    int kernel, bias;              /* parameter entries; bias -1: none */
    int rows, inputs, units;
    int is_wide, tile_columns, is_bf16;
    float slope;
    wf_buffer packed, packed_transposed;
} dense_args;

/* C [m][n] = A [m][k] B, k in chunks whose panels stay in L2. */
typedef struct product {
    void (*gemm)(const wf_gemm *g);
    int m, n, k;   /* k: elements, numbers or pairs */
    const char *a; /* elements take four bytes */
    const char *packed;
    float *c;
    const float *bias;
    float slope;
} product;

static void multiply(const wf_work *r, const product *p, int first_column, int columns) {
    enum { BYTES = 4 };
    const int nr = r->kernels->nr, k = p->k;
    const int chunk = p->m == 1 ? k : K_CHUNK; /* one row reads B once, whatever the order */
    /* with several chunks the bias must come first and the slope last */
    for (int k0 = 0; k0 < k; k0 += chunk) {
        const int is_last = k0 + chunk >= k, length = is_last ? k - k0 : chunk;
        wf_gemm g = {.m = p->m,
                     .m_outer = 1,
                     .k = length,
                     .k_outer = 1,
                     .a = p->a + (ptrdiff_t)k0 * BYTES,
                     .a_row = k,
                     .c_row = p->n,
                     .bias = k0 == 0 && p->bias ? p->bias + first_column : NULL,
                     .slope = is_last ? p->slope : 1,
                     .accumulate = k0 > 0};
        if (k <= chunk) {
            g.n = columns;
            g.b = p->packed + (ptrdiff_t)first_column * k * BYTES;
            g.c = p->c + first_column;
            p->gemm(&g);
            continue;
        }
        for (int j = first_column; j < first_column + columns; j += nr) { /* panel by panel */
            g.n = first_column + columns - j < nr ? first_column + columns - j : nr;
            g.b = p->packed + ((ptrdiff_t)j * k + (ptrdiff_t)k0 * nr) * BYTES;
            g.c = p->c + j;
            if (g.bias) g.bias = p->bias + j;
            p->gemm(&g);
        }
    }
}

/* Points the product at A, [m][k] floats, or at the same in bfloat16. */
static void set_left(product *p, const wf_work *r, const dense_args *d, const float *a,
                     wf_buffer in_bf16, int k) {
    p->m = r->n * d->rows;
    p->k = d->is_bf16 ? wf_bf16_pairs(r->kernels, k) : k;
    p->gemm = d->is_bf16 ? r->kernels->gemm_bf16 : r->kernels->gemm;
    p->a = (const char *)a;
    if (!d->is_bf16) return;
    p->a = d->is_wide ? wf_at(r, in_bf16) : r->scratch;
    if (!d->is_wide) r->kernels->to_bf16(r->scratch, 2 * p->k, a, k, p->m, k, 2 * p->k);
}

/* dst = slope(src * kernel + bias) */
static void forward(const wf_work *r, const dense_args *d, int first, int columns) {
    product p = {.n = d->units,
                 .packed = wf_at(r, d->packed),
                 .c = wf_at(r, d->dst),
                 .bias = d->bias < 0 ? NULL : wf_value(r, d->bias),
                 .slope = d->slope};
    set_left(&p, r, d, wf_at(r, d->src), d->src_bf16, d->inputs);
    multiply(r, &p, first, columns);
}

/* diff_src = diff_dst * kernel^T */
static void backward_data(const wf_work *r, const dense_args *d, int first, int columns) {
    product p = {.n = d->inputs,
                 .packed = wf_at(r, d->packed_transposed),
                 .c = wf_at(r, d->diff_src),
                 .slope = 1};
    set_left(&p, r, d, wf_at(r, d->diff_dst), d->diff_bf16, d->units);
    multiply(r, &p, first, columns);
}

static int tile_columns(const wf_work *r, const dense_args *d, int n, int *first) {
    *first = r->tile * d->tile_columns;
    return n - *first < d->tile_columns ? n - *first : d->tile_columns;
}

static void run_forward(const wf_work *r, const void *args) {
    const dense_args *d = args;
    forward(r, d, 0, d->units);
}

static void run_forward_tile(const wf_work *r, const void *args) {
    const dense_args *d = args;
    int first, columns = tile_columns(r, d, d->units, &first);
    forward(r, d, first, columns);
}

static void run_backward_data(const wf_work *r, const void *args) {
    const dense_args *d = args;
    backward_data(r, d, 0, d->inputs);
}

static void run_backward_data_tile(const wf_work *r, const void *args) {
    const dense_args *d = args;
    int first, columns = tile_columns(r, d, d->inputs, &first);
    backward_data(r, d, first, columns);
}

static int gradient_rows(const dense_args *d) { return (d->is_wide ? 2 : 1) * GRADIENT_ROWS; }

/* kernel gradient = src^T * diff_dst over the whole batch, gradient_rows of it */
static wf_gemm_tn gradient_of(const wf_work *r, const dense_args *d) {
    const int rows = gradient_rows(d), first = r->tile * rows;
    return (wf_gemm_tn){.m = d->inputs - first < rows ? d->inputs - first : rows,
                        .n = d->units,
                        .r = r->batch->n * d->rows,
                        .r_outer = 1,
                        .images = 1,
                        .a = (float *)wf_at(r, d->src) + first,
                        .a_row = d->inputs,
                        .b = wf_at(r, d->diff_dst),
                        .b_row = d->units,
                        .c = wf_gradient(r, d->kernel) + (ptrdiff_t)first * d->units,
                        .c_row = d->units};
}

/* The same in bfloat16: the rows of both factors are paired first. */
static void gradient_bf16(const wf_work *r, const wf_gemm_tn *g) {
    uint32_t *a = r->scratch, *b = a + (ptrdiff_t)PAIRED_ROWS / 2 * g->m;
    for (int i = 0; i < g->r; i += PAIRED_ROWS) {
        const int rows = g->r - i < PAIRED_ROWS ? g->r - i : PAIRED_ROWS;
        r->kernels->pair_rows(a, g->m, (const float *)g->a + i * g->a_row, g->a_row, rows, g->m);
        r->kernels->pair_rows(b, g->n, (const float *)g->b + i * g->b_row, g->b_row, rows, g->n);
        wf_gemm_tn part = *g;
        part.r = (rows + 1) / 2;
        part.a = a;
        part.a_row = g->m;
        part.b = b;
        part.b_row = g->n;
        part.accumulate = i > 0;
        r->kernels->gemm_tn_bf16(&part);
    }
}

static void run_gradient(const wf_work *r, const void *args) {
    const dense_args *d = args;
    wf_gemm_tn g = gradient_of(r, d);
    if (d->is_bf16) gradient_bf16(r, &g);
    else r->kernels->gemm_tn(&g);
    if (r->tile == 0 && d->bias >= 0)
        r->kernels->column_sums(wf_gradient(r, d->bias), g.b, g.r, d->units, d->units, 0);
}

/* Each of the three products of a dense layer reads or writes its kernel once. */
static wf_cost cost_of(const dense_args *d) {
    const double size = (double)d->inputs * d->units;
    return (wf_cost){
        .is_bf16 = d->is_bf16, .flop = 2 * d->rows * size, .bytes = size * (d->is_bf16 ? 2 : 4)};
}

static int tiles_of(int n, int per_tile) { return (n + per_tile - 1) / per_tile; }

typedef struct convert_args {
    wf_buffer src, dst;
    int rows, n;
} convert_args;

static void run_convert(const wf_work *r, const void *args) {
    const convert_args *c = args;
    const int width = 2 * wf_bf16_pairs(r->kernels, c->n);
    r->kernels->to_bf16(wf_at(r, c->dst), width, wf_at(r, c->src), c->n, r->n * c->rows, c->n,
                        width);
}

/* What a product in bfloat16 reads: its left factor rounded, by a step of its own for the tiles of
 * a wide layer, else in scratch. */
static wf_status plan_left(wf_buffer *in_bf16, wf_builder *b, const dense_args *d, wf_list list,
                           wf_buffer src, int k) {
    const size_t bytes = (size_t)d->rows * (size_t)wf_bf16_pairs(b->kernels, k) * 4;
    if (!d->is_bf16) return WF_OK;
    if (!d->is_wide) {
        wf_build_scratch(b, (size_t)b->shard_size * bytes);
        return WF_OK;
    }
    convert_args c = {.src = src, .rows = d->rows, .n = k};
    WF_TRY(wf_build_buffer(&c.dst, b, bytes));
    *in_bf16 = c.dst;
    return wf_build_shard_step(b, list, run_convert, &c, sizeof c, WF_USES(c.src, c.dst));
}

static wf_status plan_backward(wf_builder *b, dense_args *d) {
    if (d->diff_src != WF_NO_BUFFER) {
        wf_pack transposed = {.dst = WF_NO_BUFFER,
                              .param = d->kernel,
                              .taps = 1,
                              .rows = d->units,
                              .n = d->inputs,
                              .rs = 1,
                              .cs = d->units,
                              .is_bf16 = d->is_bf16};
        WF_TRY(wf_build_pack(&transposed, b));
        d->packed_transposed = transposed.dst;
        WF_TRY(plan_left(&d->diff_bf16, b, d, WF_BACKWARD, d->diff_dst, d->units));
        if (d->is_wide)
            WF_TRY(wf_build_tile_step(b, WF_BACKWARD, tiles_of(d->inputs, d->tile_columns),
                                      run_backward_data_tile, d, sizeof *d,
                                      WF_USES(d->diff_src, d->diff_dst, d->diff_bf16)));
        else
            WF_TRY(wf_build_shard_step(b, WF_BACKWARD, run_backward_data, d, sizeof *d,
                                       WF_USES(d->diff_src, d->diff_dst)));
        wf_build_cost(b, cost_of(d));
    }
    if (!b->is_training) return WF_OK;
    if (d->is_bf16)
        wf_build_scratch(b, (size_t)PAIRED_ROWS / 2 *
                                ((size_t)gradient_rows(d) + (size_t)d->units) * sizeof(uint32_t));
    WF_TRY(wf_build_tile_step(b, WF_WGRAD, tiles_of(d->inputs, gradient_rows(d)), run_gradient, d,
                              sizeof *d, WF_USES(d->src, d->diff_dst)));
    wf_build_cost(b, cost_of(d));
    return WF_OK;
}

static dense_args describe(const wf_builder *b, const wf_dense_config *c) {
    dense_args d = {.src = b->src[0],
                    .dst = b->dst,
                    .diff_src = b->diff_src[0],
                    .diff_dst = b->diff_dst,
                    .src_bf16 = WF_NO_BUFFER,
                    .diff_bf16 = WF_NO_BUFFER,
                    .kernel = b->param,
                    .bias = c->use_bias ? b->param + 1 : -1,
                    .units = c->units,
                    .slope = wf_activation_slope((wf_activation)c->activation)};
    d.inputs = (int)b->src_shape[0]->dim[b->src_shape[0]->rank - 1];
    d.rows = (int)(wf_shape_size(b->src_shape[0]) / d.inputs);
    if (d.slope < 0) d.slope = 1;
    const int is_one = b->n_shards == 1;
    d.is_wide = (int64_t)d.inputs * d.units >= (is_one ? WIDE_FLOATS_OF_ONE : WIDE_FLOATS);
    d.tile_columns = is_one ? TILE_COLUMNS_OF_ONE : TILE_COLUMNS;
    d.is_bf16 = b->is_bf16 && d.inputs >= BF16_INPUTS && d.units >= BF16_UNITS;
    return d;
}

static wf_status plan(wf_builder *b) {
    const wf_dense_config *c = b->config;
    const wf_activation kind = (wf_activation)c->activation;
    dense_args d = describe(b, c);
    wf_pack packed = {.dst = WF_NO_BUFFER,
                      .param = d.kernel,
                      .taps = 1,
                      .rows = d.inputs,
                      .n = d.units,
                      .rs = d.units,
                      .cs = 1,
                      .is_bf16 = d.is_bf16};
    WF_TRY(wf_build_pack(&packed, b));
    d.packed = packed.dst;
    WF_TRY(plan_left(&d.src_bf16, b, &d, WF_FORWARD, d.src, d.inputs));
    if (d.is_wide)
        WF_TRY(wf_build_tile_step(b, WF_FORWARD, tiles_of(d.units, d.tile_columns),
                                  run_forward_tile, &d, sizeof d,
                                  WF_USES(d.src, d.dst, d.src_bf16)));
    else
        WF_TRY(
            wf_build_shard_step(b, WF_FORWARD, run_forward, &d, sizeof d, WF_USES(d.src, d.dst)));
    wf_build_cost(b, cost_of(&d));
    wf_buffer saved;
    WF_TRY(wf_build_activation(&saved, b, kind));
    if (d.diff_dst == WF_NO_BUFFER) return WF_OK;
    WF_TRY(wf_build_activation_backward(b, kind, saved));
    return plan_backward(b, &d);
}

static wf_status onnx(wf_onnx *x) {
    const wf_dense_config *c = x->config;
    const int rank = x->node->shape.rank;
    /* features are the last axis of sequences in both layouts */
    const wf_onnx_layout layout = rank == 2 ? wf_onnx_layout_of(x, 0) : WF_ONNX_WEFT;
    wf_onnx_name inputs[3], y;
    WF_TRY(wf_onnx_input(&inputs[0], x, 0, layout));
    WF_TRY(wf_onnx_param(&inputs[1], x, 0, NULL));
    if (c->use_bias) WF_TRY(wf_onnx_param(&inputs[2], x, 1, NULL));
    if (rank == 1) {
        WF_TRY(wf_onnx_apply(&y, x, "Gemm", inputs, c->use_bias ? 3 : 2, NULL, 0));
    } else {
        WF_TRY(wf_onnx_binary(&y, x, "MatMul", &inputs[0], &inputs[1]));
        if (c->use_bias) WF_TRY(wf_onnx_binary(&y, x, "Add", &y, &inputs[2]));
    }
    const wf_activation kind = (wf_activation)c->activation;
    WF_TRY(wf_onnx_activate(&y, x, kind, (double)wf_activation_alpha(kind), rank));
    wf_onnx_output(x, &y, layout);
    return WF_OK;
}

const wf_layer_class wf_dense_class = {.name = "dense",
                                       .summary = "matrix product over the last axis",
                                       .flags = WF_LAYER_LAST_AXIS,
                                       .min_inputs = 1,
                                       .max_inputs = 1,
                                       .config_size = sizeof(wf_dense_config),
                                       .fields = fields,
                                       .infer = infer,
                                       .plan = plan,
                                       .onnx = onnx};
