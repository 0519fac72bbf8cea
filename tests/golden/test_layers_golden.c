/* The product's layers against float64 PyTorch: outputs and every gradient, at every instruction
 * set level. Random masks are given to the product by a kernel table whose `mask` hands out the
 * data's. */
#include "golden/flow_text.h"
#include "golden/golden.h"
#include "parity/product.h"
#include "test.h"

static wf_pool *pool;

/* ---- masks ---- */

/* [n][size] factors: 0 where dropped; [1] of a bidirectional layer's second half */
static const float *factors[2];
static wf_kernels masked_kernels;

static void given_mask(uint8_t *bits, int n, int size, uint32_t keep, const wf_mask_key *key) {
    (void)keep;
    const float *from = factors[key->stream >> 20 & 1];
    const size_t bytes = (size_t)(size + 7) / 8;
    memset(bits, 0, (size_t)n * bytes);
    for (int64_t j = 0; j < n; j++)
        for (int i = 0; i < size; i++)
            if (from[(key->position + j) * size + i] != 0)
                bits[(size_t)j * bytes + (size_t)i / 8] |= (uint8_t)(1 << (i % 8));
}

static const wf_kernels *with_masks(const golden_case *c, const wf_kernels *level) {
    golden_array a;
    factors[0] = factors[1] = NULL;
    if (golden_get(&a, c, "mask")) factors[0] = a.data;
    if (golden_get(&a, c, "forward_mask")) factors[0] = a.data;
    if (golden_get(&a, c, "backward_mask")) factors[1] = a.data;
    masked_kernels = *level;
    if (factors[0]) masked_kernels.mask = given_mask;
    return &masked_kernels;
}

/* ---- one case ---- */

static double worst_share;
static char worst_text[200];

static void compare(const golden_case *c, const char *isa, const char *name, const float *actual) {
    golden_array a;
    double worst = 0;
    if (!golden_get(&a, c, name)) return;
    const double *expected = golden_f64(c, name, NULL);
    CHECK(actual);
    for (long i = 0; i < a.size; i++) {
        CHECK(isfinite(actual[i]));
        worst = fmax(worst, fabs((double)actual[i] - expected[i]));
    }
    if (worst / a.tolerance > worst_share) {
        worst_share = worst / a.tolerance;
        snprintf(worst_text, sizeof worst_text, "%s of %s (%s)", name, c->name, isa);
    }
    if (worst > a.tolerance) printf("%s (%s): %s is off\n", c->name, isa, name);
    CHECK_NEAR(worst, 0, a.tolerance);
}

static int input_array(golden_array *out, const golden_case *c, int i) {
    char name[16];
    snprintf(name, sizeof name, "x%d", i);
    return golden_get(out, c, name) || (i == 0 && golden_get(out, c, "x"));
}

static product_layer layer_of(const golden_case *c, const char *keys) {
    golden_array x;
    product_layer layer = {.class_name = c->type, .keys = keys};
    while (input_array(&x, c, layer.n_inputs)) {
        wf_shape *s = &layer.inputs[layer.n_inputs++];
        layer.batch = (int)x.shape[0];
        s->rank = x.rank - 1;
        for (int i = 1; i < x.rank; i++) s->dim[i - 1] = x.shape[i];
    }
    return layer;
}

static void set_values(product *q, const golden_case *c) {
    golden_array a;
    const wf_node *node = &q->graph->nodes[q->layer];
    for (int i = 0; input_array(&a, c, i); i++)
        memcpy(product_input(q, i), a.data, (size_t)a.size * sizeof(float));
    for (int i = 0; i < node->n_params; i++) {
        const wf_param_entry *entry = &q->graph->params[node->first_param + i];
        CHECK(golden_get(&a, c, strchr(entry->name, '/') + 1));
        CHECK_STR(a.type, "f32");
        CHECK_INT(entry->size, a.size);
        memcpy(q->params->value + entry->offset, a.data, (size_t)a.size * sizeof(float));
    }
}

