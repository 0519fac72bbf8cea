/* The recurrent layers' backward pass and weight gradients, and their plan; see rnn_args.h. */
#include <string.h>

#include "nn/rnn_args.h"

enum {
    GRADIENT_COLUMNS = 128, /* of W and U in one tile, at most */
    PANELS = 32,            /* a multiple of every packed panel's width */
    BF16_UNITS = 16,        /* with fewer units the products stay float32 */
    NARROW_ROWS = 8,        /* shards with fewer multiply all steps' inputs at once */
    SHARED_FLOATS = 1 << 15 /* U from this size on is shared in inference */
};

/* The GRU's bias has two rows. */
static int64_t bias_floats(const rnn_args *a) { return a->u != WF_NO_BUFFER ? 2 * a->GH : a->GH; }

/* ---- backward ---- */

/* dh[i] += the gradient that arrives from above at step s */
static void add_output_gradient(const wf_work *r, const rnn_args *a, float *dh, int s) {
    float *diff_dst = wf_at(r, a->diff_dst);
    for (int i = 0; i < r->n; i++)
        for (int l = 0; l < a->place.lines; l++, dh += a->H) {
            const float *row = wf__rnn_output_row(a, diff_dst, i, l, s);
            if (row) r->kernels->add(dh, dh, row, (size_t)a->H);
        }
}

static void scatter_input_gradient(const wf_work *r, const rnn_args *a, const float *dx, int s) {
    float *diff_src = wf_at(r, a->diff_src);
    const size_t n = (size_t)wf__rnn_run(a) * (size_t)a->F;
    for (int i = 0; i < r->n; i++)
        for (int l = 0; l < a->place.lines; l += wf__rnn_run(a), dx += n) {
            float *to = diff_src + wf__rnn_input_at(a, i, l, s);
            if (a->place.is_second) r->kernels->add(to, to, dx, n);
            else memcpy(to, dx, n * sizeof *to);
        }
}

/* Of the steps from `first` on. */
static void clear_input_gradient(const wf_work *r, const rnn_args *a, int first) {
    float *diff_src = wf_at(r, a->diff_src);
    const size_t bytes = (size_t)(a->T - first) * (size_t)a->F * sizeof *diff_src;
    for (int i = 0; i < r->n && bytes; i++)
        memset(diff_src + wf__rnn_input_at(a, i, 0, first), 0, bytes);
}

static void pair(const wf_work *r, const rnn_args *a, wf_buffer dst, wf_buffer src, int n) {
    const int rows = wf__rnn_steps(r, a) * wf__rnn_rows(a, r->n);
    r->kernels->pair_rows(wf_at(r, dst), n, wf_at(r, src), n, rows, n);
}

static void pair_all(const wf_work *r, const rnn_args *a) {
    pair(r, a, a->pairs.x, a->x, a->F);
    pair(r, a, a->pairs.h, a->m != WF_NO_BUFFER ? a->m : a->h, a->H);
    pair(r, a, a->pairs.g, a->g, a->GH);
    if (a->u != WF_NO_BUFFER) pair(r, a, a->pairs.u, a->u, a->GH);
}

/* The sum of dg over the shard's rows and the steps so far, and behind it that of du. */
static void add_bias_gradient(const wf_work *r, const rnn_args *a, const wf_rnn_step *step,
                              int accumulate) {
    if (!a->config.use_bias) return;
    float *part = (float *)wf_at(r, a->bias_parts) + r->shard * bias_floats(a);
    r->kernels->column_sums(part, step->gates, step->rows, a->GH, a->GH, accumulate);
    if (a->u != WF_NO_BUFFER)
        r->kernels->column_sums(part + a->GH, step->h_gates, step->rows, a->GH, a->GH, accumulate);
}

static void run_backward(const wf_work *r, const void *args) {
    const rnn_args *a = args;
    const int rows = wf__rnn_rows(a, r->n), steps = wf__rnn_steps(r, a);
    const size_t state = (size_t)rows * (size_t)a->H;
    const float scale = 65536.0f / (float)a->keep;
    const int has_own_product = a->u != WF_NO_BUFFER;
    float *dh = (float *)r->scratch + wf__rnn_rounded_bytes(a, r->kernels, r->n) / sizeof(float),
          *dc = dh + state, *through = dc + state, *dx = through + state;
    memset(dh, 0, 2 * state * sizeof *dh);
    for (int s = steps - 1; s >= 0; s--) {
        wf_rnn_step step = wf__rnn_step_at(r, a, s);
        add_output_gradient(r, a, dh, s);
        step.dh = dh;
        step.dc = dc;
        a->cell->backward(&step);
        add_bias_gradient(r, a, &step, s < steps - 1);
        if (s == 0) break; /* nobody asks for d(h[0]) */
        const float *dz = has_own_product ? step.h_gates : step.gates;
        if (a->bits == WF_NO_BUFFER) { /* dh = dz U^T (+ what did not pass U) */
            wf__rnn_product(r, a, rows, a->GH, a->H, dz, a->packed_u_back, dh, NULL,
                            has_own_product);
            continue;
        }
        wf__rnn_product(r, a, rows, a->GH, a->H, dz, a->packed_u_back, through, NULL, 0);
        r->kernels->mask_apply(through, through, wf_at(r, a->bits), r->n, a->place.lines * a->H,
                               scale);
        if (has_own_product) r->kernels->add(dh, dh, through, state);
        else memcpy(dh, through, state * sizeof *dh);
    }
    if (a->pairs.x != WF_NO_BUFFER) pair_all(r, a);
    if (a->diff_src == WF_NO_BUFFER) return;
    for (int s = 0; s < steps; s++) { /* dx = dg W^T */
        wf__rnn_product(r, a, rows, a->GH, a->F,
                        (float *)wf_at(r, a->g) + (ptrdiff_t)s * rows * a->GH, a->packed_w_back, dx,
                        NULL, 0);
        scatter_input_gradient(r, a, dx, s);
    }
    clear_input_gradient(r, a, steps);
}

