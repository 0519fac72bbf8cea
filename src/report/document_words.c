/* What was asked, and the answer in at most three sentences, each with its figures. */
#include <math.h>
#include <string.h>

#include "eval/distributions.h"
#include "report/document_parts.h"

typedef struct writer {
    const wf__document *d;
    wf_context *cx;
    json_t *sentences;
} writer;

/* Adds the sentence and resets it; an empty one is left out. */
static wf_status add(const writer *w, wf_str *sentence) {
    wf_context *cx = w->cx;
    wf_status status = sentence->status;
    if (status == WF_OK && sentence->text)
        status = wf_json_append(w->sentences, cx, json_string(sentence->text));
    wf_str_reset(sentence);
    return status;
}

static wf_status put_text(json_t *json, wf_context *cx, const char *key, wf_str *text) {
    wf_status status = text->status;
    if (status == WF_OK)
        status = wf_json_put(json, cx, key, text->text ? json_string(text->text) : json_null());
    wf_str_reset(text);
    return status;
}

/* ---- the question ---- */

static int has_one_dataset(const wf_comparison *c) {
    for (size_t i = 1; i < c->row_count; i++)
        if (strcmp(wf__row_summary(&c->rows[i])->dataset, wf__row_summary(&c->rows[0])->dataset))
            return 0;
    return 1;
}

/* "on fashion-mnist"; "on several data sets". */
static void add_dataset(wf_str *s, wf_context *cx, const wf_comparison *c) {
    const char *name = wf__row_summary(&c->rows[0])->dataset;
    if (!has_one_dataset(c)) wf_str_add(s, cx, " on several data sets");
    else if (*name) wf_str_addf(s, cx, " on %s", name);
}

/* Whether the report is of cross-validations alone. */
static int is_of_folds(const wf__document *d) {
    return d->c->row_count == 0 && d->options->cv_count > 0;
}

static wf_status put_question(const wf__document *d, wf_context *cx) {
    const wf_comparison *c = d->c;
    wf_str s = {0};
    if (is_of_folds(d)) {
        wf_str_add(&s, cx, "Which model is best, judged on training images that were held out?");
    } else if (c->row_count == 0) {
        wf_str_add(&s, cx, "Which of these runs were trained and tested?");
    } else if (c->row_count == 1) {
        wf_str_addf(&s, cx, "How well does %s do", c->rows[0].label);
        add_dataset(&s, cx, c);
        wf_str_add(&s, cx, ", at what cost, and where does it fail?");
    } else if (wf__best_of_family(c, "cnn") && wf__best_of_family(c, "rnn")) {
        wf_str_add(&s, cx, "Convolutional or recurrent network");
        add_dataset(&s, cx, c);
        wf_str_addf(&s, cx, ", and at what cost? %zu models, trained and tested", c->row_count);
        wf_str_add(&s, cx,
                   c->comparable ? " on the same images." : ", not all on the same images.");
    } else {
        wf_str_addf(&s, cx, "Which of %zu models is best", c->row_count);
        add_dataset(&s, cx, c);
        wf_str_add(&s, cx, ", and at what cost?");
    }
    return put_text(d->json, cx, "question", &s);
}

static wf_status put_title(const wf__document *d, wf_context *cx) {
    const wf_comparison *c = d->c;
    wf_str s = {0};
    if (d->options->title) {
        wf_str_add(&s, cx, d->options->title);
    } else if (is_of_folds(d) && d->options->cv_count == 1) {
        wf_cv_title(&s, cx, d->options->cvs[0]);
        wf_str_addf(&s, cx, " on %s", d->options->cvs[0]->dataset);
    } else if (is_of_folds(d)) {
        wf_str_addf(&s, cx, "%zu cross-validations", d->options->cv_count);
    } else if (c->row_count == 0) {
        wf_str_add(&s, cx, "No finished runs");
    } else {
        if (c->row_count == 1) wf_str_add(&s, cx, c->rows[0].label);
        else if (c->row_count == 2)
            wf_str_addf(&s, cx, "%s and %s", c->rows[0].label, c->rows[1].label);
        else wf_str_addf(&s, cx, "%zu models", c->row_count);
        add_dataset(&s, cx, c);
    }
    return put_text(d->json, cx, "title", &s);
}

/* ---- how accurate ---- */

/* 95% interval of a mean over seeds, by Student's t; it speaks for other seeds. */
static wf_interval mean_interval(wf_spread s) {
    if (s.count < 2 || !isfinite(s.sd)) return (wf_interval){NAN, NAN};
    double half = wf_student_quantile(.025, (double)(s.count - 1)) * s.sd / sqrt((double)s.count);
    return (wf_interval){fmax(s.mean - half, 0), fmin(s.mean + half, 1)};
}

/* Of several seeds: mean, standard deviation and interval of the mean; of one run how many images
 * that is, and its interval, which speaks for other images. */
