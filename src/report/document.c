#include "report/document.h"

#include <math.h>

#include "base/alloc.h"
#include "report/document_parts.h"
#include "report/pages.h"

enum { SCHEMA_VERSION = 1, RESAMPLES = 10000 };

/* Runs of older versions lack intervals and AUC: they follow from the predictions. */
static wf_status complete(wf__detail *detail, wf_context *cx) {
    const wf_evaluation *stored = detail->evaluation;
    const wf_predictions *p = &detail->predictions;
    const wf_bootstrap_options options = {.resamples = RESAMPLES, .level = .95};
    int is_complete = stored->intervals.resamples > 0 && isfinite(stored->macro.average_precision);
    if (p->count == 0 || is_complete) return WF_OK;
    WF_TRY(wf_evaluation_create(&detail->computed, cx, p->labels, p->probabilities, p->count,
                                p->class_count, (const char *const *)stored->class_names));
    detail->evaluation = detail->computed;
    return wf_evaluation_bootstrap(detail->computed, cx, NULL, &options);
}

static wf_status read_details(wf__document *d, wf_context *cx) {
    const wf_comparison *c = d->c;
    if (c->row_count == 0) return WF_OK;
    WF_TRY(wf_alloc(&d->details, cx, c->row_count, sizeof *d->details));
    for (size_t i = 0; i < c->row_count; i++) {
        wf__detail *detail = &d->details[i];
        wf_str problem = {0}; /* the pairs say it already */
        detail->evaluation = c->rows[i].runs[0].evaluation;
        wf_status status =
            wf__run_predictions(&detail->predictions, &problem, cx, &c->rows[i].runs[0]);
        wf_str_reset(&problem);
        if (status == WF_OK) status = complete(detail, cx);
        WF_TRY(status);
    }
    return WF_OK;
}

static void reset_details(wf__document *d) {
    for (size_t i = 0; d->details && i < d->c->row_count; i++) {
        wf_predictions_reset(&d->details[i].predictions);
        wf_evaluation_destroy(d->details[i].computed);
    }
    wf_free(d->details);
}

static wf_status put_cvs(wf__document *d, wf_context *cx) {
    json_t *list = json_array();
    WF_TRY(wf_json_put(d->json, cx, "cross_validations", list));
    for (size_t i = 0; i < d->options->cv_count; i++) {
        json_t *one = NULL;
        WF_TRY(wf_cv_json(&one, cx, d->options->cvs[i]));
        WF_TRY(wf_json_append(list, cx, one));
    }
    return WF_OK;
}

static wf_status fill(wf__document *d, wf_context *cx) {
    json_t *comparison = NULL;
    WF_TRY(wf_json_put(d->json, cx, "schema_version", json_integer(SCHEMA_VERSION)));
    WF_TRY(wf_json_put(d->json, cx, "generated", json_string(d->c->generated)));
    WF_TRY(read_details(d, cx));
    WF_TRY(wf__document_words(d, cx));
    WF_TRY(wf_comparison_json(&comparison, cx, d->c));
    WF_TRY(wf_json_put(d->json, cx, "comparison", comparison));
    WF_TRY(wf_json_put(d->json, cx, "data", json_null()));
    WF_TRY(put_cvs(d, cx));
    WF_TRY(wf__document_models(d, cx));
    WF_TRY(wf__document_disagreements(d, cx));
    return wf__document_made(d, cx);
}

wf_status wf_report_document(json_t **out, wf_context *cx, const wf_comparison *c,
                             const wf_report_options *options) {
    wf__document d = {.c = c, .options = options, .json = json_object()};
    wf_status status = fill(&d, cx);
    reset_details(&d);
    if (status == WF_OK) *out = d.json;
    else json_decref(d.json);
    return status;
}

wf_status wf_report_page(wf_str *out, wf_context *cx, const json_t *document, const char *sprite) {
    const wf_page_data data[] = {{.id = "weft-report", .document = document},
                                 {.id = "weft-sprite", .image = sprite}};
    return wf_page_fill(out, cx, wf_page_report, data, sprite ? 2 : 1);
}
