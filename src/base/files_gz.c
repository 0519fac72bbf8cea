#include <string.h>
#include <zlib.h>

#include "base/alloc.h"
#include "base/files.h"

enum { RUNNING, BETWEEN_MEMBERS, ENDED };
enum { STEP = 1 << 30 }; /* zlib counts in unsigned int */

static void *zlib_alloc(void *cx, unsigned count, unsigned size) {
    void *pointer = NULL;
    return wf_alloc(&pointer, cx, count, size) == WF_OK ? pointer : NULL;
}

static void zlib_free(void *cx, void *pointer) {
    (void)cx;
    wf_free(pointer);
}

wf_status wf_source_init(wf_source *out, wf_context *cx, const uint8_t *data, size_t size,
                         const char *name) {
    wf_source s = {.name = name, .data = data, .size = size};
    s.is_gz = size >= 2 && data[0] == 0x1f && data[1] == 0x8b;
    if (s.is_gz) {
        z_stream *z = NULL;
        WF_TRY(wf_alloc(&z, cx, 1, sizeof *z));
        z->zalloc = zlib_alloc;
        z->zfree = zlib_free;
        z->opaque = cx;
        if (inflateInit2(z, 15 + 16) != Z_OK) {
            wf_free(z);
            return WF_FAIL(WF_E_NOMEM, "%s: out of memory for zlib", name);
        }
        s.stream = z;
    }
    *out = s;
    return WF_OK;
}

void wf_source_reset(wf_source *s) {
    if (s->stream) inflateEnd(s->stream);
    wf_free(s->stream);
    *s = (wf_source){0};
}

/* The most bytes that gzip data of this size may deliver. */
static uint64_t allowed_bytes(const wf_source *s) {
    uint64_t by_ratio = (uint64_t)s->size * WF_GZ_MAX_RATIO;
    return by_ratio > WF_GZ_FREE_BYTES ? by_ratio : WF_GZ_FREE_BYTES;
}

uint64_t wf_source_remaining(const wf_source *s) {
    if (!s->is_gz) return s->size - s->used;
    return s->state == ENDED ? 0 : allowed_bytes(s) - s->offset;
}

/* After the end of a member: another one, or nothing (zeros may pad the file). */
static wf_status next_member(wf_source *s, wf_context *cx) {
    while (s->used < s->size && s->data[s->used] == 0) s->used++;
    if (s->used == s->size) {
        s->state = ENDED;
        return WF_OK;
    }
    WF_REQUIRE(s->size - s->used >= 2 && s->data[s->used] == 0x1f && s->data[s->used + 1] == 0x8b,
               WF_E_DATA,
               "%s: at byte %zu: found 0x%02x behind the gzip data, expected the end of the file",
               s->name, s->used, s->data[s->used]);
    WF_REQUIRE(inflateReset(s->stream) == Z_OK, WF_E_INTERNAL, "%s: zlib cannot be reset", s->name);
    s->state = RUNNING;
    return WF_OK;
}

static wf_status inflate_step(wf_source *s, wf_context *cx, uint8_t *to, size_t size,
                              size_t *out_got) {
    z_stream *z = s->stream;
    size_t in = s->size - s->used < STEP ? s->size - s->used : STEP;
    size_t room = size < STEP ? size : STEP;
    z->next_in = (Bytef *)(uintptr_t)(s->data + s->used);
    z->avail_in = (unsigned)in;
    z->next_out = to;
    z->avail_out = (unsigned)room;
    z->opaque = cx;
    int result = inflate(z, Z_NO_FLUSH);
    s->used += in - z->avail_in;
    *out_got = room - z->avail_out;
    s->offset += *out_got;
    if (result == Z_STREAM_END) {
        s->state = BETWEEN_MEMBERS;
        return WF_OK;
    }
    WF_REQUIRE(result != Z_MEM_ERROR, WF_E_NOMEM, "%s: out of memory for zlib", s->name);
    WF_REQUIRE(result == Z_OK || result == Z_BUF_ERROR, WF_E_DATA,
               "%s: at byte %zu: damaged gzip data: %s (after %llu inflated bytes)", s->name,
               s->used, z->msg ? z->msg : "invalid stream", (unsigned long long)s->offset);
    WF_REQUIRE(s->used < s->size || z->avail_out == 0, WF_E_DATA,
               "%s: the gzip data end at byte %zu, found %llu inflated bytes, expected more | the "
               "file is truncated: copy or download it again",
               s->name, s->size, (unsigned long long)s->offset);
    return WF_OK;
}

