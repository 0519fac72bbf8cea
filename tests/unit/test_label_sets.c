/* Images with any number of labels: what is read, and what is refused and how. */
#include "test.h"

#include "base/alloc.h"
#include "base/rng.h"
#include "data/label_sets.h"
#include "pictures.h"
#include "weft/audit.h"

static wf_context cx;
static uint8_t pixels[1 << 12], file[1 << 14];

static void put_idx(const char *name, uint32_t n, unsigned seed) {
    const uint32_t extents[] = {n, 4, 4};
    picture_fill(pixels, sizeof pixels, seed);
    scratch_file(name, file, picture_idx(file, extents, 3, pixels));
}

static void put_png(const char *name, unsigned seed) {
    picture_fill(pixels, sizeof pixels, seed);
    scratch_file(name, file, picture_png(file, sizeof file, pixels, 4, 4, PNG_FORMAT_GRAY));
}

static wf_dataset *open_set(const char *name) {
    wf_dataset *d = NULL;
    CHECK_OK(&cx, wf_dataset_open(&d, &cx, scratch(name), NULL));
    CHECK_INT(d->is_multilabel, 1);
    CHECK_INT(d->train.n_labels, d->n_classes);
    CHECK(!d->train.labels && !d->validation.labels && !d->test.labels);
    return d;
}

/* "10 01 11": the sets of the images, one digit per class. */
static void check_sets(const wf_images *images, const char *expected) {
    char text[512] = "";
    size_t at = 0;
    for (int64_t i = 0; i < images->count; i++) {
        if (i) text[at++] = ' ';
        for (int32_t c = 0; c < images->n_labels; c++)
            text[at++] = (char)('0' + images->label_sets[i * images->n_labels + c]);
    }
    CHECK_STR(text, expected);
}

TEST(idx_files_and_their_rows) {
    put_idx("a/train-images-idx3-ubyte", 4, 1);
    put_idx("a/test-images-idx3-ubyte", 2, 2);
    scratch_text("a/classes.txt", "Shirt\r\nBag\nAnkle boot\n\nCoat\n");
    scratch_text("a/train-labels.csv",
                 "image,labels\r\n2,Bag|Ankle boot\r\n0,Shirt\r\n1,\"\"\r\n3, Bag | Shirt \r\n");
    scratch_text("a/test-labels.csv", "note,labels,image\n\"a, \"\"b\"\"\nc\",Ankle boot,0\n,,1");
    wf_dataset *d = open_set("a");
    CHECK_STR(d->class_names[2], "Ankle boot");
    CHECK_INT(d->n_classes, 4);
    check_sets(&d->train, "1000 0000 0110 1100");
    check_sets(&d->test, "0010 0000");
    CHECK_STR(d->notes, "train: no image has the label Coat\n");
    CHECK_INT(d->validation.count, 0);
    picture_fill(pixels, 64, 1);
    CHECK(memcmp(d->train.pixels, pixels, 64) == 0);

    const wf_dataset_options options = {.only_test = 1};
    wf_dataset *t = NULL;
    CHECK_OK(&cx, wf_dataset_open(&t, &cx, scratch("a"), &options));
    CHECK(!t->train.pixels && t->train.count == 4);
    CHECK_STR(t->test_sha256, d->test_sha256);
    wf_dataset_destroy(t);
    wf_dataset_destroy(d);
}

/* ---- how large things are ---- */

static void put_objects(const char *objects) {
    put_idx("o/train-images-idx3-ubyte", 3, 1);
    put_idx("o/test-images-idx3-ubyte", 2, 2);
    scratch_text("o/classes.txt", "a\n\"b\n");
    scratch_text("o/train-labels.csv", "image,labels\n0,a\n1,a\n2,a\n");
    scratch_text("o/test-labels.csv", "image,labels\n0,\"a|\"\"b\"\n1,\n");
    scratch_text("o/test-objects.csv", objects);
}

