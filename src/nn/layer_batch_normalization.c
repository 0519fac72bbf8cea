#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "nn/infer.h"
#include "nn/onnx.h"
#include "nn/plan.h"

/* dst = gamma * (src - mean) / sqrt(variance + epsilon) + beta, per channel (the last axis): over
 * the batch in training, by the moving statistics in inference.
 *  moving = momentum * moving + (1 - momentum) * batch statistic */

typedef struct wf_batch_normalization_config {
    double momentum, epsilon;
    int32_t center, scale, ghost;
} wf_batch_normalization_config;

#define AT(member) offsetof(wf_batch_normalization_config, member)
static const wf_field fields[] = {
    {"momentum", WF_FIELD_REAL, AT(momentum), 0, 1, NULL, "0.99",
     "share of the old moving statistics that a step keeps"},
    {"epsilon", WF_FIELD_REAL, AT(epsilon), 0, 1e3, NULL, "0.001", "added to the variance"},
    {"center", WF_FIELD_BOOL, AT(center), 0, 1, NULL, "true", "learn beta"},
    {"scale", WF_FIELD_BOOL, AT(scale), 0, 1, NULL, "true", "learn gamma"},
    {"ghost", WF_FIELD_INT, AT(ghost), 0, 1 << 24, NULL, "0",
     "images per group of common statistics; 0: the whole batch"},
    {0}};

static wf_status infer(wf_infer *in) {
    const wf_batch_normalization_config *c = in->config;
    int64_t channels = in->inputs[0]->dim[in->inputs[0]->rank - 1];
    if (c->scale) WF_TRY(wf_infer_vector(in, "gamma", channels, WF_INIT_ONES, 1));
    if (c->center) WF_TRY(wf_infer_vector(in, "beta", channels, WF_INIT_ZEROS, 1));
    WF_TRY(wf_infer_vector(in, "moving_mean", channels, WF_INIT_ZEROS, 0));
    WF_TRY(wf_infer_vector(in, "moving_variance", channels, WF_INIT_ONES, 0));
    return wf_infer_same(in);
}

/* ---- plan ----
 * Whole batch: shards leave the moments of their rows, one tile step merges them in shard order,
 * shards normalise; the backward pass has the same three parts. With ghost groups each group is a
 * tile of its own. */

typedef struct batch_norm_args {
    wf_buffer src, dst, diff_src, diff_dst;
    wf_buffer
        parts; /* per shard (or ghost group) [2][C]: mean, m2; then the two sums of backward */
    wf_buffer stats; /* per group [5][C]: mean, scale, then A, B, C of the backward pass */
    int rows, channels, ghost;
    int gamma, beta, moving; /* parameter entries; -1: none */
    float epsilon, momentum;
} batch_norm_args;

enum { MEAN, SCALE, PART_A, PART_B, PART_C, STATS };

static float *part_at(const wf_work *r, const batch_norm_args *a, int i) {
    return (float *)wf_at(r, a->parts) + (ptrdiff_t)i * 2 * a->channels;
}

static float *stat_at(const wf_work *r, const batch_norm_args *a, int group, int which) {
    return (float *)wf_at(r, a->stats) + ((ptrdiff_t)group * STATS + which) * a->channels;
}

static float gamma_of(const wf_work *r, const batch_norm_args *a, int j) {
    return a->gamma < 0 ? 1 : wf_value(r, a->gamma)[j];
}

/* dst = src * (gamma * scale) + (beta - mean * gamma * scale), coefficients in scratch */
static void normalize(const wf_work *r, const batch_norm_args *a, int group, const float *src,
                      float *dst, size_t rows) {
    const float *mean = stat_at(r, a, group, MEAN), *scale = stat_at(r, a, group, SCALE);
    float *by = r->scratch, *plus = by + a->channels;
    for (int j = 0; j < a->channels; j++) {
        by[j] = gamma_of(r, a, j) * scale[j];
        plus[j] = (a->beta < 0 ? 0 : wf_value(r, a->beta)[j]) - mean[j] * by[j];
    }
    r->kernels->scale_rows(dst, src, rows, a->channels, by, plus);
}

