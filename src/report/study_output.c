/* The study as Markdown, CSV and JSON. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/internal.h"
#include "report/study.h"

static const char *const titles[] = {
#define XX(code, key, title, digits) title,
    WF_STUDY_FIGURE_MAP(XX)
#undef XX
};
static const char *const keys[] = {
#define XX(code, key, title, digits) key,
    WF_STUDY_FIGURE_MAP(XX)
#undef XX
};
static const int digits_of[] = {
#define XX(code, key, title, digits) digits,
    WF_STUDY_FIGURE_MAP(XX)
#undef XX
};

const char *wf_study_title(int figure) { return titles[figure]; }

const char *wf_study_cell(char buffer[WF_STUDY_CELL_BYTES], const wf_study_row *row, int figure) {
    const wf_spread *s = &row->figures[figure];
    const int digits = digits_of[figure];
    if (!isfinite(s->mean)) return strcpy(buffer, "-");
    if (figure == WF_STUDY_SUBSET_ACCURACY && s->count > 1)
        snprintf(buffer, WF_STUDY_CELL_BYTES, "%.*f ± %.*f", digits, s->mean, digits, s->sd);
    else snprintf(buffer, WF_STUDY_CELL_BYTES, "%.*f", digits, s->mean);
    return buffer;
}

const char *wf_study_gain_text(char buffer[WF_STUDY_GAIN_BYTES], const wf_study_gain *g) {
    char value[WF_STUDY_POINTS_BYTES], low[WF_STUDY_POINTS_BYTES], high[WF_STUDY_POINTS_BYTES];
    if (!isfinite(g->value)) return strcpy(buffer, "-");
    snprintf(buffer, WF_STUDY_GAIN_BYTES, "%s (%s to %s)", wf_study_points(value, g->value),
             wf_study_points(low, g->low), wf_study_points(high, g->high));
    return buffer;
}

/* ---- Markdown ---- */

static void add_verdict(wf_str *out, wf_context *cx, const wf_study_verdict *v) {
    wf_str_addf(out, cx, "%s\n\n", v->sentence.text);
    for (int i = 0; i < WF_STUDY_CONDITIONS; i++) {
        const wf_study_condition *c = &v->conditions[i];
        wf_str_addf(out, cx, "- %s: %s\n",
                    c->holds > 0    ? "holds"
                    : c->holds == 0 ? "fails"
                                    : "not known",
                    c->text.text);
    }
}

static void add_gains(wf_str *out, wf_context *cx, const wf_study *s) {
    char text[WF_STUDY_GAIN_BYTES];
    wf_str_add(out, cx,
               "\n## Gains\n\n"
               "Subset accuracy of one model minus that of another, in points, with 95% intervals: "
               "mean over the seeds, paired\nbootstrap over test canvases and seeds.\n\n"
               "| Dependence |");
    for (int o = 0; o < WF_STUDY_COMPARISONS; o++)
        wf_str_addf(out, cx, " `%s` over `%s` |",
                    wf_study_model_name(wf_study_comparisons[o].model),
                    wf_study_model_name(wf_study_comparisons[o].over));
    wf_str_add(out, cx, "\n|---:|---|---|---|---|---|\n");
    for (int k = 0; k < WF_STUDY_STRENGTHS; k++) {
        wf_str_addf(out, cx, "| %g |", wf_study_strengths[k]);
        for (int o = 0; o < WF_STUDY_COMPARISONS; o++)
            wf_str_addf(out, cx, " %s |", wf_study_gain_text(text, &s->gains.over[o][k]));
        wf_str_add(out, cx, "\n");
    }
}

