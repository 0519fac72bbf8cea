/* Principal components by subspace iteration: Q <- orth(X^T X Q) turns a few random directions
 * towards those of the largest variance. The covariance matrix is never made. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "eval/tsne_parts.h"

enum {
    BLOCKS = 16,   /* of rows, each with a sum of its own */
    MORE = 10,     /* directions than components */
    ROUNDS = 12,   /* of the iteration */
    SWEEPS = 60,   /* of Jacobi's method, at most */
    ROOM = 64,     /* floats that kernels may read past the end */
    MAX_WIDTH = 32 /* of a packed panel */
};

typedef struct subspace {
    const wf_kernels *kernels;
    const float *x; /* [n][d] centred */
    int64_t n;
    int d, q;
    float *directions;  /* [q][d] */
    float *packed;      /* the same as panels */
    float *coordinates; /* [n][q] = X directions */
    float *sums;        /* [BLOCKS][d][q], X^T coordinates of the block */
} subspace;

static void project_block(void *user, int item, int worker) {
    const subspace *s = user;
    const int64_t first = s->n * item / BLOCKS, rows = s->n * (item + 1) / BLOCKS - first;
    (void)worker;
    if (rows == 0) return;
    const wf_gemm g = {.m = (int)rows,
                       .m_outer = 1,
                       .n = s->q,
                       .k = s->d,
                       .k_outer = 1,
                       .a = s->x + first * s->d,
                       .a_row = s->d,
                       .b = s->packed,
                       .c = s->coordinates + first * s->q,
                       .c_row = s->q,
                       .slope = 1};
    s->kernels->gemm(&g);
}

static void sum_block(void *user, int item, int worker) {
    const subspace *s = user;
    const int64_t first = s->n * item / BLOCKS, rows = s->n * (item + 1) / BLOCKS - first;
    (void)worker;
    if (rows == 0) return; /* the sum stays zero */
    const wf_gemm_tn g = {.m = s->d,
                          .n = s->q,
                          .r = (int)rows,
                          .r_outer = 1,
                          .images = 1,
                          .a = s->x + first * s->d,
                          .a_row = s->d,
                          .b = s->coordinates + first * s->q,
                          .b_row = s->q,
                          .c = s->sums + (ptrdiff_t)item * s->d * s->q,
                          .c_row = s->q};
    s->kernels->gemm_tn(&g);
}

static void project(subspace *s, wf_pool *pool) {
    s->kernels->pack_b(s->packed, s->d, 0, s->d, s->q, s->directions, 1, s->d);
    wf_pool_run(pool, project_block, s, BLOCKS);
}

static double dot(const float *a, const float *b, int d) {
    double sum = 0;
    for (int i = 0; i < d; i++) sum += (double)a[i] * (double)b[i];
    return sum;
}

/* Gram and Schmidt, each direction twice; one that depends on those before becomes zero. */
static void orthonormalize(const subspace *s) {
    for (int j = 0; j < s->q; j++) {
        float *a = s->directions + (ptrdiff_t)j * s->d;
        const double before = dot(a, a, s->d);
        for (int k = 0; k < 2 * j; k++) {
            const float *b = s->directions + (ptrdiff_t)(k % j) * s->d;
            const double along = dot(a, b, s->d);
            for (int i = 0; i < s->d; i++) a[i] -= (float)(along * (double)b[i]);
        }
        const double after = dot(a, a, s->d), scale = after > 1e-10 * before ? 1 / sqrt(after) : 0;
        for (int i = 0; i < s->d; i++) a[i] = (float)(scale * (double)a[i]);
    }
}

static void iterate(subspace *s, wf_pool *pool) {
    const ptrdiff_t size = (ptrdiff_t)s->d * s->q;
    for (int round = 0; round < ROUNDS; round++) {
        project(s, pool);
        wf_pool_run(pool, sum_block, s, BLOCKS);
        for (ptrdiff_t i = 0; i < size; i++) {
            float sum = 0;
            for (int b = 0; b < BLOCKS; b++) sum += s->sums[b * size + i];
            s->directions[i % s->q * s->d + i / s->q] = sum;
        }
        orthonormalize(s);
    }
    project(s, pool);
}

/* ---- the components inside of the subspace ---- */

/* Rotates rows and columns i and j of the symmetric a [q][q] so that a[i][j] is 0, and the columns
 * of v with them. */
