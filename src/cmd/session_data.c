/* Which image is for training, which for validation, which is held out. */
#include <string.h>

#include "base/alloc.h"
#include "cmd/training.h"
#include "train/recipe.h"

static wf_status use_own_validation(wf_training *t) {
    const wf_images *own = &t->dataset->validation;
    WF_TRY(wf_alloc(&t->all_validation, &t->cli->cx, (size_t)own->count, sizeof(int32_t)));
    for (int64_t i = 0; i < own->count; i++) t->all_validation[i] = (int32_t)i;
    t->data.validation = own;
    t->data.validation_index = t->all_validation;
    t->data.n_validation = own->count;
    return WF_OK;
}

/* What the recipe sets aside is needed in a fold only where it decides something: then it is cut
 * from the other folds, never from the one that is held out. */
static double validation_share(const wf_training *t) {
    const wf_model_spec *model = t->experiment->model;
    if (t->dataset->validation.count > 0) return 0; /* its own part goes before */
    if (t->experiment->folds && !wf_model_needs_validation(model)) return 0;
    return model->recipe->validation;
}

static wf_status split_fold(wf_training *t) {
    wf_context *cx = &t->cli->cx;
    const wf_experiment *e = t->experiment;
    uint64_t seed = (uint64_t)e->seed;
    wf_folds folds = {0};
    WF_TRY(wf_folds_create(&folds, cx, t->dataset, e->folds, e->repeat, seed, e->limit));
    wf_status status = wf_folds_split(&t->split, cx, &folds, t->dataset, e->fold,
                                      validation_share(t), wf_experiment_training_seed(e));
    wf_folds_reset(&folds);
    return status;
}

static wf_status split(wf_training *t, const char *stored) {
    wf_context *cx = &t->cli->cx;
    const wf_experiment *e = t->experiment;
    int is_drawn = !strcmp(e->splits, "drawn");
    if (stored || !is_drawn)
        return wf_split_read(&t->split, cx, stored ? stored : e->splits, t->dataset);
    if (e->folds) return split_fold(t);
    return wf_split_create(&t->split, cx, t->dataset, validation_share(t), (uint64_t)e->seed,
                           e->limit);
}

wf_status wf__training_split(wf_training *t, const char *stored) {
    wf_context *cx = &t->cli->cx;
    const wf_experiment *e = t->experiment;
    const wf_recipe *recipe = e->model->recipe;
    int has_own = t->dataset->validation.count > 0;
    int uses_own = has_own && (!e->folds || wf_model_needs_validation(e->model));
    WF_TRY(split(t, stored));
    t->data.train = &t->dataset->train;
    t->data.train_index = t->split.train;
    t->data.n_train = t->split.n_train;
    if (t->split.n_validation) {
        t->data.validation = &t->dataset->train;
        t->data.validation_index = t->split.validation;
        t->data.n_validation = t->split.n_validation;
    } else if (uses_own) {
        WF_TRY(use_own_validation(t));
    }
    WF_TRY(wf_recipe_check(cx, recipe, t->data.n_validation > 0));
    return wf_normalization_create(&t->data.normalization, cx,
                                   (wf_normalization_kind)recipe->normalization, &t->dataset->train,
                                   t->split.train, t->split.n_train);
}
