/* How many trainings side by side are the fastest? Measured, for it depends on the model: small
 * ones leave threads idle at every barrier, large ones fill them and share the caches badly. */
#include <math.h>

#include "cmd/jobs_parts.h"
#include "spec/model.h"

enum { MEASURED_MS = 200, WORTH_S = 5, WORTH_STEPS = 500 }; /* less is not worth measuring */

typedef struct pace {
    wf_session *session;
    const wf_job *job;
    int threads;
} pace;

/* In a child: the median step, NAN when it cannot be timed. */
static void measure(void *user, int fd) {
    const pace *p = user;
    wf_context *cx = &p->session->cli->cx;
    const wf_experiment *e = &p->job->experiment;
    wf_params *params = NULL;
    wf_bench_result result = {0};
    wf_bench_options options = {.recipe = e->model->recipe,
                                .precision = e->precision,
                                .seconds = MEASURED_MS / 1e3,
                                .images = &p->session->dataset->train};
    wf_status status = wf_session_start(p->session, p->threads);
    if (status == WF_OK) status = wf_params_create(&params, cx, e->model->graph, 0);
    if (status == WF_OK) status = wf_bench_step(&result, params, cx, p->session->pool, &options);
    if (status != WF_OK) result.median_ms = (double)NAN;
    wf__worker_tell(fd, &(wf__message){.kind = WF__TELL_PACE, .ms = result.median_ms});
    wf_params_destroy(params);
}

/* The slowest median of `workers` children that train at once; NAN when one cannot be timed. */
static double measure_side_by_side(pace p, int workers) {
    enum { MOST = 1024 };
    wf_context ignored = {0};
    wf__worker w[MOST];
    double slowest = 0;
    int n = 0;
    while (n < workers && wf__worker_start(&w[n], &ignored, measure, &p) == WF_OK) n++;
    int is_whole = n == workers;
    for (int i = 0; i < n; i++) {
        wf__message m = {0};
        char how[128];
        is_whole &= wf__worker_read(&m, &w[i]) && isfinite(m.ms);
        wf__worker_end(how, &w[i]);
        slowest = fmax(slowest, m.ms);
    }
    return is_whole ? slowest : (double)NAN;
}

/* 1, 2, 4 ... and all. */
static int more_of(int workers, int threads) {
    return workers < threads && 2 * workers > threads ? threads : 2 * workers;
}

int wf__jobs_pace(wf_session *s, const wf_job *job, size_t n, double max_seconds) {
    double best_s = INFINITY, jobs = (double)n;
    int best = 1, is_short = n == 1 || jobs * job->steps < WORTH_STEPS;
    is_short |= max_seconds > 0 && max_seconds < WORTH_S;
    for (int workers = 1; workers <= s->threads && workers < 2 * jobs && !is_short;
         workers = more_of(workers, s->threads)) {
        double ms = measure_side_by_side((pace){s, job, s->threads / workers}, workers);
        double all_s = ms / 1e3 * job->steps * ceil(jobs / workers);
        if (isnan(ms) || wf_signals_seen()) break; /* training will say what is wrong */
        if (all_s < best_s) best = workers;
        best_s = fmin(best_s, all_s);
        is_short = best_s < WORTH_S;
    }
    return best;
}
