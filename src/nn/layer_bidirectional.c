#include "nn/rnn.h"
#include "nn/onnx.h"

/* One recurrent layer forwards and a second one, with parameters of its own, the other way round;
 * with return_sequences both outputs stand in the order of the input. Parameters: forward_kernel,
 * forward_recurrent_kernel, forward_bias, then the same with backward_. */

typedef enum wf_merge { WF_MERGE_CONCAT, WF_MERGE_SUM } wf_merge;

typedef struct wf_bidirectional_config {
    wf_layer_spec layer;
    int32_t merge_mode; /* wf_merge */
} wf_bidirectional_config;

static const wf_field fields[] = {
    {"layer", WF_FIELD_LAYER, offsetof(wf_bidirectional_config, layer), 0, 0, NULL, NULL,
     "the recurrent layer, for instance {lstm: {units: 128}}"},
    {"merge_mode", WF_FIELD_CHOICE, offsetof(wf_bidirectional_config, merge_mode), 0, 0,
     "concat|sum", "concat", "how the two outputs become one"},
    {0}};

static wf_status infer(wf_infer *in) {
    wf_context *cx = in->cx;
    const wf_bidirectional_config *c = in->config;
    WF_REQUIRE(c->layer.class->flags & WF_LAYER_RECURRENT, WF_E_ARG,
               "layer %s: layer is %s, must be recurrent | use lstm, gru or simple_rnn", in->layer,
               c->layer.class->name);
    wf_infer one = *in;
    one.config = c->layer.config;
    one.prefix = "forward_";
    WF_TRY(c->layer.class->infer(&one));
    one.prefix = "backward_";
    WF_TRY(c->layer.class->infer(&one));
    in->output = one.output;
    in->madds = 2 * one.madds;
    if (c->merge_mode == WF_MERGE_CONCAT) in->output.dim[in->output.rank - 1] *= 2;
    return WF_OK;
}

static wf_status plan(wf_builder *b) {
    const wf_bidirectional_config *c = b->config;
    const int width = (int)b->dst_shape->dim[b->dst_shape->rank - 1];
    const int is_concat = c->merge_mode == WF_MERGE_CONCAT;
    wf_builder inner = *b;
    inner.config = c->layer.config;
    wf_rnn_place place = wf_rnn_place_of(b);
    inner.place = &place;
    WF_TRY(c->layer.class->plan(&inner));
    inner.param += b->node->n_params / 2;
    place.is_backward = place.is_second = 1;
    place.column = is_concat ? width / 2 : 0;
    place.is_added = !is_concat;
    return c->layer.class->plan(&inner);
}

/* One operator of two directions. */
static wf_status onnx(wf_onnx *x) {
    const wf_bidirectional_config *c = x->config;
    x->config = c->layer.config;
    x->directions = 2;
    x->is_summed = c->merge_mode == WF_MERGE_SUM;
    return c->layer.class->onnx(x);
}

const wf_layer_class wf_bidirectional_class = {
    .name = "bidirectional",
    .summary = "a recurrent layer in both directions",
    .paper = "Schuster and Paliwal 1997, doi:10.1109/78.650093",
    .flags = WF_LAYER_STEPWISE | WF_LAYER_RANDOM | WF_LAYER_WIDE_SHARDS,
    .min_inputs = 1,
    .max_inputs = 1,
    .config_size = sizeof(wf_bidirectional_config),
    .fields = fields,
    .infer = infer,
    .plan = plan,
    .onnx = onnx};
