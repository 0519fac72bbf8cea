/* The comparison as plain text for a terminal. */
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "report/internal.h"

enum { GAP = 2 };

typedef struct table {
    const wf_comparison *c;
    char **cells; /* [row_count][WF_COLUMN_COUNT] */
    int width[WF_COLUMN_COUNT];
    int is_used[WF_COLUMN_COUNT];
} table;

static void reset_table(table *t) {
    for (size_t i = 0; t->cells && i < t->c->row_count * WF_COLUMN_COUNT; i++) wf_free(t->cells[i]);
    wf_free(t->cells);
}

static wf_status fill_table(table *t, wf_context *cx) {
    WF_TRY(wf_alloc(&t->cells, cx, t->c->row_count * WF_COLUMN_COUNT, sizeof *t->cells));
    for (int j = 0; j < WF_COLUMN_COUNT; j++) {
        wf_report_column column = (wf_report_column)j;
        t->is_used[j] = wf__column_is_used(t->c, column);
        t->width[j] = wf_utf8_width(wf__column_title(t->c, column));
        for (size_t i = 0; i < t->c->row_count; i++) {
            wf_str cell = {0};
            char **clean = &t->cells[i * WF_COLUMN_COUNT + (size_t)j];
            wf__column_cell(&cell, cx, &t->c->rows[i], column);
            wf_status status = cell.status;
            if (status == WF_OK) status = wf_utf8_clean(clean, cx, cell.text ? cell.text : "");
            wf_str_reset(&cell);
            WF_TRY(status);
            int width = wf_utf8_width(*clean);
            if (width > t->width[j]) t->width[j] = width;
        }
    }
    return WF_OK;
}

static void add_spaces(wf_str *s, wf_context *cx, int n) {
    for (int i = 0; i < n; i++) wf_str_add(s, cx, " ");
}

static void add_cell(wf_str *s, wf_context *cx, const table *t, int column, const char *text,
                     int is_last) {
    int free_columns = t->width[column] - wf_utf8_width(text);
    int is_text = wf__column_is_text((wf_report_column)column);
    if (!is_text) add_spaces(s, cx, free_columns);
    wf_str_add(s, cx, text);
    if (is_text && !is_last) add_spaces(s, cx, free_columns);
    if (!is_last) add_spaces(s, cx, GAP);
}

/* The model and the columns [first, end). */
static void add_block(wf_str *s, wf_context *cx, const table *t, int first, int end) {
    int columns[WF_COLUMN_COUNT], n = 0;
    columns[n++] = WF_COLUMN_MODEL;
    for (int j = first; j < end; j++)
        if (t->is_used[j]) columns[n++] = j;
    for (int i = 0; i < n; i++)
        add_cell(s, cx, t, columns[i], wf__column_title(t->c, (wf_report_column)columns[i]),
                 i + 1 == n);
    wf_str_add(s, cx, "\n");
    for (size_t r = 0; r < t->c->row_count; r++) {
        for (int i = 0; i < n; i++)
            add_cell(s, cx, t, columns[i], t->cells[r * WF_COLUMN_COUNT + (size_t)columns[i]],
                     i + 1 == n);
        wf_str_add(s, cx, "\n");
    }
}

static void add_table(wf_str *s, wf_context *cx, const table *t, int width) {
    int first = WF_COLUMN_MODEL + 1;
    while (first < WF_COLUMN_COUNT) {
        int used = t->width[WF_COLUMN_MODEL], end = first, columns = 0;
        for (; end < WF_COLUMN_COUNT; end++) {
            if (!t->is_used[end]) continue;
            if (columns > 0 && used + GAP + t->width[end] > width) break;
            used += GAP + t->width[end];
            columns++;
        }
        if (columns > 0) add_block(s, cx, t, first, end);
        if (end < WF_COLUMN_COUNT) wf_str_add(s, cx, "\n");
        first = end;
    }
}

/* Words of `text` in lines of at most `width` columns; its newlines stay. */
static void add_wrapped(wf_str *s, wf_context *cx, const char *text, int width) {
    int used = 0;
    while (*text) {
        size_t n = strcspn(text, " \n");
        char word[512];
        size_t kept = n < sizeof word ? n : sizeof word - 1;
        memcpy(word, text, kept);
        word[kept] = 0;
        int columns = wf_utf8_width(word);
        if (used > 0 && used + 1 + columns > width) {
            wf_str_add(s, cx, "\n");
            used = 0;
        }
        if (used > 0) wf_str_add(s, cx, " ");
        wf_str_add_bytes(s, cx, text, n);
        used += columns + (used > 0);
        text += n;
        if (*text == '\n') {
            wf_str_add(s, cx, "\n");
            used = 0;
        }
        text += *text != 0;
    }
    wf_str_add(s, cx, "\n");
}

