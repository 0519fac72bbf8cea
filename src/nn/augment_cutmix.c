/* Draws a share from the beta distribution, then row and column of the rectangle's centre, any
 * pixel of the image. The rectangle has sqrt(1 - share) of the image's height and of its width,
 * rounded down, begins half of that (rounded down) before the centre, and what lies outside of the
 * image is lost. The share of the target is the share of the pixels that are still the image's
 * own. */
#include <math.h>
#include <string.h>

#include "nn/augment.h"

typedef struct cutmix_config {
    wf_augment_common common;
    double alpha;
} cutmix_config;

/* [first, last) of the `size` pixels of an axis. */
static void draw_range(int *first, int *last, wf_rng *rng, int size, double part) {
    const int length = (int)(size * part);
    *first = (int)wf_rng_below(rng, (uint64_t)size) - length / 2;
    *last = *first + length < size ? *first + length : size;
    *first = *first > 0 ? *first : 0;
}

static double mix(const wf_augment_image *image, const float *partner, wf_rng *rng,
                  const void *config) {
    const double share = wf__augment_beta(rng, ((const cutmix_config *)config)->alpha);
    const int h = image->height, w = image->width, c = image->channels;
    int top, bottom, left, right;
    draw_range(&top, &bottom, rng, h, sqrt(1 - share));
    draw_range(&left, &right, rng, w, sqrt(1 - share));
    for (int y = top; partner && y < bottom; y++) {
        const ptrdiff_t at = ((ptrdiff_t)y * w + left) * c;
        memcpy(image->values + at, partner + at, (size_t)((right - left) * c) * sizeof *partner);
    }
    return 1 - (double)((bottom - top) * (right - left)) / (double)(h * w);
}

static const wf_field fields[] = {WF_AUGMENT_RATE_FIELD("1"),
                                  {"alpha", WF_FIELD_REAL, offsetof(cutmix_config, alpha), 0.001,
                                   1000, NULL, "1",
                                   "of the beta distribution of shares: 1 is uniform"},
                                  {0}};

const wf_augment_class wf_cutmix_augmentation = {
    .name = "cutmix",
    .summary =
        "puts a rectangle of another image of the batch into the image, and mixes the targets",
    .source = "Yun et al. 2019, arXiv:1905.04899",
    .fields = fields,
    .config_size = sizeof(cutmix_config),
    .mix = mix};
