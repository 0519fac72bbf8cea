/* Models: read from a file or a name, built in code, asked about their layers and parameters. */
#ifndef WEFT_GRAPH_H
#define WEFT_GRAPH_H

#include <stddef.h>
#include <stdint.h>

#include "weft/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A model: its layers with their shapes, where it comes from, how it is trained; no weights. */
typedef struct wf_model_spec wf_model;

/* What the factors of matrix products are rounded to when a model is trained or asked. Sums,
 * activations, parameters and everything else are float32 in both; small products stay float32. */
typedef enum wf_precision { WF_FLOAT32, WF_BFLOAT16 } wf_precision;

/* "float32", "bfloat16" */
WF_API const char *wf_precision_name(wf_precision precision);

/* By name; "auto" is bfloat16 where the CPU computes with it, else float32.
 * Errors: WF_E_ARG (unknown name). */
WF_API wf_status wf_precision_find(wf_precision *out, wf_context *cx, const char *name);

/* Threads, where nothing else is said: any, one context each. A model is built, changed or
 * destroyed by one caller while nobody else uses it; any number may ask it at once. */

/* ---- getting one ---- */

/* Opens a model file by its path (which has a slash or ends in .yaml), or the first
 * <folder>/<name>.yaml. The file is data: it runs no code and opens no other file; at most 1 MiB.
 * Release with wf_model_destroy.
 * Errors: WF_E_NOTFOUND (with the nearest name), WF_E_IO, WF_E_ARG and WF_E_SHAPE (file, line and
 * column, what is wrong, what helps), WF_E_LIMIT, WF_E_NOMEM.  Threads: any, one context each. */
WF_API wf_status wf_model_open(wf_model **out, wf_context *cx, const char *name_or_path,
                               const char *const *folders, size_t n_folders);

/* Reads a model file's text, which ends with a 0.  Errors: as wf_model_open. */
WF_API wf_status wf_model_parse(wf_model **out, wf_context *cx, const char *text);

/* NULL is legal. Nothing that was made from the model may be in use any more. */
WF_API void wf_model_destroy(wf_model *model);

/* ---- building one in code ---- */

/* A model that has only its input, of the given extents without the batch axis: {28, 28, 1}.
 * Errors: WF_E_ARG (name, rank), WF_E_SHAPE, WF_E_LIMIT, WF_E_NOMEM. */
WF_API wf_status wf_model_create(wf_model **out, wf_context *cx, const char *name,
                                 const int32_t *input, int rank);

/* Appends a layer: `type` is a layer's name ("conv2d"), `keys` its keys as in a model file
 * ("filters: 32, kernel_size: 3, activation: relu"; NULL for none), `name` its own name or NULL for
 * "conv2d", "conv2d_1", ...; `inputs` the names of layers that exist, NULL (n_inputs 0) for the
 * last one, or for none where the layer takes none.
 * Errors: WF_E_ARG, WF_E_SHAPE, WF_E_LIMIT, WF_E_NOMEM; the model is then as before. */
WF_API wf_status wf_model_add(wf_model *model, wf_context *cx, const char *type, const char *keys,
                              const char *name, const char *const *inputs, size_t n_inputs);

/* Ends the building: one layer must be left that no other reads, the output.  Errors: WF_E_ARG. */
WF_API wf_status wf_model_finish(wf_model *model, wf_context *cx);

/* ---- changing and writing ---- */

/* Changes one value: "layers.lstm.units=56", "training.epochs=3", "training.optimizer=sgd",
 * "training.optimizer.learning_rate=0.01", "input=[32, 32, 3]". Not while something made from the
 * model is in use.
 * Errors: WF_E_ARG, WF_E_SHAPE, WF_E_LIMIT, WF_E_NOMEM; the model is then as before. */
WF_API wf_status wf_model_set(wf_model *model, wf_context *cx, const char *assignment);

/* The model as YAML with every key and its value; wf_model_parse makes the same model of it. Free
 * *out with wf_text_free.  Errors: WF_E_NOMEM. */
WF_API wf_status wf_model_text(char **out, wf_context *cx, const wf_model *model);

/* Keras' table of layers, shapes and parameters, with multiply-adds and bytes. Free *out with
 * wf_text_free.  Errors: WF_E_NOMEM. */
WF_API wf_status wf_model_summary(char **out, wf_context *cx, const wf_model *model);

/* ---- asking (strings and arrays belong to the model) ---- */

typedef struct wf_model_info {
    const char *name, *source, *description;
    const char *family; /* "cnn", "rnn", "hybrid" or "other" */
    int n_layers, n_params;
    int64_t total_params, trainable_params; /* numbers */
    int64_t multiply_adds;                  /* of convolutions and matrix products, per image */
} wf_model_info;

typedef struct wf_layer_info {
    const char *name, *type;
    int n_inputs;
    const int *inputs; /* indices of layers */
    int rank;
    const int64_t *shape; /* [rank] of the output, without the batch axis */
    int first_param, n_params;
    int64_t multiply_adds;
} wf_layer_info;

typedef struct wf_param_info {
    const char *name; /* "conv2d_1/kernel" */
    int layer;
    int rank;
    const int64_t *shape; /* [rank] */
    int64_t size, offset; /* numbers; offset into the flat array of all */
    int is_trainable;
} wf_param_info;

WF_API void wf_model_get(wf_model_info *out, const wf_model *model);
/* Layer 0 is the input.  Errors: WF_E_ARG (index). */
WF_API wf_status wf_model_layer(wf_layer_info *out, wf_context *cx, const wf_model *model,
                                int index);
/* Offsets are 0 until the model is finished.  Errors: WF_E_ARG (index). */
WF_API wf_status wf_model_param(wf_param_info *out, wf_context *cx, const wf_model *model,
                                int index);

/* The layer whose outputs are an image's features: the input of the last one that multiplies
 * matrices, which in most classifiers is the last dense layer. Of a model that tells labels one
 * after another: the last of those that make one vector of the image alone. For
 * wf_predict_options.layer.
 * Errors: WF_E_ARG (not finished). */
WF_API wf_status wf_model_features(const char **out, wf_context *cx, const wf_model *model);

/* ---- what training needs ---- */

typedef struct wf_params wf_params; /* a model's numbers; knows its layers */
typedef struct wf_recipe wf_recipe; /* epochs, batch size, loss, optimizer, schedule, ... */

/* Fresh numbers under the layers' initialisers, for a finished model that must outlive them. The
 * same seed gives the same bits.  Errors: WF_E_ARG (not finished), WF_E_NOMEM. */
WF_API wf_status wf_model_params(wf_params **out, wf_context *cx, const wf_model *model,
                                 uint64_t seed);
/* NULL is legal. */
WF_API void wf_params_destroy(wf_params *params);

/* How the model is trained; belongs to the model, wf_model_set changes it. */
WF_API const wf_recipe *wf_model_recipe(const wf_model *model);

#ifdef __cplusplus
}
#endif
#endif
