/* A page of results: Markdown that says what made it. */
#ifndef WF_CMD_PAGE_H
#define WF_CMD_PAGE_H

#include "cmd/cmd.h"

/* Writes `path`: the title, this call, weft, machine, libraries and date, then `body`. The page's
 * folder is made if it is not there.  Errors: WF_E_IO, WF_E_NOMEM. */
wf_status wf_page_write(wf_cli *cli, const char *path, const char *title, const char *body,
                        int threads, const char *isa);

#endif
