/* Folds: a partition, stratified, with the sizes that scikit-learn gives them. */
#include "test.h"

#include "base/alloc.h"
#include "base/files.h"
#include "base/json.h"
#include "data/formats.h"
#include "scratch.h"

static wf_context cx;

static void make(wf_dataset *d, const int32_t *labels, int64_t n, int32_t n_classes) {
    static char *names[16] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
    *d = (wf_dataset){.name = names[0], .n_classes = n_classes, .class_names = names};
    CHECK_OK(&cx, wf__images_alloc(&d->train, &cx, n, 1, 1, 1, true, "x"));
    for (int64_t i = 0; i < n; i++) d->train.labels[i] = labels[i];
}

/* n images, classes in turn. */
static void make_even(wf_dataset *d, int64_t n, int32_t n_classes) {
    int32_t labels[4096];
    for (int64_t i = 0; i < n; i++) labels[i] = (int32_t)(i % n_classes);
    make(d, labels, n, n_classes);
}

TEST(sizes_are_those_of_scikit_learn) {
    json_t *document = NULL, *c;
    char path[] = WF_SOURCE_DIR "/tests/golden/sklearn_folds.json";
    CHECK_OK(&cx, wf_json_read(&document, &cx, path));
    size_t k;
    json_array_foreach(json_object_get(document, "cases"), k, c) {
        json_t *list = json_object_get(c, "labels"), *sizes = json_object_get(c, "sizes");
        int32_t labels[1024], folds = (int32_t)json_integer_value(json_object_get(c, "folds"));
        size_t n = json_array_size(list), classes = json_array_size(json_array_get(sizes, 0));
        for (size_t i = 0; i < n; i++)
            labels[i] = (int32_t)json_integer_value(json_array_get(list, i));
        wf_dataset d;
        wf_folds f;
        make(&d, labels, (int64_t)n, (int32_t)classes);
        CHECK_OK(&cx, wf_folds_create(&f, &cx, &d, folds, (int32_t)k, 11 * k, 0));
        int64_t found[16][16] = {0};
        for (size_t i = 0; i < n; i++) found[f.fold[i]][labels[i]]++;
        for (int32_t i = 0; i < folds; i++)
            for (size_t j = 0; j < classes; j++)
                CHECK_INT(found[i][j],
                          json_integer_value(json_array_get(json_array_get(sizes, (size_t)i), j)));
        wf_folds_reset(&f);
        wf_images_reset(&d.train);
    }
    CHECK_INT(k, 6);
    json_decref(document);
}

static int same(const wf_folds *a, const wf_folds *b) {
    return memcmp(a->fold, b->fold, (size_t)a->count * sizeof *a->fold) == 0;
}

TEST(seed_and_repeat_decide) {
    wf_dataset d;
    wf_folds a, b, seed, repeat;
    make_even(&d, 3000, 10);
    CHECK_OK(&cx, wf_folds_create(&a, &cx, &d, 10, 1, 5, 0));
    CHECK_OK(&cx, wf_folds_create(&b, &cx, &d, 10, 1, 5, 0));
    CHECK_OK(&cx, wf_folds_create(&seed, &cx, &d, 10, 1, 6, 0));
    CHECK_OK(&cx, wf_folds_create(&repeat, &cx, &d, 10, 2, 5, 0));
    CHECK(same(&a, &b));
    CHECK(!same(&a, &seed));
    /* independent: a tenth of the images stays in its fold, 300 +- 5 * 16.4 */
    int kept = 0;
    for (int i = 0; i < 3000; i++) kept += a.fold[i] == repeat.fold[i];
    CHECK(kept > 218 && kept < 382);
    wf_folds_reset(&a);
    wf_folds_reset(&b);
    wf_folds_reset(&seed);
    wf_folds_reset(&repeat);
    wf_images_reset(&d.train);
}

TEST(every_image_is_held_out_once) {
    wf_dataset d;
    wf_folds f;
    int seen[1000] = {0};
    make_even(&d, 1000, 4);
    CHECK_OK(&cx, wf_folds_create(&f, &cx, &d, 7, 0, 1, 0));
    for (int32_t k = 0; k < 7; k++) {
        wf_split s;
        uint8_t part[1000] = {0};
        CHECK_OK(&cx, wf_folds_split(&s, &cx, &f, &d, k, 0.25, 9));
        CHECK(s.n_held_out == 142 || s.n_held_out == 143);
        CHECK_INT(s.n_train + s.n_validation + s.n_held_out, 1000);
        CHECK_INT(s.n_validation, (int64_t)(0.25 * (double)(1000 - s.n_held_out) + 0.5));
        for (int64_t i = 0; i < s.n_train; i++) part[s.train[i]]++;
        for (int64_t i = 0; i < s.n_validation; i++) part[s.validation[i]]++;
        for (int64_t i = 0; i < s.n_held_out; i++) part[s.held_out[i]]++;
        for (int i = 0; i < 1000; i++) CHECK_INT(part[i], 1);
        for (int64_t i = 0; i < s.n_held_out; i++) seen[s.held_out[i]]++;
        wf_split_reset(&s);
    }
    for (int i = 0; i < 1000; i++) CHECK_INT(seen[i], 1);
    wf_folds_reset(&f);
    wf_images_reset(&d.train);
}

