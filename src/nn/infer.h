/* What several layers' `infer` functions share. */
#ifndef WF_NN_INFER_H
#define WF_NN_INFER_H

#include "nn/layer.h"

/* The initialisers that make sense for a matrix, and for a vector (orthogonal needs a matrix). Both
 * lists have the order of wf_initializer. */
#define WF_BIAS_INITIALIZER_CHOICES                                                                \
    "zeros|ones|glorot_uniform|glorot_normal|he_uniform|he_normal|lecun_normal"
#define WF_KERNEL_INITIALIZER_CHOICES WF_BIAS_INITIALIZER_CHOICES "|orthogonal"

/* The one input must be an image (height, width, channels).  Errors: WF_E_SHAPE. */
wf_status wf_infer_image(const wf_infer *in);
/* The one input must be a sequence (steps, features).  Errors: WF_E_SHAPE. */
wf_status wf_infer_sequence(const wf_infer *in);
/* Element by element: the output has the input's shape; no parameters. */
wf_status wf_infer_same(wf_infer *in);
/* A vector of n floats: bias, gamma, moving_mean. */
wf_status wf_infer_vector(wf_infer *in, const char *name, int64_t n, int32_t initializer,
                          int is_trainable);

#endif
