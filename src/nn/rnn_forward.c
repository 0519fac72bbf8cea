/* The forward pass of the recurrent layers. */
#include <string.h>

#include "nn/rnn_args.h"

enum { SHARED_TILES = 4 }; /* of h U in one step */

static int output_step(const rnn_args *a, int s) { return a->place.is_backward ? a->T - 1 - s : s; }

float *wf__rnn_output_row(const rnn_args *a, float *base, int i, int l, int s) {
    const wf_rnn_place *p = &a->place;
    ptrdiff_t row = (ptrdiff_t)i * p->lines + l;
    if (a->config.return_sequences)
        row = (ptrdiff_t)i * p->lines * a->T + (ptrdiff_t)l * p->line +
              (ptrdiff_t)output_step(a, s) * p->step;
    else if (s < a->T - 1) return NULL;
    return base + row * p->width + p->column;
}

static const float *bias_row(const wf_work *r, const rnn_args *a, int row) {
    return a->config.use_bias ? wf_value(r, a->param + 2) + (ptrdiff_t)row * a->GH : NULL;
}

/* ---- products ---- */

size_t wf__rnn_rounded_bytes(const rnn_args *a, const wf_kernels *kernels, int images) {
    size_t widest = (size_t)wf_bf16_pairs(kernels, a->F) * (size_t)(a->is_narrow ? a->T : 1);
    const size_t h = (size_t)wf_bf16_pairs(kernels, a->H);
    const size_t g = (size_t)wf_bf16_pairs(kernels, a->GH);
    if (h > widest) widest = h;
    if (g > widest) widest = g;
    return a->is_bf16 ? (size_t)wf__rnn_rows(a, images) * widest * sizeof(uint32_t) : 0;
}

static void multiply(const wf_work *r, const rnn_args *a, wf_gemm *g, const float *left) {
    const int m = g->m, k = g->k;
    g->m_outer = g->k_outer = 1;
    g->slope = 1;
    g->a = left;
    g->a_row = k;
    if (!a->is_bf16) {
        r->kernels->gemm(g);
        return;
    }
    g->k = wf_bf16_pairs(r->kernels, k);
    g->a = r->scratch;
    g->a_row = g->k;
    r->kernels->to_bf16(r->scratch, 2 * g->k, left, k, m, k, 2 * g->k);
    r->kernels->gemm_bf16(g);
}

void wf__rnn_product(const wf_work *r, const rnn_args *a, int m, int k, int n, const float *left,
                     wf_buffer packed, float *c, const float *bias, int accumulate) {
    wf_gemm g = {.m = m,
                 .n = n,
                 .k = k,
                 .b = wf_at(r, packed),
                 .c = c,
                 .c_row = n,
                 .bias = bias,
                 .accumulate = accumulate};
    multiply(r, a, &g, left);
}

/* gates = x W + b for `steps` steps from s on */
static void multiply_input(const wf_work *r, const rnn_args *a, int s, int steps, float *gates) {
    const int rows = wf__rnn_rows(a, r->n);
    const float *x = (float *)wf_at(r, a->x) + (ptrdiff_t)s * rows * a->F;
    wf__rnn_product(r, a, steps * rows, a->F, a->GH, x, a->packed_w, gates, bias_row(r, a, 0), 0);
}

/* ---- a shard ---- */

static void gather_input(const wf_work *r, const rnn_args *a, int first) {
    const float *src = wf_at(r, a->src);
    const int run = wf__rnn_run(a), steps = wf__rnn_steps(r, a);
    float *x = (float *)wf_at(r, a->x) + (ptrdiff_t)first * wf__rnn_rows(a, r->n) * a->F;
    for (int s = first; s < steps; s++)
        for (int i = 0; i < r->n; i++)
            for (int l = 0; l < a->place.lines; l += run, x += (ptrdiff_t)run * a->F)
                memcpy(x, src + wf__rnn_input_at(a, i, l, s),
                       (size_t)run * (size_t)a->F * sizeof *x);
}

