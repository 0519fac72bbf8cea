/* Exact nearest neighbours: x.y - |y|^2 / 2 is the larger the nearer y is to x, and a block of such
 * numbers is one matrix product. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "eval/tsne_parts.h"

enum {
    ROWS = 64,     /* of an item */
    COLUMNS = 256, /* of a block of products */
    MARGIN = 16,   /* more candidates than wanted, against the rounding of products */
    SLICE = 4096   /* rows between two reports of progress */
};

typedef struct candidate {
    double squared; /* set at last */
    float closeness;
    int32_t index;
} candidate;

typedef struct search {
    const wf_kernels *kernels;
    const float *x; /* [n][d] centred */
    float *packed;  /* [blocks][d][COLUMNS] */
    float *bias;    /* [n] -|x|^2 / 2 */
    int64_t n;
    int d, k, keep;
    int64_t first, end;    /* rows of this slice */
    float *products;       /* [workers][ROWS][COLUMNS] */
    candidate *candidates; /* [workers][ROWS][keep] */
    int32_t *index;
    float *squared; /* or NULL */
} search;

static int block_count(int64_t n) { return (int)((n + COLUMNS - 1) / COLUMNS); }

static void pack_block(void *user, int item, int worker) {
    const search *s = user;
    const int64_t first = (int64_t)item * COLUMNS;
    const int n = s->n - first < COLUMNS ? (int)(s->n - first) : COLUMNS;
    const float *x = s->x + first * s->d;
    (void)worker;
    s->kernels->pack_b(s->packed + first * s->d, s->d, 0, s->d, n, x, 1, s->d);
    for (int j = 0; j < n; j++) {
        double sum = 0;
        for (int i = 0; i < s->d; i++) sum += (double)x[j * s->d + i] * (double)x[j * s->d + i];
        s->bias[first + j] = (float)(-.5 * sum);
    }
}

/* Candidates are a heap whose root is the farthest. */
static void replace_farthest(candidate *heap, int n, float closeness, int32_t index) {
    int at = 0;
    for (int child; (child = 2 * at + 1) < n; at = child) {
        child += child + 1 < n && heap[child + 1].closeness < heap[child].closeness;
        if (heap[child].closeness >= closeness) break;
        heap[at] = heap[child];
    }
    heap[at] = (candidate){.closeness = closeness, .index = index};
}

static void look_through(candidate *heap, int keep, const float *closeness, int n, int64_t first,
                         int64_t self) {
    for (int j = 0; j < n;) {
        enum { STRIDE = 16 };
        const float farthest = heap[0].closeness;
        int is_any = 0, end = j + STRIDE < n ? j + STRIDE : n;
        if (end - j == STRIDE) {
            for (int i = 0; i < STRIDE; i++) is_any |= closeness[j + i] > farthest;
            if (!is_any) {
                j = end;
                continue;
            }
        }
        for (; j < end; j++)
            if (closeness[j] > heap[0].closeness && first + j != self)
                replace_farthest(heap, keep, closeness[j], (int32_t)(first + j));
    }
}

