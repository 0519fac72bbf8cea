/* Householder reflections, four columns at a time: each reflector that is read from memory serves
 * four columns, which stay in the first cache level. Rows of the arrays are the matrix' columns. */
#include "nn/orthogonal.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"

enum { PANEL = 4, LANES = 8 };

/* x . y over [from, m); eight partial sums, for the compiler may not reorder a sum by itself. */
static float dot(const float *x, const float *y, int64_t from, int64_t m) {
    float lane[LANES] = {0}, sum = 0;
    int64_t i = from;
    for (; i + LANES <= m; i += LANES)
        for (int l = 0; l < LANES; l++) lane[l] += x[i + l] * y[i + l];
    for (; i < m; i++) sum += x[i] * y[i];
    for (int l = 0; l < LANES; l++) sum += lane[l];
    return sum;
}

/* y -= (2 v . y) v: the reflection by the unit vector v, whose elements before `from` are 0. */
static void reflect(float *y, const float *v, int64_t from, int64_t m) {
    float factor = 2 * dot(v, y, from, m);
    for (int64_t i = from; i < m; i++) y[i] -= factor * v[i];
}

/* Makes row x [from, m) the unit vector that reflects it onto the axis `from`; returns the sign of
 * what stands on R's diagonal. */
static float make_reflector(float *x, int64_t from, int64_t m) {
    double norm = 0, length = 0;
    for (int64_t i = from; i < m; i++) norm += (double)x[i] * x[i];
    norm = sqrt(norm);
    float sign = x[from] > 0 ? -1.0f : 1.0f; /* away from x, so that nothing cancels */
    x[from] -= sign * (float)norm;
    for (int64_t i = from; i < m; i++) length += (double)x[i] * x[i];
    float scale = length > 0 ? (float)(1 / sqrt(length)) : 0;
    for (int64_t i = from; i < m; i++) x[i] *= scale;
    memset(x, 0, (size_t)from * sizeof *x);
    return sign;
}

static int64_t panel_end(int64_t j, int64_t n) { return j + PANEL < n ? j + PANEL : n; }

wf_status wf_orthogonal_rows(float *a, wf_context *cx, int64_t n, int64_t m) {
    float *v = NULL, *sign = NULL;
    wf_status status;
    WF_TRY_OR(wf_alloc(&v, cx, (size_t)(n * m), sizeof *v));
    WF_TRY_OR(wf_alloc(&sign, cx, (size_t)n, sizeof *sign));
    memcpy(v, a, (size_t)(n * m) * sizeof *v);
    for (int64_t j = 0; j < n; j = panel_end(j, n)) {
        int64_t end = panel_end(j, n);
        for (int64_t k = 0; k < j; k++)
            for (int64_t c = j; c < end; c++) reflect(v + c * m, v + k * m, k, m);
        for (int64_t c = j; c < end; c++) {
            for (int64_t k = j; k < c; k++) reflect(v + c * m, v + k * m, k, m);
            sign[c] = make_reflector(v + c * m, c, m);
        }
    }
    /* Row j of Q^T is H_0 ... H_j applied to R's sign on axis j; later ones leave it alone. */
    memset(a, 0, (size_t)(n * m) * sizeof *a);
    for (int64_t j = 0; j < n; j = panel_end(j, n)) {
        int64_t end = panel_end(j, n);
        for (int64_t c = j; c < end; c++) {
            a[c * m + c] = sign[c];
            for (int64_t k = c; k >= j; k--) reflect(a + c * m, v + k * m, k, m);
        }
        for (int64_t k = j - 1; k >= 0; k--)
            for (int64_t c = j; c < end; c++) reflect(a + c * m, v + k * m, k, m);
    }
    status = WF_OK;
done:
    wf_free(v);
    wf_free(sign);
    return status;
}
