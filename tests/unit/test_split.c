#include "test.h"

#include "data/formats.h"
#include "scratch.h"

static wf_context cx;

/* n images of which class c gets sizes[c], in a mixed order. */
static void make(wf_dataset *d, const int64_t *sizes, int32_t n_classes) {
    int64_t n = 0, left[16];
    *d = (wf_dataset){.n_classes = n_classes};
    for (int32_t c = 0; c < n_classes; c++) n += left[c] = sizes[c];
    CHECK_OK(&cx, wf__images_alloc(&d->train, &cx, n, 1, 1, 1, true, "x"));
    int32_t c = 0;
    for (int64_t i = 0; i < n; i++) {
        while (left[c] == 0) c = (c + 1) % n_classes;
        left[c]--;
        d->train.labels[i] = c;
        c = (c + 1) % n_classes;
    }
}

static void count(int64_t *per_class, const wf_dataset *d, const int32_t *indices, int64_t n) {
    for (int i = 0; i < 16; i++) per_class[i] = 0;
    for (int64_t i = 0; i < n; i++) {
        CHECK(i == 0 || indices[i - 1] < indices[i]);
        CHECK(indices[i] >= 0 && indices[i] < d->train.count);
        per_class[d->train.labels[indices[i]]]++;
    }
}

TEST(stratified_with_largest_remainders) {
    wf_dataset d;
    wf_split s;
    int64_t n[16];
    make(&d, (int64_t[]){10, 7, 5, 3}, 4); /* 25; 20%: 2, 1.4, 1, .6 -> 2, 1, 1, 1 */
    CHECK_OK(&cx, wf_split_create(&s, &cx, &d, 0.2, 1, 0));
    CHECK_INT(s.n_validation, 5);
    CHECK_INT(s.n_train, 20);
    count(n, &d, s.validation, s.n_validation);
    CHECK(n[0] == 2 && n[1] == 1 && n[2] == 1 && n[3] == 1);
    count(n, &d, s.train, s.n_train);
    CHECK(n[0] == 8 && n[1] == 6 && n[2] == 4 && n[3] == 2);
    uint8_t seen[25] = {0};
    for (int64_t i = 0; i < 20; i++) seen[s.train[i]]++;
    for (int64_t i = 0; i < 5; i++) seen[s.validation[i]]++;
    for (int i = 0; i < 25; i++) CHECK_INT(seen[i], 1);
    wf_split_reset(&s);
    wf_images_reset(&d.train);
}

static int same(const wf_split *a, const wf_split *b) {
    return a->n_train == b->n_train && a->n_validation == b->n_validation &&
           memcmp(a->train, b->train, (size_t)a->n_train * sizeof *a->train) == 0 &&
           (a->n_validation == 0 ||
            memcmp(a->validation, b->validation, (size_t)a->n_validation * sizeof *a->train) == 0);
}

TEST(seeds_and_limit) {
    wf_dataset d;
    wf_split a, b, other, limited, all;
    int64_t n[16];
    make(&d, (int64_t[]){600, 600, 600, 200}, 4);
    CHECK_OK(&cx, wf_split_create(&a, &cx, &d, 0.25, 7, 0));
    CHECK_OK(&cx, wf_split_create(&b, &cx, &d, 0.25, 7, 0));
    CHECK_OK(&cx, wf_split_create(&other, &cx, &d, 0.25, 8, 0));
    CHECK(same(&a, &b));
    CHECK(!same(&a, &other));
    CHECK_OK(&cx, wf_split_create(&limited, &cx, &d, 0.25, 7, 100));
    CHECK_INT(limited.n_train, 100);
    count(n, &d, limited.train, 100);
    CHECK(n[0] == 30 && n[1] == 30 && n[2] == 30 && n[3] == 10);
    CHECK_INT(limited.n_validation, a.n_validation);
    CHECK(memcmp(limited.validation, a.validation, 500 * sizeof *a.validation) == 0);
    CHECK_OK(&cx, wf_split_create(&all, &cx, &d, 0, 7, 5000));
    CHECK_INT(all.n_train, 2000);
    CHECK(all.validation == NULL && all.n_validation == 0);
    wf_split_reset(&a);
    wf_split_reset(&b);
    wf_split_reset(&other);
    wf_split_reset(&limited);
    wf_split_reset(&all);
    wf_images_reset(&d.train);
}

TEST(arguments) {
    wf_dataset d;
    wf_split s;
    make(&d, (int64_t[]){3, 2}, 2);
    CHECK_INT(wf_split_create(&s, &cx, &d, 1, 0, 0), WF_E_ARG);
    CHECK_STR(cx.message, "validation fraction 1, must be at least 0 and less than 1");
    CHECK_FAILS(&cx, wf_split_create(&s, &cx, &d, -0.1, 0, 0), WF_E_ARG);
    CHECK_FAILS(&cx, wf_split_create(&s, &cx, &d, (double)NAN, 0, 0), WF_E_ARG);
    CHECK_FAILS(&cx, wf_split_create(&s, &cx, &d, 0.1, 0, -1), WF_E_ARG);
    CHECK_INT(wf_split_create(&s, &cx, &d, 0.95, 0, 0), WF_E_ARG);
    CHECK_STR(cx.message, "validation fraction 0.95 of 5 images leaves none to train on");
    wf_images_reset(&d.train);
}

