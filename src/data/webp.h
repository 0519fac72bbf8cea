/* Lossy pictures. */
#ifndef WF_DATA_WEBP_H
#define WF_DATA_WEBP_H

#include <stdint.h>

#include "base/status.h"
#include "base/str.h"

enum { WF_WEBP_MAX_SIDE = 16383 };

/* The WebP file of pixels [height][width][3], red, green, blue. The same pixels give the same
 * bytes. `out` must be zero or empty; release it with wf_str_reset.
 *  quality: 0 smallest ... 100 best.  height, width: 1 .. WF_WEBP_MAX_SIDE
 * Errors: WF_E_DATA and WF_E_LIMIT (extents), WF_E_NOMEM.  Threads: any.
 * Source: RFC 9649, WebP Image Format */
wf_status wf_webp_encode(wf_str *out, wf_context *cx, const uint8_t *pixels, int height, int width,
                         int quality);

#endif
