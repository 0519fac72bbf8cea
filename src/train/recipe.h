/* How a model is trained: everything of an experiment that is neither model nor data. */
#ifndef WF_TRAIN_RECIPE_H
#define WF_TRAIN_RECIPE_H

#include "nn/augment.h"
#include "nn/fields.h"
#include "nn/loss.h"
#include "nn/optim.h"
#include "train/schedule.h"

typedef enum wf_weights_choice { WF_WEIGHTS_LAST, WF_WEIGHTS_BEST } wf_weights_choice;

/* Keras' EarlyStopping. */
typedef struct wf_early_stopping {
    int32_t is_on; /* no field: the reader sets it when the recipe has an early_stopping section */
    int32_t monitor; /* wf_monitor */
    int32_t patience;
    double min_delta;
    int32_t restore_best;
} wf_early_stopping;

/* An exponential moving average of the weights; see wf_weight_average. */
typedef struct wf_ema {
    int32_t is_on; /* no field: as in early stopping */
    int32_t warmup;
    double decay;
} wf_ema;

/* Of models that give each label a probability: what its threshold is chosen for. */
typedef enum wf_thresholds_goal { WF_THRESHOLDS_F1, WF_THRESHOLDS_SUBSET } wf_thresholds_goal;

/* How the share of own labels grows over the epochs, x from 0 in the first to 1 in the last. */
typedef enum wf_sampling_schedule {
    WF_SAMPLING_CONSTANT,       /* probability */
    WF_SAMPLING_LINEAR,         /* probability x */
    WF_SAMPLING_INVERSE_SIGMOID /* probability / (1 + exp(5 - 10 x)) */
} wf_sampling_schedule;

/* Bengio et al. 2015, arXiv:1506.03099; see train/free_run.h. */
typedef struct wf_scheduled_sampling {
    int32_t is_on;    /* no field: as in early stopping */
    int32_t schedule; /* a wf_sampling_schedule */
    double probability;
} wf_scheduled_sampling;

typedef struct wf_recipe {
    int32_t epochs, batch_size;
    double validation;     /* fraction of the training part; 0: none */
    int32_t normalization; /* wf_normalization_kind */
    double warmup_epochs;  /* linear, before any schedule; fractions count in steps */
    int32_t test_weights;  /* wf_weights_choice: which weights are tested */
    int32_t test_views;    /* wf_test_views: what a test's probabilities are means over */
    int32_t thresholds;    /* wf_thresholds_goal: what they are chosen for, of several labels */
    wf_early_stopping early_stopping;
    wf_ema ema;
    wf_scheduled_sampling scheduled_sampling;
    wf_loss loss;
    wf_optimizer optimizer;
    wf_schedule schedule;
    wf_augmentation augmentation; /* of training images; wf_augmentation_add appends steps */
} wf_recipe;

/* epochs, batch_size, validation, normalization, warmup_epochs, test_weights,
 * test_time_augmentation, thresholds; the configuration pointer for wf_fields_set is the
 * wf_recipe. */
extern const wf_field wf_recipe_fields[];
/* monitor, patience, min_delta, restore_best; the pointer is &recipe->early_stopping. */
extern const wf_field wf_early_stopping_fields[];
/* decay, warmup; the pointer is &recipe->ema. */
extern const wf_field wf_ema_fields[];
/* probability, schedule; the pointer is &recipe->scheduled_sampling. */
extern const wf_field wf_scheduled_sampling_fields[];

/* Keras' defaults: batch size 32, adam, a constant rate; 10 epochs, sparse categorical
 * cross-entropy, no validation, no early stopping, no augmentation,
 * no average.  Errors: WF_E_NOMEM. */
wf_status wf_recipe_create(wf_recipe **out, wf_context *cx);
void wf_recipe_destroy(wf_recipe *recipe); /* NULL is legal */
/* A deep copy.  Errors: WF_E_NOMEM. */
wf_status wf_recipe_copy(wf_recipe **out, wf_context *cx, const wf_recipe *recipe);

/* Replaces loss, optimizer or schedule by the named one with its default configuration; then
 * wf_fields_set(cx, owner, r->loss.class->fields, r->loss.config, key, text) sets the rest.
 * Errors: WF_E_ARG (unknown name, with the nearest), WF_E_NOMEM; the recipe is then unchanged. */
wf_status wf_recipe_set_loss(wf_recipe *recipe, wf_context *cx, const char *name);
wf_status wf_recipe_set_optimizer(wf_recipe *recipe, wf_context *cx, const char *name);
wf_status wf_recipe_set_schedule(wf_recipe *recipe, wf_context *cx, const char *name);

/* Whether anything that is chosen during training is chosen by validation: when to stop, a lower
 * rate, which epoch's weights are the best. */
int wf_recipe_needs_validation(const wf_recipe *recipe);

/* Whether training hands over the weights of its best epoch, not those of its last. */
int wf_recipe_ends_with_best(const wf_recipe *recipe);

/* By which figure of an epoch its weights are the best. */
wf_monitor wf_recipe_watched(const wf_recipe *recipe, int has_validation);

/* What no single field can say: anything that watches validation needs a validation part, given by
 * `has_validation`.  Errors: WF_E_ARG. */
wf_status wf_recipe_check(wf_context *cx, const wf_recipe *recipe, int has_validation);

#endif