static void update_moving(const wf_work *r, const batch_norm_args *a, int j, double mean,
                          double variance) {
    float *moving_mean = wf_value(r, a->moving) + j,
          *moving_variance = wf_value(r, a->moving + 1) + j;
    const double keep = (double)a->momentum;
    *moving_mean = (float)(keep * (double)*moving_mean + (1 - keep) * mean);
    *moving_variance = (float)(keep * (double)*moving_variance + (1 - keep) * variance);
}

static void run_moments(const wf_work *r, const void *args) {
    const batch_norm_args *a = args;
    float *part = part_at(r, a, r->shard);
    r->kernels->column_moments(part, part + a->channels, wf_at(r, a->src), r->n * a->rows,
                               a->channels);
}

/* mean = sum n_s mean_s / n;  m2 = sum m2_s + n_s (mean_s - mean)^2  (Chan et al. 1983) */
static void run_merge(const wf_work *r, const void *args) {
    const batch_norm_args *a = args;
    const double total = (double)r->batch->n * a->rows;
    for (int j = 0; j < a->channels; j++) {
        double mean = 0, m2 = 0;
        int n0, n;
        for (int s = 0; s < wf_work_shards(r); s++) {
            wf_work_shard_range(r, s, &n0, &n);
            mean += (double)n * a->rows * (double)part_at(r, a, s)[j];
        }
        mean /= total;
        for (int s = 0; s < wf_work_shards(r); s++) {
            wf_work_shard_range(r, s, &n0, &n);
            double d = (double)part_at(r, a, s)[j] - mean;
            m2 += (double)part_at(r, a, s)[a->channels + j] + (double)n * a->rows * d * d;
        }
        stat_at(r, a, 0, MEAN)[j] = (float)mean;
        stat_at(r, a, 0, SCALE)[j] = (float)(1 / sqrt(m2 / total + (double)a->epsilon));
        update_moving(r, a, j, mean, m2 / total);
    }
}

static void run_normalize(const wf_work *r, const void *args) {
    const batch_norm_args *a = args;
    normalize(r, a, 0, wf_at(r, a->src), wf_at(r, a->dst), (size_t)r->n * (size_t)a->rows);
}

/* Inference: the moving statistics stand in for the batch's. */
static void run_refresh(const wf_work *r, const void *args) {
    const batch_norm_args *a = args;
    for (int j = 0; j < a->channels; j++) {
        stat_at(r, a, 0, MEAN)[j] = wf_value(r, a->moving)[j];
        stat_at(r, a, 0, SCALE)[j] = 1 / sqrtf(wf_value(r, a->moving + 1)[j] + a->epsilon);
    }
}

/* dx = dy * gamma * scale: the moving statistics are constants. */
static void run_constant_backward(const wf_work *r, const void *args) {
    const batch_norm_args *a = args;
    float *by = r->scratch, *zeros = by + a->channels;
    for (int j = 0; j < a->channels; j++) {
        by[j] = gamma_of(r, a, j) * stat_at(r, a, 0, SCALE)[j];
        zeros[j] = 0;
    }
    r->kernels->scale_rows(wf_at(r, a->diff_src), wf_at(r, a->diff_dst),
                           (size_t)r->n * (size_t)a->rows, a->channels, by, zeros);
}

/* With n rows, sums s = sum dy and t = sum dy (x - mean):
 *  dx = A dy + B (x - mean) + C,  A = gamma scale,  B = -A scale^2 t / n,  C = -A s / n */
static void backward_coefficients(const wf_work *r, const batch_norm_args *a, int group, int j,
                                  double s, double t, double n) {
    const double scale = (double)stat_at(r, a, group, SCALE)[j];
    const double A = (double)gamma_of(r, a, j) * scale;
    stat_at(r, a, group, PART_A)[j] = (float)A;
    stat_at(r, a, group, PART_B)[j] = (float)(-A * scale * scale * t / n);
    stat_at(r, a, group, PART_C)[j] = (float)(-A * s / n);
}

