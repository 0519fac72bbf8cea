/* The plan says how: a graph compiled for (batch, mode). A step of training is a fixed list of
 * phases with a barrier after each.
 *
 *   refresh   tiles   weights into the kernels' packed layouts
 *   forward   shards  gather, layers, loss; and straight on into
 *   backward  shards  the same images' gradients, while they are still in the core's L2
 *   wgrad     tiles   dense and recurrent weight gradients over the whole batch, sums over shards;
 *                     behind them what layers add to the gradients of parameters that they share
 *   update    tiles   optimizer over the flat parameter array
 *
 * A shard is a slice of the batch whose size is a function of graph and batch, never of the
 * machine; a tile is a fixed piece of a whole-batch result. Workers draw shards and tiles from a
 * counter; each result is written by exactly one of them and sums run in a fixed order, so the bits
 * do not depend on the number of threads. A tile step among the forward or backward steps (batch
 * normalisation, very wide dense layers) closes the running shard phase.
 *
 * Memory map of a plan
 *   batch buffers   whole batch, image-major: what crosses a phase (saved activations,
 *                   wgrad inputs)
 *   local buffers   one shard's worth per worker: what lives and dies inside one shard phase; or
 *                   some images' worth: inside one group of image steps
 *   fixed buffers   packed weights, statistics, partial sums per shard
 *   scratch         per worker, for one step at a time
 * Nothing is allocated after wf_plan_create. */
#ifndef WF_NN_PLAN_H
#define WF_NN_PLAN_H

#include "base/threads.h"
#include "kernels/kernels.h"
#include "nn/augment.h"
#include "nn/graph.h"
#include "nn/loss.h"
#include "nn/optim.h"
#include "weft/graph.h"

typedef struct wf_plan wf_plan;

/* ---- using a plan ---- */

typedef enum wf_plan_mode {
    WF_PLAN_INFER,    /* outputs only; dropout off, batch normalisation by moving statistics */
    WF_PLAN_EVALUATE, /* INFER plus the loss */
    WF_PLAN_TRAIN,    /* forward, backward, optimizer */
    WF_PLAN_GRADIENT  /* INFER plus gradients of a score: of the input's and a layer's values */
} wf_plan_mode;

/* The exponential moving average of the parameters, moving statistics included. Behind update t
 *   average = d average + (1 - d) value,  d = decay, in the warm-up at most (1 + t) / (10 + t)
 * Zero: none is kept. */
typedef struct wf_weight_average {
    wf_params *params; /* of the same graph */
    double decay;
    int has_warmup;
} wf_weight_average;

typedef struct wf_plan_options {
    wf_plan_mode mode;
    wf_precision precision;
    int batch_size;
    uint64_t seed;                       /* of dropout and augmentation */
    const wf_loss *loss;                 /* EVALUATE and TRAIN */
    const wf_optimizer *optimizer;       /* TRAIN; NULL leaves the gradients in params->gradient */
    const wf_augmentation *augmentation; /* TRAIN, or NULL; must outlive the plan */
    wf_weight_average average;           /* TRAIN with an optimizer */
    const wf_kernels *kernels;           /* NULL: the best that the CPU has */
    int shard_size;                      /* 0: chosen from graph and batch */
    int group_size;                      /* images that image steps take at a time; 0: chosen */
    /* INFER: the outputs are this layer's; NULL: the graph's. GRADIENT: its values and their
     * gradients are wanted too. */
    const char *layer;
    /* INFER: the plan begins with this layer's values, which the batch gives; NULL: with the
     * images. */
    const char *from;
    /* INFER: recurrent layers that read labels (wf_graph_is_causal) keep their state behind a run,
     * for batches that go on from it. */
    int keeps_state;
} wf_plan_options;

/* An image moved by whole pixels, what comes in being black, after left has become right. Zero: as
 * it is. Needs pixels and an input of [H, W, C]; |down| < H, |right| < W. */
typedef struct wf_view {
    int down, right, is_mirrored;
} wf_view;

/* One batch: `n` rows of a data set. Exactly one of pixels and values is given. */
typedef struct wf_batch {
    const uint8_t *pixels;      /* [rows][H*W*C] */
    const float *values;        /* [rows][size of input, or of options.from] */
    const float *scale, *shift; /* [C]: x = pixel * scale + shift; NULL: pixel / 255 */
    const int32_t *index;       /* [n] row numbers; NULL: 0..n-1 */
    const int32_t *labels;      /* [rows] class numbers; GRADIENT: whose scores; or */
    const float *targets; /* [rows][K]; GRADIENT: factors of the scores, which are added; or */
    const uint8_t *sets;  /* [rows][K] 0 or 1: targets of which any number may be 1; or */
    /* [rows][sequence_length] labels, the number of classes as END, then -1; of models that have a
     * label_input or a loss at each step */
    const int32_t *sequences;
    int sequence_length;
    /* [rows][sequence_length] in the same form, what label_input takes to have been told; NULL:
     * the sequences themselves */
    const int32_t *told;
    /* above 0: each image stands that often in the batch, one after the other, and `sequences` and
     * `told` are [n][sequence_length] in the batch's order */
    int hypotheses;
    /* INFER: the caller looks at the outputs of the first `steps` steps of a sequence only, those
     * of the others may be anything; 0: at all */
    int steps;
    /* [n] of a plan that keeps its state: the row of the run before, which had one step less, that
     * each row goes on from; only the outputs of the last of the `steps` are looked at. NULL: each
     * begins at its first step */
    const int32_t *goes_on_from;
    int n;          /* 1 .. batch_size */
    wf_view view;   /* not in TRAIN: how all its images are looked at */
    uint32_t epoch; /* keys the random numbers together with `position` */
    /* of the batch's first image in the epoch, or outside of training among all asked about */
    int64_t position;
    double learning_rate; /* TRAIN */
} wf_batch;

