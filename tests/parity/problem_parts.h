/* What the references of all layers share: numbers, parameters, shapes. */
#ifndef WEFT_TESTS_PROBLEM_PARTS_H
#define WEFT_TESTS_PROBLEM_PARTS_H

#include "parity/problem.h"

/* Zeroed, and freed with the problem. */
double *problem_doubles(problem *p, long n);
/* Normally distributed multiples of 2^-12. */
double *problem_draw(problem *p, long n, uint64_t seed, double scale);

/* Parameters. A matrix [rows][columns] whose products with normal numbers are normal; a vector; one
 * whose elements are positive and away from 0. */
problem_param *problem_matrix(problem *p, const char *name, long rows, long columns);
problem_param *problem_vector(problem *p, const char *name, long size);
problem_param *problem_factors(problem *p, const char *name, long size);

/* Sets the output's shape and draws its cotangent. */
void problem_output(problem *p, int rank, const long *dims);

/* Computes p->y, p->dx and the gradients of the parameters that it declares.
 * NULL: no such layer. */
typedef void (*problem_fn)(problem *p);
problem_fn problem_layer(const char *name);

#endif
