/* The two halves of t-SNE's gradient, and its divergence. */
#include <math.h>

#include "base/alloc.h"
#include "eval/tsne_parts.h"

enum { GROUPS = 8, ITEM = GROUPS * WF_TSNE_POINTS, SOURCES = 1024 };

static int item_count(const wf__forces *f) { return (int)((f->affinities->n + ITEM - 1) / ITEM); }

wf_status wf__forces_create(wf__forces *out, wf_context *cx, wf_pool *pool,
                            const wf__affinities *affinities) {
    const size_t n = (size_t)affinities->n;
    wf__forces f = {.affinities = affinities, .kernels = wf_kernels_best(), .pool = pool};
    wf_status status;
    WF_TRY_OR(wf__quadtree_create(&f.tree, cx, (int32_t)n));
    WF_TRY_OR(wf_alloc(&f.attraction, cx, n, 2 * sizeof *f.attraction));
    WF_TRY_OR(wf_alloc(&f.repulsion, cx, n, 2 * sizeof *f.repulsion));
    WF_TRY_OR(wf_alloc(&f.parts, cx, (size_t)item_count(&f), sizeof *f.parts));
    *out = f;
    f = (wf__forces){0};
done:
    wf__forces_reset(&f);
    return status;
}

void wf__forces_reset(wf__forces *f) {
    wf__quadtree_reset(&f->tree);
    wf_free(f->attraction);
    wf_free(f->repulsion);
    wf_free(f->parts);
    *f = (wf__forces){0};
}

/* One pass over all items; f->parts get a sum each. */
typedef struct pass {
    wf__forces *f;
    const float *map;
} pass;

static double run_pass(wf__forces *f, const float *map, wf_pool_fn item) {
    double sum = 0;
    wf_pool_run(f->pool, item, &(pass){f, map}, item_count(f));
    for (int i = 0; i < item_count(f); i++) sum += f->parts[i];
    return sum;
}

/* ---- forces ---- */

/* Rows of affinities are read in the order in which they stand in memory, groups of points in that
 * of the curve. */
static void compute_item(void *user, int item, int worker) {
    const pass *p = user;
    wf__forces *f = p->f;
    const wf__affinities *a = f->affinities;
    const wf__quadtree *t = &f->tree;
    double z = 0;
    (void)worker;
    for (int32_t i = item * ITEM; i < t->n && i < (item + 1) * ITEM; i++)
        f->kernels->tsne_attraction(f->attraction + 2 * i, p->map, p->map + 2 * i,
                                    a->index + a->first[i], a->value + a->first[i],
                                    (int)(a->first[i + 1] - a->first[i]));
    for (int32_t at = item * ITEM; at < t->n && at < (item + 1) * ITEM; at += WF_TSNE_POINTS) {
        wf__repulsion repulsion;
        wf__quadtree_repulsion(&repulsion, t, f->kernels, at);
        for (int k = 0; k < WF_TSNE_POINTS && at + k < t->n; k++) {
            const int32_t i = t->order[at + k];
            f->repulsion[2 * i] = repulsion.x[k];
            f->repulsion[2 * i + 1] = repulsion.y[k];
            z += (double)repulsion.z[k] - 1; /* less its own */
        }
    }
    f->parts[item] = z;
}

void wf__forces_compute(wf__forces *f, const float *map, double angle) {
    wf__quadtree_build(&f->tree, map, angle);
    f->z = run_pass(f, map, compute_item);
}

/* ---- divergence ---- */

static void diverge_item(void *user, int item, int worker) {
    const pass *p = user;
    const wf__affinities *a = p->f->affinities;
    const float *map = p->map;
    double sum = 0;
    (void)worker;
    for (int64_t i = (int64_t)item * ITEM; i < a->n && i < (int64_t)(item + 1) * ITEM; i++)
        for (int64_t e = a->first[i]; e < a->first[i + 1]; e++) {
            const int64_t j = a->index[e];
            const double dx = (double)map[2 * i] - (double)map[2 * j],
                         dy = (double)map[2 * i + 1] - (double)map[2 * j + 1];
            const double value = (double)a->value[e];
            if (value > 0) sum += value * log(value * p->f->z * (1 + dx * dx + dy * dy));
        }
    p->f->parts[item] = sum;
}

double wf__forces_kl(wf__forces *f, const float *map) { return run_pass(f, map, diverge_item); }

static void all_pairs_item(void *user, int item, int worker) {
    const pass *p = user;
    const wf__quadtree *t = &p->f->tree;
    float ones[SOURCES];
    double z = 0;
    (void)worker;
    for (int i = 0; i < SOURCES; i++) ones[i] = 1;
    for (int32_t at = item * ITEM; at < t->n && at < (item + 1) * ITEM; at += WF_TSNE_POINTS)
        for (int32_t from = 0; from < t->n; from += SOURCES) {
            wf__repulsion part = {0};
            p->f->kernels->tsne_repulsion(
                &(wf_tsne_repulsion){.x = t->x + at,
                                     .y = t->y + at,
                                     .from_x = t->x + from,
                                     .from_y = t->y + from,
                                     .weight = ones,
                                     .n = t->n - from < SOURCES ? t->n - from : SOURCES,
                                     .force_x = part.x,
                                     .force_y = part.y,
                                     .z = part.z});
            for (int k = 0; k < WF_TSNE_POINTS && at + k < t->n; k++) z += (double)part.z[k];
        }
    p->f->parts[item] = z;
}

void wf__forces_exact_z(wf__forces *f, const float *map) {
    wf__quadtree_build(&f->tree, map, 1);
    f->z = run_pass(f, map, all_pairs_item) - (double)f->tree.n;
}
