/* The recurrent layers' steps. Inside of a shard of n images all arrays are time-major, so that the
 * rows of one time step are a dense matrix:
 *
 *   x  [T][n][F]     the input in the order of processing
 *   g  [T][n][G*H]   x W + b; then the gates; then their gradients
 *   u  [T][n][G*H]   h U + b', of cells that keep it apart (GRU)
 *   h  [T+1][n][H]   h[0] = 0, h[s+1] is the output of step s
 *   m  [T][n][H]     h[s] under the recurrent dropout's mask, when there is one
 *   c  [T+1][n][H]   cell state (LSTM)
 *
 * The weight gradients are products over all steps and all images: dW = x^T dg, dU = h^T dg.
 *
 * In bfloat16 the left factors of the products are rounded in scratch, step by step; for the weight
 * gradients x, h (or m), g and u are paired along [T][n] behind the backward pass. */
#include <string.h>

#include "nn/rnn.h"
#include "nn/steps.h"

enum {
    GRADIENT_COLUMNS = 64, /* of W and U in one tile */
    BF16_UNITS = 16        /* with fewer units the products stay float32 */
};

/* The factors of the weight gradients in pairs of bfloat16. */
typedef struct rnn_pairs {
    wf_buffer x, h, g, u;
} rnn_pairs;

typedef struct rnn_args {
    const wf_rnn_cell *cell;
    wf_rnn_config config;
    wf_rnn_place place;
    wf_buffer src, dst, diff_src, diff_dst;
    wf_buffer x, g, u, h, m, c, bits;
    wf_buffer bias_parts; /* gradients per shard */
    wf_buffer packed_w, packed_u, packed_w_back, packed_u_back;
    rnn_pairs pairs;
    int is_bf16;
    int param, node, T, F, H, GH;
    int is_reversed; /* step s reads input T-1-s */
    uint32_t keep;   /* recurrent dropout: of 2^16ths */
} rnn_args;

/* The GRU's bias has two rows. */
static int64_t bias_floats(const rnn_args *a) { return a->u != WF_NO_BUFFER ? 2 * a->GH : a->GH; }

static int input_step(const rnn_args *a, int s) { return a->is_reversed ? a->T - 1 - s : s; }
static int output_step(const rnn_args *a, int s) { return a->place.is_backward ? a->T - 1 - s : s; }

/* Row of dst or diff_dst that belongs to image i at step s, or NULL where the layer has none. */
static float *output_row(const rnn_args *a, float *base, int i, int s) {
    const ptrdiff_t width = a->place.width;
    if (a->config.return_sequences)
        return base + ((ptrdiff_t)i * a->T + output_step(a, s)) * width + a->place.column;
    return s == a->T - 1 ? base + i * width + a->place.column : NULL;
}

static const float *bias_row(const wf_work *r, const rnn_args *a, int row) {
    return a->config.use_bias ? wf_value(r, a->param + 2) + (ptrdiff_t)row * a->GH : NULL;
}

/* Where products in bfloat16 round their left factor; in front of the rest of scratch. */
static size_t rounded_bytes(const rnn_args *a, const wf_kernels *kernels, int images) {
    const size_t x = (size_t)wf_bf16_pairs(kernels, a->F);
    const size_t h = (size_t)wf_bf16_pairs(kernels, a->H);
    const size_t g = (size_t)wf_bf16_pairs(kernels, a->GH);
    const size_t widest = x > g ? x : g;
    return a->is_bf16 ? (size_t)images * (widest > h ? widest : h) * sizeof(uint32_t) : 0;
}

/* C [m][n] (+)= A [m][k] B + bias */
static void product(const wf_work *r, const rnn_args *args, int m, int k, int n, const float *a,
                    wf_buffer packed, float *c, const float *bias, int accumulate) {
    wf_gemm g = {.m = m,
                 .m_outer = 1,
                 .n = n,
                 .k = k,
                 .k_outer = 1,
                 .a = a,
                 .a_row = k,
                 .b = wf_at(r, packed),
                 .c = c,
                 .c_row = n,
                 .bias = bias,
                 .slope = 1,
                 .accumulate = accumulate};
    if (!args->is_bf16) {
        r->kernels->gemm(&g);
        return;
    }
    g.k = wf_bf16_pairs(r->kernels, k);
    g.a = r->scratch;
    g.a_row = g.k;
    r->kernels->to_bf16(r->scratch, 2 * g.k, a, k, m, k, 2 * g.k);
    r->kernels->gemm_bf16(&g);
}

/* ---- forward ---- */

