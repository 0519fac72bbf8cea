/* A page of results: Markdown, a section of each command that writes into it. */
#ifndef WF_CMD_PAGE_H
#define WF_CMD_PAGE_H

#include "cmd/cmd.h"

/* Writes a section of `path`: the title, which is one line, this call, weft, machine, libraries and
 * date, then `body`, which has no heading of the first level. It replaces the section of that
 * title; without one it comes last. What else the file says stays. The page's folder is made if it
 * is not there.  Errors: WF_E_IO, WF_E_LIMIT (the file is no page), WF_E_NOMEM. */
wf_status wf_page_write(wf_cli *cli, const char *path, const char *title, const char *body,
                        int threads, const char *isa);

#endif
