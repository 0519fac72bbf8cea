/* A stored run, ready to predict. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "cmd/classes.h"
#include "cmd/session.h"
#include "cmd/thresholds.h"
#include "train/recipe.h"
#include "weft/train.h"

/* ---- normalization ---- */

/* As the run says in its description; *out_is_there: it does, which older runs do not. */
static wf_status read_stored(wf_trained *t, int *out_is_there, wf_context *cx) {
    enum { MAX_CHANNELS = sizeof t->normalization.scale / sizeof *t->normalization.scale };
    const int channels = (int)t->experiment.model->graph->nodes[0].shape.dim[2];
    json_t *description = NULL;
    char *path = NULL;
    wf_status status;
    WF_TRY_OR(wf_run_file(&path, cx, t->run, "description.json"));
    WF_TRY_OR(wf_json_read(&description, cx, path));
    const json_t *stored = json_object_get(description, "normalization");
    const json_t *scale = json_object_get(stored, "scale"),
                 *shift = json_object_get(stored, "shift");
    *out_is_there = stored != NULL;
    if (!stored) goto done;
    WF_REQUIRE_OR(channels <= MAX_CHANNELS, WF_E_DATA, "%s: an image has %d channels, at most %d",
                  path, channels, MAX_CHANNELS);
    t->normalization.channels = channels;
    for (int c = 0; c < channels; c++) {
        const json_t *a = json_array_get(scale, (size_t)c), *b = json_array_get(shift, (size_t)c);
        WF_REQUIRE_OR(json_is_number(a) && json_is_number(b), WF_E_DATA,
                      "%s: its normalization is not a scale and a shift for each of %d channel(s)",
                      path, channels);
        t->normalization.scale[c] = (float)json_number_value(a);
        t->normalization.shift[c] = (float)json_number_value(b);
    }
done:
    json_decref(description);
    wf_free(path);
    return status;
}

/* From the images that the run was trained on. */
static wf_status measure_again(wf_trained *t, wf_session *s) {
    wf_context *cx = &s->cli->cx;
    const wf_model_spec *model = t->experiment.model;
    wf_split split = {0};
    char *path = NULL;
    WF_TRY(wf_session_open_data(s, s->moved_to ? s->moved_to : t->experiment.dataset, model));
    WF_REQUIRE(!*t->summary.data_hash || !strcmp(t->summary.data_hash, s->dataset->sha256),
               WF_E_DATA,
               "run %s: standardizes by the images it was trained on, and %s holds others now | "
               "put them back, or train again: a run keeps what it standardizes by now",
               t->summary.id, s->dataset->source);
    WF_TRY(wf_run_file(&path, cx, t->run, "splits.csv"));
    wf_status status = wf_split_read(&split, cx, path, s->dataset);
    if (status == WF_OK)
        status = wf_normalization_create(&t->normalization, cx,
                                         (wf_normalization_kind)model->recipe->normalization,
                                         &s->dataset->train, split.train, split.n_train);
    wf_split_reset(&split);
    wf_free(path);
    return status;
}

static wf_status read_normalization(wf_trained *t, wf_session *s) {
    int is_there = 0;
    const wf_model_spec *model = t->experiment.model;
    const wf_images one = {.count = 1, .channels = (int32_t)model->graph->nodes[0].shape.dim[2]};
    if (model->recipe->normalization == WF_NORMALIZATION_UNIT)
        return wf_normalization_create(&t->normalization, &s->cli->cx, WF_NORMALIZATION_UNIT, &one,
                                       NULL, 0);
    WF_TRY(read_stored(t, &is_there, &s->cli->cx));
    return is_there ? WF_OK : measure_again(t, s);
}

/* ---- weights ---- */

/* Of a run that was not tested, for want of test images or because it is not at its end: those that
 * its recipe hands over. The best are not there before the end of an epoch. */
static wf_status handed_over(const char **out, wf_context *cx, const wf_run *run,
                             const wf_experiment *e) {
    char *best = NULL;
    if (!wf_recipe_ends_with_best(e->model->recipe)) return WF_OK;
    WF_TRY(wf_run_file(&best, cx, run, "weights/best.safetensors"));
    if (wf_path_exists(best)) *out = "best";
    wf_free(best);
    return WF_OK;
}

/* "best" or "last", as test.json or fold.json says. */
static wf_status tested_weights(const char **out, wf_context *cx, const wf_run *run,
                                const wf_experiment *e) {
    char *text = NULL;
    size_t size = 0;
    json_t *test = NULL;
    *out = "last";
    wf_status status = e->folds ? wf_run_read_fold(&text, &size, cx, run)
                                : wf_run_read_test(&text, &size, cx, run);
    if (status == WF_E_NOTFOUND) {
        wf_context_reset(cx);
        return handed_over(out, cx, run, e);
    }
    if (status == WF_OK) status = wf_json_parse(&test, cx, text, size, "test.json", size + 1);
    const char *word = json_string_value(json_object_get(test, "weights"));
    if (word && !strcmp(word, "best")) *out = "best";
    json_decref(test);
    wf_free(text);
    return status;
}

