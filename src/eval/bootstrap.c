/* Bootstrap intervals. Of images with any number of labels, figures are counted over the images
 * drawn (bootstrap_sets.c). Of others: a resample is how often each image was drawn, `times`. All
 * figures but the loss follow from the confusion matrix, so there image i may be any image of its
 * cell: the images are thought to stand cell by cell, and a cell's new count is a sum over a run of
 * `times`. The losses keep their own order. So one figure's resamples are those of real images,
 * while two figures of one resample are not those of the same images: each interval is for itself.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "base/status.h"
#include "base/threads.h"
#include "eval/evaluation.h"
#include "kernels/kernels.h"

enum { MAX_RESAMPLES = 1000000, RESAMPLES_PER_ITEM = 50, LANES = 8 };

/* Images of one true and one predicted class. */
typedef struct cell {
    int truth, predicted;
    int64_t count;
} cell;

typedef struct bootstrap {
    const wf_evaluation *e;
    const wf_kernels *kernels;
    uint64_t seed;
    int64_t resamples;
    cell *cells; /* those with images */
    int cell_count;
    wf_set_tally *tally;    /* of any number of labels, else NULL */
    double *figures;        /* [WF_HEADLINE_COUNT][resamples] */
    uint16_t *times;        /* [workers][images]; a 65536th draw of one image will never come */
    wf_class_count *counts; /* [workers][K] */
    double level;
    wf_interval *intervals; /* [WF_HEADLINE_COUNT] */
} bootstrap;

static void count_classes(wf_class_count *counts, const bootstrap *b, const uint16_t *times) {
    for (int i = 0; i < b->e->class_count; i++) counts[i] = (wf_class_count){0};
    for (const cell *c = b->cells; c < b->cells + b->cell_count; times += c->count, c++) {
        int64_t drawn = 0;
        for (int64_t i = 0; i < c->count; i++) drawn += times[i];
        counts[c->truth].support += drawn;
        counts[c->predicted].taken += drawn;
        if (c->truth == c->predicted) counts[c->truth].hits += drawn;
    }
}

/* Of a value per image. */
static double mean_of(const double *values, const bootstrap *b, const uint16_t *times) {
    double sums[LANES] = {0}, sum = 0;
    int64_t n = b->e->count, i = 0;
    if (!values) return NAN;
    for (; i + LANES <= n; i += LANES)
        for (int j = 0; j < LANES; j++) sums[j] += times[i + j] * values[i + j];
    for (; i < n; i++) sum += times[i] * values[i];
    for (int j = 0; j < LANES; j++) sum += sums[j];
    return sum / (double)n;
}

static void judge_classes(double figures[WF_HEADLINE_COUNT], const bootstrap *b,
                          const uint16_t *times, wf_class_count *counts) {
    const int k = b->e->class_count;
    double macro_f1 = 0, weighted_f1 = 0, support = 0;
    count_classes(counts, b, times);
    const wf_agreement agreement = wf__agreement_of(counts, k);
    for (int i = 0; i < k; i++) {
        double f1 = wf__class_score_of(&counts[i]).f1;
        macro_f1 += f1;
        weighted_f1 += f1 * (double)counts[i].support;
        support += (double)counts[i].support;
    }
    figures[WF_HEADLINE_ACCURACY] = agreement.accuracy;
    figures[WF_HEADLINE_BALANCED_ACCURACY] = agreement.balanced_accuracy;
    figures[WF_HEADLINE_MACRO_F1] = macro_f1 / k;
    figures[WF_HEADLINE_WEIGHTED_F1] = support > 0 ? weighted_f1 / support : 0;
    figures[WF_HEADLINE_MCC] = agreement.mcc;
    figures[WF_HEADLINE_KAPPA] = agreement.kappa;
}

static void judge_resample(bootstrap *b, int64_t at, uint16_t *times, wf_class_count *counts) {
    double figures[WF_HEADLINE_COUNT];
    for (int h = 0; h < WF_HEADLINE_COUNT; h++) figures[h] = NAN;
    b->kernels->resample(times, (uint32_t)b->e->count, b->seed, WF_STREAM_BOOTSTRAP, (uint32_t)at);
    if (b->tally) wf__set_tally_figures(figures, b->tally, times);
    else judge_classes(figures, b, times, counts);
    figures[WF_HEADLINE_LOSS] = mean_of(b->e->losses, b, times);
    figures[WF_HEADLINE_SET_LOG_LIKELIHOOD] = mean_of(b->e->set_log_p, b, times);
    for (int h = 0; h < WF_HEADLINE_COUNT; h++) b->figures[h * b->resamples + at] = figures[h];
}

static void judge_resamples(void *user, int item, int worker) {
    bootstrap *b = user;
    int64_t from = (int64_t)item * RESAMPLES_PER_ITEM, to = from + RESAMPLES_PER_ITEM;
    for (int64_t at = from; at < to && at < b->resamples; at++)
        judge_resample(b, at, b->times + worker * b->e->count,
                       b->counts + worker * b->e->class_count);
}

