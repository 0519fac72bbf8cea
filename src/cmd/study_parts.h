/* What the files study*.c share. */
#ifndef WF_CMD_STUDY_PARTS_H
#define WF_CMD_STUDY_PARTS_H

#include "base/hash.h"
#include "cmd/study.h"
#include "report/study.h"

/* One model with one seed at one dependence. */
typedef struct wf__cell {
    int model, strength;
    int64_t seed;
    char *experiment; /* what is trained, with the data's hash in place of where they are */
    int is_known;
    wf_study_run run; /* when it is known */
} wf__cell;

typedef struct wf__study {
    wf_session *session;
    const wf_study_call *call;
    char *home, *results; /* folders */
    char *sets[WF_STUDY_STRENGTHS], *classifier_set;
    char data_hash[WF_STUDY_STRENGTHS][WF_HASH_HEX];
    char classifier_hash[WF_HASH_HEX]; /* of its set */
    char *classifier;                  /* run of the seed in work; NULL: not yet there */
    wf__cell *cells;                   /* by seed, then strength, then model */
    size_t count;
    wf_jobs jobs;
    size_t *cell_of; /* [jobs.count] */
    double began_s;
} wf__study;

wf__cell *wf__study_cell(const wf__study *s, int64_t seed, int strength, int model);

/* ---- study_cells.c ---- */

/* What is trained for a cell; of the Bayes decision, the seed's garment classifier. The others
 * begin with the weights of s->classifier, if that is there.
 * Errors: as wf_experiment_create, wf_experiment_pretrain. */
wf_status wf__study_experiment(wf_experiment *out, const wf__study *s, const wf__cell *cell);
/* Makes the cells, and reads what results there are. The sets must be there.
 * Errors: WF_E_DATA, WF_E_NOMEM. */
wf_status wf__study_cells(wf__study *s);
/* Writes a cell's result and takes it in. `document` has what else is kept of it.
 * Errors: WF_E_IO, WF_E_NOMEM. */
wf_status wf__study_keep(wf__study *s, wf__cell *cell, json_t *document,
                         const wf_study_source *source);
/* The same of a finished run. */
wf_status wf__study_keep_run(wf__study *s, wf__cell *cell, const char *run);

/* ---- study_bayes.c ---- */

/* Judges the classifier of that seed, which is the run `run`, with the distribution of every
 * dependence whose result is not known yet.
 * Errors: as wf_trained_open, wf_prior_read, wf_predict. */
wf_status wf__study_bayes(wf__study *s, int64_t seed, const char *run);

/* ---- study_output.c ---- */

/* Prints it and writes the files. */
wf_status wf__study_show(const wf__study *s, const wf_study *study);

#endif
