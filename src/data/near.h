/* Which images of a set are almost the same: all pairs within a distance, found exactly. */
#ifndef WF_DATA_NEAR_H
#define WF_DATA_NEAR_H

#include <signal.h>
#include <stdint.h>

#include "base/threads.h"

typedef struct wf__near_pair {
    int32_t a, b;       /* rows, a < b */
    int64_t difference; /* sum of the squared differences of their pixels, above 0 */
} wf__near_pair;

typedef struct wf__near_search {
    const uint8_t *const *images; /* [count], each [height][width][channels] */
    int32_t count, height, width, channels;
    int64_t limit;                     /* pairs up to this difference are listed */
    int64_t reach;                     /* >= limit: up to it, the nearest image is sought */
    int32_t neighbours;                /* for the images before this one, among these images */
    const volatile sig_atomic_t *stop; /* not 0: stop. NULL: none */
} wf__near_search;

/* *out_pairs, ascending by a, then b, is to be freed with wf_free. nearest[neighbours]: difference
 * from the nearest image, INT64_MAX if none is within reach.
 *
 * The sums over cells of a coarse grid, each divided by the root of the cell's size, differ no more
 * than the images do (Cauchy and Schwarz), so they prove most pairs to be farther apart. Images are
 * sorted into leaves of a k-d tree over the sums of 4 x 4 cells; pairs of leaves are dropped by
 * their boxes, images and leaves by the boxes, pairs of images by the sums of 4 x 4 and of 8 x 8
 * cells, and only then are pixels compared, in integers.
 * Errors: WF_E_LIMIT (more than `most` pairs), WF_E_INTERRUPTED, WF_E_NOMEM.
 * Threads: as wf_pool_run. */
wf_status wf__near_find(wf__near_pair **out_pairs, int64_t *out_count, int64_t *nearest,
                        wf_context *cx, wf_pool *pool, const wf__near_search *search, int64_t most);

#endif
