/* The tables of the HTML page. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/html.h"

/* A matrix beyond this many classes has cells too small to read. */
enum { MOST_CLASSES = 40, MOST_PAIRS = 6 };

/* Whether the row holds the best figure of the column. */
static int is_best(const wf_comparison *c, const wf_report_row *row, wf_report_column column) {
    if (c->row_count < 2 || !c->comparable) return 0;
    for (size_t i = 0; i < c->row_count; i++) {
        const wf_report_row *o = &c->rows[i];
        switch (column) {
        case WF_COLUMN_ACCURACY:
            if (!(row->accuracy.mean >= o->accuracy.mean)) return 0;
            break;
        case WF_COLUMN_MACRO_F1:
            if (!(row->macro_f1.mean >= o->macro_f1.mean)) return 0;
            break;
        case WF_COLUMN_LOSS:
            if (!(row->loss.mean <= o->loss.mean)) return 0;
            break;
        case WF_COLUMN_TOTAL:
            if (!(row->total_s.mean <= o->total_s.mean)) return 0;
            break;
        default: return 0;
        }
    }
    return 1;
}

/* The claim has its place below our figure, so it needs no column of its own here. */
static int is_shown(const wf_comparison *c, wf_report_column column) {
    return column != WF_COLUMN_CLAIM && column != WF_COLUMN_DIFFERENCE &&
           wf__column_is_used(c, column);
}

/* "claim 0.9190", and below it ours minus the claim. */
static void add_claim_line(wf_html *h, const wf_report_row *row, wf_report_column column) {
    static const struct {
        wf_report_column column;
        const char *figure;
    } places[] = {{WF_COLUMN_ACCURACY, "accuracy"},
                  {WF_COLUMN_LOSS, "loss"},
                  {WF_COLUMN_MACRO_F1, "macro F1"}};
    wf_report_claim claims[WF_CLAIM_FIGURES];
    char claimed[WF_FIGURE_BYTES], difference[WF_FIGURE_BYTES];
    int n = wf__row_claims(claims, row);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        for (int j = 0; j < n; j++)
            if (places[i].column == column && strcmp(places[i].figure, claims[j].figure) == 0)
                wf__html(h, "<small>claim %s</small><small>%s</small>",
                         wf__show_score(claimed, claims[j].claimed),
                         wf__show_signed(difference, claims[j].difference));
}

static void add_summary_cell(wf_html *h, const wf_comparison *c, const wf_report_row *row,
                             wf_report_column column) {
    wf_str cell = {0};
    wf__column_cell(&cell, h->cx, row, column);
    if (cell.status != WF_OK) h->out.status = cell.status;
    wf__html(h, "<td class=\"%s%s\" data-label=\"%s\"><span>%s",
             wf__column_is_text(column) ? "text" : "figure", is_best(c, row, column) ? " best" : "",
             wf__column_title(column), cell.text ? cell.text : "");
    add_claim_line(h, row, column);
    wf__html(h, "</span></td>");
    wf_str_reset(&cell);
}

void wf__html_summary(wf_html *h, const wf_comparison *c) {
    wf__html(h, "<div class=\"wide\"><table class=\"summary\"><thead><tr>");
    for (int j = 0; j < WF_COLUMN_COUNT; j++) {
        wf_report_column column = (wf_report_column)j;
        if (is_shown(c, column))
            wf__html(h, "<th scope=\"col\" class=\"%s\">%s</th>",
                     wf__column_is_text(column) ? "text" : "figure", wf__column_title(column));
    }
    wf__html(h, "</tr></thead><tbody>");
    for (size_t i = 0; i < c->row_count; i++) {
        const wf_report_row *row = &c->rows[i];
        wf__html(h, "<tr><th scope=\"row\"><span class=\"key %s\"></span>%s</th>",
                 wf__family_class(wf__row_summary(row)->family), row->label);
        for (int j = WF_COLUMN_MODEL + 1; j < WF_COLUMN_COUNT; j++)
            if (is_shown(c, (wf_report_column)j)) add_summary_cell(h, c, row, (wf_report_column)j);
        wf__html(h, "</tr>");
    }
    wf__html(h, "</tbody></table></div>");
}

