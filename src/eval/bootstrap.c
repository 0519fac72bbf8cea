/* Bootstrap intervals. Of images with any number of labels, a resample's counts are summed over the
 * images. Of others: a resample is how often each image was drawn, `times`. All figures but the
 * loss follow from the confusion matrix, so there image i may be any image of its cell: the images
 * are thought to stand cell by cell, and a cell's new count is a sum over a run of `times`. The
 * losses keep their own order. So one figure's resamples are those of real images, while two
 * figures of one resample are not those of the same images: each interval is for itself. */
#include <math.h>
#include <stdlib.h>

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

/* The same of any number of labels. Returns the share of images with every label right. */
static double count_labels(wf_class_count *counts, const bootstrap *b, const uint16_t *times) {
    const int k = b->e->class_count;
    const uint8_t *outcome = b->e->outcomes;
    int64_t right = 0;
    for (int j = 0; j < k; j++) counts[j] = (wf_class_count){0};
    for (int64_t i = 0; i < b->e->count; i++, outcome += k) {
        int wrong = 0;
        if (!times[i]) continue;
        for (int j = 0; j < k; j++) {
            int has = outcome[j] & 1, is_taken = outcome[j] >> 1;
            counts[j].support += has * times[i];
            counts[j].taken += is_taken * times[i];
            counts[j].hits += (has & is_taken) * times[i];
            wrong |= has ^ is_taken;
        }
        right += wrong ? 0 : times[i];
    }
    return (double)right / (double)b->e->count;
}

static double mean_loss(const bootstrap *b, const uint16_t *times) {
    const double *losses = b->e->losses;
    double sums[LANES] = {0}, sum = 0;
    int64_t n = b->e->count, i = 0;
    if (!losses) return NAN;
    for (; i + LANES <= n; i += LANES)
        for (int j = 0; j < LANES; j++) sums[j] += times[i + j] * losses[i + j];
    for (; i < n; i++) sum += times[i] * losses[i];
    for (int j = 0; j < LANES; j++) sum += sums[j];
    return sum / (double)n;
}

static void judge_resample(bootstrap *b, int64_t at, uint16_t *times, wf_class_count *counts) {
    int k = b->e->class_count;
    double macro_f1 = 0, weighted_f1 = 0, support = 0;
    b->kernels->resample(times, (uint32_t)b->e->count, b->seed, WF_STREAM_BOOTSTRAP, (uint32_t)at);
    wf_agreement agreement = {.balanced_accuracy = NAN, .mcc = NAN, .kappa = NAN};
    if (b->e->is_multilabel) {
        agreement.accuracy = count_labels(counts, b, times);
    } else {
        count_classes(counts, b, times);
        agreement = wf__agreement_of(counts, k);
    }
    for (int i = 0; i < k; i++) {
        double f1 = wf__class_score_of(&counts[i]).f1;
        macro_f1 += f1;
        weighted_f1 += f1 * (double)counts[i].support;
        support += (double)counts[i].support;
    }
    const double figures[WF_HEADLINE_COUNT] = {
        [WF_HEADLINE_ACCURACY] = agreement.accuracy,
        [WF_HEADLINE_BALANCED_ACCURACY] = agreement.balanced_accuracy,
        [WF_HEADLINE_MACRO_F1] = macro_f1 / k,
        [WF_HEADLINE_WEIGHTED_F1] = support > 0 ? weighted_f1 / support : 0,
        [WF_HEADLINE_MCC] = agreement.mcc,
        [WF_HEADLINE_KAPPA] = agreement.kappa,
        [WF_HEADLINE_LOSS] = mean_loss(b, times)};
    for (int h = 0; h < WF_HEADLINE_COUNT; h++) b->figures[h * b->resamples + at] = figures[h];
}

static void judge_resamples(void *user, int item, int worker) {
    bootstrap *b = user;
    int64_t from = (int64_t)item * RESAMPLES_PER_ITEM, to = from + RESAMPLES_PER_ITEM;
    for (int64_t at = from; at < to && at < b->resamples; at++)
        judge_resample(b, at, b->times + worker * b->e->count,
                       b->counts + worker * b->e->class_count);
}

/* The interval of one figure; its resamples are sorted in place. */
static void find_interval(void *user, int which, int worker) {
    bootstrap *b = user;
    double *values = b->figures + which * b->resamples;
    int64_t known = 0;
    (void)worker;
    for (int64_t i = 0; i < b->resamples; i++)
        if (!isnan(values[i])) values[known++] = values[i];
    if (known == 0) return;
    wf__sort(values, known);
    b->intervals[which] = (wf_interval){wf__quantile(values, known, (1 - b->level) / 2),
                                        wf__quantile(values, known, (1 + b->level) / 2)};
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

wf_status wf_evaluation_bootstrap(wf_evaluation *e, wf_context *cx, wf_pool *pool,
                                  const wf_bootstrap_options *options) {
    wf_status status = WF_OK;
    wf_intervals intervals = {
        .resamples = options->resamples, .level = options->level, .seed = options->seed};
    bootstrap b = {.e = e,
                   .kernels = wf_kernels_best(),
                   .seed = options->seed,
                   .resamples = options->resamples,
                   .level = options->level,
                   .intervals = intervals.of};
    size_t workers = pool ? (size_t)wf_pool_size(pool) : 1;
    WF_REQUIRE(b.resamples >= 1 && b.resamples <= MAX_RESAMPLES, WF_E_ARG,
               "bootstrap: %lld resamples, must be between 1 and %d", (long long)b.resamples,
               MAX_RESAMPLES);
    WF_REQUIRE(b.level > 0 && b.level < 1, WF_E_ARG,
               "bootstrap: level is %g, must be between 0 and 1 | 0.95 is usual", b.level);
    WF_REQUIRE(e->count >= 1 && e->count <= INT32_MAX, WF_E_DATA,
               "bootstrap: %lld images, must be between 1 and %d", (long long)e->count, INT32_MAX);
    WF_REQUIRE_OR(!e->is_multilabel || e->outcomes, WF_E_ARG,
                  "bootstrap: the images' labels are not known | judge the run again");
    if (!e->is_multilabel) WF_TRY_OR(find_cells(&b, cx));
    WF_TRY_OR(wf_alloc(&b.figures, cx, (size_t)b.resamples, WF_HEADLINE_COUNT * sizeof(double)));
    WF_TRY_OR(wf_alloc(&b.times, cx, workers * (size_t)e->count, sizeof *b.times));
    WF_TRY_OR(wf_alloc(&b.counts, cx, workers * (size_t)e->class_count, sizeof *b.counts));
    for (int h = 0; h < WF_HEADLINE_COUNT; h++) intervals.of[h] = (wf_interval){NAN, NAN};
    run_items(pool, judge_resamples, &b,
              (int)((b.resamples + RESAMPLES_PER_ITEM - 1) / RESAMPLES_PER_ITEM));
    run_items(pool, find_interval, &b, WF_HEADLINE_COUNT);
    e->intervals = intervals;
done:
    wf_free(b.cells);
    wf_free(b.figures);
    wf_free(b.times);
    wf_free(b.counts);
    return status;
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
        [WF_HEADLINE_LOSS] = e->loss};
    return figures[which];
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
