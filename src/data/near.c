#include "data/near.h"

#include <float.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

enum { LEAF = 32, COARSE = 4, FINE = 8, LANES = 8, PIXEL_RUN = 112 };

/* What each image is, seen through a grid of cells. */
typedef struct grid {
    int rows, columns, size; /* size: features of an image, a multiple of LANES */
    float *features;         /* [count][size], in the order of the leaves */
    float ceiling;           /* features that differ more than this are beyond the reach */
} grid;

/* What one worker found. */
typedef struct finds {
    wf_context cx;
    wf_status status;
    wf__near_pair *pairs;
    size_t count, capacity;
} finds;

typedef struct state {
    const wf__near_search *search;
    int64_t pixels; /* of an image */
    grid coarse, fine;
    int32_t *order; /* [count] the image at each place of the leaves */
    int leaves;
    float *low, *high; /* [leaves][coarse.size] boxes */
    finds *finds;      /* [workers] */
    _Atomic int64_t *nearest;
    _Atomic int64_t found; /* pairs, by all workers */
    int64_t most;
} state;

/* ---- features ---- */

static int smaller(int a, int b) { return a < b ? a : b; }

/* The cell of a pixel along an axis of n pixels, and how many pixels that cell has. */
static int cell_of(int at, int n, int cells) { return (int)((int64_t)at * cells / n); }
static int cell_size(int cell, int n, int cells) {
    int first = (int)(((int64_t)cell * n + cells - 1) / cells);
    return (int)((((int64_t)cell + 1) * n + cells - 1) / cells) - first;
}

static void add_features(float *to, int64_t *sums, const grid *g, const wf__near_search *s,
                         const uint8_t *pixel) {
    int c = s->channels, used = g->rows * g->columns * c;
    memset(sums, 0, (size_t)used * sizeof *sums);
    for (int y = 0; y < s->height; y++) {
        int64_t *row = sums + cell_of(y, s->height, g->rows) * g->columns * c;
        for (int x = 0; x < s->width; x++)
            for (int k = 0; k < c; k++) row[cell_of(x, s->width, g->columns) * c + k] += *pixel++;
    }
    for (int i = 0; i < used; i++) {
        int64_t size = (int64_t)cell_size(i / c / g->columns, s->height, g->rows) *
                       cell_size(i / c % g->columns, s->width, g->columns);
        to[i] = (float)((double)sums[i] / sqrt((double)size));
    }
}

static wf_status make_grid(grid *g, wf_context *cx, const state *st, int cells) {
    const wf__near_search *s = st->search;
    int64_t *sums = NULL;
    g->rows = smaller(cells, s->height);
    g->columns = smaller(cells, s->width);
    int used = g->rows * g->columns * s->channels;
    g->size = (used + LANES - 1) / LANES * LANES;
    WF_TRY(wf_alloc(&g->features, cx, (size_t)s->count, (size_t)g->size * sizeof(float)));
    WF_TRY(wf_alloc(&sums, cx, (size_t)used, sizeof *sums));
    for (int32_t i = 0; i < s->count; i++)
        add_features(g->features + (size_t)i * (size_t)g->size, sums, g, s,
                     s->images[st->order[i]]);
    wf_free(sums);
    /* How far rounding can carry the difference: each feature is at most 255 sqrt(size of a cell)
     * and off by 2^-24 of it. */
    double largest =
        255 * sqrt((double)cell_size(0, s->height, g->rows) * cell_size(0, s->width, g->columns));
    double off = sqrt(used) * largest * 2 * FLT_EPSILON, reach = sqrt((double)s->reach) + off;
    g->ceiling = (float)(reach * reach * 1.001);
    return WF_OK;
}

static float feature_difference(const float *a, const float *b, int size) {
    float lanes[LANES] = {0}, sum = 0;
    for (int i = 0; i < size; i += LANES)
        for (int j = 0; j < LANES; j++) {
            float d = a[i + j] - b[i + j];
            lanes[j] += d * d;
        }
    for (int j = 0; j < LANES; j++) sum += lanes[j];
    return sum;
}

/* Between two boxes; a point is a box whose corners are one. */
static float box_difference(const float *low_a, const float *high_a, const float *low_b,
                            const float *high_b, int size) {
    float lanes[LANES] = {0}, sum = 0;
    for (int i = 0; i < size; i += LANES)
        for (int j = 0; j < LANES; j++) {
            float above = low_b[i + j] - high_a[i + j], below = low_a[i + j] - high_b[i + j];
            float d = above > below ? above : below;
            d = d > 0 ? d : 0;
            lanes[j] += d * d;
        }
    for (int j = 0; j < LANES; j++) sum += lanes[j];
    return sum;
}

/* ---- the leaves ---- */

typedef struct keyed {
    float key;
    int32_t image;
} keyed;

static int compare_keys(const void *left, const void *right) {
    const keyed *a = left, *b = right;
    if (a->key != b->key) return a->key < b->key ? -1 : 1;
    return (a->image > b->image) - (a->image < b->image);
}

