/* Where a comparison goes: the terminal, four files in a folder, a page of results. */
#ifndef WF_CMD_COMPARE_OUTPUT_H
#define WF_CMD_COMPARE_OUTPUT_H

#include "cmd/cmd.h"
#include "report/report.h"

/* Writes comparison.md, .csv and .json and comparison-pairs.csv into `folder`.
 * Errors: WF_E_IO, WF_E_NOMEM. */
wf_status wf_comparison_write(wf_context *cx, const wf_comparison *c, const char *folder);

/* Writes the section `title` of the page of results: what made it (this call), on which machine,
 * when; the comparison; and what the model files note on their claims.
 * Errors: WF_E_IO, WF_E_NOMEM. */
wf_status wf_results_page_write(wf_cli *cli, const wf_comparison *c, const char *path,
                                const char *title, int threads, const char *isa);

#endif
