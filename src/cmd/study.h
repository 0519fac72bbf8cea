/* weft compare --suite outfits: what a network that tells labels one after another gains from what
 * labels say about each other (report/study.h). Sets of canvases at every dependence, every model
 * with every seed on each of them, the Bayes decision, and a verdict.
 *
 * Every seed has a garment classifier, the sigmoid CNN trained on more canvases of dependence 0.
 * All models of that seed begin with its weights, as far as they have them, and it makes the Bayes
 * decision.
 *
 * Everything is below <runs>/outfits: sets/ has the data sets, results/ (or the folder that
 * `results` names) one JSON file per trained and judged model. A result that is there is not made
 * again, whether the run's folder is still there or not: so a study goes on where only its
 * results are left. */
#ifndef WF_CMD_STUDY_H
#define WF_CMD_STUDY_H

#include "cmd/jobs.h"

typedef struct wf_study_call {
    const wf_experiment_flags *experiment; /* its data set counts for nothing */
    const char *runs, *output, *results, *page, *format, *tensorboard; /* of weft compare */
    int64_t count, test_count;                                         /* canvases of each set */
    int64_t classifier_count, classifier_epochs;                       /* canvases, passes */
    int64_t seeds, seed, jobs;
    double max_seconds; /* 0: no limit */
} wf_study_call;

/* s: from wf_session_prepare.
 * Errors: as wf_jobs_run, wf_compose_outfits; WF_E_DATA (a damaged result). */
wf_status wf_study_make(wf_session *s, const wf_study_call *call);

#endif
