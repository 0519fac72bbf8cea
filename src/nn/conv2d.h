/* A convolution's numbers, shared by layer_conv2d.c and conv2d_*.c. */
#ifndef WF_NN_CONV2D_H
#define WF_NN_CONV2D_H

#include "nn/plan.h"

typedef struct wf__conv2d {
    wf_buffer src, dst, diff_src, diff_dst;
    wf_buffer packed[2]; /* kernel; kernel for the backward pass, per group back to back */
    wf_buffer parts;     /* gradients per shard: kernel, then bias */
    int64_t part_floats;
    int bias; /* parameter entry or -1 */
    int h, w, c, oh, ow, o, kh, kw, sh, sw, dh, dw, groups;
    int pad_top, pad_left, pad_h, pad_w; /* padded image: pad_h x pad_w x c */
    int is_unfolded, is_unfolded_backward;
    int is_bf16, is_bf16_backward; /* forward and weight gradient; gradient of the input */
    int is_winograd;
    float slope;
} wf__conv2d;

static inline ptrdiff_t wf__conv2d_src_floats(const wf__conv2d *a) {
    return (ptrdiff_t)a->h * a->w * a->c;
}
static inline ptrdiff_t wf__conv2d_dst_floats(const wf__conv2d *a) {
    return (ptrdiff_t)a->oh * a->ow * a->o;
}

/* conv2d_bf16.c: the same three steps with factors in bfloat16. */
/* Sets is_bf16 and is_bf16_backward. */
void wf__conv2d_choose_bf16(wf__conv2d *a, const wf_builder *b);
/* Bytes of scratch that the steps need. */
size_t wf__conv2d_bf16_scratch(const wf__conv2d *a, int has_backward);
void wf__conv2d_bf16_forward(const wf_work *r, const void *args);
void wf__conv2d_bf16_backward_data(const wf_work *r, const void *args);
/* Kernel's and bias' gradients of a shard. */
void wf__conv2d_bf16_gradient(const wf_work *r, const void *args);

/* conv2d_winograd.c: the same three steps with 36 products for 16 outputs instead of 144. */
/* Whether they are faster, where direct products would be bf16_speedup times as fast as float32. */
int wf__conv2d_uses_winograd(const wf__conv2d *a, int bf16_speedup);
/* Of the products for one image. */
double wf__conv2d_winograd_flop(const wf__conv2d *a, wf_pass pass);
/* Append the steps; the last one is the shard step.  Errors: WF_E_NOMEM. */
wf_status wf__conv2d_winograd_forward(wf_builder *b, const wf__conv2d *a);
wf_status wf__conv2d_winograd_backward_data(wf_builder *b, const wf__conv2d *a);
wf_status wf__conv2d_winograd_gradient(wf_builder *b, const wf__conv2d *a);

#endif
