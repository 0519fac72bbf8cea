#include "io/safetensors.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/json.h"

enum { ALIGNMENT = 64 };

/* --- writing ------------------------------------------------------------------------------- */

static bool is_storable(wf_dtype d) {
    return d == WF_DTYPE_F32 || d == WF_DTYPE_I64 || d == WF_DTYPE_U8;
}

/* order[] lists the tensors as they will lie in the file: by width, else as given. */
static wf_status choose_order(size_t *order, wf_context *cx, const wf_tensor *tensors, size_t n) {
    static const size_t widths[] = {8, 4, 1};
    size_t used = 0;
    for (size_t w = 0; w < 3; w++)
        for (size_t i = 0; i < n; i++)
            if (wf_dtype_bytes(tensors[i].dtype) == widths[w]) order[used++] = i;
    for (size_t i = 0; i < n; i++) {
        WF_REQUIRE(is_storable(tensors[i].dtype), WF_E_ARG,
                   "tensor %s: type %s, a safetensors file of weft holds F32, I64 and U8",
                   tensors[i].name, wf_dtype_name(tensors[i].dtype));
        WF_REQUIRE(strcmp(tensors[i].name, "__metadata__") != 0, WF_E_ARG,
                   "a tensor cannot be called __metadata__");
    }
    return WF_OK;
}

/* Adds `value` (a reference that is taken over) under a key that must be new. */
static wf_status add_member(wf_context *cx, json_t *object, const char *key, json_t *value) {
    bool is_new = !json_object_get(object, key);
    if (is_new && value && json_object_set(object, key, value) == 0) {
        json_decref(value);
        return WF_OK;
    }
    json_decref(value);
    WF_REQUIRE(is_new, WF_E_ARG, "the name %s comes twice in a safetensors file", key);
    return WF_FAIL(WF_E_NOMEM, "out of memory for the entry %s, or it is not UTF-8", key);
}

static wf_status add_entry(wf_context *cx, json_t *root, const wf_tensor *t, uint64_t *offset) {
    uint64_t bytes = 0;
    WF_TRY(wf_tensor_bytes(&bytes, cx, t));
    WF_REQUIRE(*offset <= (uint64_t)INT64_MAX - bytes, WF_E_LIMIT, "the tensors exceed 2^63 bytes");
    json_t *shape = json_array();
    for (int i = 0; i < t->shape.rank; i++)
        json_array_append_new(shape, json_integer(t->shape.dim[i]));
    json_t *entry =
        json_pack("{s:s, s:o, s:[I, I]}", "dtype", wf_dtype_name(t->dtype), "shape", shape,
                  "data_offsets", (json_int_t)*offset, (json_int_t)(*offset + bytes));
    *offset += bytes;
    return add_member(cx, root, t->name, entry);
}

static wf_status build_header(wf_str *out, wf_context *cx, const wf_tensor *tensors,
                              const size_t *order, size_t n, const wf_metadata *metadata,
                              size_t n_metadata) {
    wf_status status = WF_OK;
    json_t *root = json_object();
    WF_REQUIRE(root, WF_E_NOMEM, "out of memory for a safetensors header");
    if (n_metadata > 0) {
        json_t *texts = json_object();
        WF_TRY_OR(add_member(cx, root, "__metadata__", texts));
        for (size_t i = 0; i < n_metadata; i++)
            WF_TRY_OR(add_member(cx, texts, metadata[i].key, json_string(metadata[i].value)));
    }
    uint64_t offset = 0;
    for (size_t i = 0; i < n; i++) WF_TRY_OR(add_entry(cx, root, &tensors[order[i]], &offset));
    WF_TRY_OR(wf_json_text(out, cx, root, WF_JSON_COMPACT));
    while (out->length % 8 != 0 && out->status == WF_OK) wf_str_add(out, cx, " ");
    status = out->status;
    WF_REQUIRE_OR(status != WF_OK || out->length <= WF_SAFETENSORS_MAX_HEADER, WF_E_LIMIT,
                  "a safetensors header of %zu bytes, at most %d", out->length,
                  WF_SAFETENSORS_MAX_HEADER);
done:
    json_decref(root);
    return status;
}

