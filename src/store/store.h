/* The run store: one folder per run, never overwritten, and a database over all of them.
 *
 *   runs/weft.db            the database (SQLite, WAL): follows the folders, made again when lost
 *   runs/<name>-<n>/        one run
 *     config.yaml           the experiment, fully rendered
 *     description.json      what ran where, its claim, and its status (wf_run_description)
 *     splits.csv            which image went where
 *     metrics.csv           one line per epoch (wf_epoch_record)
 *     live.csv, norms.csv   what it says while it trains; stop: it is asked to stop (store/live.h)
 *     log.txt
 *     weights/best.safetensors, weights/last.safetensors
 *     checkpoint/last.ckpt
 *     pretrained.json       which parameters began as those of another run
 *     test.json             figures on the test set (wf_evaluation_to_json, and the store's keys)
 *     fold.json             instead of it in a fold of a cross-validation: the same form, on the
 *                           held-out images; predictions.csv then has rows of the training set
 *     predictions.csv       index,label,predicted,p0 ... pK-1; where images have any number of
 *                           labels: index,labels,predicted,p0 ..., with sets such as 1|4, and
 *                           log_p (of the true set) and small (labels with a small object), both
 *                           only where they are known
 *     thresholds.json       above which probability each label is said to be there
 *     report.html
 *     report/               what a report shows and takes long to make: a map, evidence
 *     tags.json             {"name": "value"}: what the user noted
 *
 * The folders are the truth: every list first compares each folder with its row of the database.
 * A process that dies leaves a run whose status is "running" but whose lock is free: it is shown as
 * abandoned, never as finished.  Threads: one wf_store and one wf_run per thread; any number of
 * processes may use one runs folder. */
#ifndef WF_STORE_STORE_H
#define WF_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/status.h"

typedef struct wf_store wf_store;
typedef struct wf_run wf_run;

typedef enum wf_run_status {
    WF_RUN_RUNNING,
    WF_RUN_FINISHED,
    WF_RUN_INTERRUPTED, /* stopped by the user or by a time limit; may be continued */
    WF_RUN_FAILED,
    WF_RUN_ABANDONED /* its process died; may be continued */
} wf_run_status;

/* "running", ...; never NULL. */
const char *wf_run_status_name(wf_run_status status);

/* What a model file says that its source reports; NAN and NULL where it says nothing. */
typedef struct wf_run_claim {
    const char *text;
    double accuracy, macro_f1, loss;
} wf_run_claim;

/* What ran where. Texts may be NULL and counts 0 when unknown. The caller owns every text. */
typedef struct wf_run_description {
    const char *model;   /* name of the model, e.g. "gru-128"; must not be NULL */
    const char *family;  /* "cnn", "rnn", "hybrid" or "other" */
    const char *dataset; /* e.g. "fashion-mnist" */
    const char *data_hash;
    int64_t train_count, validation_count, test_count;
    const char *const *class_names; /* [class_count] or NULL */
    int class_count;
    uint64_t seed;
    int epochs_planned;
    int64_t batch_size;
    int threads;
    const char *precision, *cpu, *isa, *command;
    const char *version, *library_versions; /* weft's own; of the libraries, one line */
    int64_t parameters, trainable_parameters;
    int64_t madds;              /* multiply-adds of one image forward */
    int folds, repeat, fold;    /* one fold of a cross-validation, from 0; folds 0: no fold */
    const float *scale, *shift; /* [channels] what the network sees is pixel * scale + shift */
    int channels;
    wf_run_claim claim;
} wf_run_description;

/* One line of metrics.csv. val_loss and val_accuracy are NAN without validation. */
typedef struct wf_epoch_record {
    int epoch; /* from 1 */
    double loss, accuracy, val_loss, val_accuracy, learning_rate;
    double seconds, ms_per_step;
} wf_epoch_record;

/* One run as lists and reports see it; owned texts. Unknown texts are "", unknown figures NAN,
 * unknown counts 0. */
