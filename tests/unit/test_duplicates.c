/* Duplicates against every pair compared one by one, over odd sizes and any number of threads. */
#include "base/alloc.h"
#include "base/rng.h"
#include "test.h"
#include "weft/audit.h"

static wf_context cx;

enum { MOST = 900 };

/* A data set whose images come in families: some equal, some almost, some not. */
typedef struct made {
    wf_dataset dataset;
    uint8_t *pixels;
    int32_t labels[MOST];
    int bytes;
} made;

static int clamp(int v) { return v < 0 ? 0 : v > 255 ? 255 : v; }

static made make(int height, int width, int channels, int n_train, int n_validation, int n_test) {
    made m = {.bytes = height * width * channels};
    int count = n_train + n_validation + n_test, n[3] = {n_train, n_validation, n_test};
    wf_rng rng;
    wf_rng_init(&rng, 5, WF_STREAM_TEST, (uint32_t)m.bytes);
    CHECK(count <= MOST);
    CHECK_OK(&cx, wf_alloc(&m.pixels, &cx, (size_t)count, (size_t)m.bytes));
    for (int i = 0; i < count; i++) {
        uint8_t *to = m.pixels + i * m.bytes;
        int like = (int)wf_rng_below(&rng, (uint64_t)i + 1), kind = (int)wf_rng_below(&rng, 4);
        int is_new = kind == 0 || like == i, noise = kind < 2 ? 0 : kind == 2 ? 2 : 16;
        for (int k = 0; k < m.bytes; k++) {
            int shift = noise ? (int)wf_rng_below(&rng, (uint64_t)noise) : 0;
            to[k] = (uint8_t)(is_new ? (int)wf_rng_below(&rng, 256)
                                     : clamp(m.pixels[like * m.bytes + k] + shift));
        }
        m.labels[i] = (int32_t)wf_rng_below(&rng, 2);
    }
    wf_images *parts[3] = {&m.dataset.train, &m.dataset.validation, &m.dataset.test};
    for (int p = 0, at = 0; p < 3; at += n[p++])
        *parts[p] = (wf_images){.count = n[p],
                                .height = height,
                                .width = width,
                                .channels = channels,
                                .pixels = m.pixels + at * m.bytes};
    return m;
}

/* Labels point into the struct, which may have been moved. */
static wf_dataset *ready(made *m) {
    wf_dataset *d = &m->dataset;
    d->train.labels = m->labels;
    d->validation.labels = m->labels + d->train.count;
    d->test.labels = d->validation.labels + d->validation.count;
    return d;
}

static wf_duplicates *find(const wf_dataset *d, double near, int threads) {
    wf_duplicates *found = NULL;
    wf_pool *pool = NULL;
    CHECK_OK(&cx, wf_pool_create(&pool, &cx, threads));
    CHECK_OK(&cx, wf_duplicates_find(&found, &cx, pool, d, near, NULL));
    wf_pool_destroy(pool);
    return found;
}

/* ---- one by one ---- */

static wf_image_place place_of(const made *m, int i) {
    const wf_dataset *d = &m->dataset;
    int64_t before[3] = {0, d->train.count, d->train.count + d->validation.count};
    int part = i >= before[2] ? 2 : i >= before[1] ? 1 : 0;
    return (wf_image_place){(wf_part)part, m->labels[i], i - before[part]};
}

/* Of every pair of the images under test, as a distance. */
static double apart[400][400];

static void measure(const made *m, int count) {
    CHECK(count <= 400);
    for (int a = 0; a < count; a++)
        for (int b = 0; b <= a; b++) {
            int64_t sum = 0;
            for (int k = 0; k < m->bytes; k++) {
                int d = m->pixels[a * m->bytes + k] - m->pixels[b * m->bytes + k];
                sum += d * d;
            }
            apart[a][b] = apart[b][a] = sqrt((double)sum / m->bytes) / 255;
        }
}

static int is_pair(const wf_duplicate *d, wf_image_place a, wf_image_place b) {
    return d->a.part == a.part && d->a.index == a.index && d->a.label == a.label &&
           d->b.part == b.part && d->b.index == b.index && d->b.label == b.label;
}

static int listed(const wf_duplicate *list, int64_t count, wf_image_place a, wf_image_place b,
                  double distance) {
    int times = 0;
    for (int64_t i = 0; i < count; i++) {
        if (!is_pair(&list[i], a, b)) continue;
        CHECK_NEAR(list[i].distance, distance, 1e-12);
        times++;
    }
    return times;
}

