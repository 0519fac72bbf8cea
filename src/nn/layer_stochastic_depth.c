#include <string.h>

#include "nn/infer.h"
#include "nn/onnx.h"
#include "nn/plan.h"

/* In training sets a share of the images to 0 as wholes and divides the others by 1 - rate; at the
 * end of a residual branch, before the `add`, such an image goes round the branch. */

typedef struct wf_stochastic_depth_config {
    double rate;
} wf_stochastic_depth_config;

static const wf_field fields[] = {{"rate", WF_FIELD_REAL,
                                   offsetof(wf_stochastic_depth_config, rate), 0, 0.999, NULL, NULL,
                                   "share of the images that are dropped"},
                                  {0}};

typedef struct stochastic_depth_args {
    wf_buffer src, dst, diff_src, diff_dst, bits; /* bits: the lowest of a byte per image */
    int64_t size;
    int node;
    uint32_t keep; /* of 2^16ths */
} stochastic_depth_args;

static void apply(const wf_work *r, const stochastic_depth_args *a, float *to, const float *from) {
    const uint8_t *bits = wf_at(r, a->bits);
    const float scale = 65536.0f / (float)a->keep;
    for (int i = 0; i < r->n; i++, to += a->size, from += a->size) {
        if (bits[i] & 1)
            for (int64_t j = 0; j < a->size; j++) to[j] = from[j] * scale;
        else memset(to, 0, (size_t)a->size * sizeof *to);
    }
}

static void run_forward(const wf_work *r, const void *args) {
    const stochastic_depth_args *a = args;
    const wf_mask_key key = wf_work_mask_key(r, a->node);
    r->kernels->mask(wf_at(r, a->bits), r->n, 1, a->keep, &key);
    apply(r, a, wf_at(r, a->dst), wf_at(r, a->src));
}

static void run_backward(const wf_work *r, const void *args) {
    const stochastic_depth_args *a = args;
    apply(r, a, wf_at(r, a->diff_src), wf_at(r, a->diff_dst));
}

static wf_status plan(wf_builder *b) {
    const wf_stochastic_depth_config *c = b->config;
    if (!b->is_training) return wf_build_alias(b);
    stochastic_depth_args a = {.src = b->src[0],
                               .dst = b->dst,
                               .diff_src = b->diff_src[0],
                               .diff_dst = b->diff_dst,
                               .size = wf_shape_size(b->dst_shape),
                               .node = b->node_index,
                               .keep = 65536 - (uint32_t)(c->rate * 65536.0 + 0.5)};
    WF_TRY(wf_build_buffer(&a.bits, b, 1));
    WF_TRY(wf_build_image_step(b, WF_FORWARD, run_forward, &a, sizeof a,
                               WF_USES(a.src, a.dst, a.bits)));
    if (a.diff_src == WF_NO_BUFFER) return WF_OK;
    return wf_build_image_step(b, WF_BACKWARD, run_backward, &a, sizeof a,
                               WF_USES(a.diff_src, a.diff_dst, a.bits));
}

const wf_layer_class wf_stochastic_depth_class = {
    .name = "stochastic_depth",
    .summary = "drops the branch of a random share of the images",
    .paper = "Huang et al. 2016, arXiv:1603.09382",
    .flags = WF_LAYER_RANDOM,
    .min_inputs = 1,
    .max_inputs = 1,
    .config_size = sizeof(wf_stochastic_depth_config),
    .fields = fields,
    .infer = wf_infer_same,
    .plan = plan,
    .onnx = wf_onnx_same};
