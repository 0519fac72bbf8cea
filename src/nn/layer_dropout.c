#include "nn/infer.h"

/* In training sets a share of the elements to 0 and divides the others by 1 - rate. */

typedef struct wf_dropout_config {
    double rate;
} wf_dropout_config;

static const wf_field fields[] = {{"rate", WF_FIELD_REAL, offsetof(wf_dropout_config, rate), 0,
                                   0.999, NULL, NULL, "share of the elements that are dropped"},
                                  {0}};

const wf_layer_class wf_dropout_class = {.name = "dropout",
                                         .summary = "drops a random share of the elements",
                                         .paper = "Srivastava et al. 2014, JMLR 15(56)",
                                         .flags = WF_LAYER_RANDOM,
                                         .min_inputs = 1,
                                         .max_inputs = 1,
                                         .config_size = sizeof(wf_dropout_config),
                                         .fields = fields,
                                         .infer = wf_infer_same};
