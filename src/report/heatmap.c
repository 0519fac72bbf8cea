#include <math.h>

#include "base/alloc.h"
#include "data/png.h"
#include "eval/explain.h"
#include "report/explanation.h"

enum { SIDE = 224, MAX_ENLARGEMENT = 64 }; /* pixels that the longer side should have */

typedef struct rgb {
    double r, g, b;
} rgb;

static rgb mix(rgb a, rgb b, double share) {
    return (rgb){a.r + share * (b.r - a.r), a.g + share * (b.g - a.g), a.b + share * (b.b - a.b)};
}

/* From violet over red and orange to pale yellow: brighter is hotter, also in grey. */
static rgb heat_color(double v) {
    static const rgb stops[] = {
        {48, 18, 92}, {130, 30, 110}, {205, 55, 75}, {245, 125, 25}, {252, 240, 130}};
    enum { LAST = sizeof stops / sizeof *stops - 1 };
    const double at = fmin(fmax(v, 0), 1) * LAST;
    const int i = at >= LAST ? LAST - 1 : (int)at;
    return mix(stops[i], stops[i + 1], at - i);
}

/* Okabe and Ito's blue and vermilion; grey where nothing speaks. */
static rgb sign_color(double v) {
    static const rgb nothing = {241, 242, 244}, blue = {0, 114, 178}, orange = {213, 94, 0};
    return mix(nothing, v > 0 ? blue : orange, fmin(fabs(v), 1));
}

/* One panel after another, at the picture's size. */
typedef struct canvas {
    wf_sheet sheet;
    uint8_t *tile; /* [tile_height][tile_width][3] */
    int h, w, channels, enlarged;
    const uint8_t *pixels;
} canvas;

static rgb pixel_at(const canvas *c, int y, int x) {
    const uint8_t *p =
        c->pixels + (ptrdiff_t)(y / c->enlarged * c->w + x / c->enlarged) * c->channels;
    const int is_color = c->channels == 3;
    return (rgb){p[0], p[is_color ? 1 : 0], p[is_color ? 2 : 0]};
}

static void set(canvas *c, int y, int x, rgb color) {
    uint8_t *p = c->tile + ((ptrdiff_t)y * c->sheet.tile_width + x) * 3;
    p[0] = (uint8_t)lround(color.r);
    p[1] = (uint8_t)lround(color.g);
    p[2] = (uint8_t)lround(color.b);
}

static void put_image(canvas *c, int tile) {
    for (int y = 0; y < c->sheet.tile_height; y++)
        for (int x = 0; x < c->sheet.tile_width; x++) set(c, y, x, pixel_at(c, y, x));
    wf_sheet_put(&c->sheet, tile, c->tile, 3);
}

/* `heat` [tile_height][tile_width]; the cold parts of the image stay as they are. */
static void put_cam(canvas *c, int tile, const float *heat) {
    const int n = c->sheet.tile_height * c->sheet.tile_width;
    double hottest = 0;
    for (int i = 0; i < n; i++) hottest = fmax(hottest, (double)heat[i]);
    for (int y = 0; y < c->sheet.tile_height; y++)
        for (int x = 0; x < c->sheet.tile_width; x++) {
            const double v = hottest > 0 ? (double)heat[y * c->sheet.tile_width + x] / hottest : 0;
            const double share = 0.3 + 0.5 * v;
            set(c, y, x, mix(pixel_at(c, y, x), heat_color(v), hottest > 0 ? share : 0));
        }
    wf_sheet_put(&c->sheet, tile, c->tile, 3);
}

/* The sum over the channels of a pixel. */
static double value_of(const wf_attribution *a, int y, int x) {
    double sum = 0;
    for (int k = 0; k < a->channels; k++)
        sum += (double)a->values[(y * a->width + x) * a->channels + k];
    return sum;
}

static void put_attribution(canvas *c, int tile, const wf_attribution *a) {
    double largest = 0;
    for (int y = 0; y < a->height; y++)
        for (int x = 0; x < a->width; x++) largest = fmax(largest, fabs(value_of(a, y, x)));
    for (int y = 0; y < c->sheet.tile_height; y++)
        for (int x = 0; x < c->sheet.tile_width; x++) {
            const double v = value_of(a, y / c->enlarged, x / c->enlarged);
            set(c, y, x, sign_color(largest > 0 ? v / largest : 0));
        }
    wf_sheet_put(&c->sheet, tile, c->tile, 3);
}

wf_status wf_heatmap_png(wf_str *out, wf_context *cx, const uint8_t *pixels, const wf_cam *cam,
                         const wf_attribution *attribution) {
    const int h = attribution->height, w = attribution->width, longer = h > w ? h : w;
    int enlarged = longer < SIDE ? SIDE / longer : 1;
    if (enlarged > MAX_ENLARGEMENT) enlarged = MAX_ENLARGEMENT;
    canvas c = {.h = h,
                .w = w,
                .channels = attribution->channels,
                .enlarged = enlarged,
                .pixels = pixels,
                .sheet = {.columns = 3,
                          .count = cam ? 3 : 2,
                          .tile_height = h * enlarged,
                          .tile_width = w * enlarged,
                          .channels = 3,
                          .scale = 1}};
    const size_t places = (size_t)c.sheet.tile_height * (size_t)c.sheet.tile_width;
    float *heat = NULL;
    wf_status status;
    WF_TRY_OR(wf_sheet_create(&c.sheet, cx));
    WF_TRY_OR(wf_alloc(&c.tile, cx, places, 3));
    put_image(&c, 0);
    if (cam) {
        WF_TRY_OR(wf_alloc(&heat, cx, places, sizeof *heat));
        wf__resize_bilinear(heat, c.sheet.tile_height, c.sheet.tile_width, cam->map, cam->height,
                            cam->width);
        put_cam(&c, 1, heat);
    }
    put_attribution(&c, cam ? 2 : 1, attribution);
    WF_TRY_OR(wf_png_encode(out, cx, c.sheet.pixels, c.sheet.height, c.sheet.width, 3));
done:
    wf_free(heat);
    wf_free(c.tile);
    wf_sheet_reset(&c.sheet);
    return status;
}
