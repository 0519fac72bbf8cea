/* The only way to memory in weft: checked sizes, zeroed, aligned to 64 bytes, failing on demand. */
#ifndef WF_BASE_ALLOC_H
#define WF_BASE_ALLOC_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* Zeroed memory for count * size bytes, aligned to 64 bytes.
 * Errors: WF_E_NOMEM (also when the product overflows).  Threads: any. */
wf_status wf_alloc(void *out_pointer, wf_context *cx, size_t count, size_t size);

/* Grows *pointer from old_count to new_count elements; the new part is zeroed. On failure the old
 * block stays as it is.  Errors: WF_E_NOMEM. */
wf_status wf_realloc(void *inout_pointer, wf_context *cx, size_t old_count, size_t new_count,
                     size_t size);

/* NULL is legal. */
void wf_free(void *pointer);

/* A copy of `text`. */
wf_status wf_strdup(char **out, wf_context *cx, const char *text);

/* For tests: the k-th allocation from now on fails (k = 1 is the next); 0 switches it off. */
void wf__alloc_fail_at(long k);
/* How many allocations were made since the process began. */
long wf__alloc_count(void);

#endif