static void rotate(double *a, double *v, int q, int i, int j) {
    if (a[i * q + j] == 0) return;
    const double theta = (a[j * q + j] - a[i * q + i]) / (2 * a[i * q + j]);
    const double t = copysign(1, theta) / (fabs(theta) + sqrt(theta * theta + 1));
    const double c = 1 / sqrt(t * t + 1), s = t * c;
    for (int k = 0; k < q; k++) {
        const double x = a[k * q + i], y = a[k * q + j];
        a[k * q + i] = c * x - s * y;
        a[k * q + j] = s * x + c * y;
    }
    for (int k = 0; k < q; k++) {
        const double x = a[i * q + k], y = a[j * q + k];
        a[i * q + k] = c * x - s * y;
        a[j * q + k] = s * x + c * y;
    }
    for (int k = 0; k < q; k++) {
        const double x = v[k * q + i], y = v[k * q + j];
        v[k * q + i] = c * x - s * y;
        v[k * q + j] = s * x + c * y;
    }
}

/* Jacobi's method: a becomes diagonal, the columns of v its eigenvectors. */
static void diagonalize(double *a, double *v, int q) {
    for (int i = 0; i < q * q; i++) v[i] = i % (q + 1) == 0;
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
        double off = 0, all = 0;
        for (int i = 0; i < q; i++)
            for (int j = 0; j < q; j++) {
                all += a[i * q + j] * a[i * q + j];
                if (i != j) off += a[i * q + j] * a[i * q + j];
            }
        if (off <= 1e-28 * all) return;
        for (int i = 0; i < q; i++)
            for (int j = i + 1; j < q; j++) rotate(a, v, q, i, j);
    }
}

/* a [q][q] = coordinates^T coordinates */
static void gram(double *a, const subspace *s) {
    const int q = s->q;
    memset(a, 0, (size_t)(q * q) * sizeof *a);
    for (int64_t r = 0; r < s->n; r++) {
        const float *y = s->coordinates + r * q;
        for (int i = 0; i < q; i++)
            for (int j = 0; j < q; j++) a[i * q + j] += (double)y[i] * (double)y[j];
    }
}

/* Column `column` of out [n][k] is the subspace's coordinates along v's column `from`. */
static void write_component(float *out, int k, int column, const subspace *s, const double *v,
                            int from) {
    double largest = 0;
    for (int64_t r = 0; r < s->n; r++) {
        double sum = 0;
        for (int i = 0; i < s->q; i++)
            sum += (double)s->coordinates[r * s->q + i] * v[i * s->q + from];
        out[r * k + column] = (float)sum;
        if (fabs(sum) > fabs(largest)) largest = sum;
    }
    for (int64_t r = 0; r < s->n && largest < 0; r++) out[r * k + column] = -out[r * k + column];
}

static wf_status write_components(float *out, wf_context *cx, const subspace *s, int k) {
    const int q = s->q;
    double *a = NULL, *v = NULL;
    wf_status status;
    WF_TRY_OR(wf_alloc(&a, cx, (size_t)q * (size_t)q, sizeof *a));
    WF_TRY_OR(wf_alloc(&v, cx, (size_t)q * (size_t)q, sizeof *v));
    gram(a, s);
    diagonalize(a, v, q);
    for (int column = 0; column < k; column++) {
        int best = 0;
        for (int i = 1; i < q; i++)
            if (a[i * q + i] > a[best * q + best]) best = i;
        write_component(out, k, column, s, v, best);
        a[best * q + best] = -1; /* taken */
    }
done:
    wf_free(a);
    wf_free(v);
    return status;
}

wf_status wf_pca(float *out, wf_context *cx, wf_pool *pool, const float *features, int64_t n,
                 int64_t d, int32_t k, uint64_t seed) {
    const int64_t most = n < d ? n : d;
    float *x = NULL;
    subspace s = {.kernels = wf_kernels_best(),
                  .n = n,
                  .d = (int)d,
                  .q = k + MORE < most ? k + MORE : (int)most};
    wf_rng r;
    wf_status status;
    WF_REQUIRE(k >= 1 && k <= most, WF_E_ARG,
               "%" PRId32 " principal components of %" PRId64 " rows of %" PRId64
               " features wanted, must be 1 to %" PRId64,
               k, n, d, most);
    WF_TRY(wf__features_center(&x, cx, features, n, d));
    s.x = x;
    const size_t q = (size_t)s.q, width = (size_t)d;
    WF_TRY_OR(wf_alloc(&s.directions, cx, width, q * sizeof(float)));
    WF_TRY_OR(wf_alloc(&s.packed, cx, width, (q + MAX_WIDTH) * sizeof(float)));
    WF_TRY_OR(wf_alloc(&s.coordinates, cx, (size_t)n * q + ROOM, sizeof(float)));
    WF_TRY_OR(wf_alloc(&s.sums, cx, BLOCKS * width, q * sizeof(float)));
    wf_rng_init(&r, seed, WF_STREAM_TSNE, 0);
    for (size_t i = 0; i < width * q; i++) s.directions[i] = (float)wf_rng_normal(&r);
    iterate(&s, pool);
    status = write_components(out, cx, &s, k);
done:
    wf_free(x);
    wf_free(s.directions);
    wf_free(s.packed);
    wf_free(s.coordinates);
    wf_free(s.sums);
    return status;
}
