/* The two window pools share their configuration and their shapes. */
#ifndef WF_NN_POOL_H
#define WF_NN_POOL_H

#include "nn/onnx.h"
#include "nn/plan.h"
#include "nn/window.h"

typedef struct wf_pool2d_config {
    int32_t pool_size[2], strides[2], padding; /* a stride of 0 stands for the pool's size */
} wf_pool2d_config;

/* clang-format off: it cannot lay out tables inside of macros. */
#define WF_POOL2D_FIELDS                                                                           \
    {"pool_size", WF_FIELD_PAIR, offsetof(wf_pool2d_config, pool_size), 1, 4096,                   \
     NULL,        "2",           "height and width of the window"},                                \
        {"strides", WF_FIELD_PAIR, offsetof(wf_pool2d_config, strides),           0, 4096,         \
         NULL,      "0",           "step along height and width; 0: as pool_size"},                \
    {                                                                                              \
        "padding", WF_FIELD_CHOICE, offsetof(wf_pool2d_config, padding), 0, 0, WF_PADDING_CHOICES, \
            "valid", "same: windows may reach over the edge"                                       \
    }
/* clang-format on */

wf_status wf_pool2d_infer(wf_infer *in);

/* The kernels' description of the node's pool; `n` is left to the run. */
wf_pool2d wf_pool2d_of(const wf_builder *b);
/* The slot `onnx`: MaxPool or AveragePool. Neither counts what is beyond the edge. */
wf_status wf_pool2d_onnx(wf_onnx *x, const char *type);
/* The steps of an average pool, also of the global one. */
wf_status wf_average_pool_plan(wf_builder *b, wf_pool2d pool);

#endif
