#include "data/png.h"

#include "data/formats.h"
#include "data/png_user.h"

/* What the callbacks of libpng work on. */
typedef struct encoder {
    wf__png_user user; /* first: libpng's memory pointer is the encoder */
    wf_str bytes;
    png_structp png;
    png_infop info;
} encoder;

static void on_error(png_structp png, png_const_charp text) {
    wf__png_user *user = png_get_error_ptr(png);
    wf_context *cx = user->cx;
    if (user->status == WF_OK) user->status = WF_FAIL(WF_E_INTERNAL, "writing a PNG: %s", text);
    png_longjmp(png, 1);
}

static void on_write(png_structp png, png_bytep bytes, size_t size) {
    encoder *e = png_get_io_ptr(png);
    wf_str_add_bytes(&e->bytes, e->user.cx, (const char *)bytes, size);
    if (e->bytes.status == WF_OK) return;
    e->user.status = e->bytes.status;
    png_error(png, "out of memory");
}

static void on_flush(png_structp png) { (void)png; }

/* Everything that libpng may leave by longjmp. */
static wf_status encode(encoder *e, const uint8_t *pixels, int height, int width, int channels) {
    if (setjmp(png_jmpbuf(e->png))) return e->user.status;
    png_set_write_fn(e->png, e, on_write, on_flush);
    png_set_IHDR(e->png, e->info, (png_uint_32)width, (png_uint_32)height, 8,
                 channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(e->png, e->info);
    for (int y = 0; y < height; y++)
        png_write_row(e->png, pixels + (size_t)y * (size_t)width * (size_t)channels);
    png_write_end(e->png, NULL);
    return WF_OK;
}

wf_status wf_png_encode(wf_str *out, wf_context *cx, const uint8_t *pixels, int height, int width,
                        int channels) {
    wf_status status = WF_OK;
    encoder e = {.user.cx = cx};
    WF_TRY(wf__image_check(cx, height, width, channels, "PNG to be written"));
    e.png = png_create_write_struct_2(PNG_LIBPNG_VER_STRING, &e, on_error, wf__png_ignore, &e,
                                      wf__png_malloc, wf__png_free);
    if (e.png) e.info = png_create_info_struct(e.png);
    WF_REQUIRE_OR(e.png && e.info, WF_E_NOMEM, "writing a PNG: out of memory for libpng");
    WF_TRY_OR(encode(&e, pixels, height, width, channels));
    *out = e.bytes;
    e.bytes = (wf_str){0};
done:
    wf_str_reset(&e.bytes);
    if (e.png) png_destroy_write_struct(&e.png, &e.info);
    return status;
}
