/* A cross-validation in words, tables and Markdown. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/cross_validation.h"
#include "report/internal.h"
#include "report/verdict.h"

enum { CELL = 96 };

/* ---- figures ---- */

static const char *show_p(char buffer[CELL], double p) {
    return isnan(p) ? strcpy(buffer, "-") : wf_p_cell(buffer, p);
}

static const char *show_score_interval(char buffer[CELL], double low, double high) {
    if (!isfinite(low) || !isfinite(high)) return strcpy(buffer, "-");
    snprintf(buffer, CELL, "%.4f to %.4f", low, high);
    return buffer;
}

static const char *show_effect(char buffer[CELL], double d) {
    if (!isfinite(d)) return strcpy(buffer, "-");
    snprintf(buffer, CELL, "%+.2f", d);
    return buffer;
}

/* Percentage points: "+0.8", and the interval "0.4 to 1.2"; nats with three digits. */
typedef struct shown {
    char difference[CELL], interval[CELL];
} shown;

static shown show_difference(wf_cv_figure figure, const wf_t_test *t) {
    shown out = {"-", "-"};
    wf_points text;
    const char *sign = t->difference > 0 ? "+" : "";
    int has_interval = isfinite(t->low) && isfinite(t->high);
    double low = has_interval ? t->low : t->difference;
    double high = has_interval ? t->high : t->difference;
    if (!isfinite(t->difference)) return out;
    if (!strcmp(wf_cv_figure_of(figure)->unit, "points")) {
        wf_points_text(&text, t->difference, low, high);
    } else {
        snprintf(text.difference, sizeof text.difference, "%.3f", t->difference);
        snprintf(text.low, sizeof text.low, "%.3f", low);
        snprintf(text.high, sizeof text.high, "%.3f", high);
    }
    snprintf(out.difference, CELL, "%s%s", sign, text.difference);
    if (has_interval) snprintf(out.interval, CELL, "%s to %s", text.low, text.high);
    return out;
}

/* ---- cells ---- */

/* The columns of the models: name and folds, the figures, then these. Of any number of labels there
 * are so many figures that only the first has its interval beside it. */
enum { BEFORE_FIGURES = 2 };
typedef enum after_figures { FOLD_TIME, PARAMETERS, TEST, AFTER_FIGURES } after_figures;

static int figure_columns(const wf_cross_validation *cv) {
    const int figures = (int)cv->column_count;
    return cv->is_multilabel ? figures + 1 : 2 * figures;
}

/* The figure of a column of figures, from 0; *out_is_interval: that of its mean. */
static wf_cv_figure figure_at(int *out_is_interval, const wf_cross_validation *cv, int column) {
    const int is_each = !cv->is_multilabel;
    *out_is_interval = is_each ? column % 2 : column == 1;
    if (is_each) return cv->figures[column / 2];
    return cv->figures[column < 2 ? 0 : column - 1];
}

static void add_figure(wf_str *out, wf_context *cx, const wf_cross_validation *cv,
                       const wf_cv_model *m, int column) {
    char text[CELL];
    int is_interval;
    const wf_cv_figure f = figure_at(&is_interval, cv, column);
    if (!m) wf_str_add(out, cx, is_interval ? "95% interval" : wf_cv_figure_of(f)->title);
    else if (is_interval) wf_str_add(out, cx, show_score_interval(text, m->low[f], m->high[f]));
    else wf_str_add(out, cx, wf__show_spread(text, m->spread[f], wf__show_score));
}

static void add_after(wf_str *out, wf_context *cx, const wf_cross_validation *cv,
                      const wf_cv_model *m, after_figures column) {
    char text[CELL];
    const wf_cv_figure figure = cv->figures[0];
    switch (column) {
    case FOLD_TIME: wf_str_add(out, cx, m ? wf_duration(text, m->fold_s.mean) : "Time/fold"); break;
    case PARAMETERS:
        wf_str_add(out, cx, m ? wf_thousands(text, m->parameters) : "Parameters");
        break;
    case TEST:
        if (m) wf_str_add(out, cx, wf__show_score(text, m->test[figure]));
        else wf_str_addf(out, cx, "Test %s", wf_cv_figure_of(figure)->name);
        break;
    case AFTER_FIGURES: break;
    }
}

int wf_cv_model_cell(wf_str *out, wf_context *cx, const wf_cross_validation *cv, int row,
                     int column) {
    const wf_cv_model *m = row < 0 ? NULL : &cv->models[row];
    const int after = BEFORE_FIGURES + figure_columns(cv);
    if (column >= after + AFTER_FIGURES) return 0;
    if (column == 0) wf_str_add(out, cx, m ? m->name : "Model");
    else if (column == 1 && m) wf_str_addf(out, cx, "%zu of %zu", m->done, cv->n);
    else if (column == 1) wf_str_add(out, cx, "Folds");
    else if (column < after) add_figure(out, cx, cv, m, column - BEFORE_FIGURES);
    else add_after(out, cx, cv, m, (after_figures)(column - after));
    return 1;
}

