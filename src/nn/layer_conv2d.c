#include <string.h>

#include "nn/conv2d.h"
#include "nn/infer.h"
#include "nn/onnx.h"
#include "nn/steps.h"
#include "nn/window.h"

/* 2-D cross-correlation (the kernel is not flipped).
 *  src [N,H,W,C]  kernel [KH,KW,C/groups,O]  bias [O]  dst [N,OH,OW,O] */

typedef struct wf_conv2d_config {
    int32_t filters, kernel_size[2], strides[2], padding, dilation_rate[2], groups;
    int32_t activation, use_bias, kernel_initializer, bias_initializer;
} wf_conv2d_config;

#define AT(member) offsetof(wf_conv2d_config, member)
static const wf_field fields[] = {
    {"filters", WF_FIELD_INT, AT(filters), 1, 1 << 24, NULL, NULL, "number of output channels"},
    {"kernel_size", WF_FIELD_PAIR, AT(kernel_size), 1, 4096, NULL, NULL, "height and width"},
    {"strides", WF_FIELD_PAIR, AT(strides), 1, 4096, NULL, "1", "step along height and width"},
    {"padding", WF_FIELD_CHOICE, AT(padding), 0, 0, WF_PADDING_CHOICES, "valid",
     "same: zeros around the image, so that stride 1 keeps its size"},
    {"dilation_rate", WF_FIELD_PAIR, AT(dilation_rate), 1, 4096, NULL, "1",
     "distance of neighbouring kernel elements"},
    {"groups", WF_FIELD_INT, AT(groups), 1, 1 << 24, NULL, "1",
     "channels are split into so many independent convolutions"},
    {"activation", WF_FIELD_CHOICE, AT(activation), 0, 0, WF_ACTIVATION_CHOICES, "linear",
     "applied to the result"},
    {"use_bias", WF_FIELD_BOOL, AT(use_bias), 0, 1, NULL, "true", "add a bias per filter"},
    {"kernel_initializer", WF_FIELD_CHOICE, AT(kernel_initializer), 0, 0,
     WF_KERNEL_INITIALIZER_CHOICES, "glorot_uniform", "start of the kernel"},
    {"bias_initializer", WF_FIELD_CHOICE, AT(bias_initializer), 0, 0, WF_BIAS_INITIALIZER_CHOICES,
     "zeros", "start of the bias"},
    {0}};

static wf_status check(const wf_infer *in, const wf_conv2d_config *c) {
    wf_context *cx = in->cx;
    int64_t channels = in->inputs[0]->dim[2];
    WF_REQUIRE(channels % c->groups == 0, WF_E_SHAPE,
               "layer %s: groups is %d, must divide the input's %lld channels", in->layer,
               c->groups, (long long)channels);
    WF_REQUIRE(c->filters % c->groups == 0, WF_E_ARG,
               "layer %s: groups is %d, must divide filters, which is %d", in->layer, c->groups,
               c->filters);
    WF_REQUIRE((c->strides[0] == 1 && c->strides[1] == 1) ||
                   (c->dilation_rate[0] == 1 && c->dilation_rate[1] == 1),
               WF_E_ARG, "layer %s: strides and dilation_rate are both above 1, one must be 1",
               in->layer);
    return WF_OK;
}

static wf_status infer(wf_infer *in) {
    wf_context *cx = in->cx;
    const wf_conv2d_config *c = in->config;
    WF_TRY(wf_infer_image(in));
    WF_TRY(check(in, c));
    const wf_shape *src = in->inputs[0];
    in->output = (wf_shape){.rank = 3, .dim = {0, 0, c->filters}};
    for (int axis = 0; axis < 2; axis++) {
        in->output.dim[axis] =
            wf_window_output(src->dim[axis], c->kernel_size[axis], c->strides[axis],
                             c->dilation_rate[axis], c->padding);
        WF_REQUIRE(in->output.dim[axis] >= 1, WF_E_SHAPE,
                   "layer %s: the kernel covers %lld pixels along %s, the input has %lld | use "
                   "padding: same or a smaller kernel",
                   in->layer,
                   (long long)wf_window_extent(c->kernel_size[axis], c->dilation_rate[axis]),
                   axis ? "the width" : "the height", (long long)src->dim[axis]);
    }
    int64_t field = (int64_t)c->kernel_size[0] * c->kernel_size[1];
    int64_t depth = src->dim[2] / c->groups;
    wf_shape kernel = {.rank = 4, .dim = {c->kernel_size[0], c->kernel_size[1], depth, c->filters}};
    WF_TRY(wf_infer_param(in, "kernel", &kernel, (wf_initializer)c->kernel_initializer,
                          field * depth, field * c->filters, 1));
    if (c->use_bias) WF_TRY(wf_infer_vector(in, "bias", c->filters, c->bias_initializer, 1));
    in->madds = in->output.dim[0] * in->output.dim[1] * wf_shape_size(&kernel);
    return WF_OK;
}

