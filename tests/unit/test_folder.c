#include "test.h"

#include "data/formats.h"
#include "pictures.h"

static wf_context cx;
static uint8_t pixels[1 << 14], file[1 << 16];

enum { JPEG = 1000 }; /* beside the formats of libpng */

static void put(const char *name, unsigned height, unsigned width, unsigned format, unsigned seed) {
    picture_fill(pixels, sizeof pixels, seed);
    size_t size = format != JPEG ? picture_png(file, sizeof file, pixels, height, width, format)
                                 : picture_jpeg(file, sizeof file, pixels, height, width, 1, 0);
    scratch_file(name, file, size);
}

TEST(parts_and_sorted_classes) {
    put("a/train/shoe/1.png", 4, 4, PNG_FORMAT_GRAY, 1);
    put("a/train/bag/2.PNG", 4, 4, PNG_FORMAT_GRAY, 2);
    put("a/train/bag/10.jpeg", 4, 4, JPEG, 3);
    put("a/val/shoe/1.png", 4, 4, PNG_FORMAT_GRAY, 4);
    put("a/test/shoe/1.jpg", 4, 4, JPEG, 5);
    put("a/test/bag/1.png", 4, 4, PNG_FORMAT_GRAY, 6);
    scratch_text("a/train/bag/notes.txt", "no image");
    scratch_text("a/train/bag/.DS_Store", "hidden");
    wf_dataset *d = NULL;
    CHECK_OK(&cx, wf_dataset_open(&d, &cx, scratch("a/"), NULL));
    CHECK_STR(d->name, "a");
    CHECK_INT(d->n_classes, 2);
    CHECK_STR(d->class_names[0], "bag");
    CHECK_STR(d->class_names[1], "shoe");
    CHECK_INT(d->train.count, 3);
    CHECK_INT(d->train.labels[0], 0);
    CHECK_INT(d->train.labels[1], 0);
    CHECK_INT(d->train.labels[2], 1);
    picture_fill(pixels, sizeof pixels, 2); /* 10.jpeg sorts before 2.PNG */
    CHECK(memcmp(d->train.pixels + 16, pixels, 16) == 0);
    CHECK_INT(d->validation.count, 1);
    CHECK_INT(d->validation.labels[0], 1);
    CHECK_INT(d->test.count, 2);
    CHECK_STR(d->notes, "train: 1 file(s) ignored, neither PNG nor JPEG\n");
    wf_dataset_destroy(d);
}

TEST(classes_directly_and_conversion) {
    put("b/one/1.png", 8, 6, PNG_FORMAT_RGBA, 1);
    put("b/one/2.png", 9, 6, PNG_FORMAT_GRAY, 2);
    put("b/two/1.jpg", 4, 5, JPEG, 3);
    wf_dataset *d = NULL;
    const wf_dataset_options options = {.height = 5, .width = 5, .channels = 1};
    CHECK_OK(&cx, wf_dataset_open(&d, &cx, scratch("b"), &options));
    CHECK_INT(d->train.count, 3);
    CHECK_INT(d->train.height, 5);
    CHECK_INT(d->validation.count + d->test.count, 0);
    CHECK_STR(d->notes,
              "train: 1 image(s) with transparent parts laid on black\n"
              "train: 1 image(s) converted from colour to grey (ITU-R 601)\n"
              "train: 3 image(s) resized from 8x6 and other sizes to 5x5 (height x width, "
              "bilinear, antialiased)\n");
    wf_dataset_destroy(d);
    CHECK_INT(wf_dataset_open(&d, &cx, scratch("b"), NULL), WF_E_DATA);
    CHECK(strstr(cx.message, "b/one/2.png: found 9 x 6 pixels of 1 channel(s), expected 8 x 6 of 3 "
                             "as in "));
    CHECK(strstr(cx.hint, "ask for a height"));
}

static void check_refused(const char *name, wf_status expected, const char *text) {
    wf_dataset *d = NULL;
    CHECK_INT(wf_dataset_open(&d, &cx, scratch(name), NULL), expected);
    if (!strstr(cx.message, text)) CHECK_STR(cx.message, text);
    CHECK(d == NULL);
}

TEST(refused_folders) {
    put("c/train/x/1.png", 4, 4, PNG_FORMAT_GRAY, 1);
    check_refused("c", WF_E_DATA, "c/train: found 1 class folders, expected 2 to 4096");
    put("c/train/y/1.png", 4, 4, PNG_FORMAT_GRAY, 1);
    put("c/test/z/1.png", 4, 4, PNG_FORMAT_GRAY, 1);
    check_refused("c", WF_E_DATA,
                  "c/test: found the class \"z\", expected one of the 2 classes of the training "
                  "part (x ... y)");
    scratch_text("d/x/1.png", "this is text");
    put("d/y/1.png", 4, 4, PNG_FORMAT_GRAY, 1);
    check_refused("d", WF_E_DATA, "d/x/1.png: at byte 0: found neither a PNG nor a JPEG signature");
    scratch_text("e/x/readme.txt", "");
    scratch_text("e/y/readme.txt", "");
    check_refused("e", WF_E_DATA, "e: found no PNG or JPEG file, expected images in its 2 class");
    put("f/x/1.png", 4, 4, PNG_FORMAT_GRAY, 1);
    put("f/y/1.png", 4, 4, PNG_FORMAT_GRAY, 1);
    scratch_file("f/y/2.png", file, 50);
    check_refused("f", WF_E_DATA, "f/y/2.png: at byte");
}

static int stop_at_once(void *user, const char *what, int64_t done, int64_t total) {
    *(int64_t *)user = total;
    return what[0] != 0 && done == 0;
}

TEST(progress_may_stop) {
    int64_t total = 0;
    wf_dataset *d = NULL;
    const wf_dataset_options options = {.progress = stop_at_once, .progress_user = &total};
    CHECK_FAILS(&cx, wf_dataset_open(&d, &cx, scratch("a"), &options), WF_E_INTERRUPTED);
    CHECK_INT(total, 3);
}

TEST_MAIN()