static wf_status add_pairs(wf_str *s, wf_context *cx, const wf_comparison *c, wf_pair_kind kind,
                           int width) {
    wf_str text = {0};
    size_t left_out = 0;
    wf__pairs_add_scope(&text, cx, c, kind);
    for (size_t i = 0; i < c->pair_count; i++) {
        const wf_pair_test *test = wf__pair_test(&c->pairs[i], kind);
        if (!test->is_tested) continue;
        if (!wf__pair_is_first(c, &c->pairs[i])) {
            left_out++;
            continue;
        }
        wf_str_add(&text, cx, "\n- ");
        wf__pair_add_named(&text, cx, c, &c->pairs[i], test);
        wf_str_add(&text, cx, ".");
    }
    if (left_out > 0)
        wf_str_addf(&text, cx, "\nThe other %zu pairs are in the files only.", left_out);
    if (text.status == WF_OK) add_wrapped(s, cx, text.text, width);
    wf_status status = text.status;
    wf_str_reset(&text);
    return status;
}

static wf_status add_set_pairs(wf_str *s, wf_context *cx, const wf_comparison *c, int width) {
    wf_str text = {0};
    wf_str_add(&text, cx, wf__set_pairs_scope());
    for (size_t k = 0; k < c->pair_count; k++) {
        const wf_report_pair *pair = &c->pairs[k];
        const char *between = "";
        if (!pair->has_sets || !wf__pair_is_first(c, pair)) continue;
        wf_str_addf(&text, cx, "\n- %s minus %s: ", c->rows[pair->a].label, c->rows[pair->b].label);
        for (int i = 0; i < WF__SET_COLUMNS; i++) {
            if (!wf__set_column_is_used(c, wf__set_columns[i])) continue;
            wf_str_addf(&text, cx, "%s%s ", between, wf_headline_name(wf__set_columns[i]));
            wf__set_difference_cell(&text, cx, pair, wf__set_columns[i]);
            between = ", ";
        }
        wf_str_add(&text, cx, ".");
    }
    if (text.status == WF_OK) add_wrapped(s, cx, text.text, width);
    wf_status status = text.status;
    wf_str_reset(&text);
    return status;
}

wf_status wf_report_text(char **out, wf_context *cx, const wf_comparison *c, int width) {
    wf_status status = WF_OK;
    wf_str s = {0};
    table t = {.c = c};
    if (width < 20) width = 20;
    if (c->row_count == 0)
        wf_str_add(&s, cx, "There are no finished and tested runs to compare.\n");
    if (c->row_count > 0) {
        WF_TRY_OR(fill_table(&t, cx));
        add_table(&s, cx, &t, width);
        wf_str_add(&s, cx, "\n");
        add_wrapped(&s, cx, c->answer, width);
    }
    if (c->images_tested + c->seeds_tested > 0 || wf__has_set_pairs(c))
        wf_str_add(&s, cx, "\nWhich differences are real?\n");
    if (c->images_tested > 0) WF_TRY_OR(add_pairs(&s, cx, c, WF_PAIR_IMAGES, width));
    if (c->seeds_tested > 0) WF_TRY_OR(add_pairs(&s, cx, c, WF_PAIR_SEEDS, width));
    if (wf__has_set_pairs(c)) WF_TRY_OR(add_set_pairs(&s, cx, c, width));
    for (size_t i = 0; i < c->note_count; i++) {
        if (i == 0) wf_str_add(&s, cx, "\n");
        wf_str note = {0};
        wf_str_addf(&note, cx, "Note: %s", c->notes[i]);
        if (note.status == WF_OK) add_wrapped(&s, cx, note.text, width);
        status = note.status;
        wf_str_reset(&note);
        if (status != WF_OK) goto done;
    }
    WF_TRY_OR(s.status);
    *out = s.text;
    s = (wf_str){0};
done:
    reset_table(&t);
    wf_str_reset(&s);
    return status;
}
