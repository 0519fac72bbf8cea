/* Every layer of the product against the independent reference: the output and every gradient, for
 * every line of the shape files, every instruction set level that the CPU has, several sizes of
 * batch and shard, and one to three threads; in bfloat16 as well, on numbers that bfloat16 can
 * hold. */
#include "nn/layer.h"
#include "parity/problem.h"
#include "parity/product.h"
#include "test.h"

/* How the same problem is given to the product. */
typedef struct setting {
    int threads, shard_size; /* 0: chosen by the plan */
    int room;                /* images that the plan was compiled for beyond those given */
    int is_inner;
} setting;

static const setting settings[] = {{1, 0, 0, 0}, {2, 1, 3, 1}, {3, 3, 2, 1}, {1, 64, 0, 1}};
static wf_pool *pools[4];

/* The worst error of a layer as a share of what is allowed. */
typedef struct worst {
    double share, error;
    char text[260];
} worst;

static void open_pools(void) {
    wf_context cx = {0};
    for (int i = 1; i <= 3; i++)
        if (!pools[i]) CHECK_OK(&cx, wf_pool_create(&pools[i], &cx, i));
}

/* Rounding errors of a sum of `terms` numbers of about 1 grow as fast as the sum, with the root of
 * their number: relative to the sum they stay; each term brings the rounding of its factors.
 * In bfloat16 the factors that are given are exact; those that a layer computes (h of a recurrent
 * layer, gradients behind an activation) are rounded to 8 bits, which a sum of independent terms
 * keeps at 2^-9 of its size; the largest of many is a few times that. */
static double allowed(const problem *p, double scale, double terms) {
    const char *activation = shapes_text(p->line, "activation", "linear");
    int is_recurrent = strstr(p->line->layer, "lstm") || strstr(p->line->layer, "gru") ||
                       strstr(p->line->layer, "rnn") || strstr(p->line->layer, "bidirectional") ||
                       strstr(p->line->layer, "sweep");
    int is_product = !strcmp(p->line->layer, "conv2d") || !strcmp(p->line->layer, "dense") ||
                     !strcmp(p->line->layer, "time_distributed");
    int is_exact = !strcmp(activation, "linear") || !strcmp(activation, "relu");
    if (p->bits == 8 && (is_recurrent || (is_product && !is_exact))) return scale * 0x1p-9 * 8;
    return scale * 0x1p-24 * (16 + 2 * sqrt(terms));
}

static void compare(worst *w, const problem *p, const char *isa, const char *what,
                    const float *actual, const double *expected, long n, double terms) {
    double error = 0, scale = 1;
    for (long i = 0; i < n; i++) {
        if (!isfinite(actual[i]))
            printf("%s: %s: %s[%ld]\n", p->line->layer, p->line->text, what, i);
        CHECK(isfinite(actual[i]));
        error = fmax(error, fabs((double)actual[i] - expected[i]));
        scale = fmax(scale, fabs(expected[i]));
    }
    const double tolerance = allowed(p, scale, terms);
    if (error / tolerance > w->share) {
        w->share = error / tolerance;
        w->error = error;
        snprintf(w->text, sizeof w->text, "%s of %s (%s)", what, p->line->text, isa);
    }
    if (error > tolerance)
        printf("%s line %d: %s (%s): %s is off\n", p->line->layer, p->line->line, p->line->text,
               isa, what);
    CHECK_NEAR(error, 0, tolerance);
}

static void set_floats(float *to, const double *from, long n) {
    for (long i = 0; i < n; i++) to[i] = (float)from[i];
}

/* All parameters that the reference has, of the size that it says, and no others. */
static void set_parameters(product *q, const problem *p) {
    const wf_node *node = &q->graph->nodes[q->layer];
    CHECK_INT(node->n_params, p->n_params);
    for (int i = 0; i < p->n_params; i++) {
        float *value = product_value(q, p->params[i].name);
        CHECK(value);
        for (int k = 0; k < node->n_params; k++) {
            const wf_param_entry *entry = &q->graph->params[node->first_param + k];
            if (value == q->params->value + entry->offset)
                CHECK_INT(entry->size, p->params[i].size);
        }
        set_floats(value, p->params[i].value, p->params[i].size);
    }
}

static void check_training(worst *w, product *q, const problem *p, const char *isa) {
    char name[64];
    compare(w, p, isa, "output", q->output, p->y, p->y_size, p->y_terms);
    for (int i = 0; i < p->n_inputs; i++) {
        snprintf(name, sizeof name, "gradient of input %d", i);
        compare(w, p, isa, name, product_input_gradient(q, i), p->dx[i],
                p->n * (long)wf_shape_size(&p->inputs[i]), p->dx_terms);
    }
    for (int i = 0; i < p->n_params; i++) {
        const problem_param *e = &p->params[i];
        snprintf(name, sizeof name, "%s of %.40s", e->grad ? "gradient" : "update", e->name);
        if (e->grad)
            compare(w, p, isa, name, product_gradient(q, e->name), e->grad, e->size, p->grad_terms);
        else compare(w, p, isa, name, product_value(q, e->name), e->updated, e->size, p->y_terms);
    }
}

