#include <math.h>

#include "train/schedule.h"

typedef struct plateau_config {
    int32_t monitor, patience, cooldown;
    double factor, min_delta, min_rate;
} plateau_config;

/* rate = max(base factor^k, min_rate) after k plateaus */
static double rate(const wf_schedule_point *at, const void *config) {
    const plateau_config *c = config;
    if (at->state->factor == 1) return at->base_rate;
    return fmax(at->base_rate * at->state->factor, fmin(c->min_rate, at->base_rate));
}

/* Keras' ReduceLROnPlateau.on_epoch_end. */
static void observe(wf_schedule_state *state, const void *config, const double figures[4]) {
    const plateau_config *c = config;
    double value = figures[c->monitor];
    if (state->cooldown > 0) {
        state->cooldown--;
        state->wait = 0;
    }
    if (wf_monitor_is_better((wf_monitor)c->monitor, value, state->best, c->min_delta)) {
        state->best = value;
        state->wait = 0;
    } else if (state->cooldown == 0 && ++state->wait >= c->patience) {
        state->factor *= c->factor;
        state->cooldown = c->cooldown;
        state->wait = 0;
    }
}

static const wf_field fields[] = {
    {"monitor", WF_FIELD_CHOICE, offsetof(plateau_config, monitor), 0, 0, WF_MONITOR_CHOICES,
     "val_loss", "the figure that should improve"},
    {"factor", WF_FIELD_REAL, offsetof(plateau_config, factor), 0, 0.999999, NULL, "0.1",
     "what a plateau multiplies the rate by"},
    {"patience", WF_FIELD_INT, offsetof(plateau_config, patience), 0, 1e6, NULL, "10",
     "epochs without improvement that make a plateau"},
    {"min_delta", WF_FIELD_REAL, offsetof(plateau_config, min_delta), 0, 1e9, NULL, "1e-4",
     "smaller changes are no improvement"},
    {"cooldown", WF_FIELD_INT, offsetof(plateau_config, cooldown), 0, 1e6, NULL, "0",
     "epochs after a reduction in which nothing is counted"},
    {"min_rate", WF_FIELD_REAL, offsetof(plateau_config, min_rate), 0, 1e3, NULL, "0",
     "the rate is not reduced below this"},
    {0}};

const wf_schedule_class wf_reduce_on_plateau_schedule = {
    .name = "reduce_on_plateau",
    .summary = "times a factor whenever a figure has stopped to improve",
    .source = "Keras' ReduceLROnPlateau",
    .fields = fields,
    .config_size = sizeof(plateau_config),
    .rate = rate,
    .observe = observe};