/* The pairs that a reader sees first, or the others; returns how many there are. */
static size_t add_pair_rows(wf_html *h, const wf_comparison *c, wf_pair_kind kind, int is_first) {
    size_t count = 0;
    for (size_t i = 0; i < c->pair_count; i++) {
        const wf_report_pair *pair = &c->pairs[i];
        const wf_pair_test *test = wf__pair_test(pair, kind);
        wf_pair_cells cells;
        if (wf__pair_is_first(c, pair) != is_first) continue;
        count++;
        if (!h) continue;
        wf__pair_cells(&cells, test);
        wf__html(h, "<tr class=\"%s\"><th scope=\"row\">%s, %s</th>",
                 test->is_shown ? "shown" : "not-shown", c->rows[pair->a].label,
                 c->rows[pair->b].label);
        const char *const figures[] = {cells.points, cells.interval, cells.p, cells.p_holm};
        for (size_t j = 0; j < sizeof figures / sizeof *figures; j++)
            wf__html(h, "<td class=\"figure\">%s</td>", figures[j]);
        wf__html(h, "<td class=\"prose\">%s</td></tr>", test->sentence);
    }
    return count;
}

static void add_pair_table(wf_html *h, const wf_comparison *c, wf_pair_kind kind, int is_first) {
    wf__html(h,
             "<div class=\"wide\"><table class=\"tests\"><thead><tr><th scope=\"col\">Models</th>"
             "<th scope=\"col\" class=\"figure\">Points</th><th scope=\"col\" "
             "class=\"figure\">95%% interval</th><th scope=\"col\" class=\"figure\">p</th><th "
             "scope=\"col\" class=\"figure\">After Holm</th><th scope=\"col\">In words</th></tr>"
             "</thead><tbody>");
    add_pair_rows(h, c, kind, is_first);
    wf__html(h, "</tbody></table></div>");
}

void wf__html_pairs(wf_html *h, const wf_comparison *c, wf_pair_kind kind) {
    wf_str scope = {0};
    size_t others = add_pair_rows(NULL, c, kind, 0);
    wf__pairs_add_scope(&scope, h->cx, c, kind);
    if (scope.status == WF_OK) wf__html(h, "<p>%s</p>", scope.text);
    else h->out.status = scope.status;
    wf_str_reset(&scope);
    add_pair_table(h, c, kind, 1);
    if (others == 0) return;
    wf__html(h, "<details><summary>The other %zu pairs</summary>", others);
    add_pair_table(h, c, kind, 0);
    wf__html(h, "</details>");
}

void wf__html_claims(wf_html *h, const wf_comparison *c) {
    wf_report_claim claims[WF_CLAIM_FIGURES];
    char text[WF_FIGURE_BYTES];
    int count = 0;
    for (size_t i = 0; i < c->row_count; i++) {
        const wf_report_row *row = &c->rows[i];
        const char *claim = wf__row_summary(row)->claim_text;
        int n = wf__row_claims(claims, row);
        if (n == 0 && !*claim) continue;
        if (count++ == 0)
            wf__html(h, "<section><h2>What the sources claim</h2><div class=\"wide\"><table "
                        "class=\"claims\"><thead><tr><th scope=\"col\">Model</th><th scope=\"col\">"
                        "Its source says</th><th scope=\"col\">Figure</th><th scope=\"col\" "
                        "class=\"figure\">Claimed</th><th scope=\"col\" class=\"figure\">Ours</th>"
                        "<th scope=\"col\" class=\"figure\">Ours - claim</th></tr></thead><tbody>");
        for (int j = 0; j < (n > 0 ? n : 1); j++) {
            if (j == 0) wf__html(h, "<tr class=\"first\"><th scope=\"row\">%s</th>", row->label);
            else wf__html(h, "<tr><td></td>");
            wf__html(h, "<td class=\"prose\">%s</td><td class=\"what\">%s</td>",
                     j == 0 ? claim : "", n > 0 ? claims[j].figure : "");
            wf__html(h, "<td class=\"figure\" data-label=\"claimed\">%s</td>",
                     n > 0 ? wf__show_score(text, claims[j].claimed) : "");
            wf__html(h, "<td class=\"figure\" data-label=\"ours\">%s</td>",
                     n > 0 ? wf__show_score(text, claims[j].ours) : "");
            wf__html(h, "<td class=\"figure\">%s</td></tr>",
                     n > 0 ? wf__show_signed(text, claims[j].difference) : "");
        }
    }
    if (count > 0) wf__html(h, "</tbody></table></div></section>");
}