static void gather_input(const wf_work *r, const rnn_args *a) {
    const float *src = wf_at(r, a->src);
    float *x = wf_at(r, a->x);
    for (int s = 0; s < a->T; s++)
        for (int i = 0; i < r->n; i++)
            memcpy(x + ((ptrdiff_t)s * r->n + i) * a->F,
                   src + ((ptrdiff_t)i * a->T + input_step(a, s)) * a->F, (size_t)a->F * sizeof *x);
}

static void scatter_output(const wf_work *r, const rnn_args *a) {
    float *dst = wf_at(r, a->dst);
    const float *h = wf_at(r, a->h);
    for (int s = a->config.return_sequences ? 0 : a->T - 1; s < a->T; s++)
        for (int i = 0; i < r->n; i++) {
            const float *from = h + ((ptrdiff_t)(s + 1) * r->n + i) * a->H;
            float *to = output_row(a, dst, i, s);
            if (a->place.is_added) r->kernels->add(to, to, from, (size_t)a->H);
            else memcpy(to, from, (size_t)a->H * sizeof *to);
        }
}

static wf_rnn_step step_at(const wf_work *r, const rnn_args *a, int s) {
    const ptrdiff_t state = (ptrdiff_t)r->n * a->H, gates = (ptrdiff_t)r->n * a->GH;
    float *h = (float *)wf_at(r, a->h) + s * state;
    wf_rnn_step step = {.kernels = r->kernels,
                        .rows = r->n,
                        .units = a->H,
                        .activation = a->config.activation,
                        .recurrent_activation = a->config.recurrent_activation,
                        .gates = (float *)wf_at(r, a->g) + s * gates,
                        .h_prev = h,
                        .h = h + state};
    if (a->u != WF_NO_BUFFER) step.h_gates = (float *)wf_at(r, a->u) + s * gates;
    if (a->c != WF_NO_BUFFER) {
        step.c_prev = (float *)wf_at(r, a->c) + s * state;
        step.c = step.c_prev + state;
    }
    return step;
}

static void run_forward(const wf_work *r, const void *args) {
    const rnn_args *a = args;
    const ptrdiff_t state = (ptrdiff_t)r->n * a->H;
    const float scale = 65536.0f / (float)a->keep;
    gather_input(r, a);
    memset(wf_at(r, a->h), 0, (size_t)state * sizeof(float));
    if (a->c != WF_NO_BUFFER) memset(wf_at(r, a->c), 0, (size_t)state * sizeof(float));
    if (a->bits != WF_NO_BUFFER) {
        wf_mask_key key = wf_work_mask_key(r, a->node);
        key.stream += (uint32_t)a->place.is_backward << 20;
        r->kernels->mask(wf_at(r, a->bits), r->n, a->H, a->keep, &key);
    }
    for (int s = 0; s < a->T; s++) {
        wf_rnn_step step = step_at(r, a, s);
        const float *x = (float *)wf_at(r, a->x) + (ptrdiff_t)s * r->n * a->F, *h = step.h_prev;
        /* g = x W + b, step by step: what one step writes is still in L2 when the next reads it */
        product(r, a, r->n, a->F, a->GH, x, a->packed_w, step.gates, bias_row(r, a, 0), 0);
        if (a->bits != WF_NO_BUFFER) {
            float *masked = (float *)wf_at(r, a->m) + s * state;
            r->kernels->mask_apply(masked, h, wf_at(r, a->bits), r->n, a->H, scale);
            h = masked;
        }
        if (a->u != WF_NO_BUFFER) /* u = h U + b' */
            product(r, a, r->n, a->H, a->GH, h, a->packed_u, step.h_gates, bias_row(r, a, 1), 0);
        else if (s > 0) /* g += h U; h[0] is zero */
            product(r, a, r->n, a->H, a->GH, h, a->packed_u, step.gates, NULL, 1);
        a->cell->forward(&step);
    }
    scatter_output(r, a);
}

/* ---- backward ---- */

/* dh[i] += the gradient that arrives from above at step s */
static void add_output_gradient(const wf_work *r, const rnn_args *a, float *dh, int s) {
    float *diff_dst = wf_at(r, a->diff_dst);
    for (int i = 0; i < r->n; i++) {
        const float *row = output_row(a, diff_dst, i, s);
        float *to = dh + (ptrdiff_t)i * a->H;
        if (row) r->kernels->add(to, to, row, (size_t)a->H);
    }
}

