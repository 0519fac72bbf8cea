#include "weft/significance.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "eval/distributions.h"
#include "weft/eval.h"

static const double TAIL = .025; /* on each side of an interval of 95% */

/* ---- McNemar ---- */

/* Twice P(X <= k) of n fair coins, without half of P(X = k) when `mid`. */
static double coin_p(int64_t k, int64_t n, int mid) {
    double p = 2 * wf_binomial_lower(k, n, .5) - (mid ? wf_binomial_mass(k, n, .5) : 0);
    return p < 1 ? p : 1;
}

/* Tango's score for the hypothesis that the difference is `delta`. The variance takes what is most
 * probable under it for the share of images on which only b is right. */
static double tango_score(const wf_mcnemar *m, double delta) {
    double n = (double)m->count, a = (double)m->only_a_right, b = (double)m->only_b_right;
    double half = (2 * n - a + b) * delta - a - b, c = -b * delta * (1 - delta);
    double share = (sqrt(half * half - 8 * n * c) - half) / (4 * n);
    double variance = n * (2 * share + delta * (1 - delta));
    double score = a - b - n * delta;
    return variance > 0 ? score / sqrt(variance) : score > 0 ? INFINITY : -INFINITY;
}

/* Where the score, which falls with delta, passes `wanted`. */
static double tango_limit(const wf_mcnemar *m, double wanted, double low, double high) {
    for (int i = 0; i < 200 && low < high; i++) {
        double middle = low + (high - low) / 2;
        if (middle == low || middle == high) break;
        if (tango_score(m, middle) > wanted) low = middle;
        else high = middle;
    }
    return low + (high - low) / 2;
}

wf_status wf_mcnemar_counts(wf_mcnemar *out, wf_context *cx, int64_t both_right,
                            int64_t only_a_right, int64_t only_b_right, int64_t both_wrong) {
    const int64_t counts[] = {both_right, only_a_right, only_b_right, both_wrong};
    const int64_t most = INT64_C(1) << 52;
    wf_mcnemar m = {.both_right = both_right,
                    .only_a_right = only_a_right,
                    .only_b_right = only_b_right,
                    .both_wrong = both_wrong};
    for (int i = 0; i < 4; i++) {
        WF_REQUIRE(counts[i] >= 0 && counts[i] <= most, WF_E_ARG,
                   "McNemar's test: a count of images is %lld, must be between 0 and 2^52",
                   (long long)counts[i]);
        m.count += counts[i];
    }
    WF_REQUIRE(m.count > 0, WF_E_ARG, "McNemar's test: 0 images, needs at least 1");
    int64_t discordant = only_a_right + only_b_right;
    int64_t fewer = only_a_right < only_b_right ? only_a_right : only_b_right;
    double z = wf_normal_quantile(TAIL);
    m.difference = (double)(only_a_right - only_b_right) / (double)m.count;
    m.low = tango_limit(&m, z, -1, m.difference);
    m.high = tango_limit(&m, -z, m.difference, 1);
    m.p = coin_p(fewer, discordant, 1);
    m.p_exact = coin_p(fewer, discordant, 0);
    *out = m;
    return WF_OK;
}

wf_status wf_mcnemar_test(wf_mcnemar *out, wf_context *cx, const int32_t *labels,
                          const int32_t *predicted_a, const int32_t *predicted_b, int64_t count) {
    int64_t images[2][2] = {{0}}; /* [a is right][b is right] */
    for (int64_t i = 0; i < count; i++)
        images[predicted_a[i] == labels[i]][predicted_b[i] == labels[i]]++;
    return wf_mcnemar_counts(out, cx, images[1][1], images[1][0], images[0][1], images[0][0]);
}

/* ---- Student's t ---- */

/* Hedges' factor: Gamma(df / 2) / (sqrt(df / 2) Gamma((df - 1) / 2)) */
static double without_bias(double d, double df) {
    int sign;
    return d * exp(lgamma_r(df / 2, &sign) - lgamma_r((df - 1) / 2, &sign)) / sqrt(df / 2);
}

/* The test of a difference with this standard error; `sd` and `sd_df` are for the effect's size. */
static wf_t_test t_test(double difference, double error, double df, double sd, double sd_df) {
    wf_t_test r = {.difference = difference, .t = difference / error, .df = df};
    double reach = wf_student_quantile(TAIL, df) * error;
    r.low = difference - reach;
    r.high = difference + reach;
    r.p = 2 * wf_student_tail(fabs(r.t), df);
    r.cohen_d = difference / sd;
    r.hedges_g = sd_df > 1 ? without_bias(r.cohen_d, sd_df) : NAN;
    return r;
}

