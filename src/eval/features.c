#include <inttypes.h>
#include <math.h>

#include "base/alloc.h"
#include "eval/tsne_parts.h"

enum { ROOM = 64 }; /* floats that kernels may read past the end */

static wf_status check(wf_context *cx, const float *features, int64_t n, int64_t d) {
    WF_REQUIRE(n >= 2 && n < INT32_MAX, WF_E_ARG,
               "there are %" PRId64 " rows of features, must be "
               "2 to 2^31",
               n);
    WF_REQUIRE(d >= 1 && d < INT32_MAX, WF_E_ARG,
               "a row has %" PRId64 " features, must be 1 to "
               "2^31",
               d);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < d; j++)
            WF_REQUIRE(fabsf(features[i * d + j]) <= 1e15f, WF_E_DATA,
                       "feature %" PRId64 " of row %" PRId64 " is %g, must be finite and at most "
                       "1e15 in size | has the training diverged?",
                       j, i, (double)features[i * d + j]);
    return WF_OK;
}

wf_status wf__features_center(float **out, wf_context *cx, const float *features, int64_t n,
                              int64_t d) {
    float *x = NULL;
    double *mean = NULL;
    wf_status status;
    WF_TRY(check(cx, features, n, d));
    WF_TRY_OR(wf_alloc(&mean, cx, (size_t)d, sizeof *mean));
    WF_TRY_OR(wf_alloc(&x, cx, (size_t)n * (size_t)d + ROOM, sizeof *x));
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < d; j++) mean[j] += (double)features[i * d + j];
    for (int64_t j = 0; j < d; j++) mean[j] /= (double)n;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < d; j++)
            x[i * d + j] = (float)((double)features[i * d + j] - mean[j]);
    *out = x;
    x = NULL;
done:
    wf_free(x);
    wf_free(mean);
    return status;
}

wf_status wf__tell(wf_context *cx, wf_progress_fn progress, void *user, const char *what,
                   int64_t done, int64_t total) {
    int is_stopped = progress && progress(user, what, done, total);
    WF_REQUIRE(!is_stopped, WF_E_INTERRUPTED, "stopped during %s, %" PRId64 " of %" PRId64, what,
               done, total);
    return WF_OK;
}
