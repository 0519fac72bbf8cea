/* Training: the loop, what it tells while it runs, checkpoints, weights, prediction, timing. */
#ifndef WEFT_TRAIN_H
#define WEFT_TRAIN_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#include "weft/data.h"
#include "weft/graph.h"
#include "weft/status.h"
#include "weft/threads.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- events ---------------------------------------------------------------------------------- */

/* The figures of one epoch; of a running one: over the steps so far. */
typedef struct wf_epoch_figures {
    int32_t epoch; /* from 1 */
    /* Over all images of the epoch. Accuracy is the share of images that are told right; of images
     * with any number of labels: every one, at one half (subset accuracy, of each label yes or no
     * right; scikit-learn's accuracy_score). */
    double loss, accuracy;
    double val_loss, val_accuracy; /* NAN without validation, and before it ran */
    double learning_rate;          /* of the epoch's last step */
    double seconds;                /* validation included */
    double ms_per_step;            /* training steps only */
} wf_epoch_figures;

typedef enum wf_train_event_kind {
    WF_TRAIN_BEGIN,     /* before the first step; `figures` is where a resumed run goes on */
    WF_TRAIN_STEP,      /* after every step */
    WF_TRAIN_EPOCH_END, /* after validation; `figures` is what is stored */
    WF_TRAIN_END        /* training is over (not when it was interrupted) */
} wf_train_event_kind;

typedef struct wf_train_event {
    wf_train_event_kind kind;
    int32_t epochs;      /* planned */
    int64_t step, steps; /* done in this epoch, and how many it has */
    wf_epoch_figures figures;
    double batch_loss;    /* STEP: of the step's batch */
    int32_t batch_images; /* STEP */
    const wf_epoch_figures
        *history; /* [n_history] finished epochs, those before a resume included */
    int32_t n_history;
    int32_t best_epoch;    /* from 1; 0 before the first one ended */
    int32_t stopped_early; /* END */
    double total_seconds;  /* since training began, over all resumes */
} wf_train_event;

/* Called on the training thread; what the event points to lives as long as the call. */
typedef void (*wf_train_sink)(void *user, const wf_train_event *event);

/* ---- training -------------------------------------------------------------------------------- */

typedef struct wf_train_data {
    const wf_images *train;
    const int32_t *train_index; /* [n_train] rows of `train` */
    int64_t n_train;
    const wf_images *validation; /* NULL: no validation */
    const int32_t *validation_index;
    int64_t n_validation;
    wf_normalization normalization;
} wf_train_data;

/* What training is asked for; any other value stops as WF_TRAIN_SAVE does. */
typedef enum wf_train_stop {
    WF_TRAIN_GO_ON,
    WF_TRAIN_SAVE,   /* stop, with checkpoint and last weights of now */
    WF_TRAIN_DISCARD /* stop, and leave those on disk as they are */
} wf_train_stop;

/* Zero-initialise; every field may stay 0. */
typedef struct wf_train_options {
    uint64_t seed; /* of shuffling and of random layers */
    wf_precision precision;
    const char *checkpoint_path; /* written at the end of epochs and on interruption; NULL: none */
    const char *resume_path;     /* a checkpoint to go on from; NULL: start anew */
    const char *best_path;       /* weights of the best epoch so far; NULL: not written */
    const char *last_path;       /* weights at the end and on interruption; NULL: not written */
    double checkpoint_every_s;   /* epochs that end sooner after the last checkpoint write none */
    double max_seconds;          /* of this call; 0: no limit */
    const volatile sig_atomic_t *stop; /* a wf_train_stop, looked at after every step. NULL: none */
    wf_train_sink sink;
    void *sink_user;
} wf_train_options;

typedef struct wf_train_result {
    int32_t epochs;        /* finished */
    int32_t best_epoch;    /* from 1, by the figure that early stopping watches; else by val_loss,
                              without validation by loss */
    int32_t weights_epoch; /* whose weights `params` holds now */
    int32_t stopped_early;
    double seconds;            /* over all resumes */
    wf_epoch_figures *history; /* [epochs] */
} wf_train_result;

/* Trains `params` by `recipe`, with fresh optimizer moments. At the end they hold the last epoch's
 * weights, or the best epoch's when early stopping restores them or the recipe tests the best ones.
 * Where the recipe averages weights (ema), these are the averaged ones, as are those that are
 * validated and written to best_path and last_path; an interrupted training leaves the others in
 * `params`.
 * The same seed gives the same bits with any number of threads, and whether or not training was
 * interrupted and resumed. After the first step nothing is allocated but for validation's and
 * checkpoints' own needs at an epoch's end.
 * Errors: WF_E_INTERRUPTED, WF_E_TIME (both: the step was finished, checkpoint and last weights are
 * written unless they are discarded; resume goes on), WF_E_DIVERGED (names layer, epoch and step;
 * checkpoint and weights on disk stay as they were), WF_E_MODEL (checkpoint of another model, or
 * made with another seed, batch size, number of images, loss, optimizer or schedule),
 * WF_E_NOTFOUND (no such checkpoint), WF_E_SHAPE, WF_E_DATA (images or labels that do not fit the
 * model, a damaged checkpoint), WF_E_ARG, WF_E_IO, WF_E_NOMEM.
 * Threads: one caller per params and pool. */
WF_API wf_status wf_fit(wf_train_result *out, wf_params *params, wf_context *cx, wf_pool *pool,
                        const wf_recipe *recipe, const wf_train_data *data,
                        const wf_train_options *options);

WF_API void wf_train_result_reset(wf_train_result *result);

