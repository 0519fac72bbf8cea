/* A canvas is drawn from front to back: each garment finds a place where enough of it is seen past
 * those before it, so that what is visible of a garment is known as soon as it lies there. */
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "data/compose.h"

enum {
    SIDE = WF_OUTFIT_SIDE,
    EMPTY_BELOW = 8,   /* grey levels of Fashion-MNIST's background */
    PLACES = 32,       /* tries per garment */
    MOST_LEVEL = 40,   /* the background's grey, from 0 */
    LEAST_CLUTTER = 3, /* pieces of garments, */
    MOST_CLUTTER = 8,
    LEAST_PIECE = 4, /* which have so many pixels a side */
    MOST_PIECE = 8
};

static const float VISIBLE = 0.4f; /* of a garment, where a place for it is found */
static const float LEAST_FADE = 0.3f, MOST_FADE = 0.7f; /* of clutter */
static const float LEAST_NOISE = 3, MOST_NOISE = 10;    /* standard deviation, grey levels */

/* ---- what is drawn from ---- */

static wf_status sort_rows(wf__composer *c, wf_context *cx, const char *part) {
    const wf_images *g = c->garments;
    int32_t next[WF_OUTFIT_CLASSES];
    WF_TRY(wf_alloc(&c->rows, cx, (size_t)g->count, sizeof *c->rows));
    for (int64_t i = 0; i < g->count; i++) c->first[g->labels[i] + 1]++;
    for (int k = 0; k < WF_OUTFIT_CLASSES; k++) {
        WF_REQUIRE(c->first[k + 1] > 0, WF_E_DATA,
                   "garments: class %d has no %s image, expected one at least", k, part);
        next[k] = c->first[k];
        c->first[k + 1] += c->first[k];
    }
    for (int64_t i = 0; i < g->count; i++) c->rows[next[g->labels[i]]++] = (int32_t)i;
    return WF_OK;
}

wf_status wf__composer_init(wf__composer *out, wf_context *cx, const wf_outfits *outfits,
                            const wf_images *garments, const char *part) {
    wf__composer c = {.garments = garments};
    wf_status status = WF_OK;
    double sum = 0;
    WF_REQUIRE(garments->count > 0 && garments->height == WF_GARMENT_SIDE &&
                   garments->width == WF_GARMENT_SIDE && garments->channels == 1,
               WF_E_DATA,
               "garments: found %lld %s images of %dx%dx%d, expected some of %dx%dx1 | compose "
               "takes Fashion-MNIST",
               (long long)garments->count, part, garments->height, garments->width,
               garments->channels, WF_GARMENT_SIDE, WF_GARMENT_SIDE);
    WF_REQUIRE(garments->labels, WF_E_DATA,
               "garments: %s images have no label each | compose takes Fashion-MNIST", part);
    WF_TRY_OR(sort_rows(&c, cx, part));
    for (int32_t s = WF_GARMENT_LEAST; s <= WF_GARMENT_MOST; s++)
        WF_TRY_OR(wf__resizer_init(&c.sizes[s - WF_GARMENT_LEAST], cx, WF_GARMENT_SIDE,
                                   WF_GARMENT_SIDE, s, s, 2));
    for (int s = 0; s < WF_OUTFIT_SETS; s++) c.cumulative[s] = sum += outfits->probabilities[s];
    /* the last set that can be takes what rounding left */
    for (int s = WF_OUTFIT_SETS - 1; s >= 0; s--) {
        c.cumulative[s] = 1;
        if (outfits->probabilities[s] > 0) break;
    }
    *out = c;
    return WF_OK;
done:
    wf__composer_reset(&c);
    return status;
}

void wf__composer_reset(wf__composer *c) {
    wf_free(c->rows);
    for (int i = 0; i <= WF_GARMENT_MOST - WF_GARMENT_LEAST; i++) wf__resizer_reset(&c->sizes[i]);
    *c = (wf__composer){0};
}

int wf__composer_labels(const wf__composer *c, double u) {
    int low = 0, high = WF_OUTFIT_SETS - 1;
    while (low < high) {
        const int middle = (low + high) / 2;
        if (u < c->cumulative[middle]) high = middle;
        else low = middle + 1;
    }
    return low;
}

/* ---- a garment ---- */

/* A garment in its size: grey levels, already multiplied by its cover (255: all). */
typedef struct cutout {
    uint8_t pixels[WF_GARMENT_MOST * WF_GARMENT_MOST][2];
    int side;
    int left, top, right, bottom; /* the box, exclusive at the end */
    float area;                   /* the sum of its cover */
} cutout;