/* A cell of one hue over the page's paper; the text turns white where the hue is strong. */
static void add_heat(wf_html *h, double part) {
    double alpha = .92 * (part < 0 ? 0 : part > 1 ? 1 : part);
    wf__html(h, "<td class=\"heat%s\" style=\"background:rgba(0,98,155,%.3f)\">",
             alpha > .75 ? " strong" : "", alpha);
}

static void add_matrix(wf_html *h, const wf_evaluation *e) {
    int k = e->class_count;
    wf__html(h,
             "<div class=\"wide\"><table class=\"matrix%s\"><thead><tr><td class=\"corner\">true "
             "\u2193 predicted \u2192</td>",
             k > 12 ? " small" : "");
    for (int p = 0; p < k; p++)
        wf__html(h, "<th scope=\"col\" title=\"%s\"><span>%s</span></th>", e->class_names[p],
                 e->class_names[p]);
    wf__html(h, "</tr></thead><tbody>");
    for (int t = 0; t < k; t++) {
        wf__html(h, "<tr><th scope=\"row\" title=\"%s\">%s</th>", e->class_names[t],
                 e->class_names[t]);
        for (int p = 0; p < k; p++) {
            int64_t n = e->confusion[t * k + p], all = e->classes[t].support;
            /* The root lets small confusions show beside a strong diagonal. */
            add_heat(h, all > 0 ? sqrt((double)n / (double)all) : 0);
            if (n > 0) wf__html(h, "%lld", (long long)n);
            wf__html(h, "</td>");
        }
        wf__html(h, "</tr>");
    }
    wf__html(h, "</tbody></table></div>");
}

static void add_pairs(wf_html *h, const wf_evaluation *e) {
    if (e->pair_count == 0) return;
    wf__html(h, "<h4>Most confused</h4><table class=\"pairs\"><tbody>");
    for (int i = 0; i < e->pair_count && i < MOST_PAIRS; i++) {
        const wf_confused_pair *p = &e->pairs[i];
        char count[WF_FIGURE_BYTES];
        wf__html(h,
                 "<tr><td>%s \u2192 %s</td><td class=\"figure\">%s</td><td class=\"figure\">%.1f "
                 "%%</td></tr>",
                 e->class_names[p->truth], e->class_names[p->predicted],
                 wf_thousands(count, p->count), 100 * p->share);
    }
    wf__html(h, "</tbody></table>");
}

void wf__html_confusion(wf_html *h, const wf_report_row *row) {
    const wf_evaluation *e = row->pooled;
    wf__html(h, "<article class=\"card\"><h3><span class=\"key %s\"></span>%s</h3>",
             wf__family_class(wf__row_summary(row)->family), row->label);
    if (row->run_count > 1)
        wf__html(h, "<p class=\"muted\">%zu seeds added up.</p>", row->run_count);
    if (e->class_count <= MOST_CLASSES) add_matrix(h, e);
    else
        wf__html(h,
                 "<p class=\"muted\">A matrix of %d classes is too large to read here; test.json "
                 "of the run holds it.</p>",
                 e->class_count);
    add_pairs(h, e);
    wf__html(h, "</article>");
}

static int has_same_classes(const wf_evaluation *a, const wf_evaluation *b) {
    if (a->class_count != b->class_count) return 0;
    for (int i = 0; i < a->class_count; i++)
        if (strcmp(a->class_names[i], b->class_names[i]) != 0) return 0;
    return 1;
}

