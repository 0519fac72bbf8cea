/* The report's document as Markdown, with pictures beside it: the order of the page. */
#ifndef WF_REPORT_DOCUMENT_MARKDOWN_H
#define WF_REPORT_DOCUMENT_MARKDOWN_H

#include "report/document.h"
#include "weft/data.h"

/* An SVG file, to be turned into the PNG file of that name. */
typedef struct wf_report_picture {
    char *name; /* "02-gru-128-roc.png" */
    wf_str svg;
} wf_report_picture;

typedef struct wf_report_markdown_file {
    wf_str text;
    wf_report_picture *pictures;
    size_t count;
} wf_report_markdown_file;

/* The images that the document's indices are of; NULL where they are not at hand. */
typedef struct wf_report_images {
    const wf_images *train, *validation, *test;
} wf_report_images;

/* `c`, `options` and `document` as wf_report_document has them. The text links each picture as
 * FOLDER/NAME; `folder` is the folder's name beside the text. Release with
 * wf_report_markdown_reset.  Errors: WF_E_NOMEM, WF_E_DATA (a damaged document). */
wf_status wf_report_document_markdown(wf_report_markdown_file *out, wf_context *cx,
                                      const wf_comparison *c, const wf_report_options *options,
                                      const json_t *document, const wf_report_images *images,
                                      const char *folder);
void wf_report_markdown_reset(wf_report_markdown_file *m);

#endif
