#include <stdio.h>

#include "cmd/settings.h"
#include "cmd/ui.h"

typedef struct ui_options {
    const char *runs, *host, *token;
    wf_data_flags data; /* for reports */
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
     "what a browser must know to see anything: 16 characters or more"},
    WF_DATA_OPTIONS(ui_options, data),
    {0}};

static wf_status run(wf_cli *cli, const void *given) {
    const ui_options *o = given;
    wf_context *cx = &cli->cx;
    wf_ui ui = {.runs = o->runs,
                .host = o->host,
                .token = o->token,
                .port = (int)o->port,
                .data_dir = o->data.data_dir,
                .is_offline = o->data.is_offline};
    wf_str address = {0};
    wf_status status;
    wf_signals_install();
    WF_TRY(wf_ui_start(&ui, cx));
    WF_TRY_OR(wf_ui_address(&address, cx, &ui, NULL));
    wf_print(cli, "%s\n", address.text);
    fflush(stdout);
    if (cli->is_json) wf_note(cli, "%s\n", address.text); /* the document comes at the end */
    wf_note(cli, "The runs of %s. Ctrl-C ends.\n", o->runs);
    if (o->opens) wf_ui_open(cli, address.text);
    wf_ui_wait();
    cli->result = json_pack("{s:s, s:i}", "url", address.text, "port", wf_server_port(ui.server));
done:
    wf_ui_stop(&ui);
    wf_str_reset(&address);
    return status;
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