typedef struct wf_batch_result {
    double loss;     /* mean over the batch */
    int64_t correct; /* rows whose largest output is the label's; of sequences: at every step; with
                        `sets`: all of whose outputs are on the right side of one half */
} wf_batch_result;

/* Compiles.  Errors: WF_E_ARG, WF_E_NOMEM, WF_E_UNSUPPORTED. Graph, params and pool must outlive
 * it. Layers that do not lead to the plan's output are left out. A TRAIN plan with an optimizer
 * allocates the moments in `params`. */
wf_status wf_plan_create(wf_plan **out, wf_context *cx, const wf_graph *g, wf_params *params,
                         wf_pool *pool, const wf_plan_options *options);
void wf_plan_destroy(wf_plan *plan);

/* The name of the first parameter that is not finite; NULL: all are. */
const char *wf_plan_infinite_parameter(const wf_plan *plan);

/* Runs one batch; smaller batches than compiled are legal and divide the loss by their own size.
 * `out_result` may be NULL. Errors: WF_E_ARG, WF_E_DIVERGED (loss not finite; names the first
 * layer whose output is not finite; the parameters are not updated, but for moving statistics,
 * which are of the forward pass).
 * Threads: one caller at a time; the pool's workers do the work. */
wf_status wf_plan_run(wf_batch_result *out_result, wf_plan *plan, wf_context *cx,
                      const wf_batch *batch);

/* [n][output size] of the last run, until the next one. */
const float *wf_plan_output(const wf_plan *plan);
int64_t wf_plan_output_size(const wf_plan *plan);
/* GRADIENT, as above: the outputs before a softmax or sigmoid that ends the model, else the
 * outputs; the gradient with respect to the input; options.layer's values and gradient. */
const float *wf_plan_scores(const wf_plan *plan);
const float *wf_plan_input_gradient(const wf_plan *plan);
const float *wf_plan_layer_values(const wf_plan *plan);
const float *wf_plan_layer_gradient(const wf_plan *plan);
/* INFER: what the output's layer shows besides its values (wf_build_shown), [n][size], and the
 * size, 0 where it shows nothing. */
const float *wf_plan_shown(const wf_plan *plan);
int64_t wf_plan_shown_size(const wf_plan *plan);
int64_t wf_plan_memory_bytes(const wf_plan *plan);

/* ---- building a plan: what a layer's `plan` function sees ---- */

typedef int wf_buffer; /* index of a buffer; WF_NO_BUFFER where there is none */
enum { WF_NO_BUFFER = -1 };

/* One worker's view while it runs a step. */
typedef struct wf_work {
    const wf_plan *plan;
    const wf_kernels *kernels;
    const wf_batch *batch;
    int worker;
    int shard, n0, n;      /* shard steps: images n0 .. n0+n-1; tile steps: n0 = 0, n = batch->n */
    int shard_n0, shard_n; /* all images of the shard; image steps may see a part of them */
    int tile;
    void *scratch; /* as many bytes as the greediest step asked for, 64-byte aligned */
} wf_work;

typedef void (*wf_step_fn)(const wf_work *r, const void *args);

struct wf_builder {
    wf_context *cx;
    wf_plan *plan;
    const wf_graph *graph;
    const wf_node *node;
    int node_index;
    const wf_kernels *kernels;
    const void *config;
    int param; /* first parameter entry of this layer */
    int n_inputs;
    const wf_shape *src_shape[WF_MAX_INPUTS];
    const wf_shape *dst_shape;
    wf_buffer src[WF_MAX_INPUTS], dst;
    wf_buffer diff_src[WF_MAX_INPUTS]; /* WF_NO_BUFFER: nobody wants this gradient */
    wf_buffer diff_dst;                /* WF_NO_BUFFER: no backward pass, as in inference */
    int is_training;                   /* behave as in training; parameters want gradients */
    int is_bf16;
    int keeps_state;            /* of the options */
    unsigned final_activations; /* bit k: an output layer may leave activation k to the loss */
    wf_activation left;         /* and says here which one it left; WF_ACT_LINEAR: none */
    int batch_size, shard_size, n_shards;
    int sequence_length;              /* that a layer has asked of the batch; 0: none has */
    int sequence_labels;              /* that such a layer tells apart; 0: there is none */
    const struct wf_rnn_place *place; /* set by `bidirectional` and `sweep` for the layer inside */
};

