/* Points of the plane in the order of a curve that fills it, and the tree that this order is. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "eval/tsne_parts.h"

enum {
    BITS = 16,      /* of a coordinate on the grid that the curve visits */
    LEAF = 8,       /* points of a node that is not divided, at most */
    SOURCES = 1024, /* nodes and points that are collected for one call of the kernel */
    DIGIT = 11,     /* bits that a pass of the sort looks at */
    DIGITS = 1 << DIGIT
};

wf_status wf__quadtree_create(wf__quadtree *out, wf_context *cx, int32_t n) {
    const size_t points = (size_t)n;
    wf__quadtree t = {.n = n};
    wf_status status;
    WF_TRY_OR(wf_alloc(&t.x, cx, points + WF_TSNE_POINTS, sizeof *t.x));
    WF_TRY_OR(wf_alloc(&t.y, cx, points + WF_TSNE_POINTS, sizeof *t.y));
    WF_TRY_OR(wf_alloc(&t.order, cx, points, sizeof *t.order));
    WF_TRY_OR(wf_alloc(&t.other_order, cx, points, sizeof *t.other_order));
    WF_TRY_OR(wf_alloc(&t.codes, cx, points, sizeof *t.codes));
    WF_TRY_OR(wf_alloc(&t.other_codes, cx, points, sizeof *t.other_codes));
    /* every inner node has two children at least */
    WF_TRY_OR(wf_alloc(&t.nodes, cx, 2 * points, sizeof *t.nodes));
    *out = t;
    t = (wf__quadtree){0};
done:
    wf__quadtree_reset(&t);
    return status;
}

void wf__quadtree_reset(wf__quadtree *t) {
    wf_free(t->x);
    wf_free(t->y);
    wf_free(t->order);
    wf_free(t->other_order);
    wf_free(t->codes);
    wf_free(t->other_codes);
    wf_free(t->nodes);
    *t = (wf__quadtree){0};
}

/* ---- the curve ---- */

/* Bit i goes to bit 2 i. */
static uint32_t spread_bits(uint32_t v) {
    v = (v | v << 8) & 0x00FF00FFu;
    v = (v | v << 4) & 0x0F0F0F0Fu;
    v = (v | v << 2) & 0x33333333u;
    return (v | v << 1) & 0x55555555u;
}

/* Morton's curve: which quarter, which quarter of that, ... */
static void compute_codes(wf__quadtree *t, const float *map) {
    float low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    for (int32_t i = 0; i < t->n; i++)
        for (int axis = 0; axis < 2; axis++) {
            const float v = map[2 * i + axis];
            low[axis] = v < low[axis] ? v : low[axis];
            high[axis] = v > high[axis] ? v : high[axis];
        }
    const float side = fmaxf(high[0] - low[0], high[1] - low[1]);
    const float scale = side > 0 ? (float)((1 << BITS) - 1) / side : 0;
    for (int32_t i = 0; i < t->n; i++) {
        const uint32_t x = (uint32_t)((map[2 * i] - low[0]) * scale);
        const uint32_t y = (uint32_t)((map[2 * i + 1] - low[1]) * scale);
        t->codes[i] = spread_bits(x) | spread_bits(y) << 1;
        t->order[i] = i;
    }
}

/* One stable pass of a radix sort from `codes` into `other_codes`, which then change places. */
static void sort_digit(wf__quadtree *t, int shift) {
    int32_t starts[DIGITS] = {0}, sum = 0;
    for (int32_t i = 0; i < t->n; i++) starts[t->codes[i] >> shift & (DIGITS - 1)]++;
    for (int d = 0; d < DIGITS; d++) {
        const int32_t count = starts[d];
        starts[d] = sum;
        sum += count;
    }
    for (int32_t i = 0; i < t->n; i++) {
        const int32_t to = starts[t->codes[i] >> shift & (DIGITS - 1)]++;
        t->other_codes[to] = t->codes[i];
        t->other_order[to] = t->order[i];
    }
    uint32_t *codes = t->codes;
    int32_t *order = t->order;
    t->codes = t->other_codes;
    t->order = t->other_order;
    t->other_codes = codes;
    t->other_order = order;
}

/* ---- the tree ---- */

/* What a node knows of its points. */
typedef struct moments {
    double x, y; /* sums */
    float low[2], high[2];
} moments;

static void add_moments(moments *to, const moments *m) {
    to->x += m->x;
    to->y += m->y;
    for (int axis = 0; axis < 2; axis++) {
        to->low[axis] = m->low[axis] < to->low[axis] ? m->low[axis] : to->low[axis];
        to->high[axis] = m->high[axis] > to->high[axis] ? m->high[axis] : to->high[axis];
    }
}

/* The end of the points from `first` on that have the same bits from `shift` up. */
static int32_t same_quarter(const uint32_t *codes, int32_t first, int32_t end, int shift) {
    const uint32_t quarter = codes[first] >> shift;
    int32_t low = first, high = end; /* codes[low] is in the quarter, codes[high] is not */
    while (high - low > 1) {
        const int32_t middle = low + (high - low) / 2;
        if (codes[middle] >> shift == quarter) low = middle;
        else high = middle;
    }
    return high;
}

