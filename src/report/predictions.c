/* What a run said about each test image, as reports use it. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "report/internal.h"

wf_status wf__run_predictions(wf_predictions *out, wf_str *problem, wf_context *cx,
                              const wf_report_run *run) {
    wf_context quiet = {0};
    wf_predictions p = {0};
    int64_t right = 0;
    wf_status status = wf_run_read_predictions(&p, &quiet, run->source);
    if (status == WF_E_NOMEM) {
        if (cx) *cx = quiet;
        return status;
    }
    if (status != WF_OK) {
        wf_str_add(problem, cx, quiet.message);
        return problem->status;
    }
    for (int64_t i = 0; i < p.count; i++) right += p.predicted[i] == p.labels[i];
    const wf_evaluation *e = run->evaluation;
    if (p.count == e->count && p.class_count == e->class_count &&
        right == llround(e->accuracy * (double)e->count)) {
        *out = p;
        return WF_OK;
    }
    wf_str_addf(problem, cx, "predictions.csv of %s does not fit its test.json", run->summary.id);
    wf_predictions_reset(&p);
    return problem->status;
}

int wf__predictions_share_images(const wf_predictions *a, const wf_predictions *b) {
    return a->count == b->count &&
           memcmp(a->index, b->index, (size_t)a->count * sizeof *a->index) == 0 &&
           memcmp(a->labels, b->labels, (size_t)a->count * sizeof *a->labels) == 0;
}

/* Whether each image's labels were all right, as a class: what tests of accuracy need. */
static wf_status outcomes_of(wf_predictions *out, wf_context *cx, wf_predictions *sets) {
    wf_predictions p = {.count = sets->count, .class_count = 2};
    const size_t n = (size_t)sets->count, k = (size_t)sets->class_count;
    WF_TRY(wf_alloc(&p.labels, cx, n, sizeof *p.labels));
    wf_status status = wf_alloc(&p.predicted, cx, n, sizeof *p.predicted);
    if (status != WF_OK) {
        wf_predictions_reset(&p);
        return status;
    }
    for (size_t i = 0; i < n; i++) {
        p.labels[i] = 1;
        p.predicted[i] = memcmp(sets->sets + i * k, sets->taken + i * k, k) == 0;
    }
    p.index = sets->index;
    sets->index = NULL;
    *out = p;
    return WF_OK;
}

wf_status wf__run_outcomes(wf_predictions *out, wf_str *problem, wf_context *cx,
                           const wf_report_run *run) {
    wf_context quiet = {0};
    wf_predictions sets = {0};
    if (!run->evaluation->is_multilabel) return wf__run_predictions(out, problem, cx, run);
    wf_status status = wf_run_read_sets(&sets, &quiet, run->source);
    if (status == WF_E_NOMEM) {
        if (cx) *cx = quiet;
        return status;
    }
    if (status == WF_OK) status = outcomes_of(out, cx, &sets);
    else {
        wf_str_add(problem, cx, quiet.message);
        status = problem->status;
    }
    wf_predictions_reset(&sets);
    return status;
}
