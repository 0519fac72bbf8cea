/* From the runs of the folds to figures, intervals and tests. */
#include "report/cross_validation.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"

const wf_cv_figure_texts *wf_cv_figure_of(wf_cv_figure figure) {
    static const wf_cv_figure_texts all[] = {
#define XX(code, key, name, title, unit) {key, name, title, unit},
        WF_CV_FIGURE_MAP(XX)
#undef XX
    };
    return &all[figure];
}

void wf_cross_validation_destroy(wf_cross_validation *cv) {
    if (!cv) return;
    for (size_t i = 0; i < cv->model_count; i++) {
        wf_cv_model *m = &cv->models[i];
        for (size_t k = 0; m->ids && k < cv->n; k++) wf_free(m->ids[k]);
        for (int f = 0; f < WF_CV_FIGURES; f++) wf_free(m->values[f]);
        wf_free(m->ids);
        wf_free(m->seconds);
        wf_free(m->name);
        wf_free(m->test_id);
    }
    for (size_t i = 0; i < cv->run_count; i++) wf_run_summary_reset(&cv->runs[i]);
    wf_free(cv->runs);
    wf_free(cv->models);
    wf_free(cv->pairs);
    wf_free(cv->answers);
    wf_free(cv->dataset);
    wf_free(cv->precision);
    wf_free(cv);
}

/* ---- reading ---- */

static wf_status make_models(wf_cross_validation *cv, wf_context *cx, const wf_cv_source *source) {
    cv->n = (size_t)(cv->folds * cv->repeats);
    WF_TRY(wf_alloc(&cv->models, cx, source->model_count, sizeof *cv->models));
    cv->model_count = source->model_count;
    for (size_t i = 0; i < cv->model_count; i++) {
        wf_cv_model *m = &cv->models[i];
        WF_TRY(wf_strdup(&m->name, cx, source->models[i]));
        WF_TRY(wf_alloc(&m->ids, cx, cv->n, sizeof *m->ids));
        WF_TRY(wf_alloc(&m->seconds, cx, cv->n, sizeof *m->seconds));
        for (int f = 0; f < WF_CV_FIGURES; f++) {
            WF_TRY(wf_alloc(&m->values[f], cx, cv->n, sizeof *m->values[f]));
            m->test[f] = (double)NAN;
        }
        for (size_t k = 0; k < cv->n; k++) {
            m->seconds[k] = (double)NAN;
            for (int f = 0; f < WF_CV_FIGURES; f++) m->values[f][k] = (double)NAN;
        }
    }
    return WF_OK;
}

static wf_status find_model(size_t *out, wf_context *cx, const wf_cross_validation *cv,
                            const char *name) {
    for (size_t i = 0; i < cv->model_count; i++)
        if (!strcmp(cv->models[i].name, name)) {
            *out = i;
            return WF_OK;
        }
    return WF_FAIL(WF_E_ARG, "model %s takes no part in the cross-validation", name);
}

static void figures_of(double out[WF_CV_FIGURES], const wf_evaluation *e) {
    for (int f = 0; f < WF_CV_FIGURES; f++)
        out[f] = e->is_multilabel == (f >= WF_CV_SUBSET_ACCURACY)
                     ? wf_evaluation_figure(e, wf_cv_figure_of((wf_cv_figure)f)->key)
                     : (double)NAN;
    if (!e->is_multilabel) {
        out[WF_CV_MACRO_AUC] = e->macro.auc;
        return;
    }
    out[WF_CV_AT_HALF] = e->accuracy_at_half;
    out[WF_CV_SAMPLES_F1] = e->samples.f1;
    out[WF_CV_HAMMING_LOSS] = e->hamming_loss;
}

static wf_status read_figures(double out[WF_CV_FIGURES], int *out_is_multilabel, wf_context *cx,
                              const wf_run *run, int is_fold) {
    char *text = NULL;
    size_t length = 0;
    wf_evaluation *e = NULL;
    if (is_fold) WF_TRY(wf_run_read_fold(&text, &length, cx, run));
    else WF_TRY(wf_run_read_test(&text, &length, cx, run));
    wf_status status = wf_evaluation_from_json(&e, cx, text, length);
    wf_free(text);
    if (status != WF_OK) return status;
    figures_of(out, e);
    *out_is_multilabel = e->is_multilabel;
    wf_evaluation_destroy(e);
    return WF_OK;
}

