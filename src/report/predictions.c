/* What a run said about each test image, as reports use it. */
#include <math.h>
#include <string.h>

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
