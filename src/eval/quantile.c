#include <math.h>
#include <stdlib.h>

#include "eval/evaluation.h"

static int compare_doubles(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

void wf__sort(double *values, int64_t count) {
    qsort(values, (size_t)count, sizeof *values, compare_doubles);
}

double wf__quantile(const double *sorted, int64_t count, double q) {
    double at = (double)(count - 1) * q, whole = floor(at), part = at - whole;
    int64_t i = (int64_t)whole;
    if (i + 1 >= count) return sorted[count - 1];
    /* from the nearer neighbour, as numpy has it, to the same last bit */
    double step = sorted[i + 1] - sorted[i];
    return part < 0.5 ? sorted[i] + step * part : sorted[i + 1] - step * (1 - part);
}
