#include "nn/infer.h"

/* dst = gamma * (src - mean) / sqrt(variance + epsilon) + beta, statistics over the last axis. */

typedef struct wf_layer_normalization_config {
    double epsilon;
    int32_t center, scale;
} wf_layer_normalization_config;

#define AT(member) offsetof(wf_layer_normalization_config, member)
static const wf_field fields[] = {
    {"epsilon", WF_FIELD_REAL, AT(epsilon), 0, 1e3, NULL, "0.001", "added to the variance"},
    {"center", WF_FIELD_BOOL, AT(center), 0, 1, NULL, "true", "learn beta"},
    {"scale", WF_FIELD_BOOL, AT(scale), 0, 1, NULL, "true", "learn gamma"},
    {0}};

static wf_status infer(wf_infer *in) {
    const wf_layer_normalization_config *c = in->config;
    int64_t features = in->inputs[0]->dim[in->inputs[0]->rank - 1];
    if (c->scale) WF_TRY(wf_infer_vector(in, "gamma", features, WF_INIT_ONES, 1));
    if (c->center) WF_TRY(wf_infer_vector(in, "beta", features, WF_INIT_ZEROS, 1));
    return wf_infer_same(in);
}

const wf_layer_class wf_layer_normalization_class = {.name = "layer_normalization",
                                                     .summary = "normalises each image's last axis",
                                                     .paper = "Ba et al. 2016, arXiv:1607.06450",
                                                     .min_inputs = 1,
                                                     .max_inputs = 1,
                                                     .config_size =
                                                         sizeof(wf_layer_normalization_config),
                                                     .fields = fields,
                                                     .infer = infer};
