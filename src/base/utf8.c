#include "base/utf8.h"

#include "base/alloc.h"

enum { REPLACEMENT = 0xFFFD };

uint32_t wf_utf8_next(const char **text) {
    const unsigned char *p = (const unsigned char *)*text;
    if (!*p) return 0;
    *text += 1;
    if (p[0] < 0x80) return p[0];

    int extra = p[0] >= 0xF0 ? 3 : p[0] >= 0xE0 ? 2 : 1;
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    if (p[0] < 0xC2 || p[0] > 0xF4) return REPLACEMENT;
    uint32_t code = p[0] & (0x3Fu >> extra);
    for (int i = 1; i <= extra;
         i++) { /* the final 0 is no continuation byte, so this stays inside */
        if ((p[i] & 0xC0) != 0x80) return REPLACEMENT;
        code = code << 6 | (p[i] & 0x3Fu);
    }
    if (code < least[extra] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
        return REPLACEMENT;
    *text += extra;
    return code;
}

bool wf_utf8_is_valid(const char *text) {
    for (uint32_t code; (code = wf_utf8_next(&text)) != 0;)
        if (code == 0xFFFD) return false;
    return true;
}

void wf_utf8_add(wf_str *s, wf_context *cx, uint32_t code) {
    char bytes[4];
    size_t n = 0;
    if (code < 0x80) {
        bytes[n++] = (char)code;
    } else if (code < 0x800) {
        bytes[n++] = (char)(0xC0 | code >> 6);
    } else if (code < 0x10000) {
        bytes[n++] = (char)(0xE0 | code >> 12);
        bytes[n++] = (char)(0x80 | (code >> 6 & 0x3F));
    } else {
        bytes[n++] = (char)(0xF0 | code >> 18);
        bytes[n++] = (char)(0x80 | (code >> 12 & 0x3F));
        bytes[n++] = (char)(0x80 | (code >> 6 & 0x3F));
    }
    if (code >= 0x80) bytes[n++] = (char)(0x80 | (code & 0x3F));
    wf_str_add_bytes(s, cx, bytes, n);
}

static bool is_control(uint32_t code) { return code < 0x20 || (code >= 0x7F && code <= 0x9F); }

bool wf_utf8_is_clean(const char *text) {
    if (!wf_utf8_is_valid(text)) return false;
    for (uint32_t code; (code = wf_utf8_next(&text)) != 0;)
        if (is_control(code)) return false;
    return true;
}

wf_status wf_utf8_clean(char **out, wf_context *cx, const char *text) {
    wf_str clean = {0};
    wf_str_add(&clean, cx, ""); /* so that an empty text is a text */
    for (uint32_t code; (code = wf_utf8_next(&text)) != 0;)
        wf_utf8_add(&clean, cx, is_control(code) ? REPLACEMENT : code);
    if (clean.status != WF_OK) {
        wf_status status = clean.status;
        wf_str_reset(&clean);
        return status;
    }
    *out = clean.text;
    return WF_OK;
}

int wf_utf8_width(const char *text) {
    /* The blocks that matter in practice, by Unicode's East Asian Width (W, F) and category Mn. */
    static const struct {
        uint32_t first, last;
        int width;
    } blocks[] = {
        {0x0300, 0x036F, 0},   {0x200B, 0x200F, 0}, {0x20D0, 0x20FF, 0},   {0xFE00, 0xFE0F, 0},
        {0x1100, 0x115F, 2},   {0x2E80, 0xA4CF, 2}, {0xAC00, 0xD7A3, 2},   {0xF900, 0xFAFF, 2},
        {0xFF01, 0xFF60, 2},   {0xFFE0, 0xFFE6, 2}, {0x1F300, 0x1F64F, 2}, {0x1F900, 0x1F9FF, 2},
        {0x20000, 0x3FFFD, 2},
    };
    int columns = 0;
    for (uint32_t code; (code = wf_utf8_next(&text)) != 0;) {
        int width = 1;
        for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
            if (code >= blocks[i].first && code <= blocks[i].last) width = blocks[i].width;
        columns += width;
    }
    return columns;
}
