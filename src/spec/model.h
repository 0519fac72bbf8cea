/* A model file: what the model is, where it comes from, what is claimed for it, how it is trained.
 *
 *   name: my-cnn
 *   family: cnn                     # cnn, rnn, hybrid or other (the default)
 *   source: where the model comes from
 *   description: one or two sentences
 *   claim: {text: "accuracy .925", accuracy: 0.925, macro_f1: 0.92, loss: 0.24, note: ...}
 *   input: [28, 28, 1]
 *   classes: 10                     # may be left out; checked against the output
 *   layers:
 *     - conv2d: {filters: 32, kernel_size: 3, activation: relu, name: stem}
 *     - flatten
 *     - dense: {units: 10, activation: softmax, inputs: flatten}
 *   training:                       # every key may be left out, see train/recipe.h
 *     epochs: 10
 *     loss: {categorical_crossentropy: {label_smoothing: 0.1}}
 *     optimizer: adam
 *     schedule: {hold_exponential: {hold_epochs: 8}}
 *     early_stopping: {patience: 2}
 *     ema: {decay: 0.999}
 *     augmentation:
 *       - random_shift: {height: 2, width: 2}
 *       - random_flip
 *
 * Each layer's input is the layer before it, unless `inputs` names one or several others. */
#ifndef WF_SPEC_MODEL_H
#define WF_SPEC_MODEL_H

#include "base/files.h"
#include "nn/graph.h"
#include "train/recipe.h"

#define WF_FAMILY_CHOICES "other|cnn|rnn|hybrid"
typedef enum wf_family {
    WF_FAMILY_OTHER,
    WF_FAMILY_CNN,
    WF_FAMILY_RNN,
    WF_FAMILY_HYBRID
} wf_family;

/* What the source says that the model reaches on the test set; NAN where it gives no figure. */
typedef struct wf_claim {
    char *text, *note; /* "" if absent */
    double accuracy, macro_f1, loss;
} wf_claim;

typedef struct wf_model_spec {
    char *name, *source, *description; /* source and description "" if absent */
    int32_t family;                    /* wf_family */
    int32_t classes;                   /* 0: not said */
    wf_claim claim;
    wf_graph *graph;
    wf_recipe *recipe;
} wf_model_spec;

/* "cnn"; never NULL. */
const char *wf_family_name(int32_t family);

/* A model without layers, under the default recipe: for building in code.  Errors: WF_E_ARG (name),
 * WF_E_NOMEM. */
wf_status wf_model_spec_create(wf_model_spec **out, wf_context *cx, const char *name);
void wf_model_spec_destroy(wf_model_spec *spec); /* NULL is legal */

/* Reads a model file's text, behind whose `size` bytes stands a 0. `file` is for messages, which
 * begin with file:line:column.
 * Errors: WF_E_ARG, WF_E_SHAPE, WF_E_LIMIT, WF_E_NOMEM. */
wf_status wf_model_spec_parse(wf_model_spec **out, wf_context *cx, const char *text, size_t size,
                              const char *file);
/* Errors: also WF_E_NOTFOUND, WF_E_IO. */
wf_status wf_model_spec_read(wf_model_spec **out, wf_context *cx, const char *path);

/* Appends the model as YAML with every key and its value; wf_model_spec_parse makes the identical
 * model of it.  Errors: WF_E_NOMEM. */
wf_status wf_model_spec_write(wf_str *out, wf_context *cx, const wf_model_spec *spec);

/* Changes one value, written "path=value"; on failure the model is as before. Paths:
 *   input=[32, 32, 3]   name=my-cnn   layers.lstm.units=56   layers.bidirectional.layer.units=56
 *   layers.dropout*.rate=0   (every layer whose name begins so)
 *   training.epochs=3   training.optimizer=sgd   training.optimizer.learning_rate=0.01
 *   training.early_stopping.patience=5   training.early_stopping=false
 *   training.augmentation=[random_flip]   training.augmentation.random_flip.rate=0
 * Errors: WF_E_ARG (unknown parts suggest the nearest), WF_E_SHAPE, WF_E_LIMIT, WF_E_NOMEM. */
wf_status wf_model_spec_set(wf_model_spec *spec, wf_context *cx, const char *assignment);

/* The path of a model: `name_or_path` itself if it has a slash or ends in .yaml, else the first
 * <folder>/<name>.yaml. Free *out with wf_free.
 * Errors: WF_E_NOTFOUND (with the nearest name), WF_E_NOMEM. */
wf_status wf_model_find(char **out, wf_context *cx, const char *name_or_path,
                        const char *const *folders, size_t n_folders);
/* The names of all models in the folders, sorted, each once; folders that do not exist are passed
 * over. Release with wf_names_reset.  Errors: WF_E_IO, WF_E_NOMEM. */
wf_status wf_model_names(wf_names *out, wf_context *cx, const char *const *folders,
                         size_t n_folders);

#endif