static void check_training(product *q, const golden_case *c, const char *isa) {
    char name[64];
    const wf_node *node = &q->graph->nodes[q->layer];
    compare(c, isa, "y", q->output);
    compare(c, isa, "dx", product_input_gradient(q, 0));
    for (int i = 0; i < q->n_inputs; i++) {
        snprintf(name, sizeof name, "dx%d", i);
        compare(c, isa, name, product_input_gradient(q, i));
    }
    for (int i = 0; i < node->n_params; i++) {
        const wf_param_entry *entry = &q->graph->params[node->first_param + i];
        const char *own = strchr(entry->name, '/') + 1;
        snprintf(name, sizeof name, "%s%.40s", entry->is_trainable ? "d" : "new_", own);
        compare(c, isa, name,
                entry->is_trainable ? product_gradient(q, own) : product_value(q, own));
    }
}

/* The data knows more activations of recurrent layers than the product, which must say so. */
static int is_refused(const product_layer *layer, const char *keys) {
    if (strcmp(layer->class_name, "lstm") && strcmp(layer->class_name, "gru")) return 0;
    if (!strstr(keys, "softmax") && !strstr(keys, "gelu")) return 0;
    wf_context cx = {0};
    product *q = NULL;
    CHECK_FAILS(&cx, product_create(&q, &cx, layer), WF_E_ARG);
    return 1;
}

static void run_case(const golden_case *c) {
    wf_context cx = {0};
    product *q = NULL;
    char keys[512];
    flow_text(keys, sizeof keys, c->config, "inference");
    product_layer layer = layer_of(c, keys);
    if (is_refused(&layer, keys)) return;
    const int is_inference = golden_bool(c->config, "inference", false);
    CHECK_OK(&cx, product_create(&q, &cx, &layer));
    product_run run = {.mode = is_inference ? WF_PLAN_INFER : WF_PLAN_TRAIN, .pool = pool};
    if (!is_inference) run.cotangent = golden_f32(c, "dy", NULL);
    const wf_kernels *level;
    for (int i = 0; (level = wf_kernels_at(i)); i++) {
        set_values(q, c);
        run.kernels = with_masks(c, level);
        run.shard_size = i % 2 ? 2 : 0;
        CHECK_OK(&cx, product_run_once(q, &cx, &run));
        if (is_inference) compare(c, level->isa, "y", q->output);
        else check_training(q, c, level->isa);
    }
    product_destroy(q);
}

static void run_all(const char *type) {
    wf_context cx = {0};
    int seen = 0;
    if (!pool) CHECK_OK(&cx, wf_pool_create(&pool, &cx, 2));
    golden *g = golden_open(WF_SOURCE_DIR "/tests/golden");
    worst_share = 0;
    for (size_t i = 0; i < golden_count(g); i++) {
        golden_case c = golden_at(g, i);
        if (strcmp(c.kind, "layer") != 0 || strcmp(c.type, type) != 0) continue;
        run_case(&c);
        seen++;
    }
    CHECK(seen > 0);
    if (worst_share > 0)
        printf("%s: worst error is %.0f%% of the tolerance: %s\n", type, 100 * worst_share,
               worst_text);
    golden_close(g);
}

#define GOLDEN(type)                                                                               \
    TEST(golden_##type) { run_all(#type); }
GOLDEN(relu)
GOLDEN(leaky_relu)
GOLDEN(elu)
GOLDEN(gelu)
GOLDEN(sigmoid)
GOLDEN(tanh)
GOLDEN(softmax)
GOLDEN(conv2d)
GOLDEN(max_pool2d)
GOLDEN(average_pool2d)
GOLDEN(global_average_pool2d)
GOLDEN(global_max_pool2d)
GOLDEN(global_average_pool1d)
GOLDEN(global_max_pool1d)
GOLDEN(dense)
GOLDEN(batch_normalization)
GOLDEN(layer_normalization)
GOLDEN(dropout)
GOLDEN(stochastic_depth)
GOLDEN(lstm)
GOLDEN(gru)
GOLDEN(simple_rnn)
GOLDEN(bidirectional)
GOLDEN(sweep)
GOLDEN(add)
GOLDEN(concatenate)
GOLDEN(rows)
GOLDEN(columns)
GOLDEN(patches)
GOLDEN(flatten)
GOLDEN(reshape)

TEST_MAIN()
