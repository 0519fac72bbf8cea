/* 3 x 3 convolutions by Winograd's F(4x4, 3x3), see kernels/k_winograd.c.
 * A step takes its shard's tiles block by block, and output channels group by group:
 *
 *   forward, backward data   transform the block's windows (all channels); for each group the 36
 *                            products with the packed kernel, and the transform to pixels
 *   gradient                 transform the windows; for each group transform diff_dst, and add the
 *                            36 products; behind the last block transform to kernel elements
 *
 * The windows are transformed anew for the gradient: that costs less than writing out and reading
 * them again, since they take 36 floats for 16 pixels. */
#include <string.h>

#include "nn/conv2d.h"
#include "nn/steps.h"

enum {
    POINTS = 36,
    GROUP = 32,                /* output channels; a multiple of every panel's width */
    BLOCK_FLOATS = 160 * 1024, /* of a block, transformed: most of an L2 of 1 MB */
    LEAST_TILES = 28,          /* of a block: two full tiles of the product's registers */
    LINE = 16,                 /* floats of a cache line */
    PACK_ROWS = 64,            /* kernel rows of a refresh tile */
    LEAST_CHANNELS = 16
};

static int at_most(int a, int b) { return a < b ? a : b; }
static int at_least(int a, int b) { return a > b ? a : b; }
static int tiles_along(int extent) { return (extent + 3) / 4; }
/* As few tiles as there can be, as many of them of 3 instead of 4 as there can be. */
static int tiles_of_3(int extent) {
    return at_most(4 * tiles_along(extent) - extent, tiles_along(extent));
}
static int tiles_of_4(int extent) { return tiles_along(extent) - tiles_of_3(extent); }
static int points_along(int extent) { return 6 * tiles_of_4(extent) + 5 * tiles_of_3(extent); }
static ptrdiff_t whole_lines(ptrdiff_t floats) { return (floats + LINE - 1) / LINE * LINE; }
/* Planes an odd number of lines apart do not meet in the same sets of a cache. */
static ptrdiff_t plane_floats(ptrdiff_t floats) { return whole_lines(floats) | LINE; }

/* ---- blocks ---- */

/* One direction: images [h][w][c], windows that begin at (-top, -left), results [oh][ow][o]. */
typedef struct convolution {
    wf_buffer src, dst, kernel;
    int h, w, c, oh, ow, o, top, left;
    ptrdiff_t kernel_plane;
    int bias; /* parameter entry or -1 */
    float slope;
} convolution;

static int tiles_per_image(const convolution *a) { return tiles_along(a->oh) * tiles_along(a->ow); }

/* Tiles of a block, at most. */
static int block_tiles(const convolution *a) {
    const int tiles = (int)(BLOCK_FLOATS / (POINTS * (whole_lines(a->c) + GROUP)));
    return tiles < LEAST_TILES ? LEAST_TILES : tiles;
}

/* Worker scratch of a step. */
typedef struct workspace {
    float *zeros, *windows, *results, *sums;
    ptrdiff_t window_row, window_plane, result_plane, sum_plane, floats;
} workspace;

static workspace divide(float *scratch, const convolution *a) {
    const int tiles = block_tiles(a);
    workspace s = {.window_row = whole_lines(a->c),
                   .result_plane = plane_floats((ptrdiff_t)tiles * GROUP),
                   .sum_plane = plane_floats((ptrdiff_t)a->c * GROUP)};
    s.window_plane = plane_floats(tiles * s.window_row);
    const ptrdiff_t zeros = s.window_row > GROUP ? s.window_row : GROUP;
    const ptrdiff_t windows = zeros + POINTS * s.window_plane;
    const ptrdiff_t results = windows + POINTS * s.result_plane;
    s.floats = results + POINTS * s.sum_plane * ((a->o + GROUP - 1) / GROUP);
    if (!scratch) return s;
    s.zeros = scratch;
    s.windows = scratch + zeros;
    s.results = scratch + windows;
    s.sums = scratch + results;
    memset(s.zeros, 0, (size_t)zeros * sizeof *s.zeros);
    return s;
}

