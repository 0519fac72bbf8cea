#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "data/formats.h"
#include "data/resize.h"

wf_status wf__image_check(wf_context *cx, int64_t height, int64_t width, int64_t channels,
                          const char *name) {
    WF_REQUIRE(height >= 1 && width >= 1, WF_E_DATA,
               "%s: images of %lld x %lld pixels, expected at least 1 x 1", name, (long long)height,
               (long long)width);
    WF_REQUIRE(channels == 1 || channels == 3, WF_E_DATA,
               "%s: images of %lld channels, expected 1 (grey) or 3 (colour)", name,
               (long long)channels);
    WF_REQUIRE(height <= WF_IMAGE_MAX_SIDE && width <= WF_IMAGE_MAX_SIDE &&
                   height * width <= WF_IMAGE_MAX_PIXELS,
               WF_E_LIMIT,
               "%s: images of %lld x %lld pixels, at most %d a side and 64 million (2^26) in all",
               name, (long long)height, (long long)width, WF_IMAGE_MAX_SIDE);
    return WF_OK;
}

wf_status wf__images_alloc(wf_images *out, wf_context *cx, int64_t count, int64_t height,
                           int64_t width, int64_t channels, bool with_labels, const char *name) {
    WF_TRY(wf__image_check(cx, height, width, channels, name));
    WF_REQUIRE(count >= 1 && count <= INT32_MAX, WF_E_DATA,
               "%s: %lld images, expected 1 to 2147483647", name, (long long)count);
    wf_images images = {.count = count,
                        .height = (int32_t)height,
                        .width = (int32_t)width,
                        .channels = (int32_t)channels};
    WF_TRY(wf_alloc(&images.pixels, cx, (size_t)count, wf__image_bytes(&images)));
    if (with_labels) {
        wf_status status = wf_alloc(&images.labels, cx, (size_t)count, sizeof *images.labels);
        if (status != WF_OK) {
            wf_images_reset(&images);
            return status;
        }
    }
    *out = images;
    return WF_OK;
}

wf_status wf__images_alloc_sets(wf_images *images, wf_context *cx, int32_t n_labels) {
    WF_TRY(wf_alloc(&images->label_sets, cx, (size_t)images->count, (size_t)n_labels));
    images->n_labels = n_labels;
    return WF_OK;
}

wf_status wf__images_alloc_sizes(wf_images *images, wf_context *cx) {
    return wf_alloc(&images->object_sizes, cx, (size_t)images->count,
                    (size_t)images->n_labels * sizeof *images->object_sizes);
}

size_t wf__image_bytes(const wf_images *images) {
    return (size_t)images->height * (size_t)images->width * (size_t)images->channels;
}

void wf_images_reset(wf_images *images) {
    wf_free(images->pixels);
    wf_free(images->labels);
    wf_free(images->label_sets);
    wf_free(images->object_sizes);
    *images = (wf_images){0};
}

wf_status wf_images_pick(wf_images *out, wf_context *cx, const wf_images *from,
                         const int32_t *index, int64_t n) {
    wf_images picked = {0};
    for (int64_t i = 0; i < n; i++)
        WF_REQUIRE(index[i] >= 0 && index[i] < from->count, WF_E_ARG,
                   "row %d of %lld images, must be from 0 to %lld", index[i],
                   (long long)from->count, (long long)from->count - 1);
    WF_TRY(wf__images_alloc(&picked, cx, n, from->height, from->width, from->channels,
                            from->labels != NULL, "picked images"));
    wf_status status = WF_OK;
    if (from->label_sets) status = wf__images_alloc_sets(&picked, cx, from->n_labels);
    if (status == WF_OK && from->object_sizes) status = wf__images_alloc_sizes(&picked, cx);
    if (status != WF_OK) {
        wf_images_reset(&picked);
        return status;
    }
    size_t bytes = wf__image_bytes(from), width = (size_t)from->n_labels;
    for (size_t i = 0; i < (size_t)n; i++) {
        size_t row = (size_t)index[i];
        memcpy(picked.pixels + i * bytes, from->pixels + row * bytes, bytes);
        if (picked.labels) picked.labels[i] = from->labels[row];
        if (picked.label_sets)
            memcpy(picked.label_sets + i * width, from->label_sets + row * width, width);
        if (picked.object_sizes)
            memcpy(picked.object_sizes + i * width, from->object_sizes + row * width,
                   width * sizeof *picked.object_sizes);
    }
    *out = picked;
    return WF_OK;
}

/* --- the channels --------------------------------------------------------------------------- */

