#include "nn/augment.h"

enum { AXIS_HORIZONTAL, AXIS_VERTICAL };

typedef struct flip_config {
    wf_augment_common common;
    int32_t axis;
} flip_config;

/* Top becomes bottom. */
static void turn_over(const wf_augment_image *image) {
    const ptrdiff_t line = (ptrdiff_t)image->width * image->channels;
    for (int a = 0, b = image->height - 1; a < b; a++, b--) {
        float *one = image->values + a * line, *other = image->values + b * line;
        for (ptrdiff_t i = 0; i < line; i++) {
            const float t = one[i];
            one[i] = other[i];
            other[i] = t;
        }
    }
}

static void apply(const wf_augment_image *image, wf_rng *rng, const void *config) {
    (void)rng; /* the rate has said all */
    if (((const flip_config *)config)->axis == AXIS_VERTICAL) turn_over(image);
    else wf__augment_mirror(image);
}

static const wf_field fields[] = {WF_AUGMENT_RATE_FIELD("0.5"),
                                  {"axis", WF_FIELD_CHOICE, offsetof(flip_config, axis), 0, 0,
                                   "horizontal|vertical", "horizontal",
                                   "left becomes right, or top becomes bottom"},
                                  {0}};

const wf_augment_class wf_random_flip_augmentation = {.name = "random_flip",
                                                      .summary = "mirrors the image",
                                                      .fields = fields,
                                                      .config_size = sizeof(flip_config),
                                                      .apply = apply};
