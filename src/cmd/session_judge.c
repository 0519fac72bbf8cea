/* The trained model is judged: once, on images that it has not seen. */
#include "base/alloc.h"
#include "base/files.h"
#include "cmd/training.h"
#include "eval/evaluation.h"

enum { RESAMPLES = 10000 }; /* for the intervals of a run's figures */

/* What is judged: all of `images`, which are these rows of their part; NULL: 0, 1, ... */
typedef struct judged {
    const wf_images *images;
    const int32_t *index;
} judged;

static wf_status record(wf_training *t, const judged *what, const wf_evaluation *evaluation,
                        const float *probabilities) {
    wf_context *cx = &t->cli->cx;
    const wf_images *images = what->images;
    const char *weights = t->result.weights_epoch == t->result.epochs ? "last" : "best";
    int classes = t->dataset->n_classes;
    int32_t *predicted = NULL;
    wf_str text = {0};
    json_t *json = NULL;
    WF_TRY(wf_predicted_classes(&predicted, cx, probabilities, images->count, classes));
    wf_status status = wf_run_record_predictions(cx, t->run, what->index, images->labels, predicted,
                                                 probabilities, images->count, classes);
    if (status == WF_OK) status = wf_evaluation_json(&json, cx, evaluation);
    if (status == WF_OK) status = wf_views_json(json, cx, t->experiment->model->recipe->test_views);
    if (status == WF_OK) status = wf_json_text(&text, cx, json, WF_JSON_PRETTY);
    if (status == WF_OK)
        status = t->experiment->folds ? wf_run_record_fold(cx, t->run, text.text, weights)
                                      : wf_run_record_test(cx, t->run, text.text, weights);
    json_decref(json);
    wf_str_reset(&text);
    wf_free(predicted);
    return status;
}

static wf_status judge(wf_training *t, const judged *what) {
    wf_evaluation *evaluation = NULL;
    float *probabilities = NULL;
    WF_TRY(wf_session_judge(&evaluation, &probabilities, t->session, t->params,
                            t->experiment->precision, &t->data.normalization,
                            t->experiment->model->recipe->test_views, what->images,
                            t->dataset->class_names));
    wf_status status = wf_session_bootstrap(evaluation, t->session, RESAMPLES);
    if (status == WF_OK) status = record(t, what, evaluation, probabilities);
    wf_evaluation_destroy(evaluation);
    wf_free(probabilities);
    return status;
}

wf_status wf__training_judge(wf_training *t) {
    wf_context *cx = &t->cli->cx;
    int is_fold = t->experiment->folds > 0;
    wf_images held_out = {0};
    char *path = NULL;
    if (t->experiment->is_trial) return WF_OK;
    if (!is_fold && t->dataset->test.count == 0) {
        wf_note(t->cli, "%s has no test images: the run is not tested\n", t->dataset->name);
        return WF_OK;
    }
    WF_TRY(wf_run_file(&path, cx, t->run, is_fold ? "fold.json" : "test.json"));
    int is_done = wf_path_exists(path);
    wf_free(path);
    if (is_done) return WF_OK;
    if (!is_fold) return judge(t, &(judged){&t->dataset->test, NULL});
    WF_TRY(
        wf_images_pick(&held_out, cx, &t->dataset->train, t->split.held_out, t->split.n_held_out));
    wf_status status = judge(t, &(judged){&held_out, t->split.held_out});
    wf_images_reset(&held_out);
    return status;
}
