/* What weft audit found, and the forms in which it says so. */
#ifndef WF_CMD_AUDIT_H
#define WF_CMD_AUDIT_H

#include "cmd/opinions.h"

/* Accuracy (of any number of labels: subset accuracy) of one run without some of the test images:
 * how much its figure depends on them. */
typedef enum wf_left_out {
    WF_LEFT_OUT_NONE,
    WF_LEFT_OUT_ERRORS,     /* likely label errors */
    WF_LEFT_OUT_DUPLICATES, /* those with a duplicate among the training or validation images */
    WF_LEFT_OUT_BOTH,
    WF_LEFT_OUT_COUNT
} wf_left_out;

typedef struct wf_sensitivity {
    char *run; /* NULL: no run is judged */
    int64_t images[WF_LEFT_OUT_COUNT], right[WF_LEFT_OUT_COUNT];
} wf_sensitivity;

/* "all test images", ...; never NULL. */
const char *wf_left_out_name(wf_left_out which);
/* The line that stands above every such table. */
extern const char wf_sensitivity_note[];

typedef struct wf_audit {
    const wf_dataset *dataset;
    wf_duplicates *duplicates;
    wf_opinions training, test;
    wf_label_errors *training_errors, *test_errors; /* NULL: no model said anything */
    wf_sensitivity sensitivity;
} wf_audit;

/* What comes of leaving images out for `run`, whose test predictions are read.
 * Errors: as wf_opinions_read; WF_E_DATA (not all test images). */
wf_status wf_sensitivity_measure(wf_audit *inout, wf_context *cx, const wf_run *run);

/* The two parts whose labels are looked at. */
enum { WF_AUDITED_PARTS = 2 };
typedef struct wf_audited {
    const wf_opinions *opinions;
    const wf_label_errors *errors; /* may be NULL */
} wf_audited;
wf_audited wf_audit_labels(const wf_audit *a, int i);

/* The class of that number as tables name it; WF_NO_LABEL: "(none)". */
const char *wf_audit_class(const wf_audit *a, int32_t label);
/* Whether both images have the same label, or the same set of them. */
int wf_audit_same_labels(const wf_audit *a, const wf_duplicate *pair);
/* "accuracy", or what it is called of any number of labels. */
const char *wf_audit_figure(const wf_audit *a);

/* Two parts, or one with itself: "within train", "train and test". The i-th of those that hold
 * images; 0 behind the last. Returns 1 and sets both. */
int wf_audit_parts(const wf_audit *a, int i, wf_part *out_a, wf_part *out_b);
const char *wf_audit_parts_name(char buffer[48], wf_part a, wf_part b);

/* ---- forms ---- */

/* As people read it, on standard output. */
wf_status wf_audit_print(wf_cli *cli, const wf_audit *a);
/* The document; release it with json_decref. */
wf_status wf_audit_json(json_t **out, wf_context *cx, const wf_audit *a);
/* The body of a page of results; `pictures`: the folder of the sheets as seen from the page, NULL
 * where it cannot link to them. */
wf_status wf_audit_markdown(wf_str *out, wf_context *cx, const wf_audit *a, const char *pictures);
/* duplicates.csv, label_errors.csv where labels were looked at, and a sheet of pictures for each
 * kind of finding, into `folder`, which is made; and audit.json, what a report shows of it: the
 * data set, the first findings {part, index, label} and how many there are. What an earlier audit
 * left and this one has not is removed.
 * Errors: WF_E_IO, WF_E_NOMEM. */
#define WF_AUDIT_FINDINGS_FILE "audit.json"
enum { WF_AUDIT_SCHEMA_VERSION = 1 };
wf_status wf_audit_write(wf_context *cx, const wf_audit *a, const char *folder);

/* The sheets that there are to write: the i-th one's file name and heading, NULL where it would be
 * empty. */
enum { WF_AUDIT_SHEETS = 3, WF_AUDIT_SHEET_ITEMS = 60, WF_AUDIT_TITLE_BYTES = 256 };
const char *wf_audit_sheet_file(int i);
const char *wf_audit_sheet_title(char buffer[WF_AUDIT_TITLE_BYTES], const wf_audit *a, int i);

#endif
