/* The figure that decides, accuracy, of every fold of a cross-validation. */
#include <math.h>
#include <stdio.h>

#include "report/charts.h"

/* ---- a line per model: its folds as dots, mean and interval above them ---- */

enum { LEFT = 150, WIDTH = 860, RIGHT = 20, ROW = 34, TOP = 14, AXIS = 24 };

typedef struct range {
    double low, high;
} range;

/* Figures between which everything lies. */
static range range_of(const wf_cross_validation *cv) {
    const wf_cv_figure figure = cv->figures[0];
    range r = {INFINITY, -INFINITY};
    for (size_t i = 0; i < cv->model_count; i++) {
        const wf_cv_model *m = &cv->models[i];
        double ends[2] = {m->low[figure], m->high[figure]};
        for (int k = 0; k < 2; k++) {
            if (!isfinite(ends[k])) continue;
            r.low = fmin(r.low, fmax(ends[k], 0));
            r.high = fmax(r.high, fmin(ends[k], 1));
        }
        for (size_t k = 0; k < cv->n; k++) {
            r.low = fmin(r.low, m->values[figure][k]);
            r.high = fmax(r.high, m->values[figure][k]);
        }
    }
    double margin = .04 * (r.high - r.low) + 1e-4;
    return (range){r.low - margin, r.high + margin};
}

static double x_at(range r, double value) {
    double part = (value - r.low) / (r.high - r.low);
    return LEFT + (WIDTH - LEFT - RIGHT) * (part < 0 ? 0 : part > 1 ? 1 : part);
}

static void add_model(wf_html *h, const wf_cross_validation *cv, const wf_cv_model *m, range r,
                      double y) {
    const wf_cv_figure figure = cv->figures[0];
    double low = m->low[figure], high = m->high[figure];
    wf__html(h, "<text class=\"name\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%s</text>",
             LEFT - 12.0, y + 4, m->name);
    for (size_t k = 0; k < cv->n; k++)
        if (isfinite(m->values[figure][k]))
            wf__html(h,
                     "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"currentColor\" "
                     "fill-opacity=\".3\"/>",
                     x_at(r, m->values[figure][k]), y + 6);
    if (isfinite(low) && isfinite(high))
        wf__html(h,
                 "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"currentColor\" "
                 "stroke-width=\"2\"/>",
                 x_at(r, low), x_at(r, high), y - 4, y - 4);
    if (isfinite(m->spread[figure].mean))
        wf__html(h, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\" fill=\"currentColor\"/>",
                 x_at(r, m->spread[figure].mean), y - 4);
}

enum { LABEL_BYTES = 128 };
static const char *label_of(char buffer[LABEL_BYTES], const wf_cross_validation *cv) {
    snprintf(buffer, LABEL_BYTES, "%s of each model in each fold, with mean and 95%% interval",
             wf_cv_figure_of(cv->figures[0])->title);
    return buffer;
}

static int bottom_of(const wf_cross_validation *cv) { return TOP + ROW * (int)cv->model_count; }

static void add_all(wf_html *h, const wf_cross_validation *cv) {
    range r = range_of(cv);
    int bottom = bottom_of(cv);
    for (int i = 0; i <= 4; i++) {
        double value = r.low + (r.high - r.low) * i / 4, x = x_at(r, value);
        wf__html(h,
                 "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" stroke=\"currentColor\" "
                 "stroke-opacity=\".15\"/><text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\" "
                 "class=\"name\">%.3f</text>",
                 x, x, TOP, bottom, x, bottom + 18, value);
    }
    for (size_t i = 0; i < cv->model_count; i++)
        add_model(h, cv, &cv->models[i], r, TOP + ROW * ((double)i + .5));
}

void wf__chart_folds(wf_html *h, const wf_cross_validation *cv) {
    char label[LABEL_BYTES];
    wf__html(h, "<div class=\"wide\"><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">",
             WIDTH, bottom_of(cv) + AXIS, label_of(label, cv));
    add_all(h, cv);
    wf__html(h, "</svg></div>");
}

wf_status wf_chart_folds(wf_str *out, wf_context *cx, const wf_cross_validation *cv) {
    wf_html h = {.cx = cx};
    char label[LABEL_BYTES];
    wf__chart_begin(&h, WIDTH, bottom_of(cv) + AXIS, label_of(label, cv));
    add_all(&h, cv);
    return wf__chart_end(out, &h);
}
