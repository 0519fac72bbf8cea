/* Draws, up to 100 times until the rectangle is smaller than the image: its share of the area, its
 * height over its width; then its first row and its first column; then, for random levels, bytes of
 * the sequence for pixel after pixel and channel after channel. Everything is drawn evenly between
 * its bounds, as in the authors' code. */
#include <math.h>

#include "nn/augment.h"

enum { FILL_RANDOM, FILL_CONSTANT, ATTEMPTS = 100 };

typedef struct erase_config {
    wf_augment_common common;
    double min_area, max_area, min_aspect, value;
    int32_t fill;
} erase_config;

static wf_status check(wf_context *cx, const void *config, int height, int width) {
    const erase_config *c = config;
    (void)height;
    (void)width;
    WF_REQUIRE(c->min_area <= c->max_area, WF_E_ARG,
               "augmentation random_erase: min_area is %g, must be at most max_area, which is %g",
               c->min_area, c->max_area);
    return WF_OK;
}

static double draw(wf_rng *rng, double low, double high) {
    return low + (high - low) * wf_rng_uniform(rng);
}

/* Rows and columns of the rectangle; 0 if none was found. */
static int draw_size(int *rows, int *columns, const wf_augment_image *image, wf_rng *rng,
                     const erase_config *c) {
    for (int i = 0; i < ATTEMPTS; i++) {
        const double area = draw(rng, c->min_area, c->max_area) * image->height * image->width;
        const double aspect = draw(rng, c->min_aspect, 1 / c->min_aspect);
        *rows = (int)lround(sqrt(area * aspect));
        *columns = (int)lround(sqrt(area / aspect));
        if (*rows < image->height && *columns < image->width) return 1;
    }
    return 0;
}

static void fill_random(const wf_augment_image *image, int top, int bottom, int left, int right,
                        wf_rng *rng) {
    uint32_t bytes = 0;
    int have = 0;
    for (int y = top; y < bottom; y++) {
        float *x = image->values + ((ptrdiff_t)y * image->width + left) * image->channels;
        for (int i = left; i < right; i++)
            for (int k = 0; k < image->channels; k++, bytes >>= 8, have--) {
                if (have == 0) {
                    bytes = wf_rng_u32(rng);
                    have = 4;
                }
                *x++ = (float)(bytes & 255) * image->scale[k] + image->shift[k];
            }
    }
}

static void apply(const wf_augment_image *image, wf_rng *rng, const void *config) {
    const erase_config *c = config;
    int rows, columns;
    if (!draw_size(&rows, &columns, image, rng, c)) return;
    const int top = (int)wf_rng_below(rng, (uint64_t)(image->height - rows) + 1);
    const int left = (int)wf_rng_below(rng, (uint64_t)(image->width - columns) + 1);
    if (c->fill == FILL_RANDOM) fill_random(image, top, top + rows, left, left + columns, rng);
    else wf__augment_fill(image, top, top + rows, left, left + columns, c->value);
}

static const wf_field fields[] = {
    WF_AUGMENT_RATE_FIELD("0.5"),
    {"min_area", WF_FIELD_REAL, offsetof(erase_config, min_area), 0, 1, NULL, "0.02",
     "smallest share of the image"},
    {"max_area", WF_FIELD_REAL, offsetof(erase_config, max_area), 0, 1, NULL, "0.4",
     "largest share of the image"},
    {"min_aspect", WF_FIELD_REAL, offsetof(erase_config, min_aspect), 0.01, 1, NULL, "0.3",
     "smallest height over width; the largest is one over it"},
    {"fill", WF_FIELD_CHOICE, offsetof(erase_config, fill), 0, 0, "random|constant", "random",
     "a random level for every pixel and channel, or one value"},
    WF_AUGMENT_VALUE_FIELD(erase_config, "level of a constant fill, 0 is black"),
    {0}};

const wf_augment_class wf_random_erase_augmentation = {
    .name = "random_erase",
    .summary = "overwrites a rectangle of random size, form and place",
    .source = "Zhong et al. 2017, arXiv:1708.04896",
    .fields = fields,
    .config_size = sizeof(erase_config),
    .check = check,
    .apply = apply};
