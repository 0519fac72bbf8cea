/* The runs of a folder as they change. A look costs one call of the kernel for each run, and three
 * more for one that trains; files are read where something changed. */
#ifndef WF_SERVE_WATCH_H
#define WF_SERVE_WATCH_H

#include <stdbool.h>

#include "base/json.h"
#include "store/live.h"
#include "store/store.h"

typedef struct wf__events wf__events;

typedef struct wf__watched {
    wf_run *run;     /* opened for reading */
    json_t *summary; /* an item of weft runs list --json, and "live" */
    char started[32];
    bool is_running;
    bool is_seen, is_read, is_changed, was_running; /* in this look */
    struct timespec changed, looked;                /* the folder's time, and when it was read */
    /* as they were told; of a run that trains */
    wf_run_metrics epochs;
    wf_series_place live, norms;
} wf__watched;

typedef struct wf__watch wf__watch;

wf_status wf__watch_create(wf__watch **out, wf_context *cx, wf_store *store);
void wf__watch_destroy(wf__watch *watch); /* NULL is legal */

/* Looks at the folders and adds what has changed to the log; the first look tells nothing.
 * Errors: WF_E_IO, WF_E_NOMEM. */
wf_status wf__watch_look(wf_context *cx, wf__watch *watch, wf__events *log);

/* All, oldest first; until the next look. */
wf__watched *const *wf__watch_runs(size_t *out_count, const wf__watch *watch);
/* Errors: WF_E_NOTFOUND. */
wf_status wf__watch_find(const wf__watched **out, wf_context *cx, const wf__watch *watch,
                         const char *id);

#endif
