/* An evaluation as people read it. */
#ifndef WF_CMD_JUDGED_H
#define WF_CMD_JUDGED_H

#include "cmd/cmd.h"
#include "weft/eval.h"

/* Figures with their intervals, a line per class, the most confused pairs.  Errors: WF_E_NOMEM. */
wf_status wf_evaluation_print(wf_cli *cli, const wf_evaluation *e);
#endif
