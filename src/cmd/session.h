/* What train, evaluate, predict, compare and bench do with models and data: a session per call. */
#ifndef WF_CMD_SESSION_H
#define WF_CMD_SESSION_H

#include "base/threads.h"
#include "cmd/experiment.h"
#include "cmd/machine.h"
#include "eval/prior.h"
#include "nn/graph.h"
#include "store/store.h"
#include "weft/eval.h"
#include "weft/train.h"

typedef struct wf_session_flags {
    wf_data_flags data;
    int64_t threads;
    const char *isa;
} wf_session_flags;

#define WF_SESSION_OPTIONS(type, member)                                                           \
    {"threads",                                                                                    \
     't',                                                                                          \
     WF_OPTION_INT,                                                                                \
     offsetof(type, member.threads),                                                               \
     "N",                                                                                          \
     NULL,                                                                                         \
     "WEFT_THREADS",                                                                               \
     1,                                                                                            \
     1024,                                                                                         \
     "threads that compute; any number gives the same result (default: all CPUs)"},                \
        {"isa",                                                                                    \
         0,                                                                                        \
         WF_OPTION_CHOICE,                                                                         \
         offsetof(type, member.isa),                                                               \
         "v2|v3|v4|v4_bf16|v4_amx",                                                                \
         NULL,                                                                                     \
         "WEFT_ISA",                                                                               \
         0,                                                                                        \
         0,                                                                                        \
         "kernels for this x86-64 level (default: the best that the CPU has)"},                    \
        WF_DATA_OPTIONS(type, member.data)

#define WF_TENSORBOARD_OPTION(type, member)                                                        \
    {                                                                                              \
        "tensorboard", 0, WF_OPTION_TEXT, offsetof(type, member), "[=DIR]", NULL, NULL, 0, 0,      \
            "write event files for TensorBoard, into events in the run's folder or into a folder " \
            "of the run's in DIR"                                                                  \
    }

typedef struct wf_session {
    wf_cli *cli;
    wf_data_settings data;
    const wf_kernels *kernels;
    int threads;   /* as the options say */
    wf_pool *pool; /* NULL before wf_session_start */
    /* the data set opened last, for it is often the next one as well */
    wf_dataset *dataset;
    char *dataset_name;
    const char *moved_to; /* where the images of stored runs are now; NULL: where they were */
    int32_t height, width, channels;
} wf_session;

/* Threads, kernels, signals.  Errors: WF_E_UNSUPPORTED, WF_E_NOMEM, WF_E_IO. The struct must stay
 * where it is until its reset. */
wf_status wf_session_init(wf_session *out, wf_cli *cli, const wf_session_flags *flags);
/* The same in two parts: a process that forks (cmd/jobs.h) starts threads in its children only. */
wf_status wf_session_prepare(wf_session *out, wf_cli *cli, const wf_session_flags *flags);
wf_status wf_session_start(wf_session *s, int threads);
void wf_session_reset(wf_session *s);

/* The data set in the form that the model's input wants; s->dataset until the next call.
 * Errors: as wf_data_open; WF_E_SHAPE (the model's input is no image, or it has another number of
 * classes, or is for one label per image where there are several, or the other way round). */
wf_status wf_session_open_data(wf_session *s, const char *dataset, const wf_model_spec *model);

/* How many classes it tells apart, or labels it tells. */
int wf_model_classes(const wf_model_spec *model);

/* Whether the model is for any number of labels per image: probabilities of each for itself. */
int wf_model_is_multilabel(const wf_model_spec *model);

/* Whether anything is chosen on validation images: during training (wf_recipe_needs_validation), or
 * thresholds of labels after it. */
int wf_model_needs_validation(const wf_model_spec *model);

/* The images of one file in the form that the model's input wants; what was converted is noted.
 * Whatever is wrong with the file is a matter of data (exit status 3). Release with
 * wf_images_reset.  Errors: as wf_image_read. */
wf_status wf_session_read_images(wf_images *out, wf_session *s, const char *file,
                                 const wf_model_spec *model);

/* ---- one run ---- */

typedef struct wf_run_settings {
    const char *runs;   /* the folder of the runs */
    const char *name;   /* NULL: the model's */
    const char *resume; /* a run to go on with, NULL: a new one */
    double max_seconds; /* 0: no limit */
    /* a folder for event files, in which the run gets one of its own; "": events/ in the run's;
     * NULL: none, but a run that goes on and has events/ goes on with them */
    const char *tensorboard;
    /* "auto", "all" or "none": whether the run's page has what takes seconds to make, a map and
     * what speaks for mistakes; auto: after a minute of training. NULL: not, for one of many
     * trainings, whose comparison makes it. */
    const char *maps;
    /* Told the run's id when its folder is there; NULL: nobody. */
    void (*begun)(void *user, const char *run);
    void *begun_user;
    wf_train_sink sink; /* also told what happens while the model trains; NULL: nobody */
    void *sink_user;
} wf_run_settings;

/* Trains the experiment into a run of the store, judges it once, on the test part or on the images
 * that its fold holds out, and finishes the run. *out_path is the run's folder, to be freed with
 * wf_free; it is set even when training was stopped or failed after the folder was made.
 * Errors: as wf_fit, wf_data_open, wf_run_create and wf_run_continue. */
wf_status wf_session_train(char **out_path, wf_session *s, const wf_experiment *e,
                           const wf_run_settings *settings);

