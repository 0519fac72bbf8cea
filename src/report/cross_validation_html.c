/* A cross-validation as one HTML page. */
#include "report/charts.h"

static void add_table(wf_html *h, const wf_cross_validation *cv, wf_cv_cell_fn cell, size_t rows) {
    wf_str text = {0};
    wf__html(h, "<div class=\"wide\"><table><thead>");
    for (int row = -1; row < (int)rows; row++) {
        wf__html(h, row == 0 ? "</thead><tbody><tr>" : "<tr>");
        for (int column = 0; cell(&text, h->cx, cv, row, column); column++) {
            if (text.status != WF_OK) h->out.status = text.status;
            const char *shown = text.text ? text.text : "";
            const char *kind = wf_cv_cell_is_text(cv, cell, column) ? "text" : "figure";
            if (row < 0) wf__html(h, "<th scope=\"col\" class=\"%s\">%s</th>", kind, shown);
            else if (!column) wf__html(h, "<th scope=\"row\">%s</th>", shown);
            else wf__html(h, "<td class=\"%s\">%s</td>", kind, shown);
            wf_str_reset(&text);
        }
        wf__html(h, "</tr>");
    }
    wf__html(h, "</tbody></table></div>");
}

/* ---- the page ---- */

static void add_answers(wf_html *h, const wf_cross_validation *cv) {
    if (!cv->question_count) return;
    wf__html(h, "<section><h2>Questions</h2><p class=\"muted\">%s</p><ul>", wf_cv_about_questions);
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

/* A text as an element; no text: none. */
static void add_text(wf_html *h, const wf_cross_validation *cv,
                     void (*write)(wf_str *out, wf_context *cx, const wf_cross_validation *cv),
                     const char *element) {
    wf_str text = {0};
    write(&text, h->cx, cv);
    if (text.status != WF_OK) h->out.status = text.status;
    else if (text.text) wf__html(h, "<%s>%s</%s>", element, text.text, element);
    wf_str_reset(&text);
}

wf_status wf_cv_html(char **out, wf_context *cx, const wf_cross_validation *cv) {
    wf_html h = {.cx = cx};
    wf__html_head(&h, "weft: cross-validation");
    add_text(&h, cv, wf_cv_title, "h1");
    add_text(&h, cv, wf_cv_method, "p");
    add_text(&h, cv, wf_cv_unfinished, "p");
    wf__html(&h,
             "<section><h2>Models</h2><p class=\"muted\">%s: each fold, their mean, its 95%% "
             "interval.</p>",
             wf_cv_figure_of(cv->figures[0])->title);
    wf__chart_folds(&h, cv);
    add_table(&h, cv, wf_cv_model_cell, cv->model_count);
    if (cv->is_multilabel) add_table(&h, cv, wf_cv_figure_cell, cv->figure_count);
    wf__html(&h, "</section>");
    add_answers(&h, cv);
    if (cv->pair_count) {
        wf__html(&h, "<section><h2>All pairs</h2><p class=\"muted\">%s</p>", wf_cv_about_pairs);
        add_table(&h, cv, wf_cv_pair_words_cell, cv->pair_count);
        wf__html(&h, "</section>");
    }
    wf__html(&h, "</main></body></html>\n");
    wf_status status = h.out.status;
    if (status == WF_OK) *out = h.out.text;
    else wf_str_reset(&h.out);
    return status;
}
