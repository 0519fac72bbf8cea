/* One run in short, read from its folder. Unknown and damaged parts stay unknown. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "store/internal.h"
#include "store/summary_fields.h"

void wf_run_summary_reset(wf_run_summary *s) {
    wf_free(s->id);
    wf_free(s->path);
#define TEXT(field) wf_free(s->field);
#define NOTHING(field)
    WF_SUMMARY_FIELDS(TEXT, NOTHING, NOTHING)
#undef TEXT
#undef NOTHING
    *s = (wf_run_summary){0};
}

void wf_run_list_reset(wf_run_list *list) {
    for (size_t i = 0; i < list->count; i++) wf_run_summary_reset(&list->runs[i]);
    wf_free(list->runs);
    *list = (wf_run_list){0};
}

static wf_status text_of(char **out, wf_context *cx, const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    return wf_utf8_clean(out, cx, json_is_string(value) ? json_string_value(value) : "");
}

static int64_t count_of(const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) && json_integer_value(value) > 0 ? json_integer_value(value) : 0;
}

static double figure_of(const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static int64_t status_of(const json_t *description) {
    const char *name = json_string_value(json_object_get(description, "status"));
    return name ? wf__run_status_find(name) : WF_RUN_ABANDONED;
}

static wf_status take_description(wf_run_summary *s, wf_context *cx, const json_t *d) {
    const json_t *claim = json_object_get(d, "claim"), *fold = json_object_get(d, "fold");
    WF_TRY(text_of(&s->name, cx, d, "name"));
    WF_TRY(text_of(&s->model, cx, d, "model"));
    WF_TRY(text_of(&s->family, cx, d, "family"));
    WF_TRY(text_of(&s->dataset, cx, d, "dataset"));
    WF_TRY(text_of(&s->data_hash, cx, d, "data_hash"));
    WF_TRY(text_of(&s->precision, cx, d, "precision"));
    WF_TRY(text_of(&s->isa, cx, d, "isa"));
    WF_TRY(text_of(&s->cpu, cx, d, "cpu"));
    WF_TRY(text_of(&s->version, cx, d, "version"));
    WF_TRY(text_of(&s->libraries, cx, d, "libraries"));
    WF_TRY(text_of(&s->reason, cx, d, "reason"));
    WF_TRY(text_of(&s->command, cx, d, "command"));
    WF_TRY(text_of(&s->started, cx, d, "started"));
    WF_TRY(text_of(&s->ended, cx, d, "ended"));
    WF_TRY(text_of(&s->claim_text, cx, claim, "text"));
    s->claim_accuracy = figure_of(claim, "accuracy");
    s->claim_macro_f1 = figure_of(claim, "macro_f1");
    s->claim_loss = figure_of(claim, "loss");
    s->status = status_of(d);
    s->seed = count_of(d, "seed");
    s->threads = count_of(d, "threads");
    s->epochs_planned = count_of(d, "epochs_planned");
    s->batch_size = count_of(d, "batch_size");
    s->folds = count_of(fold, "folds");
    s->repeat = count_of(fold, "repeat");
    s->fold = count_of(fold, "fold");
    s->train_count = count_of(d, "train_count");
    s->validation_count = count_of(d, "validation_count");
    s->test_count = count_of(d, "test_count");
    s->class_count = (int64_t)json_array_size(json_object_get(d, "class_names"));
    s->parameters = count_of(d, "parameters");
    s->trainable_parameters = count_of(d, "trainable_parameters");
    s->madds = count_of(d, "madds");
    return WF_OK;
}

static wf_status take_judgement(wf_run_summary *s, wf_context *cx, const wf__contents *c) {
    const json_t *t = c->judgement;
    const json_t *worst = json_object_get(json_object_get(t, "worst_class"), "by_f1");
    const json_t *best = json_object_get(json_object_get(t, "best_class"), "by_f1");
    WF_TRY(text_of(&s->worst_class, cx, worst, "name"));
    WF_TRY(text_of(&s->best_class, cx, best, "name"));
    WF_TRY(wf_strdup(&s->part, cx, wf__part_of(c)));
    WF_TRY(text_of(&s->weights, cx, t, "weights"));
    s->worst_f1 = figure_of(worst, "f1");
    s->best_f1 = figure_of(best, "f1");
    s->accuracy = figure_of(t, "accuracy");
    s->loss = figure_of(t, "loss");
    s->macro_f1 = figure_of(json_object_get(t, "macro"), "f1");
    if (t) s->test_count = count_of(t, "count");
    if (t) s->class_count = (int64_t)json_array_size(json_object_get(t, "classes"));
    return WF_OK;
}

static wf_status take_tags(wf_run_summary *s, wf_context *cx, json_t *tags) {
    wf_str text = {0};
    WF_TRY(wf__tags_text(&text, cx, tags));
    s->tags = text.text;
    return WF_OK;
}

static int compare_doubles(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Sorts `values`. */
static double median(double *values, size_t n) {
    if (n == 0) return (double)NAN;
    qsort(values, n, sizeof *values, compare_doubles);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static wf_status take_metrics(wf_run_summary *s, wf_context *cx, const wf_run_metrics *m) {
    double *seconds = NULL;
    size_t n = 0, steps = 0;
    s->epochs = (int64_t)m->count;
    s->val_loss = m->count ? m->epochs[m->count - 1].val_loss : (double)NAN;
    s->val_accuracy = m->count ? m->epochs[m->count - 1].val_accuracy : (double)NAN;
    WF_TRY(wf_alloc(&seconds, cx, 2 * m->count, sizeof *seconds));
    double *ms = seconds + m->count, total = 0;
    for (size_t i = 0; i < m->count; i++) {
        const wf_epoch_record *e = &m->epochs[i];
        if (!isnan(e->seconds)) total += seconds[n++] = e->seconds;
        if (!isnan(e->ms_per_step)) ms[steps++] = e->ms_per_step;
    }
    s->total_s = n ? total : (double)NAN;
    s->s_per_epoch = median(seconds, n);
    s->ms_per_step = median(ms, steps);
    wf_free(seconds);
    return WF_OK;
}

wf_status wf__summary_of(wf_run_summary *out, wf_context *cx, const wf_run *run,
                         const wf__contents *c) {
    wf_status status = WF_OK;
    wf_run_summary s = {0};
    WF_TRY_OR(wf_strdup(&s.path, cx, run->path));
    WF_TRY_OR(wf_utf8_clean(&s.id, cx, run->id));
    WF_TRY_OR(take_description(&s, cx, c->description));
    WF_TRY_OR(take_judgement(&s, cx, c));
    WF_TRY_OR(take_metrics(&s, cx, &c->metrics));
    WF_TRY_OR(take_tags(&s, cx, c->tags));
    if (s.status == WF_RUN_RUNNING && !wf__lock_is_held(run->path)) s.status = WF_RUN_ABANDONED;
    *out = s;
    s = (wf_run_summary){0};
done:
    wf_run_summary_reset(&s);
    return status;
}

wf_status wf_run_read_summary(wf_run_summary *out, wf_context *cx, const wf_run *run) {
    wf__contents contents = {0};
    WF_TRY(wf__contents_read(&contents, cx, run));
    wf_status status = wf__summary_of(out, cx, run, &contents);
    wf__contents_reset(&contents);
    return status;
}
