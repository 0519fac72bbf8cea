/* Reading predictions.csv: a line per image, "index,label,predicted,p0 ... pK-1", or of
 * images with any number of labels "index,labels,predicted,p0 ...", with sets such as 1|4, perhaps
 * followed by "log_p" and "small". */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* strtof_l */
#endif
#include <errno.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "store/internal.h"

enum { FIRST = 3 /* column of p0 */, MAX_CLASSES = 4096, MAX_NUMBER_BYTES = 63 };

static const size_t MAX_BYTES = (size_t)1 << 34; /* a million images of a thousand classes */

typedef struct reader {
    const char *at, *end, *name;
    int64_t line; /* of `at`, from 1 */
    locale_t c_locale;
} reader;

void wf_predictions_reset(wf_predictions *p) {
    wf_free(p->index);
    wf_free(p->labels);
    wf_free(p->predicted);
    wf_free(p->sets);
    wf_free(p->taken);
    wf_free(p->probabilities);
    wf_free(p->log_p);
    wf_free(p->small);
    *p = (wf_predictions){0};
}

/* ---- numbers ---- */

static bool is_at_cell_end(const reader *r) {
    return r->at == r->end || *r->at == ',' || *r->at == '\n';
}

/* A whole number of at most 18 digits. */
static bool take_count(int64_t *out, reader *r) {
    const char *begin = r->at;
    int64_t value = 0;
    for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++) {
        if (r->at - begin >= 18) return false;
        value = 10 * value + (*r->at - '0');
    }
    *out = value;
    return r->at > begin;
}

/* "", "3" or "1|4": ascending numbers of classes below `k`. */
static bool take_set(uint8_t *set, reader *r, int k) {
    int64_t last = -1, value = 0;
    if (is_at_cell_end(r)) return true;
    while (take_count(&value, r) && value > last && value < k) {
        set[last = value] = 1;
        if (r->at == r->end || *r->at != '|') return true;
        r->at++;
    }
    return false;
}

/* Digits with a point and an exponent: digits * 10^exponent. False where that is not all of it: not
 * a number, or one of more than 18 digits. */
static bool take_decimal(int64_t *out_digits, int *out_exponent, reader *r) {
    int64_t digits = 0, power = 0;
    int count = 0, exponent = 0;
    bool is_whole = true;
    for (; r->at < r->end; r->at++) {
        if (*r->at == '.' && is_whole) {
            is_whole = false;
            continue;
        }
        if (*r->at < '0' || *r->at > '9') break;
        if (++count > 18) return false;
        digits = 10 * digits + (*r->at - '0');
        exponent -= !is_whole;
    }
    if (count > 0 && r->at < r->end && (*r->at | 0x20) == 'e') {
        r->at++;
        bool is_negative = r->at < r->end && *r->at == '-';
        if (r->at < r->end && (*r->at == '-' || *r->at == '+')) r->at++;
        if (!take_count(&power, r) || power > 999) return false;
        exponent += is_negative ? -(int)power : (int)power;
    }
    *out_digits = digits;
    *out_exponent = exponent;
    return count > 0;
}

/* digits * 10^exponent with an error of a few units in the 64th bit. */
static long double scaled(int64_t digits, int exponent) {
    static const long double tens[] = {
        1,     1e1L,  1e2L,  1e3L,  1e4L,  1e5L,  1e6L,  1e7L,  1e8L,  1e9L,  1e10L, 1e11L, 1e12L,
        1e13L, 1e14L, 1e15L, 1e16L, 1e17L, 1e18L, 1e19L, 1e20L, 1e21L, 1e22L, 1e23L, 1e24L, 1e25L,
    };
    enum { MOST = sizeof tens / sizeof *tens - 1 };
    long double value = (long double)digits;
    for (; exponent < -MOST; exponent += MOST) value /= tens[MOST];
    return exponent < 0 ? value / tens[-exponent] : value * tens[exponent];
}

