#include <math.h>

#include "train/schedule.h"

typedef struct step_config {
    int32_t every;
    double gamma;
} step_config;

/* rate = base gamma^floor(epoch / every) */
static double rate(const wf_schedule_point *at, const void *config) {
    const step_config *c = config;
    return at->base_rate * pow(c->gamma, (double)(at->epoch / c->every));
}

static const wf_field fields[] = {{"every", WF_FIELD_INT, offsetof(step_config, every), 1, 1e6,
                                   NULL, "10", "epochs between two steps"},
                                  {"gamma", WF_FIELD_REAL, offsetof(step_config, gamma), 0, 10,
                                   NULL, "0.1", "what each step multiplies the rate by"},
                                  {0}};

const wf_schedule_class wf_step_schedule = {.name = "step",
                                            .summary = "times a factor every so many epochs",
                                            .fields = fields,
                                            .config_size = sizeof(step_config),
                                            .rate = rate};
