#include "report/verdict.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double LEVEL = .05;
enum { LOSS_DIGITS = 4 };

static int leaves_out_0(const wf_verdict *v) { return v->low > 0 || v->high < 0; }

int wf_verdict_is_shown(const wf_verdict *v) { return v->p_holm < LEVEL && leaves_out_0(v); }

/* ---- figures ---- */

/* ".031": no zero before the point, as p is at most 1. */
static void p_digits(char buffer[WF_P_BYTES], int digits, double p) {
    char text[24];
    snprintf(text, sizeof text, "%.*f", digits, p);
    snprintf(buffer, WF_P_BYTES, "p = %s", text[0] == '0' ? text + 1 : text);
}

const char *wf_p_text(char buffer[WF_P_BYTES], double p) {
    if (p < .0001) return strcpy(buffer, "p < .0001");
    if (p == 1) return strcpy(buffer, "p = 1");
    if (p > .9995) return strcpy(buffer, "p > .999");
    double rounded = LEVEL;
    for (int digits = p < .001 ? 4 : 3; digits <= 12; digits++) {
        p_digits(buffer, digits, p);
        rounded = strtod(buffer + strlen("p = "), NULL);
        if (p >= LEVEL || rounded < LEVEL) return buffer;
    }
    return strcpy(buffer, "p < .05");
}

const char *wf_p_cell(char buffer[WF_P_BYTES], double p) {
    char text[WF_P_BYTES];
    wf_p_text(text, p);
    return strcpy(buffer, text + (text[2] == '=' ? strlen("p = ") : strlen("p ")));
}

/* "-0.2", but never "-0.0". */
static void points_digits(char buffer[24], int digits, double points) {
    snprintf(buffer, 24, "%.*f", digits, points);
    if (buffer[0] == '-' && buffer[strspn(buffer, "-0.")] == 0)
        memmove(buffer, buffer + 1, strlen(buffer));
}

void wf_points_text(wf_points *out, double difference, double low, double high) {
    enum { MOST_DIGITS = 4 };
    const double values[] = {100 * difference, 100 * low, 100 * high};
    int digits = 1;
    double step = .1; /* of the last digit */
    for (int i = 0; i < 3; i++) {
        double size = fabs(values[i]);
        if (size < .00005) continue; /* 0 even with all digits */
        for (; digits < MOST_DIGITS && size < step / 2; digits++) step /= 10;
    }
    points_digits(out->difference, digits, values[0]);
    points_digits(out->low, digits, values[1]);
    points_digits(out->high, digits, values[2]);
}

/* ---- sentences ---- */

static void add_p(wf_str *out, wf_context *cx, const char *before, const wf_verdict *v) {
    char text[WF_P_BYTES];
    wf_str_addf(out, cx, "%s%s", before, wf_p_text(text, v->p_holm));
    if (v->family > 1) wf_str_add(out, cx, " after Holm's correction");
}

/* What is said of a difference: "1.2 points", "0.0412 less val_loss", and its interval. */
static void add_figures(wf_str *out, wf_context *cx, const wf_verdict *v, int is_swapped,
                        const char *less) {
    double low = is_swapped ? -v->high : v->low, high = is_swapped ? -v->low : v->high;
    double difference = is_swapped ? -v->difference : v->difference;
    wf_points points;
    if (v->loss) {
        points_digits(points.difference, LOSS_DIGITS, difference);
        points_digits(points.low, LOSS_DIGITS, low);
        points_digits(points.high, LOSS_DIGITS, high);
        wf_str_addf(out, cx, "%s %s%s", points.difference, less, v->loss);
    } else {
        wf_points_text(&points, difference, low, high);
        wf_str_addf(out, cx, "%s points", points.difference);
    }
    wf_str_addf(out, cx, ", 95%% interval %s to %s", points.low, points.high);
}

static void add_better(wf_str *out, wf_context *cx, const wf_verdict *v) {
    int is_a = (v->difference > 0) == !v->loss;
    wf_str_addf(out, cx, "%s is better than %s: ", is_a ? v->a : v->b, is_a ? v->b : v->a);
    add_figures(out, cx, v, v->difference < 0, "less ");
    add_p(out, cx, ", ", v);
}

static void add_none(wf_str *out, wf_context *cx, const wf_verdict *v) {
    wf_str_add(out, cx, "no difference shown: ");
    add_figures(out, cx, v, 0, "of ");
    if (v->p_holm < LEVEL) { /* the test alone would show one */
        add_p(out, cx, ", though ", v);
    } else if (leaves_out_0(v)) { /* the interval alone would show one */
        if (v->family > 1 && v->p < LEVEL) wf_str_add(out, cx, " of this pair alone");
        add_p(out, cx, ", but ", v);
    }
}

void wf_verdict_add(wf_str *out, wf_context *cx, const wf_verdict *v) {
    char count[32];
    if (v->identical > 0)
        wf_str_addf(out, cx, "no difference: identical predictions for all %s images",
                    wf_thousands(count, v->identical));
    else if (wf_verdict_is_shown(v)) add_better(out, cx, v);
    else add_none(out, cx, v);
    if (v->scope) wf_str_addf(out, cx, " (speaks for %s only)", v->scope);
}

void wf_verdict_add_named(wf_str *out, wf_context *cx, const wf_verdict *v) {
    if (!wf_verdict_is_shown(v)) wf_str_addf(out, cx, "%s and %s: ", v->a, v->b);
    wf_verdict_add(out, cx, v);
}
