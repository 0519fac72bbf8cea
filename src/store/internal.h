/* What the files of src/store share. */
#ifndef WF_STORE_INTERNAL_H
#define WF_STORE_INTERNAL_H

#include <stdbool.h>

#include "base/files.h"
#include "base/json.h"
#include "base/str.h"
#include "store/store.h"

#define WF_RUN_DESCRIPTION_FILE "description.json"
#define WF_RUN_METRICS_FILE "metrics.csv"
#define WF_RUN_METRICS_HEADER                                                                      \
    "epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds,ms_per_step\n"
#define WF_RUN_TEST_FILE "test.json"
#define WF_RUN_FOLD_FILE "fold.json"
#define WF_RUN_PREDICTIONS_FILE "predictions.csv"
#define WF_RUN_LOG_FILE "log.txt"

enum { WF_RUN_MAX_BYTES = 1 << 26, WF_RUN_MAX_EPOCHS = 1 << 20 };

struct wf_run {
    char *path, *id;
    int lock; /* descriptor of the folder, locked while this process writes the run; -1: reading */
    bool is_described;
    json_t *description;
    wf_str metrics; /* the text of metrics.csv */
    int epochs;
    wf_append *log;
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

/* ---- predictions.c ---- */

/* `name` is for error texts. */
wf_status wf__predictions_parse(wf_predictions *out, wf_context *cx, const char *text, size_t size,
                                const char *name);

/* ---- summary.c ---- */

/* The names of one folder as the index keeps them: `status` may be running though nobody writes. */
wf_status wf__summary_read(wf_run_summary *out, wf_context *cx, const char *path);
/* Turns running into abandoned when the lock is free. */
void wf__summary_settle(wf_run_summary *s);
/* "2026-01-31T12:00:00.000Z" */
void wf__time_text(char buffer[32]);

/* ---- index.c: the SQLite file ---- */

typedef struct wf__index wf__index;

/* Opens or makes <dir>/weft.db, rebuilding a damaged one; where the folder cannot be written, an
 * index in memory serves. */
wf_status wf__index_open(wf__index **out, wf_context *cx, const char *dir);
void wf__index_close(wf__index *index);
/* True when the last failure means that the file itself is bad. */
bool wf__index_is_damaged(const wf__index *index);
/* Brings the rows up to date with the folders of `dir`. */
wf_status wf__index_refresh(wf_context *cx, wf__index *index, const char *dir);
wf_status wf__index_select(wf_run_list *out, wf_context *cx, wf__index *index, const char *dir,
                           const char *filter);

#endif
