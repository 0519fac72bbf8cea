/* The `training` part of a model file. */
#include <string.h>

#include "spec/reader.h"

static const char *loss_name(const wf_recipe *r) { return r->loss.class->name; }
static const wf_field *loss_fields(const wf_recipe *r) { return r->loss.class->fields; }
static void *loss_config(const wf_recipe *r) { return r->loss.config; }
static const char *optimizer_name(const wf_recipe *r) { return r->optimizer.class->name; }
static const wf_field *optimizer_fields(const wf_recipe *r) { return r->optimizer.class->fields; }
static void *optimizer_config(const wf_recipe *r) { return r->optimizer.config; }
static const char *schedule_name(const wf_recipe *r) { return r->schedule.class->name; }
static const wf_field *schedule_fields(const wf_recipe *r) { return r->schedule.class->fields; }
static void *schedule_config(const wf_recipe *r) { return r->schedule.config; }

const wf_section wf__sections[WF_N_SECTIONS] = {
    {"loss", wf_recipe_set_loss, loss_name, loss_fields, loss_config},
    {"optimizer", wf_recipe_set_optimizer, optimizer_name, optimizer_fields, optimizer_config},
    {"schedule", wf_recipe_set_schedule, schedule_name, schedule_fields, schedule_config},
};

/* `adam`, or `adam: {learning_rate: 0.01}` */
static wf_status read_section(const wf_reader *r, wf_recipe *recipe, const wf_section *s,
                              const wf_yaml *entry) {
    wf_context *cx = r->cx;
    const wf_yaml *keys = NULL;
    const char *name = entry->text;
    if (entry->kind == WF_YAML_MAP && entry->count == 1) {
        keys = &entry->items[0];
        name = keys->key;
    }
    if (!name || (keys && keys->kind == WF_YAML_LIST))
        return wf__located(r, entry,
                           WF_FAIL(WF_E_ARG,
                                   "training: %s must be a name or {name: {key: value}} | for "
                                   "instance %s: %s",
                                   s->key, s->key, s->name(recipe)));
    WF_TRY(wf__located(r, entry, s->set(recipe, cx, name)));
    for (size_t i = 0; keys && i < keys->count; i++)
        WF_TRY(wf__read_field(r, s->name(recipe), s->fields(recipe), s->config(recipe),
                              &keys->items[i]));
    return wf__located(r, entry,
                       wf_fields_check(cx, s->name(recipe), s->fields(recipe), s->config(recipe)));
}

/* true, false, or a map of keys, which turns it on. */
static wf_status read_early_stopping(const wf_reader *r, wf_recipe *recipe, const wf_yaml *entry) {
    wf_context *cx = r->cx;
    int is_word = entry->kind == WF_YAML_SCALAR;
    int is_off = is_word && strcmp(entry->text, "false") == 0;
    if (entry->kind == WF_YAML_LIST || (is_word && !is_off && strcmp(entry->text, "true") != 0))
        return wf__located(r, entry,
                           WF_FAIL(WF_E_ARG,
                                   "training: early_stopping must be true, false or a map | for "
                                   "instance early_stopping: {patience: 2}"));
    recipe->early_stopping.is_on = !is_off;
    for (size_t i = 0; i < entry->count; i++)
        WF_TRY(wf__read_field(r, "early_stopping", wf_early_stopping_fields,
                              &recipe->early_stopping, &entry->items[i]));
    return WF_OK;
}

wf_status wf__read_training(const wf_reader *r, wf_recipe *recipe, const wf_yaml *entry) {
    wf_context *cx = r->cx;
    const char *names[32], *near;
    size_t n = 0;
    for (int i = 0; i < WF_N_SECTIONS; i++) {
        if (strcmp(entry->key, wf__sections[i].key) == 0)
            return read_section(r, recipe, &wf__sections[i], entry);
        names[n++] = wf__sections[i].key;
    }
    if (strcmp(entry->key, "early_stopping") == 0) return read_early_stopping(r, recipe, entry);
    if (wf_fields_find(wf_recipe_fields, entry->key))
        return wf__read_field(r, "training", wf_recipe_fields, recipe, entry);
    names[n++] = "early_stopping";
    for (const wf_field *f = wf_recipe_fields; f->key && n < 32; f++) names[n++] = f->key;
    near = wf_str_nearest(entry->key, names, n);
    return wf__located(r, entry,
                       near
                           ? WF_FAIL(WF_E_ARG, "training: unknown key \"%.60s\" | did you mean %s?",
                                     entry->key, near)
                           : WF_FAIL(WF_E_ARG, "training: unknown key \"%.60s\"", entry->key));
}
