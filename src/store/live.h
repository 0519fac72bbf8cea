/* What a run says while it trains, for those who watch: live.csv, norms.csv, and the wish that it
 * stop. Both files begin with the columns time (seconds since 1970), epoch and step (since the run
 * began); they are appended to line by line, without fsync, and when they grow long one of every
 * two lines of their older part goes, of live.csv the one with the lower batch_loss. */
#ifndef WF_STORE_LIVE_H
#define WF_STORE_LIVE_H

#include <stdbool.h>

#include "store/store.h"

/* The most lines that the files hold. */
enum { WF_LIVE_MAX_LINES = 2000, WF_NORMS_MAX_LINES = 256 };

/* ---- writing, by the process that trains ---- */

/* One line of live.csv. */
typedef struct wf_live_line {
    double time;
    int64_t epoch, step, steps; /* epoch from 1; steps of an epoch */
    double loss, accuracy;      /* over the epoch so far */
    double batch_loss;          /* the largest of a batch since the line before */
    double learning_rate, images_per_s;
    int64_t memory_bytes; /* resident */
} wf_live_line;

/* What the files hold of steps after `step` is void: the run goes on from there.
 * Errors: WF_E_ARG (opened for reading). */
wf_status wf_run_live_begin(wf_context *cx, wf_run *run, int64_t step);

/* Errors: WF_E_ARG, WF_E_IO, WF_E_NOMEM; the file then ends with the line before. */
wf_status wf_run_record_live(wf_context *cx, wf_run *run, const wf_live_line *line);

/* One line of norms.csv. names, weights, gradients [count]: Euclidean norms of each parameter, the
 * same names every time; a gradient that is unknown is NAN. */
wf_status wf_run_record_norms(wf_context *cx, wf_run *run, double time, int64_t epoch, int64_t step,
                              const char *const *names, const double *weights,
                              const double *gradients, size_t count);

/* ---- reading, at any time ---- */

/* A table of numbers. */
typedef struct wf_series {
    char **columns; /* [column_count]; of norms.csv "weights/<name>", "gradients/<name>" */
    size_t column_count;
    double *cells; /* [row_count][column_count]; NAN: unknown */
    size_t row_count;
} wf_series;

/* How far a reader has come in a file. Zero: nothing was read. */
typedef struct wf_series_place {
    uint64_t inode;
    int64_t offset;
    double step; /* of the last line */
} wf_series_place;

typedef enum wf_series_kind { WF_SERIES_LIVE, WF_SERIES_NORMS } wf_series_kind;

/* The lines behind `place`, which moves; place NULL: all. *out_is_anew (may be NULL): the file no
 * longer holds the last line that was read, so `out` is all that there is. Lines that are damaged
 * or not whole yet are passed over; no file: no lines. Columns are there also without lines.
 * Release with wf_series_reset.
 * Errors: WF_E_IO, WF_E_LIMIT, WF_E_NOMEM. */
wf_status wf_run_read_series(wf_series *out, bool *out_is_anew, wf_context *cx, const wf_run *run,
                             wf_series_kind kind, wf_series_place *place);
void wf_series_reset(wf_series *series);

/* ---- stopping ---- */

typedef enum wf_stop { WF_STOP_NOT, WF_STOP_SAVING, WF_STOP_DISCARDING } wf_stop;

/* Asks the process that trains the run to stop: with a checkpoint of now, or without, so that what
 * was learnt since the last one is lost. `who` is for the run's reason.
 * Errors: WF_E_ARG (nobody trains it), WF_E_IO, WF_E_NOMEM. */
wf_status wf_run_request_stop(wf_context *cx, const wf_run *run, bool saves, const char *who);

/* What was asked for; one call of the kernel as long as nothing was. `who` "" when unknown. */
wf_stop wf_run_stop_requested(char who[64], const wf_run *run);

#endif