static void normalize_backward(const wf_work *r, const batch_norm_args *a, int group, float *dx,
                               const float *dy, const float *x, int rows) {
    r->kernels->normalize_backward(dx, dy, x, stat_at(r, a, group, MEAN),
                                   stat_at(r, a, group, PART_A), stat_at(r, a, group, PART_B),
                                   stat_at(r, a, group, PART_C), rows, a->channels);
}

static void run_sums(const wf_work *r, const void *args) {
    const batch_norm_args *a = args;
    float *part = part_at(r, a, r->shard);
    r->kernels->column_dots(part, part + a->channels, wf_at(r, a->diff_dst), wf_at(r, a->src),
                            stat_at(r, a, 0, MEAN), r->n * a->rows, a->channels);
}

static void run_merge_sums(const wf_work *r, const void *args) {
    const batch_norm_args *a = args;
    for (int j = 0; j < a->channels; j++) {
        double s = 0, t = 0;
        for (int i = 0; i < wf_work_shards(r); i++) {
            s += (double)part_at(r, a, i)[j];
            t += (double)part_at(r, a, i)[a->channels + j];
        }
        backward_coefficients(r, a, 0, j, s, t, (double)r->batch->n * a->rows);
        if (a->beta >= 0) wf_gradient(r, a->beta)[j] = (float)s;
        if (a->gamma >= 0)
            wf_gradient(r, a->gamma)[j] = (float)(t * (double)stat_at(r, a, 0, SCALE)[j]);
    }
}

static void run_backward(const wf_work *r, const void *args) {
    const batch_norm_args *a = args;
    normalize_backward(r, a, 0, wf_at(r, a->diff_src), wf_at(r, a->diff_dst), wf_at(r, a->src),
                       r->n * a->rows);
}

/* ---- ghost groups ---- */

static int ghost_range(const wf_work *r, const batch_norm_args *a, int group, int *n0) {
    *n0 = group * a->ghost;
    int rest = r->batch->n - *n0;
    return rest < a->ghost ? rest : a->ghost; /* below 1 for groups of a smaller batch */
}

static void run_ghost(const wf_work *r, const void *args) {
    const batch_norm_args *a = args;
    int n0, n = ghost_range(r, a, r->tile, &n0);
    if (n < 1) return;
    float *part = part_at(r, a, r->tile);
    const float *src = wf_at_image(r, a->src, n0);
    r->kernels->column_moments(part, part + a->channels, src, n * a->rows, a->channels);
    for (int j = 0; j < a->channels; j++) {
        float variance = part[a->channels + j] / (float)(n * a->rows);
        stat_at(r, a, r->tile, MEAN)[j] = part[j];
        stat_at(r, a, r->tile, SCALE)[j] = 1 / sqrtf(variance + a->epsilon);
        part[a->channels + j] = variance;
    }
    normalize(r, a, r->tile, src, wf_at_image(r, a->dst, n0), (size_t)n * (size_t)a->rows);
}

/* One update a step, with the mean over the groups. */
static void run_ghost_moving(const wf_work *r, const void *args) {
    const batch_norm_args *a = args;
    const int groups = (r->batch->n + a->ghost - 1) / a->ghost;
    for (int j = 0; j < a->channels; j++) {
        double mean = 0, variance = 0;
        for (int g = 0; g < groups; g++) {
            mean += (double)part_at(r, a, g)[j];
            variance += (double)part_at(r, a, g)[a->channels + j];
        }
        update_moving(r, a, j, mean / groups, variance / groups);
    }
}

