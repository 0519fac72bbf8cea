#include "cmd/compare_output.h"

#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "cmd/page.h"
#include "cmd/settings.h"

static wf_status write_text(wf_context *cx, const char *folder, const char *name, char *text) {
    char *path = NULL;
    wf_status status = wf_path_join(&path, cx, folder, name);
    if (status == WF_OK) status = wf_file_write(cx, path, text, strlen(text));
    wf_free(path);
    wf_free(text);
    return status;
}

wf_status wf_comparison_write(wf_context *cx, const wf_comparison *c, const char *folder) {
    static const struct {
        const char *name;
        wf_status (*make)(char **out, wf_context *cx, const wf_comparison *c);
    } files[] = {{"comparison.md", wf_report_markdown},
                 {"comparison.csv", wf_report_csv},
                 {"comparison-pairs.csv", wf_report_pairs_csv},
                 {"comparison.json", wf_report_json}};
    WF_TRY(wf_dir_create(cx, folder));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *text = NULL;
        WF_TRY(files[i].make(&text, cx, c));
        WF_TRY(write_text(cx, folder, files[i].name, text));
    }
    return WF_OK;
}

static wf_status add_notes(wf_str *page, wf_cli *cli, const wf_comparison *c) {
    int count = 0;
    for (size_t i = 0; i < c->row_count; i++) {
        const char *name = c->rows[i].runs[0].summary.model;
        wf_model_spec *model = NULL;
        wf_cli quiet = {.is_quiet = 1};
        wf_status status = wf_model_load(&model, &quiet, name);
        if (status == WF_E_NOMEM) {
            cli->cx = quiet.cx;
            return status;
        }
        if (status == WF_OK && *model->claim.note) {
            if (!count++) wf_str_add(page, &cli->cx, "\n## Notes on the claims\n\n");
            wf_str_addf(page, &cli->cx, "- %s: %s\n", name, model->claim.note);
        }
        wf_model_spec_destroy(model);
    }
    return page->status;
}

/* The page tells the threads of the machine; runs beside each other had a share of them. */
static void add_share(wf_str *page, wf_context *cx, const wf_comparison *c, int threads) {
    int64_t most = 0;
    for (size_t i = 0; i < c->row_count; i++)
        for (size_t j = 0; j < c->rows[i].run_count; j++)
            if (c->rows[i].runs[j].summary.threads > most)
                most = c->rows[i].runs[j].summary.threads;
    if (most > 0 && most < threads)
        wf_str_addf(page, cx,
                    "\n## Times\n\nNo run had more than %lld of the %d threads: times are those of "
                    "such a share.\n",
                    (long long)most, threads);
}

wf_status wf_results_page_write(wf_cli *cli, const wf_comparison *c, const char *path,
                                const char *title, int threads, const char *isa) {
    wf_context *cx = &cli->cx;
    wf_str body = {0};
    char *report = NULL;
    wf_status status = WF_OK;
    WF_TRY_OR(wf_report_markdown(&report, cx, c));
    const char *text = report;
    if (text[0] == '#') text += strcspn(text, "\n"); /* the page has its own title */
    wf_str_add(&body, cx, text + strspn(text, "\n"));
    add_share(&body, cx, c, threads);
    WF_TRY_OR(add_notes(&body, cli, c));
    WF_TRY_OR(wf_page_write(cli, path, title, body.text, threads, isa));
done:
    wf_free(report);
    wf_str_reset(&body);
    return status;
}
