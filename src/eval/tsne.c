/* t-SNE: gradient descent on the divergence between affinities and map, as scikit-learn does it. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "eval/tsne_parts.h"

enum { EXAGGERATED = 250, REPORT_KL = 50 };

static const double start_deviation = 1e-4;

/* ---- the start ---- */

static void start_random(float *map, int64_t n, uint64_t seed) {
    wf_rng r;
    wf_rng_init(&r, seed, WF_STREAM_TSNE, 1);
    for (int64_t i = 0; i < 2 * n; i++) map[i] = (float)(start_deviation * wf_rng_normal(&r));
}

/* With one feature the second coordinate is 0, and stays so. */
static wf_status start_pca(float *map, wf_context *cx, wf_pool *pool, const float *features,
                           int64_t n, int64_t d, uint64_t seed) {
    double square = 0;
    WF_TRY(wf_pca(map, cx, pool, features, n, d, d > 1 ? 2 : 1, seed));
    for (int64_t i = n - 1; i >= 0 && d == 1; i--) {
        map[2 * i] = map[i];
        map[2 * i + 1] = 0;
    }
    for (int64_t i = 0; i < n; i++) square += (double)map[2 * i] * (double)map[2 * i];
    WF_REQUIRE(square > 0, WF_E_DATA,
               "all %" PRId64 " rows of features are equal, there is nothing to map", n);
    const double scale = start_deviation / sqrt(square / (double)n);
    for (int64_t i = 0; i < 2 * n; i++) map[i] = (float)(scale * (double)map[i]);
    return WF_OK;
}

/* ---- the descent ---- */

typedef struct descent {
    wf__forces forces;
    int64_t n;
    float *map;           /* [n][2] */
    float *update, *gain; /* [n][2] */
    double angle, exaggeration, momentum, rate;
} descent;

static wf_status descent_create(descent *out, wf_context *cx, wf_pool *pool,
                                const wf__affinities *affinities, float *map) {
    const size_t numbers = 2 * (size_t)affinities->n;
    *out = (descent){.n = affinities->n, .map = map};
    WF_TRY(wf_alloc(&out->update, cx, numbers, sizeof *out->update));
    WF_TRY(wf_alloc(&out->gain, cx, numbers, sizeof *out->gain));
    return wf__forces_create(&out->forces, cx, pool, affinities);
}

static void descent_reset(descent *d) {
    wf__forces_reset(&d->forces);
    wf_free(d->update);
    wf_free(d->gain);
}

static void begin_phase(descent *d, double exaggeration, double momentum) {
    d->exaggeration = exaggeration;
    d->momentum = momentum;
    for (int64_t i = 0; i < 2 * d->n; i++) {
        d->update[i] = 0;
        d->gain[i] = 1;
    }
}

/* A coordinate that keeps its direction takes longer steps. Jacobs 1988,
 * doi:10.1016/0893-6080(88)90003-2 */
static void step(descent *d) {
    const wf__forces *f = &d->forces;
    wf__forces_compute(&d->forces, d->map, d->angle);
    const float pull = (float)(4 * d->exaggeration), push = (float)(4 / f->z);
    const float momentum = (float)d->momentum, rate = (float)d->rate;
    for (int64_t i = 0; i < 2 * d->n; i++) {
        const float gradient = pull * f->attraction[i] - push * f->repulsion[i];
        const float gain =
            d->update[i] * gradient < 0 ? d->gain[i] + 0.2f : fmaxf(0.8f * d->gain[i], 0.01f);
        d->gain[i] = gain;
        d->update[i] = momentum * d->update[i] - rate * gain * gradient;
        d->map[i] += d->update[i];
    }
}

static wf_status report(descent *d, wf_context *cx, const wf_tsne_options *o, char what[64],
                        int32_t done) {
    if (o->progress && done > 0 && done % REPORT_KL == 0 && d->exaggeration == 1)
        snprintf(what, 64, "t-SNE: KL %.3f", wf__forces_kl(&d->forces, d->map));
    return wf__tell(cx, o->progress, o->progress_user, what, done, o->iterations);
}

static wf_status descend(descent *d, wf_context *cx, const wf_tsne_options *o) {
    const int32_t quarter = o->iterations / 4;
    const int32_t exaggerated = quarter < EXAGGERATED ? quarter : EXAGGERATED;
    char what[64] = "t-SNE";
    d->angle = o->angle;
    d->rate = o->learning_rate;
    begin_phase(d, o->early_exaggeration, 0.5);
    for (int32_t i = 0; i < o->iterations; i++) {
        if (i == exaggerated) begin_phase(d, 1, 0.8);
        WF_TRY(report(d, cx, o, what, i));
        step(d);
    }
    return wf__tell(cx, o->progress, o->progress_user, what, o->iterations, o->iterations);
}

