#include "io/npy.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/str.h"

enum { MAX_HEADER = 64 << 10 };

static const uint8_t magic[6] = {0x93, 'N', 'U', 'M', 'P', 'Y'};

static const char *const descrs[] = {
#define XX(code, bytes, safetensors, npy) npy,
    WF_DTYPE_MAP(XX)
#undef XX
};

wf_status wf_npy_write(wf_context *cx, const char *path, const wf_tensor *tensor) {
    uint64_t bytes = 0;
    WF_TRY(wf_tensor_bytes(&bytes, cx, tensor));
    wf_str header = {0};
    wf_str_addf(&header, cx, "{'descr': '%s', 'fortran_order': False, 'shape': (",
                descrs[tensor->dtype]);
    for (int i = 0; i < tensor->shape.rank; i++)
        wf_str_addf(&header, cx, "%s%lld", i ? ", " : "", (long long)tensor->shape.dim[i]);
    wf_str_add(&header, cx, tensor->shape.rank == 1 ? ",), }" : "), }");
    /* The data begin at a multiple of 64. */
    while ((10 + header.length + 1) % 64 != 0 && header.status == WF_OK)
        wf_str_add(&header, cx, " ");
    wf_str_add(&header, cx, "\n");
    wf_status status = header.status;
    wf_writer *w = NULL;
    if (status == WF_OK) status = wf_writer_open(&w, cx, path);
    if (status == WF_OK) {
        uint8_t start[10] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
        start[8] = (uint8_t)(header.length & 255);
        start[9] = (uint8_t)(header.length >> 8);
        status = wf_writer_add(w, cx, start, sizeof start);
        if (status == WF_OK) status = wf_writer_add(w, cx, header.text, header.length);
        if (status == WF_OK) status = wf_writer_add(w, cx, tensor->data, (size_t)bytes);
        if (status == WF_OK) status = wf_writer_commit(w, cx);
        else wf_writer_abort(w);
    }
    wf_str_reset(&header);
    return status;
}

/* --- the header: a Python literal: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), } */

typedef struct reader {
    const char *at, *end, *start, *name;
} reader;

static void skip_blanks(reader *r) {
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' || *r->at == '\t')) r->at++;
}

static bool take(reader *r, char c) {
    skip_blanks(r);
    if (r->at == r->end || *r->at != c) return false;
    r->at++;
    return true;
}

static wf_status expect(reader *r, wf_context *cx, char c) {
    bool found = take(r, c);
    WF_REQUIRE(found, WF_E_DATA, "%s: header, character %td: found '%c', expected '%c'", r->name,
               r->at - r->start, r->at < r->end ? *r->at : ' ', c);
    return WF_OK;
}

static wf_status take_string(char out[32], reader *r, wf_context *cx) {
    skip_blanks(r);
    char quote = r->at < r->end && *r->at == '"' ? '"' : '\'';
    WF_TRY(expect(r, cx, quote));
    size_t n = 0;
    while (r->at < r->end && *r->at != quote && n < 31) out[n++] = *r->at++;
    out[n] = 0;
    return expect(r, cx, quote);
}

static bool take_word(reader *r, const char *word) {
    size_t n = strlen(word);
    skip_blanks(r);
    if ((size_t)(r->end - r->at) < n || memcmp(r->at, word, n) != 0) return false;
    r->at += n;
    return true;
}

static wf_status take_shape(wf_shape *out, reader *r, wf_context *cx) {
    wf_shape shape = {0};
    WF_TRY(expect(r, cx, '('));
    while (!take(r, ')')) {
        WF_REQUIRE(shape.rank < WF_MAX_RANK, WF_E_LIMIT, "%s: more than %d axes", r->name,
                   WF_MAX_RANK);
        skip_blanks(r);
        int64_t value = 0;
        const char *first = r->at;
        while (r->at < r->end && *r->at >= '0' && *r->at <= '9' && value < (int64_t)1 << 40)
            value = 10 * value + (*r->at++ - '0');
        WF_REQUIRE(r->at > first, WF_E_DATA,
                   "%s: header, character %td: expected a number in the shape", r->name,
                   r->at - r->start);
        shape.dim[shape.rank++] = value;
        if (!take(r, ',')) {
            WF_TRY(expect(r, cx, ')'));
            break;
        }
    }
    *out = shape;
    return WF_OK;
}

