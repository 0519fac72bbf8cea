/* What this machine can do at most right now, all workers together. */
#ifndef WF_TRAIN_CEILINGS_H
#define WF_TRAIN_CEILINGS_H

#include "base/threads.h"
#include "kernels/kernels.h"

typedef enum wf_ceiling {
    WF_CEILING_FLOAT32,  /* flop/s of multiply-adds in registers */
    WF_CEILING_BFLOAT16, /* the same with bfloat16 factors */
    WF_CEILING_EXP,      /* evaluations/s over an array in L1 */
    WF_CEILING_TANH,
    WF_CEILING_L1,     /* bytes/s read, each worker half of its L1 cache again and again; */
    WF_CEILING_L2,     /* of its L2 cache; */
    WF_CEILING_FAR,    /* its part of as many bytes as the plan has beyond its local buffers; */
    WF_CEILING_MEMORY, /* its part of 256 MiB */
    WF_CEILINGS
} wf_ceiling;

/* "float32_flop_per_s", the key in JSON; never NULL. */
const char *wf_ceiling_key(wf_ceiling ceiling);

typedef struct wf_ceiling_meter {
    const wf_kernels *kernels;
    wf_pool *pool;
    float *memory;             /* what is read */
    size_t bytes[WF_CEILINGS]; /* by one worker, again and again */
    int64_t repeats[WF_CEILINGS];
} wf_ceiling_meter;

/* `far_bytes` are of all workers together. Release with wf_ceiling_meter_reset, whatever comes of
 * it.  Errors: WF_E_NOMEM. */
wf_status wf_ceiling_meter_init(wf_ceiling_meter *out, wf_context *cx, wf_pool *pool,
                                const wf_kernels *kernels, size_t far_bytes);
void wf_ceiling_meter_reset(wf_ceiling_meter *m);

/* Measures one ceiling for some milliseconds: flop, evaluations or bytes per second. */
double wf_ceiling_measure(wf_ceiling_meter *m, wf_ceiling ceiling);

/* Bytes of one core's cache, level 1 or 2. */
size_t wf_cache_bytes(int level);

#endif
