#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "data/formats.h"
#include "data/near.h"
#include "weft/audit.h"

const char *wf_part_name(wf_part part) {
    static const char *const names[WF_PARTS] = {"train", "validation", "test"};
    return names[part];
}

/* All images of a data set in one row: train, then validation, then test. */
typedef struct row {
    const wf_dataset *dataset;
    int64_t count, bytes; /* of one image */
    const uint8_t **images;
    wf_image_place *places;
} row;

/* Which parts hold a duplicate of an image: bit p is part p. */
typedef uint8_t marks;

static void row_reset(row *r) {
    wf_free(r->images);
    wf_free(r->places);
}

static wf_status row_create(row *out, wf_context *cx, const wf_dataset *d) {
    const wf_images *parts[WF_PARTS] = {&d->train, &d->validation, &d->test};
    wf_status status = WF_OK;
    row r = {.dataset = d, .bytes = (int64_t)wf__image_bytes(&d->train)};
    for (int p = 0; p < WF_PARTS; p++) r.count += parts[p]->count;
    WF_REQUIRE(r.count <= INT32_MAX, WF_E_ARG, "duplicates: %lld images, at most %d are compared",
               (long long)r.count, INT32_MAX);
    WF_TRY_OR(wf_alloc(&r.images, cx, (size_t)r.count, sizeof *r.images));
    WF_TRY_OR(wf_alloc(&r.places, cx, (size_t)r.count, sizeof *r.places));
    int64_t at = 0;
    for (int p = 0; p < WF_PARTS; p++)
        for (int64_t i = 0; i < parts[p]->count; i++, at++) {
            r.images[at] = parts[p]->pixels + i * r.bytes;
            r.places[at] = (wf_image_place){
                .part = (wf_part)p,
                .label = parts[p]->labels ? parts[p]->labels[i] : -1,
                .index = i,
            };
        }
    *out = r;
    return WF_OK;
done:
    row_reset(&r);
    return status;
}

static const uint8_t *set_of(const row *r, const wf_image_place *place) {
    const wf_dataset *d = r->dataset;
    const wf_images *parts[WF_PARTS] = {&d->train, &d->validation, &d->test};
    const wf_images *part = parts[place->part];
    return part->label_sets ? part->label_sets + place->index * part->n_labels : NULL;
}

/* One label each, or sets of them; images without any differ in none. */
static int labels_differ(const row *r, const wf_image_place *a, const wf_image_place *b) {
    const uint8_t *first = set_of(r, a), *second = set_of(r, b);
    if (first && second) return memcmp(first, second, (size_t)r->dataset->n_classes) != 0;
    return a->label != b->label && a->label >= 0 && b->label >= 0;
}

static void count_pair(wf_duplicate_counts counts[WF_PARTS][WF_PARTS], marks *marked, const row *r,
                       int64_t a, int64_t b) {
    const wf_image_place *first = &r->places[a], *second = &r->places[b];
    wf_duplicate_counts *c = &counts[first->part][second->part];
    c->pairs++;
    c->other_label += labels_differ(r, first, second);
    marked[a] |= (marks)(1u << second->part);
    marked[b] |= (marks)(1u << first->part);
}

static void count_images(wf_duplicate_counts counts[WF_PARTS][WF_PARTS], marks *marked,
                         const row *r) {
    for (int64_t i = 0; i < r->count; i++)
        for (int part = 0; part <= (int)r->places[i].part; part++)
            counts[part][r->places[i].part].images += marked[i] >> part & 1;
    memset(marked, 0, (size_t)r->count * sizeof *marked);
}

/* ---- exact ---- */

typedef struct picture {
    const uint8_t *pixels;
    int64_t bytes, at;
} picture;

static int compare_pictures(const void *left, const void *right) {
    const picture *a = left, *b = right;
    int order = memcmp(a->pixels, b->pixels, (size_t)a->bytes);
    return order ? order : (a->at > b->at) - (a->at < b->at);
}

static int are_equal(const picture *a, const picture *b) {
    return memcmp(a->pixels, b->pixels, (size_t)a->bytes) == 0;
}