TEST(file_round_trip) {
    wf_dataset d;
    wf_split s, back;
    make(&d, (int64_t[]){20, 30}, 2);
    CHECK_OK(&cx, wf_split_create(&s, &cx, &d, 0.3, 3, 17));
    CHECK_OK(&cx, wf_split_write(&cx, scratch("splits.csv"), &s));
    CHECK_OK(&cx, wf_split_read(&back, &cx, scratch("splits.csv"), &d));
    CHECK(same(&s, &back));
    wf_split_reset(&s);
    wf_split_reset(&back);
    CHECK_OK(&cx,
             wf_split_read(&s, &cx, scratch_text("x.csv", "index,part\r\n4,train\r\n\r\n"), &d));
    CHECK(s.n_train == 1 && s.train[0] == 4 && s.validation == NULL);
    wf_split_reset(&s);
    wf_images_reset(&d.train);
}

static void check_refused(const wf_dataset *d, const char *text, const char *message) {
    wf_split s;
    CHECK_INT(wf_split_read(&s, &cx, scratch_text("bad.csv", text), d), WF_E_DATA);
    if (!strstr(cx.message, message)) CHECK_STR(cx.message, message);
}

TEST(refused_files) {
    wf_dataset d;
    wf_split s;
    make(&d, (int64_t[]){2, 3}, 2);
    check_refused(&d, "", "bad.csv: line 1: found an empty file, expected \"index,part\"");
    check_refused(&d, "0,train\n", "bad.csv: line 1: found \"0,train\", expected \"index,part\"");
    check_refused(&d, "index,part\n0 train\n", "line 2: found \"0 train\", expected index,part");
    check_refused(&d, "index,part\n5,train\n",
                  "line 2: found index \"5\", expected a whole number "
                  "from 0 to 4");
    check_refused(&d, "index,part\n-1,train\n", "line 2: found index \"-1\"");
    check_refused(&d, "index,part\n99999999999999999999,train\n", "line 2: found index \"99999");
    check_refused(&d, "index,part\n,train\n", "line 2: found index \"\"");
    check_refused(&d, "index,part\n1,test\n",
                  "line 2: found part \"test\", expected train, "
                  "validation or held_out");
    check_refused(&d, "index,part\n1,train\n2,train\n1,train\n",
                  "line 4: found index 1 again, it is in the train part already");
    check_refused(&d, "index,part\n1,validation\n1,train\n",
                  "line 3: found index 1 again, it is in the validation part already");
    check_refused(&d, "index,part\n1,validation\n", "found no image to train on");
    CHECK_FAILS(&cx, wf_split_read(&s, &cx, scratch("none.csv"), &d), WF_E_NOTFOUND);
    wf_images_reset(&d.train);
}

TEST(normalization) {
    wf_images images;
    wf_normalization n;
    wf_normalization_kind kind;
    CHECK_OK(&cx, wf__images_alloc(&images, &cx, 3, 1, 2, 3, false, "x"));
    memcpy(images.pixels, (uint8_t[]){10, 7, 0, 30, 7, 255, 50, 7, 0, 70, 7, 255, 1, 2, 3, 4, 5, 6},
           18);
    CHECK_OK(&cx, wf_normalization_create(&n, &cx, WF_NORMALIZATION_UNIT, &images, NULL, 0));
    CHECK_INT(n.channels, 3);
    CHECK_NEAR(n.scale[2], 1.0 / 255, 1e-9);
    CHECK_NEAR(n.shift[2], 0, 0);
    const int32_t part[2] = {0, 1};
    CHECK_OK(&cx, wf_normalization_create(&n, &cx, WF_NORMALIZATION_STANDARDIZE, &images, part, 2));
    double deviation = sqrt(500); /* of 10, 30, 50, 70 */
    CHECK_NEAR(n.scale[0], 1 / deviation, 1e-7);
    CHECK_NEAR(n.shift[0], -40 / deviation, 1e-6);
    CHECK_NEAR(n.scale[1], 1.0 / 255, 1e-9); /* all 7 */
    CHECK_NEAR(n.shift[1], -7.0 / 255, 1e-8);
    CHECK_NEAR(n.scale[2], 1 / 127.5, 1e-8);
    CHECK_NEAR(n.shift[2], -1, 1e-7);
    CHECK_FAILS(&cx, wf_normalization_create(&n, &cx, WF_NORMALIZATION_UNIT, &images, part, 0),
                WF_E_ARG);
    wf_images_reset(&images);
    CHECK_OK(&cx, wf_normalization_kind_parse(&kind, &cx, "standardize"));
    CHECK_INT(kind, WF_NORMALIZATION_STANDARDIZE);
    CHECK_INT(wf_normalization_kind_parse(&kind, &cx, "none"), WF_E_ARG);
    CHECK_STR(cx.message, "normalization none, must be unit or standardize");
}

TEST(one_hot) {
    const int32_t labels[2] = {2, 0}, wrong[2] = {0, 3};
    float targets[6] = {9, 9, 9, 9, 9, 9};
    CHECK_INT(wf_one_hot(targets, &cx, wrong, 2, 3), WF_E_DATA);
    CHECK_STR(cx.message, "label 3 of image 1, must be from 0 to 2");
    CHECK_NEAR(targets[0], 9, 0);
    CHECK_OK(&cx, wf_one_hot(targets, &cx, labels, 2, 3));
    static const float expected[6] = {0, 0, 1, 1, 0, 0};
    for (int i = 0; i < 6; i++) CHECK_NEAR(targets[i], expected[i], 0);
}

TEST_MAIN()
