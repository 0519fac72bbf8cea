#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "cmd/board.h"

/* `text` is the value as YAML has it. */
static wf_status add(wf_hparam_list *list, wf_context *cx, const char *name, wf_hparam_kind kind,
                     const char *text) {
    wf_hparam item = {.kind = kind};
    char *copies[2] = {0};
    if (kind == WF_HPARAM_NUMBER) item.number = strtod(text, NULL);
    if (kind == WF_HPARAM_BOOL) item.number = !strcmp(text, "true");
    wf_status status;
    WF_TRY_OR(wf_strdup(&copies[0], cx, name));
    if (kind == WF_HPARAM_TEXT) WF_TRY_OR(wf_strdup(&copies[1], cx, text));
    WF_TRY_OR(wf_realloc(&list->items, cx, list->count, list->count + 1, sizeof *list->items));
    item.name = copies[0];
    item.text = copies[1];
    list->items[list->count++] = item;
    return WF_OK;
done:
    for (int i = 0; i < 2; i++) wf_free(copies[i]);
    return status;
}

static wf_status add_int(wf_hparam_list *list, wf_context *cx, const char *name, int64_t value) {
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)value);
    return add(list, cx, name, WF_HPARAM_NUMBER, text);
}

static wf_hparam_kind kind_of(const wf_field *field) {
    if (field->kind == WF_FIELD_INT || field->kind == WF_FIELD_REAL) return WF_HPARAM_NUMBER;
    return field->kind == WF_FIELD_BOOL ? WF_HPARAM_BOOL : WF_HPARAM_TEXT;
}

/* "<section>.<key>" of every field; of the recipe itself, whose section is "", "<key>". */
static wf_status add_fields(wf_hparam_list *list, wf_context *cx, const char *section,
                            const wf_field *fields, const void *config) {
    for (const wf_field *f = fields; f->key; f++) {
        wf_str name = {0}, text = {0};
        wf_str_addf(&name, cx, "%s%s%s", section, *section ? "." : "", f->key);
        wf_fields_write(&text, cx, f, config);
        wf_status status = name.status != WF_OK ? name.status : text.status;
        if (status == WF_OK) status = add(list, cx, name.text, kind_of(f), text.text);
        wf_str_reset(&name);
        wf_str_reset(&text);
        if (status != WF_OK) return status;
    }
    return WF_OK;
}

/* What tells a layer from one of the same type: keys that have no default, or another value. */
static wf_status add_layer(wf_hparam_list *list, wf_context *cx, const wf_node *node) {
    const wf_layer_class *class = node->spec.class;
    wf_str name = {0}, text = {0}, usual = {0};
    void *defaults = NULL;
    WF_TRY(wf_fields_create(&defaults, cx, class->fields, class->config_size));
    wf_status status = WF_OK;
    for (const wf_field *f = class->fields; f->key && status == WF_OK; f++) {
        wf_str_addf(&name, cx, "layers.%s.%s", node->name, f->key);
        wf_fields_write(&text, cx, f, node->spec.config);
        if (f->initial) wf_fields_write(&usual, cx, f, defaults);
        status = name.status != WF_OK ? name.status : text.status;
        if (status == WF_OK) status = usual.status;
        if (status == WF_OK && (!usual.text || strcmp(text.text, usual.text) != 0))
            status = add(list, cx, name.text, kind_of(f), text.text);
        wf_str_reset(&name);
        wf_str_reset(&text);
        wf_str_reset(&usual);
    }
    wf_fields_destroy(class->fields, defaults);
    return status;
}

/* How many steps before step i have its name. */
static int earlier_steps(const wf_augmentation *a, int i) {
    int n = 0;
    for (int k = 0; k < i; k++) n += a->steps[k].class == a->steps[i].class;
    return n;
}

/* The steps' names in their order, then "augmentation.<step>.<key>" of every key; of a step that
 * comes again, "augmentation.<step>_1.<key>". */
