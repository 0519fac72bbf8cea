/* Test-time augmentation: means over views, against the views made here pixel by pixel. */
#include "train_fixture.h"

enum { N = 23, K = CLASSES };

/* Moves a mirrored or plain copy; black comes in. */
static void make_view(uint8_t *dst, const uint8_t *src, int mirrored, int down, int right) {
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            const int from_y = y - down, moved = x - right;
            const int from_x = mirrored ? SIDE - 1 - moved : moved;
            const int is_in = from_y >= 0 && from_y < SIDE && moved >= 0 && moved < SIDE;
            dst[y * SIDE + x] = is_in ? src[from_y * SIDE + from_x] : 0;
        }
}

static void predict(float *out, setup *s, const wf_images *images, int32_t views) {
    wf_predict_result r = {0};
    const wf_predict_options o = {.images = images,
                                  .normalization = {1, {0.02f}, {-1.5f}}, /* black is not 0 */
                                  .batch_size = 7,
                                  .views = views};
    CHECK_OK(&s->cx, wf_predict(&r, out, s->params, &s->cx, s->pool, &o));
    CHECK_INT(r.n, N);
    CHECK(isnan(r.loss));
}

static void check_views(int32_t views, int n_mirrors, int n_moves) {
    static const int moves[5][2] = {{0, 0}, {1, 0}, {-1, 0}, {0, 1}, {0, -1}};
    static uint8_t pixels[N * SIDE * SIDE];
    double expected[N * K] = {0};
    float outputs[N * K];
    setup s;
    setup_open(&s, 3);
    s.images.count = N;
    CHECK_INT(wf_test_view_count(views), n_mirrors * n_moves);
    for (int m = 0; m < n_mirrors; m++)
        for (int k = 0; k < n_moves; k++) {
            wf_images moved = s.images;
            moved.pixels = pixels;
            for (int i = 0; i < N; i++)
                make_view(pixels + i * SIDE * SIDE, s.images.pixels + i * SIDE * SIDE, m,
                          moves[k][0], moves[k][1]);
            predict(outputs, &s, &moved, 0);
            for (int i = 0; i < N * K; i++) expected[i] += (double)outputs[i];
        }
    predict(outputs, &s, &s.images, views);
    for (int i = 0; i < N * K; i++)
        CHECK_NEAR(outputs[i], expected[i] / (n_mirrors * n_moves), 1e-6);
    setup_close(&s);
}

TEST(the_image_as_it_is) { check_views(0, 1, 1); }
TEST(mirror_image) { check_views(WF_TEST_FLIP, 2, 1); }
TEST(shifts) { check_views(WF_TEST_SHIFT, 1, 5); }
TEST(both) { check_views(WF_TEST_FLIP | WF_TEST_SHIFT, 2, 5); }

TEST(a_mean_has_no_loss) {
    setup s;
    wf_predict_result r = {0};
    setup_open(&s, 1);
    const wf_predict_options o = {.images = &s.images,
                                  .normalization = unit_scale,
                                  .recipe = s.recipe,
                                  .views = WF_TEST_FLIP};
    CHECK_FAILS(&s.cx, wf_predict(&r, NULL, s.params, &s.cx, s.pool, &o), WF_E_ARG);
    setup_close(&s);
}

TEST_MAIN()
