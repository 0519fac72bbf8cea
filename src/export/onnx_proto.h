/* An ONNX model in the form of protobuf-c's structs, and its way into a file. */
#ifndef WF_EXPORT_ONNX_PROTO_H
#define WF_EXPORT_ONNX_PROTO_H

#include "nn/onnx.h"

typedef struct wf_onnx_model wf_onnx_model;

/* An empty model.  Errors: WF_E_NOMEM, as everything below unless said otherwise. */
wf_status wf_onnx_model_create(wf_onnx_model **out, wf_context *cx, const char *name,
                               const char *description);
/* NULL is legal. */
void wf_onnx_model_destroy(wf_onnx_model *m);

/* For layers; valid as long as the model. */
const wf_onnx_sink *wf_onnx_model_sink(const wf_onnx_model *m);

/* Float tensors [batch, shape...], the graph's own input and output. */
wf_status wf_onnx_model_input(wf_onnx_model *m, wf_context *cx, const char *name,
                              const wf_shape *shape, const char *description);
wf_status wf_onnx_model_output(wf_onnx_model *m, wf_context *cx, const char *name,
                               const wf_shape *shape);
/* The operator that makes tensor `from`, which no operator reads, makes `to` instead. False when
 * there is none. */
wf_status wf_onnx_model_rename(int *out_is_found, wf_onnx_model *m, wf_context *cx,
                               const char *from, const char *to);
wf_status wf_onnx_model_note(wf_onnx_model *m, wf_context *cx, const char *key, const char *value);

int32_t wf_onnx_model_operators(const wf_onnx_model *m);

/* Errors: WF_E_LIMIT (protobuf ends at 2 GiB), WF_E_IO. */
wf_status wf_onnx_model_write(int64_t *out_bytes, const wf_onnx_model *m, wf_context *cx,
                              const char *path);

#endif
