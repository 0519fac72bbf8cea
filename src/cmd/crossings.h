/* The cross-validations among stored runs: which folds belong together.
 *
 * The folds of one model have one configuration but for the number of the fold. Models belong to
 * one cross-validation when the folds are of the same images: those of one call of weft cv, and
 * those of other calls with the same folds, as long as no model takes part in it twice. */
#ifndef WF_CMD_CROSSINGS_H
#define WF_CMD_CROSSINGS_H

#include "cmd/experiment.h"
#include "report/cross_validation.h"

/* Appends the key (wf_experiment_key) of the run's configuration without repeat and fold: what all
 * folds of one model in a cross-validation share.  Errors: as wf_experiment_read, in cli->cx. */
wf_status wf_fold_key(wf_str *out, wf_cli *cli, const wf_run_summary *s);

/* Makes the last training of a cross-validation of the experiment of a fold: no fold, and images
 * are set aside for validation only where the recipe chooses by them.  Errors: WF_E_NOMEM. */
wf_status wf_experiment_make_final(wf_experiment *e, wf_context *cx);

/* The name of the file that says which image is in which fold. Returns `buffer`. */
enum { WF_FOLDS_FILE_BYTES = 160 };
const char *wf_folds_file(char buffer[WF_FOLDS_FILE_BYTES], const wf_experiment *e, int32_t repeat);

typedef struct wf_crossing_model wf_crossing_model;

typedef struct wf_crossings {
    const wf_run_list *list;
    wf_crossing_model *models; /* by their first fold */
    size_t model_count;
    size_t count; /* of cross-validations; they go by number, from 0, oldest first */
} wf_crossings;

/* Those of which at least one fold is finished. `list`, oldest first, must outlive the result;
 * release with wf_crossings_reset. A fold whose configuration cannot be read is none.
 * Errors: WF_E_NOMEM. */
wf_status wf_crossings_find(wf_crossings *out, wf_context *cx, const wf_run_list *list);
void wf_crossings_reset(wf_crossings *c);

/* The one whose fold the run is; c->count: none. */
size_t wf_crossings_of(const wf_crossings *c, const wf_run_summary *run);
/* Whether a model of that name takes part. */
int wf_crossings_has(const wf_crossings *c, size_t crossing, const char *model);
/* Whether `folder` is one into which weft cv wrote these folds.  Errors: WF_E_NOMEM. */
wf_status wf_crossings_is_in(int *out, wf_context *cx, const wf_crossings *c, size_t crossing,
                             const char *folder);
/* Its figures: of each fold the latest run, of the last trainings what is there, and the answers to
 * the questions of a suite all of whose models take part.
 * Errors: as wf_cross_validation_create. */
wf_status wf_crossings_read(wf_cross_validation **out, wf_context *cx, const wf_crossings *c,
                            size_t crossing);

#endif
