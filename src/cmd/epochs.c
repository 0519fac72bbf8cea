#include "cmd/epochs.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void wf_epochs_init(wf_epochs *epochs, wf_cli *cli, wf_run *run, int is_multilabel) {
    *epochs = (wf_epochs){.cli = cli, .run = run, .is_multilabel = is_multilabel};
    wf_bar_init(&epochs->bar, cli);
}

static double rounded(double value, double unit) {
    return isfinite(value) ? round(value * unit) / unit : value;
}

wf_epoch_record wf_epoch_record_of(const wf_epoch_figures *f) {
    return (wf_epoch_record){.epoch = f->epoch,
                             .loss = rounded(f->loss, 1e6),
                             .accuracy = rounded(f->accuracy, 1e6),
                             .val_loss = rounded(f->val_loss, 1e6),
                             .val_accuracy = rounded(f->val_accuracy, 1e6),
                             .learning_rate = f->learning_rate,
                             .seconds = rounded(f->seconds, 1e3),
                             .ms_per_step = rounded(f->ms_per_step, 1e3)};
}

static const char *step_time(char buffer[32], double ms) {
    snprintf(buffer, 32, ms < 9.95 ? "%.1fms/step" : "%.0fms/step", ms);
    return buffer;
}

static const char *accuracy_name(const wf_epochs *s) {
    return s->is_multilabel ? "subset_accuracy" : "accuracy";
}

/* While an epoch runs: "12/375 ━━━━ 8s 24ms/step - accuracy: 0.5120 - loss: 1.3107"; the
 * seconds are those that are left. */
static void draw_step(wf_epochs *s, const wf_train_event *e) {
    char line[512], bar[WF_BAR_BYTES], ms[32];
    if (!wf_bar_is_due(&s->bar)) return;
    double left_s = (double)(e->steps - e->step) * e->figures.ms_per_step / 1000;
    snprintf(line, sizeof line, "%lld/%lld %s %.0fs %s - %s: %.4f - loss: %.4f", (long long)e->step,
             (long long)e->steps, wf_bar_text(bar, e->step, e->steps), left_s,
             step_time(ms, e->figures.ms_per_step), accuracy_name(s), e->figures.accuracy,
             e->figures.loss);
    wf_bar_draw(&s->bar, line);
}

static void add_figure(char *line, size_t size, const char *name, double value) {
    char number[32];
    size_t used = strlen(line);
    if (isnan(value) || used >= size) return;
    snprintf(line + used, size - used, " - %s: %s", name, wf_double_text(number, value));
}

/* The epoch's last line: the very figures that are stored, to the last digit. */
static void figures_text(char *line, size_t size, const wf_epochs *s, const wf_train_event *e,
                         const wf_epoch_record *r, const char *bar) {
    char ms[32], validated[32];
    snprintf(validated, sizeof validated, "val_%s", accuracy_name(s));
    snprintf(line, size, "%lld/%lld %s%s%.0fs %s", (long long)e->steps, (long long)e->steps, bar,
             *bar ? " " : "", r->seconds, step_time(ms, r->ms_per_step));
    add_figure(line, size, accuracy_name(s), r->accuracy);
    add_figure(line, size, "loss", r->loss);
    add_figure(line, size, validated, r->val_accuracy);
    add_figure(line, size, "val_loss", r->val_loss);
}

static void end_epoch(wf_epochs *s, const wf_train_event *e) {
    char line[512], text[600], bar[WF_BAR_BYTES];
    wf_epoch_record record = wf_epoch_record_of(&e->figures);
    if (s->bar.is_terminal) {
        figures_text(line, sizeof line, s, e, &record, wf_bar_text(bar, 1, 1));
        wf_bar_end(&s->bar, line);
    }
    figures_text(line, sizeof line, s, e, &record, "");
    snprintf(text, sizeof text, "Epoch %d/%d: %s", (int)record.epoch, (int)e->epochs, line);
    if (!s->bar.is_terminal) wf_note(s->cli, "%s\n", text);
    wf_status status = wf_run_record_epoch(&s->cli->cx, s->run, &record);
    if (status == WF_OK) status = wf_run_log(&s->cli->cx, s->run, text);
    /* a checkpoint of an epoch that metrics.csv has not could not be gone on with */
    wf_epochs_note(s, status, WF_TRAIN_DISCARD);
}

void wf_epochs_note(wf_epochs *s, wf_status status, wf_train_stop stop) {
    if (status == WF_OK) return;
    s->status = status;
    s->failure = s->cli->cx;
    s->stop = (sig_atomic_t)stop;
}

void wf_epochs_sink(void *user, const wf_train_event *e) {
    wf_epochs *s = user;
    if (s->status == WF_OK && e->kind == WF_TRAIN_STEP) {
        if (s->bar.is_terminal && s->shown_epoch != e->figures.epoch)
            wf_note(s->cli, "Epoch %d/%d\n", (int)e->figures.epoch, (int)e->epochs);
        s->shown_epoch = e->figures.epoch;
        draw_step(s, e);
    }
    if (s->status == WF_OK && e->kind == WF_TRAIN_EPOCH_END) end_epoch(s, e);
    if (s->status == WF_OK && wf_signals_seen()) s->stop = WF_TRAIN_SAVE;
}
