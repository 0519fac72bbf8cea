/* Steps that several layers append to a plan. */
#ifndef WF_NN_STEPS_H
#define WF_NN_STEPS_H

#include "nn/plan.h"

/* A weight matrix B [taps * rows][n] to be packed anew whenever the parameters change:
 *   B[t * rows + i][j] = value[base + tap(t) * tap_stride + i * rs + j * cs],
 * with tap(t) = t, or taps - 1 - t when flipped (a convolution's backward pass). In bfloat16 the
 * rows of several taps must be even; those of a single tap are filled up with zeros, as far as
 * wf_bf16_pairs has it, unless the product takes just as many as there are (is_exact). */
typedef struct wf_pack {
    wf_buffer dst;    /* fixed; WF_NO_BUFFER: wf_build_pack makes it */
    ptrdiff_t offset; /* floats into dst */
    int param;
    ptrdiff_t base, tap_stride, rs, cs;
    int taps, rows, n, is_flipped, is_bf16, is_exact;
} wf_pack;

/* Pairs of bfloat16 that a row of k numbers takes in products, filled up with zeros. */
int wf_bf16_pairs(const wf_kernels *kernels, int k);

/* Floats that the packed matrix takes. */
size_t wf_pack_floats(const wf_builder *b, int k, int n);
/* Appends the refresh step.  Errors: WF_E_NOMEM. */
wf_status wf_build_pack(wf_pack *pack, wf_builder *b);

/* Keras' parameters of activations that are named without one: leaky_relu 0.2, elu 1. */
float wf_activation_alpha(wf_activation kind);
/* The slope with which a product's epilogue (see wf_gemm) computes the activation, or -1 when it
 * cannot and the activation needs a pass of its own. */
float wf_activation_slope(wf_activation kind);

/* The cost of an activation of `n` numbers per image. */
wf_cost wf_activation_cost(wf_activation kind, double n);

/* Applies a dense or convolution layer's activation to dst in place where the product's epilogue
 * could not. `saved` receives what the backward step wants: dst, or for gelu a copy of the values
 * before it. No step is appended when the loss takes the activation over (b->left).
 * Errors: WF_E_NOMEM. */
wf_status wf_build_activation(wf_buffer *saved, wf_builder *b, wf_activation kind);
/* diff_dst <- diff_dst * f'; nothing for linear or when the loss did it. */
wf_status wf_build_activation_backward(wf_builder *b, wf_activation kind, wf_buffer saved);

/* All steps of a layer that is nothing but an activation; alpha as in the kernel `activate`. */
wf_status wf_build_activation_layer(wf_builder *b, wf_activation kind, float alpha);

/* gradient[entry] = sum over shards of parts[shard][offset ...], in shard order; appended to the
 * WF_WGRAD list. `parts` is fixed, `stride` floats per shard. */
wf_status wf_build_shard_sum(wf_builder *b, int param, wf_buffer parts, int64_t stride,
                             int64_t offset);

#endif
