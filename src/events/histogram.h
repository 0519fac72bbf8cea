/* Histograms as TensorFlow makes them. */
#ifndef WF_EVENTS_HISTOGRAM_H
#define WF_EVENTS_HISTOGRAM_H

#include <stdint.h>

/* 774 limits of either sign, -DBL_MAX, 0 and DBL_MAX. */
enum { WF__BUCKETS = 1551, WF__BUCKET_CELLS = 1 << 16 };

/* Bucket i holds limit[i - 1] <= value < limit[i]; the first one holds nothing that is finite. */
typedef struct wf__buckets {
    double limit[WF__BUCKETS];        /* ascending */
    uint16_t first[WF__BUCKET_CELLS]; /* of the least float with these upper 16 bits */
} wf__buckets;

void wf__buckets_init(wf__buckets *out);

/* Of the finite values. */
typedef struct wf__histogram {
    int64_t num;
    double min, max, sum, sum_squares;
    int n_buckets; /* from the first to the last that holds a value; neighbours without are one */
    double limit[WF__BUCKETS], count[WF__BUCKETS]; /* [n_buckets] */
} wf__histogram;

void wf__histogram_make(wf__histogram *out, const wf__buckets *buckets, const float *values,
                        int64_t n);

#endif
