/* The document of a report: all that weft report shows, from stored runs. pages/README.md describes
 * it. */
#ifndef WF_REPORT_DOCUMENT_H
#define WF_REPORT_DOCUMENT_H

#include "report/report.h"

/* Release with json_decref.  Errors: WF_E_NOMEM, and those of reading a run. */
wf_status wf_report_document(json_t **out, wf_context *cx, const wf_comparison *c,
                             const char *title);

/* The document as one self-contained page.  Errors: WF_E_NOMEM. */
wf_status wf_report_page(wf_str *out, wf_context *cx, const json_t *document);

#endif
