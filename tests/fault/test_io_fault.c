/* Every n-th allocation and every n-th change of the disk fails: the functions must say so, leave
 * no partial file, keep the old one, and lose no memory (AddressSanitizer counts). */
#include "test.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/status.h"
#include "data/formats.h"
#include "garments.h"
#include "io/npy.h"
#include "io/safetensors.h"
#include "pictures.h"
#include "weft/compose.h"

static wf_context cx;

typedef wf_status (*operation)(void);

/* --- what is tried ---------------------------------------------------------------------------- */

static const float values[6] = {1, 2, 3, 4, 5, 6};
static const int64_t steps[2] = {7, 8};
static const wf_tensor tensors[] = {{"kernel", WF_DTYPE_F32, {2, {2, 3}}, values},
                                    {"step", WF_DTYPE_I64, {1, {2}}, steps}};
static const wf_metadata metadata[] = {{"format", "weft"}};

static wf_status write_file(void) { return wf_file_write(&cx, scratch("w/file"), "new text", 8); }

static wf_status write_large(void) {
    static uint8_t data[300000];
    wf_writer *w = NULL;
    WF_TRY(wf_writer_open(&w, &cx, scratch("w/large")));
    wf_status status = wf_writer_addf(w, &cx, "%d ", 5);
    for (int i = 0; i < 3 && status == WF_OK; i++)
        status = wf_writer_add(w, &cx, data, i == 1 ? sizeof data : 100);
    if (status == WF_OK) return wf_writer_commit(w, &cx);
    wf_writer_abort(w);
    return status;
}

static wf_status write_json(void) {
    json_t *j = json_pack("{s:s, s:[f, i], s:{s:n}}", "name", "cnn", "list", 0.1, 3, "o", "k");
    wf_status status = wf_json_write(&cx, scratch("w/json"), j);
    json_decref(j);
    return status;
}

static wf_status write_safetensors(void) {
    return wf_safetensors_write(&cx, scratch("w/safetensors"), tensors, 2, metadata, 1);
}

static wf_status write_npy(void) { return wf_npy_write(&cx, scratch("w/npy"), &tensors[0]); }

static wf_status write_split(void) {
    int32_t train[3] = {0, 2, 3}, validation[1] = {1};
    const wf_split split = {
        .train = train, .n_train = 3, .validation = validation, .n_validation = 1};
    return wf_split_write(&cx, scratch("w/split"), &split);
}

/* The folder is removed first, so that it can be done again. */
static wf_status compose_set(void) {
    const wf_compose_options options = {.dependence = 1, .n_train = 3, .n_test = 2};
    wf_pool *pool = NULL;
    if (wf_path_exists(scratch("w/set"))) WF_TRY(wf_dir_remove(&cx, scratch("w/set")));
    WF_TRY(wf_pool_create(&pool, &cx, 1));
    wf_status status = wf_compose_outfits(&cx, pool, garments(), &options, scratch("w/set"));
    wf_pool_destroy(pool);
    return status;
}

static wf_status append_line(void) {
    wf_append *a = NULL;
    WF_TRY(wf_append_open(&a, &cx, scratch("w/log")));
    wf_status status = wf_append_add(a, &cx, "a whole line\n", 13);
    wf_status closed = wf_append_close(a, &cx);
    return status == WF_OK ? closed : status;
}

static wf_status make_folders(void) {
    char *run = NULL;
    WF_TRY(wf_dir_create_numbered(&run, &cx, scratch("runs/deep"), "cnn"));
    wf_free(run);
    return WF_OK;
}

static wf_status read_gz(void) {
    uint8_t *data = NULL;
    size_t size = 0;
    WF_TRY(wf_file_read_gz(&data, &size, &cx, scratch("idx/train-images-idx3-ubyte.gz"), 1 << 20));
    wf_free(data);
    return WF_OK;
}

static wf_status pack_gz(void) {
    static uint8_t data[100000];
    uint8_t *packed = NULL;
    size_t size = 0;
    WF_TRY(wf_gz_pack(&packed, &size, &cx, data, sizeof data));
    wf_free(packed);
    return WF_OK;
}

static wf_status read_json(void) {
    json_t *j = NULL;
    WF_TRY(wf_json_read(&j, &cx, scratch("in.json")));
    json_decref(j);
    return WF_OK;
}

static wf_status read_safetensors(void) {
    wf_safetensors *f = NULL;
    WF_TRY(wf_safetensors_read(&f, &cx, scratch("in.safetensors")));
    wf_safetensors_destroy(f);
    return WF_OK;
}

static wf_status read_npy(void) {
    wf_tensor t;
    WF_TRY(wf_npy_read(&t, &cx, scratch("in.npy")));
    wf_npy_reset(&t);
    return WF_OK;
}

static wf_status open_dataset(const char *path, const wf_dataset_options *options) {
    wf_dataset *d = NULL;
    wf_split split = {0};
    WF_TRY(wf_dataset_open(&d, &cx, path, options));
    wf_status status = wf_split_create(&split, &cx, d, 0.25, 1, 4);
    wf_split_reset(&split);
    wf_dataset_destroy(d);
    return status;
}