static void run_ghost_backward(const wf_work *r, const void *args) {
    const batch_norm_args *a = args;
    int n0, n = ghost_range(r, a, r->tile, &n0), C = a->channels;
    float *part = part_at(r, a, r->tile);
    memset(part, 0, 2 * (size_t)C * sizeof *part);
    if (n < 1) return;
    const float *dy = wf_at_image(r, a->diff_dst, n0), *x = wf_at_image(r, a->src, n0);
    r->kernels->column_dots(part, part + C, dy, x, stat_at(r, a, r->tile, MEAN), n * a->rows, C);
    for (int j = 0; j < C; j++) {
        backward_coefficients(r, a, r->tile, j, (double)part[j], (double)part[C + j],
                              (double)n * a->rows);
        part[C + j] *= stat_at(r, a, r->tile, SCALE)[j];
    }
    if (a->diff_src != WF_NO_BUFFER)
        normalize_backward(r, a, r->tile, wf_at_image(r, a->diff_src, n0), dy, x, n * a->rows);
}

static void run_ghost_gradients(const wf_work *r, const void *args) {
    const batch_norm_args *a = args;
    const int groups = (r->batch->n + a->ghost - 1) / a->ghost, C = a->channels;
    if (a->beta >= 0)
        r->kernels->column_sums(wf_gradient(r, a->beta), part_at(r, a, 0), groups, C, 2 * C, 0);
    if (a->gamma >= 0)
        r->kernels->column_sums(wf_gradient(r, a->gamma), part_at(r, a, 0) + C, groups, C, 2 * C,
                                0);
}

static wf_status plan_ghost(wf_builder *b, const batch_norm_args *a, int groups) {
    WF_TRY(wf_build_tile_step(b, WF_FORWARD, groups, run_ghost, a, sizeof *a,
                              WF_USES(a->src, a->dst)));
    WF_TRY(wf_build_tile_step(b, WF_FORWARD, 1, run_ghost_moving, a, sizeof *a, NULL, 0));
    if (a->diff_dst == WF_NO_BUFFER) return WF_OK;
    WF_TRY(wf_build_tile_step(b, WF_BACKWARD, groups, run_ghost_backward, a, sizeof *a,
                              WF_USES(a->src, a->diff_src, a->diff_dst)));
    return wf_build_tile_step(b, WF_BACKWARD, 1, run_ghost_gradients, a, sizeof *a, NULL, 0);
}

static wf_status plan_whole(wf_builder *b, const batch_norm_args *a) {
    WF_TRY(wf_build_shard_step(b, WF_FORWARD, run_moments, a, sizeof *a, WF_USES(a->src)));
    WF_TRY(wf_build_tile_step(b, WF_FORWARD, 1, run_merge, a, sizeof *a, NULL, 0));
    WF_TRY(
        wf_build_image_step(b, WF_FORWARD, run_normalize, a, sizeof *a, WF_USES(a->src, a->dst)));
    if (a->diff_dst == WF_NO_BUFFER) return WF_OK;
    WF_TRY(
        wf_build_shard_step(b, WF_BACKWARD, run_sums, a, sizeof *a, WF_USES(a->src, a->diff_dst)));
    WF_TRY(wf_build_tile_step(b, WF_BACKWARD, 1, run_merge_sums, a, sizeof *a, NULL, 0));
    if (a->diff_src == WF_NO_BUFFER) return WF_OK;
    return wf_build_image_step(b, WF_BACKWARD, run_backward, a, sizeof *a,
                               WF_USES(a->src, a->diff_src, a->diff_dst));
}

