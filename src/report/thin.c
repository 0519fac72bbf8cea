#include "report/thin.h"

#include <math.h>

#include "base/alloc.h"

static const double TOLERANCE = 1. / 1000;

/* Distance of point `i` from the segment between points `a` and `b`. */
static double distance(const double *x, const double *y, int64_t i, int64_t a, int64_t b) {
    double dx = x[b] - x[a], dy = y[b] - y[a], length = dx * dx + dy * dy;
    double part = length > 0 ? ((x[i] - x[a]) * dx + (y[i] - y[a]) * dy) / length : 0;
    part = fmin(fmax(part, 0), 1);
    return hypot(x[a] + part * dx - x[i], y[a] + part * dy - y[i]);
}

/* The point between `a` and `b` that is furthest from their line, or `a` when none is too far. */
static int64_t furthest(const double *x, const double *y, int64_t a, int64_t b) {
    double most = TOLERANCE;
    int64_t found = a;
    for (int64_t i = a + 1; i < b; i++) {
        double d = distance(x, y, i, a, b);
        if (d <= most) continue;
        most = d;
        found = i;
    }
    return found;
}

wf_status wf_thin(uint8_t **out, wf_context *cx, const double *x, const double *y, int64_t count) {
    uint8_t *is_kept = NULL;
    int64_t *ends = NULL; /* the right ends of the parts that are still to be looked at */
    if (count == 0) {
        *out = NULL;
        return WF_OK;
    }
    WF_TRY(wf_alloc(&is_kept, cx, (size_t)count, sizeof *is_kept));
    wf_status status = wf_alloc(&ends, cx, (size_t)count, sizeof *ends);
    if (status != WF_OK) {
        wf_free(is_kept);
        return status;
    }
    int64_t depth = 0, left = 0;
    is_kept[0] = is_kept[count - 1] = 1;
    ends[depth++] = count - 1;
    while (depth > 0) {
        int64_t right = ends[depth - 1], middle = furthest(x, y, left, right);
        if (middle != left) {
            is_kept[middle] = 1;
            ends[depth++] = middle;
        } else {
            left = right;
            depth--;
        }
    }
    wf_free(ends);
    *out = is_kept;
    return WF_OK;
}