static const wf_dataset_options converted = {.height = 7, .width = 3, .channels = 3};

static wf_status open_idx(void) { return open_dataset(scratch("idx"), &converted); }
static wf_status open_csv(void) { return open_dataset(scratch("csv"), &converted); }
static wf_status open_folder(void) { return open_dataset(scratch("folder"), &converted); }

static wf_status open_name(void) {
    const wf_dataset_options options = {.data_dir = scratch("data"), .system_dir = "/nonexistent"};
    return open_dataset("kmnist", &options);
}

static wf_status open_nothing(void) {
    const wf_dataset_options options = {.data_dir = "/d", .system_dir = "/s", .cache_dir = "/c"};
    wf_dataset *d = NULL;
    wf_status status = wf_dataset_open(&d, &cx, "kmnist", &options);
    return status == WF_E_NOTFOUND ? WF_OK : status;
}

static wf_status read_picture(void) {
    wf_images images;
    char *notes = NULL;
    WF_TRY(wf_image_read(&images, &notes, &cx, scratch("folder/a/1.png"), &converted));
    wf_images_reset(&images);
    wf_text_free(notes);
    return WF_OK;
}

static wf_status read_split(void) {
    const wf_dataset dataset = {.train = {.count = 4}};
    wf_split split;
    WF_TRY(wf_split_read(&split, &cx, scratch("in.csv"), &dataset));
    wf_split_reset(&split);
    return WF_OK;
}

static void prepare(void) {
    static uint8_t pixels[4096], file[1 << 16];
    static int is_done;
    if (is_done++) return;
    CHECK_OK(&cx, wf_dir_create(&cx, scratch("w")));
    picture_idx_part("idx", "train", 12, 5, 3, ".gz");
    picture_idx_part("idx", "t10k", 6, 5, 3, "");
    picture_idx_part("data/kmnist", "train", 30, 4, 10, "");
    scratch_text("csv/train.csv", "label,a,b,c,d\n0,1,2,3,4\n1,5,6,7,8\n0,1,1,1,1\n1,2,2,2,2\n");
    scratch_text("csv/test.csv", "1,1,2,3,4\n");
    picture_fill(pixels, sizeof pixels, 1);
    for (unsigned i = 0; i < 4; i++) {
        char name[32];
        snprintf(name, sizeof name, "folder/%c/%u.png", 'a' + (int)(i % 2), i / 2 + 1);
        scratch_file(name, file, picture_png(file, sizeof file, pixels, 6, 6, PNG_FORMAT_RGBA));
    }
    scratch_file("folder/b/3.jpg", file, picture_jpeg(file, sizeof file, pixels, 8, 8, 3, 1));
    scratch_text("in.json", "{\"a\": [1, 2, {\"b\": \"text\"}]}");
    scratch_text("in.csv", "index,part\n0,train\n1,validation\n");
    CHECK_OK(&cx, wf_safetensors_write(&cx, scratch("in.safetensors"), tensors, 2, metadata, 1));
    CHECK_OK(&cx, wf_npy_write(&cx, scratch("in.npy"), &tensors[0]));
}

/* --- allocations ------------------------------------------------------------------------------ */

/* Until the k-th allocation is more than the operation makes. A library may do without a piece of
 * memory (libpng and optional chunks), hence success is allowed too. */
static void fail_every_allocation(operation run, const char *name) {
    for (long k = 1;; k++) {
        long before = wf__alloc_count();
        wf__alloc_fail_at(k);
        wf_status status = run();
        wf__alloc_fail_at(0);
        long made = wf__alloc_count() - before;
        if (made < k) {
            WF_TEST_VERDICT(status == WF_OK && k > 1, __FILE__, __LINE__, "%s: %s after %ld: %s",
                            name, wf_status_name(status), k, cx.message);
            return;
        }
        WF_TEST_VERDICT(status == WF_E_NOMEM || status == WF_OK, __FILE__, __LINE__,
                        "%s: allocation %ld fails: %s: %s", name, k, wf_status_name(status),
                        cx.message);
        WF_TEST_VERDICT(k < 5000, __FILE__, __LINE__, "%s: no end", name);
    }
}