static int is_empty(const uint8_t *pixels, int at) { return pixels[at] < EMPTY_BELOW; }

/* cover[i] = 0 where the background reaches from the image's edge, else 255: what is dark within a
 * garment belongs to it. */
static void silhouette(uint8_t *cover, const uint8_t *pixels) {
    enum { S = WF_GARMENT_SIDE };
    int16_t stack[S * S];
    int n = 0;
    memset(cover, 255, S * S);
    for (int i = 0; i < S * S; i++) {
        const int x = i % S, y = i / S;
        if ((x && y && x < S - 1 && y < S - 1) || !is_empty(pixels, i)) continue;
        cover[i] = 0;
        stack[n++] = (int16_t)i;
    }
    while (n) {
        const int at = stack[--n], x = at % S;
        const int next[4] = {x > 0 ? at - 1 : at, x < S - 1 ? at + 1 : at, at - S, at + S};
        for (int k = 0; k < 4; k++) {
            const int i = next[k];
            if (i < 0 || i >= S * S || !cover[i] || !is_empty(pixels, i)) continue;
            cover[i] = 0;
            stack[n++] = (int16_t)i;
        }
    }
}

static void measure(cutout *c) {
    unsigned sum = 0;
    c->left = c->top = c->side;
    c->right = c->bottom = 0;
    for (int y = 0; y < c->side; y++) {
        for (int x = 0; x < c->side; x++) {
            const unsigned cover = c->pixels[y * c->side + x][1];
            sum += cover;
            if (cover == 0) continue;
            if (x < c->left) c->left = x;
            if (y < c->top) c->top = y;
            if (x >= c->right) c->right = x + 1;
            if (y >= c->bottom) c->bottom = y + 1;
        }
    }
    c->area = (float)sum / 255;
    if (c->right > c->left) return;
    c->left = c->top = 0; /* an image without a garment: its frame */
    c->right = c->bottom = c->side;
}

static void cut_out(cutout *out, const wf__composer *c, int32_t row, int side) {
    uint8_t cover[WF_GARMENT_SIDE * WF_GARMENT_SIDE], both[WF_GARMENT_SIDE * WF_GARMENT_SIDE][2];
    float middle[WF_GARMENT_SIDE * WF_GARMENT_MOST * 2];
    const uint8_t *pixels = c->garments->pixels + (size_t)row * sizeof cover;
    silhouette(cover, pixels);
    for (size_t i = 0; i < sizeof cover; i++) {
        both[i][0] = cover[i] ? pixels[i] : 0;
        both[i][1] = cover[i];
    }
    out->side = side;
    wf__resizer_run(&c->sizes[side - WF_GARMENT_LEAST], out->pixels[0], both[0], middle);
    measure(out);
}

/* ---- a scene ---- */

typedef struct scene {
    wf_rng rng;
    float light[WF_CANVAS_PIXELS]; /* what the garments so far show */
    float open[WF_CANVAS_PIXELS];  /* how much of what lies behind them is seen */
} scene;

static int between(wf_rng *r, int least, int most) {
    return least + (int)wf_rng_below(r, (uint64_t)(most - least + 1));
}

static float real_between(wf_rng *r, float least, float most) {
    return least + (most - least) * (float)wf_rng_uniform(r);
}

/* Rows or columns of a cutout that lie on the canvas when it begins at `at`. */
static int first_on(int at) { return at < 0 ? -at : 0; }
static int end_on(int at, int side) { return at + side > SIDE ? SIDE - at : side; }

/* The share of the garment that is seen when its image begins at x, y. */
static float visible_at(const scene *s, const cutout *c, int x, int y) {
    float sum = 0;
    for (int v = first_on(y); v < end_on(y, c->side); v++)
        for (int u = first_on(x); u < end_on(x, c->side); u++)
            sum += (float)c->pixels[v * c->side + u][1] * s->open[(y + v) * SIDE + x + u];
    return c->area > 0 ? sum / (255 * c->area) : 1;
}

static void lay(scene *s, const cutout *c, int x, int y) {
    for (int v = first_on(y); v < end_on(y, c->side); v++) {
        for (int u = first_on(x); u < end_on(x, c->side); u++) {
            const uint8_t *p = c->pixels[v * c->side + u];
            const int at = (y + v) * SIDE + x + u;
            s->light[at] += s->open[at] * (float)p[0];
            s->open[at] *= 1 - (float)p[1] / 255;
        }
    }
}

