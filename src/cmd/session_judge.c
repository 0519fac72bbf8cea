/* The trained model is judged: once, on images that it has not seen. */
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/files.h"
#include "cmd/thresholds.h"
#include "cmd/training.h"
#include "eval/evaluation.h"
#include "eval/set_answers.h"

enum { RESAMPLES = 10000 }; /* for the intervals of a run's figures */

/* What is judged: all of `images`, which are these rows of their part; NULL: 0, 1, ... */
typedef struct judged {
    const wf_images *images;
    const int32_t *index;
} judged;

static wf_status record_sets(wf_training *t, const judged *what, const wf_evaluation *e,
                             float *probabilities) {
    wf_context *cx = &t->cli->cx;
    const size_t n = (size_t)(e->count * e->class_count);
    wf_predictions told = {.count = e->count,
                           .class_count = e->class_count,
                           .sets = what->images->label_sets,
                           .probabilities = probabilities,
                           .log_p = e->set_log_p};
    wf_status status;
    WF_TRY_OR(wf_alloc(&told.taken, cx, n, 1));
    if (what->images->object_sizes) WF_TRY_OR(wf_alloc(&told.small, cx, n, 1));
    for (size_t i = 0; i < n; i++) {
        told.taken[i] = (e->outcomes[i] & WF_OUTCOME_TOLD) != 0;
        if (told.small) told.small[i] = (e->outcomes[i] & WF_OUTCOME_SMALL) != 0;
    }
    WF_TRY_OR(wf_run_record_sets(cx, t->run, what->index, &told));
done:
    wf_free(told.taken);
    wf_free(told.small);
    return status;
}

static wf_status record_predictions(wf_training *t, const judged *what, const wf_evaluation *e,
                                    float *probabilities) {
    wf_context *cx = &t->cli->cx;
    const wf_images *images = what->images;
    int32_t *predicted = NULL;
    if (images->label_sets) return record_sets(t, what, e, probabilities);
    WF_TRY(wf_predicted_classes(&predicted, cx, probabilities, images->count, e->class_count));
    wf_status status = wf_run_record_predictions(cx, t->run, what->index, images->labels, predicted,
                                                 probabilities, images->count, e->class_count);
    wf_free(predicted);
    return status;
}

/* With the run's own recipe. */
static wf_asking asking_of(const wf_training *t) {
    return (wf_asking){.params = t->params,
                       .precision = t->experiment->precision,
                       .normalization = &t->data.normalization,
                       .views = t->experiment->model->recipe->test_views};
}

/* How long it took to tell the labels of all images, and the probabilities of the true sets. */
static wf_status add_decoding(json_t *json, wf_context *cx, const wf_evaluation *e,
                              double seconds) {
    if (!e->is_multilabel) return WF_OK;
    return wf_json_put(json, cx, "decoding",
                       json_pack("{s:f, s:I}", "seconds", seconds, "images", (json_int_t)e->count));
}

/* `seconds`: what judging took. */
static wf_status record(wf_training *t, const judged *what, const wf_evaluation *evaluation,
                        float *probabilities, double seconds) {
    wf_context *cx = &t->cli->cx;
    const wf_asking asking = asking_of(t);
    const char *weights = t->result.weights_epoch == t->result.epochs ? "last" : "best";
    wf_str text = {0};
    json_t *json = NULL;
    WF_TRY(record_predictions(t, what, evaluation, probabilities));
    wf_status status = wf_evaluation_json(&json, cx, evaluation);
    if (status == WF_OK) status = wf_views_json(json, cx, asking.views);
    if (status == WF_OK) status = wf_beam_json(json, cx, &asking);
    if (status == WF_OK) status = add_decoding(json, cx, evaluation, seconds);
    if (status == WF_OK) status = wf_json_text(&text, cx, json, WF_JSON_PRETTY);
    if (status == WF_OK)
        status = t->experiment->folds ? wf_run_record_fold(cx, t->run, text.text, weights)
                                      : wf_run_record_test(cx, t->run, text.text, weights);
    json_decref(json);
    wf_str_reset(&text);
    return status;
}