static void scatter_input_gradient(const wf_work *r, const rnn_args *a, const float *dx) {
    float *diff_src = wf_at(r, a->diff_src);
    for (int s = 0; s < a->T; s++)
        for (int i = 0; i < r->n; i++) {
            const float *from = dx + ((ptrdiff_t)s * r->n + i) * a->F;
            float *to = diff_src + ((ptrdiff_t)i * a->T + input_step(a, s)) * a->F;
            if (a->place.is_second) r->kernels->add(to, to, from, (size_t)a->F);
            else memcpy(to, from, (size_t)a->F * sizeof *to);
        }
}

static void pair(const wf_work *r, const rnn_args *a, wf_buffer dst, wf_buffer src, int n) {
    r->kernels->pair_rows(wf_at(r, dst), n, wf_at(r, src), n, a->T * r->n, n);
}

static void pair_all(const wf_work *r, const rnn_args *a) {
    pair(r, a, a->pairs.x, a->x, a->F);
    pair(r, a, a->pairs.h, a->m != WF_NO_BUFFER ? a->m : a->h, a->H);
    pair(r, a, a->pairs.g, a->g, a->GH);
    if (a->u != WF_NO_BUFFER) pair(r, a, a->pairs.u, a->u, a->GH);
}

/* The sum of dg over the shard's images and the steps so far, and behind it that of du. */
static void add_bias_gradient(const wf_work *r, const rnn_args *a, const wf_rnn_step *step,
                              int accumulate) {
    if (!a->config.use_bias) return;
    float *part = (float *)wf_at(r, a->bias_parts) + r->shard * bias_floats(a);
    r->kernels->column_sums(part, step->gates, r->n, a->GH, a->GH, accumulate);
    if (a->u != WF_NO_BUFFER)
        r->kernels->column_sums(part + a->GH, step->h_gates, r->n, a->GH, a->GH, accumulate);
}

static void run_backward(const wf_work *r, const void *args) {
    const rnn_args *a = args;
    const size_t state = (size_t)r->n * (size_t)a->H;
    const float scale = 65536.0f / (float)a->keep;
    const int has_own_product = a->u != WF_NO_BUFFER;
    float *dh = (float *)r->scratch + rounded_bytes(a, r->kernels, r->n) / sizeof(float),
          *dc = dh + state, *through = dc + state, *dx = through + state;
    memset(dh, 0, 2 * state * sizeof *dh);
    for (int s = a->T - 1; s >= 0; s--) {
        wf_rnn_step step = step_at(r, a, s);
        add_output_gradient(r, a, dh, s);
        step.dh = dh;
        step.dc = dc;
        a->cell->backward(&step);
        add_bias_gradient(r, a, &step, s < a->T - 1);
        if (s == 0) break; /* nobody asks for d(h[0]) */
        const float *dz = has_own_product ? step.h_gates : step.gates;
        if (a->bits == WF_NO_BUFFER) { /* dh = dz U^T (+ what did not pass U) */
            product(r, a, r->n, a->GH, a->H, dz, a->packed_u_back, dh, NULL, has_own_product);
            continue;
        }
        product(r, a, r->n, a->GH, a->H, dz, a->packed_u_back, through, NULL, 0);
        r->kernels->mask_apply(through, through, wf_at(r, a->bits), r->n, a->H, scale);
        if (has_own_product) r->kernels->add(dh, dh, through, state);
        else memcpy(dh, through, state * sizeof *dh);
    }
    if (a->is_bf16) pair_all(r, a);
    if (a->diff_src == WF_NO_BUFFER) return;
    for (int s = 0; s < a->T; s++) /* dx = dg W^T */
        product(r, a, r->n, a->GH, a->F, (float *)wf_at(r, a->g) + (ptrdiff_t)s * r->n * a->GH,
                a->packed_w_back, dx + (ptrdiff_t)s * r->n * a->F, NULL, 0);
    scatter_input_gradient(r, a, dx);
}

/* ---- weight gradients: columns of W, U and bias, over all shards in order ---- */

typedef struct factors {
    void (*gemm_tn)(const wf_gemm_tn *g);
    const void *x, *h, *g, *u; /* of a shard's first image */
    int rows;                  /* elements along [T][n]: numbers, or pairs of them */
} factors;

