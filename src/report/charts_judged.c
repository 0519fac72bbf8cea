/* What a model does on the test images: confusion, ROC curves, reliability. */
#include <math.h>
#include <stdio.h>

#include "base/utf8.h"
#include "report/charts.h"
#include "report/palette.h"
#include "report/plot.h"

/* ---- confusion ---- */

enum { MOST_CLASSES = 40, HEAD = 44 };

/* The longest name in user units. */
static int name_width(const wf_evaluation *e) {
    int widest = 0;
    for (int k = 0; k < e->class_count; k++) {
        int width = wf_utf8_width(e->class_names[k]);
        if (width > widest) widest = width;
    }
    return 20 + 7 * (widest > 24 ? 24 : widest);
}

static void add_cell(wf_html *h, const wf_evaluation *e, int truth, int predicted, int left,
                     int side) {
    const int64_t n = e->confusion[(ptrdiff_t)truth * e->class_count + predicted];
    const int64_t support = e->classes[truth].support;
    /* The root shows small shares, which are the mistakes. */
    const double share = support ? sqrt((double)n / (double)support) : 0;
    const int x = left + predicted * side, y = HEAD + truth * side;
    wf__html(h,
             "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\" "
             "fill-opacity=\"%.3f\"/>",
             x, y, side - 1, side - 1, truth == predicted ? "#0072b2" : "#c75000", share);
    if (n)
        wf__html(h, "<text class=\"%s\" text-anchor=\"middle\" x=\"%d\" y=\"%d\">%lld</text>",
                 share > .7 ? "strong" : "", x + side / 2, y + side / 2 + 4, (long long)n);
}

wf_status wf_chart_confusion(wf_str *out, wf_context *cx, const wf_evaluation *e) {
    const int k = e->class_count, left = name_width(e), side = k > 20 ? 34 : 46;
    wf_html h = {.cx = cx};
    if (k > MOST_CLASSES) return WF_OK;
    wf__chart_begin(&h, left + k * side + 20, HEAD + k * side + left + 10,
                    "Confusion matrix: test images per true and predicted class");
    wf__html(&h, "<text class=\"title\" x=\"10\" y=\"24\">True class (rows) and predicted class "
                 "(columns)</text>\n");
    for (int truth = 0; truth < k; truth++) {
        wf__html(&h, "<text class=\"tick\" text-anchor=\"end\" x=\"%d\" y=\"%d\">%s</text>",
                 left - 8, HEAD + truth * side + side / 2 + 4, e->class_names[truth]);
        for (int predicted = 0; predicted < k; predicted++)
            add_cell(&h, e, truth, predicted, left, side);
        const int x = left + truth * side + side / 2 + 4, y = HEAD + k * side + 8;
        wf__html(&h,
                 "<text class=\"tick\" text-anchor=\"end\" transform=\"translate(%d %d) "
                 "rotate(-90)\">%s</text>\n",
                 x, y, e->class_names[truth]);
    }
    return wf__chart_end(out, &h);
}

/* ---- ROC ---- */

enum { SIDE = 420, LEGEND = 230, LINE = 20 };

static double auc_of(const json_t *one) {
    const json_t *auc = json_object_get(one, "auc");
    return json_is_number(auc) ? json_number_value(auc) : (double)NAN;
}

/* -1 when no class has a curve. */
static int worst_class(const json_t *roc) {
    int worst = -1;
    for (size_t i = 0; i < json_array_size(roc); i++) {
        double auc = auc_of(json_array_get(roc, i));
        if (isfinite(auc) && (worst < 0 || auc < auc_of(json_array_get(roc, (size_t)worst))))
            worst = (int)i;
    }
    return worst;
}

static void add_roc(wf_html *h, const wf__plot *p, const json_t *one, const char *colour,
                    int is_worst) {
    const json_t *x = json_object_get(one, "fpr"), *y = json_object_get(one, "tpr");
    wf__html(h, "<path class=\"curve\" stroke=\"%s\" style=\"stroke-width:%.1f\" d=\"", colour,
             is_worst ? 3.4 : 1.6);
    for (size_t i = 0; i < json_array_size(x); i++)
        wf__html(h, "%s%.1f %.1f", i ? "L" : "M",
                 wf__plot_x(p, json_number_value(json_array_get(x, i))),
                 wf__plot_y(p, json_number_value(json_array_get(y, i))));
    wf__html(h, "\"/>\n");
}

