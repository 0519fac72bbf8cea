#include "nn/steps.h"

#include <string.h>

enum { TILE_FLOATS = 1 << 16 }; /* work of one refresh or sum tile */

static int at_least_one(int64_t n) { return n < 1 ? 1 : (int)n; }

static int tile_count(int64_t total, int64_t per_tile) {
    return (int)((total + per_tile - 1) / per_tile);
}

/* ---- packed weights ---- */

int wf_bf16_pairs(const wf_kernels *kernels, int k) {
    return (k + kernels->bf16_run - 1) / kernels->bf16_run * kernels->bf16_run / 2;
}

static int panels_per_tile(const wf_pack *p, int nr) {
    return at_least_one(TILE_FLOATS / ((int64_t)p->taps * p->rows * nr));
}

/* Elements of B's rows: numbers, or pairs of them. */
static int pack_depth(const wf_kernels *kernels, const wf_pack *p) {
    if (!p->is_bf16) return p->taps * p->rows;
    const int is_filled = p->taps == 1 && !p->is_exact;
    return is_filled ? wf_bf16_pairs(kernels, p->rows) : p->taps * p->rows / 2;
}

static void run_pack(const wf_work *r, const void *args) {
    const wf_pack *p = args;
    const int nr = r->kernels->nr, k = pack_depth(r->kernels, p);
    const int width = panels_per_tile(p, nr) * nr, j = r->tile * width;
    const int n = p->n - j < width ? p->n - j : width;
    float *dst = (float *)wf_at(r, p->dst) + p->offset + (ptrdiff_t)j * k;
    const float *src = wf_value(r, p->param) + p->base + j * p->cs;
    for (int t = 0; t < p->taps; t++) {
        const float *from = src + (p->is_flipped ? p->taps - 1 - t : t) * p->tap_stride;
        if (p->is_bf16)
            r->kernels->pack_b_bf16((uint32_t *)(void *)dst, k, t * p->rows / 2, p->rows, n, from,
                                    p->rs, p->cs);
        else r->kernels->pack_b(dst, k, t * p->rows, p->rows, n, from, p->rs, p->cs);
    }
}

size_t wf_pack_floats(const wf_builder *b, int k, int n) {
    const int nr = b->kernels->nr;
    return (size_t)((n + nr - 1) / nr * nr) * (size_t)k;
}

wf_status wf_build_pack(wf_pack *pack, wf_builder *b) {
    const int nr = b->kernels->nr;
    size_t floats = wf_pack_floats(b, pack_depth(b->kernels, pack), pack->n);
    if (pack->dst == WF_NO_BUFFER) WF_TRY(wf_build_fixed(&pack->dst, b, floats * sizeof(float)));
    int tiles = tile_count((pack->n + nr - 1) / nr, panels_per_tile(pack, nr));
    WF_TRY(wf_build_tile_step(b, WF_REFRESH, tiles, run_pack, pack, sizeof *pack, NULL, 0));
    wf_build_cost(b, (wf_cost){.bytes = 2.0 * pack->taps * pack->rows * pack->n * sizeof(float)});
    return WF_OK;
}

/* ---- activations of dense and convolution layers ---- */

float wf_activation_alpha(wf_activation kind) {
    return kind == WF_ACT_LEAKY_RELU ? 0.2f : kind == WF_ACT_ELU ? 1.0f : 0.0f;
}

float wf_activation_slope(wf_activation kind) {
    switch (kind) {
    case WF_ACT_LINEAR: return 1;
    case WF_ACT_RELU: return 0;
    case WF_ACT_LEAKY_RELU: return wf_activation_alpha(kind);
    default: return -1;
    }
}

wf_cost wf_activation_cost(wf_activation kind, double n) {
    switch (kind) {
    case WF_ACT_ELU:
    case WF_ACT_GELU:
    case WF_ACT_SIGMOID:
    case WF_ACT_SOFTMAX: return (wf_cost){.exps = n};
    case WF_ACT_TANH: return (wf_cost){.tanhs = n};
    default: return (wf_cost){0};
    }
}

typedef struct activation_args {
    wf_buffer values, before, diff;
    int64_t size; /* floats per image */
    int width;    /* of the last axis, for softmax */
    int kind;     /* wf_activation */
} activation_args;

static void run_activation(const wf_work *r, const void *args) {
    const activation_args *a = args;
    size_t n = (size_t)(r->n * a->size);
    float *y = wf_at(r, a->values);
    if (a->before != WF_NO_BUFFER) memcpy(wf_at(r, a->before), y, n * sizeof *y);
    if (a->kind == WF_ACT_SOFTMAX) r->kernels->softmax(y, y, n / (size_t)a->width, a->width);
    else r->kernels->activate(y, y, n, a->kind, wf_activation_alpha((wf_activation)a->kind));
}

static void run_activation_backward(const wf_work *r, const void *args) {
    const activation_args *a = args;
    size_t n = (size_t)(r->n * a->size);
    float *d = wf_at(r, a->diff);
    const float *y = wf_at(r, a->before != WF_NO_BUFFER ? a->before : a->values);
    if (a->kind == WF_ACT_SOFTMAX)
        r->kernels->softmax_backward(d, d, y, n / (size_t)a->width, a->width);
    else
        r->kernels->activate_backward(d, d, y, n, a->kind,
                                      wf_activation_alpha((wf_activation)a->kind));
}