/* Of values that are sorted in place, without the unknown ones. */
static wf_interval interval_of(double *values, int64_t count, double level) {
    int64_t known = 0;
    for (int64_t i = 0; i < count; i++)
        if (!isnan(values[i])) values[known++] = values[i];
    if (known == 0) return (wf_interval){NAN, NAN};
    wf__sort(values, known);
    return (wf_interval){wf__quantile(values, known, (1 - level) / 2),
                         wf__quantile(values, known, (1 + level) / 2)};
}

static void find_interval(void *user, int which, int worker) {
    bootstrap *b = user;
    (void)worker;
    b->intervals[which] = interval_of(b->figures + which * b->resamples, b->resamples, b->level);
}

static void run_items(wf_pool *pool, wf_pool_fn fn, bootstrap *b, int items) {
    if (pool) wf_pool_run(pool, fn, b, items);
    else
        for (int i = 0; i < items; i++) fn(b, i, 0);
}

static wf_status find_cells(bootstrap *b, wf_context *cx) {
    int k = b->e->class_count, used = 0;
    for (int i = 0; i < k * k; i++) b->cell_count += b->e->confusion[i] > 0;
    WF_TRY(wf_alloc(&b->cells, cx, (size_t)b->cell_count, sizeof *b->cells));
    for (int i = 0; i < k * k; i++)
        if (b->e->confusion[i] > 0) b->cells[used++] = (cell){i / k, i % k, b->e->confusion[i]};
    return WF_OK;
}

static wf_status check(wf_context *cx, const wf_evaluation *e,
                       const wf_bootstrap_options *options) {
    const int64_t most = e->is_multilabel ? WF_RANKING_LAST - 1 : INT32_MAX;
    WF_REQUIRE(options->resamples >= 1 && options->resamples <= MAX_RESAMPLES, WF_E_ARG,
               "bootstrap: %lld resamples, must be between 1 and %d", (long long)options->resamples,
               MAX_RESAMPLES);
    WF_REQUIRE(options->level > 0 && options->level < 1, WF_E_ARG,
               "bootstrap: level is %g, must be between 0 and 1 | 0.95 is usual", options->level);
    WF_REQUIRE(e->count >= 1 && e->count <= most, WF_E_DATA,
               "bootstrap: %lld images, must be between 1 and %lld", (long long)e->count,
               (long long)most);
    return WF_OK;
}

/* Fills b->figures, which the caller frees. */
static wf_status resample(bootstrap *b, wf_context *cx, wf_pool *pool, const wf_evaluation *e,
                          const wf_bootstrap_options *options) {
    const size_t workers = pool ? (size_t)wf_pool_size(pool) : 1;
    wf_status status;
    *b = (bootstrap){.e = e,
                     .kernels = wf_kernels_best(),
                     .seed = options->seed,
                     .resamples = options->resamples,
                     .level = options->level};
    WF_TRY(check(cx, e, options));
    if (e->is_multilabel) WF_TRY_OR(wf__set_tally_create(&b->tally, cx, e));
    else WF_TRY_OR(find_cells(b, cx));
    WF_TRY_OR(wf_alloc(&b->figures, cx, (size_t)b->resamples, WF_HEADLINE_COUNT * sizeof(double)));
    WF_TRY_OR(wf_alloc(&b->times, cx, workers * (size_t)e->count, sizeof *b->times));
    WF_TRY_OR(wf_alloc(&b->counts, cx, workers * (size_t)e->class_count, sizeof *b->counts));
    run_items(pool, judge_resamples, b,
              (int)((b->resamples + RESAMPLES_PER_ITEM - 1) / RESAMPLES_PER_ITEM));
done:
    wf__set_tally_destroy(b->tally);
    wf_free(b->cells);
    wf_free(b->times);
    wf_free(b->counts);
    return status;
}

wf_status wf_evaluation_bootstrap(wf_evaluation *e, wf_context *cx, wf_pool *pool,
                                  const wf_bootstrap_options *options) {
    wf_intervals intervals = {
        .resamples = options->resamples, .level = options->level, .seed = options->seed};
    bootstrap b;
    wf_status status = resample(&b, cx, pool, e, options);
    if (status == WF_OK) {
        b.intervals = intervals.of;
        run_items(pool, find_interval, &b, WF_HEADLINE_COUNT);
        e->intervals = intervals;
    }
    wf_free(b.figures);
    return status;
}

/* ---- two models on the same images ---- */

struct wf_resampled {
    int64_t count, resamples;
    int class_count;
    double level;
    uint64_t seed;
    double *figures; /* [WF_HEADLINE_COUNT][resamples] */
};

