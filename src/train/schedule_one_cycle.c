/* The optimizer's rate is the peak. PyTorch's OneCycleLR with three_phase=False and without its
 * cycle of momentum. */
#include <math.h>

#include "train/schedule.h"

enum { ANNEAL_COSINE, ANNEAL_LINEAR };

typedef struct one_cycle_config {
    double rise, start_divisor, end_divisor;
    int32_t anneal;
} one_cycle_config;

static double between(const one_cycle_config *c, double from, double to, double share) {
    if (c->anneal == ANNEAL_LINEAR) return from + (to - from) * share;
    return to + (from - to) / 2 * (1 + cos(3.141592653589793 * share));
}

/* Up from base / start_divisor until step rise T - 1, down to that start / end_divisor at step
 * T - 1. */
static double rate(const wf_schedule_point *at, const void *config) {
    const one_cycle_config *c = config;
    double t = (double)(at->epoch * at->steps_per_epoch + at->step);
    double last = (double)(at->epochs * at->steps_per_epoch) - 1;
    double top = c->rise * (last + 1) - 1;
    double start = at->base_rate / c->start_divisor, end = start / c->end_divisor;
    if (t <= top) return top > 0 ? between(c, start, at->base_rate, t / top) : at->base_rate;
    double from = top > 0 ? top : 0;
    return last > from ? between(c, at->base_rate, end, (t - from) / (last - from)) : end;
}

static const wf_field fields[] = {
    {"rise", WF_FIELD_REAL, offsetof(one_cycle_config, rise), 0, 1, NULL, "0.3",
     "share of all steps in which the rate rises"},
    {"start_divisor", WF_FIELD_REAL, offsetof(one_cycle_config, start_divisor), 1, 1e9, NULL, "25",
     "the first rate is the peak divided by this"},
    {"end_divisor", WF_FIELD_REAL, offsetof(one_cycle_config, end_divisor), 1, 1e9, NULL, "1e4",
     "the last rate is the first divided by this"},
    {"anneal", WF_FIELD_CHOICE, offsetof(one_cycle_config, anneal), 0, 0, "cosine|linear", "cosine",
     "form of both ways"},
    {0}};

const wf_schedule_class wf_one_cycle_schedule = {
    .name = "one_cycle",
    .summary = "up to the optimizer's rate and down to almost nothing, step by step",
    .source = "Smith and Topin 2018, arXiv:1708.07120; PyTorch's OneCycleLR",
    .fields = fields,
    .config_size = sizeof(one_cycle_config),
    .rate = rate};