/* A garment of this class behind all that is there. */
static wf__outfit_object add_garment(scene *s, const wf__composer *c, int label) {
    const int32_t n = c->first[label + 1] - c->first[label];
    const int32_t row = c->rows[c->first[label] + (int32_t)wf_rng_below(&s->rng, (uint64_t)n)];
    wf__outfit_object o = {.label = label, .garment = row, .visible = -1};
    cutout cut;
    cut_out(&cut, c, row, between(&s->rng, WF_GARMENT_LEAST, WF_GARMENT_MOST));
    o.width = cut.right - cut.left;
    o.height = cut.bottom - cut.top;
    for (int i = 0; i < PLACES && o.visible < VISIBLE; i++) {
        const int x = between(&s->rng, 0, SIDE - o.width), y = between(&s->rng, 0, SIDE - o.height);
        const float visible = visible_at(s, &cut, x - cut.left, y - cut.top);
        if (visible <= o.visible) continue;
        o.x = x;
        o.y = y;
        o.visible = visible;
    }
    lay(s, &cut, o.x - cut.left, o.y - cut.top);
    return o;
}

/* Something that is no garment: a small square out of a garment's image, faded. */
static void add_clutter(float *behind, wf_rng *r, const wf__composer *c) {
    const int side = between(r, LEAST_PIECE, MOST_PIECE);
    const int from_x = between(r, 0, WF_GARMENT_SIDE - side);
    const int from_y = between(r, 0, WF_GARMENT_SIDE - side);
    const int x = between(r, 0, SIDE - side), y = between(r, 0, SIDE - side);
    const uint64_t row = wf_rng_below(r, (uint64_t)c->garments->count);
    const float fade = real_between(r, LEAST_FADE, MOST_FADE);
    const uint8_t *pixels = c->garments->pixels + row * WF_GARMENT_SIDE * WF_GARMENT_SIDE;
    for (int v = 0; v < side; v++) {
        for (int u = 0; u < side; u++) {
            const float grey = fade * (float)pixels[(from_y + v) * WF_GARMENT_SIDE + from_x + u];
            float *at = &behind[(y + v) * SIDE + x + u];
            if (grey > *at) *at = grey;
        }
    }
}

/* About normal, mean 0 and deviation 1: four bytes' sum, without logarithms and so the same on
 * every machine. */
static float noise(wf_rng *r) {
    static const float deviation = 147.80054f; /* sqrt(4 (256^2 - 1) / 12) */
    const uint32_t x = wf_rng_u32(r);
    const int sum = (int)((x & 255) + (x >> 8 & 255) + (x >> 16 & 255) + (x >> 24));
    return (float)(sum - 510) / deviation;
}

static void develop(uint8_t *pixels, scene *s, const wf__composer *c) {
    float behind[WF_CANVAS_PIXELS];
    const float level = real_between(&s->rng, 0, MOST_LEVEL);
    for (int i = 0; i < WF_CANVAS_PIXELS; i++) behind[i] = level;
    for (int n = between(&s->rng, LEAST_CLUTTER, MOST_CLUTTER); n > 0; n--)
        add_clutter(behind, &s->rng, c);
    const float strength = real_between(&s->rng, LEAST_NOISE, MOST_NOISE);
    for (int i = 0; i < WF_CANVAS_PIXELS; i++) {
        const float grey = s->light[i] + s->open[i] * behind[i] + strength * noise(&s->rng);
        pixels[i] = (uint8_t)(grey <= 0 ? 0 : grey >= 255 ? 255 : grey + 0.5f);
    }
}

void wf__canvas_draw(wf__canvas *out, const wf__composer *c, int64_t index) {
    scene s = {0};
    int32_t order[WF_OUTFIT_CLASSES];
    wf_rng_init(&s.rng, c->seed, c->stream, (uint32_t)index);
    for (int i = 0; i < WF_CANVAS_PIXELS; i++) s.open[i] = 1;
    out->labels = wf__composer_labels(c, wf_rng_uniform(&s.rng));
    out->count = 0;
    for (int k = 0; k < WF_OUTFIT_CLASSES; k++)
        if (out->labels >> k & 1) order[out->count++] = k;
    wf_rng_shuffle(&s.rng, order, (size_t)out->count);
    for (int i = 0; i < out->count; i++) out->objects[i] = add_garment(&s, c, order[i]);
    develop(out->pixels, &s, c);
}
