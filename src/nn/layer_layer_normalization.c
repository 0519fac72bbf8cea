#include <math.h>
#include <string.h>

#include "nn/infer.h"
#include "nn/onnx.h"
#include "nn/steps.h"

/* dst = gamma * (src - mean) / sqrt(variance + epsilon) + beta, statistics over the last axis. */

typedef struct wf_layer_normalization_config {
    double epsilon;
    int32_t center, scale;
} wf_layer_normalization_config;

#define AT(member) offsetof(wf_layer_normalization_config, member)
static const wf_field fields[] = {
    {"epsilon", WF_FIELD_REAL, AT(epsilon), 0, 1e3, NULL, "0.001", "added to the variance"},
    {"center", WF_FIELD_BOOL, AT(center), 0, 1, NULL, "true", "learn beta"},
    {"scale", WF_FIELD_BOOL, AT(scale), 0, 1, NULL, "true", "learn gamma"},
    {0}};

static wf_status infer(wf_infer *in) {
    const wf_layer_normalization_config *c = in->config;
    int64_t features = in->inputs[0]->dim[in->inputs[0]->rank - 1];
    if (c->scale) WF_TRY(wf_infer_vector(in, "gamma", features, WF_INIT_ONES, 1));
    if (c->center) WF_TRY(wf_infer_vector(in, "beta", features, WF_INIT_ZEROS, 1));
    return wf_infer_same(in);
}

typedef struct layer_norm_args {
    wf_buffer src, dst, diff_src, diff_dst;
    wf_buffer moments;               /* mean and 1 / sqrt(variance + epsilon) of each row */
    wf_buffer parts;                 /* per shard: gradients of gamma [F], beta [F] */
    int rows, features, gamma, beta; /* parameter entries or -1 */
    float epsilon;
} layer_norm_args;

static void run_forward(const wf_work *r, const void *args) {
    const layer_norm_args *a = args;
    const int F = a->features;
    const float *x = wf_at(r, a->src);
    float *y = wf_at(r, a->dst), *moments = wf_at(r, a->moments);
    const float *gamma = a->gamma < 0 ? NULL : wf_value(r, a->gamma);
    const float *beta = a->beta < 0 ? NULL : wf_value(r, a->beta);
    for (int i = 0; i < r->n * a->rows; i++, x += F, y += F) {
        float mean = 0, variance = 0;
        for (int j = 0; j < F; j++) mean += x[j];
        mean /= (float)F;
        for (int j = 0; j < F; j++) variance += (x[j] - mean) * (x[j] - mean);
        float scale = 1.0f / sqrtf(variance / (float)F + a->epsilon);
        for (int j = 0; j < F; j++)
            y[j] = (x[j] - mean) * scale * (gamma ? gamma[j] : 1) + (beta ? beta[j] : 0);
        moments[2 * i] = mean;
        moments[2 * i + 1] = scale;
    }
}

/* With x^ = (x - mean) scale and g = dy gamma:
 *  dx = scale (g - mean(g) - x^ mean(g x^))   dgamma = sum dy x^   dbeta = sum dy */
static void run_backward(const wf_work *r, const void *args) {
    const layer_norm_args *a = args;
    const int F = a->features;
    const float *x = wf_at(r, a->src), *dy = wf_at(r, a->diff_dst), *moments = wf_at(r, a->moments);
    float *dx = a->diff_src == WF_NO_BUFFER ? NULL : wf_at(r, a->diff_src);
    const float *gamma = a->gamma < 0 ? NULL : wf_value(r, a->gamma);
    float *dgamma = (float *)wf_at(r, a->parts) + (ptrdiff_t)r->shard * 2 * F, *dbeta = dgamma + F;
    memset(dgamma, 0, 2 * (size_t)F * sizeof *dgamma);
    for (int i = 0; i < r->n * a->rows; i++, x += F, dy += F) {
        const float mean = moments[2 * i], scale = moments[2 * i + 1];
        float sum = 0, dot = 0;
        for (int j = 0; j < F; j++) {
            float hat = (x[j] - mean) * scale, g = dy[j] * (gamma ? gamma[j] : 1);
            dgamma[j] += dy[j] * hat;
            dbeta[j] += dy[j];
            sum += g;
            dot += g * hat;
        }
        if (!dx) continue;
        for (int j = 0; j < F; j++) {
            float hat = (x[j] - mean) * scale, g = dy[j] * (gamma ? gamma[j] : 1);
            dx[j] = scale * (g - sum / (float)F - hat * dot / (float)F);
        }
        dx += F;
    }
}

