/* Accuracy against what it costs. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "report/charts.h"
#include "report/palette.h"
#include "report/plot.h"

enum { WIDTH = 860, HEIGHT = 400 };

/* ---- the axis of what it costs ---- */

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
        double step = wf__plot_step(range / unit, 6) * unit;
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

/* "50k", "1.2M": the short form of a count. */
static const char *tick_count(char buffer[WF_FIGURE_BYTES], double count) {
    if (count < 1e3) snprintf(buffer, WF_FIGURE_BYTES, "%.3g", count);
    else if (count < 1e6) snprintf(buffer, WF_FIGURE_BYTES, "%.3gk", count / 1e3);
    else snprintf(buffer, WF_FIGURE_BYTES, "%.3gM", count / 1e6);
    return buffer;
}

static void add_count_axis(wf_html *h, const wf__plot *p) {
    char text[WF_FIGURE_BYTES];
    if (!p->is_log) {
        double step = wf__plot_step(p->x_high - p->x_low, 6);
        for (double n = ceil(p->x_low / step) * step; n <= p->x_high; n += step)
            wf__plot_x_tick(h, p, n, tick_count(text, n));
        return;
    }
    for (double power = pow(10, floor(log10(p->x_low))); power <= p->x_high; power *= 10)
        for (int lead = 1; lead <= 5; lead += lead == 1 ? 1 : 3) {
            double n = lead * power;
            if (n >= p->x_low && n <= p->x_high) wf__plot_x_tick(h, p, n, tick_count(text, n));
        }
}

/* ---- marks and names ---- */

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

/* ---- the chart ---- */

static double cost_of(const wf_report_row *row, wf_chart_cost cost) {
    return cost == WF_COST_TIME ? row->total_s.mean : (double)wf__row_summary(row)->parameters;
}

static int is_plotted(const wf_report_row *row, wf_chart_cost cost) {
    return isfinite(cost_of(row, cost)) && cost_of(row, cost) > 0;
}

/* The ranges of both axes; 0 when there is nothing to plot. */
static int fit(wf__plot *p, const wf_comparison *c, wf_chart_cost cost) {
    double x_low = INFINITY, x_high = 0, y_low = INFINITY, y_high = -INFINITY;
    for (size_t i = 0; i < c->row_count; i++) {
        const wf_report_row *row = &c->rows[i];
        if (!is_plotted(row, cost)) continue;
        double sd = isfinite(row->accuracy.sd) ? row->accuracy.sd : 0;
        x_low = fmin(x_low, cost_of(row, cost));
        x_high = fmax(x_high, cost_of(row, cost));
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

static void add_whiskers(wf_html *h, const wf_comparison *c, const wf__plot *p, wf_chart_cost cost,
                         box *taken, size_t *count) {
    for (size_t i = 0; i < c->row_count; i++) {
        const wf_report_row *row = &c->rows[i];
        if (!is_plotted(row, cost)) continue;
        double x = wf__plot_x(p, cost_of(row, cost)), y = wf__plot_y(p, row->accuracy.mean);
        taken[(*count)++] = (box){x - 7, x + 7, y - 7, y + 7};
        if (isfinite(row->accuracy.sd))
            wf__html(h, "<line class=\"whisker\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>",
                     x, x, wf__plot_y(p, row->accuracy.mean - row->accuracy.sd),
                     wf__plot_y(p, row->accuracy.mean + row->accuracy.sd));
    }
}

static void add_points(wf_html *h, const wf_comparison *c, const wf__plot *p, wf_chart_cost cost,
                       box *taken) {
    size_t n = 0;
    add_whiskers(h, c, p, cost, taken, &n);
    for (size_t i = 0; i < c->row_count; i++) {
        const wf_report_row *row = &c->rows[i];
        if (!is_plotted(row, cost)) continue;
        double x = wf__plot_x(p, cost_of(row, cost)), y = wf__plot_y(p, row->accuracy.mean);
        box b = place_label(p, taken, n, x, y, 6.7 * wf_utf8_width(row->label));
        taken[n++] = b;
        double middle = (b.top + b.bottom) / 2;
        if (fabs(middle - y) > 8)
            wf__html(h, "<line class=\"leader\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>",
                     x, b.left > x ? b.left - 2 : b.right + 2, y, middle);
        add_marker(h, wf_family_mark(wf__row_summary(row)->family), x, y);
        wf__html(h, "<text class=\"name\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", b.left, middle + 4,
                 row->label);
    }
}

/* The families that are there, each with its mark. */
static void add_legend(wf_html *h, const wf_comparison *c) {
    static const char *const families[][2] = {
        {"cnn", "CNN"}, {"rnn", "RNN"}, {"hybrid", "CNN and RNN"}, {"other", "other"}};
    double x = 120;
    for (size_t f = 0; f < sizeof families / sizeof *families; f++) {
        int is_there = 0;
        for (size_t i = 0; i < c->row_count; i++)
            is_there |=
                !strcmp(wf_family_mark(wf__row_summary(&c->rows[i])->family), families[f][0]);
        if (!is_there) continue;
        add_marker(h, families[f][0], x, 20);
        wf__html(h, "<text x=\"%.1f\" y=\"24\">%s</text>", x + 11, families[f][1]);
        x += 34 + 7.5 * (double)strlen(families[f][1]);
    }
}

wf_status wf_chart_scatter(wf_str *out, wf_context *cx, const wf_comparison *c,
                           wf_chart_cost cost) {
    static const char *const names[] = {"total training time", "parameters"};
    wf__plot p = {.left = 52, .right = WIDTH - 18, .top = 40, .bottom = HEIGHT - 44};
    wf_html h = {.cx = cx};
    box *taken = NULL;
    if (!fit(&p, c, cost)) return WF_OK;
    WF_TRY(wf_alloc(&taken, cx, 2 * c->row_count, sizeof *taken));
    wf__chart_begin(&h, WIDTH, HEIGHT, "Accuracy on the test images against what it costs");
    wf__html(&h, "<text class=\"title\" x=\"10\" y=\"24\">Accuracy</text>");
    add_legend(&h, c);
    wf__plot_y_axis(&h, &p);
    if (cost == WF_COST_TIME) add_time_axis(&h, &p);
    else add_count_axis(&h, &p);
    wf__html(&h, "<text class=\"tick\" text-anchor=\"middle\" x=\"%.1f\" y=\"%d\">%s%s</text>\n",
             (p.left + p.right) / 2, HEIGHT - 8, names[cost], p.is_log ? " (logarithmic)" : "");
    add_points(&h, c, &p, cost, taken);
    wf_free(taken);
    return wf__chart_end(out, &h);
}