static wf_status write_all(wf_context *cx, const char *path, const wf_str *header,
                           const wf_tensor *tensors, const size_t *order, size_t n) {
    wf_writer *w = NULL;
    wf_status status = WF_OK;
    uint8_t length[8];
    for (int i = 0; i < 8; i++) length[i] = (uint8_t)(header->length >> (8 * i));
    WF_TRY(wf_writer_open(&w, cx, path));
    WF_TRY_OR(wf_writer_add(w, cx, length, sizeof length));
    WF_TRY_OR(wf_writer_add(w, cx, header->text, header->length));
    for (size_t i = 0; i < n; i++) {
        const wf_tensor *t = &tensors[order[i]];
        uint64_t bytes = 0;
        WF_TRY_OR(wf_tensor_bytes(&bytes, cx, t));
        WF_TRY_OR(wf_writer_add(w, cx, t->data, (size_t)bytes));
    }
    return wf_writer_commit(w, cx);
done:
    wf_writer_abort(w);
    return status;
}

wf_status wf_safetensors_write(wf_context *cx, const char *path, const wf_tensor *tensors,
                               size_t n_tensors, const wf_metadata *metadata, size_t n_metadata) {
    wf_status status = WF_OK;
    size_t *order = NULL;
    wf_str header = {0};
    WF_TRY(wf_alloc(&order, cx, n_tensors, sizeof *order));
    WF_TRY_OR(choose_order(order, cx, tensors, n_tensors));
    WF_TRY_OR(build_header(&header, cx, tensors, order, n_tensors, metadata, n_metadata));
    WF_TRY_OR(write_all(cx, path, &header, tensors, order, n_tensors));
done:
    wf_str_reset(&header);
    wf_free(order);
    return status;
}

/* --- reading ------------------------------------------------------------------------------- */

typedef struct entry {
    wf_tensor tensor; /* the name is borrowed from the JSON tree until the end */
    uint64_t begin, end;
} entry;

static wf_status read_dtype(wf_dtype *out, wf_context *cx, const json_t *value, const char *owner) {
    const char *text = NULL;
    WF_TRY(wf_json_get_text(&text, cx, value, "dtype", owner));
    for (int i = 0; i < WF_DTYPE_COUNT; i++) {
        if (is_storable((wf_dtype)i) && strcmp(text, wf_dtype_name((wf_dtype)i)) == 0) {
            *out = (wf_dtype)i;
            return WF_OK;
        }
    }
    return WF_FAIL(WF_E_UNSUPPORTED, "%s: type %s, weft reads F32, I64 and U8", owner, text);
}

static wf_status read_number(uint64_t *out, wf_context *cx, const json_t *array, size_t i,
                             const char *what, const char *owner) {
    const json_t *value = json_array_get(array, i);
    WF_REQUIRE(json_is_integer(value) && json_integer_value(value) >= 0, WF_E_DATA,
               "%s: %s: entry %zu is not a whole number", owner, what, i);
    *out = (uint64_t)json_integer_value(value);
    return WF_OK;
}

