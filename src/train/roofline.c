#include "train/roofline.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "train/bench.h"

enum { MAX_RUNS = 2048, MAX_ROUNDS = 512, MAX_RUNS_PER_ROUND = 64 };
static const double round_s = 0.03; /* of steps, between two rounds of ceilings */

/* A run's figures; those of waiting, phases and steps are sums over the workers. */
enum { WHOLE, WAITING, PHASES, FIRST_STEP };

/* ---- measuring ---- */

typedef struct meter {
    wf__bench bench;
    wf_ceiling_meter ceilings;
    wf_profile *profile;
    const wf_profile_step *steps;
    int n_steps, n_figures; /* of a run, in ns: see below */
    double *runs;           /* [MAX_RUNS][n_figures] */
    double *rounds;         /* [MAX_ROUNDS][WF_CEILINGS] */
    int n_runs, n_rounds;
} meter;

static wf_status meter_init(meter *m, wf_params *params, wf_context *cx, wf_pool *pool,
                            const wf_bench_options *options) {
    WF_TRY(wf__bench_init(&m->bench, params, cx, pool, options));
    WF_TRY(wf_ceiling_meter_init(&m->ceilings, cx, pool, wf_kernels_best(),
                                 wf_plan_far_bytes(m->bench.plan)));
    WF_TRY(wf_profile_create(&m->profile, cx, m->bench.plan));
    m->n_steps = wf_profile_steps(m->profile, &m->steps);
    m->n_figures = FIRST_STEP + m->n_steps;
    WF_TRY(wf_alloc(&m->runs, cx, (size_t)MAX_RUNS * (size_t)m->n_figures, sizeof *m->runs));
    return wf_alloc(&m->rounds, cx, (size_t)MAX_ROUNDS * WF_CEILINGS, sizeof *m->rounds);
}

static void meter_reset(meter *m) {
    wf_free(m->runs);
    wf_free(m->rounds);
    wf_profile_destroy(m->profile);
    wf_ceiling_meter_reset(&m->ceilings);
    wf__bench_reset(&m->bench);
}

static wf_status measure_run(meter *m, wf_context *cx) {
    double *figures = m->runs + (ptrdiff_t)m->n_runs * m->n_figures;
    wf_profile_reset(m->profile);
    const double began = wf_clock_s();
    WF_TRY(wf__bench_run(&m->bench, cx));
    const double seconds = wf_clock_s() - began;
    const wf_profile_times times = wf_profile_read(figures + FIRST_STEP, m->profile);
    figures[WHOLE] = 1e9 * seconds;
    figures[WAITING] = times.waiting;
    figures[PHASES] = times.phases;
    m->n_runs++;
    return WF_OK;
}

/* The machine may be faster or slower from one second to the next: ceilings and steps in turn. */
static wf_status measure_all(meter *m, wf_context *cx, double seconds) {
    const double began = wf_clock_s();
    double now;
    do {
        double *rates = m->rounds + (ptrdiff_t)m->n_rounds++ * WF_CEILINGS;
        for (int i = 0; i < WF_CEILINGS; i++)
            rates[i] = wf_ceiling_measure(&m->ceilings, (wf_ceiling)i);
        const double round = now = wf_clock_s();
        for (int i = 0; i < MAX_RUNS_PER_ROUND && m->n_runs < MAX_RUNS; i++) {
            WF_TRY(measure_run(m, cx));
            now = wf_clock_s();
            if (now - round > round_s) break;
        }
    } while (now - began < seconds && m->n_runs < MAX_RUNS && m->n_rounds < MAX_ROUNDS);
    return WF_OK;
}

/* ---- evaluating ---- */

/* By the first number. */
static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The mean over the faster half of the runs, of each figure, in ms. */
static void mean_runs(double *out, meter *m) {
    const int half = (m->n_runs + 1) / 2;
    qsort(m->runs, (size_t)m->n_runs, (size_t)m->n_figures * sizeof *m->runs, compare);
    for (int k = 0; k < m->n_figures; k++) {
        double sum = 0;
        for (int i = 0; i < half; i++) sum += m->runs[(ptrdiff_t)i * m->n_figures + k];
        out[k] = 1e-6 * sum / half;
    }
}

static void mean_ceilings(double *out, const meter *m) {
    const int half = (m->n_rounds + 1) / 2;
    for (int c = 0; c < WF_CEILINGS; c++) {
        double rates[MAX_ROUNDS], sum = 0;
        for (int i = 0; i < m->n_rounds; i++) rates[i] = m->rounds[i * WF_CEILINGS + c];
        qsort(rates, (size_t)m->n_rounds, sizeof *rates, compare);
        for (int i = m->n_rounds - half; i < m->n_rounds; i++) sum += rates[i];
        out[c] = sum / half;
    }
}