static wf_status check_values(double *inout_largest, wf_context *cx, const char *test,
                              const double *values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        WF_REQUIRE(isfinite(values[i]), WF_E_DATA, "%s: value %zu is %g, must be finite", test,
                   i + 1, values[i]);
        *inout_largest = fmax(*inout_largest, fabs(values[i]));
    }
    return WF_OK;
}

/* A deviation that rounding alone explains is none. */
static int varies(double sd, double largest) { return sd > 1e-13 * largest; }

wf_status wf_welch_test(wf_t_test *out, wf_context *cx, const double *a, size_t count_a,
                        const double *b, size_t count_b) {
    static const char name[] = "Welch's t-test";
    double largest = 0;
    WF_REQUIRE(count_a >= 2 && count_b >= 2, WF_E_ARG,
               "%s: %zu and %zu values, needs two of each | train more seeds: --seeds 3", name,
               count_a, count_b);
    WF_TRY(check_values(&largest, cx, name, a, count_a));
    WF_TRY(check_values(&largest, cx, name, b, count_b));
    wf_spread s = wf_spread_of(a, count_a), r = wf_spread_of(b, count_b);
    WF_REQUIRE(varies(s.sd, largest) || varies(r.sd, largest), WF_E_DATA,
               "%s: all values of a are %g and all of b %g, needs values that vary", name, s.mean,
               r.mean);
    double m = (double)count_a, n = (double)count_b;
    double part_a = s.sd * s.sd / m, part_b = r.sd * r.sd / n, sum = part_a + part_b;
    double df = sum * sum / (part_a * part_a / (m - 1) + part_b * part_b / (n - 1));
    double pooled = sqrt(((m - 1) * s.sd * s.sd + (n - 1) * r.sd * r.sd) / (m + n - 2));
    *out = t_test(s.mean - r.mean, sqrt(sum), df, pooled, m + n - 2);
    return WF_OK;
}

wf_status wf_corrected_t_test(wf_t_test *out, wf_context *cx, const double *a, const double *b,
                              size_t count, double test_count, double train_count) {
    static const char name[] = "Nadeau and Bengio's t-test";
    wf_status status = WF_OK;
    double largest = 0, *differences = NULL;
    WF_REQUIRE(count >= 2, WF_E_ARG, "%s: %zu folds, needs at least 2", name, count);
    WF_REQUIRE(test_count > 0 && train_count > 0 && isfinite(test_count / train_count), WF_E_ARG,
               "%s: %g images held out and %g trained on, both must be above 0", name, test_count,
               train_count);
    WF_TRY(check_values(&largest, cx, name, a, count));
    WF_TRY(check_values(&largest, cx, name, b, count));
    WF_TRY(wf_alloc(&differences, cx, count, sizeof *differences));
    for (size_t i = 0; i < count; i++) differences[i] = a[i] - b[i];
    wf_spread s = wf_spread_of(differences, count);
    WF_REQUIRE_OR(varies(s.sd, largest), WF_E_DATA,
                  "%s: the difference is %g in every fold, needs one that varies", name, s.mean);
    double n = (double)count, error = s.sd * sqrt(1 / n + test_count / train_count);
    *out = t_test(s.mean, error, n - 1, s.sd, n - 1);
done:
    wf_free(differences);
    return status;
}

/* ---- Holm ---- */

typedef struct ranked {
    double p;
    size_t index;
} ranked;

static int compare_ranked(const void *left, const void *right) {
    const ranked *a = left, *b = right;
    if (a->p != b->p) return a->p < b->p ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

wf_status wf_holm_adjust(double *adjusted, wf_context *cx, const double *p, size_t count) {
    ranked *order = NULL;
    size_t tested = 0;
    double largest = 0;
    for (size_t i = 0; i < count; i++)
        WF_REQUIRE(isnan(p[i]) || (p[i] >= 0 && p[i] <= 1), WF_E_ARG,
                   "Holm's correction: p %zu is %g, must be between 0 and 1", i + 1, p[i]);
    if (count == 0) return WF_OK;
    WF_TRY(wf_alloc(&order, cx, count, sizeof *order));
    for (size_t i = 0; i < count; i++) {
        if (isnan(p[i])) adjusted[i] = NAN;
        else order[tested++] = (ranked){p[i], i};
    }
    qsort(order, tested, sizeof *order, compare_ranked);
    for (size_t i = 0; i < tested; i++) {
        largest = fmax(largest, (double)(tested - i) * order[i].p);
        adjusted[order[i].index] = fmin(largest, 1);
    }
    wf_free(order);
    return WF_OK;
}
