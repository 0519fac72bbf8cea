#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/files_io.h"
#include "base/str.h"

bool wf_path_exists(const char *path) {
    struct stat info;
    return stat(path, &info) == 0;
}

bool wf_path_is_link(const char *path) {
    struct stat info;
    return lstat(path, &info) == 0 && S_ISLNK(info.st_mode);
}

bool wf_path_is_dir(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

const char *wf_path_base(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool wf_path_has_suffix(const char *path, const char *suffix) {
    size_t n = strlen(path), m = strlen(suffix);
    return n >= m && strcasecmp(path + n - m, suffix) == 0;
}

wf_status wf_path_join(char **out, wf_context *cx, const char *folder, const char *name) {
    size_t n = strlen(folder);
    wf_str s = {0};
    wf_str_addf(&s, cx, "%s%s%s", folder, n > 0 && folder[n - 1] != '/' ? "/" : "", name);
    wf_status status = s.status;
    if (status == WF_OK) *out = s.text;
    else wf_str_reset(&s);
    return status;
}

wf_status wf_path_folder(char **out, wf_context *cx, const char *path) {
    const char *slash = strrchr(path, '/');
    if (!slash) return wf_strdup(out, cx, ".");
    size_t n = slash == path ? 1 : (size_t)(slash - path);
    char *folder = NULL;
    WF_TRY(wf_alloc(&folder, cx, n + 1, 1));
    memcpy(folder, path, n);
    *out = folder;
    return WF_OK;
}

wf_status wf_path_name(char **out, wf_context *cx, const char *path) {
    char *copy = NULL;
    WF_TRY(wf_strdup(&copy, cx, path));
    for (size_t n = strlen(copy); n > 1 && copy[n - 1] == '/'; n--) copy[n - 1] = 0;
    wf_status status = wf_strdup(out, cx, wf_path_base(copy));
    wf_free(copy);
    return status;
}

wf_status wf_dir_create(wf_context *cx, const char *path) {
    if (wf_path_is_dir(path)) return WF_OK;
    char *copy = NULL;
    wf_status status = WF_OK;
    WF_TRY(wf_strdup(&copy, cx, path));
    for (char *p = copy + 1; status == WF_OK && copy[0]; p++) {
        char end = *p;
        if (end && end != '/') continue;
        *p = 0;
        if (!wf_path_is_dir(copy) && wf__io_mkdir(copy) < 0) {
            int reason = errno;
            if (!wf_path_is_dir(copy)) { /* another process may have been first */
                errno = reason;
                status = wf__io_fail(cx, "cannot create the folder", copy);
            }
        }
        *p = end;
        if (!end) break;
    }
    if (status == WF_OK) status = wf__io_sync_folder(cx, path);
    wf_free(copy);
    return status;
}

wf_status wf_dir_create_numbered(char **out, wf_context *cx, const char *parent, const char *name) {
    enum { MOST = 1000000 };
    WF_TRY(wf_dir_create(cx, parent));
    for (int n = 1; n <= MOST; n++) {
        wf_str s = {0};
        wf_str_addf(&s, cx, "%s/%s-%d", parent, name, n);
        if (s.status != WF_OK) return s.status;
        if (wf__io_mkdir(s.text) == 0) {
            *out = s.text;
            return WF_OK;
        }
        wf_status status =
            errno == EEXIST ? WF_OK : wf__io_fail(cx, "cannot create the folder", s.text);
        wf_str_reset(&s);
        WF_TRY(status);
    }
    return WF_FAIL(WF_E_LIMIT, "%s: %s-1 to %s-%d all exist", parent, name, name, MOST);
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

wf_status wf_dir_list(wf_names *out, wf_context *cx, const char *path) {
    wf_status status = WF_OK;
    wf_names names = {0};
    size_t capacity = 0;
    DIR *dir = opendir(path);
    if (!dir) return wf__io_fail(cx, "cannot list the folder", path);
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (!entry) break;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        if (names.count == capacity) {
            size_t more = capacity ? 2 * capacity : 64;
            WF_TRY_OR(wf_realloc(&names.items, cx, capacity, more, sizeof *names.items));
            capacity = more;
        }
        WF_TRY_OR(wf_strdup(&names.items[names.count], cx, entry->d_name));
        names.count++;
    }
    if (errno) {
        status = wf__io_fail(cx, "cannot list the folder", path);
        goto done;
    }
    if (names.count > 1) qsort(names.items, names.count, sizeof *names.items, compare_names);
    *out = names;
    names = (wf_names){0};
done:
    wf_names_reset(&names);
    closedir(dir);
    return status;
}

void wf_names_reset(wf_names *names) {
    for (size_t i = 0; i < names->count; i++) wf_free(names->items[i]);
    wf_free(names->items);
    *names = (wf_names){0};
}

/* ---- all of a folder ---- */

typedef wf_status visit(wf_context *cx, const char *path, const struct stat *info, void *user);

/* What is in `path` and below, folders behind their content. */
static wf_status visit_all(wf_context *cx, const char *path, visit *each, void *user) {
    wf_names names = {0};
    WF_TRY(wf_dir_list(&names, cx, path));
    wf_status status = WF_OK;
    for (size_t i = 0; i < names.count && status == WF_OK; i++) {
        char *inner = NULL;
        struct stat info = {0};
        status = wf_path_join(&inner, cx, path, names.items[i]);
        if (status == WF_OK && lstat(inner, &info) == 0) {
            if (S_ISDIR(info.st_mode)) status = visit_all(cx, inner, each, user);
            if (status == WF_OK) status = each(cx, inner, &info, user);
        }
        wf_free(inner);
    }
    wf_names_reset(&names);
    return status;
}

static wf_status add_size(wf_context *cx, const char *path, const struct stat *info, void *user) {
    (void)cx;
    (void)path;
    if (S_ISREG(info->st_mode)) *(uint64_t *)user += (uint64_t)info->st_size;
    return WF_OK;
}

static wf_status remove_one(wf_context *cx, const char *path, const struct stat *info, void *user) {
    (void)info;
    (void)user;
    if (remove(path) < 0 && errno != ENOENT) return wf__io_fail(cx, "cannot remove", path);
    return WF_OK;
}

wf_status wf_dir_size(uint64_t *out, wf_context *cx, const char *path) {
    uint64_t size = 0;
    if (!wf_path_is_link(path)) WF_TRY(visit_all(cx, path, add_size, &size));
    *out = size;
    return WF_OK;
}

wf_status wf_dir_remove(wf_context *cx, const char *path) {
    if (!wf_path_is_link(path)) WF_TRY(visit_all(cx, path, remove_one, NULL));
    return remove_one(cx, path, NULL, NULL);
}

int wf_dir_lock(const char *path, bool wait) {
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), failed;
    if (fd < 0) return -1;
    do failed = flock(fd, wait ? LOCK_EX : LOCK_EX | LOCK_NB);
    while (failed && errno == EINTR);
    if (!failed) return fd;
    const int reason = errno;
    close(fd);
    errno = reason;
    return -1;
}

wf_status wf_file_rename(wf_context *cx, const char *from, const char *to) {
    if (wf__io_rename(from, to) < 0) return wf__io_fail(cx, "cannot rename", from);
    return wf__io_sync_folder(cx, to);
}

wf_status wf_file_remove(wf_context *cx, const char *path) {
    if (unlink(path) < 0 && errno != ENOENT) return wf__io_fail(cx, "cannot remove", path);
    return WF_OK;
}