wf_status wf_resampled_create(wf_resampled **out, wf_context *cx, wf_pool *pool,
                              const wf_evaluation *e, const wf_bootstrap_options *options) {
    wf_resampled *r = NULL;
    bootstrap b;
    WF_REQUIRE(e->is_multilabel, WF_E_ARG,
               "paired bootstrap: is of images with any number of labels, these have one each | "
               "McNemar's test compares their models");
    WF_TRY(wf_alloc(&r, cx, 1, sizeof *r));
    wf_status status = resample(&b, cx, pool, e, options);
    *r = (wf_resampled){.count = e->count,
                        .resamples = options->resamples,
                        .class_count = e->class_count,
                        .level = options->level,
                        .seed = options->seed,
                        .figures = b.figures};
    if (status == WF_OK) *out = r;
    else wf_resampled_destroy(r);
    return status;
}

void wf_resampled_destroy(wf_resampled *r) {
    if (!r) return;
    wf_free(r->figures);
    wf_free(r);
}

static wf_status check_alike(wf_context *cx, const wf_resampled *a, const wf_resampled *b) {
    WF_REQUIRE(a->count == b->count && a->class_count == b->class_count, WF_E_ARG,
               "paired bootstrap: %lld images of %d labels and %lld of %d, must be the same",
               (long long)a->count, a->class_count, (long long)b->count, b->class_count);
    WF_REQUIRE(a->resamples == b->resamples && a->seed == b->seed, WF_E_ARG,
               "paired bootstrap: %lld resamples under seed %llu and %lld under %llu, must be the "
               "same",
               (long long)a->resamples, (unsigned long long)a->seed, (long long)b->resamples,
               (unsigned long long)b->seed);
    return WF_OK;
}

static double mean_at(const wf_resampled *const *of, size_t count, int64_t at) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += of[i]->figures[at];
    return sum / (double)count;
}

wf_status wf_resampled_difference(wf_interval *out, wf_context *cx, const wf_resampled *const *a,
                                  size_t count_a, const wf_resampled *const *b, size_t count_b) {
    const int64_t resamples = a[0]->resamples;
    double *differences = NULL;
    for (size_t i = 0; i < count_a; i++) WF_TRY(check_alike(cx, a[0], a[i]));
    for (size_t i = 0; i < count_b; i++) WF_TRY(check_alike(cx, a[0], b[i]));
    WF_TRY(wf_alloc(&differences, cx, (size_t)resamples, sizeof *differences));
    for (int h = 0; h < WF_HEADLINE_COUNT; h++) {
        for (int64_t i = 0; i < resamples; i++)
            differences[i] =
                mean_at(a, count_a, h * resamples + i) - mean_at(b, count_b, h * resamples + i);
        out[h] = interval_of(differences, resamples, a[0]->level);
    }
    wf_free(differences);
    return WF_OK;
}

/* ---- the figures themselves ---- */

double wf_evaluation_headline(const wf_evaluation *e, wf_headline which) {
    const double figures[WF_HEADLINE_COUNT] = {
        [WF_HEADLINE_ACCURACY] = e->accuracy,
        [WF_HEADLINE_BALANCED_ACCURACY] = e->balanced_accuracy,
        [WF_HEADLINE_MACRO_F1] = e->macro.f1,
        [WF_HEADLINE_WEIGHTED_F1] = e->weighted.f1,
        [WF_HEADLINE_MCC] = e->mcc,
        [WF_HEADLINE_KAPPA] = e->kappa,
        [WF_HEADLINE_LOSS] = e->loss,
        [WF_HEADLINE_SUBSET_ACCURACY] = e->accuracy,
        [WF_HEADLINE_SET_LOG_LIKELIHOOD] = e->set_log_likelihood,
        [WF_HEADLINE_MAP] = e->macro.average_precision,
        [WF_HEADLINE_C_P] = e->macro.precision,
        [WF_HEADLINE_C_R] = e->macro.recall,
        [WF_HEADLINE_C_F1] = e->macro.f1,
        [WF_HEADLINE_O_P] = e->micro.precision,
        [WF_HEADLINE_O_R] = e->micro.recall,
        [WF_HEADLINE_O_F1] = e->micro.f1,
        [WF_HEADLINE_SMALL_RECALL] = e->small_recall};
    return which >= WF_HEADLINE_SUBSET_ACCURACY && !e->is_multilabel ? (double)NAN : figures[which];
}

const char *wf_headline_key(wf_headline which) {
    static const char *const keys[] = {
#define XX(code, key, name) key,
        WF_HEADLINE_MAP(XX)
#undef XX
    };
    return keys[which];
}

const char *wf_headline_name(wf_headline which) {
    static const char *const names[] = {
#define XX(code, key, name) name,
        WF_HEADLINE_MAP(XX)
#undef XX
    };
    return names[which];
}

double wf_evaluation_figure(const wf_evaluation *e, const char *key) {
    for (int h = 0; h < WF_HEADLINE_COUNT; h++)
        if (!strcmp(key, wf_headline_key((wf_headline)h)))
            return wf_evaluation_headline(e, (wf_headline)h);
    return (double)NAN;
}