static void scatter_output(const wf_work *r, const rnn_args *a, const float *h, int s) {
    float *dst = wf_at(r, a->dst);
    for (int i = 0; i < r->n; i++)
        for (int l = 0; l < a->place.lines; l++, h += a->H) {
            float *to = wf__rnn_output_row(a, dst, i, l, s);
            if (!to) return;
            if (a->place.is_added) r->kernels->add(to, to, h, (size_t)a->H);
            else memcpy(to, h, (size_t)a->H * sizeof *to);
        }
}

/* Of the steps from `first` on; only a causal layer leaves any. Those before the only step of a run
 * that goes on may be anything. */
static void clear_output(const wf_work *r, const rnn_args *a, int first) {
    float *dst = wf_at(r, a->dst);
    const size_t bytes = (size_t)(a->T - first) * (size_t)a->H * sizeof *dst;
    for (int i = 0; i < r->n && bytes; i++)
        memset(wf__rnn_output_row(a, dst, i, 0, first), 0, bytes);
}

wf_rnn_step wf__rnn_step_at(const wf_work *r, const rnn_args *a, int s) {
    const int rows = wf__rnn_rows(a, r->n);
    const ptrdiff_t state = a->keeps_steps ? (ptrdiff_t)rows * a->H : 0;
    const ptrdiff_t gates = (ptrdiff_t)rows * a->GH;
    float *h = (float *)wf_at(r, a->h) + s * state;
    wf_rnn_step step = {.kernels = r->kernels,
                        .rows = rows,
                        .units = a->H,
                        .activation = a->config.activation,
                        .recurrent_activation = a->config.recurrent_activation,
                        .gates = wf_at(r, a->g),
                        .h_prev = h,
                        .h = h + state};
    if (a->keeps_steps || a->is_narrow) step.gates += s * gates;
    if (a->u != WF_NO_BUFFER)
        step.h_gates = (float *)wf_at(r, a->u) + (a->keeps_steps ? s * gates : 0);
    if (a->c != WF_NO_BUFFER) {
        step.c_prev = (float *)wf_at(r, a->c) + s * state;
        step.c = step.c_prev + state;
    }
    return step;
}

/* ---- states that outlive a run ---- */

/* Copies a shard's rows of a state; with `from` those that they go on from. */
static void copy_state(const wf_work *r, const rnn_args *a, wf_buffer own, wf_buffer kept,
                       const int32_t *from) {
    float *state = wf_at(r, own), *all = wf_at(r, kept);
    const size_t bytes = (size_t)a->H * sizeof *state;
    for (int i = 0; i < r->n; i++, state += a->H) {
        if (from) memcpy(state, all + (ptrdiff_t)from[r->n0 + i] * a->H, bytes);
        else memcpy(all + (ptrdiff_t)(r->n0 + i) * a->H, state, bytes);
    }
}

/* The state behind `steps` steps: brings it back for the rows that go on from it, or keeps it. */
static void exchange_state(const wf_work *r, const rnn_args *a, int steps, const int32_t *from) {
    const rnn_state *kept = &a->kept[steps % 2];
    copy_state(r, a, a->h, kept->h, from);
    if (a->c != WF_NO_BUFFER) copy_state(r, a, a->c, kept->c, from);
}

/* What stands before the first step, or before the only one of a run that goes on. Returns it. */
static int begin(const wf_work *r, const rnn_args *a) {
    const size_t bytes = (size_t)wf__rnn_rows(a, r->n) * (size_t)a->H * sizeof(float);
    const int32_t *from = a->keeps_state ? r->batch->goes_on_from : NULL;
    const int steps = wf__rnn_steps(r, a), first = from ? steps - 1 : 0;
    const ptrdiff_t gates = (ptrdiff_t)wf__rnn_rows(a, r->n) * a->GH;
    gather_input(r, a, first);
    if (a->is_narrow)
        multiply_input(r, a, first, steps - first, (float *)wf_at(r, a->g) + first * gates);
    if (from) {
        exchange_state(r, a, first, from);
        return first;
    }
    memset(wf_at(r, a->h), 0, bytes);
    if (a->c != WF_NO_BUFFER) memset(wf_at(r, a->c), 0, bytes);
    return first;
}

