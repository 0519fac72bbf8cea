/* Layer normalisation of dense rows. Bytes: the source twice, from L1 the second time, the result
 * once; backward three arrays. */
#include <math.h>

#include "kernels/isa.h"

INLINE float sum_of(vf v) {
    float sum = 0;
    for (int i = 0; i < VL; i++) sum += ((const float *)&v)[i];
    return sum;
}

void WF_ISA_NAME(layer_norm)(float *y, float *moments, const float *x, const float *gamma,
                             const float *beta, int rows, int n, float epsilon) {
    for (int i = 0; i < rows; i++, x += n, y += n, moments += 2) {
        vf sums = {0}, squares = {0};
        float sum = 0, square = 0;
        int j = 0;
        for (; j + VL <= n; j += VL) sums += load(x + j);
        for (; j < n; j++) sum += x[j];
        const float mean = (sum_of(sums) + sum) / (float)n;
        for (j = 0; j + VL <= n; j += VL) squares += (load(x + j) - mean) * (load(x + j) - mean);
        for (; j < n; j++) square += (x[j] - mean) * (x[j] - mean);
        const float variance = (sum_of(squares) + square) / (float)n;
        const float scale = 1.0f / sqrtf(variance + epsilon);
        for (j = 0; j < n; j++) y[j] = (x[j] - mean) * scale;
        for (j = 0; gamma && j < n; j++) y[j] *= gamma[j];
        for (j = 0; beta && j < n; j++) y[j] += beta[j];
        moments[0] = mean;
        moments[1] = scale;
    }
}

/* With x^ = (x - mean) scale and g = dy gamma:
 *  dx = scale (g - mean(g) - x^ mean(g x^))   dgamma += dy x^   dbeta += dy */
void WF_ISA_NAME(layer_norm_backward)(float *dx, float *dgamma, float *dbeta, const float *dy,
                                      const float *x, const float *moments, const float *gamma,
                                      int rows, int n) {
    for (int i = 0; i < rows; i++, x += n, dy += n, moments += 2) {
        const float mean = moments[0], scale = moments[1];
        vf sums = {0}, dots = {0};
        float sum = 0, dot = 0;
        int j = 0;
        for (; j + VL <= n; j += VL) {
            const vf d = load(dy + j), hat = (load(x + j) - mean) * scale;
            const vf g = gamma ? d * load(gamma + j) : d;
            store(dgamma + j, load(dgamma + j) + d * hat);
            store(dbeta + j, load(dbeta + j) + d);
            sums += g;
            dots += g * hat;
        }
        for (; j < n; j++) {
            const float hat = (x[j] - mean) * scale, g = gamma ? dy[j] * gamma[j] : dy[j];
            dgamma[j] += dy[j] * hat;
            dbeta[j] += dy[j];
            sum += g;
            dot += g * hat;
        }
        if (!dx) continue;
        sum = (sum + sum_of(sums)) / (float)n;
        dot = (dot + sum_of(dots)) / (float)n;
        for (j = 0; j + VL <= n; j += VL) {
            const vf hat = (load(x + j) - mean) * scale;
            const vf g = gamma ? load(dy + j) * load(gamma + j) : load(dy + j);
            store(dx + j, scale * (g - sum - hat * dot));
        }
        for (; j < n; j++) {
            const float hat = (x[j] - mean) * scale, g = gamma ? dy[j] * gamma[j] : dy[j];
            dx[j] = scale * (g - sum - hat * dot);
        }
        dx += n;
    }
}
