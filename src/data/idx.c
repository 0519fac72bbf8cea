/* The format of MNIST: two zero bytes, a type, a number of axes, big-endian extents, the data.
 * http://yann.lecun.com/exdb/mnist/ */
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "data/formats.h"

enum { TYPE_U8 = 8 };

static uint32_t big_endian(const uint8_t *b) {
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

bool wf__is_idx(const uint8_t *bytes, size_t size) {
    return size >= 4 && bytes[0] == 0 && bytes[1] == 0 && bytes[2] == TYPE_U8 && bytes[3] >= 1 &&
           bytes[3] <= 4;
}

static const char *kind_of(uint32_t magic) {
    return magic == 0x801   ? "labels"
           : magic == 0x803 ? "grey images"
           : magic == 0x804 ? "colour images"
                            : "no IDX file of bytes";
}

/* Exactly `size` bytes, or an error that says where they ended. */
static wf_status read_exactly(wf_source *s, wf_context *cx, void *to, size_t size,
                              const char *what) {
    uint64_t at = s->offset;
    size_t got = 0;
    WF_TRY(wf_source_read(&got, s, cx, to, size));
    WF_REQUIRE(
        got == size, WF_E_DATA,
        "%s: at byte %llu: found %zu bytes of %s, expected %zu | the file is truncated: copy "
        "or download it again",
        s->name, (unsigned long long)at, got, what, size);
    return WF_OK;
}

/* The header; the extents' product must be what the rest of the file can hold. */
static wf_status read_header(uint32_t *extents, uint32_t *out_magic, wf_source *s, wf_context *cx,
                             uint32_t expected, uint32_t expected_too) {
    uint8_t bytes[16];
    WF_TRY(read_exactly(s, cx, bytes, 4, "header"));
    uint32_t magic = big_endian(bytes);
    WF_REQUIRE(magic == expected || magic == expected_too, WF_E_DATA,
               "%s: at byte 0: found 0x%08x (%s), expected 0x%08x (%s)", s->name, magic,
               kind_of(magic), expected, kind_of(expected));
    uint32_t axes = magic & 255;
    WF_TRY(read_exactly(s, cx, bytes, 4 * axes, "header"));
    uint64_t total = 1;
    for (uint32_t i = 0; i < axes; i++) {
        extents[i] = big_endian(bytes + 4 * i);
        WF_REQUIRE(extents[i] >= 1 && !__builtin_mul_overflow(total, extents[i], &total), WF_E_DATA,
                   "%s: at byte %u: axis %u has extent %u", s->name, 4 + 4 * i, i, extents[i]);
    }
    uint64_t remaining = wf_source_remaining(s);
    WF_REQUIRE(total <= remaining, WF_E_DATA,
               "%s: at byte 4: %llu bytes of data are declared, found %s%llu | the file is "
               "truncated: copy or download it again",
               s->name, (unsigned long long)total, s->is_gz ? "gzip data for at most " : "",
               (unsigned long long)remaining);
    *out_magic = magic;
    return WF_OK;
}

static wf_status expect_end(wf_source *s, wf_context *cx) {
    uint8_t probe;
    uint64_t at = s->offset;
    size_t got = 0;
    WF_TRY(wf_source_read(&got, s, cx, &probe, 1));
    WF_REQUIRE(got == 0, WF_E_DATA,
               "%s: at byte %llu: found more data, expected the end of the file", s->name,
               (unsigned long long)at);
    return WF_OK;
}

wf_status wf__idx_images(wf_images *out, wf_context *cx, const uint8_t *bytes, size_t size,
                         const char *name) {
    wf_status status = WF_OK;
    wf_source s = {0};
    wf_images images = {0};
    uint32_t n[4] = {0, 0, 0, 1}, magic = 0;
    WF_TRY(wf_source_init(&s, cx, bytes, size, name));
    WF_TRY_OR(read_header(n, &magic, &s, cx, 0x803, 0x804));
    WF_TRY_OR(wf__images_alloc(&images, cx, n[0], n[1], n[2], n[3], false, name));
    WF_TRY_OR(read_exactly(&s, cx, images.pixels, n[0] * wf__image_bytes(&images), "pixels"));
    WF_TRY_OR(expect_end(&s, cx));
    *out = images;
    images = (wf_images){0};
done:
    wf_images_reset(&images);
    wf_source_reset(&s);
    return status;
}

wf_status wf__idx_labels(int32_t **out, int64_t *out_count, wf_context *cx, const uint8_t *bytes,
                         size_t size, const char *name) {
    wf_status status = WF_OK;
    wf_source s = {0};
    uint8_t *raw = NULL;
    int32_t *labels = NULL;
    uint32_t n = 0, magic = 0;
    WF_TRY(wf_source_init(&s, cx, bytes, size, name));
    WF_TRY_OR(read_header(&n, &magic, &s, cx, 0x801, 0x801));
    WF_TRY_OR(wf_alloc(&raw, cx, n, 1));
    WF_TRY_OR(read_exactly(&s, cx, raw, n, "labels"));
    WF_TRY_OR(expect_end(&s, cx));
    WF_TRY_OR(wf_alloc(&labels, cx, n, sizeof *labels));
    for (uint32_t i = 0; i < n; i++) labels[i] = raw[i];
    *out = labels;
    *out_count = n;
done:
    wf_free(raw);
    wf_source_reset(&s);
    return status;
}

/* --- the four files of a data set ------------------------------------------------------------ */

wf_status wf__idx_find_file(char **out, wf_context *cx, const char *folder, const char *prefix,
                            const char *part, const char *kind, int axes) {
    static const char separators[] = "-.";
    for (int i = 0; i < 4; i++) {
        wf_str s = {0};
        wf_str_addf(&s, cx, "%s/%s%s-%s%cidx%d-ubyte%s", folder, prefix, part, kind,
                    separators[i / 2], axes, i % 2 ? "" : ".gz");
        if (s.status != WF_OK) return s.status;
        if (wf_path_exists(s.text)) {
            *out = s.text;
            return WF_OK;
        }
        wf_str_reset(&s);
    }
    return WF_OK;
}

static wf_status require_pair(wf_context *cx, const char *images, const char *labels) {
    WF_REQUIRE(!images || labels, WF_E_NOTFOUND,
               "%s: its labels are missing | put the file "
               "...-labels-idx1-ubyte.gz beside it",
               images);
    WF_REQUIRE(!labels || images, WF_E_NOTFOUND,
               "%s: its images are missing | put the file "
               "...-images-idx3-ubyte.gz beside it",
               labels);
    return WF_OK;
}

wf_status wf__idx_find(wf__idx_files *out, wf_context *cx, const char *folder, const char *prefix) {
    static const char *const tests[] = {"t10k", "test"};
    wf_status status = WF_OK;
    wf__idx_files f = {0};
    WF_TRY_OR(wf__idx_find_file(&f.train_images, cx, folder, prefix, "train", "images", 3));
    WF_TRY_OR(wf__idx_find_file(&f.train_labels, cx, folder, prefix, "train", "labels", 1));
    for (int i = 0; i < 2 && !f.test_images && !f.test_labels; i++) {
        WF_TRY_OR(wf__idx_find_file(&f.test_images, cx, folder, prefix, tests[i], "images", 3));
        WF_TRY_OR(wf__idx_find_file(&f.test_labels, cx, folder, prefix, tests[i], "labels", 1));
    }
    WF_TRY_OR(require_pair(cx, f.train_images, f.train_labels));
    WF_TRY_OR(require_pair(cx, f.test_images, f.test_labels));
    *out = f;
    f = (wf__idx_files){0};
done:
    wf__idx_files_reset(&f);
    return status;
}

void wf__idx_files_reset(wf__idx_files *files) {
    wf_free(files->train_images);
    wf_free(files->train_labels);
    wf_free(files->test_images);
    wf_free(files->test_labels);
    *files = (wf__idx_files){0};
}

static void transpose(uint8_t *pixels, size_t count, size_t side) {
    for (size_t i = 0; i < count; i++) {
        uint8_t *p = pixels + i * side * side;
        for (size_t y = 0; y < side; y++)
            for (size_t x = y + 1; x < side; x++) {
                uint8_t keep = p[y * side + x];
                p[y * side + x] = p[x * side + y];
                p[x * side + y] = keep;
            }
    }
}

static wf_status read_labels(int32_t **out, int64_t *out_count, wf_context *cx, const char *path) {
    uint8_t *bytes = NULL;
    size_t size = 0;
    WF_TRY(wf_file_read(&bytes, &size, cx, path, SIZE_MAX - 1));
    wf_status status = wf__idx_labels(out, out_count, cx, bytes, size, path);
    wf_free(bytes);
    return status;
}

wf_status wf__idx_read_images(wf_images *out, wf_str *notes, wf_context *cx, const char *part,
                              const char *path, bool is_transposed, const wf_dataset_options *o) {
    uint8_t *bytes = NULL;
    size_t size = 0;
    wf__conversion conversion = {0};
    WF_TRY(wf__progress(cx, o, path, 0, 0));
    WF_TRY(wf_file_read(&bytes, &size, cx, path, SIZE_MAX - 1));
    wf_status status = wf__idx_images(out, cx, bytes, size, path);
    wf_free(bytes);
    WF_TRY(status);
    if (is_transposed && out->height == out->width && out->channels == 1) {
        transpose(out->pixels, (size_t)out->count, (size_t)out->height);
        wf_str_addf(notes, cx, "%s: rows and columns exchanged, as the files hold them\n", part);
    }
    wf__wanted wanted = {o->height, o->width, o->channels};
    WF_TRY(wf__images_convert(out, cx, wanted, &conversion, path));
    wf__conversion_notes(notes, cx, part, &conversion);
    return notes->status;
}

static wf_status open_part(wf_images *out, wf_str *notes, wf_context *cx, const char *part,
                           const char *images_path, const char *labels_path, bool is_transposed,
                           const wf_dataset_options *o) {
    int64_t n_labels = 0;
    WF_TRY(wf__idx_read_images(out, notes, cx, part, images_path, is_transposed, o));
    WF_TRY(read_labels(&out->labels, &n_labels, cx, labels_path));
    WF_REQUIRE(n_labels == out->count, WF_E_DATA,
               "%s: found %lld labels, expected %lld as %s has images", labels_path,
               (long long)n_labels, (long long)out->count, images_path);
    return WF_OK;
}

/* A training part of the test part's size that has labels only. */
static wf_status open_labels(wf_images *out, wf_context *cx, const char *path,
                             const wf_images *test) {
    wf_images labels = {.height = test->height, .width = test->width, .channels = test->channels};
    WF_TRY(read_labels(&labels.labels, &labels.count, cx, path));
    *out = labels;
    return WF_OK;
}

wf_status wf__open_idx(wf_dataset *d, wf_str *notes, wf_context *cx, const wf__idx_files *f,
                       bool is_transposed, const wf_dataset_options *options) {
    bool only_test = options->only_test && f->test_images;
    if (!only_test)
        WF_TRY(open_part(&d->train, notes, cx, "train", f->train_images, f->train_labels,
                         is_transposed, options));
    if (f->test_images)
        WF_TRY(open_part(&d->test, notes, cx, "test", f->test_images, f->test_labels, is_transposed,
                         options));
    return only_test ? open_labels(&d->train, cx, f->train_labels, &d->test) : WF_OK;
}
