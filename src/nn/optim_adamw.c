#include "nn/optim_adam.h"

static const wf_field fields[] = {
    WF_ADAM_FIELDS,
    {"weight_decay", WF_FIELD_REAL, offsetof(wf_adam_config, weight_decay), 0, 1, NULL, "0.004",
     "each step first takes learning_rate times this share off every trainable value"},
    {0}};

const wf_optimizer_class wf_adamw_class = {.name = "adamw",
                                           .summary = "adam with decoupled weight decay",
                                           .paper = "Loshchilov and Hutter 2019, arXiv:1711.05101",
                                           .fields = fields,
                                           .config_size = sizeof(wf_adam_config),
                                           .n_slots = wf__adam_n_slots,
                                           .update = wf__adam_update};
