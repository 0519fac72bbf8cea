/* The figures of test.json or fold.json as flat lists: what a newer weft adds there comes by
 * itself. A number in an object gets a name like "macro_f1"; of the classes each number is one. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "store/internal.h"

enum { MAX_NAME = 128, MAX_DEPTH = 4, MAX_TOP_K = 10 };

void wf_run_figures_reset(wf_run_figures *f) {
    for (size_t i = 0; i < f->count; i++) wf_free(f->items[i].name);
    for (size_t i = 0; i < f->class_count; i++) {
        wf_free(f->classes[i].class_name);
        wf_free(f->classes[i].metric);
    }
    wf_free(f->items);
    wf_free(f->classes);
    *f = (wf_run_figures){0};
}

const char *wf__part_of(const wf__contents *c) {
    return !c->judgement ? "" : c->is_fold ? "held-out" : "test";
}

static double number(const json_t *value) {
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

/* ---- of the whole ---- */

static wf_status add(wf_run_figures *f, wf_context *cx, const char *name, double value) {
    if (!isfinite(value)) return WF_OK;
    if (f->count == f->capacity) {
        size_t wider = 2 * f->capacity + 32;
        WF_TRY(wf_realloc(&f->items, cx, f->capacity, wider, sizeof *f->items));
        f->capacity = wider;
    }
    wf_run_figure *figure = &f->items[f->count];
    WF_TRY(wf_utf8_clean(&figure->name, cx, name));
    figure->value = value;
    figure->low = figure->high = (double)NAN;
    f->count++;
    return WF_OK;
}

static wf_status add_top_k(wf_run_figures *f, wf_context *cx, const json_t *list) {
    char name[16];
    for (size_t k = 1; k <= json_array_size(list) && k <= MAX_TOP_K; k++) {
        snprintf(name, sizeof name, "top_%zu", k);
        WF_TRY(add(f, cx, name, number(json_array_get(list, k - 1))));
    }
    return WF_OK;
}

/* Of the file's own keys, those that are no figures of the whole. */
static bool is_other(const char *key) {
    static const char *const others[] = {"schema_version", "classes", "worst_class", "best_class",
                                         "intervals"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(key, others[i]) == 0) return true;
    return false;
}

static wf_status add_object(wf_run_figures *f, wf_context *cx, json_t *object, const char *prefix,
                            int depth) {
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value) {
        char name[MAX_NAME];
        int n = snprintf(name, sizeof name, "%s%s%s", prefix, *prefix ? "_" : "", key);
        if (n >= (int)sizeof name || (!*prefix && is_other(key))) continue;
        if (json_is_number(value)) WF_TRY(add(f, cx, name, number(value)));
        else if (json_is_object(value) && depth < MAX_DEPTH)
            WF_TRY(add_object(f, cx, value, name, depth + 1));
    }
    return WF_OK;
}

/* "intervals": {"accuracy": [0.89, 0.91]}; the names are those of the figures. */
static void take_intervals(wf_run_figures *f, const json_t *intervals) {
    for (size_t i = 0; i < f->count; i++) {
        const json_t *of = json_object_get(intervals, f->items[i].name);
        f->items[i].low = number(json_array_get(of, 0));
        f->items[i].high = number(json_array_get(of, 1));
    }
}

/* ---- of classes ---- */

static wf_status add_class_figure(wf_run_figures *f, wf_context *cx, size_t index, const char *name,
                                  const char *metric, double value) {
    wf_status status = WF_OK;
    wf_class_figure figure = {.class_index = (int)index, .value = value};
    if (f->class_count == f->class_capacity) {
        size_t wider = 2 * f->class_capacity + 64;
        WF_TRY(wf_realloc(&f->classes, cx, f->class_capacity, wider, sizeof *f->classes));
        f->class_capacity = wider;
    }
    WF_TRY_OR(wf_utf8_clean(&figure.class_name, cx, name));
    WF_TRY_OR(wf_utf8_clean(&figure.metric, cx, metric));
    f->classes[f->class_count++] = figure;
    return WF_OK;
done:
    wf_free(figure.class_name);
    return status;
}

static wf_status add_classes(wf_run_figures *f, wf_context *cx, const json_t *classes) {
    for (size_t i = 0; i < json_array_size(classes); i++) {
        json_t *of = json_array_get(classes, i), *value;
        const char *name = json_string_value(json_object_get(of, "name")), *key;
        json_object_foreach(of, key, value) {
            if (json_is_number(value) && isfinite(json_number_value(value)))
                WF_TRY(add_class_figure(f, cx, i, name ? name : "", key, number(value)));
        }
    }
    return WF_OK;
}

wf_status wf__figures_of(wf_run_figures *out, wf_context *cx, json_t *judgement) {
    wf_run_figures f = {0};
    wf_status status = add_object(&f, cx, judgement, "", 0);
    if (status == WF_OK) status = add_top_k(&f, cx, json_object_get(judgement, "top_k"));
    if (status == WF_OK) status = add_classes(&f, cx, json_object_get(judgement, "classes"));
    take_intervals(&f, json_object_get(judgement, "intervals"));
    if (status == WF_OK) *out = f;
    else wf_run_figures_reset(&f);
    return status;
}

wf_status wf_run_read_figures(wf_run_figures *out, wf_context *cx, const wf_run *run) {
    wf__contents contents = {0};
    WF_TRY(wf__contents_read(&contents, cx, run));
    wf_status status = wf__figures_of(out, cx, contents.judgement);
    wf__contents_reset(&contents);
    return status;
}
