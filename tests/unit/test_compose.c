/* Canvases: where garments lie, what covers them, from which part they come; and the folder. */
#include "base/rng.h"
#include "data/compose.h"
#include "garments.h"
#include "scratch.h"
#include "test.h"

enum { CANVASES = 400, N = WF_OUTFIT_CLASSES, MOST_NOISE = 35 /* 10 deviations of 3.45 at most */ };

static wf_context cx;

static wf_pool *pool_of(int threads) {
    wf_pool *pool = NULL;
    CHECK_OK(&cx, wf_pool_create(&pool, &cx, threads));
    return pool;
}

static wf__composer composer_of(const wf_images *images, double dependence) {
    wf_outfits outfits;
    wf__composer c = {0};
    CHECK_OK(&cx, wf_outfits_create(&outfits, &cx, dependence));
    CHECK_OK(&cx, wf__composer_init(&c, &cx, &outfits, images, "training"));
    c.seed = 3;
    c.stream = WF_STREAM_COMPOSE;
    return c;
}

static wf__canvas canvas;

/* ---- where garments lie ---- */

static void check_place(const wf__outfit_object *o) {
    CHECK(o->x >= 0 && o->y >= 0 && o->width >= 1 && o->height >= 1);
    CHECK(o->x + o->width <= WF_OUTFIT_SIDE && o->y + o->height <= WF_OUTFIT_SIDE);
    /* a square of 20 in an image of 28, which is made 10 to 28 large; edges are soft */
    CHECK(o->width >= 7 && o->width <= 22 && abs(o->width - o->height) <= 1);
}

TEST(one_garment_per_label_on_the_canvas) {
    wf__composer c = composer_of(&garments()->train, 0);
    int smallest = 64, largest = 0;
    for (int i = 0; i < CANVASES; i++) {
        int seen = 0;
        wf__canvas_draw(&canvas, &c, i);
        for (int k = 0; k < canvas.count; k++) {
            const wf__outfit_object *o = &canvas.objects[k];
            check_place(o);
            CHECK(o->garment >= 0 && o->garment < GARMENTS_TRAIN);
            CHECK_INT(o->garment % N, o->label);
            seen |= 1 << o->label;
            if (o->width < smallest) smallest = o->width;
            if (o->width > largest) largest = o->width;
        }
        CHECK_INT(seen, canvas.labels);
        CHECK_INT(__builtin_popcount((unsigned)seen), canvas.count);
    }
    CHECK(smallest <= 9);
    CHECK(largest >= 20);
    wf__composer_reset(&c);
}

/* Pixels of box k that no box before it holds: for squares, what is seen of it. */
static double seen_of_box(int k) {
    static uint8_t taken[WF_OUTFIT_SIDE][WF_OUTFIT_SIDE];
    const wf__outfit_object *o = canvas.objects;
    int free_pixels = 0;
    memset(taken, 0, sizeof taken);
    for (int i = 0; i < k; i++)
        for (int y = o[i].y; y < o[i].y + o[i].height; y++)
            memset(&taken[y][o[i].x], 1, (size_t)o[i].width);
    for (int y = o[k].y; y < o[k].y + o[k].height; y++)
        for (int x = o[k].x; x < o[k].x + o[k].width; x++) free_pixels += !taken[y][x];
    return (double)free_pixels / (o[k].width * o[k].height);
}

TEST(visible_is_what_the_boxes_say) {
    wf__composer c = composer_of(&garments()->train, 1);
    int covered = 0, crowded = 0, n = 0;
    double off = 0;
    for (int i = 0; i < CANVASES; i++) {
        wf__canvas_draw(&canvas, &c, i);
        for (int k = 0; k < canvas.count; k++) {
            const float visible = canvas.objects[k].visible;
            CHECK(visible > 0 && visible <= 1.0001f);
            CHECK_NEAR(visible, seen_of_box(k), 0.2); /* edges are soft, boxes are not */
            off += fabs((double)visible - seen_of_box(k));
            n++;
            covered += visible < 0.95f;
            crowded += visible < 0.4f;
        }
        CHECK_NEAR(canvas.objects[0].visible, 1, 1e-5);
    }
    CHECK_NEAR(off / n, 0, 0.015);
    CHECK(covered > CANVASES / 10); /* occlusion is there */
    CHECK_INT(crowded, 0);
    wf__composer_reset(&c);
}

