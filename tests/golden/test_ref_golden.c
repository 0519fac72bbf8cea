/* The references against float64 PyTorch: every layer, loss and optimizer of the golden data. */
#include "golden/golden.h"
#include "ref/ref.h"
#include "test.h"

enum { MAX_ARRAYS = 16 };

/* One case with its inputs as doubles; memory of a failed test goes with the process. */
typedef struct run {
    golden_case c;
    golden_array x;
    double *own[64];
    int count;
} run;

static double *zeros(run *r, long n) {
    double *p = calloc((size_t)n + 1, sizeof *p);
    if (p == NULL || r->count == 64) abort();
    return r->own[r->count++] = p;
}

static double *input(run *r, const char *name) {
    double *p = golden_doubles(&r->c, name);
    if (p != NULL) r->own[r->count++] = p;
    return p;
}

/* Room for an expected array, or NULL when the case has none. */
static double *result(run *r, const char *name) {
    golden_array a;
    return golden_get(&a, &r->c, name) ? zeros(r, a.size) : NULL;
}

static void compare(const run *r, const char *name, const double *actual) {
    golden_array a;
    if (!golden_get(&a, &r->c, name)) return;
    const double *expected = golden_f64(&r->c, name, NULL);
    double worst = 0, scale = 1;
    for (long i = 0; i < a.size; i++) {
        worst = fmax(worst, fabs(actual[i] - expected[i]));
        scale = fmax(scale, fabs(expected[i]));
        CHECK(isfinite(actual[i]));
    }
    if (worst > 1e-10 * scale) printf("%s: %s: off by %g\n", r->c.name, name, worst);
    CHECK_NEAR(worst, 0, 1e-10 * scale);
}

static ref_activation activation(const json_t *config, const char *key, const char *otherwise) {
    ref_activation a;
    CHECK(ref_activation_by_name(&a, golden_text(config, key, otherwise)));
    return a;
}

static ref_padding padding(const json_t *config) {
    return strcmp(golden_text(config, "padding", "valid"), "same") == 0 ? REF_SAME : REF_VALID;
}

/* All axes but the last, folded. */
static long rows_of(const golden_array *a) { return a->size / a->shape[a->rank - 1]; }

static void run_conv2d(run *r) {
    const json_t *f = r->c.config;
    const long *s = r->x.shape;
    long k[2], stride[2], dilation[2];
    golden_pair(f, "kernel_size", 0, k);
    golden_pair(f, "strides", 1, stride);
    golden_pair(f, "dilation_rate", 1, dilation);
    ref_conv2d p = {s[0],
                    s[1],
                    s[2],
                    s[3],
                    golden_int(f, "filters", 0),
                    k[0],
                    k[1],
                    stride[0],
                    stride[1],
                    dilation[0],
                    dilation[1],
                    golden_int(f, "groups", 1),
                    padding(f),
                    activation(f, "activation", "linear")};
    const double *x = input(r, "x"), *kernel = input(r, "kernel"), *bias = input(r, "bias");
    double *y = result(r, "y"), *dx = result(r, "dx"), *dk = result(r, "dkernel");
    double *db = result(r, "dbias");
    ref_conv2d_forward(&p, x, kernel, bias, y);
    ref_conv2d_backward(&p, x, kernel, bias, input(r, "dy"), dx, dk, db);
    compare(r, "y", y);
    compare(r, "dx", dx);
    compare(r, "dkernel", dk);
    compare(r, "dbias", db);
}

static void run_pool2d(run *r) {
    const json_t *f = r->c.config;
    const long *s = r->x.shape;
    long k[2], stride[2];
    golden_pair(f, "pool_size", 2, k);
    golden_pair(f, "strides", 0, stride);
    ref_pool2d p = {s[0], s[1], s[2], s[3], k[0], k[1], stride[0], stride[1], padding(f)};
    const double *x = input(r, "x"), *dy = input(r, "dy");
    double *y = result(r, "y"), *dx = result(r, "dx");
    if (r->c.type[0] == 'm') {
        ref_max_pool2d_forward(&p, x, y);
        ref_max_pool2d_backward(&p, x, dy, dx);
    } else {
        ref_average_pool2d_forward(&p, x, y);
        ref_average_pool2d_backward(&p, dy, dx);
    }
    compare(r, "y", y);
    compare(r, "dx", dx);
}

