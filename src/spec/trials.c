#include "spec/trials.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "base/str.h"

static const double MOST = 1e15; /* whole numbers are exact up to here */

static void axis_reset(wf_axis *a) {
    for (size_t i = 0; i < a->count; i++) wf_free(a->values[i]);
    wf_free(a->values);
    wf_free(a->path);
    *a = (wf_axis){0};
}

void wf_trials_reset(wf_trials *t) {
    for (size_t i = 0; i < t->count * t->axis_count; i++) wf_free(t->values[i]);
    wf_free(t->values);
    for (size_t i = 0; i < t->axis_count; i++) axis_reset(&t->axes[i]);
    wf_free(t->axes);
    *t = (wf_trials){0};
}

const char *wf_trials_value(const wf_trials *t, size_t trial, size_t axis) {
    return t->values[trial * t->axis_count + axis];
}

/* ---- axes ---- */

static wf_status copy_part(char **out, wf_context *cx, const char *text, size_t length) {
    wf_str s = {0};
    wf_str_add_bytes(&s, cx, text, length);
    if (s.status == WF_OK) *out = s.text;
    return s.status;
}

/* Length of the value that begins here: up to a comma outside of brackets. */
static size_t value_length(const char *text) {
    size_t n = 0;
    for (int depth = 0; text[n] && (depth > 0 || text[n] != ','); n++) {
        depth += text[n] == '[' || text[n] == '{';
        depth -= text[n] == ']' || text[n] == '}';
    }
    return n;
}

static wf_status add_value(wf_axis *a, wf_context *cx, const char *text, size_t length) {
    char *value = NULL;
    WF_REQUIRE(length > 0, WF_E_ARG, "sweep of %s: a value is empty | write the values as %s=A,B,C",
               a->path, a->path);
    WF_TRY(wf_realloc(&a->values, cx, a->count, a->count + 1, sizeof *a->values));
    WF_TRY(copy_part(&value, cx, text, length));
    a->values[a->count++] = value;
    for (size_t i = 0; i + 1 < a->count; i++)
        WF_REQUIRE(strcmp(a->values[i], value) != 0, WF_E_ARG,
                   "sweep of %s: value %s is given twice | leave one out", a->path, value);
    return WF_OK;
}

static int looks_whole(const char *text, const char *end) {
    return text + strcspn(text, ".eEn") >= end; /* "nan" and "inf" have an n */
}

/* "16..256", "1e-4..1e-2:log"; *is_range stays 0 for anything else. */
static wf_status read_range(wf_axis *a, int *is_range, wf_context *cx, const char *text) {
    const char *dots = strstr(text, "..");
    char *end = NULL;
    if (!dots) return WF_OK;
    a->low = strtod(text, &end);
    /* "16..256" reads as the number "16." followed by ".256" */
    if (end == text || (end != dots && end != dots + 1)) return WF_OK;
    a->high = strtod(dots + 2, &end);
    if (end == dots + 2 || (*end && strcmp(end, ":log") != 0)) return WF_OK;
    a->is_whole = looks_whole(text, dots) && looks_whole(dots + 2, end);
    a->is_log = *end != 0;
    WF_REQUIRE(a->low < a->high && fabs(a->low) <= MOST && fabs(a->high) <= MOST, WF_E_ARG,
               "sweep of %s: range %s must rise, within 1e15 | write it as LOW..HIGH", a->path,
               text);
    WF_REQUIRE(!a->is_log || a->low > 0, WF_E_ARG,
               "sweep of %s: range %s in logarithms must be above 0 | begin with a small number",
               a->path, text);
    *is_range = 1;
    return WF_OK;
}

static wf_status read_axis(wf_axis *a, wf_context *cx, const char *text) {
    const char *equals = strchr(text, '=');
    int is_range = 0;
    WF_REQUIRE(equals && equals > text && equals[1], WF_E_ARG,
               "sweep of \"%.80s\": it must be PATH=VALUE,VALUE... | for instance "
               "layers.lstm.units=56,186,280",
               text);
    WF_TRY(copy_part(&a->path, cx, text, (size_t)(equals - text)));
    WF_TRY(read_range(a, &is_range, cx, equals + 1));
    for (const char *at = equals + 1; !is_range;) {
        size_t n = value_length(at);
        WF_TRY(add_value(a, cx, at, n));
        if (!at[n]) break;
        at += n + 1;
    }
    return WF_OK;
}

static wf_status read_axes(wf_trials *t, wf_context *cx, const char *const *axes, size_t count) {
    WF_REQUIRE(count > 0, WF_E_ARG,
               "a sweep needs something to vary | for instance --set layers.lstm.units=56,186,280");
    WF_TRY(wf_alloc(&t->axes, cx, count, sizeof *t->axes));
    for (size_t i = 0; i < count; i++) {
        t->axis_count = i + 1;
        WF_TRY(read_axis(&t->axes[i], cx, axes[i]));
        for (size_t k = 0; k < i; k++)
            WF_REQUIRE(strcmp(t->axes[k].path, t->axes[i].path) != 0, WF_E_ARG,
                       "sweep of %s: it is given twice | put all values into one --set",
                       t->axes[i].path);
    }
    return WF_OK;
}

