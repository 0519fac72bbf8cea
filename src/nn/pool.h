/* What pools share: those of windows their configuration and shapes, the global ones the window. */
#ifndef WF_NN_POOL_H
#define WF_NN_POOL_H

#include "nn/infer.h"
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
/* The steps of a pool, also of a global one.  Errors: WF_E_NOMEM; WF_E_LIMIT where the window has
 * more than 65536 elements, of the largest alone. */
wf_status wf_average_pool_plan(wf_builder *b, wf_pool2d pool);
wf_status wf_max_pool_plan(wf_builder *b, wf_pool2d pool);

/* Global pools: one window over a whole image or sequence. [N,...,C] -> [N,C]. */
wf_status wf_global_pool2d_infer(wf_infer *in);
wf_status wf_global_pool1d_infer(wf_infer *in);
wf_pool2d wf_global_pool_of(const wf_builder *b);
/* The slot `onnx` of an image's; of a sequence's, by the operator that reduces an axis. */
wf_status wf_global_pool2d_onnx(wf_onnx *x, const char *type);
wf_status wf_global_pool1d_onnx(wf_onnx *x, const char *type);

#endif
