/* Iterative stratification: the rarest label first, each of its images to the part that wants that
 * label most. Wants are counted in n-ths of an image, so that all sums are whole numbers. */
#include <string.h>

#include "base/alloc.h"
#include "data/formats.h"

typedef struct dealer {
    const wf_images *train;
    const int32_t *from;
    int64_t n;
    int parts, labels;
    int64_t *places;    /* [parts] that are free */
    int64_t *wants;     /* [parts][labels] in n-ths */
    int64_t *remaining; /* [labels] images that are not dealt yet */
    int32_t *order;     /* [n] */
    int16_t *part_of;   /* [n]; -1: not yet */
    wf_rng *rng;
} dealer;

static const uint8_t *set_of(const dealer *d, int32_t i) {
    return d->train->label_sets + (int64_t)d->from[i] * d->labels;
}

/* The label with the fewest images left, at least one; -1: none. */
static int rarest(const dealer *d) {
    int best = -1;
    for (int c = 0; c < d->labels; c++)
        if (d->remaining[c] > 0 && (best < 0 || d->remaining[c] < d->remaining[best])) best = c;
    return best;
}

/* The part with a free place that wants `label` most (-1: any); of equals that with most places;
 * of those one by lot. */
static int choose(const dealer *d, int label) {
    int best = -1, ties = 0;
    for (int p = 0; p < d->parts; p++) {
        if (d->places[p] == 0) continue;
        int64_t more = 1;
        if (best >= 0) {
            more = label < 0 ? 0
                             : d->wants[p * d->labels + label] - d->wants[best * d->labels + label];
            if (more == 0) more = d->places[p] - d->places[best];
        }
        if (more < 0) continue;
        ties = more > 0 ? 1 : ties + 1;
        if (ties == 1 || wf_rng_below(d->rng, (uint64_t)ties) == 0) best = p;
    }
    return best;
}

static void deal(dealer *d, int32_t i, int label) {
    const uint8_t *set = set_of(d, i);
    int part = choose(d, label);
    d->part_of[i] = (int16_t)part;
    d->places[part]--;
    for (int c = 0; c < d->labels; c++) {
        if (!set[c]) continue;
        d->wants[part * d->labels + c] -= d->n;
        d->remaining[c]--;
    }
}

static wf_status prepare(dealer *d, wf_context *cx, const int64_t *sizes) {
    size_t labels = (size_t)d->labels, parts = (size_t)d->parts;
    WF_TRY(wf_alloc(&d->places, cx, parts, sizeof *d->places));
    WF_TRY(wf_alloc(&d->wants, cx, parts * labels, sizeof *d->wants));
    WF_TRY(wf_alloc(&d->remaining, cx, labels, sizeof *d->remaining));
    WF_TRY(wf_alloc(&d->order, cx, (size_t)d->n, sizeof *d->order));
    for (int32_t i = 0; i < d->n; i++) {
        d->order[i] = i;
        d->part_of[i] = -1;
        for (size_t c = 0; c < labels; c++) d->remaining[c] += set_of(d, i)[c];
    }
    for (size_t p = 0; p < parts; p++) {
        d->places[p] = sizes[p];
        for (size_t c = 0; c < labels; c++) d->wants[p * labels + c] = d->remaining[c] * sizes[p];
    }
    wf_rng_shuffle(d->rng, d->order, (size_t)d->n);
    return WF_OK;
}

wf_status wf__stratify_sets(int16_t *part_of, wf_context *cx, const wf_images *train,
                            const int32_t *from, int64_t n, const int64_t *sizes, int parts,
                            wf_rng *rng) {
    dealer d = {.train = train,
                .from = from,
                .n = n,
                .parts = parts,
                .labels = train->n_labels,
                .part_of = part_of,
                .rng = rng};
    wf_status status = prepare(&d, cx, sizes);
    for (int label = 0; status == WF_OK && label >= 0;) {
        label = rarest(&d); /* -1: images without labels are left */
        for (int64_t i = 0; i < n; i++) {
            int32_t at = d.order[i];
            if (part_of[at] < 0 && (label < 0 || set_of(&d, at)[label])) deal(&d, at, label);
        }
    }
    wf_free(d.places);
    wf_free(d.wants);
    wf_free(d.remaining);
    wf_free(d.order);
    return status;
}
