#include "tensor/shape.h"

#include <stdio.h>

int64_t wf_shape_size(const wf_shape *s) {
    int64_t n = 1;
    for (int i = 0; i < s->rank; i++) n *= s->dim[i];
    return n;
}

wf_status wf_shape_check(wf_context *cx, const wf_shape *s, const char *owner) {
    WF_REQUIRE(s->rank >= 0 && s->rank <= WF_MAX_RANK, WF_E_LIMIT,
               "%s: rank is %d, must be 0 to %d", owner, s->rank, WF_MAX_RANK);
    int64_t n = 1;
    for (int i = 0; i < s->rank; i++) {
        WF_REQUIRE(s->dim[i] >= 1, WF_E_SHAPE, "%s: extent %d is %lld, must be at least 1", owner,
                   i, (long long)s->dim[i]);
        WF_REQUIRE(!__builtin_mul_overflow(n, s->dim[i], &n) && n <= INT64_C(1) << 31, WF_E_LIMIT,
                   "%s: more than 2^31 elements", owner);
    }
    return WF_OK;
}

int wf_shape_equal(const wf_shape *a, const wf_shape *b) {
    if (a->rank != b->rank) return 0;
    for (int i = 0; i < a->rank; i++)
        if (a->dim[i] != b->dim[i]) return 0;
    return 1;
}

const char *wf_shape_text(char *buffer, size_t size, const wf_shape *s) {
    size_t at = (size_t)snprintf(buffer, size, "(");
    for (int i = 0; i < s->rank && at < size; i++)
        at +=
            (size_t)snprintf(buffer + at, size - at, "%s%lld", i ? ", " : "", (long long)s->dim[i]);
    if (at < size) snprintf(buffer + at, size - at, s->rank == 1 ? ",)" : ")");
    return buffer;
}
