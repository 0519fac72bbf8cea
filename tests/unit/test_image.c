#include "test.h"

#include "data/formats.h"
#include "pictures.h"

static wf_context cx;
static uint8_t pixels[1 << 16], file[1 << 18];

/* --- conversion ----------------------------------------------------------------------------- */

/* The expected values are torch.nn.functional.interpolate(mode="bilinear", antialias=True) in
 * float32, rounded, of the picture (37 i + 11) mod 256. */
static void check_resized(int h, int w, int to_h, int to_w, int channels, const int *expected) {
    wf_images images;
    wf__conversion conversion = {0};
    CHECK_OK(&cx, wf__images_alloc(&images, &cx, 2, h, w, channels, false, "x"));
    size_t bytes = wf__image_bytes(&images);
    picture_fill(images.pixels, bytes, 0);
    memcpy(images.pixels + bytes, images.pixels, bytes);
    CHECK_OK(&cx, wf__images_convert(&images, &cx, (wf__wanted){to_h, to_w, 0}, &conversion, "x"));
    CHECK_INT(images.height, to_h);
    CHECK_INT(images.width, to_w);
    CHECK_INT(conversion.resized, 2);
    for (int i = 0; i < to_h * to_w * channels; i++) {
        CHECK_INT(images.pixels[i], expected[i]);
        CHECK_INT(images.pixels[i + to_h * to_w * channels], expected[i]);
    }
    wf_images_reset(&images);
}

TEST(resize_as_torch_does) {
    check_resized(5, 7, 3, 2, 1, (int[]){71, 176, 76, 180, 80, 185});
    check_resized(2, 3, 5, 4, 1, (int[]){11,  34,  62,  85,  22,  45,  73,  96,  67,  90,
                                         117, 141, 111, 134, 162, 185, 122, 145, 173, 196});
    check_resized(
        9, 4, 4, 4, 1,
        (int[]){82, 119, 156, 84, 134, 164, 95, 114, 161, 92, 122, 159, 100, 137, 174, 115});
    check_resized(4, 4, 3, 3, 3,
                  (int[]){78,  115, 98,  157, 105, 142, 111, 94,  131, 160, 159, 106, 140, 113,
                          150, 119, 156, 104, 117, 131, 168, 122, 121, 158, 127, 164, 147});
}

TEST(resize_keeps_a_flat_image_flat) {
    for (int side = 1; side <= 40; side += 3) {
        wf_images images;
        wf__conversion conversion = {0};
        CHECK_OK(&cx, wf__images_alloc(&images, &cx, 1, 13, 17, 3, false, "x"));
        memset(images.pixels, 201, wf__image_bytes(&images));
        wf__wanted wanted = {side, 41 - side, 0};
        CHECK_OK(&cx, wf__images_convert(&images, &cx, wanted, &conversion, "x"));
        for (size_t i = 0; i < wf__image_bytes(&images); i++) CHECK_INT(images.pixels[i], 201);
        wf_images_reset(&images);
    }
}

TEST(grey_and_colour) {
    wf_images images;
    wf__conversion c = {0};
    CHECK_OK(&cx, wf__images_alloc(&images, &cx, 1, 1, 4, 3, true, "x"));
    memcpy(images.pixels, (uint8_t[]){255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255}, 12);
    images.labels[0] = 5;
    CHECK_OK(&cx, wf__images_convert(&images, &cx, (wf__wanted){0, 0, 1}, &c, "x"));
    CHECK(memcmp(images.pixels, (uint8_t[]){76, 150, 29, 255}, 4) == 0);
    CHECK_INT(images.labels[0], 5);
    CHECK_OK(&cx, wf__images_convert(&images, &cx, (wf__wanted){0, 0, 3}, &c, "x"));
    CHECK(memcmp(images.pixels, (uint8_t[]){76, 76, 76, 150, 150, 150}, 6) == 0);
    CHECK_INT(c.to_grey, 1);
    CHECK_INT(c.to_color, 1);
    CHECK_INT(c.resized, 0);
    wf_images_reset(&images);
}

/* --- PNG ------------------------------------------------------------------------------------ */

