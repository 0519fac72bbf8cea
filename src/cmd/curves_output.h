/* Curves of an evaluation as CSV files. */
#ifndef WF_CMD_CURVES_OUTPUT_H
#define WF_CMD_CURVES_OUTPUT_H

#include <stdint.h>

#include "base/status.h"

/* Writes roc.csv, pr.csv and calibration.csv into `folder`, which is made if need be; what is there
 * is replaced. labels [count], probabilities [count][class_count], as wf_evaluation_create took
 * them.  Errors: WF_E_IO, WF_E_NOMEM. */
wf_status wf_curves_write(wf_context *cx, const char *folder, const int32_t *labels,
                          const float *probabilities, int64_t count, int class_count);

#endif
