#include "eval/decoder.h"

#include <string.h>

#include "base/alloc.h"

struct wf_decoder {
    const wf_graph *graph;
    wf_beam_options beam;
    int trunk;          /* node whose values are all that the decoder takes of the images */
    wf_plan *images;    /* up to there; NULL where that is the images themselves */
    wf_plan *rest;      /* from there on, for `width` hypotheses of each image */
    float *values;      /* [images][size of trunk] */
    int32_t *sequences; /* [images][length], in a batch's order */
};

static wf_status create_plans(wf_decoder *d, wf_context *cx, wf_params *params, wf_pool *pool,
                              const wf_decoder_options *o) {
    const wf_node *trunk = &d->graph->nodes[d->trunk];
    wf_plan_options options = {.mode = WF_PLAN_INFER,
                               .precision = o->precision,
                               .batch_size = o->images * d->beam.width,
                               .kernels = o->kernels};
    if (d->trunk > 0) options.from = trunk->name;
    WF_TRY(wf_alloc(&d->sequences, cx, (size_t)o->images * (size_t)d->beam.length,
                    sizeof *d->sequences));
    WF_TRY(wf_plan_create(&d->rest, cx, d->graph, params, pool, &options));
    if (d->trunk == 0) return WF_OK;
    options.from = NULL;
    options.layer = trunk->name;
    options.batch_size = o->images;
    WF_TRY(wf_plan_create(&d->images, cx, d->graph, params, pool, &options));
    return wf_alloc(&d->values, cx, (size_t)(o->images * wf_shape_size(&trunk->shape)),
                    sizeof *d->values);
}

wf_status wf_decoder_create(wf_decoder **out, wf_context *cx, wf_params *params, wf_pool *pool,
                            const wf_decoder_options *options) {
    const wf_graph *g = params->graph;
    const wf_node *output = &g->nodes[g->output];
    const int trunk = wf_graph_trunk(g);
    char text[96];
    wf_decoder *d = NULL;
    wf_status status;
    WF_REQUIRE(trunk >= 0 && output->shape.rank == 2 && output->shape.dim[1] >= 2, WF_E_ARG,
               "model %s has the output %s and %s label_input, it tells no sequences of labels | "
               "see the guide to models",
               g->name, wf_shape_text(text, sizeof text, &output->shape), trunk < 0 ? "no" : "a");
    WF_REQUIRE(options->images >= 1 && options->width >= 0 && options->sets >= 0, WF_E_ARG,
               "decoder of %s: %d images, width %d, %d sets, must not be negative", g->name,
               options->images, options->width, options->sets);
    WF_TRY(wf_alloc(&d, cx, 1, sizeof *d));
    d->graph = g;
    d->trunk = trunk;
    d->beam = (wf_beam_options){.classes = (int32_t)output->shape.dim[1] - 1,
                                .length = (int32_t)output->shape.dim[0],
                                .width = options->width ? options->width : WF_BEAM_WIDTH,
                                .sets = options->sets};
    if (!d->beam.sets) d->beam.sets = d->beam.width;
    WF_TRY_OR(create_plans(d, cx, params, pool, options));
    *out = d;
    return WF_OK;
done:
    wf_decoder_destroy(d);
    return status;
}

void wf_decoder_destroy(wf_decoder *d) {
    if (!d) return;
    wf_plan_destroy(d->images);
    wf_plan_destroy(d->rest);
    wf_free(d->values);
    wf_free(d->sequences);
    wf_free(d);
}

int32_t wf_decoder_classes(const wf_decoder *d) { return d->beam.classes; }
int32_t wf_decoder_length(const wf_decoder *d) { return d->beam.length; }
int32_t wf_decoder_sets(const wf_decoder *d) { return d->beam.sets; }

/* The batch of the rest: what the trunk made of `batch`. */
static wf_status look_at_images(wf_batch *out, wf_decoder *d, wf_context *cx,
                                const wf_batch *batch) {
    *out = *batch;
    out->sequence_length = d->beam.length;
    if (!d->images) return WF_OK;
    WF_TRY(wf_plan_run(NULL, d->images, cx, batch));
    memcpy(d->values, wf_plan_output(d->images),
           (size_t)(batch->n * wf_plan_output_size(d->images)) * sizeof *d->values);
    out->pixels = NULL;
    out->index = NULL;
    out->values = d->values;
    out->view = (wf_view){0};
    return WF_OK;
}

typedef struct following {
    wf_decoder *decoder;
    wf_batch batch;
} following;

static wf_status next_labels(void *user, wf_context *cx, float *out, const int32_t *sequences,
                             int32_t step) {
    following *f = user;
    const wf_decoder *d = f->decoder;
    const size_t width = (size_t)d->beam.classes + 1, size = width * (size_t)d->beam.length;
    f->batch.sequences = sequences;
    WF_TRY(wf_plan_run(NULL, d->rest, cx, &f->batch));
    const float *p = wf_plan_output(d->rest) + (size_t)step * width;
    for (int i = 0; i < f->batch.n; i++, out += width, p += size)
        memcpy(out, p, width * sizeof *out);
    return WF_OK;
}

static wf_status search(const wf_beam_result *out, wf_decoder *d, wf_context *cx,
                        const wf_batch *batch, int32_t sets, const uint8_t *only) {
    following f = {.decoder = d};
    wf_beam_options options = d->beam;
    WF_TRY(look_at_images(&f.batch, d, cx, batch));
    f.batch.hypotheses = d->beam.width;
    f.batch.n = batch->n * d->beam.width;
    options.images = batch->n;
    options.sets = sets;
    options.only = only;
    return wf_beam_search(out, cx, &options, next_labels, &f);
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
    wf_batch rest;
    WF_REQUIRE(batch->sequences && batch->sequence_length == d->beam.length, WF_E_ARG,
               "model %s tells sequences of %d steps, the batch has %d", d->graph->name,
               d->beam.length, batch->sequences ? batch->sequence_length : 0);
    WF_TRY(look_at_images(&rest, d, cx, batch));
    for (int i = 0; i < batch->n; i++)
        memcpy(d->sequences + i * T, batch->sequences + (batch->index ? batch->index[i] : i) * T,
               (size_t)T * sizeof *d->sequences);
    rest.sequences = d->sequences;
    rest.hypotheses = 1;
    WF_TRY(wf_plan_run(NULL, d->rest, cx, &rest));
    for (int i = 0; i < batch->n; i++)
        out[i] = wf_beam_log_probability(wf_plan_output(d->rest) + i * size, d->sequences + i * T,
                                         d->beam.classes, d->beam.length);
    return WF_OK;
}
