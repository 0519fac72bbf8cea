/* What plans say about their steps' cost, and the time that they take. */
#include "test.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "nn/profile.h"
#include "spec/model.h"
#include "train/recipe.h"

enum { BATCH = 6, THREADS = 2 };

static const char *const folders[] = {WF_SOURCE_DIR "/models"};
static wf_context cx;

typedef struct setup {
    wf_model_spec *spec;
    wf_params *params;
    wf_pool *pool;
    wf_plan *plan;
    wf_profile *profile;
    const wf_profile_step *steps;
    int n_steps;
    float *images;
    int32_t labels[BATCH];
    double *step_ns;
} setup;

static void setup_open(setup *s, const char *model, wf_plan_mode mode) {
    char *path = NULL;
    *s = (setup){0};
    CHECK_OK(&cx, wf_model_find(&path, &cx, model, folders, 1));
    CHECK_OK(&cx, wf_model_spec_read(&s->spec, &cx, path));
    wf_free(path);
    CHECK_OK(&cx, wf_params_create(&s->params, &cx, s->spec->graph, 1));
    CHECK_OK(&cx, wf_pool_create(&s->pool, &cx, THREADS));
    const wf_plan_options options = {.mode = mode,
                                     .batch_size = BATCH,
                                     .loss = &s->spec->recipe->loss,
                                     .optimizer = &s->spec->recipe->optimizer};
    CHECK_OK(&cx, wf_plan_create(&s->plan, &cx, s->spec->graph, s->params, s->pool, &options));
    CHECK_OK(&cx, wf_profile_create(&s->profile, &cx, s->plan));
    s->n_steps = wf_profile_steps(s->profile, &s->steps);
    const size_t size = (size_t)wf_shape_size(&s->spec->graph->nodes[0].shape);
    CHECK_OK(&cx, wf_alloc(&s->images, &cx, BATCH * size, sizeof *s->images));
    for (size_t i = 0; i < BATCH * size; i++) s->images[i] = (float)(i % 17) / 17;
    CHECK_OK(&cx, wf_alloc(&s->step_ns, &cx, (size_t)s->n_steps, sizeof *s->step_ns));
}

static void setup_close(setup *s) {
    wf_profile_destroy(s->profile);
    wf_plan_destroy(s->plan);
    wf_pool_destroy(s->pool);
    wf_params_destroy(s->params);
    wf_model_spec_destroy(s->spec);
    wf_free(s->images);
    wf_free(s->step_ns);
}

static void run(setup *s) {
    const wf_batch batch = {
        .values = s->images, .labels = s->labels, .n = BATCH, .learning_rate = 0.001};
    CHECK_OK(&cx, wf_plan_run(NULL, s->plan, &cx, &batch));
}

/* ---- flop ---- */

static double flop_of(const setup *s, int node, wf_pass pass) {
    double flop = 0;
    for (int k = 0; k < s->n_steps; k++)
        if (s->steps[k].node == node && s->steps[k].pass == pass) flop += s->steps[k].flop;
    return flop;
}

/* Something before the node learns, so that it must hand a gradient back. */
static int has_learner_before(const wf_graph *g, int node) {
    for (int k = 0; k < g->nodes[node].n_inputs; k++) {
        const int input = g->nodes[node].inputs[k];
        if (g->nodes[input].n_params > 0 || has_learner_before(g, input)) return 1;
    }
    return 0;
}

/* Multiply-adds of a node that are products with its input, not with its own state: of which
 * there is one for each of the input's vectors. */
static double input_madds(const wf_graph *g, const wf_node *node) {
    double madds = (double)node->madds;
    for (int i = 0; i < node->n_params; i++) {
        const wf_param_entry *p = &g->params[node->first_param + i];
        const wf_shape *src = &g->nodes[node->inputs[0]].shape;
        if (strstr(p->name, "recurrent_kernel"))
            madds -= (double)(wf_shape_size(src) / src->dim[src->rank - 1] * p->size);
    }
    return madds;
}

