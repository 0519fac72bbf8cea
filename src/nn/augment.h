/* Augmentation: what happens to a training image while its batch is gathered. One
 * wf_augment_class in `augment_*.c`, one line in `augmentations.def`.
 *
 * A pipeline is a list of steps, which run in their order. A step's random numbers for an image are
 * a sequence of their own, a function of (seed, the step's index, epoch, the image's position in
 * the epoch): its first number says whether the step is done at all, by its rate; the others are
 * what the step's file says. A step that mixes draws the partner first: any other image of the
 * batch, which it takes as the steps before have left it. The targets are mixed by the same shares.
 * Images are [H][W][C], normalised. Where a step puts something new, it puts a level of 0 .. 255,
 * which is normalised as a pixel is. */
#ifndef WF_NN_AUGMENT_H
#define WF_NN_AUGMENT_H

#include "base/rng.h"
#include "nn/layer.h"

/* One image, which the steps change in place. */
typedef struct wf_augment_image {
    float *values; /* [height][width][channels] */
    int height, width, channels;
    const float *scale, *shift; /* [channels] level p is p * scale + shift */
} wf_augment_image;

typedef struct wf_augment_class {
    const char *name, *summary;
    const char *source; /* or NULL */
    const wf_field *fields;
    size_t config_size;
    /* What no field's range can say.  Errors: WF_E_ARG. */
    wf_status (*check)(wf_context *cx, const void *config, int height, int width); /* or NULL */
    /* One of the two. */
    void (*apply)(const wf_augment_image *image, wf_rng *rng, const void *config);
    /* Mixes `partner`, an image of the same form, into the image; NULL: changes nothing. Returns
     * the share of the image's own target, 0 to 1; the partner's is the rest. */
    double (*mix)(const wf_augment_image *image, const float *partner, wf_rng *rng,
                  const void *config);
} wf_augment_class;

/* Every configuration begins with this. */
typedef struct wf_augment_common {
    double rate; /* share of the images that the step is done to */
} wf_augment_common;

#define WF_AUGMENT_RATE_FIELD(initial)                                                             \
    {                                                                                              \
        "rate", WF_FIELD_REAL, offsetof(wf_augment_common, rate), 0, 1, NULL, initial,             \
            "share of the images that this is done to"                                             \
    }
#define WF_AUGMENT_VALUE_FIELD(type, help)                                                         \
    { "value", WF_FIELD_REAL, offsetof(type, value), 0, 255, NULL, "0", help }

typedef struct wf_augment_step {
    const wf_augment_class *class;
    void *config;
} wf_augment_step;

enum { WF_MAX_AUGMENT_STEPS = 16, WF_MAX_AUGMENT_MIXES = 2, WF_MAX_AUGMENT_CHANNELS = 4 };

typedef struct wf_augmentation {
    wf_augment_step steps[WF_MAX_AUGMENT_STEPS];
    int n; /* 0: images stay as they are */
} wf_augmentation;

const wf_augment_class *wf_augment_find(const char *name); /* NULL when unknown */
size_t wf_augment_count(void);
const wf_augment_class *wf_augment_at(size_t i);

/* Appends the named step with its default configuration.
 * Errors: WF_E_ARG (unknown, with the nearest), WF_E_LIMIT, WF_E_NOMEM. */
wf_status wf_augmentation_add(wf_augmentation *pipeline, wf_context *cx, const char *name);
/* A deep copy.  Errors: WF_E_NOMEM. */
wf_status wf_augmentation_copy(wf_augmentation *out, wf_context *cx, const wf_augmentation *from);
void wf_augmentation_reset(wf_augmentation *pipeline);

/* Whether the pipeline makes sense for images of this shape.  Errors: WF_E_ARG. */
wf_status wf_augmentation_check(wf_context *cx, const wf_augmentation *pipeline,
                                const wf_shape *input);

/* Starts a step's random numbers for one image and says whether it is done to it. */
int wf_augment_draw(wf_rng *rng, const wf_augmentation *pipeline, int step, uint64_t seed,
                    uint32_t epoch, int64_t position);

/* The last step before `end` that mixes; -1: none does. */
int wf_augmentation_mix(const wf_augmentation *pipeline, int end);

/* ---- what steps share ---- */

/* Sets rows [top, bottom) and columns [left, right), as far as they lie in the image. */
void wf__augment_fill(const wf_augment_image *image, int top, int bottom, int left, int right,
                      double level);
/* dst[y][x] = src[y - down][x - right]; what comes in is `level`, or with `edge` the pixel of the
 * border nearest to it. |down| < height, |right| < width. */
void wf__augment_shift(const wf_augment_image *image, int down, int right, int edge, double level);
/* Left becomes right. */
void wf__augment_mirror(const wf_augment_image *image);
/* A number from the beta distribution whose two parameters are `alpha`, between 0 and 1. */
double wf__augment_beta(wf_rng *rng, double alpha);

#endif
