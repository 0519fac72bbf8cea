#define _POSIX_C_SOURCE 200809L
#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/files_io.h"
#include "base/str.h"

enum { WRITER_BUFFER = 64 << 10, MAX_LEFT_BEHIND = 1000, READ_AT_MOST = 1 << 30 };

/* --- the hook that every change of the disk passes ------------------------------------------- */

static atomic_long operations;
static atomic_long fail_at;

void wf__io_fail_at(long k) { atomic_store(&fail_at, k); }

long wf__io_count(void) { return atomic_load(&operations); }

/* True when the fault counter says that this operation is the one to fail. */
static bool is_chosen_to_fail(int error) {
    atomic_fetch_add(&operations, 1);
    if (atomic_load(&fail_at) <= 0 || atomic_fetch_sub(&fail_at, 1) != 1) return false;
    errno = error;
    return true;
}

static int io_open(const char *path, int flags) {
    if (is_chosen_to_fail(EACCES)) return -1;
    return open(path, flags | O_CLOEXEC, 0666);
}

int wf__io_mkdir(const char *path) { return is_chosen_to_fail(EACCES) ? -1 : mkdir(path, 0777); }

int wf__io_rename(const char *from, const char *to) {
    return is_chosen_to_fail(EIO) ? -1 : rename(from, to);
}

static int io_fsync(int fd) { return is_chosen_to_fail(EIO) ? -1 : fsync(fd); }

/* Writes all of it, or as much as the disk takes. */
static int io_write(int fd, const uint8_t *data, size_t size) {
    bool fails = is_chosen_to_fail(ENOSPC);
    if (fails) size /= 2;
    while (size > 0) {
        ssize_t n = write(fd, data, size);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return -1;
        data += n;
        size -= (size_t)n;
    }
    if (fails) errno = ENOSPC;
    return fails ? -1 : 0;
}

wf_status wf__io_fail(wf_context *cx, const char *what, const char *path) {
    int error = errno;
    char text[128];
    if (strerror_r(error, text, sizeof text)) snprintf(text, sizeof text, "error %d", error);
    const char *hint = error == ENOSPC   ? WF_HINT "free some space on that disk"
                       : error == EACCES ? WF_HINT "check the permissions"
                                         : "";
    return WF_FAIL(error == ENOENT || error == ENOTDIR ? WF_E_NOTFOUND : WF_E_IO, "%s: %s: %s%s",
                   path, what, text, hint);
}

/* Makes a new name in `folder` survive a power cut. */
wf_status wf__io_sync_folder(wf_context *cx, const char *path) {
    char *folder = NULL;
    WF_TRY(wf_path_folder(&folder, cx, path));
    wf_status status = WF_OK;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || io_fsync(fd) < 0) status = wf__io_fail(cx, "cannot sync the folder", folder);
    if (fd >= 0) close(fd);
    wf_free(folder);
    return status;
}

/* --- reading ------------------------------------------------------------------------------- */

static wf_status open_regular(int *out_fd, uint64_t *out_size, wf_context *cx, const char *path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return wf__io_fail(cx, "cannot open", path);
    struct stat info;
    if (fstat(fd, &info) < 0 || !S_ISREG(info.st_mode)) {
        close(fd);
        return WF_FAIL(WF_E_IO, "%s: not a regular file", path);
    }
    *out_fd = fd;
    *out_size = (uint64_t)info.st_size;
    return WF_OK;
}

wf_status wf_file_read(uint8_t **out, size_t *out_size, wf_context *cx, const char *path,
                       size_t limit) {
    int fd = -1;
    uint64_t size = 0;
    WF_TRY(open_regular(&fd, &size, cx, path));
    wf_status status = WF_OK;
    uint8_t *data = NULL;
    size_t used = 0;
    WF_REQUIRE_OR(size <= limit, WF_E_LIMIT, "%s: %llu bytes, at most %zu are allowed", path,
                  (unsigned long long)size, limit);
    WF_TRY_OR(wf_alloc(&data, cx, (size_t)size + 1, 1));
    while (used < size) {
        size_t want = (size_t)size - used < READ_AT_MOST ? (size_t)size - used : READ_AT_MOST;
        ssize_t n = read(fd, data + used, want);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            status = wf__io_fail(cx, "cannot read", path);
            goto done;
        }
        WF_REQUIRE_OR(n > 0, WF_E_IO, "%s: became shorter while it was read, %zu of %llu bytes",
                      path, used, (unsigned long long)size);
        used += (size_t)n;
    }
    *out = data;
    *out_size = used;
    data = NULL;
done:
    wf_free(data);
    close(fd);
    return status;
}

wf_status wf_file_size(uint64_t *out, wf_context *cx, const char *path) {
    struct stat info;
    if (stat(path, &info) < 0) return wf__io_fail(cx, "cannot look up", path);
    *out = (uint64_t)info.st_size;
    return WF_OK;
}

/* --- atomic writing ------------------------------------------------------------------------ */

struct wf_writer {
    char *path, *temporary;
    uint8_t *buffer;
    size_t used;
    int fd;
};

/* path.<process>.<number>.tmp: unique among threads, and a crash leaves a name that tells. */
static wf_status temporary_name(char **out, wf_context *cx, const char *path) {
    static atomic_uint number;
    wf_str s = {0};
    wf_str_addf(&s, cx, "%s.%ld.%u.tmp", path, (long)getpid(), atomic_fetch_add(&number, 1));
    if (s.status == WF_OK) *out = s.text;
    return s.status;
}

static wf_status writer_flush(wf_writer *w, wf_context *cx) {
    if (w->used > 0 && io_write(w->fd, w->buffer, w->used) < 0)
        return wf__io_fail(cx, "cannot write", w->path);
    w->used = 0;
    return WF_OK;
}

