/* Losses against formulas in double, and their gradients against differences of those. */
#include <stdint.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "nn/fields.h"
#include "nn/loss.h"
#include "test.h"

enum { ROWS = 7, MAX_K = 33 };

typedef struct problem {
    const char *loss;
    int is_fused, classes, is_dense;
    double smoothing;
} problem;

static const problem problems[] = {
    {"categorical_crossentropy", 1, 10, 0, 0},
    {"categorical_crossentropy", 1, 10, 1, 0},
    {"categorical_crossentropy", 1, 33, 1, 0.1},
    {"categorical_crossentropy", 0, 10, 0, 0},
    {"categorical_crossentropy", 0, 3, 1, 0.2},
    {"sparse_categorical_crossentropy", 1, 10, 0, 0},
    {"sparse_categorical_crossentropy", 1, 2, 0, 0.3},
    {"sparse_categorical_crossentropy", 0, 10, 0, 0},
    {"sparse_categorical_crossentropy", 1, 5, 1, 0},
    {"binary_crossentropy", 1, 1, 0, 0},
    {"binary_crossentropy", 1, 6, 1, 0.1},
    {"binary_crossentropy", 0, 1, 0, 0},
    {"binary_crossentropy", 0, 6, 1, 0},
    {"mean_squared_error", 0, 10, 0, 0},
    {"mean_squared_error", 0, 1, 0, 0},
    {"mean_squared_error", 0, 4, 1, 0},
};
enum { N_PROBLEMS = sizeof problems / sizeof *problems };

/* ---- the reference: one image in double ---- */

static double clipped(double p) { return fmin(fmax(p, 1e-7), 1 - 1e-7); }

static double reference_loss(const problem *p, const double *x, const double *t) {
    double sum = 0, loss = 0, k = p->classes;
    if (strstr(p->loss, "categorical")) {
        double top = x[0];
        for (int j = 0; j < p->classes; j++) top = fmax(top, x[j]);
        for (int j = 0; j < p->classes; j++) sum += p->is_fused ? exp(x[j] - top) : x[j];
        for (int j = 0; j < p->classes; j++) {
            double target = t[j] * (1 - p->smoothing) + p->smoothing / k;
            loss -= target * (p->is_fused ? x[j] - top - log(sum) : log(clipped(x[j] / sum)));
        }
        return loss;
    }
    for (int j = 0; j < p->classes; j++) {
        if (strcmp(p->loss, "mean_squared_error") == 0) {
            loss += (x[j] - t[j]) * (x[j] - t[j]) / k;
            continue;
        }
        double target = t[j] * (1 - p->smoothing) + 0.5 * p->smoothing;
        double y = p->is_fused ? 1 / (1 + exp(-x[j])) : clipped(x[j]);
        loss -= (target * log(y) + (1 - target) * log(1 - y)) / k;
    }
    return loss;
}

static double reference_slope(const problem *p, const double *x, const double *t, int j) {
    double moved[MAX_K], h = 1e-6;
    memcpy(moved, x, (size_t)p->classes * sizeof *x);
    moved[j] = x[j] + h;
    double above = reference_loss(p, moved, t);
    moved[j] = x[j] - h;
    return (above - reference_loss(p, moved, t)) / (2 * h);
}

/* ---- one problem ---- */

static wf_loss new_loss(const problem *p) {
    wf_context cx = {0};
    wf_loss loss = {wf_loss_find(p->loss), NULL};
    CHECK(loss.class != NULL);
    CHECK_OK(&cx, wf_fields_create(&loss.config, &cx, loss.class->fields, loss.class->config_size));
    char text[32];
    snprintf(text, sizeof text, "%g", p->smoothing);
    if (p->smoothing > 0)
        CHECK_OK(&cx, wf_fields_set(&cx, p->loss, loss.class->fields, loss.config,
                                    "label_smoothing", text));
    return loss;
}

typedef struct arrays {
    float output[ROWS * MAX_K], targets[ROWS * MAX_K], losses[ROWS], diff[ROWS * MAX_K];
    int32_t labels[ROWS];
    double x[ROWS][MAX_K], t[ROWS][MAX_K];
} arrays;

static void fill(arrays *a, const problem *p, uint32_t seed) {
    wf_rng r;
    wf_rng_init(&r, 1, WF_STREAM_TEST, seed);
    for (int i = 0; i < ROWS; i++) {
        double sum = 0;
        a->labels[i] = (int32_t)wf_rng_below(&r, p->classes == 1 ? 2 : (uint64_t)p->classes);
        for (int j = 0; j < p->classes; j++) {
            float x =
                (float)(p->is_fused ? 3 * wf_rng_normal(&r) : 0.05 + 0.9 * wf_rng_uniform(&r));
            a->output[i * p->classes + j] = x;
            a->x[i][j] = x;
            a->t[i][j] = wf_rng_uniform(&r);
            sum += a->t[i][j];
        }
        for (int j = 0; j < p->classes; j++) {
            if (!p->is_dense) a->t[i][j] = p->classes == 1 ? a->labels[i] : a->labels[i] == j;
            else if (strstr(p->loss, "categorical")) a->t[i][j] /= sum;
            a->targets[i * p->classes + j] = (float)a->t[i][j];
        }
    }
}

