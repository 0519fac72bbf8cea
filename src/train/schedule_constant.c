#include "train/schedule.h"

static double rate(const wf_schedule_point *at, const void *config) {
    (void)config;
    return at->base_rate;
}

static const wf_field fields[] = {{0}};

const wf_schedule_class wf_constant_schedule = {
    .name = "constant", .summary = "the same rate all the time", .fields = fields, .rate = rate};
