#include "nn/infer.h"

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

const wf_layer_class wf_bidirectional_class = {
    .name = "bidirectional",
    .summary = "a recurrent layer in both directions",
    .paper = "Schuster and Paliwal 1997, doi:10.1109/78.650093",
    .flags = WF_LAYER_RANDOM,
    .min_inputs = 1,
    .max_inputs = 1,
    .config_size = sizeof(wf_bidirectional_config),
    .fields = fields,
    .infer = infer};