/* ---- plan ----
 * Channels-last, a row of a window is KW*C floats in one piece. So with dilation 1 and one group
 * the convolution of a padded image is a single matrix product whose rows overlap in memory, and so
 * are both gradients; nothing is unfolded. Other convolutions unfold each image (im2col). */

enum { SMALL_KERNEL = 8192 }; /* floats: its gradient stays in L1 from image to image */

static int window_floats(const wf__conv2d *a) { return a->kh * a->kw * (a->c / a->groups); }

/* Copies an image [h][w][c] into the middle of a zeroed one. */
static void pad_image(float *to, int to_h, int to_w, const float *from, int h, int w, int c,
                      int top, int left) {
    const size_t row = (size_t)w * (size_t)c * sizeof *to;
    const ptrdiff_t to_row = (ptrdiff_t)to_w * c;
    memset(to, 0, (size_t)top * (size_t)to_row * sizeof *to);
    for (int y = 0; y < h; y++) {
        float *line = to + (top + y) * to_row;
        memset(line, 0, (size_t)left * (size_t)c * sizeof *to);
        memcpy(line + (ptrdiff_t)left * c, from + (ptrdiff_t)y * w * c, row);
        memset(line + (ptrdiff_t)(left + w) * c, 0,
               (size_t)(to_w - left - w) * (size_t)c * sizeof *to);
    }
    memset(to + (top + h) * to_row, 0, (size_t)(to_h - top - h) * (size_t)to_row * sizeof *to);
}

static const float *padded(const wf__conv2d *a, const float *image, float *scratch) {
    if (a->pad_h == a->h && a->pad_w == a->w) return image;
    pad_image(scratch, a->pad_h, a->pad_w, image, a->h, a->w, a->c, a->pad_top, a->pad_left);
    return scratch;
}

/* rows[OH*OW][KH*KW*C/groups] <- the windows of one group; or, when `back`, adds them into the
 * image */
static void unfold(const wf__conv2d *a, float *rows, float *image, int group, int back) {
    const int depth = a->c / a->groups;
    for (int oy = 0; oy < a->oh; oy++)
        for (int ox = 0; ox < a->ow; ox++)
            for (int ky = 0; ky < a->kh; ky++)
                for (int kx = 0; kx < a->kw; kx++, rows += depth) {
                    int y = oy * a->sh - a->pad_top + ky * a->dh;
                    int x = ox * a->sw - a->pad_left + kx * a->dw;
                    int is_inside = y >= 0 && y < a->h && x >= 0 && x < a->w;
                    float *at = image + ((ptrdiff_t)y * a->w + x) * a->c + group * depth;
                    if (back) {
                        for (int i = 0; i < depth && is_inside; i++) at[i] += rows[i];
                    } else if (is_inside) {
                        memcpy(rows, at, (size_t)depth * sizeof *rows);
                    } else {
                        memset(rows, 0, (size_t)depth * sizeof *rows);
                    }
                }
}

static ptrdiff_t packed_group(const wf_work *r, int k, int n) {
    return (ptrdiff_t)k * ((n + r->kernels->nr - 1) / r->kernels->nr * r->kernels->nr);
}

static void forward_unfolded(const wf_work *r, const wf__conv2d *a, float *image, float *dst) {
    const int k = window_floats(a), n = a->o / a->groups;
    for (int g = 0; g < a->groups; g++) {
        unfold(a, r->scratch, image, g, 0);
        r->kernels->gemm(
            &(wf_gemm){.m = a->oh * a->ow,
                       .m_outer = 1,
                       .n = n,
                       .k = k,
                       .k_outer = 1,
                       .a = r->scratch,
                       .a_row = k,
                       .b = (float *)wf_at(r, a->packed[0]) + g * packed_group(r, k, n),
                       .c = dst + g * n,
                       .c_row = a->o,
                       .bias = a->bias < 0 ? NULL : wf_value(r, a->bias) + g * n,
                       .slope = a->slope});
    }
}

