/* The product's side of a comparison: one layer as a graph, run forward and backward with a given
 * cotangent.
 *
 *   input -> source_0 -> layer [-> pass] -> loss
 *         -> source_1 /
 *
 * A `source` is a layer of this test alone whose output is its own trainable parameter, one row for
 * each image: so the parameter is the layer's input, and its gradient the layer's input gradient.
 * The loss is the dot product of output and targets, so that the targets are the cotangent. `pass`
 * copies; with it the layer's output and its gradient live inside of one shard phase, as in a real
 * network. */
#ifndef WEFT_TESTS_PRODUCT_H
#define WEFT_TESTS_PRODUCT_H

#include "nn/plan.h"

typedef struct product {
    wf_graph *graph;
    wf_params *params;
    int batch; /* rows of every source */
    int layer; /* node */
    int n_inputs;
    wf_batch_result result;
    float *output; /* [n][size] of the last run */
} product;

typedef struct product_layer {
    const char *class_name, *keys; /* "filters: 3, padding: same" */
    int n_inputs;
    wf_shape inputs[WF_MAX_INPUTS]; /* without the batch */
    int batch;
    int is_inner; /* followed by `pass` */
} product_layer;

typedef struct product_run {
    wf_plan_mode mode;
    wf_precision precision;
    const wf_kernels *kernels;
    wf_pool *pool;
    int shard_size;
    int n; /* images, 0: all */
    uint64_t seed;
    uint32_t epoch;
    int64_t position;
    const float *cotangent; /* [n][size] */
} product_run;

/* Errors: those of wf_graph_add. */
wf_status product_create(product **out, wf_context *cx, const product_layer *layer);
void product_destroy(product *p);

/* The layer's parameter entry; NULL when there is none. */
float *product_value(const product *p, const char *name);
const float *product_gradient(const product *p, const char *name);
/* [batch][size] */
float *product_input(const product *p, int i);
const float *product_input_gradient(const product *p, int i);
long product_output_size(const product *p);

/* Compiles a plan and runs one batch. Before it, every gradient is set to not-a-number.
 * Errors: those of wf_plan_create and wf_plan_run. */
wf_status product_run_once(product *p, wf_context *cx, const product_run *run);

/* Multiples of 2^-12, normally distributed, a function of (seed, i) alone. */
float product_random(uint64_t seed, long i);

#endif