TEST(sizes_of_objects) {
    put_objects("x,image,label,height,width\n0,0,a,9,15\n1,0,a,20,3\n2,0,\"\"\"b\",14,14\n");
    wf_dataset *d = open_set("o");
    const int32_t rows[] = {1, 0};
    wf_images picked = {0};
    CHECK(!d->train.object_sizes && d->test.object_sizes);
    CHECK_OK(&cx, wf_images_pick(&picked, &cx, &d->test, rows, 2));
    const uint16_t *sizes = picked.object_sizes; /* the larger one of a label counts */
    CHECK(sizes[0] == 0 && sizes[1] == 0 && sizes[2] == 20 && sizes[3] == WF_SMALL_OBJECT);
    wf_images_reset(&picked);
    wf_dataset_destroy(d);
}

TEST(damaged_objects_are_named) {
    static const struct {
        const char *objects, *message;
    } bad[] = {
        {"image,label,width\n", "line 1: found no column called height"},
        {"image,image,label,width,height\n", "line 1, column 2: a second column is called image"},
        {"image,label,width,height\n0,a,4\n", "line 2: found 3 columns, expected 4"},
        {"image,label,width,height\n2,a,4,4\n", "line 2, column 1: found the image \"2\", expected "
                                                "a whole number from 0 to 1"},
        {"image,label,width,height\n0,c,4,4\n", "line 2, column 2: found the label \"c\""},
        {"image,label,width,height\n1,a,4,4\n", "which image 1 has not"},
        {"image,label,width,height\n0,a,0,4\n", "found the width \"0\""},
        {"image,label,width,height\n0,a,4,4.5\n", "found the height \"4.5\""},
        {"image,label,width,height\n0,a,65536,4\n", "from 1 to 65535"},
        {"", "found no column called image"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        wf_dataset *d = NULL;
        put_objects(bad[i].objects);
        CHECK_INT(wf_dataset_open(&d, &cx, scratch("o"), NULL), WF_E_DATA);
        CHECK(strstr(cx.message, "test-objects.csv: ") && strstr(cx.message, bad[i].message));
        wf_context_reset(&cx);
    }
}

TEST(labels_are_part_of_the_hash) {
    put_idx("h/train-images-idx3-ubyte", 2, 1);
    scratch_text("h/train-labels.csv", "image,labels\n0,a\n1,b\n");
    wf_dataset *d = open_set("h");
    scratch_text("h/train-labels.csv", "image,labels\n0,a\n1,a|b\n");
    wf_dataset *e = open_set("h");
    scratch_text("h/train-labels.csv", "image,labels\n1,b|a\n0,a\n");
    wf_dataset *same = open_set("h");
    CHECK(strcmp(d->sha256, e->sha256) != 0);
    CHECK_STR(same->sha256, e->sha256);
    wf_dataset_destroy(d);
    wf_dataset_destroy(e);
    wf_dataset_destroy(same);
}

TEST(pictures_with_a_split) {
    put_png("b/x/1.png", 1);
    put_png("b/x/2.png", 2);
    put_png("b/3.png", 3);
    put_png("b/4.png", 4);
    put_png("b/spare.png", 5);
    scratch_text("b/labels.csv", "image,split,labels\n"
                                 "x/2.png,train,\"sun, sea|ship\"\n./x/1.png,train,ship\n"
                                 "3.png,val,\n4.png,test,\"sun, sea\"\n");
    wf_dataset *d = open_set("b");
    CHECK_STR(d->class_names[0], "ship");
    CHECK_STR(d->class_names[1], "sun, sea");
    check_sets(&d->train, "11 10");
    check_sets(&d->validation, "00");
    check_sets(&d->test, "01");
    CHECK_STR(d->notes, "1 picture(s) without a row left out: spare.png\n");
    picture_fill(pixels, 16, 2);
    CHECK(memcmp(d->train.pixels, pixels, 16) == 0);
    wf_images picked = {0};
    CHECK_OK(&cx, wf_images_pick(&picked, &cx, &d->train, (const int32_t[]){1, 0, 1}, 3));
    check_sets(&picked, "10 11 10");
    wf_images_reset(&picked);
    wf_dataset_destroy(d);
}

/* Rows of another file must not become training images in silence. */
TEST(one_file_or_one_for_each_part) {
    put_png("both/1.png", 1);
    put_png("both/2.png", 2);
    scratch_text("both/labels.csv", "image,labels\n1.png,a\n");
    scratch_text("both/test-labels.csv", "image,labels\n2.png,a\n");
    wf_dataset *d = NULL;
    CHECK_INT(wf_dataset_open(&d, &cx, scratch("both"), NULL), WF_E_DATA);
    CHECK(strstr(cx.message, "both/labels.csv: stands beside "));
    CHECK(strstr(cx.hint, "name it train-labels.csv"));
    wf_context_reset(&cx);
}

TEST(pictures_with_a_file_per_part) {
    put_png("p/1.png", 1);
    put_png("p/2.png", 2);
    put_png("p/3.png", 3);
    scratch_text("p/train-labels.csv", "image,labels\n1.png,a|b\n");
    scratch_text("p/val-labels.csv", "image,labels\n2.png,b\n");
    scratch_text("p/test-labels.csv", "image,labels\n3.png,a\n");
    wf_dataset *d = open_set("p");
    CHECK_INT(d->train.count + d->validation.count + d->test.count, 3);
    check_sets(&d->validation, "01");
    wf_dataset_destroy(d);
    scratch_text("p/test-labels.csv", "image,labels\n1.png,a\n");
    CHECK_FAILS(&cx, wf_dataset_open(&d, &cx, scratch("p"), NULL), WF_E_DATA);
    scratch_text("p/test-labels.csv", "image,labels\n3.png,c\n");
    CHECK_INT(wf_dataset_open(&d, &cx, scratch("p"), NULL), WF_E_DATA);
    CHECK(strstr(cx.message, "p/test-labels.csv: line 2, column 2: found the label \"c\", expected "
                             "one of the 2 of the training part"));
}

TEST(a_file_of_another_kind_is_left_alone) {
    put_png("f/one/1.png", 1);
    put_png("f/two/1.png", 2);
    scratch_text("f/labels.csv", "number,word\n1,one\n");
    wf_dataset *d = NULL;
    CHECK_OK(&cx, wf_dataset_open(&d, &cx, scratch("f"), NULL));
    CHECK_INT(d->is_multilabel, 0);
    CHECK_INT(d->n_classes, 2);
    wf_dataset_destroy(d);
}

/* ---- what is refused ---- */

typedef struct refusal {
    const char *csv, *classes; /* classes NULL: no such file */
    wf_status status;
    const char *message, *hint; /* parts of them */
} refusal;

static const refusal of_idx[] = {
    {"image,labels\n0,a\n1,b\n", NULL, WF_E_DATA,
     "found no row for 1 of the 3 images, image 2 is the first, expected one for each",
     "has a row with an empty field"},
    {"image,labels\n0,a\n1,b\n3,a\n", NULL, WF_E_DATA,
     "line 4, column 1: found the image \"3\", expected a row from 0 to 2", ""},
    {"image,labels\n0,a\n1,b\n-1,a\n", NULL, WF_E_DATA,
     "line 4, column 1: found the image \"-1\", expected a row from 0 to 2", ""},
    {"image,labels\n0,a\n1,b\n99999999999999999999,a\n", NULL, WF_E_DATA,
     "found the image \"99999999999999999999\", expected a row", ""},
    {"image,labels\n0,a\n1,b\n1,a\n", NULL, WF_E_DATA,
     "line 4, column 1: found image 1 again, expected one row per image", ""},
    {"image,labels\n0,a\n1,b\n2,a|a\n", NULL, WF_E_DATA,
     "line 4, column 2: found the label \"a\" twice, expected each once", ""},
    {"image,labels\n0,a\n1,b\n2,a||b\n", NULL, WF_E_DATA,
     "line 4, column 2: found an empty label in \"a||b\", expected names separated by |", ""},
    {"image,labels\n0,a\n1,b\n2,a|\n", NULL, WF_E_DATA, "found an empty label in \"a|\"", ""},
    {"image,labels\n0,bag\n1,dres\n2,\n", "bag\ndress\n", WF_E_DATA,
     "line 3, column 2: found the label \"dres\", expected one of the 2 of classes.txt",
     "did you mean dress?"},
    {"image,labels\n0,a\n1,a\n2,\n", NULL, WF_E_DATA,
     "found 1 class name(s) in column 2 of the training rows, expected 2 to 4096", ""},
    {"image,labels\n0,a,b\n", NULL, WF_E_DATA,
     "line 2, column 3: found another field, expected 2 columns as in the header",
     "labels are separated by |, not by commas"},
    {"image,labels,x\n0,a\n", NULL, WF_E_DATA,
     "line 2, column 3: found the end of the line, expected 3 columns as in the header", ""},
    {"image,labels\n,a\n", NULL, WF_E_DATA, "line 2, column 1: the image is empty", ""},
    {"picture,labels\n0,a\n", NULL, WF_E_DATA, "line 1: found no column called image",
     "the first line is: image,labels"},
    {"image,label\n0,a\n", NULL, WF_E_DATA, "line 1: found no column called labels", ""},
    {"image,labels,labels\n0,a,b\n", NULL, WF_E_DATA,
     "line 1, column 3: a second column is called labels, expected one", ""},
    {"image,labels\n", NULL, WF_E_DATA, "found only a header, expected a line per image", ""},
    {"", NULL, WF_E_DATA, "found an empty file, expected the header image,labels", ""},
    {"image,labels\n0,\"a\n1,b\n", NULL, WF_E_DATA,
     "column 2: found the end of the file, expected a closing quote", "is written twice"},
    {"image,labels\n0,\"a\"b\n", NULL, WF_E_DATA,
     "line 2, column 2: found text behind a quoted field", ""},
    {"image,labels\n0,a\n1,b\n2,\n", "a\nb\na\n", WF_E_DATA, "found the name \"a\" twice", ""},
    {"image,labels\n0,a\n1,b\n2,\n", "a\na|b\n", WF_E_DATA,
     "line 2: found the name \"a|b\", expected one without |", "one name per line"},
    {"image,labels\n0,a\n1,b\n2,\n", "a\n\n", WF_E_DATA, "found 1 class name(s), expected at least",
     ""},
};

static void check_refusal(const char *folder, const refusal *r) {
    wf_dataset *d = NULL;
    CHECK_INT(wf_dataset_open(&d, &cx, scratch(folder), NULL), r->status);
    CHECK(d == NULL);
    if (!strstr(cx.message, r->message)) CHECK_STR(cx.message, r->message);
    if (!strstr(cx.hint, r->hint)) CHECK_STR(cx.hint, r->hint);
    wf_context_reset(&cx);
}

TEST(rows_that_are_refused) {
    put_idx("c/train-images-idx3-ubyte", 3, 1);
    for (size_t i = 0; i < sizeof of_idx / sizeof *of_idx; i++) {
        const char *classes =
            scratch_text("c/classes.txt", of_idx[i].classes ? of_idx[i].classes : "");
        if (!of_idx[i].classes) remove(classes);
        scratch_text("c/train-labels.csv", of_idx[i].csv);
        check_refusal("c", &of_idx[i]);
    }
    scratch_file("c/train-labels.csv", "image,labels\n0,a\0b\n", 18);
    check_refusal("c", &(refusal){.status = WF_E_DATA, .message = "found a 0 byte", .hint = ""});
}

TEST(missing_files_are_named) {
    put_idx("d/train-images-idx3-ubyte", 2, 1);
    scratch_text("d/train-labels.csv", "image,labels\n0,a\n1,b\n");
    const char *labels = scratch_text("d/test-labels.csv", "image,labels\n0,a\n");
    check_refusal("d", &(refusal){.status = WF_E_NOTFOUND,
                                  .message = "d/test-labels.csv: its images are missing",
                                  .hint = "put the file test-images-idx3-ubyte beside it"});
    remove(labels);
    put_idx("d/test-images-idx3-ubyte", 2, 1);
    check_refusal("d", &(refusal){.status = WF_E_NOTFOUND,
                                  .message = "d/test-images-idx3-ubyte: its labels are missing",
                                  .hint = "put the file test-labels.csv beside it"});
}

static const refusal of_pictures[] = {
    {"image,labels\n1.png,a\n2.png,b\n", NULL, WF_E_DATA,
     "line 3, column 1: there is no picture \"2.png\", expected a PNG or JPEG file below ",
     "put it there, or take the row away"},
    {"image,labels\n1.png,a\n../e/1.png,b\n", NULL, WF_E_DATA,
     "line 3, column 1: found \"../e/1.png\", expected a path below ", ""},
    {"image,labels\n1.png,a\n./1.png,b\n", NULL, WF_E_DATA,
     "line 3, column 1: found \"./1.png\" again, it is in line 2 of labels.csv", ""},
    {"image,labels,split\n1.png,a|b,tran\n", NULL, WF_E_DATA,
     "line 2, column 3: found the split \"tran\", expected train, val or test", ""},
    {"image,labels,split\n1.png,a|b,test\n", NULL, WF_E_DATA,
     "found no row whose split is train, expected at least one", ""},
};

TEST(pictures_that_are_refused) {
    put_png("e/1.png", 1);
    for (size_t i = 0; i < sizeof of_pictures / sizeof *of_pictures; i++) {
        scratch_text("e/labels.csv", of_pictures[i].csv);
        check_refusal("e", &of_pictures[i]);
    }
    scratch_text("e/labels.csv", "image,labels\n1.png,a|b\nnotes.txt,a\n");
    scratch_text("e/notes.txt", "text");
    check_refusal("e", &(refusal){.status = WF_E_DATA,
                                  .message = "e/notes.txt: at byte 0: found neither a PNG nor",
                                  .hint = ""});
}

TEST(no_allocation_may_fail_unseen) {
    int failures = 0;
    for (long k = 1;; k++) {
        wf_dataset *d = NULL;
        wf__alloc_fail_at(k);
        wf_status status = wf_dataset_open(&d, &cx, scratch("b"), NULL);
        wf__alloc_fail_at(0);
        wf_dataset_destroy(d);
        if (status == WF_OK) break;
        CHECK_INT(status, WF_E_NOMEM);
        failures++;
    }
    CHECK(failures >= 20);
}

/* Three equal pictures: two with the same set, one with another. */
TEST(duplicates_of_other_labels_are_counted) {
    wf_duplicates *found = NULL;
    wf_pool *pool = NULL;
    CHECK_OK(&cx, wf_pool_create(&pool, &cx, 1));
    put_png("u/1.png", 1);
    put_png("u/2.png", 1);
    put_png("u/3.png", 1);
    scratch_text("u/labels.csv", "image,labels\n1.png,a|b\n2.png,b|a\n3.png,a\n");
    wf_dataset *d = open_set("u");
    CHECK_OK(&cx, wf_duplicates_find(&found, &cx, pool, d, 0, NULL));
    CHECK_INT(found->exact_counts[WF_PART_TRAIN][WF_PART_TRAIN].pairs, 3);
    CHECK_INT(found->exact_counts[WF_PART_TRAIN][WF_PART_TRAIN].other_label, 2);
    wf_duplicates_destroy(found);
    wf_pool_destroy(pool);
    wf_dataset_destroy(d);
}

/* ---- splits ---- */

enum { LABELS = 6, IMAGES = 2000 };

/* Six labels of which 40 %, 25 %, 10 %, 5 %, 2 % and 0.25 % of the images have one, the second
 * likelier with the first. */
static void make(wf_dataset *d) {
    static const double share[LABELS] = {.4, .25, .1, .05, .02, .0025};
    static char *names[LABELS] = {"a", "b", "c", "d", "e", "f"};
    wf_rng r;
    *d = (wf_dataset){
        .name = names[0], .n_classes = LABELS, .class_names = names, .is_multilabel = 1};
    CHECK_OK(&cx, wf__images_alloc(&d->train, &cx, IMAGES, 1, 1, 1, false, "x"));
    CHECK_OK(&cx, wf__images_alloc_sets(&d->train, &cx, LABELS));
    wf_rng_init(&r, 3, WF_STREAM_TEST, 0);
    for (int i = 0; i < IMAGES; i++) {
        uint8_t *set = d->train.label_sets + i * LABELS;
        for (int c = 0; c < LABELS; c++)
            set[c] = wf_rng_uniform(&r) < (c == 1 && !set[0] ? share[c] / 4 : share[c]);
    }
}

static void count_labels(int64_t counts[LABELS], const wf_dataset *d, const int32_t *rows,
                         int64_t n) {
    memset(counts, 0, LABELS * sizeof *counts);
    for (int64_t i = 0; i < n; i++)
        for (int c = 0; c < LABELS; c++)
            counts[c] += d->train.label_sets[(rows ? rows[i] : i) * LABELS + c];
}

TEST(every_label_gets_its_share_of_a_split) {
    wf_dataset d;
    int64_t all[LABELS], held[LABELS], kept[LABELS];
    make(&d);
    count_labels(all, &d, NULL, IMAGES);
    for (uint64_t seed = 0; seed < 20; seed++) {
        wf_split s, again, limited;
        CHECK_OK(&cx, wf_split_create(&s, &cx, &d, 0.2, seed, 0));
        CHECK_OK(&cx, wf_split_create(&again, &cx, &d, 0.2, seed, 0));
        CHECK_INT(s.n_validation, IMAGES / 5);
        CHECK(memcmp(s.validation, again.validation, IMAGES / 5 * sizeof *s.validation) == 0);
        count_labels(held, &d, s.validation, s.n_validation);
        for (int c = 0; c < LABELS; c++) CHECK_NEAR(held[c], 0.2 * (double)all[c], 1.01);
        CHECK_OK(&cx, wf_split_create(&limited, &cx, &d, 0.2, seed, 160));
        CHECK_INT(limited.n_train, 160);
        count_labels(kept, &d, limited.train, 160);
        for (int c = 0; c < LABELS; c++) CHECK_NEAR(kept[c], 0.08 * (double)all[c], 1.5);
        wf_split_reset(&s);
        wf_split_reset(&again);
        wf_split_reset(&limited);
    }
    wf_images_reset(&d.train);
}

TEST(every_label_gets_its_share_of_folds) {
    enum { FOLDS = 7 };
    wf_dataset d;
    wf_folds f;
    int64_t all[LABELS], of_fold[LABELS];
    make(&d);
    count_labels(all, &d, NULL, IMAGES);
    CHECK_OK(&cx, wf_folds_create(&f, &cx, &d, FOLDS, 0, 5, 0));
    for (int p = 0; p < FOLDS; p++) {
        wf_split s;
        CHECK_OK(&cx, wf_folds_split(&s, &cx, &f, &d, p, 0.1, 5));
        CHECK(s.n_held_out == IMAGES / FOLDS || s.n_held_out == IMAGES / FOLDS + 1);
        CHECK_INT(s.n_held_out + s.n_train + s.n_validation, IMAGES);
        count_labels(of_fold, &d, s.held_out, s.n_held_out);
        for (int c = 0; c < LABELS; c++) CHECK_NEAR(of_fold[c], (double)all[c] / FOLDS, 2.5);
        wf_split_reset(&s);
    }
    wf_folds_reset(&f);
    wf_images_reset(&d.train);
}

TEST_MAIN()