/* ---- from which garments ---- */

/* The least and the greatest grey at the middle of the front garment. */
static void front_greys(int *out_least, int *out_most, const wf_images *images) {
    wf__composer c = composer_of(images, 1);
    *out_least = 255;
    *out_most = 0;
    for (int i = 0; i < CANVASES; i++) {
        wf__canvas_draw(&canvas, &c, i);
        const wf__outfit_object *o = canvas.objects;
        const int x = o->x + o->width / 2, y = o->y + o->height / 2;
        const int grey = canvas.pixels[y * WF_OUTFIT_SIDE + x];
        if (grey < *out_least) *out_least = grey;
        if (grey > *out_most) *out_most = grey;
    }
    wf__composer_reset(&c);
}

TEST(a_part_shows_its_own_garments) {
    int least = 0, most = 0;
    front_greys(&least, &most, &garments()->train);
    CHECK(least > GARMENT_TRAIN_GREY - MOST_NOISE && most < GARMENT_TRAIN_GREY + MOST_NOISE);
    front_greys(&least, &most, &garments()->test);
    CHECK(least > GARMENT_TEST_GREY - MOST_NOISE && most < GARMENT_TEST_GREY + MOST_NOISE);
}

static int brightest(const char *path) {
    wf_images images = {0};
    char *notes = NULL;
    int most = 0;
    CHECK_OK(&cx, wf_image_read(&images, &notes, &cx, path, NULL));
    CHECK_INT(images.height, WF_OUTFIT_SIDE);
    CHECK_INT(images.width, WF_OUTFIT_SIDE);
    for (int64_t i = 0; i < images.count * WF_CANVAS_PIXELS; i++)
        if (images.pixels[i] > most) most = images.pixels[i];
    wf_text_free(notes);
    wf_images_reset(&images);
    return most;
}

/* No pixel of a training canvas is as bright as a test garment: neither garment nor clutter. */
TEST(a_set_keeps_the_parts_apart) {
    const wf_compose_options o = {.dependence = 0.5, .n_train = 60, .n_test = 30};
    wf_pool *pool = pool_of(2);
    CHECK_OK(&cx, wf_compose_outfits(&cx, pool, garments(), &o, scratch("apart")));
    CHECK(brightest(scratch("apart/train-images-idx3-ubyte")) < GARMENT_TRAIN_GREY + MOST_NOISE);
    CHECK(brightest(scratch("apart/test-images-idx3-ubyte")) > GARMENT_TEST_GREY);
    wf_pool_destroy(pool);
}

/* ---- the folder as a data set ---- */

static void check_part(const wf_images *found, wf__composer *c, int64_t count) {
    CHECK_INT(found->count, count);
    CHECK_INT(found->n_labels, N);
    for (int64_t i = 0; i < count; i++) {
        wf__canvas_draw(&canvas, c, i);
        for (int k = 0; k < N; k++) CHECK_INT(found->label_sets[i * N + k], canvas.labels >> k & 1);
        CHECK(!memcmp(found->pixels + i * WF_CANVAS_PIXELS, canvas.pixels, WF_CANVAS_PIXELS));
    }
    wf__composer_reset(c);
}

/* Canvases without a label and with more than five are among them. */
TEST(read_as_a_data_set) {
    const wf_compose_options o = {.dependence = 0, .seed = 3, .n_train = 200, .n_test = 50};
    wf_pool *pool = pool_of(1);
    wf_dataset *d = NULL;
    CHECK_OK(&cx, wf_compose_outfits(&cx, pool, garments(), &o, scratch("set")));
    CHECK_OK(&cx, wf_dataset_open(&d, &cx, scratch("set"), NULL));
    CHECK(d->is_multilabel);
    CHECK_INT(d->n_classes, N);
    for (int k = 0; k < N; k++) CHECK_STR(d->class_names[k], garments()->class_names[k]);
    wf__composer train = composer_of(&garments()->train, 0);
    wf__composer test = composer_of(&garments()->test, 0);
    test.stream = WF_STREAM_COMPOSE + 1;
    check_part(&d->train, &train, o.n_train);
    check_part(&d->test, &test, o.n_test);
    wf_dataset_destroy(d);
    wf_pool_destroy(pool);
}

