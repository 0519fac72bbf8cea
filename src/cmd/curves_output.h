/* Curves of an evaluation as CSV files. */
#ifndef WF_CMD_CURVES_OUTPUT_H
#define WF_CMD_CURVES_OUTPUT_H

#include "base/status.h"
#include "weft/data.h"

/* Writes roc.csv, pr.csv and calibration.csv into `folder`, which is made if need be; what is there
 * is replaced. images: with one label each, or any number; probabilities
 * [images->count][class_count].  Errors: WF_E_IO, WF_E_NOMEM. */
wf_status wf_curves_write(wf_context *cx, const char *folder, const wf_images *images,
                          const float *probabilities, int class_count);

#endif
