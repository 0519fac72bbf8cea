/* One canvas: labels are drawn, garments placed, and all of it becomes pixels. */
#ifndef WF_DATA_COMPOSE_H
#define WF_DATA_COMPOSE_H

#include "base/json.h"
#include "data/resize.h"
#include "weft/compose.h"

enum {
    WF_GARMENT_SIDE = 28,  /* pixels of a garment's image, high and wide */
    WF_GARMENT_LEAST = 10, /* and on a canvas: from, */
    WF_GARMENT_MOST = 28,  /* to */
    WF_CANVAS_PIXELS = WF_OUTFIT_SIDE * WF_OUTFIT_SIDE
};

/* What the canvases of one part are drawn from; read-only while they are. */
typedef struct wf__composer {
    const wf_images *garments;
    int32_t *rows;                        /* of garments, class by class */
    int32_t first[WF_OUTFIT_CLASSES + 1]; /* where in `rows` a class begins */
    double cumulative[WF_OUTFIT_SETS];    /* of the label sets' probabilities */
    wf__resizer sizes[WF_GARMENT_MOST - WF_GARMENT_LEAST + 1];
    uint64_t seed;
    uint32_t stream;
} wf__composer;

/* A garment on a canvas; its box holds every pixel that it covers, if only in part. */
typedef struct wf__outfit_object {
    int32_t label, garment; /* class, row of the garments */
    int32_t x, y, width, height;
    float visible; /* share that no other garment covers */
} wf__outfit_object;

typedef struct wf__canvas {
    uint8_t pixels[WF_CANVAS_PIXELS];
    int labels; /* bit k: class k */
    int count;
    wf__outfit_object objects[WF_OUTFIT_CLASSES]; /* one per label, the front one first */
} wf__canvas;

/* `part` is for error texts.  Errors: WF_E_DATA (the garments' form, a class without any),
 * WF_E_NOMEM. Release with wf__composer_reset; `garments` must live as long. */
wf_status wf__composer_init(wf__composer *out, wf_context *cx, const wf_outfits *outfits,
                            const wf_images *garments, const char *part);
void wf__composer_reset(wf__composer *c);

/* The label set at `u` in [0, 1). */
int wf__composer_labels(const wf__composer *c, double u);

/* Canvas `index` of the part; a function of seed, stream and index.  Threads: any. */
void wf__canvas_draw(wf__canvas *out, const wf__composer *c, int64_t index);

/* What distribution.json holds. Release *out with json_decref.  Errors: WF_E_NOMEM. */
wf_status wf__outfits_json(json_t **out, wf_context *cx, const wf_outfits *outfits,
                           const wf_dataset *garments, const wf_compose_options *options);

#endif
