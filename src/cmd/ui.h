/* The live page, as weft ui and weft train --ui show it. */
#ifndef WF_CMD_UI_H
#define WF_CMD_UI_H

#include <stdatomic.h>
#include <stdbool.h>

#include "cmd/cmd.h"
#include "serve/server.h"

/* Zero-initialise; texts are borrowed. */
typedef struct wf_ui {
    const char *runs;         /* the folder of the runs */
    const char *host, *token; /* NULL: this machine only */
    int port;                 /* 0: a free one */
    const char *data_dir;     /* for reports; NULL: what the environment says */
    int is_offline;
    wf_server *server; /* after wf_ui_start */
    atomic_bool is_ending;
} wf_ui;

/* Errors: as wf_server_start. The struct must stay where it is until wf_ui_stop. */
wf_status wf_ui_start(wf_ui *ui, wf_context *cx);
/* Until Ctrl-C. */
void wf_ui_wait(void);
void wf_ui_stop(wf_ui *ui); /* of one that was not started: nothing */

/* The page's address; with `run` (an id, or NULL) that of the run. Errors: WF_E_NOMEM. */
wf_status wf_ui_address(wf_str *out, wf_context *cx, const wf_ui *ui, const char *run);
/* Shows an address in the browser, and says so where there is none. */
void wf_ui_open(const wf_cli *cli, const char *address);

/* ui_report.c: wf_server_options.report; `user` is a wf_ui. */
wf_status wf__ui_report(wf_str *out, wf_context *cx, void *user, const char *const *paths,
                        size_t count);

#endif
