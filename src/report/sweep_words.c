/* What a sweep comes to: the order of the settings, and how sure it is. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "report/internal.h"
#include "report/sweep.h"
#include "report/verdict.h"
#include "weft/significance.h"

/* ---- figures ---- */

static wf_spread spread_of(double *scratch, const wf_sweep_row *row, size_t offset) {
    for (size_t i = 0; i < row->run_count; i++)
        memcpy(&scratch[i], (const char *)&row->runs[i] + offset, sizeof(double));
    return wf_spread_of(scratch, row->run_count);
}

static wf_status derive(wf_sweep_row *row, wf_context *cx) {
    double *scratch = NULL;
    const struct {
        wf_spread *to;
        size_t offset;
    } figures[] = {{&row->val_accuracy, offsetof(wf_sweep_run, val_accuracy)},
                   {&row->val_loss, offsetof(wf_sweep_run, val_loss)},
                   {&row->accuracy, offsetof(wf_sweep_run, accuracy)},
                   {&row->loss, offsetof(wf_sweep_run, loss)},
                   {&row->epochs, offsetof(wf_sweep_run, epochs)},
                   {&row->ms_per_step, offsetof(wf_sweep_run, ms_per_step)},
                   {&row->total_s, offsetof(wf_sweep_run, total_s)}};
    WF_TRY(wf_alloc(&scratch, cx, row->run_count, sizeof *scratch));
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        *figures[i].to = spread_of(scratch, row, figures[i].offset);
    wf_free(scratch);
    return WF_OK;
}

/* The lower the better, for both measures; unknown comes last. */
static double order_of(const wf_sweep_row *row, int by_loss) {
    if (!row->run_count) return HUGE_VAL;
    return by_loss ? row->val_loss.mean : -row->val_accuracy.mean;
}

static int compare_by_accuracy(const void *left, const void *right) {
    double a = order_of(left, 0), b = order_of(right, 0);
    return (a > b) - (a < b);
}

static int compare_by_loss(const void *left, const void *right) {
    double a = order_of(left, 1), b = order_of(right, 1);
    return (a > b) - (a < b);
}

/* ---- against another row ---- */

static const wf_sweep_row *reference_of(const wf_sweep *s) {
    const wf_sweep_row *row = s->rows;
    while (s->against_first && !row->is_first) row++;
    return row;
}

static double *monitored(wf_context *cx, const wf_sweep *s, const wf_sweep_row *row) {
    double *values = NULL;
    if (wf_alloc(&values, cx, row->run_count, sizeof *values) != WF_OK) return NULL;
    for (size_t i = 0; i < row->run_count; i++)
        values[i] = s->by_loss ? row->runs[i].val_loss : row->runs[i].val_accuracy;
    return values;
}

/* The row less the reference; *p is NAN where there is nothing to test. */
static wf_status test_row(wf_t_test *test, double *p, wf_context *cx, const wf_sweep *s,
                          const wf_sweep_row *row) {
    const wf_sweep_row *other = reference_of(s);
    wf_context quiet = {0};
    *p = NAN;
    if (row == other || row->run_count < 2 || other->run_count < 2) return WF_OK;
    double *a = monitored(cx, s, row), *b = monitored(cx, s, other);
    wf_status status = a && b ? WF_OK : WF_E_NOMEM;
    if (status == WF_OK &&
        wf_welch_test(test, &quiet, a, row->run_count, b, other->run_count) == WF_OK)
        *p = test->p;
    wf_free(a);
    wf_free(b);
    return status;
}

static wf_status add_verdict(wf_str *out, wf_context *cx, const wf_sweep *s,
                             const wf_sweep_row *row, const wf_t_test *t, double p, size_t family) {
    wf_str a = {0}, b = {0};
    wf_sweep_setting(&a, cx, s, row);
    wf_sweep_setting(&b, cx, s, reference_of(s));
    wf_status status = a.status != WF_OK ? a.status : b.status;
    const wf_verdict verdict = {.a = a.text,
                                .b = b.text,
                                .difference = t->difference,
                                .low = t->low,
                                .high = t->high,
                                .p = t->p,
                                .p_holm = p,
                                .family = family,
                                .scope = "seed noise",
                                .loss = s->by_loss ? "val_loss" : NULL};
    if (status == WF_OK) wf_verdict_add_named(out, cx, &verdict);
    wf_str_reset(&a);
    wf_str_reset(&b);
    return status;
}

