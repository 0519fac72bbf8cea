/* Sliding windows of convolutions and pools along one axis, with TensorFlow's paddings. */
#ifndef WF_NN_WINDOW_H
#define WF_NN_WINDOW_H

#include <stdint.h>

#define WF_PADDING_CHOICES "valid|same"
typedef enum wf_padding { WF_PADDING_VALID, WF_PADDING_SAME } wf_padding;

/* Extent that a dilated kernel covers. */
static inline int64_t wf_window_extent(int64_t kernel, int64_t dilation) {
    return (kernel - 1) * dilation + 1;
}

/* Number of positions; less than 1 when a valid window does not fit.
 * valid: floor((in - extent) / stride) + 1   same: ceil(in / stride) */
static inline int64_t wf_window_output(int64_t in, int64_t kernel, int64_t stride, int64_t dilation,
                                       int padding) {
    int64_t extent = wf_window_extent(kernel, dilation);
    if (padding == WF_PADDING_SAME) return (in + stride - 1) / stride;
    return in < extent ? 0 : (in - extent) / stride + 1;
}

/* Padding before the first and behind the last element. */
static inline int64_t wf_window_pads(int64_t in, int64_t kernel, int64_t stride, int64_t dilation,
                                     int padding) {
    int64_t out = wf_window_output(in, kernel, stride, dilation, padding);
    int64_t total = (out - 1) * stride + wf_window_extent(kernel, dilation) - in;
    return padding == WF_PADDING_SAME && total > 0 ? total : 0;
}

/* Padding before the first element; of an odd total the larger half comes behind the last. */
static inline int64_t wf_window_pad(int64_t in, int64_t kernel, int64_t stride, int64_t dilation,
                                    int padding) {
    return wf_window_pads(in, kernel, stride, dilation, padding) / 2;
}

#endif
