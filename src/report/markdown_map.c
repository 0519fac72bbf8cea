/* The map of a model's test images, in Markdown. */
#include <stdio.h>

#include "base/alloc.h"
#include "report/map.h"
#include "report/markdown_parts.h"
#include "report/packed.h"

/* The images that are on it: points [count][2] and the labels of each. */
typedef struct places {
    size_t count;
    float *points;
    int32_t *labels; /* [count]; NULL: any number of them */
    uint8_t *sets;   /* [count][classes]; NULL: one each */
} places;

static wf_status read_points(places *p, wf_context *cx, const json_t *map) {
    int32_t *x = NULL, *y = NULL;
    size_t n = 0, n_y = 0;
    wf_status status;
    WF_TRY_OR(wf_unpack(&x, &n, cx, json_object_get(map, "x")));
    WF_TRY_OR(wf_unpack(&y, &n_y, cx, json_object_get(map, "y")));
    WF_REQUIRE_OR(n > 0 && n_y == n, WF_E_DATA, "the map of a report has %zu and %zu numbers", n,
                  n_y);
    WF_TRY_OR(wf_alloc(&p->points, cx, 2 * n, sizeof *p->points));
    for (size_t i = 0; i < n; i++) {
        p->points[2 * i] = (float)x[i];
        p->points[2 * i + 1] = (float)y[i];
    }
    p->count = n;
done:
    wf_free(x);
    wf_free(y);
    return status;
}

/* One label each; index: which test images the points are, null: all. */
static wf_status read_labels(places *p, wf_context *cx, const json_t *truth, const json_t *index) {
    int32_t *all = NULL, *rows = NULL;
    size_t n_all = 0, n_rows = p->count;
    wf_status status;
    WF_TRY_OR(wf_unpack(&all, &n_all, cx, truth));
    if (json_is_object(index)) WF_TRY_OR(wf_unpack(&rows, &n_rows, cx, index));
    WF_REQUIRE_OR(n_rows == p->count, WF_E_DATA, "the map of a report has %zu points of %zu images",
                  p->count, n_rows);
    WF_TRY_OR(wf_alloc(&p->labels, cx, p->count, sizeof *p->labels));
    for (size_t i = 0; i < p->count; i++) {
        const size_t at = rows ? (size_t)rows[i] : i;
        WF_REQUIRE_OR(at < n_all, WF_E_DATA, "the map of a report shows image %zu of %zu", at,
                      n_all);
        p->labels[i] = all[at];
    }
done:
    wf_free(all);
    wf_free(rows);
    return status;
}

static wf_status read_places(places *p, wf_context *cx, const json_t *model, int classes) {
    const json_t *map = json_object_get(model, "map"), *sets = json_object_get(map, "sets");
    WF_TRY(read_points(p, cx, map));
    if (json_is_object(sets))
        return wf_unpack_flags(&p->sets, cx, json_object_get(sets, "true"), p->count,
                               (size_t)classes);
    return read_labels(p, cx, json_object_get(json_object_get(model, "predictions"), "label"),
                       json_object_get(map, "index"));
}

wf_status wf__md_map(wf__markdown *m, size_t row, const json_t *model) {
    const wf_evaluation *e = m->c->rows[row].runs[0].evaluation;
    wf_context *cx = m->cx;
    places p = {0};
    char *text = NULL, title[200];
    wf_str svg = {0};
    if (!json_is_object(json_object_get(model, "map"))) return WF_OK;
    snprintf(title, sizeof title, "t-SNE of %.120s: features of the test images",
             m->c->rows[row].label);
    wf_status status = read_places(&p, cx, model, e->class_count);
    if (status == WF_OK)
        status = wf_report_map_svg(&text, cx,
                                   &(const wf_report_map){.title = title,
                                                          .points = p.points,
                                                          .labels = p.labels,
                                                          .sets = p.sets,
                                                          .count = (int64_t)p.count,
                                                          .class_count = e->class_count,
                                                          .class_names = e->class_names});
    wf_free(p.points);
    wf_free(p.labels);
    wf_free(p.sets);
    WF_TRY(status);
    wf_str_add(&svg, cx, text);
    wf_free(text);
    WF_TRY(svg.status);
    return wf__md_model_picture(m, row, "map", "Map", &svg);
}
