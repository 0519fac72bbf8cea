#include "train/sequences.h"

#include <inttypes.h>

#include "base/alloc.h"
#include "base/rng.h"

wf_status wf_label_ranks(int32_t *rank, wf_context *cx, const uint8_t *sets, int32_t classes,
                         const int32_t *index, int64_t n) {
    int64_t *images = NULL;
    WF_TRY(wf_alloc(&images, cx, (size_t)classes, sizeof *images));
    for (int64_t i = 0; i < n; i++) {
        const uint8_t *set = sets + (index ? index[i] : i) * classes;
        for (int32_t k = 0; k < classes; k++) images[k] += set[k] != 0;
    }
    for (int32_t k = 0; k < classes; k++) {
        rank[k] = 0;
        for (int32_t j = 0; j < classes; j++)
            rank[k] += images[j] > images[k] || (images[j] == images[k] && j < k);
    }
    wf_free(images);
    return WF_OK;
}

/* Insertion sort: sets are small. */
static void sort_by_rank(int32_t *labels, int32_t n, const wf_sequence_options *o) {
    for (int32_t i = 1; i < n; i++)
        for (int32_t j = i; j > 0; j--) {
            const int32_t before = labels[j - 1], here = labels[j];
            const int is_sorted = o->order == WF_ORDER_RARE_FIRST ? o->rank[before] > o->rank[here]
                                                                  : o->rank[before] < o->rank[here];
            if (is_sorted) break;
            labels[j - 1] = here;
            labels[j] = before;
        }
}

static void shuffle(int32_t *labels, int32_t n, const wf_sequence_options *o, int64_t row) {
    wf_rng rng;
    wf_rng_init_at(&rng, o->seed, WF_STREAM_SEQUENCES, o->epoch, (uint32_t)row);
    wf_rng_shuffle(&rng, labels, (size_t)n);
}

wf_status wf_label_sequences(int32_t *out, wf_context *cx, const wf_sequence_options *o,
                             const uint8_t *sets, int64_t first_row, int64_t rows) {
    for (int64_t i = 0; i < rows; i++, sets += o->classes, out += o->length) {
        int32_t n = 0;
        for (int32_t k = 0; k < o->classes; k++) n += sets[k] != 0;
        WF_REQUIRE(n < o->length, WF_E_DATA,
                   "image %" PRId64 " has %" PRId32 " labels, the model tells at most %" PRId32
                   " | give label_input and the output a length of the most labels and one for END",
                   first_row + i, n, o->length - 1);
        int32_t at = 0;
        for (int32_t k = 0; k < o->classes; k++)
            if (sets[k]) out[at++] = k;
        if (o->order == WF_ORDER_RANDOM) shuffle(out, n, o, first_row + i);
        else sort_by_rank(out, n, o);
        out[at++] = o->classes;
        while (at < o->length) out[at++] = -1;
    }
    return WF_OK;
}
