/* What the files of src/eval share, and the JSON form for those who build larger documents. */
#ifndef WF_EVAL_EVALUATION_H
#define WF_EVAL_EVALUATION_H

#include <jansson.h>

#include "weft/eval.h"

/* ---- agreement.c ---- */

/* One class: images of it, images taken for one of it, and both. */
typedef struct wf_class_count {
    int64_t support, taken, hits;
} wf_class_count;

/* out [class_count] from confusion [class_count][class_count]. */
void wf__class_counts_of(wf_class_count *out, const int64_t *confusion, int class_count);

/* Precision, recall, F1 and support; the rest is unknown. */
wf_class_score wf__class_score_of(const wf_class_count *count);

/* Truth and prediction, all classes together. */
typedef struct wf_agreement {
    double accuracy, balanced_accuracy, mcc, kappa;
} wf_agreement;
wf_agreement wf__agreement_of(const wf_class_count *counts, int class_count);

/* ---- quantile.c ---- */

/* Ascending; no value is NAN. */
void wf__sort(double *values, int64_t count);
/* Of `count` > 0 ascending values, linear between neighbours: numpy.quantile's default. */
double wf__quantile(const double *sorted, int64_t count, double q);

/* ---- check.c ---- */

/* At least one entry, is_positive 0 or 1, scores finite and, with is_probability, in [0, 1]; `what`
 * is for error texts.  Errors: WF_E_DATA. */
wf_status wf__check_binary(wf_context *cx, const char *what, const uint8_t *is_positive,
                           const float *scores, int64_t count, int is_probability);

/* At least two labels and one image, all entries 0 or 1; `kind` is "truth" or "prediction".
 * Errors: WF_E_ARG, WF_E_DATA. */
wf_status wf__check_labels(wf_context *cx, const char *what, const char *kind,
                           const uint8_t *entries, int64_t count, int label_count);
/* Every score [count][columns] is finite.  Errors: WF_E_DATA. */
wf_status wf__check_scores(wf_context *cx, const char *what, const float *scores, int64_t count,
                           int columns);

/* ---- ranking.c ---- */

/* AUC is NAN where there is no positive or no negative. */
typedef struct wf_ranking {
    double auc, average_precision;
} wf_ranking;

/* Of every column alone, and averaged: over the columns, weighted by their positives, and of all
 * entries as one list. AUC's averages are NAN where a column's is.
 *  columns [k] or NULL; targets, scores [count][k], targets 0 or 1, scores finite
 * Errors: WF_E_NOMEM. */
typedef struct wf_rankings {
    wf_ranking macro, weighted, micro;
} wf_rankings;
wf_status wf__rankings_of(wf_rankings *out, wf_ranking *columns, wf_context *cx,
                          const uint8_t *targets, const float *scores, int64_t count, int k);

/* The mean over the rows, each a ranking of its k entries; AUC is NAN where a row's is. */
wf_status wf__ranking_of_rows(wf_ranking *out, wf_context *cx, const uint8_t *targets,
                              const float *scores, int64_t count, int k);

/* ---- multilabel_ranking.c ---- */

/* AUC as wf__rankings_of gives it; `column` is the columns' name for error texts.
 * Errors: WF_E_DATA (it is unknown), WF_E_NOMEM. */
wf_status wf__average_auc(double *out, wf_context *cx, const char *column, const uint8_t *targets,
                          const float *scores, int64_t count, int columns, wf_average average);

/* ---- evaluation_sets.c ---- */

/* Every entry of probabilities [count][k] is in [0, 1].  Errors: WF_E_DATA. */
wf_status wf__check_probabilities(wf_context *cx, const float *probabilities, int64_t count, int k);

/* ---- evaluation_probabilities.c ---- */

/* Everything that follows from the probabilities, the confusion matrix included.
 * Errors: WF_E_DATA (label or probability out of range), WF_E_NOMEM. */
wf_status wf__evaluation_judge(wf_evaluation *e, wf_context *cx, const int32_t *labels,
                               const float *probabilities, int64_t count);

/* ---- evaluation.c ---- */

/* An evaluation of K classes whose confusion matrix is zero and whose names are copied. */
wf_status wf__evaluation_alloc(wf_evaluation **out, wf_context *cx, int class_count,
                               const char *const *class_names);

/* The worst and the best class, of e->classes. */
void wf__evaluation_extremes(wf_evaluation *e);

/* ---- evaluation_sets.c ---- */

/* Marks a new one as of any number of labels per image; what is not of them is then unknown. */
void wf__evaluation_of_sets(wf_evaluation *e);

/* ---- bootstrap_sets.c ---- */

/* What the bootstrap counts of images with any number of labels; `e` must outlive it.
 * Errors: WF_E_ARG (an evaluation that does not know its images), WF_E_NOMEM. */
typedef struct wf_set_tally wf_set_tally;
wf_status wf__set_tally_create(wf_set_tally **out, wf_context *cx, const wf_evaluation *e);
void wf__set_tally_destroy(wf_set_tally *t); /* NULL is legal */

/* The figures that follow from outcomes and ranking; the others stay as they are. times [count]:
 * how often each image is there, as many in all as there are.  Threads: any. */
void wf__set_tally_figures(double out[WF_HEADLINE_COUNT], const wf_set_tally *t,
                           const uint16_t *times);

/* ---- evaluation.c ---- */

/* Everything that follows from the confusion matrix. */
wf_status wf__evaluation_derive(wf_evaluation *e, wf_context *cx);

/* The JSON object of wf_evaluation_to_json; release it with json_decref. */
wf_status wf_evaluation_json(json_t **out, wf_context *cx, const wf_evaluation *e);

#endif
