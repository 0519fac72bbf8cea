/* Charts of a report, each an SVG file of its own: dark on white, no script, no font of its own.
 * Release every text with wf_str_reset.  Errors of all: WF_E_NOMEM. */
#ifndef WF_REPORT_CHARTS_H
#define WF_REPORT_CHARTS_H

#include "report/cross_validation.h"
#include "report/html.h"

/* Accuracy against what it costs: one mark per row. Empty when no row has both. */
typedef enum wf_chart_cost { WF_COST_TIME, WF_COST_PARAMETERS, WF_COST_COUNT } wf_chart_cost;
wf_status wf_chart_scatter(wf_str *out, wf_context *cx, const wf_comparison *c, wf_chart_cost cost);

/* Loss and accuracy per epoch, training and validation, a line per seed; the learning rate. */
wf_status wf_chart_curves(wf_str *out, wf_context *cx, const wf_report_row *row);

/* Counts of the test images; the colour is the share of the true class. At most 40 classes, else
 * empty: cells would be too small to read. */
wf_status wf_chart_confusion(wf_str *out, wf_context *cx, const wf_evaluation *e);

/* One curve per class, from models[].roc of the document; the worst class is marked. */
wf_status wf_chart_roc(wf_str *out, wf_context *cx, const json_t *roc, const wf_evaluation *e);

/* Share that is right against confidence, and how many images there are, from models[].reliability
 * of the document. */
wf_status wf_chart_reliability(wf_str *out, wf_context *cx, const json_t *bins);

/* Pairs of labels: images that are told to have both against those that do, from
 * models[].sets.together of the document. At most 40 labels, else empty. */
wf_status wf_chart_together(wf_str *out, wf_context *cx, const json_t *together,
                            const wf_evaluation *e);

/* Accuracy of each model in each fold of a cross-validation, with mean and interval. */
wf_status wf_chart_folds(wf_str *out, wf_context *cx, const wf_cross_validation *cv);
/* The same in a page, whose style it takes. */
void wf__chart_folds(wf_html *h, const wf_cross_validation *cv);

/* ---- for the files charts_*.c ---- */

/* Begins a file of that size in user units; wf__chart_end closes it and hands it over. */
void wf__chart_begin(wf_html *h, int width, int height, const char *label);
wf_status wf__chart_end(wf_str *out, wf_html *h);

#endif