/* Why a model of sets gains where labels are independent. */
static void add_look_alikes(wf_str *out, wf_context *cx, const wf_study *s) {
    wf_study_interaction pairs[WF_STUDY_LOOK_ALIKES];
    const int n = wf_study_look_alikes(pairs, s->runs, s->run_count);
    const wf_study_gain *gain = &s->gains.over[WF_STUDY_PAIRS_OVER_SIGMOID][0];
    char text[WF_STUDY_GAIN_BYTES];
    if (!n) return;
    wf_str_add(out, cx,
               "\n## What looks alike\n\n"
               "`outfits-pairs` adds this to the score of a set that has both labels, mean over "
               "the seeds. At dependence 0 no label says\nanything about another one; what the "
               "model holds apart there are garments that look alike.\n");
    if (gain->low > 0)
        wf_str_addf(out, cx,
                    "One that may be a shirt or a coat is not both: who tells a set as a whole, or "
                    "knows what was told already, tells one of\nthem, while thresholds of single "
                    "labels tell both or neither. At dependence 0 that is worth %s points\nto the "
                    "pairwise model. It is no knowledge of what goes together, and does not vanish "
                    "where labels are independent.\n",
                    wf_study_gain_text(text, gain));
    wf_str_add(out, cx, "\n| Labels |");
    for (int k = 0; k < WF_STUDY_STRENGTHS; k++)
        wf_str_addf(out, cx, " at dependence %g |", wf_study_strengths[k]);
    wf_str_add(out, cx, "\n|---|---:|---:|---:|---:|\n");
    for (int i = 0; i < n; i++) {
        const char *second = strchr(pairs[i].labels, '|');
        wf_str_addf(out, cx, "| %.*s, %s |", (int)(second - pairs[i].labels), pairs[i].labels,
                    second + 1);
        for (int k = 0; k < WF_STUDY_STRENGTHS; k++) {
            if (isfinite(pairs[i].values[k])) wf_str_addf(out, cx, " %.2f |", pairs[i].values[k]);
            else wf_str_add(out, cx, " - |");
        }
        wf_str_add(out, cx, "\n");
    }
}

static void add_table(wf_str *out, wf_context *cx, const wf_study *s, int strength) {
    char cell[WF_STUDY_CELL_BYTES];
    if (!s->images[strength]) return;
    wf_str_addf(out, cx, "\n## Dependence %g\n\n%s test canvases.\n\n| Model | Seeds |",
                wf_study_strengths[strength], wf_thousands(cell, s->images[strength]));
    for (int f = 0; f < WF_STUDY_FIGURES; f++) wf_str_addf(out, cx, " %s |", titles[f]);
    wf_str_add(out, cx, "\n|---|---:|");
    for (int f = 0; f < WF_STUDY_FIGURES; f++) wf_str_add(out, cx, "---:|");
    wf_str_add(out, cx, "\n");
    for (int m = 0; m < WF_STUDY_MODELS; m++) {
        const wf_study_row *row = &s->rows[strength][m];
        if (!row->run_count) continue;
        wf_str_addf(out, cx, "| %s | %zu |", wf_study_model_name(m), row->run_count);
        for (int f = 0; f < WF_STUDY_FIGURES; f++)
            wf_str_addf(out, cx, " %s |", wf_study_cell(cell, row, f));
        wf_str_add(out, cx, "\n");
    }
}

wf_status wf_study_markdown(wf_str *out, wf_context *cx, const wf_study *s) {
    add_verdict(out, cx, &s->verdict);
    add_gains(out, cx, s);
    add_look_alikes(out, cx, s);
    for (int k = 0; k < WF_STUDY_STRENGTHS; k++) add_table(out, cx, s, k);
    wf_str_add(out, cx,
               "\n`bayes` is the decision by the labels' exact distribution and what a sigmoid CNN "
               "that was trained at dependence 0 says\n"
               "of each garment; docs/guide/outfits.md says when it is the best possible one. Its "
               "time of training is that CNN's.\nDecoding is per test canvas, the probability of "
               "the true set included. Where trainings ran side by side, times are\nthose of a "
               "share of the threads.\n");
    return out->status;
}

/* ---- CSV ---- */

wf_status wf_study_csv(wf_str *out, wf_context *cx, const wf_study *s) {
    wf_str_add(out, cx, "model,dependence,seed,images");
    for (int f = 0; f < WF_STUDY_FIGURES; f++) wf_str_addf(out, cx, ",%s", keys[f]);
    wf_str_add(out, cx, "\n");
    for (size_t i = 0; i < s->run_count; i++) {
        const wf_study_run *r = &s->runs[i];
        wf_str_addf(out, cx, "%s,%g,%lld,%lld", wf_study_model_name(r->model),
                    wf_study_strengths[r->strength], (long long)r->seed, (long long)r->count);
        for (int f = 0; f < WF_STUDY_FIGURES; f++) {
            char number[32] = "";
            if (isfinite(r->figures[f])) wf_double_text(number, r->figures[f]);
            wf_str_addf(out, cx, ",%s", number);
        }
        wf_str_add(out, cx, "\n");
    }
    return out->status;
}

/* ---- JSON ---- */

static json_t *is_true(int known) { return known < 0 ? json_null() : json_boolean(known); }

