#include "nn/infer.h"

/* dst = gamma * (src - mean) / sqrt(variance + epsilon) + beta, per channel (the last axis): over
 * the batch in training, by the moving statistics in inference.
 *  moving = momentum * moving + (1 - momentum) * batch statistic */

typedef struct wf_batch_normalization_config {
    double momentum, epsilon;
    int32_t center, scale, ghost;
} wf_batch_normalization_config;

#define AT(member) offsetof(wf_batch_normalization_config, member)
static const wf_field fields[] = {
    {"momentum", WF_FIELD_REAL, AT(momentum), 0, 1, NULL, "0.99",
     "share of the old moving statistics that a step keeps"},
    {"epsilon", WF_FIELD_REAL, AT(epsilon), 0, 1e3, NULL, "0.001", "added to the variance"},
    {"center", WF_FIELD_BOOL, AT(center), 0, 1, NULL, "true", "learn beta"},
    {"scale", WF_FIELD_BOOL, AT(scale), 0, 1, NULL, "true", "learn gamma"},
    {"ghost", WF_FIELD_INT, AT(ghost), 0, 1 << 24, NULL, "0",
     "images per group of common statistics; 0: the whole batch"},
    {0}};

static wf_status infer(wf_infer *in) {
    const wf_batch_normalization_config *c = in->config;
    int64_t channels = in->inputs[0]->dim[in->inputs[0]->rank - 1];
    if (c->scale) WF_TRY(wf_infer_vector(in, "gamma", channels, WF_INIT_ONES, 1));
    if (c->center) WF_TRY(wf_infer_vector(in, "beta", channels, WF_INIT_ZEROS, 1));
    WF_TRY(wf_infer_vector(in, "moving_mean", channels, WF_INIT_ZEROS, 0));
    WF_TRY(wf_infer_vector(in, "moving_variance", channels, WF_INIT_ONES, 0));
    return wf_infer_same(in);
}

const wf_layer_class wf_batch_normalization_class = {
    .name = "batch_normalization",
    .summary = "normalises each channel over the batch",
    .paper = "Ioffe and Szegedy 2015, arXiv:1502.03167",
    .min_inputs = 1,
    .max_inputs = 1,
    .config_size = sizeof(wf_batch_normalization_config),
    .fields = fields,
    .infer = infer};
