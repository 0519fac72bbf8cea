/* A folder of its own for a test program, below TMPDIR, removed when the program ends. */
#ifndef WF_TESTS_SCRATCH_H
#define WF_TESTS_SCRATCH_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"

static char scratch_folder[256];

static void scratch_remove_below(const char *folder) {
    wf_context cx = {0};
    wf_names names = {0};
    if (wf_dir_list(&names, &cx, folder) != WF_OK) return;
    for (size_t i = 0; i < names.count; i++) {
        char *path = NULL;
        if (wf_path_join(&path, &cx, folder, names.items[i]) != WF_OK) continue;
        if (wf_path_is_dir(path)) scratch_remove_below(path);
        remove(path);
        free(path);
    }
    wf_names_reset(&names);
}

static void scratch_remove(void) {
    scratch_remove_below(scratch_folder);
    remove(scratch_folder);
}

/* The path of `name` in the scratch folder; valid for the next 15 calls. */
static const char *scratch(const char *name) {
    static char paths[16][512];
    static int next;
    if (!scratch_folder[0]) {
        const char *parent = getenv("TMPDIR");
        snprintf(scratch_folder, sizeof scratch_folder, "%s/weft-test-XXXXXX",
                 parent && parent[0] ? parent : "/tmp");
        if (!mkdtemp(scratch_folder)) abort();
        atexit(scratch_remove);
    }
    char *path = paths[next++ % 16];
    snprintf(path, sizeof paths[0], "%s/%s", scratch_folder, name);
    return path;
}

/* Writes a file, and the folders on its way. Returns its path. */
__attribute__((unused)) static const char *scratch_file(const char *name, const void *data,
                                                        size_t size) {
    wf_context cx = {0};
    const char *path = scratch(name);
    char *folder = NULL;
    if (wf_path_folder(&folder, &cx, path) != WF_OK || wf_dir_create(&cx, folder) != WF_OK ||
        wf_file_write(&cx, path, data, size) != WF_OK) {
        printf("scratch file %s: %s\n", path, cx.message);
        abort();
    }
    free(folder);
    return path;
}

__attribute__((unused)) static const char *scratch_text(const char *name, const char *text) {
    return scratch_file(name, text, strlen(text));
}

/* How many entries the folder `name` holds. */
__attribute__((unused)) static size_t scratch_entries(const char *name) {
    wf_context cx = {0};
    wf_names names = {0};
    if (wf_dir_list(&names, &cx, scratch(name)) != WF_OK) return 0;
    size_t n = names.count;
    wf_names_reset(&names);
    return n;
}

#endif