/* Layers of an image without parameters. */
static void run_image(run *r) {
    const long *s = r->x.shape;
    const double *x = input(r, "x"), *dy = input(r, "dy");
    double *y = result(r, "y"), *dx = result(r, "dx");
    if (r->c.type[0] == 'g') {
        ref_global_average_pool2d_forward(s[0], s[1], s[2], s[3], x, y);
        ref_global_average_pool2d_backward(s[0], s[1], s[2], s[3], dy, dx);
    } else if (r->c.type[0] == 'r') {
        ref_rows_forward(s[0], s[1], s[2], s[3], x, y);
        ref_rows_backward(s[0], s[1], s[2], s[3], dy, dx);
    } else {
        ref_columns_forward(s[0], s[1], s[2], s[3], x, y);
        ref_columns_backward(s[0], s[1], s[2], s[3], dy, dx);
    }
    compare(r, "y", y);
    compare(r, "dx", dx);
}

static void run_dense(run *r) {
    const json_t *f = r->c.config;
    ref_dense p = {rows_of(&r->x), r->x.shape[r->x.rank - 1], golden_int(f, "units", 0),
                   activation(f, "activation", "linear")};
    const double *x = input(r, "x"), *kernel = input(r, "kernel"), *bias = input(r, "bias");
    double *y = result(r, "y"), *dx = result(r, "dx"), *dk = result(r, "dkernel");
    double *db = result(r, "dbias");
    ref_dense_forward(&p, x, kernel, bias, y);
    ref_dense_backward(&p, x, kernel, bias, input(r, "dy"), dx, dk, db);
    compare(r, "y", y);
    compare(r, "dx", dx);
    compare(r, "dkernel", dk);
    compare(r, "dbias", db);
}

static void run_normalization(run *r) {
    const json_t *f = r->c.config;
    ref_norm p = {rows_of(&r->x), r->x.shape[r->x.rank - 1], golden_real(f, "momentum", 0.99),
                  golden_real(f, "epsilon", 1e-3)};
    const double *x = input(r, "x"), *gamma = input(r, "gamma"), *beta = input(r, "beta");
    const double *dy = input(r, "dy");
    double *mean = input(r, "moving_mean"), *variance = input(r, "moving_variance");
    double *y = result(r, "y"), *dx = result(r, "dx"), *dg = result(r, "dgamma");
    double *db = result(r, "dbeta");
    if (r->c.type[0] == 'l') {
        ref_layer_normalization_forward(&p, x, gamma, beta, y);
        ref_layer_normalization_backward(&p, x, gamma, dy, dx, dg, db);
    } else if (golden_bool(f, "inference", false)) {
        ref_batch_normalization_infer(&p, x, gamma, beta, mean, variance, y);
        ref_batch_normalization_infer_backward(&p, x, gamma, mean, variance, dy, dx, dg, db);
    } else {
        ref_batch_normalization_forward(&p, x, gamma, beta, mean, variance, y);
        ref_batch_normalization_backward(&p, x, gamma, dy, dx, dg, db);
        compare(r, "new_moving_mean", mean);
        compare(r, "new_moving_variance", variance);
    }
    compare(r, "y", y);
    compare(r, "dx", dx);
    compare(r, "dgamma", dg);
    compare(r, "dbeta", db);
}

static ref_rnn rnn_of(const run *r, const char *type, const json_t *f) {
    const long *s = r->x.shape, features = s[r->x.rank - 1];
    return (ref_rnn){type[0] == 'l'   ? REF_LSTM
                     : type[0] == 'g' ? REF_GRU
                                      : REF_SIMPLE_RNN,
                     s[0],
                     s[1],
                     features,
                     golden_int(f, "units", 0),
                     activation(f, "activation", "tanh"),
                     activation(f, "recurrent_activation", "sigmoid"),
                     golden_bool(f, "return_sequences", false),
                     golden_bool(f, "go_backwards", false)};
}

static const char *joined(char out[64], const char *a, const char *b) {
    snprintf(out, 64, "%s%s", a, b);
    return out;
}

static ref_rnn_params rnn_params(run *r, const char *prefix) {
    char name[64];
    ref_rnn_params w;
    w.kernel = input(r, joined(name, prefix, "kernel"));
    w.recurrent_kernel = input(r, joined(name, prefix, "recurrent_kernel"));
    w.bias = input(r, joined(name, prefix, "bias"));
    w.mask = input(r, joined(name, prefix, "mask"));
    return w;
}

