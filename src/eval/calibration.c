/* Do the probabilities mean what they say? */
#include <math.h>

#include "base/alloc.h"
#include "base/status.h"
#include "eval/evaluation.h"

wf_status wf_brier_score(double *out, wf_context *cx, const uint8_t *is_positive,
                         const float *probabilities, int64_t count) {
    double sum = 0;
    WF_TRY(wf__check_binary(cx, "Brier score", is_positive, probabilities, count, 1));
    for (int64_t i = 0; i < count; i++) {
        double error = (double)probabilities[i] - is_positive[i];
        sum += error * error;
    }
    *out = sum / (double)count;
    return WF_OK;
}

/* Edge i of equal shares of the entries, or of equal widths: numpy's linspace and percentile, whose
 * roundings decide where a probability on an edge belongs. */
static double edge_at(const double *sorted, int64_t count, int i, int bin_count) {
    double share = i < bin_count ? i * (1.0 / bin_count) : 1;
    return sorted ? wf__quantile(sorted, count, share * 100 / 100) : share;
}

/* The first bin whose upper edge is not below p; the last one has no upper edge. */
static int bin_of(const wf_calibration_bin *bins, int bin_count, double p) {
    int low = 0, high = bin_count - 1;
    while (low < high) {
        int middle = (low + high) / 2;
        if (bins[middle].high < p) low = middle + 1;
        else high = middle;
    }
    return low;
}

static void fill_bins(wf_calibration_bin *bins, int bin_count, const double *sorted,
                      const uint8_t *is_positive, const float *probabilities, int64_t count) {
    for (int i = 0; i < bin_count; i++)
        bins[i] = (wf_calibration_bin){.low = edge_at(sorted, count, i, bin_count),
                                       .high = edge_at(sorted, count, i + 1, bin_count)};
    for (int64_t i = 0; i < count; i++) {
        wf_calibration_bin *b = &bins[bin_of(bins, bin_count, probabilities[i])];
        b->count++;
        b->probability += probabilities[i];
        b->share += is_positive[i];
    }
    for (wf_calibration_bin *b = bins; b < bins + bin_count; b++) {
        b->probability = b->count ? b->probability / (double)b->count : (double)NAN;
        b->share = b->count ? b->share / (double)b->count : (double)NAN;
    }
}

wf_status wf_calibration_curve(wf_calibration_bin *out, wf_context *cx, const uint8_t *is_positive,
                               const float *probabilities, int64_t count, int bin_count,
                               wf_calibration_bins kind) {
    double *sorted = NULL;
    WF_REQUIRE(bin_count >= 1, WF_E_ARG, "calibration: %d bins, at least one is needed", bin_count);
    WF_TRY(wf__check_binary(cx, "calibration", is_positive, probabilities, count, 1));
    if (kind == WF_BINS_QUANTILE) {
        WF_TRY(wf_alloc(&sorted, cx, (size_t)count, sizeof *sorted));
        for (int64_t i = 0; i < count; i++) sorted[i] = probabilities[i];
        wf__sort(sorted, count);
    }
    fill_bins(out, bin_count, sorted, is_positive, probabilities, count);
    wf_free(sorted);
    return WF_OK;
}

wf_calibration_error wf_calibration_error_of(const wf_calibration_bin *bins, int bin_count) {
    wf_calibration_error error = {NAN, NAN};
    double sum = 0, most = 0, count = 0;
    for (const wf_calibration_bin *b = bins; b < bins + bin_count; b++) {
        if (b->count == 0) continue;
        double gap = fabs(b->share - b->probability);
        sum += gap * (double)b->count;
        count += (double)b->count;
        if (gap > most) most = gap;
    }
    if (count > 0) error = (wf_calibration_error){.expected = sum / count, .most = most};
    return error;
}
