/* What the files of src/report share. */
#ifndef WF_REPORT_INTERNAL_H
#define WF_REPORT_INTERNAL_H

#include "base/str.h"
#include "report/report.h"

/* Texts of figures as all forms of the report show them; each returns `buffer`; "-" if unknown. */
enum { WF_FIGURE_BYTES = 64 };
const char *wf__show_score(char buffer[WF_FIGURE_BYTES], double value);    /* 0.9186 */
const char *wf__show_signed(char buffer[WF_FIGURE_BYTES], double value);   /* +0.0021 */
const char *wf__show_quantity(char buffer[WF_FIGURE_BYTES], double value); /* 9.31, 84.2, 340 */
const char *wf__show_epochs(char buffer[WF_FIGURE_BYTES], double mean);    /* 20, 12.5, 1,234 */
/* Mean, with " ± sd" when there are at least two seeds; `show` is one of the above. */
const char *wf__show_spread(char buffer[WF_FIGURE_BYTES], wf_spread s,
                            const char *(*show)(char buffer[WF_FIGURE_BYTES], double value));

/* Text without any meaning to Markdown or HTML; the writer through which every name passes. */
void wf__markdown_text(wf_str *s, wf_context *cx, const char *text);
/* The table of the rows; the sections of differences and of claims, if there are any. */
void wf__markdown_summary(wf_str *s, wf_context *cx, const wf_comparison *c);
void wf__markdown_pairs(wf_str *s, wf_context *cx, const wf_comparison *c);
void wf__markdown_claims(wf_str *s, wf_context *cx, const wf_comparison *c);
/* A quoted cell and a comma. A spreadsheet would take a text that begins like a formula for one: a
 * leading apostrophe makes it a text again. */
void wf__csv_text(wf_str *s, wf_context *cx, const char *text);
/* Empty when unknown. */
void wf__csv_figure(wf_str *s, wf_context *cx, double value, const char *after);

/* The cells of the summary table, shared by text, Markdown and HTML. */
typedef enum wf_report_column {
    WF_COLUMN_MODEL,
    WF_COLUMN_SEEDS,
    WF_COLUMN_ACCURACY,
    WF_COLUMN_SET_LOG_LIKELIHOOD,
    WF_COLUMN_C_F1,
    WF_COLUMN_O_F1,
    WF_COLUMN_MAP,
    WF_COLUMN_SMALL_RECALL,
    WF_COLUMN_LOSS,
    WF_COLUMN_MACRO_F1,
    WF_COLUMN_PARAMETERS,
    WF_COLUMN_MS_PER_STEP,
    WF_COLUMN_S_PER_EPOCH,
    WF_COLUMN_EPOCHS,
    WF_COLUMN_TOTAL,
    WF_COLUMN_WORST,
    WF_COLUMN_BEST,
    WF_COLUMN_CLAIM,
    WF_COLUMN_DIFFERENCE,
    WF_COLUMN_COUNT
} wf_report_column;

const char *wf__column_title(const wf_comparison *c, wf_report_column column);
int wf__column_is_text(wf_report_column column); /* else a figure: aligned to the right */
/* Whether any row has something to say in it. */
int wf__column_is_used(const wf_comparison *c, wf_report_column column);
/* Appends the cell as plain text. */
void wf__column_cell(wf_str *out, wf_context *cx, const wf_report_row *row,
                     wf_report_column column);

/* One claimed figure beside ours. */
typedef struct wf_report_claim {
    const char *figure; /* "accuracy", "macro F1", "loss" */
    double claimed, ours, difference;
} wf_report_claim;
enum { WF_CLAIM_FIGURES = 3 };
/* The figures that the row's source claims; returns how many. */
int wf__row_claims(wf_report_claim out[WF_CLAIM_FIGURES], const wf_report_row *row);

/* The summary that speaks for the row (its first run; what all its runs have in common). */
const wf_run_summary *wf__row_summary(const wf_report_row *row);

/* Whether both were tested on the same images, as far as their summaries and classes tell. */
int wf__rows_share_test(const wf_report_row *a, const wf_report_row *b);

/* ---- predictions.c ---- */