/* ---- dark garments ---- */

/* A frame with a dark middle hides what lies behind its middle, too: `visible` of a garment behind
 * it is that of squares. */
TEST(dark_within_a_garment_covers) {
    static uint8_t pixels[N][GARMENT_SIDE * GARMENT_SIDE];
    wf_images frames = garments()->train;
    frames.count = N;
    memcpy(pixels, frames.pixels, sizeof pixels);
    for (int i = 0; i < N; i++)
        for (int y = 7; y < 21; y++) memset(&pixels[i][y * GARMENT_SIDE + 7], 0, 14);
    frames.pixels = pixels[0];
    wf__composer c = composer_of(&frames, 1);
    for (int i = 0; i < CANVASES; i++) {
        wf__canvas_draw(&canvas, &c, i);
        for (int k = 0; k < canvas.count; k++)
            CHECK_NEAR(canvas.objects[k].visible, seen_of_box(k), 0.2);
    }
    wf__composer_reset(&c);
}

/* ---- what is refused ---- */

static wf_status compose_to(const wf_dataset *d, wf_compose_options o, const char *folder) {
    wf_pool *pool = pool_of(1);
    wf_status status = wf_compose_outfits(&cx, pool, d, &o, folder);
    wf_pool_destroy(pool);
    return status;
}

static int stop(void *user, const char *what, int64_t done, int64_t total) {
    int *calls = user;
    CHECK(*what && done <= total);
    return ++*calls == 2;
}

TEST(bad_arguments) {
    const wf_compose_options good = {.dependence = 1, .n_train = 2, .n_test = 1};
    wf_compose_options o = good;
    wf_dataset d = *garments();
    int32_t same[GARMENTS_TRAIN] = {0};
    int calls = 0;
    o.n_train = 0;
    CHECK_FAILS(&cx, compose_to(&d, o, scratch("bad")), WF_E_ARG);
    o = good;
    o.n_test = WF_OUTFIT_MAX_COUNT + 1;
    CHECK_FAILS(&cx, compose_to(&d, o, scratch("bad")), WF_E_ARG);
    o = good;
    o.dependence = 3;
    CHECK_FAILS(&cx, compose_to(&d, o, scratch("bad")), WF_E_ARG);
    CHECK_FAILS(&cx, compose_to(&d, good, ""), WF_E_ARG);
    CHECK_FAILS(&cx, compose_to(&d, good, scratch("bad/..")), WF_E_ARG);
    scratch_text("full/file", "text");
    CHECK_FAILS(&cx, compose_to(&d, good, scratch("full/")), WF_E_ARG);
    CHECK_FAILS(&cx, compose_to(&d, good, scratch("full/file")), WF_E_ARG);
    d.train.labels = same;
    CHECK_FAILS(&cx, compose_to(&d, good, scratch("bad")), WF_E_DATA);
    d = *garments();
    d.train.labels = NULL;
    CHECK_FAILS(&cx, compose_to(&d, good, scratch("bad")), WF_E_DATA);
    d = *garments();
    d.n_classes = 9;
    CHECK_FAILS(&cx, compose_to(&d, good, scratch("bad")), WF_E_DATA);
    d = *garments();
    d.test.count = 0;
    CHECK_FAILS(&cx, compose_to(&d, good, scratch("bad")), WF_E_DATA);
    o = good;
    o.progress = stop;
    o.progress_user = &calls;
    CHECK_FAILS(&cx, compose_to(garments(), o, scratch("bad")), WF_E_INTERRUPTED);
    CHECK_INT(scratch_entries("full"), 1);
    CHECK(!wf_path_exists(scratch("bad")));
    scratch_text("out/keep", "");
    CHECK_OK(&cx, compose_to(garments(), good, scratch("out/new/")));
    CHECK_INT(scratch_entries("out"), 2); /* nothing half-made is left */
    CHECK_INT(scratch_entries("out/new"), 9);
}

TEST_MAIN()