static wf_status plan(wf_builder *b) {
    const wf_layer_normalization_config *c = b->config;
    layer_norm_args a = {.src = b->src[0],
                         .dst = b->dst,
                         .diff_src = b->diff_src[0],
                         .diff_dst = b->diff_dst,
                         .features = (int)b->dst_shape->dim[b->dst_shape->rank - 1],
                         .gamma = c->scale ? b->param : -1,
                         .beta = c->center ? b->param + c->scale : -1,
                         .epsilon = (float)c->epsilon};
    a.rows = (int)(wf_shape_size(b->dst_shape) / a.features);
    WF_TRY(wf_build_buffer(&a.moments, b, (size_t)a.rows * 2 * sizeof(float)));
    WF_TRY(wf_build_image_step(b, WF_FORWARD, run_forward, &a, sizeof a,
                               WF_USES(a.src, a.dst, a.moments)));
    if (a.diff_dst == WF_NO_BUFFER) return WF_OK;
    WF_TRY(
        wf_build_fixed(&a.parts, b, (size_t)b->n_shards * 2 * (size_t)a.features * sizeof(float)));
    WF_TRY(wf_build_shard_step(b, WF_BACKWARD, run_backward, &a, sizeof a,
                               WF_USES(a.src, a.diff_src, a.diff_dst, a.moments)));
    if (!b->is_training) return WF_OK;
    if (a.gamma >= 0) WF_TRY(wf_build_shard_sum(b, a.gamma, a.parts, 2 * a.features, 0));
    if (a.beta >= 0) WF_TRY(wf_build_shard_sum(b, a.beta, a.parts, 2 * a.features, a.features));
    return WF_OK;
}

/* The operator LayerNormalization is younger than the opset. */
static wf_status onnx(wf_onnx *x) {
    const wf_layer_normalization_config *c = x->config;
    /* features are the last axis of sequences in both layouts */
    const wf_onnx_layout layout = x->node->shape.rank == 2 ? wf_onnx_layout_of(x, 0) : WF_ONNX_WEFT;
    static const int64_t last[] = {-1};
    const wf_onnx_attribute axes = {.name = "axes", .kind = WF_ONNX_INTS, .ints = last, .n = 1};
    wf_onnx_name y, mean, centred, variance, constant;
    WF_TRY(wf_onnx_input(&y, x, 0, layout));
    WF_TRY(wf_onnx_apply(&mean, x, "ReduceMean", &y, 1, &axes, 1));
    WF_TRY(wf_onnx_binary(&centred, x, "Sub", &y, &mean));
    WF_TRY(wf_onnx_real(&constant, x, "two", 2));
    WF_TRY(wf_onnx_binary(&variance, x, "Pow", &centred, &constant));
    WF_TRY(wf_onnx_apply(&variance, x, "ReduceMean", &variance, 1, &axes, 1));
    WF_TRY(wf_onnx_real(&constant, x, "epsilon", c->epsilon));
    WF_TRY(wf_onnx_binary(&variance, x, "Add", &variance, &constant));
    WF_TRY(wf_onnx_unary(&variance, x, "Sqrt", &variance));
    WF_TRY(wf_onnx_binary(&y, x, "Div", &centred, &variance));
    if (c->scale) {
        WF_TRY(wf_onnx_param(&constant, x, 0, NULL));
        WF_TRY(wf_onnx_binary(&y, x, "Mul", &y, &constant));
    }
    if (c->center) {
        WF_TRY(wf_onnx_param(&constant, x, c->scale, NULL));
        WF_TRY(wf_onnx_binary(&y, x, "Add", &y, &constant));
    }
    wf_onnx_output(x, &y, layout);
    return WF_OK;
}

const wf_layer_class wf_layer_normalization_class = {.name = "layer_normalization",
                                                     .summary = "normalises each image's last axis",
                                                     .paper = "Ba et al. 2016, arXiv:1607.06450",
                                                     .flags = WF_LAYER_LAST_AXIS,
                                                     .min_inputs = 1,
                                                     .max_inputs = 1,
                                                     .config_size =
                                                         sizeof(wf_layer_normalization_config),
                                                     .fields = fields,
                                                     .infer = infer,
                                                     .plan = plan,
                                                     .onnx = onnx};