wf_status wf_run_weights_file(char **out, wf_context *cx, const wf_run *run,
                              const wf_experiment *e) {
    const char *which = NULL;
    char name[64];
    WF_TRY(tested_weights(&which, cx, run, e));
    snprintf(name, sizeof name, "weights/%s.safetensors", which);
    return wf_run_file(out, cx, run, name);
}

static wf_status load_weights(wf_trained *t, wf_cli *cli) {
    wf_context *cx = &cli->cx;
    char *path = NULL;
    WF_TRY(wf_run_weights_file(&path, cx, t->run, &t->experiment));
    wf_status status = wf_params_create(&t->params, cx, t->experiment.model->graph, 0);
    if (status == WF_OK) status = wf_weights_load(t->params, cx, path);
    if (status == WF_E_DATA || status == WF_E_NOTFOUND) cli->exit_code = WF_EXIT_MODEL;
    wf_free(path);
    return status;
}

/* ---- the run ---- */

wf_status wf_trained_open(wf_trained *out, wf_session *s, const char *runs, const char *reference) {
    wf_cli *cli = s->cli;
    wf_context *cx = &cli->cx;
    wf_trained t = {0};
    wf_store *store = NULL;
    char *path = NULL;
    wf_status status;
    WF_TRY_OR(wf_store_open(&store, cx, runs));
    WF_TRY_OR(wf_run_open(&t.run, cx, store, reference));
    WF_TRY_OR(wf_run_read_summary(&t.summary, cx, t.run));
    WF_TRY_OR(wf_run_file(&path, cx, t.run, "config.yaml"));
    WF_TRY_OR(wf_experiment_read(&t.experiment, cli, path));
    WF_TRY_OR(load_weights(&t, cli));
    WF_TRY_OR(read_normalization(&t, s));
    WF_TRY_OR(wf_thresholds_read(&t.thresholds, cx, t.run, wf_model_classes(t.experiment.model)));
done:
    wf_free(path);
    wf_note_store(cli, store);
    wf_store_close(store);
    if (status == WF_OK) *out = t;
    else wf_trained_reset(&t);
    return status;
}

double wf_threshold_of(const double *thresholds, int label) {
    return thresholds ? thresholds[label] : 0.5;
}

void wf_trained_reset(wf_trained *t) {
    wf_params_destroy(t->params);
    wf_free(t->thresholds);
    wf_experiment_reset(&t->experiment);
    wf_run_summary_reset(&t->summary);
    wf_run_close(t->run);
    *t = (wf_trained){0};
}

wf_status wf_trained_class_names(json_t **out, wf_context *cx, const wf_trained *t) {
    char *path = NULL;
    json_t *description = NULL;
    WF_TRY(wf_run_file(&path, cx, t->run, "description.json"));
    wf_status status = wf_json_read(&description, cx, path);
    *out = json_incref(json_object_get(description, "class_names"));
    json_decref(description);
    wf_free(path);
    return status;
}

/* ---- data ---- */

static int has_name(const json_t *names, const char *name) {
    size_t i;
    json_t *one;
    json_array_foreach(names, i, one) if (json_is_string(one) &&
                                          !strcmp(json_string_value(one), name)) return 1;
    return 0;
}

/* A class is a number to a model. The same classes in another order would be judged as others are;
 * whether other names mean the same classes, nobody here can know. */
static wf_status check_names(wf_session *s, const wf_trained *t, const json_t *names) {
    wf_context *cx = &s->cli->cx;
    const wf_dataset *d = s->dataset;
    int differing = -1, others = 0;
    for (int k = d->n_classes - 1; k >= 0; k--) {
        const char *name = json_string_value(json_array_get(names, (size_t)k));
        if (!name) return WF_OK;
        if (strcmp(name, d->class_names[k]) != 0) differing = k;
        others += !has_name(names, d->class_names[k]);
    }
    if (differing < 0) return WF_OK;
    const char *name = json_string_value(json_array_get(names, (size_t)differing));
    WF_REQUIRE(others, WF_E_DATA,
               "data set %s has the classes of run %s in another order: class %d is \"%s\", there "
               "\"%s\" | names are sorted: give the folders, or the lines of classes.txt, the same "
               "order",
               d->name, t->summary.id, differing, d->class_names[differing], name);
    wf_note(s->cli, "%s: other classes than %s was trained on: class %d is \"%s\", there \"%s\"\n",
            d->name, t->summary.id, differing, d->class_names[differing], name);
    return WF_OK;
}

wf_status wf_trained_open_data(wf_session *s, const wf_trained *t, const char *dataset) {
    json_t *names = NULL;
    WF_TRY(wf_session_open_data(s, dataset ? dataset : t->experiment.dataset, t->experiment.model));
    WF_TRY(wf_trained_class_names(&names, &s->cli->cx, t));
    wf_status status = names ? check_names(s, t, names) : WF_OK;
    json_decref(names);
    return status;
}
