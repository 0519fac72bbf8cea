#include "eval/set_answers.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "eval/decoder.h"
#include "train/targets.h"

enum { BATCH = 100 };

int32_t wf_told_sets(const wf_graph *g) {
    const int32_t sequences = wf__sequence_classes(g, NULL);
    return sequences ? sequences : wf__number_classes(g, NULL);
}

int wf_tells_sequences(const wf_graph *g) { return wf__sequence_classes(g, NULL) > 0; }

static int32_t sets_of(const wf_set_answers *a) { return a->n_sets ? a->n_sets : 1; }

/* Those of the images from `first` on. */
static wf_set_answers from(const wf_set_answers *a, int64_t first, int32_t labels, int32_t steps) {
    const int64_t at = first * sets_of(a);
    return (wf_set_answers){.n_sets = a->n_sets,
                            .sets = a->sets ? a->sets + at * labels : NULL,
                            .log_p = a->log_p ? a->log_p + at : NULL,
                            .labels = a->labels ? a->labels + first * labels : NULL,
                            .sequences = a->sequences ? a->sequences + at * steps : NULL,
                            .asked = a->asked ? a->asked + first * labels : NULL,
                            .asked_log_p = a->asked_log_p ? a->asked_log_p + first : NULL};
}

/* ---- sequences ---- */

static wf_status decode(const wf_set_answers *out, wf_context *cx, wf_decoder *d,
                        const wf__rows *rows, const volatile sig_atomic_t *stop) {
    for (int64_t first = 0; first < rows->n; first += BATCH) {
        const int64_t n = rows->n - first < BATCH ? rows->n - first : BATCH;
        const wf_set_answers part = from(out, first, wf_decoder_classes(d), wf_decoder_length(d));
        const wf_batch batch = wf__rows_batch(rows, first, n);
        WF_REQUIRE(!stop || !*stop, WF_E_INTERRUPTED,
                   "stopped after %" PRId64 " of %" PRId64 " images", first, rows->n);
        WF_TRY(wf_decoder_look(d, cx, &batch));
        if (part.sets || part.log_p || part.labels || part.sequences)
            WF_TRY(wf_decoder_run(
                &(wf_beam_result){part.sets, part.log_p, part.labels, part.sequences}, d, cx));
        if (part.asked_log_p)
            WF_TRY(wf_decoder_set_log_probabilities(part.asked_log_p, d, cx, part.asked));
    }
    return WF_OK;
}

static wf_status tell_sequences(const wf_set_answers *out, wf_context *cx, wf_params *params,
                                wf_pool *pool, const wf__rows *rows,
                                const wf_predict_options *options, int32_t width) {
    const wf_decoder_options decoder_options = {
        .precision = options->precision, .images = BATCH, .width = width, .sets = sets_of(out)};
    wf_decoder *d = NULL;
    WF_REQUIRE(!options->views, WF_E_UNSUPPORTED,
               "model %s tells sequences of labels, of which test-time augmentation makes no means "
               "| leave it out",
               params->graph->name);
    WF_TRY(wf_decoder_create(&d, cx, params, pool, &decoder_options));
    wf_status status = decode(out, cx, d, rows, options->stop);
    wf_decoder_destroy(d);
    return status;
}

/* ---- a place for every set ---- */

/* The likeliest of p [1 << labels], of equals the first, of those that come behind set `before`,
 * whose probability is not higher; -1 before the first. */
static int32_t next_place(const float *p, int32_t count, int32_t before) {
    int32_t best = -1;
    for (int32_t s = 0; s < count; s++) {
        if (before >= 0 && (p[s] > p[before] || (p[s] == p[before] && s <= before))) continue;
        if (best < 0 || p[s] > p[best]) best = s;
    }
    return best;
}

static int32_t place_of(const uint8_t *set, int32_t labels) {
    int32_t place = 0;
    for (int32_t k = 0; k < labels; k++) place |= set[k] << k;
    return place;
}

static void read_place(const wf_set_answers *out, const float *p, int32_t labels) {
    const int32_t count = 1 << labels;
    int32_t place = -1;
    for (int32_t i = 0; i < sets_of(out) && (out->sets || out->log_p); i++) {
        if (i < count) place = next_place(p, count, place);
        if (out->log_p) out->log_p[i] = i < count ? log((double)p[place]) : -INFINITY;
        for (int32_t k = 0; k < labels && out->sets; k++)
            out->sets[i * labels + k] = (uint8_t)(i < count && (place >> k & 1));
    }
    for (int32_t k = 0; k < labels && out->labels; k++) {
        double sum = 0;
        for (int32_t s = 0; s < count; s++)
            if (s >> k & 1) sum += (double)p[s];
        out->labels[k] = (float)fmin(sum, 1);
    }
    if (out->asked_log_p) out->asked_log_p[0] = log((double)p[place_of(out->asked, labels)]);
}

static wf_status tell_places(const wf_set_answers *out, wf_context *cx, wf_params *params,
                             wf_pool *pool, int64_t n, int32_t labels,
                             const wf_predict_options *options) {
    float *p = NULL;
    wf_predict_result result;
    WF_TRY(wf_alloc(&p, cx, (size_t)n << labels, sizeof *p));
    wf_status status = wf_predict(&result, p, params, cx, pool, options);
    for (int64_t i = 0; i < n && status == WF_OK; i++) {
        const wf_set_answers one = from(out, i, labels, 0);
        read_place(&one, p + (i << labels), labels);
    }
    wf_free(p);
    return status;
}

wf_status wf_set_answers_fill(const wf_set_answers *out, wf_context *cx, wf_params *params,
                              wf_pool *pool, const wf_predict_options *options, int32_t width) {
    const wf_graph *g = params->graph;
    const wf_shape *output = &g->nodes[g->output].shape;
    const wf__rows rows = {.images = options->images,
                           .index = options->index,
                           .n = options->index || !options->images ? options->n
                                                                   : options->images->count,
                           .normalization = &options->normalization};
    WF_TRY(wf__rows_check(cx, g, &rows, NULL, "given"));
    if (output->rank == 2) return tell_sequences(out, cx, params, pool, &rows, options, width);
    return tell_places(out, cx, params, pool, rows.n, wf_told_sets(g), options);
}
