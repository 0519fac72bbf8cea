#include "nn/loss_parts.h"

/* loss = mean_j (y_j - t_j)^2;  d loss / d y_j = 2 (y_j - t_j) / K */
static void run(const wf_loss_args *a, const void *config, int is_fused) {
    (void)config;
    (void)is_fused; /* takes over no activation */
    float slope = 2 / (float)a->classes * a->weight;
    for (int row = 0; row < a->rows; row++) {
        double sum = 0;
        for (int j = 0; j < a->classes; j++) {
            size_t at = (size_t)row * (size_t)a->classes + (size_t)j;
            float off = a->output[at] - wf__loss_target(a, row, j);
            sum += (double)off * off;
            if (a->diff) a->diff[at] = off * slope;
        }
        a->losses[row] = (float)(sum / a->classes);
    }
}

static const wf_field fields[] = {{0}};

const wf_loss_class wf_mean_squared_error_class = {
    .name = "mean_squared_error",
    .summary = "mean over the units of the squared distance to the target",
    .fused = WF_ACT_LINEAR,
    .wants_labels = 0,
    .fields = fields,
    .config_size = 0,
    .run = run};
