/* What scikit-learn refuses, refused by name. */
#include <math.h>

#include "base/status.h"
#include "eval/evaluation.h"

wf_status wf__check_binary(wf_context *cx, const char *what, const uint8_t *is_positive,
                           const float *scores, int64_t count, int is_probability) {
    WF_REQUIRE(count > 0, WF_E_DATA, "%s: %lld entries, at least one is needed", what,
               (long long)count);
    for (int64_t i = 0; i < count; i++) {
        double x = scores[i];
        WF_REQUIRE(is_positive[i] <= 1, WF_E_DATA, "%s: truth of entry %lld is %d, must be 0 or 1",
                   what, (long long)i, is_positive[i]);
        WF_REQUIRE(isfinite(x), WF_E_DATA, "%s: score of entry %lld is %g, must be finite", what,
                   (long long)i, x);
        WF_REQUIRE(!is_probability || (x >= 0 && x <= 1), WF_E_DATA,
                   "%s: probability of entry %lld is %g, must be between 0 and 1 | scores are no "
                   "probabilities: apply softmax or sigmoid",
                   what, (long long)i, x);
    }
    return WF_OK;
}

wf_status wf__check_labels(wf_context *cx, const char *what, const char *kind,
                           const uint8_t *entries, int64_t count, int label_count) {
    WF_REQUIRE(label_count >= 2, WF_E_ARG,
               "%s: %d labels, at least two are needed | one label is one class against the rest",
               what, label_count);
    WF_REQUIRE(count > 0, WF_E_DATA, "%s: %lld images, at least one is needed", what,
               (long long)count);
    for (int64_t i = 0; i < count * label_count; i++)
        WF_REQUIRE(entries[i] <= 1, WF_E_DATA,
                   "%s: %s of label %lld for image %lld is %d, must be 0 or 1", what, kind,
                   (long long)(i % label_count), (long long)(i / label_count), entries[i]);
    return WF_OK;
}

wf_status wf__check_scores(wf_context *cx, const char *what, const float *scores, int64_t count,
                           int columns) {
    for (int64_t i = 0; i < count * columns; i++)
        WF_REQUIRE(isfinite(scores[i]), WF_E_DATA,
                   "%s: score of image %lld in column %lld is %g, must be finite", what,
                   (long long)(i / columns), (long long)(i % columns), (double)scores[i]);
    return WF_OK;
}
