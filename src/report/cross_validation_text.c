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

/* Percentage points: "+0.8", and the interval "0.4 to 1.2". */
typedef struct points {
    char difference[CELL], interval[CELL];
} points;

static points points_of(const wf_t_test *t) {
    points out = {"-", "-"};
    wf_points text;
    int has_interval = isfinite(t->low) && isfinite(t->high);
    if (!isfinite(t->difference)) return out;
    wf_points_text(&text, t->difference, has_interval ? t->low : t->difference,
                   has_interval ? t->high : t->difference);
    snprintf(out.difference, CELL, "%s%s", t->difference > 0 ? "+" : "", text.difference);
    if (has_interval) snprintf(out.interval, CELL, "%s to %s", text.low, text.high);
    return out;
}

/* ---- cells ---- */

static const char *const model_titles[] = {
    "Model",     "Folds",        "Accuracy",  "95% interval", "Macro F1",     "95% interval",
    "Macro AUC", "95% interval", "Time/fold", "Parameters",   "Test accuracy"};
enum { MODEL_COLUMNS = sizeof model_titles / sizeof *model_titles };

static const char *const pair_titles[] = {
    "Models",   "Accuracy, points", "95% interval", "d",           "p",
    "p (Holm)", "F1, points",       "p (Holm)",     "AUC, points", "p (Holm)"};
enum { PAIR_COLUMNS = sizeof pair_titles / sizeof *pair_titles };

int wf_cv_model_cell(wf_str *out, wf_context *cx, const wf_cross_validation *cv, int row,
                     int column) {
    char text[CELL];
    if (column >= MODEL_COLUMNS) return 0;
    if (row < 0) {
        wf_str_add(out, cx, model_titles[column]);
        return 1;
    }
    const wf_cv_model *m = &cv->models[row];
    int f = (column - 2) / 2;
    if (column == 0) wf_str_add(out, cx, m->name);
    else if (column == 1) wf_str_addf(out, cx, "%zu of %zu", m->done, cv->n);
    else if (column == 8) wf_str_add(out, cx, wf_duration(text, m->fold_s.mean));
    else if (column == 9) wf_str_add(out, cx, wf_thousands(text, m->parameters));
    else if (column == 10) wf_str_add(out, cx, wf__show_score(text, m->test[WF_CV_ACCURACY]));
    else if (column % 2) wf_str_add(out, cx, show_score_interval(text, m->low[f], m->high[f]));
    else wf_str_add(out, cx, wf__show_spread(text, m->spread[f], wf__show_score));
    return 1;
}

static void pair_cell(wf_str *out, wf_context *cx, const wf_cross_validation *cv,
                      const wf_cv_pair *pair, int column) {
    const wf_t_test *t = &pair->tests[WF_CV_ACCURACY];
    int f = (column - 4) / 2; /* from column 6 on: F1, AUC */
    char text[CELL];
    switch (column) {
    case 0:
        wf_str_addf(out, cx, "%s against %s", cv->models[pair->a].name, cv->models[pair->b].name);
        return;
    case 1: strcpy(text, points_of(t).difference); break;
    case 2: strcpy(text, points_of(t).interval); break;
    case 3: show_effect(text, t->cohen_d); break;
    case 4: show_p(text, t->p); break;
    case 5: show_p(text, pair->holm[WF_CV_ACCURACY]); break;
    default:
        if (column % 2) show_p(text, pair->holm[f]);
        else strcpy(text, points_of(&pair->tests[f]).difference);
    }
    wf_str_add(out, cx, text);
}

int wf_cv_pair_cell(wf_str *out, wf_context *cx, const wf_cross_validation *cv, int row,
                    int column) {
    if (column >= PAIR_COLUMNS) return 0;
    if (row < 0) wf_str_add(out, cx, pair_titles[column]);
    else pair_cell(out, cx, cv, &cv->pairs[row], column);
    return 1;
}

int wf_cv_pair_words_cell(wf_str *out, wf_context *cx, const wf_cross_validation *cv, int row,
                          int column) {
    if (column != PAIR_COLUMNS) return wf_cv_pair_cell(out, cx, cv, row, column);
    if (row < 0) wf_str_add(out, cx, "In words");
    else wf_cv_pair_words(out, cx, cv, &cv->pairs[row]);
    return 1;
}

int wf_cv_cell_is_text(wf_cv_cell_fn cell, int column) {
    return column == 0 || (cell == wf_cv_pair_words_cell && column == PAIR_COLUMNS);
}

/* ---- answers ---- */

const char wf_cv_about_questions[] =
    "Each was asked before the figures were known; p are corrected among these questions after "
    "Holm. d is the mean difference in standard deviations of the folds' differences.";
const char wf_cv_about_pairs[] = "p (Holm) is corrected among all pairs.";

/* By accuracy. */
static const char *verdict(const wf_cv_pair *pair) {
    const wf_t_test *t = &pair->tests[WF_CV_ACCURACY];
    wf_verdict v = {.difference = t->difference,
                    .low = t->low,
                    .high = t->high,
                    .p = t->p,
                    .p_holm = pair->holm[WF_CV_ACCURACY]};
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
    for (int f = 0; f < WF_CV_FIGURES; f++) {
        const wf_t_test *t = &pair->tests[f];
        points shown = points_of(t);
        wf_str_addf(out, cx, "%s%s %s points (95%% interval %s), d = %s, p %s, after Holm %s",
                    f ? "; " : "", wf_cv_figure_name((wf_cv_figure)f), shown.difference,
                    shown.interval, show_effect(d, t->cohen_d), show_p(p, t->p),
                    show_p(holm, pair->holm[f]));
    }
    wf_str_addf(out, cx, ". %s", verdict(pair));
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
                        wf_cv_cell_is_text(cell, i) ? "---|" : "---:|");
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
