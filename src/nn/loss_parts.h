/* What the losses share. */
#ifndef WF_NN_LOSS_PARTS_H
#define WF_NN_LOSS_PARTS_H

#include "nn/loss.h"

/* Probabilities are kept this far from 0 and 1 before a logarithm (Keras' epsilon). */
#define WF_LOSS_EPSILON 1e-7f

typedef struct wf_smoothing_config {
    double label_smoothing;
} wf_smoothing_config;

#define WF_SMOOTHING_FIELD(help)                                                                   \
    {                                                                                              \
        "label_smoothing", WF_FIELD_REAL, offsetof(wf_smoothing_config, label_smoothing), 0, 1,    \
            NULL, "0", help                                                                        \
    }

/* What output `j` of image `row` should be: given, or 1 at the label. A single unit should be the
 * label itself, 0 or 1. */
static inline float wf__loss_target(const wf_loss_args *a, int row, int j) {
    if (a->targets) return a->targets[(size_t)row * (size_t)a->classes + (size_t)j];
    int32_t label = a->labels[row];
    return a->classes == 1 ? (float)label : (float)(label == j);
}

/* Cross-entropy over classes that exclude each other: sum_j -t_j log p_j. */
void wf__crossentropy_run(const wf_loss_args *a, const void *config, int is_fused);

#endif