/* Halves the range at the median of its widest feature, until a leaf is left. `features` is in the
 * order of the images. Borders are multiples of LEAF. */
static void split(keyed *range, int64_t n, const float *features, int size) {
    if (n <= LEAF) return;
    int widest = 0;
    float width = -1;
    for (int k = 0; k < size; k++) {
        float low = FLT_MAX, high = -FLT_MAX;
        for (int64_t i = 0; i < n; i++) {
            float v = features[(size_t)range[i].image * (size_t)size + (size_t)k];
            low = v < low ? v : low;
            high = v > high ? v : high;
        }
        if (high - low > width) width = high - low, widest = k;
    }
    for (int64_t i = 0; i < n; i++)
        range[i].key = features[(size_t)range[i].image * (size_t)size + (size_t)widest];
    qsort(range, (size_t)n, sizeof *range, compare_keys);
    int64_t half = (n / 2 + LEAF - 1) / LEAF * LEAF;
    split(range, half, features, size);
    split(range + half, n - half, features, size);
}

static wf_status sort_into_leaves(state *st, wf_context *cx) {
    int32_t count = st->search->count;
    keyed *range = NULL;
    WF_TRY(wf_alloc(&range, cx, (size_t)count, sizeof *range));
    for (int32_t i = 0; i < count; i++) range[i].image = i;
    split(range, count, st->coarse.features, st->coarse.size);
    for (int32_t i = 0; i < count; i++) st->order[i] = range[i].image;
    wf_free(range);
    return WF_OK;
}

static wf_status make_boxes(state *st, wf_context *cx) {
    int size = st->coarse.size;
    size_t bytes = (size_t)size * sizeof(float);
    st->leaves = (int)(((int64_t)st->search->count + LEAF - 1) / LEAF);
    WF_TRY(wf_alloc(&st->low, cx, (size_t)st->leaves, bytes));
    WF_TRY(wf_alloc(&st->high, cx, (size_t)st->leaves, bytes));
    for (int32_t i = 0; i < st->search->count; i++) {
        const float *f = st->coarse.features + (size_t)i * (size_t)size;
        float *low = st->low + (size_t)(i / LEAF) * (size_t)size;
        float *high = st->high + (size_t)(i / LEAF) * (size_t)size;
        if (i % LEAF == 0) memcpy(low, f, bytes), memcpy(high, f, bytes);
        for (int k = 0; k < size; k++) {
            low[k] = f[k] < low[k] ? f[k] : low[k];
            high[k] = f[k] > high[k] ? f[k] : high[k];
        }
    }
    return WF_OK;
}

/* ---- the pairs ---- */

/* Gives up above `most`. */
static int64_t pixel_difference(const uint8_t *a, const uint8_t *b, int64_t n, int64_t most) {
    int64_t sum = 0;
    for (int64_t i = 0; i < n && sum <= most;) {
        int64_t end = i + PIXEL_RUN < n ? i + PIXEL_RUN : n;
        int32_t run = 0;
        for (; i < end; i++) {
            int32_t d = a[i] - b[i];
            run += d * d;
        }
        sum += run;
    }
    return sum;
}

static void note_nearest(state *st, int32_t image, int64_t difference) {
    int64_t old = atomic_load_explicit(&st->nearest[image], memory_order_relaxed);
    while (difference < old &&
           !atomic_compare_exchange_weak_explicit(&st->nearest[image], &old, difference,
                                                  memory_order_relaxed, memory_order_relaxed)) {}
}

static void note_pair(state *st, finds *f, int32_t a, int32_t b, int64_t difference) {
    const wf__near_search *s = st->search;
    if (a > b) {
        int32_t swap = a;
        a = b, b = swap;
    }
    if (b < s->neighbours) {
        note_nearest(st, a, difference);
        note_nearest(st, b, difference);
    }
    if (difference > s->limit || difference == 0) return;
    atomic_fetch_add(&st->found, 1);
    if (f->count == f->capacity) {
        size_t capacity = f->capacity ? 2 * f->capacity : 256;
        f->status = wf_realloc(&f->pairs, &f->cx, f->capacity, capacity, sizeof *f->pairs);
        if (f->status != WF_OK) return;
        f->capacity = capacity;
    }
    f->pairs[f->count++] = (wf__near_pair){a, b, difference};
}

/* The image at place `i` against those of a leaf from place `from` on. */
static void compare_image(state *st, finds *f, int32_t i, int32_t from, int32_t end) {
    const wf__near_search *s = st->search;
    const grid *c = &st->coarse, *g = &st->fine;
    const float *coarse = c->features + (size_t)i * (size_t)c->size;
    const float *fine = g->features + (size_t)i * (size_t)g->size;
    for (int32_t j = from; j < end; j++) {
        const float *other = c->features + (size_t)j * (size_t)c->size;
        if (feature_difference(coarse, other, c->size) > c->ceiling) continue;
        other = g->features + (size_t)j * (size_t)g->size;
        if (feature_difference(fine, other, g->size) > g->ceiling) continue;
        int32_t a = st->order[i], b = st->order[j];
        int64_t d = pixel_difference(s->images[a], s->images[b], st->pixels, s->reach);
        if (d <= s->reach) note_pair(st, f, a, b, d);
    }
}

