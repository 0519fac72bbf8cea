/* CSV files that say which labels each image has, and what the files label_*.c make of them. */
#ifndef WF_DATA_LABEL_SETS_H
#define WF_DATA_LABEL_SETS_H

#include "base/files.h"
#include "data/formats.h"

/* One row; its texts end in 0 and belong to the file. */
typedef struct wf__label_row {
    const char *image;
    const char *labels; /* as written: "Bag|Dress" */
    const char *split;  /* NULL: the file has no such column */
    int64_t line;
} wf__label_row;

/* ---- label_records.c ---- */

enum { WF__RECORD_COLUMNS = 256 }; /* one more than a record may have */

/* The text, and where in it the next record begins. Fields are unquoted in place. */
typedef struct wf__records {
    char *at, *end;
    const char *name;
    int64_t line; /* of `at`, from 1 */
} wf__records;

typedef struct wf__record {
    char *fields[WF__RECORD_COLUMNS];
    int count;
    int64_t line; /* of its beginning */
} wf__record;

/* `text`, of which [size] is 0; a byte order mark is skipped.  Errors: WF_E_DATA (a 0 byte). */
wf_status wf__records_begin(wf__records *out, wf_context *cx, char *text, size_t size,
                            const char *name);
/* The next record that is no blank line; count 0 at the end.
 * Errors: WF_E_DATA (quotes), WF_E_LIMIT (columns, a line over 1 MiB). */
wf_status wf__records_next(wf__record *out, wf__records *r, wf_context *cx);

/* ---- label_csv.c ---- */

typedef struct wf__label_file {
    const char *name; /* for error texts; borrowed */
    char *text;
    wf__label_row *rows;
    int64_t count;
    int image_column, labels_column, split_column; /* from 1; 0: the file has none */
} wf__label_file;

/* Takes `text`, of which [size] is 0, in any case. RFC 4180: quoted fields may hold commas, line
 * breaks and doubled quotes; the header names the columns, in any order.
 * Errors: WF_E_DATA (line and column), WF_E_LIMIT (a line over 1 MiB), WF_E_NOMEM. */
wf_status wf__label_file_parse(wf__label_file *out, wf_context *cx, char *text, size_t size,
                               const char *name);
wf_status wf__label_file_read(wf__label_file *out, wf_context *cx, const char *path);
void wf__label_file_reset(wf__label_file *file);
/* Whether the file at `path` begins with a header that names the columns image and labels. */
wf_status wf__label_file_is(bool *out, wf_context *cx, const char *path);

/* ---- label_classes.c ---- */

/* The names of classes.txt; or, where that is absent, of all `rows`, sorted. */
typedef struct wf__label_classes {
    wf_names names;
    const char *source; /* "classes.txt", or the file whose labels they are */
    int32_t *order;     /* [count] by name, for the search */
} wf__label_classes;

/* `text` of classes.txt, which is cut into lines.
 * Errors: WF_E_DATA (a name twice or with |, fewer than two), WF_E_LIMIT, WF_E_NOMEM. */
wf_status wf__label_classes_parse(wf__label_classes *out, wf_context *cx, char *text, size_t size,
                                  const char *name);
/* `in_train` NULL: of every row.  Errors: WF_E_DATA, WF_E_LIMIT (too many), WF_E_NOMEM. */
wf_status wf__label_classes_of(wf__label_classes *out, wf_context *cx, const wf__label_file *file,
                               const uint8_t *in_train);
void wf__label_classes_reset(wf__label_classes *classes);

/* Sets set[c] to 1 for the names of the row.
 * Errors: WF_E_DATA (a name that is unknown, with the nearest; empty; twice). */
wf_status wf__label_set(uint8_t *set, wf_context *cx, const wf__label_file *file,
                        const wf__label_row *row, const wf__label_classes *classes);

/* The class of that name; -1: there is none. */
int32_t wf__label_find(const wf__label_classes *classes, const char *name);

/* ---- label_objects.c ---- */

/* Sets images->object_sizes from a file with the columns image (a row), label, width and height,
 * among others: a line per object.
 * Errors: WF_E_DATA (line and column; a label that the image has not), WF_E_LIMIT, WF_E_NOMEM. */
wf_status wf__label_objects_parse(wf_images *images, wf_context *cx, char *text, size_t size,
                                  const char *name, const wf__label_classes *classes);

#endif
