#include "nn/fields.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "nn/flow.h"

/* What stands in a required field until it is set. */
enum { UNSET = INT32_MIN };

static void *at(void *config, const wf_field *field) { return (char *)config + field->offset; }

static const void *at_const(const void *config, const wf_field *field) {
    return (const char *)config + field->offset;
}

static int32_t int_at(const void *config, const wf_field *field, int i) {
    return ((const int32_t *)at_const(config, field))[i];
}

static double real_at(const void *config, const wf_field *field) {
    return *(const double *)at_const(config, field);
}

/* ---- numbers from text ---- */

/* Reads all of `text` as a number; hexadecimal, nan and inf are not numbers here. The decimal point
 * is a point, whatever the host program's locale is. */
static int parse_real(double *out, const char *text) {
    if (!*text || text[strspn(text, "0123456789+-.eE")]) return 0;
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0), before;
    if (!c) return 0;
    before = uselocale(c);
    char *end = NULL;
    *out = strtod(text, &end);
    uselocale(before);
    freelocale(c);
    return end != text && !*end && isfinite(*out);
}

/* Reads an integer from the front of *text and moves behind it and the blanks that follow. */
static int scan_int(long long *out, const char **text) {
    char *end = NULL;
    errno = 0;
    *out = strtoll(*text, &end, 10);
    if (end == *text || errno) return 0;
    *text = end + strspn(end, " ");
    return 1;
}

/* Reads "3" or "[3, 5]": at most `capacity` integers. Returns how many, -1 when it is neither. */
static int parse_ints(long long *values, int capacity, const char *text) {
    int n = 0, is_list = *text == '[';
    if (is_list) text += 1 + strspn(text + 1, " ");
    do {
        if (n == capacity || !scan_int(&values[n++], &text)) return -1;
        if (is_list && *text == ',') text += 1 + strspn(text + 1, " ");
        else break;
    } while (1);
    if (is_list) {
        if (*text != ']') return -1;
        text++;
    }
    return *text ? -1 : n;
}

/* ---- setting ---- */

/* Writes the rule of a numeric field that `value` breaks, "must be 1 to 9" or "must be at least 1":
 * limits that nobody comes near are told to who has. */
static const char *rule_text(char *buffer, size_t size, const wf_field *field, double value) {
    int is_open = field->kind == WF_FIELD_REAL ? field->max >= 1e9 : field->max >= 1e6;
    if (is_open && !(value > field->max))
        snprintf(buffer, size, "must be at least %.10g", field->min);
    else snprintf(buffer, size, "must be %.10g to %.10g", field->min, field->max);
    return buffer;
}

static wf_status set_ints(wf_context *cx, const char *owner, const wf_field *field, void *config,
                          const char *text) {
    char rule[80];
    long long values[WF_MAX_RANK];
    int capacity = field->kind == WF_FIELD_INT ? 1 : field->kind == WF_FIELD_PAIR ? 2 : WF_MAX_RANK;
    int n = parse_ints(values, capacity, text);
    WF_REQUIRE(n > 0, WF_E_ARG, "%s: %s is \"%.60s\", must be %s", owner, field->key, text,
               field->kind == WF_FIELD_INT    ? "an integer"
               : field->kind == WF_FIELD_PAIR ? "an integer or a pair such as [3, 5]"
                                              : "a list of at most 8 integers such as [7, 448]");
    for (int i = 0; i < n; i++)
        WF_REQUIRE((double)values[i] >= field->min && (double)values[i] <= field->max, WF_E_ARG,
                   "%s: %s is %lld, %s", owner, field->key, values[i],
                   rule_text(rule, sizeof rule, field, (double)values[i]));
    if (field->kind == WF_FIELD_INTS) {
        wf_ints list = {.n = n};
        for (int i = 0; i < n; i++) list.value[i] = (int32_t)values[i];
        memcpy(at(config, field), &list, sizeof list);
        return WF_OK;
    }
    int32_t *dst = at(config, field);
    dst[0] = (int32_t)values[0];
    if (field->kind == WF_FIELD_PAIR) dst[1] = (int32_t)values[n - 1];
    return WF_OK;
}

