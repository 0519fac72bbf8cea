/* How many more sets one model tells right than another does, and how sure that is. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "base/status.h"
#include "eval/evaluation.h"
#include "report/study.h"

static const double LEVEL = 0.95;

/* Two models at one strength. */
typedef struct pairing {
    int8_t *differences; /* [seeds][images] of one image: 1 more right, 0, -1 */
    int64_t seeds;       /* that both have */
    double value;
    double *resampled; /* [resamples] */
} pairing;

typedef struct gains {
    wf_context *cx;
    const wf_study_run *runs;
    size_t count;
    int64_t resamples, images; /* images: of this strength */
    int strength;
    pairing pairs[WF_STUDY_COMPARISONS];
    uint16_t *times; /* [images] how often each is drawn; 65536 times will never come */
} gains;

static const wf_study_run *find(const gains *g, int model, int64_t seed) {
    for (size_t i = 0; i < g->count; i++) {
        const wf_study_run *r = &g->runs[i];
        if (r->model == model && r->strength == g->strength && r->seed == seed) return r;
    }
    return NULL;
}

static wf_status count_images(gains *g) {
    wf_context *cx = g->cx;
    g->images = 0;
    for (size_t i = 0; i < g->count; i++) {
        if (g->runs[i].strength != g->strength) continue;
        WF_REQUIRE(!g->images || g->runs[i].count == g->images, WF_E_DATA,
                   "dependence %g: results of %lld and of %lld test canvases cannot be compared",
                   wf_study_strengths[g->strength], (long long)g->images,
                   (long long)g->runs[i].count);
        g->images = g->runs[i].count;
    }
    return WF_OK;
}

static wf_status pair_up(gains *g, pairing *p, const wf_study_comparison *c) {
    int64_t sum = 0;
    const size_t n = (size_t)g->images;
    for (size_t i = 0; i < g->count; i++) {
        const wf_study_run *a = &g->runs[i];
        if (a->model != c->model || a->strength != g->strength) continue;
        const wf_study_run *b = find(g, c->over, a->seed);
        if (!b) continue;
        WF_TRY(wf_realloc(&p->differences, g->cx, (size_t)p->seeds * n, (size_t)(p->seeds + 1) * n,
                          sizeof *p->differences));
        int8_t *row = p->differences + (size_t)p->seeds++ * n;
        for (size_t k = 0; k < n; k++) sum += row[k] = (int8_t)(a->right[k] - b->right[k]);
    }
    p->value = p->seeds ? (double)sum / (double)(p->seeds * g->images) : (double)NAN;
    return WF_OK;
}

/* Mean difference over the drawn images, of one seed. */
static double drawn_mean(const gains *g, const int8_t *differences) {
    int64_t sum = 0;
    for (int64_t i = 0; i < g->images; i++) sum += g->times[i] * differences[i];
    return (double)sum / (double)g->images;
}

static void draw(gains *g, int64_t resample) {
    wf_rng rng;
    wf_rng_init_at(&rng, 0, WF_STREAM_BOOTSTRAP, (uint32_t)resample, (uint32_t)g->strength + 1);
    memset(g->times, 0, (size_t)g->images * sizeof *g->times);
    for (int64_t i = 0; i < g->images; i++) g->times[wf_rng_below(&rng, (uint64_t)g->images)]++;
    for (int o = 0; o < WF_STUDY_COMPARISONS; o++) {
        const pairing *p = &g->pairs[o];
        double sum = 0;
        for (int64_t k = 0; k < p->seeds; k++) {
            const uint64_t seed = wf_rng_below(&rng, (uint64_t)p->seeds);
            sum += drawn_mean(g, p->differences + seed * (uint64_t)g->images);
        }
        if (p->seeds) p->resampled[resample] = sum / (double)p->seeds;
    }
}

/* Sorts `values`. */
static wf_study_gain gain_of(double value, double *values, int64_t n) {
    wf__sort(values, n);
    return (wf_study_gain){value, wf__quantile(values, n, (1 - LEVEL) / 2),
                           wf__quantile(values, n, (1 + LEVEL) / 2)};
}

static wf_status resample_strength(gains *g) {
    WF_TRY(count_images(g));
    for (int o = 0; o < WF_STUDY_COMPARISONS; o++)
        WF_TRY(pair_up(g, &g->pairs[o], &wf_study_comparisons[o]));
    if (!g->images) return WF_OK;
    WF_TRY(wf_alloc(&g->times, g->cx, (size_t)g->images, sizeof *g->times));
    for (int64_t r = 0; r < g->resamples; r++) draw(g, r);
    return WF_OK;
}

static void end_strength(gains *g) {
    for (int o = 0; o < WF_STUDY_COMPARISONS; o++) {
        wf_free(g->pairs[o].differences);
        g->pairs[o] = (pairing){.value = (double)NAN, .resampled = g->pairs[o].resampled};
    }
    wf_free(g->times);
    g->times = NULL;
}

wf_status wf_study_gains_of(wf_study_gains *out, wf_context *cx, const wf_study_run *runs,
                            size_t count, int64_t resamples) {
    static const wf_study_gain unknown = {(double)NAN, (double)NAN, (double)NAN};
    gains g = {.cx = cx, .runs = runs, .count = count, .resamples = resamples};
    wf_study_gains all = {.growth = unknown};
    double *growth = NULL;
    const size_t n = (size_t)resamples;
    wf_status status;
    WF_TRY_OR(wf_alloc(&growth, cx, n, sizeof *growth));
    for (int o = 0; o < WF_STUDY_COMPARISONS; o++)
        WF_TRY_OR(wf_alloc(&g.pairs[o].resampled, cx, n, sizeof(double)));
    for (int s = 0; s < WF_STUDY_STRENGTHS; s++) {
        g.strength = s;
        WF_TRY_OR(resample_strength(&g));
        const double *over_first = g.pairs[0].resampled;
        for (size_t r = 0; r < n; r++) {
            if (s == 0) growth[r] = -over_first[r];
            else if (s == WF_STUDY_STRENGTHS - 1) growth[r] += over_first[r];
        }
        for (int o = 0; o < WF_STUDY_COMPARISONS; o++) {
            pairing *p = &g.pairs[o];
            all.over[o][s] = p->seeds ? gain_of(p->value, p->resampled, resamples) : unknown;
        }
        end_strength(&g);
    }
    const double first = all.over[0][0].value, last = all.over[0][WF_STUDY_STRENGTHS - 1].value;
    if (isfinite(first) && isfinite(last)) all.growth = gain_of(last - first, growth, resamples);
    *out = all;
done:
    end_strength(&g);
    for (int o = 0; o < WF_STUDY_COMPARISONS; o++) wf_free(g.pairs[o].resampled);
    wf_free(growth);
    return status;
}
