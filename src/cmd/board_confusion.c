#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "cmd/board.h"
#include "data/png.h"

enum { PICTURE = 480, MAX_CELL = 32, GRID_CELL = 8, GRID_GREY = 224 }; /* pixels; a grey */

/* White for nothing, dark blue for the whole row. */
static void shade(uint8_t rgb[3], double share) {
    static const double full[3] = {8, 48, 107};
    for (int k = 0; k < 3; k++) rgb[k] = (uint8_t)lround(255 + share * (full[k] - 255));
}

static void paint(uint8_t *pixels, const wf_evaluation *e, int cell) {
    const int k = e->class_count, width = k * cell;
    for (int y = 0; y < width; y++) {
        const int64_t *row = e->confusion + (int64_t)(y / cell) * k;
        const int64_t support = e->classes[y / cell].support;
        for (int x = 0; x < width; x++) {
            uint8_t *at = pixels + 3 * ((int64_t)y * width + x);
            if (cell >= GRID_CELL && (y % cell == 0 || x % cell == 0)) memset(at, GRID_GREY, 3);
            else shade(at, support ? (double)row[x / cell] / (double)support : 0);
        }
    }
}

static void describe(wf_str *out, wf_context *cx, const wf_evaluation *e) {
    wf_str_add(out, cx,
               "Row: true class, column: predicted class, shade: share of the row. From the top, "
               "and from the left:");
    for (int i = 0; i < e->class_count; i++)
        wf_str_addf(out, cx, "%s %s", i ? "," : "", e->class_names[i]);
}

wf_status wf_board_confusion(wf_board *b, wf_context *cx, const wf_evaluation *e, const char *tag,
                             wf_event_point at) {
    int cell = PICTURE / e->class_count;
    cell = cell < 1 ? 1 : cell > MAX_CELL ? MAX_CELL : cell;
    const int width = e->class_count * cell;
    wf_str text = {0}, png = {0};
    uint8_t *pixels = NULL;
    wf_status status;
    WF_TRY_OR(wf_alloc(&pixels, cx, (size_t)width * (size_t)width, 3));
    paint(pixels, e, cell);
    WF_TRY_OR(wf_png_encode(&png, cx, pixels, width, width, 3));
    describe(&text, cx, e);
    WF_TRY_OR(text.status);
    const wf_event_image image = {png.text, png.length, width, width, 3, text.text};
    WF_TRY_OR(wf_events_image(b->run, cx, at, tag, &image));
done:
    wf_str_reset(&text);
    wf_str_reset(&png);
    wf_free(pixels);
    return status;
}