/* The nearest of the words in "valid|same" into `buffer`, or NULL. */
static const char *nearest_choice(char *buffer, size_t size, const char *choices,
                                  const char *text) {
    int best = 2 + (int)(strlen(text) / 3), is_found = 0;
    for (const char *word = choices; *word;) {
        char one[40];
        size_t n = strcspn(word, "|");
        snprintf(one, sizeof one, "%.*s", (int)n, word);
        int distance = wf_str_distance(text, one);
        if (distance < best) {
            best = distance;
            snprintf(buffer, size, "%s", one);
            is_found = 1;
        }
        word += n + (word[n] == '|');
    }
    return is_found ? buffer : NULL;
}

static wf_status set_choice(wf_context *cx, const char *owner, const wf_field *field, void *config,
                            const char *text) {
    int32_t position = 0;
    char near[40], list[256];
    size_t length = strlen(text);
    for (const char *word = field->choices; *word; position++) {
        size_t n = strcspn(word, "|");
        if (n == length && memcmp(word, text, n) == 0) {
            *(int32_t *)at(config, field) = position;
            return WF_OK;
        }
        word += n + (word[n] == '|');
    }
    snprintf(list, sizeof list, "%s", field->choices);
    for (char *bar; (bar = strchr(list, '|'));) *bar = ' ';
    WF_REQUIRE(!nearest_choice(near, sizeof near, field->choices, text), WF_E_ARG,
               "%s: %s is \"%.60s\", must be one of: %s | did you mean %s?", owner, field->key,
               text, list, near);
    return WF_FAIL(WF_E_ARG, "%s: %s is \"%.60s\", must be one of: %s", owner, field->key, text,
                   list);
}

static wf_status set_name(wf_context *cx, const char *owner, const wf_field *field, void *config,
                          const char *text) {
    WF_REQUIRE(*text && strlen(text) < WF_MAX_NAME, WF_E_ARG,
               "%s: %s is \"%.80s\", must be the name of a layer, 1 to %d characters", owner,
               field->key, text, WF_MAX_NAME - 1);
    snprintf(at(config, field), WF_MAX_NAME, "%s", text);
    return WF_OK;
}

static wf_status set_value(wf_context *cx, const char *owner, const wf_field *field, void *config,
                           const char *text) {
    char rule[80];
    double value = 0;
    switch (field->kind) {
    case WF_FIELD_INT:
    case WF_FIELD_PAIR:
    case WF_FIELD_INTS: return set_ints(cx, owner, field, config, text);
    case WF_FIELD_REAL:
        WF_REQUIRE(parse_real(&value, text), WF_E_ARG, "%s: %s is \"%.60s\", must be a number",
                   owner, field->key, text);
        WF_REQUIRE(value >= field->min && value <= field->max, WF_E_ARG, "%s: %s is %g, %s", owner,
                   field->key, value, rule_text(rule, sizeof rule, field, value));
        *(double *)at(config, field) = value;
        return WF_OK;
    case WF_FIELD_BOOL:
        WF_REQUIRE(strcmp(text, "true") == 0 || strcmp(text, "false") == 0, WF_E_ARG,
                   "%s: %s is \"%.60s\", must be true or false", owner, field->key, text);
        *(int32_t *)at(config, field) = text[0] == 't';
        return WF_OK;
    case WF_FIELD_CHOICE: return set_choice(cx, owner, field, config, text);
    case WF_FIELD_NAME: return set_name(cx, owner, field, config, text);
    case WF_FIELD_LAYER: break;
    }
    wf_layer_spec spec = {0};
    WF_TRY(wf_flow_layer(&spec, cx, owner, text));
    return wf_fields_set_layer(cx, owner, field, config, field->key, spec);
}

