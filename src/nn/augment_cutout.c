/* Draws for each hole, in this order: row and column of its centre, any pixel of the image. It
 * begins size / 2 (rounded down) before it, and what lies outside of the image is lost. */
#include "nn/augment.h"

typedef struct cutout_config {
    wf_augment_common common;
    int32_t size, holes;
    double value;
} cutout_config;

static wf_status check(wf_context *cx, const void *config, int height, int width) {
    const cutout_config *c = config;
    const int longer = height > width ? height : width;
    WF_REQUIRE(c->size <= longer, WF_E_ARG,
               "augmentation cutout: size is %d, must be at most the images' %d pixels", c->size,
               longer);
    return WF_OK;
}

static void apply(const wf_augment_image *image, wf_rng *rng, const void *config) {
    const cutout_config *c = config;
    for (int i = 0; i < c->holes; i++) {
        const int top = (int)wf_rng_below(rng, (uint64_t)image->height) - c->size / 2;
        const int left = (int)wf_rng_below(rng, (uint64_t)image->width) - c->size / 2;
        wf__augment_fill(image, top, top + c->size, left, left + c->size, c->value);
    }
}

static const wf_field fields[] = {
    WF_AUGMENT_RATE_FIELD("1"),
    {"size", WF_FIELD_INT, offsetof(cutout_config, size), 1, 65535, NULL, NULL,
     "side of the square in pixels"},
    {"holes", WF_FIELD_INT, offsetof(cutout_config, holes), 1, 1000, NULL, "1",
     "squares per image"},
    WF_AUGMENT_VALUE_FIELD(cutout_config, "level of the squares, 0 is black"),
    {0}};

const wf_augment_class wf_cutout_augmentation = {
    .name = "cutout",
    .summary = "overwrites squares, which may reach over the border",
    .source = "DeVries and Taylor 2017, arXiv:1708.04552",
    .fields = fields,
    .config_size = sizeof(cutout_config),
    .check = check,
    .apply = apply};
