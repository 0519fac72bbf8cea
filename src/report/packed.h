/* Numbers of many images inside JSON: {"type": "u8|u16|f32", "count": N, "base64": "..."}, little
 * endian. */
#ifndef WF_REPORT_PACKED_H
#define WF_REPORT_PACKED_H

#include <stddef.h>
#include <stdint.h>

#include "base/json.h"

/* Release with json_decref.  Errors: WF_E_NOMEM. */
wf_status wf_packed_u16(json_t **out, wf_context *cx, const uint16_t *values, size_t count);
wf_status wf_packed_f32(json_t **out, wf_context *cx, const float *values, size_t count);

/* Values in [0, limit): u8 where that is enough, else u16.  Errors: also WF_E_LIMIT (limit above
 * 65,536). */
wf_status wf_packed_small(json_t **out, wf_context *cx, const int32_t *values, size_t count,
                          int64_t limit);
/* Flags [rows][width], 0 or 1: of each row ceil(width / 8) bytes, flag k is bit k % 8 of byte
 * k / 8. */
wf_status wf_packed_flags(json_t **out, wf_context *cx, const uint8_t *flags, size_t rows,
                          size_t width);
/* Shares of 1, in steps of 1/255. */
wf_status wf_packed_shares(json_t **out, wf_context *cx, const float *values, size_t count);

/* Reads what is packed as u8, u16 or f32 (whole numbers). Free *out with wf_free.
 * Errors: WF_E_DATA (nothing of that kind, another number of values), WF_E_NOMEM. */
wf_status wf_unpack(int32_t **out, size_t *out_count, wf_context *cx, const json_t *packed);
/* The same of flags [rows][width]. */
wf_status wf_unpack_flags(uint8_t **out, wf_context *cx, const json_t *packed, size_t rows,
                          size_t width);

#endif