typedef enum wf_list { WF_REFRESH, WF_FORWARD, WF_BACKWARD, WF_WGRAD, WF_WGRAD_SHARED } wf_list;

/* A buffer of `bytes` for each image. Whether it is local or whole-batch follows from its uses. */
wf_status wf_build_buffer(wf_buffer *out, wf_builder *b, size_t bytes);
/* A buffer of `bytes` in all that lives as long as the plan. */
wf_status wf_build_fixed(wf_buffer *out, wf_builder *b, size_t bytes);
/* Outside of training: dst is src; where there is a backward pass, so are the gradients.
 * Errors: WF_E_NOMEM. */
wf_status wf_build_alias(wf_builder *b);
/* Of a buffer with `size` floats for each image: who asks for the layer's output may look at them
 * as well. */
void wf_build_shown(wf_builder *b, wf_buffer buffer, int64_t size);
/* Asks for worker scratch. */
void wf_build_scratch(wf_builder *b, size_t bytes);

/* Appends a step; `args` is copied. `uses` lists every per-image buffer that it touches.
 * Shard steps are run once per shard, tile steps n_tiles times. Image steps are shard steps that
 * may be run for some images of the shard after others, in order: neighbouring ones hand over what
 * they make while it is in the nearest caches. Steps in WF_REFRESH and WF_WGRAD are tile steps, and
 * independent of each other; those of one node in WF_BACKWARD run in the order given, nodes in
 * reverse. Tile steps in WF_WGRAD_SHARED run behind WF_WGRAD, one after another in the order of
 * nodes: they add to gradients of other layers' parameters. */
wf_status wf_build_shard_step(wf_builder *b, wf_list list, wf_step_fn run, const void *args,
                              size_t args_size, const wf_buffer *uses, int n_uses);
wf_status wf_build_image_step(wf_builder *b, wf_list list, wf_step_fn run, const void *args,
                              size_t args_size, const wf_buffer *uses, int n_uses);
wf_status wf_build_tile_step(wf_builder *b, wf_list list, int n_tiles, wf_step_fn run,
                             const void *args, size_t args_size, const wf_buffer *uses, int n_uses);
#define WF_USES(...)                                                                               \
    (const wf_buffer[]){__VA_ARGS__},                                                              \
        (int)(sizeof((const wf_buffer[]){__VA_ARGS__}) / sizeof(wf_buffer))

/* What a step does for a layer; rows of the roofline. */
typedef enum wf_pass {
    WF_PASS_OF_LIST, /* that of the list which the step was appended to */
    WF_PASS_REFRESH,
    WF_PASS_FORWARD,
    WF_PASS_LOSS,
    WF_PASS_BACKWARD, /* gradients of inputs */
    WF_PASS_GRADIENT, /* of parameters */
    WF_PASS_UPDATE,
    WF_PASSES
} wf_pass;

/* What a step must do, however well it is written. The per-image buffers that it uses are known and
 * are not counted in `bytes`. */
typedef struct wf_cost {
    wf_pass pass;
    int is_bf16;        /* its products take bfloat16 numbers */
    double flop;        /* of matrix products, per image, as the layer's definition has them */
    double made_flop;   /* as the step makes them, by a cheaper algorithm; 0: as many */
    double exps, tanhs; /* evaluations, per image */
    double bytes;       /* of parameters and sums, read or written, per run */
} wf_cost;
/* Declares the cost of the step appended last; without it there is none but its buffers' bytes. */
void wf_build_cost(wf_builder *b, wf_cost cost);

/* The buffer's first byte for this run: of its images, or in tile steps of the whole batch. */
void *wf_at(const wf_work *r, wf_buffer buffer);
/* Whole-batch address of image n0 (only for buffers that a tile step uses). */
float *wf_at_image(const wf_work *r, wf_buffer buffer, int64_t n0);
/* The row of the data set that is an image of the batch (this run's are n0 .. n0+n-1), its
 * sequence, and what label_input takes to have been told. */
int64_t wf_work_row(const wf_work *r, int image);
const int32_t *wf_work_sequence(const wf_work *r, int image);
const int32_t *wf_work_told(const wf_work *r, int image);
/* Steps of this run's sequences whose answers count, 1 .. `steps`, of a layer that has `steps` of
 * them (wf_graph_is_causal): up to the last END of the batch, or as many as are looked at. */
int wf_work_steps(const wf_work *r, int steps);
/* Shards of this batch and the slice that belongs to one. */
int wf_work_shards(const wf_work *r);
void wf_work_shard_range(const wf_work *r, int shard, int *n0, int *n);
/* Parameter entry `index` of the graph: its values, its gradient. */
float *wf_value(const wf_work *r, int index);
float *wf_gradient(const wf_work *r, int index);
/* The random numbers of layer `node` for this run's images. */
wf_mask_key wf_work_mask_key(const wf_work *r, int node);

#endif
