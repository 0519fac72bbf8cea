#include "nn/optim.h"

typedef struct sgd_config {
    wf_optim_common common;
    double momentum;
    int32_t nesterov;
} sgd_config;

static const wf_field fields[] = {WF_OPTIM_COMMON_FIELDS(sgd_config, "0.01"),
                                  {"momentum", WF_FIELD_REAL, offsetof(sgd_config, momentum), 0, 1,
                                   NULL, "0", "share of the last step that is kept; 0 is off"},
                                  {"nesterov", WF_FIELD_BOOL, offsetof(sgd_config, nesterov), 0, 1,
                                   NULL, "false", "look one step of momentum ahead"},
                                  {0}};

static int n_slots(const void *config) {
    const sgd_config *c = config;
    return c->momentum > 0;
}

static void update(const wf_optim_args *a, const void *config) {
    const sgd_config *c = config;
    a->kernels->sgd(&(wf_sgd_step){.n = a->n,
                                   .value = a->value,
                                   .gradient = a->gradient,
                                   .velocity = c->momentum > 0 ? a->slots[0] : NULL,
                                   .scale = a->gradient_scale,
                                   .rate = (float)a->learning_rate,
                                   .momentum = (float)c->momentum,
                                   .is_nesterov = c->nesterov});
}

const wf_optimizer_class wf_sgd_class = {
    .name = "sgd",
    .summary = "stochastic gradient descent, with momentum and Nesterov's form of it",
    .paper = "Sutskever et al. 2013, http://proceedings.mlr.press/v28/sutskever13.html",
    .fields = fields,
    .config_size = sizeof(sgd_config),
    .n_slots = n_slots,
    .update = update};
