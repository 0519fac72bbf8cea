/* Many images as one lossy picture, read back by libwebp's own decoder. */
#include <webp/decode.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "data/webp.h"
#include "report/sprite.h"
#include "test.h"

enum { MOST = 11000, LIMIT = 1400000 };

static wf_context cx;
static const uint8_t *images[MOST];

/* A hill or a hollow in grey, whose height differs from image to image and in colour from channel
 * to channel. */
static uint8_t *make_images(int count, const wf_images *form) {
    const int h = form->height, w = form->width, c = form->channels;
    uint8_t *pixels = NULL;
    CHECK_OK(&cx, wf_alloc(&pixels, &cx, (size_t)count, (size_t)(h * w * c)));
    for (int i = 0; i < count; i++) {
        uint8_t *to = pixels + (size_t)i * (size_t)(h * w * c);
        images[i] = to;
        for (int p = 0; p < h * w; p++)
            for (int k = 0; k < c; k++) {
                const double y = (p / w + 0.5) / h, x = (p % w + 0.5) / w;
                const int height = (i * 67 + k * 90) % 201 - 100;
                *to++ = (uint8_t)lround(128 + height * sin(M_PI * y) * sin(M_PI * x));
            }
    }
    return pixels;
}

/* The root mean square difference of tile `i` from `expected` [tile's size][channels]. */
static double difference(const uint8_t *picture, int width, const wf_sprite *s, int i,
                         const uint8_t *expected, int channels) {
    const int top = i / s->columns * s->tile_height, left = i % s->columns * s->tile_width;
    double sum = 0;
    for (int y = 0; y < s->tile_height; y++)
        for (int x = 0; x < s->tile_width; x++)
            for (int k = 0; k < 3; k++) {
                const int at = (y * s->tile_width + x) * channels + (channels == 3 ? k : 0);
                const double d = picture[((top + y) * width + left + x) * 3 + k] - expected[at];
                sum += d * d;
            }
    return sqrt(sum / (3.0 * s->tile_height * s->tile_width));
}

static uint8_t *decode(int *out_height, int *out_width, const wf_str *webp) {
    uint8_t *picture =
        WebPDecodeRGB((const uint8_t *)webp->text, webp->length, out_width, out_height);
    CHECK(picture != NULL);
    return picture;
}

static void check_tiles(const wf_sprite *s, const wf_images *form, double bound) {
    int height = 0, width = 0;
    uint8_t *picture = decode(&height, &width, &s->webp);
    CHECK_INT(width, s->columns * s->tile_width);
    CHECK_INT(height, (s->count + s->columns - 1) / s->columns * s->tile_height);
    for (int i = 0; i < s->count; i++)
        CHECK(difference(picture, width, s, i, images[i], form->channels) < bound);
    CHECK(width < 2 * height + s->tile_width && height < 2 * width + s->tile_height);
    WebPFree(picture);
}

TEST(tiles_are_the_images) {
    static const wf_images forms[] = {{.height = 28, .width = 28, .channels = 1},
                                      {.height = 28, .width = 28, .channels = 3},
                                      {.height = 48, .width = 64, .channels = 3},
                                      {.height = 7, .width = 31, .channels = 1}};
    static const int counts[] = {1, 2, 45, 200};
    for (size_t f = 0; f < 4; f++)
        for (size_t n = 0; n < 4; n++) {
            wf_sprite s = {0};
            uint8_t *pixels = make_images(counts[n], &forms[f]);
            CHECK_OK(&cx, wf_sprite_create(&s, &cx, images, counts[n], &forms[f], LIMIT));
            CHECK_INT(s.count, counts[n]);
            CHECK_INT(s.tile_height, forms[f].height);
            CHECK_INT(s.tile_width, forms[f].width);
            check_tiles(&s, &forms[f], 5 /* of a neighbour's it is above 15 */);
            wf_sprite_reset(&s);
            CHECK(!s.webp.text);
            wf_free(pixels);
        }
}

