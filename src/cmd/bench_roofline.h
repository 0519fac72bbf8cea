/* `weft bench --roofline`. */
#ifndef WF_CMD_BENCH_ROOFLINE_H
#define WF_CMD_BENCH_ROOFLINE_H

#include "cmd/session.h"

/* Measures and prints the table, or makes the command's JSON document.
 * Errors: as wf_roofline_measure. */
wf_status wf_roofline_print(wf_session *s, const wf_model_spec *model, wf_params *params,
                            const wf_bench_options *options);

#endif
