/* Thin helpers over jansson: limits on what comes in, stable text on the way out. */
#ifndef WF_BASE_JSON_H
#define WF_BASE_JSON_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/str.h"

enum { WF_JSON_MAX_BYTES = 1 << 20, WF_JSON_MAX_DEPTH = 32 };

/* An object or array. Duplicate keys are an error. `name` is for error texts, `limit` in bytes.
 * Release *out with json_decref.
 * Errors: WF_E_DATA (line and column), WF_E_LIMIT (size, depth), WF_E_NOMEM. */
wf_status wf_json_parse(json_t **out, wf_context *cx, const char *text, size_t size,
                        const char *name, size_t limit);
/* As wf_json_parse with WF_JSON_MAX_BYTES. Errors: also WF_E_NOTFOUND, WF_E_IO. */
wf_status wf_json_read(json_t **out, wf_context *cx, const char *path);

typedef enum wf_json_style {
    WF_JSON_PRETTY, /* two spaces per level; arrays of numbers and strings on one line */
    WF_JSON_COMPACT /* one line */
} wf_json_style;

/* Appends the text; keys stay in the order of insertion, doubles have the shortest text that reads
 * back as the same double, a pretty text ends in a newline. Failure is in out->status as well.
 * Errors: WF_E_NOMEM, WF_E_LIMIT (depth). */
wf_status wf_json_text(wf_str *out, wf_context *cx, const json_t *value, wf_json_style style);
/* Pretty, through wf_file_write. */
wf_status wf_json_write(wf_context *cx, const char *path, const json_t *value);

/* The member of `object` under `key`, of the wanted kind; `owner` is for error texts (a path).
 * Errors: WF_E_DATA (absent or of another kind). */
wf_status wf_json_get_text(const char **out, wf_context *cx, const json_t *object, const char *key,
                           const char *owner);
wf_status wf_json_get_array(json_t **out, wf_context *cx, const json_t *object, const char *key,
                            const char *owner);

/* Steals `value`. Errors: WF_E_NOMEM, also when `value` is NULL. */
wf_status wf_json_put(json_t *object, wf_context *cx, const char *key, json_t *value);
wf_status wf_json_append(json_t *array, wf_context *cx, json_t *value);
/* Hands `value` over when its making went well, else releases it. Returns `status`. */
wf_status wf_json_hand_over(json_t **out, json_t *value, wf_status status);

/* A new number, null when it is not finite: JSON has no word for NaN. */
json_t *wf_json_real(double value);
/* null when NULL. */
json_t *wf_json_text_or_null(const char *text);

/* The shortest decimal text that reads back as `value`, always with a point ('.', in any locale) or
 * an exponent; "nan", "inf", "-inf" otherwise (which JSON has no word for). Returns `buffer`. */
const char *wf_double_text(char buffer[32], double value);
/* The same for a float: the shortest text that reads back as the same float. */
const char *wf_float_text(char buffer[32], float value);

#endif