static void add_accuracy(const writer *w, wf_str *s, size_t row) {
    wf_context *cx = w->cx;
    const wf_report_row *r = &w->d->c->rows[row];
    const wf_evaluation *e = w->d->details[row].evaluation;
    const int is_one = r->run_count == 1;
    const wf_interval interval =
        is_one ? e->intervals.of[WF_HEADLINE_ACCURACY] : mean_interval(r->accuracy);
    char score[WF_FIGURE_BYTES], right[WF_FIGURE_BYTES], count[WF_FIGURE_BYTES];
    wf_str_add(s, cx, wf__show_spread(score, r->accuracy, wf__show_score));
    wf_thousands(count, e->count);
    if (is_one)
        wf_str_addf(s, cx, " (%s of %s test images right)",
                    wf_thousands(right, llround(e->accuracy * (double)e->count)), count);
    else wf_str_addf(s, cx, " over %zu seeds on %s test images", r->run_count, count);
    if (isfinite(interval.low) && isfinite(interval.high))
        wf_str_addf(s, cx, ", 95%% interval %s%.4f to %.4f", is_one ? "" : "of the mean ",
                    interval.low, interval.high);
}

static wf_status say_accuracy(const writer *w) {
    wf_str s = {0};
    const wf_comparison *c = w->d->c;
    wf__add_best(&s, w->cx, c);
    add_accuracy(w, &s, 0);
    wf_str_add(&s, w->cx, ".");
    return add(w, &s);
}

/* ---- which difference is real ---- */

/* The difference that the question asks for: best CNN against best RNN, else the first two rows. */
static wf_status say_difference(const writer *w) {
    const wf_comparison *c = w->d->c;
    wf_context *cx = w->cx;
    const wf_report_row *cnn = wf__best_of_family(c, "cnn"), *rnn = wf__best_of_family(c, "rnn");
    size_t a = 0, b = 1;
    wf_str s = {0};
    if (cnn && rnn) {
        a = (size_t)(cnn - c->rows);
        b = (size_t)(rnn - c->rows);
        wf_str_add(&s, cx, "CNN or RNN? ");
    }
    const wf_report_pair *pair = wf__comparison_pair(c, a, b);
    const wf_pair_test *test = pair->seeds.is_tested ? &pair->seeds : &pair->images;
    if (test->is_tested) {
        if (test->is_shown) wf_str_add(&s, cx, cnn && rnn ? "Of the best of each, " : "");
        else
            wf_str_addf(&s, cx, "Between %s%s%s and %s%s, ", cnn && rnn ? "the best CNN, " : "",
                        c->rows[a].label, cnn && rnn ? "," : "", cnn && rnn ? "the best RNN, " : "",
                        c->rows[b].label);
        wf_str_add(&s, cx, test->sentence);
        wf_str_add(&s, cx, ".");
    } else if (wf__are_equal(c, pair)) {
        if (!cnn || !rnn) return WF_OK; /* the first sentence says it */
        wf_str_addf(&s, cx, "The best of each, %s and %s, are equally accurate.", c->rows[a].label,
                    c->rows[b].label);
    } else {
        wf_str_addf(&s, cx, "%s is %.2f points above %s, a difference that was not tested.",
                    c->rows[pair->a].label,
                    100 * (c->rows[pair->a].accuracy.mean - c->rows[pair->b].accuracy.mean),
                    c->rows[pair->b].label);
    }
    return add(w, &s);
}

/* Of one model and any number of labels: the other figures, and where it fails. */
static wf_status say_sets(const writer *w) {
    const wf_report_row *row = &w->d->c->rows[0];
    const wf_evaluation *e = row->pooled;
    wf_str s = {0};
    char cell[WF_FIGURE_BYTES];
    const char *between = "Its ";
    for (int i = 1; i < WF__SET_COLUMNS; i++) {
        const wf_headline h = wf__set_columns[i];
        if (row->headlines[h].count == 0) continue;
        wf_str_addf(&s, w->cx, "%s%s is %s", between, wf_headline_name(h),
                    wf__show_spread(cell, row->headlines[h], wf__show_score));
        between = ", ";
    }
    if (row->worst_class >= 0)
        wf_str_addf(&s, w->cx, "; the hardest label is %s (F1 %.2f), the easiest %s (F1 %.2f)",
                    e->class_names[row->worst_class], row->class_f1[row->worst_class].mean,
                    e->class_names[row->best_class], row->class_f1[row->best_class].mean);
    wf_str_add(&s, w->cx, ".");
    return add(w, &s);
}

/* Of one model: where it fails. */
static wf_status say_classes(const writer *w) {
    const wf_report_row *row = &w->d->c->rows[0];
    const wf_evaluation *e = row->pooled;
    wf_str s = {0};
    if (e->is_multilabel) return say_sets(w);
    const int has_worst = row->worst_class >= 0;
    if (!has_worst && !e->pair_count) return WF_OK;
    if (has_worst)
        wf_str_addf(&s, w->cx, "Its hardest class is %s (F1 %.2f), its easiest %s (F1 %.2f)",
                    e->class_names[row->worst_class], row->class_f1[row->worst_class].mean,
                    e->class_names[row->best_class], row->class_f1[row->best_class].mean);
    if (e->pair_count > 0)
        wf_str_addf(&s, w->cx, "%s often %s is taken for %s, %.1f%% of the time",
                    has_worst ? "; most" : "Most", e->class_names[e->pairs[0].truth],
                    e->class_names[e->pairs[0].predicted], 100 * e->pairs[0].share);
    wf_str_add(&s, w->cx, ".");
    return add(w, &s);
}

