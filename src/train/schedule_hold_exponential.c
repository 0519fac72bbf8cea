#include <math.h>

#include "train/schedule.h"

typedef struct hold_config {
    int32_t hold_epochs;
    double decay;
} hold_config;

/* rate = base for the first `hold_epochs`, then times exp(-decay) with every epoch */
static double rate(const wf_schedule_point *at, const void *config) {
    const hold_config *c = config;
    int64_t falls = at->epoch - c->hold_epochs + 1;
    return falls > 0 ? at->base_rate * exp(-c->decay * (double)falls) : at->base_rate;
}

static const wf_field fields[] = {{"hold_epochs", WF_FIELD_INT, offsetof(hold_config, hold_epochs),
                                   0, 1e6, NULL, "8", "epochs at the full rate"},
                                  {"decay", WF_FIELD_REAL, offsetof(hold_config, decay), 0, 100,
                                   NULL, "0.1",
                                   "every later epoch multiplies the rate by exp(-decay)"},
                                  {0}};

const wf_schedule_class wf_hold_exponential_schedule = {
    .name = "hold_exponential",
    .summary = "constant for some epochs, then falling by the same factor every epoch",
    .source = "the scheduler of Keras' LearningRateScheduler documentation",
    .fields = fields,
    .config_size = sizeof(hold_config),
    .rate = rate};
