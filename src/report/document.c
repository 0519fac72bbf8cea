#include "report/document.h"

#include "report/pages.h"

enum { SCHEMA_VERSION = 1 };

wf_status wf_report_document(json_t **out, wf_context *cx, const wf_comparison *c,
                             const char *title) {
    json_t *comparison = NULL;
    WF_TRY(wf_comparison_json(&comparison, cx, c));
    json_t *document = json_pack("{s:i, s:s, s:s, s:o}", "schema_version", SCHEMA_VERSION, "title",
                                 title, "generated", c->generated, "comparison", comparison);
    WF_REQUIRE(document, WF_E_NOMEM, "out of memory: the document of a report");
    *out = document;
    return WF_OK;
}

wf_status wf_report_page(wf_str *out, wf_context *cx, const json_t *document) {
    return wf_page_fill(out, cx, wf_page_report,
                        &(const wf_page_data){.id = "weft-report", .document = document}, 1);
}
