#include "nn/infer.h"
#include "nn/window.h"

/* 2-D cross-correlation (the kernel is not flipped).
 *  src [N,H,W,C]  kernel [KH,KW,C/groups,O]  bias [O]  dst [N,OH,OW,O] */

typedef struct wf_conv2d_config {
    int32_t filters, kernel_size[2], strides[2], padding, dilation_rate[2], groups;
    int32_t activation, use_bias, kernel_initializer, bias_initializer;
} wf_conv2d_config;

#define AT(member) offsetof(wf_conv2d_config, member)
static const wf_field fields[] = {
    {"filters", WF_FIELD_INT, AT(filters), 1, 1 << 24, NULL, NULL, "number of output channels"},
    {"kernel_size", WF_FIELD_PAIR, AT(kernel_size), 1, 4096, NULL, NULL, "height and width"},
    {"strides", WF_FIELD_PAIR, AT(strides), 1, 4096, NULL, "1", "step along height and width"},
    {"padding", WF_FIELD_CHOICE, AT(padding), 0, 0, WF_PADDING_CHOICES, "valid",
     "same: zeros around the image, so that stride 1 keeps its size"},
    {"dilation_rate", WF_FIELD_PAIR, AT(dilation_rate), 1, 4096, NULL, "1",
     "distance of neighbouring kernel elements"},
    {"groups", WF_FIELD_INT, AT(groups), 1, 1 << 24, NULL, "1",
     "channels are split into so many independent convolutions"},
    {"activation", WF_FIELD_CHOICE, AT(activation), 0, 0, WF_ACTIVATION_CHOICES, "linear",
     "applied to the result"},
    {"use_bias", WF_FIELD_BOOL, AT(use_bias), 0, 1, NULL, "true", "add a bias per filter"},
    {"kernel_initializer", WF_FIELD_CHOICE, AT(kernel_initializer), 0, 0,
     WF_KERNEL_INITIALIZER_CHOICES, "glorot_uniform", "start of the kernel"},
    {"bias_initializer", WF_FIELD_CHOICE, AT(bias_initializer), 0, 0, WF_BIAS_INITIALIZER_CHOICES,
     "zeros", "start of the bias"},
    {0}};

static wf_status check(const wf_infer *in, const wf_conv2d_config *c) {
    wf_context *cx = in->cx;
    int64_t channels = in->inputs[0]->dim[2];
    WF_REQUIRE(channels % c->groups == 0, WF_E_SHAPE,
               "layer %s: groups is %d, must divide the input's %lld channels", in->layer,
               c->groups, (long long)channels);
    WF_REQUIRE(c->filters % c->groups == 0, WF_E_ARG,
               "layer %s: groups is %d, must divide filters, which is %d", in->layer, c->groups,
               c->filters);
    WF_REQUIRE((c->strides[0] == 1 && c->strides[1] == 1) ||
                   (c->dilation_rate[0] == 1 && c->dilation_rate[1] == 1),
               WF_E_ARG, "layer %s: strides and dilation_rate are both above 1, one must be 1",
               in->layer);
    return WF_OK;
}

static wf_status infer(wf_infer *in) {
    wf_context *cx = in->cx;
    const wf_conv2d_config *c = in->config;
    WF_TRY(wf_infer_image(in));
    WF_TRY(check(in, c));
    const wf_shape *src = in->inputs[0];
    in->output = (wf_shape){.rank = 3, .dim = {0, 0, c->filters}};
    for (int axis = 0; axis < 2; axis++) {
        in->output.dim[axis] =
            wf_window_output(src->dim[axis], c->kernel_size[axis], c->strides[axis],
                             c->dilation_rate[axis], c->padding);
        WF_REQUIRE(in->output.dim[axis] >= 1, WF_E_SHAPE,
                   "layer %s: the kernel covers %lld pixels along %s, the input has %lld | use "
                   "padding: same or a smaller kernel",
                   in->layer,
                   (long long)wf_window_extent(c->kernel_size[axis], c->dilation_rate[axis]),
                   axis ? "the width" : "the height", (long long)src->dim[axis]);
    }
    int64_t field = (int64_t)c->kernel_size[0] * c->kernel_size[1];
    int64_t depth = src->dim[2] / c->groups;
    wf_shape kernel = {.rank = 4, .dim = {c->kernel_size[0], c->kernel_size[1], depth, c->filters}};
    WF_TRY(wf_infer_param(in, "kernel", &kernel, (wf_initializer)c->kernel_initializer,
                          field * depth, field * c->filters, 1));
    if (c->use_bias) WF_TRY(wf_infer_vector(in, "bias", c->filters, c->bias_initializer, 1));
    in->madds = in->output.dim[0] * in->output.dim[1] * wf_shape_size(&kernel);
    return WF_OK;
}

const wf_layer_class wf_conv2d_class = {.name = "conv2d",
                                        .summary = "2-D convolution over images",
                                        .paper = "LeCun et al. 1998, doi:10.1109/5.726791",
                                        .min_inputs = 1,
                                        .max_inputs = 1,
                                        .config_size = sizeof(wf_conv2d_config),
                                        .fields = fields,
                                        .infer = infer};
