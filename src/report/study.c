/* Results of the study: one run as JSON, and all of them as rows. */
#include "report/study.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"

enum { RESAMPLES = 5000 };

const double wf_study_strengths[WF_STUDY_STRENGTHS] = {0, 0.5, 1, 2};
const wf_study_comparison wf_study_comparisons[WF_STUDY_COMPARISONS] = {
    {WF_STUDY_CNN_RNN, WF_STUDY_SIGMOID},
    {WF_STUDY_CNN_RNN, WF_STUDY_ZERO},
    {WF_STUDY_CNN_RNN, WF_STUDY_SHUFFLED},
    {WF_STUDY_CNN_RNN, WF_STUDY_PAIRS},
    [WF_STUDY_PAIRS_OVER_SIGMOID] = {WF_STUDY_PAIRS, WF_STUDY_SIGMOID}};

const char *wf_study_model_name(int model) {
    static const char *const names[WF_STUDY_MODELS] = {
#define XX(code, name, words) name,
        WF_STUDY_MODEL_MAP(XX)
#undef XX
    };
    return names[model];
}

const char *wf_study_model_words(int model) {
    static const char *const words_of[WF_STUDY_MODELS] = {
#define XX(code, name, words) words,
        WF_STUDY_MODEL_MAP(XX)
#undef XX
    };
    return words_of[model];
}

/* ---- which images are right, as text ---- */

static const char digits[] = "0123456789abcdef";

static wf_status put_right(json_t *object, wf_context *cx, const uint8_t *right, int64_t count) {
    wf_str text = {0};
    for (int64_t i = 0; i < count; i += 4) {
        int value = 0;
        for (int64_t k = i; k < i + 4; k++) value = 2 * value + (k < count && right[k]);
        wf_str_add_bytes(&text, cx, &digits[value], 1);
    }
    wf_status status = text.status;
    if (status == WF_OK)
        status = wf_json_put(object, cx, "right", json_string(text.text ? text.text : ""));
    wf_str_reset(&text);
    return status;
}

static wf_status get_right(wf_study_run *run, wf_context *cx, const json_t *object,
                           const char *path) {
    const char *text = NULL;
    WF_TRY(wf_json_get_text(&text, cx, object, "right", path));
    WF_REQUIRE(strlen(text) == (size_t)(run->count + 3) / 4 && strspn(text, digits) == strlen(text),
               WF_E_DATA, "%s: right has %zu digits, must have one for four of %lld images", path,
               strlen(text), (long long)run->count);
    WF_TRY(wf_alloc(&run->right, cx, (size_t)run->count, 1));
    for (int64_t i = 0; i < run->count; i++) {
        const long value = strchr(digits, text[i / 4]) - digits;
        run->right[i] = value >> (3 - i % 4) & 1;
    }
    return WF_OK;
}

/* ---- one run ---- */

wf_status wf_study_run_to_json(json_t *document, wf_context *cx, const wf_study_source *s) {
    json_t *j = json_pack(
        "{s:s, s:f, s:I, s:s, s:s, s:o, s:o, s:I}", "model", wf_study_model_name(s->model),
        "dependence", wf_study_strengths[s->strength], "seed", (json_int_t)s->seed, "experiment",
        s->experiment, "judged", s->judged, "training_s", wf_json_real(s->training_s), "decoding_s",
        wf_json_real(s->decoding_s), "images", (json_int_t)s->count);
    WF_TRY(wf_json_put(document, cx, "outfits", j));
    if (s->interactions) WF_TRY(wf_json_put(j, cx, "interactions", json_incref(s->interactions)));
    return put_right(j, cx, s->right, s->count);
}

const char *wf_study_run_member(const json_t *document, const char *member) {
    const char *text =
        json_string_value(json_object_get(json_object_get(document, "outfits"), member));
    return text ? text : "";
}

/* Numbers under two labels each. */
static wf_status get_interactions(wf_study_run *run, wf_context *cx, const json_t *object,
                                  const char *path) {
    json_t *all = json_object_get(object, "interactions"), *value;
    const char *labels;
    json_object_foreach(all, labels, value) WF_REQUIRE(
        strchr(labels, '|') && json_is_number(value), WF_E_DATA,
        "%s: interaction %.80s must be a number, under two labels joined by |", path, labels);
    run->interactions = json_incref(all);
    return WF_OK;
}

