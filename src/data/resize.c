#include "data/resize.h"

#include <stddef.h>

#include "base/alloc.h"

/* Weights of a triangle as wide as one source pixel, or as one destination pixel when shrinking, so
 * that every source pixel counts. */
static wf_status axis_init(wf__resize_axis *out, wf_context *cx, int32_t in, int32_t to) {
    double scale = (double)in / to, width = scale > 1 ? scale : 1;
    int32_t most = (int32_t)(2 * width) + 3;
    out->most = most;
    WF_TRY(wf_alloc(&out->first, cx, (size_t)to, sizeof *out->first));
    WF_TRY(wf_alloc(&out->count, cx, (size_t)to, sizeof *out->count));
    WF_TRY(wf_alloc(&out->weights, cx, (size_t)to * (size_t)most, sizeof *out->weights));
    for (int32_t o = 0; o < to; o++) {
        double center = (o + 0.5) * scale, sum = 0;
        double low = center - width + 0.5, high = center + width + 0.5;
        int32_t first = low > 0 ? (int32_t)low : 0;
        int32_t last = high < in ? (int32_t)high : in; /* exclusive */
        for (int pass = 0; pass < 2; pass++) {
            for (int32_t x = first; x < last; x++) {
                double distance = (x + 0.5 - center) / width;
                double weight = 1 - (distance < 0 ? -distance : distance);
                if (weight < 0) weight = 0;
                if (pass == 0) sum += weight;
                else
                    out->weights[(size_t)o * (size_t)most + (size_t)(x - first)] =
                        (float)(weight / sum);
            }
        }
        out->first[o] = first;
        out->count[o] = last - first;
    }
    return WF_OK;
}

static void axis_reset(wf__resize_axis *axis) {
    wf_free(axis->first);
    wf_free(axis->count);
    wf_free(axis->weights);
}

void wf__resizer_reset(wf__resizer *r) {
    axis_reset(&r->rows);
    axis_reset(&r->columns);
    *r = (wf__resizer){0};
}

wf_status wf__resizer_init(wf__resizer *out, wf_context *cx, int32_t in_height, int32_t in_width,
                           int32_t out_height, int32_t out_width, int32_t channels) {
    wf__resizer r = {.in_height = in_height,
                     .in_width = in_width,
                     .out_height = out_height,
                     .out_width = out_width,
                     .channels = channels};
    wf_status status = WF_OK;
    WF_TRY_OR(axis_init(&r.rows, cx, in_height, out_height));
    WF_TRY_OR(axis_init(&r.columns, cx, in_width, out_width));
    *out = r;
    return WF_OK;
done:
    wf__resizer_reset(&r);
    return status;
}

void wf__resizer_run(const wf__resizer *r, uint8_t *dst, const uint8_t *src, float *middle) {
    size_t c = (size_t)r->channels, in_stride = (size_t)r->in_width * c;
    size_t stride = (size_t)r->out_width * c;
    for (size_t y = 0; y < (size_t)r->in_height; y++) {
        for (size_t x = 0; x < (size_t)r->out_width; x++) {
            const float *weights = r->columns.weights + x * (size_t)r->columns.most;
            const uint8_t *from = src + y * in_stride + (size_t)r->columns.first[x] * c;
            for (size_t k = 0; k < c; k++) {
                float sum = 0;
                for (int32_t i = 0; i < r->columns.count[x]; i++)
                    sum += weights[i] * (float)from[(size_t)i * c + k];
                middle[y * stride + x * c + k] = sum;
            }
        }
    }
    for (size_t y = 0; y < (size_t)r->out_height; y++) {
        const float *weights = r->rows.weights + y * (size_t)r->rows.most;
        const float *from = middle + (size_t)r->rows.first[y] * stride;
        for (size_t x = 0; x < stride; x++) {
            float sum = 0;
            for (int32_t i = 0; i < r->rows.count[y]; i++)
                sum += weights[i] * from[(size_t)i * stride + x];
            dst[y * stride + x] = (uint8_t)(sum <= 0 ? 0 : sum >= 255 ? 255 : sum + 0.5f);
        }
    }
}