static void check_counts(const made *m, const wf_duplicates *d, double near, int count) {
    for (int p = 0; p < 3; p++)
        for (int q = p; q < 3; q++)
            for (int kind = 0; kind < 2; kind++) {
                wf_duplicate_counts want = {0};
                for (int b = 0; b < count; b++) {
                    int has = 0;
                    for (int a = 0; a < count; a++) {
                        wf_image_place x = place_of(m, a), y = place_of(m, b);
                        double distance = apart[a][b];
                        int is_kind = kind ? distance > 0 && distance <= near : distance == 0;
                        if (a == b || !is_kind || (int)x.part != p || (int)y.part != q) continue;
                        has = 1;
                        if (p == q && a > b) continue;
                        want.pairs++;
                        want.other_label += x.label != y.label;
                    }
                    want.images += has;
                }
                const wf_duplicate_counts *c =
                    kind ? &d->close_counts[p][q] : &d->exact_counts[p][q];
                CHECK_INT(c->pairs, want.pairs);
                CHECK_INT(c->other_label, want.other_label);
                CHECK_INT(c->images, want.images);
            }
}

static void check_nearest(const made *m, const wf_duplicates *d, double near) {
    int64_t want[WF_NEAREST_BINS] = {0};
    int n = (int)m->dataset.train.count;
    for (int a = 0; a < n; a++) {
        double best = 2;
        for (int b = 0; b < n; b++)
            if (a != b && apart[a][b] < best) best = apart[a][b];
        for (int i = 0; i < WF_NEAREST_BINS; i++)
            if (best <= near / 6 * (i + 1) && (i == 0 || best > near / 6 * i)) want[i]++;
    }
    for (int i = 0; i < WF_NEAREST_BINS; i++) CHECK_INT(d->nearest[i], want[i]);
}

static void check_all(made *m, double near) {
    const wf_dataset *set = ready(m);
    int count = (int)(set->train.count + set->validation.count + set->test.count);
    wf_duplicates *d = find(set, near, 2);
    measure(m, count);
    int64_t exact = 0, close = 0;
    for (int b = 0; b < count; b++) {
        int first = b;
        for (int a = b - 1; a >= 0; a--) {
            double distance = apart[a][b];
            wf_image_place x = place_of(m, a), y = place_of(m, b);
            if (distance == 0) first = a;
            else if (distance <= near) {
                CHECK_INT(listed(d->close, d->close_count, x, y, distance), 1);
                close++;
            }
        }
        if (first == b) continue;
        CHECK_INT(listed(d->exact, d->exact_count, place_of(m, first), place_of(m, b), 0), 1);
        exact++;
    }
    CHECK_INT(d->exact_count, exact);
    CHECK_INT(d->close_count, close);
    for (int64_t i = 1; i < close; i++) CHECK(d->close[i - 1].distance <= d->close[i].distance);
    check_counts(m, d, near, count);
    check_nearest(m, d, near);
    wf_duplicates_destroy(d);
}

