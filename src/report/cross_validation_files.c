/* A cross-validation as CSV and JSON. */
#include "report/cross_validation.h"
#include "report/internal.h"

static wf_status take(char **out, wf_str *s) {
    wf_status status = s->status;
    if (status == WF_OK) *out = s->text;
    else wf_str_reset(s);
    return status;
}

wf_status wf_cv_csv(char **out, wf_context *cx, const wf_cross_validation *cv) {
    wf_str s = {0};
    wf_str_add(&s, cx, "model,folds,parameters,fold_s");
    for (int f = 0; f < WF_CV_FIGURES; f++) {
        const char *key = wf_cv_figure_key((wf_cv_figure)f);
        wf_str_addf(&s, cx, ",%s,%s_sd,%s_low,%s_high,test_%s", key, key, key, key, key);
    }
    wf_str_add(&s, cx, "\r\n");
    for (size_t i = 0; i < cv->model_count; i++) {
        const wf_cv_model *m = &cv->models[i];
        wf__csv_text(&s, cx, m->name);
        wf_str_addf(&s, cx, "%zu,%lld,", m->done, (long long)m->parameters);
        wf__csv_figure(&s, cx, m->fold_s.mean, ",");
        for (int f = 0; f < WF_CV_FIGURES; f++) {
            wf__csv_figure(&s, cx, m->spread[f].mean, ",");
            wf__csv_figure(&s, cx, m->spread[f].sd, ",");
            wf__csv_figure(&s, cx, m->low[f], ",");
            wf__csv_figure(&s, cx, m->high[f], ",");
            wf__csv_figure(&s, cx, m->test[f], f + 1 < WF_CV_FIGURES ? "," : "\r\n");
        }
    }
    return take(out, &s);
}

wf_status wf_cv_folds_csv(char **out, wf_context *cx, const wf_cross_validation *cv) {
    wf_str s = {0};
    wf_str_add(&s, cx, "model,run,repeat,fold,accuracy,macro_f1,macro_auc,seconds\r\n");
    for (size_t i = 0; i < cv->model_count; i++) {
        const wf_cv_model *m = &cv->models[i];
        for (size_t k = 0; k < cv->n; k++) {
            if (!m->ids[k]) continue;
            wf__csv_text(&s, cx, m->name);
            wf__csv_text(&s, cx, m->ids[k]);
            wf_str_addf(&s, cx, "%zu,%zu,", k / (size_t)cv->folds, k % (size_t)cv->folds);
            for (int f = 0; f < WF_CV_FIGURES; f++) wf__csv_figure(&s, cx, m->values[f][k], ",");
            wf__csv_figure(&s, cx, m->seconds[k], "\r\n");
        }
    }
    return take(out, &s);
}

/* ---- JSON; a NULL of jansson is found where it is put into the document ---- */

static json_t *figures_json(const double values[WF_CV_FIGURES]) {
    json_t *o = json_object();
    for (int f = 0; f < WF_CV_FIGURES; f++)
        json_object_set_new(o, wf_cv_figure_key((wf_cv_figure)f), wf_json_real(values[f]));
    return o;
}

static json_t *list_json(const double *values, size_t n) {
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) json_array_append_new(list, wf_json_real(values[i]));
    return list;
}

static json_t *model_json(const wf_cross_validation *cv, const wf_cv_model *m) {
    json_t *runs = json_array(), *o;
    for (size_t k = 0; k < cv->n; k++)
        json_array_append_new(runs, m->ids[k] ? json_string(m->ids[k]) : json_null());
    o = json_pack("{s:s, s:I, s:I, s:o, s:o}", "model", m->name, "folds", (json_int_t)m->done,
                  "parameters", (json_int_t)m->parameters, "fold_s", wf_json_real(m->fold_s.mean),
                  "runs", runs);
    for (int f = 0; f < WF_CV_FIGURES; f++)
        json_object_set_new(
            o, wf_cv_figure_key((wf_cv_figure)f),
            json_pack("{s:o, s:o, s:o, s:o, s:o}", "mean", wf_json_real(m->spread[f].mean), "sd",
                      wf_json_real(m->spread[f].sd), "low", wf_json_real(m->low[f]), "high",
                      wf_json_real(m->high[f]), "values", list_json(m->values[f], cv->n)));
    json_object_set_new(o, "test", m->test_id ? figures_json(m->test) : json_null());
    if (m->test_id) json_object_set_new(o, "test_run", json_string(m->test_id));
    return o;
}

static json_t *pair_json(const wf_cross_validation *cv, const wf_cv_pair *pair) {
    json_t *o =
        json_pack("{s:s, s:s}", "a", cv->models[pair->a].name, "b", cv->models[pair->b].name);
    for (int f = 0; f < WF_CV_FIGURES; f++) {
        const wf_t_test *t = &pair->tests[f];
        json_object_set_new(o, wf_cv_figure_key((wf_cv_figure)f),
                            json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "difference",
                                      wf_json_real(t->difference), "low", wf_json_real(t->low),
                                      "high", wf_json_real(t->high), "t", wf_json_real(t->t), "df",
                                      wf_json_real(t->df), "d", wf_json_real(t->cohen_d), "p",
                                      wf_json_real(t->p), "p_holm", wf_json_real(pair->holm[f])));
    }
    return o;
}

static wf_status put_question(json_t *list, wf_context *cx, const wf_cross_validation *cv,
                              size_t i) {
    wf_str answer = {0};
    wf_cv_answer(&answer, cx, cv, i);
    WF_TRY(answer.status);
    json_t *o = pair_json(cv, &cv->answers[i]);
    json_object_set_new(o, "question", json_string(cv->questions[i].question));
    int bad = json_object_set_new(o, "answer", json_string(answer.text));
    wf_str_reset(&answer);
    bad |= json_array_append_new(list, o);
    WF_REQUIRE(!bad, WF_E_NOMEM, "out of memory for a cross-validation's JSON document");
    return WF_OK;
}

wf_status wf_cv_json(json_t **out, wf_context *cx, const wf_cross_validation *cv) {
    json_t *models = json_array(), *pairs = json_array(), *questions = json_array();
    int bad = 0;
    for (size_t i = 0; i < cv->model_count; i++)
        bad |= json_array_append_new(models, model_json(cv, &cv->models[i]));
    for (size_t i = 0; i < cv->pair_count; i++)
        bad |= json_array_append_new(pairs, pair_json(cv, &cv->pairs[i]));
    wf_status status = WF_OK;
    for (size_t i = 0; status == WF_OK && i < cv->question_count; i++)
        status = put_question(questions, cx, cv, i);
    json_t *o = json_pack(
        "{s:s, s:s, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o}", "dataset", cv->dataset, "precision",
        cv->precision, "folds", (json_int_t)cv->folds, "repeats", (json_int_t)cv->repeats, "seed",
        (json_int_t)cv->seed, "held_out", wf_json_real(cv->held_out), "trained_on",
        wf_json_real(cv->trained_on), "models", models, "pairs", pairs, "questions", questions);
    if (status == WF_OK && (!o || bad))
        status = WF_FAIL(WF_E_NOMEM, "out of memory for a cross-validation's JSON document");
    if (status == WF_OK) *out = o;
    else json_decref(o);
    return status;
}
