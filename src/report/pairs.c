/* Which differences are real: the tests of every pair of rows. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "report/internal.h"
#include "report/verdict.h"

/* What one run said about each test image; read when the first pair asks for it. */
typedef struct judged {
    int is_read;
    wf_predictions predictions; /* without probabilities */
    wf_str problem;             /* why it cannot be used; empty: it can */
} judged;

typedef struct testing {
    wf_comparison *c;
    judged **rows; /* [row_count][run_count of the row] */
} testing;

static void reset_testing(testing *t) {
    for (size_t i = 0; t->rows && i < t->c->row_count; i++) {
        for (size_t j = 0; t->rows[i] && j < t->c->rows[i].run_count; j++) {
            wf_predictions_reset(&t->rows[i][j].predictions);
            wf_str_reset(&t->rows[i][j].problem);
        }
        wf_free(t->rows[i]);
    }
    wf_free(t->rows);
}

void wf__comparison_pairs_reset(wf_comparison *c) {
    for (size_t i = 0; i < c->pair_count; i++) {
        wf_free(c->pairs[i].images.sentence);
        wf_free(c->pairs[i].seeds.sentence);
    }
    wf_free(c->pairs);
    c->pairs = NULL;
    c->pair_count = 0;
}

static wf_status take_sentence(wf_pair_test *test, wf_str *text) {
    wf_status status = text->status;
    if (status == WF_OK) test->sentence = text->text;
    else wf_str_reset(text);
    return status;
}

/* ---- McNemar ---- */

static wf_status read_predictions(judged *j, wf_context *cx, const wf_report_run *source) {
    wf_predictions *p = &j->predictions;
    WF_TRY(wf__run_outcomes(p, &j->problem, cx, source));
    j->is_read = 1;
    wf_free(p->probabilities);
    p->probabilities = NULL;
    return WF_OK;
}

/* The runs of the lowest seed that both rows have; of the lowest of each, if they share none. Runs
 * are sorted by seed. */
static void choose_runs(const wf_report_row *a, const wf_report_row *b, size_t *run_a,
                        size_t *run_b) {
    for (size_t i = 0, j = 0; i < a->run_count && j < b->run_count;) {
        int64_t left = a->runs[i].summary.seed, right = b->runs[j].summary.seed;
        if (left == right) {
            *run_a = i;
            *run_b = j;
            return;
        }
        if (left < right) i++;
        else j++;
    }
    *run_a = *run_b = 0;
}

static const wf_pair_test not_tested = {.difference = (double)NAN,
                                        .low = (double)NAN,
                                        .high = (double)NAN,
                                        .p = (double)NAN,
                                        .p_holm = (double)NAN};

static wf_status find_judged(const judged **out, testing *t, wf_context *cx, size_t row,
                             size_t run) {
    judged *j = &t->rows[row][run];
    if (!j->is_read) WF_TRY(read_predictions(j, cx, &t->c->rows[row].runs[run]));
    *out = j;
    return WF_OK;
}

static wf_status test_images(testing *t, wf_context *cx, wf_report_pair *pair) {
    const wf_report_row *a = &t->c->rows[pair->a], *b = &t->c->rows[pair->b];
    const judged *left = NULL, *right = NULL;
    wf_str why = {0};
    pair->images = not_tested;
    choose_runs(a, b, &pair->run_a, &pair->run_b);
    int is_shared = wf__rows_share_test(a, b);
    if (is_shared) {
        WF_TRY(find_judged(&left, t, cx, pair->a, pair->run_a));
        WF_TRY(find_judged(&right, t, cx, pair->b, pair->run_b));
        const wf_str *problem = left->problem.text ? &left->problem : &right->problem;
        if (problem->text) {
            wf_str_addf(&why, cx, "not tested: %s", problem->text);
            return take_sentence(&pair->images, &why);
        }
        is_shared = wf__predictions_share_images(&left->predictions, &right->predictions);
    }
    if (!is_shared) {
        wf_str_add(&why, cx, "not tested: these two were not judged on the same test images");
        return take_sentence(&pair->images, &why);
    }
    const wf_predictions *p = &left->predictions, *q = &right->predictions;
    wf_mcnemar *m = &pair->mcnemar;
    if (p->count == 0) {
        wf_str_add(&why, cx, "not tested: there are no test images");
        return take_sentence(&pair->images, &why);
    }
    WF_TRY(wf_mcnemar_test(m, cx, p->labels, p->predicted, q->predicted, p->count));
    pair->images = (wf_pair_test){.is_tested = 1,
                                  .difference = m->difference,
                                  .low = m->low,
                                  .high = m->high,
                                  .p = m->p,
                                  .p_holm = m->p};
    if (!a->runs[0].evaluation->is_multilabel &&
        memcmp(p->predicted, q->predicted, (size_t)p->count * sizeof *p->predicted) == 0)
        pair->identical = p->count;
    return WF_OK;
}

/* ---- Welch ---- */

static wf_status accuracies(double **out, wf_context *cx, const wf_report_row *row) {
    WF_TRY(wf_alloc(out, cx, row->run_count, sizeof **out));
    for (size_t i = 0; i < row->run_count; i++) (*out)[i] = row->runs[i].evaluation->accuracy;
    return WF_OK;
}