/* What a checkpoint says about itself, without its tensors' values. */
typedef struct wf_checkpoint_info {
    int32_t epochs; /* finished */
    int64_t step;   /* steps done in the next epoch */
    uint64_t seed;
    int32_t is_over; /* nothing is left to train under the recipe that wrote it */
    int32_t best_epoch;
} wf_checkpoint_info;

/* Errors: WF_E_NOTFOUND, WF_E_DATA (no checkpoint, or damaged), WF_E_IO, WF_E_NOMEM.
 * Threads: any, one context each. */
WF_API wf_status wf_checkpoint_read_info(wf_checkpoint_info *out, wf_context *cx, const char *path);

/* ---- weights --------------------------------------------------------------------------------- */

/* Threads: one caller per params. */

/* Writes or replaces `path` (safetensors) atomically: one tensor per parameter entry, by its name.
 * Errors: WF_E_IO, WF_E_NOMEM. */
WF_API wf_status wf_weights_save(wf_context *cx, const char *path, const wf_params *params);

/* Reads what wf_weights_save wrote. Names and shapes must be the model's, else nothing is changed.
 * Errors: WF_E_MODEL (entry, found, expected), WF_E_NOTFOUND, WF_E_DATA, WF_E_IO, WF_E_NOMEM. */
WF_API wf_status wf_weights_load(wf_params *params, wf_context *cx, const char *path);

/* What became of a parameter that was looked for in a file of other weights. */
typedef enum wf_pretrained {
    WF_PRETRAINED_TAKEN,
    WF_PRETRAINED_ABSENT,    /* the file has none of that name: the start value stays */
    WF_PRETRAINED_OTHER_FORM /* there it has another shape or type: the start value stays */
} wf_pretrained;

/* Reads those parameters of a weights file, of any model, that have a name and a shape of the
 * model's, moving statistics included; what the file has besides is passed over. `out` [parameters
 * of the model], in their order, says what became of each, or is NULL.
 * Errors: WF_E_MODEL (none fits: nothing is changed), WF_E_NOTFOUND, WF_E_DATA, WF_E_IO,
 * WF_E_NOMEM. */
WF_API wf_status wf_weights_load_pretrained(wf_pretrained *out, wf_params *params, wf_context *cx,
                                            const char *path);

/* ---- prediction ------------------------------------------------------------------------------ */

/* What outputs are means over, besides the image as it is; may be added. */
typedef enum wf_test_views {
    WF_TEST_FLIP = 1, /* its mirror image: left is right */
    WF_TEST_SHIFT = 2 /* moved by one pixel up, down, left, right; what comes in is black */
} wf_test_views;      /* both: 10 views, the mirror image is moved as well */

/* Zero-initialise; what is marked may stay 0. */
typedef struct wf_predict_options {
    const wf_images *images;
    const int32_t *index; /* [n] rows of `images`; 0: all of them, whatever n is */
    int64_t n;
    wf_normalization normalization;
    const wf_recipe
        *recipe; /* its loss is computed; 0: no loss, labels are not needed. Sequences of
                                labels are then ordered by these images' own frequencies */
    wf_precision precision;
    int32_t batch_size; /* 0: 500 */
    const char *layer;  /* outputs of this layer; 0: of the model. Without recipe */
    int32_t views; /* wf_test_views; 0: the image as it is. Without recipe: a mean has no loss */
    const volatile sig_atomic_t *stop; /* 0: none */
} wf_predict_options;

typedef struct wf_predict_result {
    int64_t n;
    double loss;     /* mean over the images; NAN without a recipe */
    double accuracy; /* as in wf_epoch_figures; NAN without a recipe */
} wf_predict_result;

/* How many views of an image there are: 1, 2, 5 or 10. */
WF_API int wf_test_view_count(int32_t views);

/* Runs the model in inference mode, with `layer` up to that one. `out_outputs` [n][size of the
 * layer's output; K of the model's] receives the outputs (the model's are probabilities where it
 * ends in softmax or sigmoid), or is NULL. `params` is not changed.
 * Errors: WF_E_SHAPE, WF_E_DATA, WF_E_ARG (also no such layer: the hint lists all),
 * WF_E_INTERRUPTED, WF_E_DIVERGED, WF_E_NOMEM.
 * Threads: one caller per params and pool. */
WF_API wf_status wf_predict(wf_predict_result *out, float *out_outputs, wf_params *params,
                            wf_context *cx, wf_pool *pool, const wf_predict_options *options);

/* ---- timing ---------------------------------------------------------------------------------- */

/* Zero-initialise; what is marked may stay 0. */
typedef struct wf_bench_options {
    const wf_recipe *recipe;
    wf_precision precision;
    int32_t batch_size;      /* 0: the recipe's */
    double seconds;          /* at least one measured step is made */
    int32_t warmup_steps;    /* 0: 5 */
    uint64_t seed;           /* 0 is a seed */
    const wf_images *images; /* 0: random images of the model's size; training needs labels */
    int32_t is_inference;    /* 0: training steps */
    const volatile sig_atomic_t *stop; /* 0: none; else not 0: stop */
} wf_bench_options;

typedef struct wf_bench_result {
    int64_t steps;                    /* measured */
    double median_ms, min_ms, p90_ms; /* of a step, or of a call in inference */
    double images_per_s;              /* by the median */
    int64_t plan_bytes;
} wf_bench_result;

/* Times whole training steps: gathering, conversion, random layers, loss, backward, optimizer.
 * `params` is trained on the way. In inference: gathering, conversion and the layers' outputs;
 * `params` stays as it is.
 * Errors and threads: as wf_fit; WF_E_INTERRUPTED. */
WF_API wf_status wf_bench_step(wf_bench_result *out, wf_params *params, wf_context *cx,
                               wf_pool *pool, const wf_bench_options *options);

#ifdef __cplusplus
}
#endif
#endif
