/* The table of compute kernels: one per ISA level, chosen once. All matrices are row-major. */
#ifndef WF_KERNELS_KERNELS_H
#define WF_KERNELS_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/optim_steps.h"

/* C[i][j] (+)= sum_k A[i][k] B[k][j], then + bias[j], then y = max(y, slope * y).
 * Rows and k both have two levels, so that one call is a plain product or the convolution of a
 * whole (padded) image:
 *   row i = (io, ii), ii < m:       A + io*a_rows + ii*a_row,   C + io*c_rows + ii*c_row
 *   k     = (ko, ki), ki < k:       + ko*a_outer + ki
 * B is packed by pack_b.  2*m_outer*m*n*k_outer*k flop.
 * Elements of A and B are float, or for gemm_bf16 pairs of bfloat16 that are neighbours along k;
 * then k and A's strides count pairs, and the flop are twice as many. Where the product of one run
 * of k is shorter than a hardware tile (see bf16_run), a kernel may be slower, never wrong. */
typedef struct wf_gemm {
    int m, m_outer, n, k, k_outer;
    const void *a;
    ptrdiff_t a_row, a_rows, a_outer;
    const void *b;
    float *c;
    ptrdiff_t c_row, c_rows;
    const float *bias; /* [n] or NULL */
    float slope;       /* 1: none, 0: relu, between: leaky relu */
    int accumulate;    /* C's old value is added before the slope */
} wf_gemm;

/* C[i][j] (+)= sum_r A[r][i] B[r][j]: weight gradients.
 * r has three levels, images, ro and ri < r:
 *   A + image*a_image + ro*a_outer + ri*a_row + i,  B + image*b_image + ro*b_outer + ri*b_row + j.
 * B may be read up to 31 elements past the end of its last row. Elements are float, or for
 * gemm_tn_bf16 pairs of bfloat16 that are neighbours along r; r and the strides count pairs. */
typedef struct wf_gemm_tn {
    int m, n, r, r_outer, images;
    const void *a;
    ptrdiff_t a_row, a_outer, a_image;
    const void *b;
    ptrdiff_t b_row, b_outer, b_image;
    float *c;
    ptrdiff_t c_row;
    int accumulate;
} wf_gemm_tn;

/* Winograd's transforms of tiles of 4 x 4 outputs, see k_winograd.c. Along an axis tiles of 4 come
 * first, then tiles of 3. Tiles are counted through all images, form by form: first those 3 high
 * and 4 wide, then 4 x 4, 4 high and 3 wide, 3 x 3.
 * Each tile has a number for each channel at each of 6 x 6 points; a point's numbers are a plane
 * [n_tiles][row], row a multiple of 16 floats. The sixth point along an axis is void in tiles of 3.
 * Images may be read up to 15 floats past their end. */
typedef struct wf_winograd {
    int n_images, h, w, c;      /* images [h][w][c], one behind the other */
    int tiles_h[2], tiles_w[2]; /* of one image along its axes: tiles of 4, tiles of 3 */
    int top, left;              /* source: the first window begins at pixel (-top, -left) */
    int first_tile, n_tiles;    /* those transformed */
    int channel, n_channels;    /* those transformed */
    const float *image;         /* source, diff */
    const float *zeros;         /* source, diff: [n_channels] up to a multiple of 16 */
    float *dst;                 /* dst: the images */
    const float *bias;          /* dst: [c] or NULL */
    float slope;                /* dst: as in wf_gemm */
    float *points;              /* [6 x 6][n_tiles][row], of the channels transformed */
    ptrdiff_t plane, row;
} wf_winograd;

/* Pooling windows of one channels-last image batch. */
typedef struct wf_pool2d {
    int n, h, w, c, oh, ow, kh, kw, sh, sw, pad_top, pad_left;
} wf_pool2d;

/* Random masks: bit i of image j is a function of (seed, stream, epoch, position + j, i) alone. */
typedef struct wf_mask_key {
    uint64_t seed;
    uint32_t stream, epoch;
    int64_t position;
} wf_mask_key;

/* One LSTM time step for `rows` images of H = units; arrays [rows][H] are dense. */
typedef struct wf_lstm_step {
    int rows, units, activation, recurrent_activation;
    float *gates;        /* [rows][4H] i f c o: values before the activations; after forward the
                            activated ones; after backward d(before activation) */
    const float *c_prev; /* cell state before the step */
    float *c;            /* after it */
    float *h;            /* output, rows h_row apart */
    ptrdiff_t h_row;
    const float *dh; /* backward: d(h) */
    float *dc;       /* backward: in d(c), out d(c_prev) */
} wf_lstm_step;

/* One GRU time step (reset_after). */
typedef struct wf_gru_step {
    int rows, units, activation, recurrent_activation;
    float *x_gates;      /* [rows][3H] z r h: x W + b; after forward the activated gates; after
                            backward d(x W + b) */
    float *h_gates;      /* [rows][3H]: h_prev U + b'; after backward d(h_prev U + b') */
    const float *h_prev; /* rows h_prev_row apart */
    ptrdiff_t h_prev_row;
    float *h;
    ptrdiff_t h_row;
    float *dh; /* backward: in d(h), out the part of d(h_prev) that does not pass U */
} wf_gru_step;

/* The pull of many points of the plane on WF_TSNE_POINTS others, see k_tsne.c. */
enum { WF_TSNE_POINTS = 32 };
typedef struct wf_tsne_repulsion {
    const float *x, *y;                    /* [WF_TSNE_POINTS] */
    const float *from_x, *from_y, *weight; /* [n] */
    int n;
    float *force_x, *force_y, *z; /* [WF_TSNE_POINTS], added to */
} wf_tsne_repulsion;

typedef struct wf_kernels {
    const char *isa;  /* "v2", "v3", "v4", "v4_bf16", "v4_amx" */
    int nr;           /* width of a packed panel */
    int bf16_speedup; /* of its bfloat16 products over float32's; 1: computed in float32 */
    int bf16_run;     /* its bfloat16 products like k in multiples of so many numbers */

#define WF_KERNEL(name, arguments) void(*name) arguments;
#include "kernels/functions.def"
#undef WF_KERNEL
} wf_kernels;

/* The best level that the CPU has, or what wf_kernels_use chose.  Threads: any. */
const wf_kernels *wf_kernels_best(void);
/* These kernels are the best from now on; NULL: what the CPU has.  Threads: before any other is
 * made. */
void wf_kernels_use(const wf_kernels *kernels);
/* By name; NULL when unknown or when the CPU lacks it. */
const wf_kernels *wf_kernels_find(const char *isa);
/* Levels that the CPU has, best first; NULL behind the last. */
const wf_kernels *wf_kernels_at(int i);

#endif
