/* The cheapest way to give each of n tasks to a worker of its own. */
#ifndef WF_TRAIN_ASSIGNMENT_H
#define WF_TRAIN_ASSIGNMENT_H

#include <stdint.h>

#include "base/status.h"

typedef struct wf__assignment {
    int32_t capacity;       /* the largest n */
    double *u, *v, *least;  /* [capacity + 1] */
    int32_t *task_of, *way; /* [capacity + 1] */
    unsigned char *is_used; /* [capacity + 1] */
} wf__assignment;

/* What problems up to that size need. Release with wf__assignment_reset.  Errors: WF_E_NOMEM. */
wf_status wf__assignment_create(wf__assignment *out, wf_context *cx, int32_t capacity);
void wf__assignment_reset(wf__assignment *a);

/* out[task] is the worker; cost [n][n], row by row of a task. Of equally cheap ways it takes one
 * that is a function of the costs. Allocates nothing; n^3 steps.
 * Source: Kuhn 1955, doi:10.1002/nav.3800020109; with potentials, Jonker and Volgenant 1987 */
void wf__assignment_solve(int32_t *out, wf__assignment *a, const double *cost, int32_t n);

#endif
