#include "report/map.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "report/html.h"
#include "report/palette.h"

enum { SIDE = 760, MARGIN = 20, TOP = 44, LEGEND = 190, LINE = 22 };

typedef struct frame {
    double x, y, scale; /* the map's middle, pixels per unit */
    double height;
} frame;

static frame fit(const wf_report_map *map) {
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    for (int64_t i = 0; i < 2 * map->count; i++) {
        low[i % 2] = fmin(low[i % 2], (double)map->points[i]);
        high[i % 2] = fmax(high[i % 2], (double)map->points[i]);
    }
    const double width = high[0] - low[0], height = high[1] - low[1];
    const double scale = (SIDE - 2 * MARGIN) / fmax(fmax(width, height), 1e-12);
    const double legend = LINE * map->class_count;
    return (frame){(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, scale,
                   fmax(fmax(height * scale, .4 * SIDE), legend) + 2 * MARGIN};
}

static double x_at(const frame *f, float x) { return SIDE / 2. + ((double)x - f->x) * f->scale; }
static double y_at(const frame *f, float y) {
    return TOP + f->height / 2 - ((double)y - f->y) * f->scale;
}

/* All points of a class as one path: a line of no length with round ends is a dot. */
static int64_t add_dots(wf_html *h, const wf_report_map *map, const frame *f, int class) {
    char colour[WF_COLOUR_BYTES];
    int64_t n = 0;
    wf__html(h, "<path stroke=\"%s\" d=\"", wf_class_colour(colour, class, map->class_count));
    for (int64_t i = 0; i < map->count; i++) {
        if (map->labels[i] != class) continue;
        wf__html(h, "M%.1f %.1fh0", x_at(f, map->points[2 * i]), y_at(f, map->points[2 * i + 1]));
        n++;
    }
    wf__html(h, "\"/>\n");
    return n;
}

static int compare_floats(const void *left, const void *right) {
    const float a = *(const float *)left, b = *(const float *)right;
    return (a > b) - (a < b);
}

/* The name where half of the class is on either side of it, along both axes. */
static void add_name(wf_html *h, const wf_report_map *map, const frame *f, int class,
                     float *scratch) {
    float middle[2] = {0};
    for (int axis = 0; axis < 2; axis++) {
        size_t n = 0;
        for (int64_t i = 0; i < map->count; i++)
            if (map->labels[i] == class) scratch[n++] = map->points[2 * i + axis];
        if (n == 0) return;
        qsort(scratch, n, sizeof *scratch, compare_floats);
        middle[axis] = scratch[n / 2];
    }
    wf__html(h, "<text class=\"on\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", x_at(f, middle[0]),
             y_at(f, middle[1]) + 4, map->class_names[class]);
}

static void add_legend(wf_html *h, const wf_report_map *map, int class, int64_t count) {
    char colour[WF_COLOUR_BYTES];
    const int y = TOP + MARGIN + LINE * class;
    wf__html(h, "<circle cx=\"%d\" cy=\"%d\" r=\"5\" fill=\"%s\"/>", SIDE + 12, y,
             wf_class_colour(colour, class, map->class_count));
    wf__html(h, "<text x=\"%d\" y=\"%d\">%s<tspan class=\"count\" dx=\"6\">%lld</tspan></text>\n",
             SIDE + 24, y + 4, map->class_names[class], (long long)count);
}

wf_status wf_report_map_svg(char **out, wf_context *cx, const wf_report_map *map) {
    wf_html h = {.cx = cx};
    float *scratch = NULL;
    const frame f = fit(map);
    const int height = TOP + (int)ceil(f.height), width = map->count > 20000  ? 2
                                                          : map->count > 4000 ? 3
                                                                              : 5;
    WF_TRY(wf_alloc(&scratch, cx, (size_t)map->count, sizeof *scratch));
    wf__html(&h,
             "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
             "height=\"%d\" role=\"img\" aria-label=\"%s\">\n<style>text{font:13px system-ui,"
             "'DejaVu Sans',sans-serif;fill:#1a1e24}.title{font-size:16px;font-weight:600}"
             ".count{fill:#59636e}.on{font-weight:600;text-anchor:middle;paint-order:stroke;"
             "stroke:#fff;stroke-width:4px;stroke-opacity:.85}path{fill:none;stroke-linecap:round;"
             "stroke-opacity:.7;stroke-width:%d}</style>\n<rect width=\"%d\" height=\"%d\" "
             "fill=\"#fff\"/>\n<text class=\"title\" x=\"%d\" y=\"28\">%s</text>\n",
             SIDE + LEGEND, height, SIDE + LEGEND, height, map->title, width, SIDE + LEGEND, height,
             MARGIN, map->title);
    for (int class = 0; class < map->class_count; class ++)
        add_legend(&h, map, class, add_dots(&h, map, &f, class));
    for (int class = 0; class < map->class_count; class ++) add_name(&h, map, &f, class, scratch);
    wf__html(&h, "</svg>\n");
    wf_free(scratch);
    const wf_status status = h.out.status;
    if (status == WF_OK) *out = h.out.text;
    else wf_str_reset(&h.out);
    return status;
}
