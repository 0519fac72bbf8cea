#include "cmd/page.h"

#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/version.h"
#include "cmd/machine.h"

enum { MAX_BYTES = 16 << 20 };

/* Where the section with this title begins and ends in `text`; both at its end when there is
 * none. */
static void find_section(size_t *out_begin, size_t *out_end, const char *text, const char *title) {
    const size_t length = strlen(text), n = strlen(title);
    int is_code = 0; /* between two fences a line with # is no heading */
    *out_begin = *out_end = length;
    for (const char *line = text; *line;) {
        const char *next = strchr(line, '\n');
        next = next ? next + 1 : text + length;
        if (!strncmp(line, "```", 3)) is_code = !is_code;
        if (!is_code && !strncmp(line, "# ", 2)) {
            if (*out_begin < length) {
                *out_end = (size_t)(line - text);
                return;
            }
            if (!strncmp(line + 2, title, n) && (line[2 + n] == '\n' || !line[2 + n]))
                *out_begin = (size_t)(line - text);
        }
        line = next;
    }
}

static void add_section(wf_str *page, wf_context *cx, const wf_cli *cli, const char *title,
                        const char *body, int threads, const char *isa) {
    char date[32];
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &utc);
    wf_str_addf(page, cx,
                "# %s\n\n<!-- Made by the command below; do not edit. -->\n\n"
                "| made by | `%s` |\n|---|---|\n| weft | %s%s%s |\n| machine | %s, %d threads, "
                "kernels %s |\n| libraries | %s |\n| date | %s |\n\n%s",
                title, cli->line.text, WF_VERSION, *WF_COMMIT ? ", commit " : "", WF_COMMIT,
                wf_cpu_name(), threads, isa, wf_library_line(), date, body + strspn(body, "\n"));
}

wf_status wf_page_write(wf_cli *cli, const char *path, const char *title, const char *body,
                        int threads, const char *isa) {
    wf_context *cx = &cli->cx;
    wf_str page = {0};
    uint8_t *old = NULL;
    char *folder = NULL;
    size_t size = 0, begin, end;
    wf_status status = wf_file_read(&old, &size, cx, path, MAX_BYTES);
    if (status == WF_E_NOTFOUND) wf_context_reset(cx);
    else if (status != WF_OK) return status;
    const char *text = old ? (const char *)old : "";
    find_section(&begin, &end, text, title);
    wf_str_add_bytes(&page, cx, text, begin);
    if (begin > 0 && begin == end) wf_str_add(&page, cx, "\n");
    add_section(&page, cx, cli, title, body, threads, isa);
    if (text[end]) wf_str_add(&page, cx, "\n");
    wf_str_add(&page, cx, text + end);
    WF_TRY_OR(page.status);
    WF_TRY_OR(wf_path_folder(&folder, cx, path));
    WF_TRY_OR(wf_dir_create(cx, folder));
    WF_TRY_OR(wf_file_write(cx, path, page.text, page.length));
done:
    wf_free(old);
    wf_free(folder);
    wf_str_reset(&page);
    return status;
}
