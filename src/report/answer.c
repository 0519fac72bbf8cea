/* The result in words: which model is best, by how much, at what cost, and how sure that is. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/internal.h"

static const char *family_of(const wf_report_row *row) { return wf__row_summary(row)->family; }

const wf_report_row *wf__best_of_family(const wf_comparison *c, const char *family) {
    for (size_t i = 0; i < c->row_count; i++)
        if (strcmp(family_of(&c->rows[i]), family) == 0) return &c->rows[i];
    return NULL;
}

int wf__are_equal(const wf_comparison *c, const wf_report_pair *pair) {
    const double a = c->rows[pair->a].accuracy.mean, b = c->rows[pair->b].accuracy.mean;
    return a <= b && a >= b;
}

/* How many rows none is above. */
static size_t best_count(const wf_comparison *c) {
    size_t n = 1;
    while (n < c->row_count && c->rows[n].accuracy.mean >= c->rows[0].accuracy.mean) n++;
    return n;
}

void wf__add_best(wf_str *s, wf_context *cx, const wf_comparison *c) {
    static const char *const words[2][3] = {
        {" reaches an accuracy of ", " is the most accurate: ", " are equally accurate: "},
        {" reaches a subset accuracy of ", " tells the most sets right, a subset accuracy of ",
         " tell as many sets right, a subset accuracy of "}};
    const size_t n = best_count(c);
    for (size_t i = 0; i < n; i++)
        wf_str_addf(s, cx, "%s%s", !i ? "" : i + 1 == n ? " and " : ", ", c->rows[i].label);
    wf_str_add(s, cx, words[wf__has_only_sets(c) != 0][(c->row_count > 1) + (n > 1)]);
}

/* Whether a test speaks for the difference of the figures that the table shows. */
static int is_covered(const wf_comparison *c, const wf_report_pair *pair) {
    int has_one_seed = c->rows[pair->a].run_count == 1 && c->rows[pair->b].run_count == 1;
    return pair->seeds.is_tested || (pair->images.is_tested && has_one_seed);
}

/* What the tests of the pair say, each a sentence. */
static void add_tests(wf_str *s, wf_context *cx, const wf_comparison *c,
                      const wf_report_pair *pair) {
    const wf_pair_test *const tests[] = {&pair->seeds, &pair->images};
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        if (!tests[i]->is_tested) continue;
        wf_str_add(s, cx, " ");
        wf__pair_add_named(s, cx, c, pair, tests[i]);
        wf_str_add(s, cx, ".");
    }
}

static void add_best(wf_str *s, wf_context *cx, const wf_comparison *c) {
    const wf_report_row *best = &c->rows[0];
    const wf_evaluation *e = best->runs[0].evaluation;
    char score[WF_FIGURE_BYTES], count[WF_FIGURE_BYTES], right[WF_FIGURE_BYTES];
    wf__add_best(s, cx, c);
    wf_str_add(s, cx, wf__show_spread(score, best->accuracy, wf__show_score));
    if (best->run_count == 1)
        wf_str_addf(s, cx, " (%s of %s test images right)",
                    wf_thousands(right, llround(e->accuracy * (double)e->count)),
                    wf_thousands(count, e->count));
    else
        wf_str_addf(s, cx, " over %zu seeds on %s test images", best->run_count,
                    wf_thousands(count, e->count));
    if (c->row_count > 1) {
        const wf_report_pair *pair = wf__comparison_pair(c, 0, 1);
        if (!is_covered(c, pair) && best_count(c) == 1)
            wf_str_addf(s, cx, ", %.2f percentage points above %s",
                        100 * (best->accuracy.mean - c->rows[1].accuracy.mean), c->rows[1].label);
        wf_str_add(s, cx, ".");
        add_tests(s, cx, c, pair);
        return;
    }
    wf_str_add(s, cx, ".");
}

static void add_cost(wf_str *s, wf_context *cx, const wf_comparison *c) {
    const wf_report_row *best = &c->rows[0], *quick = best;
    char time[WF_FIGURE_BYTES], other[WF_FIGURE_BYTES], parameters[WF_FIGURE_BYTES];
    char score[WF_FIGURE_BYTES];
    if (!isfinite(best->total_s.mean)) return;
    wf_str_addf(s, cx, " %s trained in %s", c->row_count > 1 ? best->label : "It",
                wf_duration(time, best->total_s.mean));
    if (wf__row_summary(best)->parameters > 0)
        wf_str_addf(s, cx, " and has %s parameters",
                    wf_thousands(parameters, wf__row_summary(best)->parameters));
    wf_str_add(s, cx, ".");
    for (size_t i = 1; i < c->row_count; i++)
        if (c->rows[i].total_s.mean < quick->total_s.mean) quick = &c->rows[i];
    if (c->row_count == 1) return;
    if (quick == best) {
        wf_str_add(s, cx, " None of the others trained faster.");
        return;
    }
    wf_str_addf(s, cx, " The quickest, %s, took %s (%.1f times less) and reaches %s.", quick->label,
                wf_duration(other, quick->total_s.mean), best->total_s.mean / quick->total_s.mean,
                wf__show_score(score, quick->accuracy.mean));
}

