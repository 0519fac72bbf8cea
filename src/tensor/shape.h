/* Shapes. Images are channels-last: [N,H,W,C]; sequences [N,T,F]. */
#ifndef WF_TENSOR_SHAPE_H
#define WF_TENSOR_SHAPE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum { WF_MAX_RANK = 8 };

/* Extents without the batch axis unless said otherwise. */
typedef struct wf_shape {
    int rank;
    int64_t dim[WF_MAX_RANK];
} wf_shape;

/* Number of elements; 1 for rank 0. The shape must have passed wf_shape_check. */
int64_t wf_shape_size(const wf_shape *s);
/* Errors: WF_E_LIMIT when rank > 8 or more than 2^31 elements, WF_E_SHAPE when an extent is
 * below 1. */
wf_status wf_shape_check(wf_context *cx, const wf_shape *s, const char *owner);
int wf_shape_equal(const wf_shape *a, const wf_shape *b);
/* Writes "(28, 28, 1)"; returns `buffer`. */
const char *wf_shape_text(char *buffer, size_t size, const wf_shape *s);

#endif
