/* What the tensor file formats share: a named, typed, shaped pointer. */
#ifndef WF_IO_TENSOR_FILE_H
#define WF_IO_TENSOR_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "tensor/shape.h"

/* XX(enumerator, bytes, name in safetensors, descr in npy) */
#define WF_DTYPE_MAP(XX)                                                                           \
    XX(F32, 4, "F32", "<f4")                                                                       \
    XX(F64, 8, "F64", "<f8")                                                                       \
    XX(I32, 4, "I32", "<i4")                                                                       \
    XX(I64, 8, "I64", "<i8")                                                                       \
    XX(U8, 1, "U8", "|u1")

typedef enum wf_dtype {
#define XX(code, bytes, safetensors, npy) WF_DTYPE_##code,
    WF_DTYPE_MAP(XX)
#undef XX
        WF_DTYPE_COUNT
} wf_dtype;

size_t wf_dtype_bytes(wf_dtype dtype);
const char *wf_dtype_name(wf_dtype dtype); /* "F32" */

typedef struct wf_tensor {
    const char *name;
    wf_dtype dtype;
    wf_shape shape; /* rank 0 is a scalar */
    const void *data;
} wf_tensor;

/* Bytes of the tensor's data. Errors: those of wf_shape_check. */
wf_status wf_tensor_bytes(uint64_t *out, wf_context *cx, const wf_tensor *t);

#endif
