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
    r->kernels->layer_norm(wf_at(r, a->dst), wf_at(r, a->moments), wf_at(r, a->src),
                           a->gamma < 0 ? NULL : wf_value(r, a->gamma),
                           a->beta < 0 ? NULL : wf_value(r, a->beta), r->n * a->rows, a->features,
                           a->epsilon);
}

static void run_backward(const wf_work *r, const void *args) {
    const layer_norm_args *a = args;
    float *dgamma = (float *)wf_at(r, a->parts) + (ptrdiff_t)r->shard * 2 * a->features;
    memset(dgamma, 0, 2 * (size_t)a->features * sizeof *dgamma);
    r->kernels->layer_norm_backward(
        a->diff_src == WF_NO_BUFFER ? NULL : wf_at(r, a->diff_src), dgamma, dgamma + a->features,
        wf_at(r, a->diff_dst), wf_at(r, a->src), wf_at(r, a->moments),
        a->gamma < 0 ? NULL : wf_value(r, a->gamma), r->n * a->rows, a->features);
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
