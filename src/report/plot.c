#include "report/plot.h"

#include <math.h>
#include <stdio.h>

double wf__plot_x(const wf__plot *p, double value) {
    double low = p->x_low, high = p->x_high;
    if (p->is_log) {
        value = log(value);
        low = log(low);
        high = log(high);
    }
    double part = high > low ? (value - low) / (high - low) : .5;
    return p->left + part * (p->right - p->left);
}

double wf__plot_y(const wf__plot *p, double value) {
    double part = p->y_high > p->y_low ? (value - p->y_low) / (p->y_high - p->y_low) : .5;
    return p->bottom - part * (p->bottom - p->top);
}

double wf__plot_step(double range, int count) {
    double raw = range > 0 ? range / count : 1, power = pow(10, floor(log10(raw)));
    double lead = raw / power;
    return power * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10);
}

void wf__plot_y_axis(wf_html *h, const wf__plot *p) {
    double step = wf__plot_step(p->y_high - p->y_low, p->bottom - p->top > 250 ? 8 : 5);
    const int digits = step < .00999 ? (int)ceil(-log10(step) - 1e-9) : 2;
    long first = lround(ceil(p->y_low / step - 1e-9)),
         last = lround(floor(p->y_high / step + 1e-9));
    for (long i = first; i <= last; i++) {
        double value = (double)i * step, y = wf__plot_y(p, value);
        wf__html(h, "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>",
                 p->left, p->right, y, y);
        char tick[32];
        snprintf(tick, sizeof tick, "%.*f", digits, value);
        wf__html(h, "<text class=\"tick\" text-anchor=\"end\" x=\"%.1f\" y=\"%.1f\">%s</text>",
                 p->left - 6, y + 4, tick);
    }
    wf__html(h, "<line class=\"axis\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>", p->left,
             p->right, p->bottom, p->bottom);
}

void wf__plot_x_tick(wf_html *h, const wf__plot *p, double value, const char *text) {
    double x = wf__plot_x(p, value);
    wf__html(h,
             "<line class=\"axis\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/><text "
             "class=\"tick\" text-anchor=\"middle\" x=\"%.1f\" y=\"%.1f\">%s</text>",
             x, x, p->bottom, p->bottom + 4, x, p->bottom + 18, text);
}
