/* The comparison as Markdown. */
#include <string.h>

#include "base/utf8.h"
#include "report/internal.h"

void wf__markdown_text(wf_str *s, wf_context *cx, const char *text) {
    for (uint32_t code; (code = wf_utf8_next(&text)) != 0;) {
        if (code == '<') wf_str_add(s, cx, "&lt;");
        else if (code == '>') wf_str_add(s, cx, "&gt;");
        else if (code == '&') wf_str_add(s, cx, "&amp;");
        else if (code < 0x20 || code == 0x7F) wf_str_add(s, cx, " ");
        else {
            if (code < 0x80 && strchr("\\`*_[]|~#$", (int)code)) wf_str_add(s, cx, "\\");
            wf_utf8_add(s, cx, code);
        }
    }
}

static void add_row(wf_str *s, wf_context *cx, const wf_comparison *c, const wf_report_row *row) {
    wf_str_add(s, cx, "|");
    for (int j = 0; j < WF_COLUMN_COUNT; j++) {
        wf_report_column column = (wf_report_column)j;
        wf_str cell = {0};
        if (!wf__column_is_used(c, column)) continue;
        if (row) wf__column_cell(&cell, cx, row, column);
        else wf_str_add(&cell, cx, wf__column_title(c, column));
        wf_str_add(s, cx, " ");
        if (cell.status == WF_OK) wf__markdown_text(s, cx, cell.text ? cell.text : "");
        else s->status = cell.status;
        wf_str_add(s, cx, " |");
        wf_str_reset(&cell);
    }
    wf_str_add(s, cx, "\n");
}

void wf__markdown_summary(wf_str *s, wf_context *cx, const wf_comparison *c) {
    add_row(s, cx, c, NULL);
    wf_str_add(s, cx, "|");
    for (int j = 0; j < WF_COLUMN_COUNT; j++)
        if (wf__column_is_used(c, (wf_report_column)j))
            wf_str_add(s, cx, wf__column_is_text((wf_report_column)j) ? "---|" : "---:|");
    wf_str_add(s, cx, "\n");
    for (size_t i = 0; i < c->row_count; i++) add_row(s, cx, c, &c->rows[i]);
}

void wf__markdown_claims(wf_str *s, wf_context *cx, const wf_comparison *c) {
    wf_report_claim claims[WF_CLAIM_FIGURES];
    char text[WF_FIGURE_BYTES];
    int rows = 0;
    for (size_t i = 0; i < c->row_count; i++) {
        const wf_report_row *row = &c->rows[i];
        const char *claim_text = wf__row_summary(row)->claim_text;
        int n = wf__row_claims(claims, row);
        if (n == 0 && !*claim_text) continue;
        if (rows++ == 0)
            wf_str_add(s, cx,
                       "\n## Claims of the sources\n\n| Model | What its source says | Figure | "
                       "Claimed | Ours | Ours - claim |\n|---|---|---|---:|---:|---:|\n");
        for (int j = 0; j < (n > 0 ? n : 1); j++) {
            wf_str_add(s, cx, "| ");
            wf__markdown_text(s, cx, j == 0 ? row->label : "");
            wf_str_add(s, cx, " | ");
            wf__markdown_text(s, cx, j == 0 ? claim_text : "");
            wf_str_addf(s, cx, " | %s | ", n > 0 ? claims[j].figure : "");
            wf_str_add(s, cx, n > 0 ? wf__show_score(text, claims[j].claimed) : "");
            wf_str_add(s, cx, " | ");
            wf_str_add(s, cx, n > 0 ? wf__show_score(text, claims[j].ours) : "");
            wf_str_add(s, cx, " | ");
            wf_str_add(s, cx, n > 0 ? wf__show_signed(text, claims[j].difference) : "");
            wf_str_add(s, cx, " |\n");
        }
    }
}

