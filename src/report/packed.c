#include "report/packed.h"

#include <math.h>

#include "base/alloc.h"

static wf_status pack(json_t **out, wf_context *cx, const char *type, const void *bytes,
                      size_t size, size_t count) {
    wf_str text = {0};
    wf_str_add(&text, cx, "");
    wf_str_add_base64(&text, cx, bytes, size * count);
    WF_TRY(text.status);
    json_t *packed =
        json_pack("{s:s, s:I, s:s}", "type", type, "count", (json_int_t)count, "base64", text.text);
    wf_str_reset(&text);
    WF_REQUIRE(packed, WF_E_NOMEM, "out of memory: %zu packed numbers", count);
    *out = packed;
    return WF_OK;
}

wf_status wf_packed_u8(json_t **out, wf_context *cx, const uint8_t *values, size_t count) {
    return pack(out, cx, "u8", values, 1, count);
}

/* x86-64 is little endian. */
wf_status wf_packed_u16(json_t **out, wf_context *cx, const uint16_t *values, size_t count) {
    return pack(out, cx, "u16", values, sizeof *values, count);
}

wf_status wf_packed_f32(json_t **out, wf_context *cx, const float *values, size_t count) {
    return pack(out, cx, "f32", values, sizeof *values, count);
}

wf_status wf_packed_small(json_t **out, wf_context *cx, const int32_t *values, size_t count,
                          int64_t limit) {
    uint16_t *wide = NULL;
    WF_REQUIRE(limit <= 1 << 16, WF_E_LIMIT, "numbers up to %lld, at most 65,535 can be packed",
               (long long)limit - 1);
    WF_TRY(wf_alloc(&wide, cx, count, sizeof *wide));
    uint8_t *narrow = (uint8_t *)wide;
    const int is_narrow = limit <= 1 << 8;
    for (size_t i = 0; i < count; i++)
        if (is_narrow) narrow[i] = (uint8_t)values[i];
        else wide[i] = (uint16_t)values[i];
    wf_status status =
        is_narrow ? wf_packed_u8(out, cx, narrow, count) : wf_packed_u16(out, cx, wide, count);
    wf_free(wide);
    return status;
}

wf_status wf_packed_shares(json_t **out, wf_context *cx, const float *values, size_t count) {
    uint8_t *bytes = NULL;
    WF_TRY(wf_alloc(&bytes, cx, count, 1));
    for (size_t i = 0; i < count; i++)
        bytes[i] = (uint8_t)lrintf(255 * fminf(fmaxf(values[i], 0), 1));
    wf_status status = wf_packed_u8(out, cx, bytes, count);
    wf_free(bytes);
    return status;
}
