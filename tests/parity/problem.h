/* One line of a shape file with random inputs, parameters and cotangent, and what the reference
 * (tests/ref) makes of them. */
#ifndef WEFT_TESTS_PROBLEM_H
#define WEFT_TESTS_PROBLEM_H

#include "parity/shapes.h"
#include "tensor/shape.h"

enum { PROBLEM_MAX_PARAMS = 8, PROBLEM_MAX_OWN = 128 };

typedef struct problem_param {
    char name[48];
    long size;
    double *value, *grad;
    double *updated; /* of moving statistics: the value after a training step; they have no grad */
} problem_param;

typedef struct problem {
    int bits; /* of the numbers drawn */
    const shapes_problem *line;
    long n;
    int n_inputs;
    wf_shape inputs[SHAPES_MAX_LIST], output;
    double *x[SHAPES_MAX_LIST], *dx[SHAPES_MAX_LIST];
    double *y, *y_infer, *dy; /* y_infer: without dropout and with moving statistics */
    long y_size;              /* of the whole batch */
    problem_param params[PROBLEM_MAX_PARAMS];
    int n_params;
    /* Terms of the sums that make an element of y, dx and a parameter's gradient. */
    double y_terms, dx_terms, grad_terms;
    /* A value before a kink so near to it that rounding may move it to the other side. */
    int is_near_kink;
    /* Of the random masks. The layer that draws them has index `node` in its graph. */
    uint64_t seed;
    uint32_t epoch;
    int64_t position;
    int node;
    void *own[PROBLEM_MAX_OWN];
    int n_own;
} problem;

/* The layer's configuration as flow text ("filters: 3, padding: same"). */
void problem_keys(char *out, size_t size, const shapes_problem *line);

/* Draws numbers of `bits` significant bits (24: float32, 8: bfloat16) and computes. False when the
 * reference does not know the layer. */
bool problem_create(problem *p, const shapes_problem *line, int bits);
void problem_reset(problem *p);

/* The factors, 0 or 1 / (1 - rate), that dropout applies to [n][size] values by weft's definition:
 * bit i of image j is a function of (seed, stream, epoch, position + j, i). */
double *problem_mask(problem *p, long size, double rate, uint32_t stream);

#endif
