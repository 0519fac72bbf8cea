/* What the gains say about the claim, in sentences that agree with the figures they print. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/study.h"

static const double HALF_A_POINT = 0.005;
enum { LEAST_DIGITS = 2, MOST_DIGITS = 12 };

/* ---- figures ---- */

static int side(double value, double limit) { return (value > limit) - (value < limit); }

const char *wf_study_points(char buffer[WF_STUDY_POINTS_BYTES], double share) {
    const double limits[] = {-HALF_A_POINT, 0, HALF_A_POINT};
    if (!isfinite(share)) return strcpy(buffer, "-");
    for (int digits = LEAST_DIGITS; digits <= MOST_DIGITS; digits++) {
        int agrees = 1;
        snprintf(buffer, WF_STUDY_POINTS_BYTES, "%.*f", digits, 100 * share);
        for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
            agrees &= side(strtod(buffer, NULL), 100 * limits[i]) == side(share, limits[i]);
        if (agrees) break;
    }
    if (!strcmp(buffer, "-0.00")) strcpy(buffer, "0.00"); /* 0 with a sign */
    return buffer;
}

/* "0.52 points, 95% interval 0.11 to 0.93" */
static void add_gain(wf_str *out, wf_context *cx, const wf_study_gain *g) {
    char value[WF_STUDY_POINTS_BYTES], low[WF_STUDY_POINTS_BYTES], high[WF_STUDY_POINTS_BYTES];
    wf_str_addf(out, cx, "%s points, 95%% interval %s to %s", wf_study_points(value, g->value),
                wf_study_points(low, g->low), wf_study_points(high, g->high));
}

static int is_known(const wf_study_gain *g) {
    return isfinite(g->value) && isfinite(g->low) && isfinite(g->high);
}

/* Whether all are known; else says which is not. */
static int are_known(wf_study_condition *c, wf_context *cx, const wf_study_gain *gains, int first,
                     int opponent) {
    for (int s = first; s < WF_STUDY_STRENGTHS; s++) {
        if (is_known(&gains[s])) continue;
        c->holds = -1;
        wf_str_addf(&c->text, cx, "its gain over %s at dependence %g is not known",
                    wf_study_model_words(wf_study_comparisons[opponent].over),
                    wf_study_strengths[s]);
        return 0;
    }
    return 1;
}

/* ---- conditions ---- */

static void judge_opponent(wf_study_condition *c, wf_context *cx, const wf_study_gains *g,
                           int opponent) {
    const wf_study_gain *gains = g->over[opponent];
    const char *words = wf_study_model_words(wf_study_comparisons[opponent].over);
    int n = 0;
    c->holds = 1;
    for (int s = 1; s < WF_STUDY_STRENGTHS; s++)
        c->holds &= !is_known(&gains[s]) || gains[s].low > 0;
    /* one gain that is not there decides, whatever is not known of others */
    if (c->holds && !are_known(c, cx, gains, 1, opponent)) return;
    if (c->holds) wf_str_addf(&c->text, cx, "it beats %s at every dependence above 0: ", words);
    for (int s = 1; s < WF_STUDY_STRENGTHS; s++) {
        if (!c->holds && (!is_known(&gains[s]) || gains[s].low > 0)) continue;
        if (n++) wf_str_add(&c->text, cx, ", ");
        if (!c->holds)
            wf_str_addf(&c->text, cx, "it %s %s ",
                        gains[s].high < 0 ? "is worse than" : "is not shown to beat", words);
        wf_str_addf(&c->text, cx, "at dependence %g (", wf_study_strengths[s]);
        add_gain(&c->text, cx, &gains[s]);
        wf_str_add(&c->text, cx, ")");
    }
}

/* The gains at all strengths, with so many digits that those which differ read differently. */
static void add_series(wf_str *out, wf_context *cx, const wf_study_gain *gains) {
    char texts[WF_STUDY_STRENGTHS][WF_STUDY_POINTS_BYTES];
    for (int digits = LEAST_DIGITS, agrees = 0; digits <= MOST_DIGITS && !agrees; digits++) {
        agrees = 1;
        for (int s = 0; s < WF_STUDY_STRENGTHS; s++)
            snprintf(texts[s], sizeof texts[s], "%.*f", digits, 100 * gains[s].value);
        for (int s = 1; s < WF_STUDY_STRENGTHS; s++)
            agrees &= side(strtod(texts[s], NULL), strtod(texts[s - 1], NULL)) ==
                      side(gains[s].value, gains[s - 1].value);
    }
    for (int s = 0; s < WF_STUDY_STRENGTHS; s++)
        wf_str_addf(out, cx, "%s%s at %g",
                    !s                            ? ""
                    : s == WF_STUDY_STRENGTHS - 1 ? " and "
                                                  : ", ",
                    texts[s], wf_study_strengths[s]);
    wf_str_add(out, cx, " points");
}

