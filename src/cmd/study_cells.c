/* The study's results: which there are, which are kept. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "cmd/results.h"
#include "cmd/study_parts.h"

wf__cell *wf__study_cell(const wf__study *s, int64_t seed, int strength, int model) {
    const int64_t row = (seed - s->call->seed) * WF_STUDY_STRENGTHS + strength;
    return &s->cells[row * WF_STUDY_MODELS + model];
}

/* ---- what is trained ---- */

/* A model is a file, and what is changed of it. */
static const struct {
    const char *file, *change;
} models[WF_STUDY_MODELS] = {
    [WF_STUDY_SIGMOID] = {"outfits-sigmoid", NULL},
    [WF_STUDY_PAIRS] = {"outfits-pairs", NULL},
    [WF_STUDY_CNN_RNN] = {"outfits-cnn-rnn", NULL},
    [WF_STUDY_ZERO] = {"outfits-cnn-rnn", "layers.label_input.feedback=zero"},
    [WF_STUDY_SHUFFLED] = {"outfits-cnn-rnn", "layers.label_input.feedback=shuffled"},
    [WF_STUDY_BAYES] = {"outfits-sigmoid", NULL},
};

static wf_status make_experiment(wf_experiment *out, const wf__study *s, const wf__cell *cell) {
    wf_cli *cli = s->session->cli;
    wf_experiment_flags flags = *s->call->experiment;
    wf_experiment e = {0};
    char name[96];
    flags.dataset = s->sets[cell->strength];
    if (cell->model == WF_STUDY_BAYES) {
        flags.dataset = s->classifier_set;
        flags.epochs = s->call->classifier_epochs;
    }
    snprintf(name, sizeof name, "name=%s", wf_study_model_name(cell->model));
    WF_TRY(wf_experiment_create(&e, cli, models[cell->model].file, &flags, cell->seed));
    wf_status status = WF_OK;
    if (models[cell->model].change) {
        status = wf_model_spec_set(e.model, &cli->cx, models[cell->model].change);
        if (status == WF_OK) status = wf_model_spec_set(e.model, &cli->cx, name);
    }
    if (status == WF_OK) *out = e;
    else wf_experiment_reset(&e);
    return status;
}

wf_status wf__study_experiment(wf_experiment *out, const wf__study *s, const wf__cell *cell) {
    wf_experiment e = {0};
    WF_TRY(make_experiment(&e, s, cell));
    wf_status status = WF_OK;
    if (cell->model != WF_STUDY_BAYES && s->classifier)
        status = wf_experiment_pretrain(&e, s->session->cli, s->call->runs, s->classifier);
    if (status == WF_OK) *out = e;
    else wf_experiment_reset(&e);
    return status;
}

/* The cell's key with `hash` in place of where the data are. */
static wf_status key_of(wf_str *out, const wf__study *s, const wf__cell *cell, const char *hash,
                        const char *classifier_sha256) {
    wf_context *cx = &s->session->cli->cx;
    char dataset[WF_HASH_HEX], weights[] = "";
    wf_experiment e = {0};
    WF_TRY(make_experiment(&e, s, cell));
    wf_experiment elsewhere = e;
    memcpy(dataset, hash, sizeof dataset);
    elsewhere.dataset = dataset;
    if (classifier_sha256) {
        elsewhere.pretrained = weights;
        memcpy(elsewhere.pretrained_sha256, classifier_sha256, WF_HASH_HEX);
    }
    wf_status status = wf_experiment_key(out, cx, &elsewhere);
    wf_experiment_reset(&e);
    return status;
}

/* Everything that decides the weights. The classifier's weights stand for themselves by the hash of
 * what decides them: where only results are left, they are not there. */
