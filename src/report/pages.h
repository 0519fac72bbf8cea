/* The pages that pages/build.mjs makes, each one HTML file with everything inside. */
#ifndef WF_REPORT_PAGES_H
#define WF_REPORT_PAGES_H

#include "base/json.h"
#include "base/status.h"
#include "base/str.h"

extern const char wf_page_report[], wf_page_live[];

/* What a page reads: a JSON document by its id, or a picture. */
typedef struct wf_page_data {
    const char *id;
    const json_t *document;
    const char *image; /* a data: URL, in place of a document */
} wf_page_data;

/* Longer documents are compressed, to about half with all that is packed in them. */
enum { WF_PAGE_PLAIN_BYTES = 1 << 20 };

/* Adds the page with `data` [count] in its place. Whatever a document says, it ends no element.
 * Errors: WF_E_NOMEM. */
wf_status wf_page_fill(wf_str *out, wf_context *cx, const char *page, const wf_page_data *data,
                       size_t count);

#endif