/* dst[oy][ox] = sum over ky, (kx, c) of padded[oy*sh + ky][(ox*sw + kx, c)] kernel[ky][kx][c] */
static void run_forward(const wf_work *r, const void *args) {
    const wf__conv2d *a = args;
    float *src = wf_at(r, a->src), *dst = wf_at(r, a->dst);
    const ptrdiff_t line = (ptrdiff_t)a->pad_w * a->c;
    for (int i = 0; i < r->n;
         i++, src += wf__conv2d_src_floats(a), dst += wf__conv2d_dst_floats(a)) {
        if (a->is_unfolded) {
            forward_unfolded(r, a, src, dst);
            continue;
        }
        r->kernels->gemm(&(wf_gemm){.m = a->ow,
                                    .m_outer = a->oh,
                                    .n = a->o,
                                    .k = a->kw * a->c,
                                    .k_outer = a->kh,
                                    .a = padded(a, src, r->scratch),
                                    .a_row = (ptrdiff_t)a->sw * a->c,
                                    .a_rows = a->sh * line,
                                    .a_outer = line,
                                    .b = wf_at(r, a->packed[0]),
                                    .c = dst,
                                    .c_row = a->o,
                                    .c_rows = (ptrdiff_t)a->ow * a->o,
                                    .bias = a->bias < 0 ? NULL : wf_value(r, a->bias),
                                    .slope = a->slope});
    }
}

static void backward_unfolded(const wf_work *r, const wf__conv2d *a, float *image,
                              const float *diff) {
    const int k = window_floats(a), n = a->o / a->groups;
    memset(image, 0, (size_t)wf__conv2d_src_floats(a) * sizeof *image);
    for (int g = 0; g < a->groups; g++) {
        r->kernels->gemm(
            &(wf_gemm){.m = a->oh * a->ow,
                       .m_outer = 1,
                       .n = k,
                       .k = n,
                       .k_outer = 1,
                       .a = diff + g * n,
                       .a_row = a->o,
                       .b = (float *)wf_at(r, a->packed[1]) + g * packed_group(r, n, k),
                       .c = r->scratch,
                       .c_row = k,
                       .slope = 1});
        unfold(a, r->scratch, image, g, 1);
    }
}

/* The gradient of the input is the correlation of the padded diff_dst with the flipped kernel. */
static void run_backward_data(const wf_work *r, const void *args) {
    const wf__conv2d *a = args;
    float *image = wf_at(r, a->diff_src), *scratch = r->scratch;
    const float *diff = wf_at(r, a->diff_dst);
    const int pad_h = a->h + a->kh - 1, pad_w = a->w + a->kw - 1;
    const ptrdiff_t line = (ptrdiff_t)pad_w * a->o;
    for (int i = 0; i < r->n;
         i++, image += wf__conv2d_src_floats(a), diff += wf__conv2d_dst_floats(a)) {
        if (a->is_unfolded_backward) {
            backward_unfolded(r, a, image, diff);
            continue;
        }
        pad_image(scratch, pad_h, pad_w, diff, a->oh, a->ow, a->o, a->kh - 1 - a->pad_top,
                  a->kw - 1 - a->pad_left);
        r->kernels->gemm(&(wf_gemm){.m = a->w,
                                    .m_outer = a->h,
                                    .n = a->c,
                                    .k = a->kw * a->o,
                                    .k_outer = a->kh,
                                    .a = scratch,
                                    .a_row = a->o,
                                    .a_rows = line,
                                    .a_outer = line,
                                    .b = wf_at(r, a->packed[1]),
                                    .c = image,
                                    .c_row = a->c,
                                    .c_rows = (ptrdiff_t)a->w * a->c,
                                    .slope = 1});
    }
}

/* part[ky][(kx, c)][o] += sum over oy, ox of padded[oy*sh + ky][(ox*sw + kx, c)] diff[oy][ox][o] */
static void gradient_of_image(const wf_work *r, const wf__conv2d *a, const float *image,
                              const float *diff, float *part, int accumulate) {
    const ptrdiff_t line = (ptrdiff_t)a->pad_w * a->c;
    const float *src = padded(a, image, r->scratch);
    const int k = a->kw * a->c;
    for (int ky = 0; ky < a->kh; ky++)
        r->kernels->gemm_tn(&(wf_gemm_tn){.m = k,
                                          .n = a->o,
                                          .r = a->ow,
                                          .r_outer = a->oh,
                                          .images = 1,
                                          .a = src + ky * line,
                                          .a_row = (ptrdiff_t)a->sw * a->c,
                                          .a_outer = a->sh * line,
                                          .b = diff,
                                          .b_row = a->o,
                                          .b_outer = (ptrdiff_t)a->ow * a->o,
                                          .c = part + (ptrdiff_t)ky * k * a->o,
                                          .c_row = a->o,
                                          .accumulate = accumulate});
}