int wf_cv_figure_cell(wf_str *out, wf_context *cx, const wf_cross_validation *cv, int row,
                      int column) {
    char text[CELL];
    if (column > (int)cv->model_count) return 0;
    const wf_cv_model *m = column ? &cv->models[column - 1] : NULL;
    if (row < 0) {
        wf_str_add(out, cx, m ? m->name : "Figure");
        return 1;
    }
    const wf_cv_figure f = cv->figures[row];
    if (m) wf_str_add(out, cx, wf__show_spread(text, m->spread[f], wf__show_score));
    else wf_str_add(out, cx, wf_cv_figure_of(f)->name);
    return 1;
}

/* The columns of the pairs: their names, five of the figure that decides, two of each other. */
enum { PAIR_NAMES = 1, PAIR_FIRST = 5 };

/* Pairs have no more than this, for each takes two columns. */
enum { PAIR_FIGURES = 3 };

static int pair_columns(const wf_cross_validation *cv) {
    const int figures = cv->column_count < PAIR_FIGURES ? (int)cv->column_count : PAIR_FIGURES;
    return PAIR_NAMES + PAIR_FIRST + 2 * (figures - 1);
}

static void pair_title(wf_str *out, wf_context *cx, const wf_cross_validation *cv, int column) {
    static const char *const first[] = {"95% interval", "d", "p", "p (Holm)"};
    const int other = column - PAIR_NAMES - PAIR_FIRST;
    const wf_cv_figure_texts *of = wf_cv_figure_of(cv->figures[other < 0 ? 0 : 1 + other / 2]);
    if (column == 0) wf_str_add(out, cx, "Models");
    else if (column == PAIR_NAMES || (other >= 0 && other % 2 == 0))
        wf_str_addf(out, cx, "%s, %s", of->title, of->unit);
    else wf_str_add(out, cx, other < 0 ? first[column - PAIR_NAMES - 1] : "p (Holm)");
}

static void pair_cell(wf_str *out, wf_context *cx, const wf_cross_validation *cv,
                      const wf_cv_pair *pair, int column) {
    const int other = column - PAIR_NAMES - PAIR_FIRST;
    const wf_cv_figure f = cv->figures[other < 0 ? 0 : 1 + other / 2];
    const wf_t_test *t = &pair->tests[f];
    char text[CELL];
    switch (column) {
    case 0:
        wf_str_addf(out, cx, "%s against %s", cv->models[pair->a].name, cv->models[pair->b].name);
        return;
    case 1: strcpy(text, show_difference(f, t).difference); break;
    case 2: strcpy(text, show_difference(f, t).interval); break;
    case 3: show_effect(text, t->cohen_d); break;
    case 4: show_p(text, t->p); break;
    case 5: show_p(text, pair->holm[f]); break;
    default:
        if (other % 2) show_p(text, pair->holm[f]);
        else strcpy(text, show_difference(f, t).difference);
    }
    wf_str_add(out, cx, text);
}

int wf_cv_pair_cell(wf_str *out, wf_context *cx, const wf_cross_validation *cv, int row,
                    int column) {
    if (column >= pair_columns(cv)) return 0;
    if (row < 0) pair_title(out, cx, cv, column);
    else pair_cell(out, cx, cv, &cv->pairs[row], column);
    return 1;
}

int wf_cv_pair_words_cell(wf_str *out, wf_context *cx, const wf_cross_validation *cv, int row,
                          int column) {
    if (column != pair_columns(cv)) return wf_cv_pair_cell(out, cx, cv, row, column);
    if (row < 0) wf_str_add(out, cx, "In words");
    else wf_cv_pair_words(out, cx, cv, &cv->pairs[row]);
    return 1;
}

int wf_cv_cell_is_text(const wf_cross_validation *cv, wf_cv_cell_fn cell, int column) {
    return column == 0 || (cell == wf_cv_pair_words_cell && column == pair_columns(cv));
}

/* ---- answers ---- */

const char wf_cv_about_questions[] =
    "Each was asked before the figures were known; p are corrected among these questions after "
    "Holm. d is the mean difference in standard deviations of the folds' differences.";
const char wf_cv_about_pairs[] = "p (Holm) is corrected among all pairs.";

