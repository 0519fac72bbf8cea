/* Reports for the live page: by a process of their own, for they take memory, seconds and all
 * threads, and the server may live in a process that trains. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/files.h"
#include "cmd/ui.h"

enum { MAX_REPORT_BYTES = 1 << 26, NICE = 10 };

/* ---- the process ---- */

/* Its signals are as a shell's child has them; its standard output is `out`. */
static wf_status spawn(pid_t *out_pid, wf_context *cx, char *const *arguments, const char *out) {
    extern char **environ;
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, out, O_WRONLY | O_CREAT, 0600);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int error = posix_spawn(out_pid, "/proc/self/exe", &files, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    WF_REQUIRE(!error, WF_E_IO, "cannot start weft report: %s", strerror(error));
    setpriority(PRIO_PROCESS, (id_t)*out_pid, NICE);
    return WF_OK;
}

/* Ends it when the server is to end. */
static wf_status wait_for(int *out_how, wf_context *cx, const wf_ui *ui, pid_t pid) {
    bool is_killed = false;
    while (waitpid(pid, out_how, WNOHANG) == 0) {
        if (wf_signals_seen() || atomic_load(&ui->is_ending)) is_killed = kill(pid, SIGKILL) == 0;
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    WF_REQUIRE(!is_killed, WF_E_INTERRUPTED, "weft report was stopped, for the server ends");
    return WF_OK;
}

/* ---- what it says ---- */

/* Its own error, as --json tells it. */
static wf_status forward_error(wf_context *cx, const char *path) {
    json_t *document = NULL;
    wf_context quiet = {0};
    const char *code = NULL, *message = NULL, *hint = NULL;
    wf_status status = WF_E_IO;
    wf_json_read(&document, &quiet, path);
    if (json_unpack(document, "{s:{s:s, s:s, s:s}}", "error", "code", &code, "message", &message,
                    "hint", &hint) != 0)
        message = "weft report ended without a word";
    for (int i = WF_OK + 1; code && i <= WF_E_INTERNAL; i++)
        if (!strcmp(code, wf_status_name((wf_status)i))) status = (wf_status)i;
    status = WF_FAIL(status, "%s%s%s", message, hint && *hint ? WF_HINT : "", hint ? hint : "");
    json_decref(document);
    return status;
}

static wf_status make(wf_str *out, wf_context *cx, const wf_ui *ui, char *const *arguments,
                      const char *page, const char *said) {
    pid_t pid = 0;
    int how = 0;
    uint8_t *text = NULL;
    size_t size = 0;
    WF_TRY(spawn(&pid, cx, arguments, said));
    WF_TRY(wait_for(&how, cx, ui, pid));
    if (!WIFEXITED(how) || WEXITSTATUS(how)) return forward_error(cx, said);
    WF_TRY(wf_file_read(&text, &size, cx, page, MAX_REPORT_BYTES));
    wf_str_add_bytes(out, cx, (const char *)text, size);
    wf_free(text);
    return out->status;
}

wf_status wf__ui_report(wf_str *out, wf_context *cx, void *user, const char *const *paths,
                        size_t count) {
    const wf_ui *ui = user;
    char folder[PATH_MAX], page[PATH_MAX + 16], said[PATH_MAX + 16];
    const char *parent = getenv("TMPDIR"), **arguments = NULL;
    const char *const fixed[] = {"weft", "report", "--json", "--runs", ui->runs, "--output", page};
    size_t n = sizeof fixed / sizeof *fixed;
    snprintf(folder, sizeof folder, "%s/weft-report-XXXXXX", parent && *parent ? parent : "/tmp");
    WF_REQUIRE(mkdtemp(folder), WF_E_IO, "cannot make the folder %s: %s", folder, strerror(errno));
    snprintf(page, sizeof page, "%s/report.html", folder);
    snprintf(said, sizeof said, "%s/said.json", folder);
    wf_status status = wf_alloc(&arguments, cx, n + count + 5, sizeof *arguments);
    if (status == WF_OK) {
        memcpy(arguments, fixed, sizeof fixed);
        if (ui->data_dir) arguments[n++] = "--data-dir", arguments[n++] = ui->data_dir;
        if (ui->is_offline) arguments[n++] = "--offline";
        arguments[n++] = "--";
        memcpy(arguments + n, paths, count * sizeof *paths);
        status = make(out, cx, ui, (char *const *)(uintptr_t)arguments, page, said);
    }
    wf_free(arguments);
    wf_context ignored = {0};
    wf_dir_remove(&ignored, folder);
    return status;
}
