#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "weft/audit.h"
#include "weft/eval.h"

void wf_label_errors_destroy(wf_label_errors *e) {
    if (!e) return;
    wf_free(e->thresholds);
    wf_free(e->confident);
    wf_free(e->joint);
    wf_free(e->errors);
    wf_free(e->pairs);
    wf_free(e);
}

/* ---- counting ---- */

/* Images with one label, and those of them that count as any class. */
typedef struct tally {
    int64_t images, confident;
} tally;

static wf_status check_image(wf_context *cx, int64_t image, int32_t label, const float *row,
                             int k) {
    WF_REQUIRE(label >= 0 && label < k, WF_E_DATA,
               "label errors: label of image %lld is %d, must be between 0 and %d",
               (long long)image, label, k - 1);
    for (int j = 0; j < k; j++)
        WF_REQUIRE(isfinite(row[j]) && row[j] >= 0, WF_E_DATA,
                   "label errors: probability of class %d for image %lld is %g, must be finite and "
                   "not negative",
                   j, (long long)image, (double)row[j]);
    return WF_OK;
}

static void set_thresholds(wf_label_errors *e, const tally *tallies, const int32_t *labels,
                           const float *probabilities) {
    int k = e->class_count;
    for (int64_t i = 0; i < e->count; i++)
        e->thresholds[labels[i]] += (double)probabilities[i * k + labels[i]];
    for (int j = 0; j < k; j++) e->thresholds[j] /= (double)tallies[j].images; /* 0 / 0: NAN */
}

static void count_confident(wf_label_errors *e, tally *tallies, const int32_t *labels,
                            const float *probabilities) {
    int k = e->class_count;
    for (int64_t i = 0; i < e->count; i++) {
        const float *row = probabilities + i * k;
        int best = -1;
        for (int j = 0; j < k; j++)
            if ((double)row[j] >= e->thresholds[j] && (best < 0 || row[j] > row[best])) best = j;
        if (best < 0) continue;
        e->confident[(int64_t)labels[i] * k + best]++;
        tallies[labels[i]].confident++;
    }
}

/* How many images of label i are of class j, by estimate. */
static double estimate(const wf_label_errors *e, const tally *tallies, int i, int j) {
    const tally *t = &tallies[i];
    if (t->confident == 0) return i == j ? (double)t->images : 0;
    int64_t pair = e->confident[(int64_t)i * e->class_count + j];
    return (double)t->images * (double)pair / (double)t->confident;
}

/* ---- choosing ---- */

typedef struct candidate {
    double gap; /* probability of the other class less that of the label */
    int64_t image;
} candidate;

static int compare_candidates(const void *left, const void *right) {
    const candidate *a = left, *b = right;
    if (a->gap != b->gap) return a->gap < b->gap ? 1 : -1;
    return (a->image > b->image) - (a->image < b->image);
}

static int compare_errors(const void *left, const void *right) {
    const wf_label_error *a = left, *b = right;
    if (a->margin != b->margin) return a->margin < b->margin ? -1 : 1;
    if (a->image != b->image) return a->image < b->image ? -1 : 1;
    if (a->label != b->label) return a->label < b->label ? -1 : 1;
    return (a->suggested > b->suggested) - (a->suggested < b->suggested);
}

/* Marks those that the pair (i, j) takes; `own` [n] are the images with label i. */
static void choose(uint8_t *is_chosen, candidate *room, const int64_t *own, int64_t n, int64_t most,
                   const float *probabilities, int k, int i, int j) {
    int64_t found = 0;
    for (int64_t m = 0; m < n; m++) {
        const float *row = probabilities + own[m] * k;
        double gap = (double)row[j] - (double)row[i];
        if (gap > 0) room[found++] = (candidate){gap, own[m]};
    }
    qsort(room, (size_t)found, sizeof *room, compare_candidates);
    for (int64_t m = 0; m < most && m < found; m++) is_chosen[room[m].image] = 1;
}

/* The pairs of every label. */
static wf_status choose_all(uint8_t *is_chosen, const wf_label_errors *e, wf_context *cx,
                            const tally *tallies, const int32_t *labels,
                            const float *probabilities) {
    int k = e->class_count;
    wf_status status = WF_OK;
    int64_t *by_label = NULL, *starts = NULL;
    candidate *room = NULL;
    WF_TRY_OR(wf_alloc(&by_label, cx, (size_t)e->count, sizeof *by_label));
    WF_TRY_OR(wf_alloc(&starts, cx, (size_t)k + 1, sizeof *starts));
    WF_TRY_OR(wf_alloc(&room, cx, (size_t)e->count, sizeof *room));
    for (int i = 0; i < k; i++) starts[i + 1] = starts[i] + tallies[i].images;
    for (int64_t m = 0; m < e->count; m++) by_label[starts[labels[m]]++] = m;
    for (int i = 0; i < k; i++) {
        int64_t *own = by_label + starts[i] - tallies[i].images; /* starts[i] is now where i ends */
        for (int j = 0; j < k; j++) {
            int64_t most = (int64_t)floor(estimate(e, tallies, i, j) + 0.5);
            if (j == i || most == 0) continue;
            choose(is_chosen, room, own, tallies[i].images, most, probabilities, k, i, j);
        }
    }
done:
    wf_free(by_label);
    wf_free(starts);
    wf_free(room);
    return status;
}

