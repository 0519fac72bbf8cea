#include <string.h>

#include "base/alloc.h"
#include "data/formats.h"
#include "data/png.h"

enum { GAP = 2, WHITE = 255, MAX_SCALE = 64 };

static int gap_of(const wf_sheet *s) { return s->is_seamless ? 0 : GAP; }

wf_status wf_sheet_create(wf_sheet *inout, wf_context *cx) {
    wf_sheet s = *inout;
    WF_REQUIRE(s.count >= 1 && s.columns >= 1, WF_E_ARG,
               "sheet of %d tiles in %d columns: both must be at least 1", s.count, s.columns);
    WF_REQUIRE(s.scale >= 1 && s.scale <= MAX_SCALE, WF_E_ARG,
               "sheet of tiles enlarged %d times, must be 1 to %d", s.scale, MAX_SCALE);
    WF_TRY(wf__image_check(cx, s.tile_height, s.tile_width, s.channels, "tile of a sheet"));
    if (s.columns > s.count) s.columns = s.count;
    const int64_t rows = (s.count + (int64_t)s.columns - 1) / s.columns;
    const int64_t gap = gap_of(&s);
    const int64_t height = rows * ((int64_t)s.tile_height * s.scale + gap) + gap,
                  width = s.columns * ((int64_t)s.tile_width * s.scale + gap) + gap;
    WF_TRY(wf__image_check(cx, height, width, s.channels, "sheet"));
    s.height = (int)height;
    s.width = (int)width;
    const size_t bytes = (size_t)height * (size_t)width * (size_t)s.channels;
    WF_TRY(wf_alloc(&s.pixels, cx, bytes, 1));
    memset(s.pixels, WHITE, bytes);
    *inout = s;
    return WF_OK;
}

void wf_sheet_put(wf_sheet *s, int tile, const uint8_t *pixels, int channels) {
    const int gap = gap_of(s), top = gap + tile / s->columns * (s->tile_height * s->scale + gap),
              left = gap + tile % s->columns * (s->tile_width * s->scale + gap);
    for (int y = 0; y < s->tile_height * s->scale; y++) {
        const uint8_t *row = pixels + (size_t)(y / s->scale * s->tile_width) * (size_t)channels;
        uint8_t *to =
            s->pixels + ((size_t)(top + y) * (size_t)s->width + (size_t)left) * (size_t)s->channels;
        for (int x = 0; x < s->tile_width * s->scale; x++)
            for (int k = 0; k < s->channels; k++)
                *to++ = row[x / s->scale * channels + (channels == 1 ? 0 : k)];
    }
}

void wf_sheet_reset(wf_sheet *s) {
    wf_free(s->pixels);
    *s = (wf_sheet){0};
}
