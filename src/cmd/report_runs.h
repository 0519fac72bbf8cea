/* Which stored runs a report is of. */
#ifndef WF_CMD_REPORT_RUNS_H
#define WF_CMD_REPORT_RUNS_H

#include "cmd/crossings.h"
#include "cmd/suite.h"
#include "store/store.h"

typedef struct wf_report_runs {
    wf_run **items; /* opened for reading */
    size_t count;
    wf_cross_validation **cvs; /* each once */
    size_t cv_count;
    wf_str note;            /* what was left out, in sentences; empty: nothing */
    wf_run_list list;       /* all of the store, once it was needed */
    wf_crossings crossings; /* of `list` */
    uint8_t *is_chosen;     /* [crossings.count] */
} wf_report_runs;

/* Adds what one operand means. A folder or an id is that run, or, of a fold, its cross-validation;
 * a folder in which weft cv wrote, or its name among the runs, is the cross-validations in it; a
 * name is the latest finished run of a model (wf_run_open) and the other seeds of its recipe, or
 * the cross-validations of a model that has no such run.  Errors: as wf_run_open. */
wf_status wf_report_runs_add(wf_report_runs *s, wf_context *cx, wf_store *store,
                             const char *operand);
/* Every finished and tested run, and every cross-validation. */
wf_status wf_report_runs_add_all(wf_report_runs *s, wf_context *cx, wf_store *store);
/* Of each model the latest finished and tested run, and the other seeds of its recipe; models
 * without one are named in a note. */
wf_status wf_report_runs_add_suite(wf_report_runs *s, wf_context *cx, wf_store *store,
                                   const wf_suite *suite);
/* Reads the cross-validations that were chosen; one that cannot be is left out, with a note.
 * Errors: WF_E_NOMEM. */
wf_status wf_report_runs_read_cvs(wf_report_runs *s, wf_context *cx);
void wf_report_runs_reset(wf_report_runs *s);

#endif