static void run_forward(const wf_work *r, const void *args) {
    const rnn_args *a = args;
    const int rows = wf__rnn_rows(a, r->n), image_units = a->place.lines * a->H;
    const int steps = wf__rnn_steps(r, a), first = begin(r, a);
    const float scale = 65536.0f / (float)a->keep;
    if (a->bits != WF_NO_BUFFER) {
        wf_mask_key key = wf_work_mask_key(r, a->node);
        key.stream += (uint32_t)a->place.is_backward << 20;
        r->kernels->mask(wf_at(r, a->bits), r->n, image_units, a->keep, &key);
    }
    for (int s = first; s < steps; s++) {
        wf_rnn_step step = wf__rnn_step_at(r, a, s);
        const float *h = step.h_prev;
        /* step by step: what one step writes is still in L2 when the next reads it */
        if (!a->is_narrow) multiply_input(r, a, s, 1, step.gates);
        if (a->bits != WF_NO_BUFFER) {
            float *masked = (float *)wf_at(r, a->m) + (ptrdiff_t)s * rows * a->H;
            r->kernels->mask_apply(masked, h, wf_at(r, a->bits), r->n, image_units, scale);
            h = masked;
        }
        if (a->u != WF_NO_BUFFER) /* u = h U + b' */
            wf__rnn_product(r, a, rows, a->H, a->GH, h, a->packed_u, step.h_gates,
                            bias_row(r, a, 1), 0);
        else if (s > 0) /* g += h U; h[0] is zero */
            wf__rnn_product(r, a, rows, a->H, a->GH, h, a->packed_u, step.gates, NULL, 1);
        a->cell->forward(&step);
        scatter_output(r, a, step.h, s);
    }
    clear_output(r, a, steps);
    if (a->keeps_state) exchange_state(r, a, steps, NULL);
}

/* ---- one shard ----
 * Of a single image, say: it would keep one worker busy, who reads U once for each time step. So
 * the columns of h U are tiles, which the workers share, step by step. */

typedef struct shared_args {
    rnn_args rnn;
    int s;
} shared_args;

static void run_shared_begin(const wf_work *r, const void *args) {
    begin(r, args);
    clear_output(r, args, wf__rnn_steps(r, args));
}

static int tile_columns(const rnn_args *a, const wf_kernels *kernels) {
    const int columns = (a->GH + SHARED_TILES - 1) / SHARED_TILES;
    return (columns + kernels->nr - 1) / kernels->nr * kernels->nr;
}

static void run_shared_product(const wf_work *r, const void *args) {
    const shared_args *o = args;
    const rnn_args *a = &o->rnn;
    if (o->s >= wf__rnn_steps(r, a)) return;
    const wf_rnn_step step = wf__rnn_step_at(r, a, o->s);
    const int columns = tile_columns(a, r->kernels), j = r->tile * columns;
    const int has_own_product = a->u != WF_NO_BUFFER;
    const ptrdiff_t k = a->is_bf16 ? wf_bf16_pairs(r->kernels, a->H) : a->H;
    const float *bias = has_own_product ? bias_row(r, a, 1) : NULL;
    wf_gemm g = {.m = step.rows,
                 .n = a->GH - j < columns ? a->GH - j : columns,
                 .k = a->H,
                 .b = (const float *)wf_at(r, a->packed_u) + j * k,
                 .c = (has_own_product ? step.h_gates : step.gates) + j,
                 .c_row = a->GH,
                 .bias = bias ? bias + j : NULL,
                 .accumulate = !has_own_product};
    multiply(r, a, &g, step.h_prev);
}