static wf_winograd windows_of(const wf_work *r, const convolution *a, const workspace *s,
                              const float *image) {
    return (wf_winograd){.n_images = r->n,
                         .h = a->h,
                         .w = a->w,
                         .c = a->c,
                         .tiles_h = {tiles_of_4(a->oh), tiles_of_3(a->oh)},
                         .tiles_w = {tiles_of_4(a->ow), tiles_of_3(a->ow)},
                         .top = a->top,
                         .left = a->left,
                         .n_channels = a->c,
                         .image = image,
                         .zeros = s->zeros,
                         .points = s->windows,
                         .plane = s->window_plane,
                         .row = s->window_row};
}

/* A group of the result's channels; image for `winograd_diff`, dst for `winograd_dst`. */
static wf_winograd results_of(const wf_work *r, const convolution *a, const workspace *s,
                              const float *image, float *dst) {
    return (wf_winograd){.n_images = r->n,
                         .h = a->oh,
                         .w = a->ow,
                         .c = a->o,
                         .tiles_h = {tiles_of_4(a->oh), tiles_of_3(a->oh)},
                         .tiles_w = {tiles_of_4(a->ow), tiles_of_3(a->ow)},
                         .image = image,
                         .zeros = s->zeros,
                         .dst = dst,
                         .slope = a->slope,
                         .points = s->results,
                         .plane = s->result_plane,
                         .row = GROUP};
}

/* Tiles first .. first+n-1 of the block have point p: all but those of 3 at the sixth point. */
typedef struct tile_range {
    int first, n;
} tile_range;

static tile_range tiles_with(const wf_winograd *g, int p) {
    const int low_wide = g->n_images * g->tiles_h[1] * g->tiles_w[0];
    const int high = g->n_images * g->tiles_h[0] * (g->tiles_w[0] + g->tiles_w[1]);
    const int high_wide = g->n_images * g->tiles_h[0] * g->tiles_w[0];
    int first = g->first_tile, last = g->first_tile + g->n_tiles;
    if (p / 6 == 5) first = at_least(first, low_wide), last = at_most(last, low_wide + high);
    if (p % 6 == 5) last = at_most(last, low_wide + high_wide);
    return (tile_range){first - g->first_tile, at_least(last - first, 0)};
}

/* Columns of a product for n channels: whole vectors, since panels and scratch have room. */
static int whole_columns(const wf_work *r, int n) {
    const int vector = r->kernels->nr / 2;
    return (n + vector - 1) / vector * vector;
}

/* ---- forward, backward data ---- */

static void convolve_block(const wf_work *r, const convolution *a, const workspace *s,
                           wf_winograd *windows, wf_winograd *results) {
    r->kernels->winograd_source(windows);
    for (int o = 0; o < a->o; o += GROUP) {
        results->channel = o;
        results->n_channels = at_most(GROUP, a->o - o);
        for (int p = 0; p < POINTS; p++) {
            const tile_range t = tiles_with(windows, p);
            r->kernels->gemm(&(wf_gemm){
                .m = t.n,
                .m_outer = 1,
                .n = whole_columns(r, results->n_channels),
                .k = a->c,
                .k_outer = 1,
                .a = s->windows + p * s->window_plane + t.first * s->window_row,
                .a_row = s->window_row,
                .b = (float *)wf_at(r, a->kernel) + p * a->kernel_plane + (ptrdiff_t)o * a->c,
                .c = s->results + p * s->result_plane + t.first * GROUP,
                .c_row = GROUP,
                .slope = 1});
        }
        r->kernels->winograd_dst(results);
    }
}

static void run_convolution(const wf_work *r, const void *args) {
    const convolution *a = args;
    const workspace s = divide(r->scratch, a);
    wf_winograd windows = windows_of(r, a, &s, wf_at(r, a->src));
    wf_winograd results = results_of(r, a, &s, NULL, wf_at(r, a->dst));
    if (a->bias >= 0) results.bias = wf_value(r, a->bias);
    const int n_tiles = r->n * tiles_per_image(a), most = block_tiles(a);
    const int blocks = (n_tiles + most - 1) / most;
    for (int b = 0, t = 0; b < blocks; b++, t += windows.n_tiles) {
        windows.first_tile = results.first_tile = t;
        windows.n_tiles = results.n_tiles = (n_tiles - t + blocks - b - 1) / (blocks - b);
        convolve_block(r, a, &s, &windows, &results);
    }
}

/* ---- gradient ---- */

typedef struct gradient_args {
    convolution forward;
    wf_buffer diff_dst, parts;
    int64_t part_floats;
} gradient_args;

