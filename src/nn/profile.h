/* What each step of a plan must do and how long it takes, for a roofline.
 *
 * Between two clock readings a worker runs one step, so the steps' times, the workers' waiting and
 * what happens between the phases add up to the whole run. A plan without a profile reads no clock.
 */
#ifndef WF_NN_PROFILE_H
#define WF_NN_PROFILE_H

#include "nn/plan.h"

typedef struct wf_profile wf_profile;

typedef struct wf_profile_step {
    int node; /* of the graph; -1: the optimizer */
    wf_pass pass;
    int is_bf16;        /* its products take bfloat16 numbers */
    double flop;        /* this and the following: of one run with the plan's batch size */
    double made_flop;   /* not more than flop */
    double exps, tanhs; /* evaluations */
    double near_bytes;  /* memory that one worker's steps hand on to each other inside of a phase */
    double far_bytes;   /* memory that crosses phases, where the phase comes to it first */
} wf_profile_step;

/* Nanoseconds, as sums over the workers, of the runs since the profile began or was last reset. */
typedef struct wf_profile_times {
    double waiting; /* workers in a phase that have nothing left to do, or nothing yet */
    double phases;  /* of all workers from each phase's beginning to its end */
} wf_profile_times;

/* Times the plan's runs from now on.  Errors: WF_E_NOMEM. */
wf_status wf_profile_create(wf_profile **out, wf_context *cx, wf_plan *plan);
/* Ends it; before the plan's end. NULL is legal. */
void wf_profile_destroy(wf_profile *profile);

/* [returned number], in the order in which they run; lives as long as the profile. */
int wf_profile_steps(const wf_profile *profile, const wf_profile_step **out);
/* `out_step_ns` [steps].  Threads: not while the plan runs. */
wf_profile_times wf_profile_read(double *out_step_ns, const wf_profile *profile);
void wf_profile_reset(wf_profile *profile);

/* Bytes that one worker's local buffers take, and all others together with the parameters, their
 * gradients and the optimizer's moments: which caches may hold them. */
size_t wf_plan_near_bytes(const wf_plan *plan);
size_t wf_plan_far_bytes(const wf_plan *plan);

/* "forward" */
const char *wf_pass_name(wf_pass pass);

#endif
