#include "report/map.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "report/html.h"
#include "report/palette.h"

enum { SIDE = 760, MARGIN = 20, TOP = 44, LEGEND = 190, LINE = 22 };

/* The small maps of labels. */
enum { ACROSS = 4, GAP = 20, PANEL = (SIDE + LEGEND - 2 * MARGIN - (ACROSS - 1) * GAP) / ACROSS };
enum { HEAD = 26 };

typedef struct frame {
    double x, y, scale; /* the map's middle, pixels per unit */
    double height;
} frame;

/* The groups that points are coloured by: classes, or numbers of labels. */
typedef struct groups {
    const int32_t *of; /* [count of the map] */
    int count;
    char *const *names; /* NULL: numbers of labels */
} groups;

static frame fit(const wf_report_map *map, const groups *g) {
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    for (int64_t i = 0; i < 2 * map->count; i++) {
        low[i % 2] = fmin(low[i % 2], (double)map->points[i]);
        high[i % 2] = fmax(high[i % 2], (double)map->points[i]);
    }
    const double width = high[0] - low[0], height = high[1] - low[1];
    const double scale = (SIDE - 2 * MARGIN) / fmax(fmax(width, height), 1e-12);
    const double legend = LINE * g->count;
    return (frame){(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, scale,
                   fmax(fmax(height * scale, .4 * SIDE), legend) + 2 * MARGIN};
}

static double x_at(const frame *f, float x) { return SIDE / 2. + ((double)x - f->x) * f->scale; }
static double y_at(const frame *f, float y) {
    return TOP + f->height / 2 - ((double)y - f->y) * f->scale;
}

/* A line of no length with round ends is a dot. */
static void add_dot(wf_html *h, const wf_report_map *map, const frame *f, int64_t i) {
    wf__html(h, "M%.1f %.1fh0", x_at(f, map->points[2 * i]), y_at(f, map->points[2 * i + 1]));
}

/* ---- groups ---- */

static const char *colour_of(char buffer[WF_COLOUR_BYTES], const groups *g, int group) {
    enum { LIGHT = 72, DARK = 22 };
    if (g->names) return wf_class_colour(buffer, group, g->count);
    snprintf(buffer, WF_COLOUR_BYTES, "hsl(212,70%%,%d%%)",
             LIGHT - (LIGHT - DARK) * group / (g->count > 1 ? g->count - 1 : 1));
    return buffer;
}

/* All points of a group as one path; how many they are. */
static int64_t add_dots(wf_html *h, const wf_report_map *map, const frame *f, const groups *g,
                        int group) {
    char colour[WF_COLOUR_BYTES];
    int64_t n = 0;
    wf__html(h, "<path stroke=\"%s\" d=\"", colour_of(colour, g, group));
    for (int64_t i = 0; i < map->count; i++) {
        if (g->of[i] != group) continue;
        add_dot(h, map, f, i);
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

enum { NAME_BYTES = 32 };
static const char *name_of(char buffer[NAME_BYTES], const groups *g, int group) {
    if (g->names) return g->names[group];
    if (group == 0) return "no label";
    snprintf(buffer, NAME_BYTES, "%d label%s", group, group == 1 ? "" : "s");
    return buffer;
}

static void add_legend(wf_html *h, const groups *g, int group, int64_t count) {
    char colour[WF_COLOUR_BYTES], name[NAME_BYTES];
    const int y = TOP + MARGIN + LINE * group;
    wf__html(h, "<circle cx=\"%d\" cy=\"%d\" r=\"5\" fill=\"%s\"/>", SIDE + 12, y,
             colour_of(colour, g, group));
    wf__html(h, "<text x=\"%d\" y=\"%d\">%s<tspan class=\"count\" dx=\"6\">%lld</tspan></text>\n",
             SIDE + 24, y + 4, name_of(name, g, group), (long long)count);
}

/* ---- small maps, one for each label ---- */

static double panel_scale(void) { return (double)PANEL / SIDE; }
static double panel_height(const frame *f) { return HEAD + f->height * panel_scale() + GAP; }

static int rows_of(const wf_report_map *map) { return (map->class_count + ACROSS - 1) / ACROSS; }

/* All points once, in grey; each small map shows them again. */
static void add_ground(wf_html *h, const wf_report_map *map, const frame *f) {
    wf__html(h, "<defs><path id=\"all\" d=\"");
    for (int64_t i = 0; i < map->count; i++) add_dot(h, map, f, i);
    wf__html(h, "\"/></defs>\n");
}

static void add_panel(wf_html *h, const wf_report_map *map, const frame *f, int label) {
    char colour[WF_COLOUR_BYTES];
    const double scale = panel_scale(), x = MARGIN + (label % ACROSS) * (PANEL + GAP);
    const double y = TOP + f->height + GAP + label / ACROSS * panel_height(f);
    int64_t n = 0;
    for (int64_t i = 0; i < map->count; i++) n += map->sets[i * map->class_count + label];
    wf__html(h,
             "<text x=\"%.1f\" y=\"%.1f\">%s<tspan class=\"count\" dx=\"6\">%lld</tspan></text>\n",
             x, y + 14, map->class_names[label], (long long)n);
    wf__html(h,
             "<g class=\"small\" transform=\"translate(%.1f %.1f) scale(%.4f) translate(0 %d)\">"
             "<use href=\"#all\"/><path stroke=\"%s\" d=\"",
             x, y + HEAD, scale, -TOP, wf_class_colour(colour, label, map->class_count));
    for (int64_t i = 0; i < map->count; i++)
        if (map->sets[i * map->class_count + label]) add_dot(h, map, f, i);
    wf__html(h, "\"/></g>\n");
}

/* ---- the picture ---- */

static void begin(wf_html *h, const wf_report_map *map, int height) {
    const int width = map->count > 20000 ? 2 : map->count > 4000 ? 3 : 5;
    wf__html(
        h,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
        "height=\"%d\" role=\"img\" aria-label=\"%s\">\n<style>text{font:13px system-ui,"
        "'DejaVu Sans',sans-serif;fill:#1a1e24}.title{font-size:16px;font-weight:600}"
        ".count{fill:#59636e}.on{font-weight:600;text-anchor:middle;paint-order:stroke;"
        "stroke:#fff;stroke-width:4px;stroke-opacity:.85}path{fill:none;stroke-linecap:round;"
        "stroke-opacity:.7;stroke-width:%d}.small path,#all{stroke-width:%d}use{stroke:#d0d5db}"
        "</style>\n<rect width=\"%d\" height=\"%d\" "
        "fill=\"#fff\"/>\n<text class=\"title\" x=\"%d\" y=\"28\">%s</text>\n",
        SIDE + LEGEND, height, SIDE + LEGEND, height, map->title, width, 2 * width, SIDE + LEGEND,
        height, MARGIN, map->title);
}

static void draw(wf_html *h, const wf_report_map *map, const groups *g, float *scratch) {
    const frame f = fit(map, g);
    const double below = map->sets ? GAP + rows_of(map) * panel_height(&f) : 0;
    begin(h, map, TOP + (int)ceil(f.height + below));
    for (int i = 0; i < g->count; i++) add_legend(h, g, i, add_dots(h, map, &f, g, i));
    if (map->sets) add_ground(h, map, &f);
    for (int i = 0; i < map->class_count; i++) {
        if (map->sets) add_panel(h, map, &f, i);
        else add_name(h, map, &f, i, scratch);
    }
    wf__html(h, "</svg>\n");
}

/* Numbers of labels [count], and the groups of them. */
static groups count_labels(int32_t *numbers, const wf_report_map *map) {
    int32_t most = 0;
    for (int64_t i = 0; i < map->count; i++) {
        for (int k = 0; k < map->class_count; k++)
            numbers[i] += map->sets[i * map->class_count + k];
        if (numbers[i] > most) most = numbers[i];
    }
    return (groups){.of = numbers, .count = most + 1};
}

wf_status wf_report_map_svg(char **out, wf_context *cx, const wf_report_map *map) {
    wf_html h = {.cx = cx};
    groups g = {map->labels, map->class_count, map->class_names};
    float *scratch = NULL;
    int32_t *numbers = NULL;
    wf_status status;
    WF_TRY_OR(wf_alloc(&scratch, cx, (size_t)map->count, sizeof *scratch));
    WF_TRY_OR(wf_alloc(&numbers, cx, (size_t)map->count, sizeof *numbers));
    if (map->sets) g = count_labels(numbers, map);
    draw(&h, map, &g, scratch);
    status = h.out.status;
done:
    wf_free(scratch);
    wf_free(numbers);
    if (status == WF_OK) *out = h.out.text;
    else wf_str_reset(&h.out);
    return status;
}
