/* Optimizers: one wf_optimizer_class in `optim_*.c`, one line in `optimizers.def`. */
#ifndef WF_NN_OPTIM_H
#define WF_NN_OPTIM_H

#include "kernels/kernels.h"
#include "nn/layer.h"

/* One update of parameters [0, n) of a piece of the flat array; all pointers already point
 * there. */
typedef struct wf_optim_args {
    const wf_kernels *kernels;
    int64_t n;
    float *value;
    const float *gradient;
    float *slots[3];
    double learning_rate;
    int64_t step;         /* 1 for the first update */
    float gradient_scale; /* from clipping; 1 otherwise */
} wf_optim_args;

typedef struct wf_optimizer_class {
    const char *name, *summary, *paper;
    const wf_field *fields;
    size_t config_size;
    int (*n_slots)(const void *config);
    void (*update)(const wf_optim_args *a, const void *config);
} wf_optimizer_class;

/* Every optimizer's configuration begins with this; fields via WF_OPTIM_COMMON_FIELDS. */
typedef struct wf_optim_common {
    double learning_rate;
    double clipnorm;        /* per parameter entry; 0 is off */
    double global_clipnorm; /* over all gradients; 0 is off */
} wf_optim_common;

#define WF_OPTIM_COMMON_FIELDS(type, rate)                                                         \
    {"learning_rate", WF_FIELD_REAL, offsetof(type, common.learning_rate), 0, 1e3, NULL, rate,     \
     "step size"},                                                                                 \
        {"clipnorm",                                                                               \
         WF_FIELD_REAL,                                                                            \
         offsetof(type, common.clipnorm),                                                          \
         0,                                                                                        \
         1e9,                                                                                      \
         NULL,                                                                                     \
         "0",                                                                                      \
         "clip each parameter's gradient to this norm; 0 is off"},                                 \
    {                                                                                              \
        "global_clipnorm", WF_FIELD_REAL, offsetof(type, common.global_clipnorm), 0, 1e9, NULL,    \
            "0", "clip all gradients together to this norm; 0 is off"                              \
    }

typedef struct wf_optimizer {
    const wf_optimizer_class *class;
    void *config;
} wf_optimizer;

const wf_optimizer_class *wf_optimizer_find(const char *name);
size_t wf_optimizer_count(void);
const wf_optimizer_class *wf_optimizer_at(size_t i);

#endif
