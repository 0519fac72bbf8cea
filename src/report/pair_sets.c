/* Two models on the same images with any number of labels: differences of their figures by the
 * paired bootstrap, from what the runs keep in predictions.csv. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "report/internal.h"
#include "report/verdict.h"

enum { RESAMPLES = 2000 };

const wf_headline wf__set_columns[WF__SET_COLUMNS] = {WF_HEADLINE_SUBSET_ACCURACY,
                                                      WF_HEADLINE_SET_LOG_LIKELIHOOD,
                                                      WF_HEADLINE_C_F1,
                                                      WF_HEADLINE_O_F1,
                                                      WF_HEADLINE_MAP,
                                                      WF_HEADLINE_SMALL_RECALL};

/* ---- the runs of a row ---- */

typedef struct row_runs {
    const wf_resampled **of; /* [count] */
    size_t count;            /* 0: not known, or not on the same images */
    int64_t *index;          /* [images] of the first run */
    uint8_t *sets;
    int64_t images;
    int classes;
} row_runs;

static void reset_row(row_runs *r) {
    for (size_t i = 0; i < r->count; i++) wf_resampled_destroy((wf_resampled *)r->of[i]);
    wf_free(r->of);
    wf_free(r->index);
    wf_free(r->sets);
    *r = (row_runs){0};
}

static int share_images(const row_runs *r, const wf_predictions *p) {
    const size_t n = (size_t)p->count;
    return r->images == p->count && r->classes == p->class_count &&
           memcmp(r->index, p->index, n * sizeof *p->index) == 0 &&
           memcmp(r->sets, p->sets, n * (size_t)p->class_count) == 0;
}

static wf_status resample(wf_resampled **out, wf_context *cx, const wf_predictions *p) {
    const wf_bootstrap_options options = {.resamples = RESAMPLES, .level = 0.95};
    const wf_judged_sets judged = {.count = p->count,
                                   .class_count = p->class_count,
                                   .targets = p->sets,
                                   .probabilities = p->probabilities,
                                   .told = p->taken,
                                   .set_log_p = p->log_p,
                                   .small = p->small};
    wf_evaluation *e = NULL;
    WF_TRY(wf_evaluation_create_sets(&e, cx, &judged));
    wf_status status = wf_resampled_create(out, cx, NULL, e, &options);
    wf_evaluation_destroy(e);
    return status;
}

/* One more run; *out_is_used 0: it cannot be used, so the row cannot. */
static wf_status add_run(row_runs *r, int *out_is_used, wf_context *cx, const wf_run *run) {
    wf_predictions p = {0};
    wf_resampled *resampled = NULL;
    wf_status status = wf_run_read_sets(&p, cx, run);
    if (status == WF_OK && r->count == 0) {
        r->images = p.count;
        r->classes = p.class_count;
        r->index = p.index;
        r->sets = p.sets;
        p.index = NULL;
        status = resample(&resampled, cx, &p);
        p.sets = NULL;
    } else if (status == WF_OK) {
        *out_is_used = share_images(r, &p);
        if (*out_is_used) status = resample(&resampled, cx, &p);
    }
    if (resampled) r->of[r->count++] = resampled;
    wf_predictions_reset(&p);
    return status;
}

/* What cannot be read leaves the row without runs: the pairs say why already. */
static wf_status read_row(row_runs *r, wf_context *cx, const wf_report_row *row) {
    int is_used = row->runs[0].evaluation->is_multilabel;
    wf_context quiet = {0};
    wf_status status = WF_OK;
    if (!is_used) return WF_OK;
    WF_TRY(wf_alloc(&r->of, cx, row->run_count, sizeof(wf_resampled *)));
    for (size_t i = 0; i < row->run_count && is_used && status == WF_OK; i++)
        status = add_run(r, &is_used, &quiet, row->runs[i].source);
    if (status == WF_OK && is_used) return WF_OK;
    reset_row(r);
    if (status == WF_E_NOMEM && cx) *cx = quiet;
    return status == WF_E_NOMEM ? status : WF_OK;
}

