/* A pool of workers that run the items of one phase after another. */
#ifndef WF_BASE_THREADS_H
#define WF_BASE_THREADS_H

#include "base/status.h"

typedef struct wf_pool wf_pool;

/* item 0 .. n_items-1; worker 0 is the calling thread. */
typedef void (*wf_pool_fn)(void *user, int item, int worker);

/* n_threads >= 1 counts the calling thread.  Errors: WF_E_ARG, WF_E_NOMEM, WF_E_IO. */
wf_status wf_pool_create(wf_pool **out, wf_context *cx, int n_threads);
void wf_pool_destroy(wf_pool *pool);
int wf_pool_size(const wf_pool *pool);

/* Runs all items and returns when the last one is done. Denormals are flushed while items run; the
 * caller's floating-point state is restored.  Threads: one caller at a time. */
void wf_pool_run(wf_pool *pool, wf_pool_fn fn, void *user, int n_items);

/* CPUs that this process may use. */
int wf_cpu_count(void);

#endif
