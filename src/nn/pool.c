#include "nn/pool.h"

#include "nn/infer.h"

wf_status wf_pool2d_infer(wf_infer *in) {
    wf_context *cx = in->cx;
    const wf_pool2d_config *c = in->config;
    WF_TRY(wf_infer_image(in));
    in->output = *in->inputs[0];
    for (int axis = 0; axis < 2; axis++) {
        int64_t *extent = &in->output.dim[axis];
        WF_REQUIRE(
            c->padding == WF_PADDING_SAME || *extent >= c->pool_size[axis], WF_E_SHAPE,
            "layer %s: the pool covers %d pixels along %s, the input has %lld | use padding: "
            "same or a smaller pool",
            in->layer, c->pool_size[axis], axis ? "the width" : "the height", (long long)*extent);
        *extent =
            wf_window_output(*extent, c->pool_size[axis], wf_pool2d_stride(c, axis), 1, c->padding);
    }
    return WF_OK;
}
