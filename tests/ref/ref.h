/* Naive double-precision forward and backward of every layer, loss and optimizer: what weft's own
 * kernels are judged by. It shares no code with src/ and aims at nothing but being obviously right.
 *
 *  Layout: images [N,H,W,C], sequences [N,T,F], everything else [rows, last axis]. Semantics: those
 *  of Keras 3.
 *  Backward recomputes what it needs from the inputs; there is no saved state.
 *  Gradients are overwritten, never accumulated. A NULL gradient is not computed. A NULL bias
 *  (gamma, beta) means that the layer has none. Memory that runs out aborts the test program.
 *  "dy" is the gradient of a scalar with respect to y, and so on. */
#ifndef WEFT_TESTS_REF_H
#define WEFT_TESTS_REF_H

#include <stdbool.h>

/* ---- activations (ref_activation.c) --------------------------------------------------------- */

typedef enum ref_activation_kind {
    REF_LINEAR,
    REF_RELU,
    REF_LEAKY_RELU, /* x > 0 ? x : slope * x */
    REF_ELU,        /* x > 0 ? x : slope * (exp(x) - 1) */
    REF_GELU,       /* x * Phi(x); with `approximate` the tanh form */
    REF_SIGMOID,
    REF_TANH,
    REF_SOFTMAX /* over the last axis */
} ref_activation_kind;

typedef struct ref_activation {
    ref_activation_kind kind;
    double slope;     /* leaky_relu: negative_slope (Keras' layer: 0.3, Keras' function: 0.2);
                         elu: alpha (1) */
    bool approximate; /* gelu */
} ref_activation;

/* By Keras' name, with the defaults of Keras' activation functions (leaky_relu: 0.2). False when
 * there is no such name. */
bool ref_activation_by_name(ref_activation *out, const char *name);

/* x, y [rows, c] */
void ref_activation_forward(ref_activation a, long rows, long c, const double *x, double *y);
void ref_activation_backward(ref_activation a, long rows, long c, const double *x, const double *dy,
                             double *dx);

/* ---- conv2d (ref_conv.c) -------------------------------------------------------------------- */

typedef enum ref_padding { REF_VALID, REF_SAME } ref_padding;

/* One axis of a window: the extent of the output and the padding in front.
 * valid: out = (in - span) / stride + 1; same: out = ceil(in / stride), the odd element of padding
 * goes behind. span = (kernel - 1) * dilation + 1. */
long ref_window_out(long in, long kernel, long stride, long dilation, ref_padding padding);
long ref_window_pad(long in, long kernel, long stride, long dilation, ref_padding padding);

typedef struct ref_conv2d {
    long n, h, w, c;             /* x [N,H,W,C] */
    long o, kh, kw;              /* kernel [KH,KW,C/groups,O], bias [O] */
    long sh, sw, dh, dw, groups; /* strides, dilation; 0 reads as 1 */
    ref_padding padding;
    ref_activation activation;
} ref_conv2d;

/* y [N,OH,OW,O] */
void ref_conv2d_out(const ref_conv2d *p, long *oh, long *ow);
void ref_conv2d_forward(const ref_conv2d *p, const double *x, const double *kernel,
                        const double *bias, double *y);
void ref_conv2d_backward(const ref_conv2d *p, const double *x, const double *kernel,
                         const double *bias, const double *dy, double *dx, double *dkernel,
                         double *dbias);

/* ---- pooling (ref_pool.c) ------------------------------------------------------------------- */

typedef struct ref_pool2d {
    long n, h, w, c;
    long kh, kw, sh, sw; /* a stride of 0 reads as the pool size, Keras' default */
    ref_padding padding;
} ref_pool2d;