/* The mean of each tile follows its image, though it is smaller. */
TEST(large_images_are_shrunk) {
    const wf_images form = {.height = 300, .width = 600, .channels = 3};
    wf_sprite s = {0};
    uint8_t *pixels = make_images(20, &form);
    CHECK_OK(&cx, wf_sprite_create(&s, &cx, images, 20, &form, LIMIT));
    CHECK_INT(s.tile_height, 80);
    CHECK_INT(s.tile_width, 160);
    int height = 0, width = 0;
    uint8_t *picture = decode(&height, &width, &s.webp);
    for (int i = 0; i < 20; i++) { /* the pixel in the middle of each */
        const uint8_t *from = images[i] + (150 * 600 + 300) * 3;
        const int y = i / s.columns * 80 + 40, x = i % s.columns * 160 + 80;
        for (int k = 0; k < 3; k++) CHECK_NEAR(picture[(y * width + x) * 3 + k], from[k], 6);
    }
    WebPFree(picture);
    wf_sprite_reset(&s);
    wf_free(pixels);
}

/* The quality follows the limit; what does not fit at any is as small as it is good to look at. */
TEST(many_images_become_a_file_of_limited_size) {
    static const wf_images grey = {.height = 28, .width = 28, .channels = 1},
                           color = {.height = 64, .width = 64, .channels = 3};
    wf_sprite s = {0};
    size_t last = 0;
    uint8_t *pixels = make_images(10200, &grey);
    for (size_t limit = 100000; limit < 1000000; limit *= 2) {
        CHECK_OK(&cx, wf_sprite_create(&s, &cx, images, 10200, &grey, limit));
        CHECK_INT(s.tile_height, 28);
        CHECK(s.webp.length >= last && (s.webp.length <= limit || last == 0));
        last = s.webp.length;
        wf_sprite_reset(&s);
    }
    CHECK(last > 300000);
    wf_free(pixels);

    wf_rng r;
    wf_rng_init(&r, 1, WF_STREAM_TEST, 0);
    CHECK_OK(&cx, wf_alloc(&pixels, &cx, 64, 64 * 64 * 3));
    for (int i = 0; i < 64 * 64 * 64 * 3; i++) pixels[i] = (uint8_t)(wf_rng_u32(&r) >> 24);
    for (int i = 0; i < 5000; i++) images[i] = pixels + i % 64 * 64 * 64 * 3;
    CHECK_OK(&cx, wf_sprite_create(&s, &cx, images, 5000, &color, 1000));
    CHECK_INT(s.count, 5000);
    CHECK_INT(s.tile_height, 45); /* so many pixels are too many */
    CHECK(s.webp.length > 1000 && s.webp.length < 4000000);
    wf_sprite_reset(&s);
    wf_free(pixels);
}

TEST(refused) {
    const wf_images form = {.height = 4, .width = 4, .channels = 1};
    static const uint8_t pixels[3 * 16384];
    wf_sprite s = {0};
    wf_str webp = {0};
    CHECK_FAILS(&cx, wf_sprite_create(&s, &cx, images, 0, &form, LIMIT), WF_E_ARG);
    CHECK_FAILS(&cx, wf_webp_encode(&webp, &cx, pixels, 1, 16384, 50), WF_E_LIMIT);
    CHECK_FAILS(&cx, wf_webp_encode(&webp, &cx, pixels, 0, 5, 50), WF_E_DATA);
    CHECK_OK(&cx, wf_webp_encode(&webp, &cx, pixels, 1, WF_WEBP_MAX_SIDE, 50));
    wf_str_reset(&webp);
    CHECK(!s.webp.text && s.count == 0);
}

TEST(every_allocation_may_fail) {
    const wf_images form = {.height = 200, .width = 20, .channels = 3};
    uint8_t *pixels = make_images(5, &form);
    wf_status status = WF_E_NOMEM;
    long k = 1;
    for (; k < 1000 && status != WF_OK; k++) {
        wf_sprite s = {0};
        wf__alloc_fail_at(k);
        status = wf_sprite_create(&s, &cx, images, 5, &form, LIMIT);
        wf__alloc_fail_at(0);
        if (status == WF_OK) {
            CHECK_INT(s.tile_height, 160);
        } else {
            CHECK(!s.webp.text);
            CHECK_FAILS(&cx, status, WF_E_NOMEM);
        }
        wf_sprite_reset(&s);
    }
    CHECK(status == WF_OK);
    CHECK(k > 30);
    wf_free(pixels);
}

TEST_MAIN()