/* ---- at what cost ---- */

static void add_cost_of(const writer *w, wf_str *s, const wf_report_row *row) {
    char number[WF_FIGURE_BYTES];
    wf_str_addf(s, w->cx, "trained in %s", wf_duration(number, row->total_s.mean));
    if (row->run_count > 1) wf_str_add(s, w->cx, " per seed");
    if (wf__row_summary(row)->parameters > 0)
        wf_str_addf(s, w->cx, " and has %s parameters",
                    wf_thousands(number, wf__row_summary(row)->parameters));
}

static wf_status say_cost(const writer *w) {
    const wf_comparison *c = w->d->c;
    const wf_report_row *best = &c->rows[0], *quick = best;
    char number[WF_FIGURE_BYTES], score[WF_FIGURE_BYTES];
    wf_str s = {0};
    if (!isfinite(best->total_s.mean)) return WF_OK;
    for (size_t i = 1; i < c->row_count; i++)
        if (c->rows[i].total_s.mean < quick->total_s.mean) quick = &c->rows[i];
    wf_str_addf(&s, w->cx, "%s ", c->row_count > 1 ? best->label : "It");
    add_cost_of(w, &s, best);
    if (quick != best)
        wf_str_addf(&s, w->cx, "; the quickest, %s, took %s and reaches %s", quick->label,
                    wf_duration(number, quick->total_s.mean),
                    wf__show_score(score, quick->accuracy.mean));
    else if (c->row_count > 1) wf_str_add(&s, w->cx, "; none of the others trained faster");
    wf_str_add(&s, w->cx, ".");
    return add(w, &s);
}

/* ---- runs that do not compare ---- */

/* The best of each data set, in one sentence. */
static wf_status say_best_of_each(const writer *w) {
    const wf_comparison *c = w->d->c;
    wf_str s = {0};
    size_t said = 0;
    for (size_t i = 0; i < c->row_count; i++) {
        const wf_report_row *row = &c->rows[i];
        int is_first = 1;
        for (size_t j = 0; j < i; j++) is_first &= !wf__rows_share_test(&c->rows[j], row);
        if (!is_first) continue;
        wf_str_addf(&s, w->cx, "%s%s has ", said++ ? "; " : "", row->label);
        add_accuracy(w, &s, i);
        if (*wf__row_summary(row)->dataset)
            wf_str_addf(&s, w->cx, " of %s", wf__row_summary(row)->dataset);
    }
    wf_str_add(&s, w->cx, ".");
    return add(w, &s);
}

/* ---- nothing but cross-validations ---- */

/* Of one what it found, of several the best model of each. */
static wf_status say_of_folds(const writer *w) {
    enum { SENTENCES = 3 };
    const wf_report_options *o = w->d->options;
    wf_str s = {0};
    for (size_t i = 0; i < o->cv_count && i < SENTENCES; i++) {
        wf_cv_best(&s, w->cx, o->cvs[i]);
        WF_TRY(add(w, &s));
    }
    if (o->cv_count > 1) return WF_OK;
    wf_cv_best_difference(&s, w->cx, o->cvs[0]);
    WF_TRY(add(w, &s));
    wf_cv_unfinished(&s, w->cx, o->cvs[0]);
    return add(w, &s);
}

static wf_status say_text(const writer *w, const char *text) {
    wf_str s = {0};
    wf_str_add(&s, w->cx, text);
    return add(w, &s);
}

static wf_status put_answer(const wf__document *d, wf_context *cx) {
    const wf_comparison *c = d->c;
    writer w = {d, cx, json_array()};
    WF_TRY(wf_json_put(d->json, cx, "answer", w.sentences));
    if (is_of_folds(d)) return say_of_folds(&w);
    if (c->row_count == 0)
        return say_text(&w, "None of them: there are no finished and tested runs to report.");
    if (!c->comparable) {
        WF_TRY(say_text(&w, "No model is called the best here, since the runs were not all tested "
                            "on the same images."));
        return say_best_of_each(&w);
    }
    WF_TRY(say_accuracy(&w));
    WF_TRY(c->row_count > 1 ? say_difference(&w) : say_classes(&w));
    return say_cost(&w);
}

wf_status wf__document_words(wf__document *d, wf_context *cx) {
    wf_str caution = {0};
    WF_TRY(put_title(d, cx));
    WF_TRY(put_question(d, cx));
    WF_TRY(put_answer(d, cx));
    if (d->c->comparable) wf__comparison_add_caution(&caution, cx, d->c);
    return put_text(d->json, cx, "caution", &caution);
}