void ref_pool2d_out(const ref_pool2d *p, long *oh, long *ow);
/* Padding never wins; of equal values the first in row-major order gets the gradient. */
void ref_max_pool2d_forward(const ref_pool2d *p, const double *x, double *y);
void ref_max_pool2d_backward(const ref_pool2d *p, const double *x, const double *dy, double *dx);
/* Padding is not counted. */
void ref_average_pool2d_forward(const ref_pool2d *p, const double *x, double *y);
void ref_average_pool2d_backward(const ref_pool2d *p, const double *dy, double *dx);
/* x [N,H,W,C] -> y [N,C] */
void ref_global_average_pool2d_forward(long n, long h, long w, long c, const double *x, double *y);
void ref_global_average_pool2d_backward(long n, long h, long w, long c, const double *dy,
                                        double *dx);
/* x [N,T,C] -> y [N,C], an image's pixels being T = H*W; of equal values the first one gets the
 * gradient. */
void ref_global_max_pool_forward(long n, long t, long c, const double *x, double *y);
void ref_global_max_pool_backward(long n, long t, long c, const double *x, const double *dy,
                                  double *dx);

/* ---- dense (ref_dense.c) -------------------------------------------------------------------- */

typedef struct ref_dense {
    long rows, in,
        units; /* x [rows,IN]: every leading axis is folded into rows; kernel [IN,UNITS] */
    ref_activation activation;
} ref_dense;

void ref_dense_forward(const ref_dense *p, const double *x, const double *kernel,
                       const double *bias, double *y);
void ref_dense_backward(const ref_dense *p, const double *x, const double *kernel,
                        const double *bias, const double *dy, double *dx, double *dkernel,
                        double *dbias);

/* ---- normalisation, dropout (ref_norm.c) ---------------------------------------------------- */

typedef struct ref_norm {
    long rows, c;             /* x [rows,C]: statistics over rows (batch) or over C (layer) */
    double momentum, epsilon; /* Keras: .99, 1e-3; layer normalisation has no momentum */
} ref_norm;

/* Training: statistics of this batch; moving = momentum * moving + (1 - momentum) * batch, with the
 * biased variance. moving_mean and moving_variance [C] are updated; NULL leaves them alone. */
void ref_batch_normalization_forward(const ref_norm *p, const double *x, const double *gamma,
                                     const double *beta, double *moving_mean,
                                     double *moving_variance, double *y);
void ref_batch_normalization_backward(const ref_norm *p, const double *x, const double *gamma,
                                      const double *dy, double *dx, double *dgamma, double *dbeta);
/* Inference: the moving statistics are constants. */
void ref_batch_normalization_infer(const ref_norm *p, const double *x, const double *gamma,
                                   const double *beta, const double *moving_mean,
                                   const double *moving_variance, double *y);
void ref_batch_normalization_infer_backward(const ref_norm *p, const double *x, const double *gamma,
                                            const double *moving_mean,
                                            const double *moving_variance, const double *dy,
                                            double *dx, double *dgamma, double *dbeta);
void ref_layer_normalization_forward(const ref_norm *p, const double *x, const double *gamma,
                                     const double *beta, double *y);
void ref_layer_normalization_backward(const ref_norm *p, const double *x, const double *gamma,
                                      const double *dy, double *dx, double *dgamma, double *dbeta);
/* `mask` holds the factors themselves: 0 or 1 / (1 - rate). Backward is the same function on dy. */
void ref_dropout(long size, const double *x, const double *mask, double *y);

/* ---- recurrent layers (ref_rnn.c) ----------------------------------------------------------- */

typedef enum ref_cell { REF_LSTM, REF_GRU, REF_SIMPLE_RNN } ref_cell;

/* With G = 4 (lstm: i,f,c,o), 3 (gru, reset_after: z,r,h), 1 (simple_rnn):
 *  kernel [F,G*H]  recurrent_kernel [H,G*H]  bias [G*H], gru: [2,3*H] (input, recurrent)
 * x [N,T,F]; y [N,T,H] with return_sequences, else [N,H] (the last step processed). With
 * go_backwards steps are processed from T-1 to 0 and y is in processing order.
 * The first state is 0.
 * `mask` [N,H] or NULL: recurrent dropout, factors 0 or 1 / (1 - rate) on the h of the step before
 * in every product with recurrent_kernel, the same at every step and for every gate; the h in gru's
 * z * h is not masked, as in Keras 3. */
