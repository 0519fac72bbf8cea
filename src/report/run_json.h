/* Stored runs as JSON: what weft runs --json prints and the live page reads. Release each document
 * with json_decref. */
#ifndef WF_REPORT_RUN_JSON_H
#define WF_REPORT_RUN_JSON_H

#include "store/live.h"
#include "store/store.h"

/* A run in short, epochs, figures, classes and files. */
wf_status wf_run_summary_json(json_t **out, wf_context *cx, const wf_run_summary *s);
/* *out is one epoch, or the list of all. */
wf_status wf_run_epoch_json(json_t **out, wf_context *cx, const wf_epoch_record *e);
wf_status wf_run_epochs_json(json_t **out, wf_context *cx, const wf_run_metrics *metrics);
/* {"accuracy": {"value": 0.9, "low": null, "high": null}} */
wf_status wf_run_figures_json(json_t **out, wf_context *cx, const wf_run_figures *figures);
/* [{"name": "cat", "f1": 0.9}] */
wf_status wf_run_classes_json(json_t **out, wf_context *cx, const wf_run_figures *figures);
wf_status wf_run_artefacts_json(json_t **out, wf_context *cx, const wf_artefacts *artefacts);

/* {"time": [...], "epoch": [...]}: a list for each column; and one row, {"time": ...}. */
wf_status wf_series_json(json_t **out, wf_context *cx, const wf_series *s);
wf_status wf_series_line_json(json_t **out, wf_context *cx, const wf_series *s, size_t row);
/* Of norms.csv: {"parameters": [name], "time": [], "epoch": [], "step": [],
 * "weights": [[norm of each parameter]], "gradients": [[...]]}. */
wf_status wf_norms_json(json_t **out, wf_context *cx, const wf_series *s);

/* {"run", "epochs", "figures", "classes", "artefacts"}: all that is stored of a run, read from its
 * folder.  Errors: WF_E_DATA (metrics.csv is damaged), WF_E_IO, WF_E_NOMEM. */
wf_status wf_run_document(json_t **out, wf_context *cx, const wf_run *run);

#endif
