/* The experiment: everything that decides a run's result, as config.yaml of its folder holds it.
 *
 *   dataset: fashion-mnist
 *   seed: 0
 *   limit: 0                 # training images; 0: all
 *   splits: drawn            # or the file that said which image goes where
 *   folds: 10                # these three only when it is one fold of a cross-validation:
 *   repeat: 0                # images held out of training to judge it, instead of the test images;
 *   fold: 3                  # from 0
 *   trial: true              # only in a sweep: judged on validation images, never tested
 *   precision: float32       # or bfloat16
 *   pretrained: weights.safetensors   # these two only where first weights are another run's
 *   pretrained_sha256: 0f3c...
 *   model:
 *     ...                    # the model file with every key, overrides included
 */
#ifndef WF_CMD_EXPERIMENT_H
#define WF_CMD_EXPERIMENT_H

#include "base/hash.h"
#include "cmd/cmd.h"
#include "cmd/settings.h"
#include "spec/model.h"

typedef struct wf_experiment {
    wf_model_spec *model;
    char *dataset; /* a registered name, or an absolute path */
    char *splits;  /* "drawn", or an absolute path */
    int64_t seed, limit;
    int32_t folds, repeat, fold; /* folds 0: no fold of a cross-validation */
    int is_trial;                /* of a sweep: judged on validation images, never tested */
    wf_precision precision;
    char *pretrained; /* absolute path of the weights that training begins with; NULL: none */
    char pretrained_sha256[WF_HASH_HEX];
} wf_experiment;

/* What train and compare take to make one; everything unset comes from the model file. */
typedef struct wf_experiment_flags {
    const char *dataset, *splits, *precision;
    int64_t epochs, batch_size, limit, seed;
    double validation;
    wf_texts set;
} wf_experiment_flags;

#define WF_EXPERIMENT_OPTIONS(type, member)                                                        \
    {"dataset",                                                                                    \
     'd',                                                                                          \
     WF_OPTION_TEXT,                                                                               \
     offsetof(type, member.dataset),                                                               \
     "DATASET",                                                                                    \
     "fashion-mnist",                                                                              \
     NULL,                                                                                         \
     0,                                                                                            \
     0,                                                                                            \
     "a name that weft datasets lists, or a path"},                                                \
        {"epochs",      'e',                                                                       \
         WF_OPTION_INT, offsetof(type, member.epochs),                                             \
         "N",           NULL,                                                                      \
         NULL,          1,                                                                         \
         1e6,           "passes over the training data (default: the model file's)"},              \
        {"batch-size",  'b',                                                                       \
         WF_OPTION_INT, offsetof(type, member.batch_size),                                         \
         "N",           NULL,                                                                      \
         NULL,          1,                                                                         \
         65536,         "images per step (default: the model file's)"},                            \
        {"limit",       'l',                                                                       \
         WF_OPTION_INT, offsetof(type, member.limit),                                              \
         "N",           "0",                                                                       \
         NULL,          0,                                                                         \
         1e9,           "train on N images, drawn per class; 0: on all"},                          \
        {"validation",                                                                             \
         0,                                                                                        \
         WF_OPTION_REAL,                                                                           \
         offsetof(type, member.validation),                                                        \
         "F",                                                                                      \
         NULL,                                                                                     \
         NULL,                                                                                     \
         0,                                                                                        \
         0.99,                                                                                     \
         "share of the training images kept for validation (default: the model file's)"},          \
        {"precision",                                                                              \
         0,                                                                                        \
         WF_OPTION_CHOICE,                                                                         \
         offsetof(type, member.precision),                                                         \
         "float32|bfloat16|auto",                                                                  \
         "float32",                                                                                \
         "WEFT_PRECISION",                                                                         \
         0,                                                                                        \
         0,                                                                                        \
         "factors of matrix products; auto: bfloat16 where the CPU has it"},                       \
    {                                                                                              \
        "set", 's', WF_OPTION_LIST, offsetof(type, member.set), "PATH=VALUE", NULL, NULL, 0, 0,    \
            "change one value of the model file, as training.optimizer.learning_rate=0.01"         \
    }

/* The model file, the flags on top. `seed` counts, not the flags' one.
 * Errors: as wf_model_load and wf_model_spec_set. */
wf_status wf_experiment_create(wf_experiment *out, wf_cli *cli, const char *model,
                               const wf_experiment_flags *flags, int64_t seed);
/* Reads config.yaml.  Errors: WF_E_MODEL (not such a file), WF_E_NOTFOUND, WF_E_IO, WF_E_NOMEM. */
wf_status wf_experiment_read(wf_experiment *out, wf_cli *cli, const char *path);
/* A path that still is one when weft is called from elsewhere; a data set's name stays a name. Free
 * *out with wf_free.  Errors: WF_E_ARG (not UTF-8), WF_E_NOMEM. */
wf_status wf_stable_path(char **out, wf_context *cx, const char *text);
/* Training begins with the weights of a file, or with those of a run in folder `runs` that were
 * tested, as far as they fit: sets the path and the hash.
 * Errors: as wf_run_open; WF_E_IO, WF_E_NOMEM. */
wf_status wf_experiment_pretrain(wf_experiment *e, wf_cli *cli, const char *runs,
                                 const char *run_or_file);
/* The same of a text; `path` is for error texts. */
wf_status wf_experiment_parse(wf_experiment *out, wf_context *cx, const char *text,
                              const char *path);
/* Appends the text of config.yaml; the same experiments have the same text. */
wf_status wf_experiment_write(wf_str *out, wf_context *cx, const wf_experiment *e);
/* The same without what only describes the model (source, description, family, claim) and without
 * the place of pretrained weights: experiments with the same key have the same result. */
wf_status wf_experiment_key(wf_str *out, wf_context *cx, const wf_experiment *e);
/* The same without where the data lie, for runs whose data are known by their hash. */
wf_status wf_experiment_key_of_data(wf_str *out, wf_context *cx, const wf_experiment *e);
/* The seed of first weights, order and dropout: `seed`; a fold of a cross-validation has its own,
 * seed + repeat * folds + fold, so that folds differ by all that chance decides. */
uint64_t wf_experiment_training_seed(const wf_experiment *e);
void wf_experiment_reset(wf_experiment *e);

#endif
