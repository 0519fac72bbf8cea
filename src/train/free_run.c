#include "train/free_run.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"

/* ---- birth and death ---- */

static wf_status allocate(wf__free_run *f, wf_context *cx) {
    const size_t batch = (size_t)f->batch, steps = (size_t)f->teller.length;
    const size_t width = (size_t)f->teller.classes + 1;
    WF_TRY(wf_alloc(&f->told, cx, batch * steps, sizeof *f->told));
    WF_TRY(wf_alloc(&f->right, cx, batch * steps, sizeof *f->right));
    if (!f->is_free) return WF_OK;
    WF_TRY(wf_alloc(&f->said, cx, batch * steps, width * sizeof *f->said));
    WF_TRY(wf_alloc(&f->costs, cx, steps, steps * sizeof *f->costs));
    WF_TRY(wf_alloc(&f->labels, cx, steps, sizeof *f->labels));
    WF_TRY(wf_alloc(&f->steps, cx, steps, sizeof *f->steps));
    WF_TRY(wf_alloc(&f->places, cx, steps, sizeof *f->places));
    return wf__assignment_create(&f->assignment, cx, f->teller.length);
}

wf_status wf__free_run_create(wf__free_run *out, wf_context *cx, wf_params *params, wf_pool *pool,
                              const wf__free_run_options *options) {
    const wf_scheduled_sampling *sampling = &options->recipe->scheduled_sampling;
    const wf_sequence_options *sequences = options->sequences;
    const wf__teller_options teller = {options->precision, options->batch, 1, 0, NULL};
    wf__free_run f = {.sampling = sampling,
                      .is_free = sequences->length > 0 && sequences->order == WF_ORDER_FREE,
                      .epochs = options->recipe->epochs,
                      .seed = sequences->seed,
                      .batch = options->batch};
    wf_status status;
    WF_REQUIRE(
        !sampling->is_on || sequences->length, WF_E_ARG,
        "training: scheduled_sampling is of models that tell sequences of labels, model %s is "
        "none | leave it out",
        params->graph->name);
    WF_REQUIRE(
        !sampling->is_on || !f.is_free, WF_E_ARG,
        "training: scheduled_sampling with order: free of model %s, which is told nothing but "
        "its own labels anyway | leave one of them out",
        params->graph->name);
    if (!sampling->is_on && !f.is_free) return WF_OK;
    WF_TRY_OR(wf__teller_create(&f.teller, cx, params, pool, &teller));
    WF_TRY_OR(allocate(&f, cx));
    *out = f;
    return WF_OK;
done:
    wf__free_run_reset(&f);
    return status;
}

void wf__free_run_reset(wf__free_run *f) {
    wf__teller_reset(&f->teller);
    wf__assignment_reset(&f->assignment);
    wf_free(f->told);
    wf_free(f->right);
    wf_free(f->said);
    wf_free(f->costs);
    wf_free(f->labels);
    wf_free(f->steps);
    wf_free(f->places);
    *f = (wf__free_run){0};
}

/* ---- what a step may be told ---- */

static int32_t count_labels(const int32_t *sequence, int32_t end) {
    int32_t n = 0;
    while (sequence[n] != end) n++;
    return n;
}

static int is_among(const int32_t *labels, int32_t n, int32_t label) {
    for (int32_t t = 0; t < n; t++)
        if (labels[t] == label) return 1;
    return 0;
}

/* Of the labels not told before, and where `among` [n] is given of these only; the lower of
 * equals. */
static int32_t likeliest(const float *p, int32_t classes, const int32_t *told, int32_t step,
                         const int32_t *among, int32_t n) {
    int32_t best = -1;
    for (int32_t k = 0; k < classes; k++) {
        if (is_among(told, step, k) || (among && !is_among(among, n, k))) continue;
        if (best < 0 || p[k] > p[best]) best = k;
    }
    return best;
}

/* One of the labels not told before, by their probabilities. */
static int32_t drawn(const float *p, int32_t classes, const int32_t *told, int32_t step, double u) {
    double sum = 0;
    int32_t last = -1;
    for (int32_t k = 0; k < classes; k++)
        if (!is_among(told, step, k)) sum += (double)p[k];
    u *= sum;
    for (int32_t k = 0; k < classes; k++) {
        if (is_among(told, step, k)) continue;
        last = k;
        u -= (double)p[k];
        if (u < 0) break;
    }
    return last;
}

static double probability_now(const wf__free_run *f, uint32_t epoch) {
    const double x = f->epochs > 1 ? (double)epoch / (f->epochs - 1) : 1;
    const double p = f->sampling->probability;
    switch ((wf_sampling_schedule)f->sampling->schedule) {
    case WF_SAMPLING_LINEAR: return p * x;
    case WF_SAMPLING_INVERSE_SIGMOID: return p / (1 + exp(5 - 10 * x));
    default: return p;
    }
}

/* ---- a batch ---- */

/* The batch's sequences in its own order: what is right, and so far what is told as well; with a
 * free order nothing is told yet. */
static int32_t copy_sequences(wf__free_run *f, const wf_batch *batch) {
    const ptrdiff_t T = f->teller.length;
    int32_t longest = 0;
    for (int i = 0; i < batch->n; i++) {
        const int64_t row = batch->index ? batch->index[i] : i;
        const int32_t n = count_labels(batch->sequences + row * T, f->teller.classes);
        memcpy(f->right + i * T, batch->sequences + row * T, (size_t)T * sizeof *f->right);
        memcpy(f->told + i * T, f->right + i * T, (size_t)T * sizeof *f->told);
        for (int32_t t = 0; t < n && f->is_free; t++) f->told[i * T + t] = -1;
        if (n > longest) longest = n;
    }
    return longest;
}

