#include "base/json.h"

#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"

/* --- reading ------------------------------------------------------------------------------- */

/* jansson's own bound is 2048; ours must hold before it recurses. */
static wf_status check_depth(wf_context *cx, const char *text, size_t size, const char *name) {
    int depth = 0, line = 1;
    bool in_string = false;
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (c == '\n') line++;
        if (in_string) {
            if (c == '\\') i++;
            else if (c == '"') in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            WF_REQUIRE(++depth <= WF_JSON_MAX_DEPTH, WF_E_LIMIT,
                       "%s: line %d: nested deeper than %d levels", name, line, WF_JSON_MAX_DEPTH);
        } else if (c == ']' || c == '}') {
            depth--;
        }
    }
    return WF_OK;
}

wf_status wf_json_parse(json_t **out, wf_context *cx, const char *text, size_t size,
                        const char *name, size_t limit) {
    WF_REQUIRE(size <= limit, WF_E_LIMIT, "%s: %zu bytes of JSON, at most %zu are allowed", name,
               size, limit);
    WF_TRY(check_depth(cx, text, size, name));
    json_error_t error;
    json_t *value = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
    if (!value) {
        bool no_memory = json_error_code(&error) == json_error_out_of_memory;
        return WF_FAIL(no_memory ? WF_E_NOMEM : WF_E_DATA, "%s: line %d, column %d: %s", name,
                       error.line, error.column, error.text);
    }
    *out = value;
    return WF_OK;
}

wf_status wf_json_read(json_t **out, wf_context *cx, const char *path) {
    uint8_t *data = NULL;
    size_t size = 0;
    WF_TRY(wf_file_read(&data, &size, cx, path, WF_JSON_MAX_BYTES));
    wf_status status = wf_json_parse(out, cx, (const char *)data, size, path, WF_JSON_MAX_BYTES);
    wf_free(data);
    return status;
}

/* --- members ------------------------------------------------------------------------------- */

static const char *kind_name(const json_t *value) {
    if (!value) return "nothing";
    switch (json_typeof(value)) {
    case JSON_OBJECT: return "an object";
    case JSON_ARRAY: return "an array";
    case JSON_STRING: return "a string";
    case JSON_INTEGER: return "an integer";
    case JSON_REAL: return "a number";
    case JSON_TRUE:
    case JSON_FALSE: return "a truth value";
    case JSON_NULL: return "null";
    }
    return "something else";
}

static wf_status fail_kind(wf_context *cx, const json_t *found, const char *key, const char *owner,
                           const char *expected) {
    return WF_FAIL(WF_E_DATA, "%s: \"%s\": found %s, expected %s", owner, key, kind_name(found),
                   expected);
}

wf_status wf_json_get_text(const char **out, wf_context *cx, const json_t *object, const char *key,
                           const char *owner) {
    const json_t *value = json_object_get(object, key);
    if (!json_is_string(value)) return fail_kind(cx, value, key, owner, "a string");
    *out = json_string_value(value);
    return WF_OK;
}

wf_status wf_json_get_array(json_t **out, wf_context *cx, const json_t *object, const char *key,
                            const char *owner) {
    json_t *value = json_object_get(object, key);
    if (!json_is_array(value)) return fail_kind(cx, value, key, owner, "an array");
    *out = value;
    return WF_OK;
}

wf_status wf_json_put(json_t *object, wf_context *cx, const char *key, json_t *value) {
    WF_REQUIRE(value && json_object_set_new(object, key, value) == 0, WF_E_NOMEM,
               "out of memory for the key \"%s\" of a JSON document, or its text is not UTF-8",
               key);
    return WF_OK;
}

wf_status wf_json_append(json_t *array, wf_context *cx, json_t *value) {
    WF_REQUIRE(value && json_array_append_new(array, value) == 0, WF_E_NOMEM,
               "out of memory for a JSON array, or a text of it is not UTF-8");
    return WF_OK;
}

