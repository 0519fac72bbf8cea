#include "test.h"

#include "base/alloc.h"
#include "data/formats.h"

static wf_context cx;

static wf_status parse(wf_images *out, const char *text, const wf__csv_options *options) {
    static const wf__csv_options none;
    return wf__csv_parse(out, &cx, text, strlen(text), "f.csv", options ? options : &none);
}

static void check_two(const char *text, const wf__csv_options *options) {
    wf_images images;
    CHECK_OK(&cx, parse(&images, text, options));
    CHECK_INT(images.count, 2);
    CHECK_INT(images.height, 2);
    CHECK_INT(images.width, 2);
    CHECK_INT(images.channels, 1);
    CHECK_INT(images.labels[0], 7);
    CHECK_INT(images.labels[1], 0);
    static const uint8_t expected[8] = {1, 2, 3, 255, 5, 6, 7, 8};
    CHECK(memcmp(images.pixels, expected, 8) == 0);
    wf_images_reset(&images);
}

TEST(forms_of_the_same_data) {
    const wf__csv_options named = {.label_column = "kind"};
    check_two("7,1,2,3,255\n0,5,6,7,8\n", NULL);
    check_two("7,1,2,3,255\r\n0,5,6,7,8", NULL);
    check_two("\xef\xbb\xbflabel,a,b,c,d\n7,1,2,3,255\n\n0,5,6,7,8\n\n", NULL);
    check_two("\"label\",\"a\",\"b\",\"c\",\"d\"\n\"7\", 1 ,2,3,255\n0,5,6,7,8\n", NULL);
    check_two("a,b,label,c,d\n1,2,7,3,255\n5,6,0,7,8\n", NULL);
    check_two("a,b,c,d,kind\n1,2,3,255,7\n5,6,7,8,0\n", &named);
    check_two("x,a,b,c,d\n7,1,2,3,255\n0,5,6,7,8\n", NULL); /* no "label": the first */
}

TEST(shapes) {
    wf_images images;
    const wf__csv_options wide = {.wanted = {1, 4, 1}}, color = {.wanted = {2, 1, 3}};
    CHECK_OK(&cx, parse(&images, "3,1,2,3,4\n", &wide));
    CHECK_INT(images.height, 1);
    CHECK_INT(images.width, 4);
    wf_images_reset(&images);
    CHECK_OK(&cx, parse(&images, "3,1,2,3,4,5,6\n", &color));
    CHECK_INT(images.height, 2);
    CHECK_INT(images.channels, 3);
    wf_images_reset(&images);
    CHECK_OK(&cx, parse(&images, "3,1,2,3,4,5,6,7,8,9,10,11,12\n", NULL));
    CHECK_INT(images.height, 2);
    CHECK_INT(images.channels, 3);
    wf_images_reset(&images);
}

TEST(label_may_be_absent) {
    wf_images images;
    const wf__csv_options optional = {.label_is_optional = true};
    CHECK_OK(&cx, parse(&images, "1,2,3,4\n", &optional));
    CHECK(images.labels == NULL && images.width == 2);
    wf_images_reset(&images);
    CHECK_OK(&cx, parse(&images, "9,1,2,3,4\n", &optional));
    CHECK(images.labels && images.labels[0] == 9);
    wf_images_reset(&images);
    CHECK_OK(&cx, parse(&images, "label,a,b,c,d\n9,1,2,3,4\n", &optional));
    CHECK(images.labels && images.labels[0] == 9);
    wf_images_reset(&images);
}

static void check_refused(const char *text, const wf__csv_options *options, const char *message) {
    wf_images images;
    CHECK_INT(parse(&images, text, options), WF_E_DATA);
    if (!strstr(cx.message, message)) CHECK_STR(cx.message, message);
}

TEST(refused_files) {
    const wf__csv_options named = {.label_column = "kind"};
    check_refused("", NULL, "f.csv: found an empty file, expected a line per image");
    check_refused("\n\n", NULL, "f.csv: found an empty file");
    check_refused("label,a,b,c,d\n", NULL, "f.csv: found only a header");
    check_refused("7,1,2,3,4\n0,5,6,256,8\n", NULL,
                  "f.csv: line 2, column 4: found \"256\", expected a pixel, a whole number from 0 "
                  "to 255");
    check_refused("7,1,2,3,4\n0,5,6,,8\n", NULL, "line 2, column 4: found \"\", expected a pixel");
    check_refused("7,1,2,3,4\n0,5,6,1.5,8\n", NULL, "line 2, column 4: found \"1.5\"");
    check_refused(
        "7,1,2,3,4\n-1,5,6,7,8\n", NULL,
        "line 2, column 1: found \"-1\", expected a label, a whole number from 0 to 4095");
    check_refused("7,1,2,3,4\n\nboot,5,6,7,8\n", NULL, "line 3, column 1: found \"boot\"");
    check_refused(
        "7,1,2,3,4\n0,5,6,7\n", NULL,
        "line 2, column 5: found the end of the line, expected 5 columns as in the first");
    check_refused("7,1,2,3,4\n0,5,6,7,8,9\n", NULL,
                  "line 2, column 6: found another field, expected 5 columns");
    check_refused("7,1,2\n", NULL,
                  "f.csv: line 1: found 2 pixel columns, expected a square number");
    check_refused("7\n", NULL, "f.csv: line 1: found 0 pixel columns");
    check_refused("label,a,b,c,d\n7,1,2,3,4\n", &named, "found no column called kind");
    check_refused("7,1,2,3,4\n", &named, "found no column called kind, expected it in the header");
    check_refused("label,label,b,c,d\n7,1,2,3,4\n", NULL, "two columns are called label");
}

TEST(long_line) {
    size_t size = (1 << 20) + 10;
    char *text = malloc(size);
    memset(text, '1', size);
    wf_images images;
    const wf__csv_options none = {0};
    CHECK_INT(wf__csv_parse(&images, &cx, text, size, "f.csv", &none), WF_E_LIMIT);
    CHECK_STR(cx.message, "f.csv: line 1: 1048586 bytes, at most 1048576 are allowed");
    free(text);
}

TEST_MAIN()