static wf_status plan(wf_builder *b) {
    const wf_batch_normalization_config *c = b->config;
    batch_norm_args a = {.src = b->src[0],
                         .dst = b->dst,
                         .diff_src = b->diff_src[0],
                         .diff_dst = b->diff_dst,
                         .channels = (int)b->dst_shape->dim[b->dst_shape->rank - 1],
                         .ghost = b->is_training ? c->ghost : 0,
                         .gamma = c->scale ? b->param : -1,
                         .beta = c->center ? b->param + c->scale : -1,
                         .moving = b->param + c->scale + c->center,
                         .epsilon = (float)c->epsilon,
                         .momentum = (float)c->momentum};
    a.rows = (int)(wf_shape_size(b->dst_shape) / a.channels);
    const int groups = a.ghost ? (b->batch_size + a.ghost - 1) / a.ghost : 1;
    const int parts = a.ghost ? groups : b->n_shards;
    const size_t bytes = (size_t)a.channels * sizeof(float);
    WF_TRY(wf_build_fixed(&a.parts, b, (size_t)parts * 2 * bytes));
    WF_TRY(wf_build_fixed(&a.stats, b, (size_t)groups * STATS * bytes));
    wf_build_scratch(b, 2 * bytes);
    if (a.ghost) return plan_ghost(b, &a, groups);
    if (b->is_training) return plan_whole(b, &a);
    WF_TRY(wf_build_tile_step(b, WF_REFRESH, 1, run_refresh, &a, sizeof a, NULL, 0));
    WF_TRY(wf_build_image_step(b, WF_FORWARD, run_normalize, &a, sizeof a, WF_USES(a.src, a.dst)));
    if (a.diff_src == WF_NO_BUFFER) return WF_OK;
    return wf_build_image_step(b, WF_BACKWARD, run_constant_backward, &a, sizeof a,
                               WF_USES(a.diff_src, a.diff_dst));
}

/* ---- ONNX: the operator wants the channels behind the first axis ---- */

static wf_status onnx_vector(wf_onnx_name *out, wf_onnx *x, const char *part, int64_t n,
                             float value) {
    const wf_shape shape = {.rank = 1, .dim = {n}};
    float *values = NULL;
    WF_TRY(wf_alloc(&values, x->cx, (size_t)n, sizeof *values));
    for (int64_t i = 0; i < n; i++) values[i] = value;
    wf_status status = wf_onnx_reals(out, x, part, &shape, values);
    wf_free(values);
    return status;
}

static wf_status onnx(wf_onnx *x) {
    const wf_batch_normalization_config *c = x->config;
    const wf_shape *shape = &x->node->shape;
    const int64_t channels = shape->dim[shape->rank - 1];
    const wf_onnx_attribute epsilon = {.name = "epsilon", .kind = WF_ONNX_REAL, .f = c->epsilon};
    const int is_flattened = shape->rank != 1 && shape->rank != 3; /* to [rows, channels] */
    const wf_onnx_layout layout = shape->rank == 3 ? WF_ONNX_FIRST : wf_onnx_layout_of(x, 0);
    int64_t dims[WF_MAX_RANK + 1] = {-1};
    wf_onnx_name in[5], y;
    WF_TRY(wf_onnx_input(&in[0], x, 0, layout));
    if (is_flattened)
        WF_TRY(wf_onnx_reshape(&in[0], x, &in[0], (const int64_t[]){-1, channels}, 2));
    WF_TRY(c->scale ? wf_onnx_param(&in[1], x, 0, NULL)
                    : onnx_vector(&in[1], x, "gamma", channels, 1));
    WF_TRY(c->center ? wf_onnx_param(&in[2], x, c->scale, NULL)
                     : onnx_vector(&in[2], x, "beta", channels, 0));
    WF_TRY(wf_onnx_param(&in[3], x, c->scale + c->center, NULL));
    WF_TRY(wf_onnx_param(&in[4], x, c->scale + c->center + 1, NULL));
    WF_TRY(wf_onnx_apply(&y, x, "BatchNormalization", in, 5, &epsilon, 1));
    for (int i = 0; i < shape->rank; i++) dims[i + 1] = shape->dim[i];
    if (layout == WF_ONNX_FIRST) { /* of a sequence: the time comes before the batch */
        dims[0] = shape->dim[0];
        dims[1] = -1;
    }
    if (is_flattened) WF_TRY(wf_onnx_reshape(&y, x, &y, dims, shape->rank + 1));
    wf_onnx_output(x, &y, layout);
    return WF_OK;
}

const wf_layer_class wf_batch_normalization_class = {
    .name = "batch_normalization",
    .summary = "normalises each channel over the batch",
    .paper = "Ioffe and Szegedy 2015, arXiv:1502.03167",
    .min_inputs = 1,
    .max_inputs = 1,
    .config_size = sizeof(wf_batch_normalization_config),
    .fields = fields,
    .infer = infer,
    .plan = plan,
    .onnx = onnx};
