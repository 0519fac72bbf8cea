/* Which stored runs a report is of. */
#ifndef WF_CMD_REPORT_RUNS_H
#define WF_CMD_REPORT_RUNS_H

#include "cmd/cmd.h"
#include "cmd/suite.h"
#include "store/store.h"

typedef struct wf_report_runs {
    wf_run **items; /* opened for reading */
    size_t count;
    wf_str note; /* what was left out, in sentences; empty: nothing */
} wf_report_runs;

/* Adds what one operand means. A folder or an id is that run; a name is the latest finished run of
 * a model (wf_run_open) and the other seeds of its recipe.  Errors: as wf_run_open. */
wf_status wf_report_runs_add(wf_report_runs *s, wf_context *cx, wf_store *store,
                             const char *operand);
/* Every finished and tested run. Folds of cross-validations never saw the test images: a note
 * counts them. */
wf_status wf_report_runs_add_all(wf_report_runs *s, wf_context *cx, wf_store *store);
/* Of each model the latest finished and tested run, and the other seeds of its recipe; models
 * without one are named in a note. */
wf_status wf_report_runs_add_suite(wf_report_runs *s, wf_context *cx, wf_store *store,
                                   const wf_suite *suite);
void wf_report_runs_reset(wf_report_runs *s);

#endif