static wf_status read_entry(entry *out, wf_context *cx, const json_t *value, const char *key,
                            const char *file, uint64_t data_size) {
    wf_str owner = {0};
    wf_status status = WF_OK;
    entry e = {.tensor = {.name = key}};
    json_t *shape = NULL, *offsets = NULL;
    wf_str_addf(&owner, cx, "%s: tensor %s", file, key);
    WF_TRY_OR(owner.status);
    WF_REQUIRE_OR(json_is_object(value), WF_E_DATA, "%s: not an object", owner.text);
    WF_TRY_OR(read_dtype(&e.tensor.dtype, cx, value, owner.text));
    WF_TRY_OR(wf_json_get_array(&shape, cx, value, "shape", owner.text));
    WF_TRY_OR(wf_json_get_array(&offsets, cx, value, "data_offsets", owner.text));
    WF_REQUIRE_OR(json_array_size(shape) <= WF_MAX_RANK, WF_E_LIMIT, "%s: %zu axes, at most %d",
                  owner.text, json_array_size(shape), WF_MAX_RANK);
    e.tensor.shape.rank = (int)json_array_size(shape);
    for (int i = 0; i < e.tensor.shape.rank; i++) {
        uint64_t extent = 0;
        WF_TRY_OR(read_number(&extent, cx, shape, (size_t)i, "shape", owner.text));
        e.tensor.shape.dim[i] = (int64_t)extent;
    }
    WF_REQUIRE_OR(json_array_size(offsets) == 2, WF_E_DATA,
                  "%s: data_offsets has %zu entries, expected 2", owner.text,
                  json_array_size(offsets));
    WF_TRY_OR(read_number(&e.begin, cx, offsets, 0, "data_offsets", owner.text));
    WF_TRY_OR(read_number(&e.end, cx, offsets, 1, "data_offsets", owner.text));
    uint64_t bytes = 0;
    WF_TRY_OR(wf_tensor_bytes(&bytes, cx, &e.tensor));
    WF_REQUIRE_OR(e.begin <= e.end && e.end <= data_size, WF_E_DATA,
                  "%s: data_offsets [%llu, %llu], the file has %llu bytes of data", owner.text,
                  (unsigned long long)e.begin, (unsigned long long)e.end,
                  (unsigned long long)data_size);
    WF_REQUIRE_OR(e.end - e.begin == bytes, WF_E_DATA,
                  "%s: data_offsets span %llu bytes, type and shape need %llu", owner.text,
                  (unsigned long long)(e.end - e.begin), (unsigned long long)bytes);
    *out = e;
done:
    wf_str_reset(&owner);
    return status;
}

static int compare_begin(const void *a, const void *b) {
    uint64_t x = ((const entry *)a)->begin, y = ((const entry *)b)->begin;
    return (x > y) - (x < y);
}

/* Sorted by offset, the entries must follow one another from 0 to the end. */
static wf_status check_cover(wf_context *cx, const entry *entries, size_t n, const char *file,
                             uint64_t data_size) {
    uint64_t at = 0;
    for (size_t i = 0; i < n; i++) {
        WF_REQUIRE(entries[i].begin == at, WF_E_DATA,
                   "%s: tensor %s begins at %llu, expected %llu: the tensors %s", file,
                   entries[i].tensor.name, (unsigned long long)entries[i].begin,
                   (unsigned long long)at, entries[i].begin < at ? "overlap" : "leave a gap");
        at = entries[i].end;
    }
    WF_REQUIRE(at == data_size, WF_E_DATA, "%s: the tensors end at %llu, found %llu bytes of data",
               file, (unsigned long long)at, (unsigned long long)data_size);
    return WF_OK;
}

static uint64_t aligned(uint64_t n) { return (n + ALIGNMENT - 1) & ~(uint64_t)(ALIGNMENT - 1); }

/* Copies names and data, so that nothing refers to the file's bytes any more. */
static wf_status take_tensors(wf_safetensors *f, wf_context *cx, const entry *entries, size_t n,
                              const uint8_t *data) {
    uint64_t total = 0;
    for (size_t i = 0; i < n; i++) total += aligned(entries[i].end - entries[i].begin);
    WF_TRY(wf_alloc(&f->tensors, cx, n, sizeof *f->tensors));
    WF_TRY(wf_alloc(&f->block, cx, (size_t)total, 1));
    uint8_t *to = f->block;
    for (size_t i = 0; i < n; i++) {
        uint64_t size = entries[i].end - entries[i].begin;
        char *name = NULL;
        WF_TRY(wf_strdup(&name, cx, entries[i].tensor.name));
        f->tensors[i] = entries[i].tensor;
        f->tensors[i].name = name;
        f->tensors[i].data = to;
        f->n_tensors = i + 1;
        memcpy(to, data + entries[i].begin, (size_t)size);
        to += aligned(size);
    }
    return WF_OK;
}

static wf_status take_metadata(wf_safetensors *f, wf_context *cx, json_t *texts, const char *file) {
    WF_REQUIRE(json_is_object(texts), WF_E_DATA, "%s: __metadata__ is not an object", file);
    WF_TRY(wf_alloc(&f->metadata, cx, json_object_size(texts), sizeof *f->metadata));
    const char *key;
    json_t *value;
    json_object_foreach(texts, key, value) {
        WF_REQUIRE(json_is_string(value), WF_E_DATA, "%s: __metadata__ \"%s\" is not a string",
                   file, key);
        char *copy = NULL;
        WF_TRY(wf_strdup(&copy, cx, key));
        f->metadata[f->n_metadata++].key = copy;
        WF_TRY(wf_strdup(&copy, cx, json_string_value(value)));
        f->metadata[f->n_metadata - 1].value = copy;
    }
    return WF_OK;
}

