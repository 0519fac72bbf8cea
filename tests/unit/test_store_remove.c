/* Queries, tags, deleting and collecting when memory or the disk fails, and what they leave. */
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "runs.h"
#include "test.h"

static bool is_there(const char *dir, const char *name) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return wf_path_exists(path);
}

static void make_file(const char *dir, const char *folder, const char *name) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, folder);
    CHECK_OK(&cx, wf_dir_create(&cx, path));
    snprintf(path, sizeof path, "%.100s/%.100s", folder, name);
    overwrite(dir, path, "12345");
}

TEST(a_running_run_is_not_deleted) {
    const char *dir = fresh_dir();
    wf_store *store = open_store(dir);
    wf_run *run = start(store, "net", 1);
    CHECK_FAILS(&cx, wf_store_delete(&cx, store, "net-1"), WF_E_ARG);
    CHECK_FAILS(&cx, wf_store_delete(&cx, store, "net-2"), WF_E_NOTFOUND);
    CHECK(is_there(dir, "net-1/description.json"));
    wf_run_close(run);
    CHECK_OK(&cx, wf_store_delete(&cx, store, "net-1"));
    CHECK(!is_there(dir, "net-1") && !is_there(dir, ".deleted-net-1"));
    wf_store_close(store);
}

/* Links of a run's folder go, what they point at stays. */
TEST(links_are_not_followed) {
    const char *dir = fresh_dir();
    char outside[160], link[200];
    wf_store *store = open_store(dir);
    finish_one(store, "net", 1);
    make_file(base, "outside", "precious");
    snprintf(outside, sizeof outside, "%s/outside", base);
    snprintf(link, sizeof link, "%s/net-1/link", dir);
    CHECK_INT(symlink(outside, link), 0);
    CHECK_OK(&cx, wf_store_delete(&cx, store, "net-1"));
    CHECK(!is_there(dir, "net-1") && is_there(base, "outside/precious"));
    wf_store_close(store);
}

/* A deletion that is cut off after its rename has deleted the run; the next one finds the rest. */
TEST(a_deletion_that_was_cut_off_leaves_no_run) {
    const char *dir = fresh_dir();
    char from[160], to[160];
    wf_store *store = open_store(dir);
    finish_one(store, "net", 1);
    snprintf(from, sizeof from, "%s/net-1", dir);
    snprintf(to, sizeof to, "%s/.deleted-net-1", dir);
    CHECK_INT(rename(from, to), 0);
    wf_run_list list = list_of(store, NULL);
    CHECK_INT(list.count, 0);
    finish_one(store, "net", 2); /* takes the number that is free again */
    CHECK_OK(&cx, wf_store_delete(&cx, store, "net-1"));
    CHECK(!is_there(dir, ".deleted-net-1"));
    wf_store_close(store);
}

TEST(only_what_nobody_needs_is_collected) {
    const char *dir = fresh_dir();
    wf_store *store = open_store(dir);
    wf_garbage garbage = {0};
    finish_one(store, "done", 1);
    make_file(dir, "done-1/checkpoint", "last.ckpt");
    wf_run *run = start(store, "left", 1); /* abandoned in its second epoch: it can go on */
    wf_epoch_record r = epoch_of(1);
    CHECK_OK(&cx, wf_run_record_epoch(&cx, run, &r));
    wf_run_close(run);
    make_file(dir, "left-1/checkpoint", "last.ckpt");
    wf_run_close(start(store, "never", 1));
    wf_run *busy = start(store, "busy", 1);
    CHECK_OK(&cx, wf_store_find_garbage(&garbage, &cx, store));
    CHECK_INT(garbage.count, 2);
    for (size_t i = 0; i < garbage.count; i++)
        CHECK_OK(&cx, wf_store_remove_garbage(&cx, store, &garbage.items[i]));
    wf_garbage_reset(&garbage);
    CHECK(!is_there(dir, "done-1/checkpoint/last.ckpt") && is_there(dir, "done-1/test.json"));
    CHECK(is_there(dir, "left-1/checkpoint/last.ckpt"));
    CHECK(!is_there(dir, "never-1") && is_there(dir, "busy-1"));
    wf_run_close(busy);
    wf_store_close(store);
}

/* ---- failing memory and disks ---- */

static wf_status use_once(const char *dir) {
    wf_store *store = NULL;
    wf_run *run = NULL;
    wf_garbage garbage = {0};
    json_t *answer = NULL;
    wf_status status = wf_store_open(&store, &cx, dir);
    if (status == WF_OK) status = wf_run_open(&run, &cx, store, "net-1");
    if (status == WF_OK) status = wf_store_tag(&cx, store, run, "best", "yes");
    if (status == WF_OK)
        status = wf_store_query(&answer, &cx, store, "SELECT *, X'00' FROM summary", 60);
    if (status == WF_OK) status = wf_store_find_garbage(&garbage, &cx, store);
    if (status == WF_OK) status = wf_store_delete(&cx, store, "net-2");
    json_decref(answer);
    wf_garbage_reset(&garbage);
    wf_run_close(run);
    wf_store_close(store);
    return status;
}

/* net-1 is whole, with its tag or without; net-2 is whole or gone. */
static void check_runs(const char *dir, wf_status status) {
    wf_store *store = open_store(dir);
    wf_run_list list = list_of(store, NULL);
    bool is_tagged = strcmp(list.runs[0].tags, "{}") != 0;
    CHECK(list.count == 1 || (list.count == 2 && status != WF_OK));
    CHECK(is_tagged || status != WF_OK);
    if (is_tagged) CHECK_STR(list.runs[0].tags, "{\"best\":\"yes\"}");
    for (size_t i = 0; i < list.count; i++) {
        CHECK_INT(list.runs[i].epochs, 3);
        CHECK_NEAR(list.runs[i].accuracy, .75, 0);
    }
    wf_run_list_reset(&list);
    wf_store_close(store);
}

static const char *two_runs(void) {
    const char *dir = fresh_dir();
    wf_store *store = open_store(dir);
    finish_one(store, "net", 1);
    finish_one(store, "net", 2);
    wf_store_close(store);
    return dir;
}

TEST(failing_memory_leaves_whole_runs) {
    int failures = 0;
    for (long k = 1; k < 4000; k += 1 + k / 20) {
        const char *dir = two_runs();
        long before = wf__alloc_count();
        wf__alloc_fail_at(k);
        wf_status status = use_once(dir);
        wf__alloc_fail_at(0);
        bool is_over = status == WF_OK && wf__alloc_count() - before < k;
        CHECK(status == WF_OK || status == WF_E_NOMEM);
        failures += status != WF_OK;
        check_runs(dir, status);
        if (is_over) break;
    }
    CHECK(failures > 30);
}

TEST(failing_disks_leave_whole_runs) {
    int failures = 0;
    for (long k = 1; k < 100; k++) {
        const char *dir = two_runs();
        wf__io_fail_at(k);
        wf_status status = use_once(dir);
        wf__io_fail_at(0);
        check_runs(dir, status);
        if (status == WF_OK) break;
        CHECK_INT(status, WF_E_IO);
        failures++;
    }
    CHECK(failures >= 4); /* tags.json: create, write, sync, rename; the rename of the folder */
}

TEST_MAIN()