/* The sets of the validation images, in the order of their index. */
static wf_status validation_sets(uint8_t **out, wf_context *cx, const wf_train_data *data) {
    const wf_images *images = data->validation;
    const size_t width = (size_t)images->n_labels;
    WF_TRY(wf_alloc(out, cx, (size_t)data->n_validation, width));
    for (size_t i = 0; i < (size_t)data->n_validation; i++)
        memcpy(*out + i * width, images->label_sets + (size_t)data->validation_index[i] * width,
               width);
    return WF_OK;
}

/* Thresholds by the validation images, with the weights and views that are going to be tested; *out
 * stays NULL where there are none, or one label per image. */
static wf_status choose_thresholds(double **out, wf_training *t) {
    wf_context *cx = &t->cli->cx;
    const wf_train_data *data = &t->data;
    const int classes = t->dataset->n_classes;
    const wf_thresholds_goal goal = (wf_thresholds_goal)t->experiment->model->recipe->thresholds;
    const wf_asking asking = asking_of(t);
    float *probabilities = NULL;
    uint8_t *sets = NULL;
    double *thresholds = NULL;
    wf_status status;
    if (!t->dataset->is_multilabel || wf_told_sets(t->params->graph)) return WF_OK;
    if (data->n_validation == 0) {
        wf_note(t->cli, "no validation images: every label is taken from probability .5 on\n");
        return WF_OK;
    }
    WF_TRY_OR(wf_session_probabilities(&probabilities, NULL, t->session, &asking, data->validation,
                                       data->validation_index, data->n_validation));
    WF_TRY_OR(validation_sets(&sets, cx, data));
    WF_TRY_OR(wf_alloc(&thresholds, cx, (size_t)classes, sizeof *thresholds));
    WF_TRY_OR((goal == WF_THRESHOLDS_SUBSET ? wf_thresholds_tune_subset : wf_thresholds_tune)(
        thresholds, cx, sets, probabilities, data->n_validation, classes));
    WF_TRY_OR(wf_thresholds_write(cx, t->run, thresholds, goal, t->dataset->class_names, classes,
                                  data->n_validation));
    *out = thresholds;
    thresholds = NULL;
done:
    wf_free(thresholds);
    wf_free(probabilities);
    wf_free(sets);
    return status;
}

static wf_status judge(wf_training *t, const judged *what, const double *thresholds) {
    wf_evaluation *evaluation = NULL;
    float *probabilities = NULL;
    const wf_asking asking = asking_of(t);
    const double before = wf_clock_s();
    WF_TRY(wf_session_judge(&evaluation, &probabilities, t->session, &asking, what->images,
                            t->dataset->class_names, thresholds));
    const double seconds = wf_clock_s() - before;
    wf_status status = wf_session_bootstrap(evaluation, t->session, RESAMPLES);
    if (status == WF_OK) status = record(t, what, evaluation, probabilities, seconds);
    wf_evaluation_destroy(evaluation);
    wf_free(probabilities);
    return status;
}

static wf_status judge_test(wf_training *t, const double *thresholds) {
    if (t->dataset->test.count) return judge(t, &(judged){&t->dataset->test, NULL}, thresholds);
    wf_note(t->cli, "%s has no test images: the run is not tested\n", t->dataset->name);
    return WF_OK;
}

static wf_status judge_fold(wf_training *t, const double *thresholds) {
    wf_images held_out = {0};
    WF_TRY(wf_images_pick(&held_out, &t->cli->cx, &t->dataset->train, t->split.held_out,
                          t->split.n_held_out));
    wf_status status = judge(t, &(judged){&held_out, t->split.held_out}, thresholds);
    wf_images_reset(&held_out);
    return status;
}

wf_status wf__training_judge(wf_training *t) {
    int is_fold = t->experiment->folds > 0;
    char *path = NULL;
    double *thresholds = NULL;
    if (t->experiment->is_trial) return WF_OK;
    WF_TRY(wf_run_file(&path, &t->cli->cx, t->run, is_fold ? "fold.json" : "test.json"));
    int is_done = wf_path_exists(path);
    wf_free(path);
    if (is_done) return WF_OK;
    WF_TRY(choose_thresholds(&thresholds, t));
    wf_status status = is_fold ? judge_fold(t, thresholds) : judge_test(t, thresholds);
    wf_free(thresholds);
    return status;
}
