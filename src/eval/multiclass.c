/* One-vs-rest figures of classes, as an answer of their own. */
#include <math.h>

#include "base/alloc.h"
#include "base/status.h"
#include "eval/evaluation.h"

/* As many entries as probabilities: 1 for the true class. Free *out with wf_free. */
static wf_status targets_of(uint8_t **out, wf_context *cx, const char *what, const int32_t *labels,
                            const float *probabilities, int64_t count, int class_count) {
    uint8_t *targets = NULL;
    WF_REQUIRE(class_count >= 2, WF_E_ARG, "%s: %d classes, at least two are needed", what,
               class_count);
    WF_REQUIRE(count > 0, WF_E_DATA, "%s: %lld images, at least one is needed", what,
               (long long)count);
    WF_TRY(wf__check_scores(cx, what, probabilities, count, class_count));
    for (int64_t i = 0; i < count; i++) {
        double sum = 0;
        for (int j = 0; j < class_count; j++) sum += probabilities[i * class_count + j];
        WF_REQUIRE(fabs(1 - sum) <= 1e-8 + 1e-5 * fabs(sum), WF_E_DATA,
                   "%s: the probabilities of image %lld add up to %g, must be 1 | scores are no "
                   "probabilities: apply softmax",
                   what, (long long)i, sum);
        WF_REQUIRE(labels[i] >= 0 && labels[i] < class_count, WF_E_DATA,
                   "%s: label of image %lld is %d, must be between 0 and %d", what, (long long)i,
                   labels[i], class_count - 1);
    }
    WF_TRY(wf_alloc(&targets, cx, (size_t)count, (size_t)class_count));
    for (int64_t i = 0; i < count; i++) targets[i * class_count + labels[i]] = 1;
    *out = targets;
    return WF_OK;
}

wf_status wf_multiclass_roc_auc(double *out, wf_context *cx, const int32_t *labels,
                                const float *probabilities, int64_t count, int class_count,
                                wf_average average) {
    uint8_t *targets = NULL;
    WF_REQUIRE(average != WF_AVERAGE_SAMPLES, WF_E_ARG,
               "ROC AUC: classes have no average over samples | use macro, micro or weighted");
    WF_TRY(targets_of(&targets, cx, "ROC AUC", labels, probabilities, count, class_count));
    wf_status status =
        wf__average_auc(out, cx, "class", targets, probabilities, count, class_count, average);
    wf_free(targets);
    return status;
}
