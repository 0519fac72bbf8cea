/* A cross-validation in sentences: what was done, what is missing, what came out. */
#include <math.h>

#include "report/cross_validation.h"
#include "report/internal.h"
#include "report/verdict.h"

void wf_cv_title(wf_str *out, wf_context *cx, const wf_cross_validation *cv) {
    wf_str_addf(out, cx, "Cross-validation of %zu model%s", cv->model_count,
                cv->model_count == 1 ? "" : "s");
}

/* Nothing is said about test images that were not touched. */
static int has_tests(const wf_cross_validation *cv) {
    for (size_t i = 0; i < cv->model_count; i++)
        if (cv->models[i].test_id) return 1;
    return 0;
}

void wf_cv_method(wf_str *out, wf_context *cx, const wf_cross_validation *cv) {
    char held_out[32], trained_on[32];
    wf_str_addf(
        out, cx,
        "%lld-fold cross-validation on the training images of %s, stratified%s, %lld %s, seed "
        "%lld, %s: each model is trained on about %s images and judged on the other %s, "
        "once per fold, the same folds for all. Mean and standard deviation are those over "
        "the folds. Intervals and tests are Nadeau and Bengio's corrected resampled t, "
        "which allows for the overlap of the training images.",
        (long long)cv->folds, cv->dataset,
        cv->is_multilabel ? " label by label (Sechidis et al. 2011)" : "", (long long)cv->repeats,
        cv->repeats == 1 ? "time" : "times", (long long)cv->seed, cv->precision,
        wf_thousands(trained_on, llround(cv->trained_on)),
        wf_thousands(held_out, llround(cv->held_out)));
    if (cv->is_multilabel)
        wf_str_add(out, cx,
                   " Thresholds of labels, where a model has them, are chosen on images of the "
                   "other folds.");
    if (has_tests(cv))
        wf_str_addf(out, cx,
                    " Test %s: after the folds each model was trained once on all training "
                    "images, and the test images were touched once.",
                    wf_cv_figure_of(cv->figures[0])->name);
}

static size_t folds_done(const wf_cross_validation *cv) {
    size_t done = 0;
    for (size_t i = 0; i < cv->model_count; i++) done += cv->models[i].done;
    return done;
}

static int is_finished(const wf_cross_validation *cv) {
    return folds_done(cv) == cv->model_count * cv->n;
}

void wf_cv_unfinished(wf_str *out, wf_context *cx, const wf_cross_validation *cv) {
    if (is_finished(cv)) return;
    wf_str_addf(out, cx,
                "Not finished: %zu of %zu folds are there. A model's figures are of its own folds, "
                "a difference is over those that both models have.",
                folds_done(cv), cv->model_count * cv->n);
}

/* ---- what came out ---- */

/* Of the highest mean of the figure that decides, `but` left out; NULL: none. */
static const wf_cv_model *best_model(const wf_cross_validation *cv, const wf_cv_model *but) {
    const wf_cv_figure figure = cv->figures[0];
    const wf_cv_model *best = NULL;
    for (size_t i = 0; i < cv->model_count; i++) {
        const wf_cv_model *m = &cv->models[i];
        if (m == but || m->done == 0) continue;
        if (!best || m->spread[figure].mean > best->spread[figure].mean) best = m;
    }
    return best;
}

void wf_cv_best(wf_str *out, wf_context *cx, const wf_cross_validation *cv) {
    const wf_cv_figure figure = cv->figures[0];
    const wf_cv_model *m = best_model(cv, NULL);
    const double low = m->low[figure], high = m->high[figure];
    static const char *const says[2][2] = {
        {" reaches an accuracy of ", " is the most accurate: "},
        {" reaches a subset accuracy of ", " tells the most sets right, a subset accuracy of "}};
    char score[WF_FIGURE_BYTES];
    wf_str_addf(out, cx, "%s%s%s%s over %zu fold%s", is_finished(cv) ? "" : "So far ", m->name,
                says[cv->is_multilabel != 0][cv->model_count > 1],
                wf__show_spread(score, m->spread[figure], wf__show_score), m->done,
                m->done == 1 ? "" : "s");
    if (isfinite(low) && isfinite(high))
        wf_str_addf(out, cx, ", 95%% interval of the mean %.4f to %.4f", low, high);
    wf_str_add(out, cx, ".");
}

void wf_cv_best_difference(wf_str *out, wf_context *cx, const wf_cross_validation *cv) {
    const wf_cv_model *best = best_model(cv, NULL), *next = best_model(cv, best);
    for (size_t i = 0; next && i < cv->pair_count; i++) {
        const wf_cv_pair *pair = &cv->pairs[i];
        const wf_cv_model *a = &cv->models[pair->a], *b = &cv->models[pair->b];
        if ((a != best || b != next) && (a != next || b != best)) continue;
        wf_cv_pair_words(out, cx, cv, pair);
        wf_str_add(out, cx, ".");
    }
}

int wf_cv_pair_words(wf_str *out, wf_context *cx, const wf_cross_validation *cv,
                     const wf_cv_pair *pair) {
    const wf_cv_figure figure = cv->figures[0];
    const wf_t_test *t = &pair->tests[figure];
    wf_verdict v = {.a = cv->models[pair->a].name,
                    .b = cv->models[pair->b].name,
                    .difference = t->difference,
                    .low = t->low,
                    .high = t->high,
                    .p = t->p,
                    .p_holm = pair->holm[figure]};
    if (isnan(t->p)) {
        wf_str_addf(out, cx, "%s and %s cannot be tested on these folds", v.a, v.b);
        return 0;
    }
    for (size_t i = 0; i < cv->pair_count; i++)
        v.family += isfinite(cv->pairs[i].tests[figure].p) != 0;
    wf_verdict_add_named(out, cx, &v);
    return wf_verdict_is_shown(&v);
}