static factors factors_of(const wf_work *r, const rnn_args *a, int n0, int images) {
    const int has_own_product = a->u != WF_NO_BUFFER;
    if (a->is_bf16)
        return (factors){.gemm_tn = r->kernels->gemm_tn_bf16,
                         .x = wf_at_image(r, a->pairs.x, n0),
                         .h = wf_at_image(r, a->pairs.h, n0),
                         .g = wf_at_image(r, a->pairs.g, n0),
                         .u = wf_at_image(r, has_own_product ? a->pairs.u : a->pairs.g, n0),
                         .rows = (a->T * images + 1) / 2};
    return (factors){.gemm_tn = r->kernels->gemm_tn,
                     .x = wf_at_image(r, a->x, n0),
                     .h = wf_at_image(r, a->m != WF_NO_BUFFER ? a->m : a->h, n0),
                     .g = wf_at_image(r, a->g, n0),
                     .u = wf_at_image(r, has_own_product ? a->u : a->g, n0),
                     .rows = a->T * images};
}

static void run_gradient(const wf_work *r, const void *args) {
    enum { BYTES = 4 }; /* of an element */
    const rnn_args *a = args;
    const int j = r->tile * GRADIENT_COLUMNS;
    const int n = a->GH - j < GRADIENT_COLUMNS ? a->GH - j : GRADIENT_COLUMNS;
    for (int shard = 0; shard < wf_work_shards(r); shard++) {
        int n0, images;
        wf_work_shard_range(r, shard, &n0, &images);
        factors f = factors_of(r, a, n0, images);
        wf_gemm_tn product = {.m = a->F,
                              .n = n,
                              .r = f.rows,
                              .r_outer = 1,
                              .images = 1,
                              .a = f.x,
                              .a_row = a->F,
                              .b = (const char *)f.g + j * BYTES,
                              .b_row = a->GH,
                              .c = wf_gradient(r, a->param) + j,
                              .c_row = a->GH,
                              .accumulate = shard > 0};
        f.gemm_tn(&product);
        product.m = a->H;
        product.a = f.h;
        product.a_row = a->H;
        product.b = (const char *)f.u + j * BYTES;
        product.c = wf_gradient(r, a->param + 1) + j;
        f.gemm_tn(&product);
    }
}

/* ---- plan ---- */

static wf_status build_buffers(wf_builder *b, rnn_args *a) {
    const size_t T = (size_t)a->T, F = (size_t)a->F, H = (size_t)a->H, GH = (size_t)a->GH;
    WF_TRY(wf_build_buffer(&a->x, b, T * F * sizeof(float)));
    WF_TRY(wf_build_buffer(&a->g, b, T * GH * sizeof(float)));
    WF_TRY(wf_build_buffer(&a->h, b, (T + 1) * H * sizeof(float)));
    if (a->cell->has_own_state_product) WF_TRY(wf_build_buffer(&a->u, b, T * GH * sizeof(float)));
    if (a->cell->has_cell_state) WF_TRY(wf_build_buffer(&a->c, b, (T + 1) * H * sizeof(float)));
    if (b->is_training && a->config.recurrent_dropout > 0) {
        WF_TRY(wf_build_buffer(&a->m, b, T * H * sizeof(float)));
        WF_TRY(wf_build_buffer(&a->bits, b, (H + 7) / 8));
    }
    wf_build_scratch(b, rounded_bytes(a, b->kernels, b->shard_size) +
                            (size_t)b->shard_size * (3 * H + T * F) * sizeof(float));
    return WF_OK;
}

/* An odd number of rows leaves half of its last pair empty, hence T + 1. */
static wf_status build_pairs(wf_builder *b, rnn_args *a) {
    const size_t bytes = ((size_t)a->T + 1) * sizeof(uint16_t);
    WF_TRY(wf_build_buffer(&a->pairs.x, b, bytes * (size_t)a->F));
    WF_TRY(wf_build_buffer(&a->pairs.h, b, bytes * (size_t)a->H));
    WF_TRY(wf_build_buffer(&a->pairs.g, b, bytes * (size_t)a->GH));
    if (a->u != WF_NO_BUFFER) WF_TRY(wf_build_buffer(&a->pairs.u, b, bytes * (size_t)a->GH));
    return WF_OK;
}

static wf_status pack_matrix(wf_buffer *out, wf_builder *b, const rnn_args *a, int param, int rows,
                             int is_back) {
    const int n = a->GH;
    wf_pack pack = {.dst = WF_NO_BUFFER,
                    .param = param,
                    .taps = 1,
                    .rows = is_back ? n : rows,
                    .n = is_back ? rows : n,
                    .rs = is_back ? 1 : n,
                    .cs = is_back ? n : 1,
                    .is_bf16 = a->is_bf16};
    WF_TRY(wf_build_pack(&pack, b));
    *out = pack.dst;
    return WF_OK;
}