static double number(const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static void take_figures(wf_study_run *run, const wf_evaluation *e) {
#define XX(code, key, title, digits) run->figures[WF_STUDY_##code] = wf_evaluation_figure(e, key);
    WF_STUDY_FIGURE_MAP(XX)
#undef XX
}

static wf_status get_evaluation(wf_study_run *run, wf_context *cx, const json_t *document,
                                const char *path) {
    wf_str text = {0};
    wf_evaluation *e = NULL;
    int64_t right = 0;
    wf_status status;
    WF_TRY_OR(wf_json_text(&text, cx, json_object_get(document, "test"), WF_JSON_COMPACT));
    WF_TRY_OR(wf_evaluation_from_json(&e, cx, text.text, text.length));
    for (int64_t i = 0; i < run->count; i++) right += run->right[i];
    WF_REQUIRE_OR(e->is_multilabel && e->count == run->count &&
                      llround(e->accuracy * (double)e->count) == right,
                  WF_E_DATA, "%s: %lld of %lld images are right, which \"test\" does not say", path,
                  (long long)right, (long long)run->count);
    take_figures(run, e);
done:
    wf_evaluation_destroy(e);
    wf_str_reset(&text);
    return status;
}

static int find_model(const char *name) {
    for (int m = 0; m < WF_STUDY_MODELS; m++)
        if (!strcmp(name, wf_study_model_name(m))) return m;
    return -1;
}

static int find_strength(double dependence) {
    for (int s = 0; s < WF_STUDY_STRENGTHS; s++)
        if (wf_study_strengths[s] == dependence) return s;
    return -1;
}

wf_status wf_study_run_from_json(wf_study_run *out, wf_context *cx, const json_t *document,
                                 const char *path) {
    const json_t *j = json_object_get(document, "outfits");
    const char *name = NULL;
    wf_study_run run = {.seed = json_integer_value(json_object_get(j, "seed")),
                        .count = json_integer_value(json_object_get(j, "images")),
                        .strength = find_strength(number(j, "dependence"))};
    WF_TRY(wf_json_get_text(&name, cx, j, "model", path));
    run.model = find_model(name);
    WF_REQUIRE(run.model >= 0 && run.strength >= 0 && run.count > 0 && run.count <= INT32_MAX,
               WF_E_DATA, "%s: %s at dependence %g on %lld images is nothing of the study", path,
               name, number(j, "dependence"), (long long)run.count);
    wf_status status = get_right(&run, cx, j, path);
    if (status == WF_OK) status = get_evaluation(&run, cx, document, path);
    if (status == WF_OK) status = get_interactions(&run, cx, j, path);
    run.figures[WF_STUDY_TRAINING_S] = number(j, "training_s");
    run.figures[WF_STUDY_DECODING_MS] = 1000 * number(j, "decoding_s") / (double)run.count;
    if (status == WF_OK) *out = run;
    else wf_study_run_reset(&run);
    return status;
}

void wf_study_run_reset(wf_study_run *run) {
    wf_free(run->right);
    json_decref(run->interactions);
    *run = (wf_study_run){0};
}

/* ---- all of them ---- */

static void fill_row(wf_study_row *row, const wf_study *s, int strength, int model,
                     double *scratch) {
    for (int f = 0; f < WF_STUDY_FIGURES; f++) {
        row->run_count = 0;
        for (size_t i = 0; i < s->run_count; i++)
            if (s->runs[i].strength == strength && s->runs[i].model == model)
                scratch[row->run_count++] = s->runs[i].figures[f];
        row->figures[f] = wf_spread_of(scratch, row->run_count);
    }
}

wf_status wf_study_create(wf_study *out, wf_context *cx, const wf_study_run *runs, size_t count) {
    wf_study s = {.runs = runs, .run_count = count};
    double *scratch = NULL;
    WF_TRY(wf_alloc(&scratch, cx, count ? count : 1, sizeof *scratch));
    for (int k = 0; k < WF_STUDY_STRENGTHS; k++)
        for (int m = 0; m < WF_STUDY_MODELS; m++) fill_row(&s.rows[k][m], &s, k, m, scratch);
    wf_free(scratch);
    for (size_t i = 0; i < count; i++) s.images[runs[i].strength] = runs[i].count;
    WF_TRY(wf_study_gains_of(&s.gains, cx, runs, count, RESAMPLES));
    WF_TRY(wf_study_judge(&s.verdict, cx, &s.gains));
    *out = s;
    return WF_OK;
}

void wf_study_reset(wf_study *s) {
    wf_study_verdict_reset(&s->verdict);
    *s = (wf_study){0};
}
