#include "golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct golden {
    json_t *root, *cases;
    unsigned char *blob;
    size_t size;
};

static void fail(const char *what, const char *name) {
    fprintf(stderr, "golden data: %s: %s\n", what, name);
    abort();
}

static unsigned char *read_file(const char *path, size_t *size) {
    FILE *f = fopen(path, "rb");
    if (f == NULL) fail("cannot open", path);
    if (fseek(f, 0, SEEK_END) != 0) fail("cannot seek in", path);
    long length = ftell(f);
    rewind(f);
    if (length <= 0) fail("empty", path);
    unsigned char *data = malloc((size_t)length);
    if (data == NULL || fread(data, 1, (size_t)length, f) != (size_t)length)
        fail("cannot read", path);
    fclose(f);
    *size = (size_t)length;
    return data;
}

golden *golden_open(const char *folder) {
    golden *g = calloc(1, sizeof *g);
    char path[4096];
    json_error_t error;
    if (g == NULL) fail("out of memory", folder);
    snprintf(path, sizeof path, "%s/cases.bin", folder);
    g->blob = read_file(path, &g->size);
    snprintf(path, sizeof path, "%s/cases.json", folder);
    g->root = json_load_file(path, 0, &error);
    if (g->root == NULL) fail(error.text, path);
    g->cases = json_object_get(g->root, "cases");
    if (!json_is_array(g->cases)) fail("no cases", path);
    return g;
}

void golden_close(golden *g) {
    if (g == NULL) return;
    json_decref(g->root);
    free(g->blob);
    free(g);
}

size_t golden_count(const golden *g) { return json_array_size(g->cases); }

golden_case golden_at(const golden *g, size_t i) {
    const json_t *c = json_array_get(g->cases, i);
    return (golden_case){g,
                         golden_text(c, "name", ""),
                         golden_text(c, "kind", ""),
                         golden_text(c, "type", ""),
                         json_object_get(c, "config"),
                         json_object_get(c, "arrays")};
}

golden_case golden_find(const golden *g, const char *name) {
    for (size_t i = 0; i < golden_count(g); i++) {
        golden_case c = golden_at(g, i);
        if (strcmp(c.name, name) == 0) return c;
    }
    fail("no such case", name);
    return golden_at(g, 0);
}

bool golden_get(golden_array *out, const golden_case *c, const char *name) {
    const json_t *entry = json_object_get(c->arrays, name);
    if (entry == NULL) return false;
    const json_t *shape = json_object_get(entry, "shape");
    golden_array a = {.type = golden_text(entry, "type", ""),
                      .rank = (int)json_array_size(shape),
                      .size = 1,
                      .tolerance = golden_real(entry, "tolerance", 0)};
    if (a.rank > 8) fail("rank above 8", name);
    for (int i = 0; i < a.rank; i++) {
        a.shape[i] = (long)json_integer_value(json_array_get(shape, (size_t)i));
        a.size *= a.shape[i];
    }
    size_t offset = (size_t)golden_int(entry, "offset", 0);
    size_t bytes = (size_t)a.size * (strcmp(a.type, "f64") == 0 ? 8 : 4);
    if (offset > c->owner->size || bytes > c->owner->size - offset) fail("beyond the end", name);
    a.data = c->owner->blob + offset;
    *out = a;
    return true;
}

const char *golden_name(const golden_case *c, size_t i) {
    json_t *arrays = (json_t *)(uintptr_t)c->arrays; /* jansson's iterators know no const */
    void *at = json_object_iter(arrays);
    while (at != NULL && i-- > 0) at = json_object_iter_next(arrays, at);
    return at != NULL ? json_object_iter_key(at) : NULL;
}

static const void *typed(const golden_case *c, const char *name, const char *type, long *size) {
    golden_array a;
    if (!golden_get(&a, c, name)) fail("no such array", name);
    if (strcmp(a.type, type) != 0) fail("not of the type wanted", name);
    if (size != NULL) *size = a.size;
    return a.data;
}

const float *golden_f32(const golden_case *c, const char *name, long *size) {
    return typed(c, name, "f32", size);
}

const double *golden_f64(const golden_case *c, const char *name, long *size) {
    return typed(c, name, "f64", size);
}

const int32_t *golden_i32(const golden_case *c, const char *name, long *size) {
    return typed(c, name, "i32", size);
}

double *golden_doubles(const golden_case *c, const char *name) {
    golden_array a;
    if (!golden_get(&a, c, name)) return NULL;
    double *copy = malloc((size_t)a.size * sizeof *copy);
    if (copy == NULL) fail("out of memory", name);
    for (long i = 0; i < a.size; i++) {
        if (strcmp(a.type, "f32") == 0) copy[i] = (double)((const float *)a.data)[i];
        else if (strcmp(a.type, "f64") == 0) copy[i] = ((const double *)a.data)[i];
        else copy[i] = ((const int32_t *)a.data)[i];
    }
    return copy;
}

long golden_int(const json_t *config, const char *key, long otherwise) {
    const json_t *v = json_object_get(config, key);
    return v != NULL ? (long)json_integer_value(v) : otherwise;
}

double golden_real(const json_t *config, const char *key, double otherwise) {
    const json_t *v = json_object_get(config, key);
    return v != NULL ? json_number_value(v) : otherwise;
}

bool golden_bool(const json_t *config, const char *key, bool otherwise) {
    const json_t *v = json_object_get(config, key);
    return v != NULL ? json_is_true(v) : otherwise;
}

const char *golden_text(const json_t *config, const char *key, const char *otherwise) {
    const json_t *v = json_object_get(config, key);
    return v != NULL ? json_string_value(v) : otherwise;
}

void golden_pair(const json_t *config, const char *key, long otherwise, long out[2]) {
    const json_t *v = json_object_get(config, key);
    for (size_t i = 0; i < 2; i++) {
        if (v == NULL) out[i] = otherwise;
        else if (json_is_array(v)) out[i] = (long)json_integer_value(json_array_get(v, i));
        else out[i] = (long)json_integer_value(v);
    }
}
