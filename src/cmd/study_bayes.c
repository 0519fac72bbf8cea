/* The Bayes decision: the sigmoid CNN that was trained at dependence 0, judged with the exact
 * distribution of the labels at every dependence (eval/prior.h). */
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/files.h"
#include "cmd/study_parts.h"
#include "eval/evaluation.h"
#include "eval/prior.h"

static wf_status keep(wf__study *s, wf__cell *cell, const wf_trained *t, const wf_evaluation *e,
                      double seconds) {
    wf_context *cx = &s->session->cli->cx;
    const size_t n = (size_t)e->count, k = (size_t)e->class_count;
    json_t *document = json_object(), *test = NULL;
    uint8_t *right = NULL;
    wf_status status;
    WF_TRY_OR(wf_alloc(&right, cx, n, 1));
    for (size_t i = 0; i < n; i++) {
        right[i] = 1;
        for (size_t j = 0; j < k; j++) {
            const uint8_t outcome = e->outcomes[i * k + j];
            right[i] &= !(outcome & WF_OUTCOME_TRUE) == !(outcome & WF_OUTCOME_TOLD);
        }
    }
    const wf_study_source source = {
        .training_s = t->summary.total_s, .decoding_s = seconds, .right = right, .count = e->count};
    WF_TRY_OR(wf_json_put(document, cx, "schema_version", json_integer(WF_SCHEMA_VERSION)));
    WF_TRY_OR(wf_evaluation_json(&test, cx, e));
    WF_TRY_OR(wf_json_put(document, cx, "test", test));
    WF_TRY_OR(wf__study_keep(s, cell, document, &source));
done:
    wf_free(right);
    json_decref(document);
    return status;
}

static wf_status decide(wf__study *s, wf__cell *cell, const wf_trained *t) {
    wf_session *session = s->session;
    wf_context *cx = &session->cli->cx;
    const wf_model_spec *model = t->experiment.model;
    char *path = NULL;
    wf_prior *prior = NULL;
    wf_evaluation *e = NULL;
    wf_status status;
    WF_TRY_OR(wf_path_join(&path, cx, s->sets[cell->strength], WF_PRIOR_FILE));
    WF_TRY_OR(wf_prior_read(&prior, cx, path));
    WF_TRY_OR(wf_session_open_data(session, s->sets[cell->strength], model));
    const wf_dataset *d = session->dataset;
    const wf_asking asking = {.params = t->params,
                              .precision = t->experiment.precision,
                              .normalization = &t->normalization,
                              .views = model->recipe->test_views,
                              .prior = prior};
    const double before = wf_clock_s();
    WF_TRY_OR(wf_session_judge(&e, NULL, session, &asking, &d->test, d->class_names, NULL));
    const double seconds = wf_clock_s() - before;
    WF_TRY_OR(keep(s, cell, t, e, seconds));
done:
    wf_evaluation_destroy(e);
    wf_prior_destroy(prior);
    wf_free(path);
    return status;
}

wf_status wf__study_bayes(wf__study *s, int64_t seed, const char *run) {
    wf_trained trained = {0};
    WF_TRY(wf_trained_open(&trained, s->session, s->call->runs, run));
    wf_status status = WF_OK;
    for (int k = 0; k < WF_STUDY_STRENGTHS && status == WF_OK; k++) {
        wf__cell *cell = wf__study_cell(s, seed, k, WF_STUDY_BAYES);
        if (!cell->is_known) status = decide(s, cell, &trained);
    }
    wf_trained_reset(&trained);
    return status;
}
