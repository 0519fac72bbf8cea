/* The inside of a plan, shared by plan*.c: compiling, memory, the loss, updates, running. */
#ifndef WF_NN_PLAN_INTERNAL_H
#define WF_NN_PLAN_INTERNAL_H

#include "base/clock.h"
#include "base/rng.h"
#include "nn/profile.h"

typedef enum wf_buffer_kind { WF_BUFFER_BATCH, WF_BUFFER_LOCAL, WF_BUFFER_FIXED } wf_buffer_kind;

enum { WF_NO_PHASE = -1, WF_MANY_PHASES = -2 };

typedef struct wf_plan_buffer {
    wf_buffer_kind kind;
    size_t bytes;    /* per image; in all when fixed */
    size_t offset;   /* into the memory of its kind */
    int is_kept;     /* read by the caller after the run: never local */
    int images;      /* of a local buffer: a group's or a shard's */
    int phase;       /* the only phase that uses it, or one of the above */
    int first, last; /* steps in running order: it must keep what it holds between them */
} wf_plan_buffer;

/* Neighbouring image steps [first, end) of plan->order, run for `images` images of a shard after
 * the others; any other shard step is a group of its own. */
typedef struct wf_group {
    int first, end, images;
} wf_group;

typedef struct wf_plan_step {
    wf_step_fn run;
    void *args;
    int node;
    wf_list list;
    int n_tiles; /* 0: shard step */
    int is_image_step;
    wf_group group;
    int first_use, n_uses;
    wf_cost cost;
} wf_plan_step;

/* Steps [first, first + n) of plan->order; all shard steps, or all tile steps. */
typedef struct wf_phase {
    int first, n, n_tiles; /* n_tiles 0: shards */
    int is_short;          /* some dozen microseconds on one core */
} wf_phase;

struct wf_plan {
    const wf_graph *graph;
    wf_params *params;
    wf_pool *pool;
    const wf_kernels *kernels;
    wf_plan_options options;
    int shard_size, n_shards;

    wf_plan_buffer *buffers;
    int n_buffers, buffers_capacity;
    wf_plan_step *steps; /* as the layers appended them */
    int n_steps, steps_capacity;
    wf_buffer *uses;
    int n_uses, uses_capacity;
    wf_plan_step *order; /* as they run: refresh, forward, backward, wgrad */
    wf_phase *phases;
    int n_phases, n_refresh_phases;

    unsigned char *batch_memory, *local_memory, *fixed_memory, *scratch_memory;
    size_t batch_bytes, local_bytes, fixed_bytes, scratch_bytes; /* local, scratch: per worker */

    wf_buffer *dst;   /* of every node */
    int output, from; /* nodes */
    int sequence_length;
    int counted_steps; /* of the sequences, in the run in progress */
    wf_buffer losses;  /* float per image */
    wf_buffer hits;    /* int32 per image: the largest output is the label's */
    wf_buffer scores, input_gradient, layer_gradient; /* of a GRADIENT plan */
    int layer;                                        /* node of options.layer */
    wf_buffer shown;                                  /* of the output's layer, [n][shown_size] */
    int64_t shown_size;
    double *norms;              /* partial squared norms of gradients, for clipping */
    uint64_t generation;        /* of the parameters that the packed weights hold */
    const wf_batch *batch;      /* of the run in progress */
    struct wf_profile *profile; /* NULL: nobody wants to know what takes how long */
};

struct wf_profile {
    wf_plan *plan;
    int n_workers, n_steps;
    wf_profile_step *steps; /* [n_steps]; the update is the last */
    int64_t *busy_ns;       /* [n_workers][stride] */
    int stride;             /* no two workers write to one cache line */
    int64_t phases_ns;
};

/* A worker calls the first when it begins an item and the second behind each step of it. Update's
 * step is plan->n_steps. */
static inline int64_t wf__profile_begin(const wf_plan *plan) {
    return plan->profile ? wf_clock_ns() : 0;
}
static inline int64_t wf__profile_step(const wf_plan *plan, int worker, int step, int64_t began) {
    if (!plan->profile) return 0;
    const int64_t now = wf_clock_ns();
    plan->profile->busy_ns[worker * plan->profile->stride + step] += now - began;
    return now;
}
/* wf_pool_run or wf_pool_run_short, timed. */
void wf__plan_run_items(const wf_plan *plan, wf_pool_fn fn, void *user, int n_items, int is_short);

/* What `bytes` take in memory: whole cache lines, and room behind them, for kernels may read a
 * panel past the end of their last row. */
static inline size_t wf__padded_bytes(size_t bytes) { return ((bytes + 63) & ~(size_t)63) + 256; }

/* plan_memory.c: decides which buffers are local, gives each its place, allocates. */
wf_status wf__plan_place_buffers(wf_plan *plan, wf_context *cx);
/* plan_gather.c: the step that makes the input's values. */
wf_status wf__plan_add_gather(wf_builder *b);
/* The same: the images of the batch that augmentation mixes to one, and their shares, whose sum is
 * 1. Only where wf__plan_mixes. */
typedef struct wf__mixture {
    int n;
    struct {
        int image;
        double share;
    } parts[1 << WF_MAX_AUGMENT_MIXES];
} wf__mixture;
int wf__plan_mixes(const wf_plan *plan);
void wf__plan_mixture(wf__mixture *out, const wf_work *r, int image);
/* plan_loss.c: the steps of an output [steps][classes] that a loss looks at one by one, with the
 * batch's sequences as labels; 0: it looks at the image's whole output. */
int wf__loss_steps(const wf_loss *loss, const wf_shape *output);
/* The step that reads the output, and what it needs. */
wf_status wf__plan_add_loss(wf_builder *b, wf_buffer output, wf_buffer diff);
/* plan_gradient.c: the step that makes scores and their gradient out of the output. */
wf_status wf__plan_add_scores(wf_builder *b, wf_buffer output, wf_buffer diff);
/* The same: keeps a node's values and their gradient; in front of the node's backward steps. */
wf_status wf__plan_keep(wf_buffer *out_gradient, wf_builder *b);
/* plan_update.c: optimizer. */
wf_status wf__plan_prepare_update(wf_plan *plan, wf_context *cx);
void wf__plan_update(wf_plan *plan, const wf_batch *batch);

#endif
