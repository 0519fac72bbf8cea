#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name, *meaning;
} statuses[] = {
#define XX(code, name, meaning) {name, meaning},
    WF_STATUS_MAP(XX)
#undef XX
};

const char *wf_status_name(wf_status code) {
    size_t i = (size_t)code;
    return i < sizeof statuses / sizeof *statuses ? statuses[i].name : "unknown";
}

const char *wf_status_meaning(wf_status code) {
    size_t i = (size_t)code;
    return i < sizeof statuses / sizeof *statuses ? statuses[i].meaning : "unknown status";
}

void wf_context_reset(wf_context *cx) { *cx = (wf_context){0}; }

wf_status wf__fail(wf_context *cx, wf_status code, const char *file, int line, const char *format,
                   ...) {
    static const char separator[] = " | ";
    if (!cx) return code;
    char text[sizeof cx->message + sizeof cx->hint], marked[sizeof text];
    const char *at = strstr(format, separator);
    if (at && strlen(format) < sizeof marked) {
        snprintf(marked, sizeof marked, "%.*s" WF_HINT "%s", (int)(at - format), format,
                 at + sizeof separator - 1);
        format = marked;
    }
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);

    char *hint = strstr(text, WF_HINT);
    if (hint) {
        *hint = 0;
        hint += sizeof WF_HINT - 1;
    }
    cx->code = code;
    cx->file = file;
    cx->line = line;
    snprintf(cx->message, sizeof cx->message, "%.*s", (int)sizeof cx->message - 1, text);
    snprintf(cx->hint, sizeof cx->hint, "%.*s", (int)sizeof cx->hint - 1, hint ? hint : "");
    return code;
}
