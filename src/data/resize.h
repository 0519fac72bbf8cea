/* Resizing of images of bytes: bilinear, with a filter as wide as the shrinking. */
#ifndef WF_DATA_RESIZE_H
#define WF_DATA_RESIZE_H

#include <stdint.h>

#include "base/status.h"

/* Where each destination pixel along one axis comes from. */
typedef struct wf__resize_axis {
    int32_t *first, *count; /* [to] */
    float *weights;         /* [to][most] */
    int32_t most;
} wf__resize_axis;

/* For many images of one size. */
typedef struct wf__resizer {
    int32_t in_height, in_width, out_height, out_width, channels;
    wf__resize_axis rows, columns;
} wf__resizer;

/* Errors: WF_E_NOMEM. */
wf_status wf__resizer_init(wf__resizer *out, wf_context *cx, int32_t in_height, int32_t in_width,
                           int32_t out_height, int32_t out_width, int32_t channels);
/* From src [in_height][in_width][channels] to dst [out_height][out_width][channels]; `middle` is
 * room for in_height * out_width * channels floats.  Threads: any, each with a `middle`. */
void wf__resizer_run(const wf__resizer *r, uint8_t *dst, const uint8_t *src, float *middle);
void wf__resizer_reset(wf__resizer *r);

#endif