static wf_status set_verdict(wf_sweep *s, wf_context *cx, wf_sweep_row *row, const wf_t_test *t,
                             double p, size_t family) {
    const wf_sweep_row *other = reference_of(s);
    wf_str text = {0};
    if (row == other) return WF_OK;
    if (isnan(p)) {
        wf_sweep_setting(&text, cx, s, row);
        wf_str_add(&text, cx, " and ");
        wf_sweep_setting(&text, cx, s, other);
        wf_str_add(&text, cx,
                   !row->run_count || !other->run_count
                       ? ": one of them has no seed that was trained to its end"
                   : row->run_count < 2 || other->run_count < 2
                       ? ": a single seed gives no interval"
                       : ": the seeds do not differ, which gives no interval");
    } else {
        WF_TRY(add_verdict(&text, cx, s, row, t, p, family));
    }
    row->verdict = text.text;
    return text.status;
}

static wf_status compare_rows(wf_sweep *s, wf_context *cx) {
    wf_t_test *tests = NULL;
    double *p = NULL;
    size_t family = 0; /* tests that could be made */
    wf_status status = WF_OK;
    WF_TRY_OR(wf_alloc(&tests, cx, s->row_count, sizeof *tests));
    WF_TRY_OR(wf_alloc(&p, cx, s->row_count, sizeof *p));
    for (size_t i = 0; i < s->row_count; i++)
        WF_TRY_OR(test_row(&tests[i], &p[i], cx, s, &s->rows[i]));
    WF_TRY_OR(wf_holm_adjust(p, cx, p, s->row_count));
    for (size_t i = 0; i < s->row_count; i++) family += isnan(p[i]) ? 0 : 1;
    for (size_t i = 0; i < s->row_count; i++)
        WF_TRY_OR(set_verdict(s, cx, &s->rows[i], &tests[i], p[i], family));
done:
    wf_free(p);
    wf_free(tests);
    return status;
}

/* ---- the answer ---- */

static wf_status answer(wf_sweep *s, wf_context *cx) {
    const wf_sweep_row *best = &s->rows[0];
    char figure[WF_FIGURE_BYTES];
    wf_str text = {0};
    wf_str_addf(&text, cx, "Best of %zu settings on the validation images: ", s->row_count);
    wf_sweep_setting(&text, cx, s, best);
    wf_str_addf(
        &text, cx, ", with %s %s", s->by_loss ? "val_loss" : "val_accuracy",
        wf__show_spread(figure, s->by_loss ? best->val_loss : best->val_accuracy, wf__show_score));
    wf_str_addf(&text, cx, " over %zu seed%s. ", best->run_count, best->run_count > 1 ? "s" : "");
    wf_str_add(
        &text, cx,
        "The best of several is a little too good on the images that chose it; no test image "
        "was looked at.");
    if (best->run_count > 1)
        wf_str_add(&text, cx,
                   " Intervals and p are Welch's over seeds: they speak for the noise of the seeds "
                   "on these validation images only.");
    s->answer = text.text;
    return text.status;
}

wf_status wf_sweep_finish(wf_sweep *s, wf_context *cx) {
    size_t trained = 0;
    for (size_t i = 0; i < s->row_count; i++) {
        WF_TRY(derive(&s->rows[i], cx));
        trained += s->rows[i].run_count;
    }
    WF_REQUIRE(trained, WF_E_DATA, "sweep of %s: none of its runs was trained to its end",
               s->model);
    qsort(s->rows, s->row_count, sizeof *s->rows,
          s->by_loss ? compare_by_loss : compare_by_accuracy);
    WF_TRY(compare_rows(s, cx));
    return answer(s, cx);
}
