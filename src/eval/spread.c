#include <math.h>

#include "weft/eval.h"

wf_spread wf_spread_of(const double *values, size_t count) {
    wf_spread s = {.count = 0, .mean = NAN, .sd = NAN};
    double sum = 0, squares = 0;
    for (size_t i = 0; i < count; i++) {
        if (isnan(values[i])) continue;
        sum += values[i];
        s.count++;
    }
    if (s.count == 0) return s;
    s.mean = sum / (double)s.count;
    if (s.count < 2) return s;
    for (size_t i = 0; i < count; i++) {
        double d = values[i] - s.mean;
        if (!isnan(d)) squares += d * d;
    }
    s.sd = sqrt(squares / (double)(s.count - 1));
    return s;
}

double wf_accuracy_standard_error(double accuracy, int64_t count) {
    return count > 0 ? sqrt(accuracy * (1 - accuracy) / (double)count) : NAN;
}
