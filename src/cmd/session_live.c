/* What a training tells those who watch it, and whether one of them wants it to stop. That nothing
 * can be written (a full disk) stops no training. */
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "cmd/training.h"

static const double LINE_S = .5, NORMS_S = 10;
/* Norms are read from memory, all of it: they wait until this many times their cost has passed. */
enum { NORMS_PATIENCE = 200 };

static double time_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int64_t steps_since_begin(const wf_train_event *e) {
    return (int64_t)(e->figures.epoch - 1) * e->steps + e->step;
}

/* ---- norms ---- */

/* Sums that are independent of each other are a vector's. */
static double norm(const float *values, int64_t n) {
    enum { LANES = 8 };
    double sums[LANES] = {0}, sum = 0;
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int k = 0; k < LANES; k++) sums[k] += (double)values[i + k] * (double)values[i + k];
    for (; i < n; i++) sum += (double)values[i] * (double)values[i];
    for (int k = 0; k < LANES; k++) sum += sums[k];
    return sqrt(sum);
}

static wf_status tell_norms(wf_training *t, const wf_train_event *e) {
    wf_context *cx = &t->live.cx;
    const wf_params *p = t->params;
    const wf_graph *g = p->graph;
    const char **names = NULL;
    double *norms = NULL;
    size_t count = 0;
    wf_status status;
    WF_TRY_OR(wf_alloc(&names, cx, (size_t)g->n_params + 1, sizeof *names));
    WF_TRY_OR(wf_alloc(&norms, cx, 2 * (size_t)g->n_params + 1, sizeof *norms));
    double *gradients = norms + g->n_params;
    for (int i = 0; i < g->n_params; i++) {
        const wf_param_entry *entry = &g->params[i];
        if (!entry->is_trainable) continue;
        names[count] = entry->name;
        norms[count] = norm(p->value + entry->offset, entry->size);
        gradients[count] =
            t->live.has_stepped ? norm(p->gradient + entry->offset, entry->size) : (double)NAN;
        count++;
    }
    if (count)
        status = wf_run_record_norms(cx, t->run, time_now(), e->figures.epoch, steps_since_begin(e),
                                     names, norms, gradients, count);
done:
    wf_free(norms);
    wf_free(names);
    return status;
}

static wf_status tell_norms_if_due(wf_training *t, const wf_train_event *e, double wait_s) {
    double now = wf_clock_s(), since = now - t->live.normed_s;
    if (since < wait_s || since < NORMS_PATIENCE * t->live.norms_cost_s) return WF_OK;
    wf_status status = tell_norms(t, e);
    t->live.normed_s = wf_clock_s();
    t->live.norms_cost_s = t->live.normed_s - now;
    return status;
}

/* ---- lines ---- */

static wf_status tell_line(wf_training *t, const wf_train_event *e, double now) {
    wf_training_live *live = &t->live;
    const wf_live_line line = {.time = time_now(),
                               .epoch = e->figures.epoch,
                               .step = steps_since_begin(e),
                               .steps = e->steps,
                               .loss = e->figures.loss,
                               .accuracy = e->figures.accuracy,
                               .batch_loss = live->batch_loss,
                               .learning_rate = e->figures.learning_rate,
                               .images_per_s = (double)live->images / (now - live->counted_s),
                               .memory_bytes = wf_resident_bytes()};
    live->images = 0;
    live->batch_loss = -INFINITY;
    live->counted_s = now;
    return wf_run_record_live(&live->cx, t->run, &line);
}

static wf_status tell_step(wf_training *t, const wf_train_event *e) {
    wf_training_live *live = &t->live;
    double now = wf_clock_s();
    live->has_stepped = 1;
    live->images += e->batch_images;
    live->batch_loss = fmax(live->batch_loss, e->batch_loss);
    if (now - live->told_s < LINE_S) return WF_OK;
    live->told_s = now;
    live->stop = wf_run_stop_requested(live->stopped_by, t->run);
    if (live->is_silent) return WF_OK;
    WF_TRY(tell_line(t, e, now));
    return tell_norms_if_due(t, e, NORMS_S);
}

void wf__training_live(wf_training *t, const wf_train_event *e) {
    wf_training_live *live = &t->live;
    wf_status status = WF_OK;
    if (e->kind == WF_TRAIN_BEGIN) {
        *live = (wf_training_live){.batch_loss = -INFINITY, .counted_s = wf_clock_s()};
        live->normed_s = live->counted_s;
        status = wf_run_live_begin(&live->cx, t->run, steps_since_begin(e));
    }
    if (e->kind == WF_TRAIN_STEP) status = tell_step(t, e);
    if (e->kind == WF_TRAIN_EPOCH_END) {
        if (!live->is_silent) status = tell_norms_if_due(t, e, 0);
        live->images = 0; /* validation's time is not the training images' */
        live->counted_s = wf_clock_s();
    }
    if (status == WF_OK) return;
    live->is_silent = 1;
    wf_context ignored = {0};
    wf_run_log(&ignored, t->run, live->cx.message);
}