typedef struct wf_run_summary {
    char *id;   /* the folder's name, e.g. "gru-128-2" */
    char *path; /* the folder */
    char *name; /* the id without its number */
    char *model, *family, *dataset, *data_hash, *precision, *isa, *cpu, *version, *libraries;
    char *started, *ended;          /* UTC, 2026-01-31T12:00:00.000Z */
    char *reason, *command;         /* why it ended; the call that made it */
    char *part, *weights;           /* judged on: "test" or "held-out" (a fold), and with "best" or
                                       "last" weights; "" as long as it is not judged */
    char *tags;                     /* a JSON object of texts, "{}" when there are none */
    char *worst_class, *best_class; /* by F1 on the test set */
    char *claim_text;
    int64_t status; /* wf_run_status */
    int64_t seed, threads, epochs, epochs_planned, batch_size;
    int64_t folds, repeat, fold; /* of a cross-validation; folds 0: no fold */
    int64_t train_count, validation_count, test_count, class_count;
    int64_t parameters, trainable_parameters, madds;
    double ms_per_step, s_per_epoch; /* medians over the epochs */
    double total_s;                  /* sum of the epochs */
    double val_loss, val_accuracy;   /* of the last epoch */
    double accuracy, loss, macro_f1; /* on the test set; of a fold: on its held-out images */
    double worst_f1, best_f1;
    double claim_accuracy, claim_macro_f1, claim_loss;
} wf_run_summary;

typedef struct wf_run_list {
    wf_run_summary *runs;
    size_t count;
} wf_run_list;

/* Which runs, in which order. NULL, 0: any. */
typedef struct wf_run_filter {
    const char *name; /* the model's or the run's */
    const char *model, *dataset, *status;
    const char *tag;  /* "name", or "name=value" */
    const char *sort; /* one of wf_run_sorts; NULL: "started" */
    int64_t limit;    /* the first ones of that order; of "started" the latest ones */
} wf_run_filter;

/* "started": oldest first; a figure: best first, runs without it last. */
#define WF_RUN_SORTS "started|accuracy|macro_f1|loss|val_accuracy|time|parameters"

typedef struct wf_run_metrics {
    wf_epoch_record *epochs;
    size_t count;
} wf_run_metrics;

/* A figure of test.json or fold.json by name ("accuracy", "macro_f1", "top_3"); low and high are
 * its interval, NAN when it has none. */
typedef struct wf_run_figure {
    char *name;
    double value, low, high;
} wf_run_figure;

/* One of a class: "precision", "f1", "support" ... */
typedef struct wf_class_figure {
    int class_index;
    char *class_name, *metric;
    double value;
} wf_class_figure;

typedef struct wf_run_figures {
    wf_run_figure *items;
    size_t count, capacity;
    wf_class_figure *classes;
    size_t class_count, class_capacity;
} wf_run_figures;

/* A file of a run's folder. */
typedef struct wf_artefact {
    char *path;       /* below the folder, as the file system has it */
    const char *kind; /* "weights", "checkpoint", "predictions" ... */
    int64_t bytes;
} wf_artefact;

typedef struct wf_artefacts {
    wf_artefact *items;
    size_t count, capacity;
} wf_artefacts;

/* What a run said about each image that it was judged on. */
typedef struct wf_predictions {
    int64_t count;
    int class_count;             /* K */
    int64_t *index;              /* [count] row in the set that the images are of */
    int32_t *labels, *predicted; /* [count], each in [0, K) */
    uint8_t *sets, *taken; /* [count][K], 0 or 1; NULL: one label each, else labels and predicted
                              are NULL */
    float *probabilities;  /* [count][K], finite and >= 0 */
    double *log_p;         /* [count] log-probability of the true set; NULL: not known */
    uint8_t *small;        /* [count][K], 1: the label's object is small; NULL: not known */
} wf_predictions;

/* ---- the store ------------------------------------------------------------------------------- */

/* Opens a runs folder; it need not exist before the first wf_run_create.
 * Errors: WF_E_IO, WF_E_NOMEM. */
wf_status wf_store_open(wf_store **out, wf_context *cx, const char *runs_dir);
void wf_store_close(wf_store *store); /* NULL is legal */
const char *wf_store_dir(const wf_store *store);

/* What the user should know of the database, as lines: it was damaged and made again, a folder
 * could not be taken in. NULL: nothing. Valid until the next call with `store`. */
const char *wf_store_note(const wf_store *store);

/* The runs whose model or name is `name` (NULL: all), oldest first. Damaged folders are listed
 * with what can be read of them.
 * Errors: WF_E_IO, WF_E_UNSUPPORTED (the database is of a newer weft), WF_E_NOMEM. */
wf_status wf_store_list(wf_run_list *out, wf_context *cx, wf_store *store, const char *name);
/* Errors: also WF_E_ARG (an unknown status or order). */
wf_status wf_store_select(wf_run_list *out, wf_context *cx, wf_store *store,
                          const wf_run_filter *filter);
void wf_run_list_reset(wf_run_list *list);

/* The answer to one SQL statement that only reads, of at most `max_seconds`: {"columns": [name],
 * "rows": [[cell]]}; bytes as the text X'00ff'. Release it with json_decref.
 * Errors: WF_E_ARG (no SQL, not one statement, more than reading), WF_E_LIMIT (time, 4,000,000
 * cells), and those of wf_store_list. */