static void run_setting(worst *w, const problem *p, const char *keys, const setting *s) {
    wf_context cx = {0};
    product *q = NULL;
    product_layer layer = {.class_name = p->line->layer,
                           .keys = keys,
                           .n_inputs = p->n_inputs,
                           .batch = (int)p->n + s->room,
                           .is_inner = s->is_inner};
    for (int i = 0; i < p->n_inputs; i++) layer.inputs[i] = p->inputs[i];
    CHECK_OK(&cx, product_create(&q, &cx, &layer));
    CHECK(wf_shape_equal(&q->graph->nodes[q->layer].shape, &p->output));
    float *dy = malloc((size_t)p->y_size * sizeof *dy);
    CHECK(dy);
    set_floats(dy, p->dy, p->y_size);
    for (int i = 0; i < p->n_inputs; i++)
        set_floats(product_input(q, i), p->x[i], p->n * (long)wf_shape_size(&p->inputs[i]));
    product_run run = {.pool = pools[s->threads],
                       .precision = p->bits == 8 ? WF_BFLOAT16 : WF_FLOAT32,
                       .shard_size = s->shard_size,
                       .n = (int)p->n,
                       .seed = p->seed,
                       .epoch = p->epoch,
                       .position = p->position,
                       .cotangent = dy};
    for (int level = 0; (run.kernels = wf_kernels_at(level)); level++) {
        set_parameters(q, p);
        run.mode = WF_PLAN_TRAIN;
        CHECK_OK(&cx, product_run_once(q, &cx, &run));
        check_training(w, q, p, run.kernels->isa);
        set_parameters(q, p);
        for (int mode = WF_PLAN_INFER; mode <= WF_PLAN_EVALUATE; mode++) {
            run.mode = (wf_plan_mode)mode;
            CHECK_OK(&cx, product_run_once(q, &cx, &run));
            compare(w, p, run.kernels->isa, "output in inference", q->output,
                    p->y_infer ? p->y_infer : p->y, p->y_size, p->y_terms);
        }
    }
    free(dy);
    product_destroy(q);
}

/* The reference knows more activations of recurrent layers than the product: it must say so. */
static bool is_refused(const shapes_problem *line, const char *keys) {
    const char *act = shapes_text(line, "activation", "tanh");
    if (shapes_text(line, "t", NULL) == NULL || shapes_text(line, "units", NULL) == NULL ||
        strcmp(line->layer, "dense") == 0 || strcmp(line->layer, "time_distributed") == 0)
        return false;
    if (strcmp(act, "gelu") != 0 && strcmp(act, "softmax") != 0) return false;
    wf_context cx = {0};
    product *q = NULL;
    product_layer layer = {.class_name = line->layer,
                           .keys = keys,
                           .n_inputs = 1,
                           .inputs = {{.rank = 2, .dim = {3, 4}}},
                           .batch = 2};
    CHECK_FAILS(&cx, product_create(&q, &cx, &layer), WF_E_ARG);
    CHECK(!q);
    return true;
}

static void parity(const char *layer, int bits) {
    int count;
    worst w = {0};
    char keys[512];
    shapes_problem *lines = shapes_load(WF_SOURCE_DIR "/tests/parity/shapes", layer, &count);
    open_pools();
    for (int i = 0; i < count; i++) {
        problem p;
        problem_keys(keys, sizeof keys, &lines[i]);
        if (is_refused(&lines[i], keys)) continue;
        CHECK(problem_create(&p, &lines[i], bits));
        for (size_t s = 0; s < sizeof settings / sizeof *settings; s++)
            run_setting(&w, &p, keys, &settings[s]);
        problem_reset(&p);
    }
    printf("%s, %d bits: worst error %.2g, %.0f%% of what is allowed: %s\n", layer, bits, w.error,
           100 * w.share, w.text);
    free(lines);
}

#define PARITY(layer)                                                                              \
    TEST(parity_of_##layer) {                                                                      \
        parity(#layer, 24);                                                                        \
        parity(#layer, 8);                                                                         \
    }
PARITY(relu)
PARITY(leaky_relu)
PARITY(elu)
PARITY(gelu)
PARITY(sigmoid)
PARITY(tanh)
PARITY(softmax)
PARITY(conv2d)
PARITY(max_pool2d)
PARITY(average_pool2d)
PARITY(global_average_pool2d)
PARITY(global_max_pool2d)
PARITY(global_average_pool1d)
PARITY(global_max_pool1d)
PARITY(dense)
PARITY(flatten)
PARITY(reshape)
PARITY(rows)
PARITY(columns)
PARITY(patches)
PARITY(batch_normalization)
PARITY(layer_normalization)
PARITY(dropout)
PARITY(stochastic_depth)
PARITY(lstm)
PARITY(gru)
PARITY(simple_rnn)
PARITY(bidirectional)
PARITY(sweep)
PARITY(add)
PARITY(concatenate)
PARITY(embedding)
PARITY(repeat_vector)
PARITY(tied_dense)
PARITY(time_distributed)
PARITY(attention)
PARITY(label_sets)

TEST(no_layer_is_missing) {
    for (size_t i = 0; i < wf_layer_count(); i++) {
        const wf_layer_class *class = wf_layer_at(i);
        const wf_test_case *test = wf_test_first;
        char name[96];
        snprintf(name, sizeof name, "parity_of_%s", class->name);
        while (test && strcmp(test->name, name) != 0) test = test->next;
        const int is_exempt = (class->flags & WF_LAYER_NO_GRADIENT_CHECK) != 0;
        if (!test && !is_exempt) printf("%s has no reference\n", class->name);
        CHECK(test || is_exempt);
    }
}

TEST_MAIN()
