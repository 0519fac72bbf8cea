/* What trained models say about images that they were not trained on. */
#ifndef WF_CMD_OPINIONS_H
#define WF_CMD_OPINIONS_H

#include "cmd/cmd.h"
#include "store/store.h"
#include "weft/audit.h"

/* About one part of a data set; the mean over the models counts. */
typedef struct wf_opinions {
    const wf_dataset *dataset; /* borrowed */
    wf_part part;
    double *sums;  /* [images][classes]; NULL before the first opinion */
    json_t *names; /* "cnn-1conv, 5 folds", "gru-128-2", in the order in which they came */
} wf_opinions;

/* Errors: WF_E_NOMEM. */
wf_status wf_opinions_init(wf_opinions *out, wf_context *cx, const wf_dataset *dataset,
                           wf_part part);
void wf_opinions_reset(wf_opinions *o);

/* Adds what `reference` says about `training` or `test` images:
 *   a run, by folder or id: its predictions of the test images;
 *   a name: the held-out images of its latest cross-validation on this data set, every repeat whose
 *   folds are all finished, and the test images of its latest finished run.
 * A run of the model `but_of` is left out, with a note, where it speaks of test images.
 * Errors: WF_E_NOTFOUND (no such run; folds are missing), WF_E_DATA (it was judged on other images
 * or labels), WF_E_ARG (one fold), as wf_store_list, wf_run_read_predictions and wf_run_read_sets.
 */
wf_status wf_opinions_add(wf_opinions *training, wf_opinions *test, wf_cli *cli, wf_store *store,
                          const char *reference, const char *but_of);

/* The likely label errors; *out is NULL where nobody said anything.
 * Errors: as wf_label_errors_find and wf_label_set_errors_find. */
wf_status wf_opinions_errors(wf_label_errors **out, wf_context *cx, const wf_opinions *o);

/* The run's predictions of a part, which must be of its images and have its labels; `seen` [images]
 * says which of them were predicted so far.
 * Errors: WF_E_DATA, as wf_run_read_predictions and wf_run_read_sets. */
wf_status wf_opinions_read(wf_predictions *out, wf_context *cx, const wf_run *run,
                           const wf_dataset *dataset, wf_part part, uint8_t *seen);

/* The images of a part. */
const wf_images *wf_part_images(const wf_dataset *dataset, wf_part part);

#endif
