/* What the files of explanations share; see weft/explain.h. */
#ifndef WF_EVAL_EXPLAIN_H
#define WF_EVAL_EXPLAIN_H

#include "nn/graph.h"
#include "weft/explain.h"

/* The options' image is one for the graph, and exists.  Errors: as wf_predict. */
wf_status wf__explain_check(wf_context *cx, const wf_graph *g, const wf_explain_options *options);
/* The image's pixels. */
const uint8_t *wf__explain_pixels(const wf_explain_options *options);

/* The n nodes in (0, 1) and weights, whose sum is 1, of Gauss and Legendre's rule: exact for
 * polynomials of degree 2 n - 1. */
void wf__gauss_legendre(double *nodes, double *weights, int n);

/* dst [h][w] from src [src_h][src_w], linear between the pixels' centres, constant outside. */
void wf__resize_bilinear(float *dst, int h, int w, const float *src, int src_h, int src_w);

#endif
