#include "train/assignment.h"

#include <math.h>

#include "base/alloc.h"

wf_status wf__assignment_create(wf__assignment *out, wf_context *cx, int32_t capacity) {
    wf__assignment a = {.capacity = capacity};
    const size_t n = (size_t)capacity + 1;
    wf_status status;
    WF_TRY_OR(wf_alloc(&a.u, cx, n, sizeof *a.u));
    WF_TRY_OR(wf_alloc(&a.v, cx, n, sizeof *a.v));
    WF_TRY_OR(wf_alloc(&a.least, cx, n, sizeof *a.least));
    WF_TRY_OR(wf_alloc(&a.task_of, cx, n, sizeof *a.task_of));
    WF_TRY_OR(wf_alloc(&a.way, cx, n, sizeof *a.way));
    WF_TRY_OR(wf_alloc(&a.is_used, cx, n, 1));
    *out = a;
    return WF_OK;
done:
    wf__assignment_reset(&a);
    return status;
}

void wf__assignment_reset(wf__assignment *a) {
    wf_free(a->u);
    wf_free(a->v);
    wf_free(a->least);
    wf_free(a->task_of);
    wf_free(a->way);
    wf_free(a->is_used);
    *a = (wf__assignment){0};
}

/* One more task gets a worker: the shortest path over reduced costs cost - u - v, which stay at
 * least 0, to a worker who is free. Workers and tasks count from 1, worker 0 holds the new task. */
static void add_task(wf__assignment *a, const double *cost, int32_t n, int32_t task) {
    int32_t worker = 0;
    a->task_of[0] = task;
    for (int32_t j = 0; j <= n; j++) {
        a->least[j] = INFINITY;
        a->is_used[j] = 0;
    }
    do {
        const int32_t i = a->task_of[worker];
        int32_t next = 0;
        double step = INFINITY;
        a->is_used[worker] = 1;
        for (int32_t j = 1; j <= n; j++) {
            if (a->is_used[j]) continue;
            const double reduced = cost[(int64_t)(i - 1) * n + j - 1] - a->u[i] - a->v[j];
            if (reduced < a->least[j]) {
                a->least[j] = reduced;
                a->way[j] = worker;
            }
            if (a->least[j] < step) {
                step = a->least[j];
                next = j;
            }
        }
        for (int32_t j = 0; j <= n; j++)
            if (a->is_used[j]) {
                a->u[a->task_of[j]] += step;
                a->v[j] -= step;
            } else {
                a->least[j] -= step;
            }
        worker = next;
    } while (a->task_of[worker]);
    for (; worker; worker = a->way[worker]) a->task_of[worker] = a->task_of[a->way[worker]];
}

void wf__assignment_solve(int32_t *out, wf__assignment *a, const double *cost, int32_t n) {
    for (int32_t j = 0; j <= n; j++) {
        a->u[j] = a->v[j] = 0;
        a->task_of[j] = 0;
    }
    for (int32_t i = 1; i <= n; i++) add_task(a, cost, n, i);
    for (int32_t j = 1; j <= n; j++) out[a->task_of[j] - 1] = j - 1;
}
