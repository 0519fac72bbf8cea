/* The forms that weft export writes besides ONNX. */
#ifndef WF_CMD_EXPORT_H
#define WF_CMD_EXPORT_H

#include "cmd/session.h"

/* Writes what is stored of the run as event files into the new folder <folder>/<run's id>: figures
 * of every epoch, the last weights, hyperparameters, what the judging said; samples too if the data
 * set is there. Sets cli->result.
 * Errors: WF_E_ARG (the folder is there already), WF_E_DATA, WF_E_MODEL, WF_E_IO, WF_E_NOMEM. */
wf_status wf_export_tensorboard(wf_session *s, wf_trained *t, const char *folder);

#endif