/* ---- the pairs ---- */

static int share_test(const row_runs *a, const row_runs *b) {
    const wf_predictions of_b = {
        .count = b->images, .class_count = b->classes, .index = b->index, .sets = b->sets};
    return a->count > 0 && b->count > 0 && share_images(a, &of_b);
}

static wf_status compare(wf_comparison *c, wf_context *cx, wf_report_pair *pair, const row_runs *a,
                         const row_runs *b) {
    wf_interval intervals[WF_HEADLINE_COUNT];
    if (!wf__rows_share_test(&c->rows[pair->a], &c->rows[pair->b]) || !share_test(a, b))
        return WF_OK;
    WF_TRY(wf_resampled_difference(intervals, cx, a->of, a->count, b->of, b->count));
    pair->has_sets = 1;
    for (int h = WF_HEADLINE_SUBSET_ACCURACY; h < WF_HEADLINE_COUNT; h++)
        pair->sets[h] = (wf_set_difference){c->rows[pair->a].headlines[h].mean -
                                                c->rows[pair->b].headlines[h].mean,
                                            intervals[h].low, intervals[h].high};
    return WF_OK;
}

wf_status wf__comparison_set_pairs(wf_comparison *c, wf_context *cx) {
    row_runs *rows = NULL;
    wf_status status;
    if (c->pair_count == 0 || !wf__has_sets(c)) return WF_OK;
    WF_TRY(wf_alloc(&rows, cx, c->row_count, sizeof *rows));
    for (size_t i = 0; i < c->row_count; i++) WF_TRY_OR(read_row(&rows[i], cx, &c->rows[i]));
    for (size_t k = 0; k < c->pair_count; k++) {
        wf_report_pair *pair = &c->pairs[k];
        WF_TRY_OR(compare(c, cx, pair, &rows[pair->a], &rows[pair->b]));
    }
    status = WF_OK;
done:
    for (size_t i = 0; i < c->row_count; i++) reset_row(&rows[i]);
    wf_free(rows);
    return status;
}

/* ---- in words ---- */

static size_t count_of_sets(const wf_comparison *c) {
    size_t n = 0;
    for (size_t i = 0; i < c->row_count; i++)
        n += c->rows[i].runs[0].evaluation->is_multilabel ? 1 : 0;
    return n;
}

int wf__has_sets(const wf_comparison *c) { return count_of_sets(c) > 0; }

int wf__has_only_sets(const wf_comparison *c) {
    return c->row_count > 0 && count_of_sets(c) == c->row_count;
}

int wf__has_set_pairs(const wf_comparison *c) {
    for (size_t k = 0; k < c->pair_count; k++)
        if (c->pairs[k].has_sets) return 1;
    return 0;
}

int wf__set_column_is_used(const wf_comparison *c, wf_headline h) {
    for (size_t k = 0; k < c->pair_count; k++)
        if (c->pairs[k].has_sets && isfinite(c->pairs[k].sets[h].low)) return 1;
    return 0;
}

void wf__set_difference_cell(wf_str *out, wf_context *cx, const wf_report_pair *pair,
                             wf_headline h) {
    const wf_set_difference *d = &pair->sets[h];
    wf_points points;
    if (!isfinite(d->low)) {
        wf_str_add(out, cx, "-");
    } else if (h == WF_HEADLINE_SET_LOG_LIKELIHOOD) {
        wf_str_addf(out, cx, "%.3f (%.3f to %.3f)", d->difference, d->low, d->high);
    } else {
        wf_points_text(&points, d->difference, d->low, d->high);
        wf_str_addf(out, cx, "%s (%s to %s)", points.difference, points.low, points.high);
    }
}

const char *wf__set_pairs_scope(void) {
    return "The first model's figures minus the second's, with 95% intervals by the paired "
           "bootstrap over the same test images, in points (log-likelihood in nats). They speak "
           "for other images, not for other seeds.";
}
