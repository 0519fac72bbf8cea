/* What timing steps and timing their parts share: images, a plan, batches one after another. */
#ifndef WF_TRAIN_BENCH_H
#define WF_TRAIN_BENCH_H

#include "nn/plan.h"
#include "train/targets.h"
#include "weft/train.h"

typedef struct wf__bench {
    wf_images own; /* random images, when none are given */
    const wf_images *images;
    wf_normalization normalization;
    wf_plan *plan;
    wf_params *average; /* of a recipe that keeps one */
    int batch_size;
    double learning_rate;
    wf__targets targets;
    int32_t *order;   /* [images->count] */
    int64_t position; /* in the order */
    uint32_t epoch;
    const volatile sig_atomic_t *stop;
} wf__bench;

/* Compiles the plan and makes the warm-up steps. `out` is zeroed; whatever happens it wants
 * wf__bench_reset.  Errors: as wf_bench_step. */
wf_status wf__bench_init(wf__bench *out, wf_params *params, wf_context *cx, wf_pool *pool,
                         const wf_bench_options *options);
void wf__bench_reset(wf__bench *b);

/* One full batch; the order starts again where it would run out.  Errors: as wf_plan_run. */
wf_status wf__bench_run(wf__bench *b, wf_context *cx);

#endif
