#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

#include "data/formats.h"

/* A progressive file of thousands of scans costs hours; real ones have about ten. */
enum { MAX_SCANS = 500, PIXELS_PER_BYTE = 1024 };

/* The fields that libjpeg hands to its callbacks come first. */
typedef struct decoder {
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    struct jpeg_decompress_struct jpeg;
    jmp_buf leave;
    wf_context *cx;
    const char *name;
    size_t size;
    wf_status status;
    wf_images image;
} decoder;

bool wf__is_jpeg(const uint8_t *bytes, size_t size) {
    return size >= 3 && bytes[0] == 0xff && bytes[1] == 0xd8 && bytes[2] == 0xff;
}

_Noreturn static void fail(decoder *d, wf_status code, const char *text) {
    wf_context *cx = d->cx;
    size_t left = d->jpeg.src ? d->jpeg.src->bytes_in_buffer : 0;
    d->status = WF_FAIL(code, "%s: at byte %zu of %zu: damaged JPEG: %s", d->name,
                        left <= d->size ? d->size - left : d->size, d->size, text);
    longjmp(d->leave, 1);
}

_Noreturn static void on_error(j_common_ptr jpeg) {
    char text[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, text);
    fail(jpeg->client_data, WF_E_DATA, text);
}

/* libjpeg goes on after damage and fills the image with grey; weft does not. */
static void on_message(j_common_ptr jpeg, int level) {
    if (level < 0) on_error(jpeg);
}

static void on_output(j_common_ptr jpeg) { (void)jpeg; }

static void on_progress(j_common_ptr jpeg) {
    decoder *d = jpeg->client_data;
    if (d->jpeg.input_scan_number > MAX_SCANS) fail(d, WF_E_LIMIT, "more than 500 scans");
}

/* Everything that libjpeg may leave by longjmp. */
static wf_status decode(decoder *d, const uint8_t *bytes) {
    if (setjmp(d->leave)) return d->status;
    wf_context *cx = d->cx;
    jpeg_create_decompress(&d->jpeg);
    d->progress.progress_monitor = on_progress;
    d->jpeg.progress = &d->progress;
    jpeg_mem_src(&d->jpeg, bytes, (unsigned long)d->size);
    jpeg_read_header(&d->jpeg, TRUE);
    int64_t height = d->jpeg.image_height, width = d->jpeg.image_width;
    bool is_grey = d->jpeg.jpeg_color_space == JCS_GRAYSCALE;
    WF_REQUIRE(d->jpeg.jpeg_color_space != JCS_CMYK && d->jpeg.jpeg_color_space != JCS_YCCK,
               WF_E_UNSUPPORTED, "%s: a JPEG in CMYK | convert it to RGB or grey", d->name);
    WF_TRY(wf__image_check(cx, height, width, 1, d->name));
    WF_REQUIRE((uint64_t)(height * width) / PIXELS_PER_BYTE <= d->size, WF_E_DATA,
               "%s: a JPEG of %lld x %lld pixels is declared, found %zu bytes, which cannot hold "
               "it",
               d->name, (long long)height, (long long)width, d->size);
    d->jpeg.out_color_space = is_grey ? JCS_GRAYSCALE : JCS_RGB;
    d->jpeg.dct_method = JDCT_ISLOW;
    WF_TRY(wf__images_alloc(&d->image, cx, 1, height, width, is_grey ? 1 : 3, false, d->name));
    jpeg_start_decompress(&d->jpeg);
    size_t stride = (size_t)width * (size_t)d->image.channels;
    while (d->jpeg.output_scanline < d->jpeg.output_height) {
        JSAMPROW row = d->image.pixels + d->jpeg.output_scanline * stride;
        jpeg_read_scanlines(&d->jpeg, &row, 1);
    }
    jpeg_finish_decompress(&d->jpeg);
    return WF_OK;
}

wf_status wf__jpeg_decode(wf_images *out, wf_context *cx, const uint8_t *bytes, size_t size,
                          const char *name) {
    decoder d = {.cx = cx, .name = name, .size = size};
    d.jpeg.err = jpeg_std_error(&d.errors);
    d.jpeg.client_data = &d;
    d.errors.error_exit = on_error;
    d.errors.emit_message = on_message;
    d.errors.output_message = on_output;
    wf_status status = decode(&d, bytes);
    jpeg_destroy_decompress(&d.jpeg);
    if (status == WF_OK) *out = d.image;
    else wf_images_reset(&d.image);
    return status;
}
