#include "test.h"

#include "base/hash.h"
#include "data/formats.h"
#include "data/registry.h"
#include "pictures.h"

static wf_context cx;

static wf_dataset *open_ok(const char *path, const wf_dataset_options *options) {
    wf_dataset *d = NULL;
    CHECK_OK(&cx, wf_dataset_open(&d, &cx, path, options));
    return d;
}

static void check_refused(const char *path, const wf_dataset_options *options, wf_status expected,
                          const char *text) {
    wf_dataset *d = NULL;
    CHECK_INT(wf_dataset_open(&d, &cx, path, options), expected);
    if (!strstr(cx.message, text)) CHECK_STR(cx.message, text);
    CHECK(d == NULL);
}

/* --- formats -------------------------------------------------------------------------------- */

TEST(idx_by_folder_prefix_and_file) {
    picture_idx_part("idx", "train", 12, 5, 3, ".gz");
    picture_idx_part("idx", "t10k", 6, 5, 3, "");
    picture_idx_part("idx", "my-set-train", 8, 5, 2, "");
    picture_idx_part("idx", "my-set-test", 4, 5, 2, "");
    static const struct {
        const char *path;
        int train, test, classes;
    } cases[] = {{"idx", 12, 6, 3},
                 {"idx/", 12, 6, 3},
                 {"idx/train-images-idx3-ubyte.gz", 12, 6, 3},
                 {"idx/my-set", 8, 4, 2},
                 {"idx/my-set-", 8, 4, 2},
                 {"idx/my-set-test-labels-idx1-ubyte", 8, 4, 2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        wf_dataset *d = open_ok(scratch(cases[i].path), NULL);
        CHECK_INT(d->train.count, cases[i].train);
        CHECK_INT(d->test.count, cases[i].test);
        CHECK_INT(d->n_classes, cases[i].classes);
        CHECK_INT(d->validation.count, 0);
        CHECK_STR(d->class_names[1], "1");
        CHECK_STR(d->notes, "");
        CHECK_INT(strlen(d->sha256), 64);
        wf_dataset_destroy(d);
    }
    wf_dataset_destroy(NULL);
}

TEST(same_data_same_hash_in_every_form) {
    wf_dataset *d = open_ok(scratch("idx"), NULL);
    char *text[2] = {calloc(1, 1 << 16), calloc(1, 1 << 16)};
    const wf_images *parts[2] = {&d->train, &d->test};
    for (int p = 0; p < 2; p++) {
        char *at = text[p] + sprintf(text[p], "label");
        for (int i = 1; i <= 25; i++) at += sprintf(at, ",pixel%d", i);
        for (int64_t i = 0; i < parts[p]->count; i++) {
            at += sprintf(at, "\n%d", parts[p]->labels[i]);
            for (int k = 0; k < 25; k++) at += sprintf(at, ",%d", parts[p]->pixels[i * 25 + k]);
        }
    }
    scratch_text("csv/fashion-mnist_train.csv", text[0]);
    scratch_text("csv/fashion-mnist_test.csv", text[1]);
    wf_dataset *c = open_ok(scratch("csv"), NULL);
    CHECK_STR(c->sha256, d->sha256);
    CHECK_STR(c->class_names[2], "2"); /* three classes are not Fashion-MNIST's ten */
    wf_dataset_destroy(c);
    c = open_ok(scratch("csv/fashion-mnist_test.csv"), NULL);
    CHECK_INT(c->train.count, 6);
    CHECK_INT(c->test.count, 0);
    CHECK(strcmp(c->sha256, d->sha256) != 0);
    wf_dataset_destroy(c);
    wf_dataset_destroy(d);
    free(text[0]);
    free(text[1]);
}

TEST(only_the_test_images) {
    const wf_dataset_options only_test = {.only_test = 1}, small = {.only_test = 1, .height = 3};
    wf_dataset *whole = open_ok(scratch("idx"), NULL), *d = open_ok(scratch("idx"), &only_test);
    CHECK(d->train.pixels == NULL);
    CHECK_INT(d->train.count, 12);
    CHECK_INT(memcmp(d->train.labels, whole->train.labels, 12 * sizeof(int32_t)), 0);
    CHECK_INT(d->n_classes, 3);
    CHECK_INT(memcmp(d->test.pixels, whole->test.pixels, 6 * 25), 0);
    CHECK_STR(d->sha256, "");
    CHECK_INT(strlen(d->test_sha256), 64);
    CHECK_STR(d->test_sha256, whole->test_sha256);
    CHECK(strcmp(whole->test_sha256, whole->sha256) != 0);
    wf_dataset_destroy(d);
    d = open_ok(scratch("idx"), &small);
    CHECK_INT(d->train.height, 3);
    CHECK_INT(d->train.width, 5);
    CHECK(strcmp(d->test_sha256, whole->test_sha256) != 0);
    wf_dataset_destroy(d);
    wf_dataset_destroy(whole);

    picture_idx_part("alone", "train", 12, 5, 3, ""); /* no test part: nothing to leave out */
    d = open_ok(scratch("alone"), &only_test);
    CHECK(d->train.pixels != NULL);
    CHECK_INT(strlen(d->sha256), 64);
    wf_dataset_destroy(d);
}

TEST(conversion_is_noted) {
    const wf_dataset_options options = {.height = 7, .width = 7, .channels = 3};
    wf_dataset *d = open_ok(scratch("idx"), &options);
    CHECK_INT(d->train.height, 7);
    CHECK_INT(d->test.channels, 3);
    CHECK_INT(d->train.labels[4], 1);
    CHECK_STR(d->notes, "train: 12 grey image(s) converted to three equal channels\n"
                        "train: 12 image(s) resized from 5x5 to 7x7 (height x width, bilinear, "
                        "antialiased)\n"
                        "test: 6 grey image(s) converted to three equal channels\n"
                        "test: 6 image(s) resized from 5x5 to 7x7 (height x width, bilinear, "
                        "antialiased)\n");
    wf_dataset_destroy(d);
}

TEST(parts_that_do_not_fit) {
    picture_idx_part("m", "train", 12, 5, 3, "");
    picture_idx_part("m", "t10k", 6, 4, 3, "");
    check_refused(scratch("m"), NULL, WF_E_DATA,
                  "m: found test images of 4 x 4 pixels and 1 channel(s), expected 5 x 5 and 1");
    picture_idx_part("m", "t10k", 6, 5, 4, "");
    check_refused(scratch("m"), NULL, WF_E_DATA, "m: test image 3: found label 3, expected 0 to 2");
    remove(scratch("m/t10k-labels-idx1-ubyte"));
    check_refused(scratch("m"), NULL, WF_E_NOTFOUND,
                  "m/t10k-images-idx3-ubyte: its labels are missing");
    remove(scratch("m/t10k-images-idx3-ubyte"));
    wf_dataset *d = open_ok(scratch("m"), NULL);
    CHECK_INT(d->test.count, 0);
    wf_dataset_destroy(d);
    picture_idx_part("n", "train", 11, 5, 3, "");
    scratch_file("n/train-labels-idx1-ubyte", "\0\0\x08\x01\0\0\0\3\1\2\0", 11);
    check_refused(scratch("n"), NULL, WF_E_DATA, "found 3 labels, expected 11 as ");
    picture_idx_part("n", "train", 11, 5, 1, "");
    check_refused(scratch("n"), NULL, WF_E_DATA, "n: found one class only, expected at least 2");
}

TEST(names_that_lead_nowhere) {
    const wf_dataset_options nowhere = {.system_dir = "/nonexistent"};
    check_refused("fashion-mnits", &nowhere, WF_E_NOTFOUND,
                  "data set fashion-mnits: there is no such name, file or folder");
    CHECK_STR(cx.hint, "did you mean fashion-mnist?");
    check_refused(scratch("none/here"), &nowhere, WF_E_NOTFOUND, "there is no such name, file");
    check_refused(scratch("none.csv"), &nowhere, WF_E_NOTFOUND, "there is no such file");
    scratch_text("what.txt", "hello");
    check_refused(scratch("what.txt"), &nowhere, WF_E_DATA, "found no known form of data");
    scratch_text("two/a_train.csv", "");
    scratch_text("two/b_train.csv", "");
    check_refused(scratch("two"), &nowhere, WF_E_DATA,
                  "two: found both a_train.csv and b_train.csv, expected one file *train.csv");
}

/* --- the registry ---------------------------------------------------------------------------- */

TEST(registry_lists_four) {
    static const char *const names[] = {"fashion-mnist", "mnist", "kmnist", "emnist"};
    for (size_t i = 0; i < 4; i++) {
        const wf_dataset_info *info = wf_dataset_info_at(i);
        const wf__registered *r = wf__registry_find(names[i]);
        CHECK(info && r && info == &r->info);
        CHECK_STR(info->name, names[i]);
        CHECK(info->summary && info->licence && info->homepage);
        int64_t bytes = 0;
        for (int f = 0; f < WF_DATASET_FILES; f++) {
            CHECK(r->files[f].name);
            CHECK(!info->url || strlen(r->files[f].sha256) == 64);
            bytes += r->files[f].bytes;
        }
        CHECK_INT(bytes, info->download_bytes);
        for (int c = 0; c < info->n_classes; c++) CHECK(r->class_names[c] && r->class_names[c][0]);
        CHECK(r->class_names[info->n_classes] == NULL);
    }
    CHECK(wf_dataset_info_at(4) == NULL);
    CHECK_STR(wf__registry_guess("fashion-mnist_train.csv")->info.name, "fashion-mnist");
    CHECK_STR(wf__registry_guess("mnist")->info.name, "mnist");
    CHECK(wf__registry_guess("cats") == NULL);
}

TEST(places_in_order) {
    picture_idx_part("data/kmnist", "train", 20, 4, 10, "");
    picture_idx_part("system/kmnist", "train", 21, 4, 10, "");
    picture_idx_part("cache/kmnist", "train", 22, 4, 10, "");
    wf_dataset_options o = {.data_dir = scratch("data"),
                            .system_dir = scratch("system"),
                            .cache_dir = scratch("cache")};
    for (int i = 0; i < 3; i++) {
        wf_dataset *d = open_ok("kmnist", &o);
        CHECK_INT(d->train.count, 20 + i);
        CHECK_STR(d->class_names[2], "su");
        CHECK_STR(d->name, "kmnist");
        char *where = NULL;
        CHECK_OK(&cx, wf_dataset_locate(&where, &cx, "kmnist", &o));
        CHECK_STR(where, d->source);
        wf_text_free(where);
        wf_dataset_destroy(d);
        if (i == 0) o.data_dir = scratch("system-without-it");
        else o.system_dir = scratch("nothing");
    }
    o.data_dir = scratch("data/kmnist"); /* the folder itself */
    wf_dataset *d = open_ok("kmnist", &o);
    CHECK_INT(d->train.count, 20);
    wf_dataset_destroy(d);
    char *where = NULL;
    CHECK_INT(wf_dataset_locate(&where, &cx, "kminst", &o), WF_E_NOTFOUND);
    CHECK_STR(cx.message, "no data set is called kminst");
    CHECK_STR(cx.hint, "did you mean kmnist?");
    CHECK_OK(&cx, wf_dataset_locate(&where, &cx, "mnist", &o));
    CHECK(where == NULL);
}

TEST(not_found_names_what_helps) {
    const wf_dataset_options o = {.data_dir = "/d", .system_dir = "/s", .cache_dir = "/c"};
    check_refused("fashion-mnist", &o, WF_E_NOTFOUND,
                  "data set fashion-mnist: not found in /d/fashion-mnist, /s/fashion-mnist, "
                  "/c/fashion-mnist");
    CHECK(strstr(cx.hint, "apt install dataset-fashion-mnist; or put train-images-idx3-ubyte.gz, "
                          "train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz and "
                          "t10k-labels-idx1-ubyte.gz into /d/fashion-mnist"));
    const wf_dataset_options download = {.system_dir = "/s", .allow_download = 1};
    check_refused("emnist", &download, WF_E_NOTFOUND, "its files cannot be downloaded singly");
    CHECK(strstr(cx.hint, "emnist-balanced-train-images-idx3-ubyte.gz"));
    check_refused("mnist", &download, WF_E_NOTFOUND, "there is no cache to download to");
}

TEST(emnist_is_turned_upright) {
    picture_idx_part("system/emnist", "emnist-balanced-train", 47, 4, 47, "");
    picture_idx_part("system/emnist", "emnist-balanced-test", 5, 4, 47, "");
    const wf_dataset_options o = {.system_dir = scratch("system")};
    wf_dataset *d = open_ok("emnist", &o),
               *raw = open_ok(scratch("system/emnist/emnist-balanced"), 0);
    for (int y = 0; y < 4; y++)
        for (int x = 0; x < 4; x++)
            CHECK_INT(d->train.pixels[16 + 4 * y + x], raw->train.pixels[16 + 4 * x + y]);
    CHECK(strstr(d->notes, "train: rows and columns exchanged"));
    CHECK_STR(d->class_names[46], "t");
    wf_dataset_destroy(d);
    wf_dataset_destroy(raw);
}

TEST(registered_labels_and_foreign_data) {
    picture_idx_part("system/fashion-mnist", "train", 20, 28, 10, "");
    const wf_dataset_options o = {.system_dir = scratch("system")};
    wf_dataset *d = open_ok("fashion-mnist", &o);
    CHECK_STR(d->class_names[9], "Ankle boot");
    CHECK(strstr(d->notes, "the data differ from fashion-mnist as published (SHA-256 "));
    wf_dataset_destroy(d);
    picture_idx_part("system/fashion-mnist", "train", 20, 28, 11, "");
    check_refused("fashion-mnist", &o, WF_E_DATA,
                  "training image 10: found label 10, expected 0 to 9");
}

/* --- the real data -------------------------------------------------------------------------- */

TEST(fashion_mnist_of_debian) {
    const wf__registered *r = wf__registry_find("fashion-mnist");
    char *where = NULL;
    CHECK_OK(&cx, wf_dataset_locate(&where, &cx, "fashion-mnist", NULL));
    if (!where) {
        check_refused("fashion-mnist", NULL, WF_E_NOTFOUND, "not found in /usr/share/datasets");
        CHECK(strstr(cx.hint, "apt install dataset-fashion-mnist"));
        return;
    }
    wf_text_free(where);
    wf_dataset *d = open_ok("fashion-mnist", NULL);
    CHECK_INT(d->train.count, 60000);
    CHECK_INT(d->test.count, 10000);
    CHECK_INT(d->train.height, 28);
    CHECK_STR(d->class_names[8], "Bag");
    CHECK_STR(d->sha256, r->decoded);
    CHECK_STR(d->notes, "");
    int64_t per_class[10] = {0};
    for (int64_t i = 0; i < d->train.count; i++) per_class[d->train.labels[i]]++;
    for (int c = 0; c < 10; c++) CHECK_INT(per_class[c], 6000);
    char hex[WF_HASH_HEX]; /* of the pixels alone, as gunzip and tail give them */
    wf_hash_bytes(hex, WF_HASH_SHA256, d->test.pixels, 10000 * 784);
    CHECK_STR(hex, "c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a");
    wf_dataset_destroy(d);
}

TEST_MAIN()
