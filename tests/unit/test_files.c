#include "test.h"

#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/alloc.h"
#include "base/files.h"
#include "scratch.h"

static wf_context cx;

static void check_content(const char *path, const char *expected) {
    uint8_t *data = NULL;
    size_t size = 0;
    CHECK_OK(&cx, wf_file_read(&data, &size, &cx, path, 1 << 20));
    CHECK_INT(size, strlen(expected));
    CHECK_STR((const char *)data, expected);
    wf_free(data);
}

TEST(write_and_read) {
    const char *path = scratch("a.txt");
    CHECK_OK(&cx, wf_file_write(&cx, path, "hello\n", 6));
    check_content(path, "hello\n");
    CHECK_OK(&cx, wf_file_write(&cx, path, "", 0));
    check_content(path, "");
    uint64_t size = 1;
    CHECK_OK(&cx, wf_file_size(&size, &cx, path));
    CHECK_INT(size, 0);
}

TEST(reading_what_is_not_there) {
    uint8_t *data = NULL;
    size_t size = 0;
    CHECK_INT(wf_file_read(&data, &size, &cx, scratch("none"), 10), WF_E_NOTFOUND);
    CHECK(strstr(cx.message, "none: cannot open: No such file or directory"));
    CHECK_FAILS(&cx, wf_file_read(&data, &size, &cx, scratch(""), 10), WF_E_IO);
    scratch_text("eleven", "12345678901");
    CHECK_INT(wf_file_read(&data, &size, &cx, scratch("eleven"), 10), WF_E_LIMIT);
    CHECK(strstr(cx.message, "eleven: 11 bytes, at most 10 are allowed"));
    CHECK(data == NULL);
}

TEST(writer_streams_and_aborts) {
    const char *path = scratch("w/out.bin");
    CHECK_OK(&cx, wf_dir_create(&cx, scratch("w")));
    wf_writer *w = NULL;
    CHECK_OK(&cx, wf_writer_open(&w, &cx, path));
    static uint8_t big[200000];
    for (size_t i = 0; i < sizeof big; i++) big[i] = (uint8_t)(i * 7);
    CHECK_OK(&cx, wf_writer_addf(w, &cx, "%d;", 42));
    CHECK_OK(&cx, wf_writer_add(w, &cx, big, sizeof big));
    for (size_t i = 0; i < sizeof big; i += 1000)
        CHECK_OK(&cx, wf_writer_add(w, &cx, big + i, 1000));
    CHECK(!wf_path_exists(path));
    CHECK_INT(scratch_entries("w"), 1);
    CHECK_OK(&cx, wf_writer_commit(w, &cx));
    uint8_t *data = NULL;
    size_t size = 0;
    CHECK_OK(&cx, wf_file_read(&data, &size, &cx, path, 1 << 20));
    CHECK_INT(size, 3 + 2 * sizeof big);
    CHECK(memcmp(data, "42;", 3) == 0 && memcmp(data + 3, big, sizeof big) == 0);
    CHECK(memcmp(data + 3 + sizeof big, big, sizeof big) == 0);
    wf_free(data);

    CHECK_OK(&cx, wf_writer_open(&w, &cx, path));
    CHECK_OK(&cx, wf_writer_add(w, &cx, "other", 5));
    wf_writer_abort(w);
    wf_writer_abort(NULL);
    CHECK_INT(scratch_entries("w"), 1);
    uint64_t after = 0;
    CHECK_OK(&cx, wf_file_size(&after, &cx, path));
    CHECK_INT(after, size);
    CHECK_FAILS(&cx, wf_writer_open(&w, &cx, scratch("no/such/folder/x")), WF_E_NOTFOUND);
}

TEST(append_keeps_whole_lines) {
    wf_append *a = NULL;
    const char *path = scratch("log.txt");
    CHECK_OK(&cx, wf_append_open(&a, &cx, path));
    CHECK_OK(&cx, wf_append_add(a, &cx, "one\n", 4));
    CHECK_OK(&cx, wf_append_close(a, &cx));
    CHECK_OK(&cx, wf_append_open(&a, &cx, path));
    wf__io_fail_at(1);
    CHECK_INT(wf_append_add(a, &cx, "a line that is cut\n", 19), WF_E_IO);
    CHECK(strstr(cx.message, "log.txt: cannot append: No space left on device"));
    CHECK(strstr(cx.hint, "free some space"));
    CHECK_OK(&cx, wf_append_add(a, &cx, "two\n", 4));
    CHECK_OK(&cx, wf_append_sync(a, &cx));
    CHECK_OK(&cx, wf_append_close(a, &cx));
    CHECK_OK(&cx, wf_append_close(NULL, &cx));
    check_content(path, "one\ntwo\n");
}