static void skip_cell(reader *r) {
    while (!is_at_cell_end(r)) r->at++;
}

/* The cell as text, of digits, points, signs and exponents. */
static bool take_number_text(char text[MAX_NUMBER_BYTES + 1], reader *r, const char *begin) {
    skip_cell(r);
    const size_t n = (size_t)(r->at - begin);
    if (n == 0 || n > MAX_NUMBER_BYTES) return false;
    memcpy(text, begin, n);
    text[n] = 0;
    return text[strspn(text, "0123456789.eE+-")] == 0;
}

/* At most 0. */
static bool take_log_p(double *out, reader *r) {
    char text[MAX_NUMBER_BYTES + 1], *after = NULL;
    if (!take_number_text(text, r, r->at)) return false;
    *out = strtod_l(text, &after, r->c_locale);
    return *after == 0 && isfinite(*out) && *out <= 0;
}

/* The nearest float, finite and at least 0. Most probabilities are decided by one division; strtof
 * is asked where that is too close to the middle between two floats. */
static bool take_probability(float *out, reader *r) {
    const char *begin = r->at;
    int64_t digits = 0;
    int exponent = 0;
    bool is_decimal = take_decimal(&digits, &exponent, r) && is_at_cell_end(r);
    if (is_decimal && exponent >= -60 && exponent <= 20) {
        long double value = scaled(digits, exponent);
        uint64_t bits; /* of the 64-bit significand, 40 are lost in a float */
        memcpy(&bits, &value, sizeof bits);
        int64_t from_middle = (int64_t)(bits & 0xFFFFFFFFFF) - 0x8000000000;
        bool is_clear = value >= FLT_MIN && (from_middle < -8 || from_middle > 8);
        if (digits == 0 || (is_clear && value <= 1e30L)) {
            *out = (float)value;
            return true;
        }
    }
    char text[MAX_NUMBER_BYTES + 1], *after = NULL;
    if (!take_number_text(text, r, begin) || !strchr(".0123456789", text[0])) return false;
    *out = strtof_l(text, &after, r->c_locale);
    return *after == 0 && isfinite(*out);
}

/* ---- lines ---- */

/* Which columns follow the probabilities, in this order. */
typedef struct columns_after {
    bool has_log_p, has_small;
} columns_after;

static wf_status fail_cell(wf_context *cx, reader *r, int column, const char *begin,
                           const char *expected) {
    skip_cell(r);
    return WF_FAIL(WF_E_DATA, "%s: line %lld, column %d: found \"%.*s\", expected %s", r->name,
                   (long long)r->line, column + 1, r->at - begin < 40 ? (int)(r->at - begin) : 40,
                   begin, expected);
}

/* Steps over the comma or the line's end behind a cell. */
static wf_status end_cell(wf_context *cx, reader *r, int column, int columns) {
    char wanted = column + 1 < columns ? ',' : '\n';
    WF_REQUIRE(r->at < r->end, WF_E_DATA,
               "%s: line %lld, column %d: the file ends here, expected %d columns and the end of a "
               "line",
               r->name, (long long)r->line, column + 1, columns);
    WF_REQUIRE(*r->at == wanted, WF_E_DATA, "%s: line %lld, column %d: expected %d columns",
               r->name, (long long)r->line, column + 1 + (*r->at == ','), columns);
    r->at++;
    return WF_OK;
}

static int columns_of(const wf_predictions *p, const columns_after *after) {
    return FIRST + p->class_count + after->has_log_p + after->has_small;
}

/* A cell of a column behind the probabilities. */
static wf_status read_after(wf_predictions *p, int64_t row, wf_context *cx, reader *r, int column) {
    const char *begin = r->at;
    if (column == FIRST + p->class_count && p->log_p) {
        if (!take_log_p(&p->log_p[row], r))
            return fail_cell(cx, r, column, begin,
                             "the logarithm of a probability, a number of at most 0");
    } else if (!take_set(p->small + row * p->class_count, r, p->class_count) ||
               !is_at_cell_end(r)) {
        return fail_cell(cx, r, column, begin, "classes, ascending, separated by |");
    }
    return WF_OK;
}

