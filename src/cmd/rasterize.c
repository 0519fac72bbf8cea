#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memfd_create */
#endif
#include "cmd/rasterize.h"

#include <errno.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define PROGRAM "rsvg-convert"

/* ---- files in memory, which the command reads and writes ---- */

static wf_status open_memory(int *out, wf_context *cx) {
    int fd = memfd_create("weft-svg", MFD_CLOEXEC);
    WF_REQUIRE(fd >= 0, WF_E_IO, "cannot make a file in memory: %s", strerror(errno));
    *out = fd;
    return WF_OK;
}

static wf_status write_memory(wf_context *cx, int fd, const wf_str *text) {
    for (size_t at = 0; at < text->length;) {
        ssize_t n = write(fd, text->text + at, text->length - at);
        if (n < 0 && errno == EINTR) continue;
        WF_REQUIRE(n > 0, WF_E_IO, "cannot write a file in memory: %s", strerror(errno));
        at += (size_t)n;
    }
    WF_REQUIRE(lseek(fd, 0, SEEK_SET) == 0, WF_E_IO, "cannot rewind a file in memory: %s",
               strerror(errno));
    return WF_OK;
}

static wf_status read_memory(wf_str *out, wf_context *cx, int fd) {
    char piece[1 << 14];
    wf_str text = {0};
    WF_REQUIRE(lseek(fd, 0, SEEK_SET) == 0, WF_E_IO, "cannot rewind a file in memory: %s",
               strerror(errno));
    for (ssize_t n; (n = read(fd, piece, sizeof piece)) != 0;) {
        if (n > 0) wf_str_add_bytes(&text, cx, piece, (size_t)n);
        else if (errno != EINTR) break;
    }
    const wf_status status = text.status;
    if (status == WF_OK) *out = text;
    else wf_str_reset(&text);
    return status;
}

/* ---- the command ---- */

/* Runs it to its end; *out is its exit status, 127 when there is no such program. */
static wf_status run(int *out, wf_context *cx, const char *const *arguments, int input,
                     int output) {
    posix_spawn_file_actions_t actions;
    pid_t pid = 0, ended;
    int how = 0;
    WF_REQUIRE(posix_spawn_file_actions_init(&actions) == 0, WF_E_NOMEM,
               "out of memory: starting " PROGRAM);
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", 1 /* O_WRONLY */, 0);
    int failure =
        posix_spawnp(&pid, PROGRAM, &actions, NULL, (char *const *)(uintptr_t)arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failure == ENOENT || failure == EACCES) {
        *out = 127;
        return WF_OK;
    }
    WF_REQUIRE(failure == 0, WF_E_IO, "cannot start " PROGRAM ": %s", strerror(failure));
    do ended = waitpid(pid, &how, 0);
    while (ended < 0 && errno == EINTR);
    *out = ended == pid && WIFEXITED(how) ? WEXITSTATUS(how) : 1;
    return WF_OK;
}

static wf_status missing(wf_context *cx) {
    return WF_FAIL(WF_E_UNSUPPORTED,
                   "there is no " PROGRAM ", which makes the pictures of a report "
                   "in Markdown | install Debian's package librsvg2-bin, or write "
                   "--format html");
}

wf_status wf_rasterizer_check(wf_context *cx) {
    static const char *const arguments[] = {PROGRAM, "--version", NULL};
    int memory = -1, code = 0;
    WF_TRY(open_memory(&memory, cx));
    wf_status status = run(&code, cx, arguments, memory, memory);
    close(memory);
    WF_TRY(status);
    return code == 0 ? WF_OK : missing(cx);
}

wf_status wf_svg_to_png(wf_str *out, wf_context *cx, const wf_str *svg, const char *name) {
    static const char *const arguments[] = {PROGRAM, "--format=png", "--zoom=2", NULL};
    int input = -1, output = -1, code = 0;
    wf_str png = {0};
    wf_status status;
    WF_TRY_OR(open_memory(&input, cx));
    WF_TRY_OR(open_memory(&output, cx));
    WF_TRY_OR(write_memory(cx, input, svg));
    WF_TRY_OR(run(&code, cx, arguments, input, output));
    if (code == 127) WF_TRY_OR(missing(cx));
    if (code == 0) WF_TRY_OR(read_memory(&png, cx, output));
    WF_REQUIRE_OR(png.length > 0, WF_E_DATA, PROGRAM " made no picture of %s (exit status %d)",
                  name, code);
    *out = png;
    png = (wf_str){0};
done:
    if (input >= 0) close(input);
    if (output >= 0) close(output);
    wf_str_reset(&png);
    return status;
}
