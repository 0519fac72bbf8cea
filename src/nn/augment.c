#include "nn/augment.h"

#include <math.h>
#include <string.h>

#include "base/str.h"
#include "nn/fields.h"

#define WF_AUGMENTATION(name) extern const wf_augment_class wf_##name##_augmentation;
#include "nn/augmentations.def"
#undef WF_AUGMENTATION

static const wf_augment_class *const classes[] = {
#define WF_AUGMENTATION(name) &wf_##name##_augmentation,
#include "nn/augmentations.def"
#undef WF_AUGMENTATION
};

size_t wf_augment_count(void) { return sizeof classes / sizeof *classes; }

const wf_augment_class *wf_augment_at(size_t i) {
    return i < wf_augment_count() ? classes[i] : NULL;
}

const wf_augment_class *wf_augment_find(const char *name) {
    for (size_t i = 0; i < wf_augment_count(); i++)
        if (strcmp(classes[i]->name, name) == 0) return classes[i];
    return NULL;
}

/* ---- pipelines ---- */

static wf_status fail_unknown(wf_context *cx, const char *name) {
    const char *names[sizeof classes / sizeof *classes], *near;
    for (size_t i = 0; i < wf_augment_count(); i++) names[i] = classes[i]->name;
    near = wf_str_nearest(name, names, wf_augment_count());
    WF_REQUIRE(!near, WF_E_ARG, "there is no augmentation \"%.60s\" | did you mean %s?", name,
               near);
    return WF_FAIL(WF_E_ARG, "there is no augmentation \"%.60s\" | `weft layers` lists them", name);
}

wf_status wf_augmentation_add(wf_augmentation *pipeline, wf_context *cx, const char *name) {
    wf_augment_step step = {.class = wf_augment_find(name)};
    if (!step.class) return fail_unknown(cx, name);
    WF_REQUIRE(pipeline->n < WF_MAX_AUGMENT_STEPS, WF_E_LIMIT, "augmentation: more than %d steps",
               WF_MAX_AUGMENT_STEPS);
    WF_TRY(wf_fields_create(&step.config, cx, step.class->fields, step.class->config_size));
    pipeline->steps[pipeline->n++] = step;
    return WF_OK;
}

wf_status wf_augmentation_copy(wf_augmentation *out, wf_context *cx, const wf_augmentation *from) {
    wf_augmentation copy = {0};
    for (; copy.n < from->n; copy.n++) {
        const wf_augment_class *class = from->steps[copy.n].class;
        wf_augment_step *step = &copy.steps[copy.n];
        step->class = class;
        wf_status status = wf_fields_copy(&step->config, cx, class->fields, class->config_size,
                                          from->steps[copy.n].config);
        if (status != WF_OK) {
            wf_augmentation_reset(&copy);
            return status;
        }
    }
    *out = copy;
    return WF_OK;
}

void wf_augmentation_reset(wf_augmentation *pipeline) {
    for (int i = 0; i < pipeline->n; i++)
        wf_fields_destroy(pipeline->steps[i].class->fields, pipeline->steps[i].config);
    *pipeline = (wf_augmentation){0};
}

int wf_augmentation_mix(const wf_augmentation *pipeline, int end) {
    while (end > 0 && !pipeline->steps[end - 1].class->mix) end--;
    return end - 1;
}

wf_status wf_augmentation_check(wf_context *cx, const wf_augmentation *pipeline,
                                const wf_shape *input) {
    char shape[96];
    int mixes = 0;
    for (int i = pipeline->n; (i = wf_augmentation_mix(pipeline, i)) >= 0;) mixes++;
    WF_REQUIRE(mixes <= WF_MAX_AUGMENT_MIXES, WF_E_LIMIT,
               "augmentation: %d steps mix images, must be at most %d", mixes,
               WF_MAX_AUGMENT_MIXES);
    for (int i = 0; i < pipeline->n; i++) {
        const wf_augment_class *class = pipeline->steps[i].class;
        WF_REQUIRE(input->rank == 3 && input->dim[2] <= WF_MAX_AUGMENT_CHANNELS, WF_E_ARG,
                   "augmentation %s needs images of 1 to %d channels, the model's input is %s | "
                   "write input: [height, width, channels] and a layer flatten",
                   class->name, WF_MAX_AUGMENT_CHANNELS, wf_shape_text(shape, sizeof shape, input));
        if (class->check)
            WF_TRY(class->check(cx, pipeline->steps[i].config, (int)input->dim[0],
                                (int)input->dim[1]));
    }
    return WF_OK;
}

