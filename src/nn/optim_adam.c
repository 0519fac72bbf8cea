#include "nn/optim_adam.h"

#include <math.h>

static const wf_field fields[] = {WF_ADAM_FIELDS, {0}};

int wf__adam_n_slots(const void *config) {
    (void)config;
    return 2;
}

/* The bias corrections are those of Keras, folded into the rate: epsilon is not corrected. */
void wf__adam_update(const wf_optim_args *a, const void *config) {
    const wf_adam_config *c = config;
    double t = (double)a->step, rate = a->learning_rate;
    double alpha = rate * sqrt(1 - pow(c->beta_2, t)) / (1 - pow(c->beta_1, t));
    a->kernels->adam(&(wf_adam_step){.n = a->n,
                                     .value = a->value,
                                     .gradient = a->gradient,
                                     .mean = a->slots[0],
                                     .square = a->slots[1],
                                     .scale = a->gradient_scale,
                                     .alpha = (float)alpha,
                                     .one_minus_beta_1 = (float)(1 - c->beta_1),
                                     .one_minus_beta_2 = (float)(1 - c->beta_2),
                                     .epsilon = (float)c->epsilon,
                                     .keep = (float)(1 - rate * c->weight_decay)});
}

const wf_optimizer_class wf_adam_class = {
    .name = "adam",
    .summary = "steps of the mean gradient over the root of the mean square",
    .paper = "Kingma and Ba 2015, arXiv:1412.6980",
    .fields = fields,
    .config_size = sizeof(wf_adam_config),
    .n_slots = wf__adam_n_slots,
    .update = wf__adam_update};
