/* Results: a tested run as one JSON file, from which it can be made again elsewhere. */
#ifndef WF_CMD_RESULTS_H
#define WF_CMD_RESULTS_H

#include "base/json.h"
#include "cmd/experiment.h"
#include "store/store.h"

/* One tested run's whole result: what it was, its epochs, its figures. Release with json_decref.
 * Errors: WF_E_NOTFOUND (not tested), WF_E_IO, WF_E_NOMEM, WF_E_DATA. */
wf_status wf_result_create(json_t **out, wf_context *cx, const wf_run *run);

/* The same and the configuration as <folder>/<model>-seed<n>.json; where that is the result of
 * another configuration, or on other data, as <folder>/<model>-<hash>-seed<n>.json.
 * Errors: WF_E_IO, WF_E_NOMEM, WF_E_DATA. */
wf_status wf_result_write(wf_context *cx, const wf_run *run, const char *folder);

/* Makes a run again of what wf_result_write wrote into `folder`: configuration, epochs and figures;
 * weights and predictions are lost. *out_path: its folder in `store`, free it with wf_free; NULL
 * when there is no result of this experiment on data of that hash.
 * Errors: WF_E_DATA (a file that is no result), WF_E_IO, WF_E_NOMEM. */
wf_status wf_result_restore(char **out_path, wf_context *cx, wf_store *store, const char *folder,
                            const wf_experiment *experiment, const char *data_hash);

#endif
