/* Charts as inline SVG. Colours and fonts come from the page's style. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "report/plot.h"

const char *wf__family_class(const char *family) {
    if (strcmp(family, "cnn") == 0) return "cnn";
    if (strcmp(family, "rnn") == 0) return "rnn";
    return strstr(family, "hybrid") || strstr(family, "rnn") ? "hybrid" : "other";
}

/* ---- accuracy against training time ---- */

/* "30 s", "5 min", "2 h": the short form of a round time. */
static const char *tick_time(char buffer[WF_FIGURE_BYTES], double seconds) {
    static const struct {
        double limit, unit;
        const char *name;
    } units[] = {{60, 1, "s"}, {3600, 60, "min"}, {1e30, 3600, "h"}};
    for (size_t i = 0; i < 3; i++)
        if (seconds < units[i].limit) {
            snprintf(buffer, WF_FIGURE_BYTES, "%.3g %s", seconds / units[i].unit, units[i].name);
            break;
        }
    return buffer;
}

static void add_time_axis(wf_html *h, const wf__plot *p) {
    static const double round_times[] = {.1,   .2,   .5,   1,     2,     5,     10,
                                         20,   30,   60,   120,   300,   600,   1200,
                                         1800, 3600, 7200, 18000, 36000, 86400, 172800};
    char text[WF_FIGURE_BYTES];
    double last = -1e9;
    if (!p->is_log) {
        double range = p->x_high - p->x_low, unit = range > 7200 ? 3600 : range > 240 ? 60 : 1;
        double step = wf__plot_step(range / unit, p->right - p->left > 450 ? 6 : 4) * unit;
        for (double t = ceil(p->x_low / step) * step; t <= p->x_high; t += step)
            wf__plot_x_tick(h, p, t, t > 0 ? tick_time(text, t) : "0");
        return;
    }
    for (size_t i = 0; i < sizeof round_times / sizeof *round_times; i++) {
        double t = round_times[i];
        if (t < p->x_low || t > p->x_high || wf__plot_x(p, t) - last < 52) continue;
        wf__plot_x_tick(h, p, t, tick_time(text, t));
        last = wf__plot_x(p, t);
    }
}

typedef struct box {
    double left, right, top, bottom;
} box;

static int overlaps(const box *a, const box *b) {
    return a->left < b->right && b->left < a->right && a->top < b->bottom && b->top < a->bottom;
}

static int is_free(const box *taken, size_t n, const box *wanted) {
    for (size_t i = 0; i < n; i++)
        if (overlaps(&taken[i], wanted)) return 0;
    return 1;
}

static box label_box(double x, double y, double width, int is_right) {
    double left = is_right ? x + 9 : x - 9 - width;
    return (box){left, left + width, y - 7, y + 7};
}

/* A place for a label near its point that no other takes: beside it, else ever further away. */
static box place_label(const wf__plot *p, const box *taken, size_t n, double x, double y,
                       double width) {
    box best = {0};
    for (int i = 0; i < 40; i++) {
        double shift = 14 * ((i + 1) / 2) * (i % 2 ? 1 : -1);
        for (int side = 1; side >= 0; side--) {
            box b = label_box(x, y + shift, width, side);
            int is_inside = b.right <= p->right + 14 && b.left >= p->left && b.top >= p->top - 8 &&
                            b.bottom <= p->bottom;
            if (i == 0 && side == 1) best = b;
            if (is_inside && is_free(taken, n, &b)) return b;
        }
    }
    return best;
}

static void add_marker(wf_html *h, const char *family, double x, double y) {
    if (strcmp(family, "cnn") == 0)
        wf__html(h, "<circle class=\"cnn\" cx=\"%.1f\" cy=\"%.1f\" r=\"5\"/>", x, y);
    else if (strcmp(family, "rnn") == 0)
        wf__html(h, "<rect class=\"rnn\" x=\"%.1f\" y=\"%.1f\" width=\"9.4\" height=\"9.4\"/>",
                 x - 4.7, y - 4.7);
    else
        wf__html(h, "<path class=\"%s\" d=\"M%.1f %.1f l6.2 6.2 l-6.2 6.2 l-6.2 -6.2 z\"/>", family,
                 x, y - 6.2);
}

static int is_plotted(const wf_report_row *row) {
    return isfinite(row->total_s.mean) && row->total_s.mean > 0;
}

