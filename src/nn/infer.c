#include "nn/infer.h"

wf_status wf_infer_image(const wf_infer *in) {
    wf_context *cx = in->cx;
    int rank = in->inputs[0]->rank;
    WF_REQUIRE(rank != 1, WF_E_SHAPE,
               "layer %s: input has rank 1, must be (height, width, channels) | put it before "
               "flatten",
               in->layer);
    WF_REQUIRE(rank == 3, WF_E_SHAPE,
               "layer %s: input has rank %d, must be (height, width, channels)", in->layer, rank);
    return WF_OK;
}

wf_status wf_infer_sequence(const wf_infer *in) {
    wf_context *cx = in->cx;
    int rank = in->inputs[0]->rank;
    WF_REQUIRE(rank != 3, WF_E_SHAPE,
               "layer %s: input has rank 3, must be (steps, features) | put `rows` or `columns` "
               "before it to read the image as a sequence",
               in->layer);
    WF_REQUIRE(
        rank != 1, WF_E_SHAPE,
        "layer %s: input has rank 1, must be (steps, features) | a recurrent layer before it "
        "needs return_sequences: true",
        in->layer);
    WF_REQUIRE(rank == 2, WF_E_SHAPE, "layer %s: input has rank %d, must be (steps, features)",
               in->layer, rank);
    return WF_OK;
}

wf_status wf_infer_same(wf_infer *in) {
    in->output = *in->inputs[0];
    return WF_OK;
}

wf_status wf_infer_vector(wf_infer *in, const char *name, int64_t n, int32_t initializer,
                          int is_trainable) {
    wf_shape shape = {.rank = 1, .dim = {n}};
    return wf_infer_param(in, name, &shape, (wf_initializer)initializer, n, n, is_trainable);
}
