#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/status.h"
#include "weft/data.h"

wf_status wf_normalization_kind_parse(wf_normalization_kind *out, wf_context *cx,
                                      const char *text) {
    bool is_unit = strcmp(text, "unit") == 0;
    WF_REQUIRE(is_unit || strcmp(text, "standardize") == 0, WF_E_ARG,
               "normalization %s, must be unit or standardize", text);
    *out = is_unit ? WF_NORMALIZATION_UNIT : WF_NORMALIZATION_STANDARDIZE;
    return WF_OK;
}

/* Sum and sum of squares of one channel: whole numbers, hence the same in any order. */
static void sum_channel(uint64_t *out_sum, uint64_t *out_squares, const wf_images *images,
                        const int32_t *indices, int64_t n, int32_t channel) {
    size_t pixels = (size_t)images->height * (size_t)images->width;
    size_t step = (size_t)images->channels, bytes = pixels * step;
    uint64_t sum = 0, squares = 0;
    for (int64_t i = 0; i < n; i++) {
        const uint8_t *p = images->pixels + (size_t)(indices ? indices[i] : i) * bytes + channel;
        for (size_t j = 0; j < pixels; j++) {
            uint32_t value = p[j * step];
            sum += value;
            squares += value * value;
        }
    }
    *out_sum = sum;
    *out_squares = squares;
}

wf_status wf_normalization_create(wf_normalization *out, wf_context *cx, wf_normalization_kind kind,
                                  const wf_images *images, const int32_t *indices, int64_t n) {
    WF_REQUIRE(images->channels >= 1 && images->channels <= 4, WF_E_ARG,
               "normalization of %d channels, must be 1 to 4", images->channels);
    if (!indices) n = images->count;
    WF_REQUIRE(n >= 1 && images->count >= 1, WF_E_ARG,
               "normalization needs the statistics of at least one image");
    wf_normalization result = {.channels = images->channels};
    for (int32_t c = 0; c < images->channels; c++) {
        double mean = 0, deviation = 255;
        if (kind == WF_NORMALIZATION_STANDARDIZE) {
            uint64_t sum, squares;
            sum_channel(&sum, &squares, images, indices, n, c);
            double count = (double)n * images->height * images->width;
            mean = (double)sum / count;
            double variance = (double)squares / count - mean * mean;
            if (variance > 1e-9) deviation = sqrt(variance);
        }
        result.scale[c] = (float)(1 / deviation);
        result.shift[c] = (float)(-mean / deviation);
    }
    *out = result;
    return WF_OK;
}

wf_status wf_one_hot(float *targets, wf_context *cx, const int32_t *labels, int64_t n,
                     int32_t n_classes) {
    for (int64_t i = 0; i < n; i++)
        WF_REQUIRE(labels[i] >= 0 && labels[i] < n_classes, WF_E_DATA,
                   "label %d of image %lld, must be from 0 to %d", labels[i], (long long)i,
                   n_classes - 1);
    memset(targets, 0, (size_t)n * (size_t)n_classes * sizeof *targets);
    for (int64_t i = 0; i < n; i++) targets[i * n_classes + labels[i]] = 1;
    return WF_OK;
}
