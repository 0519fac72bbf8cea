/* The graph says what: layers in topological order, inferred shapes and parameters, no tensors.
 * Immutable once finished. */
#ifndef WF_NN_GRAPH_H
#define WF_NN_GRAPH_H

#include "nn/layer.h"
#include "weft/graph.h"

typedef struct wf_node {
    char *name;
    wf_layer_spec spec;
    int n_inputs, inputs[WF_MAX_INPUTS]; /* indices of earlier nodes */
    wf_shape shape;                      /* output, without the batch axis */
    int first_param, n_params;           /* in graph->params */
    int64_t madds;                       /* per image */
    int n_consumers;
    int trains_another; /* its gradient is part of another node's parameters' */
} wf_node;

typedef struct wf_param_entry {
    char *name; /* "conv2d_1/kernel" */
    int node;
    wf_shape shape;
    int64_t offset, size; /* floats, in the flat arrays of wf_params */
    int is_trainable;
    wf_initializer initializer;
    int64_t fan_in, fan_out;
} wf_param_entry;

struct wf_graph {
    char *name;
    wf_node *nodes;
    int n_nodes, capacity;
    wf_param_entry *params; /* in declaration order; trainable ones come first in the flat array */
    int n_params, params_capacity;
    int64_t trainable_size, total_size; /* floats */
    int output;                         /* index of the one node that nothing consumes */
    int is_finished;
};

/* An empty graph.  Errors: WF_E_NOMEM. */
wf_status wf_graph_create(wf_graph **out, wf_context *cx, const char *name);
void wf_graph_destroy(wf_graph *g);

/* Appends a layer and infers its shape. `config` is copied. `name` NULL gives Keras' automatic
 * name: "conv2d", "conv2d_1". Nodes must be added after their inputs; the first is `input`.
 * Errors: WF_E_ARG (name taken, number of inputs), WF_E_SHAPE, WF_E_LIMIT, WF_E_NOMEM. */
wf_status wf_graph_add(int *out_node, wf_graph *g, wf_context *cx, const wf_layer_spec *spec,
                       const char *name, const int *inputs, int n_inputs);

/* Closes the graph: finds the output, lays out the parameters.
 * Errors: WF_E_ARG when not exactly one node is left unconsumed. */
wf_status wf_graph_finish(wf_graph *g, wf_context *cx);

/* Index of the named node or -1. */
int wf_graph_find(const wf_graph *g, const char *name);
/* The same.  Errors: WF_E_ARG, which lists the names that there are. */
wf_status wf_graph_require(int *out_node, const wf_graph *g, wf_context *cx, const char *name);
/* The node whose outputs are a finished graph's features: the input of the last one that multiplies
 * matrices, which in most classifiers is the last dense layer. Where labels are told one after
 * another, the last of those that make one vector of the image alone; without any, the trunk. */
int wf_graph_features(const wf_graph *g);

/* The last node through which all goes that the layers which read labels take of the images: where
 * a decoder begins. 0, the images, where there is no other. -1: no layer reads labels. */
int wf_graph_trunk(const wf_graph *g);

/* Whether a node reads labels in a model that makes each step's answer of the labels before that
 * step alone: what stands behind a step may then be left out. */
int wf_graph_is_causal(const wf_graph *g, int node);

/* Whether the node depends on labels that were told before. */
int wf_graph_reads_labels(const wf_graph *g, int node);

/* Whether the outputs come from this activation ("softmax"), as a layer or as the key of one. */
int wf_graph_ends_in(const wf_graph *g, const char *activation);

/* ---- all numbers that training changes ---- */

struct wf_params {
    const wf_graph *graph;
    float *value;        /* [graph->total_size] */
    float *gradient;     /* [graph->total_size], NULL in inference */
    float *slots[3];     /* optimizer moments, each [trainable_size] or NULL */
    uint64_t generation; /* raised whenever `value` changes */
    int64_t step;        /* optimizer steps taken */
};

/* Fresh parameters under the initialisers; every entry has its own random sequence, so that adding
 * a layer changes no other layer's start.  Errors: WF_E_NOMEM. */
wf_status wf_params_create(wf_params **out, wf_context *cx, const wf_graph *g, uint64_t seed);
/* The same values, without gradient and moments.  Errors: WF_E_NOMEM. */
wf_status wf_params_copy(wf_params **out, wf_context *cx, const wf_params *from);

#endif
