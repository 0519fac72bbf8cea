/* A chart of how probabilities develop while an image is read. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/explanation.h"
#include "report/plot.h"

enum { WIDTH = 760, HEIGHT = 460, RIGHT = 590, MIDDLE = 300 };

/* Okabe and Ito's colours; written out, for programs that show SVG know no variables. */
static const char style[] =
    "text{font-family:'DejaVu Sans',sans-serif;fill:#1a1e24}"
    ".tick{font-size:12px;fill:#59636e}.name{font-size:13px}.title{font-size:15px;font-weight:600}"
    ".grid{stroke:#d9dee4}.axis{stroke:#59636e}"
    ".curve{fill:none;stroke-width:2.2;stroke-linejoin:round}"
    ".c0{stroke:#0072b2;stroke-width:3.4}.c1{stroke:#d55e00}.c2{stroke:#007a59}"
    ".c3{stroke:#b0588b}.c4{stroke:#8a6d00}"
    ".n0{fill:#0072b2;font-weight:600}.n1{fill:#d55e00}.n2{fill:#007a59}.n3{fill:#b0588b}"
    ".n4{fill:#8a6d00}.for{fill:#0072b2}.against{fill:#d55e00}";

static float output_at(const wf_progression *p, int line, int class) {
    return p->outputs[(ptrdiff_t)line * p->classes + class];
}

static double largest_output(const wf_progression *p, int class) {
    double largest = 0;
    for (int t = 0; t < p->lines; t++) largest = fmax(largest, (double)output_at(p, t, class));
    return largest;
}

int wf_progression_classes(int out[WF_CHART_CLASSES], const wf_progression *p, int class_index) {
    int n = 0;
    out[n++] = class_index < p->classes ? class_index : 0; /* a single output is that of class 1 */
    while (n < WF_CHART_CLASSES) {
        int best = -1;
        for (int k = 0; k < p->classes; k++) {
            int is_taken = 0;
            for (int i = 0; i < n; i++) is_taken |= out[i] == k;
            if (!is_taken && (best < 0 || largest_output(p, k) > largest_output(p, best))) best = k;
        }
        if (best < 0 || largest_output(p, best) < 0.1) break;
        out[n++] = best;
    }
    return n;
}

/* ---- the upper part ---- */

/* The names stand beside the curves' ends, moved apart where those are close. */
static void place_names(double y[WF_CHART_CLASSES], int n) {
    enum { APART = 16 };
    int order[WF_CHART_CLASSES];
    for (int i = 0; i < n; i++) {
        int k = i;
        for (; k > 0 && y[order[k - 1]] > y[i]; k--) order[k] = order[k - 1];
        order[k] = i;
    }
    for (int i = n - 2; i >= 0; i--) /* upwards from the lowest */
        y[order[i]] = fmin(y[order[i]], y[order[i + 1]] - APART);
}

static void add_curves(wf_html *h, const wf__plot *p, const wf_progression_chart *c) {
    int classes[WF_CHART_CLASSES];
    double y[WF_CHART_CLASSES];
    const wf_progression *progression = c->progression;
    const int n = wf_progression_classes(classes, progression, c->class_index);
    for (int i = n - 1; i >= 0; i--) { /* the explained one on top */
        wf__html(h, "<path class=\"curve c%d\" d=\"", i);
        for (int t = 0; t < progression->lines; t++) {
            y[i] = wf__plot_y(p, (double)output_at(progression, t, classes[i]));
            wf__html(h, "%s%.1f %.1f", t ? "L" : "M", wf__plot_x(p, t + 1), y[i]);
        }
        wf__html(h, "\"/>");
    }
    double at[WF_CHART_CLASSES];
    for (int i = 0; i < n; i++) at[i] = y[i];
    place_names(at, n);
    for (int i = 0; i < n; i++)
        wf__html(h, "<text class=\"name n%d\" x=\"%d\" y=\"%.1f\">%s %.3f</text>", i, RIGHT + 10,
                 at[i] + 4, c->class_names[classes[i]],
                 (double)output_at(progression, progression->lines - 1, classes[i]));
}

