/* The `training` part of a model file. */
#include <stdio.h>
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

/* `adam`, or `{adam: {learning_rate: 0.01}}`: the name, or NULL, and the map of keys, if any. */
static const char *name_of(const wf_yaml **out_keys, const wf_yaml *entry) {
    *out_keys = NULL;
    if (entry->kind != WF_YAML_MAP) return entry->text;
    if (entry->count != 1) return NULL;
    const wf_yaml *keys = &entry->items[0];
    const int has_keys =
        keys->kind == WF_YAML_MAP || (keys->kind == WF_YAML_SCALAR && !*keys->text);
    if (!has_keys) return NULL;
    *out_keys = keys;
    return keys->key;
}

static wf_status read_section(const wf_reader *r, wf_recipe *recipe, const wf_section *s,
                              const wf_yaml *entry) {
    wf_context *cx = r->cx;
    const wf_yaml *keys;
    const char *name = name_of(&keys, entry);
    if (!name)
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

_Static_assert(offsetof(wf_early_stopping, is_on) == 0 && offsetof(wf_ema, is_on) == 0 &&
                   offsetof(wf_scheduled_sampling, is_on) == 0,
               "a part that can be off begins with its switch");

const wf_switched wf__switched[WF_N_SWITCHED] = {
    {"early_stopping", "{patience: 2}", wf_early_stopping_fields,
     offsetof(wf_recipe, early_stopping)},
    {"ema", "{decay: 0.999}", wf_ema_fields, offsetof(wf_recipe, ema)},
    {"scheduled_sampling", "{probability: 0.25}", wf_scheduled_sampling_fields,
     offsetof(wf_recipe, scheduled_sampling)},
};

wf_status wf__read_switched_key(const wf_reader *r, wf_recipe *recipe, const wf_switched *s,
                                const wf_yaml *entry) {
    void *part = (char *)recipe + s->offset;
    *(int32_t *)part = 1;
    return wf__read_field(r, s->key, s->fields, part, entry);
}

/* true, false, or a map of keys, which turns it on. */
static wf_status read_switched(const wf_reader *r, wf_recipe *recipe, const wf_switched *s,
                               const wf_yaml *entry) {
    wf_context *cx = r->cx;
    int is_word = entry->kind == WF_YAML_SCALAR;
    int is_off = is_word && strcmp(entry->text, "false") == 0;
    if (entry->kind == WF_YAML_LIST || (is_word && !is_off && strcmp(entry->text, "true") != 0))
        return wf__located(r, entry,
                           WF_FAIL(WF_E_ARG,
                                   "training: %s must be true, false or a map | for instance %s: "
                                   "%s",
                                   s->key, s->key, s->example));
    *(int32_t *)(void *)((char *)recipe + s->offset) = !is_off;
    for (size_t i = 0; i < entry->count; i++)
        WF_TRY(wf__read_switched_key(r, recipe, s, &entry->items[i]));
    return WF_OK;
}

/* ---- augmentation ---- */

static wf_status read_augment_step(const wf_reader *r, wf_augmentation *pipeline,
                                   const wf_yaml *entry) {
    wf_context *cx = r->cx;
    const wf_yaml *keys;
    const char *name = name_of(&keys, entry);
    if (!name)
        return wf__located(r, entry,
                           WF_FAIL(WF_E_ARG, "training: augmentation must be a list of names or "
                                             "{name: {key: value}} | for instance - random_flip"));
    char owner[96];
    snprintf(owner, sizeof owner, "augmentation %.64s", name);
    WF_TRY(wf__located(r, entry, wf_augmentation_add(pipeline, cx, name)));
    const wf_augment_step *step = &pipeline->steps[pipeline->n - 1];
    for (size_t i = 0; keys && i < keys->count; i++)
        WF_TRY(wf__read_field(r, owner, step->class->fields, step->config, &keys->items[i]));
    return wf__located(r, entry, wf_fields_check(cx, owner, step->class->fields, step->config));
}

/* A list of steps, or false. */
static wf_status read_augmentation(const wf_reader *r, wf_recipe *recipe, const wf_yaml *entry) {
    wf_context *cx = r->cx;
    const int is_off = entry->kind == WF_YAML_SCALAR && strcmp(entry->text, "false") == 0;
    if (entry->kind != WF_YAML_LIST && !is_off)
        return wf__located(r, entry,
                           WF_FAIL(WF_E_ARG,
                                   "training: augmentation must be false or a list of steps | for "
                                   "instance augmentation: [random_flip, {cutout: {size: 8}}]"));
    wf_augmentation_reset(&recipe->augmentation);
    for (size_t i = 0; i < entry->count; i++)
        WF_TRY(read_augment_step(r, &recipe->augmentation, &entry->items[i]));
    return WF_OK;
}

wf_status wf__read_augment_field(const wf_reader *r, wf_recipe *recipe, const char *name,
                                 const wf_yaml *entry) {
    wf_context *cx = r->cx;
    wf_augmentation *pipeline = &recipe->augmentation;
    int count = 0;
    char owner[96];
    snprintf(owner, sizeof owner, "augmentation %.64s", name);
    for (int i = 0; i < pipeline->n; i++) {
        const wf_augment_step *step = &pipeline->steps[i];
        if (strcmp(step->class->name, name) != 0) continue;
        WF_TRY(wf__read_field(r, owner, step->class->fields, step->config, entry));
        count++;
    }
    WF_REQUIRE(count, WF_E_ARG,
               "training: augmentation has no step \"%.60s\" | give the whole list, for instance "
               "training.augmentation=[random_flip, {cutout: {size: 8}}]",
               name);
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
    for (int i = 0; i < WF_N_SWITCHED; i++) {
        if (strcmp(entry->key, wf__switched[i].key) == 0)
            return read_switched(r, recipe, &wf__switched[i], entry);
        names[n++] = wf__switched[i].key;
    }
    if (strcmp(entry->key, "augmentation") == 0) return read_augmentation(r, recipe, entry);
    if (wf_fields_find(wf_recipe_fields, entry->key))
        return wf__read_field(r, "training", wf_recipe_fields, recipe, entry);
    names[n++] = "augmentation";
    for (const wf_field *f = wf_recipe_fields; f->key && n < 32; f++) names[n++] = f->key;
    near = wf_str_nearest(entry->key, names, n);
    return wf__located(r, entry,
                       near
                           ? WF_FAIL(WF_E_ARG, "training: unknown key \"%.60s\" | did you mean %s?",
                                     entry->key, near)
                           : WF_FAIL(WF_E_ARG, "training: unknown key \"%.60s\"", entry->key));
}
