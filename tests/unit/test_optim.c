/* Optimizers against Keras 3's formulas in double, over several steps, at every level. */
#include <stdint.h>

#include "base/rng.h"
#include "nn/fields.h"
#include "nn/optim.h"
#include "test.h"

enum { MAX_N = 101, STEPS = 12 };

static const int sizes[] = {1, 3, 4, 15, 16, 33, MAX_N};

typedef struct setting {
    const char *optimizer;
    const char *options[6]; /* key, text, key, text, ..., NULL */
    int n_slots;
    double rate, momentum, rho, epsilon, beta_1, beta_2, decay;
    int is_nesterov, is_centered;
} setting;

static const setting settings[] = {
    {"sgd", {NULL}, 0, .rate = 0.01},
    {"sgd", {"momentum", "0.9"}, 1, .rate = 0.01, .momentum = 0.9},
    {"sgd",
     {"momentum", "0.9", "nesterov", "true"},
     1,
     .rate = 0.01,
     .momentum = 0.9,
     .is_nesterov = 1},
    {"rmsprop", {NULL}, 1, .rate = 0.001, .rho = 0.9, .epsilon = 1e-7},
    {"rmsprop",
     {"momentum", "0.8"},
     2,
     .rate = 0.001,
     .rho = 0.9,
     .epsilon = 1e-7,
     .momentum = 0.8},
    {"rmsprop",
     {"centered", "true"},
     2,
     .rate = 0.001,
     .rho = 0.9,
     .epsilon = 1e-7,
     .is_centered = 1},
    {"rmsprop",
     {"centered", "true", "momentum", "0.5"},
     3,
     .rate = 0.001,
     .rho = 0.9,
     .epsilon = 1e-7,
     .momentum = 0.5,
     .is_centered = 1},
    {"adam", {NULL}, 2, .rate = 0.001, .beta_1 = 0.9, .beta_2 = 0.999, .epsilon = 1e-7},
    {"adam",
     {"beta_1", "0.8", "epsilon", "1e-3"},
     2,
     .rate = 0.001,
     .beta_1 = 0.8,
     .beta_2 = 0.999,
     .epsilon = 1e-3},
    {"adamw",
     {NULL},
     2,
     .rate = 0.001,
     .beta_1 = 0.9,
     .beta_2 = 0.999,
     .epsilon = 1e-7,
     .decay = 0.004},
};
enum { N_SETTINGS = sizeof settings / sizeof *settings };

/* One parameter in double: the update of Keras 3's optimizers/<name>.py. */
typedef struct reference {
    double w, a, b, c;
} reference;

static void reference_step(reference *r, const setting *s, double g, double rate, int t) {
    if (strcmp(s->optimizer, "sgd") == 0) {
        if (s->momentum == 0) {
            r->w -= rate * g;
            return;
        }
        r->a = s->momentum * r->a - rate * g;
        r->w += s->is_nesterov ? s->momentum * r->a - rate * g : r->a;
    } else if (strcmp(s->optimizer, "rmsprop") == 0) {
        r->a = s->rho * r->a + (1 - s->rho) * g * g;
        double denominator = r->a + s->epsilon;
        if (s->is_centered) {
            r->b = s->rho * r->b + (1 - s->rho) * g;
            denominator = r->a - r->b * r->b + s->epsilon;
        }
        double increment = rate * g / sqrt(denominator);
        if (s->momentum > 0) increment = r->c = s->momentum * r->c + increment;
        r->w -= increment;
    } else {
        r->w -= r->w * s->decay * rate;
        double alpha = rate * sqrt(1 - pow(s->beta_2, t)) / (1 - pow(s->beta_1, t));
        r->a += (g - r->a) * (1 - s->beta_1);
        r->b += (g * g - r->b) * (1 - s->beta_2);
        r->w -= r->a * alpha / (sqrt(r->b) + s->epsilon);
    }
}

static void *new_config(const wf_optimizer_class *class, const setting *s) {
    wf_context cx = {0};
    void *config = NULL;
    CHECK_OK(&cx, wf_fields_create(&config, &cx, class->fields, class->config_size));
    for (int i = 0; i < 6 && s->options[i]; i += 2)
        CHECK_OK(&cx, wf_fields_set(&cx, class->name, class->fields, config, s->options[i],
                                    s->options[i + 1]));
    return config;
}

