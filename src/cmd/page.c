#include "cmd/page.h"

#include <time.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/version.h"
#include "cmd/machine.h"

wf_status wf_page_write(wf_cli *cli, const char *path, const char *title, const char *body,
                        int threads, const char *isa) {
    wf_context *cx = &cli->cx;
    wf_str page = {0};
    char *folder = NULL, date[32];
    time_t now = time(NULL);
    struct tm utc;
    wf_status status = WF_OK;
    gmtime_r(&now, &utc);
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &utc);
    wf_str_addf(&page, cx,
                "# %s\n\n<!-- Made by the command below; do not edit. -->\n\n"
                "| made by | `%s` |\n|---|---|\n| weft | %s%s%s |\n| machine | %s, %d threads, "
                "kernels %s |\n| libraries | %s |\n| date | %s |\n\n%s",
                title, cli->line.text, WF_VERSION, *WF_COMMIT ? ", commit " : "", WF_COMMIT,
                wf_cpu_name(), threads, isa, wf_library_line(), date, body);
    WF_TRY_OR(page.status);
    WF_TRY_OR(wf_path_folder(&folder, cx, path));
    WF_TRY_OR(wf_dir_create(cx, folder));
    WF_TRY_OR(wf_file_write(cx, path, page.text, page.length));
done:
    wf_free(folder);
    wf_str_reset(&page);
    return status;
}
