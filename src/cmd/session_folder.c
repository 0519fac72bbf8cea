/* The run's folder: its description, and what training writes into it. */
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/version.h"
#include "cmd/training.h"

static wf_status describe(wf_training *t) {
    const wf_experiment *e = t->experiment;
    const wf_model_spec *m = e->model;
    const wf_graph *g = m->graph;
    int64_t madds = 0, test_count = e->is_trial ? 0 : t->dataset->test.count;
    char isa[16];
    for (int i = 0; i < g->n_nodes; i++) madds += g->nodes[i].madds;
    wf_run_description d = {.model = m->name,
                            .family = wf_family_name(m->family),
                            .dataset = t->dataset->name,
                            .data_hash = t->dataset->sha256,
                            .train_count = t->data.n_train,
                            .validation_count = t->data.n_validation,
                            .test_count = e->folds ? t->split.n_held_out : test_count,
                            .class_names = (const char *const *)t->dataset->class_names,
                            .class_count = t->dataset->n_classes,
                            .seed = (uint64_t)e->seed,
                            .epochs_planned = m->recipe->epochs,
                            .batch_size = m->recipe->batch_size,
                            .threads = wf_pool_size(t->session->pool),
                            .precision = wf_precision_name(e->precision),
                            .cpu = wf_cpu_name(),
                            .isa = wf_isa_text(isa, t->session->kernels),
                            .command = t->cli->line.text,
                            .version = *WF_COMMIT ? WF_VERSION " " WF_COMMIT : WF_VERSION,
                            .library_versions = wf_library_line(),
                            .parameters = g->total_size,
                            .trainable_parameters = g->trainable_size,
                            .madds = madds,
                            .folds = e->folds,
                            .repeat = e->repeat,
                            .fold = e->fold,
                            .scale = t->data.normalization.scale,
                            .shift = t->data.normalization.shift,
                            .channels = t->data.normalization.channels,
                            .claim = {*m->claim.text ? m->claim.text : NULL, m->claim.accuracy,
                                      m->claim.macro_f1, m->claim.loss}};
    return wf_run_describe(&t->cli->cx, t->run, &d);
}

static wf_status write_config(wf_training *t) {
    wf_context *cx = &t->cli->cx;
    wf_str text = {0};
    wf_status status = wf_experiment_write(&text, cx, t->experiment);
    if (status == WF_OK) status = wf_run_write(cx, t->run, "config.yaml", text.text, text.length);
    wf_str_reset(&text);
    return status;
}

wf_status wf__training_begin(wf_training *t) {
    wf_context *cx = &t->cli->cx;
    const char *name = t->settings->name ? t->settings->name : t->experiment->model->name;
    char *splits = NULL;
    WF_TRY(wf__training_split(t, NULL));
    WF_TRY(wf_run_create(&t->run, cx, t->store, name));
    WF_TRY(write_config(t));
    WF_TRY(describe(t));
    WF_TRY(wf_run_file(&splits, cx, t->run, "splits.csv"));
    wf_status status = wf_split_write(cx, splits, &t->split);
    wf_free(splits);
    return status;
}

static wf_status check_same_data(const wf_training *t, const wf_run *run) {
    wf_context *cx = &t->cli->cx;
    wf_run_summary summary = {0};
    WF_TRY(wf_run_read_summary(&summary, cx, run));
    wf_status status = WF_OK;
    if (*summary.data_hash && strcmp(summary.data_hash, t->dataset->sha256) != 0)
        status = WF_FAIL(WF_E_MODEL,
                         "run %s was begun on other data than %s holds now | begin a new run",
                         summary.id, t->dataset->source);
    wf_run_summary_reset(&summary);
    return status;
}

wf_status wf__training_continue(wf_training *t) {
    wf_context *cx = &t->cli->cx;
    wf_run *seen = NULL;
    char *checkpoint = NULL, *splits = NULL;
    wf_checkpoint_info info = {0};
    wf_status status;
    WF_TRY_OR(wf_run_open(&seen, cx, t->store, t->settings->resume));
    WF_TRY_OR(check_same_data(t, seen));
    WF_TRY_OR(wf_run_file(&splits, cx, seen, "splits.csv"));
    WF_TRY_OR(wf__training_split(t, splits));
    WF_TRY_OR(wf_run_file(&checkpoint, cx, seen, "checkpoint/last.ckpt"));
    t->goes_on = wf_path_exists(checkpoint);
    if (t->goes_on) WF_TRY_OR(wf_checkpoint_read_info(&info, cx, checkpoint));
    t->epochs_kept = info.epochs;
    WF_TRY_OR(wf_run_continue(&t->run, cx, t->store, wf_run_path(seen), info.epochs));
done:
    wf_free(splits);
    wf_free(checkpoint);
    wf_run_close(seen);
    return status;
}

wf_status wf__training_paths(wf_training *t) {
    wf_context *cx = &t->cli->cx;
    char *folder = NULL;
    static const char *const folders[] = {"weights", "checkpoint"};
    for (size_t i = 0; i < 2; i++) {
        WF_TRY(wf_run_file(&folder, cx, t->run, folders[i]));
        wf_status status = wf_dir_create(cx, folder);
        wf_free(folder);
        if (status != WF_OK) return status;
    }
    WF_TRY(wf_run_file(&t->checkpoint, cx, t->run, "checkpoint/last.ckpt"));
    WF_TRY(wf_run_file(&t->best, cx, t->run, "weights/best.safetensors"));
    return wf_run_file(&t->last, cx, t->run, "weights/last.safetensors");
}
