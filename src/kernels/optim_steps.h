/* What the optimizers' kernels take: one pass over a piece of the flat parameter array.
 * In all of them g = gradient * scale. */
#ifndef WF_KERNELS_OPTIM_STEPS_H
#define WF_KERNELS_OPTIM_STEPS_H

#include <stdint.h>

typedef struct wf_sgd_step {
    int64_t n;
    float *value;
    const float *gradient;
    float *velocity; /* NULL: no momentum */
    float scale, rate, momentum;
    int is_nesterov;
} wf_sgd_step;

typedef struct wf_rmsprop_step {
    int64_t n;
    float *value;
    const float *gradient;
    float *square;   /* mean of g^2 */
    float *mean;     /* mean of g; NULL: not centered */
    float *velocity; /* NULL: no momentum */
    float scale, rate, rho, one_minus_rho, momentum, epsilon;
} wf_rmsprop_step;

typedef struct wf_adam_step {
    int64_t n;
    float *value;
    const float *gradient;
    float *mean, *square;
    float scale;
    float alpha; /* rate * sqrt(1 - beta_2^t) / (1 - beta_1^t) */
    float one_minus_beta_1, one_minus_beta_2, epsilon;
    float keep; /* the value is multiplied by it first: 1 - rate * weight_decay */
} wf_adam_step;

#endif
