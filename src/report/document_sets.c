/* What a model told of images with any number of labels: which labels go together, how many there
 * are, samples of images, and the sets that it found least likely. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "report/document_parts.h"

enum { SHOWN = 20, SAMPLES = 6 };

/* ---- counts ---- */

/* list [k][k]: images with both labels; on the diagonal with that one. */
static wf_status put_together(json_t *object, wf_context *cx, const char *key, const uint8_t *sets,
                              int64_t n, int k) {
    json_t *rows = json_array();
    int64_t *counts = NULL;
    WF_TRY(wf_json_put(object, cx, key, rows));
    WF_TRY(wf_alloc(&counts, cx, (size_t)k * (size_t)k, sizeof *counts));
    for (int64_t i = 0; i < n; i++)
        for (int a = 0; a < k; a++)
            for (int b = 0; b < k; b++) counts[a * k + b] += sets[i * k + a] & sets[i * k + b];
    wf_status status = WF_OK;
    for (int a = 0; a < k && status == WF_OK; a++) {
        json_t *row = json_array();
        status = wf_json_append(rows, cx, row);
        for (int b = 0; b < k && status == WF_OK; b++)
            status = wf_json_append(row, cx, json_integer(counts[a * k + b]));
    }
    wf_free(counts);
    return status;
}

static int size_of(const uint8_t *set, int k) {
    int size = 0;
    for (int j = 0; j < k; j++) size += set[j];
    return size;
}

/* list [most + 1]: images with so many labels. */
static wf_status put_sizes(json_t *object, wf_context *cx, const char *key, const uint8_t *sets,
                           int64_t n, int k, int most) {
    json_t *list = json_array();
    WF_TRY(wf_json_put(object, cx, key, list));
    for (int size = 0; size <= most; size++) {
        json_int_t count = 0;
        for (int64_t i = 0; i < n; i++) count += size_of(sets + i * k, k) == size;
        WF_TRY(wf_json_append(list, cx, json_integer(count)));
    }
    return WF_OK;
}

/* ---- images ---- */

typedef struct wrong {
    int64_t row;
    double log_p; /* of the true set; where that is not known, minus the number of wrong labels */
} wrong;

