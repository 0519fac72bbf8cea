#include "train/recipe.h"

#include <string.h>

#include "base/alloc.h"
#include "weft/train.h"

_Static_assert(WF_TEST_FLIP == 1 && WF_TEST_SHIFT == 2,
               "the words of `test_time_augmentation` stand in the order of wf_test_views");
_Static_assert(WF_NORMALIZATION_UNIT == 0 && WF_NORMALIZATION_STANDARDIZE == 1,
               "the words of `normalization` stand in the order of wf_normalization_kind");

const wf_field wf_recipe_fields[] = {
    {"epochs", WF_FIELD_INT, offsetof(wf_recipe, epochs), 1, 1e6, NULL, "10",
     "times that training goes through the data"},
    {"batch_size", WF_FIELD_INT, offsetof(wf_recipe, batch_size), 1, 65536, NULL, "32",
     "images per step"},
    {"validation", WF_FIELD_REAL, offsetof(wf_recipe, validation), 0, 0.99, NULL, "0",
     "share of the training part that is set aside for validation"},
    {"normalization", WF_FIELD_CHOICE, offsetof(wf_recipe, normalization), 0, 0, "unit|standardize",
     "unit", "pixels / 255, or zero mean and unit variance per channel"},
    {"warmup_epochs", WF_FIELD_REAL, offsetof(wf_recipe, warmup_epochs), 0, 1e6, NULL, "0",
     "epochs in which the rate first rises linearly; fractions count in steps"},
    {"test_weights", WF_FIELD_CHOICE, offsetof(wf_recipe, test_weights), 0, 0, "last|best", "last",
     "which weights are tested: the last epoch's or the best epoch's on validation"},
    {"test_time_augmentation", WF_FIELD_CHOICE, offsetof(wf_recipe, test_views), 0, 0,
     "none|flip|shift|flip_shift", "none",
     "a test's probabilities are means over the image, its mirror image, one pixel's shifts"},
    {"thresholds", WF_FIELD_CHOICE, offsetof(wf_recipe, thresholds), 0, 0, "f1|subset", "f1",
     "of several labels: chosen on validation for each label's F1, or for subset accuracy"},
    {0}};

const wf_field wf_early_stopping_fields[] = {
    {"monitor", WF_FIELD_CHOICE, offsetof(wf_early_stopping, monitor), 0, 0, WF_MONITOR_CHOICES,
     "val_loss", "the figure that should improve"},
    {"patience", WF_FIELD_INT, offsetof(wf_early_stopping, patience), 0, 1e6, NULL, "0",
     "epochs without improvement before training stops"},
    {"min_delta", WF_FIELD_REAL, offsetof(wf_early_stopping, min_delta), 0, 1e9, NULL, "0",
     "smaller changes are no improvement"},
    {"restore_best", WF_FIELD_BOOL, offsetof(wf_early_stopping, restore_best), 0, 1, NULL, "false",
     "end with the weights of the best epoch"},
    {0}};

const wf_field wf_ema_fields[] = {{"decay", WF_FIELD_REAL, offsetof(wf_ema, decay), 0, 0.9999999,
                                   NULL, "0.999", "share of the average that a step keeps"},
                                  {"warmup", WF_FIELD_BOOL, offsetof(wf_ema, warmup), 0, 1, NULL,
                                   "true", "in step t, decay is at most (1 + t) / (10 + t)"},
                                  {0}};

const wf_field wf_scheduled_sampling_fields[] = {
    {"probability", WF_FIELD_REAL, offsetof(wf_scheduled_sampling, probability), 0, 1, NULL, "0.25",
     "of telling a step a label of the model's own, in the last epoch"},
    {"schedule", WF_FIELD_CHOICE, offsetof(wf_scheduled_sampling, schedule), 0, 0,
     "constant|linear|inverse_sigmoid", "linear", "how the probability rises from epoch to epoch"},
    {0}};

/* ---- the three members that have a class ---- */

/* A class's name and configuration, seen alike for losses, optimizers and schedules. */
typedef struct kind {
    const char *what;
    size_t (*count)(void);
    const char *(*name_at)(size_t i);
} kind;

static const char *loss_name(size_t i) { return wf_loss_at(i)->name; }
static const char *optimizer_name(size_t i) { return wf_optimizer_at(i)->name; }
static const char *schedule_name(size_t i) { return wf_schedule_at(i)->name; }

