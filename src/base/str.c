#include "base/str.h"

#include <math.h>
#include <nettle/base64.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

void wf_str_add_bytes(wf_str *s, wf_context *cx, const char *bytes, size_t n) {
    if (s->status != WF_OK) return;
    if (s->length + n + 1 > s->capacity) {
        size_t capacity = 2 * (s->length + n + 1) + 64;
        s->status = wf_realloc(&s->text, cx, s->length, capacity, 1);
        if (s->status != WF_OK) return;
        s->capacity = capacity;
    }
    if (n) memcpy(s->text + s->length, bytes, n);
    s->length += n;
    s->text[s->length] = 0;
}

void wf_str_add(wf_str *s, wf_context *cx, const char *text) {
    wf_str_add_bytes(s, cx, text, strlen(text));
}

void wf_str_addf(wf_str *s, wf_context *cx, const char *format, ...) {
    char small[512];
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(small, sizeof small, format, args);
    va_end(args);
    if (n >= 0 && (size_t)n < sizeof small) {
        wf_str_add_bytes(s, cx, small, (size_t)n);
    } else if (n >= 0) {
        char *large = NULL;
        wf_status status = wf_alloc(&large, cx, (size_t)n + 1, 1);
        if (status == WF_OK) {
            vsnprintf(large, (size_t)n + 1, format, again);
            wf_str_add_bytes(s, cx, large, (size_t)n);
            wf_free(large);
        } else {
            s->status = status;
        }
    }
    va_end(again);
}

void wf_str_add_base64(wf_str *s, wf_context *cx, const void *bytes, size_t n) {
    enum { PIECE = 3 * 1024 };
    char text[BASE64_ENCODE_RAW_LENGTH(PIECE)];
    for (size_t at = 0; at < n; at += PIECE) {
        size_t size = n - at < PIECE ? n - at : PIECE;
        base64_encode_raw(text, size, (const uint8_t *)bytes + at);
        wf_str_add_bytes(s, cx, text, BASE64_ENCODE_RAW_LENGTH(size));
    }
}

void wf_str_reset(wf_str *s) {
    wf_free(s->text);
    *s = (wf_str){0};
}

int wf_str_distance(const char *a, const char *b) {
    enum { LIMIT = 64 };
    int rows[3][LIMIT + 1];
    size_t n = strlen(a), m = strlen(b);
    if (n > LIMIT || m > LIMIT) return LIMIT;
    for (size_t j = 0; j <= m; j++) rows[0][j] = (int)j;
    for (size_t i = 1; i <= n; i++) {
        int *now = rows[i % 3], *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        now[0] = (int)i;
        for (size_t j = 1; j <= m; j++) {
            int change = last[j - 1] + (a[i - 1] != b[j - 1]);
            int best = last[j] + 1 < now[j - 1] + 1 ? last[j] + 1 : now[j - 1] + 1;
            if (change < best) best = change;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            now[j] = best;
        }
    }
    return rows[n % 3][m];
}

const char *wf_str_nearest(const char *text, const char *const *names, size_t n) {
    const char *nearest = NULL;
    int best = 2 + (int)(strlen(text) / 3);
    for (size_t i = 0; i < n; i++) {
        int distance = wf_str_distance(text, names[i]);
        if (distance < best) {
            best = distance;
            nearest = names[i];
        }
    }
    return nearest;
}

const char *wf_thousands(char buffer[32], int64_t n) {
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%lld", (long long)n), at = 0;
    for (int i = 0; i < length; i++) {
        int left = length - i;
        if (i > 0 && digits[i - 1] != '-' && left % 3 == 0) buffer[at++] = ',';
        buffer[at++] = digits[i];
    }
    buffer[at] = 0;
    return buffer;
}

const char *wf_duration(char buffer[32], double seconds) {
    if (!(seconds >= 0 && seconds < 1e9)) return strcpy(buffer, "-");
    long whole = lround(seconds);
    if (seconds < 9.95) snprintf(buffer, 32, "%.1f s", seconds);
    else if (whole < 60) snprintf(buffer, 32, "%ld s", whole);
    else if (whole < 3600) snprintf(buffer, 32, "%ld min %02ld s", whole / 60, whole % 60);
    else snprintf(buffer, 32, "%ld h %02ld min", whole / 3600, whole % 3600 / 60);
    return buffer;
}
