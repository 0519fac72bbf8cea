#include "nn/infer.h"
#include "nn/onnx.h"
#include "nn/plan.h"

/* In training sets a share of the elements to 0 and divides the others by 1 - rate. */

typedef struct wf_dropout_config {
    double rate;
} wf_dropout_config;

static const wf_field fields[] = {{"rate", WF_FIELD_REAL, offsetof(wf_dropout_config, rate), 0,
                                   0.999, NULL, NULL, "share of the elements that are dropped"},
                                  {0}};

typedef struct dropout_args {
    wf_buffer src, dst, diff_src, diff_dst, bits;
    int size, node;
    uint32_t keep; /* of 2^16ths */
} dropout_args;

static void run_forward(const wf_work *r, const void *args) {
    const dropout_args *a = args;
    wf_mask_key key = wf_work_mask_key(r, a->node);
    uint8_t *bits = wf_at(r, a->bits);
    r->kernels->mask(bits, r->n, a->size, a->keep, &key);
    r->kernels->mask_apply(wf_at(r, a->dst), wf_at(r, a->src), bits, r->n, a->size,
                           65536.0f / (float)a->keep);
}

static void run_backward(const wf_work *r, const void *args) {
    const dropout_args *a = args;
    r->kernels->mask_apply(wf_at(r, a->diff_src), wf_at(r, a->diff_dst), wf_at(r, a->bits), r->n,
                           a->size, 65536.0f / (float)a->keep);
}

static wf_status plan(wf_builder *b) {
    const wf_dropout_config *c = b->config;
    if (!b->is_training) return wf_build_alias(b);
    dropout_args a = {.src = b->src[0],
                      .dst = b->dst,
                      .diff_src = b->diff_src[0],
                      .diff_dst = b->diff_dst,
                      .size = (int)wf_shape_size(b->dst_shape),
                      .node = b->node_index,
                      .keep = 65536 - (uint32_t)(c->rate * 65536.0 + 0.5)};
    WF_TRY(wf_build_buffer(&a.bits, b, ((size_t)a.size + 7) / 8));
    WF_TRY(wf_build_image_step(b, WF_FORWARD, run_forward, &a, sizeof a,
                               WF_USES(a.src, a.dst, a.bits)));
    if (a.diff_src == WF_NO_BUFFER) return WF_OK;
    return wf_build_image_step(b, WF_BACKWARD, run_backward, &a, sizeof a,
                               WF_USES(a.diff_src, a.diff_dst, a.bits));
}

const wf_layer_class wf_dropout_class = {.name = "dropout",
                                         .summary = "drops a random share of the elements",
                                         .paper = "Srivastava et al. 2014, JMLR 15(56)",
                                         .flags = WF_LAYER_RANDOM | WF_LAYER_LAST_AXIS,
                                         .min_inputs = 1,
                                         .max_inputs = 1,
                                         .config_size = sizeof(wf_dropout_config),
                                         .fields = fields,
                                         .infer = wf_infer_same,
                                         .plan = plan,
                                         .onnx = wf_onnx_same};
