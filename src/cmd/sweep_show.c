/* What comes of a sweep. */
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "cmd/sweep_parts.h"

wf_status wf__sweep_print(const wf_one_sweep *o) {
    wf_cli *cli = o->all->cli;
    const wf_sweep *s = o->sweep;
    size_t columns = wf_sweep_column_count(s);
    wf_table table;
    wf_table_init(&table, (int)columns, ~0u);
    wf_status status = WF_OK;
    for (size_t k = 0; k < columns && status == WF_OK; k++)
        status = wf_table_add(&table, &cli->cx, wf_sweep_column_title(s, k));
    for (size_t i = 0; i < s->row_count && status == WF_OK; i++)
        for (size_t k = 0; k < columns && status == WF_OK; k++) {
            wf_str cell = {0};
            wf_sweep_cell(&cell, &cli->cx, s, &s->rows[i], k);
            status = cell.status;
            if (status == WF_OK) status = wf_table_add(&table, &cli->cx, cell.text);
            wf_str_reset(&cell);
        }
    if (status == WF_OK) wf_table_print(&table, cli);
    wf_table_reset(&table);
    wf_print(cli, "\n%s\n", s->answer);
    for (size_t i = 0; i < s->row_count; i++)
        if (s->rows[i].verdict) wf_print(cli, "  %s\n", s->rows[i].verdict);
    if (o->final.text) wf_print(cli, "%s\n", o->final.text);
    return status;
}

/* What its files are called: the model's name, or its file's. */
static wf_status stem_of(wf_str *out, wf_context *cx, const char *model) {
    static const char ending[] = ".yaml";
    const char *base = wf_path_base(model);
    const size_t length = strlen(base), cut = wf_path_has_suffix(base, ending) ? strlen(ending) : 0;
    wf_str_add_bytes(out, cx, base, length - cut);
    return out->status;
}

static wf_status write_file(wf_context *cx, const char *folder, const char *model,
                            const char *ending, const char *text) {
    wf_str name = {0};
    char *path = NULL;
    wf_str_addf(&name, cx, "%s%s", model, ending);
    wf_status status = name.status;
    if (status == WF_OK) status = wf_path_join(&path, cx, folder, name.text);
    if (status == WF_OK) status = wf_file_write(cx, path, text, strlen(text));
    wf_free(path);
    wf_str_reset(&name);
    return status;
}

/* The Markdown text, with the source's claim and the run in full. */
static wf_status add_to_page(wf_one_sweep *o, const char *markdown) {
    wf_context *cx = &o->all->cli->cx;
    wf_str *page = &o->all->page;
    wf_str_addf(page, cx, "\n#%s", markdown); /* one level deeper than the page's own title */
    if (o->claim) wf_str_addf(page, cx, "\n%s\n", o->claim);
    if (o->final.text) wf_str_addf(page, cx, "\n%s\n", o->final.text);
    return page->status;
}

wf_status wf__sweep_write(wf_one_sweep *o) {
    wf_sweeping *all = o->all;
    wf_context *cx = &all->cli->cx;
    char *markdown = NULL, *csv = NULL, *folder = NULL;
    json_t *json = NULL;
    wf_str text = {0}, stem = {0};
    wf_status status;
    WF_TRY_OR(stem_of(&stem, cx, o->model));
    if (all->options->output) WF_TRY_OR(wf_strdup(&folder, cx, all->options->output));
    else WF_TRY_OR(wf_path_join(&folder, cx, all->options->runs, "sweep"));
    WF_TRY_OR(wf_dir_create(cx, folder));
    WF_TRY_OR(wf_sweep_markdown(&markdown, cx, o->sweep));
    WF_TRY_OR(wf_sweep_csv(&csv, cx, o->sweep));
    WF_TRY_OR(wf_sweep_json(&json, cx, o->sweep));
    WF_TRY_OR(wf_json_put(json, cx, "final", wf_json_text_or_null(o->final.text)));
    WF_TRY_OR(wf_json_text(&text, cx, json, WF_JSON_PRETTY));
    WF_TRY_OR(write_file(cx, folder, stem.text, ".md", markdown));
    WF_TRY_OR(write_file(cx, folder, stem.text, ".csv", csv));
    WF_TRY_OR(write_file(cx, folder, stem.text, ".json", text.text));
    WF_TRY_OR(add_to_page(o, markdown));
    wf_print(all->cli, "written to %s: %s.md, %s.csv, %s.json\n", folder, stem.text, stem.text,
             stem.text);
    WF_TRY_OR(wf_json_append(all->results, cx, json_incref(json)));
done:
    wf_str_reset(&text);
    wf_str_reset(&stem);
    json_decref(json);
    wf_free(folder);
    wf_free(markdown);
    wf_free(csv);
    return status;
}
