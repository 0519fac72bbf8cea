/* Draws the share of the image from the beta distribution; image = share image + (1 - share)
 * partner. */
#include "nn/augment.h"

typedef struct mixup_config {
    wf_augment_common common;
    double alpha;
} mixup_config;

static double mix(const wf_augment_image *image, const float *partner, wf_rng *rng,
                  const void *config) {
    const double share = wf__augment_beta(rng, ((const mixup_config *)config)->alpha);
    const int size = image->height * image->width * image->channels;
    const float own = (float)share, other = (float)(1 - share);
    for (int i = 0; partner && i < size; i++)
        image->values[i] = own * image->values[i] + other * partner[i];
    return share;
}

static const wf_field fields[] = {
    WF_AUGMENT_RATE_FIELD("1"),
    {"alpha", WF_FIELD_REAL, offsetof(mixup_config, alpha), 0.001, 1000, NULL, "0.2",
     "of the beta distribution of shares: 1 is uniform, smaller mixes less"},
    {0}};

const wf_augment_class wf_mixup_augmentation = {
    .name = "mixup",
    .summary = "blends the image and its target with another one's of the batch",
    .source = "Zhang et al. 2018, arXiv:1710.09412",
    .fields = fields,
    .config_size = sizeof(mixup_config),
    .mix = mix};