static void gradient_unfolded(const wf_work *r, const wf__conv2d *a, float *image,
                              const float *diff, float *part, int accumulate) {
    const int k = window_floats(a), n = a->o / a->groups;
    for (int g = 0; g < a->groups; g++) {
        unfold(a, r->scratch, image, g, 0);
        r->kernels->gemm_tn(&(wf_gemm_tn){.m = k,
                                          .n = n,
                                          .r = a->oh * a->ow,
                                          .r_outer = 1,
                                          .images = 1,
                                          .a = r->scratch,
                                          .a_row = k,
                                          .b = diff + g * n,
                                          .b_row = a->o,
                                          .c = part + g * n,
                                          .c_row = a->o,
                                          .accumulate = accumulate});
    }
}

static void run_gradient(const wf_work *r, const void *args) {
    const wf__conv2d *a = args;
    float *src = wf_at(r, a->src);
    const float *diff = wf_at(r, a->diff_dst);
    float *part = (float *)wf_at(r, a->parts) + r->shard * a->part_floats;
    const int is_begun = r->n0 > r->shard_n0;
    for (int i = 0; i < r->n; i++) {
        if (a->is_unfolded)
            gradient_unfolded(r, a, src + i * wf__conv2d_src_floats(a),
                              diff + i * wf__conv2d_dst_floats(a), part, is_begun || i > 0);
        else
            gradient_of_image(r, a, src + i * wf__conv2d_src_floats(a),
                              diff + i * wf__conv2d_dst_floats(a), part, is_begun || i > 0);
    }
    if (a->bias >= 0)
        r->kernels->column_sums(part + (ptrdiff_t)window_floats(a) * a->o, diff,
                                r->n * a->oh * a->ow, a->o, a->o, is_begun);
}

static wf__conv2d describe(const wf_builder *b, const wf_conv2d_config *c) {
    const int64_t *src = b->src_shape[0]->dim, *dst = b->dst_shape->dim;
    wf__conv2d a = {.src = b->src[0],
                    .dst = b->dst,
                    .diff_src = b->diff_src[0],
                    .diff_dst = b->diff_dst,
                    .bias = c->use_bias ? b->param + 1 : -1,
                    .h = (int)src[0],
                    .w = (int)src[1],
                    .c = (int)src[2],
                    .oh = (int)dst[0],
                    .ow = (int)dst[1],
                    .o = (int)dst[2],
                    .kh = c->kernel_size[0],
                    .kw = c->kernel_size[1],
                    .sh = c->strides[0],
                    .sw = c->strides[1],
                    .dh = c->dilation_rate[0],
                    .dw = c->dilation_rate[1],
                    .groups = c->groups,
                    .slope = wf_activation_slope((wf_activation)c->activation)};
    if (a.slope < 0) a.slope = 1;
    a.pad_top = (int)wf_window_pad(a.h, a.kh, a.sh, a.dh, c->padding);
    a.pad_left = (int)wf_window_pad(a.w, a.kw, a.sw, a.dw, c->padding);
    a.pad_h = (a.oh - 1) * a.sh + (int)wf_window_extent(a.kh, a.dh);
    a.pad_w = (a.ow - 1) * a.sw + (int)wf_window_extent(a.kw, a.dw);
    if (a.pad_h < a.pad_top + a.h) a.pad_h = a.pad_top + a.h;
    if (a.pad_w < a.pad_left + a.w) a.pad_w = a.pad_left + a.w;
    a.is_unfolded = a.dh > 1 || a.dw > 1 || a.groups > 1;
    a.is_unfolded_backward = a.is_unfolded || a.sh > 1 || a.sw > 1;
    wf__conv2d_choose_bf16(&a, b);
    a.is_winograd = wf__conv2d_uses_winograd(&a, a.is_bf16 ? b->kernels->bf16_speedup : 1);
    if (a.is_winograd) a.is_bf16 = a.is_bf16_backward = 0;
    return a;
}

