/* How a layer says what it is in ONNX (https://onnx.ai/onnx/operators, opset 13). The slot `onnx`
 * of its class appends operators and constants to a sink, which src/export turns into a file: the
 * file's format is known there alone.
 *
 * Between layers a tensor is in weft's layout, [N,H,W,C] and [N,T,F], or in that of ONNX's
 * operators, [N,C,H,W] and [T,N,F]; tensors of another rank know one layout only. A layer asks for
 * its inputs in the layout that it wants and says in which one it leaves its output. A tensor is
 * converted where the two differ, and once for all who ask: so chains of convolutions and pools, or
 * of recurrent layers, have nothing in between. */
#ifndef WF_NN_ONNX_H
#define WF_NN_ONNX_H

#include "kernels/activation.h"
#include "nn/gates.h"
#include "nn/graph.h"

/* The names of a graph's image and of what it says; label_inputs have those of their layers. */
#define WF_ONNX_IMAGE "image"
#define WF_ONNX_PROBABILITIES "probabilities"

/* ---- what the sink takes ---- */

typedef enum wf_onnx_kind {
    WF_ONNX_INT,
    WF_ONNX_INTS,
    WF_ONNX_REAL,
    WF_ONNX_REALS,
    WF_ONNX_TEXT,
    WF_ONNX_TEXTS
} wf_onnx_kind;

typedef struct wf_onnx_attribute {
    const char *name;
    wf_onnx_kind kind;
    int n; /* elements of a list */
    int64_t i;
    double f;
    const int64_t *ints;
    const float *reals;
    const char *text, *const *texts;
} wf_onnx_attribute;

enum { WF_ONNX_MAX_INPUTS = WF_MAX_INPUTS, WF_ONNX_MAX_OUTPUTS = 2 };

typedef struct wf_onnx_operator {
    const char *type, *name;
    const char *inputs[WF_ONNX_MAX_INPUTS]; /* "" for an optional one that is left out */
    const char *outputs[WF_ONNX_MAX_OUTPUTS];
    int n_inputs, n_outputs, n_attributes;
    const wf_onnx_attribute *attributes;
} wf_onnx_operator;

typedef struct wf_onnx_sink {
    void *user;
    /* Nothing that is passed is kept. */
    wf_status (*add_operator)(void *user, wf_context *cx, const wf_onnx_operator *op);
    wf_status (*add_reals)(void *user, wf_context *cx, const char *name, const wf_shape *shape,
                           const float *values);
    wf_status (*add_ints)(void *user, wf_context *cx, const char *name, const int64_t *values,
                          int n);
    wf_status (*add_input)(void *user, wf_context *cx, const char *name, const wf_shape *shape,
                           const char *description);
} wf_onnx_sink;

/* ---- the graph under construction ---- */

/* A tensor's name, "conv2d_1/Relu"; held by value, so that layers need not free it. */
typedef struct wf_onnx_name {
    char text[128];
} wf_onnx_name;

typedef enum wf_onnx_layout {
    WF_ONNX_WEFT,  /* [N,H,W,C], [N,T,F] */
    WF_ONNX_FIRST, /* [N,C,H,W], [T,N,F] */
    WF_ONNX_LAYOUTS
} wf_onnx_layout;

/* A layer's output; a name is empty while nobody has asked for that layout. */
typedef struct wf_onnx_value {
    wf_onnx_name name[WF_ONNX_LAYOUTS];
    wf_onnx_layout layout; /* in which it was made */
} wf_onnx_value;

enum { WF_ONNX_MAX_PARTS = 64 };

/* [T,N*lines,F], of the image's lines. */
typedef struct wf_onnx_sequence {
    wf_onnx_name name;
    wf_shape shape; /* [T,F] of one line */
} wf_onnx_sequence;

typedef struct wf_onnx {
    wf_context *cx;
    const wf_params *params;
    const wf_onnx_sink *sink;
    wf_onnx_value *values; /* [graph->n_nodes] */
    /* the layer whose turn it is */
    const wf_node *node;
    wf_onnx_value *value; /* its own */
    const void *config;
    int directions, is_summed;        /* 2: it stands inside `bidirectional`; and its merge_mode */
    const wf_onnx_sequence *sequence; /* in place of input 0; it stands inside `sweep` */
    const char *parts[WF_ONNX_MAX_PARTS]; /* what it has made; the texts outlive its turn */
    int n_parts;
} wf_onnx;

/* Makes node `index` the layer whose turn it is. */
void wf_onnx_turn(wf_onnx *x, int index);
/* The same, and calls its slot.
 * Errors: WF_E_UNSUPPORTED (the layer has no slot, or its slot refuses the configuration), and what
 * the sink returns. */
