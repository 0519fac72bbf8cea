/* What the recurrent layers' steps have in common: rnn_forward.c, rnn_plan.c.
 *
 * Inside of a shard all arrays are time-major, so that the rows of one time step are a dense
 * matrix. With R rows, one for each image or, under `sweep`, for each line of each image:
 *
 *   x  [T][R][F]     the input in the order of processing
 *   g  [T][R][G*H]   x W + b; then the gates; then their gradients
 *   u  [T][R][G*H]   h U + b', of cells that keep it apart (GRU)
 *   h  [T+1][R][H]   h[0] = 0, h[s+1] is the output of step s
 *   m  [T][R][H]     h[s] under the recurrent dropout's mask, when there is one
 *   c  [T+1][R][H]   cell state (LSTM)
 *
 * Without a backward pass each step writes over what the one before it left in u, h, c, and in g
 * where x W is not one product of all steps. A plan that keeps its state copies h and c behind the
 * last step, and a run that goes on from it makes one step only.
 *
 * The weight gradients are products over all steps and all rows: dW = x^T dg, dU = h^T dg.
 *
 * In bfloat16 the left factors of the products are rounded in scratch, product by product; for the
 * weight gradients x, h (or m), g and u are paired along [T][R] behind the backward pass. */
#ifndef WF_NN_RNN_ARGS_H
#define WF_NN_RNN_ARGS_H

#include "nn/rnn.h"
#include "nn/steps.h"

/* The factors of the weight gradients in pairs of bfloat16. */
typedef struct rnn_pairs {
    wf_buffer x, h, g, u;
} rnn_pairs;

/* [rows of the batch][H], of the whole batch. */
typedef struct rnn_state {
    wf_buffer h, c;
} rnn_state;

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
    int keeps_steps; /* for the backward pass */
    int is_narrow;   /* shards of few rows: x W of all steps is one product */
    int is_shared;   /* one shard: the columns of h U are tiles; is narrow as well */
    int param, node, T, F, H, GH;
    int gradient_columns; /* of W and U in one tile */
    int is_reversed;      /* step s reads input T-1-s */
    int is_causal;        /* reads labels, wf_graph_is_causal: only the steps that count are run */
    rnn_state kept[2];    /* behind the last run, and room for this one's; in turn */
    int keeps_state;
    uint32_t keep; /* recurrent dropout: of 2^16ths */
} rnn_args;

static inline int wf__rnn_input_step(const rnn_args *a, int s) {
    return a->is_reversed ? a->T - 1 - s : s;
}

/* Steps 0 .. that this run takes. Behind them the output and all gradients are zero. */
static inline int wf__rnn_steps(const wf_work *r, const rnn_args *a) {
    return a->is_causal ? wf_work_steps(r, a->T) : a->T;
}

/* Rows of one time step of `images` images. */
static inline int wf__rnn_rows(const rnn_args *a, int images) { return images * a->place.lines; }

/* Input rows that lie side by side at one step: an image's lines, or one line. */
static inline int wf__rnn_run(const rnn_args *a) { return a->place.line == 1 ? a->place.lines : 1; }

/* Where image i's line l has step s of the input. */
static inline ptrdiff_t wf__rnn_input_at(const rnn_args *a, int i, int l, int s) {
    return ((ptrdiff_t)i * a->place.lines * a->T + (ptrdiff_t)l * a->place.line +
            (ptrdiff_t)wf__rnn_input_step(a, s) * a->place.step) *
           a->F;
}

/* Row of dst or diff_dst that belongs to image i's line l at step s, or NULL where the layer has
 * none. */
float *wf__rnn_output_row(const rnn_args *a, float *base, int i, int l, int s);
/* Where products in bfloat16 round their left factor; in front of the rest of scratch. */
size_t wf__rnn_rounded_bytes(const rnn_args *a, const wf_kernels *kernels, int images);

/* C [m][n] (+)= A [m][k] B + bias */
void wf__rnn_product(const wf_work *r, const rnn_args *a, int m, int k, int n, const float *left,
                     wf_buffer packed, float *c, const float *bias, int accumulate);
/* The cell's view of step s. */
wf_rnn_step wf__rnn_step_at(const wf_work *r, const rnn_args *a, int s);

/* Appends packed W and U and the forward pass.  Errors: WF_E_NOMEM. */
wf_status wf__rnn_plan_forward(wf_builder *b, rnn_args *a);
/* A packed matrix for products with W or U, or their transposes.  Errors: WF_E_NOMEM. */
wf_status wf__rnn_pack(wf_buffer *out, wf_builder *b, const rnn_args *a, int param, int rows,
                       int is_back);
/* Products with `rows` rows of W and U per step, whose memory is read or written once. */
wf_cost wf__rnn_cost(const rnn_args *a, int rows);

#endif