static void ask_for_scratch(wf_builder *b, const wf__conv2d *a) {
    const int has_backward = a->diff_dst != WF_NO_BUFFER;
    size_t floats = (size_t)a->pad_h * (size_t)a->pad_w * (size_t)a->c;
    size_t diff = (size_t)(a->h + a->kh) * (size_t)(a->w + a->kw) * (size_t)a->o;
    size_t rows = (size_t)a->oh * (size_t)a->ow * (size_t)window_floats(a);
    if (has_backward && !a->is_unfolded_backward && diff > floats) floats = diff;
    if ((a->is_unfolded || (has_backward && a->is_unfolded_backward)) && rows > floats)
        floats = rows;
    wf_build_scratch(b, floats * sizeof(float));
    if (a->is_bf16) wf_build_scratch(b, wf__conv2d_bf16_scratch(a, has_backward));
}

/* The kernel for both directions: [KH*KW*C][O] as it stands; its transpose for unfolded backward
 * passes, or flipped [KH*KW*O][C] for the direct one. Each group packs its own columns. */
static wf_status pack_kernels(wf_builder *b, wf__conv2d *a) {
    const int k = window_floats(a), n = a->o / a->groups;
    const size_t forward_floats = wf_pack_floats(b, k, n), back_floats = wf_pack_floats(b, n, k);
    const size_t groups = (size_t)a->groups;
    WF_TRY(wf_build_fixed(&a->packed[0], b, groups * forward_floats * sizeof(float)));
    for (int g = 0; g < a->groups; g++) {
        wf_pack forward = {.dst = a->packed[0],
                           .offset = g * (ptrdiff_t)forward_floats,
                           .param = b->param,
                           .base = g * n,
                           .taps = 1,
                           .rows = k,
                           .n = n,
                           .rs = a->o,
                           .cs = 1,
                           .is_bf16 = a->is_bf16,
                           .is_exact = 1};
        WF_TRY(wf_build_pack(&forward, b));
    }
    if (a->diff_src == WF_NO_BUFFER) return WF_OK;
    if (!a->is_unfolded_backward) {
        wf_pack flipped = {.dst = WF_NO_BUFFER,
                           .param = b->param,
                           .taps = a->kh * a->kw,
                           .tap_stride = (ptrdiff_t)a->c * a->o,
                           .rows = a->o,
                           .n = a->c,
                           .rs = 1,
                           .cs = a->o,
                           .is_flipped = 1,
                           .is_bf16 = a->is_bf16_backward,
                           .is_exact = 1};
        WF_TRY(wf_build_pack(&flipped, b));
        a->packed[1] = flipped.dst;
        return WF_OK;
    }
    WF_TRY(wf_build_fixed(&a->packed[1], b, groups * back_floats * sizeof(float)));
    for (int g = 0; g < a->groups; g++) {
        wf_pack back = {.dst = a->packed[1],
                        .offset = g * (ptrdiff_t)back_floats,
                        .param = b->param,
                        .base = g * n,
                        .taps = 1,
                        .rows = n,
                        .n = k,
                        .rs = 1,
                        .cs = a->o};
        WF_TRY(wf_build_pack(&back, b));
    }
    return WF_OK;
}

/* The same for all three products; the weight gradient is written once for each shard. */
static wf_cost cost_of(const wf__conv2d *a, wf_pass pass, double kernels) {
    const double kernel = (double)window_floats(a) * a->o;
    return (wf_cost){.pass = pass,
                     .is_bf16 = pass == WF_PASS_BACKWARD ? a->is_bf16_backward : a->is_bf16,
                     .flop = 2.0 * a->oh * a->ow * kernel,
                     .made_flop = a->is_winograd ? wf__conv2d_winograd_flop(a, pass) : 0,
                     .bytes = kernels * kernel * sizeof(float)};
}

static wf_status plan_forward(wf_builder *b, wf__conv2d *a) {
    if (a->is_winograd) return wf__conv2d_winograd_forward(b, a);
    ask_for_scratch(b, a);
    WF_TRY(pack_kernels(b, a));
    return wf_build_image_step(b, WF_FORWARD, a->is_bf16 ? wf__conv2d_bf16_forward : run_forward, a,
                               sizeof *a, WF_USES(a->src, a->dst));
}