static wf_status describe(wf__cell *cell, const wf__study *s) {
    const wf__cell classifier = {.model = WF_STUDY_BAYES, .seed = cell->seed};
    wf_str text = {0};
    char sha256[WF_HASH_HEX];
    wf_status status;
    WF_TRY_OR(key_of(&text, s, &classifier, s->classifier_hash, NULL));
    if (cell->model != WF_STUDY_BAYES) {
        wf_hash_bytes(sha256, WF_HASH_SHA256, text.text, text.length);
        wf_str_reset(&text);
        WF_TRY_OR(key_of(&text, s, cell, s->data_hash[cell->strength], sha256));
    }
    cell->experiment = text.text;
    return WF_OK;
done:
    wf_str_reset(&text);
    return status;
}

/* Whether a stored result is the cell's. What was stored is read and written again first: keys that
 * weft has learned since are at their defaults in both. */
static wf_status is_of(int *out, const wf__study *s, const wf__cell *cell, const json_t *document,
                       const char *path) {
    wf_context unreadable = {0};
    wf_experiment stored = {0};
    wf_str text = {0};
    const char *written = wf_study_run_member(document, "experiment");
    *out = 0;
    if (strcmp(wf_study_run_member(document, "judged"), s->data_hash[cell->strength]) != 0)
        return WF_OK;
    wf_status status = wf_experiment_parse(&stored, &unreadable, written, path);
    if (status == WF_OK) status = wf_experiment_key(&text, &unreadable, &stored);
    if (status == WF_OK) *out = !strcmp(text.text, cell->experiment);
    wf_experiment_reset(&stored);
    wf_str_reset(&text);
    if (status != WF_E_NOMEM) return WF_OK;
    s->session->cli->cx = unreadable;
    return status;
}

/* ---- results ---- */

/* <results>/dependence-0.5/outfits-pairs-seed0.json; *out_folder may be NULL. */
static wf_status result_path(char **out, char **out_folder, const wf__study *s,
                             const wf__cell *cell) {
    wf_context *cx = &s->session->cli->cx;
    char name[128], *folder = NULL;
    snprintf(name, sizeof name, "dependence-%g", wf_study_strengths[cell->strength]);
    WF_TRY(wf_path_join(&folder, cx, s->results, name));
    snprintf(name, sizeof name, "%s-seed%lld.json", wf_study_model_name(cell->model),
             (long long)cell->seed);
    wf_status status = wf_path_join(out, cx, folder, name);
    if (status == WF_OK && out_folder) *out_folder = folder;
    else wf_free(folder);
    return status;
}

static wf_status load(wf__study *s, wf__cell *cell) {
    wf_cli *cli = s->session->cli;
    char *path = NULL;
    json_t *document = NULL;
    int is_its = 0;
    wf_status status;
    WF_TRY_OR(result_path(&path, NULL, s, cell));
    if (!wf_path_exists(path)) goto done;
    WF_TRY_OR(wf_json_read(&document, &cli->cx, path));
    WF_TRY_OR(is_of(&is_its, s, cell, document, path));
    if (!is_its) {
        wf_note(cli, "%s is of another configuration or other data: it is made again\n", path);
        goto done;
    }
    WF_TRY_OR(wf_study_run_from_json(&cell->run, &cli->cx, document, path));
    cell->is_known = 1;
done:
    json_decref(document);
    wf_free(path);
    return status;
}

wf_status wf__study_cells(wf__study *s) {
    const size_t seeds = (size_t)s->call->seeds;
    s->count = seeds * WF_STUDY_STRENGTHS * WF_STUDY_MODELS;
    WF_TRY(wf_alloc(&s->cells, &s->session->cli->cx, s->count, sizeof *s->cells));
    for (size_t i = 0; i < s->count; i++) {
        wf__cell *cell = &s->cells[i];
        cell->model = (int)(i % WF_STUDY_MODELS);
        cell->strength = (int)(i / WF_STUDY_MODELS % WF_STUDY_STRENGTHS);
        cell->seed = s->call->seed + (int64_t)(i / WF_STUDY_MODELS / WF_STUDY_STRENGTHS);
        WF_TRY(describe(cell, s));
        WF_TRY(load(s, cell));
    }
    return WF_OK;
}