/* The question that these models are trained for. */
static void add_families(wf_str *s, wf_context *cx, const wf_comparison *c) {
    const wf_report_row *cnn = wf__best_of_family(c, "cnn"), *rnn = wf__best_of_family(c, "rnn");
    if (!cnn || !rnn) return;
    const wf_report_row *better = cnn->accuracy.mean >= rnn->accuracy.mean ? cnn : rnn;
    const wf_report_row *lesser = better == cnn ? rnn : cnn;
    const wf_report_pair *pair =
        wf__comparison_pair(c, (size_t)(better - c->rows), (size_t)(lesser - c->rows));
    wf_str_addf(s, cx, "\nCNN or RNN? The best CNN here is %s, the best RNN %s", cnn->label,
                rnn->label);
    if (wf__are_equal(c, pair)) wf_str_add(s, cx, ", equally accurate");
    else if (!is_covered(c, pair))
        wf_str_addf(s, cx, ", %.2f points %s",
                    100 * (better->accuracy.mean - lesser->accuracy.mean),
                    better == cnn ? "below" : "above");
    wf_str_add(s, cx, ".");
    if (pair->a != 0 || pair->b != 1) add_tests(s, cx, c, pair); /* else they were just told */
    double ratio = better->total_s.mean / lesser->total_s.mean;
    if (!isfinite(ratio) || !(ratio > 0)) return;
    if (ratio >= 1)
        wf_str_addf(s, cx, " %s took %.1f times as long to train.", better->label, ratio);
    else
        wf_str_addf(s, cx, " %s took %.2f of the training time of %s.", better->label, ratio,
                    lesser->label);
}

static void add_hardest(wf_str *s, wf_context *cx, const wf_comparison *c) {
    const wf_report_row *best = &c->rows[0];
    const wf_evaluation *e = best->pooled;
    size_t same = 0;
    for (size_t i = 0; i < c->row_count; i++)
        if (c->rows[i].worst_class == best->worst_class) same++;
    wf_str_addf(s, cx, "\nThe hardest class is %s", e->class_names[best->worst_class]);
    if (c->row_count > 1 && same == c->row_count) wf_str_add(s, cx, " for every model");
    else if (c->row_count > 1) wf_str_addf(s, cx, " for %zu of %zu models", same, c->row_count);
    wf_str_addf(s, cx, " (F1 %.2f in %s)", best->class_f1[best->worst_class].mean, best->label);
    wf_str_addf(s, cx, ", the easiest for %s is %s (F1 %.2f).", best->label,
                e->class_names[best->best_class], best->class_f1[best->best_class].mean);
}

static void add_classes(wf_str *s, wf_context *cx, const wf_comparison *c) {
    const wf_report_row *best = &c->rows[0];
    const wf_evaluation *e = best->pooled;
    if (best->worst_class >= 0) add_hardest(s, cx, c);
    if (e->pair_count > 0)
        wf_str_addf(s, cx, "%s most frequent mistake: %.1f %% of %s are taken for %s.",
                    best->worst_class >= 0 ? " Its" : "\nThe", 100 * e->pairs[0].share,
                    e->class_names[e->pairs[0].truth], e->class_names[e->pairs[0].predicted]);
}

void wf__comparison_add_caution(wf_str *s, wf_context *cx, const wf_comparison *c) {
    size_t single = 0;
    for (size_t i = 0; i < c->row_count; i++) single += c->rows[i].run_count == 1;
    if (single == 0) return;
    const wf_report_row *best = &c->rows[0];
    const wf_evaluation *e = best->runs[0].evaluation;
    double error = wf_accuracy_standard_error(e->accuracy, e->count);
    char count[WF_FIGURE_BYTES];
    if (single == c->row_count)
        wf_str_add(s, cx,
                   c->row_count == 1 ? "this is one seed." : "each model has one seed only.");
    else wf_str_addf(s, cx, "%zu of %zu models have one seed only.", single, c->row_count);
    if (c->images_tested > 0)
        wf_str_add(s, cx,
                   " Another seed moves the figure as well, and a test on the same images cannot "
                   "see by how much.");
    else if (!(error > 0)) wf_str_add(s, cx, " Another seed moves the figure.");
    else
        wf_str_addf(s, cx,
                    " The standard error of an accuracy measured on %s images is about %.4f, and "
                    "another seed moves the figure as well.",
                    wf_thousands(count, e->count), error);
}

static void add_caution(wf_str *s, wf_context *cx, const wf_comparison *c) {
    wf_str caution = {0};
    wf__comparison_add_caution(&caution, cx, c);
    if (caution.status != WF_OK) s->status = caution.status;
    if (caution.text) wf_str_addf(s, cx, "\nCaution: %s", caution.text);
    wf_str_reset(&caution);
}

wf_status wf__comparison_answer(wf_comparison *c, wf_context *cx) {
    wf_str s = {0};
    wf_str_add(&s, cx, "");
    if (c->row_count > 0 && c->comparable) {
        add_best(&s, cx, c);
        add_cost(&s, cx, c);
        add_families(&s, cx, c);
        add_classes(&s, cx, c);
        add_caution(&s, cx, c);
    } else if (c->row_count > 0) {
        wf_str_add(&s, cx,
                   "No model is called the best here, since the runs were not all tested on "
                   "the same images.");
    }
    wf_status status = s.status;
    if (status == WF_OK) c->answer = s.text;
    else wf_str_reset(&s);
    return status;
}