/* ---- all of it ---- */

static wf_status check(wf_tsne_options *o, wf_context *cx, int64_t n) {
    if (o->perplexity == 0) o->perplexity = 30;
    if (o->iterations == 0) o->iterations = 1000;
    if (o->early_exaggeration == 0) o->early_exaggeration = 12;
    if (o->angle == 0) o->angle = 0.5;
    WF_REQUIRE(o->perplexity >= 1, WF_E_ARG, "perplexity is %g, must be at least 1", o->perplexity);
    WF_REQUIRE(n >= 4, WF_E_ARG, "t-SNE needs at least 4 rows of features, there are %" PRId64, n);
    WF_REQUIRE(3 * o->perplexity <= (double)(n - 1), WF_E_ARG,
               "perplexity %g needs %.0f rows of features, there are %" PRId64
               " | a perplexity of %.0f is possible",
               o->perplexity, ceil(3 * o->perplexity + 1), n, floor((double)(n - 1) / 3));
    WF_REQUIRE(o->iterations >= 1, WF_E_ARG, "%" PRId32 " iterations, must be at least 1",
               o->iterations);
    WF_REQUIRE(o->early_exaggeration >= 1, WF_E_ARG, "early exaggeration is %g, must be at least 1",
               o->early_exaggeration);
    WF_REQUIRE(o->angle > 0 && o->angle <= 0.7, WF_E_ARG,
               "angle is %g, must be above 0 and at most "
               "0.7",
               o->angle);
    if (o->learning_rate == 0) o->learning_rate = fmax((double)n / o->early_exaggeration / 4, 50);
    WF_REQUIRE(o->learning_rate > 0 && isfinite(o->learning_rate), WF_E_ARG,
               "learning rate is %g, must be above 0", o->learning_rate);
    return WF_OK;
}

static wf_status find_affinities(wf__affinities *out, wf_context *cx, wf_pool *pool,
                                 const float *features, int64_t n, int64_t d,
                                 const wf_tsne_options *o) {
    const int64_t wanted = (int64_t)(3 * o->perplexity + 1);
    const int32_t k = (int32_t)(wanted < n - 1 ? wanted : n - 1);
    int32_t *index = NULL;
    float *squared = NULL;
    wf_status status;
    WF_TRY_OR(wf_alloc(&index, cx, (size_t)n, (size_t)k * sizeof *index));
    WF_TRY_OR(wf_alloc(&squared, cx, (size_t)n, (size_t)k * sizeof *squared));
    WF_TRY_OR(wf_nearest_neighbours(index, squared, cx, pool, features, n, d, k, o->progress,
                                    o->progress_user));
    WF_TRY_OR(wf__affinities_create(out, cx, pool, index, squared, n, k, o->perplexity));
done:
    wf_free(index);
    wf_free(squared);
    return status;
}

wf_status wf_tsne(float *out_map, wf_tsne_result *out, wf_context *cx, wf_pool *pool,
                  const float *features, int64_t n, int64_t d, const wf_tsne_options *options) {
    wf_tsne_options o = *options;
    wf__affinities affinities = {0};
    descent descent = {0};
    float *map = NULL;
    wf_status status;
    WF_TRY(check(&o, cx, n));
    WF_TRY(wf_alloc(&map, cx, (size_t)n, 2 * sizeof *map));
    if (o.init == WF_TSNE_RANDOM) start_random(map, n, o.seed);
    else WF_TRY_OR(start_pca(map, cx, pool, features, n, d, o.seed));
    WF_TRY_OR(find_affinities(&affinities, cx, pool, features, n, d, &o));
    WF_TRY_OR(descent_create(&descent, cx, pool, &affinities, map));
    WF_TRY_OR(descend(&descent, cx, &o));
    wf__forces_exact_z(&descent.forces, map);
    *out = (wf_tsne_result){.kl = wf__forces_kl(&descent.forces, map),
                            .learning_rate = o.learning_rate};
    memcpy(out_map, map, (size_t)n * 2 * sizeof *map);
done:
    descent_reset(&descent);
    wf__affinities_reset(&affinities);
    wf_free(map);
    return status;
}
