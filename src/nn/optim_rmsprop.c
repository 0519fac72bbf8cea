#include "nn/optim.h"

typedef struct rmsprop_config {
    wf_optim_common common;
    double rho, momentum, epsilon;
    int32_t centered;
} rmsprop_config;

static const wf_field fields[] = {WF_OPTIM_COMMON_FIELDS(rmsprop_config, "0.001"),
                                  {"rho", WF_FIELD_REAL, offsetof(rmsprop_config, rho), 0, 1, NULL,
                                   "0.9", "how much of the mean square is kept per step"},
                                  {"momentum", WF_FIELD_REAL, offsetof(rmsprop_config, momentum), 0,
                                   1, NULL, "0", "share of the last step that is kept; 0 is off"},
                                  {"epsilon", WF_FIELD_REAL, offsetof(rmsprop_config, epsilon), 0,
                                   1, NULL, "1e-7", "added to the mean square"},
                                  {"centered", WF_FIELD_BOOL, offsetof(rmsprop_config, centered), 0,
                                   1, NULL, "false",
                                   "divide by the deviation instead of the mean square's root"},
                                  {0}};

/* Slots: mean square, then the mean if centered, then the velocity if there is momentum. */
static int n_slots(const void *config) {
    const rmsprop_config *c = config;
    return 1 + (c->centered != 0) + (c->momentum > 0);
}

static void update(const wf_optim_args *a, const void *config) {
    const rmsprop_config *c = config;
    a->kernels->rmsprop(
        &(wf_rmsprop_step){.n = a->n,
                           .value = a->value,
                           .gradient = a->gradient,
                           .square = a->slots[0],
                           .mean = c->centered ? a->slots[1] : NULL,
                           .velocity = c->momentum > 0 ? a->slots[c->centered ? 2 : 1] : NULL,
                           .scale = a->gradient_scale,
                           .rate = (float)a->learning_rate,
                           .rho = (float)c->rho,
                           .one_minus_rho = (float)(1 - c->rho),
                           .momentum = (float)c->momentum,
                           .epsilon = (float)c->epsilon});
}

const wf_optimizer_class wf_rmsprop_class = {
    .name = "rmsprop",
    .summary = "steps divided by the root of a running mean of squared gradients",
    .paper = "Hinton 2012, Coursera lecture 6e; centered: Graves 2013, arXiv:1308.0850",
    .fields = fields,
    .config_size = sizeof(rmsprop_config),
    .n_slots = n_slots,
    .update = update};
