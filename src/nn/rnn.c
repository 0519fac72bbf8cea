#include "nn/rnn.h"

int wf_rnn_is_causal(const wf_rnn_config *config) {
    return config->return_sequences && !config->go_backwards;
}

wf_status wf_rnn_infer(wf_infer *in, int gates, int bias_rows, wf_initializer bias_initializer) {
    const wf_rnn_config *c = in->config;
    wf_context *cx = in->cx;
    WF_TRY(wf_infer_sequence(in));
    WF_REQUIRE(c->activation != WF_ACT_GELU, WF_E_ARG,
               "layer %s: activation gelu cannot stand inside a recurrent layer | use tanh or relu",
               in->layer);
    WF_REQUIRE(c->recurrent_activation != WF_ACT_GELU, WF_E_ARG,
               "layer %s: recurrent_activation gelu cannot stand inside a recurrent layer | use "
               "sigmoid",
               in->layer);
    int64_t steps = in->inputs[0]->dim[0], features = in->inputs[0]->dim[1];
    int64_t units = c->units, width = gates * units;
    wf_shape kernel = {.rank = 2, .dim = {features, width}};
    wf_shape recurrent = {.rank = 2, .dim = {units, width}};
    WF_TRY(wf_infer_param(in, "kernel", &kernel, (wf_initializer)c->kernel_initializer, features,
                          width, 1));
    WF_TRY(wf_infer_param(in, "recurrent_kernel", &recurrent,
                          (wf_initializer)c->recurrent_initializer, units, width, 1));
    if (c->use_bias) {
        wf_shape bias = {.rank = 1, .dim = {width}};
        if (bias_rows > 1) bias = (wf_shape){.rank = 2, .dim = {bias_rows, width}};
        WF_TRY(wf_infer_param(in, "bias", &bias, bias_initializer, width, width, 1));
    }
    in->madds = steps * (wf_shape_size(&kernel) + wf_shape_size(&recurrent));
    in->output = c->return_sequences ? (wf_shape){.rank = 2, .dim = {steps, units}}
                                     : (wf_shape){.rank = 1, .dim = {units}};
    return WF_OK;
}
