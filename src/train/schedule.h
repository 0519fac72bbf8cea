/* Learning-rate schedules: one wf_schedule_class in `schedule_*.c`, one line in `schedules.def`.
 * A schedule is a function of the position; only what it learnt from metrics is state. */
#ifndef WF_TRAIN_SCHEDULE_H
#define WF_TRAIN_SCHEDULE_H

#include "nn/layer.h"

/* Which figure of an epoch is watched; the order of the words in WF_MONITOR_CHOICES. */
#define WF_MONITOR_CHOICES "val_loss|val_accuracy|loss|accuracy"
typedef enum wf_monitor {
    WF_MONITOR_VAL_LOSS,
    WF_MONITOR_VAL_ACCURACY,
    WF_MONITOR_LOSS,
    WF_MONITOR_ACCURACY
} wf_monitor;

/* "val_loss", ...; never NULL. */
const char *wf_monitor_name(wf_monitor monitor);
/* Whether `value` beats `best` by more than min_delta (losses fall, accuracies rise). A `best` that
 * is not finite is beaten by any finite value. */
int wf_monitor_is_better(wf_monitor monitor, double value, double best, double min_delta);

/* What a schedule remembers between epochs; zero-initialise with wf_schedule_state_init. */
typedef struct wf_schedule_state {
    double factor; /* what the rate was multiplied by so far */
    double best;   /* of the watched figure; NAN before the first epoch */
    int32_t wait, cooldown;
} wf_schedule_state;

/* A position in training: the step that is about to run. */
typedef struct wf_schedule_point {
    double base_rate;              /* the optimizer's learning_rate */
    int64_t epoch, epochs;         /* epoch from 0 */
    int64_t step, steps_per_epoch; /* step in the epoch, from 0 */
    const wf_schedule_state *state;
} wf_schedule_point;

typedef struct wf_schedule_class {
    const char *name, *summary;
    const char *source; /* or NULL */
    const wf_field *fields;
    size_t config_size;
    double (*rate)(const wf_schedule_point *at, const void *config);
    /* After an epoch; figures are in the order of wf_monitor. NULL: the schedule learns nothing. */
    void (*observe)(wf_schedule_state *state, const void *config, const double figures[4]);
} wf_schedule_class;

typedef struct wf_schedule {
    const wf_schedule_class *class;
    void *config;
} wf_schedule;

void wf_schedule_state_init(wf_schedule_state *state);
/* The learning rate of one step: the schedule's, times (t + 1) / (warmup_epochs * steps_per_epoch)
 * as long as that is below 1 (t counts steps since the start of training). */
double wf_schedule_rate(const wf_schedule *schedule, const wf_schedule_point *at,
                        double warmup_epochs);
void wf_schedule_observe(wf_schedule_state *state, const wf_schedule *schedule,
                         const double figures[4]);

const wf_schedule_class *wf_schedule_find(const char *name); /* NULL when unknown */
size_t wf_schedule_count(void);
const wf_schedule_class *wf_schedule_at(size_t i);

#endif
