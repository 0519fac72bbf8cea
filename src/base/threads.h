/* A pool of workers that run the items of one phase after another. */
#ifndef WF_BASE_THREADS_H
#define WF_BASE_THREADS_H

#include "base/status.h"
#include "weft/threads.h"

/* item 0 .. n_items-1; worker 0 is the calling thread. */
typedef void (*wf_pool_fn)(void *user, int item, int worker);

/* Runs all items and returns when the last one is done. Denormals are flushed while items run; the
 * caller's floating-point state is restored.  Threads: one caller at a time. */
void wf_pool_run(wf_pool *pool, wf_pool_fn fn, void *user, int n_items);

/* The same for items that take some microseconds each. Waking a worker that sleeps takes longer,
 * so it is done now and then only, and only while one phase follows the other without a pause: then
 * the worker stays awake for the phases to come. */
void wf_pool_run_short(wf_pool *pool, wf_pool_fn fn, void *user, int n_items);

/* CPUs that this process may use. */
int wf_cpu_count(void);

#endif
