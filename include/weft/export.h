/* Trained models for other programs: ONNX, which runs in ONNX Runtime and elsewhere. */
#ifndef WEFT_EXPORT_H
#define WEFT_EXPORT_H

#include <stddef.h>
#include <stdint.h>

#include "weft/data.h"
#include "weft/graph.h"
#include "weft/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What every exported file has: the operators' version and the file format's. */
enum { WF_ONNX_OPSET = 13, WF_ONNX_IR_VERSION = 7 };

/* Zero-initialise; every field may stay 0. */
typedef struct wf_onnx_options {
    const wf_normalization *normalization; /* becomes a part of the graph, so that pixels 0 to 255
                                              go in; NULL: what goes in is what the layers see */
    const char *const *class_names;        /* [n_class_names], for the metadata; NULL: none */
    size_t n_class_names;
    const char *description; /* one line about where the model comes from; NULL: none */
} wf_onnx_options;

typedef struct wf_onnx_result {
    int64_t bytes; /* of the file */
    int32_t operators;
} wf_onnx_result;

/* Writes or replaces `path` atomically: the model with its weights as one ONNX graph.
 *  input "image" float32 [batch,H,W,C], output "probabilities" float32 [batch,K]; any batch
 *  a label_input is one more input, of its name, float32 [batch,length]; of a decoder the output is
 *  [batch,length,labels + 1], of label_sets [batch,2^labels]
 *  metadata "class_names": a JSON array
 * Dropout is left out, batch normalization has its moving statistics. `options` may be NULL.
 * Errors: WF_E_UNSUPPORTED (names the layer that ONNX has no operators for), WF_E_SHAPE
 * (normalization of another number of channels), WF_E_LIMIT (2 GiB), WF_E_NOTFOUND (no such
 * folder), WF_E_IO, WF_E_NOMEM. `out` may be NULL.  Threads: one caller per params.
 * Source: https://github.com/onnx/onnx/blob/main/docs/IR.md */
WF_API wf_status wf_export_onnx(wf_onnx_result *out, wf_context *cx, const char *path,
                                const wf_params *params, const wf_onnx_options *options);

#ifdef __cplusplus
}
#endif
#endif
