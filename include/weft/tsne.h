/* Maps of features: nearest neighbours, principal components, t-SNE. Rows of `features` [n][d] are
 * images; every number must be finite and at most 1e15 in size. */
#ifndef WEFT_TSNE_H
#define WEFT_TSNE_H

#include <stddef.h>
#include <stdint.h>

#include "weft/data.h"
#include "weft/status.h"
#include "weft/threads.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The k nearest other rows of every row, by Euclidean distance, nearest first (of equally near ones
 * the lower row first). Candidates are found by products of centred float32 numbers, k + 16 of
 * them, and ranked by distances in double precision.
 *  out_index [n][k]  out_squared [n][k], squared distances, or NULL
 * `progress` is called now and then, on the calling thread, and may be NULL.
 * Errors: WF_E_ARG (k outside 1 ... n - 1, d below 1, n above 2^31), WF_E_DATA (not finite),
 * WF_E_INTERRUPTED (`progress` said so), WF_E_NOMEM.
 * Threads: one caller per pool; any number gives the same bits.  Cost: 2 n^2 d flop. */
WF_API wf_status wf_nearest_neighbours(int32_t *out_index, float *out_squared, wf_context *cx,
                                       wf_pool *pool, const float *features, int64_t n, int64_t d,
                                       int32_t k, wf_progress_fn progress, void *progress_user);

/* The share of the k nearest neighbours of a row that have the row's label, averaged over all rows:
 * how well features or a map keep classes together, 0 ... 1.
 *  labels [n]
 * Errors and threads: as wf_nearest_neighbours. */
WF_API wf_status wf_neighbour_agreement(double *out, wf_context *cx, wf_pool *pool,
                                        const float *features, int64_t n, int64_t d,
                                        const int32_t *labels, int32_t k);

/* The same of rows that have any number of labels each: the mean Jaccard index of the row's labels
 * and a neighbour's, labels of both / labels of either, 1 where neither has any.
 *  sets [n][label_count], each 0 or 1
 * Errors and threads: as wf_nearest_neighbours. */
WF_API wf_status wf_neighbour_overlap(double *out, wf_context *cx, wf_pool *pool,
                                      const float *features, int64_t n, int64_t d,
                                      const uint8_t *sets, int32_t label_count, int32_t k);

/* Coordinates along the k principal components of the centred features, largest variance first; of
 * each column the number of largest size is positive. By randomised subspace iteration, whose start
 * `seed` draws.
 *  out [n][k]
 * Errors: WF_E_ARG (k outside 1 ... min(n, d)), WF_E_DATA (not finite), WF_E_NOMEM.
 * Threads: one caller per pool; any number gives the same bits.
 * Source: Halko, Martinsson and Tropp 2011, doi:10.1137/090771806 */
WF_API wf_status wf_pca(float *out, wf_context *cx, wf_pool *pool, const float *features, int64_t n,
                        int64_t d, int32_t k, uint64_t seed);

typedef enum wf_tsne_init {
    WF_TSNE_PCA,   /* two principal components, the first scaled to a deviation of 1e-4 */
    WF_TSNE_RANDOM /* normal, with a deviation of 1e-4 */
} wf_tsne_init;

/* Zero-initialise; every field may stay 0. */
typedef struct wf_tsne_options {
    double perplexity;         /* effective number of neighbours; 0: 30 */
    int32_t iterations;        /* 0: 1000; the first quarter, at most 250, is exaggerated */
    double early_exaggeration; /* 0: 12 */
    double learning_rate;      /* 0: max(n / early_exaggeration / 4, 50) */
    double angle;              /* how wide a far group may look, up to 0.7; 0: 0.5 */
    wf_tsne_init init;
    uint64_t seed;
    wf_progress_fn progress; /* on the calling thread; non-zero stops */
    void *progress_user;
} wf_tsne_options;

typedef struct wf_tsne_result {
    double kl; /* divergence of the map from the affinities, in nats, over all pairs of rows */
    double learning_rate;
} wf_tsne_result;

/* A map in which neighbours stay neighbours. Affinities: floor(3 * perplexity + 1) exact nearest
 * neighbours, or all other rows where there are fewer; gradient by Barnes and Hut's quadtree; the
 * descent is scikit-learn's (momentum 0.5 while exaggerated, then 0.8, gains).
 *  out_map [n][2]
 * Errors: WF_E_ARG (an option out of its range; fewer than 3 * perplexity + 1 rows), WF_E_DATA (not
 * finite; all rows equal), WF_E_INTERRUPTED, WF_E_NOMEM.
 * Threads: one caller per pool; the same seed gives the same bits with any number of threads.
 * Source: van der Maaten 2014, Accelerating t-SNE using tree-based algorithms, JMLR 15;
 *         scikit-learn 1.2.1, sklearn.manifold.TSNE */
WF_API wf_status wf_tsne(float *out_map, wf_tsne_result *out, wf_context *cx, wf_pool *pool,
                         const float *features, int64_t n, int64_t d,
                         const wf_tsne_options *options);

#ifdef __cplusplus
}
#endif
#endif