static void run_shared_cell(const wf_work *r, const void *args) {
    const shared_args *o = args;
    if (o->s >= wf__rnn_steps(r, &o->rnn)) return;
    const wf_rnn_step step = wf__rnn_step_at(r, &o->rnn, o->s);
    o->rnn.cell->forward(&step);
    scatter_output(r, &o->rnn, step.h, o->s);
}

/* ---- plan ---- */

wf_status wf__rnn_pack(wf_buffer *out, wf_builder *b, const rnn_args *a, int param, int rows,
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

wf_cost wf__rnn_cost(const rnn_args *a, int rows) {
    const double size = (double)rows * a->GH, steps = (double)a->T * a->place.lines;
    return (wf_cost){
        .is_bf16 = a->is_bf16, .flop = 2 * steps * size, .bytes = size * (a->is_bf16 ? 2 : 4)};
}

/* The evaluations of all steps. */
static wf_cost cell_cost(const rnn_args *a) {
    const double states = (double)a->T * a->place.lines * a->H;
    const wf_cost gates = wf_activation_cost((wf_activation)a->config.recurrent_activation,
                                             (a->cell->gates - 1) * states);
    const wf_cost values = wf_activation_cost((wf_activation)a->config.activation,
                                              (1 + a->cell->has_cell_state) * states);
    return (wf_cost){.exps = gates.exps + values.exps, .tanhs = gates.tanhs + values.tanhs};
}

static wf_status plan_shared(wf_builder *b, const rnn_args *a) {
    const int columns = tile_columns(a, b->kernels), tiles = (a->GH + columns - 1) / columns;
    WF_TRY(wf_build_shard_step(b, WF_FORWARD, run_shared_begin, a, sizeof *a,
                               WF_USES(a->src, a->dst, a->x, a->g, a->h, a->c)));
    wf_build_cost(b, wf__rnn_cost(a, a->F));
    for (int s = 0; s < a->T; s++) {
        const shared_args shared = {.rnn = *a, .s = s};
        wf_cost product = wf__rnn_cost(a, a->H), cell = cell_cost(a);
        product.flop /= a->T;
        product.bytes = s == 0 ? product.bytes : 0; /* once in all */
        cell.exps /= a->T;
        cell.tanhs /= a->T;
        if (s > 0 || a->u != WF_NO_BUFFER) {
            WF_TRY(wf_build_tile_step(b, WF_FORWARD, tiles, run_shared_product, &shared,
                                      sizeof shared, WF_USES(a->g, a->u, a->h)));
            wf_build_cost(b, product);
        }
        WF_TRY(wf_build_shard_step(b, WF_FORWARD, run_shared_cell, &shared, sizeof shared,
                                   WF_USES(a->g, a->u, a->h, a->c, a->dst)));
        wf_build_cost(b, cell);
    }
    return WF_OK;
}

wf_status wf__rnn_plan_forward(wf_builder *b, rnn_args *a) {
    WF_TRY(wf__rnn_pack(&a->packed_w, b, a, a->param, a->F, 0));
    WF_TRY(wf__rnn_pack(&a->packed_u, b, a, a->param + 1, a->H, 0));
    if (a->is_shared) return plan_shared(b, a);
    WF_TRY(
        wf_build_shard_step(b, WF_FORWARD, run_forward, a, sizeof *a,
                            WF_USES(a->src, a->dst, a->x, a->g, a->u, a->h, a->m, a->c, a->bits)));
    wf_cost cost = wf__rnn_cost(a, a->F + a->H);
    const wf_cost cell = cell_cost(a);
    cost.exps = cell.exps;
    cost.tanhs = cell.tanhs;
    wf_build_cost(b, cost);
    return WF_OK;
}