/* One fold of one model. */
static wf_status take_fold(wf_cross_validation *cv, wf_context *cx, wf_cv_model *m,
                           const wf_run_summary *s, const double figures[WF_CV_FIGURES]) {
    WF_REQUIRE(
        s->folds == cv->folds && s->repeat < cv->repeats && s->fold < cv->folds, WF_E_ARG,
        "run %s is fold %lld of %lld in repeat %lld, the cross-validation has %lld folds and "
        "%lld repeats",
        s->id, (long long)s->fold, (long long)s->folds, (long long)s->repeat, (long long)cv->folds,
        (long long)cv->repeats);
    size_t at = (size_t)(s->repeat * cv->folds + s->fold);
    WF_REQUIRE(!m->ids[at], WF_E_ARG, "runs %s and %s are the same fold", m->ids[at], s->id);
    WF_TRY(wf_strdup(&m->ids[at], cx, s->id));
    for (int f = 0; f < WF_CV_FIGURES; f++) m->values[f][at] = figures[f];
    m->seconds[at] = s->total_s;
    m->done++;
    cv->held_out += (double)s->test_count;
    cv->trained_on += (double)(s->train_count + s->validation_count);
    if (cv->dataset) return WF_OK;
    WF_TRY(wf_strdup(&cv->dataset, cx, s->dataset));
    return wf_strdup(&cv->precision, cx, s->precision);
}

static wf_status take_run(wf_cross_validation *cv, wf_context *cx, const wf_run *run) {
    wf_run_summary s = {0};
    double figures[WF_CV_FIGURES];
    size_t at = 0;
    int is_multilabel = 0;
    wf_status status;
    WF_TRY(wf_run_read_summary(&s, cx, run));
    WF_TRY_OR(find_model(&at, cx, cv, s.model));
    wf_cv_model *m = &cv->models[at];
    m->parameters = s.parameters;
    WF_TRY_OR(read_figures(figures, &is_multilabel, cx, run, s.folds > 0));
    if (!cv->run_count) cv->is_multilabel = is_multilabel;
    WF_REQUIRE_OR(is_multilabel == cv->is_multilabel, WF_E_DATA,
                  "runs %s and %s: only one of them was judged on images of any number of labels",
                  cv->runs[0].id, s.id);
    if (s.folds) {
        WF_TRY_OR(take_fold(cv, cx, m, &s, figures));
    } else {
        WF_REQUIRE_OR(!m->test_id, WF_E_ARG, "runs %s and %s are both final trainings", m->test_id,
                      s.id);
        memcpy(m->test, figures, sizeof figures);
        WF_TRY_OR(wf_strdup(&m->test_id, cx, s.id));
    }
    cv->runs[cv->run_count++] = s;
    return WF_OK;
done:
    wf_run_summary_reset(&s);
    return status;
}

/* Whether any run says how it does on small objects: only where the data say which are small. */
static int has_small(const wf_cross_validation *cv) {
    for (size_t i = 0; i < cv->model_count; i++)
        for (size_t k = 0; k < cv->n; k++)
            if (isfinite(cv->models[i].values[WF_CV_SMALL_RECALL][k])) return 1;
    return 0;
}

static void list_figures(wf_cross_validation *cv) {
    const int first = cv->is_multilabel ? WF_CV_SUBSET_ACCURACY : WF_CV_ACCURACY;
    const int end = cv->is_multilabel ? WF_CV_FIGURES : WF_CV_SUBSET_ACCURACY;
    for (int f = first; f < end; f++) {
        if (f == WF_CV_SMALL_RECALL && !has_small(cv)) continue;
        cv->figures[cv->figure_count++] = (wf_cv_figure)f;
        if (f <= WF_CV_SMALL_RECALL) cv->column_count++;
    }
}

/* ---- judging ---- */

/* The corrected t over the folds that both have; b NULL: a alone, against 0. What cannot be tested
 * is NAN, but for the difference. `scratch` holds 2 n values. */
static wf_status test(wf_t_test *out, wf_context *cx, const wf_cross_validation *cv,
                      const double *a, const double *b, double *scratch) {
    const double nan = (double)NAN;
    double *x = scratch, *y = scratch + cv->n, sum = 0;
    wf_context quiet = {0};
    size_t count = 0;
    for (size_t k = 0; k < cv->n; k++) {
        double of_b = b ? b[k] : 0;
        if (!isfinite(a[k]) || !isfinite(of_b)) continue;
        x[count] = a[k];
        y[count++] = of_b;
        sum += a[k] - of_b;
    }
    *out = (wf_t_test){count ? sum / (double)count : nan, nan, nan, nan, nan, nan, nan, nan};
    if (count < 2) return WF_OK;
    wf_status status = wf_corrected_t_test(out, &quiet, x, y, count, cv->held_out, cv->trained_on);
    if (status != WF_OK && status != WF_E_DATA) {
        *cx = quiet;
        return status;
    }
    return WF_OK;
}

