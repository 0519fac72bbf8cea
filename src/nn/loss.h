/* Losses: one wf_loss_class in `loss_*.c`, one line in `losses.def`. */
#ifndef WF_NN_LOSS_H
#define WF_NN_LOSS_H

#include "kernels/kernels.h"
#include "nn/layer.h"

/* One shard's losses. All arrays are row-major; rows = images of the shard.
 * `output` [rows][K]: when the loss is fused these are the values before the activation and are
 * replaced by the activated ones; else they are left as they are.
 * `labels` [rows] (already gathered) or `targets` [rows][K].
 * `losses` [rows] receives each image's loss.
 * `diff` [rows][K] receives d(sum of losses)/d(output) times `weight` (1 / batch); NULL:
 * forward. */
typedef struct wf_loss_args {
    const wf_kernels *kernels;
    int rows, classes;
    float *output;
    const int32_t *labels;
    const float *targets;
    float *losses, *diff;
    float weight;
} wf_loss_args;

typedef struct wf_loss_class {
    const char *name, *summary;
    wf_activation fused; /* the activation that it takes over when the output layer has it, or
                            WF_ACT_LINEAR for none */
    int is_exclusive;    /* an image has one class; else its targets may be any between 0 and 1 */
    int wants_labels; /* sparse; else one-hot or other dense targets, made from labels if need be */
    const wf_field *fields;
    size_t config_size;
    void (*run)(const wf_loss_args *a, const void *config, int is_fused);
} wf_loss_class;

typedef struct wf_loss {
    const wf_loss_class *class;
    void *config;
} wf_loss;

const wf_loss_class *wf_loss_find(const char *name);
size_t wf_loss_count(void);
const wf_loss_class *wf_loss_at(size_t i);

#endif