/* ".87": ten classes must fit a telephone. */
static const char *short_score(char buffer[WF_FIGURE_BYTES], double value) {
    snprintf(buffer, WF_FIGURE_BYTES, "%.2f", value);
    return buffer[0] == '0' ? buffer + 1 : buffer;
}

/* One table for the rows from `first` on that have its classes. */
static void add_class_table(wf_html *h, const wf_comparison *c, size_t first) {
    const wf_evaluation *e = c->rows[first].pooled;
    double low = 1;
    for (size_t i = first; i < c->row_count; i++)
        for (int j = 0; has_same_classes(e, c->rows[i].pooled) && j < e->class_count; j++)
            low = fmin(low, c->rows[i].class_f1[j].mean);
    wf__html(h, "<div class=\"wide\"><table class=\"matrix scores\"><thead><tr><td></td>");
    for (int j = 0; j < e->class_count; j++)
        wf__html(h, "<th scope=\"col\" title=\"%s\"><span>%s</span></th>", e->class_names[j],
                 e->class_names[j]);
    wf__html(h, "</tr></thead><tbody>");
    for (size_t i = first; i < c->row_count; i++) {
        const wf_report_row *row = &c->rows[i];
        if (!has_same_classes(e, row->pooled)) continue;
        wf__html(h, "<tr><th scope=\"row\">%s</th>", row->label);
        for (int j = 0; j < e->class_count; j++) {
            char text[WF_FIGURE_BYTES];
            double f1 = row->class_f1[j].mean;
            add_heat(h, low < 1 ? .08 + .92 * (f1 - low) / (1 - low) : 1);
            wf__html(h, "%s</td>", short_score(text, f1));
        }
        wf__html(h, "</tr>");
    }
    wf__html(h, "</tbody></table></div>");
}

void wf__html_class_scores(wf_html *h, const wf_comparison *c) {
    for (size_t i = 0; i < c->row_count; i++) {
        int is_done = 0;
        for (size_t j = 0; j < i && !is_done; j++)
            is_done = has_same_classes(c->rows[i].pooled, c->rows[j].pooled);
        if (!is_done) add_class_table(h, c, i);
    }
}

void wf__html_runs(wf_html *h, const wf_comparison *c) {
    wf__html(h, "<div class=\"wide\"><table class=\"runs\"><thead><tr><th scope=\"col\">Run</th>"
                "<th scope=\"col\">Dataset</th><th scope=\"col\">Images</th><th scope=\"col\" "
                "class=\"figure\">Seed</th><th scope=\"col\" class=\"figure\">Epochs</th><th "
                "scope=\"col\" class=\"figure\">Batch</th><th scope=\"col\">Arithmetic</th><th "
                "scope=\"col\">Machine</th><th scope=\"col\">Started</th></tr></thead><tbody>");
    for (size_t i = 0; i < c->row_count; i++)
        for (size_t j = 0; j < c->rows[i].run_count; j++) {
            const wf_run_summary *s = &c->rows[i].runs[j].summary;
            char train[WF_FIGURE_BYTES], validation[WF_FIGURE_BYTES], test[WF_FIGURE_BYTES];
            wf__html(h,
                     "<tr><th scope=\"row\">%s</th><td>%s</td><td>%s train, %s validation, %s "
                     "test</td><td class=\"figure\">%lld</td><td class=\"figure\">%lld of "
                     "%lld</td><td class=\"figure\">%lld</td><td>%s</td><td>%s, %lld threads, "
                     "%s</td><td>%s</td></tr>",
                     s->id, s->dataset, wf_thousands(train, s->train_count),
                     wf_thousands(validation, s->validation_count),
                     wf_thousands(test, s->test_count), (long long)s->seed, (long long)s->epochs,
                     (long long)s->epochs_planned, (long long)s->batch_size, s->precision, s->cpu,
                     (long long)s->threads, s->isa, s->started);
        }
    wf__html(h, "</tbody></table></div>");
}