static int is_over(const state *st, const finds *f) {
    return f->status != WF_OK || (st->search->stop && *st->search->stop) ||
           atomic_load_explicit(&st->found, memory_order_relaxed) > st->most;
}

/* One leaf against itself and all later ones. */
static void compare_leaf(void *user, int leaf, int worker) {
    state *st = user;
    finds *f = &st->finds[worker];
    size_t size = (size_t)st->coarse.size;
    int width = st->coarse.size, first = leaf * LEAF;
    int end = smaller(first + LEAF, st->search->count);
    const float *low = st->low + (size_t)leaf * size, *high = st->high + (size_t)leaf * size;
    for (int other = leaf; other < st->leaves && !is_over(st, f); other++) {
        const float *l = st->low + (size_t)other * size, *h = st->high + (size_t)other * size;
        if (box_difference(low, high, l, h, width) > st->coarse.ceiling) continue;
        int from = other * LEAF, to = smaller(from + LEAF, st->search->count);
        for (int i = first; i < end; i++) {
            const float *point = st->coarse.features + (size_t)i * size;
            if (box_difference(point, point, l, h, width) > st->coarse.ceiling) continue;
            compare_image(st, f, i, other == leaf ? i + 1 : from, to);
        }
    }
}

/* ---- together ---- */

static int compare_pairs(const void *left, const void *right) {
    const wf__near_pair *a = left, *b = right;
    if (a->a != b->a) return a->a < b->a ? -1 : 1;
    return (a->b > b->b) - (a->b < b->b);
}

static wf_status join(wf__near_pair **out, int64_t *out_count, wf_context *cx, state *st,
                      int workers) {
    size_t count = 0;
    wf__near_pair *pairs = NULL;
    for (int w = 0; w < workers; w++) {
        if (st->finds[w].status != WF_OK) {
            *cx = st->finds[w].cx;
            return st->finds[w].status;
        }
        count += st->finds[w].count;
    }
    WF_REQUIRE(!st->search->stop || !*st->search->stop, WF_E_INTERRUPTED,
               "near duplicates: stopped before every pair was compared");
    WF_REQUIRE(atomic_load(&st->found) <= st->most, WF_E_LIMIT,
               "near duplicates: more than %lld pairs are that near | ask for a smaller distance",
               (long long)st->most);
    WF_TRY(wf_alloc(&pairs, cx, count, sizeof *pairs));
    count = 0;
    for (int w = 0; w < workers; w++) {
        const finds *f = &st->finds[w];
        if (f->count) memcpy(pairs + count, f->pairs, f->count * sizeof *pairs);
        count += f->count;
    }
    qsort(pairs, count, sizeof *pairs, compare_pairs);
    *out = pairs;
    *out_count = (int64_t)count;
    return WF_OK;
}

wf_status wf__near_find(wf__near_pair **out_pairs, int64_t *out_count, int64_t *nearest,
                        wf_context *cx, wf_pool *pool, const wf__near_search *s, int64_t most) {
    wf_status status = WF_OK;
    int workers = wf_pool_size(pool);
    state st = {.search = s, .most = most};
    st.pixels = (int64_t)s->height * s->width * s->channels;
    WF_TRY_OR(wf_alloc(&st.order, cx, (size_t)s->count, sizeof *st.order));
    WF_TRY_OR(wf_alloc(&st.nearest, cx, (size_t)s->neighbours, sizeof *st.nearest));
    WF_TRY_OR(wf_alloc(&st.finds, cx, (size_t)workers, sizeof *st.finds));
    for (int32_t i = 0; i < s->count; i++) st.order[i] = i;
    for (int32_t i = 0; i < s->neighbours; i++) atomic_init(&st.nearest[i], INT64_MAX);
    WF_TRY_OR(make_grid(&st.coarse, cx, &st, COARSE)); /* in the order of the images */
    WF_TRY_OR(sort_into_leaves(&st, cx));
    wf_free(st.coarse.features);
    st.coarse.features = NULL;
    WF_TRY_OR(make_grid(&st.coarse, cx, &st, COARSE));
    WF_TRY_OR(make_grid(&st.fine, cx, &st, FINE));
    WF_TRY_OR(make_boxes(&st, cx));
    wf_pool_run(pool, compare_leaf, &st, st.leaves);
    WF_TRY_OR(join(out_pairs, out_count, cx, &st, workers));
    for (int32_t i = 0; i < s->neighbours; i++) nearest[i] = atomic_load(&st.nearest[i]);
done:
    for (int w = 0; st.finds && w < workers; w++) wf_free(st.finds[w].pairs);
    wf_free(st.finds);
    wf_free(st.nearest);
    wf_free(st.order);
    wf_free(st.coarse.features);
    wf_free(st.fine.features);
    wf_free(st.low);
    wf_free(st.high);
    return status;
}
