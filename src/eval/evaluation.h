/* What the files of src/eval share, and the JSON form for those who build larger documents. */
#ifndef WF_EVAL_EVALUATION_H
#define WF_EVAL_EVALUATION_H

#include <jansson.h>

#include "weft/eval.h"

/* An evaluation of K classes whose confusion matrix is zero and whose names are copied. */
wf_status wf__evaluation_alloc(wf_evaluation **out, wf_context *cx, int class_count,
                               const char *const *class_names);

/* Everything that follows from the confusion matrix. */
wf_status wf__evaluation_derive(wf_evaluation *e, wf_context *cx);

/* The JSON object of wf_evaluation_to_json; release it with json_decref. */
wf_status wf_evaluation_json(json_t **out, wf_context *cx, const wf_evaluation *e);

#endif
