#include "nn/layer.h"

/* The images. */

typedef struct wf_input_config {
    wf_ints shape; /* without the batch axis */
} wf_input_config;

static const wf_field fields[] = {{"shape", WF_FIELD_INTS, offsetof(wf_input_config, shape), 1,
                                   1 << 24, NULL, NULL,
                                   "extents without the batch axis: [height, width, channels]"},
                                  {0}};

static wf_status infer(wf_infer *in) {
    const wf_input_config *config = in->config;
    in->output.rank = config->shape.n;
    for (int i = 0; i < config->shape.n; i++) in->output.dim[i] = config->shape.value[i];
    return WF_OK;
}

const wf_layer_class wf_input_class = {.name = "input",
                                       .summary = "the images, as floats",
                                       .flags = WF_LAYER_NO_GRADIENT_CHECK | WF_LAYER_IMAGES,
                                       .min_inputs = 0,
                                       .max_inputs = 0,
                                       .config_size = sizeof(wf_input_config),
                                       .fields = fields,
                                       .infer = infer};
