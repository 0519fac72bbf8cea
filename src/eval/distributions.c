#include "eval/distributions.h"

#include <float.h>
#include <math.h>

static const double LOG_SQRT_2PI = 0.918938533204672741780329736406;
static const double TWO_PI = 6.28318530717958647692528676656;
enum { MOST_TERMS = 1000000 };

/* ---- the parts that large arguments would spoil ---- */

/* ln Gamma(x + 1) - (x + 1/2) ln x + x - ln sqrt(2 pi), x > 0 */
static double stirling_error(double x) {
    int sign;
    if (x < 16) return lgamma_r(x + 1, &sign) - ((x + .5) * log(x) - x + LOG_SQRT_2PI);
    double s = 1 / (x * x);
    return (1. / 12 - s * (1. / 360 - s * (1. / 1260 - s * (1. / 1680 - s / 1188)))) / x;
}

/* x ln(x / m) + m - x, which is small and a difference of large numbers when x is near m. */
static double deviance(double x, double m) {
    if (!(fabs(x - m) < .1 * (x + m))) return x * log(x / m) + m - x;
    double v = (x - m) / (x + m), sum = (x - m) * v, term = 2 * x * v;
    for (int j = 1;; j++) {
        term *= v * v;
        double next = sum + term / (2 * j + 1);
        if (next == sum) return sum;
        sum = next;
    }
}

/* x^a y^b / B(a, b) */
static double beta_factor(double x, double y, double a, double b) {
    double n = a + b;
    return exp(stirling_error(n) - stirling_error(a) - stirling_error(b) - deviance(a, n * x) -
               deviance(b, n * y)) *
           sqrt(a * b / (TWO_PI * n));
}

/* ---- incomplete beta function ---- */

typedef long double wide; /* where x is near 1 the fraction subtracts what is nearly equal */

static wide away_from_zero(wide x) { return fabsl(x) < 1e-300L ? 1e-300L : x; }

/* One step of Lentz' method for a fraction with partial numerator `a` and denominator `b`; true
 * when *value no longer changes. */
static int lentz_step(wide *value, wide *c, wide *d, wide a, wide b) {
    *d = 1 / away_from_zero(b + a * *d);
    *c = away_from_zero(b + a / *c);
    wide factor = *c * *d;
    *value *= factor;
    return fabsl(factor - 1) < DBL_EPSILON / 16;
}

/* I_x(a, b) by its continued fraction, which is quick for x below the mean of the distribution. */
static double beta_fraction(double x, double y, double a, double b) {
    wide z = y < .5 ? 1 - (wide)y : x;
    wide c = 1, d = 1 / away_from_zero(1 - ((wide)a + b) * z / ((wide)a + 1)), value = d;
    for (int i = 1; i < MOST_TERMS; i++) {
        wide m = i, odd = a + 2 * m - 1, even = a + 2 * m;
        lentz_step(&value, &c, &d, m * (b - m) * z / (odd * even), 1);
        if (lentz_step(&value, &c, &d, -(a + m) * (a + b + m) * z / (even * (even + 1)), 1)) break;
    }
    return (double)(beta_factor(x, y, a, b) * value / a);
}

double wf_beta_lower(double x, double y, double a, double b) {
    if (!(a > 0 && b > 0 && x >= 0 && y >= 0 && x <= 1 && y <= 1)) return NAN;
    if (x == 0) return 0;
    if (y == 0) return 1;
    if (x * (a + b + 2) < a + 1) return beta_fraction(x, y, a, b);
    return 1 - beta_fraction(y, x, b, a);
}

/* ---- quantiles ---- */

/* The x > 0 with tail(x, df) == p: Newton's method on the logarithms of both, in which tails are
 * nearly straight, within a bracket that bisection narrows where a step would leave it. */
static double solve(double p, double df, double (*tail)(double x, double df),
                    double (*density)(double x, double df)) {
    double low = 0, high = 1;
    for (; tail(high, df) > p && high < 1e300; high *= 2) low = high;
    double x = high;
    for (int i = 0; i < 2000; i++) {
        double q = tail(x, df);
        if (q > p) low = x;
        else high = x;
        double next = x * exp(log(q / p) * q / (density(x, df) * x));
        if (!(next > low && next < high)) next = low + (high - low) / 2;
        if (fabs(next - x) <= 2 * DBL_EPSILON * x) return next;
        x = next;
    }
    return x;
}

/* Of a distribution that is symmetric around 0. */
static double solve_symmetric(double p, double df, double (*tail)(double x, double df),
                              double (*density)(double x, double df)) {
    if (!(p > 0 && p < 1)) return NAN;
    if (p == .5) return 0;
    return p < .5 ? solve(p, df, tail, density) : -solve(1 - p, df, tail, density);
}

/* ---- normal ---- */

double wf_normal_tail(double z) { return .5 * erfc(z / sqrt(2)); }

static double normal_tail(double z, double df) {
    (void)df;
    return wf_normal_tail(z);
}

static double normal_density(double z, double df) {
    (void)df;
    return exp(-.5 * z * z) / sqrt(TWO_PI);
}

double wf_normal_quantile(double tail) {
    return solve_symmetric(tail, 0, normal_tail, normal_density);
}

/* ---- Student's t: P(|T| > t) = I_x(df / 2, 1 / 2) with x = df / (df + t^2) ---- */

static void student_xy(double *x, double *y, double t, double df) {
    double ratio = t / sqrt(df), square = ratio * ratio;
    *x = 1 / (1 + square);
    *y = isinf(square) ? 1 : square / (1 + square);
}

double wf_student_tail(double t, double df) {
    double x, y;
    if (!(df > 0) || isnan(t)) return NAN;
    if (isinf(df)) return wf_normal_tail(t);
    student_xy(&x, &y, t, df);
    double half = .5 * wf_beta_lower(x, y, df / 2, .5);
    return t >= 0 ? half : 1 - half;
}

static double student_density(double t, double df) {
    double x, y;
    student_xy(&x, &y, t, df);
    return beta_factor(x, y, df / 2, .5) / t;
}

double wf_student_quantile(double tail, double df) {
    if (!(df > 0)) return NAN;
    if (isinf(df)) return wf_normal_quantile(tail);
    return solve_symmetric(tail, df, wf_student_tail, student_density);
}

/* ---- binomial: P(X <= k) = I_(1 - p)(n - k, k + 1) ---- */

static int is_binomial(int64_t n, double p) { return n >= 0 && p >= 0 && p <= 1; }

double wf_binomial_mass(int64_t k, int64_t n, double p) {
    if (!is_binomial(n, p)) return NAN;
    if (k < 0 || k > n) return 0;
    if (p == 0) return k == 0;
    if (p == 1) return k == n;
    double a = (double)k, b = (double)(n - k), q = 1 - p;
    if (k == 0) return exp(b * log1p(-p));
    if (k == n) return pow(p, a);
    return beta_factor(p, q, a, b) * (double)n / (a * b);
}

double wf_binomial_lower(int64_t k, int64_t n, double p) {
    if (!is_binomial(n, p)) return NAN;
    if (k < 0) return 0;
    if (k >= n) return 1;
    return wf_beta_lower(1 - p, p, (double)(n - k), (double)k + 1);
}
