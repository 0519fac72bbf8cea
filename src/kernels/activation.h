/* The activations' numbers, shared by layers and kernels. */
#ifndef WF_KERNELS_ACTIVATION_H
#define WF_KERNELS_ACTIVATION_H

#define WF_ACTIVATION_CHOICES "linear|relu|leaky_relu|elu|gelu|sigmoid|tanh|softmax"
typedef enum wf_activation {
    WF_ACT_LINEAR,
    WF_ACT_RELU,
    WF_ACT_LEAKY_RELU,
    WF_ACT_ELU,
    WF_ACT_GELU,
    WF_ACT_SIGMOID,
    WF_ACT_TANH,
    WF_ACT_SOFTMAX
} wf_activation;

#endif