static ref_rnn_grads rnn_grads(run *r, const char *prefix) {
    char name[64];
    ref_rnn_grads g;
    g.kernel = result(r, joined(name, prefix, "kernel"));
    g.recurrent_kernel = result(r, joined(name, prefix, "recurrent_kernel"));
    g.bias = result(r, joined(name, prefix, "bias"));
    return g;
}

static void compare_rnn(const run *r, const char *prefix, ref_rnn_grads g) {
    char name[64];
    compare(r, joined(name, prefix, "kernel"), g.kernel);
    compare(r, joined(name, prefix, "recurrent_kernel"), g.recurrent_kernel);
    compare(r, joined(name, prefix, "bias"), g.bias);
}

static void run_rnn(run *r) {
    ref_rnn p = rnn_of(r, r->c.type, r->c.config);
    ref_rnn_params w = rnn_params(r, "");
    ref_rnn_grads g = rnn_grads(r, "d");
    const double *x = input(r, "x");
    double *y = result(r, "y"), *dx = result(r, "dx");
    ref_rnn_forward(&p, x, w, y);
    ref_rnn_backward(&p, x, w, input(r, "dy"), dx, g);
    compare(r, "y", y);
    compare(r, "dx", dx);
    compare_rnn(r, "d", g);
}

/* The only key of an object, and what it stands for. */
static const char *only_key(json_t **value, json_t *object) {
    void *inner = json_object_iter(object);
    *value = json_object_iter_value(inner);
    return json_object_iter_key(inner);
}

static void run_bidirectional(run *r) {
    json_t *layer = NULL;
    const char *type = only_key(&layer, json_object_get(r->c.config, "layer"));
    ref_rnn p = rnn_of(r, type, layer);
    const char *mode = golden_text(r->c.config, "merge_mode", "concat");
    ref_merge merge = strcmp(mode, "sum") == 0 ? REF_SUM : REF_CONCAT;
    const ref_rnn_params w[] = {rnn_params(r, "forward_"), rnn_params(r, "backward_")};
    const ref_rnn_grads g[] = {rnn_grads(r, "dforward_"), rnn_grads(r, "dbackward_")};
    const double *x = input(r, "x");
    double *y = result(r, "y"), *dx = result(r, "dx");
    ref_bidirectional_forward(&p, merge, x, w, y);
    ref_bidirectional_backward(&p, merge, x, w, input(r, "dy"), dx, g);
    compare(r, "y", y);
    compare(r, "dx", dx);
    compare_rnn(r, "dforward_", g[0]);
    compare_rnn(r, "dbackward_", g[1]);
}

static void run_sweep(run *r) {
    const long *s = r->x.shape;
    json_t *layer = NULL;
    const char *type = only_key(&layer, json_object_get(r->c.config, "layer")), *mode = "concat";
    ref_sweep p = {.h = s[1],
                   .w = s[2],
                   .is_vertical = golden_text(r->c.config, "axis", "")[0] == 'v',
                   .is_bidirectional = strcmp(type, "bidirectional") == 0};
    if (p.is_bidirectional) {
        mode = golden_text(layer, "merge_mode", mode);
        type = only_key(&layer, json_object_get(layer, "layer"));
    }
    p.merge = strcmp(mode, "sum") == 0 ? REF_SUM : REF_CONCAT;
    p.rnn = rnn_of(r, type, layer);
    p.rnn.n = s[0] * (p.is_vertical ? s[2] : s[1]);
    p.rnn.t = p.is_vertical ? s[1] : s[2];
    const char *halves[] = {p.is_bidirectional ? "forward_" : "", "backward_"};
    const char *gradients[] = {p.is_bidirectional ? "dforward_" : "d", "dbackward_"};
    const ref_rnn_params w[] = {rnn_params(r, halves[0]), rnn_params(r, halves[1])};
    const ref_rnn_grads g[] = {rnn_grads(r, gradients[0]), rnn_grads(r, gradients[1])};
    const double *x = input(r, "x");
    double *y = result(r, "y"), *dx = result(r, "dx");
    ref_sweep_forward(&p, x, w, y);
    ref_sweep_backward(&p, x, w, input(r, "dy"), dx, g);
    compare(r, "y", y);
    compare(r, "dx", dx);
    for (int i = 0; i < 1 + p.is_bidirectional; i++) compare_rnn(r, gradients[i], g[i]);
}

