/* A store of its own for each test of a report, and the runs that the test made in it. */
#ifndef WF_TESTS_REPORT_STORE_H
#define WF_TESTS_REPORT_STORE_H

#include <unistd.h>

#include "store/store.h"
#include "test.h"

static wf_context cx;
static char runs_dir[64];
static wf_store *store;
static wf_run *runs[64];
static size_t run_count;

static void begin(void) {
    snprintf(runs_dir, sizeof runs_dir, "/tmp/weft-test-report-XXXXXX");
    CHECK(mkdtemp(runs_dir) != NULL);
    CHECK_OK(&cx, wf_store_open(&store, &cx, runs_dir));
    run_count = 0;
}

static void end(void) {
    char command[128];
    for (size_t i = 0; i < run_count; i++) wf_run_close(runs[i]);
    wf_store_close(store);
    snprintf(command, sizeof command, "rm -rf '%s'", runs_dir);
    CHECK_INT(system(command), 0);
}

#endif
