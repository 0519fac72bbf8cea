/* Central differences on the references themselves. For a random cotangent r, L = sum(r * y); every
 * gradient that backward returns is compared with the five-point difference of L.
 * A header, because the harness's CHECKs belong to the program that includes it. */
#ifndef WEFT_TESTS_REF_GRADIENTS_H
#define WEFT_TESTS_REF_GRADIENTS_H

#include <stdbool.h>

#include "ref/ref.h"
#include "test.h"

/* ---- random numbers, of our own so that nothing of src/ is involved ---- */

static unsigned long long random_state;

static double uniform(double low, double high) {
    random_state += 0x9E3779B97F4A7C15ull; /* splitmix64, Steele et al. 2014 */
    unsigned long long z = random_state;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return low + (high - low) * ((double)((z ^ (z >> 31)) >> 11) / 9007199254740992.0);
}

static double *zeros(long n) {
    double *x = calloc((size_t)n + 1, sizeof *x);
    if (x == NULL) abort();
    return x;
}

static void fill(double *x, long n) {
    for (long i = 0; i < n; i++) x[i] = uniform(-1.2, 1.2);
}

/* ---- the harness ---- */

enum { MAX_ARRAYS = 8 };

/* A function of `count` arrays. `value` and `gradient` are filled by the harness; a size of 0
 * stands for an absent array and reaches the functions as NULL. */
typedef struct problem problem;
struct problem {
    const void *layer;
    long count, size[MAX_ARRAYS], out;
    long without_effect; /* index of an array whose gradient must be 0 throughout, or 0 for none */
    double *value[MAX_ARRAYS], *gradient[MAX_ARRAYS];
    void (*forward)(const problem *p, double *y);
    void (*backward)(const problem *p, const double *dy);
    /* The smallest distance of any argument from a kink of the function, or NULL when smooth. */
    double (*margin)(const problem *p);
};

static double weighted_sum(const problem *p, const double *cotangent, double *y) {
    double sum = 0;
    p->forward(p, y);
    for (long i = 0; i < p->out; i++) sum += cotangent[i] * y[i];
    return sum;
}

/* (8 (L(+h) - L(-h)) - (L(+2h) - L(-2h))) / 12h; the error is of order h^4. */
static double difference(const problem *p, double *at, const double *cotangent, double *y) {
    const double h = 2e-4, x = *at;
    double l[4];
    for (int k = 0; k < 4; k++) {
        static const double place[] = {1, -1, 2, -2};
        *at = x + place[k] * h;
        l[k] = weighted_sum(p, cotangent, y);
    }
    *at = x;
    return (8 * (l[0] - l[1]) - (l[2] - l[3])) / (12 * h);
}

/* Draws inputs until none is near a kink. */
static void draw(problem *p) {
    int tries = 0;
    do {
        CHECK(tries++ < 20000);
        for (long k = 0; k < p->count; k++)
            if (p->size[k] > 0) fill(p->value[k], p->size[k]);
    } while (p->margin != NULL && p->margin(p) < 2e-3);
}

static void check_array(problem *p, long k, const double *cotangent, double *y) {
    double *g = p->gradient[k], square = 0, worst = 0;
    for (long i = 0; i < p->size[k]; i++) square += g[i] * g[i];
    if (p->without_effect > 0 && p->without_effect == k) {
        CHECK_NEAR(square, 0, 0);
        return;
    }
    double typical = sqrt(square / (double)p->size[k]);
    CHECK(typical > 1e-4); /* a gradient of nothing but zeros would agree with everything */
    long stride = 1 + p->size[k] / 150;
    for (long i = 0; i < p->size[k]; i += stride) {
        double d = difference(p, p->value[k] + i, cotangent, y);
        worst = fmax(worst, fabs(d - g[i]) / fmax(fabs(g[i]), typical));
    }
    CHECK_NEAR(worst, 0, 1e-6);
}

static void check_gradients(problem p) {
    random_state++;
    for (long k = 0; k < p.count; k++) {
        p.value[k] = p.size[k] > 0 ? zeros(p.size[k]) : NULL;
        p.gradient[k] = p.size[k] > 0 ? zeros(p.size[k]) : NULL;
        for (long i = 0; i < p.size[k]; i++) p.gradient[k][i] = 1e9; /* must be overwritten */
    }
    double *y = zeros(p.out), *cotangent = zeros(p.out);
    draw(&p);
    fill(cotangent, p.out);
    p.backward(&p, cotangent);
    for (long k = 0; k < p.count; k++)
        if (p.size[k] > 0) check_array(&p, k, cotangent, y);
    for (long k = 0; k < p.count; k++) {
        free(p.value[k]);
        free(p.gradient[k]);
    }
    free(y);
    free(cotangent);
}

#endif
