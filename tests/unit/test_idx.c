#include "test.h"

#include "base/alloc.h"
#include "data/formats.h"
#include "pictures.h"

static wf_context cx;
static uint8_t file[4096], packed[4096], pixels[4096];

TEST(images_plain_and_gzip) {
    const uint32_t extents[4] = {3, 4, 5, 3};
    picture_fill(pixels, sizeof pixels, 0);
    for (uint8_t axes = 3; axes <= 4; axes++) {
        size_t size = picture_idx(file, extents, axes, pixels);
        size_t packed_size = picture_gz(packed, sizeof packed, file, size);
        for (int is_gz = 0; is_gz < 2; is_gz++) {
            wf_images images;
            CHECK_OK(&cx, wf__idx_images(&images, &cx, is_gz ? packed : file,
                                         is_gz ? packed_size : size, "x"));
            CHECK_INT(images.count, 3);
            CHECK_INT(images.height, 4);
            CHECK_INT(images.width, 5);
            CHECK_INT(images.channels, axes == 3 ? 1 : 3);
            CHECK(memcmp(images.pixels, pixels, 3 * wf__image_bytes(&images)) == 0);
            CHECK(images.labels == NULL);
            wf_images_reset(&images);
        }
    }
    CHECK(wf__is_idx(file, 4) && !wf__is_idx(packed, 4) && !wf__is_idx(file, 3));
}

TEST(labels) {
    const uint32_t n = 5;
    const uint8_t values[5] = {9, 0, 255, 3, 9};
    size_t size = picture_idx(file, &n, 1, values);
    int32_t *labels = NULL;
    int64_t count = 0;
    CHECK_OK(&cx, wf__idx_labels(&labels, &count, &cx, file, size, "x"));
    CHECK_INT(count, 5);
    for (int i = 0; i < 5; i++) CHECK_INT(labels[i], values[i]);
    wf_free(labels);
}

static void check_refused(const uint8_t *bytes, size_t size, wf_status expected, const char *text) {
    wf_images images;
    CHECK_INT(wf__idx_images(&images, &cx, bytes, size, "f"), expected);
    if (!strstr(cx.message, text)) CHECK_STR(cx.message, text);
}

TEST(refused_files) {
    const uint32_t extents[3] = {3, 4, 5}, labels = 5, none[3] = {3, 0, 5};
    const uint32_t wide[3] = {1, 1, 70000};
    size_t size = picture_idx(file, extents, 3, pixels);
    check_refused(file, size - 1, WF_E_DATA,
                  "f: at byte 4: 60 bytes of data are declared, found 59");
    CHECK(strstr(cx.hint, "truncated"));
    check_refused(file, 10, WF_E_DATA, "f: at byte 4: found 6 bytes of header, expected 12");
    check_refused(file, 2, WF_E_DATA, "f: at byte 0: found 2 bytes of header, expected 4");
    file[size] = 7;
    check_refused(file, size + 1, WF_E_DATA,
                  "f: at byte 76: found more data, expected the end of the file");
    size_t packed_size = picture_gz(packed, sizeof packed, file, size - 1);
    check_refused(packed, packed_size, WF_E_DATA,
                  "f: at byte 16: found 59 bytes of pixels, expected 60");
    check_refused(packed, packed_size - 9, WF_E_DATA, "f: the gzip data end at byte");
    size = picture_idx(file, &labels, 1, pixels);
    check_refused(file, size, WF_E_DATA,
                  "f: at byte 0: found 0x00000801 (labels), expected 0x00000803 (grey images)");
    int32_t *out = NULL;
    int64_t n = 0;
    picture_idx(file, extents, 3, pixels);
    CHECK_INT(wf__idx_labels(&out, &n, &cx, file, 76, "f"), WF_E_DATA);
    CHECK_STR(cx.message,
              "f: at byte 0: found 0x00000803 (grey images), expected 0x00000801 (labels)");
    picture_idx(file, none, 3, pixels);
    check_refused(file, 76, WF_E_DATA, "f: at byte 8: axis 1 has extent 0");
    memcpy(file, "\0\0\x08\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 16);
    check_refused(file, 16, WF_E_DATA, "f: at byte 12: axis 2 has extent 4294967295");
    static uint8_t large[70016];
    memset(large, 0, sizeof large);
    picture_idx(large, wide, 3, large + 16);
    check_refused(large, sizeof large, WF_E_LIMIT, "at most 65535 a side");
    memcpy(file, "PK\3\4", 4);
    check_refused(file, 76, WF_E_DATA, "found 0x504b0304 (no IDX file of bytes)");
    memcpy(file, "\0\0\x0d\x03", 4);
    check_refused(file, 76, WF_E_DATA, "found 0x00000d03 (no IDX file of bytes)");
}

TEST_MAIN()
