/* The document of a report: all that weft report shows, as far as stored runs tell it. What needs
 * images or weights stands in it as null or empty, to be set by the caller. pages/README.md
 * describes it. */
#ifndef WF_REPORT_DOCUMENT_H
#define WF_REPORT_DOCUMENT_H

#include "report/cross_validation.h"
#include "report/report.h"

/* What no run holds; each text may be NULL. */
typedef struct wf_report_options {
    const char *title;               /* NULL: made of the models' names */
    const char *command;             /* the call that makes the report */
    const char *version, *libraries; /* weft's own; of the libraries, one line */
    wf_cross_validation *const *cvs; /* [cv_count] */
    size_t cv_count;
} wf_report_options;

/* models[i] is c->rows[i]. The runs of the rows must still be open. Release with json_decref.
 * Errors: WF_E_NOMEM. */
wf_status wf_report_document(json_t **out, wf_context *cx, const wf_comparison *c,
                             const wf_report_options *options);

/* The document as one self-contained page. `sprite` is the data: URL of the picture that holds the
 * images, or NULL.  Errors: WF_E_NOMEM. */
wf_status wf_report_page(wf_str *out, wf_context *cx, const json_t *document, const char *sprite);

#endif
