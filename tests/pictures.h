/* PNG, JPEG and IDX files for tests. */
#ifndef WF_TESTS_PICTURES_H
#define WF_TESTS_PICTURES_H

#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>
#include <png.h>
#include <zlib.h>

#include "scratch.h"

/* Bytes that differ from one another and from one seed to the next. */
__attribute__((unused)) static void picture_fill(uint8_t *to, size_t size, unsigned seed) {
    for (size_t i = 0; i < size; i++) to[i] = (uint8_t)(i * 37 + 11 + seed * 101);
}

/* format: PNG_FORMAT_GRAY, _GA, _RGB, _RGBA. Returns the size. */
__attribute__((unused)) static size_t picture_png(uint8_t *to, size_t room, const uint8_t *pixels,
                                                  unsigned height, unsigned width,
                                                  unsigned format) {
    png_image image = {.version = PNG_IMAGE_VERSION, .width = width, .height = height};
    image.format = format;
    png_alloc_size_t size = room;
    if (!png_image_write_to_memory(&image, to, &size, 0, pixels, 0, NULL)) abort();
    return size;
}

/* channels: 1 grey, 3 colour, 4 CMYK. Returns the size. */
__attribute__((unused)) static size_t picture_jpeg(uint8_t *to, size_t room, const uint8_t *pixels,
                                                   unsigned height, unsigned width, int channels,
                                                   int is_progressive) {
    struct jpeg_compress_struct c;
    struct jpeg_error_mgr errors;
    unsigned char *bytes = NULL;
    unsigned long size = 0;
    c.err = jpeg_std_error(&errors);
    jpeg_create_compress(&c);
    jpeg_mem_dest(&c, &bytes, &size);
    c.image_height = height;
    c.image_width = width;
    c.input_components = channels;
    c.in_color_space = channels == 1 ? JCS_GRAYSCALE : channels == 3 ? JCS_RGB : JCS_CMYK;
    jpeg_set_defaults(&c);
    jpeg_set_quality(&c, 95, TRUE);
    if (is_progressive) jpeg_simple_progression(&c);
    jpeg_start_compress(&c, TRUE);
    while (c.next_scanline < height) {
        JSAMPROW row = (JSAMPROW)(uintptr_t)(pixels + c.next_scanline * width * (unsigned)channels);
        jpeg_write_scanlines(&c, &row, 1);
    }
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    if (size > room) abort();
    memcpy(to, bytes, size);
    free(bytes);
    return size;
}

/* An IDX file of bytes. Returns the size. */
__attribute__((unused)) static size_t picture_idx(uint8_t *to, const uint32_t *extents,
                                                  uint8_t axes, const uint8_t *data) {
    size_t total = 1;
    const uint8_t magic[4] = {0, 0, 8, axes};
    memcpy(to, magic, 4);
    for (size_t i = 0; i < axes; i++) {
        total *= extents[i];
        for (size_t b = 0; b < 4; b++) to[4 + 4 * i + b] = (uint8_t)(extents[i] >> (24 - 8 * b));
    }
    memcpy(to + 4 + 4 * (size_t)axes, data, total);
    return 4 + 4 * (size_t)axes + total;
}

__attribute__((unused)) static size_t picture_gz(uint8_t *to, size_t room, const uint8_t *data,
                                                 size_t size) {
    z_stream z = {0};
    if (deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) abort();
    z.next_in = (Bytef *)(uintptr_t)data;
    z.avail_in = (unsigned)size;
    z.next_out = to;
    z.avail_out = (unsigned)room;
    if (deflate(&z, Z_FINISH) != Z_STREAM_END) abort();
    deflateEnd(&z);
    return room - z.avail_out;
}

/* A small data set as IDX: n images of side x side, labels i % classes. `suffix` is "" or ".gz". */
__attribute__((unused)) static void picture_idx_part(const char *folder, const char *stem,
                                                     uint32_t n, uint32_t side, uint32_t classes,
                                                     const char *suffix) {
    static uint8_t data[1 << 16], file[1 << 17], packed[1 << 17];
    const uint32_t extents[3] = {n, side, side};
    for (int kind = 0; kind < 2; kind++) {
        char name[256];
        picture_fill(data, sizeof data, n);
        if (kind == 1)
            for (uint32_t i = 0; i < n; i++) data[i] = (uint8_t)(i % classes);
        size_t size = picture_idx(file, extents, kind == 0 ? 3 : 1, data);
        snprintf(name, sizeof name, "%s/%s-%s-ubyte%s", folder, stem,
                 kind == 0 ? "images-idx3" : "labels-idx1", suffix);
        if (suffix[0]) {
            size = picture_gz(packed, sizeof packed, file, size);
            scratch_file(name, packed, size);
        } else {
            scratch_file(name, file, size);
        }
    }
}

#endif