TEST(a_limit_leaves_the_same_images_in_every_repeat) {
    wf_dataset d;
    wf_folds a, b;
    wf_split s;
    make_even(&d, 900, 3);
    CHECK_OK(&cx, wf_folds_create(&a, &cx, &d, 3, 0, 1, 120));
    CHECK_OK(&cx, wf_folds_create(&b, &cx, &d, 3, 1, 1, 120));
    int64_t used = 0;
    for (int i = 0; i < 900; i++) {
        used += a.fold[i] >= 0;
        CHECK_INT(a.fold[i] >= 0, b.fold[i] >= 0);
    }
    CHECK_INT(used, 120);
    CHECK_OK(&cx, wf_folds_split(&s, &cx, &a, &d, 2, 0, 1));
    CHECK_INT(s.n_train, 80);
    CHECK_INT(s.n_held_out, 40);
    CHECK_INT(s.n_validation, 0);
    wf_split_reset(&s);
    wf_folds_reset(&a);
    wf_folds_reset(&b);
    wf_images_reset(&d.train);
}

TEST(arguments) {
    wf_dataset d;
    wf_folds f;
    wf_split s;
    make(&d, (int32_t[]){0, 0, 0, 1, 1, 1, 1}, 7, 2);
    CHECK_INT(wf_folds_create(&f, &cx, &d, 4, 0, 0, 0), WF_E_ARG);
    CHECK_STR(cx.message, "4 folds, but class a has 3 images, must be 4 or more");
    CHECK_INT(wf_folds_create(&f, &cx, &d, 1, 0, 0, 0), WF_E_ARG);
    CHECK_STR(cx.message, "1 folds, must be from 2 to 1000");
    CHECK_FAILS(&cx, wf_folds_create(&f, &cx, &d, 1001, 0, 0, 0), WF_E_ARG);
    CHECK_FAILS(&cx, wf_folds_create(&f, &cx, &d, 2, -1, 0, 0), WF_E_ARG);
    CHECK_FAILS(&cx, wf_folds_create(&f, &cx, &d, 2, 0, 0, -1), WF_E_ARG);
    CHECK_OK(&cx, wf_folds_create(&f, &cx, &d, 3, 0, 0, 0));
    CHECK_INT(wf_folds_split(&s, &cx, &f, &d, 3, 0, 0), WF_E_ARG);
    CHECK_STR(cx.message, "fold 3 of 3, must be from 0 to 2");
    CHECK_FAILS(&cx, wf_folds_split(&s, &cx, &f, &d, 0, 1, 0), WF_E_ARG);
    wf_images_reset(&d.train);
    make_even(&d, 8, 2);
    CHECK_FAILS(&cx, wf_folds_split(&s, &cx, &f, &d, 0, 0, 0), WF_E_ARG);
    wf_folds_reset(&f);
    wf_images_reset(&d.train);
}

TEST(survives_every_failing_allocation) {
    wf_dataset d;
    make_even(&d, 60, 3);
    long k = 1;
    for (wf_status status = WF_E_NOMEM; status != WF_OK; k++) {
        wf_folds f = {0};
        wf_split s = {0};
        wf__alloc_fail_at(k);
        status = wf_folds_create(&f, &cx, &d, 4, 0, 1, 40);
        if (status == WF_OK) status = wf_folds_split(&s, &cx, &f, &d, 1, 0.2, 1);
        wf__alloc_fail_at(0);
        CHECK(status == WF_E_NOMEM ? !s.train : status == WF_OK);
        wf_split_reset(&s);
        wf_folds_reset(&f);
    }
    CHECK(k > 5);
    wf_images_reset(&d.train);
}

TEST(files) {
    wf_dataset d;
    wf_folds f;
    wf_split s, back;
    uint8_t *text = NULL;
    size_t size = 0;
    make(&d, (int32_t[]){1, 0, 0, 1, 0, 1}, 6, 2);
    CHECK_OK(&cx, wf_folds_create(&f, &cx, &d, 2, 0, 3, 4));
    CHECK_OK(&cx, wf_folds_write(&cx, scratch("folds.csv"), &f));
    CHECK_OK(&cx, wf_file_read(&text, &size, &cx, scratch("folds.csv"), 1000));
    char expected[200] = "index,fold\n";
    for (int i = 0; i < 6; i++)
        if (f.fold[i] >= 0) snprintf(expected + strlen(expected), 20, "%d,%d\n", i, (int)f.fold[i]);
    CHECK_STR((const char *)text, expected);
    wf_free(text);
    CHECK_OK(&cx, wf_folds_split(&s, &cx, &f, &d, 1, 0.5, 3));
    CHECK_OK(&cx, wf_split_write(&cx, scratch("splits.csv"), &s));
    CHECK_OK(&cx, wf_split_read(&back, &cx, scratch("splits.csv"), &d));
    CHECK(back.n_train == 1 && back.n_validation == 1 && back.n_held_out == 2);
    CHECK(back.train[0] == s.train[0] && back.validation[0] == s.validation[0]);
    CHECK(memcmp(back.held_out, s.held_out, 2 * sizeof *s.held_out) == 0);
    wf_split_reset(&s);
    wf_split_reset(&back);
    wf_folds_reset(&f);
    wf_images_reset(&d.train);
}

TEST(picked_images) {
    wf_dataset d;
    wf_images p;
    make_even(&d, 6, 3);
    for (uint8_t i = 0; i < 6; i++) d.train.pixels[i] = (uint8_t)(10 * i);
    CHECK_OK(&cx, wf_images_pick(&p, &cx, &d.train, (int32_t[]){4, 1}, 2));
    CHECK(p.count == 2 && p.pixels[0] == 40 && p.pixels[1] == 10);
    CHECK(p.labels[0] == 1 && p.labels[1] == 1);
    wf_images_reset(&p);
    CHECK_INT(wf_images_pick(&p, &cx, &d.train, (int32_t[]){4, 6}, 2), WF_E_ARG);
    CHECK_STR(cx.message, "row 6 of 6 images, must be from 0 to 5");
    CHECK_FAILS(&cx, wf_images_pick(&p, &cx, &d.train, NULL, 0), WF_E_DATA);
    wf_images_reset(&d.train);
}

TEST_MAIN()
