/* Random orthonormal matrices, for the recurrent kernels. */
#ifndef WF_NN_ORTHOGONAL_H
#define WF_NN_ORTHOGONAL_H

#include <stdint.h>

#include "base/status.h"

/* Replaces the n rows of `a` [n][m], n <= m, by the orthonormal rows Q^T of the decomposition
 * A^T = Q R with a positive diagonal in R. For normally distributed numbers the result is uniformly
 * distributed over the orthonormal frames.  Cost: 4 m n^2 flop.  Errors: WF_E_NOMEM.
 * Source: Mezzadri 2007, arXiv:math-ph/0609050 */
wf_status wf_orthogonal_rows(float *a, wf_context *cx, int64_t n, int64_t m);

#endif