static void check_flop(const char *model) {
    setup s;
    setup_open(&s, model, WF_PLAN_TRAIN);
    const wf_graph *g = s.spec->graph;
    for (int i = 0; i < g->n_nodes; i++) {
        const double all = 2.0 * BATCH * (double)g->nodes[i].madds;
        const double input = 2.0 * BATCH * input_madds(g, &g->nodes[i]);
        /* of a product of two inputs both gradients are handed back, and no parameter has one */
        const double returned = g->nodes[i].n_params ? all : 2 * all;
        CHECK_NEAR(flop_of(&s, i, WF_PASS_FORWARD), all, 0);
        CHECK_NEAR(flop_of(&s, i, WF_PASS_GRADIENT), g->nodes[i].n_params ? all : 0, 0);
        for (int k = 0; k < s.n_steps; k++)
            CHECK(s.steps[k].made_flop <= s.steps[k].flop &&
                  (s.steps[k].made_flop > 0) == (s.steps[k].flop > 0));
        CHECK_NEAR(flop_of(&s, i, WF_PASS_BACKWARD),
                   has_learner_before(g, i) ? returned : returned - input, 0);
    }
    setup_close(&s);
}

TEST(every_product_is_declared) {
    wf_names names = {0};
    CHECK_OK(&cx, wf_model_names(&names, &cx, folders, 1));
    CHECK(names.count >= 18);
    /* builds with sanitizers take long to draw first weights: a few models only */
    const size_t step = getenv("WEFT_TEST_QUICK") ? 7 : 1;
    for (size_t i = 0; i < names.count; i += step) check_flop(names.items[i]);
    wf_names_reset(&names);
}

TEST(exponentials_of_an_lstm) {
    setup s;
    setup_open(&s, "lstm-186", WF_PLAN_TRAIN);
    double exps = 0, tanhs = 0;
    for (int k = 0; k < s.n_steps; k++) exps += s.steps[k].exps, tanhs += s.steps[k].tanhs;
    CHECK_NEAR(exps, BATCH * (28 * 186 * 3.0 + 10), 0); /* three gates, softmax */
    CHECK_NEAR(tanhs, BATCH * 28 * 186 * 2.0, 0);       /* candidate, output */
    setup_close(&s);
}

TEST(adam_reads_and_writes_moments) {
    setup s;
    setup_open(&s, "cnn-1conv", WF_PLAN_TRAIN);
    const wf_profile_step *last = &s.steps[s.n_steps - 1];
    CHECK(last->node == -1 && last->pass == WF_PASS_UPDATE);
    CHECK_NEAR(last->far_bytes, 7.0 * 4 * (double)s.params->graph->trainable_size, 0);
    CHECK(wf_plan_far_bytes(s.plan) > 4u * 4 * (size_t)s.params->graph->total_size);
    setup_close(&s);
}

/* ---- time ---- */

/* Steps, waiting, and what is between the phases make up the run. The machine may take the threads
 * away for a while at the wrong moment: the best of several attempts counts. */
static void check_times(wf_plan_mode mode) {
    setup s;
    setup_open(&s, "cnn-3conv-leaky", mode);
    run(&s);
    double share = 0;
    for (int attempt = 0; attempt < 50 && share < 0.95; attempt++) {
        wf_profile_reset(s.profile);
        const double began = wf_clock_s();
        run(&s);
        const double ns = 1e9 * THREADS * (wf_clock_s() - began);
        const wf_profile_times times = wf_profile_read(s.step_ns, s.profile);
        double steps = 0;
        for (int k = 0; k < s.n_steps; k++) {
            const int is_skipped = mode != WF_PLAN_TRAIN && s.steps[k].pass == WF_PASS_REFRESH;
            CHECK(is_skipped ? s.step_ns[k] == 0 : s.step_ns[k] > 0);
            steps += s.step_ns[k];
        }
        CHECK_NEAR(steps + times.waiting, times.phases, 1);
        CHECK(times.waiting >= 0 && times.phases <= ns);
        share = times.phases / ns;
    }
    CHECK(share >= 0.95);
    setup_close(&s);
}

TEST(times_of_training_add_up) { check_times(WF_PLAN_TRAIN); }
TEST(times_of_inference_add_up) { check_times(WF_PLAN_INFER); }

TEST(a_plan_lives_on_without_its_profile) {
    setup s;
    setup_open(&s, "cnn-1conv", WF_PLAN_TRAIN);
    wf_profile_destroy(s.profile);
    s.profile = NULL;
    run(&s);
    long k = 1;
    for (wf_status status = WF_E_NOMEM; status != WF_OK; k++) {
        wf__alloc_fail_at(k);
        status = wf_profile_create(&s.profile, &cx, s.plan);
        wf__alloc_fail_at(0);
        CHECK((status == WF_OK) == (s.profile != NULL));
        run(&s);
    }
    CHECK(k > 3);
    setup_close(&s);
}

TEST_MAIN()