const wf_field *wf_fields_find(const wf_field *fields, const char *key) {
    for (; fields && fields->key; fields++)
        if (strcmp(fields->key, key) == 0) return fields;
    return NULL;
}

/* Fails with the nearest key, or with all of them, as the hint. */
static wf_status unknown_key(wf_context *cx, const char *owner, const wf_field *fields,
                             const char *key) {
    const char *keys[64], *near;
    size_t n = 0;
    for (const wf_field *f = fields; f && f->key && n < 64; f++) keys[n++] = f->key;
    WF_REQUIRE(n, WF_E_ARG, "%s: unknown key \"%.60s\" | it takes no keys", owner, key);
    near = wf_str_nearest(key, keys, n);
    WF_REQUIRE(!near, WF_E_ARG, "%s: unknown key \"%.60s\" | did you mean %s?", owner, key, near);
    char list[320] = "";
    for (size_t i = 0, used = 0; i < n && used < sizeof list; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", keys[i]);
    return WF_FAIL(WF_E_ARG, "%s: unknown key \"%.60s\" | its keys are: %s", owner, key, list);
}

wf_status wf_fields_set(wf_context *cx, const char *owner, const wf_field *fields, void *config,
                        const char *key, const char *text) {
    const wf_field *field = wf_fields_find(fields, key);
    if (!field) return unknown_key(cx, owner, fields, key);
    return set_value(cx, owner, field, config, text);
}

wf_status wf_fields_set_layer(wf_context *cx, const char *owner, const wf_field *fields,
                              void *config, const char *key, wf_layer_spec spec) {
    const wf_field *field = wf_fields_find(fields, key);
    wf_status status = WF_OK;
    if (!field) status = unknown_key(cx, owner, fields, key);
    else if (field->kind != WF_FIELD_LAYER)
        status = WF_FAIL(WF_E_ARG, "%s: %s is a layer, must be a plain value", owner, key);
    if (status != WF_OK) {
        wf_fields_destroy(spec.class->fields, spec.config);
        return status;
    }
    wf_layer_spec *held = at(config, field);
    if (held->class) wf_fields_destroy(held->class->fields, held->config);
    *held = spec;
    return WF_OK;
}

/* ---- life ---- */

/* Marks a required field as not yet set. */
static void unset(const wf_field *field, void *config) {
    int32_t *ints = at(config, field);
    switch (field->kind) {
    case WF_FIELD_REAL: *(double *)at(config, field) = NAN; break;
    case WF_FIELD_PAIR: ints[1] = UNSET; /* fall through */
    case WF_FIELD_INT:
    case WF_FIELD_BOOL:
    case WF_FIELD_CHOICE: ints[0] = UNSET; break;
    case WF_FIELD_INTS:
    case WF_FIELD_NAME:
    case WF_FIELD_LAYER: break; /* zero says it */
    }
}

static int is_unset(const wf_field *field, const void *config) {
    switch (field->kind) {
    case WF_FIELD_REAL: return isnan(real_at(config, field));
    case WF_FIELD_INTS: return ((const wf_ints *)at_const(config, field))->n == 0;
    case WF_FIELD_LAYER: return !((const wf_layer_spec *)at_const(config, field))->class;
    case WF_FIELD_NAME: return !*(const char *)at_const(config, field);
    default: return int_at(config, field, 0) == UNSET;
    }
}

wf_status wf_fields_create(void **out, wf_context *cx, const wf_field *fields, size_t size) {
    void *config = NULL;
    if (size) WF_TRY(wf_alloc(&config, cx, 1, size));
    for (const wf_field *f = fields; f && f->key; f++) {
        if (!f->initial) {
            unset(f, config);
            continue;
        }
        wf_status status = set_value(cx, "default", f, config, f->initial);
        if (status != WF_OK) {
            wf_fields_destroy(fields, config);
            return status;
        }
    }
    *out = config;
    return WF_OK;
}

void wf_fields_destroy(const wf_field *fields, void *config) {
    if (!config) return;
    for (const wf_field *f = fields; f && f->key; f++) {
        if (f->kind != WF_FIELD_LAYER) continue;
        wf_layer_spec *spec = at(config, f);
        if (spec->class) wf_fields_destroy(spec->class->fields, spec->config);
    }
    wf_free(config);
}

wf_status wf_fields_copy(void **out, wf_context *cx, const wf_field *fields, size_t size,
                         const void *config) {
    void *copy = NULL;
    if (size) {
        WF_TRY(wf_alloc(&copy, cx, 1, size));
        memcpy(copy, config, size);
    }
    /* First forget the borrowed nested layers, so that a failure frees only what is our own. */
    for (const wf_field *f = fields; f && f->key; f++)
        if (f->kind == WF_FIELD_LAYER) memset(at(copy, f), 0, sizeof(wf_layer_spec));
    for (const wf_field *f = fields; f && f->key; f++) {
        if (f->kind != WF_FIELD_LAYER) continue;
        const wf_layer_spec *src = at_const(config, f);
        wf_layer_spec dst = {.class = src->class};
        if (!src->class) continue;
        wf_status status = wf_fields_copy(&dst.config, cx, src->class->fields,
                                          src->class->config_size, src->config);
        if (status != WF_OK) {
            wf_fields_destroy(fields, copy);
            return status;
        }
        memcpy(at(copy, f), &dst, sizeof dst);
    }
    *out = copy;
    return WF_OK;
}

wf_status wf_fields_check(wf_context *cx, const char *owner, const wf_field *fields,
                          const void *config) {
    for (const wf_field *f = fields; f && f->key; f++) {
        WF_REQUIRE(!is_unset(f, config), WF_E_ARG, "%s: %s is missing | %s", owner, f->key,
                   f->help);
        if (f->kind != WF_FIELD_LAYER) continue;
        const wf_layer_spec *spec = at_const(config, f);
        WF_TRY(wf_fields_check(cx, owner, spec->class->fields, spec->config));
    }
    return WF_OK;
}

/* ---- writing ---- */

static void write_choice(wf_str *out, wf_context *cx, const char *choices, int32_t position) {
    while (position-- > 0) choices += strcspn(choices, "|") + 1;
    wf_str_add_bytes(out, cx, choices, strcspn(choices, "|"));
}

static void write_layer(wf_str *out, wf_context *cx, const wf_layer_spec *spec) {
    wf_str_addf(out, cx, "{%s: {", spec->class->name);
    for (const wf_field *f = spec->class->fields; f && f->key; f++) {
        wf_str_addf(out, cx, "%s%s: ", f == spec->class->fields ? "" : ", ", f->key);
        wf_fields_write(out, cx, f, spec->config);
    }
    wf_str_add(out, cx, "}}");
}

void wf_fields_write(wf_str *out, wf_context *cx, const wf_field *field, const void *config) {
    char number[32];
    switch (field->kind) {
    case WF_FIELD_INT: wf_str_addf(out, cx, "%d", int_at(config, field, 0)); return;
    case WF_FIELD_BOOL: wf_str_add(out, cx, int_at(config, field, 0) ? "true" : "false"); return;
    case WF_FIELD_REAL: wf_str_add(out, cx, wf_double_text(number, real_at(config, field))); return;
    case WF_FIELD_CHOICE: write_choice(out, cx, field->choices, int_at(config, field, 0)); return;
    case WF_FIELD_PAIR:
        wf_str_addf(out, cx, "[%d, %d]", int_at(config, field, 0), int_at(config, field, 1));
        return;
    case WF_FIELD_INTS: {
        const wf_ints *list = at_const(config, field);
        for (int i = 0; i < list->n; i++)
            wf_str_addf(out, cx, "%s%d", i ? ", " : "[", list->value[i]);
        wf_str_add(out, cx, "]");
        return;
    }
    case WF_FIELD_LAYER: write_layer(out, cx, at_const(config, field)); return;
    case WF_FIELD_NAME: wf_str_add(out, cx, at_const(config, field)); return;
    }
}
