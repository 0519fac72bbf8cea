#include <string.h>

#include "data/formats.h"
#include "data/png_user.h"

/* Deflate cannot grow data more than this. */
enum { DEFLATE_MOST = 1040 };

/* What the callbacks of libpng work on. */
typedef struct decoder {
    wf__png_user user; /* first: libpng's memory pointer is the decoder */
    const char *name;
    const uint8_t *bytes;
    size_t size, used;
    png_structp png;
    png_infop info;
    uint8_t *pixels; /* as libpng delivers them */
    png_bytep *rows;
    uint32_t height, width;
    int channels; /* of `pixels`: 1 grey, 2 grey and alpha, 3 colour, 4 colour and alpha */
    bool is_narrowed;
} decoder;

bool wf__is_png(const uint8_t *bytes, size_t size) {
    return size >= 8 && png_sig_cmp(bytes, 0, 8) == 0;
}

static void on_error(png_structp png, png_const_charp text) {
    decoder *d = png_get_error_ptr(png);
    wf_context *cx = d->user.cx;
    if (d->user.status == WF_OK)
        d->user.status = WF_FAIL(WF_E_DATA, "%s: at byte %zu of %zu: damaged PNG: %s", d->name,
                                 d->used, d->size, text);
    png_longjmp(png, 1);
}

static void on_read(png_structp png, png_bytep to, size_t size) {
    decoder *d = png_get_io_ptr(png);
    if (size > d->size - d->used) png_error(png, "the file ends too early");
    memcpy(to, d->bytes + d->used, size);
    d->used += size;
}

/* Everything that libpng may leave by longjmp. */
static wf_status decode(decoder *d) {
    if (setjmp(png_jmpbuf(d->png))) return d->user.status;
    wf_context *cx = d->user.cx;
    png_set_user_limits(d->png, WF_IMAGE_MAX_SIDE, WF_IMAGE_MAX_SIDE);
    png_set_chunk_malloc_max(d->png, 8 << 20);
    png_set_chunk_cache_max(d->png, 128);
    png_set_read_fn(d->png, d, on_read);
    png_read_info(d->png, d->info);
    d->width = png_get_image_width(d->png, d->info);
    d->height = png_get_image_height(d->png, d->info);
    WF_TRY(wf__image_check(cx, d->height, d->width, 1, d->name));
    png_byte depth = png_get_bit_depth(d->png, d->info);
    uint64_t row_bits = (uint64_t)d->width * depth * png_get_channels(d->png, d->info);
    WF_REQUIRE((row_bits + 7) / 8 * d->height / DEFLATE_MOST <= d->size, WF_E_DATA,
               "%s: a PNG of %u x %u pixels is declared, found %zu bytes, which cannot hold it",
               d->name, d->width, d->height, d->size);
    d->is_narrowed = depth == 16;
    png_set_expand(d->png); /* palettes, 1 to 4 bits, transparent colours */
    png_set_scale_16(d->png);
    png_set_interlace_handling(d->png);
    png_read_update_info(d->png, d->info);
    d->channels = png_get_channels(d->png, d->info);
    size_t stride = png_get_rowbytes(d->png, d->info);
    WF_REQUIRE(stride == (size_t)d->width * (size_t)d->channels, WF_E_INTERNAL,
               "%s: libpng gives rows of %zu bytes", d->name, stride);
    WF_TRY(wf_alloc(&d->pixels, cx, d->height, stride));
    WF_TRY(wf_alloc(&d->rows, cx, d->height, sizeof *d->rows));
    for (uint32_t y = 0; y < d->height; y++) d->rows[y] = d->pixels + y * stride;
    png_read_image(d->png, d->rows);
    png_read_end(d->png, NULL);
    return WF_OK;
}

/* Drops alpha: what is transparent becomes black. */
static bool blend(uint8_t *dst, const uint8_t *src, size_t pixels, size_t colors) {
    bool is_blended = false;
    for (size_t i = 0; i < pixels; i++) {
        unsigned alpha = src[i * (colors + 1) + colors];
        if (alpha != 255) is_blended = true;
        for (size_t k = 0; k < colors; k++)
            dst[i * colors + k] = (uint8_t)((src[i * (colors + 1) + k] * alpha + 127) / 255);
    }
    return is_blended;
}

wf_status wf__png_decode(wf_images *out, wf_context *cx, const uint8_t *bytes, size_t size,
                         const char *name, wf__conversion *conversion) {
    wf_status status = WF_OK;
    wf_images image = {0};
    decoder d = {.user.cx = cx, .name = name, .bytes = bytes, .size = size};
    d.png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &d, on_error, wf__png_ignore, &d,
                                     wf__png_malloc, wf__png_free);
    if (d.png) d.info = png_create_info_struct(d.png);
    WF_REQUIRE_OR(d.png && d.info, WF_E_NOMEM, "%s: out of memory for libpng", name);
    WF_TRY_OR(decode(&d));
    bool has_alpha = d.channels == 2 || d.channels == 4;
    int colors = d.channels - has_alpha;
    WF_TRY_OR(wf__images_alloc(&image, cx, 1, d.height, d.width, colors, false, name));
    size_t pixels = (size_t)d.height * d.width;
    if (!has_alpha) memcpy(image.pixels, d.pixels, pixels * (size_t)colors);
    else if (blend(image.pixels, d.pixels, pixels, (size_t)colors)) conversion->blended++;
    conversion->narrowed += d.is_narrowed;
    *out = image;
done:
    wf_free(d.rows);
    wf_free(d.pixels);
    if (d.png) png_destroy_read_struct(&d.png, &d.info, NULL);
    return status;
}
