#include "cmd/ui.h"

#include <ctype.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <time.h>

wf_status wf_ui_start(wf_ui *ui, wf_context *cx) {
    return wf_server_start(&ui->server, cx,
                           &(const wf_server_options){.runs = ui->runs,
                                                      .host = ui->host,
                                                      .port = ui->port,
                                                      .token = ui->token,
                                                      .report = wf__ui_report,
                                                      .user = ui});
}

void wf_ui_wait(void) {
    while (!wf_signals_seen()) nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
}

void wf_ui_stop(wf_ui *ui) {
    atomic_store(&ui->is_ending, true);
    wf_server_stop(ui->server);
    ui->server = NULL;
}

wf_status wf_ui_address(wf_str *out, wf_context *cx, const wf_ui *ui, const char *run) {
    wf_str_addf(out, cx, "%s%s", wf_server_url(ui->server), run ? "#run=" : "");
    for (const unsigned char *c = (const unsigned char *)(run ? run : ""); *c; c++)
        wf_str_addf(out, cx, *c < 0x80 && (isalnum(*c) || strchr("-._~", *c)) ? "%c" : "%%%02X",
                    *c);
    return out->status;
}

void wf_ui_open(const wf_cli *cli, const char *address) {
    extern char **environ;
    const char *const argv[] = {"xdg-open", address, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    pid_t pid;
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    /* Ctrl+C is for weft, not for the browser */
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
    int error =
        posix_spawnp(&pid, argv[0], &files, &attributes, (char *const *)(uintptr_t)argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    if (error) wf_note(cli, "xdg-open cannot open a browser: %s\n", strerror(error));
}