static void judge_growth(wf_study_condition *c, wf_context *cx, const wf_study_gains *g) {
    const wf_study_gain *gains = g->over[0];
    int fallen = 0;
    if (!are_known(c, cx, gains, 0, 0)) return;
    for (int s = 1; s < WF_STUDY_STRENGTHS && !fallen; s++)
        if (!(gains[s].value > gains[s - 1].value)) fallen = s;
    c->holds = !fallen && g->growth.low > 0;
    wf_str_addf(&c->text, cx, "its gain over the sigmoid CNN %s with dependence (",
                c->holds > 0 ? "grows"
                : fallen     ? "does not grow"
                             : "is not shown to grow");
    add_series(&c->text, cx, gains);
    if (fallen)
        wf_str_addf(&c->text, cx, ": not from %g to %g", wf_study_strengths[fallen - 1],
                    wf_study_strengths[fallen]);
    wf_str_addf(&c->text, cx, "; from 0 to %g by ", wf_study_strengths[WF_STUDY_STRENGTHS - 1]);
    add_gain(&c->text, cx, &g->growth);
    wf_str_add(&c->text, cx, ")");
}

static void judge_vanishing(wf_study_condition *c, wf_context *cx, const wf_study_gains *g) {
    const wf_study_gain *none = &g->over[0][0];
    if (!is_known(none)) {
        are_known(c, cx, g->over[0], 0, 0);
        return;
    }
    const int is_beyond = none->low > HALF_A_POINT || none->high < -HALF_A_POINT;
    c->holds = none->low >= -HALF_A_POINT && none->high <= HALF_A_POINT;
    wf_str_addf(&c->text, cx, "its gain over the sigmoid CNN %s at dependence 0 (",
                c->holds    ? "vanishes"
                : is_beyond ? "does not vanish"
                            : "is not shown to vanish");
    add_gain(&c->text, cx, none);
    wf_str_add(&c->text, cx, c->holds ? ", within 0.5 points)" : ", not within 0.5 points)");
}

/* ---- the whole ---- */

static void add_sentence(wf_study_verdict *v, wf_context *cx) {
    static const char claim[] = "The claim that the CNN-RNN gains from what labels say about each "
                                "other";
    int n = 0;
    wf_str *out = &v->sentence;
    wf_str_addf(out, cx, "%s %s: ", claim,
                v->is_supported > 0    ? "is supported"
                : v->is_supported == 0 ? "is not supported"
                                       : "cannot be judged");
    for (int i = 0; i < WF_STUDY_CONDITIONS; i++) {
        const wf_study_condition *c = &v->conditions[i];
        if (c->holds != v->is_supported) continue;
        wf_str_addf(out, cx, "%s%s", n++ ? "; " : "", c->text.text ? c->text.text : "");
    }
    wf_str_add(out, cx, ".");
}

wf_status wf_study_judge(wf_study_verdict *out, wf_context *cx, const wf_study_gains *gains) {
    static const char *const names[WF_STUDY_CONDITIONS] = {
        "beats the sigmoid CNN", "beats the CNN-RNN that is told no label",
        "beats the CNN-RNN that is told labels under other names", "grows with dependence",
        "vanishes at dependence 0"};
    wf_study_verdict v = {.is_supported = 1};
    wf_status status = WF_OK;
    for (int i = 0; i < WF_STUDY_CONDITIONS; i++) v.conditions[i].name = names[i];
    for (int i = 0; i < WF_STUDY_OPPONENTS; i++) judge_opponent(&v.conditions[i], cx, gains, i);
    judge_growth(&v.conditions[WF_STUDY_OPPONENTS], cx, gains);
    judge_vanishing(&v.conditions[WF_STUDY_OPPONENTS + 1], cx, gains);
    for (int i = 0; i < WF_STUDY_CONDITIONS; i++) {
        const wf_study_condition *c = &v.conditions[i];
        if (c->holds == 0) v.is_supported = 0;
        else if (c->holds < 0 && v.is_supported > 0) v.is_supported = -1;
        if (c->text.status != WF_OK) status = c->text.status;
    }
    add_sentence(&v, cx);
    if (v.sentence.status != WF_OK) status = v.sentence.status;
    if (status == WF_OK) *out = v;
    else wf_study_verdict_reset(&v);
    return status;
}

void wf_study_verdict_reset(wf_study_verdict *v) {
    for (int i = 0; i < WF_STUDY_CONDITIONS; i++) wf_str_reset(&v->conditions[i].text);
    wf_str_reset(&v->sentence);
}
