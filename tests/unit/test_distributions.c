/* Tails and quantiles against mpmath; the data come from tests/golden/distributions.py. */
#include "eval/distributions.h"

#include "base/json.h"
#include "test.h"

typedef struct function {
    const char *name;
    int arguments;
    double (*of_1)(double);
    double (*of_2)(double, double);
} function;

static const function functions[] = {
    {"normal_tail", 1, wf_normal_tail, NULL},
    {"normal_quantile", 1, wf_normal_quantile, NULL},
    {"student_tail", 2, NULL, wf_student_tail},
    {"student_quantile", 2, NULL, wf_student_quantile},
};

static json_t *document(void) {
    wf_context cx = {0};
    json_t *d = NULL;
    CHECK_OK(&cx, wf_json_read(&d, &cx, WF_SOURCE_DIR "/tests/golden/distributions.json"));
    return d;
}

static double at(const json_t *row, size_t i) {
    CHECK(json_is_number(json_array_get(row, i)));
    return json_number_value(json_array_get(row, i));
}

/* Relative, but that a quantile near 0 is a difference of numbers near 1/2. */
static void check_close(const char *name, const json_t *row, double actual, double expected) {
    double scale = strstr(name, "quantile") && fabs(expected) < .1 ? .1 : fabs(expected);
    if (fabs(actual - expected) <= 1e-12 * scale) {
        CHECK(1);
        return;
    }
    char *text = json_dumps(row, 0);
    printf("%s %s: %.17g, off by %.2g\n", name, text, actual, (actual - expected) / scale);
    free(text);
    CHECK_NEAR(actual, expected, 1e-12 * scale);
}

TEST(normal_and_student) {
    json_t *d = document();
    for (size_t f = 0; f < sizeof functions / sizeof *functions; f++) {
        const function *fn = &functions[f];
        json_t *rows = json_object_get(d, fn->name);
        CHECK(json_array_size(rows) >= 10);
        for (size_t i = 0; i < json_array_size(rows); i++) {
            const json_t *row = json_array_get(rows, i);
            double actual = fn->of_1 ? fn->of_1(at(row, 0)) : fn->of_2(at(row, 0), at(row, 1));
            check_close(fn->name, row, actual, at(row, (size_t)fn->arguments));
        }
    }
    json_decref(d);
}

TEST(beta) {
    json_t *d = document(), *rows = json_object_get(d, "beta_lower");
    CHECK(json_array_size(rows) >= 20);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        double x = at(row, 0);
        check_close("beta", row, wf_beta_lower(x, 1 - x, at(row, 1), at(row, 2)), at(row, 3));
    }
    json_decref(d);
}

TEST(binomial) {
    static const struct {
        const char *name;
        double (*of)(int64_t k, int64_t n, double p);
    } all[] = {{"binomial_mass", wf_binomial_mass}, {"binomial_lower", wf_binomial_lower}};
    json_t *d = document();
    for (size_t f = 0; f < sizeof all / sizeof *all; f++) {
        json_t *rows = json_object_get(d, all[f].name);
        CHECK(json_array_size(rows) >= 20);
        for (size_t i = 0; i < json_array_size(rows); i++) {
            const json_t *row = json_array_get(rows, i);
            double actual = all[f].of((int64_t)at(row, 0), (int64_t)at(row, 1), at(row, 2));
            check_close(all[f].name, row, actual, at(row, 3));
        }
    }
    json_decref(d);
}

TEST(ends_of_the_range) {
    CHECK_NEAR(wf_normal_tail(INFINITY), 0, 0);
    CHECK_NEAR(wf_normal_tail(-INFINITY), 1, 0);
    CHECK_NEAR(wf_student_tail(INFINITY, 3), 0, 0);
    CHECK_NEAR(wf_student_tail(-INFINITY, 3), 1, 0);
    CHECK_NEAR(wf_student_tail(1.5, INFINITY), wf_normal_tail(1.5), 0);
    CHECK_NEAR(wf_student_quantile(.025, INFINITY), 1.959963984540054, 1e-14);
    CHECK_NEAR(wf_student_tail(1.5, 1e12), wf_normal_tail(1.5), 1e-12);
    CHECK_NEAR(wf_binomial_mass(0, 0, .5), 1, 0);
    CHECK_NEAR(wf_binomial_mass(3, 5, 0), 0, 0);
    CHECK_NEAR(wf_binomial_mass(5, 5, 1), 1, 0);
    CHECK_NEAR(wf_binomial_lower(-1, 5, .5), 0, 0);
    CHECK_NEAR(wf_binomial_lower(5, 5, .5), 1, 0);
    CHECK_NEAR(wf_binomial_lower(2, 5, 1), 0, 0);
    CHECK_NEAR(wf_beta_lower(0, 1, 2, 3), 0, 0);
    CHECK_NEAR(wf_beta_lower(1, 0, 2, 3), 1, 0);
}

TEST(what_has_no_answer_is_nan) {
    CHECK(isnan(wf_normal_quantile(0)) && isnan(wf_normal_quantile(1)));
    CHECK(isnan(wf_normal_tail(NAN)) && isnan(wf_normal_quantile(NAN)));
    CHECK(isnan(wf_student_tail(1, 0)) && isnan(wf_student_tail(NAN, 1)));
    CHECK(isnan(wf_student_quantile(0, 3)) && isnan(wf_student_quantile(.5, -1)));
    CHECK(isnan(wf_binomial_mass(1, 2, 1.5)) && isnan(wf_binomial_lower(1, -2, .5)));
    CHECK(isnan(wf_beta_lower(.5, .5, 0, 1)));
}

/* A tail and its quantile undo each other over many scales. */
TEST(quantiles_invert_tails) {
    for (double tail = 1e-200; tail < .5; tail *= 7.7) {
        for (double df = .7; df < 1e6; df *= 5.3) {
            if (log10(tail) / df < -150) continue; /* t itself would pass 1e150 */
            CHECK_NEAR(wf_student_tail(wf_student_quantile(tail, df), df) / tail, 1, 1e-11);
        }
        CHECK_NEAR(wf_normal_tail(wf_normal_quantile(tail)) / tail, 1, 1e-12);
    }
}

TEST_MAIN()
