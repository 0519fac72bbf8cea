/* A cross-validation as one HTML page. */
#include <math.h>

#include "report/cross_validation.h"
#include "report/html.h"

static void add_table(wf_html *h, const wf_cross_validation *cv, wf_cv_cell_fn cell, size_t rows) {
    wf_str text = {0};
    wf__html(h, "<div class=\"wide\"><table><thead>");
    for (int row = -1; row < (int)rows; row++) {
        wf__html(h, row == 0 ? "</thead><tbody><tr>" : "<tr>");
        for (int column = 0; cell(&text, h->cx, cv, row, column); column++) {
            if (text.status != WF_OK) h->out.status = text.status;
            const char *shown = text.text ? text.text : "";
            if (row < 0)
                wf__html(h, "<th scope=\"col\" class=\"%s\">%s</th>", column ? "figure" : "text",
                         shown);
            else if (!column) wf__html(h, "<th scope=\"row\">%s</th>", shown);
            else wf__html(h, "<td class=\"figure\">%s</td>", shown);
            wf_str_reset(&text);
        }
        wf__html(h, "</tr>");
    }
    wf__html(h, "</tbody></table></div>");
}

/* ---- a line per model: its folds as dots, mean and interval above them ---- */

enum { LEFT = 150, WIDTH = 860, RIGHT = 20, ROW = 34, TOP = 14 };

typedef struct range {
    double low, high;
} range;

/* Accuracies between which everything lies. */
static range range_of(const wf_cross_validation *cv) {
    range r = {INFINITY, -INFINITY};
    for (size_t i = 0; i < cv->model_count; i++) {
        const wf_cv_model *m = &cv->models[i];
        double ends[2] = {m->low[WF_CV_ACCURACY], m->high[WF_CV_ACCURACY]};
        for (int k = 0; k < 2; k++) { /* fmin and fmax pass over what is unknown */
            r.low = fmin(r.low, fmax(ends[k], 0));
            r.high = fmax(r.high, fmin(ends[k], 1));
        }
        for (size_t k = 0; k < cv->n; k++) {
            r.low = fmin(r.low, m->values[WF_CV_ACCURACY][k]);
            r.high = fmax(r.high, m->values[WF_CV_ACCURACY][k]);
        }
    }
    double margin = .04 * (r.high - r.low) + 1e-4;
    return (range){r.low - margin, r.high + margin};
}

static double x_at(range r, double accuracy) {
    double part = (accuracy - r.low) / (r.high - r.low);
    return LEFT + (WIDTH - LEFT - RIGHT) * (part < 0 ? 0 : part > 1 ? 1 : part);
}

static void add_model(wf_html *h, const wf_cross_validation *cv, const wf_cv_model *m, range r,
                      double y) {
    double low = m->low[WF_CV_ACCURACY], high = m->high[WF_CV_ACCURACY];
    wf__html(h, "<text class=\"name\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%s</text>",
             LEFT - 12.0, y + 4, m->name);
    for (size_t k = 0; k < cv->n; k++)
        if (isfinite(m->values[WF_CV_ACCURACY][k]))
            wf__html(h,
                     "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"currentColor\" "
                     "fill-opacity=\".3\"/>",
                     x_at(r, m->values[WF_CV_ACCURACY][k]), y + 6);
    if (isfinite(low) && isfinite(high))
        wf__html(h,
                 "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"currentColor\" "
                 "stroke-width=\"2\"/>",
                 x_at(r, low), x_at(r, high), y - 4, y - 4);
    if (isfinite(m->spread[WF_CV_ACCURACY].mean))
        wf__html(h, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\" fill=\"currentColor\"/>",
                 x_at(r, m->spread[WF_CV_ACCURACY].mean), y - 4);
}

static void add_chart(wf_html *h, const wf_cross_validation *cv) {
    range r = range_of(cv);
    int bottom = TOP + ROW * (int)cv->model_count;
    wf__html(h,
             "<div class=\"wide\"><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"accuracy "
             "of each model in each fold\">",
             WIDTH, bottom + 24);
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
    wf__html(h, "</svg></div>");
}

/* ---- the page ---- */

static void add_answers(wf_html *h, const wf_cross_validation *cv) {
    if (!cv->question_count) return;
    wf__html(h, "<section><h2>Questions</h2><p class=\"muted\">p after Holm is corrected among "
                "these questions. d is the mean difference in standard deviations of the folds' "
                "differences.</p><ul>");
    for (size_t i = 0; i < cv->question_count; i++) {
        wf_str answer = {0};
        wf_cv_answer(&answer, h->cx, cv, i);
        if (answer.status == WF_OK) wf__html(h, "<li>%s</li>", answer.text);
        else h->out.status = answer.status;
        wf_str_reset(&answer);
    }
    wf__html(h, "</ul>");
    if (cv->note) wf__html(h, "<p>%s</p>", cv->note);
    wf__html(h, "</section>");
}

wf_status wf_cv_html(char **out, wf_context *cx, const wf_cross_validation *cv) {
    wf_html h = {.cx = cx};
    wf_str method = {0};
    wf__html_head(&h, "weft: cross-validation");
    wf_cv_method(&method, cx, cv);
    if (method.status != WF_OK) h.out.status = method.status;
    else
        wf__html(&h, "<header><h1>Cross-validation of %zu model%s</h1></header><p>%s</p>",
                 cv->model_count, cv->model_count == 1 ? "" : "s", method.text);
    wf_str_reset(&method);
    wf__html(&h, "<section><h2>Models</h2><p class=\"muted\">Accuracy: each fold, their mean, its "
                 "95%% interval.</p>");
    add_chart(&h, cv);
    add_table(&h, cv, wf_cv_model_cell, cv->model_count);
    wf__html(&h, "</section>");
    add_answers(&h, cv);
    if (cv->pair_count) {
        wf__html(&h, "<section><h2>All pairs</h2>");
        add_table(&h, cv, wf_cv_pair_cell, cv->pair_count);
        wf__html(&h, "</section>");
    }
    wf__html(&h, "</main></body></html>\n");
    wf_status status = h.out.status;
    if (status == WF_OK) *out = h.out.text;
    else wf_str_reset(&h.out);
    return status;
}