static activation_args activation_of(const wf_builder *b, wf_activation kind) {
    return (activation_args){.values = b->dst,
                             .before = WF_NO_BUFFER,
                             .diff = b->diff_dst,
                             .size = wf_shape_size(b->dst_shape),
                             .width = (int)b->dst_shape->dim[b->dst_shape->rank - 1],
                             .kind = (int)kind};
}

static int is_left(wf_builder *b, wf_activation kind) {
    if ((b->final_activations >> kind & 1) == 0) return 0;
    b->left = kind;
    return 1;
}

wf_status wf_build_activation(wf_buffer *saved, wf_builder *b, wf_activation kind) {
    activation_args a = activation_of(b, kind);
    *saved = b->dst;
    if (is_left(b, kind) || wf_activation_slope(kind) >= 0) return WF_OK;
    if (kind == WF_ACT_GELU && b->diff_dst != WF_NO_BUFFER) {
        WF_TRY(wf_build_buffer(&a.before, b, (size_t)a.size * sizeof(float)));
        *saved = a.before;
    }
    WF_TRY(wf_build_image_step(b, WF_FORWARD, run_activation, &a, sizeof a,
                               WF_USES(a.values, a.before)));
    wf_build_cost(b, wf_activation_cost(kind, (double)a.size));
    return WF_OK;
}

wf_status wf_build_activation_backward(wf_builder *b, wf_activation kind, wf_buffer saved) {
    if (kind == WF_ACT_LINEAR || is_left(b, kind)) return WF_OK;
    activation_args a = activation_of(b, kind);
    a.values = saved;
    return wf_build_image_step(b, WF_BACKWARD, run_activation_backward, &a, sizeof a,
                               WF_USES(a.values, a.diff));
}

/* ---- layers that are an activation ---- */

typedef struct layer_args {
    wf_buffer src, dst, diff_src, diff_dst;
    int64_t size;
    int width;
    int kind; /* wf_activation */
    float alpha;
} layer_args;

static void run_layer(const wf_work *r, const void *args) {
    const layer_args *a = args;
    const size_t n = (size_t)(r->n * a->size);
    const float *x = wf_at(r, a->src);
    float *y = wf_at(r, a->dst);
    if (a->kind == WF_ACT_LINEAR) memcpy(y, x, n * sizeof *y);
    else if (a->kind == WF_ACT_SOFTMAX) r->kernels->softmax(y, x, n / (size_t)a->width, a->width);
    else r->kernels->activate(y, x, n, a->kind, a->alpha);
}

static void run_layer_backward(const wf_work *r, const void *args) {
    const layer_args *a = args;
    const size_t n = (size_t)(r->n * a->size);
    const float *dy = wf_at(r, a->diff_dst);
    const float *y = wf_at(r, a->kind == WF_ACT_GELU ? a->src : a->dst);
    float *dx = wf_at(r, a->diff_src);
    if (a->kind == WF_ACT_LINEAR) memcpy(dx, dy, n * sizeof *dx);
    else if (a->kind == WF_ACT_SOFTMAX)
        r->kernels->softmax_backward(dx, dy, y, n / (size_t)a->width, a->width);
    else r->kernels->activate_backward(dx, dy, y, n, a->kind, a->alpha);
}

wf_status wf_build_activation_layer(wf_builder *b, wf_activation kind, float alpha) {
    layer_args a = {.src = b->src[0],
                    .dst = b->dst,
                    .diff_src = b->diff_src[0],
                    .diff_dst = b->diff_dst,
                    .size = wf_shape_size(b->dst_shape),
                    .width = (int)b->dst_shape->dim[b->dst_shape->rank - 1],
                    .kind = (int)kind,
                    .alpha = alpha};
    /* the loss takes src through dst and activates it there */
    if (is_left(b, kind)) a.kind = WF_ACT_LINEAR;
    WF_TRY(wf_build_image_step(b, WF_FORWARD, run_layer, &a, sizeof a, WF_USES(a.src, a.dst)));
    wf_build_cost(b, wf_activation_cost((wf_activation)a.kind, (double)a.size));
    if (a.diff_src == WF_NO_BUFFER) return WF_OK;
    return wf_build_image_step(b, WF_BACKWARD, run_layer_backward, &a, sizeof a,
                               WF_USES(a.src, a.dst, a.diff_src, a.diff_dst));
}

/* ---- gradients kept per shard ---- */

enum { SUM_FLOATS = 4096 };

typedef struct shard_sum_args {
    wf_buffer parts;
    int param;
    int64_t stride, offset, size;
} shard_sum_args;

static void run_shard_sum(const wf_work *r, const void *args) {
    const shard_sum_args *s = args;
    int64_t first = (int64_t)r->tile * SUM_FLOATS;
    int64_t n = s->size - first < SUM_FLOATS ? s->size - first : SUM_FLOATS;
    r->kernels->column_sums(wf_gradient(r, s->param) + first,
                            (float *)wf_at(r, s->parts) + s->offset + first, wf_work_shards(r),
                            (int)n, s->stride, 0);
}

wf_status wf_build_shard_sum(wf_builder *b, int param, wf_buffer parts, int64_t stride,
                             int64_t offset) {
    shard_sum_args s = {parts, param, stride, offset, b->graph->params[param].size};
    WF_TRY(wf_build_tile_step(b, WF_WGRAD, tile_count(s.size, SUM_FLOATS), run_shard_sum, &s,
                              sizeof s, NULL, 0));
    wf_build_cost(b, (wf_cost){.bytes = (b->n_shards + 1.0) * (double)s.size * sizeof(float)});
    return WF_OK;
}
