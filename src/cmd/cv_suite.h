/* Cross-validations that answer the questions of a report. */
#ifndef WF_CMD_CV_SUITE_H
#define WF_CMD_CV_SUITE_H

#include "report/cross_validation.h"

typedef struct wf_cv_suite {
    const char *name;
    const char *const *models; /* [model_count] */
    size_t model_count;
    const wf_cv_question *questions; /* [question_count] */
    size_t question_count;
    const char *note; /* Markdown */
} wf_cv_suite;

#define WF_CV_SUITES "cnn-lstm"
/* NULL when there is none of that name. */
const wf_cv_suite *wf_cv_suite_find(const char *name);
/* The suite all of whose models are among these; NULL: none. */
const wf_cv_suite *wf_cv_suite_among(const char *const *models, size_t count);
/* Its questions and its note; of NULL none. */
void wf_cv_suite_ask(wf_cv_source *source, const wf_cv_suite *suite);

#endif