static const kind loss_kind = {"loss", wf_loss_count, loss_name};
static const kind optimizer_kind = {"optimizer", wf_optimizer_count, optimizer_name};
static const kind schedule_kind = {"schedule", wf_schedule_count, schedule_name};

/* The named class's index. */
static wf_status find(size_t *out, wf_context *cx, const kind *k, const char *name) {
    const char *names[64], *nearest;
    size_t n = k->count();
    for (size_t i = 0; i < n && i < 64; i++) {
        names[i] = k->name_at(i);
        if (strcmp(names[i], name) == 0) {
            *out = i;
            return WF_OK;
        }
    }
    nearest = wf_str_nearest(name, names, n < 64 ? n : 64);
    if (!nearest) return WF_FAIL(WF_E_ARG, "there is no %s \"%s\"", k->what, name);
    return WF_FAIL(WF_E_ARG, "there is no %s \"%s\" | did you mean %s?", k->what, name, nearest);
}

wf_status wf_recipe_set_loss(wf_recipe *recipe, wf_context *cx, const char *name) {
    size_t i = 0;
    WF_TRY(find(&i, cx, &loss_kind, name));
    wf_loss fresh = {wf_loss_at(i), NULL};
    WF_TRY(wf_fields_create(&fresh.config, cx, fresh.class->fields, fresh.class->config_size));
    if (recipe->loss.class) wf_fields_destroy(recipe->loss.class->fields, recipe->loss.config);
    recipe->loss = fresh;
    return WF_OK;
}

wf_status wf_recipe_set_optimizer(wf_recipe *recipe, wf_context *cx, const char *name) {
    size_t i = 0;
    WF_TRY(find(&i, cx, &optimizer_kind, name));
    wf_optimizer fresh = {wf_optimizer_at(i), NULL};
    WF_TRY(wf_fields_create(&fresh.config, cx, fresh.class->fields, fresh.class->config_size));
    wf_optimizer *old = &recipe->optimizer;
    if (old->class) wf_fields_destroy(old->class->fields, old->config);
    *old = fresh;
    return WF_OK;
}

wf_status wf_recipe_set_schedule(wf_recipe *recipe, wf_context *cx, const char *name) {
    size_t i = 0;
    WF_TRY(find(&i, cx, &schedule_kind, name));
    wf_schedule fresh = {wf_schedule_at(i), NULL};
    WF_TRY(wf_fields_create(&fresh.config, cx, fresh.class->fields, fresh.class->config_size));
    wf_schedule *old = &recipe->schedule;
    if (old->class) wf_fields_destroy(old->class->fields, old->config);
    *old = fresh;
    return WF_OK;
}

/* ---- the whole ---- */

static wf_status set_defaults(wf_context *cx, const char *owner, const wf_field *fields,
                              void *config) {
    for (const wf_field *f = fields; f->key; f++)
        WF_TRY(wf_fields_set(cx, owner, fields, config, f->key, f->initial));
    return WF_OK;
}

wf_status wf_recipe_create(wf_recipe **out, wf_context *cx) {
    wf_recipe *r = NULL;
    wf_status status;
    WF_TRY(wf_alloc(&r, cx, 1, sizeof *r));
    WF_TRY_OR(set_defaults(cx, "training", wf_recipe_fields, r));
    WF_TRY_OR(set_defaults(cx, "early_stopping", wf_early_stopping_fields, &r->early_stopping));
    WF_TRY_OR(set_defaults(cx, "ema", wf_ema_fields, &r->ema));
    WF_TRY_OR(set_defaults(cx, "scheduled_sampling", wf_scheduled_sampling_fields,
                           &r->scheduled_sampling));
    WF_TRY_OR(wf_recipe_set_loss(r, cx, "sparse_categorical_crossentropy"));
    WF_TRY_OR(wf_recipe_set_optimizer(r, cx, "adam"));
    WF_TRY_OR(wf_recipe_set_schedule(r, cx, "constant"));
    *out = r;
    return WF_OK;
done:
    wf_recipe_destroy(r);
    return status;
}

