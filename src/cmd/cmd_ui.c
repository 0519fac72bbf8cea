#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd/settings.h"
#include "serve/server.h"

typedef struct ui_options {
    const char *runs, *host, *token;
    int64_t port;
    int opens;
} ui_options;

static const wf_option options_table[] = {
    WF_RUNS_OPTION(ui_options, runs),
    {"port", 'p', WF_OPTION_INT, offsetof(ui_options, port), "N", "9338", "WEFT_PORT", 0, 65535,
     "listen on this port; 0: a free one"},
    {"open", 0, WF_OPTION_FLAG, offsetof(ui_options, opens), NULL, NULL, NULL, 0, 0,
     "show the page in the browser"},
    {"host", 0, WF_OPTION_TEXT, offsetof(ui_options, host), "ADDRESS", NULL, NULL, 0, 0,
     "listen on this address, for other machines (default: 127.0.0.1); wants --token"},
    {"token", 0, WF_OPTION_TEXT, offsetof(ui_options, token), "TEXT", NULL, "WEFT_TOKEN", 0, 0,
     "what a browser must know to see anything"},
    {0}};

static void open_browser(wf_cli *cli, const char *url) {
    extern char **environ;
    char program[] = "xdg-open", address[256];
    char *argv[] = {program, address, NULL};
    pid_t pid;
    snprintf(address, sizeof address, "%s", url);
    int error = posix_spawnp(&pid, program, NULL, NULL, argv, environ);
    if (error) wf_note(cli, "cannot open a browser: xdg-open: %s\n", strerror(error));
}

static wf_status run(wf_cli *cli, const void *given) {
    const ui_options *o = given;
    wf_context *cx = &cli->cx;
    wf_server *server = NULL;
    const wf_server_options options = {
        .runs = o->runs, .host = o->host, .port = (int)o->port, .token = o->token};
    wf_signals_install();
    WF_TRY(wf_server_start(&server, cx, &options));
    wf_print(cli, "%s\n", wf_server_url(server));
    fflush(stdout);
    wf_note(cli, "Runs of %s; Ctrl-C ends.\n", o->runs);
    if (o->opens) open_browser(cli, wf_server_url(server));
    while (!wf_signals_seen()) nanosleep(&(struct timespec){.tv_nsec = 250000000}, NULL);
    cli->result =
        json_pack("{s:s, s:i}", "url", wf_server_url(server), "port", wf_server_port(server));
    wf_server_stop(server);
    return WF_OK;
}

const wf_command wf_command_ui = {
    .name = "ui",
    .summary = "Show the runs in a browser, as they train",
    .operands = "",
    .description = "Serves a page on this machine: curves of runs that train, all runs in a table, "
                   "reports.\nNothing is changed unless a button of the page is pressed.",
    .examples = "weft ui\n"
                "weft ui --runs runs/demo --port 0 --open",
    .options_size = sizeof(ui_options),
    .options = options_table,
    .run = run,
};
