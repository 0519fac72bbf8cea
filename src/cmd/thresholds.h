/* Above which probability each label is said to be there: chosen on a run's validation images, kept
 * in its folder as thresholds.json. */
#ifndef WF_CMD_THRESHOLDS_H
#define WF_CMD_THRESHOLDS_H

#include "store/store.h"
#include "train/recipe.h"

#define WF_THRESHOLDS_FILE "thresholds.json"

/* `images`: on how many they were chosen.  Errors: as wf_run_write. */
wf_status wf_thresholds_write(wf_context *cx, wf_run *run, const double *thresholds,
                              wf_thresholds_goal goal, char *const *class_names, int class_count,
                              int64_t images);

/* *out [class_count], to be freed with wf_free; NULL where the run has none.
 * Errors: WF_E_DATA (damaged, or of other classes), WF_E_IO, WF_E_NOMEM. */
wf_status wf_thresholds_read(double **out, wf_context *cx, const wf_run *run, int class_count);

#endif