static void check_setting(const setting *s, const wf_kernels *kernels, int n, float scale) {
    const wf_optimizer_class *class = wf_optimizer_find(s->optimizer);
    CHECK(class != NULL);
    void *config = new_config(class, s);
    CHECK_INT(class->n_slots(config), s->n_slots);
    CHECK_NEAR(((wf_optim_common *)config)->learning_rate, s->rate, 0);
    /* one float more than there are, which must stay as it is */
    float value[MAX_N + 1], gradient[MAX_N + 1], slots[3][MAX_N + 1];
    reference r[MAX_N];
    wf_rng rng;
    wf_rng_init(&rng, 5, WF_STREAM_TEST, 0);
    for (int i = 0; i <= n; i++) {
        value[i] = (float)wf_rng_normal(&rng);
        for (int k = 0; k < 3; k++) slots[k][i] = i < n ? 0.0f : 7.0f;
        if (i < n) r[i] = (reference){.w = value[i]};
    }
    float guard = value[n];
    for (int t = 1; t <= STEPS; t++) {
        double rate = s->rate * (1 + 0.5 * t); /* a schedule changes it */
        for (int i = 0; i <= n; i++) gradient[i] = (float)wf_rng_normal(&rng);
        for (int i = 0; i < n; i++) reference_step(&r[i], s, (double)gradient[i] * scale, rate, t);
        class->update(&(wf_optim_args){.kernels = kernels,
                                       .n = n,
                                       .value = value,
                                       .gradient = gradient,
                                       .slots = {slots[0], slots[1], slots[2]},
                                       .learning_rate = rate,
                                       .step = t,
                                       .gradient_scale = scale},
                      config);
        for (int i = 0; i < n; i++) CHECK_NEAR(value[i], r[i].w, 3e-6 * t);
        CHECK(value[n] == guard);
        for (int k = 0; k < 3; k++) CHECK(slots[k][n] == 7.0f);
    }
    wf_fields_destroy(class->fields, config);
}

TEST(steps_follow_the_formulas_at_every_level) {
    const wf_kernels *kernels;
    for (int level = 0; (kernels = wf_kernels_at(level)); level++) {
        for (int i = 0; i < N_SETTINGS; i++)
            for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
                check_setting(&settings[i], kernels, sizes[k], 1.0f);
                check_setting(&settings[i], kernels, sizes[k], 0.25f);
            }
    }
}

/* The plan cuts the flat array into tiles: where it cuts must not matter. */
TEST(pieces_give_the_bits_of_the_whole) {
    const wf_kernels *kernels = wf_kernels_best();
    for (int i = 0; i < N_SETTINGS; i++) {
        const wf_optimizer_class *class = wf_optimizer_find(settings[i].optimizer);
        void *config = new_config(class, &settings[i]);
        float value[2][MAX_N], gradient[MAX_N], slots[2][3][MAX_N] = {{{0}}};
        wf_rng rng;
        wf_rng_init(&rng, 6, WF_STREAM_TEST, 0);
        for (int k = 0; k < MAX_N; k++) {
            gradient[k] = (float)wf_rng_normal(&rng);
            value[0][k] = value[1][k] = (float)wf_rng_normal(&rng);
        }
        for (int step = 1; step <= 3; step++)
            for (int cut = 0; cut < 2; cut++)
                for (int from = 0, n; from < MAX_N; from += n) {
                    n = cut ? 37 : MAX_N;
                    if (n > MAX_N - from) n = MAX_N - from;
                    float(*s)[MAX_N] = slots[cut];
                    class->update(&(wf_optim_args){.kernels = kernels,
                                                   .n = n,
                                                   .value = value[cut] + from,
                                                   .gradient = gradient + from,
                                                   .slots = {s[0] + from, s[1] + from, s[2] + from},
                                                   .learning_rate = 0.01,
                                                   .step = step,
                                                   .gradient_scale = 1},
                                  config);
                }
        CHECK(memcmp(value[0], value[1], sizeof value[0]) == 0);
        wf_fields_destroy(class->fields, config);
    }
}

TEST(registry_is_complete) {
    CHECK(wf_optimizer_count() >= 4);
    for (size_t i = 0; i < wf_optimizer_count(); i++) {
        const wf_optimizer_class *class = wf_optimizer_at(i);
        CHECK(class->name && class->summary && class->paper && class->fields);
        CHECK(class->n_slots && class->update);
        CHECK(class->config_size >= sizeof(wf_optim_common));
        CHECK(wf_optimizer_find(class->name) == class);
        CHECK_STR(class->fields[0].key, "learning_rate");
        int is_tested = 0;
        for (int s = 0; s < N_SETTINGS; s++)
            is_tested |= !strcmp(settings[s].optimizer, class->name);
        CHECK(is_tested);
    }
    CHECK(wf_optimizer_find("adamax") == NULL);
    CHECK(wf_optimizer_at(wf_optimizer_count()) == NULL);
}

TEST_MAIN()