wf_status wf_json_hand_over(json_t **out, json_t *value, wf_status status) {
    if (status == WF_OK) *out = value;
    else json_decref(value);
    return status;
}

json_t *wf_json_text_or_null(const char *text) { return text ? json_string(text) : json_null(); }

json_t *wf_json_real(double value) { return isfinite(value) ? json_real(value) : json_null(); }

/* --- writing ------------------------------------------------------------------------------- */

/* Cuts printf's text to what JSON reads as a real: a point whatever the locale, ".0" if need be. */
static const char *finish_number(char buffer[32]) {
    const char *point = localeconv()->decimal_point;
    size_t n = strlen(point);
    char *found = n > 0 ? strstr(buffer, point) : NULL;
    if (found) {
        *found = '.';
        memmove(found + 1, found + n, strlen(found + n) + 1);
    } else if (!strchr(buffer, 'e')) {
        strcat(buffer, ".0");
    }
    return buffer;
}

static const char *special_text(char buffer[32], double value) {
    return strcpy(buffer, isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
}

/* "10" and "12300" where few digits made printf write 1e+01 and 1.23e+04. */
static void write_out_tens(char buffer[32], double value) {
    if (fabs(value) >= 1 && fabs(value) < 1e15 && strchr(buffer, 'e'))
        snprintf(buffer, 32, "%.0f", value);
}

/* Most figures are decimals of few digits, value = r / 10^k: of up to 15 digits there is only one
 * for each double, and the quotient of two whole numbers below 2^53 is the double nearest to it.
 * Ten times as fast as asking printf. False: it must be asked. */
static bool write_decimal(char buffer[32], double value) {
    static const double tens[] = {1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6, 1e7,
                                  1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14};
    const double size = fabs(value);
    if (!(size >= 1e-4 && size < 1e15)) return false;
    for (int k = 0; k < 15; k++) {
        double r = round(size * tens[k]);
        if (r >= 1e15) return false;
        if (r / tens[k] != size) continue;
        int64_t digits = (int64_t)r, unit = (int64_t)tens[k];
        snprintf(buffer, 32, "%s%" PRId64 ".%0*" PRId64, value < 0 ? "-" : "", digits / unit,
                 k ? k : 1, digits % unit);
        return true;
    }
    return false;
}

const char *wf_double_text(char buffer[32], double value) {
    if (!isfinite(value)) return special_text(buffer, value);
    if (write_decimal(buffer, value)) return buffer;
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(buffer, 32, "%.*g", digits, value);
        if (strtod(buffer, NULL) == value) break;
    }
    write_out_tens(buffer, value);
    return finish_number(buffer);
}

const char *wf_float_text(char buffer[32], float value) {
    if (!isfinite(value)) return special_text(buffer, value);
    for (int digits = 1; digits <= 9; digits++) {
        snprintf(buffer, 32, "%.*g", digits, (double)value);
        if (strtof(buffer, NULL) == value) break;
    }
    write_out_tens(buffer, (double)value);
    return finish_number(buffer);
}

static void add_string(wf_str *s, wf_context *cx, const char *text, size_t size) {
    size_t start = 0;
    wf_str_add(s, cx, "\"");
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x20 && c != '"' && c != '\\') continue;
        wf_str_add_bytes(s, cx, text + start, i - start);
        start = i + 1;
        if (c == '"') wf_str_add(s, cx, "\\\"");
        else if (c == '\\') wf_str_add(s, cx, "\\\\");
        else if (c == '\n') wf_str_add(s, cx, "\\n");
        else if (c == '\t') wf_str_add(s, cx, "\\t");
        else wf_str_addf(s, cx, "\\u%04x", c);
    }
    wf_str_add_bytes(s, cx, text + start, size - start);
    wf_str_add(s, cx, "\"");
}