static wf_status add_augmentation(wf_hparam_list *list, wf_context *cx, const wf_augmentation *a) {
    wf_str names = {0};
    for (int i = 0; i < a->n; i++)
        wf_str_addf(&names, cx, "%s%s", i ? ", " : "", a->steps[i].class->name);
    if (!a->n) wf_str_add(&names, cx, "false");
    wf_status status = names.status;
    if (status == WF_OK) status = add(list, cx, "augmentation", WF_HPARAM_TEXT, names.text);
    for (int i = 0; i < a->n && status == WF_OK; i++) {
        const wf_augment_class *class = a->steps[i].class;
        char section[64], again[16] = "";
        if (earlier_steps(a, i)) snprintf(again, sizeof again, "_%d", earlier_steps(a, i));
        snprintf(section, sizeof section, "augmentation.%s%s", class->name, again);
        status = add_fields(list, cx, section, class->fields, a->steps[i].config);
    }
    wf_str_reset(&names);
    return status;
}

static wf_status add_recipe(wf_hparam_list *list, wf_context *cx, const wf_recipe *r) {
    const wf_early_stopping *stop = &r->early_stopping;
    WF_TRY(add_fields(list, cx, "", wf_recipe_fields, r));
    WF_TRY(add(list, cx, "loss", WF_HPARAM_TEXT, r->loss.class->name));
    WF_TRY(add_fields(list, cx, "loss", r->loss.class->fields, r->loss.config));
    WF_TRY(add(list, cx, "optimizer", WF_HPARAM_TEXT, r->optimizer.class->name));
    WF_TRY(add_fields(list, cx, "optimizer", r->optimizer.class->fields, r->optimizer.config));
    WF_TRY(add(list, cx, "schedule", WF_HPARAM_TEXT, r->schedule.class->name));
    WF_TRY(add_fields(list, cx, "schedule", r->schedule.class->fields, r->schedule.config));
    WF_TRY(add(list, cx, "early_stopping", WF_HPARAM_BOOL, stop->is_on ? "true" : "false"));
    if (stop->is_on) WF_TRY(add_fields(list, cx, "early_stopping", wf_early_stopping_fields, stop));
    WF_TRY(add(list, cx, "ema", WF_HPARAM_BOOL, r->ema.is_on ? "true" : "false"));
    if (r->ema.is_on) WF_TRY(add_fields(list, cx, "ema", wf_ema_fields, &r->ema));
    const wf_scheduled_sampling *sampling = &r->scheduled_sampling;
    WF_TRY(add(list, cx, "scheduled_sampling", WF_HPARAM_BOOL, sampling->is_on ? "true" : "false"));
    if (sampling->is_on)
        WF_TRY(add_fields(list, cx, "scheduled_sampling", wf_scheduled_sampling_fields, sampling));
    return add_augmentation(list, cx, &r->augmentation);
}

static wf_status fill(wf_hparam_list *list, wf_context *cx, const wf_experiment *e) {
    const wf_model_spec *m = e->model;
    WF_TRY(add(list, cx, "model", WF_HPARAM_TEXT, m->name));
    WF_TRY(add(list, cx, "family", WF_HPARAM_TEXT, wf_family_name(m->family)));
    WF_TRY(add_int(list, cx, "parameters", m->graph->total_size));
    WF_TRY(add(list, cx, "dataset", WF_HPARAM_TEXT, wf_path_base(e->dataset)));
    WF_TRY(add_int(list, cx, "limit", e->limit));
    WF_TRY(add_int(list, cx, "seed", e->seed));
    WF_TRY(add(list, cx, "precision", WF_HPARAM_TEXT, wf_precision_name(e->precision)));
    if (e->folds) {
        WF_TRY(add_int(list, cx, "folds", e->folds));
        WF_TRY(add_int(list, cx, "repeat", e->repeat));
        WF_TRY(add_int(list, cx, "fold", e->fold));
    }
    if (e->pretrained)
        WF_TRY(add(list, cx, "pretrained", WF_HPARAM_TEXT, wf_path_base(e->pretrained)));
    for (int i = 0; i < m->graph->n_nodes; i++) WF_TRY(add_layer(list, cx, &m->graph->nodes[i]));
    return add_recipe(list, cx, m->recipe);
}

wf_status wf_hparam_list_create(wf_hparam_list *out, wf_context *cx, const wf_experiment *e) {
    wf_hparam_list list = {0};
    wf_status status = fill(&list, cx, e);
    if (status == WF_OK) *out = list;
    else wf_hparam_list_reset(&list);
    return status;
}

void wf_hparam_list_reset(wf_hparam_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        wf_free((void *)(uintptr_t)list->items[i].name);
        wf_free((void *)(uintptr_t)list->items[i].text);
    }
    wf_free(list->items);
    *list = (wf_hparam_list){0};
}
