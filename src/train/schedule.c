#include "train/schedule.h"

#include <math.h>
#include <string.h>

#define WF_SCHEDULE(name) extern const wf_schedule_class wf_##name##_schedule;
#include "train/schedules.def"
#undef WF_SCHEDULE

static const wf_schedule_class *const classes[] = {
#define WF_SCHEDULE(name) &wf_##name##_schedule,
#include "train/schedules.def"
#undef WF_SCHEDULE
};

size_t wf_schedule_count(void) { return sizeof classes / sizeof *classes; }

const wf_schedule_class *wf_schedule_at(size_t i) {
    return i < wf_schedule_count() ? classes[i] : NULL;
}

const wf_schedule_class *wf_schedule_find(const char *name) {
    for (size_t i = 0; i < wf_schedule_count(); i++)
        if (strcmp(classes[i]->name, name) == 0) return classes[i];
    return NULL;
}

const char *wf_monitor_name(wf_monitor monitor) {
    static const char *const names[] = {"val_loss", "val_accuracy", "loss", "accuracy"};
    return names[monitor];
}

int wf_monitor_is_better(wf_monitor monitor, double value, double best, double min_delta) {
    if (!isfinite(value)) return 0;
    if (!isfinite(best)) return 1;
    int falls = monitor == WF_MONITOR_VAL_LOSS || monitor == WF_MONITOR_LOSS;
    return falls ? value < best - min_delta : value > best + min_delta;
}

void wf_schedule_state_init(wf_schedule_state *state) {
    *state = (wf_schedule_state){.factor = 1, .best = NAN};
}

double wf_schedule_rate(const wf_schedule *schedule, const wf_schedule_point *at,
                        double warmup_epochs) {
    double rate = schedule->class->rate(at, schedule->config);
    double warmup_steps = warmup_epochs * (double)at->steps_per_epoch;
    double done = (double)(at->epoch * at->steps_per_epoch + at->step + 1);
    return done < warmup_steps ? rate * (done / warmup_steps) : rate;
}

void wf_schedule_observe(wf_schedule_state *state, const wf_schedule *schedule,
                         const double figures[4]) {
    if (schedule->class->observe) schedule->class->observe(state, schedule->config, figures);
}
