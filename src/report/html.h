/* The writer of the HTML page. A %s is always a text node or a quoted attribute's value and always
 * escaped: there is no way to write a text that came from outside as markup. */
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

/* ---- charts.c: inline SVG ---- */

/* Accuracy against training time; `width` in user units, chosen so that the text stays readable. */
void wf__html_scatter(wf_html *h, const wf_comparison *c, int width);
/* The range of the curves of all rows, so that charts can be compared. */
typedef struct wf_range {
    double low, high;
} wf_range;
typedef enum wf_curve { WF_CURVE_LOSS, WF_CURVE_ACCURACY } wf_curve;
/* Errors: WF_E_NOMEM. */
wf_status wf__curve_range(wf_range *out, wf_context *cx, const wf_comparison *c, wf_curve curve);
void wf__html_curves(wf_html *h, const wf_report_row *row, wf_curve curve, wf_range range);
/* "cnn", "rnn", "hybrid" or "other": the CSS class of a family's colour. */
const char *wf__family_class(const char *family);

/* ---- style.c ---- */

extern const char wf__html_style[];

#endif
