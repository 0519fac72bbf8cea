#include "cmd/report.h"

#include "base/alloc.h"
#include "base/version.h"

/* What config.yaml of a row's first run says; a run whose file cannot be read is reported without
 * what would follow from it. */
static wf_status read_experiment(wf_experiment *out, wf_report *r, const wf_run *run) {
    wf_context *cx = &r->session->cli->cx;
    wf_cli quiet = {.is_quiet = 1};
    char *path = NULL;
    WF_TRY(wf_run_file(&path, cx, run, "config.yaml"));
    wf_status status = wf_experiment_read(out, &quiet, path);
    wf_free(path);
    if (status == WF_E_NOMEM) *cx = quiet.cx;
    else if (status != WF_OK)
        wf_note(r->session->cli, "%s: %s; its layers are left out\n", wf_run_id(run),
                quiet.cx.message);
    return status == WF_E_NOMEM ? status : WF_OK;
}

static wf_status make(wf_report *r) {
    wf_cli *cli = r->session->cli;
    wf_context *cx = &cli->cx;
    const wf_comparison *c = r->comparison;
    const wf_report_options options = {.title = r->choice.title,
                                       .command = cli->line.text,
                                       .version =
                                           *WF_COMMIT ? WF_VERSION " " WF_COMMIT : WF_VERSION,
                                       .libraries = wf_library_line(),
                                       .cvs = r->choice.cvs,
                                       .cv_count = r->choice.cv_count};
    if (c->row_count) WF_TRY(wf_alloc(&r->experiments, cx, c->row_count, sizeof *r->experiments));
    for (size_t i = 0; i < c->row_count; i++)
        WF_TRY(read_experiment(&r->experiments[i], r, c->rows[i].runs[0].source));
    WF_TRY(wf_report_document(&r->document, cx, c, &options));
    WF_TRY(wf__report_layers(r));
    return wf__report_pictures(r);
}

wf_status wf_report_create(wf_report *out, wf_session *session, const wf_comparison *comparison,
                           const wf_report_choice *choice) {
    wf_report r = {.session = session, .comparison = comparison, .choice = *choice};
    wf_status status = make(&r);
    if (status == WF_OK) *out = r;
    else wf_report_reset(&r);
    return status;
}

void wf_report_reset(wf_report *r) {
    for (size_t i = 0; r->experiments && i < r->comparison->row_count; i++)
        wf_experiment_reset(&r->experiments[i]);
    wf_free(r->experiments);
    json_decref(r->document);
    wf_str_reset(&r->sprite);
    *r = (wf_report){0};
}

wf_status wf_report_html_text(wf_str *out, wf_report *r) {
    return wf_report_page(out, &r->session->cli->cx, r->document, r->sprite.text);
}
