/* The comparison as one HTML page. */
#include <stdio.h>
#include <string.h>

#include "report/html.h"

void wf__html_head(wf_html *h, const char *title) {
    wf__html(h, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
                "<meta name=\"color-scheme\" content=\"light dark\">"
                "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                "style-src 'unsafe-inline'\">");
    wf__html(h, "<title>%s</title><style>", title);
    wf_str_add(&h->out, h->cx, wf__html_style);
    wf__html(h, "</style></head><body><main>");
}

/* One paragraph per line; the first is the result. */
static void add_answer(wf_html *h, const char *text) {
    int count = 0;
    wf__html(h, "<section class=\"answer\">");
    while (*text) {
        size_t n = strcspn(text, "\n");
        wf_str line = {0};
        wf_str_add_bytes(&line, h->cx, text, n);
        if (line.status == WF_OK) {
            const char *kind = strncmp(line.text, "Caution", 7) == 0 ? "caution"
                               : count++ == 0                        ? "lead"
                                                                     : "";
            wf__html(h, "<p class=\"%s\">%s</p>", kind, line.text);
        } else {
            h->out.status = line.status;
        }
        wf_str_reset(&line);
        text += n + (text[n] == '\n');
    }
    wf__html(h, "</section>");
}

static void add_family_legend(wf_html *h, const wf_comparison *c) {
    static const char *const families[][2] = {
        {"cnn", "convolutional"}, {"rnn", "recurrent"}, {"hybrid", "both"}, {"other", "other"}};
    wf__html(h, "<p class=\"legend\">");
    for (size_t f = 0; f < sizeof families / sizeof *families; f++) {
        int is_there = 0;
        for (size_t i = 0; i < c->row_count && !is_there; i++)
            is_there =
                strcmp(wf__family_class(wf__row_summary(&c->rows[i])->family), families[f][0]) == 0;
        if (is_there)
            wf__html(h, "<span><span class=\"key %s\"></span>%s</span>", families[f][0],
                     families[f][1]);
    }
    wf__html(h, "</p>");
}

static void add_scatter(wf_html *h, const wf_comparison *c) {
    if (c->row_count < 2) return;
    wf__html(h, "<section><h2>Accuracy against training time</h2><p class=\"muted\">Up and to the "
                "left is better.</p><div class=\"on-wide\">");
    wf__html_scatter(h, c, 860);
    wf__html(h, "</div><div class=\"on-narrow\">");
    wf__html_scatter(h, c, 350);
    wf__html(h, "</div></section>");
}

static void add_pairs(wf_html *h, const wf_comparison *c) {
    if (c->images_tested + c->seeds_tested == 0) return;
    wf__html(h, "<section><h2>Which differences are real?</h2>");
    if (c->images_tested > 0) wf__html_pairs(h, c, WF_PAIR_IMAGES);
    if (c->seeds_tested > 0) wf__html_pairs(h, c, WF_PAIR_SEEDS);
    wf__html(h, "</section>");
}

static wf_status add_curves(wf_html *h, const wf_comparison *c) {
    wf_range loss, accuracy;
    WF_TRY(wf__curve_range(&loss, h->cx, c, WF_CURVE_LOSS));
    WF_TRY(wf__curve_range(&accuracy, h->cx, c, WF_CURVE_ACCURACY));
    wf__html(h, "<section><h2>Learning curves</h2><p class=\"legend\"><span><span class=\"stroke "
                "train\"></span>training</span><span><span class=\"stroke validation\"></span>"
                "validation</span></p><p class=\"muted\">Per epoch. All charts of a kind share "
                "their vertical axis. Dropout acts in training only, so training may look worse "
                "than validation.</p><div class=\"cards\">");
    for (size_t i = 0; i < c->row_count; i++) {
        const wf_report_row *row = &c->rows[i];
        wf__html(h,
                 "<article class=\"card\"><h3><span class=\"key %s\"></span>%s</h3><div "
                 "class=\"pair\">",
                 wf__family_class(wf__row_summary(row)->family), row->label);
        wf__html_curves(h, row, WF_CURVE_LOSS, loss);
        wf__html_curves(h, row, WF_CURVE_ACCURACY, accuracy);
        wf__html(h, "</div></article>");
    }
    wf__html(h, "</div></section>");
    return WF_OK;
}

static void add_matrices(wf_html *h, const wf_comparison *c) {
    wf__html(h, "<section><h2>F1 per class</h2><p class=\"muted\">Mean over seeds; the "
                "stronger the colour, the better.</p>");
    wf__html_class_scores(h, c);
    wf__html(h, "</section><section><h2>Confusion matrices</h2><p class=\"muted\">Test images per "
                "true class (row) and predicted class (column). The colour is the square root of "
                "the share of the row.</p><div class=\"cards\">");
    for (size_t i = 0; i < c->row_count; i++) wf__html_confusion(h, &c->rows[i]);
    wf__html(h, "</div></section>");
}

static void add_notes(wf_html *h, const wf_comparison *c) {
    if (c->note_count == 0) return;
    wf__html(h, "<section><h2>Notes</h2><ul>");
    for (size_t i = 0; i < c->note_count; i++) wf__html(h, "<li>%s</li>", c->notes[i]);
    wf__html(h, "</ul></section>");
}

static wf_status add_body(wf_html *h, const wf_comparison *c) {
    if (c->row_count == 1) wf__html(h, "<header><h1>%s</h1></header>", c->rows[0].label);
    else wf__html(h, "<header><h1>Comparison of %zu models</h1></header>", c->row_count);
    if (c->row_count == 0) {
        wf__html(h, "<p>There are no finished and tested runs to compare.</p>");
        add_notes(h, c);
        return WF_OK;
    }
    add_answer(h, c->answer);
    wf__html(h, "<section><h2>Results on the test set</h2>");
    add_family_legend(h, c);
    wf__html_summary(h, c);
    wf__html(h, "</section>");
    add_pairs(h, c);
    add_scatter(h, c);
    wf__html_claims(h, c);
    WF_TRY(add_curves(h, c));
    add_matrices(h, c);
    add_notes(h, c);
    wf__html(h, "<section><h2>How it was made</h2>");
    wf__html_runs(h, c);
    wf__html(h, "</section>");
    return WF_OK;
}

wf_status wf_report_html(char **out, wf_context *cx, const wf_comparison *c) {
    wf_html h = {.cx = cx};
    char title[64];
    snprintf(title, sizeof title, "weft: comparison of %zu model%s", c->row_count,
             c->row_count == 1 ? "" : "s");
    wf__html_head(&h, title);
    wf_status status = add_body(&h, c);
    wf__html(&h,
             "<footer>weft, %s. The test set was used once per run, after training; every choice "
             "rests on validation.</footer></main></body></html>\n",
             c->generated);
    if (status == WF_OK) status = h.out.status;
    if (status == WF_OK) *out = h.out.text;
    else wf_str_reset(&h.out);
    return status;
}