static void add_pairs(wf_str *s, wf_context *cx, const wf_comparison *c, wf_pair_kind kind) {
    wf_str scope = {0};
    wf_pair_cells cells;
    wf__pairs_add_scope(&scope, cx, c, kind);
    wf_str_add(s, cx, "\n");
    if (scope.status == WF_OK) wf__markdown_text(s, cx, scope.text);
    else s->status = scope.status;
    wf_str_reset(&scope);
    wf_str_add(s, cx,
               "\n\n| Models | Points | 95% interval | p | After Holm | In words |\n"
               "|---|---:|---:|---:|---:|---|\n");
    for (size_t i = 0; i < c->pair_count; i++) {
        const wf_report_pair *pair = &c->pairs[i];
        const wf_pair_test *test = wf__pair_test(pair, kind);
        wf__pair_cells(&cells, test);
        wf_str_add(s, cx, "| ");
        wf__markdown_text(s, cx, c->rows[pair->a].label);
        wf_str_add(s, cx, ", ");
        wf__markdown_text(s, cx, c->rows[pair->b].label);
        const char *const texts[] = {cells.points, cells.interval, cells.p, cells.p_holm,
                                     test->sentence};
        for (size_t j = 0; j < sizeof texts / sizeof *texts; j++) {
            wf_str_add(s, cx, " | ");
            wf__markdown_text(s, cx, texts[j]);
        }
        wf_str_add(s, cx, " |\n");
    }
}

/* Differences of images with any number of labels: a row per pair, a column per figure. */
static void add_set_pairs(wf_str *s, wf_context *cx, const wf_comparison *c) {
    wf_str_addf(s, cx, "\n%s\n\n| Models |", wf__set_pairs_scope());
    for (int i = 0; i < WF__SET_COLUMNS; i++)
        if (wf__set_column_is_used(c, wf__set_columns[i]))
            wf_str_addf(s, cx, " %s |", wf_headline_name(wf__set_columns[i]));
    wf_str_add(s, cx, "\n|---|");
    for (int i = 0; i < WF__SET_COLUMNS; i++)
        if (wf__set_column_is_used(c, wf__set_columns[i])) wf_str_add(s, cx, "---:|");
    for (size_t k = 0; k < c->pair_count; k++) {
        const wf_report_pair *pair = &c->pairs[k];
        if (!pair->has_sets) continue;
        wf_str_add(s, cx, "\n| ");
        wf__markdown_text(s, cx, c->rows[pair->a].label);
        wf_str_add(s, cx, ", ");
        wf__markdown_text(s, cx, c->rows[pair->b].label);
        wf_str_add(s, cx, " |");
        for (int i = 0; i < WF__SET_COLUMNS; i++) {
            if (!wf__set_column_is_used(c, wf__set_columns[i])) continue;
            wf_str_add(s, cx, " ");
            wf__set_difference_cell(s, cx, pair, wf__set_columns[i]);
            wf_str_add(s, cx, " |");
        }
    }
    wf_str_add(s, cx, "\n");
}

void wf__markdown_pairs(wf_str *s, wf_context *cx, const wf_comparison *c) {
    if (c->images_tested + c->seeds_tested == 0 && !wf__has_set_pairs(c)) return;
    wf_str_add(s, cx, "\n## Which differences are real?\n");
    if (c->images_tested > 0) add_pairs(s, cx, c, WF_PAIR_IMAGES);
    if (c->seeds_tested > 0) add_pairs(s, cx, c, WF_PAIR_SEEDS);
    if (wf__has_set_pairs(c)) add_set_pairs(s, cx, c);
}

static void add_paragraphs(wf_str *s, wf_context *cx, const char *text) {
    while (*text) {
        size_t n = strcspn(text, "\n");
        wf_str line = {0};
        wf_str_add_bytes(&line, cx, text, n);
        if (line.status == WF_OK) wf__markdown_text(s, cx, line.text);
        else s->status = line.status;
        wf_str_reset(&line);
        wf_str_add(s, cx, "\n\n");
        text += n + (text[n] == '\n');
    }
}

wf_status wf_report_markdown(char **out, wf_context *cx, const wf_comparison *c) {
    wf_str s = {0};
    wf_str_add(&s, cx, "# Comparison\n\n");
    if (c->row_count == 0)
        wf_str_add(&s, cx, "There are no finished and tested runs to compare.\n");
    add_paragraphs(&s, cx, c->answer);
    if (c->row_count > 0) wf__markdown_summary(&s, cx, c);
    wf__markdown_pairs(&s, cx, c);
    wf__markdown_claims(&s, cx, c);
    for (size_t i = 0; i < c->note_count; i++) {
        wf_str_add(&s, cx, i == 0 ? "\n## Notes\n\n- " : "- ");
        wf__markdown_text(&s, cx, c->notes[i]);
        wf_str_add(&s, cx, "\n");
    }
    if (s.status == WF_OK) {
        *out = s.text;
        return WF_OK;
    }
    wf_status status = s.status;
    wf_str_reset(&s);
    return status;
}