TEST(png_formats) {
    static const struct {
        unsigned format;
        int stored, channels;
    } cases[] = {{PNG_FORMAT_GRAY, 1, 1},
                 {PNG_FORMAT_GA, 2, 1},
                 {PNG_FORMAT_RGB, 3, 3},
                 {PNG_FORMAT_RGBA, 4, 3}};
    for (size_t i = 0; i < 4; i++) {
        wf_images image;
        wf__conversion c = {0};
        picture_fill(pixels, sizeof pixels, 1);
        size_t size = picture_png(file, sizeof file, pixels, 6, 5, cases[i].format);
        CHECK(wf__is_png(file, size) && !wf__is_jpeg(file, size));
        CHECK_OK(&cx, wf__png_decode(&image, &cx, file, size, "x.png", &c));
        CHECK_INT(image.height, 6);
        CHECK_INT(image.width, 5);
        CHECK_INT(image.channels, cases[i].channels);
        int stored = cases[i].stored, colors = image.channels, has_alpha = stored > colors;
        CHECK_INT(c.blended, has_alpha);
        for (int p = 0; p < 30; p++)
            for (int k = 0; k < colors; k++) {
                int value = pixels[p * stored + k];
                if (has_alpha) value = (value * pixels[p * stored + colors] + 127) / 255;
                CHECK_INT(image.pixels[p * colors + k], value);
            }
        wf_images_reset(&image);
    }
}

TEST(png_refused) {
    wf_images image;
    wf__conversion c = {0};
    picture_fill(pixels, sizeof pixels, 1);
    size_t size = picture_png(file, sizeof file, pixels, 30, 30, PNG_FORMAT_GRAY);
    for (size_t cut = 0; cut < size; cut++) {
        CHECK_INT(wf__png_decode(&image, &cx, file, cut, "x.png", &c), WF_E_DATA);
        CHECK(strstr(cx.message, "x.png: at byte"));
    }
    file[size / 2] ^= 64;
    CHECK_INT(wf__png_decode(&image, &cx, file, size, "x.png", &c), WF_E_DATA);
    CHECK(strstr(cx.message, "damaged PNG: "));
    /* A header that declares 60,000 x 60,000 pixels, with its own right checksum. */
    picture_png(file, sizeof file, pixels, 2, 2, PNG_FORMAT_GRAY);
    memcpy(file + 16, "\0\0\xea\x60\0\0\xea\x60", 8);
    uint32_t crc = (uint32_t)crc32(0, file + 12, 17);
    for (int i = 0; i < 4; i++) file[29 + i] = (uint8_t)(crc >> (24 - 8 * i));
    CHECK_INT(wf__png_decode(&image, &cx, file, size, "x.png", &c), WF_E_LIMIT);
    CHECK(strstr(cx.message, "x.png: images of 60000 x 60000 pixels, at most"));
    memcpy(file + 16, "\0\0\x1f\x40\0\0\x1f\x40", 8); /* 8,000 x 8,000 in no data */
    crc = (uint32_t)crc32(0, file + 12, 17);
    for (int i = 0; i < 4; i++) file[29 + i] = (uint8_t)(crc >> (24 - 8 * i));
    CHECK_INT(wf__png_decode(&image, &cx, file, 70, "x.png", &c), WF_E_DATA);
    CHECK(strstr(cx.message, "found 70 bytes, which cannot hold it"));
}

/* --- JPEG ----------------------------------------------------------------------------------- */

TEST(jpeg_formats) {
    for (int channels = 1; channels <= 3; channels += 2)
        for (int progressive = 0; progressive < 2; progressive++) {
            wf_images image;
            for (int i = 0; i < 40 * 30; i++) /* smooth, so that little is lost */
                for (int k = 0; k < channels; k++)
                    pixels[i * channels + k] = (uint8_t)(i % 40 + i / 40 * 3 + 20 * k);
            size_t size = picture_jpeg(file, sizeof file, pixels, 30, 40, channels, progressive);
            CHECK(wf__is_jpeg(file, size) && !wf__is_png(file, size));
            CHECK_OK(&cx, wf__jpeg_decode(&image, &cx, file, size, "x.jpg"));
            CHECK_INT(image.height, 30);
            CHECK_INT(image.width, 40);
            CHECK_INT(image.channels, channels);
            for (int i = 0; i < 30 * 40 * channels; i++)
                CHECK(abs(image.pixels[i] - pixels[i]) <= 6);
            wf_images_reset(&image);
        }
}

