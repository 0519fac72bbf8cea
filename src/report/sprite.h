/* Many small images as one picture, in rows from left to right. */
#ifndef WF_REPORT_SPRITE_H
#define WF_REPORT_SPRITE_H

#include "base/status.h"
#include "base/str.h"
#include "weft/data.h"

typedef struct wf_sprite {
    int columns, count;
    int tile_height, tile_width; /* the images' own, or smaller where they would be too many */
    wf_str webp;
} wf_sprite;

/* images [count]: pixels of each, whose size and channels `form` says. Where they are very many or
 * large they are shrunk. The file gets the best quality at which it has at most `limit` bytes; the
 * lowest that is good to look at where none has.
 * Errors: WF_E_ARG (no image), WF_E_LIMIT (a side), WF_E_NOMEM. */
wf_status wf_sprite_create(wf_sprite *out, wf_context *cx, const uint8_t *const *images, int count,
                           const wf_images *form, size_t limit);
void wf_sprite_reset(wf_sprite *s);

#endif
