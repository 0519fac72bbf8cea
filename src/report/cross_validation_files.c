/* A cross-validation as CSV and JSON. */
#include <string.h>

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
    for (size_t j = 0; j < cv->figure_count; j++) {
        const char *key = wf_cv_figure_of(cv->figures[j])->key;
        wf_str_addf(&s, cx, ",%s,%s_sd,%s_low,%s_high,test_%s", key, key, key, key, key);
    }
    wf_str_add(&s, cx, "\r\n");
    for (size_t i = 0; i < cv->model_count; i++) {
        const wf_cv_model *m = &cv->models[i];
        wf__csv_text(&s, cx, m->name);
        wf_str_addf(&s, cx, "%zu,%lld,", m->done, (long long)m->parameters);
        wf__csv_figure(&s, cx, m->fold_s.mean, ",");
        for (size_t j = 0; j < cv->figure_count; j++) {
            const wf_cv_figure f = cv->figures[j];
            wf__csv_figure(&s, cx, m->spread[f].mean, ",");
            wf__csv_figure(&s, cx, m->spread[f].sd, ",");
            wf__csv_figure(&s, cx, m->low[f], ",");
            wf__csv_figure(&s, cx, m->high[f], ",");
            wf__csv_figure(&s, cx, m->test[f], j + 1 < cv->figure_count ? "," : "\r\n");
        }
    }
    return take(out, &s);
}

wf_status wf_cv_folds_csv(char **out, wf_context *cx, const wf_cross_validation *cv) {
    wf_str s = {0};
    wf_str_add(&s, cx, "model,run,repeat,fold,");
    for (size_t j = 0; j < cv->figure_count; j++)
        wf_str_addf(&s, cx, "%s,", wf_cv_figure_of(cv->figures[j])->key);
    wf_str_add(&s, cx, "seconds\r\n");
    for (size_t i = 0; i < cv->model_count; i++) {
        const wf_cv_model *m = &cv->models[i];
        for (size_t k = 0; k < cv->n; k++) {
            if (!m->ids[k]) continue;
            wf__csv_text(&s, cx, m->name);
            wf__csv_text(&s, cx, m->ids[k]);
            wf_str_addf(&s, cx, "%zu,%zu,", k / (size_t)cv->folds, k % (size_t)cv->folds);
            for (size_t j = 0; j < cv->figure_count; j++)
                wf__csv_figure(&s, cx, m->values[cv->figures[j]][k], ",");
            wf__csv_figure(&s, cx, m->seconds[k], "\r\n");
        }
    }
    return take(out, &s);
}

/* ---- JSON; a NULL of jansson is found where it is put into the document ---- */

static json_t *figures_json(const wf_cross_validation *cv, const double values[WF_CV_FIGURES]) {
    json_t *o = json_object();
    for (size_t j = 0; j < cv->figure_count; j++)
        json_object_set_new(o, wf_cv_figure_of(cv->figures[j])->key,
                            wf_json_real(values[cv->figures[j]]));
    return o;
}

static json_t *list_json(const double *values, size_t n) {
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) json_array_append_new(list, wf_json_real(values[i]));
    return list;
}

static const char *family_of(const wf_cross_validation *cv, const char *model) {
    for (size_t i = 0; i < cv->run_count; i++)
        if (!strcmp(cv->runs[i].model, model)) return cv->runs[i].family;
    return "";
}

static json_t *model_json(const wf_cross_validation *cv, const wf_cv_model *m) {
    json_t *runs = json_array(), *o;
    for (size_t k = 0; k < cv->n; k++)
        json_array_append_new(runs, m->ids[k] ? json_string(m->ids[k]) : json_null());
    o = json_pack("{s:s, s:s, s:I, s:I, s:o, s:o}", "model", m->name, "family",
                  family_of(cv, m->name), "folds", (json_int_t)m->done, "parameters",
                  (json_int_t)m->parameters, "fold_s", wf_json_real(m->fold_s.mean), "runs", runs);
    for (size_t j = 0; j < cv->figure_count; j++) {
        const wf_cv_figure f = cv->figures[j];
        json_object_set_new(
            o, wf_cv_figure_of(f)->key,
            json_pack("{s:o, s:o, s:o, s:o, s:o}", "mean", wf_json_real(m->spread[f].mean), "sd",
                      wf_json_real(m->spread[f].sd), "low", wf_json_real(m->low[f]), "high",
                      wf_json_real(m->high[f]), "values", list_json(m->values[f], cv->n)));
    }
    json_object_set_new(o, "test", m->test_id ? figures_json(cv, m->test) : json_null());
    if (m->test_id) json_object_set_new(o, "test_run", json_string(m->test_id));
    return o;
}

static json_t *pair_json(const wf_cross_validation *cv, const wf_cv_pair *pair) {
    json_t *o =
        json_pack("{s:s, s:s}", "a", cv->models[pair->a].name, "b", cv->models[pair->b].name);
    for (size_t j = 0; j < cv->figure_count; j++) {
        const wf_cv_figure f = cv->figures[j];
        const wf_t_test *t = &pair->tests[f];
        json_object_set_new(o, wf_cv_figure_of(f)->key,
                            json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "difference",
                                      wf_json_real(t->difference), "low", wf_json_real(t->low),
                                      "high", wf_json_real(t->high), "t", wf_json_real(t->t), "df",
                                      wf_json_real(t->df), "d", wf_json_real(t->cohen_d), "p",
                                      wf_json_real(t->p), "p_holm", wf_json_real(pair->holm[f])));
    }
    return o;
}