/* Step t is told a label of the model's own in some of the images. */
static wf_status sample_step(wf__free_run *f, wf_context *cx, const wf_batch *batch, int32_t t) {
    const int32_t T = f->teller.length, K = f->teller.classes;
    const double probability = probability_now(f, batch->epoch);
    const float *p = NULL;
    for (int i = 0; i < batch->n; i++) {
        int32_t *told = f->told + (ptrdiff_t)i * T;
        wf_rng rng;
        if (f->right[(ptrdiff_t)i * T + t] < 0 || f->right[(ptrdiff_t)i * T + t] == K) continue;
        wf_rng_init_at(&rng, f->seed, WF_STREAM_SAMPLING, batch->epoch,
                       (uint32_t)((batch->position + i) * T + t));
        if (wf_rng_uniform(&rng) >= probability) continue;
        if (!p) WF_TRY(wf__teller_ask(&p, &f->teller, cx, f->told, t + 1, NULL));
        told[t] = drawn(p + ((ptrdiff_t)i * T + t) * (K + 1), K, told, t, wf_rng_uniform(&rng));
    }
    return WF_OK;
}

/* Step t is told what the model finds likeliest, `is_true`: of the image's own labels. */
static wf_status choose_step(wf__free_run *f, wf_context *cx, int n, int32_t t, int is_true) {
    const int32_t T = f->teller.length, K = f->teller.classes;
    const float *p;
    WF_TRY(wf__teller_ask(&p, &f->teller, cx, f->told, t + 1, NULL));
    for (int i = 0; i < n; i++) {
        const int32_t *right = f->right + (ptrdiff_t)i * T;
        const int32_t labels = count_labels(right, K);
        int32_t *told = f->told + (ptrdiff_t)i * T;
        const ptrdiff_t at = ((ptrdiff_t)i * T + t) * (K + 1);
        if (t >= labels) continue;
        memcpy(f->said + at, p + at, ((size_t)K + 1) * sizeof *p);
        told[t] = likeliest(p + at, K, told, t, is_true ? right : NULL, labels);
    }
    return WF_OK;
}

/* Which of an image's labels is right at which of its n steps. */
static void align(wf__free_run *f, int32_t *right, const int32_t *told, const float *said,
                  int32_t n) {
    const int32_t K = f->teller.classes;
    int32_t n_labels = 0, n_steps = 0;
    for (int32_t t = 0; t < n; t++) {
        if (!is_among(told, n, right[t])) f->labels[n_labels++] = right[t];
        if (!is_among(right, n, told[t])) f->steps[n_steps++] = t;
    }
    for (int32_t a = 0; a < n_labels; a++)
        for (int32_t b = 0; b < n_steps; b++) {
            const double p = (double)said[(ptrdiff_t)f->steps[b] * (K + 1) + f->labels[a]];
            f->costs[a * n_labels + b] = -log(p > 1e-30 ? p : 1e-30);
        }
    wf__assignment_solve(f->places, &f->assignment, f->costs, n_labels);
    memcpy(right, told, (size_t)n * sizeof *right);
    for (int32_t a = 0; a < n_labels; a++) right[f->steps[f->places[a]]] = f->labels[a];
}

wf_status wf__free_run_prepare(wf__free_run *f, wf_context *cx, wf_batch *batch) {
    const ptrdiff_t T = f->teller.length, width = f->teller.classes + 1;
    if (!f->teller.rest) return WF_OK;
    const int32_t longest = copy_sequences(f, batch);
    WF_TRY(wf__teller_look(&f->teller, cx, batch, 1));
    for (int32_t t = 0; t < longest; t++)
        WF_TRY(f->is_free ? choose_step(f, cx, batch->n, t, 0) : sample_step(f, cx, batch, t));
    for (int i = 0; i < batch->n && f->is_free; i++)
        align(f, f->right + i * T, f->told + i * T, f->said + i * T * width,
              count_labels(f->right + i * T, f->teller.classes));
    batch->sequences = f->right;
    batch->told = f->told;
    batch->hypotheses = 1; /* both stand in the batch's order */
    return WF_OK;
}

wf_status wf__free_run_arrange(wf__free_run *f, wf_context *cx, const wf__rows *rows,
                               int32_t *sequences) {
    const ptrdiff_t T = f->teller.length;
    if (!f->is_free) return WF_OK;
    for (int64_t first = 0; first < rows->n; first += f->batch) {
        const int64_t n = rows->n - first < f->batch ? rows->n - first : f->batch;
        const wf_batch batch = wf__rows_batch(rows, first, n);
        const int32_t longest = copy_sequences(f, &batch);
        WF_TRY(wf__teller_look(&f->teller, cx, &batch, 1));
        for (int32_t t = 0; t < longest; t++) WF_TRY(choose_step(f, cx, batch.n, t, 1));
        for (int64_t i = 0; i < n; i++) {
            const int64_t row = rows->index ? rows->index[first + i] : first + i;
            memcpy(sequences + row * T, f->told + i * T, (size_t)T * sizeof *sequences);
        }
    }
    return WF_OK;
}
