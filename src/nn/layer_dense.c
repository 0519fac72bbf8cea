#include "nn/infer.h"

/* dst = activation(src * kernel + bias) over the last axis.
 *  src [N,...,F]  kernel [F,units]  bias [units]  dst [N,...,units] */

typedef struct wf_dense_config {
    int32_t units, activation, use_bias, kernel_initializer, bias_initializer;
} wf_dense_config;

#define AT(member) offsetof(wf_dense_config, member)
static const wf_field fields[] = {
    {"units", WF_FIELD_INT, AT(units), 1, 1 << 24, NULL, NULL, "number of outputs"},
    {"activation", WF_FIELD_CHOICE, AT(activation), 0, 0, WF_ACTIVATION_CHOICES, "linear",
     "applied to the result"},
    {"use_bias", WF_FIELD_BOOL, AT(use_bias), 0, 1, NULL, "true", "add a bias per unit"},
    {"kernel_initializer", WF_FIELD_CHOICE, AT(kernel_initializer), 0, 0,
     WF_KERNEL_INITIALIZER_CHOICES, "glorot_uniform", "start of the kernel"},
    {"bias_initializer", WF_FIELD_CHOICE, AT(bias_initializer), 0, 0, WF_BIAS_INITIALIZER_CHOICES,
     "zeros", "start of the bias"},
    {0}};

static wf_status infer(wf_infer *in) {
    const wf_dense_config *c = in->config;
    in->output = *in->inputs[0];
    int64_t *last = &in->output.dim[in->output.rank - 1];
    int64_t rows = wf_shape_size(&in->output) / *last;
    wf_shape kernel = {.rank = 2, .dim = {*last, c->units}};
    WF_TRY(wf_infer_param(in, "kernel", &kernel, (wf_initializer)c->kernel_initializer, *last,
                          c->units, 1));
    if (c->use_bias) WF_TRY(wf_infer_vector(in, "bias", c->units, c->bias_initializer, 1));
    in->madds = rows * wf_shape_size(&kernel);
    *last = c->units;
    return WF_OK;
}

const wf_layer_class wf_dense_class = {.name = "dense",
                                       .summary = "matrix product over the last axis",
                                       .min_inputs = 1,
                                       .max_inputs = 1,
                                       .config_size = sizeof(wf_dense_config),
                                       .fields = fields,
                                       .infer = infer};