static double squared_distance(const float *a, const float *b, int d) {
    double sum[4] = {0};
    int i = 0;
    for (; i + 4 <= d; i += 4)
        for (int l = 0; l < 4; l++) {
            const double off = (double)a[i + l] - (double)b[i + l];
            sum[l] += off * off;
        }
    for (; i < d; i++) sum[0] += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static int nearer_first(const void *left, const void *right) {
    const candidate *a = left, *b = right;
    if (a->squared != b->squared) return a->squared < b->squared ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

static void rank(const search *s, int64_t row, candidate *found) {
    const float *x = s->x + row * s->d;
    for (int i = 0; i < s->keep; i++)
        found[i].squared = squared_distance(x, s->x + (int64_t)found[i].index * s->d, s->d);
    qsort(found, (size_t)s->keep, sizeof *found, nearer_first);
    for (int i = 0; i < s->k; i++) {
        s->index[row * s->k + i] = found[i].index;
        if (s->squared) s->squared[row * s->k + i] = (float)found[i].squared;
    }
}

static void search_rows(void *user, int item, int worker) {
    const search *s = user;
    const int64_t first = s->first + (int64_t)item * ROWS;
    const int rows = s->end - first < ROWS ? (int)(s->end - first) : ROWS;
    float *products = s->products + (ptrdiff_t)worker * ROWS * COLUMNS;
    candidate *candidates = s->candidates + (ptrdiff_t)worker * ROWS * s->keep;
    for (int i = 0; i < rows * s->keep; i++)
        candidates[i] = (candidate){.closeness = -INFINITY, .index = -1};
    for (int b = 0; b < block_count(s->n); b++) {
        const int64_t column = (int64_t)b * COLUMNS;
        const int n = s->n - column < COLUMNS ? (int)(s->n - column) : COLUMNS;
        const wf_gemm g = {.m = rows,
                           .m_outer = 1,
                           .n = n,
                           .k = s->d,
                           .k_outer = 1,
                           .a = s->x + first * s->d,
                           .a_row = s->d,
                           .b = s->packed + column * s->d,
                           .c = products,
                           .c_row = COLUMNS,
                           .bias = s->bias + column,
                           .slope = 1};
        s->kernels->gemm(&g);
        for (int i = 0; i < rows; i++)
            look_through(candidates + i * s->keep, s->keep, products + i * COLUMNS, n, column,
                         first + i);
    }
    for (int i = 0; i < rows; i++) rank(s, first + i, candidates + i * s->keep);
}

static wf_status run(search *s, wf_context *cx, wf_pool *pool, wf_progress_fn progress,
                     void *progress_user) {
    wf_pool_run(pool, pack_block, s, block_count(s->n));
    for (s->first = 0; s->first < s->n; s->first = s->end) {
        WF_TRY(wf__tell(cx, progress, progress_user, "nearest neighbours", s->first, s->n));
        s->end = s->first + SLICE < s->n ? s->first + SLICE : s->n;
        wf_pool_run(pool, search_rows, s, (int)((s->end - s->first + ROWS - 1) / ROWS));
    }
    return WF_OK;
}

static wf_status check_k(wf_context *cx, int32_t k, int64_t n) {
    WF_REQUIRE(k >= 1 && k < n, WF_E_ARG,
               "%" PRId32 " nearest neighbours wanted, must be 1 to %" PRId64
               ", one less than there are rows",
               k, n - 1);
    return WF_OK;
}

wf_status wf_nearest_neighbours(int32_t *out_index, float *out_squared, wf_context *cx,
                                wf_pool *pool, const float *features, int64_t n, int64_t d,
                                int32_t k, wf_progress_fn progress, void *progress_user) {
    const size_t workers = (size_t)wf_pool_size(pool);
    float *x = NULL;
    search s = {.kernels = wf_kernels_best(),
                .n = n,
                .d = (int)d,
                .k = k,
                .keep = k + MARGIN < n - 1 ? k + MARGIN : (int)(n - 1),
                .index = out_index,
                .squared = out_squared};
    wf_status status;
    WF_TRY(check_k(cx, k, n));
    WF_TRY(wf__features_center(&x, cx, features, n, d));
    s.x = x;
    WF_TRY_OR(wf_alloc(&s.packed, cx, (size_t)block_count(n) * COLUMNS, (size_t)d * sizeof(float)));
    WF_TRY_OR(wf_alloc(&s.bias, cx, (size_t)n, sizeof *s.bias));
    WF_TRY_OR(wf_alloc(&s.products, cx, workers, ROWS * COLUMNS * sizeof *s.products));
    WF_TRY_OR(wf_alloc(&s.candidates, cx, workers * ROWS, (size_t)s.keep * sizeof *s.candidates));
    WF_TRY_OR(run(&s, cx, pool, progress, progress_user));
done:
    wf_free(x);
    wf_free(s.packed);
    wf_free(s.bias);
    wf_free(s.products);
    wf_free(s.candidates);
    return status;
}

/* How much alike row i and its neighbour j are, 0 ... 1. */
typedef double (*alike_fn)(const void *of, int64_t i, int64_t j);

/* The mean of it over all rows and their k nearest neighbours. */
static wf_status mean_over_neighbours(double *out, wf_context *cx, wf_pool *pool,
                                      const float *features, int64_t n, int64_t d, int32_t k,
                                      alike_fn alike, const void *of) {
    int32_t *index = NULL;
    double sum = 0;
    WF_TRY(check_k(cx, k, n));
    WF_TRY(wf_alloc(&index, cx, (size_t)n, (size_t)k * sizeof *index));
    wf_status status = wf_nearest_neighbours(index, NULL, cx, pool, features, n, d, k, NULL, NULL);
    for (int64_t i = 0; i < n && status == WF_OK; i++)
        for (int32_t j = 0; j < k; j++) sum += alike(of, i, index[i * k + j]);
    if (status == WF_OK) *out = sum / ((double)n * k);
    wf_free(index);
    return status;
}

static double have_same_label(const void *of, int64_t i, int64_t j) {
    const int32_t *labels = of;
    return labels[i] == labels[j];
}

wf_status wf_neighbour_agreement(double *out, wf_context *cx, wf_pool *pool, const float *features,
                                 int64_t n, int64_t d, const int32_t *labels, int32_t k) {
    return mean_over_neighbours(out, cx, pool, features, n, d, k, have_same_label, labels);
}

typedef struct label_sets {
    const uint8_t *sets;
    int32_t count;
} label_sets;

static double jaccard(const void *of, int64_t i, int64_t j) {
    const label_sets *l = of;
    const uint8_t *a = l->sets + i * l->count, *b = l->sets + j * l->count;
    int both = 0, either = 0;
    for (int32_t c = 0; c < l->count; c++) {
        both += a[c] && b[c];
        either += a[c] || b[c];
    }
    return either ? (double)both / either : 1;
}

wf_status wf_neighbour_overlap(double *out, wf_context *cx, wf_pool *pool, const float *features,
                               int64_t n, int64_t d, const uint8_t *sets, int32_t label_count,
                               int32_t k) {
    const label_sets of = {sets, label_count};
    return mean_over_neighbours(out, cx, pool, features, n, d, k, jaccard, &of);
}
