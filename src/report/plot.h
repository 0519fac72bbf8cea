/* The axes of charts. */
#ifndef WF_REPORT_PLOT_H
#define WF_REPORT_PLOT_H

#include "report/html.h"

typedef struct wf__plot {
    double left, right, top, bottom; /* of the area inside the axes */
    double x_low, x_high, y_low, y_high;
    int is_log; /* of x */
} wf__plot;

/* Where a value lies. */
double wf__plot_x(const wf__plot *p, double value);
double wf__plot_y(const wf__plot *p, double value);

/* 1, 2 or 5 times a power of ten, so that about `count` steps cover the range. */
double wf__plot_step(double range, int count);
/* Lines and figures for y, and the line at the bottom. */
void wf__plot_y_axis(wf_html *h, const wf__plot *p);
void wf__plot_x_tick(wf_html *h, const wf__plot *p, double value, const char *text);

#endif
