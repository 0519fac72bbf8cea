/* The registered data sets: datasets.def as a table, and where they lie. */
#ifndef WF_DATA_REGISTRY_H
#define WF_DATA_REGISTRY_H

#include <stdbool.h>

#include "base/str.h"
#include "weft/data.h"

enum { WF_DATASET_FILES = 4, WF_DATASET_CLASSES = 48 };

typedef struct wf__registered_file {
    const char *name;
    int64_t bytes;      /* as published; 0 if not known */
    const char *sha256; /* as published; NULL if not known */
} wf__registered_file;

typedef struct wf__registered {
    wf_dataset_info info;
    const char *prefix;  /* of the IDX files' names */
    bool is_transposed;  /* the files hold columns where rows should be */
    const char *decoded; /* wf_dataset.sha256 of the published set; NULL if not known */
    wf__registered_file files[WF_DATASET_FILES];
    const char *class_names[WF_DATASET_CLASSES];
} wf__registered;

/* NULL if there is none. */
const wf__registered *wf__registry_find(const char *name);
/* The entry whose name is in the file or folder name `text` ("fashion-mnist_test.csv"), or NULL. */
const wf__registered *wf__registry_guess(const char *text);
/* The nearest name, or NULL. */
const char *wf__registry_nearest(const char *text);

/* The folder that holds the data set's files, NULL if there is none; free it. */
wf_status wf__registry_locate(char **out, wf_context *cx, const wf__registered *r,
                              const wf_dataset_options *options);
/* Fails: what was sought where, and which package or files help. `code` and `reason` (may be NULL)
 * are those of a failed download. */
wf_status wf__registry_fail(wf_context *cx, const wf__registered *r,
                            const wf_dataset_options *options, wf_status code, const char *reason);

#endif
