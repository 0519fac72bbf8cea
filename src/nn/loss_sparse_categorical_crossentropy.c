#include "nn/loss_parts.h"

static const wf_field fields[] = {
    WF_SMOOTHING_FIELD("share of each target that is spread evenly over all classes"), {0}};

const wf_loss_class wf_sparse_categorical_crossentropy_class = {
    .name = "sparse_categorical_crossentropy",
    .summary = "cross-entropy against class numbers",
    .fused = WF_ACT_SOFTMAX,
    .is_exclusive = 1,
    .wants_labels = 1,
    .fields = fields,
    .config_size = sizeof(wf_smoothing_config),
    .run = wf__crossentropy_run};