/* The ranges of both axes; 0 when there is nothing to plot. */
static int fit_scatter(wf__plot *p, const wf_comparison *c) {
    double x_low = INFINITY, x_high = 0, y_low = INFINITY, y_high = -INFINITY;
    for (size_t i = 0; i < c->row_count; i++) {
        const wf_report_row *row = &c->rows[i];
        if (!is_plotted(row)) continue;
        double sd = isfinite(row->accuracy.sd) ? row->accuracy.sd : 0;
        x_low = fmin(x_low, row->total_s.mean);
        x_high = fmax(x_high, row->total_s.mean);
        y_low = fmin(y_low, row->accuracy.mean - sd);
        y_high = fmax(y_high, row->accuracy.mean + sd);
    }
    if (x_high <= 0) return 0;
    p->is_log = x_high / x_low > 8;
    p->x_low = p->is_log ? x_low / 1.4 : 0;
    p->x_high = p->is_log ? x_high * 1.4 : x_high * 1.12;
    double pad = fmax(.08 * (y_high - y_low), .002);
    p->y_low = y_low - pad;
    p->y_high = y_high + pad;
    return 1;
}

static void add_points(wf_html *h, const wf_comparison *c, const wf__plot *p, box *taken) {
    size_t n = 0;
    for (size_t i = 0; i < c->row_count; i++) {
        const wf_report_row *row = &c->rows[i];
        if (!is_plotted(row)) continue;
        double x = wf__plot_x(p, row->total_s.mean), y = wf__plot_y(p, row->accuracy.mean);
        taken[n++] = (box){x - 7, x + 7, y - 7, y + 7};
        if (isfinite(row->accuracy.sd))
            wf__html(h, "<line class=\"whisker\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>",
                     x, x, wf__plot_y(p, row->accuracy.mean - row->accuracy.sd),
                     wf__plot_y(p, row->accuracy.mean + row->accuracy.sd));
    }
    for (size_t i = 0; i < c->row_count; i++) {
        const wf_report_row *row = &c->rows[i];
        char score[WF_FIGURE_BYTES], time[WF_FIGURE_BYTES];
        if (!is_plotted(row)) continue;
        double x = wf__plot_x(p, row->total_s.mean), y = wf__plot_y(p, row->accuracy.mean);
        box b = place_label(p, taken, n, x, y, 6.7 * wf_utf8_width(row->label));
        taken[n++] = b;
        double middle = (b.top + b.bottom) / 2;
        if (fabs(middle - y) > 8)
            wf__html(h, "<line class=\"leader\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>",
                     x, b.left > x ? b.left - 2 : b.right + 2, y, middle);
        wf__html(h, "<g><title>%s: accuracy %s, %s</title>", row->label,
                 wf__show_spread(score, row->accuracy, wf__show_score),
                 wf_duration(time, row->total_s.mean));
        add_marker(h, wf__family_class(wf__row_summary(row)->family), x, y);
        wf__html(h, "<text class=\"name\" x=\"%.1f\" y=\"%.1f\">%s</text></g>", b.left, middle + 4,
                 row->label);
    }
}

void wf__html_scatter(wf_html *h, const wf_comparison *c, int width) {
    int height = width > 500 ? 380 : 340;
    wf__plot p = {.left = 46, .right = width - 18, .top = 14, .bottom = height - 44};
    box *taken = NULL;
    if (!fit_scatter(&p, c)) return;
    wf_status status = wf_alloc(&taken, h->cx, 2 * c->row_count, sizeof *taken);
    if (status != WF_OK) {
        h->out.status = status;
        return;
    }
    wf__html(
        h,
        "<svg class=\"scatter\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Accuracy on the "
        "test set against training time, one mark per model\">",
        width, height);
    wf__plot_y_axis(h, &p);
    add_time_axis(h, &p);
    wf__html(h,
             "<text class=\"tick\" text-anchor=\"middle\" x=\"%.1f\" y=\"%d\">total training "
             "time%s</text>",
             (p.left + p.right) / 2, height - 8, p.is_log ? " (logarithmic)" : "");
    add_points(h, c, &p, taken);
    wf__html(h, "</svg>");
    wf_free(taken);
}

/* ---- learning curves ---- */

static double train_value(const wf_epoch_record *e, wf_curve curve) {
    return curve == WF_CURVE_LOSS ? e->loss : e->accuracy;
}

static double validation_value(const wf_epoch_record *e, wf_curve curve) {
    return curve == WF_CURVE_LOSS ? e->val_loss : e->val_accuracy;
}

