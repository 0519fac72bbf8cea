/* weft runs tag, delete, gc, rebuild */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/files.h"
#include "cmd/runs.h"

/* ---- tag ---- */

wf_status wf_runs_tag(const wf_runs_call *c) {
    wf_context *cx = &c->cli->cx;
    wf_run *run = NULL;
    wf_run_summary summary = {0};
    char *name = NULL;
    wf_status status;
    WF_TRY_OR(wf_run_open(&run, cx, c->store, c->operands[0]));
    for (int i = 1; i < c->count; i++) {
        WF_TRY_OR(wf_strdup(&name, cx, c->operands[i]));
        char *equals = strchr(name, '=');
        WF_REQUIRE_OR(!c->options->is_removal || !equals, WF_E_ARG,
                      "--remove takes the tag's name alone, \"%s\" was given", name);
        if (equals) *equals = 0;
        const char *value = c->options->is_removal ? NULL : equals ? equals + 1 : "";
        WF_TRY_OR(wf_store_tag(cx, c->store, run, name, value));
        wf_free(name);
        name = NULL;
    }
    WF_TRY_OR(wf_run_read_summary(&summary, cx, run));
    wf_print(c->cli, "%s: %s\n", summary.id, summary.tags);
    c->cli->result = json_object();
    WF_TRY_OR(wf_json_put(c->cli->result, cx, "run", json_string(summary.id)));
    WF_TRY_OR(wf_json_put(c->cli->result, cx, "tags", json_loads(summary.tags, 0, NULL)));
done:
    wf_free(name);
    wf_run_summary_reset(&summary);
    wf_run_close(run);
    return status;
}

/* ---- delete ---- */

/* The ids of the operands, and what they take of the disk. */
static wf_status find_runs(wf_names *ids, uint64_t *bytes, const wf_runs_call *c) {
    wf_context *cx = &c->cli->cx;
    WF_TRY(wf_alloc(&ids->items, cx, (size_t)c->count, sizeof *ids->items));
    for (int i = 0; i < c->count; i++) {
        char *path = NULL;
        uint64_t size = 0;
        WF_TRY(wf_store_find(&ids->items[i], cx, c->store, c->operands[i]));
        ids->count++;
        WF_TRY(wf_path_join(&path, cx, wf_store_dir(c->store), ids->items[i]));
        wf_status status = wf_dir_size(&size, cx, path);
        wf_free(path);
        WF_TRY(status);
        *bytes += size;
    }
    return WF_OK;
}

static wf_status ask(int *out_is_yes, wf_cli *cli, const wf_names *ids, uint64_t bytes) {
    wf_context *cx = &cli->cx;
    char answer[16] = "", size[32];
    WF_REQUIRE(isatty(STDIN_FILENO) && !cli->is_json, WF_E_ARG,
               "deleting runs needs a yes, and there is no terminal to ask | --yes says it");
    fprintf(stderr, "Delete %s%s (%s)? [y/N] ", ids->items[0], ids->count > 1 ? " and others" : "",
            wf_bytes_text(size, (double)bytes));
    *out_is_yes = fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y');
    return WF_OK;
}

wf_status wf_runs_delete(const wf_runs_call *c) {
    wf_cli *cli = c->cli;
    wf_context *cx = &cli->cx;
    wf_names ids = {0};
    uint64_t bytes = 0;
    json_t *deleted = json_array();
    char size[32];
    int is_sure = c->options->is_sure;
    wf_status status = find_runs(&ids, &bytes, c);
    if (status == WF_OK && !is_sure) status = ask(&is_sure, cli, &ids, bytes);
    for (size_t i = 0; is_sure && i < ids.count && status == WF_OK; i++) {
        status = wf_store_delete(cx, c->store, ids.items[i]);
        if (status == WF_OK) status = wf_json_append(deleted, cx, json_string(ids.items[i]));
        if (status == WF_OK) wf_print(cli, "deleted %s\n", ids.items[i]);
    }
    if (status == WF_OK)
        wf_print(cli, "%s freed\n", wf_bytes_text(size, is_sure ? (double)bytes : 0));
    if (status == WF_OK)
        cli->result = json_pack("{s:O, s:I}", "deleted", deleted, "bytes", (json_int_t)bytes);
    json_decref(deleted);
    wf_names_reset(&ids);
    return status;
}

/* ---- gc ---- */

static wf_status collect(json_t *list, int64_t *bytes, const wf_runs_call *c,
                         const wf_garbage_item *item) {
    wf_context *cx = &c->cli->cx;
    char size[32];
    if (!c->options->is_dry) WF_TRY(wf_store_remove_garbage(cx, c->store, item));
    *bytes += item->bytes;
    wf_print(c->cli, "%8s  %s (%s)\n", wf_bytes_text(size, (double)item->bytes), item->path,
             item->reason);
    json_t *path = json_string(item->path);
    return wf_json_append(list, cx,
                          json_pack("{s:o, s:s, s:I}", "path", path ? path : json_null(), "reason",
                                    item->reason, "bytes", (json_int_t)item->bytes));
}

wf_status wf_runs_gc(const wf_runs_call *c) {
    wf_cli *cli = c->cli;
    wf_garbage garbage = {0};
    int64_t bytes = 0;
    char size[32];
    WF_TRY(wf_store_find_garbage(&garbage, &cli->cx, c->store));
    json_t *list = json_array();
    wf_status status = WF_OK;
    for (size_t i = 0; i < garbage.count && status == WF_OK; i++)
        status = collect(list, &bytes, c, &garbage.items[i]);
    if (status == WF_OK)
        wf_print(cli, "%s %s\n", wf_bytes_text(size, (double)bytes),
                 c->options->is_dry ? "would be freed; without --dry-run it is" : "freed");
    if (status == WF_OK)
        cli->result = json_pack("{s:O, s:I, s:b}", "items", list, "bytes", (json_int_t)bytes,
                                "dry_run", c->options->is_dry);
    json_decref(list);
    wf_garbage_reset(&garbage);
    return status;
}

/* ---- rebuild ---- */

wf_status wf_runs_rebuild(const wf_runs_call *c) {
    wf_cli *cli = c->cli;
    wf_run_list list = {0};
    WF_TRY(wf_store_rebuild(&cli->cx, c->store));
    WF_TRY(wf_store_list(&list, &cli->cx, c->store, NULL));
    wf_print(cli, "%s/weft.db was made again from %zu run folders\n", wf_store_dir(c->store),
             list.count);
    cli->result = json_pack("{s:I}", "runs", (json_int_t)list.count);
    wf_run_list_reset(&list);
    return WF_OK;
}
