/* The parts of t-SNE: affinities of the features, forces on the map. */
#ifndef WF_EVAL_TSNE_PARTS_H
#define WF_EVAL_TSNE_PARTS_H

#include "base/threads.h"
#include "kernels/kernels.h"
#include "weft/tsne.h"

/* ---- features.c: what all of them ask first ---- */

/* The rows less their mean, with room behind them for kernels that read a panel too far. Free *out
 * with wf_free.  Errors: WF_E_ARG, WF_E_DATA, WF_E_NOMEM. */
wf_status wf__features_center(float **out, wf_context *cx, const float *features, int64_t n,
                              int64_t d);
/* Calls `progress` unless it is NULL.  Errors: WF_E_INTERRUPTED. */
wf_status wf__tell(wf_context *cx, wf_progress_fn progress, void *user, const char *what,
                   int64_t done, int64_t total);

/* ---- affinities.c ---- */

/* Symmetric joint probabilities, a sparse matrix whose elements sum to 1. */
typedef struct wf__affinities {
    int64_t n;
    int64_t *first; /* [n + 1] where a row begins */
    int32_t *index; /* [first[n]] columns, ascending in a row */
    float *value;   /* [first[n]] */
} wf__affinities;

/* From the neighbours of every row; each row's Gaussian is as wide as the perplexity says.
 *  index [n][k]  squared [n][k]
 * Errors: WF_E_NOMEM. */
wf_status wf__affinities_create(wf__affinities *out, wf_context *cx, wf_pool *pool,
                                const int32_t *index, const float *squared, int64_t n, int32_t k,
                                double perplexity);
void wf__affinities_reset(wf__affinities *p);
/* p[k] = exp(-beta squared[k]) / sum, with beta such that the entropy is log(perplexity) within
 * 1e-5. */
void wf__calibrate(double *p, const float *squared, int32_t k, double perplexity);

/* ---- quadtree.c ---- */

/* A square of the plane with the points in it, or what they have in common. Nodes stand in depth
 * first order. */
typedef struct wf__tree_node {
    float x, y, weight; /* centre of the points, their number */
    float open;         /* squared distance from which on the node may stand for its points */
    int32_t first, end; /* a leaf's points; end is 0 in other nodes */
    int32_t skip;       /* the next node that is not below this one */
} wf__tree_node;

typedef struct wf__quadtree {
    int32_t n, n_nodes;
    float *x, *y;   /* [n, up to a multiple of WF_TSNE_POINTS] in the order of the curve */
    int32_t *order; /* [n] which point that is */
    wf__tree_node *nodes;
    uint32_t *codes, *other_codes;
    int32_t *other_order;
} wf__quadtree;

wf_status wf__quadtree_create(wf__quadtree *out, wf_context *cx, int32_t n);
void wf__quadtree_reset(wf__quadtree *t);
/* map [n][2] */
void wf__quadtree_build(wf__quadtree *t, const float *map, double angle);
/* Force and normalisation of the points [at, at + WF_TSNE_POINTS) of t->x, t->y, each including its
 * own 1 in `z`. */
typedef struct wf__repulsion {
    float x[WF_TSNE_POINTS], y[WF_TSNE_POINTS], z[WF_TSNE_POINTS];
} wf__repulsion;
void wf__quadtree_repulsion(wf__repulsion *out, const wf__quadtree *t, const wf_kernels *kernels,
                            int32_t at);

/* ---- forces.c ---- */

typedef struct wf__forces {
    const wf__affinities *affinities;
    const wf_kernels *kernels;
    wf_pool *pool;
    wf__quadtree tree;
    float *attraction, *repulsion; /* [n][2] */
    double *parts;                 /* one sum per item */
    double z;                      /* sum over ordered pairs of 1 / (1 + squared distance) */
} wf__forces;

wf_status wf__forces_create(wf__forces *out, wf_context *cx, wf_pool *pool,
                            const wf__affinities *affinities);
void wf__forces_reset(wf__forces *f);
/* attraction[i] = sum_j p_ij q_ij (map_i - map_j), repulsion[i] = sum_j q_ij^2 (map_i - map_j), and
 * z = sum q_ij, where q_ij = 1 / (1 + |map_i - map_j|^2). The gradient of the divergence is
 * 4 (attraction - repulsion / z). */
void wf__forces_compute(wf__forces *f, const float *map, double angle);
/* sum_ij p_ij log(p_ij / (q_ij / z)) with the z of the last computation. */
double wf__forces_kl(wf__forces *f, const float *map);
/* Sets z by all pairs. */
void wf__forces_exact_z(wf__forces *f, const float *map);

#endif
