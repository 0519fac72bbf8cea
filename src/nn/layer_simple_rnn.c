#include "nn/rnn.h"

/* h' = activation(x*W + h*U + b) */

static const wf_field fields[] = {WF_RNN_FIELDS_HEAD, WF_RNN_FIELDS_TAIL, {0}};

static wf_status infer(wf_infer *in) { return wf_rnn_infer(in, 1, 1, WF_INIT_ZEROS); }

const wf_layer_class wf_simple_rnn_class = {.name = "simple_rnn",
                                            .summary = "fully connected recurrent layer",
                                            .paper = "Elman 1990, doi:10.1207/s15516709cog1402_1",
                                            .flags = WF_LAYER_RECURRENT | WF_LAYER_RANDOM,
                                            .min_inputs = 1,
                                            .max_inputs = 1,
                                            .config_size = sizeof(wf_rnn_config),
                                            .fields = fields,
                                            .infer = infer};
