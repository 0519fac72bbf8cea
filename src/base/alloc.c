#include "base/alloc.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* From this size on memory is asked for in huge pages, for passes over many megabytes otherwise
 * spend their time in address translation (twice so in a virtual machine). */
enum { HUGE_PAGE = 2 << 20 };

static atomic_long allocations;
static atomic_long fail_at;

void wf__alloc_fail_at(long k) { atomic_store(&fail_at, k); }

long wf__alloc_count(void) { return atomic_load(&allocations); }

/* True when the fault counter says that this allocation is the one to fail. */
static int is_chosen_to_fail(void) {
    atomic_fetch_add(&allocations, 1);
    return atomic_load(&fail_at) > 0 && atomic_fetch_sub(&fail_at, 1) == 1;
}

wf_status wf_alloc(void *out_pointer, wf_context *cx, size_t count, size_t size) {
    size_t bytes, rounded;
    WF_REQUIRE(!__builtin_mul_overflow(count, size, &bytes) &&
                   !__builtin_add_overflow(bytes, (size_t)HUGE_PAGE, &rounded),
               WF_E_NOMEM, "allocation of %zu times %zu bytes overflows", count, size);
    const size_t alignment = bytes < HUGE_PAGE ? 64 : HUGE_PAGE;
    rounded = (bytes + alignment - 1) & ~(alignment - 1);
    void *pointer = is_chosen_to_fail() ? NULL : aligned_alloc(alignment, rounded ? rounded : 64);
    WF_REQUIRE(pointer, WF_E_NOMEM, "out of memory: %zu bytes | close other programs", bytes);
    if (alignment == HUGE_PAGE) madvise(pointer, rounded, MADV_HUGEPAGE); /* only advice */
    memset(pointer, 0, rounded);
    memcpy(out_pointer, &pointer, sizeof pointer);
    return WF_OK;
}

wf_status wf_realloc(void *inout_pointer, wf_context *cx, size_t old_count, size_t new_count,
                     size_t size) {
    void *old, *fresh = NULL;
    memcpy(&old, inout_pointer, sizeof old);
    WF_TRY(wf_alloc(&fresh, cx, new_count, size));
    if (old) memcpy(fresh, old, (old_count < new_count ? old_count : new_count) * size);
    wf_free(old);
    memcpy(inout_pointer, &fresh, sizeof fresh);
    return WF_OK;
}

void wf_free(void *pointer) { free(pointer); }

void wf_text_free(char *text) { wf_free(text); }

wf_status wf_strdup(char **out, wf_context *cx, const char *text) {
    size_t n = strlen(text) + 1;
    char *copy = NULL;
    WF_TRY(wf_alloc(&copy, cx, n, 1));
    memcpy(copy, text, n);
    *out = copy;
    return WF_OK;
}