void wf_recipe_destroy(wf_recipe *recipe) {
    if (!recipe) return;
    if (recipe->loss.class) wf_fields_destroy(recipe->loss.class->fields, recipe->loss.config);
    if (recipe->optimizer.class)
        wf_fields_destroy(recipe->optimizer.class->fields, recipe->optimizer.config);
    if (recipe->schedule.class)
        wf_fields_destroy(recipe->schedule.class->fields, recipe->schedule.config);
    wf_augmentation_reset(&recipe->augmentation);
    wf_free(recipe);
}

wf_status wf_recipe_copy(wf_recipe **out, wf_context *cx, const wf_recipe *recipe) {
    wf_recipe *r = NULL;
    wf_status status;
    const wf_loss_class *loss = recipe->loss.class;
    const wf_optimizer_class *optimizer = recipe->optimizer.class;
    const wf_schedule_class *schedule = recipe->schedule.class;
    WF_TRY(wf_alloc(&r, cx, 1, sizeof *r));
    *r = *recipe;
    r->loss.config = r->optimizer.config = r->schedule.config = NULL;
    r->augmentation.n = 0;
    WF_TRY_OR(
        wf_fields_copy(&r->loss.config, cx, loss->fields, loss->config_size, recipe->loss.config));
    WF_TRY_OR(wf_fields_copy(&r->optimizer.config, cx, optimizer->fields, optimizer->config_size,
                             recipe->optimizer.config));
    WF_TRY_OR(wf_fields_copy(&r->schedule.config, cx, schedule->fields, schedule->config_size,
                             recipe->schedule.config));
    WF_TRY_OR(wf_augmentation_copy(&r->augmentation, cx, &recipe->augmentation));
    *out = r;
    return WF_OK;
done:
    wf_recipe_destroy(r);
    return status;
}

static int needs_validation(int monitor) {
    return monitor == WF_MONITOR_VAL_LOSS || monitor == WF_MONITOR_VAL_ACCURACY;
}

/* What the schedule watches, a wf_monitor; -1: nothing. */
static int32_t schedule_monitor(const wf_schedule *s) {
    const wf_field *monitor = wf_fields_find(s->class->fields, "monitor");
    return monitor ? *(const int32_t *)((const char *)s->config + monitor->offset) : -1;
}

int wf_recipe_needs_validation(const wf_recipe *r) {
    return (r->early_stopping.is_on && needs_validation(r->early_stopping.monitor)) ||
           needs_validation(schedule_monitor(&r->schedule)) || r->test_weights == WF_WEIGHTS_BEST;
}

int wf_recipe_ends_with_best(const wf_recipe *r) {
    return r->test_weights == WF_WEIGHTS_BEST ||
           (r->early_stopping.is_on && r->early_stopping.restore_best);
}

/* Early stopping says what is watched. The weights that are to be tested are chosen on validation
 * images, whatever stops. */
wf_monitor wf_recipe_watched(const wf_recipe *r, int has_validation) {
    const wf_monitor monitor = (wf_monitor)r->early_stopping.monitor;
    if (!r->early_stopping.is_on) return has_validation ? WF_MONITOR_VAL_LOSS : WF_MONITOR_LOSS;
    if (r->test_weights != WF_WEIGHTS_BEST || needs_validation(r->early_stopping.monitor))
        return monitor;
    return monitor == WF_MONITOR_ACCURACY ? WF_MONITOR_VAL_ACCURACY : WF_MONITOR_VAL_LOSS;
}

wf_status wf_recipe_check(wf_context *cx, const wf_recipe *recipe, int has_validation) {
    const wf_early_stopping *e = &recipe->early_stopping;
    int32_t watched = schedule_monitor(&recipe->schedule);
    if (has_validation) return WF_OK;
    WF_REQUIRE(!e->is_on || !needs_validation(e->monitor), WF_E_ARG,
               "early_stopping watches %s, but nothing is set aside for validation | give "
               "validation: 0.2, or watch loss or accuracy",
               wf_monitor_name((wf_monitor)e->monitor));
    WF_REQUIRE(!needs_validation(watched), WF_E_ARG,
               "schedule %s watches %s, but nothing is set aside for validation | give "
               "validation: 0.2, or watch loss or accuracy",
               recipe->schedule.class->name, wf_monitor_name((wf_monitor)watched));
    WF_REQUIRE(
        recipe->test_weights != WF_WEIGHTS_BEST, WF_E_ARG,
        "test_weights: best is the best epoch on validation, but nothing is set aside for it "
        "| give validation: 0.2, or test_weights: last");
    return WF_OK;
}
