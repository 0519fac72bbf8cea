/* What the files that make the report's document share. Each part puts its keys into d->json. */
#ifndef WF_REPORT_DOCUMENT_PARTS_H
#define WF_REPORT_DOCUMENT_PARTS_H

#include "base/json.h"
#include "report/document.h"
#include "report/internal.h"

/* What the details of a row are made from: its first run, that of the lowest seed. */
typedef struct wf__detail {
    wf_predictions predictions;      /* count 0: unknown */
    const wf_evaluation *evaluation; /* with intervals and AUC wherever predictions are known */
    wf_evaluation *computed;         /* owned; NULL when the stored one has all */
} wf__detail;

typedef struct wf__document {
    const wf_comparison *c;
    const wf_report_options *options;
    wf__detail *details; /* [row_count] */
    json_t *json;
} wf__document;

wf_status wf__document_words(wf__document *d, wf_context *cx);  /* title, question, answer */
wf_status wf__document_models(wf__document *d, wf_context *cx); /* models */
/* model.sets, null where images have one label each. */
wf_status wf__document_sets(json_t *model, wf_context *cx, const wf_report_run *run);
wf_status wf__document_disagreements(wf__document *d, wf_context *cx); /* disagreements */
wf_status wf__document_made(wf__document *d, wf_context *cx);          /* made */

#endif