static json_t *gain_json(const wf_study_gain *g) {
    return json_pack("{s:o, s:o, s:o}", "value", wf_json_real(g->value), "low",
                     wf_json_real(g->low), "high", wf_json_real(g->high));
}

static wf_status put_verdict(json_t *document, wf_context *cx, const wf_study_verdict *v) {
    json_t *list = json_array();
    WF_TRY(wf_json_put(document, cx, "verdict",
                       json_pack("{s:o, s:s, s:o}", "supported", is_true(v->is_supported),
                                 "sentence", v->sentence.text, "conditions", list)));
    for (int i = 0; i < WF_STUDY_CONDITIONS; i++) {
        const wf_study_condition *c = &v->conditions[i];
        WF_TRY(wf_json_append(list, cx,
                              json_pack("{s:s, s:o, s:s}", "name", c->name, "holds",
                                        is_true(c->holds), "text", c->text.text)));
    }
    return WF_OK;
}

static wf_status put_gains(json_t *document, wf_context *cx, const wf_study_gains *g) {
    json_t *list = json_array();
    WF_TRY(wf_json_put(document, cx, "gains", list));
    for (int k = 0; k < WF_STUDY_STRENGTHS; k++)
        for (int o = 0; o < WF_STUDY_COMPARISONS; o++)
            WF_TRY(wf_json_append(
                list, cx,
                json_pack("{s:f, s:s, s:s, s:o}", "dependence", wf_study_strengths[k], "model",
                          wf_study_model_name(wf_study_comparisons[o].model), "over",
                          wf_study_model_name(wf_study_comparisons[o].over), "gain",
                          gain_json(&g->over[o][k]))));
    return wf_json_put(document, cx, "growth", gain_json(&g->growth));
}

static wf_status put_row(json_t *rows, wf_context *cx, const wf_study_row *row, int model) {
    json_t *figures = json_object();
    if (!row->run_count) {
        json_decref(figures);
        return WF_OK;
    }
    WF_TRY(wf_json_append(rows, cx,
                          json_pack("{s:s, s:I, s:o}", "model", wf_study_model_name(model), "seeds",
                                    (json_int_t)row->run_count, "figures", figures)));
    for (int f = 0; f < WF_STUDY_FIGURES; f++)
        WF_TRY(wf_json_put(figures, cx, keys[f],
                           json_pack("{s:o, s:o}", "mean", wf_json_real(row->figures[f].mean), "sd",
                                     wf_json_real(row->figures[f].sd))));
    return WF_OK;
}

static wf_status put_tables(json_t *document, wf_context *cx, const wf_study *s) {
    json_t *tables = json_array();
    WF_TRY(wf_json_put(document, cx, "tables", tables));
    for (int k = 0; k < WF_STUDY_STRENGTHS; k++) {
        json_t *rows = json_array();
        WF_TRY(wf_json_append(tables, cx,
                              json_pack("{s:f, s:I, s:o}", "dependence", wf_study_strengths[k],
                                        "images", (json_int_t)s->images[k], "rows", rows)));
        for (int m = 0; m < WF_STUDY_MODELS; m++) WF_TRY(put_row(rows, cx, &s->rows[k][m], m));
    }
    return WF_OK;
}

static wf_status put_look_alikes(json_t *document, wf_context *cx, const wf_study *s) {
    wf_study_interaction pairs[WF_STUDY_LOOK_ALIKES];
    const int n = wf_study_look_alikes(pairs, s->runs, s->run_count);
    json_t *list = json_array();
    WF_TRY(wf_json_put(document, cx, "look_alikes", list));
    for (int i = 0; i < n; i++) {
        json_t *values = json_array();
        WF_TRY(wf_json_append(
            list, cx, json_pack("{s:s, s:o}", "labels", pairs[i].labels, "interactions", values)));
        for (int k = 0; k < WF_STUDY_STRENGTHS; k++)
            WF_TRY(wf_json_append(values, cx, wf_json_real(pairs[i].values[k])));
    }
    return WF_OK;
}

wf_status wf_study_json(json_t **out, wf_context *cx, const wf_study *s) {
    json_t *document = json_pack("{s:i}", "schema_version", 1);
    wf_status status = put_verdict(document, cx, &s->verdict);
    if (status == WF_OK) status = put_gains(document, cx, &s->gains);
    if (status == WF_OK) status = put_look_alikes(document, cx, s);
    if (status == WF_OK) status = put_tables(document, cx, s);
    return wf_json_hand_over(out, document, status);
}