static void check_problem(const problem *p, const wf_kernels *kernels, uint32_t seed) {
    static arrays a;
    const double weight = 0.125;
    wf_loss loss = new_loss(p);
    fill(&a, p, seed);
    wf_loss_args args = {.kernels = kernels,
                         .rows = ROWS,
                         .classes = p->classes,
                         .output = a.output,
                         .labels = p->is_dense ? NULL : a.labels,
                         .targets = p->is_dense ? a.targets : NULL,
                         .losses = a.losses,
                         .diff = a.diff,
                         .weight = (float)weight};
    loss.class->run(&args, loss.config, p->is_fused);
    for (int i = 0; i < ROWS; i++) {
        double expected = reference_loss(p, a.x[i], a.t[i]);
        CHECK_NEAR(a.losses[i], expected, 3e-6 * (1 + fabs(expected)));
        double sum = 0;
        for (int j = 0; j < p->classes; j++) {
            double slope = weight * reference_slope(p, a.x[i], a.t[i], j);
            CHECK_NEAR(a.diff[i * p->classes + j], slope, 1e-6 * (1 + fabs(slope)));
            sum += a.output[i * p->classes + j];
            if (!p->is_fused) CHECK(a.output[i * p->classes + j] == (float)a.x[i][j]);
        }
        if (p->is_fused && strstr(p->loss, "categorical")) CHECK_NEAR(sum, 1, 1e-6);
    }
    /* without a gradient: the same losses and outputs */
    float losses[ROWS], output[ROWS * MAX_K];
    memcpy(losses, a.losses, sizeof losses);
    memcpy(output, a.output, sizeof output);
    fill(&a, p, seed);
    args.diff = NULL;
    loss.class->run(&args, loss.config, p->is_fused);
    CHECK(memcmp(losses, a.losses, sizeof losses) == 0);
    CHECK(memcmp(output, a.output, (size_t)(ROWS * p->classes) * sizeof *output) == 0);
    wf_fields_destroy(loss.class->fields, loss.config);
}

TEST(values_and_gradients_match_the_formulas_at_every_level) {
    const wf_kernels *kernels;
    for (int level = 0; (kernels = wf_kernels_at(level)); level++) {
        for (int i = 0; i < N_PROBLEMS; i++)
            for (uint32_t seed = 0; seed < 4; seed++) check_problem(&problems[i], kernels, seed);
    }
}

static float loss_of(const char *name, int is_fused, int classes, float *output, int32_t label,
                     float *diff) {
    problem p = {name, is_fused, classes, 0, 0};
    wf_loss loss = new_loss(&p);
    float value = -1;
    wf_loss_args args = {.kernels = wf_kernels_best(),
                         .rows = 1,
                         .classes = classes,
                         .output = output,
                         .labels = &label,
                         .losses = &value,
                         .diff = diff,
                         .weight = 1};
    loss.class->run(&args, loss.config, is_fused);
    wf_fields_destroy(loss.class->fields, loss.config);
    return value;
}

TEST(large_logits_neither_overflow_nor_vanish) {
    float a[3] = {1000, 0, -1000}, d[3];
    CHECK_NEAR(loss_of("sparse_categorical_crossentropy", 1, 3, a, 2, d), 2000, 1e-3);
    CHECK_NEAR(a[0], 1, 1e-6);
    CHECK_NEAR(d[2], -1, 1e-6);
    float b[3] = {-1000, -1001, -1002};
    CHECK_NEAR(loss_of("categorical_crossentropy", 1, 3, b, 0, d), log(1 + exp(-1) + exp(-2)),
               1e-6);
    float c[1] = {500};
    CHECK_NEAR(loss_of("binary_crossentropy", 1, 1, c, 0, d), 500, 1e-4);
    CHECK_NEAR(d[0], 1, 1e-6);
    float e[1] = {-500};
    CHECK_NEAR(loss_of("binary_crossentropy", 1, 1, e, 1, d), 500, 1e-4);
    CHECK_NEAR(e[0], 0, 1e-30);
}

TEST(probabilities_of_zero_are_clipped_as_in_keras) {
    float a[2] = {0, 1}, d[2];
    CHECK_NEAR(loss_of("sparse_categorical_crossentropy", 0, 2, a, 0, d), -log(1e-7), 1e-4);
    CHECK(isfinite(d[0]) && isfinite(d[1]));
    float b[1] = {1};
    CHECK_NEAR(loss_of("binary_crossentropy", 0, 1, b, 0, d), -log(1e-7), 0.2);
    CHECK(d[0] == 0);
}

TEST(what_is_not_a_number_shows_in_the_loss_wherever_it_stands) {
    for (size_t i = 0; i < wf_loss_count(); i++) {
        const wf_loss_class *class = wf_loss_at(i);
        for (int bad = 0; bad < 4; bad++) {
            for (int is_infinite = 0; is_infinite < 2; is_infinite++) {
                float x[4] = {0.1f, 0.2f, 0.3f, 0.4f}, d[4];
                x[bad] = is_infinite ? INFINITY : NAN;
                if (is_infinite && class->fused == WF_ACT_LINEAR) x[bad] = -INFINITY;
                float loss = loss_of(class->name, class->fused != WF_ACT_LINEAR, 4, x, 1, d);
                CHECK(!isfinite(loss));
            }
        }
    }
}

TEST(registry_is_complete) {
    CHECK(wf_loss_count() >= 4);
    for (size_t i = 0; i < wf_loss_count(); i++) {
        const wf_loss_class *class = wf_loss_at(i);
        CHECK(class->name && class->summary && class->fields && class->run);
        CHECK(wf_loss_find(class->name) == class);
        int is_tested = 0;
        for (int p = 0; p < N_PROBLEMS; p++) is_tested |= !strcmp(problems[p].loss, class->name);
        CHECK(is_tested);
    }
    CHECK(wf_loss_find("hinge") == NULL);
    CHECK(wf_loss_at(wf_loss_count()) == NULL);
}

TEST_MAIN()
