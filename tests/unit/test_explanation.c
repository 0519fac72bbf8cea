/* The pictures of explanations: what is where, and failing memory. */
#include <png.h>

#include "report/explanation.h"
#include "train_fixture.h"

static wf_context cx;

enum { H = 4, W = 6, SCALE = 224 / W, GAP = 2 };

static uint8_t pixels[H * W * 3];
static float values[H * W * 3], map[2 * 3], heat[H * W];
static double rows[H];

static wf_attribution attribution(int channels) {
    for (int i = 0; i < H * W * channels; i++) {
        pixels[i] = (uint8_t)(i * 3);
        values[i] = 0;
    }
    values[0] = 2;                       /* row 0, column 0 speaks for the class */
    values[(1 * W + 2) * channels] = -2; /* row 1, column 2 against it */
    return (wf_attribution){
        .height = H, .width = W, .channels = channels, .values = values, .rows = rows};
}

static wf_cam cam(void) {
    memset(map, 0, sizeof map);
    map[5] = 3; /* the lower right corner */
    return (wf_cam){
        .height = 2, .width = 3, .map = map, .image_height = H, .image_width = W, .heat = heat};
}

static uint8_t picture[(H * SCALE + 2 * GAP) * 3 * (W * SCALE + 2 * GAP) * 3];
static int width;

static void decode(const wf_str *png, int panels) {
    png_image image = {.version = PNG_IMAGE_VERSION};
    CHECK(png_image_begin_read_from_memory(&image, png->text, png->length));
    CHECK_INT(image.height, H * SCALE + 2 * GAP);
    CHECK_INT(image.width, panels * (W * SCALE + GAP) + GAP);
    CHECK_INT(image.format, PNG_FORMAT_RGB);
    CHECK(PNG_IMAGE_SIZE(image) <= sizeof picture);
    CHECK(png_image_finish_read(&image, NULL, picture, 0, NULL));
    width = (int)image.width;
}

/* The middle of the image's pixel (y, x) in a panel. */
static const uint8_t *color_at(int panel, int y, int x) {
    const int v = GAP + y * SCALE + SCALE / 2,
              u = GAP + panel * (W * SCALE + GAP) + x * SCALE + SCALE / 2;
    return picture + ((ptrdiff_t)v * width + u) * 3;
}

static int brightness(const uint8_t *c) { return c[0] + c[1] + c[2]; }

TEST(panels_of_a_heatmap) {
    for (int channels = 1; channels <= 3; channels += 2) {
        const wf_attribution a = attribution(channels);
        const wf_cam m = cam();
        wf_str png = {0};
        CHECK_OK(&cx, wf_heatmap_png(&png, &cx, pixels, &m, &a));
        decode(&png, 3);
        for (int y = 0; y < H; y++)
            for (int x = 0; x < W; x++)
                for (int k = 0; k < 3; k++)
                    CHECK_INT(color_at(0, y, x)[k],
                              pixels[(y * W + x) * channels + (channels == 3 ? k : 0)]);
        CHECK(brightness(color_at(1, 3, 5)) > brightness(color_at(1, 0, 0)) + 200);
        CHECK(color_at(2, 0, 0)[2] > color_at(2, 0, 0)[0] + 100); /* blue: for */
        CHECK(color_at(2, 1, 2)[0] > color_at(2, 1, 2)[2] + 100); /* orange: against */
        CHECK(brightness(color_at(2, 3, 3)) > 700);
        wf_str_reset(&png);
        CHECK_OK(&cx, wf_heatmap_png(&png, &cx, pixels, NULL, &a));
        decode(&png, 2);
        CHECK(color_at(1, 0, 0)[2] > color_at(1, 0, 0)[0] + 100);
        wf_str_reset(&png);
    }
}

TEST(a_class_that_nothing_speaks_for) {
    wf_attribution a = attribution(1);
    wf_cam m = cam();
    wf_str png = {0};
    memset(values, 0, sizeof values);
    map[5] = 0;
    CHECK_OK(&cx, wf_heatmap_png(&png, &cx, pixels, &m, &a));
    decode(&png, 3);
    CHECK(memcmp(color_at(1, 2, 2), color_at(0, 2, 2), 3) == 0); /* the image as it is */
    CHECK(memcmp(color_at(2, 0, 0), color_at(2, 3, 3), 3) == 0);
    wf_str_reset(&png);
}