static wf_status put_pair(json_t *list, wf_context *cx, const wf_cross_validation *cv, size_t i) {
    wf_str words = {0};
    int is_shown = wf_cv_pair_words(&words, cx, cv, &cv->pairs[i]);
    const wf_status built = words.status;
    if (built != WF_OK) wf_str_reset(&words);
    WF_TRY(built);
    json_t *o = pair_json(cv, &cv->pairs[i]);
    json_object_set_new(o, "shown", json_boolean(is_shown));
    int bad = json_object_set_new(o, "in_words", json_string(words.text));
    wf_str_reset(&words);
    bad |= json_array_append_new(list, o);
    WF_REQUIRE(!bad, WF_E_NOMEM, "out of memory for a cross-validation's JSON document");
    return WF_OK;
}

static wf_status put_question(json_t *list, wf_context *cx, const wf_cross_validation *cv,
                              size_t i) {
    wf_str answer = {0};
    wf_cv_answer(&answer, cx, cv, i);
    const wf_status built = answer.status;
    if (built != WF_OK) wf_str_reset(&answer);
    WF_TRY(built);
    json_t *o = pair_json(cv, &cv->answers[i]);
    json_object_set_new(o, "question", json_string(cv->questions[i].question));
    int bad = json_object_set_new(o, "answer", json_string(answer.text));
    wf_str_reset(&answer);
    bad |= json_array_append_new(list, o);
    WF_REQUIRE(!bad, WF_E_NOMEM, "out of memory for a cross-validation's JSON document");
    return WF_OK;
}

typedef void (*write_fn)(wf_str *out, wf_context *cx, const wf_cross_validation *cv);

/* The text, null where there is none, as the key of an object or an element of a list. */
static wf_status put_text(json_t *to, wf_context *cx, const wf_cross_validation *cv,
                          const char *key, write_fn write) {
    wf_str text = {0};
    write(&text, cx, cv);
    wf_status status = text.status;
    if (status == WF_OK && key) status = wf_json_put(to, cx, key, wf_json_text_or_null(text.text));
    else if (status == WF_OK && text.text) status = wf_json_append(to, cx, json_string(text.text));
    wf_str_reset(&text);
    return status;
}

static wf_status put_texts(json_t *o, wf_context *cx, const wf_cross_validation *cv) {
    json_t *answer = json_array();
    WF_TRY(wf_json_put(o, cx, "answer", answer));
    WF_TRY(put_text(answer, cx, cv, NULL, wf_cv_best));
    WF_TRY(put_text(answer, cx, cv, NULL, wf_cv_best_difference));
    WF_TRY(put_text(o, cx, cv, "title", wf_cv_title));
    WF_TRY(put_text(o, cx, cv, "method", wf_cv_method));
    WF_TRY(put_text(o, cx, cv, "unfinished", wf_cv_unfinished));
    WF_TRY(wf_json_put(o, cx, "about_questions", json_string(wf_cv_about_questions)));
    WF_TRY(wf_json_put(o, cx, "about_pairs", json_string(wf_cv_about_pairs)));
    return wf_json_put(o, cx, "note", wf_json_text_or_null(cv->note));
}

/* What the figures are called, in the order of the tables; `column`: it is in these. */
static wf_status put_figures(json_t *o, wf_context *cx, const wf_cross_validation *cv) {
    json_t *list = json_array();
    WF_TRY(wf_json_put(o, cx, "figures", list));
    for (size_t j = 0; j < cv->figure_count; j++) {
        const wf_cv_figure_texts *of = wf_cv_figure_of(cv->figures[j]);
        WF_TRY(wf_json_append(list, cx,
                              json_pack("{s:s, s:s, s:s, s:s, s:b}", "key", of->key, "name",
                                        of->name, "title", of->title, "unit", of->unit, "column",
                                        j < cv->column_count)));
    }
    return WF_OK;
}

static wf_status put_lists(json_t *o, wf_context *cx, const wf_cross_validation *cv) {
    json_t *models = NULL, *pairs = NULL, *questions = NULL;
    WF_TRY(put_figures(o, cx, cv));
    WF_TRY(wf_json_put(o, cx, "models", models = json_array()));
    WF_TRY(wf_json_put(o, cx, "pairs", pairs = json_array()));
    WF_TRY(wf_json_put(o, cx, "questions", questions = json_array()));
    for (size_t i = 0; i < cv->model_count; i++)
        WF_TRY(wf_json_append(models, cx, model_json(cv, &cv->models[i])));
    for (size_t i = 0; i < cv->pair_count; i++) WF_TRY(put_pair(pairs, cx, cv, i));
    for (size_t i = 0; i < cv->question_count; i++) WF_TRY(put_question(questions, cx, cv, i));
    return WF_OK;
}

wf_status wf_cv_json(json_t **out, wf_context *cx, const wf_cross_validation *cv) {
    json_t *o = json_pack("{s:s, s:s, s:b, s:s, s:I, s:I, s:I, s:o, s:o}", "dataset", cv->dataset,
                          "data_hash", cv->runs[0].data_hash, "multilabel", cv->is_multilabel,
                          "precision", cv->precision, "folds", (json_int_t)cv->folds, "repeats",
                          (json_int_t)cv->repeats, "seed", (json_int_t)cv->seed, "held_out",
                          wf_json_real(cv->held_out), "trained_on", wf_json_real(cv->trained_on));
    WF_REQUIRE(o, WF_E_NOMEM, "out of memory for a cross-validation's JSON document");
    wf_status status = put_texts(o, cx, cv);
    return wf_json_hand_over(out, o, status == WF_OK ? put_lists(o, cx, cv) : status);
}