/* predictions.csv of the run. When it cannot be used, *problem says why and `out` stays empty.
 * Errors: WF_E_NOMEM. */
wf_status wf__run_predictions(wf_predictions *out, wf_str *problem, wf_context *cx,
                              const wf_report_run *run);
/* The same as far as tests of accuracy want it: of images with any number of labels class 1 is that
 * all are right, which is every image's label. */
wf_status wf__run_outcomes(wf_predictions *out, wf_str *problem, wf_context *cx,
                           const wf_report_run *run);
int wf__predictions_share_images(const wf_predictions *a, const wf_predictions *b);

/* ---- row_labels.c ---- */

/* Gives every row a label of its own. */
wf_status wf__comparison_labels(wf_comparison *c, wf_context *cx);

/* ---- pairs.c ---- */

/* Tests every pair of rows. */
wf_status wf__comparison_pairs(wf_comparison *c, wf_context *cx);
void wf__comparison_pairs_reset(wf_comparison *c);

/* ---- pair_sets.c ---- */

/* Compares every pair of rows that were judged on the same images with any number of labels. */
wf_status wf__comparison_set_pairs(wf_comparison *c, wf_context *cx);

/* What a table of such differences shows. */
enum { WF__SET_COLUMNS = 6 };
extern const wf_headline wf__set_columns[WF__SET_COLUMNS];
/* Whether any row was, or all of them were, judged on images with any number of labels. */
int wf__has_sets(const wf_comparison *c);
int wf__has_only_sets(const wf_comparison *c);
/* Whether there is such a difference; whether the figure is known for any. */
int wf__has_set_pairs(const wf_comparison *c);
int wf__set_column_is_used(const wf_comparison *c, wf_headline h);
/* "1.2 (0.3 to 2.1)": shares in points, log-likelihood in nats; "-" if unknown. */
void wf__set_difference_cell(wf_str *out, wf_context *cx, const wf_report_pair *pair,
                             wf_headline h);
/* What the figures are and what they speak for. */
const char *wf__set_pairs_scope(void);

/* ---- pair_words.c ---- */

/* The pair of two different rows, whichever stands first. */
const wf_report_pair *wf__comparison_pair(const wf_comparison *c, size_t row, size_t other);

typedef enum wf_pair_kind { WF_PAIR_IMAGES, WF_PAIR_SEEDS } wf_pair_kind;
const wf_pair_test *wf__pair_test(const wf_report_pair *pair, wf_pair_kind kind);
/* Of one test of the pair: the sentence with both names in it. */
void wf__pair_add_named(wf_str *out, wf_context *cx, const wf_comparison *c,
                        const wf_report_pair *pair, const wf_pair_test *test);
/* Which test it is and what it speaks for. */
void wf__pairs_add_scope(wf_str *out, wf_context *cx, const wf_comparison *c, wf_pair_kind kind);
/* Where there are many pairs, a reader sees those with the best model first. */
int wf__pair_is_first(const wf_comparison *c, const wf_report_pair *pair);
/* The figures of a test for a table; "-" when it was not made. */
typedef struct wf_pair_cells {
    char points[WF_FIGURE_BYTES], interval[WF_FIGURE_BYTES], p[WF_FIGURE_BYTES],
        p_holm[WF_FIGURE_BYTES];
} wf_pair_cells;
void wf__pair_cells(wf_pair_cells *out, const wf_pair_test *test);

/* ---- answer.c ---- */

/* What stands before the best row's accuracy: "a is the most accurate: ". */
int wf__are_equal(const wf_comparison *c, const wf_report_pair *pair); /* their accuracies */
void wf__add_best(wf_str *s, wf_context *cx, const wf_comparison *c);

/* NULL when there is none. */
const wf_report_row *wf__best_of_family(const wf_comparison *c, const char *family);
/* What a single seed leaves open; nothing where every row has several. */
void wf__comparison_add_caution(wf_str *s, wf_context *cx, const wf_comparison *c);
/* Builds c->answer from the rows and pairs. */
wf_status wf__comparison_answer(wf_comparison *c, wf_context *cx);

#endif
