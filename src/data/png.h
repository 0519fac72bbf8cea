/* Pictures of bytes, grey or colour, as PNG files in memory; sheets of pictures. */
#ifndef WF_DATA_PNG_H
#define WF_DATA_PNG_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/str.h"

/* The PNG file (8 bits per channel, not interlaced) of pixels [height][width][channels]. The same
 * pixels give the same bytes. `out` must be zero or empty; release it with wf_str_reset.
 *  channels: 1 grey, 3 red green blue.  height, width: 1 .. 65535, at most 64 Mpixel.
 * Errors: WF_E_DATA (extents, channels), WF_E_LIMIT, WF_E_NOMEM.  Threads: any.
 * Source: PNG, third edition, https://www.w3.org/TR/png-3/ */
wf_status wf_png_encode(wf_str *out, wf_context *cx, const uint8_t *pixels, int height, int width,
                        int channels);

/* Tiles of one size in rows from left to right, white between and around them and where the last
 * row ends early. */
typedef struct wf_sheet {
    uint8_t *pixels; /* [height][width][channels] */
    int height, width, channels;
    int columns, count;          /* tiles in a row, and in all */
    int tile_height, tile_width; /* of a tile's source, before it is enlarged */
    int scale;                   /* 1 .. 64: each source pixel becomes scale x scale */
    int is_seamless;             /* nothing between and around */
} wf_sheet;

/* An empty sheet: set columns, count, tile_height, tile_width, channels (1 or 3) and scale, the
 * rest is worked out.  Errors: WF_E_ARG (count, columns, scale), WF_E_DATA and WF_E_LIMIT as
 * wf_png_encode, WF_E_NOMEM. */
wf_status wf_sheet_create(wf_sheet *inout, wf_context *cx);
/* Puts pixels [tile_height][tile_width][channels] at place `tile`, 0 .. count - 1; one grey channel
 * is legal on a coloured sheet. */
void wf_sheet_put(wf_sheet *s, int tile, const uint8_t *pixels, int channels);
void wf_sheet_reset(wf_sheet *s);

#endif