/* ---- weight gradients: columns of W, U and bias, over all shards in order ---- */

/* Both products' factors of a shard, rows along [T][R]: numbers, or pairs of them. */
typedef struct factors {
    void (*gemm_tn)(const wf_gemm_tn *g);
    const char *x, *h, *g, *u;
    int rows, h_rows; /* h_rows: without those of step 0, whose h is zero */
} factors;

enum { BYTES = 4 }; /* of an element */

static factors factors_of(const wf_work *r, const rnn_args *a, int n0, int images) {
    const int has_own_product = a->u != WF_NO_BUFFER, rows = wf__rnn_rows(a, images);
    const int steps = wf__rnn_steps(r, a);
    factors f;
    int first = rows; /* of h */
    if (a->is_bf16) {
        f = (factors){.gemm_tn = r->kernels->gemm_tn_bf16,
                      .x = (const char *)wf_at_image(r, a->pairs.x, n0),
                      .h = (const char *)wf_at_image(r, a->pairs.h, n0),
                      .g = (const char *)wf_at_image(r, a->pairs.g, n0),
                      .rows = (steps * rows + 1) / 2};
        first = rows % 2 ? 0 : rows / 2; /* no pair may be split */
    } else {
        f = (factors){.gemm_tn = r->kernels->gemm_tn,
                      .x = (const char *)wf_at_image(r, a->x, n0),
                      .h = (const char *)wf_at_image(r, a->m != WF_NO_BUFFER ? a->m : a->h, n0),
                      .g = (const char *)wf_at_image(r, a->g, n0),
                      .rows = steps * rows};
    }
    const wf_buffer u = a->is_bf16 ? a->pairs.u : a->u;
    f.u = has_own_product ? (const char *)wf_at_image(r, u, n0) : f.g;
    f.h += (ptrdiff_t)first * a->H * BYTES;
    f.u += (ptrdiff_t)first * a->GH * BYTES;
    f.h_rows = f.rows - first;
    return f;
}

static void run_gradient(const wf_work *r, const void *args) {
    const rnn_args *a = args;
    const int j = r->tile * a->gradient_columns;
    const int n = a->GH - j < a->gradient_columns ? a->GH - j : a->gradient_columns;
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
                              .b = f.g + j * BYTES,
                              .b_row = a->GH,
                              .c = wf_gradient(r, a->param) + j,
                              .c_row = a->GH,
                              .accumulate = shard > 0};
        f.gemm_tn(&product);
        product.m = a->H;
        product.r = f.h_rows;
        product.a = f.h;
        product.a_row = a->H;
        product.b = f.u + j * BYTES;
        product.c = wf_gradient(r, a->param + 1) + j;
        f.gemm_tn(&product);
    }
}

/* An even number of tiles, of whole panels. */
static int gradient_columns(int n) {
    const int tiles = (n + 2 * GRADIENT_COLUMNS - 1) / (2 * GRADIENT_COLUMNS) * 2;
    return ((n + tiles - 1) / tiles + PANELS - 1) / PANELS * PANELS;
}

/* ---- plan ---- */

