#include <stdio.h>
#include <webp/encode.h>

#include "data/formats.h"
#include "data/library.h"
#include "data/webp.h"

/* What libwebp writes through. */
typedef struct target {
    wf_context *cx;
    wf_str bytes;
} target;

static int on_write(const uint8_t *data, size_t size, const WebPPicture *picture) {
    target *t = picture->custom_ptr;
    wf_str_add_bytes(&t->bytes, t->cx, (const char *)data, size);
    return t->bytes.status == WF_OK;
}

static wf_status encode(WebPPicture *picture, wf_context *cx, const WebPConfig *config,
                        const uint8_t *pixels) {
    target *t = picture->custom_ptr;
    if (WebPPictureImportRGB(picture, pixels, 3 * picture->width) && WebPEncode(config, picture))
        return WF_OK;
    if (t->bytes.status != WF_OK) return t->bytes.status;
    WF_REQUIRE(picture->error_code != VP8_ENC_ERROR_OUT_OF_MEMORY &&
                   picture->error_code != VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY,
               WF_E_NOMEM, "writing a WebP: out of memory for libwebp");
    return WF_FAIL(WF_E_INTERNAL, "writing a WebP of %d x %d pixels: error %d of libwebp",
                   picture->height, picture->width, (int)picture->error_code);
}

wf_status wf_webp_encode(wf_str *out, wf_context *cx, const uint8_t *pixels, int height, int width,
                         int quality) {
    WebPConfig config;
    WebPPicture picture;
    target t = {.cx = cx};
    WF_TRY(wf__image_check(cx, height, width, 3, "WebP to be written"));
    WF_REQUIRE(height <= WF_WEBP_MAX_SIDE && width <= WF_WEBP_MAX_SIDE, WF_E_LIMIT,
               "WebP of %d x %d pixels, at most %d a side", height, width, WF_WEBP_MAX_SIDE);
    WF_REQUIRE(WebPConfigPreset(&config, WEBP_PRESET_DEFAULT, (float)quality) &&
                   WebPPictureInit(&picture),
               WF_E_INTERNAL, "writing a WebP: libwebp is another version than weft was made for");
    picture.width = width;
    picture.height = height;
    picture.writer = on_write;
    picture.custom_ptr = &t;
    wf_status status = encode(&picture, cx, &config, pixels);
    WebPPictureFree(&picture);
    if (status == WF_OK) *out = t.bytes;
    else wf_str_reset(&t.bytes);
    return status;
}

const char *wf_webp_library_version(void) {
    static char text[32];
    const int version = WebPGetEncoderVersion();
    snprintf(text, sizeof text, "%d.%d.%d", version >> 16, version >> 8 & 255, version & 255);
    return text;
}
