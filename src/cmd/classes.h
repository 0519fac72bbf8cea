/* Classes by name and by probability. Names are the array of a run's description, or NULL. */
#ifndef WF_CMD_CLASSES_H
#define WF_CMD_CLASSES_H

#include "cmd/cmd.h"

/* The name, or the number as text in `buffer`. */
const char *wf_class_name(char buffer[32], const json_t *names, int class);
/* A class by its name, letters' case ignored, or by its number.
 * Errors: WF_E_ARG (unknown; suggests the nearest). */
wf_status wf_class_find(int *out, wf_context *cx, const json_t *names, int classes,
                        const char *text);
/* The `k` most probable classes, the first of equals first. */
void wf_class_rank(int *out, const float *probabilities, int classes, int k);
/* Prints "Sneaker 0.9312, Sandal 0.0612" for the `k` most probable, and appends them to *out, a new
 * array of {"class", "name", "probability"}.  Errors: WF_E_NOMEM. */
wf_status wf_class_answer(json_t **out, wf_cli *cli, const json_t *names,
                          const float *probabilities, int classes, int k);

#endif
