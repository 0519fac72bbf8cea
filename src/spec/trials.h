/* The settings of a model file that a sweep tries, all combinations or some drawn at random.
 *
 * An axis is one setting with several values:
 *   layers.lstm.units=56,186,280             these values
 *   training.batch_size=16..256              whole numbers, drawn uniformly
 *   training.optimizer.learning_rate=1e-4..1e-2:log   drawn uniformly in their logarithm */
#ifndef WF_SPEC_TRIALS_H
#define WF_SPEC_TRIALS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef struct wf_axis {
    char *path;
    char **values; /* [count]; count 0: a range */
    size_t count;
    double low, high;
    int is_whole, is_log;
} wf_axis;

typedef struct wf_trials {
    wf_axis *axes;
    size_t axis_count;
    char **values; /* [count][axis_count], as they are written in a model file */
    size_t count;
} wf_trials;

enum { WF_MAX_TRIALS = 10000 };

/* Every combination of the axes' values, the last axis varying fastest.
 *  axes [count], each PATH=VALUE,VALUE...; commas inside of brackets belong to a value
 * Errors: WF_E_ARG (no axis, no "=", an empty or repeated value, a path given twice, a range, more
 * than WF_MAX_TRIALS), WF_E_NOMEM. */
wf_status wf_trials_grid(wf_trials *out, wf_context *cx, const char *const *axes, size_t count);

/* `draws` combinations, each axis drawn on its own under the seed; those that come again are left
 * out, so that there may be fewer.  Errors: as wf_trials_grid, but ranges are welcome. */
wf_status wf_trials_random(wf_trials *out, wf_context *cx, const char *const *axes, size_t count,
                           size_t draws, uint64_t seed);

/* The value of one axis in one trial. */
const char *wf_trials_value(const wf_trials *t, size_t trial, size_t axis);

void wf_trials_reset(wf_trials *t);

#endif
