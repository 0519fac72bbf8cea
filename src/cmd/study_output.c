/* Where the study goes: the terminal, three files in a folder, a page of results. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "cmd/machine.h"
#include "cmd/page.h"
#include "cmd/study_parts.h"

static const char TITLE[] = "Outfits: what a network gains from labels that depend on each other";

/* ---- the terminal ---- */

static wf_status print_gains(const wf_cli *cli, wf_context *cx, const wf_study *study) {
    char text[WF_STUDY_GAIN_BYTES];
    wf_table t;
    wf_table_init(&t, 2 + WF_STUDY_STRENGTHS, 0);
    wf_status status = wf_table_add(&t, cx, "model");
    if (status == WF_OK) status = wf_table_add(&t, cx, "over");
    for (int k = 0; k < WF_STUDY_STRENGTHS && status == WF_OK; k++)
        status = wf_table_addf(&t, cx, "dependence %g", wf_study_strengths[k]);
    for (int o = 0; o < WF_STUDY_COMPARISONS && status == WF_OK; o++) {
        const wf_study_comparison *c = &wf_study_comparisons[o];
        status = wf_table_add(&t, cx, wf_study_model_name(c->model));
        if (status == WF_OK) status = wf_table_add(&t, cx, wf_study_model_name(c->over));
        for (int k = 0; k < WF_STUDY_STRENGTHS && status == WF_OK; k++)
            status = wf_table_add(&t, cx, wf_study_gain_text(text, &study->gains.over[o][k]));
    }
    wf_print(cli, "\nGains, points of subset accuracy (95%% interval)\n");
    if (status == WF_OK) wf_table_print(&t, cli);
    wf_table_reset(&t);
    return status;
}

static wf_status print_strength(const wf_cli *cli, wf_context *cx, const wf_study *study, int k) {
    char cell[WF_STUDY_CELL_BYTES];
    wf_table t;
    wf_table_init(&t, 2 + WF_STUDY_FIGURES, ~1u);
    wf_status status = wf_table_add(&t, cx, "model");
    if (status == WF_OK) status = wf_table_add(&t, cx, "seeds");
    for (int f = 0; f < WF_STUDY_FIGURES && status == WF_OK; f++)
        status = wf_table_add(&t, cx, wf_study_title(f));
    for (int m = 0; m < WF_STUDY_MODELS && status == WF_OK; m++) {
        const wf_study_row *row = &study->rows[k][m];
        if (!row->run_count) continue;
        status = wf_table_add(&t, cx, wf_study_model_name(m));
        if (status == WF_OK) status = wf_table_addf(&t, cx, "%zu", row->run_count);
        for (int f = 0; f < WF_STUDY_FIGURES && status == WF_OK; f++)
            status = wf_table_add(&t, cx, wf_study_cell(cell, row, f));
    }
    wf_print(cli, "\nDependence %g, %s test canvases\n", wf_study_strengths[k],
             wf_thousands(cell, study->images[k]));
    if (status == WF_OK) wf_table_print(&t, cli);
    wf_table_reset(&t);
    return status;
}

static wf_status print_text(const wf_cli *cli, wf_context *cx, const wf_study *study) {
    wf_print(cli, "%s\n", study->verdict.sentence.text);
    WF_TRY(print_gains(cli, cx, study));
    for (int k = 0; k < WF_STUDY_STRENGTHS; k++)
        if (study->images[k]) WF_TRY(print_strength(cli, cx, study, k));
    return WF_OK;
}

/* ---- files ---- */

static wf_status write_text(wf_context *cx, const char *folder, const char *name,
                            const wf_str *text) {
    char *path = NULL;
    WF_TRY(wf_path_join(&path, cx, folder, name));
    wf_status status = wf_file_write(cx, path, text->text, text->length);
    wf_free(path);
    return status;
}

wf_status wf__study_show(const wf__study *s, const wf_study *study) {
    wf_session *session = s->session;
    wf_cli *cli = session->cli;
    wf_context *cx = &cli->cx;
    const wf_study_call *c = s->call;
    const char *folder = c->output ? c->output : s->home;
    wf_str body = {0}, page = {0}, csv = {0}, json = {0};
    char isa[16];
    wf_status status;
    WF_TRY_OR(wf_study_markdown(&body, cx, study));
    WF_TRY_OR(wf_study_csv(&csv, cx, study));
    WF_TRY_OR(wf_study_json(&cli->result, cx, study));
    WF_TRY_OR(wf_json_text(&json, cx, cli->result, WF_JSON_PRETTY));
    wf_str_addf(&page, cx, "# %s\n\n%s", TITLE, body.text);
    WF_TRY_OR(page.status);
    WF_TRY_OR(wf_dir_create(cx, folder));
    WF_TRY_OR(write_text(cx, folder, "outfits.md", &page));
    WF_TRY_OR(write_text(cx, folder, "outfits.csv", &csv));
    WF_TRY_OR(write_text(cx, folder, "outfits.json", &json));
    if (c->page)
        WF_TRY_OR(wf_page_write(cli, c->page, TITLE, body.text, session->threads,
                                wf_isa_text(isa, session->kernels)));
    if (!strcmp(c->format, "markdown")) wf_print(cli, "%s", page.text);
    else if (!strcmp(c->format, "csv")) wf_print(cli, "%s", csv.text);
    else WF_TRY_OR(print_text(cli, cx, study));
    if (!strcmp(c->format, "text"))
        wf_print(cli, "\nwritten to %s: outfits.md, .csv and .json; results: %s\n", folder,
                 s->results);
done:
    wf_str_reset(&body);
    wf_str_reset(&page);
    wf_str_reset(&csv);
    wf_str_reset(&json);
    return status;
}
