/* What is in one data set: parts, size of the images, classes, labels per image. */
#ifndef WF_CMD_DATASET_SHOW_H
#define WF_CMD_DATASET_SHOW_H

#include "cmd/cmd.h"
#include "weft/data.h"

/* Prints it, and makes it the command's result.  Errors: WF_E_NOMEM. */
wf_status wf_dataset_show(wf_cli *cli, const wf_dataset *dataset);

#endif