static void add_break(wf_str *s, wf_context *cx, wf_json_style style, int depth) {
    if (style == WF_JSON_COMPACT) return;
    wf_str_add(s, cx, "\n");
    for (int i = 0; i < depth; i++) wf_str_add(s, cx, "  ");
}

static bool holds_only_scalars(const json_t *array) {
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *item = json_array_get(array, i);
        if (json_is_object(item) || json_is_array(item)) return false;
    }
    return true;
}

static wf_status add_value(wf_str *s, wf_context *cx, const json_t *value, wf_json_style style,
                           int depth);

static wf_status add_array(wf_str *s, wf_context *cx, const json_t *array, wf_json_style style,
                           int depth) {
    bool one_line = holds_only_scalars(array);
    wf_str_add(s, cx, "[");
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (i > 0) wf_str_add(s, cx, one_line && style == WF_JSON_PRETTY ? ", " : ",");
        if (!one_line) add_break(s, cx, style, depth + 1);
        WF_TRY(add_value(s, cx, json_array_get(array, i), style, depth + 1));
    }
    if (!one_line) add_break(s, cx, style, depth);
    wf_str_add(s, cx, "]");
    return s->status;
}

static wf_status add_object(wf_str *s, wf_context *cx, const json_t *object, wf_json_style style,
                            int depth) {
    bool is_first = true;
    wf_str_add(s, cx, "{");
    /* jansson's iterators take a mutable object, but only walk it. */
    json_t *walked = (json_t *)(uintptr_t)object;
    for (void *i = json_object_iter(walked); i; i = json_object_iter_next(walked, i)) {
        const char *key = json_object_iter_key(i);
        if (!is_first) wf_str_add(s, cx, ",");
        is_first = false;
        add_break(s, cx, style, depth + 1);
        add_string(s, cx, key, strlen(key));
        wf_str_add(s, cx, style == WF_JSON_PRETTY ? ": " : ":");
        WF_TRY(add_value(s, cx, json_object_iter_value(i), style, depth + 1));
    }
    if (!is_first) add_break(s, cx, style, depth);
    wf_str_add(s, cx, "}");
    return s->status;
}

static wf_status add_value(wf_str *s, wf_context *cx, const json_t *value, wf_json_style style,
                           int depth) {
    char number[32];
    WF_REQUIRE(value, WF_E_INTERNAL, "a JSON text was asked of no value");
    WF_REQUIRE(depth <= WF_JSON_MAX_DEPTH, WF_E_LIMIT, "JSON nested deeper than %d levels",
               WF_JSON_MAX_DEPTH);
    switch (json_typeof(value)) {
    case JSON_OBJECT: return add_object(s, cx, value, style, depth);
    case JSON_ARRAY: return add_array(s, cx, value, style, depth);
    case JSON_STRING: add_string(s, cx, json_string_value(value), json_string_length(value)); break;
    case JSON_INTEGER:
        wf_str_addf(s, cx, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        break;
    case JSON_REAL: wf_str_add(s, cx, wf_double_text(number, json_real_value(value))); break;
    case JSON_TRUE: wf_str_add(s, cx, "true"); break;
    case JSON_FALSE: wf_str_add(s, cx, "false"); break;
    case JSON_NULL: wf_str_add(s, cx, "null"); break;
    }
    return s->status;
}

wf_status wf_json_text(wf_str *out, wf_context *cx, const json_t *value, wf_json_style style) {
    WF_TRY(add_value(out, cx, value, style, 0));
    if (style == WF_JSON_PRETTY) wf_str_add(out, cx, "\n");
    return out->status;
}

wf_status wf_json_write(wf_context *cx, const char *path, const json_t *value) {
    wf_str text = {0};
    wf_status status = wf_json_text(&text, cx, value, WF_JSON_PRETTY);
    if (status == WF_OK) status = wf_file_write(cx, path, text.text, text.length);
    wf_str_reset(&text);
    return status;
}
