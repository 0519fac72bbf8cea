#include "report/sprite.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "data/formats.h"
#include "data/png.h"
#include "data/webp.h"

enum {
    MAX_PIXELS = 10 << 20, /* 10,240 images of 32 x 32 */
    MAX_SIDE = 160,        /* of a tile: as large as a page shows one */
    PROBE_PIXELS = 1 << 20
};

/* ---- the pixels ---- */

/* The tile's size: the images' own, shrunk in its form until all have MAX_PIXELS in all. */
static void choose_tile(wf_sheet *s, const wf_images *form) {
    const double h = form->height, w = form->width;
    double scale = fmin(1, MAX_SIDE / fmax(h, w));
    scale = fmin(scale, sqrt(MAX_PIXELS / (h * w * s->count)));
    s->tile_height = (int)fmax(1, floor(h * scale));
    s->tile_width = (int)fmax(1, floor(w * scale));
}

/* As near to a square as whole rows can be. */
static int choose_columns(const wf_sheet *s) {
    const double area = (double)s->count * s->tile_height * s->tile_width;
    return (int)ceil(sqrt(area) / s->tile_width);
}

static wf_status put(wf_sheet *s, wf_context *cx, int tile, const uint8_t *pixels,
                     const wf_images *form) {
    const wf__wanted wanted = {.height = s->tile_height, .width = s->tile_width};
    wf_images one = {0};
    wf__conversion conversion = {0};
    if (s->tile_height == form->height && s->tile_width == form->width) {
        wf_sheet_put(s, tile, pixels, form->channels);
        return WF_OK;
    }
    WF_TRY(wf__images_alloc(&one, cx, 1, form->height, form->width, form->channels, false, "tile"));
    memcpy(one.pixels, pixels, wf__image_bytes(form));
    wf_status status = wf__images_convert(&one, cx, wanted, &conversion, "tile");
    if (status == WF_OK) wf_sheet_put(s, tile, one.pixels, one.channels);
    wf_images_reset(&one);
    return status;
}

/* ---- the file ---- */

/* Where the sheet is large, its first rows say how large the file would become. */
static wf_status encode(wf_str *out, wf_context *cx, const wf_sheet *s, size_t limit) {
    static const int qualities[] = {80, 65, 50, 40, 30, 25, 20, 15};
    const int count = sizeof qualities / sizeof *qualities;
    int rows = s->height;
    while ((int64_t)rows * s->width > PROBE_PIXELS && rows > 2 * s->tile_height) rows /= 2;
    for (int i = 0;; i++) {
        const int is_last = i + 1 == count;
        wf_str bytes = {0};
        WF_TRY(wf_webp_encode(&bytes, cx, s->pixels, rows, s->width, qualities[i]));
        double whole = (double)bytes.length * s->height / rows;
        if (rows < s->height && (whole <= (double)limit || is_last)) {
            wf_str_reset(&bytes);
            WF_TRY(wf_webp_encode(&bytes, cx, s->pixels, s->height, s->width, qualities[i]));
            whole = (double)bytes.length;
        }
        if (whole <= (double)limit || is_last) {
            *out = bytes;
            return WF_OK;
        }
        wf_str_reset(&bytes);
    }
}

wf_status wf_sprite_create(wf_sprite *out, wf_context *cx, const uint8_t *const *images, int count,
                           const wf_images *form, size_t limit) {
    wf_sheet s = {.count = count, .channels = 3, .scale = 1, .is_seamless = 1};
    wf_str webp = {0};
    wf_status status;
    WF_REQUIRE(count > 0, WF_E_ARG, "sprite of %d images: there must be at least 1", count);
    choose_tile(&s, form);
    s.columns = choose_columns(&s);
    WF_TRY(wf_sheet_create(&s, cx));
    for (int i = 0; i < count; i++) WF_TRY_OR(put(&s, cx, i, images[i], form));
    WF_TRY_OR(encode(&webp, cx, &s, limit));
    *out = (wf_sprite){s.columns, count, s.tile_height, s.tile_width, webp};
done:
    wf_sheet_reset(&s);
    return status;
}

void wf_sprite_reset(wf_sprite *s) {
    wf_str_reset(&s->webp);
    *s = (wf_sprite){0};
}
