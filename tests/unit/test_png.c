/* Writing PNG files, read back by libpng's own simplified reader; sheets of tiles. */
#include "test.h"

#include "base/alloc.h"
#include "data/png.h"
#include "pictures.h"

static wf_context cx;
static uint8_t pixels[1 << 16], back[1 << 16];

/* Grey must be stored as grey and colour as colour: libpng converts neither here. */
static void read_back(const wf_str *png, int height, int width, int channels) {
    png_image image = {.version = PNG_IMAGE_VERSION};
    CHECK(png_image_begin_read_from_memory(&image, png->text, png->length));
    CHECK_INT(image.height, height);
    CHECK_INT(image.width, width);
    CHECK_INT(image.format, channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY);
    CHECK(PNG_IMAGE_SIZE(image) <= sizeof back);
    CHECK(png_image_finish_read(&image, NULL, back, 0, NULL));
    CHECK_INT(image.warning_or_error, 0);
}

TEST(what_is_written_is_read_back) {
    static const int sizes[][2] = {{1, 1}, {1, 300}, {300, 1}, {28, 28}, {100, 200}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int channels = 1; channels <= 3; channels += 2) {
            wf_str png = {0}, again = {0};
            const int h = sizes[i][0], w = sizes[i][1];
            const size_t bytes = (size_t)(h * w * channels);
            picture_fill(pixels, bytes, (unsigned)i);
            CHECK_OK(&cx, wf_png_encode(&png, &cx, pixels, h, w, channels));
            memset(back, 0, sizeof back);
            read_back(&png, h, w, channels);
            CHECK(memcmp(back, pixels, bytes) == 0);
            CHECK_OK(&cx, wf_png_encode(&again, &cx, pixels, h, w, channels));
            CHECK(again.length == png.length && memcmp(again.text, png.text, png.length) == 0);
            wf_str_reset(&png);
            wf_str_reset(&again);
        }
}

TEST(refused) {
    wf_str png = {0};
    CHECK_FAILS(&cx, wf_png_encode(&png, &cx, pixels, 0, 5, 1), WF_E_DATA);
    CHECK_FAILS(&cx, wf_png_encode(&png, &cx, pixels, 5, 5, 2), WF_E_DATA);
    CHECK_FAILS(&cx, wf_png_encode(&png, &cx, pixels, 5, 65536, 1), WF_E_LIMIT);
    CHECK(!png.text && png.length == 0);
    const wf_sheet good = {
        .columns = 2, .count = 3, .tile_height = 4, .tile_width = 5, .channels = 1, .scale = 1};
    wf_sheet s = good;
    s.scale = 0;
    CHECK_FAILS(&cx, wf_sheet_create(&s, &cx), WF_E_ARG);
    s = good;
    s.columns = 0;
    CHECK_FAILS(&cx, wf_sheet_create(&s, &cx), WF_E_ARG);
    s = good;
    s.count = INT32_MAX;
    s.scale = 64;
    CHECK_FAILS(&cx, wf_sheet_create(&s, &cx), WF_E_LIMIT);
    s = good;
    s.tile_width = 0;
    CHECK_FAILS(&cx, wf_sheet_create(&s, &cx), WF_E_DATA);
    CHECK(!s.pixels);
}

/* Three tiles in two columns: the fourth place stays white. */
TEST(sheet_of_grey_and_coloured_tiles) {
    enum { H = 2, W = 3, SCALE = 2, GAP = 2 };
    wf_sheet s = {
        .columns = 2, .count = 3, .tile_height = H, .tile_width = W, .channels = 3, .scale = SCALE};
    CHECK_OK(&cx, wf_sheet_create(&s, &cx));
    CHECK_INT(s.height, 2 * H * SCALE + 3 * GAP);
    CHECK_INT(s.width, 2 * W * SCALE + 3 * GAP);
    uint8_t grey[H * W], color[3 * H * W];
    picture_fill(grey, sizeof grey, 1);
    picture_fill(color, sizeof color, 2);
    wf_sheet_put(&s, 0, grey, 1);
    wf_sheet_put(&s, 1, color, 3);
    wf_sheet_put(&s, 2, grey, 1);
    for (int y = 0; y < s.height; y++)
        for (int x = 0; x < s.width; x++)
            for (int k = 0; k < 3; k++) {
                const int row = (y - GAP) / (H * SCALE + GAP), v = (y - GAP) % (H * SCALE + GAP);
                const int col = (x - GAP) / (W * SCALE + GAP), u = (x - GAP) % (W * SCALE + GAP);
                const int is_tile = y >= GAP && x >= GAP && v < H * SCALE && u < W * SCALE;
                const int tile = row * 2 + col, from = v / SCALE * W + u / SCALE;
                int expected = 255;
                if (is_tile && tile < 3) expected = tile == 1 ? color[from * 3 + k] : grey[from];
                CHECK_INT(s.pixels[(y * s.width + x) * 3 + k], expected);
            }
    wf_sheet_reset(&s);
    CHECK(!s.pixels);
}

static wf_status write_sheet(wf_str *out) {
    wf_sheet s = {
        .columns = 9, .count = 4, .tile_height = 28, .tile_width = 28, .channels = 1, .scale = 1};
    wf_status status = wf_sheet_create(&s, &cx);
    if (status == WF_OK) status = wf_png_encode(out, &cx, s.pixels, s.height, s.width, s.channels);
    wf_sheet_reset(&s);
    return status;
}

TEST(every_allocation_may_fail) {
    wf_status status = WF_E_NOMEM;
    long k = 1;
    for (; k < 1000 && status != WF_OK; k++) {
        wf_str png = {0};
        wf__alloc_fail_at(k);
        status = write_sheet(&png);
        wf__alloc_fail_at(0);
        if (status == WF_OK) {
            read_back(&png, 28 + 4, 4 * 30 + 2, 1);
        } else {
            CHECK(!png.text);
            CHECK_FAILS(&cx, status, WF_E_NOMEM);
        }
        wf_str_reset(&png);
    }
    CHECK(status == WF_OK);
    CHECK(k > 5);
}

TEST_MAIN()