static wf_status test_seeds(const wf_comparison *c, wf_context *cx, wf_report_pair *pair) {
    const wf_report_row *a = &c->rows[pair->a], *b = &c->rows[pair->b];
    double *of_a = NULL, *of_b = NULL;
    wf_context quiet = {0};
    wf_str why = {0};
    wf_status status = WF_OK;
    pair->seeds = not_tested;
    if (!wf__rows_share_test(a, b)) {
        wf_str_add(&why, cx, "not tested: these two were not judged on the same test images");
    } else if (a->run_count < 2 || b->run_count < 2) {
        wf_str_addf(&why, cx, "not tested: too few seeds, %zu of %s and %zu of %s, needs 2 of each",
                    a->run_count, a->label, b->run_count, b->label);
    } else {
        WF_TRY_OR(accuracies(&of_a, cx, a));
        WF_TRY_OR(accuracies(&of_b, cx, b));
        wf_t_test *w = &pair->welch;
        status = wf_welch_test(w, &quiet, of_a, a->run_count, of_b, b->run_count);
        if (status == WF_OK)
            pair->seeds = (wf_pair_test){.is_tested = 1,
                                         .difference = w->difference,
                                         .low = w->low,
                                         .high = w->high,
                                         .p = w->p,
                                         .p_holm = w->p};
        else
            wf_str_addf(&why, cx,
                        "not tested: the accuracy is the same for every seed of %s and for every "
                        "seed of %s",
                        a->label, b->label);
        status = WF_OK;
    }
    if (why.text || why.status != WF_OK) status = take_sentence(&pair->seeds, &why);
done:
    wf_free(of_a);
    wf_free(of_b);
    return status;
}

/* ---- all pairs ---- */

/* What alone the test speaks for. With one seed of each model that goes without saying. */
static void add_scope(wf_str *out, wf_context *cx, const wf_comparison *c,
                      const wf_report_pair *pair, wf_pair_kind kind) {
    const wf_report_row *a = &c->rows[pair->a], *b = &c->rows[pair->b];
    long long of_a = a->runs[pair->run_a].summary.seed, of_b = b->runs[pair->run_b].summary.seed;
    if (kind == WF_PAIR_SEEDS) wf_str_add(out, cx, "seed noise");
    else if (of_a != of_b) wf_str_addf(out, cx, "seeds %lld and %lld", of_a, of_b);
    else if (a->run_count > 1 || b->run_count > 1) wf_str_addf(out, cx, "seed %lld", of_a);
}

/* Corrects one test's p for all its pairs, and says what comes of it. */
/* Says what comes of a test that was made. */
static wf_status say(wf_comparison *c, wf_context *cx, wf_report_pair *pair, wf_pair_kind kind,
                     size_t family) {
    wf_pair_test *t = kind == WF_PAIR_IMAGES ? &pair->images : &pair->seeds;
    wf_str scope = {0}, sentence = {0};
    if (!t->is_tested) return WF_OK;
    add_scope(&scope, cx, c, pair, kind);
    wf_verdict v = {.a = c->rows[pair->a].label,
                    .b = c->rows[pair->b].label,
                    .difference = t->difference,
                    .low = t->low,
                    .high = t->high,
                    .p = t->p,
                    .p_holm = t->p_holm,
                    .family = family,
                    .identical = kind == WF_PAIR_IMAGES ? pair->identical : 0,
                    .scope = scope.text};
    t->is_shown = wf_verdict_is_shown(&v);
    wf_verdict_add(&sentence, cx, &v);
    wf_status status = take_sentence(t, &sentence);
    if (status == WF_OK) status = scope.status;
    wf_str_reset(&scope);
    return status;
}

/* Corrects one test's p for all its pairs. */
static wf_status judge(wf_comparison *c, wf_context *cx, wf_pair_kind kind) {
    wf_status status = WF_OK;
    double *p = NULL;
    size_t tested = 0;
    WF_TRY(wf_alloc(&p, cx, c->pair_count, sizeof *p));
    for (size_t i = 0; i < c->pair_count; i++) {
        p[i] = wf__pair_test(&c->pairs[i], kind)->p;
        tested += isnan(p[i]) ? 0 : 1;
    }
    WF_TRY_OR(wf_holm_adjust(p, cx, p, c->pair_count));
    for (size_t i = 0; i < c->pair_count; i++) {
        wf_report_pair *pair = &c->pairs[i];
        (kind == WF_PAIR_IMAGES ? &pair->images : &pair->seeds)->p_holm = p[i];
        WF_TRY_OR(say(c, cx, pair, kind, tested));
    }
    *(kind == WF_PAIR_IMAGES ? &c->images_tested : &c->seeds_tested) = tested;
done:
    wf_free(p);
    return status;
}

static wf_status start(testing *t, wf_context *cx) {
    size_t n = t->c->row_count;
    WF_TRY(wf_alloc(&t->c->pairs, cx, n * (n - 1) / 2, sizeof *t->c->pairs));
    t->c->pair_count = n * (n - 1) / 2;
    WF_TRY(wf_alloc(&t->rows, cx, n, sizeof *t->rows));
    for (size_t i = 0; i < n; i++)
        WF_TRY(wf_alloc(&t->rows[i], cx, t->c->rows[i].run_count, sizeof *t->rows[i]));
    return WF_OK;
}

wf_status wf__comparison_pairs(wf_comparison *c, wf_context *cx) {
    wf_status status = WF_OK;
    testing t = {.c = c};
    size_t k = 0;
    if (c->row_count < 2) return WF_OK;
    WF_TRY_OR(start(&t, cx));
    for (size_t a = 0; a < c->row_count; a++) {
        for (size_t b = a + 1; b < c->row_count; b++) {
            wf_report_pair *pair = &c->pairs[k++];
            pair->a = a;
            pair->b = b;
            WF_TRY_OR(test_images(&t, cx, pair));
            WF_TRY_OR(test_seeds(c, cx, pair));
        }
    }
    WF_TRY_OR(judge(c, cx, WF_PAIR_IMAGES));
    WF_TRY_OR(judge(c, cx, WF_PAIR_SEEDS));
done:
    reset_testing(&t);
    return status;
}