TEST(folders) {
    CHECK_OK(&cx, wf_dir_create(&cx, scratch("d/e/f")));
    CHECK_OK(&cx, wf_dir_create(&cx, scratch("d/e/f/")));
    CHECK(wf_path_is_dir(scratch("d/e/f")) && wf_path_exists(scratch("d")));
    scratch_text("d/zeta", "z");
    scratch_text("d/Alpha", "a");
    CHECK(!wf_path_is_dir(scratch("d/zeta")));
    CHECK_FAILS(&cx, wf_dir_create(&cx, scratch("d/zeta/x")), WF_E_IO);
    wf_names names = {0};
    CHECK_OK(&cx, wf_dir_list(&names, &cx, scratch("d")));
    CHECK_INT(names.count, 3);
    CHECK_STR(names.items[0], "Alpha");
    CHECK_STR(names.items[1], "e");
    CHECK_STR(names.items[2], "zeta");
    wf_names_reset(&names);
    CHECK_FAILS(&cx, wf_dir_list(&names, &cx, scratch("none")), WF_E_NOTFOUND);
    CHECK_FAILS(&cx, wf_dir_list(&names, &cx, scratch("d/zeta")), WF_E_NOTFOUND);
}

/* A link that is given is removed, as those inside are; where it leads to stays. */
TEST(what_links_lead_to_is_not_removed) {
    uint64_t size = 1;
    CHECK_OK(&cx, wf_dir_create(&cx, scratch("target/inner")));
    scratch_text("target/kept", "kept");
    CHECK_OK(&cx, wf_dir_create(&cx, scratch("doomed")));
    CHECK_INT(symlink(scratch("target"), scratch("link")), 0);
    CHECK_INT(symlink(scratch("target"), scratch("doomed/link")), 0);
    CHECK_OK(&cx, wf_dir_size(&size, &cx, scratch("link")));
    CHECK_INT(size, 0);
    CHECK_OK(&cx, wf_dir_remove(&cx, scratch("link")));
    CHECK_OK(&cx, wf_dir_remove(&cx, scratch("doomed")));
    CHECK(!wf_path_exists(scratch("link")) && !wf_path_exists(scratch("doomed")));
    CHECK(wf_path_exists(scratch("target/kept")) && wf_path_is_dir(scratch("target/inner")));
}

/* What a killed process of the same number left lies in nobody's way, and a pipe stays a pipe. */
TEST(files_that_are_in_the_way) {
    static const char text[] = "new";
    char name[64];
    for (unsigned i = 0; i < 40; i++) { /* numbers go on with every file of this process */
        snprintf(name, sizeof name, "way.%ld.%u.tmp", (long)getpid(), i);
        scratch_text(name, "left behind");
    }
    CHECK_OK(&cx, wf_file_write(&cx, scratch("way"), text, strlen(text)));
    check_content(scratch("way"), text);
    CHECK_INT(mkfifo(scratch("pipe"), 0600), 0);
    CHECK_INT(wf_file_write(&cx, scratch("pipe"), text, strlen(text)), WF_E_IO);
    CHECK(strstr(cx.message, "pipe: is a device or a pipe"));
    wf_context_reset(&cx);
    struct stat info;
    CHECK(stat(scratch("pipe"), &info) == 0 && S_ISFIFO(info.st_mode));
}

/* What stands in a name is no separator of message and hint. */
TEST(messages_and_hints) {
    wf_context c = {0};
    wf__fail(&c, WF_E_DATA, "f", 1, "label \"%s\" is not known | it is one of %s", "a | b",
             "c | d");
    CHECK_STR(c.message, "label \"a | b\" is not known");
    CHECK_STR(c.hint, "it is one of c | d");
    wf__fail(&c, WF_E_DATA, "f", 1, "%s%s", "x | y", WF_HINT "did you mean that?");
    CHECK_STR(c.message, "x | y");
    CHECK_STR(c.hint, "did you mean that?");
}

TEST(numbered_folders_are_never_reused) {
    char *first = NULL, *second = NULL;
    CHECK_OK(&cx, wf_dir_create_numbered(&first, &cx, scratch("runs"), "cnn"));
    CHECK_OK(&cx, wf_dir_create_numbered(&second, &cx, scratch("runs"), "cnn"));
    CHECK_STR(wf_path_base(first), "cnn-1");
    CHECK_STR(wf_path_base(second), "cnn-2");
    CHECK(wf_path_is_dir(first) && wf_path_is_dir(second));
    wf_free(first);
    wf_free(second);
}

TEST(paths) {
    static const char *const cases[][3] = {
        {"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"/", "b", "/b"}, {"", "b", "b"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *joined = NULL;
        CHECK_OK(&cx, wf_path_join(&joined, &cx, cases[i][0], cases[i][1]));
        CHECK_STR(joined, cases[i][2]);
        wf_free(joined);
    }
    static const char *const folders[][2] = {
        {"a/b", "a"}, {"b", "."}, {"/b", "/"}, {"a/b/c", "a/b"}};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char *folder = NULL;
        CHECK_OK(&cx, wf_path_folder(&folder, &cx, folders[i][0]));
        CHECK_STR(folder, folders[i][1]);
        wf_free(folder);
    }
    CHECK_STR(wf_path_base("a/b.png"), "b.png");
    CHECK_STR(wf_path_base("b"), "b");
    CHECK(wf_path_has_suffix("x.PNG", ".png") && !wf_path_has_suffix("png", ".png"));
    CHECK_OK(&cx, wf_file_remove(&cx, scratch("never-there")));
    scratch_text("from", "x");
    CHECK_OK(&cx, wf_file_rename(&cx, scratch("from"), scratch("to")));
    check_content(scratch("to"), "x");
    CHECK_FAILS(&cx, wf_file_rename(&cx, scratch("from"), scratch("to")), WF_E_NOTFOUND);
}