/* ---- trials ---- */

static wf_status make_grid(wf_trials *t, wf_context *cx) {
    size_t total = 1;
    for (size_t a = 0; a < t->axis_count; a++) {
        const wf_axis *axis = &t->axes[a];
        WF_REQUIRE(axis->count, WF_E_ARG,
                   "sweep of %s: a grid cannot hold a range | list the values, or draw with "
                   "--random N",
                   axis->path);
        total *= axis->count;
        WF_REQUIRE(total <= WF_MAX_TRIALS, WF_E_ARG,
                   "the grid has more than %d combinations | draw some with --random N",
                   WF_MAX_TRIALS);
    }
    WF_TRY(wf_alloc(&t->values, cx, total * t->axis_count, sizeof *t->values));
    for (t->count = 0; t->count < total; t->count++) {
        size_t rest = t->count;
        char **row = t->values + t->count * t->axis_count;
        for (size_t a = t->axis_count; a-- > 0; rest /= t->axes[a].count) {
            wf_status status = wf_strdup(&row[a], cx, t->axes[a].values[rest % t->axes[a].count]);
            if (status == WF_OK) continue;
            while (++a < t->axis_count) wf_free(row[a]);
            return status;
        }
    }
    return WF_OK;
}

static void draw_text(char out[32], const wf_axis *a, wf_rng *rng) {
    double low = a->is_log ? log(a->low) : a->low, high = a->is_log ? log(a->high) : a->high;
    if (a->is_whole && !a->is_log) {
        uint64_t n = (uint64_t)(a->high - a->low) + 1;
        snprintf(out, 32, "%.0f", a->low + (double)wf_rng_below(rng, n));
        return;
    }
    double x = low + (high - low) * wf_rng_uniform(rng);
    snprintf(out, 32, a->is_whole ? "%.0f" : "%.6g", a->is_log ? exp(x) : x);
}

/* One draw into row[axis_count]. */
static wf_status draw_row(char **row, wf_context *cx, const wf_trials *t, wf_rng *rng) {
    char number[32];
    for (size_t a = 0; a < t->axis_count; a++) {
        const wf_axis *axis = &t->axes[a];
        const char *value = number;
        if (axis->count) value = axis->values[wf_rng_below(rng, axis->count)];
        else draw_text(number, axis, rng);
        wf_status status = wf_strdup(&row[a], cx, value);
        if (status == WF_OK) continue;
        while (a > 0) wf_free(row[--a]);
        return status;
    }
    return WF_OK;
}

static int has_row(const wf_trials *t, char *const *row) {
    for (size_t i = 0; i < t->count; i++) {
        size_t same = 0;
        while (same < t->axis_count && !strcmp(wf_trials_value(t, i, same), row[same])) same++;
        if (same == t->axis_count) return 1;
    }
    return 0;
}

static wf_status draw_rows(wf_trials *t, wf_context *cx, size_t draws, uint64_t seed) {
    wf_rng rng;
    WF_REQUIRE(draws >= 1 && draws <= WF_MAX_TRIALS, WF_E_ARG,
               "%zu random trials, must be between 1 and %d", draws, WF_MAX_TRIALS);
    WF_TRY(wf_alloc(&t->values, cx, draws * t->axis_count, sizeof *t->values));
    wf_rng_init(&rng, seed, WF_STREAM_TRIALS, 0);
    for (size_t i = 0; i < draws; i++) {
        char **row = t->values + t->count * t->axis_count;
        WF_TRY(draw_row(row, cx, t, &rng));
        if (!has_row(t, row)) {
            t->count++;
            continue;
        }
        for (size_t a = 0; a < t->axis_count; a++) wf_free(row[a]);
    }
    return WF_OK;
}

wf_status wf_trials_grid(wf_trials *out, wf_context *cx, const char *const *axes, size_t count) {
    wf_trials t = {0};
    wf_status status = read_axes(&t, cx, axes, count);
    if (status == WF_OK) status = make_grid(&t, cx);
    if (status == WF_OK) *out = t;
    else wf_trials_reset(&t);
    return status;
}

wf_status wf_trials_random(wf_trials *out, wf_context *cx, const char *const *axes, size_t count,
                           size_t draws, uint64_t seed) {
    wf_trials t = {0};
    wf_status status = read_axes(&t, cx, axes, count);
    if (status == WF_OK) status = draw_rows(&t, cx, draws, seed);
    if (status == WF_OK) *out = t;
    else wf_trials_reset(&t);
    return status;
}
