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

void wf__summary_settle(wf_run_summary *s) {
    if (s->status == WF_RUN_RUNNING && !wf__lock_is_held(s->path)) s->status = WF_RUN_ABANDONED;
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
    for (int i = WF_RUN_RUNNING; name && i <= WF_RUN_ABANDONED; i++)
        if (strcmp(name, wf_run_status_name((wf_run_status)i)) == 0) return i;
    return WF_RUN_ABANDONED;
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
    s->madds = count_of(d, "madds");
    return WF_OK;
}

static wf_status take_test(wf_run_summary *s, wf_context *cx, const json_t *t) {
    const json_t *worst = json_object_get(json_object_get(t, "worst_class"), "by_f1");
    const json_t *best = json_object_get(json_object_get(t, "best_class"), "by_f1");
    WF_TRY(text_of(&s->worst_class, cx, worst, "name"));
    WF_TRY(text_of(&s->best_class, cx, best, "name"));
    s->worst_f1 = figure_of(worst, "f1");
    s->best_f1 = figure_of(best, "f1");
    s->accuracy = figure_of(t, "accuracy");
    s->loss = figure_of(t, "loss");
    s->macro_f1 = figure_of(json_object_get(t, "macro"), "f1");
    if (t) s->test_count = count_of(t, "count");
    if (t) s->class_count = (int64_t)json_array_size(json_object_get(t, "classes"));
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

/* A damaged or absent file leaves its part unknown; a lack of memory must not look like that. */
static wf_status forgive(wf_context *cx, const wf_context *quiet, wf_status status) {
    if (status != WF_E_NOMEM) return WF_OK;
    if (cx) *cx = *quiet;
    return status;
}

/* The object in a file of the run; *out stays NULL when there is none or it is damaged. */
static wf_status read_object(json_t **out, wf_context *cx, const wf_run *run, const char *name) {
    char *path = NULL;
    uint8_t *text = NULL;
    size_t size = 0;
    wf_context quiet = {0};
    WF_TRY(wf_run_file(&path, cx, run, name));
    wf_status status = wf_file_read(&text, &size, &quiet, path, WF_RUN_MAX_BYTES);
    if (status == WF_OK)
        status = wf_json_parse(out, &quiet, (const char *)text, size, path, WF_RUN_MAX_BYTES);
    wf_free(text);
    wf_free(path);
    return forgive(cx, &quiet, status);
}

static wf_status read_epochs(wf_run_metrics *out, wf_context *cx, const wf_run *run) {
    wf_context quiet = {0};
    return forgive(cx, &quiet, wf_run_read_metrics(out, &quiet, run));
}

wf_status wf__summary_read(wf_run_summary *out, wf_context *cx, const char *path) {
    wf_status status = WF_OK;
    wf_run *run = NULL;
    json_t *description = NULL, *test = NULL;
    wf_run_metrics metrics = {0};
    wf_run_summary s = {0};
    WF_TRY(wf__run_alloc(&run, cx, path));
    WF_TRY_OR(read_object(&description, cx, run, WF_RUN_DESCRIPTION_FILE));
    bool is_fold = json_object_get(description, "fold") != NULL;
    WF_TRY_OR(read_object(&test, cx, run, is_fold ? WF_RUN_FOLD_FILE : WF_RUN_TEST_FILE));
    WF_TRY_OR(read_epochs(&metrics, cx, run));
    WF_TRY_OR(wf_strdup(&s.path, cx, run->path));
    WF_TRY_OR(wf_utf8_clean(&s.id, cx, run->id));
    WF_TRY_OR(take_description(&s, cx, description));
    WF_TRY_OR(take_test(&s, cx, test));
    WF_TRY_OR(take_metrics(&s, cx, &metrics));
    *out = s;
    s = (wf_run_summary){0};
done:
    wf_run_summary_reset(&s);
    wf_run_metrics_reset(&metrics);
    json_decref(test);
    json_decref(description);
    wf_run_close(run);
    return status;
}

wf_status wf_run_read_summary(wf_run_summary *out, wf_context *cx, const wf_run *run) {
    WF_TRY(wf__summary_read(out, cx, run->path));
    wf__summary_settle(out);
    return WF_OK;
}
