/* First weights that are another run's. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "cmd/training.h"

/* ---- where they are ---- */

static wf_status find_run_weights(char **out, wf_cli *cli, const char *runs,
                                  const char *reference) {
    wf_context *cx = &cli->cx;
    wf_store *store = NULL;
    wf_run *run = NULL;
    wf_experiment e = {0};
    char *config = NULL;
    wf_status status;
    WF_TRY_OR(wf_store_open(&store, cx, runs));
    WF_TRY_OR(wf_run_open(&run, cx, store, reference));
    WF_TRY_OR(wf_run_file(&config, cx, run, "config.yaml"));
    WF_TRY_OR(wf_experiment_read(&e, cli, config));
    WF_TRY_OR(wf_run_weights_file(out, cx, run, &e));
done:
    wf_free(config);
    wf_experiment_reset(&e);
    wf_run_close(run);
    wf_note_store(cli, store);
    wf_store_close(store);
    return status;
}

wf_status wf_experiment_pretrain(wf_experiment *e, wf_cli *cli, const char *runs,
                                 const char *run_or_file) {
    wf_context *cx = &cli->cx;
    const int is_file = wf_path_exists(run_or_file) && !wf_path_is_dir(run_or_file);
    char *found = NULL;
    WF_TRY(is_file || wf_path_has_suffix(run_or_file, ".safetensors")
               ? wf_strdup(&found, cx, run_or_file)
               : find_run_weights(&found, cli, runs, run_or_file));
    wf_status status = wf_hash_file(e->pretrained_sha256, cx, WF_HASH_SHA256, found);
    if (status == WF_OK) status = wf_stable_path(&e->pretrained, cx, found);
    if (status == WF_E_NOTFOUND) cli->exit_code = WF_EXIT_MODEL;
    wf_free(found);
    return status;
}

/* ---- taking them ---- */

/* The file may have been written anew since the run was begun. */
static wf_status check_unchanged(const wf_experiment *e, wf_context *cx) {
    char now[WF_HASH_HEX];
    WF_TRY(wf_hash_file(now, cx, WF_HASH_SHA256, e->pretrained));
    WF_REQUIRE(!strcmp(now, e->pretrained_sha256), WF_E_MODEL,
               "%s: its SHA-256 is %s, the run begins with %s | begin a new run", e->pretrained,
               now, e->pretrained_sha256);
    return WF_OK;
}

/* "12 of 18 parameters are those of FILE; not there: a/bias; of another shape or type: b/bias" */
static void describe(wf_str *out, wf_context *cx, const wf_training *t, const wf_graph *g) {
    static const char *const words[] = {NULL, "not there", "of another shape or type"};
    int taken = 0;
    for (int i = 0; i < g->n_params; i++) taken += t->pretrained[i] == WF_PRETRAINED_TAKEN;
    wf_str_addf(out, cx, "%d of %d parameters are those of %s", taken, g->n_params,
                t->experiment->pretrained);
    for (int kind = WF_PRETRAINED_ABSENT; kind <= WF_PRETRAINED_OTHER_FORM; kind++) {
        int n = 0;
        for (int i = 0; i < g->n_params; i++) {
            if (t->pretrained[i] != (wf_pretrained)kind) continue;
            if (n++) wf_str_add(out, cx, ", ");
            else wf_str_addf(out, cx, "; %s: ", words[kind]);
            wf_str_add(out, cx, g->params[i].name);
        }
    }
}

wf_status wf__training_first_weights(wf_training *t) {
    wf_context *cx = &t->cli->cx;
    const wf_experiment *e = t->experiment;
    const wf_graph *g = e->model->graph;
    WF_TRY(wf_params_create(&t->params, cx, g, wf_experiment_training_seed(e)));
    if (!e->pretrained || t->goes_on) return WF_OK;
    WF_TRY(wf_alloc(&t->pretrained, cx, (size_t)g->n_params, sizeof *t->pretrained));
    WF_TRY(check_unchanged(e, cx));
    return wf_weights_load_pretrained(t->pretrained, t->params, cx, e->pretrained);
}

/* ---- saying it ---- */

static wf_status make_record(json_t **out, const wf_training *t, const wf_graph *g) {
    wf_context *cx = &t->cli->cx;
    static const char *const words[] = {"taken", "absent", "other_form"};
    json_t *root =
        json_pack("{s:s, s:s, s:[], s:[], s:[]}", "file", t->experiment->pretrained, "sha256",
                  t->experiment->pretrained_sha256, words[0], words[1], words[2]);
    *out = root;
    WF_REQUIRE(root, WF_E_NOMEM, "out of memory");
    for (int i = 0; i < g->n_params; i++)
        WF_REQUIRE(!json_array_append_new(json_object_get(root, words[t->pretrained[i]]),
                                          json_string(g->params[i].name)),
                   WF_E_NOMEM, "out of memory");
    return WF_OK;
}

wf_status wf__training_record_first_weights(wf_training *t) {
    wf_context *cx = &t->cli->cx;
    const wf_graph *g = t->experiment->model->graph;
    wf_str said = {0}, text = {0};
    json_t *record = NULL;
    wf_status status;
    if (!t->pretrained) return WF_OK;
    describe(&said, cx, t, g);
    WF_TRY_OR(said.status);
    wf_note(t->cli, "%s\n", said.text);
    WF_TRY_OR(wf_run_log(cx, t->run, said.text));
    WF_TRY_OR(make_record(&record, t, g));
    WF_TRY_OR(wf_json_text(&text, cx, record, WF_JSON_PRETTY));
    WF_TRY_OR(wf_run_write(cx, t->run, "pretrained.json", text.text, text.length));
done:
    json_decref(record);
    wf_str_reset(&text);
    wf_str_reset(&said);
    return status;
}