/* part[tap][c][o ...] of one group; `is_last` when all tiles have been summed. */
static void gradient_of_group(const wf_work *r, const convolution *a, const workspace *s,
                              const wf_winograd *diff, float *part, int is_last) {
    const int o = diff->channel, n = diff->n_channels;
    float *sums = s->sums + o / GROUP * POINTS * s->sum_plane;
    r->kernels->winograd_diff(diff);
    for (int p = 0; p < POINTS; p++) {
        const tile_range t = tiles_with(diff, p);
        r->kernels->gemm_tn(
            &(wf_gemm_tn){.m = a->c,
                          .n = whole_columns(r, n),
                          .r = t.n,
                          .r_outer = 1,
                          .images = 1,
                          .a = s->windows + p * s->window_plane + t.first * s->window_row,
                          .a_row = s->window_row,
                          .b = s->results + p * s->result_plane + t.first * GROUP,
                          .b_row = GROUP,
                          .c = sums + p * s->sum_plane,
                          .c_row = GROUP,
                          .accumulate = diff->first_tile > 0});
    }
    if (is_last)
        r->kernels->winograd_kernel_gradient(part + o, (ptrdiff_t)a->c * a->o, a->o, sums,
                                             s->sum_plane, GROUP, a->c, n);
}

static void run_gradient(const wf_work *r, const void *args) {
    const gradient_args *g = args;
    const convolution *a = &g->forward;
    const float *diff_dst = wf_at(r, g->diff_dst);
    const workspace s = divide(r->scratch, a);
    float *part = (float *)wf_at(r, g->parts) + r->shard * g->part_floats;
    wf_winograd windows = windows_of(r, a, &s, wf_at(r, a->src));
    wf_winograd diff = results_of(r, a, &s, diff_dst, NULL);
    const int n_tiles = r->n * tiles_per_image(a), most = block_tiles(a);
    const int blocks = (n_tiles + most - 1) / most;
    for (int b = 0, t = 0; b < blocks; b++, t += windows.n_tiles) {
        windows.first_tile = diff.first_tile = t;
        windows.n_tiles = diff.n_tiles = (n_tiles - t + blocks - b - 1) / (blocks - b);
        r->kernels->winograd_source(&windows);
        for (int o = 0; o < a->o; o += GROUP) {
            diff.channel = o;
            diff.n_channels = at_most(GROUP, a->o - o);
            gradient_of_group(r, a, &s, &diff, part, b == blocks - 1);
        }
    }
    if (a->bias >= 0)
        r->kernels->column_sums(part + 9 * (ptrdiff_t)a->c * a->o, diff_dst, r->n * a->oh * a->ow,
                                a->o, a->o, 0);
}

/* ---- packed kernels ---- */

/* The kernel's points as 36 packed matrices [rows][n]; element (tap, i, j) of the kernel is
 * value[tap * c * o + i * rs + j * cs], with the last tap first when flipped. */
typedef struct refresh_args {
    wf_buffer dst;
    int param, rows, n, is_flipped;
    ptrdiff_t tap, rs, cs, plane;
} refresh_args;

static int refresh_blocks(const refresh_args *a) { return (a->rows + PACK_ROWS - 1) / PACK_ROWS; }

static void run_refresh(const wf_work *r, const void *args) {
    const refresh_args *a = args;
    const int nr = r->kernels->nr, j = r->tile / refresh_blocks(a) * nr;
    const int i = r->tile % refresh_blocks(a) * PACK_ROWS;
    const int rows = at_most(PACK_ROWS, a->rows - i), n = at_most(nr, a->n - j);
    const float *src = wf_value(r, a->param) + i * a->rs + j * a->cs;
    float *taps = r->scratch;
    for (int t = 0; t < 9; t++)
        r->kernels->pack_b(taps + t * rows * nr, rows, 0, rows, n,
                           src + (a->is_flipped ? 8 - t : t) * a->tap, a->rs, a->cs);
    r->kernels->winograd_kernel((float *)wf_at(r, a->dst) + (ptrdiff_t)j * a->rows + i * nr,
                                a->plane, taps, rows * nr, rows * nr);
}

