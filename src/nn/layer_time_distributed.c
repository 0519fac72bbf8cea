#include "nn/layer.h"
#include "nn/onnx.h"
#include "nn/plan.h"

/* A layer at every step of a sequence, with the same parameters. It takes layers that work along
 * the last axis alone. They do so at every step without it as well: it is here for models that are
 * Keras' to the letter. */

typedef struct wf_time_distributed_config {
    wf_layer_spec layer;
} wf_time_distributed_config;

static const wf_field fields[] = {{"layer", WF_FIELD_LAYER,
                                   offsetof(wf_time_distributed_config, layer), 0, 0, NULL, NULL,
                                   "the layer of every step, for instance {dense: {units: 10}}"},
                                  {0}};

static wf_status infer(wf_infer *in) {
    wf_context *cx = in->cx;
    const wf_time_distributed_config *c = in->config;
    WF_REQUIRE(c->layer.class->flags & WF_LAYER_LAST_AXIS, WF_E_ARG,
               "layer %s: layer is %s, must be one that works along the last axis | use dense, an "
               "activation, dropout, layer_normalization, embedding or tied_dense",
               in->layer, c->layer.class->name);
    WF_REQUIRE(in->inputs[0]->rank >= 2, WF_E_SHAPE,
               "layer %s: input has rank 1, must have steps before its features | a recurrent "
               "layer before it needs return_sequences: true",
               in->layer);
    in->config = c->layer.config;
    return c->layer.class->infer(in);
}

static wf_status plan(wf_builder *b) {
    const wf_time_distributed_config *c = b->config;
    b->config = c->layer.config;
    return c->layer.class->plan(b);
}

static wf_status onnx(wf_onnx *x) {
    const wf_time_distributed_config *c = x->config;
    x->config = c->layer.config;
    return c->layer.class->onnx(x);
}

const wf_layer_class wf_time_distributed_class = {.name = "time_distributed",
                                                  .summary = "a layer at every step of a sequence",
                                                  .flags = WF_LAYER_RANDOM | WF_LAYER_EACH_STEP,
                                                  .min_inputs = 1,
                                                  .max_inputs = 1,
                                                  .config_size = sizeof(wf_time_distributed_config),
                                                  .fields = fields,
                                                  .infer = infer,
                                                  .plan = plan,
                                                  .onnx = onnx};
