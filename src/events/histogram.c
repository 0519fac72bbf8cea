#include "events/histogram.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { CELL_SHIFT = 16, SIGN_CELL = WF__BUCKET_CELLS / 2 };

static void set_limits(double limit[WF__BUCKETS]) {
    const int zero = WF__BUCKETS / 2;
    int n = 1;
    for (double v = 1e-12; v < 1e20; v *= 1.1, n++) {
        limit[zero + n] = v;
        limit[zero - n] = -v;
    }
    limit[zero] = 0;
    limit[zero + n] = DBL_MAX;
    limit[zero - n] = -DBL_MAX;
}

void wf__buckets_init(wf__buckets *out) {
    int bucket = 0;
    set_limits(out->limit);
    /* in the order of the values: the last of the negative cells is least */
    for (uint32_t i = 0; i < WF__BUCKET_CELLS; i++) {
        const int is_negative = i < SIGN_CELL;
        const uint32_t cell = is_negative ? WF__BUCKET_CELLS - 1 - i : i - SIGN_CELL;
        const uint32_t bits = cell << CELL_SHIFT | (is_negative ? (1u << CELL_SHIFT) - 1 : 0);
        float least;
        memcpy(&least, &bits, sizeof least);
        while (bucket < WF__BUCKETS - 1 && (double)least >= out->limit[bucket]) bucket++;
        out->first[cell] = (uint16_t)bucket;
    }
}

/* Limits are a tenth apart, the floats of a cell at most 1/128: it has one limit at most. */
static int bucket_of(const wf__buckets *b, float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    const int bucket = b->first[bits >> CELL_SHIFT];
    return bucket + ((double)value >= b->limit[bucket]);
}

/* count[] is of all buckets. */
static void put_together(wf__histogram *h, const wf__buckets *b) {
    const int first = bucket_of(b, (float)h->min), last = bucket_of(b, (float)h->max);
    int n = 0;
    for (int i = first; i <= last; i++) {
        const double count = h->count[i];
        if (n && count <= 0 && h->count[n - 1] <= 0) n--;
        h->limit[n] = b->limit[i];
        h->count[n++] = count;
    }
    h->n_buckets = n;
}

void wf__histogram_make(wf__histogram *out, const wf__buckets *buckets, const float *values,
                        int64_t n) {
    *out = (wf__histogram){.min = INFINITY, .max = -INFINITY};
    for (int64_t i = 0; i < n; i++) {
        const double value = (double)values[i];
        if (!isfinite(value)) continue;
        out->num++;
        out->count[bucket_of(buckets, values[i])]++;
        out->sum += value;
        out->sum_squares += value * value;
        if (value < out->min) out->min = value;
        if (value > out->max) out->max = value;
    }
    if (!out->num) return;
    put_together(out, buckets);
}
