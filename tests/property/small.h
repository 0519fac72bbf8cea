/* Small versions of every family of models, with dropout, and data for them. */
#ifndef WEFT_TESTS_SMALL_H
#define WEFT_TESTS_SMALL_H

#include "nn/plan.h"

enum { SMALL_IMAGES = 53, SMALL_PIXELS = 14 * 14, SMALL_CLASSES = 10 };
/* Of the sequences of labels: at most three of three labels, and END. */
enum { SMALL_STEPS = 4, SMALL_LABELS = 3 };

typedef struct small_layer {
    const char *class_name, *keys;
    const char *name;      /* NULL: automatic */
    const char *inputs[3]; /* none: the layer before */
} small_layer;

/* One that reads the layer before; one with a name, that reads the layers of the others. */
#define L(class_name, keys)                                                                        \
    {                                                                                              \
        class_name, keys, NULL, { NULL }                                                           \
    }
#define NAMED(class_name, keys, name, ...)                                                         \
    {                                                                                              \
        class_name, keys, name, { __VA_ARGS__ }                                                    \
    }

typedef struct small_model {
    const char *name;
    int is_smooth;          /* nothing in it has a kink */
    small_layer layers[16]; /* behind an input of [14, 14, 1] */
} small_model;

/* Both end with a model without a name; the latter tell sets of labels. */
extern const small_model small_models[], small_label_models[];

/* Aborts when the model is wrong. */
wf_graph *small_graph(const small_model *model);
/* Random images with values 0..255, and their labels. */
const uint8_t *small_pixels(void);
const int32_t *small_labels(void);
/* [images][SMALL_STEPS] */
const int32_t *small_sequences(void);

/* A training of `steps` batches of `batch` images of two epochs' worth of the data, the last batch
 * of an epoch being smaller. Adam, sparse cross-entropy. */
typedef struct small_training {
    const wf_kernels *kernels;
    int threads, batch, shard_size, steps;
    uint64_t seed; /* of dropout */
    wf_precision precision;
    const char *augmentation; /* names of steps at their defaults, a blank between; or NULL */
} small_training;

/* The parameters afterwards and the losses; NULL: not wanted. Abort when anything fails. */
wf_params *small_train(const wf_graph *g, const small_training *t, double *losses);

#endif