wf_status wf_source_read(size_t *out_size, wf_source *s, wf_context *cx, void *buffer,
                         size_t size) {
    uint8_t *to = buffer;
    size_t done = 0;
    if (!s->is_gz) {
        done = size < s->size - s->used ? size : s->size - s->used;
        if (done) memcpy(to, s->data + s->used, done);
        s->used += done;
        s->offset += done;
        *out_size = done;
        return WF_OK;
    }
    while (done < size && s->state != ENDED) {
        if (s->state == BETWEEN_MEMBERS) {
            WF_TRY(next_member(s, cx));
            continue;
        }
        uint64_t allowed = allowed_bytes(s) - s->offset;
        uint8_t probe;
        size_t got = 0;
        if (allowed == 0) {
            /* Only the member's trailer may still come. */
            WF_TRY(inflate_step(s, cx, &probe, 1, &got));
            WF_REQUIRE(got == 0, WF_E_LIMIT,
                       "%s: %zu bytes of gzip data inflate to more than %llu, at most %d:1 is "
                       "allowed",
                       s->name, s->size, (unsigned long long)allowed_bytes(s), WF_GZ_MAX_RATIO);
        } else {
            size_t want = size - done < allowed ? size - done : (size_t)allowed;
            WF_TRY(inflate_step(s, cx, to + done, want, &got));
            done += got;
        }
    }
    *out_size = done;
    return WF_OK;
}

/* All that `s` delivers; grows by doubling, so that a small file costs little. */
static wf_status read_all(uint8_t **out, size_t *out_size, wf_source *s, wf_context *cx,
                          size_t limit) {
    wf_status status = WF_OK;
    uint8_t *data = NULL;
    size_t capacity = 4 * s->size + 4096, used = 0, got = 0;
    WF_TRY(wf_alloc(&data, cx, capacity + 1, 1));
    for (;;) {
        WF_TRY_OR(wf_source_read(&got, s, cx, data + used, capacity - used));
        used += got;
        WF_REQUIRE_OR(used <= limit, WF_E_LIMIT, "%s: inflates to more than %zu bytes", s->name,
                      limit);
        if (used < capacity) break;
        WF_TRY_OR(wf_realloc(&data, cx, capacity + 1, 2 * capacity + 1, 1));
        capacity *= 2;
    }
    *out = data;
    *out_size = used;
    data = NULL;
done:
    wf_free(data);
    return status;
}

wf_status wf_file_read_gz(uint8_t **out, size_t *out_size, wf_context *cx, const char *path,
                          size_t limit) {
    uint8_t *raw = NULL, *data = NULL;
    size_t raw_size = 0, size = 0;
    wf_source source = {0};
    wf_status status = WF_OK;
    WF_TRY(wf_file_read(&raw, &raw_size, cx, path, limit));
    WF_TRY_OR(wf_source_init(&source, cx, raw, raw_size, path));
    if (source.is_gz) {
        WF_TRY_OR(read_all(&data, &size, &source, cx, limit));
        *out = data;
        *out_size = size;
    } else {
        *out = raw;
        *out_size = raw_size;
        raw = NULL;
    }
done:
    wf_source_reset(&source);
    wf_free(raw);
    return status;
}

wf_status wf_gz_pack(uint8_t **out, size_t *out_size, wf_context *cx, const void *data,
                     size_t size) {
    z_stream z = {.zalloc = zlib_alloc, .zfree = zlib_free, .opaque = cx};
    uint8_t *packed = NULL;
    WF_REQUIRE(size <= STEP, WF_E_LIMIT, "%zu bytes to compress, at most %d are allowed", size,
               STEP);
    WF_REQUIRE(deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) ==
                   Z_OK,
               WF_E_NOMEM, "out of memory for zlib");
    const size_t bound = deflateBound(&z, (uLong)size);
    wf_status status = wf_alloc(&packed, cx, bound, 1);
    if (status == WF_OK) {
        z.next_in = (Bytef *)(uintptr_t)data; /* zlib only reads it */
        z.avail_in = (uInt)size;
        z.next_out = packed;
        z.avail_out = (uInt)bound;
        if (deflate(&z, Z_FINISH) != Z_STREAM_END)
            status = WF_FAIL(WF_E_INTERNAL, "zlib needs more than %zu bytes", bound);
    }
    *out_size = status == WF_OK ? z.total_out : *out_size;
    deflateEnd(&z);
    if (status == WF_OK) *out = packed;
    else wf_free(packed);
    return status;
}
