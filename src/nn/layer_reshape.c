#include "nn/layer.h"
#include "nn/onnx.h"

/* Another shape for the same elements; the bytes stay where they are. */

typedef struct wf_reshape_config {
    wf_ints target_shape;
} wf_reshape_config;

static const wf_field fields[] = {{"target_shape", WF_FIELD_INTS,
                                   offsetof(wf_reshape_config, target_shape), -1, 1 << 24, NULL,
                                   NULL, "the new extents; one may be -1, it takes what is left"},
                                  {0}};

static wf_status infer(wf_infer *in) {
    wf_context *cx = in->cx;
    const wf_ints *target = &((const wf_reshape_config *)in->config)->target_shape;
    int64_t size = wf_shape_size(in->inputs[0]), known = 1;
    int free_axis = -1;
    char text[96];
    in->output.rank = target->n;
    for (int i = 0; i < target->n; i++) {
        in->output.dim[i] = target->value[i];
        if (target->value[i] == -1) {
            WF_REQUIRE(free_axis < 0, WF_E_ARG,
                       "layer %s: target_shape has more than one -1, at most one can be inferred",
                       in->layer);
            free_axis = i;
            continue;
        }
        WF_REQUIRE(target->value[i] >= 1, WF_E_ARG,
                   "layer %s: target_shape holds %d, must be -1 or at least 1", in->layer,
                   target->value[i]);
        /* Beyond `size` the answer is known to be no; so the product cannot overflow. */
        if (known <= size) known *= target->value[i];
    }
    int fits = known <= size && (free_axis < 0 ? known == size : size % known == 0);
    WF_REQUIRE(fits, WF_E_SHAPE,
               "layer %s: target_shape does not hold the %lld elements of the input %s", in->layer,
               (long long)size, wf_shape_text(text, sizeof text, in->inputs[0]));
    if (free_axis >= 0) in->output.dim[free_axis] = size / known;
    return WF_OK;
}

const wf_layer_class wf_reshape_class = {.name = "reshape",
                                         .summary = "another shape for the same elements",
                                         .flags = WF_LAYER_SHARES_BUFFER,
                                         .min_inputs = 1,
                                         .max_inputs = 1,
                                         .config_size = sizeof(wf_reshape_config),
                                         .fields = fields,
                                         .infer = infer,
                                         .onnx = wf_onnx_reshaped};