static int compare_places(const wf_image_place *a, const wf_image_place *b) {
    if (a->part != b->part) return a->part < b->part ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

static int compare_duplicates(const void *left, const void *right) {
    const wf_duplicate *a = left, *b = right;
    if (a->distance != b->distance) return a->distance < b->distance ? -1 : 1;
    int order = compare_places(&a->a, &b->a);
    return order ? order : compare_places(&a->b, &b->b);
}

/* Equal images are neighbours once all are sorted by their pixels. */
static wf_status find_exact(wf_duplicates *d, wf_context *cx, const row *r, marks *marked) {
    picture *pictures = NULL;
    wf_duplicate *found = NULL;
    int64_t count = 0;
    WF_TRY(wf_alloc(&pictures, cx, (size_t)r->count, sizeof *pictures));
    for (int64_t i = 0; i < r->count; i++) pictures[i] = (picture){r->images[i], r->bytes, i};
    qsort(pictures, (size_t)r->count, sizeof *pictures, compare_pictures);
    for (int64_t i = 1; i < r->count; i++) count += are_equal(&pictures[i - 1], &pictures[i]);
    wf_status status = wf_alloc(&found, cx, (size_t)count, sizeof *found);
    for (int64_t i = 0, end; status == WF_OK && i < r->count; i = end) {
        for (end = i + 1; end < r->count && are_equal(&pictures[i], &pictures[end]); end++) {
            found[d->exact_count++] =
                (wf_duplicate){.a = r->places[pictures[i].at], .b = r->places[pictures[end].at]};
            for (int64_t k = i; k < end; k++)
                count_pair(d->exact_counts, marked, r, pictures[k].at, pictures[end].at);
        }
    }
    wf_free(pictures);
    if (status != WF_OK) return status;
    qsort(found, (size_t)count, sizeof *found, compare_duplicates);
    count_images(d->exact_counts, marked, r);
    d->exact = found;
    return WF_OK;
}

/* ---- near ---- */

/* The largest sum of squared differences of n pixels within the distance. */
static int64_t difference_of(double distance, int64_t n) {
    double root = distance * 255;
    return (int64_t)floor(root * root * (double)n);
}

static double distance_of(int64_t difference, int64_t n) {
    return sqrt((double)difference / (double)n) / 255;
}

static void count_nearest(wf_duplicates *d, const int64_t *nearest, int64_t count, int64_t n) {
    int64_t limits[WF_NEAREST_BINS];
    for (int i = 0; i < WF_NEAREST_BINS; i++)
        limits[i] = difference_of(2 * d->near * (i + 1) / WF_NEAREST_BINS, n);
    for (int64_t i = 0; i < count; i++) {
        int bin = 0;
        while (bin < WF_NEAREST_BINS && nearest[i] > limits[bin]) bin++;
        if (bin < WF_NEAREST_BINS) d->nearest[bin]++;
    }
}

static wf_status find_near(wf_duplicates *d, wf_context *cx, wf_pool *pool, const row *r,
                           const wf_images *train, marks *marked,
                           const volatile sig_atomic_t *stop) {
    wf_status status = WF_OK;
    wf__near_pair *pairs = NULL;
    int64_t *nearest = NULL;
    const wf__near_search search = {
        .images = r->images,
        .count = (int32_t)r->count,
        .height = train->height,
        .width = train->width,
        .channels = train->channels,
        .limit = difference_of(d->near, r->bytes),
        .reach = difference_of(2 * d->near, r->bytes),
        .neighbours = (int32_t)train->count,
        .stop = stop,
    };
    WF_TRY_OR(wf_alloc(&nearest, cx, (size_t)train->count, sizeof *nearest));
    WF_TRY_OR(wf__near_find(&pairs, &d->close_count, nearest, cx, pool, &search,
                            WF_DUPLICATES_MAX_PAIRS));
    WF_TRY_OR(wf_alloc(&d->close, cx, (size_t)d->close_count, sizeof *d->close));
    for (int64_t i = 0; i < d->close_count; i++) {
        const wf__near_pair *p = &pairs[i];
        d->close[i] = (wf_duplicate){.a = r->places[p->a],
                                     .b = r->places[p->b],
                                     .distance = distance_of(p->difference, r->bytes)};
        count_pair(d->close_counts, marked, r, p->a, p->b);
    }
    qsort(d->close, (size_t)d->close_count, sizeof *d->close, compare_duplicates);
    count_images(d->close_counts, marked, r);
    count_nearest(d, nearest, train->count, r->bytes);
done:
    wf_free(nearest);
    wf_free(pairs);
    return status;
}

wf_status wf_duplicates_find(wf_duplicates **out, wf_context *cx, wf_pool *pool,
                             const wf_dataset *dataset, double near,
                             const volatile sig_atomic_t *stop) {
    wf_status status = WF_OK;
    wf_duplicates *d = NULL;
    marks *marked = NULL;
    row r = {0};
    WF_REQUIRE(near >= 0 && near <= 1, WF_E_ARG,
               "duplicates: near is %g, must be between 0 and 1 | it is a share of the full range "
               "of the pixels, such as 0.03",
               near);
    WF_TRY(row_create(&r, cx, dataset));
    WF_TRY_OR(wf_alloc(&d, cx, 1, sizeof *d));
    d->near = near;
    WF_TRY_OR(wf_alloc(&marked, cx, (size_t)r.count, sizeof *marked));
    WF_TRY_OR(find_exact(d, cx, &r, marked));
    WF_TRY_OR(find_near(d, cx, pool, &r, &dataset->train, marked, stop));
    *out = d;
    d = NULL;
done:
    wf_duplicates_destroy(d);
    wf_free(marked);
    row_reset(&r);
    return status;
}

void wf_duplicates_destroy(wf_duplicates *d) {
    if (!d) return;
    wf_free(d->exact);
    wf_free(d->close);
    wf_free(d);
}
