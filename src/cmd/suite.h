/* Lists of models that belong together. */
#ifndef WF_CMD_SUITE_H
#define WF_CMD_SUITE_H

#include <stddef.h>

#define WF_SUITE_CHOICES "reports|strong"

typedef struct wf_suite {
    const char *name, *title; /* of its section in a page of results */
    const char *const *models;
    size_t count;
} wf_suite;

/* `name` is one of WF_SUITE_CHOICES. */
const wf_suite *wf_suite_find(const char *name);

#endif
