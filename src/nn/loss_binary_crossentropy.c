/* Each unit is a yes-or-no question of its own; an image's loss is the mean over its units. */
#include <math.h>

#include "nn/loss_parts.h"

static float smoothed(const wf_loss_args *a, int row, int j, float smoothing) {
    return wf__loss_target(a, row, j) * (1 - smoothing) + 0.5f * smoothing;
}

/* p = 1 / (1 + exp(-x));  loss = max(x, 0) - x t + log(1 + exp(-|x|));  d loss / d x = p - t */
static float on_logit(float *inout_x, float *diff, float t) {
    float x = *inout_x, e = expf(-fabsf(x));
    float p = x >= 0 ? 1 / (1 + e) : e / (1 + e);
    *inout_x = p;
    *diff = p - t;
    return (x > 0 ? x : 0 * x) - x * t + log1pf(e);
}

/* As Keras, p clipped:  loss = -t log p - (1 - t) log(1 - p) */
static float on_probability(float p, float *diff, float t) {
    int is_clipped = p < WF_LOSS_EPSILON || p > 1 - WF_LOSS_EPSILON;
    if (p < WF_LOSS_EPSILON) p = WF_LOSS_EPSILON;
    if (p > 1 - WF_LOSS_EPSILON) p = 1 - WF_LOSS_EPSILON;
    *diff = is_clipped ? 0 : (1 - t) / (1 - p) - t / p;
    return -t * logf(p) - (1 - t) * log1pf(-p);
}

static void run(const wf_loss_args *a, const void *config, int is_fused) {
    float smoothing = (float)((const wf_smoothing_config *)config)->label_smoothing;
    float share = 1 / (float)a->classes;
    for (int row = 0; row < a->rows; row++) {
        double loss = 0;
        for (int j = 0; j < a->classes; j++) {
            size_t at = (size_t)row * (size_t)a->classes + (size_t)j;
            float t = smoothed(a, row, j, smoothing), d;
            loss +=
                is_fused ? on_logit(&a->output[at], &d, t) : on_probability(a->output[at], &d, t);
            if (a->diff) a->diff[at] = d * share * a->weight;
        }
        a->losses[row] = (float)(loss / a->classes);
    }
}

static const wf_field fields[] = {
    WF_SMOOTHING_FIELD("share of each target that is moved to one half"), {0}};

const wf_loss_class wf_binary_crossentropy_class = {
    .name = "binary_crossentropy",
    .summary = "cross-entropy of independent yes-or-no outputs, mean over the units",
    .fused = WF_ACT_SIGMOID,
    .wants_labels = 0,
    .fields = fields,
    .config_size = sizeof(wf_smoothing_config),
    .run = run};