/* --- gzip ----------------------------------------------------------------------------------- */

static size_t gz(uint8_t *to, size_t room, const uint8_t *data, size_t size) {
    z_stream z = {0};
    if (deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK) return 0;
    z.next_in = (Bytef *)(uintptr_t)data;
    z.avail_in = (unsigned)size;
    z.next_out = to;
    z.avail_out = (unsigned)room;
    deflate(&z, Z_FINISH);
    size_t used = room - z.avail_out;
    deflateEnd(&z);
    return used;
}

static uint8_t plain[5 << 20], packed[6 << 20];

TEST(gzip_members_and_plain_files) {
    for (size_t i = 0; i < 100000; i++) plain[i] = (uint8_t)(i * i >> 7);
    size_t n = gz(packed, sizeof packed, plain, 60000);
    n += gz(packed + n, sizeof packed - n, plain + 60000, 40000);
    memset(packed + n, 0, 512); /* padding, as tape drives and tar leave it */
    scratch_file("two.gz", packed, n + 512);
    scratch_file("plain", plain, 100000);
    static const char *const names[] = {"two.gz", "plain"};
    for (int i = 0; i < 2; i++) {
        uint8_t *data = NULL;
        size_t size = 0;
        CHECK_OK(&cx, wf_file_read_gz(&data, &size, &cx, scratch(names[i]), 1 << 20));
        CHECK_INT(size, 100000);
        CHECK(memcmp(data, plain, size) == 0);
        wf_free(data);
    }
    uint8_t *data = NULL;
    size_t size = 0;
    CHECK_FAILS(&cx, wf_file_read_gz(&data, &size, &cx, scratch("two.gz"), 99999), WF_E_LIMIT);
}

TEST(gzip_ratio) {
    memset(plain, 0, sizeof plain);
    size_t n = gz(packed, sizeof packed, plain, sizeof plain);
    CHECK(n < sizeof plain / 200);
    scratch_file("bomb.gz", packed, n);
    uint8_t *data = NULL;
    size_t size = 0;
    CHECK_INT(wf_file_read_gz(&data, &size, &cx, scratch("bomb.gz"), (size_t)1 << 30), WF_E_LIMIT);
    CHECK(strstr(cx.message, "at most 200:1 is allowed"));
    /* A small file may shrink as it likes. */
    n = gz(packed, sizeof packed, plain, 1 << 20);
    scratch_file("small.gz", packed, n);
    CHECK_OK(&cx, wf_file_read_gz(&data, &size, &cx, scratch("small.gz"), 1 << 20));
    CHECK_INT(size, 1 << 20);
    wf_free(data);
}

TEST(gzip_truncated_anywhere) {
    for (size_t i = 0; i < 3000; i++) plain[i] = (uint8_t)(i * i >> 5);
    size_t n = gz(packed, sizeof packed, plain, 3000);
    for (size_t cut = 2; cut < n; cut++) {
        uint8_t *data = NULL;
        size_t size = 0;
        scratch_file("cut.gz", packed, cut);
        CHECK_INT(wf_file_read_gz(&data, &size, &cx, scratch("cut.gz"), 1 << 20), WF_E_DATA);
        CHECK(strstr(cx.message, "cut.gz: the gzip data end at byte"));
        CHECK(strstr(cx.hint, "truncated"));
    }
}

TEST(gzip_damaged) {
    for (size_t i = 0; i < 3000; i++) plain[i] = (uint8_t)(i * i >> 5);
    size_t n = gz(packed, sizeof packed, plain, 3000);
    uint8_t *data = NULL;
    size_t size = 0;
    packed[n - 6] ^= 1; /* the checksum */
    scratch_file("bad.gz", packed, n);
    CHECK_INT(wf_file_read_gz(&data, &size, &cx, scratch("bad.gz"), 1 << 20), WF_E_DATA);
    CHECK(
        strstr(cx.message, "damaged gzip data: incorrect data check (after 3000 inflated bytes)"));
    packed[n - 6] ^= 1;
    memcpy(packed + n, "junk", 4);
    scratch_file("junk.gz", packed, n + 4);
    CHECK_INT(wf_file_read_gz(&data, &size, &cx, scratch("junk.gz"), 1 << 20), WF_E_DATA);
    CHECK(strstr(cx.message, "found 0x6a behind the gzip data"));
}

TEST_MAIN()