/* The node of points [first, end), and those below it. */
static moments add_node(wf__quadtree *t, int32_t first, int32_t end, double opening) {
    wf__tree_node *node = &t->nodes[t->n_nodes++];
    moments all = {.low = {INFINITY, INFINITY}, .high = {-INFINITY, -INFINITY}};
    const uint32_t differ = t->codes[first] ^ t->codes[end - 1];
    const int is_leaf = end - first <= LEAF || differ == 0;
    if (is_leaf)
        for (int32_t i = first; i < end; i++)
            add_moments(&all, &(moments){(double)t->x[i],
                                         (double)t->y[i],
                                         {t->x[i], t->y[i]},
                                         {t->x[i], t->y[i]}});
    else {
        const int shift = (31 - __builtin_clz(differ)) & ~1;
        for (int32_t from = first; from < end;) {
            const int32_t to = same_quarter(t->codes, from, end, shift);
            const moments part = add_node(t, from, to, opening);
            add_moments(&all, &part);
            from = to;
        }
    }
    const double count = end - first;
    const double side =
        fmax((double)all.high[0] - (double)all.low[0], (double)all.high[1] - (double)all.low[1]);
    *node = (wf__tree_node){.x = (float)(all.x / count),
                            .y = (float)(all.y / count),
                            .weight = (float)count,
                            .open = (float)(side * side * opening),
                            .first = first,
                            .end = is_leaf ? end : 0,
                            .skip = t->n_nodes};
    return all;
}

void wf__quadtree_build(wf__quadtree *t, const float *map, double angle) {
    compute_codes(t, map);
    for (int shift = 0; shift < 2 * BITS; shift += DIGIT) sort_digit(t, shift);
    for (int32_t i = 0; i < t->n; i++) {
        t->x[i] = map[2 * t->order[i]];
        t->y[i] = map[2 * t->order[i] + 1];
    }
    for (int32_t i = t->n; i % WF_TSNE_POINTS; i++) {
        t->x[i] = t->x[t->n - 1];
        t->y[i] = t->y[t->n - 1];
    }
    t->n_nodes = 0;
    add_node(t, 0, t->n, 1 / (angle * angle));
}

/* ---- repulsion ---- */

/* Nodes and points that pull on a group of points. */
typedef struct sources {
    float x[SOURCES], y[SOURCES], weight[SOURCES];
    int n;
} sources;

typedef struct group {
    const wf_kernels *kernels;
    const float *x, *y;
    float low[2], high[2];
    wf__repulsion *out;
    sources from;
} group;

static void flush(group *g) {
    g->kernels->tsne_repulsion(&(wf_tsne_repulsion){.x = g->x,
                                                    .y = g->y,
                                                    .from_x = g->from.x,
                                                    .from_y = g->from.y,
                                                    .weight = g->from.weight,
                                                    .n = g->from.n,
                                                    .force_x = g->out->x,
                                                    .force_y = g->out->y,
                                                    .z = g->out->z});
    g->from.n = 0;
}

static void add_source(group *g, float x, float y, float weight) {
    if (g->from.n == SOURCES) flush(g);
    g->from.x[g->from.n] = x;
    g->from.y[g->from.n] = y;
    g->from.weight[g->from.n++] = weight;
}

static float outside(float v, float low, float high) {
    const float below = low - v, above = v - high, off = below > above ? below : above;
    return off > 0 ? off : 0;
}

/* A node stands for its points when the square around them is small for its distance from every
 * point of the group, the square around which is what is measured from. A node that holds a point
 * of the group is too near for that as long as the angle is below 1 / sqrt(2), unless all its
 * points are one. */
void wf__quadtree_repulsion(wf__repulsion *out, const wf__quadtree *t, const wf_kernels *kernels,
                            int32_t at) {
    group g = {.kernels = kernels,
               .x = t->x + at,
               .y = t->y + at,
               .low = {t->x[at], t->y[at]},
               .high = {t->x[at], t->y[at]},
               .out = out};
    for (int i = 1; i < WF_TSNE_POINTS; i++) {
        g.low[0] = fminf(g.low[0], g.x[i]);
        g.low[1] = fminf(g.low[1], g.y[i]);
        g.high[0] = fmaxf(g.high[0], g.x[i]);
        g.high[1] = fmaxf(g.high[1], g.y[i]);
    }
    *out = (wf__repulsion){0};
    for (int32_t i = 0; i < t->n_nodes;) {
        const wf__tree_node *node = &t->nodes[i];
        const float dx = outside(node->x, g.low[0], g.high[0]),
                    dy = outside(node->y, g.low[1], g.high[1]);
        if (dx * dx + dy * dy >= node->open) {
            add_source(&g, node->x, node->y, node->weight);
            i = node->skip;
        } else {
            for (int32_t k = node->first; k < node->end; k++) add_source(&g, t->x[k], t->y[k], 1);
            i++; /* behind a leaf stands what it skips to */
        }
    }
    flush(&g);
}