static wf_status build_buffers(wf_builder *b, rnn_args *a) {
    const size_t T = (size_t)a->T, F = (size_t)a->F, H = (size_t)a->H, GH = (size_t)a->GH;
    const size_t kept = a->keeps_steps ? T : 1, states = a->keeps_steps ? T + 1 : 1;
    const size_t lines = (size_t)a->place.lines, row = lines * sizeof(float);
    WF_TRY(wf_build_buffer(&a->x, b, T * F * row));
    WF_TRY(wf_build_buffer(&a->g, b, (a->is_narrow ? T : kept) * GH * row));
    WF_TRY(wf_build_buffer(&a->h, b, states * H * row));
    if (a->cell->has_own_state_product) WF_TRY(wf_build_buffer(&a->u, b, kept * GH * row));
    if (a->cell->has_cell_state) WF_TRY(wf_build_buffer(&a->c, b, states * H * row));
    for (int k = 0; k < 2 && a->keeps_state; k++) {
        const size_t bytes = (size_t)b->batch_size * H * sizeof(float);
        WF_TRY(wf_build_fixed(&a->kept[k].h, b, bytes));
        if (a->cell->has_cell_state) WF_TRY(wf_build_fixed(&a->kept[k].c, b, bytes));
    }
    if (b->is_training && a->config.recurrent_dropout > 0) {
        WF_TRY(wf_build_buffer(&a->m, b, T * H * row));
        WF_TRY(wf_build_buffer(&a->bits, b, (lines * H + 7) / 8));
    }
    wf_build_scratch(b, wf__rnn_rounded_bytes(a, b->kernels, b->shard_size) +
                            (size_t)b->shard_size * (3 * H + F) * row);
    return WF_OK;
}

/* An odd number of rows leaves half of its last pair empty, hence + 1. */
static wf_status build_pair(wf_buffer *out, wf_builder *b, const rnn_args *a, int n) {
    const size_t numbers = ((size_t)a->T * (size_t)a->place.lines + 1) * (size_t)n;
    return wf_build_buffer(out, b, (numbers + 1) / 2 * sizeof(uint32_t));
}

static wf_status build_pairs(wf_builder *b, rnn_args *a) {
    WF_TRY(build_pair(&a->pairs.x, b, a, a->F));
    WF_TRY(build_pair(&a->pairs.h, b, a, a->H));
    WF_TRY(build_pair(&a->pairs.g, b, a, a->GH));
    return a->u != WF_NO_BUFFER ? build_pair(&a->pairs.u, b, a, a->GH) : WF_OK;
}

static wf_status plan_backward(wf_builder *b, rnn_args *a) {
    WF_TRY(wf__rnn_pack(&a->packed_u_back, b, a, a->param + 1, a->H, 1));
    if (a->diff_src != WF_NO_BUFFER)
        WF_TRY(wf__rnn_pack(&a->packed_w_back, b, a, a->param, a->F, 1));
    if (a->is_bf16 && b->is_training) WF_TRY(build_pairs(b, a));
    if (a->config.use_bias)
        WF_TRY(wf_build_fixed(&a->bias_parts, b,
                              (size_t)bias_floats(a) * (size_t)b->n_shards * sizeof(float)));
    WF_TRY(wf_build_shard_step(b, WF_BACKWARD, run_backward, a, sizeof *a,
                               WF_USES(a->diff_src, a->diff_dst, a->x, a->g, a->u, a->h, a->m, a->c,
                                       a->bits, a->pairs.x, a->pairs.h, a->pairs.g, a->pairs.u)));
    wf_build_cost(b, wf__rnn_cost(a, a->diff_src != WF_NO_BUFFER ? a->F + a->H : a->H));
    if (!b->is_training) return WF_OK;
    if (a->config.use_bias)
        WF_TRY(wf_build_shard_sum(b, a->param + 2, a->bias_parts, bias_floats(a), 0));
    a->gradient_columns = gradient_columns(a->GH);
    const int tiles = (a->GH + a->gradient_columns - 1) / a->gradient_columns;
    WF_TRY(wf_build_tile_step(
        b, WF_WGRAD, tiles, run_gradient, a, sizeof *a,
        WF_USES(a->x, a->g, a->u, a->h, a->m, a->pairs.x, a->pairs.h, a->pairs.g, a->pairs.u)));
    wf_build_cost(b, wf__rnn_cost(a, a->F + a->H));
    return WF_OK;
}

wf_rnn_place wf_rnn_place_of(const wf_builder *b) {
    if (b->place) return *b->place;
    return (wf_rnn_place){
        .width = (int)b->dst_shape->dim[b->dst_shape->rank - 1], .lines = 1, .line = 1, .step = 1};
}

wf_status wf_rnn_plan(wf_builder *b, const wf_rnn_cell *cell) {
    const wf_rnn_config *c = b->config;
    rnn_args a = {.cell = cell,
                  .config = *c,
                  .place = wf_rnn_place_of(b),
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
    a.keeps_steps = a.diff_dst != WF_NO_BUFFER;
    a.is_causal = wf_graph_is_causal(b->graph, b->node_index);
    a.keeps_state = a.is_causal && b->keeps_state;
    a.is_shared = b->n_shards == 1 && !a.keeps_steps && !a.keeps_state &&
                  (int64_t)a.H * a.GH >= SHARED_FLOATS;
    a.is_narrow = a.is_shared || wf__rnn_rows(&a, b->shard_size) < NARROW_ROWS;
    a.is_reversed = a.config.go_backwards != a.place.is_backward;
    WF_TRY(build_buffers(b, &a));
    WF_TRY(wf__rnn_plan_forward(b, &a));
    return a.keeps_steps ? plan_backward(b, &a) : WF_OK;
}
