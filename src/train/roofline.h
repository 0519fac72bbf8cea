/* Where the time of a step goes, beside the least time that this machine allows for it.
 *
 * A step of a plan takes at least
 *   max(made flop / product rate, near bytes / cache rate, far bytes / far rate)
 *   + exps / exp rate + tanhs / tanh rate
 * with all workers busy; the least time of the whole is the sum over its steps. See
 * docs/performance.md for what is counted. */
#ifndef WF_TRAIN_ROOFLINE_H
#define WF_TRAIN_ROOFLINE_H

#include "nn/profile.h"
#include "train/ceilings.h"
#include "weft/train.h"

typedef enum wf_bound {
    WF_BOUND_NOTHING, /* the row has nothing to do that has a ceiling */
    WF_BOUND_PRODUCTS,
    WF_BOUND_NEAR,
    WF_BOUND_FAR,
    WF_BOUND_FUNCTIONS,
    WF_BOUNDS
} wf_bound;

/* All steps of one layer and pass, per run. */
typedef struct wf_roofline_row {
    int node; /* of the graph; -1: the optimizer */
    wf_pass pass;
    int is_bf16;
    double flop, made_flop;    /* by the layer's definition; by the algorithm */
    double bytes, evaluations; /* near and far bytes; of exp and tanh */
    double least_ms, ms;
    wf_bound bound;          /* what takes most of least_ms */
    double parts[WF_BOUNDS]; /* ms of each */
} wf_roofline_row;

typedef struct wf_roofline {
    wf_roofline_row *rows; /* in the order in which their first steps run */
    int n_rows;
    double ceilings[WF_CEILINGS];
    wf_ceiling near; /* which of the caches holds a worker's local buffers */
    double ms, least_ms;
    double waiting_ms; /* workers that wait for others, divided among all */
    double other_ms;   /* between the phases */
    int64_t runs;      /* measured */
    int batch_size;
} wf_roofline;

/* Measures ceilings and steps (or calls) in turn. All figures are means over the faster half of
 * their measurements.  Errors: as wf_bench_step. */
wf_status wf_roofline_measure(wf_roofline *out, wf_params *params, wf_context *cx, wf_pool *pool,
                              const wf_bench_options *options);
void wf_roofline_reset(wf_roofline *r);

#endif
