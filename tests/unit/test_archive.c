/* Data sets in one file: whatever fails while one is unpacked, nothing of it stays. The forms and
 * the malformed ones are in tests/cli/archive.sh. */
#include "data/archive.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/files.h"
#include "test.h"

static wf_context cx;
static char folder[] = "/tmp/weft-archive-XXXXXX";
static char archive[64], cache[64];

/* One member of a tar file: its header and its data in blocks of 512 bytes. */
static size_t add_member(char *out, const char *name, const char *text) {
    const size_t size = strlen(text), blocks = (size + 511) / 512;
    unsigned sum = 0;
    memset(out, 0, 512 * (blocks + 1));
    snprintf(out, 100, "%s", name);
    snprintf(out + 100, 8, "0000644");
    snprintf(out + 124, 12, "%011o", (unsigned)size);
    snprintf(out + 136, 12, "%011o", 0u);
    memset(out + 148, ' ', 8);
    out[156] = '0';
    memcpy(out + 257, "ustar\00000", 8);
    for (int i = 0; i < 512; i++) sum += (unsigned char)out[i];
    snprintf(out + 148, 7, "%06o", sum);
    memcpy(out + 512, text, size);
    return 512 * (blocks + 1);
}

static void make(void) {
    static char bytes[8192];
    static const char rows[] = "label,p0,p1,p2,p3\n0,1,2,3,4\n1,5,6,7,8\n";
    if (*archive) return;
    CHECK(mkdtemp(folder) != NULL);
    snprintf(archive, sizeof archive, "%s/numbers.tar", folder);
    snprintf(cache, sizeof cache, "%s/cache", folder);
    size_t size = add_member(bytes, "numbers/numbers_train.csv", rows);
    size += add_member(bytes + size, "numbers/numbers_test.csv", rows);
    CHECK_OK(&cx, wf_file_write(&cx, archive, bytes, size + 1024));
}

static int is_left(void) {
    wf_names names = {0};
    CHECK_OK(&cx, wf_dir_list(&names, &cx, cache));
    const int count = (int)names.count;
    wf_names_reset(&names);
    return count;
}

static wf_status open_it(void) {
    const wf_dataset_options options = {.cache_dir = cache};
    wf_context own = {0};
    wf_dataset *d = NULL;
    const wf_status status = wf_dataset_open(&d, &own, archive, &options);
    if (status == WF_OK) CHECK(d->train.count == 2 && d->test.count == 2 && d->n_classes == 2);
    wf_dataset_destroy(d);
    return status;
}

TEST(endings) {
    CHECK(wf__archive_is_name("a/b.ZIP") && wf__archive_is_name("x.tar.gz"));
    CHECK(wf__archive_is_name("x.tgz") && wf__archive_is_name("x.tar"));
    CHECK(!wf__archive_is_name("x.csv.gz") && !wf__archive_is_name("zip"));
}

TEST(nothing_stays_behind) {
    make();
    CHECK_OK(&cx, open_it());
    CHECK_INT(is_left(), 0);
}

TEST(every_failed_allocation_is_survived) {
    wf_status status = WF_E_NOMEM;
    long k = 0;
    make();
    while (status != WF_OK && k < 500) {
        wf__alloc_fail_at(++k);
        status = open_it();
        wf__alloc_fail_at(0);
        CHECK(status == WF_OK || status == WF_E_NOMEM);
        CHECK_INT(is_left(), 0);
    }
    CHECK(k > 20 && k < 500);
}

TEST(every_failed_write_is_survived) {
    wf_status status = WF_E_IO;
    long k = 0;
    make();
    while (status != WF_OK && k < 100) {
        wf__io_fail_at(++k);
        status = open_it();
        wf__io_fail_at(0);
        CHECK(status == WF_OK || status == WF_E_IO);
        CHECK_INT(is_left(), 0);
    }
    CHECK(k > 4 && k < 100);
}

TEST(without_a_cache_there_is_no_place) {
    wf_dataset *d = NULL;
    make();
    CHECK_INT(wf_dataset_open(&d, &cx, archive, NULL), WF_E_ARG);
    CHECK(strstr(cx.message, "there is no folder to unpack it into") != NULL);
}

TEST_MAIN()
