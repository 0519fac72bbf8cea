/* The roofline: ceilings that are rates, rows that add up to the step. */
#include "test.h"

#include "base/alloc.h"
#include "spec/model.h"
#include "train/roofline.h"

static const char *const folders[] = {WF_SOURCE_DIR "/models"};
static wf_context cx;

typedef struct setup {
    wf_model_spec *spec;
    wf_params *params;
    wf_pool *pool;
    wf_bench_options options;
    wf_roofline r;
} setup;

static void setup_open(setup *s, const char *model, int threads) {
    char *path = NULL;
    *s = (setup){0};
    CHECK_OK(&cx, wf_model_find(&path, &cx, model, folders, 1));
    CHECK_OK(&cx, wf_model_spec_read(&s->spec, &cx, path));
    wf_free(path);
    CHECK_OK(&cx, wf_params_create(&s->params, &cx, s->spec->graph, 1));
    CHECK_OK(&cx, wf_pool_create(&s->pool, &cx, threads));
    s->options = (wf_bench_options){
        .recipe = s->spec->recipe, .batch_size = 8, .seconds = 0.01, .warmup_steps = 1};
}

static void setup_measure(setup *s) {
    CHECK_OK(&cx, wf_roofline_measure(&s->r, s->params, &cx, s->pool, &s->options));
}

static void setup_close(setup *s) {
    wf_roofline_reset(&s->r);
    wf_pool_destroy(s->pool);
    wf_params_destroy(s->params);
    wf_model_spec_destroy(s->spec);
}

static const wf_roofline_row *row_of(const wf_roofline *r, int node, wf_pass pass) {
    const wf_roofline_row *found = NULL;
    for (int i = 0; i < r->n_rows; i++)
        if (r->rows[i].node == node && r->rows[i].pass == pass) {
            CHECK(!found); /* one row for each layer and pass */
            found = &r->rows[i];
        }
    return found;
}

static void check_sums(const wf_roofline *r) {
    double ms = r->waiting_ms + r->other_ms, least = 0;
    for (int i = 0; i < r->n_rows; i++) {
        const wf_roofline_row *row = &r->rows[i];
        double most = 0;
        for (int k = 0; k < WF_BOUNDS; k++) most = fmax(most, row->parts[k]);
        CHECK(row->ms > 0 && row->least_ms >= most * (1 - 1e-9));
        CHECK_NEAR(row->parts[row->bound], most, 0);
        ms += row->ms;
        least += row->least_ms;
    }
    CHECK_NEAR(ms, r->ms, 1e-6 * r->ms);
    CHECK_NEAR(least, r->least_ms, 1e-9 * least);
    for (int i = 0; i < WF_CEILINGS; i++) CHECK(r->ceilings[i] > 1e6 && isfinite(r->ceilings[i]));
}

TEST(a_training_step) {
    setup s;
    setup_open(&s, "cnn-32-lstm", 2);
    setup_measure(&s);
    check_sums(&s.r);
    const wf_graph *g = s.spec->graph;
    for (int i = 1; i < g->n_nodes; i++) {
        if (!g->nodes[i].madds) continue;
        const wf_roofline_row *row = row_of(&s.r, i, WF_PASS_FORWARD);
        CHECK(row && row->flop > 0 && row_of(&s.r, i, WF_PASS_GRADIENT));
    }
    CHECK(row_of(&s.r, -1, WF_PASS_UPDATE));
    CHECK(s.r.runs >= 1 && s.r.batch_size == 8);
    setup_close(&s);
}

TEST(a_call) {
    setup s;
    setup_open(&s, "gru-128", 3);
    s.options.is_inference = 1;
    s.options.batch_size = 1;
    setup_measure(&s);
    check_sums(&s.r);
    for (int i = 0; i < s.r.n_rows; i++) CHECK_INT(s.r.rows[i].pass, WF_PASS_FORWARD);
    setup_close(&s);
}

TEST(bfloat16_has_its_own_ceiling) {
    setup s;
    setup_open(&s, "lstm-186", 1);
    s.options.precision = WF_BFLOAT16;
    setup_measure(&s);
    check_sums(&s.r);
    int n = 0;
    for (int i = 0; i < s.r.n_rows; i++) {
        const wf_roofline_row *row = &s.r.rows[i];
        if (!row->is_bf16) continue;
        n++;
        CHECK_NEAR(row->parts[WF_BOUND_PRODUCTS],
                   1e3 * row->made_flop / s.r.ceilings[WF_CEILING_BFLOAT16],
                   1e-9 * row->parts[WF_BOUND_PRODUCTS]);
    }
    CHECK(n >= 3);
    setup_close(&s);
}

TEST(failures_leave_nothing) {
    setup s;
    setup_open(&s, "cnn-1conv", 2);
    CHECK_OK(&cx, wf_roofline_measure(&s.r, s.params, &cx, s.pool, &s.options));
    wf_roofline_reset(&s.r);
    s.r = (wf_roofline){0};
    const long before = wf__alloc_count();
    setup_measure(&s);
    const long made = wf__alloc_count() - before;
    wf_roofline_reset(&s.r);
    s.r = (wf_roofline){0};
    for (long k = made; k > made - 7; k--) { /* the last ones are the roofline's own */
        wf__alloc_fail_at(k);
        const wf_status status = wf_roofline_measure(&s.r, s.params, &cx, s.pool, &s.options);
        wf__alloc_fail_at(0);
        CHECK_FAILS(&cx, status, WF_E_NOMEM);
        CHECK(s.r.rows == NULL);
    }
    s.options.batch_size = 1 << 15;
    CHECK_FAILS(&cx, wf_roofline_measure(&s.r, s.params, &cx, s.pool, &s.options), WF_E_ARG);
    setup_close(&s);
}

TEST_MAIN()