TEST(every_pair_is_found_and_no_other) {
    static const struct {
        int height, width, channels, train, validation, test;
        double near;
    } cases[] = {{28, 28, 1, 200, 0, 100, 0.03}, {9, 5, 3, 150, 60, 80, 0.05},
                 {1, 1, 1, 40, 0, 0, 0.01},      {3, 17, 1, 100, 50, 0, 0.1},
                 {10, 10, 1, 300, 20, 60, 0.3},  {8, 4, 3, 1, 1, 1, 0.5},
                 {13, 11, 1, 120, 0, 90, 0},     {6, 6, 1, 90, 0, 90, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        made m = make(cases[i].height, cases[i].width, cases[i].channels, cases[i].train,
                      cases[i].validation, cases[i].test);
        check_all(&m, cases[i].near);
        wf_free(m.pixels);
    }
}

/* The distance exactly at the limit is near, one grey level more is not. */
TEST(the_limit_itself_is_near) {
    uint8_t pixels[3][100] = {{0}};
    wf_dataset d = {.train = {.count = 2, .height = 10, .width = 10, .channels = 1}};
    d.train.pixels = pixels[0];
    memset(pixels[1], 51, 100); /* 51 / 255 = 0.2 */
    wf_duplicates *found = find(&d, 0.2, 1);
    CHECK_INT(found->close_count, 1);
    CHECK_INT(found->close[0].a.label, -1);
    CHECK_INT(found->close_counts[0][0].other_label, 0);
    wf_duplicates_destroy(found);
    pixels[1][99]++;
    found = find(&d, 0.2, 1);
    CHECK_INT(found->close_count, 0);
    wf_duplicates_destroy(found);
}

TEST(threads_change_nothing) {
    made m = make(12, 12, 1, 500, 0, 200);
    const wf_dataset *set = ready(&m);
    wf_duplicates *one = find(set, 0.1, 1);
    CHECK(one->exact_count > 20 && one->close_count > 20);
    for (int threads = 2; threads <= 5; threads++) {
        wf_duplicates *many = find(set, 0.1, threads);
        CHECK_INT(many->close_count, one->close_count);
        CHECK_INT(many->exact_count, one->exact_count);
        CHECK(!memcmp(many->close, one->close, (size_t)one->close_count * sizeof *one->close));
        CHECK(!memcmp(many->exact, one->exact, (size_t)one->exact_count * sizeof *one->exact));
        CHECK(!memcmp(many->nearest, one->nearest, sizeof one->nearest));
        wf_duplicates_destroy(many);
    }
    wf_duplicates_destroy(one);
    wf_free(m.pixels);
}

TEST(what_cannot_be_done_is_said) {
    made m = make(2, 2, 1, 5, 0, 0);
    wf_duplicates *untouched = (wf_duplicates *)&m;
    const volatile sig_atomic_t stop = 1;
    wf_pool *pool = NULL;
    CHECK_OK(&cx, wf_pool_create(&pool, &cx, 1));
    CHECK_FAILS(&cx, wf_duplicates_find(&untouched, &cx, pool, ready(&m), 1.5, NULL), WF_E_ARG);
    CHECK_FAILS(&cx, wf_duplicates_find(&untouched, &cx, pool, ready(&m), NAN, NULL), WF_E_ARG);
    CHECK_FAILS(&cx, wf_duplicates_find(&untouched, &cx, pool, ready(&m), 0.1, &stop),
                WF_E_INTERRUPTED);
    CHECK(untouched == (wf_duplicates *)&m);
    wf_pool_destroy(pool);
    wf_free(m.pixels);
}

/* Dark images of two kinds: over 2^22 pairs, unless only the equal ones are asked for. */
TEST(too_many_pairs_are_refused) {
    enum { COUNT = 4200 };
    wf_dataset d = {.train = {.count = COUNT, .height = 1, .width = 1, .channels = 1}};
    wf_duplicates *found = NULL;
    wf_pool *pool = NULL;
    CHECK_OK(&cx, wf_pool_create(&pool, &cx, 2));
    CHECK_OK(&cx, wf_alloc(&d.train.pixels, &cx, COUNT, 1));
    for (int i = 0; i < COUNT; i++) d.train.pixels[i] = (uint8_t)(i % 2);
    if (getenv("WEFT_TEST_QUICK")) d.train.count = 600;
    else CHECK_FAILS(&cx, wf_duplicates_find(&found, &cx, pool, &d, 0.01, NULL), WF_E_LIMIT);
    CHECK_OK(&cx, wf_duplicates_find(&found, &cx, pool, &d, 0, NULL));
    int64_t half = d.train.count / 2;
    CHECK_INT(found->exact_count, 2 * half - 2);
    CHECK_INT(found->exact_counts[0][0].pairs, half * (half - 1));
    wf_duplicates_destroy(found);
    wf_free(d.train.pixels);
    wf_pool_destroy(pool);
}

TEST(every_allocation_may_fail) {
    made m = make(4, 4, 1, 60, 0, 20);
    wf_pool *pool = NULL;
    CHECK_OK(&cx, wf_pool_create(&pool, &cx, 2));
    for (long k = 1;; k++) {
        wf_duplicates *d = NULL;
        wf__alloc_fail_at(k);
        wf_status status = wf_duplicates_find(&d, &cx, pool, ready(&m), 0.2, NULL);
        wf__alloc_fail_at(0);
        wf_duplicates_destroy(d);
        if (status == WF_OK) {
            CHECK(k > 12);
            break;
        }
        CHECK_INT(status, WF_E_NOMEM);
        CHECK(!d && cx.code == WF_E_NOMEM);
        wf_context_reset(&cx);
    }
    wf_pool_destroy(pool);
    wf_free(m.pixels);
}

TEST_MAIN()