static wf_status read_line(wf_predictions *p, int64_t row, wf_context *cx, reader *r,
                           const columns_after *after) {
    int columns = columns_of(p, after);
    for (int j = 0; j < columns; j++) {
        const char *begin = r->at;
        int64_t value = 0;
        if (p->sets && (j == 1 || j == 2)) {
            uint8_t *set = (j == 1 ? p->sets : p->taken) + row * p->class_count;
            if (!take_set(set, r, p->class_count) || !is_at_cell_end(r))
                return fail_cell(cx, r, j, begin, "classes, ascending, separated by |");
        } else if (j < FIRST) {
            if (!take_count(&value, r) || !is_at_cell_end(r) || (j > 0 && value >= p->class_count))
                return fail_cell(cx, r, j, begin,
                                 j == 0 ? "an image's row, a whole number from 0"
                                        : "a class, a whole number below the number of classes");
            if (j == 0) p->index[row] = value;
            else (j == 1 ? p->labels : p->predicted)[row] = (int32_t)value;
        } else if (j >= FIRST + p->class_count) {
            WF_TRY(read_after(p, row, cx, r, j));
        } else if (!take_probability(&p->probabilities[row * p->class_count + j - FIRST], r)) {
            return fail_cell(cx, r, j, begin, "a probability, a number of at least 0");
        }
        WF_TRY(end_cell(cx, r, j, columns));
    }
    r->line++;
    return WF_OK;
}

static bool begins_with(const reader *r, const char *text) {
    size_t n = strlen(text);
    return (size_t)(r->end - r->at) >= n && memcmp(r->at, text, n) == 0;
}

static bool take_text(reader *r, const char *text) {
    if (!begins_with(r, text)) return false;
    r->at += strlen(text);
    return true;
}

/* "index,label,predicted,p0,p1 ...": finds the number of classes, whether there are sets, and what
 * follows. */
static wf_status read_header(int *out_class_count, bool *out_has_sets, columns_after *after,
                             wf_context *cx, reader *r) {
    static const char sets[] = "index,labels,predicted";
    bool has_sets = begins_with(r, sets);
    const char *first = has_sets ? sets : "index,label,predicted";
    const size_t n = strlen(first);
    int count = 0;
    bool is_right = begins_with(r, first);
    if (is_right) r->at += n;
    for (; is_right && r->at < r->end && *r->at != '\n'; count++) {
        char wanted[32];
        if (has_sets && count > 0) {
            after->has_log_p = take_text(r, ",log_p");
            after->has_small = take_text(r, ",small");
            if (r->at < r->end && *r->at == '\n') break;
        }
        size_t length = (size_t)snprintf(wanted, sizeof wanted, ",p%d", count);
        is_right = count < MAX_CLASSES && (size_t)(r->end - r->at) >= length &&
                   memcmp(r->at, wanted, length) == 0;
        r->at += is_right ? length : 0;
    }
    WF_REQUIRE(is_right && count > 0 && r->at < r->end, WF_E_DATA,
               "%s: line 1: expected the header %s,p0,p1 ... with at most %d classes", r->name,
               first, MAX_CLASSES);
    r->at++;
    r->line++;
    *out_class_count = count;
    *out_has_sets = has_sets;
    return WF_OK;
}