wf_status wf_onnx_add_layer(wf_onnx *x, int index);
/* What the layer whose turn it was has left, in the given layout. */
wf_status wf_onnx_own(wf_onnx_name *out, wf_onnx *x, wf_onnx_layout layout);

/* ---- for slots ---- */

/* Of input `i`, without the batch. */
const wf_shape *wf_onnx_shape(const wf_onnx *x, int i);
/* Input `i` in the given layout, or in the one that it has. */
wf_status wf_onnx_input(wf_onnx_name *out, wf_onnx *x, int i, wf_onnx_layout layout);
wf_onnx_layout wf_onnx_layout_of(const wf_onnx *x, int i);
/* Position of the channels or features of a tensor with this many axes behind the batch. */
int wf_onnx_channel_axis(int rank, wf_onnx_layout layout);
/* Says where the layer's output is; what was said before is forgotten. */
void wf_onnx_output(wf_onnx *x, const wf_onnx_name *name, wf_onnx_layout layout);

/* The layer's output is an input of the whole graph, under the layer's name. */
wf_status wf_onnx_graph_input(wf_onnx_name *out, wf_onnx *x, const char *description);

/* Constants. `shape` has all axes. `part` names it: "kernel" becomes "conv2d_1/kernel". */
wf_status wf_onnx_reals(wf_onnx_name *out, wf_onnx *x, const char *part, const wf_shape *shape,
                        const float *values);
wf_status wf_onnx_real(wf_onnx_name *out, wf_onnx *x, const char *part, double value);
wf_status wf_onnx_ints(wf_onnx_name *out, wf_onnx *x, const char *part, const int64_t *values,
                       int n);
/* The node's i-th parameter array, and its values. */
const wf_param_entry *wf_onnx_entry(const wf_onnx *x, int i);
const float *wf_onnx_numbers(const wf_onnx *x, int i);
/* The same as a constant, axis k being the array's axis axes[k]; NULL: as it is. */
wf_status wf_onnx_param(wf_onnx_name *out, wf_onnx *x, int i, const int *axes);

/* An operator with one output. */
wf_status wf_onnx_apply(wf_onnx_name *out, wf_onnx *x, const char *type, const wf_onnx_name *inputs,
                        int n_inputs, const wf_onnx_attribute *attributes, int n_attributes);
/* The same of one input and no attributes, or of two. */
wf_status wf_onnx_unary(wf_onnx_name *out, wf_onnx *x, const char *type, const wf_onnx_name *a);
wf_status wf_onnx_binary(wf_onnx_name *out, wf_onnx *x, const char *type, const wf_onnx_name *a,
                         const wf_onnx_name *b);
wf_status wf_onnx_transpose(wf_onnx_name *out, wf_onnx *x, const wf_onnx_name *a,
                            const int64_t *order, int n);
/* In `dims` 0 keeps the input's extent at that place, and one -1 takes what is left. */
wf_status wf_onnx_reshape(wf_onnx_name *out, wf_onnx *x, const wf_onnx_name *a, const int64_t *dims,
                          int n);
/* An output that is one of several; name it with wf_onnx_fresh, then fill `op` oneself. */
wf_status wf_onnx_fresh(wf_onnx_name *out, wf_onnx *x, const char *part);

/* *a becomes the activation of it; alpha as in the kernel `activate`. */
wf_status wf_onnx_activate(wf_onnx_name *a, wf_onnx *x, wf_activation kind, double alpha,
                           int channel_axis);
/* The slot of a layer that is nothing but an activation. */
wf_status wf_onnx_activation_layer(wf_onnx *x, wf_activation kind, double alpha);
/* The slot of a layer that hands on what it gets. */
wf_status wf_onnx_same(wf_onnx *x);
/* The slot of flatten, reshape, rows: the elements in weft's order under the node's own shape. */
wf_status wf_onnx_reshaped(wf_onnx *x);

/* ---- what several slots share ---- */

/* The attributes of a sliding window over the image that is input 0. */
typedef struct wf_onnx_window {
    int64_t kernel[2], strides[2], dilations[2], pads[4];
    wf_onnx_attribute attributes[4]; /* kernel_shape, strides, pads, dilations */
} wf_onnx_window;
void wf_onnx_window_init(wf_onnx_window *w, const wf_onnx *x, const int32_t kernel[2],
                         const int32_t strides[2], const int32_t dilation_rate[2], int padding);

/* The slot of a recurrent layer. */
typedef struct wf_onnx_cell {
    const char *type; /* LSTM, GRU, RNN */
    const wf_gates *gates;
    int has_gate_activation, has_output_activation; /* beside the candidate's */
    int is_reset_after;                             /* GRU: r . (h U + b'), not (r . h) U + b' */
} wf_onnx_cell;
wf_status wf_onnx_recurrent(wf_onnx *x, const wf_onnx_cell *cell);

#endif