static wf_status add_gradient_step(wf_builder *b, const wf__conv2d *a) {
    if (a->is_winograd) return wf__conv2d_winograd_gradient(b, a);
    if (a->is_bf16 && a->part_floats > SMALL_KERNEL) /* sums over many images before it adds */
        return wf_build_shard_step(b, WF_BACKWARD, wf__conv2d_bf16_gradient, a, sizeof *a,
                                   WF_USES(a->src, a->diff_dst));
    return wf_build_image_step(b, WF_BACKWARD, a->is_bf16 ? wf__conv2d_bf16_gradient : run_gradient,
                               a, sizeof *a, WF_USES(a->src, a->diff_dst));
}

static wf_status plan_gradient(wf_builder *b, wf__conv2d *a) {
    const int64_t kernel_floats = b->graph->params[b->param].size;
    a->part_floats = kernel_floats + (a->bias < 0 ? 0 : a->o);
    WF_TRY(
        wf_build_fixed(&a->parts, b, (size_t)a->part_floats * (size_t)b->n_shards * sizeof(float)));
    WF_TRY(add_gradient_step(b, a));
    wf_build_cost(b, cost_of(a, WF_PASS_GRADIENT, b->n_shards));
    WF_TRY(wf_build_shard_sum(b, b->param, a->parts, a->part_floats, 0));
    if (a->bias < 0) return WF_OK;
    return wf_build_shard_sum(b, a->bias, a->parts, a->part_floats, kernel_floats);
}

static wf_status plan_backward_data(wf_builder *b, const wf__conv2d *a) {
    if (a->is_winograd) return wf__conv2d_winograd_backward_data(b, a);
    return wf_build_image_step(
        b, WF_BACKWARD, a->is_bf16_backward ? wf__conv2d_bf16_backward_data : run_backward_data, a,
        sizeof *a, WF_USES(a->diff_src, a->diff_dst));
}

static wf_status plan(wf_builder *b) {
    const wf_conv2d_config *c = b->config;
    const wf_activation kind = (wf_activation)c->activation;
    wf__conv2d a = describe(b, c);
    WF_TRY(plan_forward(b, &a));
    wf_build_cost(b, cost_of(&a, WF_PASS_FORWARD, 1));
    wf_buffer saved;
    WF_TRY(wf_build_activation(&saved, b, kind));
    if (a.diff_dst == WF_NO_BUFFER) return WF_OK;

    WF_TRY(wf_build_activation_backward(b, kind, saved));
    if (b->is_training) WF_TRY(plan_gradient(b, &a));
    if (a.diff_src == WF_NO_BUFFER) return WF_OK;
    WF_TRY(plan_backward_data(b, &a));
    wf_build_cost(b, cost_of(&a, WF_PASS_BACKWARD, 1));
    return WF_OK;
}

static wf_status onnx(wf_onnx *x) {
    static const int output_first[] = {3, 2, 0, 1}; /* [O,C/groups,KH,KW] */
    const wf_conv2d_config *c = x->config;
    wf_onnx_window window;
    wf_onnx_name inputs[3], y;
    wf_onnx_window_init(&window, x, c->kernel_size, c->strides, c->dilation_rate, c->padding);
    wf_onnx_attribute attributes[5] = {{.name = "group", .kind = WF_ONNX_INT, .i = c->groups}};
    memcpy(attributes + 1, window.attributes, sizeof window.attributes);
    WF_TRY(wf_onnx_input(&inputs[0], x, 0, WF_ONNX_FIRST));
    WF_TRY(wf_onnx_param(&inputs[1], x, 0, output_first));
    if (c->use_bias) WF_TRY(wf_onnx_param(&inputs[2], x, 1, NULL));
    WF_TRY(wf_onnx_apply(&y, x, "Conv", inputs, c->use_bias ? 3 : 2, attributes, 5));
    const wf_activation kind = (wf_activation)c->activation;
    WF_TRY(wf_onnx_activate(&y, x, kind, (double)wf_activation_alpha(kind),
                            wf_onnx_channel_axis(3, WF_ONNX_FIRST)));
    wf_onnx_output(x, &y, WF_ONNX_FIRST);
    return WF_OK;
}

const wf_layer_class wf_conv2d_class = {.name = "conv2d",
                                        .summary = "2-D convolution over images",
                                        .paper = "LeCun et al. 1998, doi:10.1109/5.726791",
                                        .min_inputs = 1,
                                        .max_inputs = 1,
                                        .config_size = sizeof(wf_conv2d_config),
                                        .fields = fields,
                                        .infer = infer,
                                        .plan = plan,
                                        .onnx = onnx};