static wf_status list_errors(wf_label_errors *e, wf_context *cx, const uint8_t *is_chosen,
                             const int32_t *labels, const float *probabilities) {
    int k = e->class_count;
    int64_t count = 0;
    for (int64_t i = 0; i < e->count; i++) count += is_chosen[i];
    WF_TRY(wf_alloc(&e->errors, cx, (size_t)count, sizeof *e->errors));
    for (int64_t i = 0; i < e->count; i++) {
        if (!is_chosen[i]) continue;
        const float *row = probabilities + i * k;
        int best = 0;
        for (int j = 1; j < k; j++)
            if (row[j] > row[best]) best = j;
        double own = (double)row[labels[i]];
        e->errors[e->error_count++] =
            (wf_label_error){i, labels[i], best, own, own - (double)row[best]};
    }
    qsort(e->errors, (size_t)count, sizeof *e->errors, compare_errors);
    return WF_OK;
}

/* ---- pairs ---- */

static int compare_pairs(const void *left, const void *right) {
    const wf_label_pair *a = left, *b = right;
    if (a->flagged != b->flagged) return a->flagged < b->flagged ? 1 : -1;
    if (a->estimated != b->estimated) return a->estimated < b->estimated ? 1 : -1;
    if (a->label != b->label) return a->label < b->label ? -1 : 1;
    return (a->other > b->other) - (a->other < b->other);
}

static wf_status list_pairs(wf_label_errors *e, wf_context *cx, const tally *tallies) {
    int k = e->class_count;
    int64_t *flagged = NULL, count = 0;
    WF_TRY(wf_alloc(&flagged, cx, (size_t)k * (size_t)k, sizeof *flagged));
    for (int64_t i = 0; i < e->error_count; i++)
        flagged[(int64_t)e->errors[i].label * k + e->errors[i].suggested]++;
    for (int i = 0; i < k; i++)
        for (int j = 0; j < k; j++)
            count += i != j && (flagged[i * k + j] || estimate(e, tallies, i, j) >= 0.5);
    wf_status status = wf_alloc(&e->pairs, cx, (size_t)count, sizeof *e->pairs);
    for (int i = 0; i < k && status == WF_OK; i++)
        for (int j = 0; j < k; j++) {
            double estimated = estimate(e, tallies, i, j);
            if (i == j || (!flagged[i * k + j] && estimated < 0.5)) continue;
            e->pairs[e->pair_count++] = (wf_label_pair){i, j, flagged[i * k + j], estimated,
                                                        estimated / (double)tallies[i].images};
        }
    wf_free(flagged);
    if (status == WF_OK) qsort(e->pairs, (size_t)count, sizeof *e->pairs, compare_pairs);
    return status;
}

/* ---- together ---- */

static wf_status check_counts(wf_context *cx, int64_t count, int class_count) {
    WF_REQUIRE(class_count >= 1 && class_count <= WF_EVAL_MAX_CLASSES, WF_E_ARG,
               "label errors: %d classes, must be between 1 and %d", class_count,
               WF_EVAL_MAX_CLASSES);
    WF_REQUIRE(count >= 0, WF_E_ARG, "label errors: %lld images, must not be negative",
               (long long)count);
    return WF_OK;
}

wf_status wf_label_errors_find(wf_label_errors **out, wf_context *cx, const int32_t *labels,
                               const float *probabilities, int64_t count, int class_count) {
    size_t k = (size_t)class_count;
    wf_status status = WF_OK;
    wf_label_errors *e = NULL;
    tally *tallies = NULL;
    uint8_t *is_chosen = NULL;
    WF_TRY(check_counts(cx, count, class_count));
    WF_TRY_OR(wf_alloc(&tallies, cx, k, sizeof *tallies));
    for (int64_t i = 0; i < count; i++) {
        WF_TRY_OR(check_image(cx, i, labels[i], probabilities + i * class_count, class_count));
        tallies[labels[i]].images++;
    }
    WF_TRY_OR(wf_alloc(&e, cx, 1, sizeof *e));
    e->count = count;
    e->class_count = class_count;
    WF_TRY_OR(wf_alloc(&e->thresholds, cx, k, sizeof *e->thresholds));
    WF_TRY_OR(wf_alloc(&e->confident, cx, k * k, sizeof *e->confident));
    WF_TRY_OR(wf_alloc(&e->joint, cx, k * k, sizeof *e->joint));
    WF_TRY_OR(wf_alloc(&is_chosen, cx, (size_t)count, 1));
    set_thresholds(e, tallies, labels, probabilities);
    count_confident(e, tallies, labels, probabilities);
    for (int i = 0; i < class_count; i++)
        for (int j = 0; j < class_count; j++)
            e->joint[i * class_count + j] = count ? estimate(e, tallies, i, j) / (double)count : 0;
    WF_TRY_OR(choose_all(is_chosen, e, cx, tallies, labels, probabilities));
    WF_TRY_OR(list_errors(e, cx, is_chosen, labels, probabilities));
    WF_TRY_OR(list_pairs(e, cx, tallies));
    *out = e;
    e = NULL;
done:
    wf_label_errors_destroy(e);
    wf_free(tallies);
    wf_free(is_chosen);
    return status;
}

