/* A cross-validation, made from stored runs only: every model's figures over the same folds, and
 * which differences between models are more than chance. */
#ifndef WF_REPORT_CROSS_VALIDATION_H
#define WF_REPORT_CROSS_VALIDATION_H

#include "base/json.h"
#include "base/str.h"
#include "report/report.h"
#include "weft/significance.h"

/* The figures of a fold: XX(enumerator, key in files, name, heading of a column, unit of a
 * difference). The first three are of one label per image, the others of any number of labels: what
 * weft evaluate says of them. */
#define WF_CV_FIGURE_MAP(XX)                                                                       \
    XX(ACCURACY, "accuracy", "accuracy", "Accuracy", "points")                                     \
    XX(MACRO_F1, "macro_f1", "macro F1", "Macro F1", "points")                                     \
    XX(MACRO_AUC, "macro_auc", "macro AUC", "Macro AUC", "points")                                 \
    XX(SUBSET_ACCURACY, "subset_accuracy", "subset accuracy", "Subset accuracy", "points")         \
    XX(SET_LOG_LIKELIHOOD, "set_log_likelihood", "set log-likelihood", "Set log-lik.", "nats")     \
    XX(MAP, "map", "mAP", "mAP", "points")                                                         \
    XX(C_F1, "c_f1", "C-F1", "C-F1", "points")                                                     \
    XX(O_F1, "o_f1", "O-F1", "O-F1", "points")                                                     \
    XX(SMALL_RECALL, "small_object_recall", "small-object recall", "Small recall", "points")       \
    XX(C_P, "c_p", "C-P", "C-P", "points")                                                         \
    XX(C_R, "c_r", "C-R", "C-R", "points")                                                         \
    XX(O_P, "o_p", "O-P", "O-P", "points")                                                         \
    XX(O_R, "o_r", "O-R", "O-R", "points")                                                         \
    XX(LOSS, "loss", "log loss", "Log loss", "nats")                                               \
    XX(AT_HALF, "subset_accuracy_at_half", "subset accuracy, all from .5 on", "All from .5 on",    \
       "points")                                                                                   \
    XX(SAMPLES_F1, "samples_f1", "F1 per image", "F1 per image", "points")                         \
    XX(HAMMING_LOSS, "hamming_loss", "Hamming loss", "Hamming loss", "points")

typedef enum wf_cv_figure {
#define XX(code, key, name, title, unit) WF_CV_##code,
    WF_CV_FIGURE_MAP(XX)
#undef XX
        WF_CV_FIGURES
} wf_cv_figure;

typedef struct wf_cv_figure_texts {
    const char *key, *name, *title, *unit;
} wf_cv_figure_texts;
const wf_cv_figure_texts *wf_cv_figure_of(wf_cv_figure figure);

typedef struct wf_cv_model {
    char *name;
    char **ids;                    /* [n] the folds' runs; NULL where there is none */
    double *values[WF_CV_FIGURES]; /* [n] by repeat, then fold; NAN where it is not known */
    double *seconds;               /* [n] training time */
    size_t done;                   /* folds with a run */
    int64_t parameters;
    wf_spread spread[WF_CV_FIGURES], fold_s;
    double low[WF_CV_FIGURES], high[WF_CV_FIGURES]; /* interval of the mean; NAN: unknown */
    double test[WF_CV_FIGURES]; /* of the final training, on the test set; NAN: there is none */
    char *test_id;              /* its run, NULL: none */
} wf_cv_model;

/* Model a minus model b, over the folds that both have. */
typedef struct wf_cv_pair {
    size_t a, b;
    wf_t_test tests[WF_CV_FIGURES]; /* p NAN: too few folds, or the same difference in each */
    double holm[WF_CV_FIGURES];     /* p among all pairs of one list */
} wf_cv_pair;

/* A comparison that was planned before the figures were seen. */
typedef struct wf_cv_question {
    const char *question; /* "More filters?" */
    const char *a, *b;    /* models' names; the answer is yes when a is better */
} wf_cv_question;

typedef struct wf_cross_validation {
    int64_t folds, repeats, seed;
    size_t n; /* folds * repeats */
    char *dataset, *precision;
    int is_multilabel;                   /* any number of labels per image */
    wf_cv_figure figures[WF_CV_FIGURES]; /* [figure_count] those that it has; the first decides */
    size_t figure_count;
    size_t column_count;         /* those of them that are columns of the tables */
    double held_out, trained_on; /* images of a fold, on average */
    wf_cv_model *models;         /* in the order of the caller */
    size_t model_count;
    wf_cv_pair *pairs; /* each model with each later one */
    size_t pair_count;
    const wf_cv_question *questions; /* [question_count] borrowed */
    wf_cv_pair *answers;             /* [question_count] corrected among themselves */
    size_t question_count;
    const char *note;     /* a paragraph for the pages, borrowed; NULL: none */
    wf_run_summary *runs; /* [run_count] all that it is made of */
    size_t run_count;
} wf_cross_validation;