static int compare_wrong(const void *left, const void *right) {
    const wrong *a = left, *b = right;
    if (a->log_p < b->log_p || a->log_p > b->log_p) return a->log_p < b->log_p ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

static wf_status put_labels(json_t *object, wf_context *cx, const char *key, const uint8_t *set,
                            int k) {
    json_t *list = json_array();
    WF_TRY(wf_json_put(object, cx, key, list));
    for (int j = 0; j < k; j++)
        if (set[j]) WF_TRY(wf_json_append(list, cx, json_integer(j)));
    return WF_OK;
}

/* Labels of the image that are told wrong. */
static int count_wrong(const wf_predictions *p, int64_t row) {
    const int k = p->class_count;
    int n = 0;
    for (int j = 0; j < k; j++) n += p->sets[row * k + j] != p->taken[row * k + j];
    return n;
}

static int is_told_right(const wf_predictions *p, int64_t row) { return count_wrong(p, row) == 0; }

/* log of the probability of the set that was told, NAN: not known. A set that is right is the true
 * one; with thresholds labels are independent of each other. */
static double told_log_p(const wf_predictions *p, int64_t row, int has_thresholds) {
    const int k = p->class_count;
    double sum = 0;
    if (p->log_p && is_told_right(p, row)) return p->log_p[row];
    for (int j = 0; j < k && has_thresholds; j++) {
        const double q = (double)p->probabilities[row * k + j];
        sum += log(p->taken[row * k + j] ? q : 1 - q);
    }
    return has_thresholds ? sum : (double)NAN;
}

static wf_status put_image(json_t *list, wf_context *cx, const wf_predictions *p, int64_t row,
                           int has_thresholds) {
    const int k = p->class_count;
    json_t *one =
        json_pack("{s:I, s:n, s:o, s:o, s:n}", "index", (json_int_t)p->index[row], "tile", "log_p",
                  p->log_p ? wf_json_real(p->log_p[row]) : json_null(), "told_log_p",
                  wf_json_real(told_log_p(p, row, has_thresholds)), "looks");
    json_t *probabilities = NULL;
    WF_TRY(wf_json_append(list, cx, one));
    WF_TRY(wf_json_put(one, cx, "probabilities", probabilities = json_array()));
    WF_TRY(put_labels(one, cx, "truth", p->sets + row * k, k));
    WF_TRY(put_labels(one, cx, "told", p->taken + row * k, k));
    for (int j = 0; j < k; j++) /* a ten-thousandth is less than can be seen */
        WF_TRY(
            wf_json_append(probabilities, cx,
                           wf_json_real(round((double)p->probabilities[row * k + j] * 1e4) / 1e4)));
    return WF_OK;
}

/* SAMPLES of the images that are all right, or of the others, at even distances. */
static wf_status put_samples(json_t *samples, wf_context *cx, const wf_predictions *p, int is_right,
                             int has_thresholds) {
    json_t *list = json_array();
    int64_t count = 0, at = 0, taken = 0;
    WF_TRY(wf_json_put(samples, cx, is_right ? "right" : "wrong", list));
    for (int64_t i = 0; i < p->count; i++) count += is_told_right(p, i) == is_right;
    const int64_t n = count < SAMPLES ? count : SAMPLES;
    for (int64_t i = 0; i < p->count && taken < n; i++) {
        if (is_told_right(p, i) != is_right) continue;
        if (at++ != (2 * taken + 1) * count / (2 * n)) continue;
        WF_TRY(put_image(list, cx, p, i, has_thresholds));
        taken++;
    }
    return WF_OK;
}

static wf_status put_worst(json_t *object, wf_context *cx, const wf_predictions *p,
                           int has_thresholds) {
    json_t *list = json_array();
    wrong *all = NULL;
    size_t count = 0;
    WF_TRY(wf_json_put(object, cx, "worst", list));
    WF_TRY(wf_alloc(&all, cx, (size_t)p->count, sizeof *all));
    for (int64_t i = 0; i < p->count; i++) {
        const int n_wrong = count_wrong(p, i);
        if (n_wrong) all[count++] = (wrong){i, p->log_p ? p->log_p[i] : -n_wrong};
    }
    if (count > 1) qsort(all, count, sizeof *all, compare_wrong);
    wf_status status = wf_json_put(object, cx, "wrong", json_integer((json_int_t)count));
    for (size_t i = 0; i < count && i < SHOWN && status == WF_OK; i++)
        status = put_image(list, cx, p, all[i].row, has_thresholds);
    wf_free(all);
    return status;
}

/* ---- the whole ---- */

static wf_status fill(json_t *object, wf_context *cx, const wf_predictions *p,
                      const wf_evaluation *e) {
    const int k = p->class_count, has_thresholds = !isnan(e->thresholds[0]);
    int most = 0;
    json_t *together = NULL, *sizes = NULL, *samples = NULL;
    for (int64_t i = 0; i < p->count; i++) {
        const int truth = size_of(p->sets + i * k, k), told = size_of(p->taken + i * k, k);
        most = truth > most ? truth : most;
        most = told > most ? told : most;
    }
    WF_TRY(wf_json_put(object, cx, "together", together = json_object()));
    WF_TRY(wf_json_put(object, cx, "sizes", sizes = json_object()));
    WF_TRY(put_together(together, cx, "true", p->sets, p->count, k));
    WF_TRY(put_together(together, cx, "told", p->taken, p->count, k));
    WF_TRY(put_sizes(sizes, cx, "true", p->sets, p->count, k, most));
    WF_TRY(put_sizes(sizes, cx, "told", p->taken, p->count, k, most));
    WF_TRY(wf_json_put(object, cx, "samples", samples = json_object()));
    WF_TRY(put_samples(samples, cx, p, 1, has_thresholds));
    WF_TRY(put_samples(samples, cx, p, 0, has_thresholds));
    return put_worst(object, cx, p, has_thresholds);
}

wf_status wf__document_sets(json_t *model, wf_context *cx, const wf_report_run *run) {
    wf_context quiet = {0};
    wf_predictions p = {0};
    if (!run->evaluation->is_multilabel) return wf_json_put(model, cx, "sets", json_null());
    wf_status status = wf_run_read_sets(&p, &quiet, run->source);
    if (status == WF_E_NOMEM && cx) *cx = quiet;
    if (status == WF_E_NOMEM) return status;
    /* that it cannot be read, the pairs say; what does not fit test.json is not shown beside it */
    const int fits = status == WF_OK && p.count == run->evaluation->count &&
                     p.class_count == run->evaluation->class_count;
    json_t *object = fits ? json_object() : json_null();
    status = wf_json_put(model, cx, "sets", object);
    if (status == WF_OK && fits) status = fill(object, cx, &p, run->evaluation);
    wf_predictions_reset(&p);
    return status;
}