/* ---- any number of labels ---- */

/* Whether label k is there, as a question with two classes. */
static wf_status ask_label(wf_label_errors **out, wf_context *cx, int32_t *is_there, float *shares,
                           const uint8_t *sets, const float *probabilities, int64_t count, int k,
                           int class_count) {
    for (int64_t i = 0; i < count; i++) {
        const float p = probabilities[i * class_count + k];
        WF_REQUIRE(p >= 0 && p <= 1, WF_E_DATA,
                   "label errors: probability of label %d for image %lld is %g, must be between 0 "
                   "and 1",
                   k, (long long)i, (double)p);
        is_there[i] = sets[i * class_count + k];
        shares[2 * i] = 1 - p;
        shares[2 * i + 1] = p;
    }
    return wf_label_errors_find(out, cx, is_there, shares, count, 2);
}

/* Takes what the question about label k found. */
static wf_status take(wf_label_errors *e, wf_context *cx, const wf_label_errors *one, int k) {
    const int32_t names[] = {WF_NO_LABEL, k};
    memcpy(e->thresholds + 2 * k, one->thresholds, 2 * sizeof *e->thresholds);
    memcpy(e->confident + 4 * k, one->confident, 4 * sizeof *e->confident);
    memcpy(e->joint + 4 * k, one->joint, 4 * sizeof *e->joint);
    WF_TRY(wf_realloc(&e->errors, cx, (size_t)e->error_count,
                      (size_t)(e->error_count + one->error_count), sizeof *e->errors));
    for (int64_t i = 0; i < one->error_count; i++) {
        wf_label_error *error = &e->errors[e->error_count++];
        *error = one->errors[i];
        error->label = names[error->label];
        error->suggested = names[error->suggested];
    }
    WF_TRY(wf_realloc(&e->pairs, cx, (size_t)e->pair_count,
                      (size_t)(e->pair_count + one->pair_count), sizeof *e->pairs));
    for (int64_t i = 0; i < one->pair_count; i++) {
        wf_label_pair *pair = &e->pairs[e->pair_count++];
        *pair = one->pairs[i];
        pair->label = names[pair->label];
        pair->other = names[pair->other];
    }
    return WF_OK;
}

wf_status wf_label_set_errors_find(wf_label_errors **out, wf_context *cx, const uint8_t *sets,
                                   const float *probabilities, int64_t count, int class_count) {
    const size_t k = (size_t)class_count;
    wf_label_errors *e = NULL;
    int32_t *is_there = NULL;
    float *shares = NULL;
    wf_status status;
    WF_TRY(check_counts(cx, count, class_count));
    WF_TRY_OR(wf_alloc(&e, cx, 1, sizeof *e));
    e->count = count;
    e->class_count = class_count;
    WF_TRY_OR(wf_alloc(&e->thresholds, cx, k, 2 * sizeof *e->thresholds));
    WF_TRY_OR(wf_alloc(&e->confident, cx, k, 4 * sizeof *e->confident));
    WF_TRY_OR(wf_alloc(&e->joint, cx, k, 4 * sizeof *e->joint));
    WF_TRY_OR(wf_alloc(&is_there, cx, (size_t)count, sizeof *is_there));
    WF_TRY_OR(wf_alloc(&shares, cx, (size_t)count, 2 * sizeof *shares));
    for (int j = 0; j < class_count; j++) {
        wf_label_errors *one = NULL;
        WF_TRY_OR(
            ask_label(&one, cx, is_there, shares, sets, probabilities, count, j, class_count));
        status = take(e, cx, one, j);
        wf_label_errors_destroy(one);
        if (status != WF_OK) goto done;
    }
    if (e->error_count) qsort(e->errors, (size_t)e->error_count, sizeof *e->errors, compare_errors);
    if (e->pair_count) qsort(e->pairs, (size_t)e->pair_count, sizeof *e->pairs, compare_pairs);
    *out = e;
    e = NULL;
done:
    wf_label_errors_destroy(e);
    wf_free(is_there);
    wf_free(shares);
    return status;
}