/* By the first figure. */
static const char *verdict(const wf_cross_validation *cv, const wf_cv_pair *pair) {
    const wf_cv_figure figure = cv->figures[0];
    const wf_t_test *t = &pair->tests[figure];
    wf_verdict v = {.difference = t->difference,
                    .low = t->low,
                    .high = t->high,
                    .p = t->p,
                    .p_holm = pair->holm[figure]};
    if (isnan(t->p)) return "It cannot be tested on these folds.";
    if (!wf_verdict_is_shown(&v)) return "Not shown: chance may explain the difference.";
    return t->difference > 0 ? "Yes: better, and by more than chance explains."
                             : "No: worse, and by more than chance explains.";
}

void wf_cv_answer(wf_str *out, wf_context *cx, const wf_cross_validation *cv, size_t question) {
    const wf_cv_pair *pair = &cv->answers[question];
    char d[CELL], p[CELL], holm[CELL];
    wf_str_addf(out, cx, "%s %s against %s: ", cv->questions[question].question,
                cv->models[pair->a].name, cv->models[pair->b].name);
    for (size_t j = 0; j < cv->column_count; j++) {
        const wf_cv_figure f = cv->figures[j];
        const wf_cv_figure_texts *of = wf_cv_figure_of(f);
        const wf_t_test *t = &pair->tests[f];
        const shown text = show_difference(f, t);
        wf_str_addf(out, cx, "%s%s %s %s (95%% interval %s), d = %s, p %s, after Holm %s",
                    j ? "; " : "", of->name, text.difference, of->unit, text.interval,
                    show_effect(d, t->cohen_d), show_p(p, t->p), show_p(holm, pair->holm[f]));
    }
    wf_str_addf(out, cx, ". %s", verdict(cv, pair));
}

/* ---- Markdown ---- */

/* Appends what `text` holds, as Markdown, and resets it. */
static void add_plain(wf_str *s, wf_context *cx, wf_str *text) {
    if (text->status == WF_OK) wf__markdown_text(s, cx, text->text ? text->text : "");
    else s->status = text->status;
    wf_str_reset(text);
}

static void add_table(wf_str *s, wf_context *cx, const wf_cross_validation *cv, wf_cv_cell_fn cell,
                      size_t rows) {
    for (int row = -1; row < (int)rows; row++) {
        wf_str text = {0};
        int columns = 0;
        wf_str_add(s, cx, "|");
        while (cell(&text, cx, cv, row, columns)) {
            wf_str_add(s, cx, " ");
            add_plain(s, cx, &text);
            wf_str_add(s, cx, " |");
            columns++;
        }
        wf_str_add(s, cx, "\n");
        if (row >= 0) continue;
        for (int i = 0; i < columns; i++)
            wf_str_addf(s, cx, "%s%s", i ? "" : "|",
                        wf_cv_cell_is_text(cv, cell, i) ? "---|" : "---:|");
        wf_str_add(s, cx, "\n");
    }
}

void wf_cv_markdown_body(wf_str *s, wf_context *cx, const wf_cross_validation *cv,
                         const char *heading) {
    wf_str text = {0};
    wf_cv_method(&text, cx, cv);
    add_plain(s, cx, &text);
    wf_cv_unfinished(&text, cx, cv);
    if (text.text) wf_str_add(s, cx, "\n\n");
    add_plain(s, cx, &text);
    wf_str_addf(s, cx, "\n\n%s Models\n\n", heading);
    add_table(s, cx, cv, wf_cv_model_cell, cv->model_count);
    if (cv->is_multilabel) {
        wf_str_add(s, cx, "\n");
        add_table(s, cx, cv, wf_cv_figure_cell, cv->figure_count);
    }
    if (cv->question_count)
        wf_str_addf(s, cx, "\n%s Questions\n\n%s\n\n", heading, wf_cv_about_questions);
    for (size_t i = 0; i < cv->question_count; i++) {
        wf_str_add(s, cx, "- ");
        wf_cv_answer(&text, cx, cv, i);
        add_plain(s, cx, &text);
        wf_str_add(s, cx, "\n");
    }
    if (cv->note) wf_str_addf(s, cx, "\n%s\n", cv->note);
    if (cv->pair_count) {
        wf_str_addf(s, cx, "\n%s All pairs\n\n%s\n\n", heading, wf_cv_about_pairs);
        add_table(s, cx, cv, wf_cv_pair_words_cell, cv->pair_count);
    }
}

wf_status wf_cv_markdown(char **out, wf_context *cx, const wf_cross_validation *cv) {
    wf_str s = {0};
    wf_cv_markdown_body(&s, cx, cv, "##");
    const wf_status status = s.status;
    if (status == WF_OK) *out = s.text;
    else wf_str_reset(&s);
    return status;
}