static void run_merge(run *r) {
    const double *x[MAX_ARRAYS], *dy = input(r, "dy");
    double *dx[MAX_ARRAYS], *y = result(r, "y");
    long width[MAX_ARRAYS], count = 0;
    char name[64];
    golden_array a = {0};
    for (;; count++) {
        snprintf(name, sizeof name, "x%ld", count);
        if (!golden_get(&a, &r->c, name)) break;
        x[count] = input(r, name);
        dx[count] = zeros(r, a.size);
        width[count] = a.shape[a.rank - 1];
    }
    CHECK(count >= 2);
    if (r->c.type[0] == 'a') {
        ref_add_forward(count, a.size, x, y);
        ref_add_backward(count, a.size, dy, dx);
    } else {
        ref_concatenate_forward(count, rows_of(&a), width, x, y);
        ref_concatenate_backward(count, rows_of(&a), width, dy, dx);
    }
    compare(r, "y", y);
    for (long i = 0; i < count; i++) {
        snprintf(name, sizeof name, "dx%ld", i);
        compare(r, name, dx[i]);
    }
}

static void run_global_pool(run *r) {
    const long n = r->x.shape[0], c = r->x.shape[r->x.rank - 1], t = r->x.size / n / c;
    const double *x = input(r, "x"), *dy = input(r, "dy");
    double *y = result(r, "y"), *dx = result(r, "dx");
    if (strstr(r->c.type, "max")) {
        ref_global_max_pool_forward(n, t, c, x, y);
        ref_global_max_pool_backward(n, t, c, x, dy, dx);
    } else {
        ref_global_average_pool2d_forward(n, t, 1, c, x, y);
        ref_global_average_pool2d_backward(n, t, 1, c, dy, dx);
    }
    compare(r, "y", y);
    compare(r, "dx", dx);
}

static void run_patches(run *r) {
    const long *s = r->x.shape, size = golden_int(r->c.config, "patch_size", 0);
    const ref_patches p = {s[0], s[1], s[2], s[3], size, size};
    double *y = result(r, "y"), *dx = result(r, "dx");
    ref_patches_forward(&p, input(r, "x"), y);
    ref_patches_backward(&p, input(r, "dy"), dx);
    compare(r, "y", y);
    compare(r, "dx", dx);
}

static void run_dropout(run *r) {
    const double *mask = input(r, "mask");
    double *y = result(r, "y"), *dx = result(r, "dx");
    ref_dropout(r->x.size, input(r, "x"), mask, y);
    ref_dropout(r->x.size, input(r, "dy"), mask, dx);
    compare(r, "y", y);
    compare(r, "dx", dx);
}

static void run_reshape(run *r) {
    double *y = result(r, "y"), *dx = result(r, "dx");
    ref_reshape(r->x.size, input(r, "x"), y);
    ref_reshape(r->x.size, input(r, "dy"), dx);
    compare(r, "y", y);
    compare(r, "dx", dx);
}

static void run_activation(run *r) {
    const json_t *f = r->c.config;
    ref_activation a;
    CHECK(ref_activation_by_name(&a, r->c.type));
    if (a.kind == REF_LEAKY_RELU) a.slope = golden_real(f, "negative_slope", 0.3);
    if (a.kind == REF_ELU) a.slope = golden_real(f, "alpha", 1);
    a.approximate = golden_bool(f, "approximate", false);
    long rows = rows_of(&r->x), c = r->x.shape[r->x.rank - 1];
    const double *x = input(r, "x");
    double *y = result(r, "y"), *dx = result(r, "dx");
    ref_activation_forward(a, rows, c, x, y);
    ref_activation_backward(a, rows, c, x, input(r, "dy"), dx);
    compare(r, "y", y);
    compare(r, "dx", dx);
}

static void run_loss(run *r) {
    double smoothing = golden_real(r->c.config, "label_smoothing", 0), loss;
    const double *x = input(r, "x"), *target = input(r, "target");
    double *dx = result(r, "dx");
    long n = r->x.shape[0], k = r->x.shape[1];
    switch (r->c.type[0]) {
    case 'c': loss = ref_categorical_crossentropy(n, k, x, target, smoothing, dx); break;
    case 's':
        loss = ref_sparse_categorical_crossentropy(n, k, x, golden_i32(&r->c, "label", NULL), dx);
        break;
    case 'b': loss = ref_binary_crossentropy(n, k, x, target, smoothing, dx); break;
    default: loss = ref_mean_squared_error(n, k, x, target, dx); break;
    }
    compare(r, "loss", &loss);
    compare(r, "dx", dx);
}

