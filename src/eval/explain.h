/* What the files of explanations share; see weft/explain.h. */
#ifndef WF_EVAL_EXPLAIN_H
#define WF_EVAL_EXPLAIN_H

#include "nn/graph.h"
#include "nn/plan.h"
#include "weft/explain.h"

/* The options' image is one for the graph, and exists.  Errors: as wf_predict. */
wf_status wf__explain_check(wf_context *cx, const wf_graph *g, const wf_explain_options *options);
/* The image's pixels. */
const uint8_t *wf__explain_pixels(const wf_explain_options *options);
/* *out [2][size of the node's output]: what it is for the baseline, then for the image. Release it
 * with wf_free.  Errors: those of wf_predict. */
wf_status wf__explain_ends(float **out, wf_params *params, wf_context *cx, wf_pool *pool,
                           const wf_explain_options *options, int node);

/* dst [h][w] from src [src_h][src_w], linear between the pixels' centres, constant outside. */
void wf__resize_bilinear(float *dst, int h, int w, const float *src, int src_h, int src_w);

/* ---- scores and their gradients ---- */

/* A gradient plan for one class. */
typedef struct wf__asker {
    wf_plan *plan;
    int classes;
    float *factors; /* [batch_size][classes]: of the scores, the same in every row */
} wf__asker;

/* Errors: WF_E_ARG (no such class), those of wf_plan_create. */
wf_status wf__asker_create(wf__asker *out, wf_params *params, wf_context *cx, wf_pool *pool,
                           int32_t class_index, const char *layer, int batch_size);
wf_status wf__ask(wf__asker *a, wf_context *cx, wf_batch batch);
/* The class' score of image i of the last batch. */
double wf__asker_score(const wf__asker *a, int i);
void wf__asker_reset(wf__asker *a);

/* ---- integrated gradients ---- */

/* The n nodes in (0, 1) and weights, whose sum is 1, of Gauss and Legendre's rule: exact for
 * polynomials of degree 2 n - 1. */
void wf__gauss_legendre(double *nodes, double *weights, int n);

typedef struct wf__integral {
    int64_t size;
    int steps;
    double *values; /* [size]: each number's share; release with wf_free */
    double score, baseline_score, sum, error; /* as in wf_attribution */
} wf__integral;

/* Of `params`' model from one input to another: ends [2][size]. Of the options class and steps
 * count.  Errors: WF_E_ARG (no such class, steps), those of wf_predict. */
wf_status wf__integrate(wf__integral *out, wf_params *params, wf_context *cx, wf_pool *pool,
                        const wf_explain_options *options, const float *ends);

/* ---- reading step by step ---- */

/* What of a model reads lines, one after the other: the layers behind one node, as models for the
 * first lines of that node's output. */
typedef struct wf__reader {
    wf_reading reading;
    int node;         /* 0: the image itself is read */
    int lines;        /* of its output */
    wf_graph **parts; /* [lines]: for 1, 2, ... lines; NULL: FILLED */
    wf_params params; /* of the last part, whose numbers are those of all; FILLED: the model's */
} wf__reader;

/* Errors: WF_E_NOMEM. */
wf_status wf__reader_create(wf__reader *out, wf_params *params, wf_context *cx);
void wf__reader_reset(wf__reader *r);

#endif
