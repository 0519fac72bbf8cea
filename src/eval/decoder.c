#include "eval/decoder.h"

#include <string.h>

#include "base/alloc.h"
#include "train/teller.h"

struct wf_decoder {
    wf_beam_options beam;
    wf__teller teller;
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
    WF_TRY_OR(wf__teller_create(&d->teller, cx, params, pool, &teller));
    d->beam = (wf_beam_options){.classes = d->teller.classes,
                                .length = d->teller.length,
                                .width = teller.hypotheses,
                                .sets = options->sets ? options->sets : teller.hypotheses};
    *out = d;
    return WF_OK;
done:
    wf_decoder_destroy(d);
    return status;
}

void wf_decoder_destroy(wf_decoder *d) {
    if (!d) return;
    wf__teller_reset(&d->teller);
    wf_free(d);
}

int32_t wf_decoder_classes(const wf_decoder *d) { return d->beam.classes; }
int32_t wf_decoder_length(const wf_decoder *d) { return d->beam.length; }

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

wf_status wf_decoder_look(wf_decoder *d, wf_context *cx, const wf_batch *batch) {
    d->beam.images = batch->n;
    return wf__teller_look(&d->teller, cx, batch, d->beam.width);
}

wf_status wf_decoder_run(const wf_beam_result *out, wf_decoder *d, wf_context *cx) {
    return wf_beam_search(out, cx, &d->beam, next_labels, d);
}

wf_status wf_decoder_set_log_probabilities(double *out, wf_decoder *d, wf_context *cx,
                                           const uint8_t *sets) {
    wf_beam_options options = d->beam;
    options.sets = 1;
    options.only = sets;
    return wf_beam_search(&(wf_beam_result){.log_probabilities = out}, cx, &options, next_labels,
                          d);
}