static wf_status judge_models(wf_cross_validation *cv, wf_context *cx, double *scratch) {
    for (size_t i = 0; i < cv->model_count; i++) {
        wf_cv_model *m = &cv->models[i];
        m->fold_s = wf_spread_of(m->seconds, cv->n);
        for (size_t j = 0; j < cv->figure_count; j++) {
            const wf_cv_figure f = cv->figures[j];
            wf_t_test mean;
            m->spread[f] = wf_spread_of(m->values[f], cv->n);
            WF_TRY(test(&mean, cx, cv, m->values[f], NULL, scratch));
            m->low[f] = mean.low;
            m->high[f] = mean.high;
        }
    }
    return WF_OK;
}

/* Fills tests and Holm's p of the pairs, whose models are set. `scratch` holds 2 n + count. */
static wf_status judge_pairs(wf_cross_validation *cv, wf_context *cx, wf_cv_pair *pairs,
                             size_t count, double *scratch) {
    double *p = scratch + 2 * cv->n;
    for (size_t j = 0; j < cv->figure_count; j++) {
        const wf_cv_figure f = cv->figures[j];
        for (size_t i = 0; i < count; i++) {
            const double *a = cv->models[pairs[i].a].values[f];
            const double *b = cv->models[pairs[i].b].values[f];
            WF_TRY(test(&pairs[i].tests[f], cx, cv, a, b, scratch));
            p[i] = pairs[i].tests[f].p;
        }
        WF_TRY(wf_holm_adjust(p, cx, p, count));
        for (size_t i = 0; i < count; i++) pairs[i].holm[f] = p[i];
    }
    return WF_OK;
}

static wf_status judge(wf_cross_validation *cv, wf_context *cx) {
    size_t models = cv->model_count, all = models * (models - 1) / 2;
    size_t most = all > cv->question_count ? all : cv->question_count;
    double *scratch = NULL;
    wf_status status;
    WF_TRY_OR(wf_alloc(&scratch, cx, 2 * cv->n + most, sizeof *scratch));
    WF_TRY_OR(wf_alloc(&cv->pairs, cx, all ? all : 1, sizeof *cv->pairs));
    for (size_t a = 0; a < models; a++)
        for (size_t b = a + 1; b < models; b++)
            cv->pairs[cv->pair_count++] = (wf_cv_pair){.a = a, .b = b};
    WF_TRY_OR(judge_models(cv, cx, scratch));
    WF_TRY_OR(judge_pairs(cv, cx, cv->pairs, cv->pair_count, scratch));
    WF_TRY_OR(wf_alloc(&cv->answers, cx, cv->question_count ? cv->question_count : 1,
                       sizeof *cv->answers));
    for (size_t i = 0; i < cv->question_count; i++) {
        WF_TRY_OR(find_model(&cv->answers[i].a, cx, cv, cv->questions[i].a));
        WF_TRY_OR(find_model(&cv->answers[i].b, cx, cv, cv->questions[i].b));
    }
    WF_TRY_OR(judge_pairs(cv, cx, cv->answers, cv->question_count, scratch));
done:
    wf_free(scratch);
    return status;
}

wf_status wf_cross_validation_create(wf_cross_validation **out, wf_context *cx,
                                     const wf_cv_source *source) {
    wf_cross_validation *cv = NULL;
    size_t folds = 0;
    wf_status status;
    WF_TRY(wf_alloc(&cv, cx, 1, sizeof *cv));
    cv->folds = source->folds;
    cv->repeats = source->repeats;
    cv->seed = source->seed;
    cv->questions = source->questions;
    cv->question_count = source->question_count;
    cv->note = source->note;
    WF_TRY_OR(make_models(cv, cx, source));
    WF_TRY_OR(wf_alloc(&cv->runs, cx, source->run_count ? source->run_count : 1, sizeof *cv->runs));
    for (size_t i = 0; i < source->run_count; i++) WF_TRY_OR(take_run(cv, cx, source->runs[i]));
    list_figures(cv);
    for (size_t i = 0; i < cv->model_count; i++) folds += cv->models[i].done;
    WF_REQUIRE_OR(folds, WF_E_ARG, "no fold of the cross-validation is trained");
    cv->held_out /= (double)folds;
    cv->trained_on /= (double)folds;
    WF_TRY_OR(judge(cv, cx));
    *out = cv;
    cv = NULL;
done:
    wf_cross_validation_destroy(cv);
    return status;
}