static wf_status alloc(wf_predictions *p, wf_context *cx, const reader *r, bool has_sets,
                       const columns_after *after) {
    int64_t lines = 0;
    for (const char *at = r->at; at < r->end; lines++) {
        const char *stop = memchr(at, '\n', (size_t)(r->end - at));
        at = stop ? stop + 1 : r->end;
    }
    size_t count = (size_t)lines, k = (size_t)p->class_count;
    /* bytes of a line: a digit and what follows it, per column; sets may be empty */
    size_t columns = (size_t)columns_of(p, after);
    size_t least = 2 * columns - (has_sets ? 2 : 0) - (after->has_small ? 1 : 0);
    WF_REQUIRE(count <= (size_t)(r->end - r->at) / least + 1, WF_E_DATA,
               "%s: %zu lines of %zu columns are more than its bytes can hold", r->name, count,
               columns);
    p->count = lines;
    WF_TRY(wf_alloc(&p->index, cx, count, sizeof *p->index));
    if (has_sets) {
        WF_TRY(wf_alloc(&p->sets, cx, count, k));
        WF_TRY(wf_alloc(&p->taken, cx, count, k));
        if (after->has_log_p) WF_TRY(wf_alloc(&p->log_p, cx, count, sizeof *p->log_p));
        if (after->has_small) WF_TRY(wf_alloc(&p->small, cx, count, k));
    } else {
        WF_TRY(wf_alloc(&p->labels, cx, count, sizeof *p->labels));
        WF_TRY(wf_alloc(&p->predicted, cx, count, sizeof *p->predicted));
    }
    return wf_alloc(&p->probabilities, cx, count * k, sizeof *p->probabilities);
}

wf_status wf__predictions_parse(wf_predictions *out, wf_context *cx, const char *text, size_t size,
                                const char *name) {
    wf_status status = WF_OK;
    wf_predictions p = {0};
    reader r = {.at = text, .end = text + size, .name = name, .line = 1};
    bool has_sets = false;
    columns_after after = {0};
    WF_TRY(read_header(&p.class_count, &has_sets, &after, cx, &r));
    r.c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0); /* a decimal point is a point */
    WF_REQUIRE(r.c_locale, WF_E_NOMEM, "%s: no C locale: %s", name, strerror(errno));
    WF_TRY_OR(alloc(&p, cx, &r, has_sets, &after));
    for (int64_t i = 0; i < p.count; i++) WF_TRY_OR(read_line(&p, i, cx, &r, &after));
    *out = p;
    p = (wf_predictions){0};
done:
    freelocale(r.c_locale);
    wf_predictions_reset(&p);
    return status;
}

static wf_status read_file(wf_predictions *out, wf_context *cx, const wf_run *run) {
    wf_status status = WF_OK;
    char *path = NULL;
    uint8_t *text = NULL;
    size_t size = 0;
    WF_TRY(wf_run_file(&path, cx, run, WF_RUN_PREDICTIONS_FILE));
    WF_REQUIRE_OR(wf_path_exists(path), WF_E_NOTFOUND,
                  "run %s: has no %s | a run writes it when it is tested", run->id,
                  WF_RUN_PREDICTIONS_FILE);
    WF_TRY_OR(wf_file_read(&text, &size, cx, path, MAX_BYTES));
    WF_TRY_OR(wf__predictions_parse(out, cx, (const char *)text, size, path));
done:
    wf_free(text);
    wf_free(path);
    return status;
}

static wf_status read_kind(wf_predictions *out, wf_context *cx, const wf_run *run, bool of_sets) {
    wf_predictions p = {0};
    WF_TRY(read_file(&p, cx, run));
    if (of_sets == (p.sets != NULL)) {
        *out = p;
        return WF_OK;
    }
    wf_predictions_reset(&p);
    return WF_FAIL(WF_E_UNSUPPORTED,
                   of_sets
                       ? "run %s: was judged on images of one label each, not of any number"
                       : "run %s: was judged on images of any number of labels, this is for one "
                         "label each",
                   run->id);
}

wf_status wf_run_read_predictions(wf_predictions *out, wf_context *cx, const wf_run *run) {
    return read_kind(out, cx, run, false);
}

wf_status wf_run_read_sets(wf_predictions *out, wf_context *cx, const wf_run *run) {
    return read_kind(out, cx, run, true);
}
