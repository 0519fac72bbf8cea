/* The writer of HTML pages and SVG files. A %s is always a text node or a quoted attribute's value
 * and always escaped: there is no way to write a text that came from outside as markup. */
#ifndef WF_REPORT_HTML_H
#define WF_REPORT_HTML_H

#include "report/internal.h"

typedef struct wf_html {
    wf_str out;
    wf_context *cx;
} wf_html;

/* Appends markup. Conversions: %s (escaped), %d, %zu, %lld, %.Nf, %%. */
void wf__html(wf_html *h, const char *markup, ...) WF_PRINTF(2, 3);
/* Begins a page; it ends with </main></body></html>. */
void wf__html_head(wf_html *h, const char *title);

/* ---- style.c ---- */

extern const char wf__html_style[];

#endif