/* ---- the chart ---- */

static float outputs[3 * 4] = {0.3f,  0.3f,  0.05f, 0.35f, 0.5f,  0.2f,
                               0.06f, 0.24f, 0.8f,  0.1f,  0.05f, 0.05f};
static double shares[3] = {0.5, -0.25, 1};
static const char *const names[] = {"first", "<second>", "third", "fourth"};
static const wf_progression progression = {
    .lines = 3, .classes = 4, .image_lines = 3, .outputs = outputs, .shares = shares};

TEST(classes_of_a_chart) {
    int classes[WF_CHART_CLASSES];
    CHECK_INT(wf_progression_classes(classes, &progression, 1), 3);
    CHECK_INT(classes[0], 1); /* the explained one, then by their largest probability */
    CHECK_INT(classes[1], 0);
    CHECK_INT(classes[2], 3);
    CHECK_INT(wf_progression_classes(classes, &progression, 2), 4);
    CHECK_INT(classes[0], 2);
}

static size_t count(const char *text, const char *what) {
    size_t n = 0;
    for (; (text = strstr(text, what)); text++) n++;
    return n;
}

TEST(chart_of_a_progression) {
    const wf_progression_chart chart = {&progression, 1, names};
    wf_str svg = {0};
    CHECK_OK(&cx, wf_progression_svg(&svg, &cx, &chart));
    CHECK(strncmp(svg.text, "<svg xmlns=\"http://www.w3.org/2000/svg\"", 39) == 0);
    CHECK_INT(count(svg.text, "class=\"curve"), 3);
    CHECK_INT(count(svg.text, "class=\"for\""), 2);
    CHECK_INT(count(svg.text, "class=\"against\""), 1);
    CHECK(strstr(svg.text, "&lt;second&gt; 0.100") && !strstr(svg.text, "<second>"));
    CHECK(strstr(svg.text, "first 0.800") && !strstr(svg.text, "third"));
    CHECK(!strstr(svg.text, "nan") && !strstr(svg.text, "inf"));
    wf_str_reset(&svg);
}

TEST(one_line_and_no_attribution) {
    double nothing = 0;
    const wf_progression one = {.reading = WF_READING_COLUMNS,
                                .lines = 1,
                                .classes = 4,
                                .image_lines = 1,
                                .outputs = outputs,
                                .shares = &nothing};
    const wf_progression_chart chart = {&one, 0, names};
    wf_str svg = {0};
    CHECK_OK(&cx, wf_progression_svg(&svg, &cx, &chart));
    CHECK(strstr(svg.text, "Probability after each column"));
    CHECK(!strstr(svg.text, "nan") && !strstr(svg.text, "inf"));
    wf_str_reset(&svg);
}

TEST(chart_of_a_map) {
    wf_progression map = progression;
    const wf_progression_chart chart = {&map, 1, names};
    wf_str svg = {0};
    map.layer = (char[]){"<pool>"};
    map.image_lines = 28;
    CHECK_OK(&cx, wf_progression_svg(&svg, &cx, &chart));
    CHECK(strstr(svg.text, "Probability after each step"));
    CHECK(strstr(svg.text, ">step: a row of &lt;pool&gt;'s map, about 9.3 rows of the image<"));
    wf_str_reset(&svg);
    map.image_lines = 3;
    CHECK_OK(&cx, wf_progression_svg(&svg, &cx, &chart));
    CHECK(strstr(svg.text, "about 1 row of the image"));
    wf_str_reset(&svg);
}

TEST(failing_memory_is_reported) {
    const wf_progression_chart chart = {&progression, 1, names};
    const wf_attribution a = attribution(1);
    const wf_cam m = cam();
    wf_status status = WF_E_NOMEM;
    long k = 1;
    for (; status != WF_OK && k < 1000; k++) {
        wf_str png = {0}, svg = {0};
        wf__alloc_fail_at(k);
        status = wf_heatmap_png(&png, &cx, pixels, &m, &a);
        if (status == WF_OK) status = wf_progression_svg(&svg, &cx, &chart);
        wf__alloc_fail_at(0);
        if (status != WF_OK) {
            CHECK(!svg.text);
            CHECK_FAILS(&cx, status, WF_E_NOMEM);
        }
        wf_str_reset(&png);
        wf_str_reset(&svg);
    }
    CHECK(status == WF_OK && k > 8);
}

TEST_MAIN()
