#include "nn/rnn.h"

/* Long short-term memory, gates in Keras' order i, f, c, o:
 *  i = sigma(x*Wi + h*Ui + bi)   f = sigma(x*Wf + h*Uf + bf)   o = sigma(x*Wo + h*Uo + bo)
 *  c' = f . c + i . tanh(x*Wc + h*Uc + bc)   h' = o . tanh(c') */

static const wf_field fields[] = {WF_RNN_FIELDS_HEAD,
                                  WF_RNN_FIELD_GATES,
                                  WF_RNN_FIELDS_TAIL,
                                  {"unit_forget_bias", WF_FIELD_BOOL,
                                   offsetof(wf_rnn_config, unit_forget_bias), 0, 1, NULL, "true",
                                   "the forget gate's bias starts at 1"},
                                  {0}};

static wf_status infer(wf_infer *in) {
    const wf_rnn_config *c = in->config;
    return wf_rnn_infer(in, 4, 1, c->unit_forget_bias ? WF_INIT_UNIT_FORGET_BIAS : WF_INIT_ZEROS);
}

const wf_layer_class wf_lstm_class = {
    .name = "lstm",
    .summary = "long short-term memory",
    .paper = "Hochreiter and Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735",
    .flags = WF_LAYER_RECURRENT | WF_LAYER_RANDOM,
    .min_inputs = 1,
    .max_inputs = 1,
    .config_size = sizeof(wf_rnn_config),
    .fields = fields,
    .infer = infer};
