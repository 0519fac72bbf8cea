/* Many small images as one picture, in rows from left to right. */
#ifndef WF_REPORT_SPRITE_H
#define WF_REPORT_SPRITE_H

#include "base/status.h"
#include "base/str.h"
#include "weft/data.h"

/* Of the picture's file, however many images it holds: with the page's own code and what is said of
 * 30 models a report stays below 5 MB. 10,000 images of Fashion-MNIST fit in at quality 30. */
enum { WF_SPRITE_BYTES = 1400000 };

typedef struct wf_sprite {
    int columns, count;
    int tile_height, tile_width; /* the images' own, or smaller where they would be too many */
    wf_str webp;
} wf_sprite;

/* images [count]: pixels of each, whose size and channels `form` says. They are shrunk, and the
 * quality is chosen, so that the file has at most WF_SPRITE_BYTES.
 * Errors: WF_E_ARG (no image), WF_E_LIMIT (a side), WF_E_NOMEM. */
wf_status wf_sprite_create(wf_sprite *out, wf_context *cx, const uint8_t *const *images, int count,
                           const wf_images *form);
void wf_sprite_reset(wf_sprite *s);

#endif
