#include "report/html.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

static void add_escaped(wf_html *h, const char *text) {
    for (uint32_t code; (code = wf_utf8_next(&text)) != 0;) {
        switch (code) {
        case '&': wf_str_add(&h->out, h->cx, "&amp;"); break;
        case '<': wf_str_add(&h->out, h->cx, "&lt;"); break;
        case '>': wf_str_add(&h->out, h->cx, "&gt;"); break;
        case '"': wf_str_add(&h->out, h->cx, "&quot;"); break;
        case '\'': wf_str_add(&h->out, h->cx, "&#39;"); break;
        default: wf_utf8_add(&h->out, h->cx, code < 0x20 ? ' ' : code);
        }
    }
}

/* One conversion; `spec` is its text, '%' and letter included. */
static void add_value(wf_html *h, const char *spec, va_list *values) {
    char number[64] = "";
    char kind = spec[strlen(spec) - 1];
    if (kind == 's') {
        add_escaped(h, va_arg(*values, const char *));
        return;
    }
    if (kind == '%') strcpy(number, "%");
    else if (kind == 'f') {
        int digits = spec[1] == '.' ? spec[2] - '0' : 6;
        snprintf(number, sizeof number, "%.*f", digits, va_arg(*values, double));
    } else if (strcmp(spec, "%zu") == 0) {
        snprintf(number, sizeof number, "%zu", va_arg(*values, size_t));
    } else if (strcmp(spec, "%lld") == 0) {
        snprintf(number, sizeof number, "%lld", va_arg(*values, long long));
    } else {
        snprintf(number, sizeof number, "%d", va_arg(*values, int));
    }
    wf_str_add(&h->out, h->cx, number);
}

void wf__html(wf_html *h, const char *markup, ...) {
    va_list values;
    va_start(values, markup);
    while (*markup) {
        size_t n = strcspn(markup, "%");
        wf_str_add_bytes(&h->out, h->cx, markup, n);
        markup += n;
        if (!*markup) break;
        char spec[8] = "";
        size_t length = 1 + strcspn(markup + 1, "sduf%") + 1;
        if (length >= sizeof spec) break; /* no such conversion is ever written */
        memcpy(spec, markup, length);
        add_value(h, spec, &values);
        markup += length;
    }
    va_end(values);
}

void wf__html_head(wf_html *h, const char *title) {
    wf__html(h, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
                "<meta name=\"color-scheme\" content=\"light dark\">"
                "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                "style-src 'unsafe-inline'\">");
    wf__html(h, "<title>%s</title><style>", title);
    wf_str_add(&h->out, h->cx, wf__html_style);
    wf__html(h, "</style></head><body><main>");
}
