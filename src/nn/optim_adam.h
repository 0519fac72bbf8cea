/* Adam's step, shared by the optimizers that differ only in weight decay. */
#ifndef WF_NN_OPTIM_ADAM_H
#define WF_NN_OPTIM_ADAM_H

#include "nn/optim.h"

typedef struct wf_adam_config {
    wf_optim_common common;
    double beta_1, beta_2, epsilon;
    double weight_decay; /* no field in plain Adam, where it stays 0 */
} wf_adam_config;

#define WF_ADAM_FIELDS                                                                             \
    WF_OPTIM_COMMON_FIELDS(wf_adam_config, "0.001"),                                               \
        {"beta_1",                                                                                 \
         WF_FIELD_REAL,                                                                            \
         offsetof(wf_adam_config, beta_1),                                                         \
         0,                                                                                        \
         0.999999,                                                                                 \
         NULL,                                                                                     \
         "0.9",                                                                                    \
         "how much of the mean gradient is kept per step"},                                        \
        {"beta_2",                                                                                 \
         WF_FIELD_REAL,                                                                            \
         offsetof(wf_adam_config, beta_2),                                                         \
         0,                                                                                        \
         0.999999,                                                                                 \
         NULL,                                                                                     \
         "0.999",                                                                                  \
         "how much of the mean square is kept per step"},                                          \
    {                                                                                              \
        "epsilon", WF_FIELD_REAL, offsetof(wf_adam_config, epsilon), 0, 1, NULL, "1e-7",           \
            "added to the root of the mean square"                                                 \
    }

int wf__adam_n_slots(const void *config);
void wf__adam_update(const wf_optim_args *a, const void *config);

#endif
