#include "eval/decoder.h"

#include <string.h>

#include "base/alloc.h"
#include "train/teller.h"

struct wf_decoder {
    const wf_graph *graph;
    wf_beam_options beam;
    wf__teller teller;
    int32_t *sequences; /* [images][length], in a batch's order */
};

wf_status wf_decoder_create(wf_decoder **out, wf_context *cx, wf_params *params, wf_pool *pool,
                            const wf_decoder_options *options) {
    const wf_graph *g = params->graph;
    wf_decoder *d = NULL;
    wf_status status;
    WF_REQUIRE(options->images >= 1 && options->width >= 0 && options->sets >= 0, WF_E_ARG,
               "decoder of %s: %d images, width %d, %d sets, must not be negative", g->name,
               options->images, options->width, options->sets);
    const wf__teller_options teller = {options->precision, options->images,
                                       options->width ? options->width : WF_BEAM_WIDTH, 1,
                                       options->kernels};
    WF_TRY(wf_alloc(&d, cx, 1, sizeof *d));
    d->graph = g;
    WF_TRY_OR(wf__teller_create(&d->teller, cx, params, pool, &teller));
    d->beam = (wf_beam_options){.classes = d->teller.classes,
                                .length = d->teller.length,
                                .width = teller.hypotheses,
                                .sets = options->sets ? options->sets : teller.hypotheses};
    WF_TRY_OR(wf_alloc(&d->sequences, cx, (size_t)options->images * (size_t)d->beam.length,
                       sizeof *d->sequences));
    *out = d;
    return WF_OK;
done:
    wf_decoder_destroy(d);
    return status;
}

void wf_decoder_destroy(wf_decoder *d) {
    if (!d) return;
    wf__teller_reset(&d->teller);
    wf_free(d->sequences);
    wf_free(d);
}

int32_t wf_decoder_classes(const wf_decoder *d) { return d->beam.classes; }
int32_t wf_decoder_length(const wf_decoder *d) { return d->beam.length; }
int32_t wf_decoder_sets(const wf_decoder *d) { return d->beam.sets; }

static wf_status next_labels(void *user, wf_context *cx, float *out, const int32_t *sequences,
                             int32_t step, const int32_t *from) {
    wf_decoder *d = user;
    const size_t width = (size_t)d->beam.classes + 1, size = width * (size_t)d->beam.length;
    const float *p;
    WF_TRY(wf__teller_ask(&p, &d->teller, cx, sequences, step + 1, from));
    p += (size_t)step * width;
    for (int i = 0; i < d->teller.batch.n; i++, out += width, p += size)
        memcpy(out, p, width * sizeof *out);
    return WF_OK;
}

static wf_status search(const wf_beam_result *out, wf_decoder *d, wf_context *cx,
                        const wf_batch *batch, int32_t sets, const uint8_t *only) {
    wf_beam_options options = d->beam;
    WF_TRY(wf__teller_look(&d->teller, cx, batch, d->beam.width));
    options.images = batch->n;
    options.sets = sets;
    options.only = only;
    return wf_beam_search(out, cx, &options, next_labels, d);
}

wf_status wf_decoder_run(const wf_beam_result *out, wf_decoder *d, wf_context *cx,
                         const wf_batch *batch) {
    return search(out, d, cx, batch, d->beam.sets, NULL);
}

wf_status wf_decoder_set_log_probabilities(double *out, wf_decoder *d, wf_context *cx,
                                           const wf_batch *batch, const uint8_t *sets) {
    return search(&(wf_beam_result){.log_probabilities = out}, d, cx, batch, 1, sets);
}

wf_status wf_decoder_log_probabilities(double *out, wf_decoder *d, wf_context *cx,
                                       const wf_batch *batch) {
    const ptrdiff_t T = d->beam.length, size = (d->beam.classes + 1) * T;
    const float *p;
    WF_REQUIRE(batch->sequences && batch->sequence_length == d->beam.length, WF_E_ARG,
               "model %s tells sequences of %d steps, the batch has %d", d->graph->name,
               d->beam.length, batch->sequences ? batch->sequence_length : 0);
    WF_TRY(wf__teller_look(&d->teller, cx, batch, 1));
    for (int i = 0; i < batch->n; i++)
        memcpy(d->sequences + i * T, batch->sequences + (batch->index ? batch->index[i] : i) * T,
               (size_t)T * sizeof *d->sequences);
    WF_TRY(wf__teller_ask(&p, &d->teller, cx, d->sequences, d->beam.length, NULL));
    for (int i = 0; i < batch->n; i++)
        out[i] = wf_beam_log_probability(p + i * size, d->sequences + i * T, d->beam.classes,
                                         d->beam.length);
    return WF_OK;
}
