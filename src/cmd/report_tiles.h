/* Which images a report shows, and the picture that holds them. */
#ifndef WF_CMD_REPORT_TILES_H
#define WF_CMD_REPORT_TILES_H

#include "cmd/cmd.h"
#include "report/sprite.h"
#include "weft/audit.h"

typedef struct wf_tiles {
    const wf_dataset *dataset; /* borrowed */
    int32_t *tile[WF_PARTS];   /* [images of the part]: the tile, or < 0; NULL: no such image */
    int count;
    int has_all_tests; /* then a test image's tile is its index */
} wf_tiles;

/* Wants `tests` of the test images, a sample where there are more, which holds the sample of a map
 * of at most as many. `dataset` must outlive the tiles.  Errors: WF_E_NOMEM. */
wf_status wf_tiles_init(wf_tiles *out, wf_context *cx, const wf_dataset *dataset, int64_t tests);
/* One more. An index outside of the part asks for nothing. */
void wf_tiles_want(wf_tiles *t, wf_part part, int64_t index);
/* Gives tiles to all that are wanted: test images first. */
void wf_tiles_number(wf_tiles *t);
/* The tile, or -1. */
int wf_tiles_find(const wf_tiles *t, wf_part part, int64_t index);
/* `limit`: bytes.  Errors: as wf_sprite_create. */
wf_status wf_tiles_draw(wf_sprite *out, wf_context *cx, const wf_tiles *t, size_t limit);
void wf_tiles_reset(wf_tiles *t);

#endif
