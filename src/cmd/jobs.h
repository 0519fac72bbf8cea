/* Many experiments: what is trained already is reused, what was interrupted goes on, the rest is
 * trained, one after another or side by side in child processes that share the threads.
 *
 *   wf_session_prepare(&session, cli, &flags);                  no threads of its own yet
 *   wf_jobs_add(&jobs, cx, &experiment, NULL, "gru-128, seed 0");  for each
 *   wf_jobs_run(&jobs, &session, &options);
 *   wf_jobs_check(cx, &jobs);                                   or look at each item's state
 *   wf_jobs_reset(&jobs);
 *
 * A job is trained in a process of its own: one that fails or is killed takes no other with it.
 * Data are opened before, so that their pages are shared. How many run side by side changes the
 * time that it takes, never a result: the weights have the same bits. Ctrl-C and the time limit let
 * every child finish its step and save; the same call then goes on. */
#ifndef WF_CMD_JOBS_H
#define WF_CMD_JOBS_H

#include "cmd/session.h"

typedef enum wf_job_state {
    WF_JOB_OPEN,    /* not begun, or stopped and can go on */
    WF_JOB_REUSED,  /* a finished run of this configuration on these data was there */
    WF_JOB_TRAINED, /* to the end, now */
    WF_JOB_FAILED   /* `error` says why */
} wf_job_state;

typedef struct wf_job {
    wf_experiment experiment;
    char *name;  /* of a new run's folder, without its number; NULL: the model's */
    char *label; /* for people: "cnn-16, repeat 0, fold 3" */
    wf_job_state state;
    char *path;         /* of the run's folder; NULL when there is none */
    wf_context error;   /* of a failed job */
    double steps, work; /* of the whole training; work in multiply-adds, roughly */
} wf_job;

typedef struct wf_jobs {
    wf_job *items;
    size_t count;
    int workers; /* after wf_jobs_run: how many ran side by side; 0 when nothing was to train */
} wf_jobs;

/* Takes the experiment, also on failure. name may be NULL.  Errors: WF_E_NOMEM. */
wf_status wf_jobs_add(wf_jobs *jobs, wf_context *cx, wf_experiment *experiment, const char *name,
                      const char *label);
void wf_jobs_reset(wf_jobs *jobs);

typedef struct wf_jobs_options {
    const char *runs;    /* the folder of the runs */
    const char *results; /* a training whose result is there (results.h) is not made again; NULL:
                                nothing is looked for */
    const char *tensorboard; /* as in wf_run_settings */
    int64_t workers;         /* side by side, at most one per thread; WF_UNSET or 0: what a short
                           measurement finds fastest */
    double max_seconds;      /* 0: no limit */
    int shows_epochs; /* with one worker: epochs as weft train shows them, not one line for all */
    /* Called in this process as soon as a job is reused, trained or failed; NULL: nobody. Its
     * failure stops all jobs as Ctrl-C does. */
    wf_status (*ended)(void *user, const wf_job *job);
    void *user;
} wf_jobs_options;

#define WF_JOBS_OPTION(type, member)                                                               \
    {                                                                                              \
        "jobs", 'j', WF_OPTION_INT, offsetof(type, member), "N", NULL, "WEFT_JOBS", 1, 1024,       \
            "train N models side by side, with a share of the threads each; any number gives the " \
            "same result (default: what a short measurement finds fastest)"                        \
    }

/* Runs the jobs that are open, in their order; what was ended before is left alone, so that it may
 * be called again after more were added. Jobs that fail are marked and the others go on.
 *  s: from wf_session_prepare; the process forks: it must have made no threads, and have no
 *  wf_store open that was searched
 * Errors: WF_E_INTERRUPTED, WF_E_TIME (the jobs that are open go on with the same call), what
 * `ended` returned; as wf_session_open_data for data that cannot be opened, before anything is
 * trained; WF_E_IO (no further process), WF_E_NOMEM. */
wf_status wf_jobs_run(wf_jobs *jobs, wf_session *s, const wf_jobs_options *options);

/* The first failed job's error, with its label and how many others failed; WF_OK if none did. A
 * training that diverged comes after what else failed, for it has a result of a kind. */
wf_status wf_jobs_check(wf_context *cx, const wf_jobs *jobs);
/* Whether a status of wf_jobs_check leaves nothing to be made again. */
int wf_jobs_are_results(wf_status checked);

#endif
