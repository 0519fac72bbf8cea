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