typedef struct ref_rnn {
    ref_cell cell;
    long n, t, f, units;
    ref_activation activation;           /* tanh */
    ref_activation recurrent_activation; /* sigmoid; simple_rnn has none */
    bool return_sequences, go_backwards;
} ref_rnn;

typedef struct ref_rnn_params {
    const double *kernel, *recurrent_kernel, *bias, *mask;
} ref_rnn_params;

typedef struct ref_rnn_grads {
    double *kernel, *recurrent_kernel, *bias;
} ref_rnn_grads;

long ref_rnn_gates(ref_cell cell);
long ref_rnn_bias_size(const ref_rnn *p);
void ref_rnn_forward(const ref_rnn *p, const double *x, ref_rnn_params w, double *y);
void ref_rnn_backward(const ref_rnn *p, const double *x, ref_rnn_params w, const double *dy,
                      double *dx, ref_rnn_grads g);

typedef enum ref_merge { REF_CONCAT, REF_SUM } ref_merge;

/* `p` describes the forward layer (go_backwards is false: Keras allows nothing else); the other one
 * has go_backwards, and its sequence is reversed before merging. concat: forward first. w[0], g[0]
 * forward, [1] backward. */
void ref_bidirectional_forward(const ref_rnn *p, ref_merge merge, const double *x,
                               const ref_rnn_params w[2], double *y);
void ref_bidirectional_backward(const ref_rnn *p, ref_merge merge, const double *x,
                                const ref_rnn_params w[2], const double *dy, double *dx,
                                const ref_rnn_grads g[2]);

/* ---- recurrent layers along the lines of images (ref_sweep.c) ------------------------------- */

/* x [N,H,W,F]; the sequences are the N*H rows of T = W steps, or the N*W columns of T = H, counted
 * image by image: rnn.n of them, which the masks are for. y [N,H,W,units'] with return_sequences,
 * else [N,H,units'] or [N,W,units']. Without is_bidirectional there are w[0] and g[0] alone. */
typedef struct ref_sweep {
    long h, w;
    bool is_vertical, is_bidirectional;
    ref_merge merge;
    ref_rnn rnn; /* n, t, f: of the sequences */
} ref_sweep;

void ref_sweep_forward(const ref_sweep *p, const double *x, const ref_rnn_params w[2], double *y);
void ref_sweep_backward(const ref_sweep *p, const double *x, const ref_rnn_params w[2],
                        const double *dy, double *dx, const ref_rnn_grads g[2]);

/* ---- layers that move or merge data (ref_shape.c) ------------------------------------------- */

/* y = sum of `count` inputs of `size` elements. Backward: every dx[i] is dy. */
void ref_add_forward(long count, long size, const double *const *x, double *y);
void ref_add_backward(long count, long size, const double *dy, double *const *dx);
/* x[i] [rows,width[i]] -> y [rows, sum of widths] */
void ref_concatenate_forward(long count, long rows, const long *width, const double *const *x,
                             double *y);
void ref_concatenate_backward(long count, long rows, const long *width, const double *dy,
                              double *const *dx);
/* rows: [N,H,W,C] -> [N,H,W*C]. columns: [N,H,W,C] -> [N,W,H*C], step w holds column w in the order
 * h, then c. reshape and flatten keep the memory order. */
void ref_rows_forward(long n, long h, long w, long c, const double *x, double *y);
void ref_rows_backward(long n, long h, long w, long c, const double *dy, double *dx);
void ref_columns_forward(long n, long h, long w, long c, const double *x, double *y);
void ref_columns_backward(long n, long h, long w, long c, const double *dy, double *dx);
void ref_reshape(long size, const double *x, double *y);

/* patches: x [N,H,W,C] -> y [N,H/PH,W/PW,PH*PW*C], a patch in the order row, column, channel. */
typedef struct ref_patches {
    long n, h, w, c, ph, pw;
} ref_patches;