static wf_status take_dtype(wf_dtype *out, reader *r, wf_context *cx) {
    char descr[32];
    WF_TRY(take_string(descr, r, cx));
    for (int i = 0; i < WF_DTYPE_COUNT; i++) {
        if (strcmp(descr, descrs[i]) == 0) {
            *out = (wf_dtype)i;
            return WF_OK;
        }
    }
    return WF_FAIL(WF_E_UNSUPPORTED, "%s: type '%s' is not one of <f4 <f8 <i4 <i8 |u1", r->name,
                   descr);
}

static wf_status parse_header(wf_tensor *out, wf_context *cx, const char *text, size_t size,
                              const char *name) {
    reader r = {.at = text, .start = text, .end = text + size, .name = name};
    unsigned seen = 0;
    WF_TRY(expect(&r, cx, '{'));
    while (!take(&r, '}')) {
        char key[32];
        WF_TRY(take_string(key, &r, cx));
        WF_TRY(expect(&r, cx, ':'));
        unsigned bit;
        if (strcmp(key, "descr") == 0) {
            bit = 1;
            WF_TRY(take_dtype(&out->dtype, &r, cx));
        } else if (strcmp(key, "fortran_order") == 0) {
            bit = 2;
            WF_REQUIRE(!take_word(&r, "True"), WF_E_UNSUPPORTED,
                       "%s: Fortran order | save it with numpy.ascontiguousarray", name);
            WF_REQUIRE(take_word(&r, "False"), WF_E_DATA,
                       "%s: header, character %td: expected True or False", name, r.at - r.start);
        } else {
            bit = 4;
            WF_REQUIRE(strcmp(key, "shape") == 0, WF_E_DATA, "%s: unknown header key '%s'", name,
                       key);
            WF_TRY(take_shape(&out->shape, &r, cx));
        }
        WF_REQUIRE(!(seen & bit), WF_E_DATA, "%s: header key '%s' comes twice", name, key);
        seen |= bit;
        if (!take(&r, ',')) {
            WF_TRY(expect(&r, cx, '}'));
            break;
        }
    }
    WF_REQUIRE(seen == 7, WF_E_DATA, "%s: the header lacks descr, fortran_order or shape", name);
    return WF_OK;
}

wf_status wf_npy_parse(wf_tensor *out, wf_context *cx, const uint8_t *bytes, size_t size,
                       const char *name) {
    WF_REQUIRE(size >= 10 && memcmp(bytes, magic, sizeof magic) == 0, WF_E_DATA,
               "%s: not a .npy file: its first bytes are not \\x93NUMPY", name);
    int version = bytes[6];
    WF_REQUIRE(version >= 1 && version <= 3, WF_E_UNSUPPORTED,
               "%s: .npy version %d, expected 1 to 3", name, version);
    size_t start = version == 1 ? 10 : 12;
    WF_REQUIRE(size >= start, WF_E_DATA, "%s: cut off at byte %zu in the header", name, size);
    size_t length = (size_t)bytes[8] | (size_t)bytes[9] << 8;
    if (version > 1) length |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
    WF_REQUIRE(length <= MAX_HEADER, WF_E_LIMIT, "%s: a header of %zu bytes, at most %d", name,
               length, MAX_HEADER);
    WF_REQUIRE(length <= size - start, WF_E_DATA,
               "%s: a header of %zu bytes is declared, found %zu bytes", name, length,
               size - start);
    wf_tensor t = {0};
    WF_TRY(parse_header(&t, cx, (const char *)bytes + start, length, name));
    t.name = name;
    uint64_t expected = 0;
    WF_TRY(wf_tensor_bytes(&expected, cx, &t));
    size_t found = size - start - length;
    WF_REQUIRE(found == expected, WF_E_DATA,
               "%s: at byte %zu: found %zu bytes of data, expected %llu", name, start + length,
               found, (unsigned long long)expected);
    void *data = NULL;
    WF_TRY(wf_alloc(&data, cx, found, 1));
    memcpy(data, bytes + start + length, found);
    t.name = NULL;
    t.data = data;
    *out = t;
    return WF_OK;
}

wf_status wf_npy_read(wf_tensor *out, wf_context *cx, const char *path) {
    uint8_t *bytes = NULL;
    size_t size = 0;
    WF_TRY(wf_file_read(&bytes, &size, cx, path, (size_t)1 << 35));
    wf_status status = wf_npy_parse(out, cx, bytes, size, path);
    wf_free(bytes);
    return status;
}

void wf_npy_reset(wf_tensor *tensor) {
    wf_free((void *)(uintptr_t)tensor->data);
    *tensor = (wf_tensor){0};
}
