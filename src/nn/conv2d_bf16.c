/* Convolutions with factors in bfloat16. Forward and the gradient of the input round the padded
 * image and read a row of a window as one run of k, as the float32 steps do. In the kernel's
 * gradient the sum runs over pixels, so that two neighbours along a row make a pair:
 *   pixels[y][x][c] = (padded[y][x][c], padded[y][x + sw][c]) for every x, whatever column of
 *                     a window it meets
 *   diffs[y][x][o]  = (diff[y][2x][o], diff[y][2x + 1][o]) */
#include "nn/conv2d.h"

#include <string.h>

enum {
    LEAST_RUN = 16,         /* numbers in a row of a window, below which rounding does not pay */
    GROUP_BYTES = 192 << 10 /* of pairs that the gradient takes at once, to stay in L2 */
};

void wf__conv2d_choose_bf16(wf__conv2d *a, const wf_builder *b) {
    const int is_even = a->c % 2 == 0 && a->o % 2 == 0;
    a->is_bf16 = b->is_bf16 && is_even && !a->is_unfolded && a->kw * a->c >= LEAST_RUN;
    a->is_bf16_backward = a->is_bf16 && !a->is_unfolded_backward;
}

static size_t padded_size(const wf__conv2d *a) {
    return (size_t)a->pad_h * (size_t)a->pad_w * (size_t)a->c;
}

static int pairs_of_row(const wf__conv2d *a) { return (a->ow + 1) / 2; }

/* The scratch of the gradient step: rounded image, its pairs, the pairs of diff_dst. */
static size_t image_bytes(const wf__conv2d *a) {
    return (padded_size(a) * sizeof(uint16_t) + 63) & ~(size_t)63;
}
static size_t pixels_bytes(const wf__conv2d *a) {
    return (padded_size(a) * sizeof(uint32_t) + 63) & ~(size_t)63;
}
static size_t diffs_bytes(const wf__conv2d *a) {
    return (size_t)a->oh * (size_t)pairs_of_row(a) * (size_t)a->o * sizeof(uint32_t);
}

/* So many images are summed up in registers before the kernel's gradient is read and written. */
static size_t group_size(const wf__conv2d *a) {
    size_t images = GROUP_BYTES / (pixels_bytes(a) + diffs_bytes(a));
    return images < 1 ? 1 : images;
}

size_t wf__conv2d_bf16_scratch(const wf__conv2d *a, int has_backward) {
    if (!has_backward) return image_bytes(a);
    size_t back = (size_t)(a->h + a->kh) * (size_t)(a->w + a->kw) * (size_t)a->o * sizeof(uint16_t);
    size_t gradient = image_bytes(a) + group_size(a) * (pixels_bytes(a) + diffs_bytes(a));
    return back > gradient ? back : gradient;
}

/* Rounds an image [h][w][c] into the middle of a zeroed one. */
static void pad_image(const wf_work *r, uint16_t *to, int to_h, int to_w, const float *from, int h,
                      int w, int c, int top, int left) {
    const ptrdiff_t line = (ptrdiff_t)to_w * c, margin = (ptrdiff_t)left * c;
    const size_t after = (size_t)(to_w - left - w) * (size_t)c;
    memset(to, 0, (size_t)(top * line + margin) * sizeof *to);
    to += top * line + margin;
    /* what is right of one row and left of the next is one piece */
    r->kernels->to_bf16(to, line, from, (ptrdiff_t)w * c, h - 1, w * c, (int)line);
    to += (h - 1) * line;
    r->kernels->to_bf16(to, line, from + (ptrdiff_t)(h - 1) * w * c, 0, 1, w * c, w * c);
    memset(to + (ptrdiff_t)w * c, 0, (after + (size_t)((to_h - top - h) * line)) * sizeof *to);
}

static void pad_source(const wf_work *r, const wf__conv2d *a, uint16_t *to, const float *image) {
    pad_image(r, to, a->pad_h, a->pad_w, image, a->h, a->w, a->c, a->pad_top, a->pad_left);
}

/* dst[oy][ox] = sum over ky, (kx, c) of padded[oy*sh + ky][(ox*sw + kx, c)] kernel[ky][kx][c] */
void wf__conv2d_bf16_forward(const wf_work *r, const void *args) {
    const wf__conv2d *a = args;
    const float *src = wf_at(r, a->src);
    float *dst = wf_at(r, a->dst);
    const ptrdiff_t line = (ptrdiff_t)a->pad_w * a->c / 2;
    for (int i = 0; i < r->n; i++) {
        pad_source(r, a, r->scratch, src + i * wf__conv2d_src_floats(a));
        r->kernels->gemm_bf16(&(wf_gemm){.m = a->ow,
                                         .m_outer = a->oh,
                                         .n = a->o,
                                         .k = a->kw * a->c / 2,
                                         .k_outer = a->kh,
                                         .a = r->scratch,
                                         .a_row = (ptrdiff_t)a->sw * a->c / 2,
                                         .a_rows = a->sh * line,
                                         .a_outer = line,
                                         .b = wf_at(r, a->packed[0]),
                                         .c = dst + i * wf__conv2d_dst_floats(a),
                                         .c_row = a->o,
                                         .c_rows = (ptrdiff_t)a->ow * a->o,
                                         .bias = a->bias < 0 ? NULL : wf_value(r, a->bias),
                                         .slope = a->slope});
    }
}

