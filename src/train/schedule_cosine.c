#include <math.h>

#include "train/schedule.h"

typedef struct cosine_config {
    double minimum;
} cosine_config;

/* rate = min + (base - min) (1 + cos(pi t / T)) / 2, t steps of T done */
static double rate(const wf_schedule_point *at, const void *config) {
    const cosine_config *c = config;
    double t = (double)(at->epoch * at->steps_per_epoch + at->step);
    double whole = (double)(at->epochs * at->steps_per_epoch);
    double share = 0.5 * (1 + cos(3.141592653589793 * t / whole));
    return c->minimum + (at->base_rate - c->minimum) * share;
}

static const wf_field fields[] = {{"minimum", WF_FIELD_REAL, offsetof(cosine_config, minimum), 0,
                                   1e3, NULL, "0", "the rate at the end of the last epoch"},
                                  {0}};

const wf_schedule_class wf_cosine_schedule = {
    .name = "cosine",
    .summary = "half a cosine wave down to a minimum over all epochs",
    .source = "Loshchilov and Hutter 2017, arXiv:1608.03983",
    .fields = fields,
    .config_size = sizeof(cosine_config),
    .rate = rate};
