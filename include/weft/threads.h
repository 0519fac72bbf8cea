/* The workers that compute. */
#ifndef WEFT_THREADS_H
#define WEFT_THREADS_H

#include "weft/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wf_pool wf_pool;

/* n_threads counts the calling thread; 0: all CPUs that this process may use. The number changes
 * the time that work takes, never its results.
 * Errors: WF_E_ARG, WF_E_NOMEM, WF_E_IO.
 * Threads: any makes one; a pool computes for one caller at a time. */
WF_API wf_status wf_pool_create(wf_pool **out, wf_context *cx, int n_threads);
/* NULL is legal. */
WF_API void wf_pool_destroy(wf_pool *pool);
WF_API int wf_pool_size(const wf_pool *pool);

#ifdef __cplusplus
}
#endif
#endif
