/* Tails and quantiles of the distributions that tests need. A tail is a small number of its own,
 * never 1 minus something, so that it is right to about 12 digits as long as it is above 1e-300.
 * Arguments outside their range give NAN.  Threads: any.
 * Sources: C. Loader, Fast and Accurate Computation of Binomial Probabilities, 2000; Abramowitz and
 * Stegun 26.5; for the continued fraction Lentz' method in the form of Thompson and
 * Barnett, doi:10.1016/0021-9991(86)90046-X */
#ifndef WF_EVAL_DISTRIBUTIONS_H
#define WF_EVAL_DISTRIBUTIONS_H

#include <stdint.h>

/* Regularised incomplete beta function I_x(a, b), y = 1 - x; a, b > 0, 0 <= x <= 1. */
double wf_beta_lower(double x, double y, double a, double b);

/* P(Z > z), and the z of which this is `tail`, 0 < tail < 1. */
double wf_normal_tail(double z);
double wf_normal_quantile(double tail);

/* Student's t with df > 0 degrees of freedom, which need not be whole; INFINITY is the normal. */
double wf_student_tail(double t, double df);
double wf_student_quantile(double tail, double df);

/* X successes of n, each with probability p in [0, 1]: P(X = k), P(X <= k). */
double wf_binomial_mass(int64_t k, int64_t n, double p);
double wf_binomial_lower(int64_t k, int64_t n, double p);

#endif