/* A stored run, ready to predict. */
typedef struct wf_trained {
    wf_run *run; /* opened for reading */
    wf_run_summary summary;
    wf_experiment experiment;
    wf_params *params;
    wf_normalization normalization;
    double *thresholds; /* of a model of any number of labels, [classes]; NULL: one half */
} wf_trained;

/* The file of the weights that the run was tested with, and if it was not, of those that its recipe
 * hands over. Free *out with wf_free.  Errors: WF_E_DATA, WF_E_IO, WF_E_NOMEM. */
wf_status wf_run_weights_file(char **out, wf_context *cx, const wf_run *run,
                              const wf_experiment *e);

/* Opens the run and the weights that were tested. Standardization needs the run's own data, which
 * are then opened, where the run is of a version that did not keep the statistics.
 * Errors: WF_E_NOTFOUND, WF_E_MODEL, WF_E_DATA, WF_E_IO, WF_E_NOMEM. */
wf_status wf_trained_open(wf_trained *out, wf_session *s, const char *runs, const char *reference);
void wf_trained_reset(wf_trained *t);
/* Above which probability the label is said to be there, by wf_trained.thresholds. */
double wf_threshold_of(const double *thresholds, int label);
/* The classes' names as the run's description holds them, an array; NULL where it does not. Release
 * with json_decref.  Errors: as wf_json_read. */
wf_status wf_trained_class_names(json_t **out, wf_context *cx, const wf_trained *t);
/* Opens `dataset`, NULL: the one that the run was trained on. Classes of other names are noted.
 * Errors: as wf_session_open_data; WF_E_DATA (the run's classes in another order). */
wf_status wf_trained_open_data(wf_session *s, const wf_trained *t, const char *dataset);

/* How a trained model is asked. */
typedef struct wf_asking {
    wf_params *params;
    wf_precision precision;
    const wf_normalization *normalization;
    int32_t views;      /* means over them (wf_test_views) */
    int32_t beam_width; /* of a model that tells sequences of labels; 0: WF_BEAM_WIDTH */
    /* what wf_session_judge makes sets of by Bayes' rule, out of a model's probabilities of single
     * labels; NULL: labels are taken from thresholds on */
    const wf_prior *prior;
} wf_asking;

/* What the model says of n rows of the images (`index` NULL: of the first n): *out [n][classes], to
 * be freed with wf_free. `sets` has room for what is said of sets by a model that tells them as a
 * whole; NULL: not wanted.  Errors: as wf_predict. */
wf_status wf_session_probabilities(float **out, const wf_set_answers *sets, wf_session *s,
                                   const wf_asking *asking, const wf_images *images,
                                   const int32_t *index, int64_t n);

/* Where a model with attention looked while it told sequences [n][steps], as wf_set_answers has
 * them: *out [n][steps][places], to be freed with wf_free (eval/looks.h).
 * Errors: as wf_predict. */
wf_status wf_session_looks(float **out, wf_session *s, const wf_asking *asking,
                           const wf_images *images, const int32_t *index, int64_t n,
                           const int32_t *sequences);

/* Judges a model on images with labels. *out_probabilities [n][classes] may be NULL, else it is to
 * be freed with wf_free. `thresholds` is of images with any number of labels; NULL: one half.
 * Errors: as wf_session_probabilities; WF_E_ARG (a prior of other labels, or for a model that tells
 * sets itself). */
wf_status wf_session_judge(wf_evaluation **out, float **out_probabilities, wf_session *s,
                           const wf_asking *asking, const wf_images *images,
                           char *const *class_names, const double *thresholds);

/* Adds "beam_width" to a document about a model that finds its sets by beam search; nothing else.
 * Errors: WF_E_NOMEM. */
wf_status wf_beam_json(json_t *inout_document, wf_context *cx, const wf_asking *asking);

/* Of every command that asks a trained model. */
#define WF_VIEWS_OPTION(type, member)                                                              \
    {                                                                                              \
        "tta", 0, WF_OPTION_CHOICE, offsetof(type, member), WF_VIEWS_WORDS, NULL, NULL, 0, 0,      \
            "test-time augmentation: mean probabilities over the image, its mirror image, its "    \
            "shifts by one pixel (default: as the run was tested)"                                 \
    }
/* Of those that a model is asked by which tells labels one after another; others take no notice. */
#define WF_BEAM_OPTION(type, member)                                                               \
    {                                                                                              \
        "beam-width", 0, WF_OPTION_INT, offsetof(type, member), "N", "5", NULL, 1, 1000,           \
            "label sequences that beam search follows at a time, of a model that tells labels "    \
            "one "                                                                                 \
            "after another"                                                                        \
    }
#define WF_VIEWS_WORDS "none|flip|shift|flip,shift"
/* The wf_test_views of a word; of none at all (NULL) the model's own. */
int32_t wf_views_find(const char *word, const wf_model_spec *model);
/* "flip,shift"; never NULL. */
const char *wf_views_name(int32_t views);
/* {"test_time_augmentation": {"averaged": "flip,shift", "views": 10}} for a document about outputs;
 * nothing when views is 0.  Errors: WF_E_NOMEM. */
wf_status wf_views_json(json_t *inout_document, wf_context *cx, int32_t views);

/* Gives the evaluation its 95 % intervals; 0 resamples: none. */
wf_status wf_session_bootstrap(wf_evaluation *e, wf_session *s, int64_t resamples);

/* The most probable class of every row of probabilities [count][classes], the first of equals. Free
 * *out with wf_free.  Errors: WF_E_NOMEM. */
wf_status wf_predicted_classes(int32_t **out, wf_context *cx, const float *probabilities,
                               int64_t count, int classes);

#endif
