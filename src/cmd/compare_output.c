#include "cmd/compare_output.h"

#include <stdio.h>
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

static wf_status read_json(json_t **out, wf_context *cx, const wf_run *run, const char *name,
                           size_t limit) {
    char *path = NULL;
    uint8_t *text = NULL;
    size_t size = 0;
    WF_TRY(wf_run_file(&path, cx, run, name));
    wf_status status = wf_file_read(&text, &size, cx, path, limit);
    if (status == WF_OK) status = wf_json_parse(out, cx, (const char *)text, size, path, limit);
    wf_free(text);
    wf_free(path);
    return status;
}

static wf_status add_epochs(json_t *document, wf_context *cx, const wf_run *run) {
    wf_run_metrics metrics = {0};
    json_t *list = json_array();
    wf_status status = wf_json_put(document, cx, "epochs", list);
    if (status == WF_OK) status = wf_run_read_metrics(&metrics, cx, run);
    for (size_t i = 0; i < metrics.count && status == WF_OK; i++) {
        const wf_epoch_record *e = &metrics.epochs[i];
        json_t *row = json_pack("{s:i, s:o, s:o, s:o, s:o, s:o, s:o}", "epoch", e->epoch, "loss",
                                wf_json_real(e->loss), "accuracy", wf_json_real(e->accuracy),
                                "val_loss", wf_json_real(e->val_loss), "val_accuracy",
                                wf_json_real(e->val_accuracy), "seconds", wf_json_real(e->seconds),
                                "ms_per_step", wf_json_real(e->ms_per_step));
        status = wf_json_append(list, cx, row);
    }
    wf_run_metrics_reset(&metrics);
    return status;
}

wf_status wf_result_create(json_t **out, wf_context *cx, const wf_run *run) {
    enum { MAX_BYTES = 64 << 20 };
    json_t *document = json_object(), *part = NULL;
    wf_status status;
    WF_TRY_OR(wf_json_put(document, cx, "schema_version", json_integer(WF_SCHEMA_VERSION)));
    WF_TRY_OR(read_json(&part, cx, run, "description.json", MAX_BYTES));
    WF_TRY_OR(wf_json_put(document, cx, "description", part));
    WF_TRY_OR(add_epochs(document, cx, run));
    WF_TRY_OR(read_json(&part, cx, run, "test.json", MAX_BYTES));
    WF_TRY_OR(wf_json_put(document, cx, "test", part));
done:
    return wf_json_hand_over(out, document, status);
}

wf_status wf_result_write(wf_context *cx, const wf_run *run, const char *folder) {
    json_t *document = NULL;
    wf_run_summary summary = {0};
    char *path = NULL, name[256];
    wf_status status;
    WF_TRY_OR(wf_run_read_summary(&summary, cx, run));
    snprintf(name, sizeof name, "%s-seed%lld.json", summary.model, (long long)summary.seed);
    WF_TRY_OR(wf_result_create(&document, cx, run));
    WF_TRY_OR(wf_dir_create(cx, folder));
    WF_TRY_OR(wf_path_join(&path, cx, folder, name));
    WF_TRY_OR(wf_json_write(cx, path, document));
done:
    wf_free(path);
    wf_run_summary_reset(&summary);
    json_decref(document);
    return status;
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
    WF_TRY_OR(add_notes(&body, cli, c));
    WF_TRY_OR(wf_page_write(cli, path, title, body.text, threads, isa));
done:
    wf_free(report);
    wf_str_reset(&body);
    return status;
}
