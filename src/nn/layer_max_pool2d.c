#include "nn/pool.h"

/* The largest value of each window; elements beyond the edge do not take part. */

static const wf_field fields[] = {WF_POOL2D_FIELDS, {0}};

const wf_layer_class wf_max_pool2d_class = {.name = "max_pool2d",
                                            .summary = "largest value of each window",
                                            .min_inputs = 1,
                                            .max_inputs = 1,
                                            .config_size = sizeof(wf_pool2d_config),
                                            .fields = fields,
                                            .infer = wf_pool2d_infer};
