/* What the files of src/store share. */
#ifndef WF_STORE_INTERNAL_H
#define WF_STORE_INTERNAL_H

#include <locale.h>
#include <stdbool.h>

#include "base/files.h"
#include "base/json.h"
#include "base/str.h"
#include "store/live.h"
#include "store/store.h"

#define WF_RUN_DESCRIPTION_FILE "description.json"
#define WF_RUN_METRICS_FILE "metrics.csv"
#define WF_RUN_METRICS_HEADER                                                                      \
    "epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds,ms_per_step\n"
#define WF_RUN_TEST_FILE "test.json"
#define WF_RUN_FOLD_FILE "fold.json"
#define WF_RUN_PREDICTIONS_FILE "predictions.csv"
#define WF_RUN_LOG_FILE "log.txt"
#define WF_RUN_TAGS_FILE "tags.json"
#define WF_RUN_LIVE_FILE "live.csv"
#define WF_RUN_NORMS_FILE "norms.csv"
#define WF_RUN_STOP_FILE "stop"
#define WF_RUN_LIVE_HEADER                                                                         \
    "time,epoch,step,steps,loss,accuracy,batch_loss,learning_rate,images_per_s,memory_bytes\n"
#define WF_RUN_NORMS_HEADER "time,epoch,step\n" /* then those of the parameters */

enum { WF_RUN_MAX_BYTES = 1 << 26, WF_RUN_MAX_EPOCHS = 1 << 20 };

/* One of live.csv and norms.csv while it is written. */
enum { WF__SERIES_COUNT = 2, WF__SERIES_MAX_BYTES = 1 << 24 };
enum { WF__SERIES_STEP = 2, WF__LIVE_BATCH_LOSS = 6 }; /* columns */
typedef struct wf__series {
    wf_append *file; /* NULL: not yet looked at */
    size_t lines;
} wf__series;

struct wf_run {
    char *path, *id;
    wf_store *store; /* borrowed; its database follows what is written; NULL: reading */
    int lock; /* descriptor of the folder, locked while this process writes the run; -1: reading */
    bool is_described;
    json_t *description;
    wf_str metrics; /* the text of metrics.csv */
    int epochs;
    wf_append *log;
    wf__series series[WF__SERIES_COUNT];
    double live_step; /* what they hold of later steps is void */
};

/* ---- lock.c: a run is in use while some process holds the lock of its folder ---- */

/* Takes the lock; *out is -1 when another process holds it. `wait`: waits for it instead. */
wf_status wf__lock_take(int *out, wf_context *cx, const char *folder, bool wait);
void wf__lock_free(int lock); /* -1 is legal */
bool wf__lock_is_held(const char *folder);

/* ---- run.c ---- */

/* A handle without lock. */
wf_status wf__run_alloc(wf_run **out, wf_context *cx, const char *path);
/* True when the folder holds a description.json. */
bool wf__run_is_folder(const char *path);

/* ---- cells.c ---- */

/* Numbers as weft writes them: strtod reads a point for this thread. */
typedef struct wf__locale {
    locale_t c, host;
} wf__locale;
wf_status wf__locale_c(wf__locale *out, wf_context *cx);
void wf__locale_reset(wf__locale *locale);
/* Reads the cells of a line that ends in a newline before `end`, an empty one as NAN; returns the
 * number of the first bad column (from 1), or 0. */
int wf__cells_read(double *cells, int columns, const char *line, const char *end);

/* ---- series.c ---- */

const char *wf__series_file(wf_series_kind kind);
/* Bytes of the first line with its newline; 0: it has none. */
size_t wf__line_length(const char *text);
/* `header` and `line` end in a newline. */
wf_status wf__series_add(wf_context *cx, wf_run *run, wf_series_kind kind, const char *header,
                         const wf_str *line);
void wf__series_close(wf__series *s);
/* What wf_run_read_series finds in `text`, of which [size] is 0; `out` is zero, and to be released
 * also on failure. */
wf_status wf__series_parse(wf_series *out, bool *out_is_anew, wf_context *cx, const char *text,
                           size_t size, uint64_t inode, wf_series_place *place);

/* ---- predictions.c ---- */

/* `name` is for error texts. */
wf_status wf__predictions_parse(wf_predictions *out, wf_context *cx, const char *text, size_t size,
                                const char *name);

/* ---- contents.c ---- */

typedef struct wf__contents {
    json_t *description, *judgement, *tags; /* objects; NULL: absent or damaged */
    bool is_fold;                           /* of a cross-validation: judged on held-out images */
    wf_run_metrics metrics;
} wf__contents;

wf_status wf__contents_read(wf__contents *out, wf_context *cx, const wf_run *run);
void wf__contents_reset(wf__contents *contents);

/* ---- summary.c ---- */

/* A running run whose lock is free is abandoned. */
wf_status wf__summary_of(wf_run_summary *out, wf_context *cx, const wf_run *run,
                         const wf__contents *contents);

/* ---- figures.c ---- */

/* What was judged: "test", "held-out", or "" when nothing was. */
const char *wf__part_of(const wf__contents *contents);
wf_status wf__figures_of(wf_run_figures *out, wf_context *cx, json_t *judgement);

/* ---- tags.c ---- */

/* Appends those members that are texts, sorted, as a JSON object on one line. */
wf_status wf__tags_text(wf_str *out, wf_context *cx, json_t *tags);

/* ---- run.c ---- */

wf_run_status wf__run_status_find(const char *name); /* abandoned when there is no such status */
/* "2026-01-31T12:00:00.000Z" */
void wf__time_text(char buffer[32]);

/* ---- store.c ---- */

/* The database takes in what has changed in the run's folder, if it can. */
void wf__store_follow(wf_store *store, const char *id);

#endif