int wf_augment_draw(wf_rng *rng, const wf_augmentation *pipeline, int step, uint64_t seed,
                    uint32_t epoch, int64_t position) {
    const wf_augment_common *common = pipeline->steps[step].config;
    wf_rng_init_at(rng, seed, WF_STREAM_AUGMENT + (uint32_t)step, epoch, (uint32_t)position);
    return wf_rng_uniform(rng) < common->rate;
}

/* ---- what steps share ---- */

static int between(int x, int low, int high) { return x < low ? low : x > high ? high : x; }

void wf__augment_fill(const wf_augment_image *image, int top, int bottom, int left, int right,
                      double level) {
    const int c = image->channels;
    top = between(top, 0, image->height);
    bottom = between(bottom, 0, image->height);
    left = between(left, 0, image->width);
    right = between(right, 0, image->width);
    for (int y = top; y < bottom; y++) {
        float *row = image->values + (ptrdiff_t)y * image->width * c;
        for (int x = left; x < right; x++)
            for (int k = 0; k < c; k++)
                row[x * c + k] = (float)level * image->scale[k] + image->shift[k];
    }
}

/* Copies the pixel at `from` to columns [left, right) of its row, both in units of pixels. */
static void spread(float *row, int from, int left, int right, int c) {
    for (int x = left; x < right; x++)
        for (int k = 0; k < c; k++) row[x * c + k] = row[from * c + k];
}

void wf__augment_shift(const wf_augment_image *image, int down, int right, int edge, double level) {
    const int h = image->height, w = image->width, c = image->channels;
    const ptrdiff_t line = (ptrdiff_t)w * c;
    /* rows and columns that keep what was in the image */
    const int top = down > 0 ? down : 0, bottom = down < 0 ? h + down : h;
    const int first = right > 0 ? right : 0, last = right < 0 ? w + right : w;
    const size_t bytes = (size_t)(last - first) * (size_t)c * sizeof(float);
    float *x = image->values;
    for (int i = 0; i < bottom - top; i++) { /* in the order that overwrites nothing unread */
        const int y = down > 0 ? bottom - 1 - i : top + i;
        memmove(x + y * line + first * c, x + (y - down) * line + (first - right) * c, bytes);
        if (edge) {
            spread(x + y * line, first, 0, first, c);
            spread(x + y * line, last - 1, last, w, c);
        }
    }
    if (edge) {
        for (int y = 0; y < top; y++)
            memcpy(x + y * line, x + top * line, (size_t)line * sizeof *x);
        for (int y = bottom; y < h; y++)
            memcpy(x + y * line, x + (bottom - 1) * line, (size_t)line * sizeof *x);
        return;
    }
    wf__augment_fill(image, 0, top, 0, w, level);
    wf__augment_fill(image, bottom, h, 0, w, level);
    wf__augment_fill(image, top, bottom, 0, first, level);
    wf__augment_fill(image, top, bottom, last, w, level);
}

void wf__augment_mirror(const wf_augment_image *image) {
    const int w = image->width, c = image->channels;
    for (int y = 0; y < image->height; y++) {
        float *row = image->values + (ptrdiff_t)y * w * c;
        for (int a = 0, b = w - 1; a < b; a++, b--)
            for (int k = 0; k < c; k++) {
                const float t = row[a * c + k];
                row[a * c + k] = row[b * c + k];
                row[b * c + k] = t;
            }
    }
}

/* The logarithm of a gamma variate: Marsaglia and Tsang 2000 for alpha + 1, times U^(1/alpha). In
 * logarithms, since small alpha give numbers that are too small for a double. */
static double log_gamma_variate(wf_rng *rng, double alpha) {
    const double d = alpha + 1 - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        const double z = wf_rng_normal(rng), u = 1 - wf_rng_uniform(rng), v = 1 + c * z;
        if (v <= 0 || log(u) >= z * z / 2 + d - d * v * v * v + d * log(v * v * v)) continue;
        return log(d * v * v * v) + log(1 - wf_rng_uniform(rng)) / alpha;
    }
}

double wf__augment_beta(wf_rng *rng, double alpha) {
    const double x = log_gamma_variate(rng, alpha), y = log_gamma_variate(rng, alpha);
    return 1 / (1 + exp(y - x));
}