/* Products with `rows` rows of W and U per step, whose memory is read or written once. */
static wf_cost cost_of(const rnn_args *a, int rows) {
    const double size = (double)rows * a->GH;
    return (wf_cost){
        .is_bf16 = a->is_bf16, .flop = 2 * a->T * size, .bytes = size * (a->is_bf16 ? 2 : 4)};
}

static wf_cost forward_cost(const rnn_args *a) {
    const double states = (double)a->T * a->H;
    const wf_cost gates = wf_activation_cost((wf_activation)a->config.recurrent_activation,
                                             (a->cell->gates - 1) * states);
    const wf_cost values = wf_activation_cost((wf_activation)a->config.activation,
                                              (1 + a->cell->has_cell_state) * states);
    wf_cost cost = cost_of(a, a->F + a->H);
    cost.exps = gates.exps + values.exps;
    cost.tanhs = gates.tanhs + values.tanhs;
    return cost;
}

static wf_status plan_backward(wf_builder *b, rnn_args *a) {
    WF_TRY(pack_matrix(&a->packed_u_back, b, a, a->param + 1, a->H, 1));
    if (a->diff_src != WF_NO_BUFFER)
        WF_TRY(pack_matrix(&a->packed_w_back, b, a, a->param, a->F, 1));
    if (a->is_bf16) WF_TRY(build_pairs(b, a));
    if (a->config.use_bias)
        WF_TRY(wf_build_fixed(&a->bias_parts, b,
                              (size_t)bias_floats(a) * (size_t)b->n_shards * sizeof(float)));
    WF_TRY(wf_build_shard_step(b, WF_BACKWARD, run_backward, a, sizeof *a,
                               WF_USES(a->diff_src, a->diff_dst, a->x, a->g, a->u, a->h, a->m, a->c,
                                       a->bits, a->pairs.x, a->pairs.h, a->pairs.g, a->pairs.u)));
    wf_build_cost(b, cost_of(a, a->diff_src != WF_NO_BUFFER ? a->F + a->H : a->H));
    if (a->config.use_bias)
        WF_TRY(wf_build_shard_sum(b, a->param + 2, a->bias_parts, bias_floats(a), 0));
    int tiles = (a->GH + GRADIENT_COLUMNS - 1) / GRADIENT_COLUMNS;
    WF_TRY(wf_build_tile_step(
        b, WF_WGRAD, tiles, run_gradient, a, sizeof *a,
        WF_USES(a->x, a->g, a->u, a->h, a->m, a->pairs.x, a->pairs.h, a->pairs.g, a->pairs.u)));
    wf_build_cost(b, cost_of(a, a->F + a->H));
    return WF_OK;
}

wf_status wf_rnn_plan(wf_builder *b, const wf_rnn_cell *cell) {
    const wf_rnn_config *c = b->config;
    rnn_args a = {.cell = cell,
                  .config = *c,
                  .place = {.width = c->units},
                  .src = b->src[0],
                  .dst = b->dst,
                  .diff_src = b->diff_src[0],
                  .diff_dst = b->diff_dst,
                  .u = WF_NO_BUFFER,
                  .m = WF_NO_BUFFER,
                  .c = WF_NO_BUFFER,
                  .bits = WF_NO_BUFFER,
                  .pairs = {WF_NO_BUFFER, WF_NO_BUFFER, WF_NO_BUFFER, WF_NO_BUFFER},
                  .is_bf16 = b->is_bf16 && c->units >= BF16_UNITS,
                  .param = b->param,
                  .node = b->node_index,
                  .T = (int)b->src_shape[0]->dim[0],
                  .F = (int)b->src_shape[0]->dim[1],
                  .H = c->units,
                  .GH = cell->gates * c->units,
                  .keep = 65536 - (uint32_t)(c->recurrent_dropout * 65536.0 + 0.5)};
    if (b->place) a.place = *b->place;
    a.is_reversed = a.config.go_backwards != a.place.is_backward;
    WF_TRY(build_buffers(b, &a));
    WF_TRY(pack_matrix(&a.packed_w, b, &a, a.param, a.F, 0));
    WF_TRY(pack_matrix(&a.packed_u, b, &a, a.param + 1, a.H, 0));
    WF_TRY(wf_build_shard_step(b, WF_FORWARD, run_forward, &a, sizeof a,
                               WF_USES(a.src, a.dst, a.x, a.g, a.u, a.h, a.m, a.c, a.bits)));
    wf_build_cost(b, forward_cost(&a));
    return b->is_training ? plan_backward(b, &a) : WF_OK;
}