/* Axes from 0 to 1 in a square. */
static void add_square(wf_html *h, const wf__plot *p, const char *x_name, const char *y_name) {
    char text[WF_FIGURE_BYTES];
    wf__plot_y_axis(h, p);
    for (int i = 0; i <= 5; i++) {
        snprintf(text, sizeof text, "%.1f", i / 5.);
        wf__plot_x_tick(h, p, i / 5., text);
    }
    wf__html(h, "<line class=\"ideal\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>", p->left,
             p->right, p->bottom, p->top);
    wf__html(h,
             "<text class=\"tick\" text-anchor=\"middle\" x=\"%.1f\" y=\"%.1f\">%s</text><text "
             "class=\"title\" x=\"10\" y=\"22\">%s</text>\n",
             (p->left + p->right) / 2, p->bottom + 36, x_name, y_name);
}

wf_status wf_chart_roc(wf_str *out, wf_context *cx, const json_t *roc, const wf_evaluation *e) {
    wf_html h = {.cx = cx};
    char colour[WF_COLOUR_BYTES];
    const int worst = worst_class(roc), count = (int)json_array_size(roc);
    const int lines = 60 + LINE * count, height = lines > SIDE ? lines : SIDE;
    const wf__plot p = {
        .left = 52, .right = SIDE - 10, .top = 40, .bottom = SIDE - 50, .x_high = 1, .y_high = 1};
    if (worst < 0) return WF_OK;
    wf__chart_begin(&h, SIDE + LEGEND, height, "ROC curve of each class against the rest");
    add_square(&h, &p, "share of the others taken for the class",
               "Share of the class that is found");
    for (int i = 0; i <= count; i++) { /* the worst last, above the others */
        int k = i < count ? i : worst;
        if (i < count && i == worst) continue;
        add_roc(&h, &p, json_array_get(roc, (size_t)k), wf_class_colour(colour, k, count),
                k == worst);
    }
    for (int k = 0; k < count; k++) {
        double auc = auc_of(json_array_get(roc, (size_t)k));
        const int y = 52 + LINE * k;
        wf__html(&h, "<rect x=\"%d\" y=\"%d\" width=\"12\" height=\"12\" fill=\"%s\"/>", SIDE + 10,
                 y - 10, wf_class_colour(colour, k, count));
        char score[WF_FIGURE_BYTES];
        wf__html(&h, "<text x=\"%d\" y=\"%d\" class=\"%s\">%s %s%s</text>\n", SIDE + 30, y,
                 k == worst ? "worst" : "", e->class_names[k], wf__show_score(score, auc),
                 k == worst ? ", the worst" : "");
    }
    return wf__chart_end(out, &h);
}

/* ---- reliability ---- */

static double number(const json_t *bin, const char *key) {
    const json_t *value = json_object_get(bin, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

/* Below the curve: how many images each bin holds. */
static void add_counts(wf_html *h, const wf__plot *p, const json_t *bins) {
    double most = 1;
    const double height = 60, bottom = p->bottom + 118;
    for (size_t i = 0; i < json_array_size(bins); i++)
        most = fmax(most, number(json_array_get(bins, i), "count"));
    for (size_t i = 0; i < json_array_size(bins); i++) {
        const json_t *bin = json_array_get(bins, i);
        double left = wf__plot_x(p, number(bin, "low")), right = wf__plot_x(p, number(bin, "high"));
        double tall = height * number(bin, "count") / most;
        wf__html(h, "<rect class=\"count\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>",
                 left + 1, bottom - tall, right - left - 2, tall);
    }
    wf__html(h,
             "<line class=\"axis\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/><text "
             "class=\"tick\" text-anchor=\"middle\" x=\"%.1f\" y=\"%.1f\">images</text>\n",
             p->left, p->right, bottom, bottom, (p->left + p->right) / 2, bottom + 16);
}

wf_status wf_chart_reliability(wf_str *out, wf_context *cx, const json_t *bins) {
    wf_html h = {.cx = cx};
    const wf__plot p = {
        .left = 52, .right = SIDE - 10, .top = 40, .bottom = SIDE - 50, .x_high = 1, .y_high = 1};
    if (json_array_size(bins) == 0) return WF_OK;
    wf__chart_begin(&h, SIDE + 10, SIDE + 96, "Share that is right against confidence");
    add_square(&h, &p, "confidence", "Share that is right");
    for (size_t i = 0; i < json_array_size(bins); i++) {
        const json_t *bin = json_array_get(bins, i);
        double y = number(bin, "accuracy");
        if (!isfinite(y)) continue;
        double left = wf__plot_x(&p, number(bin, "low"));
        double right = wf__plot_x(&p, number(bin, "high"));
        wf__html(&h, "<rect class=\"bar\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
                 left + 1, wf__plot_y(&p, y), right - left - 2, p.bottom - wf__plot_y(&p, y));
    }
    add_counts(&h, &p, bins);
    return wf__chart_end(out, &h);
}