static void to_grey(uint8_t *dst, const uint8_t *src, size_t pixels) {
    for (size_t i = 0; i < pixels; i++) {
        unsigned sum = 299u * src[3 * i] + 587u * src[3 * i + 1] + 114u * src[3 * i + 2];
        dst[i] = (uint8_t)((sum + 500) / 1000);
    }
}

static void to_color(uint8_t *dst, const uint8_t *src, size_t pixels) {
    for (size_t i = 0; i < pixels; i++) dst[3 * i] = dst[3 * i + 1] = dst[3 * i + 2] = src[i];
}

/* `next` takes the place of `inout`, and its labels. */
static void replace(wf_images *inout, wf_images *next) {
    next->labels = inout->labels;
    next->label_sets = inout->label_sets;
    next->n_labels = inout->n_labels;
    next->object_sizes = inout->object_sizes;
    inout->labels = NULL;
    inout->label_sets = NULL;
    inout->object_sizes = NULL;
    wf_images_reset(inout);
    *inout = *next;
    *next = (wf_images){0};
}

static wf_status convert_channels(wf_images *inout, wf_context *cx, int32_t channels,
                                  wf__conversion *conversion, const char *name) {
    if (channels == 0 || channels == inout->channels) return WF_OK;
    wf_images next = {0};
    WF_TRY(wf__images_alloc(&next, cx, inout->count, inout->height, inout->width, channels, false,
                            name));
    size_t pixels = (size_t)inout->count * (size_t)inout->height * (size_t)inout->width;
    if (channels == 1) to_grey(next.pixels, inout->pixels, pixels);
    else to_color(next.pixels, inout->pixels, pixels);
    *(channels == 1 ? &conversion->to_grey : &conversion->to_color) += inout->count;
    replace(inout, &next);
    return WF_OK;
}

static wf_status convert_size(wf_images *inout, wf_context *cx, wf__wanted wanted,
                              wf__conversion *conversion, const char *name) {
    int32_t height = wanted.height ? wanted.height : inout->height;
    int32_t width = wanted.width ? wanted.width : inout->width;
    if (height == inout->height && width == inout->width) return WF_OK;
    wf_images next = {0};
    wf__resizer r = {0};
    float *middle = NULL;
    wf_status status = WF_OK;
    WF_TRY_OR(
        wf__images_alloc(&next, cx, inout->count, height, width, inout->channels, false, name));
    WF_TRY_OR(wf__resizer_init(&r, cx, inout->height, inout->width, height, width, next.channels));
    WF_TRY_OR(wf_alloc(&middle, cx, (size_t)inout->height * (size_t)width * (size_t)next.channels,
                       sizeof *middle));
    size_t from = wf__image_bytes(inout), to = wf__image_bytes(&next);
    for (size_t i = 0; i < (size_t)inout->count; i++)
        wf__resizer_run(&r, next.pixels + i * to, inout->pixels + i * from, middle);
    if (conversion->resized == 0) {
        conversion->from_height = inout->height;
        conversion->from_width = inout->width;
    } else if (conversion->from_height != inout->height || conversion->from_width != inout->width) {
        conversion->from_several = true;
    }
    conversion->resized += inout->count;
    conversion->to_height = height;
    conversion->to_width = width;
    replace(inout, &next);
done:
    wf_free(middle);
    wf__resizer_reset(&r);
    wf_images_reset(&next);
    return status;
}

wf_status wf__images_convert(wf_images *inout, wf_context *cx, wf__wanted wanted,
                             wf__conversion *conversion, const char *name) {
    WF_TRY(convert_channels(inout, cx, wanted.channels, conversion, name));
    return convert_size(inout, cx, wanted, conversion, name);
}

static void add_note(wf_str *notes, wf_context *cx, const char *part, int64_t n, const char *what) {
    if (n > 0) wf_str_addf(notes, cx, "%s: %lld %s\n", part, (long long)n, what);
}

void wf__conversion_notes(wf_str *notes, wf_context *cx, const char *part,
                          const wf__conversion *c) {
    char resized[160];
    snprintf(resized, sizeof resized,
             "image(s) resized from %dx%d%s to %dx%d (height x width, bilinear, antialiased)",
             c->from_height, c->from_width, c->from_several ? " and other sizes" : "", c->to_height,
             c->to_width);
    add_note(notes, cx, part, c->narrowed, "image(s) of 16 bits a channel reduced to 8");
    add_note(notes, cx, part, c->blended, "image(s) with transparent parts laid on black");
    add_note(notes, cx, part, c->to_grey, "image(s) converted from colour to grey (ITU-R 601)");
    add_note(notes, cx, part, c->to_color, "grey image(s) converted to three equal channels");
    add_note(notes, cx, part, c->resized, resized);
    add_note(notes, cx, part, c->ignored_files, "file(s) ignored, neither PNG nor JPEG");
}
