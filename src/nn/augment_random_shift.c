/* Draws, in this order: rows down, columns to the right; each whole number from -most to most is as
 * likely as another. */
#include "nn/augment.h"

typedef struct shift_config {
    wf_augment_common common;
    int32_t height, width, fill;
    double value;
} shift_config;

static wf_status check(wf_context *cx, const void *config, int height, int width) {
    const shift_config *c = config;
    WF_REQUIRE(c->height < height, WF_E_ARG,
               "augmentation random_shift: height is %d, must be less than the images' %d rows",
               c->height, height);
    WF_REQUIRE(c->width < width, WF_E_ARG,
               "augmentation random_shift: width is %d, must be less than the images' %d columns",
               c->width, width);
    return WF_OK;
}

static int draw(wf_rng *rng, int most) {
    return (int)wf_rng_below(rng, 2 * (uint64_t)most + 1) - most;
}

static void apply(const wf_augment_image *image, wf_rng *rng, const void *config) {
    const shift_config *c = config;
    const int down = draw(rng, c->height), right = draw(rng, c->width);
    wf__augment_shift(image, down, right, c->fill, c->value);
}

static const wf_field fields[] = {
    WF_AUGMENT_RATE_FIELD("1"),
    {"height", WF_FIELD_INT, offsetof(shift_config, height), 0, 65535, NULL, "2",
     "at most so many rows up or down"},
    {"width", WF_FIELD_INT, offsetof(shift_config, width), 0, 65535, NULL, "2",
     "at most so many columns to the left or right"},
    {"fill", WF_FIELD_CHOICE, offsetof(shift_config, fill), 0, 0, "constant|edge", "constant",
     "what comes in: one value, or the border once more"},
    WF_AUGMENT_VALUE_FIELD(shift_config, "level of what comes in, 0 is black"),
    {0}};

const wf_augment_class wf_random_shift_augmentation = {
    .name = "random_shift",
    .summary = "moves the image by whole pixels",
    .source = "He et al. 2016, arXiv:1512.03385 (random crop of the padded image)",
    .fields = fields,
    .config_size = sizeof(shift_config),
    .check = check,
    .apply = apply};