static int compare_doubles(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Without the outermost two percent, so that one wild first epoch does not flatten all others. */
wf_status wf__curve_range(wf_range *out, wf_context *cx, const wf_comparison *c, wf_curve curve) {
    double *values = NULL;
    size_t n = 0, capacity = 0;
    for (size_t i = 0; i < c->row_count; i++)
        for (size_t j = 0; j < c->rows[i].run_count; j++)
            capacity += c->rows[i].runs[j].metrics.count;
    WF_TRY(wf_alloc(&values, cx, 2 * capacity, sizeof *values));
    for (size_t i = 0; i < c->row_count; i++)
        for (size_t j = 0; j < c->rows[i].run_count; j++) {
            const wf_run_metrics *m = &c->rows[i].runs[j].metrics;
            for (size_t e = 0; e < m->count; e++) {
                double both[] = {train_value(&m->epochs[e], curve),
                                 validation_value(&m->epochs[e], curve)};
                for (int k = 0; k < 2; k++)
                    if (isfinite(both[k])) values[n++] = both[k];
            }
        }
    *out = (wf_range){0, 1};
    if (n > 0) {
        qsort(values, n, sizeof *values, compare_doubles);
        double low = values[n / 50], high = values[n - 1 - n / 50], slack = .15 * (high - low);
        out->low = fmax(values[0], low - slack);
        out->high = fmin(values[n - 1], high + slack);
        double pad = fmax(.05 * (out->high - out->low), 1e-3);
        out->low -= pad;
        out->high += pad;
    }
    wf_free(values);
    return WF_OK;
}

static void add_line(wf_html *h, const wf__plot *p, const wf_run_metrics *m, wf_curve curve,
                     int is_validation) {
    const char *name = is_validation ? "validation" : "train";
    int points = 0;
    wf__html(h, "<path class=\"curve %s\" d=\"", name);
    for (size_t i = 0; i < m->count; i++) {
        double value = is_validation ? validation_value(&m->epochs[i], curve)
                                     : train_value(&m->epochs[i], curve);
        if (!isfinite(value)) continue;
        wf__html(h, "%s%.1f %.1f", points++ == 0 ? "M" : "L",
                 wf__plot_x(p, (double)m->epochs[i].epoch), wf__plot_y(p, value));
    }
    wf__html(h, "\"/>");
    if (m->count > 30) return;
    for (size_t i = 0; i < m->count; i++) {
        double value = is_validation ? validation_value(&m->epochs[i], curve)
                                     : train_value(&m->epochs[i], curve);
        if (isfinite(value))
            wf__html(h, "<circle class=\"dot %s\" cx=\"%.1f\" cy=\"%.1f\" r=\"2.2\"/>", name,
                     wf__plot_x(p, (double)m->epochs[i].epoch), wf__plot_y(p, value));
    }
}

void wf__html_curves(wf_html *h, const wf_report_row *row, wf_curve curve, wf_range range) {
    enum { WIDTH = 340, HEIGHT = 200 };
    wf__plot p = {.left = 42, .right = WIDTH - 10, .top = 8, .bottom = HEIGHT - 24};
    size_t longest = 1;
    for (size_t i = 0; i < row->run_count; i++)
        if (row->runs[i].metrics.count > longest) longest = row->runs[i].metrics.count;
    const char *name = curve == WF_CURVE_LOSS ? "Loss" : "Accuracy";
    p.x_low = longest > 1 ? 1 : .5;
    p.x_high = longest > 1 ? (double)longest : 1.5;
    p.y_low = range.low;
    p.y_high = range.high;
    wf__html(h,
             "<figure><figcaption>%s</figcaption><svg viewBox=\"0 0 %d %d\" role=\"img\" "
             "aria-label=\"%s per epoch of %s, training and validation\">",
             name, WIDTH, HEIGHT, name, row->label);
    wf__plot_y_axis(h, &p);
    double step = fmax(1, wf__plot_step((double)longest, 6));
    for (double epoch = step; epoch <= (double)longest; epoch += step) {
        char text[WF_FIGURE_BYTES];
        wf__plot_x_tick(h, &p, epoch, wf_thousands(text, (int64_t)epoch));
    }
    /* An inner svg cuts off what leaves the shared range. */
    wf__html(h,
             "<svg x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" viewBox=\"%.1f %.1f %.1f "
             "%.1f\">",
             p.left - 4, p.top, p.right - p.left + 8, p.bottom - p.top, p.left - 4, p.top,
             p.right - p.left + 8, p.bottom - p.top);
    for (size_t i = 0; i < row->run_count; i++)
        for (int k = 0; k < 2; k++) add_line(h, &p, &row->runs[i].metrics, curve, k);
    wf__html(h, "</svg></svg></figure>");
}
