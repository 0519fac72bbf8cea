/* Learning curves. */
#include <math.h>
#include <stdio.h>

#include "report/charts.h"
#include "report/plot.h"

enum { PANEL = 380, GAP = 16, HEIGHT = 290, DOTS = 30 /* epochs with a dot each, at most */ };

typedef enum curve { LOSS, ACCURACY, RATE, PANELS } curve;

typedef struct line {
    const char *style;
    double (*value)(const wf_epoch_record *e);
} line;

static double loss(const wf_epoch_record *e) { return e->loss; }
static double val_loss(const wf_epoch_record *e) { return e->val_loss; }
static double accuracy(const wf_epoch_record *e) { return e->accuracy; }
static double val_accuracy(const wf_epoch_record *e) { return e->val_accuracy; }
static double rate(const wf_epoch_record *e) { return e->learning_rate; }

static const struct {
    const char *title;
    line lines[2];
} panels[PANELS] = {{"Loss", {{"train", loss}, {"validation", val_loss}}},
                    {"Accuracy", {{"train", accuracy}, {"validation", val_accuracy}}},
                    {"Learning rate", {{"rate", rate}}}};

/* Both axes over all seeds. */
static void fit(wf__plot *p, const wf_report_row *row, curve which) {
    double low = INFINITY, high = -INFINITY;
    size_t longest = 1;
    for (size_t i = 0; i < row->run_count; i++) {
        const wf_run_metrics *m = &row->runs[i].metrics;
        if (m->count > longest) longest = m->count;
        for (size_t e = 0; e < m->count; e++)
            for (int k = 0; k < 2 && panels[which].lines[k].value; k++) {
                double value = panels[which].lines[k].value(&m->epochs[e]);
                if (!isfinite(value)) continue;
                low = fmin(low, value);
                high = fmax(high, value);
            }
    }
    if (!(low <= high)) low = 0, high = 1;
    double pad = fmax(.05 * (high - low), which == RATE ? .05 * high : 1e-3);
    p->x_low = longest > 1 ? 1 : .5;
    p->x_high = longest > 1 ? (double)longest : 1.5;
    p->y_low = which == RATE ? 0 : low - pad;
    p->y_high = high + pad;
}

static void add_line(wf_html *h, const wf__plot *p, const wf_run_metrics *m, const line *l) {
    int points = 0;
    wf__html(h, "<path class=\"curve %s\" d=\"", l->style);
    for (size_t i = 0; i < m->count; i++) {
        double value = l->value(&m->epochs[i]);
        if (isfinite(value))
            wf__html(h, "%s%.1f %.1f", points++ == 0 ? "M" : "L",
                     wf__plot_x(p, (double)m->epochs[i].epoch), wf__plot_y(p, value));
    }
    wf__html(h, "\"/>");
    for (size_t i = 0; i < m->count && m->count <= DOTS; i++) {
        double value = l->value(&m->epochs[i]);
        if (isfinite(value))
            wf__html(h, "<circle class=\"dot %s\" cx=\"%.1f\" cy=\"%.1f\" r=\"2.2\"/>", l->style,
                     wf__plot_x(p, (double)m->epochs[i].epoch), wf__plot_y(p, value));
    }
}

static void add_epochs(wf_html *h, const wf__plot *p) {
    char text[WF_FIGURE_BYTES];
    double step = fmax(1, wf__plot_step(p->x_high, 6));
    for (double epoch = step; epoch <= p->x_high; epoch += step)
        wf__plot_x_tick(h, p, epoch, wf_thousands(text, (int64_t)epoch));
}

/* Rates span powers of ten: the two ends say enough. */
static void add_rates(wf_html *h, const wf__plot *p, double high) {
    char text[WF_FIGURE_BYTES];
    const double values[] = {0, high};
    for (int i = 0; i < 2; i++) {
        snprintf(text, sizeof text, "%.3g", values[i]);
        wf__html(h,
                 "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/><text "
                 "class=\"tick\" text-anchor=\"end\" x=\"%.1f\" y=\"%.1f\">%s</text>",
                 p->left, p->right, wf__plot_y(p, values[i]), wf__plot_y(p, values[i]), p->left - 6,
                 wf__plot_y(p, values[i]) + 4, text);
    }
}

static double highest_rate(const wf_report_row *row) {
    double high = 0;
    for (size_t i = 0; i < row->run_count; i++)
        for (size_t e = 0; e < row->runs[i].metrics.count; e++)
            high = fmax(high, row->runs[i].metrics.epochs[e].learning_rate);
    return high;
}

static void add_panel(wf_html *h, const wf_report_row *row, curve which) {
    double left = which * (PANEL + GAP);
    wf__plot p = {.left = left + 56, .right = left + PANEL - 10, .top = 50, .bottom = HEIGHT - 44};
    fit(&p, row, which);
    wf__html(h, "<text class=\"title\" x=\"%.1f\" y=\"22\">%s</text>", p.left, panels[which].title);
    if (which == RATE) add_rates(h, &p, highest_rate(row));
    else wf__plot_y_axis(h, &p);
    add_epochs(h, &p);
    wf__html(h, "<text class=\"tick\" text-anchor=\"middle\" x=\"%.1f\" y=\"%d\">epoch</text>\n",
             (p.left + p.right) / 2, HEIGHT - 8);
    for (size_t i = 0; i < row->run_count; i++)
        for (int k = 0; k < 2 && panels[which].lines[k].value; k++)
            add_line(h, &p, &row->runs[i].metrics, &panels[which].lines[k]);
}

wf_status wf_chart_curves(wf_str *out, wf_context *cx, const wf_report_row *row) {
    wf_html h = {.cx = cx};
    wf__chart_begin(&h, PANELS * (PANEL + GAP), HEIGHT,
                    "Loss, accuracy and learning rate per epoch");
    for (int i = 0; i < PANELS; i++) add_panel(&h, row, (curve)i);
    wf__html(&h, "<path class=\"curve train\" d=\"M56 38h22\"/><text x=\"84\" y=\"42\">training"
                 "</text><path class=\"curve validation\" d=\"M150 38h22\"/><text x=\"178\" "
                 "y=\"42\">validation</text>\n");
    return wf__chart_end(out, &h);
}