/* Of a convolution a, whose kernel is the flipped and transposed one in the backward direction. */
static wf_status build_kernel(convolution *a, wf_builder *b, int is_flipped) {
    refresh_args r = {.param = b->param,
                      .rows = a->c,
                      .n = a->o,
                      .is_flipped = is_flipped,
                      .tap = (ptrdiff_t)a->c * a->o,
                      .rs = is_flipped ? 1 : a->o,
                      .cs = is_flipped ? a->c : 1};
    const int nr = b->kernels->nr;
    r.plane = a->kernel_plane = plane_floats((ptrdiff_t)wf_pack_floats(b, r.rows, r.n));
    WF_TRY(wf_build_fixed(&r.dst, b, POINTS * (size_t)r.plane * sizeof(float)));
    a->kernel = r.dst;
    wf_build_scratch(b, 9 * PACK_ROWS * (size_t)nr * sizeof(float));
    WF_TRY(wf_build_tile_step(b, WF_REFRESH, (r.n + nr - 1) / nr * refresh_blocks(&r), run_refresh,
                              &r, sizeof r, NULL, 0));
    wf_build_cost(b, (wf_cost){.bytes = (9.0 + POINTS) * r.rows * r.n * sizeof(float)});
    return WF_OK;
}

/* ---- plan ---- */

/* Transforms pay where they halve the products at least, and a pixel's channels fill vectors. */
int wf__conv2d_uses_winograd(const wf__conv2d *a, int bf16_speedup) {
    const int64_t points = (int64_t)points_along(a->oh) * points_along(a->ow);
    return a->kh == 3 && a->kw == 3 && !a->is_unfolded_backward && a->c >= LEAST_CHANNELS &&
           a->o >= LEAST_CHANNELS && 2 * points <= (int64_t)9 * a->oh * a->ow && bf16_speedup < 4;
}

static void ask_for_scratch(wf_builder *b, const convolution *a) {
    wf_build_scratch(b, (size_t)divide(NULL, a).floats * sizeof(float));
}

static convolution forward_of(const wf__conv2d *a) {
    return (convolution){.src = a->src,
                         .dst = a->dst,
                         .h = a->h,
                         .w = a->w,
                         .c = a->c,
                         .oh = a->oh,
                         .ow = a->ow,
                         .o = a->o,
                         .top = a->pad_top,
                         .left = a->pad_left,
                         .bias = a->bias,
                         .slope = a->slope};
}

double wf__conv2d_winograd_flop(const wf__conv2d *a, wf_pass pass) {
    const int is_back = pass == WF_PASS_BACKWARD;
    const double points =
        (double)points_along(is_back ? a->h : a->oh) * points_along(is_back ? a->w : a->ow);
    return 2 * points * a->c * a->o;
}

wf_status wf__conv2d_winograd_forward(wf_builder *b, const wf__conv2d *a) {
    convolution f = forward_of(a);
    WF_TRY(build_kernel(&f, b, 0));
    ask_for_scratch(b, &f);
    return wf_build_shard_step(b, WF_FORWARD, run_convolution, &f, sizeof f, WF_USES(f.src, f.dst));
}

/* The gradient of the input is the correlation of diff_dst with the flipped kernel. */
wf_status wf__conv2d_winograd_backward_data(wf_builder *b, const wf__conv2d *a) {
    convolution back = {.src = a->diff_dst,
                        .dst = a->diff_src,
                        .h = a->oh,
                        .w = a->ow,
                        .c = a->o,
                        .oh = a->h,
                        .ow = a->w,
                        .o = a->c,
                        .top = 2 - a->pad_top,
                        .left = 2 - a->pad_left,
                        .bias = -1,
                        .slope = 1};
    WF_TRY(build_kernel(&back, b, 1));
    ask_for_scratch(b, &back);
    return wf_build_shard_step(b, WF_BACKWARD, run_convolution, &back, sizeof back,
                               WF_USES(back.src, back.dst));
}

wf_status wf__conv2d_winograd_gradient(wf_builder *b, const wf__conv2d *a) {
    const gradient_args g = {.forward = forward_of(a),
                             .diff_dst = a->diff_dst,
                             .parts = a->parts,
                             .part_floats = a->part_floats};
    ask_for_scratch(b, &g.forward);
    return wf_build_shard_step(b, WF_BACKWARD, run_gradient, &g, sizeof g,
                               WF_USES(a->src, a->diff_dst));
}