wf_status wf_store_query(json_t **out, wf_context *cx, wf_store *store, const char *sql,
                         double max_seconds);

/* Makes every row of the database again from the folders, while others may read and write it.
 * Errors: as wf_store_list. */
wf_status wf_store_rebuild(wf_context *cx, wf_store *store);

/* ---- taking away ----------------------------------------------------------------------------- */

/* The id of a run that is named by its id or by the path of its folder; names of models are
 * refused. Free it with wf_free.  Errors: as wf_run_open; WF_E_ARG (a name; a folder elsewhere). */
wf_status wf_store_find(char **out_id, wf_context *cx, wf_store *store, const char *reference);

/* Takes a run away, folder and rows. Whatever happens meanwhile, the run is there whole or not at
 * all; what may be left of its files has no run's name.
 * Errors: WF_E_NOTFOUND, WF_E_ARG (it is being written), WF_E_IO, WF_E_NOMEM. */
wf_status wf_store_delete(wf_context *cx, wf_store *store, const char *id);

/* What nobody needs: checkpoints of finished runs, runs abandoned before their first epoch, what
 * was left of deletions, damaged databases, empty folders. */
typedef struct wf_garbage_item {
    char *path, *run; /* run: its id when the whole run goes, else NULL */
    const char *reason;
    int64_t bytes;
} wf_garbage_item;

typedef struct wf_garbage {
    wf_garbage_item *items;
    size_t count, capacity;
} wf_garbage;

wf_status wf_store_find_garbage(wf_garbage *out, wf_context *cx, wf_store *store);
wf_status wf_store_remove_garbage(wf_context *cx, wf_store *store, const wf_garbage_item *item);
void wf_garbage_reset(wf_garbage *garbage);

/* ---- writing a run --------------------------------------------------------------------------- */

/* Makes the folder <runs>/<name>-<n> with the next free n and holds its lock. Status: running. The
 * database follows every change of the run at once; that it cannot (a full disk, a newer weft's
 * database) stops no run: the next list catches up. `store` must outlive the run.
 * Errors: WF_E_ARG (name is empty, over 100 bytes, no UTF-8, begins with '.' or '-', holds '/' or a
 * control character), WF_E_IO, WF_E_NOMEM. */
wf_status wf_run_create(wf_run **out, wf_context *cx, wf_store *store, const char *name);

/* Takes up an interrupted, failed or abandoned run again and keeps its first `epochs` epochs.
 * Errors: WF_E_NOTFOUND, WF_E_ARG (finished, in use, or fewer epochs), WF_E_DATA, WF_E_IO. */
wf_status wf_run_continue(wf_run **out, wf_context *cx, wf_store *store, const char *reference,
                          int epochs);

/* Closes the handle and frees its lock; a run that was not finished is then abandoned. */
void wf_run_close(wf_run *run);

/* Whether a process, this one or another, is writing the run: three calls of the kernel. */
bool wf_run_is_written(const wf_run *run);

const char *wf_run_path(const wf_run *run);
const char *wf_run_id(const wf_run *run);

/* Path of a file of the run, e.g. "weights/best.safetensors"; free it with wf_free. */
wf_status wf_run_file(char **out, wf_context *cx, const wf_run *run, const char *name);

/* Writes description.json; once, right after wf_run_create.
 * Errors: WF_E_ARG (no model, a seed above 2^63 - 1, written before), WF_E_IO, WF_E_NOMEM. */
wf_status wf_run_describe(wf_context *cx, wf_run *run, const wf_run_description *description);

/* Writes one file of the folder as a whole (config.yaml, splits.csv, report.html ...). */
wf_status wf_run_write(wf_context *cx, wf_run *run, const char *name, const char *text,
                       size_t length);

/* Adds a line to metrics.csv.  Errors: WF_E_ARG (epochs must follow each other), WF_E_IO. */
wf_status wf_run_record_epoch(wf_context *cx, wf_run *run, const wf_epoch_record *record);

/* Adds one line, stamped with the time, to log.txt. */
wf_status wf_run_log(wf_context *cx, wf_run *run, const char *line);

/* Writes test.json from the text of wf_evaluation_to_json, adding "test_set": "used once, after
 * training", "weights" (which file was judged, e.g. "best") and "evaluated" (time).
 * Errors: WF_E_ARG (there is a test.json already: the test set is touched once per run),
 * WF_E_DATA, WF_E_IO. */
wf_status wf_run_record_test(wf_context *cx, wf_run *run, const char *evaluation_json,
                             const char *weights);

