#include <math.h>

#include "nn/loss_parts.h"

static float smoothed(const wf_loss_args *a, int row, int j, float smoothing) {
    float t = wf__loss_target(a, row, j);
    return smoothing > 0 ? t * (1 - smoothing) + smoothing / (float)a->classes : t;
}

static float target_sum(const wf_loss_args *a, int row, float smoothing) {
    if (!a->targets) return 1;
    float sum = 0;
    for (int j = 0; j < a->classes; j++) sum += smoothed(a, row, j, smoothing);
    return sum;
}

/* Moves each row's largest value to 0, so that no exponential overflows, and puts sum_j -t_j x_j
 * into `losses`. Not a number or infinite anywhere in the row makes the loss not a number: vector
 * exponentials clamp their argument and would hide it. */
static void shift_rows(const wf_loss_args *a, float smoothing) {
    for (int row = 0; row < a->rows; row++) {
        float *x = a->output + (size_t)row * (size_t)a->classes, largest = x[0];
        float loss = 0, probe = 0;
        for (int j = 1; j < a->classes; j++) largest = x[j] > largest ? x[j] : largest;
        for (int j = 0; j < a->classes; j++) {
            x[j] -= largest;
            loss -= smoothed(a, row, j, smoothing) * x[j];
            probe += 0 * x[j];
        }
        a->losses[row] = loss + probe;
    }
}

/* With S = sum_j exp x_j:  p_j = exp(x_j) / S,  loss = sum_j t_j (log S - x_j),
 * d loss / d x_j = p_j sum t - t_j */
static void run_on_logits(const wf_loss_args *a, float smoothing) {
    shift_rows(a, smoothing);
    a->kernels->exponentials(a->output, a->output, (size_t)a->rows * (size_t)a->classes);
    for (int row = 0; row < a->rows; row++) {
        float *p = a->output + (size_t)row * (size_t)a->classes;
        float whole = target_sum(a, row, smoothing);
        double sum = 0;
        for (int j = 0; j < a->classes; j++) sum += p[j];
        a->losses[row] = (float)(whole * log(sum) + a->losses[row]);
        float inverse = (float)(1 / sum);
        for (int j = 0; j < a->classes; j++) p[j] *= inverse;
        if (!a->diff) continue;
        float *d = a->diff + (size_t)row * (size_t)a->classes;
        for (int j = 0; j < a->classes; j++)
            d[j] = (p[j] * whole - smoothed(a, row, j, smoothing)) * a->weight;
    }
}

static int is_clipped(float p) { return p < WF_LOSS_EPSILON || p > 1 - WF_LOSS_EPSILON; }

static float clip(float p) {
    if (p < WF_LOSS_EPSILON) return WF_LOSS_EPSILON;
    return p > 1 - WF_LOSS_EPSILON ? 1 - WF_LOSS_EPSILON : p;
}

/* As Keras: p_j = y_j / sum y, clipped;  loss = sum_j -t_j log p_j.  With g_j = -t_j / p_j, or 0
 * where p_j was clipped:  d loss / d y_j = (g_j - sum_i g_i p_i) / sum y */
static void run_on_probabilities(const wf_loss_args *a, float smoothing) {
    for (int row = 0; row < a->rows; row++) {
        const float *y = a->output + (size_t)row * (size_t)a->classes;
        double sum = 0, loss = 0, mean = 0;
        for (int j = 0; j < a->classes; j++) sum += y[j];
        for (int j = 0; j < a->classes; j++) {
            float p = (float)(y[j] / sum), t = smoothed(a, row, j, smoothing);
            loss -= t * log((double)clip(p));
            if (!is_clipped(p)) mean -= t;
        }
        a->losses[row] = (float)loss;
        if (!a->diff) continue;
        float *d = a->diff + (size_t)row * (size_t)a->classes;
        for (int j = 0; j < a->classes; j++) {
            float p = (float)(y[j] / sum), t = smoothed(a, row, j, smoothing);
            double g = is_clipped(p) ? 0 : -t / p;
            d[j] = (float)((g - mean) / sum) * a->weight;
        }
    }
}

void wf__crossentropy_run(const wf_loss_args *a, const void *config, int is_fused) {
    float smoothing = (float)((const wf_smoothing_config *)config)->label_smoothing;
    if (is_fused) run_on_logits(a, smoothing);
    else run_on_probabilities(a, smoothing);
}

static const wf_field fields[] = {
    WF_SMOOTHING_FIELD("share of each target that is spread evenly over all classes"), {0}};

const wf_loss_class wf_categorical_crossentropy_class = {
    .name = "categorical_crossentropy",
    .summary = "cross-entropy against one-hot or other distributions over the classes",
    .fused = WF_ACT_SOFTMAX,
    .is_exclusive = 1,
    .wants_labels = 0,
    .fields = fields,
    .config_size = sizeof(wf_smoothing_config),
    .run = wf__crossentropy_run};