/* The gradient of the input is the correlation of the padded diff_dst with the flipped kernel. */
void wf__conv2d_bf16_backward_data(const wf_work *r, const void *args) {
    const wf__conv2d *a = args;
    float *image = wf_at(r, a->diff_src);
    const float *diff = wf_at(r, a->diff_dst);
    const int pad_h = a->h + a->kh - 1, pad_w = a->w + a->kw - 1;
    const ptrdiff_t line = (ptrdiff_t)pad_w * a->o / 2;
    for (int i = 0; i < r->n; i++) {
        pad_image(r, r->scratch, pad_h, pad_w, diff + i * wf__conv2d_dst_floats(a), a->oh, a->ow,
                  a->o, a->kh - 1 - a->pad_top, a->kw - 1 - a->pad_left);
        r->kernels->gemm_bf16(&(wf_gemm){.m = a->w,
                                         .m_outer = a->h,
                                         .n = a->c,
                                         .k = a->kw * a->o / 2,
                                         .k_outer = a->kh,
                                         .a = r->scratch,
                                         .a_row = a->o / 2,
                                         .a_rows = line,
                                         .a_outer = line,
                                         .b = wf_at(r, a->packed[1]),
                                         .c = image + i * wf__conv2d_src_floats(a),
                                         .c_row = a->c,
                                         .c_rows = (ptrdiff_t)a->w * a->c,
                                         .slope = 1});
    }
}

/* The pairs of one image's pixels and gradients. */
static void pair_image(const wf_work *r, const wf__conv2d *a, uint32_t *pixels, uint32_t *diffs,
                       const float *image, const float *diff) {
    const int pairs = pairs_of_row(a);
    pad_source(r, a, r->scratch, image);
    r->kernels->pair_pixels(pixels, r->scratch, (ptrdiff_t)padded_size(a), (ptrdiff_t)a->sw * a->c);
    for (int y = 0; y < a->oh; y++)
        r->kernels->pair_rows(diffs + (ptrdiff_t)y * pairs * a->o, a->o,
                              diff + (ptrdiff_t)y * a->ow * a->o, a->o, a->ow, a->o);
}

/* part[ky][(kx, c)][o] (+)=
 *     sum over images, oy, ox of padded[oy*sh + ky][(ox*sw + kx, c)] diff[oy][ox][o] */
static void gradient_of_group(const wf_work *r, const wf__conv2d *a, int images,
                              const uint32_t *pixels, const uint32_t *diffs, float *part,
                              int accumulate) {
    const ptrdiff_t line = (ptrdiff_t)a->pad_w * a->c;
    const int k = a->kw * a->c, pairs = pairs_of_row(a);
    for (int ky = 0; ky < a->kh; ky++)
        r->kernels->gemm_tn_bf16(
            &(wf_gemm_tn){.m = k,
                          .n = a->o,
                          .r = pairs,
                          .r_outer = a->oh,
                          .images = images,
                          .a = pixels + ky * line,
                          .a_row = 2 * (ptrdiff_t)a->sw * a->c,
                          .a_outer = a->sh * line,
                          .a_image = (ptrdiff_t)(pixels_bytes(a) / sizeof *pixels),
                          .b = diffs,
                          .b_row = a->o,
                          .b_outer = (ptrdiff_t)pairs * a->o,
                          .b_image = (ptrdiff_t)(diffs_bytes(a) / sizeof *diffs),
                          .c = part + (ptrdiff_t)ky * k * a->o,
                          .c_row = a->o,
                          .accumulate = accumulate});
}

void wf__conv2d_bf16_gradient(const wf_work *r, const void *args) {
    const wf__conv2d *a = args;
    const float *src = wf_at(r, a->src), *diff = wf_at(r, a->diff_dst);
    float *part = (float *)wf_at(r, a->parts) + r->shard * a->part_floats;
    const ptrdiff_t pixels_floats = (ptrdiff_t)(pixels_bytes(a) / sizeof(uint32_t));
    const ptrdiff_t diffs_floats = (ptrdiff_t)(diffs_bytes(a) / sizeof(uint32_t));
    const int group = (int)group_size(a), is_begun = r->n0 > r->shard_n0;
    uint32_t *pixels = (uint32_t *)(void *)((unsigned char *)r->scratch + image_bytes(a));
    uint32_t *diffs = pixels + group * pixels_floats;
    for (int first = 0; first < r->n; first += group) {
        const int images = r->n - first < group ? r->n - first : group;
        for (int i = 0; i < images; i++)
            pair_image(r, a, pixels + i * pixels_floats, diffs + i * diffs_floats,
                       src + (first + i) * wf__conv2d_src_floats(a),
                       diff + (first + i) * wf__conv2d_dst_floats(a));
        gradient_of_group(r, a, images, pixels, diffs, part, is_begun || first > 0);
    }
    if (a->bias >= 0)
        r->kernels->column_sums(part + (ptrdiff_t)a->kh * a->kw * a->c * a->o, diff,
                                r->n * a->oh * a->ow, a->o, a->o, is_begun);
}