/* Zero-initialise; what is marked may stay 0. */
typedef struct wf_cv_source {
    const char *const *models; /* [model_count] names */
    size_t model_count;
    const wf_run *const *runs; /* folds and final trainings in any order */
    size_t run_count;
    int64_t folds, repeats, seed;
    const wf_cv_question *questions; /* may be NULL; both models of each must be there */
    size_t question_count;
    const char *note; /* may be NULL */
} wf_cv_source;

/* Intervals and tests are Nadeau and Bengio's corrected resampled t; p are adjusted after Holm, per
 * figure, once among all pairs and once among the questions.
 * Errors: WF_E_ARG (a run of no such model or fold, a question about an absent model), WF_E_DATA (a
 * damaged fold.json; runs of one label per image beside others), WF_E_NOTFOUND (a run that was not
 * judged), WF_E_IO, WF_E_NOMEM. */
wf_status wf_cross_validation_create(wf_cross_validation **out, wf_context *cx,
                                     const wf_cv_source *source);
void wf_cross_validation_destroy(wf_cross_validation *cv); /* NULL is legal */

/* ---- as texts; free them with wf_free ---- */

/* Tables, a line each: the models, the pairs (by the figure that decides), the pairs with a
 * sentence in the last column, all figures with a column per model. `row` from 0; -1: the head.
 * Appends the cell as plain text; returns 0 behind the last column. */
typedef int (*wf_cv_cell_fn)(wf_str *out, wf_context *cx, const wf_cross_validation *cv, int row,
                             int column);
int wf_cv_model_cell(wf_str *out, wf_context *cx, const wf_cross_validation *cv, int row,
                     int column);
int wf_cv_pair_cell(wf_str *out, wf_context *cx, const wf_cross_validation *cv, int row,
                    int column);
int wf_cv_pair_words_cell(wf_str *out, wf_context *cx, const wf_cross_validation *cv, int row,
                          int column);
int wf_cv_figure_cell(wf_str *out, wf_context *cx, const wf_cross_validation *cv, int row,
                      int column);
/* Else it is a figure: aligned to the right. */
int wf_cv_cell_is_text(const wf_cross_validation *cv, wf_cv_cell_fn cell, int column);
/* Appends "More filters? cnn-32 against cnn-16: accuracy +0.8 points (95% interval 0.4 to 1.2),
 * d = +1.92, p .0003, after Holm .002; macro F1 ... Yes: better, and by more than chance explains."
 * What is shown is decided as in verdict.h, by the first figure. */
void wf_cv_answer(wf_str *out, wf_context *cx, const wf_cross_validation *cv, size_t question);

/* Each appends a text without a line's end. "Cross-validation of 9 models" */
void wf_cv_title(wf_str *out, wf_context *cx, const wf_cross_validation *cv);
/* A paragraph: what was done. */
void wf_cv_method(wf_str *out, wf_context *cx, const wf_cross_validation *cv);
/* How many of the folds are there; nothing when all are. */
void wf_cv_unfinished(wf_str *out, wf_context *cx, const wf_cross_validation *cv);
/* A sentence: which model is the most accurate. */
void wf_cv_best(wf_str *out, wf_context *cx, const wf_cross_validation *cv);
/* A sentence: what its difference from the next one is; nothing where there is one model. */
void wf_cv_best_difference(wf_str *out, wf_context *cx, const wf_cross_validation *cv);
/* What the test says of a pair, as wf_verdict_add_named, by the first figure. Returns whether a
 * difference is shown. */
int wf_cv_pair_words(wf_str *out, wf_context *cx, const wf_cross_validation *cv,
                     const wf_cv_pair *pair);
/* What the questions are, and what the figures of their answers mean. */
extern const char wf_cv_about_questions[];
/* What the table of pairs is corrected for. */
extern const char wf_cv_about_pairs[];

/* The same as a part of a larger document: what was done, then sections whose headings begin with
 * `heading`, "###". */
void wf_cv_markdown_body(wf_str *out, wf_context *cx, const wf_cross_validation *cv,
                         const char *heading);
wf_status wf_cv_markdown(char **out, wf_context *cx, const wf_cross_validation *cv);
/* One line per model. */
wf_status wf_cv_csv(char **out, wf_context *cx, const wf_cross_validation *cv);
/* One line per model and fold. */
wf_status wf_cv_folds_csv(char **out, wf_context *cx, const wf_cross_validation *cv);
/* One self-contained page: no network, no script. */
wf_status wf_cv_html(char **out, wf_context *cx, const wf_cross_validation *cv);
/* Everything; release with json_decref. */
wf_status wf_cv_json(json_t **out, wf_context *cx, const wf_cross_validation *cv);

#endif