/* ---- the lower part ---- */

static void add_bars(wf_html *h, const wf__plot *p, const wf_progression_chart *c) {
    const double width = (p->right - p->left) / (p->x_high - p->x_low), zero = wf__plot_y(p, 0);
    const double *shares = c->progression->shares;
    for (int t = 0; t < c->progression->lines; t++) {
        const double y = wf__plot_y(p, shares[t]), x = wf__plot_x(p, t + 1) - 0.4 * width;
        wf__html(h, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>",
                 shares[t] >= 0 ? "for" : "against", x, fmin(y, zero), 0.8 * width, fabs(y - zero));
    }
    wf__html(h, "<line class=\"axis\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>", p->left,
             p->right, zero, zero);
}

static void add_line_ticks(wf_html *h, const wf__plot *p, int lines) {
    const double step = fmax(1, wf__plot_step(lines, 10));
    char text[32];
    for (double t = step; t <= lines; t += step)
        wf__plot_x_tick(h, p, t, wf_thousands(text, (int64_t)t));
}

wf_status wf_progression_svg(wf_str *out, wf_context *cx, const wf_progression_chart *c) {
    const wf_progression *progression = c->progression;
    const int lines = progression->lines;
    const char *row = progression->reading == WF_READING_COLUMNS ? "column" : "row";
    const char *line = progression->layer ? "step" : row;
    wf_html h = {.cx = cx};
    wf__plot upper = {.left = 56,
                      .right = RIGHT,
                      .top = 40,
                      .bottom = MIDDLE,
                      .x_low = 0.5,
                      .x_high = lines + 0.5,
                      .y_high = 1};
    wf__plot lower = upper;
    lower.top = MIDDLE + 36;
    lower.bottom = HEIGHT - 44;
    for (int t = 0; t < lines; t++) {
        lower.y_low = fmin(lower.y_low, progression->shares[t]);
        lower.y_high = fmax(t ? lower.y_high : 0, progression->shares[t]);
    }
    if (!(lower.y_high > lower.y_low)) lower.y_high = lower.y_low + 1;
    const double margin = 0.05 * (lower.y_high - lower.y_low);
    lower.y_high += margin;
    if (lower.y_low < 0) lower.y_low -= margin;
    wf__html(&h,
             "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
             "height=\"%d\" role=\"img\" aria-label=\"Probabilities after each %s\">"
             "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/><style>",
             WIDTH, HEIGHT, WIDTH, HEIGHT, line, WIDTH, HEIGHT);
    wf_str_add(&h.out, cx, style);
    wf__html(&h, "</style><text class=\"title\" x=\"56\" y=\"22\">Probability after each %s</text>",
             line);
    wf__plot_y_axis(&h, &upper);
    add_curves(&h, &upper, c);
    wf__html(&h, "<text class=\"title\" x=\"56\" y=\"%d\">How much each %s speaks for %s</text>",
             MIDDLE + 26, line, c->class_names[c->class_index]);
    wf__plot_y_axis(&h, &lower);
    add_bars(&h, &lower, c);
    add_line_ticks(&h, &lower, lines);
    wf__html(&h, "<text class=\"tick\" text-anchor=\"middle\" x=\"%.1f\" y=\"%d\">%s",
             (lower.left + lower.right) / 2, HEIGHT - 8, line);
    if (progression->layer) {
        char each[32];
        snprintf(each, sizeof each, "%.2g", (double)progression->image_lines / lines);
        wf__html(&h, ": a %s of %s's map, about %s %s%s of the image", row, progression->layer,
                 each, row, strcmp(each, "1") ? "s" : "");
    }
    wf_str_add(&h.out, cx, "</text></svg>\n");
    const wf_status status = h.out.status;
    if (status == WF_OK) *out = h.out;
    else wf_str_reset(&h.out);
    return status;
}
