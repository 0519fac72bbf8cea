/* What is decided from a classifier's answers about single labels when it is known how labels go
 * together: Bayes' rule with the labels' exact distribution.
 *
 * A classifier was trained where labels are independent, with frequencies pi_k, and says of an
 * image that label k is there with probability q_k. If that is right, and if what it says of one
 * label says nothing about another one given the image, then
 *   P(image | x) ~ prod_k (q_k / pi_k)^x_k ((1 - q_k) / (1 - pi_k))^(1 - x_k).
 * How images come out of labels is the same wherever the labels come from, so that for labels that
 * follow P
 *   P(x | image) ~ P(x) prod_k ((q_k / (1 - q_k)) ((1 - pi_k) / pi_k))^x_k,
 * and no decision makes more sets right than to tell the set with the greatest of these. pi_k are
 * the marginals of P: outfits have the same ones at every dependence.
 * Source: class probabilities under other frequencies, Saerens et al. 2002,
 * doi:10.1162/089976602753284446; here of sets of labels */
#ifndef WF_EVAL_PRIOR_H
#define WF_EVAL_PRIOR_H

#include "base/json.h"
#include "eval/set_answers.h"

enum { WF_PRIOR_MAX_LABELS = 12 };

#define WF_PRIOR_FILE "distribution.json" /* in the folder of a set that knows it */

typedef struct wf_prior {
    int32_t labels;    /* K */
    double *log_p;     /* [2^K] of the set that has label k where bit k is 1; -INFINITY: never */
    double *log_odds;  /* [K] of the marginals: log(pi_k / (1 - pi_k)) */
    char **names;      /* [K] the labels' */
    double dependence; /* 0: labels are independent */
} wf_prior;

/* Reads distribution.json, as wf_compose_outfits writes it.
 * Errors: WF_E_DATA (no such file; probabilities that are none; a label that is always or never
 * there), WF_E_NOTFOUND, WF_E_LIMIT, WF_E_IO, WF_E_NOMEM. */
wf_status wf_prior_read(wf_prior **out, wf_context *cx, const char *path);
/* The same of what was read; `path` is for error texts. */
wf_status wf_prior_from_json(wf_prior **out, wf_context *cx, const json_t *document,
                             const char *path);
void wf_prior_destroy(wf_prior *prior); /* NULL is legal */

/* Decides. q [n][K], each in [0, 1] and taken no nearer to 0 or 1 than 2^-24, where float32 ends.
 * Of `out`, what is wanted is filled: sets (the likeliest, of equals the first; n_sets must
 * be 0 or 1), log_p, labels (each label's probability; may be q), asked_log_p.
 * Errors: WF_E_NOMEM.  Threads: any.  Cost: n 2^K additions and exponentials. */
wf_status wf_prior_decide(const wf_set_answers *out, wf_context *cx, const wf_prior *prior,
                          const float *q, int64_t n);

#endif