void ref_patches_forward(const ref_patches *p, const double *x, double *y);
void ref_patches_backward(const ref_patches *p, const double *dy, double *dx);

/* ---- labels and their sequences (ref_labels.c) ---------------------------------------------- */

/* x [n] whole numbers, a negative one means zeros; table [rows,width] -> y [n,width]. */
void ref_embedding_forward(long n, long width, const double *x, const double *table, double *y);
void ref_embedding_backward(long n, long rows, long width, const double *x, const double *dy,
                            double *dtable);
/* x [n,f] -> y [n,t,f] */
void ref_repeat_vector_forward(long n, long t, long f, const double *x, double *y);
void ref_repeat_vector_backward(long n, long t, long f, const double *dy, double *dx);
/* y [n,units] = activation(x [n,f] * transposed e [units,f] + bias) */
typedef struct ref_tied_dense {
    long n, f, units;
    ref_activation activation;
} ref_tied_dense;
void ref_tied_dense_forward(const ref_tied_dense *p, const double *x, const double *e,
                            const double *bias, double *y);
void ref_tied_dense_backward(const ref_tied_dense *p, const double *x, const double *e,
                             const double *bias, const double *dy, double *dx, double *de,
                             double *dbias);
/* w [n,t,s] = softmax over s of scale * q [n,t,d] . k [n,s,d];  y [n,t,f] = w * v [n,s,f].
 * Backward: any gradient may be NULL; dscale has one element. */
typedef struct ref_attention {
    long n, t, s, d, f;
    double scale;
} ref_attention;
void ref_attention_forward(const ref_attention *p, const double *q, const double *v,
                           const double *k, double *y);
void ref_attention_backward(const ref_attention *p, const double *q, const double *v,
                            const double *k, const double *dy, double *dq, double *dv, double *dk,
                            double *dscale);
/* x [n,k], w: pairs (0,1), (0,2), ..., (1,2), ... -> y [n,2^k]; set s has label i when bit i of s
 * is set. */
void ref_label_sets_forward(long n, long k, const double *x, const double *w, double *y);
void ref_label_sets_backward(long n, long k, const double *dy, double *dx, double *dw);

/* ---- losses (ref_loss.c): return the loss; the gradient goes to dx unless it is NULL --------- */

/* logits, target [n,k]; target is smoothed: t * (1 - smoothing) + smoothing / k. Mean over n. */
double ref_categorical_crossentropy(long n, long k, const double *logits, const double *target,
                                    double smoothing, double *dlogits);
/* label [n] in 0..k-1. Mean over n. */
double ref_sparse_categorical_crossentropy(long n, long k, const double *logits, const int *label,
                                           double *dlogits);
/* logits, target [n,k], smoothed as t * (1 - smoothing) + smoothing / 2. Mean over n and k. */
double ref_binary_crossentropy(long n, long k, const double *logits, const double *target,
                               double smoothing, double *dlogits);
/* Mean over n and k. */
double ref_mean_squared_error(long n, long k, const double *x, const double *target, double *dx);

/* ---- optimizers (ref_optim.c): one step on `size` parameters, state starts at 0 ------------ */

/* m [size] is the velocity; untouched (may be NULL) when momentum is 0. */
void ref_sgd(long size, double lr, double momentum, bool nesterov, const double *grad, double *m,
             double *param);
/* v [size]; momentum 0 needs no m. */
void ref_rmsprop(long size, double lr, double rho, double momentum, double epsilon,
                 const double *grad, double *v, double *m, double *param);
/* t = 1 at the first step. */
void ref_adam(long size, long t, double lr, double beta1, double beta2, double epsilon,
              const double *grad, double *m, double *v, double *param);
/* param -= lr * weight_decay * param, then adam. */
void ref_adamw(long size, long t, double lr, double beta1, double beta2, double epsilon,
               double weight_decay, const double *grad, double *m, double *v, double *param);
/* Scales the `count` gradients together so that their common Euclidean norm is at most `norm`. */
void ref_clip_by_global_norm(long count, const long *size, double *const *grad, double norm);

#endif
