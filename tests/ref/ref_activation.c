#include <math.h>
#include <string.h>

#include "ref.h"

static const double pi = 3.14159265358979323846;

bool ref_activation_by_name(ref_activation *out, const char *name) {
    static const struct {
        const char *name;
        ref_activation activation;
    } table[] = {
        {"linear", {REF_LINEAR, 0, false}},
        {"relu", {REF_RELU, 0, false}},
        {"leaky_relu", {REF_LEAKY_RELU, 0.2, false}},
        {"elu", {REF_ELU, 1, false}},
        {"gelu", {REF_GELU, 0, false}},
        {"sigmoid", {REF_SIGMOID, 0, false}},
        {"tanh", {REF_TANH, 0, false}},
        {"softmax", {REF_SOFTMAX, 0, false}},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (strcmp(name, table[i].name) == 0) {
            *out = table[i].activation;
            return true;
        }
    }
    return false;
}

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

static double gelu(double x, bool approximate) {
    if (approximate) return x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x * x * x)));
    return x / 2 * (1 + erf(x / sqrt(2)));
}

static double gelu_slope(double x, bool approximate) {
    if (approximate) {
        double u = tanh(sqrt(2 / pi) * (x + 0.044715 * x * x * x));
        return (1 + u) / 2 + x / 2 * (1 - u * u) * sqrt(2 / pi) * (1 + 3 * 0.044715 * x * x);
    }
    return (1 + erf(x / sqrt(2))) / 2 + x * exp(-x * x / 2) / sqrt(2 * pi);
}

static void softmax(long c, const double *x, double *y) {
    double max = x[0], sum = 0;
    for (long i = 1; i < c; i++) max = x[i] > max ? x[i] : max;
    for (long i = 0; i < c; i++) sum += exp(x[i] - max);
    for (long i = 0; i < c; i++) y[i] = exp(x[i] - max) / sum;
}

static double value(ref_activation a, double x) {
    switch (a.kind) {
    case REF_RELU: return x > 0 ? x : 0;
    case REF_LEAKY_RELU: return x > 0 ? x : a.slope * x;
    case REF_ELU: return x > 0 ? x : a.slope * (exp(x) - 1);
    case REF_GELU: return gelu(x, a.approximate);
    case REF_SIGMOID: return sigmoid(x);
    case REF_TANH: return tanh(x);
    case REF_LINEAR:
    case REF_SOFTMAX: break;
    }
    return x;
}

static double slope(ref_activation a, double x) {
    switch (a.kind) {
    case REF_RELU: return x > 0 ? 1 : 0;
    case REF_LEAKY_RELU: return x > 0 ? 1 : a.slope;
    case REF_ELU: return x > 0 ? 1 : a.slope * exp(x);
    case REF_GELU: return gelu_slope(x, a.approximate);
    case REF_SIGMOID: return sigmoid(x) * (1 - sigmoid(x));
    case REF_TANH: return 1 - tanh(x) * tanh(x);
    case REF_LINEAR:
    case REF_SOFTMAX: break;
    }
    return 1;
}

void ref_activation_forward(ref_activation a, long rows, long c, const double *x, double *y) {
    for (long r = 0; r < rows; r++) {
        if (a.kind == REF_SOFTMAX) {
            softmax(c, x + r * c, y + r * c);
            continue;
        }
        for (long i = r * c; i < (r + 1) * c; i++) y[i] = value(a, x[i]);
    }
}

/* softmax: dx_i = y_i * (dy_i - sum_j y_j dy_j). y_i is computed twice rather than stored, so that
 * the function needs no memory and dx may be dy. */
static void softmax_backward(long c, const double *x, const double *dy, double *dx) {
    double max = x[0], sum = 0, inner = 0;
    for (long i = 1; i < c; i++) max = x[i] > max ? x[i] : max;
    for (long i = 0; i < c; i++) sum += exp(x[i] - max);
    for (long i = 0; i < c; i++) inner += exp(x[i] - max) / sum * dy[i];
    for (long i = 0; i < c; i++) dx[i] = exp(x[i] - max) / sum * (dy[i] - inner);
}

void ref_activation_backward(ref_activation a, long rows, long c, const double *x, const double *dy,
                             double *dx) {
    for (long r = 0; r < rows; r++) {
        if (a.kind == REF_SOFTMAX) {
            softmax_backward(c, x + r * c, dy + r * c, dx + r * c);
            continue;
        }
        for (long i = r * c; i < (r + 1) * c; i++) dx[i] = dy[i] * slope(a, x[i]);
    }
}