#define ALLOCATIONS(name)                                                                          \
    TEST(allocations_of_##name) {                                                                  \
        prepare();                                                                                 \
        fail_every_allocation(name, #name);                                                        \
        CHECK_INT(left_over(), 0);                                                                 \
    }

/* Temporary files that stayed behind. */
static int left_over(void) {
    wf_names names = {0};
    int n = 0;
    CHECK_OK(&cx, wf_dir_list(&names, &cx, scratch("w")));
    for (size_t i = 0; i < names.count; i++) n += wf_path_has_suffix(names.items[i], ".tmp");
    wf_names_reset(&names);
    return n;
}

ALLOCATIONS(write_file)
ALLOCATIONS(write_large)
ALLOCATIONS(write_json)
ALLOCATIONS(write_safetensors)
ALLOCATIONS(write_npy)
ALLOCATIONS(write_split)
ALLOCATIONS(compose_set)
ALLOCATIONS(append_line)
ALLOCATIONS(make_folders)
ALLOCATIONS(read_gz)
ALLOCATIONS(pack_gz)
ALLOCATIONS(read_json)
ALLOCATIONS(read_safetensors)
ALLOCATIONS(read_npy)
ALLOCATIONS(read_picture)
ALLOCATIONS(read_split)
ALLOCATIONS(open_idx)
ALLOCATIONS(open_csv)
ALLOCATIONS(open_folder)
ALLOCATIONS(open_name)
ALLOCATIONS(open_nothing)

/* --- the disk --------------------------------------------------------------------------------- */

/* The file is the old one (or absent), or wholly the new one: `digest` of what a success writes. */
static void fail_every_disk_operation(operation run, const char *file) {
    static const char old[] = "the old file";
    char fresh[WF_HASH_HEX], found[WF_HASH_HEX], kept[WF_HASH_HEX];
    prepare();
    CHECK_OK(&cx, run());
    CHECK_OK(&cx, wf_hash_file(fresh, &cx, WF_HASH_SHA256, scratch(file)));
    wf_hash_bytes(kept, WF_HASH_SHA256, old, sizeof old - 1);
    for (long k = 1;; k++) {
        scratch_text(file, old);
        long before = wf__io_count();
        wf__io_fail_at(k);
        wf_status status = run();
        wf__io_fail_at(0);
        long made = wf__io_count() - before;
        CHECK_INT(left_over(), 0);
        CHECK_OK(&cx, wf_hash_file(found, &cx, WF_HASH_SHA256, scratch(file)));
        if (made < k) {
            CHECK_INT(status, WF_OK);
            CHECK_STR(found, fresh);
            CHECK(k > 4); /* open, write, fsync, rename, fsync */
            return;
        }
        CHECK_INT(status, WF_E_IO);
        /* Only the last step, fsync of the folder, comes after the file is in place. */
        CHECK(strcmp(found, kept) == 0 || strcmp(found, fresh) == 0);
        CHECK(strstr(cx.message, scratch("w")));
    }
}

TEST(disk_of_write_file) { fail_every_disk_operation(write_file, "w/file"); }
TEST(disk_of_write_large) { fail_every_disk_operation(write_large, "w/large"); }
TEST(disk_of_write_json) { fail_every_disk_operation(write_json, "w/json"); }
TEST(disk_of_write_safetensors) { fail_every_disk_operation(write_safetensors, "w/safetensors"); }
TEST(disk_of_write_npy) { fail_every_disk_operation(write_npy, "w/npy"); }
TEST(disk_of_write_split) { fail_every_disk_operation(write_split, "w/split"); }

/* The set is whole or not there. */
TEST(disk_of_compose_set) {
    prepare();
    for (long k = 1;; k++) {
        CHECK_OK(&cx, wf_dir_create(&cx, scratch("w/set")));
        CHECK_OK(&cx, wf_dir_remove(&cx, scratch("w/set")));
        long before = wf__io_count();
        wf__io_fail_at(k);
        wf_status status = compose_set();
        wf__io_fail_at(0);
        CHECK_INT(left_over(), 0);
        if (wf__io_count() - before < k) {
            CHECK_INT(status, WF_OK);
            CHECK_INT(scratch_entries("w/set"), 9);
            CHECK(k > 9 * 4); /* open, write, fsync, rename of each */
            return;
        }
        CHECK_INT(status, WF_E_IO);
        /* Only the last step, fsync of the folder, comes after the set is in place. */
        CHECK(!wf_path_exists(scratch("w/set")) || scratch_entries("w/set") == 9);
    }
}

TEST(disk_of_append) {
    prepare();
    for (long k = 1;; k++) {
        remove(scratch("w/log"));
        CHECK_OK(&cx, append_line());
        long before = wf__io_count();
        wf__io_fail_at(k);
        wf_status status = append_line();
        wf__io_fail_at(0);
        if (wf__io_count() - before < k) {
            CHECK_INT(status, WF_OK);
            CHECK(k > 3); /* open, write, fsync */
            return;
        }
        CHECK_INT(status, WF_E_IO);
        uint64_t size = 0;
        CHECK_OK(&cx, wf_file_size(&size, &cx, scratch("w/log")));
        CHECK(size == 13 || size == 26); /* whole lines only */
    }
}

TEST(disk_of_folders) {
    prepare();
    for (long k = 1;; k++) {
        scratch_remove_below(scratch("runs"));
        remove(scratch("runs"));
        long before = wf__io_count();
        wf__io_fail_at(k);
        wf_status status = make_folders();
        wf__io_fail_at(0);
        if (wf__io_count() - before < k) {
            CHECK_INT(status, WF_OK);
            CHECK(k > 3);
            return;
        }
        CHECK_INT(status, WF_E_IO);
    }
}

TEST_MAIN()
