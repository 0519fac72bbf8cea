#include "train/teller.h"

#include <string.h>

#include "base/alloc.h"

static wf_status create_plans(wf__teller *t, wf_context *cx, wf_params *params, wf_pool *pool,
                              const wf__teller_options *o) {
    const wf_graph *g = params->graph;
    const int at = wf_graph_trunk(g);
    const wf_node *trunk = &g->nodes[at];
    wf_plan_options options = {.mode = WF_PLAN_INFER,
                               .precision = o->precision,
                               .batch_size = o->images * o->hypotheses,
                               .keeps_state = o->keeps_state,
                               .kernels = o->kernels};
    if (at > 0) options.from = trunk->name;
    WF_TRY(wf_plan_create(&t->rest, cx, g, params, pool, &options));
    if (at == 0) return WF_OK;
    options.from = NULL;
    options.keeps_state = 0;
    options.layer = trunk->name;
    options.batch_size = o->images;
    WF_TRY(wf_plan_create(&t->images, cx, g, params, pool, &options));
    return wf_alloc(&t->values, cx, (size_t)(o->images * wf_shape_size(&trunk->shape)),
                    sizeof *t->values);
}

wf_status wf__teller_create(wf__teller *out, wf_context *cx, wf_params *params, wf_pool *pool,
                            const wf__teller_options *options) {
    const wf_graph *g = params->graph;
    const wf_shape *output = &g->nodes[g->output].shape;
    const int is_told = wf_graph_trunk(g) >= 0;
    char text[96];
    wf__teller t = {0};
    WF_REQUIRE(is_told && output->rank == 2 && output->dim[1] >= 2, WF_E_ARG,
               "model %s has the output %s and %s label_input, it tells no sequences of labels | "
               "see the guide to models",
               g->name, wf_shape_text(text, sizeof text, output), is_told ? "a" : "no");
    t.length = (int32_t)output->dim[0];
    t.classes = (int32_t)output->dim[1] - 1;
    wf_status status = create_plans(&t, cx, params, pool, options);
    if (status == WF_OK) *out = t;
    else wf__teller_reset(&t);
    return status;
}

void wf__teller_reset(wf__teller *t) {
    wf_plan_destroy(t->images);
    wf_plan_destroy(t->rest);
    wf_free(t->values);
    *t = (wf__teller){0};
}

wf_status wf__teller_look(wf__teller *t, wf_context *cx, const wf_batch *batch, int hypotheses) {
    t->batch = *batch;
    t->batch.sequence_length = t->length;
    t->batch.hypotheses = hypotheses;
    t->batch.n = batch->n * hypotheses;
    if (!t->images) return WF_OK;
    WF_TRY(wf_plan_run(NULL, t->images, cx, batch));
    memcpy(t->values, wf_plan_output(t->images),
           (size_t)(batch->n * wf_plan_output_size(t->images)) * sizeof *t->values);
    t->batch.pixels = NULL;
    t->batch.index = NULL;
    t->batch.values = t->values;
    t->batch.view = (wf_view){0};
    return WF_OK;
}

wf_status wf__teller_ask(const float **out, wf__teller *t, wf_context *cx, const int32_t *sequences,
                         int32_t steps, const int32_t *from) {
    t->batch.sequences = sequences;
    t->batch.steps = steps;
    t->batch.goes_on_from = from;
    WF_TRY(wf_plan_run(NULL, t->rest, cx, &t->batch));
    *out = wf_plan_output(t->rest);
    return WF_OK;
}
