/* Images with any number of labels: which labels go together, told against true. */
#include <math.h>
#include <stdio.h>

#include "base/utf8.h"
#include "report/charts.h"

enum { MOST_LABELS = 40, HEAD = 58, LEAST_WIDTH = 320 };

static double count_at(const json_t *rows, int a, int b) {
    return (double)json_integer_value(json_array_get(json_array_get(rows, (size_t)a), (size_t)b));
}

/* How many times as often both are told as they are true; half an image more on each side, so that
 * it is known for pairs that never occur. */
static double ratio(const json_t *truth, const json_t *told, int a, int b) {
    return (count_at(told, a, b) + .5) / (count_at(truth, a, b) + .5);
}

static void add_cell(wf_html *h, const json_t *truth, const json_t *told, int a, int b, int left,
                     int side) {
    const double times = ratio(truth, told, a, b);
    const double strength = fmin(fabs(log2(times)) / 2, 1); /* four times is the strongest */
    const int x = left + b * side, y = HEAD + a * side;
    char text[24];
    wf__html(h,
             "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\" "
             "fill-opacity=\"%.3f\"/>",
             x, y, side - 1, side - 1, times > 1 ? "#c75000" : "#0072b2", strength);
    snprintf(text, sizeof text, "%.0f:%.0f", count_at(told, a, b), count_at(truth, a, b));
    wf__html(h,
             "<text class=\"%s\" style=\"font-size:9px\" text-anchor=\"middle\" x=\"%d\" "
             "y=\"%d\">%s</text>",
             strength > .7 ? "strong" : "", x + side / 2, y + side / 2 + 4, text);
}

wf_status wf_chart_together(wf_str *out, wf_context *cx, const json_t *together,
                            const wf_evaluation *e) {
    const json_t *truth = json_object_get(together, "true"),
                 *told = json_object_get(together, "told");
    const int k = e->class_count, side = 52;
    int widest = 0;
    wf_html h = {.cx = cx};
    if (k > MOST_LABELS || !json_array_size(truth)) return WF_OK;
    for (int i = 0; i < k; i++) {
        const int width = wf_utf8_width(e->class_names[i]);
        widest = width > widest ? width : widest;
    }
    const int left = 20 + 7 * (widest > 24 ? 24 : widest);
    const int width = left + k * side + 20;
    wf__chart_begin(&h, width > LEAST_WIDTH ? width : LEAST_WIDTH, HEAD + k * side + left + 10,
                    "Pairs of labels: images that are told to have both, against those that do");
    wf__html(&h, "<text class=\"title\" x=\"10\" y=\"24\">Images with both labels, told:true</text>"
                 "<text class=\"tick\" x=\"10\" y=\"44\">orange: told too often, blue: too "
                 "rarely</text>\n");
    for (int a = 0; a < k; a++) {
        wf__html(&h, "<text class=\"tick\" text-anchor=\"end\" x=\"%d\" y=\"%d\">%s</text>",
                 left - 8, HEAD + a * side + side / 2 + 4, e->class_names[a]);
        for (int b = 0; b <= a; b++) add_cell(&h, truth, told, a, b, left, side);
        wf__html(&h,
                 "<text class=\"tick\" text-anchor=\"end\" transform=\"translate(%d %d) "
                 "rotate(-90)\">%s</text>\n",
                 left + a * side + side / 2 + 4, HEAD + k * side + 8, e->class_names[a]);
    }
    return wf__chart_end(out, &h);
}
