/* What a layer is: one wf_layer_class in one file `layer_*.c` and one line in `layers.def`.
 *
 *   fields   the YAML keys with range and default, for the model reader and `weft layers`
 *   infer    input shapes -> output shape, parameters, multiply-adds
 *   plan     appends the forward and (in training) backward steps to a plan, see plan.h
 *   onnx     optional: says what the layer is in ONNX, see onnx.h
 *
 * No code outside a layer's file asks which layer it is. */
#ifndef WF_NN_LAYER_H
#define WF_NN_LAYER_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/activation.h"
#include "tensor/shape.h"

enum { WF_MAX_INPUTS = 16, WF_MAX_NAME = 64 }; /* a layer's name has its final 0 */

typedef struct wf_graph wf_graph;
typedef struct wf_builder wf_builder;
typedef struct wf_onnx wf_onnx;
typedef struct wf_layer_class wf_layer_class;

/* ---- configuration ---- */

typedef enum wf_field_kind {
    WF_FIELD_INT,    /* int32_t */
    WF_FIELD_REAL,   /* double */
    WF_FIELD_BOOL,   /* int32_t, 0 or 1 */
    WF_FIELD_CHOICE, /* int32_t, position of the word in `choices` */
    WF_FIELD_PAIR,   /* int32_t[2]; YAML: 3 or [3, 5] (height, width) */
    WF_FIELD_INTS,   /* wf_ints; YAML: [7, 448]; -1 is allowed where min says so */
    WF_FIELD_LAYER,  /* wf_layer_spec; YAML: {lstm: {units: 128}} */
    WF_FIELD_NAME    /* char[WF_MAX_NAME]: another layer's name */
} wf_field_kind;

typedef struct wf_ints {
    int32_t n, value[WF_MAX_RANK];
} wf_ints;

/* A layer's class with its configuration; the configuration is owned by whoever holds the spec. */
typedef struct wf_layer_spec {
    const wf_layer_class *class;
    void *config; /* class->config_size bytes, NULL when that is 0 */
} wf_layer_spec;

typedef struct wf_field {
    const char *key;
    wf_field_kind kind;
    size_t offset;       /* into the configuration struct */
    double min, max;     /* INT, REAL, PAIR, INTS: inclusive range */
    const char *choices; /* CHOICE: "valid|same" */
    const char *initial; /* the default as it would stand in YAML; NULL: the key is required */
    const char *help;
} wf_field;

typedef enum wf_initializer {
    WF_INIT_ZEROS,
    WF_INIT_ONES,
    WF_INIT_GLOROT_UNIFORM,
    WF_INIT_GLOROT_NORMAL,
    WF_INIT_HE_UNIFORM,
    WF_INIT_HE_NORMAL,
    WF_INIT_LECUN_NORMAL,
    WF_INIT_ORTHOGONAL,
    WF_INIT_UNIFORM,         /* Keras' for embeddings: -0.05 to 0.05 */
    WF_INIT_UNIT_FORGET_BIAS /* LSTM bias [4H]: ones for the forget gate */
} wf_initializer;

/* ---- shape inference ---- */

typedef struct wf_infer {
    wf_context *cx;
    wf_graph *graph;
    int node;
    const char *layer;  /* the node's name, for messages */
    const char *prefix; /* put before parameter names: "" or "forward_" */
    const void *config;
    int n_inputs;
    const wf_shape *inputs[WF_MAX_INPUTS]; /* without the batch axis */
    wf_shape output;                       /* to be set */
    int64_t madds;                         /* multiply-adds per image, to be set */
    int trains_another;                    /* 1: it adds to the gradient of another node */
} wf_infer;

/* Declares the node's next parameter: "<node>/<prefix><name>". fan_in and fan_out serve the
 * initialiser.  Errors: WF_E_LIMIT, WF_E_NOMEM. */
wf_status wf_infer_param(wf_infer *in, const char *name, const wf_shape *shape,
                         wf_initializer initializer, int64_t fan_in, int64_t fan_out,
                         int is_trainable);

/* ---- the class ---- */

enum {
    WF_LAYER_NO_GRADIENT_CHECK = 1, /* nothing to differentiate (input) */
    WF_LAYER_SHARES_BUFFER = 2,     /* dst is src under another shape: flatten, reshape, rows */
    WF_LAYER_RANDOM = 4,            /* draws numbers in training */
    WF_LAYER_RECURRENT = 8,         /* may stand inside `bidirectional` */
    WF_LAYER_WIDE_SHARDS = 16,      /* its products have one row per image only */
    WF_LAYER_STEPWISE = 32,         /* reads a sequence step by step, with a state */
    WF_LAYER_IMAGES = 64,           /* the images: the first layer, and no other */
    WF_LAYER_SETS = 256,            /* has an output for every set of the inputs */
    WF_LAYER_LOOKS = 512,           /* shows how much each step of input 0 looks at places of 1 */
    WF_LAYER_EACH_STEP = 1024,      /* what it gives at a step comes of its inputs at that step */
    WF_LAYER_LAST_AXIS = 128 /* makes each slice along the last axis anew of that slice alone */
};

struct wf_layer_class {
    const char *name;    /* YAML key */
    const char *summary; /* one line */
    const char *paper;   /* source, or NULL */
    unsigned flags;
    int min_inputs, max_inputs;
    size_t config_size;
    const wf_field *fields; /* ends with a NULL key */
    wf_status (*infer)(wf_infer *in);
    wf_status (*plan)(wf_builder *b);
    wf_status (*onnx)(wf_onnx *x); /* NULL: the layer cannot be exported */
};

/* The registry. */
const wf_layer_class *wf_layer_find(const char *name); /* NULL when unknown */
/* The same; an unknown name suggests the nearest.  Errors: WF_E_ARG. */
wf_status wf_layer_require(const wf_layer_class **out, wf_context *cx, const char *owner,
                           const char *name);
size_t wf_layer_count(void);
const wf_layer_class *wf_layer_at(size_t i);

#endif