wf_status wf__study_keep(wf__study *s, wf__cell *cell, json_t *document,
                         const wf_study_source *source) {
    wf_context *cx = &s->session->cli->cx;
    wf_study_source named = *source;
    char *path = NULL, *folder = NULL;
    wf_status status;
    named.model = cell->model;
    named.strength = cell->strength;
    named.seed = cell->seed;
    named.experiment = cell->experiment;
    named.judged = s->data_hash[cell->strength];
    WF_TRY_OR(wf_study_run_to_json(document, cx, &named));
    WF_TRY_OR(result_path(&path, &folder, s, cell));
    WF_TRY_OR(wf_dir_create(cx, folder));
    WF_TRY_OR(wf_json_write(cx, path, document));
    wf_study_run_reset(&cell->run); /* known already, and trained again for the Bayes decision */
    WF_TRY_OR(wf_study_run_from_json(&cell->run, cx, document, path));
    cell->is_known = 1;
done:
    wf_free(path);
    wf_free(folder);
    return status;
}

/* What the pairwise model adds for two labels: {"T-shirt/top|Trouser": 0.1, ...}. */
static wf_status interactions_of(json_t **out, wf__study *s, const char *path) {
    wf_context *cx = &s->session->cli->cx;
    wf_trained trained = {0};
    json_t *names = NULL, *all = json_object();
    wf_status status;
    WF_TRY_OR(wf_trained_open(&trained, s->session, s->call->runs, path));
    WF_TRY_OR(wf_trained_class_names(&names, cx, &trained));
    const wf_graph *g = trained.params->graph;
    const size_t labels = json_array_size(names);
    for (int i = 0; i < g->n_params; i++) {
        const wf_param_entry *entry = &g->params[i];
        const float *value = trained.params->value + entry->offset;
        if (!(g->nodes[entry->node].spec.class->flags & WF_LAYER_SETS)) continue;
        for (size_t a = 0; a < labels; a++)
            for (size_t b = a + 1; b < labels; b++, value++) {
                char both[128];
                snprintf(both, sizeof both, "%.60s|%.60s",
                         json_string_value(json_array_get(names, a)),
                         json_string_value(json_array_get(names, b)));
                WF_TRY_OR(wf_json_put(all, cx, both, wf_json_real((double)*value)));
            }
    }
    *out = json_incref(all);
done:
    json_decref(all);
    json_decref(names);
    wf_trained_reset(&trained);
    return status;
}

wf_status wf__study_keep_run(wf__study *s, wf__cell *cell, const char *path) {
    wf_context *cx = &s->session->cli->cx;
    wf_run *run = NULL;
    wf_run_summary summary = {0};
    wf_predictions told = {0};
    json_t *document = NULL, *interactions = NULL;
    uint8_t *right = NULL;
    wf_status status;
    if (cell->model == WF_STUDY_PAIRS) WF_TRY_OR(interactions_of(&interactions, s, path));
    WF_TRY_OR(wf_run_open(&run, cx, NULL, path));
    WF_TRY_OR(wf_run_read_summary(&summary, cx, run));
    WF_TRY_OR(wf_result_create(&document, cx, run));
    WF_TRY_OR(wf_run_read_sets(&told, cx, run));
    WF_TRY_OR(wf_alloc(&right, cx, (size_t)told.count, 1));
    const size_t k = (size_t)told.class_count;
    for (size_t i = 0; i < (size_t)told.count; i++)
        right[i] = memcmp(told.sets + i * k, told.taken + i * k, k) == 0;
    const json_t *decoding = json_object_get(json_object_get(document, "test"), "decoding");
    const json_t *seconds = json_object_get(decoding, "seconds");
    const wf_study_source source = {
        .training_s = summary.total_s,
        .decoding_s = json_is_number(seconds) ? json_number_value(seconds) : (double)NAN,
        .right = right,
        .count = told.count,
        .interactions = interactions};
    WF_TRY_OR(wf__study_keep(s, cell, document, &source));
done:
    json_decref(interactions);
    wf_free(right);
    wf_predictions_reset(&told);
    json_decref(document);
    wf_run_summary_reset(&summary);
    wf_run_close(run);
    return status;
}