/* Writes fold.json of a cross-validation's fold in the form of test.json, with "held_out" in place
 * of "test_set".  Errors: as wf_run_record_test. */
wf_status wf_run_record_fold(wf_context *cx, wf_run *run, const char *evaluation_json,
                             const char *weights);

/* Writes predictions.csv.  index [count]: rows of the part that was judged, NULL: 0, 1, ...;
 * labels, predicted [count]; probabilities [count][class_count]. */
wf_status wf_run_record_predictions(wf_context *cx, wf_run *run, const int32_t *index,
                                    const int32_t *labels, const int32_t *predicted,
                                    const float *probabilities, int64_t count, int class_count);

/* The same where images have any number of labels: `told` has sets, taken and probabilities, and
 * log_p and small where they are known; index as above. */
wf_status wf_run_record_sets(wf_context *cx, wf_run *run, const int32_t *index,
                             const wf_predictions *told);

/* Sets status (finished, interrupted or failed), end and reason (NULL or for instance "early
 * stopping: val_loss did not improve for 2 epochs") in description.json.
 * Errors: WF_E_ARG (another status; finished without wf_run_describe), WF_E_IO. */
wf_status wf_run_finish(wf_context *cx, wf_run *run, wf_run_status status, const char *reason);
/* The same of a run that failed; `error` is kept by its name: "error": "diverged". */
wf_status wf_run_fail(wf_context *cx, wf_run *run, wf_status error, const char *reason);

/* Sets a tag of the run, or takes it away (value NULL); `value` may be "". Any process may, also
 * while the run is being written.
 * Errors: WF_E_ARG (name empty, over 100 bytes or with "="; no UTF-8), WF_E_NOTFOUND (no such tag),
 * WF_E_DATA (tags.json is damaged), WF_E_IO, WF_E_NOMEM. */
wf_status wf_store_tag(wf_context *cx, wf_store *store, const wf_run *run, const char *name,
                       const char *value);

/* ---- reading a run --------------------------------------------------------------------------- */

/* Opens a run for reading. `reference` is the path of its folder, its id ("gru-128-2"), or the
 * name of a model or of runs: then its latest finished run, folds of a cross-validation left out
 * and tested runs before those that are not (trials of a sweep). `store` may be NULL when it is a
 * path.
 * Errors: WF_E_NOTFOUND (names the nearest), WF_E_IO, WF_E_NOMEM. */
wf_status wf_run_open(wf_run **out, wf_context *cx, wf_store *store, const char *reference);

wf_status wf_run_read_summary(wf_run_summary *out, wf_context *cx, const wf_run *run);
void wf_run_summary_reset(wf_run_summary *summary);

/* Errors: WF_E_DATA (line and column named), WF_E_IO, WF_E_NOMEM. No file: no epochs. */
wf_status wf_run_read_metrics(wf_run_metrics *out, wf_context *cx, const wf_run *run);
void wf_run_metrics_reset(wf_run_metrics *metrics);

/* The figures of test.json or fold.json; none as long as there is no such file, or it is damaged.
 * Errors: WF_E_NOMEM. */
wf_status wf_run_read_figures(wf_run_figures *out, wf_context *cx, const wf_run *run);
void wf_run_figures_reset(wf_run_figures *figures);

/* The folder's files, sorted by path; at most 10,000 and eight folders deep.
 * Errors: WF_E_IO, WF_E_NOMEM. */
wf_status wf_run_read_artefacts(wf_artefacts *out, wf_context *cx, const wf_run *run);
void wf_artefacts_reset(wf_artefacts *artefacts);

/* The text of test.json, for wf_evaluation_from_json; free it with wf_free.
 * Errors: WF_E_NOTFOUND (not yet tested), WF_E_LIMIT, WF_E_IO, WF_E_NOMEM. */
wf_status wf_run_read_test(char **out, size_t *out_length, wf_context *cx, const wf_run *run);
/* The same of fold.json. */
wf_status wf_run_read_fold(char **out, size_t *out_length, wf_context *cx, const wf_run *run);

/* Reads predictions.csv, every float as wf_run_record_predictions was given it.
 * Errors: WF_E_NOTFOUND (no such file), WF_E_DATA (line and column named), WF_E_LIMIT, WF_E_IO,
 * WF_E_NOMEM. */
wf_status wf_run_read_predictions(wf_predictions *out, wf_context *cx, const wf_run *run);
/* Those of images with any number of labels; else, and by wf_run_read_predictions for these:
 * WF_E_UNSUPPORTED. */
wf_status wf_run_read_sets(wf_predictions *out, wf_context *cx, const wf_run *run);
void wf_predictions_reset(wf_predictions *predictions);

#endif
