/* The comparison of trained models, made from stored runs only, so that any old run can be reported
 * again. Runs of one recipe that differ by their seed make one row. */
#ifndef WF_REPORT_REPORT_H
#define WF_REPORT_REPORT_H

#include <stddef.h>

#include "report/run_config.h"
#include "store/store.h"
#include "weft/eval.h"
#include "weft/significance.h"

/* One run inside a row. */
typedef struct wf_report_run {
    const wf_run *source; /* lent, as long as the caller keeps it open */
    wf_run_summary summary;
    wf_run_metrics metrics;
    wf_run_config config;      /* empty: it has none that can be read */
    wf_evaluation *evaluation; /* on the test set; never NULL */
} wf_report_run;

/* One model with one recipe on one dataset, over its seeds. */
typedef struct wf_report_row {
    char *label; /* the model's name; with what tells it apart when two rows share the name */
    wf_report_run *runs;
    size_t run_count;
    wf_evaluation *pooled; /* from the confusion matrices of all seeds, added up */
    wf_spread accuracy, loss, macro_f1, ms_per_step, s_per_epoch, total_s, epochs;
    wf_spread *class_f1; /* [class_count] */
    /* of any number of labels per image the figures from WF_HEADLINE_SUBSET_ACCURACY on; else, and
     * where it is not known, count 0 */
    wf_spread headlines[WF_HEADLINE_COUNT];
    int worst_class, best_class;                       /* by mean F1; -1: unknown, or all alike */
    double delta_accuracy, delta_loss, delta_macro_f1; /* ours minus the claim; NAN without one */
} wf_report_row;

/* What a test says about the accuracies of a pair of rows. */
typedef struct wf_pair_test {
    int is_tested;                /* else the sentence says why not, and the figures are NAN */
    int is_shown;                 /* as wf_verdict_is_shown */
    double difference, low, high; /* accuracy of a minus accuracy of b, and the interval of 95% */
    double p, p_holm;             /* alone, and corrected for all pairs that this test judged */
    char *sentence;               /* as wf_verdict_add */
} wf_pair_test;

/* One figure of images with any number of labels: that of a minus that of b, each the mean over its
 * seeds, and the interval of 95% by the paired bootstrap; NAN: unknown. */
typedef struct wf_set_difference {
    double difference, low, high;
} wf_set_difference;

/* Two rows. */
typedef struct wf_report_pair {
    size_t a, b; /* a stands first in the table */
    /* McNemar on the same test images, between one run of each: those of the lowest seed that both
     * rows have, or, when they share none, those of the lowest seed of each. It speaks for other
     * images and not for other seeds. */
    wf_pair_test images;
    size_t run_a, run_b; /* the runs that it judged, in their rows */
    wf_mcnemar mcnemar;
    int64_t identical; /* images, when both predict the same class for each; else 0 */
    /* Welch over seeds. It speaks for other seeds and not for other images. */
    wf_pair_test seeds;
    wf_t_test welch;
    /* Of any number of labels per image: differences over the same images. They speak for other
     * images and not for other seeds. */
    int has_sets;
    wf_set_difference sets[WF_HEADLINE_COUNT]; /* from WF_HEADLINE_SUBSET_ACCURACY on */
} wf_report_pair;

typedef struct wf_comparison {
    wf_report_row *rows; /* best accuracy first */
    size_t row_count;
    wf_report_pair *pairs; /* all row_count (row_count - 1) / 2: 0 1, 0 2, ... 1 2 ... */
    size_t pair_count;
    size_t images_tested, seeds_tested; /* pairs that either test judged: the families of Holm */
    char **notes;                       /* what was left out and why; what forbids a comparison */
    size_t note_count;
    int comparable;  /* all rows: same dataset and the same number of test images */
    char *answer;    /* the result in words; "" when there is no row */
    char *generated; /* UTC */
} wf_comparison;

/* Compares runs. Left out, each with a note: runs that are not finished or not tested, damaged
 * ones, folds of a cross-validation, and all but the latest of runs with the same recipe and the
 * same seed.
 * Errors: WF_E_NOMEM, WF_E_IO. */
wf_status wf_comparison_create(wf_comparison **out, wf_context *cx, const wf_run *const *runs,
                               size_t count);
void wf_comparison_destroy(wf_comparison *c); /* NULL is legal */
/* Adds what the caller left out himself.  Errors: WF_E_NOMEM. */
wf_status wf_comparison_add_note(wf_comparison *c, wf_context *cx, const char *text);

/* Whether the two were trained and judged alike, as far as summaries say; they may differ in their
 * seed. The rest their configurations say (wf_run_configs_share_recipe). */
int wf_runs_may_share_recipe(const wf_run_summary *a, const wf_run_summary *b);

/* Plain text: the answer, the tables, the notes, at most `width` columns wide where the names allow
 * it. Columns that do not fit follow in further tables, each of which begins with the model. */
wf_status wf_report_text(char **out, wf_context *cx, const wf_comparison *c, int width);
wf_status wf_report_markdown(char **out, wf_context *cx, const wf_comparison *c);
wf_status wf_report_csv(char **out, wf_context *cx, const wf_comparison *c);
/* One line per pair and test. */
wf_status wf_report_pairs_csv(char **out, wf_context *cx, const wf_comparison *c);
/* One document with "schema_version", as JSON (release it with json_decref) and as text. */
wf_status wf_comparison_json(json_t **out, wf_context *cx, const wf_comparison *c);
wf_status wf_report_json(char **out, wf_context *cx, const wf_comparison *c);
/* All texts: free them with wf_free. */

#endif