TEST(jpeg_refused) {
    wf_images image;
    picture_fill(pixels, sizeof pixels, 1);
    size_t size = picture_jpeg(file, sizeof file, pixels, 16, 16, 1, 0);
    for (size_t cut = 0; cut < size; cut++) {
        CHECK_INT(wf__jpeg_decode(&image, &cx, file, cut, "x.jpg"), WF_E_DATA);
        CHECK(strstr(cx.message, "damaged JPEG: "));
    }
    size = picture_jpeg(file, sizeof file, pixels, 16, 16, 4, 0);
    CHECK_INT(wf__jpeg_decode(&image, &cx, file, size, "x.jpg"), WF_E_UNSUPPORTED);
    CHECK_STR(cx.message, "x.jpg: a JPEG in CMYK");
}

/* --- wf_image_read --------------------------------------------------------------------------- */

TEST(read_one_file_of_each_form) {
    wf_images images;
    char *notes = NULL;
    const wf_dataset_options as_model = {.height = 28, .width = 28, .channels = 1};
    picture_fill(pixels, sizeof pixels, 2);
    scratch_file("a.png", file, picture_png(file, sizeof file, pixels, 20, 30, PNG_FORMAT_RGB));
    CHECK_OK(&cx, wf_image_read(&images, &notes, &cx, scratch("a.png"), &as_model));
    CHECK_INT(images.count, 1);
    CHECK_INT(images.height, 28);
    CHECK_INT(images.channels, 1);
    CHECK_STR(notes, "a.png: 1 image(s) converted from colour to grey (ITU-R 601)\n"
                     "a.png: 1 image(s) resized from 20x30 to 28x28 (height x width, bilinear, "
                     "antialiased)\n");
    wf_images_reset(&images);
    wf_text_free(notes);

    scratch_file("a.dat", file, picture_jpeg(file, sizeof file, pixels, 28, 28, 1, 0));
    CHECK_OK(&cx, wf_image_read(&images, &notes, &cx, scratch("a.dat"), &as_model));
    CHECK_STR(notes, "");
    wf_images_reset(&images);
    wf_text_free(notes);

    picture_idx_part("idx", "t10k", 4, 28, 2, ".gz");
    CHECK_OK(&cx, wf_image_read(&images, &notes, &cx, scratch("idx/t10k-images-idx3-ubyte.gz"),
                                &as_model));
    CHECK_INT(images.count, 4);
    wf_images_reset(&images);
    wf_text_free(notes);

    scratch_text("a.csv", "1,2,3,4\n5,6,7,8\n");
    CHECK_OK(&cx, wf_image_read(&images, &notes, &cx, scratch("a.csv"), NULL));
    CHECK_INT(images.count, 2);
    CHECK_INT(images.width, 2);
    wf_images_reset(&images);
    wf_text_free(notes);
}

TEST(read_what_is_no_image) {
    wf_images images;
    char *notes = NULL;
    scratch_file("zeros", (uint8_t[8]){0}, 8);
    CHECK_INT(wf_image_read(&images, &notes, &cx, scratch("zeros"), NULL), WF_E_DATA);
    CHECK(strstr(cx.message, "zeros: at byte 0: found no PNG, JPEG, IDX or CSV"));
    CHECK_INT(wf_image_read(&images, &notes, &cx, scratch("idx/t10k-labels-idx1-ubyte.gz"), NULL),
              WF_E_DATA);
    CHECK(strstr(cx.message, "found 0x00000801 (labels)"));
    CHECK_FAILS(&cx, wf_image_read(&images, &notes, &cx, scratch("none.png"), NULL), WF_E_NOTFOUND);
    const wf_dataset_options two = {.channels = 2}, negative = {.height = -1},
                             large = {.height = 65000, .width = 65000};
    CHECK_FAILS(&cx, wf_image_read(&images, &notes, &cx, scratch("a.png"), &two), WF_E_ARG);
    CHECK_FAILS(&cx, wf_image_read(&images, &notes, &cx, scratch("a.png"), &negative), WF_E_ARG);
    CHECK_FAILS(&cx, wf_image_read(&images, &notes, &cx, scratch("a.png"), &large), WF_E_LIMIT);
}

TEST_MAIN()