static wf_status take_header(wf_safetensors *f, wf_context *cx, json_t *root, const uint8_t *data,
                             uint64_t data_size, const char *file) {
    wf_status status = WF_OK;
    entry *entries = NULL;
    size_t n = 0;
    const char *key;
    json_t *value;
    WF_REQUIRE(json_is_object(root), WF_E_DATA, "%s: the header is not an object", file);
    WF_TRY(wf_alloc(&entries, cx, json_object_size(root), sizeof *entries));
    json_object_foreach(root, key, value) {
        if (strcmp(key, "__metadata__") == 0) WF_TRY_OR(take_metadata(f, cx, value, file));
        else WF_TRY_OR(read_entry(&entries[n++], cx, value, key, file, data_size));
    }
    if (n > 1) qsort(entries, n, sizeof *entries, compare_begin);
    WF_TRY_OR(check_cover(cx, entries, n, file, data_size));
    WF_TRY_OR(take_tensors(f, cx, entries, n, data));
done:
    wf_free(entries);
    return status;
}

wf_status wf_safetensors_parse(wf_safetensors **out, wf_context *cx, const uint8_t *bytes,
                               size_t size, const char *name) {
    WF_REQUIRE(size >= 8, WF_E_DATA,
               "%s: not a safetensors file: found %zu bytes, expected at least 8", name, size);
    uint64_t length = 0;
    for (int i = 7; i >= 0; i--) length = length << 8 | bytes[i];
    WF_REQUIRE(length <= WF_SAFETENSORS_MAX_HEADER, WF_E_LIMIT,
               "%s: not a safetensors file, or a header of %llu bytes; at most %d are allowed",
               name, (unsigned long long)length, WF_SAFETENSORS_MAX_HEADER);
    WF_REQUIRE(length <= size - 8, WF_E_DATA,
               "%s: a header of %llu bytes is declared, found %zu bytes | the file is truncated",
               name, (unsigned long long)length, size - 8);
    wf_status status = WF_OK;
    wf_safetensors *f = NULL;
    json_t *root = NULL;
    WF_TRY(wf_json_parse(&root, cx, (const char *)bytes + 8, (size_t)length, name,
                         WF_SAFETENSORS_MAX_HEADER));
    WF_TRY_OR(wf_alloc(&f, cx, 1, sizeof *f));
    WF_TRY_OR(take_header(f, cx, root, bytes + 8 + length, size - 8 - length, name));
    *out = f;
    f = NULL;
done:
    wf_safetensors_destroy(f);
    json_decref(root);
    return status;
}

wf_status wf_safetensors_read(wf_safetensors **out, wf_context *cx, const char *path) {
    uint8_t *bytes = NULL;
    size_t size = 0;
    WF_TRY(wf_file_read(&bytes, &size, cx, path, SIZE_MAX - 1));
    wf_status status = wf_safetensors_parse(out, cx, bytes, size, path);
    wf_free(bytes);
    return status;
}

void wf_safetensors_destroy(wf_safetensors *file) {
    if (!file) return;
    for (size_t i = 0; i < file->n_tensors; i++) wf_free((void *)(uintptr_t)file->tensors[i].name);
    for (size_t i = 0; i < file->n_metadata; i++) {
        wf_free((void *)(uintptr_t)file->metadata[i].key);
        wf_free((void *)(uintptr_t)file->metadata[i].value);
    }
    wf_free(file->tensors);
    wf_free(file->metadata);
    wf_free(file->block);
    wf_free(file);
}

const wf_tensor *wf_safetensors_find(const wf_safetensors *file, const char *name) {
    for (size_t i = 0; i < file->n_tensors; i++)
        if (strcmp(file->tensors[i].name, name) == 0) return &file->tensors[i];
    return NULL;
}

const char *wf_safetensors_text(const wf_safetensors *file, const char *key) {
    for (size_t i = 0; i < file->n_metadata; i++)
        if (strcmp(file->metadata[i].key, key) == 0) return file->metadata[i].value;
    return NULL;
}
