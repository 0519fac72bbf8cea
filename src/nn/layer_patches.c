#include <string.h>

#include "nn/infer.h"
#include "nn/onnx.h"
#include "nn/plan.h"

/* An image's patches, side by side, as pixels of a smaller image (space to depth):
 * [N,H,W,C] -> [N,H/p,W/q,p*q*C]. A patch's elements keep their order: row, column, channel. */

typedef struct wf_patches_config {
    int32_t patch_size[2];
} wf_patches_config;

static const wf_field fields[] = {{"patch_size", WF_FIELD_PAIR,
                                   offsetof(wf_patches_config, patch_size), 1, 4096, NULL, NULL,
                                   "height and width of a patch; they divide the image's"},
                                  {0}};

static wf_status infer(wf_infer *in) {
    wf_context *cx = in->cx;
    const int32_t *size = ((const wf_patches_config *)in->config)->patch_size;
    WF_TRY(wf_infer_image(in));
    in->output = *in->inputs[0];
    for (int axis = 0; axis < 2; axis++) {
        int64_t *extent = &in->output.dim[axis];
        WF_REQUIRE(*extent % size[axis] == 0, WF_E_SHAPE,
                   "layer %s: patch_size is %d along %s, must divide the input's %lld pixels | use "
                   "another size, or let a pool or convolution before it change the image's",
                   in->layer, size[axis], axis ? "the width" : "the height", (long long)*extent);
        *extent /= size[axis];
        in->output.dim[2] *= size[axis];
    }
    return WF_OK;
}

typedef struct patches_args {
    wf_buffer src, dst, diff_src, diff_dst;
    int h, w;            /* patches in an image */
    int ph;              /* rows of a patch, */
    ptrdiff_t patch_row; /* floats of one */
} patches_args;

/* The rows of all patches, in the order of the image's bytes. */
static void move(const patches_args *a, float *patches, float *image, int n, int is_backward) {
    const size_t bytes = (size_t)a->patch_row * sizeof *image;
    for (int row = 0; row < n * a->h; row++, patches += a->w * a->ph * a->patch_row)
        for (int y = 0; y < a->ph; y++)
            for (int x = 0; x < a->w; x++, image += a->patch_row) {
                float *there = patches + ((ptrdiff_t)x * a->ph + y) * a->patch_row;
                memcpy(is_backward ? image : there, is_backward ? there : image, bytes);
            }
}

static void run_forward(const wf_work *r, const void *args) {
    const patches_args *a = args;
    move(a, wf_at(r, a->dst), wf_at(r, a->src), r->n, 0);
}

static void run_backward(const wf_work *r, const void *args) {
    const patches_args *a = args;
    move(a, wf_at(r, a->diff_dst), wf_at(r, a->diff_src), r->n, 1);
}

static wf_status plan(wf_builder *b) {
    const wf_patches_config *c = b->config;
    const patches_args a = {.src = b->src[0],
                            .dst = b->dst,
                            .diff_src = b->diff_src[0],
                            .diff_dst = b->diff_dst,
                            .h = (int)b->dst_shape->dim[0],
                            .w = (int)b->dst_shape->dim[1],
                            .ph = c->patch_size[0],
                            .patch_row = c->patch_size[1] * (ptrdiff_t)b->src_shape[0]->dim[2]};
    WF_TRY(wf_build_image_step(b, WF_FORWARD, run_forward, &a, sizeof a, WF_USES(a.src, a.dst)));
    if (a.diff_src == WF_NO_BUFFER) return WF_OK;
    return wf_build_image_step(b, WF_BACKWARD, run_backward, &a, sizeof a,
                               WF_USES(a.diff_src, a.diff_dst));
}

/* [N,H,W,C] -> [N,H/p,p,W/q,q*C] -> [N,H/p,W/q,p,q*C] -> [N,H/p,W/q,p*q*C] */
static wf_status onnx(wf_onnx *x) {
    static const int64_t order[] = {0, 1, 3, 2, 4};
    const int32_t *size = ((const wf_patches_config *)x->config)->patch_size;
    const int64_t c = wf_onnx_shape(x, 0)->dim[2], *dst = x->node->shape.dim;
    wf_onnx_name y;
    WF_TRY(wf_onnx_input(&y, x, 0, WF_ONNX_WEFT));
    WF_TRY(
        wf_onnx_reshape(&y, x, &y, (const int64_t[]){0, dst[0], size[0], dst[1], size[1] * c}, 5));
    WF_TRY(wf_onnx_transpose(&y, x, &y, order, 5));
    WF_TRY(wf_onnx_reshape(&y, x, &y, (const int64_t[]){0, dst[0], dst[1], dst[2]}, 4));
    wf_onnx_output(x, &y, WF_ONNX_WEFT);
    return WF_OK;
}

const wf_layer_class wf_patches_class = {.name = "patches",
                                         .summary =
                                             "an image's patches as pixels of a smaller image",
                                         .paper = "Visin et al. 2015, arXiv:1505.00393",
                                         .min_inputs = 1,
                                         .max_inputs = 1,
                                         .config_size = sizeof(wf_patches_config),
                                         .fields = fields,
                                         .infer = infer,
                                         .plan = plan,
                                         .onnx = onnx};
