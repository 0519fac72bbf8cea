#include "flow_text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct sink {
    char *out;
    size_t size, used;
} sink;

__attribute__((format(printf, 2, 3))) static void put(sink *s, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int n = vsnprintf(s->out + s->used, s->size - s->used, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= s->size - s->used) abort();
    s->used += (size_t)n;
}

static void put_object(sink *s, const json_t *config, const char *without);

static void put_value(sink *s, const json_t *v) {
    if (json_is_object(v)) {
        put(s, "{");
        put_object(s, v, NULL);
        put(s, "}");
    } else if (json_is_array(v)) {
        for (size_t i = 0; i < json_array_size(v); i++) {
            put(s, i ? ", " : "[");
            put_value(s, json_array_get(v, i));
        }
        put(s, "]");
    } else if (json_is_string(v)) {
        put(s, "%s", json_string_value(v));
    } else if (json_is_boolean(v)) {
        put(s, "%s", json_is_true(v) ? "true" : "false");
    } else if (json_is_integer(v)) {
        put(s, "%lld", (long long)json_integer_value(v));
    } else {
        put(s, "%.17g", json_real_value(v));
    }
}

static void put_object(sink *s, const json_t *config, const char *without) {
    json_t *object = (json_t *)(uintptr_t)config; /* jansson's iterators know no const */
    int n = 0;
    for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at)) {
        const char *key = json_object_iter_key(at);
        if (without && strcmp(key, without) == 0) continue;
        put(s, "%s%s: ", n++ ? ", " : "", key);
        put_value(s, json_object_iter_value(at));
    }
}

void flow_text(char *out, size_t size, const json_t *config, const char *without) {
    sink s = {out, size, 0};
    if (size == 0) abort();
    out[0] = '\0';
    put_object(&s, config, without);
}