static void run_optimizer(run *r) {
    const json_t *f = r->c.config;
    golden_array all;
    CHECK(golden_get(&all, &r->c, "grads"));
    long steps = all.shape[0], n = all.shape[1];
    double lr = golden_real(f, "learning_rate", 0), momentum = golden_real(f, "momentum", 0);
    double b1 = golden_real(f, "beta_1", 0), b2 = golden_real(f, "beta_2", 0);
    double epsilon = golden_real(f, "epsilon", 0), decay = golden_real(f, "weight_decay", 0);
    double *param = input(r, "param"), *grads = input(r, "grads"), *y = zeros(r, all.size);
    double *m = zeros(r, n), *v = zeros(r, n);
    for (long t = 1; t <= steps; t++) {
        const double *g = grads + (t - 1) * n;
        if (strcmp(r->c.type, "sgd") == 0)
            ref_sgd(n, lr, momentum, golden_bool(f, "nesterov", false), g, m, param);
        else if (strcmp(r->c.type, "rmsprop") == 0)
            ref_rmsprop(n, lr, golden_real(f, "rho", 0), momentum, epsilon, g, v, m, param);
        else if (strcmp(r->c.type, "adam") == 0)
            ref_adam(n, t, lr, b1, b2, epsilon, g, m, v, param);
        else ref_adamw(n, t, lr, b1, b2, epsilon, decay, g, m, v, param);
        memcpy(y + (t - 1) * n, param, (size_t)n * sizeof *y);
    }
    compare(r, "result", y);
}

/* Runs every case of `kind` whose type stands in the list; each type must occur. */
static void run_all(const char *kind, const char *const *types, void (*check)(run *r)) {
    golden *g = golden_open(WF_SOURCE_DIR "/tests/golden");
    for (; *types != NULL; types++) {
        int seen = 0;
        for (size_t i = 0; i < golden_count(g); i++) {
            run r = {.c = golden_at(g, i)};
            if (strcmp(r.c.kind, kind) != 0 || strcmp(r.c.type, *types) != 0) continue;
            golden_get(&r.x, &r.c, "x");
            check(&r);
            while (r.count > 0) free(r.own[--r.count]);
            seen++;
        }
        CHECK(seen > 0);
    }
    golden_close(g);
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

TEST(activations) {
    run_all("layer", LIST("relu", "leaky_relu", "elu", "gelu", "sigmoid", "tanh", "softmax"),
            run_activation);
}
TEST(conv2d) { run_all("layer", LIST("conv2d"), run_conv2d); }
TEST(pooling) { run_all("layer", LIST("max_pool2d", "average_pool2d"), run_pool2d); }
TEST(images) { run_all("layer", LIST("global_average_pool2d", "rows", "columns"), run_image); }
TEST(global_pools) {
    run_all("layer", LIST("global_max_pool2d", "global_average_pool1d", "global_max_pool1d"),
            run_global_pool);
}
TEST(patches) { run_all("layer", LIST("patches"), run_patches); }
TEST(dense) { run_all("layer", LIST("dense"), run_dense); }
TEST(normalization) {
    run_all("layer", LIST("batch_normalization", "layer_normalization"), run_normalization);
}
TEST(recurrent) { run_all("layer", LIST("lstm", "gru", "simple_rnn"), run_rnn); }
TEST(bidirectional) { run_all("layer", LIST("bidirectional"), run_bidirectional); }
TEST(sweep) { run_all("layer", LIST("sweep"), run_sweep); }
TEST(merging) { run_all("layer", LIST("add", "concatenate"), run_merge); }
TEST(dropout) { run_all("layer", LIST("dropout"), run_dropout); }
TEST(reshaping) { run_all("layer", LIST("flatten", "reshape"), run_reshape); }
TEST(losses) {
    run_all("loss",
            LIST("categorical_crossentropy", "sparse_categorical_crossentropy",
                 "binary_crossentropy", "mean_squared_error"),
            run_loss);
}
TEST(optimizers) { run_all("optimizer", LIST("sgd", "rmsprop", "adam", "adamw"), run_optimizer); }

TEST_MAIN()
