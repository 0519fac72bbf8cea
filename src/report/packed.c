#include "report/packed.h"

#include <math.h>
#include <nettle/base64.h>
#include <string.h>

#include "base/alloc.h"

static wf_status pack(json_t **out, wf_context *cx, const char *type, const void *bytes,
                      size_t size, size_t count) {
    wf_str text = {0};
    json_t *packed = NULL;
    wf_str_add(&text, cx, "");
    wf_str_add_base64(&text, cx, bytes, size * count);
    if (text.status == WF_OK)
        packed = json_pack("{s:s, s:I, s:s}", "type", type, "count", (json_int_t)count, "base64",
                           text.text);
    wf_str_reset(&text);
    WF_REQUIRE(packed, WF_E_NOMEM, "out of memory: %zu packed numbers", count);
    *out = packed;
    return WF_OK;
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
        is_narrow ? pack(out, cx, "u8", narrow, 1, count) : wf_packed_u16(out, cx, wide, count);
    wf_free(wide);
    return status;
}

wf_status wf_packed_flags(json_t **out, wf_context *cx, const uint8_t *flags, size_t rows,
                          size_t width) {
    const size_t row_bytes = (width + 7) / 8;
    uint8_t *bytes = NULL;
    WF_TRY(wf_alloc(&bytes, cx, rows * row_bytes, 1));
    for (size_t i = 0; i < rows; i++)
        for (size_t k = 0; k < width; k++)
            bytes[i * row_bytes + k / 8] |= (uint8_t)(flags[i * width + k] << k % 8);
    wf_status status = pack(out, cx, "u8", bytes, 1, rows * row_bytes);
    wf_free(bytes);
    return status;
}

wf_status wf_packed_shares(json_t **out, wf_context *cx, const float *values, size_t count) {
    uint8_t *bytes = NULL;
    WF_TRY(wf_alloc(&bytes, cx, count, 1));
    for (size_t i = 0; i < count; i++)
        bytes[i] = (uint8_t)lrintf(255 * fminf(fmaxf(values[i], 0), 1));
    wf_status status = pack(out, cx, "u8", bytes, 1, count);
    wf_free(bytes);
    return status;
}

/* Of a u8, a u16 or, up to 2^24, an f32; -1: none of an f32. */
static int32_t number_at(const uint8_t *bytes, size_t size) {
    float whole;
    if (size < sizeof whole) return size == 1 ? bytes[0] : bytes[0] | bytes[1] << 8;
    memcpy(&whole, bytes, sizeof whole);
    return whole >= 0 && whole <= 1 << 24 ? (int32_t)whole : -1;
}

wf_status wf_unpack(int32_t **out, size_t *out_count, wf_context *cx, const json_t *packed) {
    const char *type = json_string_value(json_object_get(packed, "type"));
    const char *text = json_string_value(json_object_get(packed, "base64"));
    const size_t count = (size_t)json_integer_value(json_object_get(packed, "count"));
    const size_t size = !type                  ? 0
                        : !strcmp(type, "u8")  ? 1
                        : !strcmp(type, "u16") ? 2
                        : !strcmp(type, "f32") ? 4
                                               : 0;
    struct base64_decode_ctx decoder;
    uint8_t *bytes = NULL;
    int32_t *values = NULL;
    wf_status status;
    WF_REQUIRE(text && size, WF_E_DATA, "packed numbers must be of type u8, u16 or f32");
    size_t length = BASE64_DECODE_LENGTH(strlen(text));
    WF_TRY_OR(wf_alloc(&bytes, cx, length + 1, 1));
    base64_decode_init(&decoder);
    int is_read = base64_decode_update(&decoder, &length, bytes, strlen(text), text) &&
                  base64_decode_final(&decoder);
    WF_REQUIRE_OR(is_read && length == count * size, WF_E_DATA,
                  "packed numbers: %zu bytes for %zu values of %zu bytes", length, count, size);
    WF_TRY_OR(wf_alloc(&values, cx, count, sizeof *values));
    for (size_t i = 0; i < count; i++) values[i] = number_at(bytes + i * size, size);
    *out = values;
    *out_count = count;
done:
    wf_free(bytes);
    return status;
}

wf_status wf_unpack_flags(uint8_t **out, wf_context *cx, const json_t *packed, size_t rows,
                          size_t width) {
    const size_t row_bytes = (width + 7) / 8;
    int32_t *bytes = NULL;
    uint8_t *flags = NULL;
    size_t count = 0;
    wf_status status;
    WF_TRY_OR(wf_unpack(&bytes, &count, cx, packed));
    WF_REQUIRE_OR(count == rows * row_bytes, WF_E_DATA,
                  "packed flags: %zu bytes for %zu rows of %zu", count, rows, width);
    WF_TRY_OR(wf_alloc(&flags, cx, rows, width));
    for (size_t i = 0; i < rows; i++)
        for (size_t k = 0; k < width; k++)
            flags[i * width + k] = bytes[i * row_bytes + k / 8] >> k % 8 & 1;
    *out = flags;
done:
    wf_free(bytes);
    return status;
}