static void writer_free(wf_writer *w) {
    wf_free(w->buffer);
    wf_free(w->temporary);
    wf_free(w->path);
    wf_free(w);
}

wf_status wf_writer_open(wf_writer **out, wf_context *cx, const char *path) {
    wf_writer *w = NULL;
    wf_status status = WF_OK;
    WF_TRY(wf_alloc(&w, cx, 1, sizeof *w));
    w->fd = -1;
    WF_TRY_OR(wf_strdup(&w->path, cx, path));
    struct stat info;
    WF_REQUIRE_OR(stat(path, &info) < 0 || S_ISREG(info.st_mode) || S_ISDIR(info.st_mode), WF_E_IO,
                  "%s: is a device or a pipe, which a file would take the place of | name a file",
                  path);
    WF_TRY_OR(wf_alloc(&w->buffer, cx, WRITER_BUFFER, 1));
    for (int i = 0; w->fd < 0; i++) {
        WF_TRY_OR(temporary_name(&w->temporary, cx, path));
        w->fd = io_open(w->temporary, O_WRONLY | O_CREAT | O_EXCL);
        if (w->fd >= 0) break;
        /* a process of the same number was killed before */
        if (errno != EEXIST || i == MAX_LEFT_BEHIND) {
            status = wf__io_fail(cx, "cannot create", errno == EEXIST ? w->temporary : path);
            goto done;
        }
        wf_free(w->temporary);
        w->temporary = NULL;
    }
    *out = w;
    w = NULL;
done:
    if (w) writer_free(w);
    return status;
}

wf_status wf_writer_add(wf_writer *w, wf_context *cx, const void *data, size_t size) {
    if (size > WRITER_BUFFER - w->used) WF_TRY(writer_flush(w, cx));
    if (size >= WRITER_BUFFER) {
        if (io_write(w->fd, data, size) < 0) return wf__io_fail(cx, "cannot write", w->path);
        return WF_OK;
    }
    if (size) memcpy(w->buffer + w->used, data, size);
    w->used += size;
    return WF_OK;
}

wf_status wf_writer_addf(wf_writer *w, wf_context *cx, const char *format, ...) {
    char text[1024];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    WF_REQUIRE(n >= 0 && (size_t)n < sizeof text, WF_E_INTERNAL,
               "%s: a formatted piece of %d bytes, at most %zu fit", w->path, n, sizeof text - 1);
    return wf_writer_add(w, cx, text, (size_t)n);
}

wf_status wf_writer_commit(wf_writer *w, wf_context *cx) {
    wf_status status = WF_OK;
    WF_TRY_OR(writer_flush(w, cx));
    if (io_fsync(w->fd) < 0) {
        status = wf__io_fail(cx, "cannot sync", w->path);
        goto done;
    }
    int closed = close(w->fd);
    w->fd = -1;
    if (closed < 0 || wf__io_rename(w->temporary, w->path) < 0) {
        status = wf__io_fail(cx, "cannot put the new file in place", w->path);
        goto done;
    }
    status = wf__io_sync_folder(cx, w->path);
    writer_free(w);
    return status;
done:
    wf_writer_abort(w);
    return status;
}

void wf_writer_abort(wf_writer *w) {
    if (!w) return;
    if (w->fd >= 0) close(w->fd);
    unlink(w->temporary);
    writer_free(w);
}

wf_status wf_file_write(wf_context *cx, const char *path, const void *data, size_t size) {
    wf_writer *w = NULL;
    WF_TRY(wf_writer_open(&w, cx, path));
    wf_status status = wf_writer_add(w, cx, data, size);
    if (status == WF_OK) return wf_writer_commit(w, cx);
    wf_writer_abort(w);
    return status;
}

/* --- appending ----------------------------------------------------------------------------- */

struct wf_append {
    char *path;
    int fd;
};

wf_status wf_append_open(wf_append **out, wf_context *cx, const char *path) {
    wf_append *a = NULL;
    wf_status status = WF_OK;
    WF_TRY(wf_alloc(&a, cx, 1, sizeof *a));
    a->fd = -1;
    WF_TRY_OR(wf_strdup(&a->path, cx, path));
    a->fd = io_open(path, O_WRONLY | O_CREAT | O_APPEND);
    if (a->fd < 0) {
        status = wf__io_fail(cx, "cannot open for appending", path);
        goto done;
    }
    *out = a;
    a = NULL;
done:
    if (a) {
        wf_free(a->path);
        wf_free(a);
    }
    return status;
}

wf_status wf_append_add(wf_append *a, wf_context *cx, const void *data, size_t size) {
    struct stat before;
    if (fstat(a->fd, &before) < 0) return wf__io_fail(cx, "cannot look up", a->path);
    if (io_write(a->fd, data, size) == 0) return WF_OK;
    wf_status status = wf__io_fail(cx, "cannot append", a->path);
    if (ftruncate(a->fd, before.st_size) < 0)
        return wf__io_fail(cx, "cannot append, and half a line stays behind", a->path);
    return status;
}

wf_status wf_append_sync(wf_append *a, wf_context *cx) {
    return io_fsync(a->fd) < 0 ? wf__io_fail(cx, "cannot sync", a->path) : WF_OK;
}

wf_status wf_append_close(wf_append *a, wf_context *cx) {
    if (!a) return WF_OK;
    wf_status status = wf_append_sync(a, cx);
    if (close(a->fd) < 0 && status == WF_OK) status = wf__io_fail(cx, "cannot close", a->path);
    wf_free(a->path);
    wf_free(a);
    return status;
}

void wf_append_drop(wf_append *a) {
    if (!a) return;
    close(a->fd);
    wf_free(a->path);
    wf_free(a);
}
