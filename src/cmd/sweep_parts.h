/* What the files of weft sweep share. */
#ifndef WF_CMD_SWEEP_PARTS_H
#define WF_CMD_SWEEP_PARTS_H

#include "cmd/jobs.h"
#include "report/sweep.h"
#include "spec/trials.h"

typedef struct wf_sweep_options {
    wf_experiment_flags experiment;
    wf_session_flags session;
    const char *suite, *runs, *output, *page, *monitor, *tensorboard;
    int64_t seeds, seed, random, jobs;
    double max_time;
    int no_final;
} wf_sweep_options;

/* One call of sweep. */
typedef struct wf_sweeping {
    wf_cli *cli;
    const wf_sweep_options *options;
    wf_session session;
    wf_store *store;
    double deadline_s; /* 0: none */
    json_t *results;
    wf_str page;
} wf_sweeping;

/* One model's sweep. */
typedef struct wf_one_sweep {
    wf_sweeping *all;
    const char *model, *claim;
    wf_trials trials;
    size_t *varied; /* [varied_count] axes with more than one value */
    size_t varied_count;
    wf_sweep *sweep;
    wf_str final;       /* the best in full, in words */
    wf_context failure; /* of a trial that did not come to its end, or of the best in full */
} wf_one_sweep;

/* sweep_trials.c: reads the axes; trains every combination under every seed and puts them in order;
 * trains the best with the model's own number of epochs and tests it.
 * Errors: as wf_trials_grid, wf_jobs_run, wf_sweep_finish; WF_E_ARG (no validation images). */
wf_status wf__sweep_begin(wf_one_sweep *o, const char *const *axes, size_t count);
wf_status wf__sweep_try_all(wf_one_sweep *o); /* o->failure: a trial that may still go on */
wf_status wf__sweep_train_best(wf_one_sweep *o);

/* sweep_show.c: to the terminal; to files, the page and the command's document. */
wf_status wf__sweep_print(const wf_one_sweep *o);
wf_status wf__sweep_write(wf_one_sweep *o);

#endif