static wf_ceiling near_level(const wf_plan *plan) {
    const size_t bytes = wf_plan_near_bytes(plan);
    return bytes <= wf_cache_bytes(1)   ? WF_CEILING_L1
           : bytes <= wf_cache_bytes(2) ? WF_CEILING_L2
                                        : WF_CEILING_FAR;
}

static wf_roofline_row *row_of(wf_roofline *r, const wf_profile_step *step) {
    for (int i = 0; i < r->n_rows; i++)
        if (r->rows[i].node == step->node && r->rows[i].pass == step->pass) return &r->rows[i];
    wf_roofline_row *row = &r->rows[r->n_rows++];
    *row = (wf_roofline_row){.node = step->node, .pass = step->pass};
    return row;
}

/* The model; see roofline.h. */
static void add_step(wf_roofline *r, const wf_profile_step *s, double ms) {
    const double *rate = r->ceilings;
    const double flop_rate = rate[s->is_bf16 ? WF_CEILING_BFLOAT16 : WF_CEILING_FLOAT32];
    wf_roofline_row *row = row_of(r, s);
    double part[WF_BOUNDS] = {[WF_BOUND_PRODUCTS] = 1e3 * s->made_flop / flop_rate,
                              [WF_BOUND_NEAR] = 1e3 * s->near_bytes / rate[r->near],
                              [WF_BOUND_FAR] = 1e3 * s->far_bytes / rate[WF_CEILING_FAR],
                              [WF_BOUND_FUNCTIONS] = 1e3 * (s->exps / rate[WF_CEILING_EXP] +
                                                            s->tanhs / rate[WF_CEILING_TANH])};
    double most = 0;
    for (int i = WF_BOUND_PRODUCTS; i <= WF_BOUND_FAR; i++) most = part[i] > most ? part[i] : most;
    for (int i = 0; i < WF_BOUNDS; i++) {
        row->parts[i] += part[i];
        if (row->parts[i] > row->parts[row->bound]) row->bound = (wf_bound)i;
    }
    row->is_bf16 |= s->is_bf16 && s->flop > 0;
    row->flop += s->flop;
    row->made_flop += s->made_flop;
    row->bytes += s->near_bytes + s->far_bytes;
    row->evaluations += s->exps + s->tanhs;
    row->least_ms += most + part[WF_BOUND_FUNCTIONS];
    row->ms += ms;
}

static wf_status evaluate(wf_roofline *r, wf_context *cx, meter *m, int is_inference) {
    double *ms = NULL;
    const int workers = wf_pool_size(m->ceilings.pool);
    wf_status status;
    WF_TRY_OR(wf_alloc(&ms, cx, (size_t)m->n_figures, sizeof *ms));
    WF_TRY_OR(wf_alloc(&r->rows, cx, (size_t)m->n_steps, sizeof *r->rows));
    mean_runs(ms, m);
    mean_ceilings(r->ceilings, m);
    r->near = near_level(m->bench.plan);
    for (int k = 0; k < m->n_steps; k++)
        if (!is_inference || m->steps[k].pass != WF_PASS_REFRESH) /* that was done once */
            add_step(r, &m->steps[k], ms[FIRST_STEP + k] / workers);
    for (int i = 0; i < r->n_rows; i++) r->least_ms += r->rows[i].least_ms;
    r->ms = ms[WHOLE];
    r->waiting_ms = ms[WAITING] / workers;
    r->other_ms = ms[WHOLE] - ms[PHASES] / workers;
    r->runs = m->n_runs;
    r->batch_size = m->bench.batch_size;
done:
    wf_free(ms);
    return status;
}

wf_status wf_roofline_measure(wf_roofline *out, wf_params *params, wf_context *cx, wf_pool *pool,
                              const wf_bench_options *options) {
    meter m = {0};
    wf_roofline r = {0};
    wf_status status;
    WF_TRY_OR(meter_init(&m, params, cx, pool, options));
    WF_TRY_OR(measure_all(&m, cx, options->seconds));
    WF_TRY_OR(evaluate(&r, cx, &m, options->is_inference));
    *out = r;
    r = (wf_roofline){0};
done:
    wf_roofline_reset(&r);
    meter_reset(&m);
    return status;
}

void wf_roofline_reset(wf_roofline *r) { wf_free(r->rows); }
