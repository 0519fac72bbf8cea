/* TensorBoard's event files: figures, histograms, images and texts over the steps of a training. */
#ifndef WEFT_EVENTS_H
#define WEFT_EVENTS_H

#include <stddef.h>
#include <stdint.h>

#include "weft/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One file that grows. TensorBoard reads all files of a folder, in the order of their names, as one
 * run that is named after the folder.  Threads: one caller per writer. */
typedef struct wf_events wf_events;

/* Where something belongs: on the axis of steps, and in time. */
typedef struct wf_event_point {
    int64_t step;
    double time_s; /* since 1970; 0: now */
} wf_event_point;

/* Begins a new file in `folder`, which is made if need be. Where older files are, those of a run
 * that was interrupted, their events from `first_step` on are void.
 * Errors: WF_E_IO, WF_E_NOMEM. */
WF_API wf_status wf_events_open(wf_events **out, wf_context *cx, const char *folder,
                                int64_t first_step);

/* Each of these appends one record. Tags are paths ("weights/dense/kernel"); what stands before the
 * first slash is a group.  Errors: WF_E_IO, WF_E_NOMEM; the file then ends with the record
 * before. */

/* Stored as float32. */
WF_API wf_status wf_events_scalar(wf_events *e, wf_context *cx, wf_event_point at, const char *tag,
                                  double value);
/* values [n]; those that are not finite are not counted, and without any there is no record.
 * Buckets: TensorFlow's, 0 and both signs of 1e-12 * 1.1^k up to 1e20; those without values at
 * either end are left out, and neighbours without are one.
 * Source: tensorflow/core/lib/histogram/histogram.cc */
WF_API wf_status wf_events_histogram(wf_events *e, wf_context *cx, wf_event_point at,
                                     const char *tag, const float *values, int64_t n);
typedef struct wf_event_image {
    const void *png; /* [bytes] a PNG file */
    size_t bytes;
    int height, width, channels; /* 1 grey, 3 red green blue */
    const char *description;     /* Markdown, or NULL */
} wf_event_image;
/* Errors: also WF_E_LIMIT (a record ends at 2 GiB). */
WF_API wf_status wf_events_image(wf_events *e, wf_context *cx, wf_event_point at, const char *tag,
                                 const wf_event_image *image);
/* Markdown. */
WF_API wf_status wf_events_text(wf_events *e, wf_context *cx, wf_event_point at, const char *tag,
                                const char *text);

/* ---- the HPARAMS tab: a run and the runs in folders below its own make one row ---- */

typedef enum wf_hparam_kind { WF_HPARAM_NUMBER, WF_HPARAM_BOOL, WF_HPARAM_TEXT } wf_hparam_kind;

typedef struct wf_hparam {
    const char *name;
    wf_hparam_kind kind;
    double number;    /* NUMBER, BOOL */
    const char *text; /* TEXT */
} wf_hparam;

/* What the run was made with; each name once. */
WF_API wf_status wf_events_begin_session(wf_events *e, wf_context *cx, double time_s,
                                         const wf_hparam *hparams, size_t n);
/* How it ended. TensorBoard keeps the first answer, so a run that may go on gives none. */
WF_API wf_status wf_events_end_session(wf_events *e, wf_context *cx, double time_s, int succeeded);

/* Everything so far is on disk.  Errors: WF_E_IO. */
WF_API wf_status wf_events_flush(wf_events *e, wf_context *cx);
/* The same, and ends the writer whatever the result. NULL is legal. */
WF_API wf_status wf_events_close(wf_events *e, wf_context *cx);

#ifdef __cplusplus
}
#endif
#endif
