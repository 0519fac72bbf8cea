/* The recurrent family: lstm, gru and simple_rnn share one configuration.
 *
 *  src [N,T,F]  kernel [F,G*H]  recurrent_kernel [H,G*H]  bias [G*H], of the GRU [2,3H]
 *  dst [N,H], or [N,T,H] with return_sequences; go_backwards reads and writes from the last step on
 *
 * Gate order along G*H (Keras'): LSTM input, forget, cell, output; GRU update z, reset r,
 * candidate; the GRU's bias has the input's row first, then the recurrent one (reset_after). */
#ifndef WF_NN_RNN_H
#define WF_NN_RNN_H

#include "nn/infer.h"
#include "nn/plan.h"

typedef struct wf_rnn_config {
    double recurrent_dropout;
    int32_t units, activation, recurrent_activation, use_bias, return_sequences, go_backwards;
    int32_t kernel_initializer, recurrent_initializer;
    int32_t unit_forget_bias; /* LSTM only */
} wf_rnn_config;

/* WF_ACTIVATION_CHOICES without softmax, which is last. */
#define WF_RNN_ACTIVATION_CHOICES "linear|relu|leaky_relu|elu|gelu|sigmoid|tanh"

/* clang-format off: it cannot lay out tables inside of macros. */
#define WF_RNN_AT(member) offsetof(wf_rnn_config, member)
#define WF_RNN_FIELDS_HEAD                                                                         \
    {"units",                                                                                      \
     WF_FIELD_INT,                                                                                 \
     WF_RNN_AT(units),                                                                             \
     1,                                                                                            \
     1 << 24,                                                                                      \
     NULL,                                                                                         \
     NULL,                                                                                         \
     "size of the state and of the output"},                                                       \
    {                                                                                              \
        "activation", WF_FIELD_CHOICE, WF_RNN_AT(activation), 0, 0, WF_RNN_ACTIVATION_CHOICES,     \
            "tanh", "of the candidate and, in the LSTM, of the output; not gelu"                   \
    }
#define WF_RNN_FIELD_GATES                                                                         \
    {                                                                                              \
        "recurrent_activation", WF_FIELD_CHOICE, WF_RNN_AT(recurrent_activation), 0, 0,            \
            WF_RNN_ACTIVATION_CHOICES, "sigmoid", "of the gates; not gelu"                         \
    }
#define WF_RNN_FIELDS_TAIL                                                                         \
    {"use_bias", WF_FIELD_BOOL, WF_RNN_AT(use_bias), 0, 1, NULL, "true", "add biases"},            \
        {"return_sequences",                                                                       \
         WF_FIELD_BOOL,                                                                            \
         WF_RNN_AT(return_sequences),                                                              \
         0,                                                                                        \
         1,                                                                                        \
         NULL,                                                                                     \
         "false",                                                                                  \
         "the output of every step instead of the last one"},                                      \
        {"go_backwards",                                                                           \
         WF_FIELD_BOOL,                                                                            \
         WF_RNN_AT(go_backwards),                                                                  \
         0,                                                                                        \
         1,                                                                                        \
         NULL,                                                                                     \
         "false",                                                                                  \
         "read from the last step to the first"},                                                  \
        {"recurrent_dropout",                                                                      \
         WF_FIELD_REAL,                                                                            \
         WF_RNN_AT(recurrent_dropout),                                                             \
         0,                                                                                        \
         0.999,                                                                                    \
         NULL,                                                                                     \
         "0",                                                                                      \
         "share of the state that is dropped, the same at every step"},                            \
        {"kernel_initializer",          WF_FIELD_CHOICE,  WF_RNN_AT(kernel_initializer), 0, 0,     \
         WF_KERNEL_INITIALIZER_CHOICES, "glorot_uniform", "start of the kernel"},                  \
    {                                                                                              \
        "recurrent_initializer", WF_FIELD_CHOICE, WF_RNN_AT(recurrent_initializer), 0, 0,          \
            WF_KERNEL_INITIALIZER_CHOICES, "orthogonal", "start of the recurrent kernel"           \
    }
/* clang-format on */

/* Declares kernel [F, gates*H], recurrent_kernel [H, gates*H] and bias ([gates*H], or
 * [bias_rows, gates*H] where bias_rows > 1), sets output and multiply-adds.
 * Errors: WF_E_SHAPE, WF_E_LIMIT, WF_E_NOMEM. */
wf_status wf_rnn_infer(wf_infer *in, int gates, int bias_rows, wf_initializer bias_initializer);

/* Whether step t of the output depends on no later step. */
int wf_rnn_is_causal(const wf_rnn_config *config);

/* ---- plan ---- */

/* The point-wise part of one time step for `rows` sequences, behind the matrix products. */
typedef struct wf_rnn_step {
    const wf_kernels *kernels;
    int rows, units, activation, recurrent_activation;
    float *gates;        /* [rows][G*H]: x W + b (+ h U); after forward whatever backward wants */
    float *h_gates;      /* [rows][G*H]: h U + b', only of cells with has_own_state_product */
    float *c_prev, *c;   /* [rows][H], only of cells with has_cell_state */
    const float *h_prev; /* [rows][H] */
    float *h;            /* [rows][H] */
    float *dh;           /* backward: d(h); a cell with has_own_state_product leaves here the
                              part of d(h_prev) that does not pass U */
    float *dc;           /* backward: in d(c), out d(c_prev) */
} wf_rnn_step;

typedef struct wf_rnn_cell {
    int gates;
    int has_cell_state, has_own_state_product;
    void (*forward)(const wf_rnn_step *s);
    void (*backward)(const wf_rnn_step *s); /* gates (and h_gates) become their gradients */
} wf_rnn_cell;

/* Where a layer inside `bidirectional` stands; and where its sequences lie, of which `sweep` has
 * several in each image: step s of line l at row l * line + s * step of src, and of dst too where
 * every step leaves something there. */
typedef struct wf_rnn_place {
    int is_backward;       /* reads the other way round and writes in the order of the input */
    int column, width;     /* its slice of a row of dst */
    int is_added;          /* adds to dst instead of writing (merge_mode sum) */
    int is_second;         /* adds to diff_src instead of writing */
    int lines, line, step; /* sequences per image; rows between them, and between steps */
} wf_rnn_place;

/* The place that the layer around this one has given it; else the whole of its only sequence. */
wf_rnn_place wf_rnn_place_of(const wf_builder *b);
wf_status wf_rnn_plan(wf_builder *b, const wf_rnn_cell *cell);

#endif
